"""Exercise 7: pooling.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex07_pooling/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

@task("7.1", "x:N,C,2*U,2*V -> y:N,C,U,V", points=1, sizes={"N": 2, "C": 3, "U": 4, "V": 5},
      section=("Pooling", "The forward pass"),
      hint="Reshape to (N, C, U, 2, V, 2): which axes hold a window?",
      example={"x": [[[[1, 2, 5, 0], [3, 4, 0, 0]]]]})
def max_pool(x):
    """Return the maximum of every 2 × 2 window."""
    N, C, H, W = x.shape
    windows = x.reshape(N, C, H // 2, 2, W // 2, 2)
    y = windows.max(axis=(3, 5))
    return y


def _with_ties(rng, shape, whole):
    return np.round(rng.normal(size=shape) * 1.5) if not whole else rng.integers(0, 3, shape)


@task("7.2", "dy:N,C,U,V x:N,C,2*U,2*V -> dx:N,C,2*U,2*V", points=2, gradient=True,
      sizes={"N": 2, "C": 3, "U": 4, "V": 5}, own={"x": _with_ties},
      section=("Pooling", "Ties"),
      hint="`argmax` of a window, flattened, is the first maximum. Loop over the places if you like.",
      example={"dy": [[[[7]]]], "x": [[[[1, 3], [3, 2]]]]})
def max_pool_gradient(dy, x):
    """Return dx of the maximum of every 2 × 2 window."""
    N, C, U, V = dy.shape
    dx = np.zeros_like(x)
    for u in range(U):
        for v in range(V):
            window = x[:, :, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2]
            first = window.reshape(N, C, 4).argmax(axis=2)
            mine = (np.arange(4) == first[:, :, None]).reshape(N, C, 2, 2)
            dx[:, :, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2] = mine * dy[:, :, u, v][:, :, None, None]
    return dx


@task("7.3", "x:N,C,2*U,2*V -> y:N,C,U,V", points=1, sizes={"N": 2, "C": 3, "U": 4, "V": 5},
      section=("Pooling", "The forward pass"),
      hint="As task 7.1.",
      example={"x": [[[[1, 2, 5, 0], [3, 4, 0, 0]]]]})
def avg_pool(x):
    """Return the mean of every 2 × 2 window."""
    N, C, H, W = x.shape
    windows = x.reshape(N, C, H // 2, 2, W // 2, 2)
    y = windows.mean(axis=(3, 5))
    return y


@task("7.4", "dy:N,C,U,V -> dx:N,C,2*U,2*V", points=1, gradient=True,
      sizes={"N": 2, "C": 3, "U": 4, "V": 5},
      section=("Pooling", "The derivative"),
      hint="`np.repeat` along one axis, then along the other.",
      example={"dy": [[[[4, 8]]]]})
def avg_pool_gradient(dy):
    """Return dx of the mean of every 2 × 2 window."""
    rows = np.repeat(dy, 2, axis=2)
    dx = np.repeat(rows, 2, axis=3) / 4
    return dx


def _of_ones(ask, rng):
    """the mean of ones is one, and a shifted image gives a shifted mean"""
    if not np.allclose(ask(x=np.ones((1, 1, 5, 4)))["y"], 1):
        return "the mean of an image of ones is not 1"
    x = rng.normal(size=(1, 1, 6, 6))
    y, moved = ask(x=x)["y"], ask(x=x[:, :, 1:])["y"]
    if not np.allclose(y[:, :, 1:], moved):
        return "the image moved up by a row gives another mean"
    same = np.allclose(y[:, :, :, 1:], ask(x=x[:, :, :, 1:])["y"])
    return "" if same else "the image moved left by a column gives another mean"


@task("7.5", "x:N,C,U+2,V+2 -> y:N,C,U,V", points=1, transfer=True, properties=[_of_ones],
      sizes={"N": 2, "C": 3, "U": 4, "V": 5},
      section=("Pooling", "The forward pass"),
      hint="Nine shifted views of the image, added up.",
      example={"x": [[[[1, 2, 3, 0], [4, 5, 6, 0], [7, 8, 9, 0]]]]},
      answer={"y": [[[[5, 3.6666666666666665]]]]})
def smooth(x):
    """Return the mean of every 3 × 3 window, stride 1."""
    ...


def _apart(rng, shape, whole):
    """Some channels lie below 0 altogether, some above."""
    offset = rng.choice([-5, 0, 5], size=(*shape[:2], 1, 1))
    return offset + (rng.integers(-2, 4, shape) if whole else rng.normal(size=shape))


def _first_largest(x):
    """The maximum, with a hair less for each later pixel, so that of equal ones the first counts."""
    hair = 1e-4 * np.arange(x[0, 0].size).reshape(x.shape[2:])
    return (x - hair).max(axis=(2, 3))


def _of_equals_the_first(ask, rng):
    """of equal largest pixels the first gets dy"""
    row = ask(dy=np.array([[5.0]]), x=np.array([[[[1.0, 4.0, 4.0]]]]))["dx"][0, 0, 0]
    if np.array_equal(row, [0, 5, 0]):
        return ""
    return f"for one row of pixels, 1, 4, 4, and dy = [[5]] dx is {row}, expected [0. 5. 0.]"


@task("7.6", "dy:N,C x:N,C,H,W -> dx:N,C,H,W", points=1, gradient=True, transfer=True,
      own={"x": _apart},
      sizes={"N": 2, "C": 3, "H": 4, "W": 5},
      gradient_of=_first_largest, properties=[_of_equals_the_first],
      section=("Pooling", "Ties"),
      hint="One row a channel, `argmax`, and back into the shape of x.",
      example={"dy": [[5]], "x": [[[[1, 3], [3, 0]]]]}, answer={"dx": [[[[0, 5], [0, 0]]]]})
def global_max_gradient(dy, x):
    """Return dx of the maximum of each channel."""
    ...
