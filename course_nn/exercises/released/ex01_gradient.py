"""Exercise 1: numerical gradients.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex01_gradient/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

_SINE_SLOPE = [
    ("this is the difference from one side, forward, (sin(x + h) - sin(x)) / h",
     lambda right, i: {"slope": (np.sin(i["x"] + i["h"]) - np.sin(i["x"])) / i["h"]}),
    ("this is the difference from one side, backward, (sin(x) - sin(x - h)) / h",
     lambda right, i: {"slope": (np.sin(i["x"]) - np.sin(i["x"] - i["h"])) / i["h"]}),
    ("this is the difference from one side, and divided by 2 h all the same",
     lambda right, i: {"slope": (np.sin(i["x"] + i["h"]) - np.sin(i["x"])) / (2 * i["h"])}),
    ("the two places are h / 2 away from x, not h",
     lambda right, i: {"slope": 2 * np.sin(i["h"] / 2) * np.cos(i["x"]) / i["h"]}),
    ("this is the derivative itself, the cosine, and no estimate with the step h: h is not used",
     lambda right, i: {"slope": np.cos(i["x"])}),
]


@task("1.1", "x:N h -> slope:N", points=1,
      mistakes=_SINE_SLOPE,
      section=("Checking a gradient", "Forward and central differences"),
      hint="Two values of the sine, a difference, and the distance between the two places.",
      example={"x": [0, 1], "h": 0.5})
def sine_slope(x, h):
    """Return the central difference of the sine at each number of x."""
    slope = (np.sin(x + h) - np.sin(x - h)) / (2 * h)
    return slope


@sine_slope.also
def sine_slope(x, h):
    forward = (np.sin(x + h) - np.sin(x)) / h
    backward = (np.sin(x) - np.sin(x - h)) / h
    slope = (forward + backward) / 2
    return slope


@sine_slope.also
def sine_slope(x, h):
    slope = np.zeros_like(x)
    for n in range(len(x)):
        plus = np.sin(x[n] + h)
        minus = np.sin(x[n] - h)
        slope[n] = (plus - minus) / (2 * h)
    return slope


def cubes(x, w):
    return (w * x**3).sum()


def _all_moved(right, i, axis):
    """The derivative along ones: all numbers along an axis are moved, not one."""
    moved = right["dx"].sum(axis=axis, keepdims=True)
    return {"dx": np.broadcast_to(moved, right["dx"].shape)}


def _one_side(i, h):
    """The difference from one side."""
    return {"dx": i["w"] * ((i["x"] + h) ** 3 - i["x"] ** 3) / h}


_CUBES_GRADIENT = [
    ("all numbers of x are moved at once, not one at a time",
     lambda right, i: _all_moved(right, i, None)),
    ("the whole row is moved, not one number of it", lambda right, i: _all_moved(right, i, 1)),
    ("the whole column is moved, not one number of it", lambda right, i: _all_moved(right, i, 0)),
    ("this is the difference from one side, forward, (f(x + h) - f(x)) / h",
     lambda right, i: _one_side(i, i["h"])),
    ("this is the difference from one side, backward, (f(x) - f(x - h)) / h",
     lambda right, i: _one_side(i, -i["h"])),
    ("this is the difference from one side, and divided by 2 h all the same",
     lambda right, i: {"dx": _one_side(i, i["h"])["dx"] / 2}),
    ("the two places are h / 2 away from x, not h",
     lambda right, i: {"dx": (_one_side(i, i["h"] / 2)["dx"] + _one_side(i, -i["h"] / 2)["dx"]) / 2}),
    ("this is the derivative itself, 3 w x², and no estimate with the step h: h is not used",
     lambda right, i: {"dx": 3 * i["w"] * i["x"] ** 2}),
]


@task("1.2", "x:N,D w:N,D h -> dx:N,D", points=2, gradient=True,
      mistakes=_CUBES_GRADIENT,
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


@cubes_gradient.also
def cubes_gradient(x, w, h):
    dx = np.zeros_like(x)
    moved = x.copy()
    for n in range(x.shape[0]):
        for d in range(x.shape[1]):
            moved[n, d] += h
            plus = cubes(moved, w)
            moved[n, d] -= 2 * h
            minus = cubes(moved, w)
            moved[n, d] += h
            dx[n, d] = (plus - minus) / (2 * h)
    return dx


@cubes_gradient.also
def cubes_gradient(x, w, h):
    dx = np.zeros_like(x)
    step = np.zeros_like(x)
    for n in range(x.shape[0]):
        for d in range(x.shape[1]):
            step[n, d] = h
            dx[n, d] = (cubes(x + step, w) - cubes(x - step, w)) / (2 * h)
            step[n, d] = 0
    return dx


@cubes_gradient.also
def cubes_gradient(x, w, h):
    plus = w * (x + h) ** 3
    minus = w * (x - h) ** 3
    dx = (plus - minus) / (2 * h)
    return dx


def _of_all_sizes(rng, shape, whole):
    """Also 0, and numbers near the bound of 1e-12."""
    size = rng.choice([0, 1] if whole else [0, 1e-13, 1e-9, 1], size=shape)
    return size * (rng.integers(-2, 4, shape) if whole else rng.normal(size=shape))


def _apart_by(i, size):
    """|a - b| divided by another size."""
    return {"error": np.abs(i["a"] - i["b"]) / size}


_RELATIVE_ERROR = [
    ("it is divided by |a| + |b|, not by the larger of the two",
     lambda right, i: _apart_by(i, np.maximum(np.abs(i["a"]) + np.abs(i["b"]), 1e-12))),
    ("it is divided by the mean of |a| and |b|, not by the larger of the two",
     lambda right, i: _apart_by(i, np.maximum((np.abs(i["a"]) + np.abs(i["b"])) / 2, 1e-12))),
    ("1e-12 is added to the larger size, where the larger of both is meant",
     lambda right, i: _apart_by(i, np.maximum(np.abs(i["a"]), np.abs(i["b"])) + 1e-12)),
    ("1e-12 is added to |a| + |b|, where the largest of the three is meant",
     lambda right, i: _apart_by(i, np.abs(i["a"]) + np.abs(i["b"]) + 1e-12)),
    ("the larger of a and b is taken, not that of their sizes |a| and |b|",
     lambda right, i: _apart_by(i, np.maximum(np.maximum(i["a"], i["b"]), 1e-12))),
    ("the larger of a and b is taken first, and its size then",
     lambda right, i: _apart_by(i, np.maximum(np.abs(np.maximum(i["a"], i["b"])), 1e-12))),
    ("the largest size of the whole array stands below every number, not that of its own two",
     lambda right, i: _apart_by(i, max(np.abs(i["a"]).max(), np.abs(i["b"]).max(), 1e-12))),
    ("the sizes are subtracted, |a| - |b|, where |a - b| belongs",
     lambda right, i: {"error": np.abs(np.abs(i["a"]) - np.abs(i["b"]))
                       / np.maximum(np.maximum(np.abs(i["a"]), np.abs(i["b"])), 1e-12)}),
]


@task("1.3", "a:N,D b:N,D -> error:N,D", points=1, own={"a": _of_all_sizes, "b": _of_all_sizes},
      mistakes=_RELATIVE_ERROR,
      section=("Checking a gradient", "Relative error"),
      hint="`np.maximum` takes two arrays; use it twice.",
      example={"a": [[1, -2, 0]], "b": [[2, 2, 0]]})
def relative_error(a, b):
    """Return |a - b| / max(|a|, |b|, 1e-12), number by number."""
    size = np.maximum(np.abs(a), np.abs(b))
    error = np.abs(a - b) / np.maximum(size, 1e-12)
    return error


@relative_error.also
def relative_error(a, b):
    distance = np.abs(a - b)
    size = np.where(np.abs(a) > np.abs(b), np.abs(a), np.abs(b))
    size[size < 1e-12] = 1e-12
    error = distance / size
    return error


@relative_error.also
def relative_error(a, b):
    size = np.max([np.abs(a), np.abs(b), np.full_like(a, 1e-12)], axis=0)
    error = np.abs((a - b) / size)
    return error


@relative_error.also
def relative_error(a, b):
    error = np.zeros_like(a)
    for n in range(a.shape[0]):
        for d in range(a.shape[1]):
            size = max(abs(a[n, d]), abs(b[n, d]), 1e-12)
            error[n, d] = abs(a[n, d] - b[n, d]) / size
    return error


def _vjp_between(i, after, before):
    """dy · (tanh at x + after e_d - tanh at x + before e_d) / (after - before)."""
    e, at = np.eye(len(i["x"])), i["x"][:, None]
    rise = np.tanh(i["A"] @ (at + after * e)) - np.tanh(i["A"] @ (at + before * e))
    return {"dx": i["dy"] @ rise / (after - before)}


def _vjp_all_moved(i):
    """All numbers of x are moved at once."""
    plus, minus = (np.tanh(i["A"] @ (i["x"] + h)) for h in (i["h"], -i["h"]))
    return {"dx": np.full_like(i["x"], i["dy"] @ (plus - minus) / (2 * i["h"]))}


_TANH_VJP = [
    ("all numbers of x are moved at once, not one at a time",
     lambda right, i: _vjp_all_moved(i)),
    ("this is the difference from one side, forward, (y(x + h) - y(x)) / h",
     lambda right, i: _vjp_between(i, i["h"], 0)),
    ("this is the difference from one side, backward, (y(x) - y(x - h)) / h",
     lambda right, i: _vjp_between(i, 0, -i["h"])),
    ("this is the difference from one side, and divided by 2 h all the same",
     lambda right, i: {"dx": _vjp_between(i, i["h"], 0)["dx"] / 2}),
    ("the two places are h / 2 away from x, not h",
     lambda right, i: _vjp_between(i, i["h"] / 2, -i["h"] / 2)),
    ("the tanh is missing: this is Aᵀ dy", lambda right, i: {"dx": i["A"].T @ i["dy"]}),
    ("this is the derivative itself, Aᵀ (dy (1 - y²)), and no estimate: h is not used",
     lambda right, i: {"dx": i["A"].T @ (i["dy"] * (1 - np.tanh(i["A"] @ i["x"]) ** 2))}),
]


@task("1.4", "dy:N x:D A:N,D h -> dx:D", points=1, gradient=True,
      mistakes=_TANH_VJP,
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


@tanh_vjp.also
def tanh_vjp(dy, x, A, h):
    dx = np.zeros_like(x)
    moved = x.copy()
    for d in range(len(x)):
        moved[d] += h
        plus = (dy * np.tanh(A @ moved)).sum()
        moved[d] -= 2 * h
        minus = (dy * np.tanh(A @ moved)).sum()
        moved[d] += h
        dx[d] = (plus - minus) / (2 * h)
    return dx


@tanh_vjp.also
def tanh_vjp(dy, x, A, h):
    step = h * np.eye(len(x))
    plus = np.tanh(A @ (x[:, None] + step))
    minus = np.tanh(A @ (x[:, None] - step))
    slopes = (plus - minus) / (2 * h)
    dx = dy @ slopes
    return dx


@tanh_vjp.also
def tanh_vjp(dy, x, A, h):
    dx = np.zeros_like(x)
    for d in range(len(x)):
        step = np.zeros_like(x)
        step[d] = h
        rise = np.tanh(A @ (x + step)) - np.tanh(A @ (x - step))
        dx[d] = dy @ rise / (2 * h)
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
