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


@task("3.6", "x:N,D -> y:N,D", points=1,
      section=("Activations", "Sigmoid and tanh, which saturate"),
      hint="The identity is one line of NumPy, and `np.log1p` is exact near 0.",
      example={"x": [[0, 1000]]},
      own={"x": draw.wide}, quiet=True)
def softplus(x):
    """Return y = log(1 + exp(x)), for any x."""
    y = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return y


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


def _gate(a, b):
    return a / (1 + np.exp(-b))


@task("3.8", "dy:N,D a:N,D b:N,D -> da:N,D db:N,D", points=1, gradient=True, transfer=True,
      gradient_of=_gate,
      section=("Activations", "SiLU and GELU, which are smooth"),
      hint="First hold b fixed, then a. The slope of the sigmoid is in task 3.5.",
      example={"dy": [[8, 3]], "a": [[2, -1]], "b": [[0, 1]]},
      answer={"da": [[4, 2.1931757358900147]], "db": [[4, -0.5898357997244456]]})
def gate_gradients(dy, a, b):
    """Return da and db of y = a sigmoid(b) for the upstream gradient dy."""
    ...
