"""Exercise 3: activations.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex03_activations/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

from course_nn.exercises import draw


@task("3.1", "x:N,D -> y:N,D", points=1,
      section=("Activations", "ReLU and its leaky sister"),
      hint="`np.maximum` compares with a number as well.",
      example={"x": [[-1, 0, 2]]})
def relu(x):
    """Return y = max(x, 0)."""
    y = np.maximum(x, 0)
    return y


@task("3.2", "dy:N,D x:N,D -> dx:N,D", points=1, gradient=True,
      section=("Activations", "ReLU and its leaky sister"),
      hint="A comparison gives booleans, and a product with them keeps or drops.",
      example={"dy": [[5, 6, 7]], "x": [[-1, 0, 2]]})
def relu_gradient(dy, x):
    """Return dx of y = max(x, 0) for the upstream gradient dy."""
    dx = dy * (x > 0)
    return dx


@task("3.3", "dy:N,D x:N,D alpha -> dx:N,D", points=1, gradient=True,
      section=("Activations", "ReLU and its leaky sister"),
      hint="The slope is 1 or alpha, and dy comes times it.",
      example={"dy": [[5, 6]], "x": [[-1, 2]], "alpha": 0.5})
def leaky_relu_gradient(dy, x, alpha):
    """Return dx of the leaky ReLU with slope alpha below 0."""
    slope = np.where(x > 0, 1, alpha)
    dx = (dy * slope).astype(dy.dtype)
    return dx


@task("3.4", "x:N,D -> y:N,D", points=1,
      section=("Activations", "Sigmoid and tanh, which saturate"),
      hint="The identity is one line of NumPy.",
      example={"x": [[0, 2]]},
      own={"x": draw.wide}, quiet=True)
def sigmoid(x):
    """Return y = 1 / (1 + exp(-x)), for any x."""
    y = 0.5 * (1 + np.tanh(0.5 * x))
    return y


@task("3.5", "dy:N,D y:N,D+ -> dx:N,D", points=1, gradient=True,
      section=("Activations", "Sigmoid and tanh, which saturate"),
      hint="y is the output of the forward pass, not its input.",
      example={"dy": [[4]], "y": [[0.5]]})
def sigmoid_gradient(dy, y):
    """Return dx of the sigmoid, from its output y."""
    dx = dy * y * (1 - y)
    return dx


def _is_right_far_out(ask, rng):
    """it is x far above 0, and 0 far below"""
    y = ask(x=np.array([[800.0, -800.0, 0.0]]))["y"]
    return "" if np.allclose(y, [[800, 0, np.log(2)]]) else f"at 800, -800 and 0 it gives {y[0]}"


def _has_the_sigmoid_as_its_slope(ask, rng):
    """its slope is the sigmoid"""
    x, h = rng.normal(size=(2, 3)), 1e-5
    slope = (ask(x=x + h)["y"] - ask(x=x - h)["y"]) / (2 * h)
    return "" if np.allclose(slope, 1 / (1 + np.exp(-x)), atol=1e-6) else "its slope is no sigmoid"


@task("3.6", "x:N,D -> y:N,D", points=2, transfer=True,
      properties=[_is_right_far_out, _has_the_sigmoid_as_its_slope],
      section=("Activations", "Sigmoid and tanh, which saturate"),
      hint="log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), and `np.log1p` is exact near 0.",
      example={"x": [[0, 0]]}, answer={"y": [[0.6931471805599453, 0.6931471805599453]]},
      own={"x": draw.wide}, quiet=True)
def softplus(x):
    """Return y = log(1 + exp(x)), for any x."""
    ...


def _softsign(x):
    return x / (1 + np.abs(x))


@task("3.7", "dy:N,D x:N,D -> dx:N,D", points=1, gradient=True, transfer=True,
      gradient_of=_softsign,
      section=("Activations", "Sigmoid and tanh, which saturate"),
      hint="For x > 0 it is x / (1 + x). The quotient rule, then the same for x < 0.",
      example={"dy": [[4, 9, 3]], "x": [[1, -2, 0]]}, answer={"dx": [[1, 1, 3]]})
def softsign_gradient(dy, x):
    """Return dx of y = x / (1 + |x|) for the upstream gradient dy."""
    ...
