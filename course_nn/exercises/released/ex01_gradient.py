"""Exercise 1: numerical gradients.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex01_gradient/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

@task("1.1", "x:N h -> slope:N", points=1,
      section=("Checking a gradient", "Forward and central differences"),
      hint="Two values of the sine, a difference, and the distance between the two places.",
      example={"x": [0, 1], "h": 0.5})
def sine_slope(x, h):
    """Return the central difference of the sine at each number of x."""
    slope = (np.sin(x + h) - np.sin(x - h)) / (2 * h)
    return slope


def cubes(x, w):
    return (w * x**3).sum()


@task("1.2", "x:N,D w:N,D h -> dx:N,D", points=2, gradient=True,
      section=("Checking a gradient", "Forward and central differences"),
      hint="Work on a copy of x. After each estimate the number must be as it was.",
      example={"x": [[1, 2]], "w": [[1, 1]], "h": 0.5})
def cubes_gradient(x, w, h):
    """Return the numerical gradient of cubes(x, w) by x."""
    dx = np.zeros_like(x)
    for n in range(x.shape[0]):
        for d in range(x.shape[1]):
            plus = x.copy()
            plus[n, d] += h
            minus = x.copy()
            minus[n, d] -= h
            dx[n, d] = (cubes(plus, w) - cubes(minus, w)) / (2 * h)
    return dx


def _of_all_sizes(rng, shape, whole):
    """Also 0, and numbers near the bound of 1e-12."""
    size = rng.choice([0, 1] if whole else [0, 1e-13, 1e-9, 1], size=shape)
    return size * (rng.integers(-2, 4, shape) if whole else rng.normal(size=shape))


@task("1.3", "a:N,D b:N,D -> error:N,D", points=1, own={"a": _of_all_sizes, "b": _of_all_sizes},
      section=("Checking a gradient", "Relative error"),
      hint="`np.maximum` takes two arrays; use it twice.",
      example={"a": [[1, -2, 0]], "b": [[2, 2, 0]]})
def relative_error(a, b):
    """Return |a - b| / max(|a|, |b|, 1e-12), number by number."""
    size = np.maximum(np.abs(a), np.abs(b))
    error = np.abs(a - b) / np.maximum(size, 1e-12)
    return error


@task("1.4", "dy:N x:D A:N,D h -> dx:D", points=1, gradient=True,
      section=("Checking a gradient", "Many inputs, many outputs: the vector–Jacobian product"),
      hint="For one d the difference is a vector of N numbers. What does dy do with it?",
      example={"dy": [1, 2], "x": [0, 1], "A": [[1, 0], [0, 1]], "h": 0.5})
def tanh_vjp(dy, x, A, h):
    """Return the numerical gradient of dy · tanh(A x) by x."""
    dx = np.zeros_like(x)
    for d in range(len(x)):
        plus = x.copy()
        plus[d] += h
        minus = x.copy()
        minus[d] -= h
        slope = (np.tanh(A @ plus) - np.tanh(A @ minus)) / (2 * h)
        dx[d] = (dy * slope).sum()
    return dx


def _is_exact(ask, rng):
    """it is the derivative of e^x sin x, to the last digits"""
    x = rng.normal(size=7)
    found, exact = ask(x=x)["slope"], np.exp(x) * (np.sin(x) + np.cos(x))
    error = np.abs(found - exact) / np.exp(x)
    k = int(np.nan_to_num(error, nan=np.inf).argmax())
    if error[k] < 1e-13:
        return ""
    return (
        f"at x = {x[k]:.15g} the slope is {found[k]:.15g}, expected {exact[k]:.15g}: "
        "one complex step is right to the last digits, a difference is not"
    )


@task("1.5", "x:N -> slope:N", points=1, transfer=True, properties=[_is_exact],
      section=("Checking a gradient", "Forward and central differences"),
      hint="`1j` is the imaginary unit; `np.exp` and `np.sin` take complex arrays; `.imag`.",
      example={"x": [0, 1]}, answer={"slope": [1, 3.756049227094728]})
def complex_slope(x):
    """Return the derivative of exp(x) sin(x) by one complex step."""
    ...


def _asks_at_two_places(ask, rng):
    """half the direction with twice the step meets the same places, and gives half as much"""
    x, v = rng.normal(size=(2, 5))
    one, half = ask(x=x, v=v, h=0.5)["Hv"], ask(x=x, v=v / 2, h=1.0)["Hv"]
    if np.allclose(half, one / 2):
        return ""
    return f"v / 2 with h = 1 gives {half}, expected half of what v with h = 0.5 gives, {one / 2}"


def _is_the_second_derivative(ask, rng):
    """v · H v is the second derivative of the sum of x⁴ along v"""
    x, v = rng.normal(size=(2, 5))
    before, here, after = (((x + s * v) ** 4).sum() for s in (-1e-4, 0, 1e-4))
    found, wanted = v @ ask(x=x, v=v, h=1e-4)["Hv"], (before - 2 * here + after) / 1e-8
    if abs(found - wanted) <= 1e-3 * max(1, wanted):
        return ""
    return f"v · H v is {found:.6g}, and the sum of x⁴ bends by {wanted:.6g} along v"


@task("1.6", "x:D v:D h -> Hv:D", points=1, transfer=True, 
      properties=[_asks_at_two_places, _is_the_second_derivative],
      section=("Checking a gradient", "Forward and central differences"),
      hint="Write the gradient as a function first. Two places, one difference.",
      example={"x": [1, 0, 2], "v": [2, 3, 0], "h": 0.5}, answer={"Hv": [32, 27, 0]})
def curvature(x, v, h):
    """Return the change of the gradient 4 x³ along v, by a central difference."""
    ...
