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


def _is_the_derivative(ask, rng):
    """it is the derivative of e^x sin x"""
    x = rng.normal(size=7)
    found, exact = ask(x=x)["slope"], np.exp(x) * (np.sin(x) + np.cos(x))
    return "" if np.allclose(found, exact, rtol=1e-12) else "it is not exp(x) (sin x + cos x)"


@task("1.5", "x:N -> slope:N", points=1, transfer=True, properties=[_is_the_derivative],
      section=("Checking a gradient", "Forward and central differences"),
      hint="`1j` is the imaginary unit; `np.exp` and `np.sin` take complex arrays; `.imag`.",
      example={"x": [0, 0]}, answer={"slope": [1, 1]})
def complex_slope(x):
    """Return the derivative of exp(x) sin(x) by one complex step."""
    ...


def _is_linear_in_v(ask, rng):
    """it grows as v does, for a small step"""
    x, v = rng.normal(size=(2, 5))
    one, two = (ask(x=x, v=s * v, h=1e-4)["Hv"] for s in (1, 2))
    return "" if np.allclose(two, 2 * one, rtol=1e-5, atol=1e-6) else "twice v does not give twice H v"


@task("1.6", "x:D v:D h -> Hv:D", points=1, transfer=True, properties=[_is_linear_in_v],
      section=("Checking a gradient", "Forward and central differences"),
      hint="Write the gradient as a function first. Two places, one difference.",
      example={"x": [1, 0], "v": [1, 1], "h": 0.5}, answer={"Hv": [13, 1]})
def curvature(x, v, h):
    """Return the change of the gradient 4 x³ along v, by a central difference."""
    ...
