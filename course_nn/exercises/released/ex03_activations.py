"""Exercise 3: activations.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex03_activations/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

from course_nn.exercises import draw


_RELU = [
    ("this is the leaky ReLU, with a slope of 0.01 below 0",
     lambda right, i: {"y": np.where(i["x"] > 0, i["x"], 0.01 * i["x"])}),
]


@task("3.1", "x:N,D -> y:N,D", points=1,
      mistakes=_RELU,
      section=("Activations", "ReLU and its leaky sister"),
      hint="`np.maximum` compares with a number as well.",
      example={"x": [[-1, 0, 2]]})
def relu(x):
    """Return y = max(x, 0)."""
    y = np.maximum(x, 0)
    return y


@relu.also
def relu(x):
    y = np.where(x > 0, x, 0)
    return y


@relu.also
def relu(x):
    y = x.copy()
    y[x < 0] = 0
    return y


@relu.also
def relu(x):
    y = x * (x > 0)
    return y


@relu.also
def relu(x):
    y = (x + np.abs(x)) / 2
    return y


_RELU_GRADIENT = [
    ("where x is not positive, dx is x: it is 0 there",
     lambda right, i: {"dx": np.where(i["x"] > 0, i["dy"], i["x"])}),
    ("the slope at x = 0 is taken as 1/2, not as 0",
     lambda right, i: {"dx": i["dy"] * np.where(i["x"] == 0, 0.5, i["x"] > 0)}),
    ("the sign of dy decides, not that of x",
     lambda right, i: {"dx": np.maximum(i["dy"], 0)}),
    ("this is the ReLU of x times dy: the slope is 1 where x > 0, not x",
     lambda right, i: {"dx": i["dy"] * np.maximum(i["x"], 0)}),
    ("ReLU is applied to dy times x", lambda right, i: {"dx": np.maximum(i["dy"] * i["x"], 0)}),
    ("dx is dy or x, whichever is larger", lambda right, i: {"dx": np.maximum(i["dy"], i["x"])}),
]


@task("3.2", "dy:N,D x:N,D -> dx:N,D", points=1, gradient=True,
      mistakes=_RELU_GRADIENT,
      section=("Activations", "ReLU and its leaky sister"),
      hint="A comparison gives booleans, and a product with them keeps or drops.",
      example={"dy": [[5, 6, 7]], "x": [[-1, 0, 2]]})
def relu_gradient(dy, x):
    """Return dx of y = max(x, 0) for the upstream gradient dy."""
    dx = dy * (x > 0)
    return dx


@relu_gradient.also
def relu_gradient(dy, x):
    dx = np.where(x > 0, dy, 0)
    return dx


@relu_gradient.also
def relu_gradient(dy, x):
    dx = dy.copy()
    dx[x <= 0] = 0
    return dx


@relu_gradient.also
def relu_gradient(dy, x):
    y = np.maximum(x, 0)
    slope = np.sign(y)
    dx = dy * slope
    return dx


_LEAKY_RELU_GRADIENT = [
    ("x is compared with alpha, not with 0",
     lambda right, i: {"dx": i["dy"] * np.where(i["x"] > i["alpha"], 1, i["alpha"])}),
    ("this is dy times the leaky ReLU itself, not times its slope",
     lambda right, i: {"dx": i["dy"] * np.where(i["x"] > 0, i["x"], i["alpha"] * i["x"])}),
    ("where x is not positive, alpha x stands where alpha belongs",
     lambda right, i: {"dx": i["dy"] * np.where(i["x"] > 0, 1, i["alpha"] * i["x"])}),
    ("where x is not positive, dx is alpha x: it is alpha dy",
     lambda right, i: {"dx": np.where(i["x"] > 0, i["dy"], i["alpha"] * i["x"])}),
    ("the sign of dy decides, not that of x",
     lambda right, i: {"dx": np.where(i["dy"] > 0, i["dy"], i["alpha"] * i["dy"])}),
    ("the slope of the other half is 0, as that of ReLU: alpha is missing",
     lambda right, i: {"dx": np.where(i["x"] > 0, i["dy"], 0)}),
]


@task("3.3", "dy:N,D x:N,D alpha -> dx:N,D", points=1, gradient=True,
      mistakes=_LEAKY_RELU_GRADIENT,
      section=("Activations", "ReLU and its leaky sister"),
      hint="The slope is 1 or alpha, and dy comes times it.",
      example={"dy": [[5, 6]], "x": [[-1, 2]], "alpha": 0.5})
def leaky_relu_gradient(dy, x, alpha):
    """Return dx of the leaky ReLU with slope alpha below 0."""
    slope = np.where(x > 0, 1, alpha)
    dx = (dy * slope).astype(dy.dtype)
    return dx


@leaky_relu_gradient.also
def leaky_relu_gradient(dy, x, alpha):
    dx = np.where(x > 0, dy, alpha * dy)
    return dx


@leaky_relu_gradient.also
def leaky_relu_gradient(dy, x, alpha):
    dx = dy.copy()
    dx[x <= 0] *= alpha
    return dx


@leaky_relu_gradient.also
def leaky_relu_gradient(dy, x, alpha):
    dx = dy * (x > 0) + alpha * dy * (x <= 0)
    return dx


@leaky_relu_gradient.also
def leaky_relu_gradient(dy, x, alpha):
    slope = np.ones_like(x)
    slope[x <= 0] = alpha
    dx = dy * slope
    return dx


def _softmax_of(x):
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


_SIGMOID = [
    ("this is tanh x, and not the sigmoid", lambda right, i: {"y": np.tanh(i["x"])}),
    ("this is the slope of the sigmoid, y (1 - y)",
     lambda right, i: {"y": right["y"] * (1 - right["y"])}),
    ("this is a softmax along each row, and not the sigmoid of each number",
     lambda right, i: {"y": _softmax_of(i["x"])}),
]


@task("3.4", "x:N,D -> y:N,D", points=1,
      mistakes=_SIGMOID,
      section=("Activations", "Sigmoid and tanh, which saturate"),
      hint="The identity is one line of NumPy.",
      example={"x": [[0, 2]]},
      own={"x": draw.wide}, quiet=True)
def sigmoid(x):
    """Return y = 1 / (1 + exp(-x)), for any x."""
    y = 0.5 * (1 + np.tanh(0.5 * x))
    return y


@sigmoid.also
def sigmoid(x):
    y = 1 / (1 + np.exp(-np.clip(x, -700, 700)))
    return y


@sigmoid.also
def sigmoid(x):
    e = np.exp(-np.abs(x))
    y = np.where(x >= 0, 1 / (1 + e), e / (1 + e))
    return y


@sigmoid.also
def sigmoid(x):
    y = np.zeros_like(x)
    positive = x >= 0
    y[positive] = 1 / (1 + np.exp(-x[positive]))
    e = np.exp(x[~positive])
    y[~positive] = e / (1 + e)
    return y


_SIGMOID_GRADIENT = [
    ("y is the output of the sigmoid already, and the sigmoid is applied to it once more",
     lambda right, i: {"dx": i["dy"] * np.exp(-i["y"]) / (1 + np.exp(-i["y"])) ** 2}),
    ("this is the slope of tanh, 1 - y², and not that of the sigmoid",
     lambda right, i: {"dx": i["dy"] * (1 - i["y"] ** 2)}),
    ("this is the slope of 0.5 (1 + tanh), with y taken for tanh",
     lambda right, i: {"dx": i["dy"] * 0.5 * (1 - i["y"] ** 2)}),
    ("dy stands inside of the slope: dy y (1 - dy y)",
     lambda right, i: {"dx": i["dy"] * i["y"] * (1 - i["dy"] * i["y"])}),
]


@task("3.5", "dy:N,D y:N,D+ -> dx:N,D", points=1, gradient=True,
      mistakes=_SIGMOID_GRADIENT,
      section=("Activations", "Sigmoid and tanh, which saturate"),
      hint="y is the output of the forward pass, not its input.",
      example={"dy": [[4]], "y": [[0.5]]})
def sigmoid_gradient(dy, y):
    """Return dx of the sigmoid, from its output y."""
    dx = dy * y * (1 - y)
    return dx


@sigmoid_gradient.also
def sigmoid_gradient(dy, y):
    dx = dy * (y - y**2)
    return dx


_SOFTPLUS = [
    ("e^(-x) stands for e^(-|x|), or |x| for max(x, 0)",
     lambda right, i: {"y": np.maximum(i["x"], 0) + np.logaddexp(0, -i["x"])}),
    ("this is the slope of softplus, the sigmoid of x",
     lambda right, i: {"y": 0.5 * (1 + np.tanh(0.5 * i["x"]))}),
    ("this is the ReLU of x: the second term is missing",
     lambda right, i: {"y": np.maximum(i["x"], 0)}),
    ("this is log(1 + e^(-x)): the sign of x is turned round",
     lambda right, i: {"y": np.logaddexp(0, -i["x"])}),
]


@task("3.6", "x:N,D -> y:N,D", points=1,
      mistakes=_SOFTPLUS,
      section=("Activations", "Sigmoid and tanh, which saturate"),
      hint="The identity is one line of NumPy, and `np.log1p` is exact near 0.",
      example={"x": [[0, 1000]]},
      own={"x": draw.wide}, quiet=True)
def softplus(x):
    """Return y = log(1 + exp(x)), for any x."""
    y = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return y


@softplus.also
def softplus(x):
    y = np.maximum(x, 0) + np.log(1 + np.exp(-np.abs(x)))
    return y


@softplus.also
def softplus(x):
    e = np.exp(-np.abs(x))
    y = np.where(x > 0, x + np.log1p(e), np.log1p(e))
    return y


@softplus.also
def softplus(x):
    y = np.logaddexp(0, x)
    return y


@softplus.also
def softplus(x):
    y = x.copy()
    small = x < 40
    y[small] = np.log(1 + np.exp(x[small]))
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
      answer={"da": [[4, 2.1931757358900147]], "db": [[4, -0.5898357997244456]]},
      own={"b": draw.wide})
def gate_gradients(dy, a, b):
    """Return da and db of y = a sigmoid(b) for the upstream gradient dy."""
    ...
