"""Exercise 10: a network of your own.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex10_sequential/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

@task("10.1", "x:N,D W:D,M b:M dy:N,M -> y:N,M dx:N,D dW:D,M db:M", points=2, given=True,
      gradient=True, section=("The dense layer", "The code"),
      hint="Keep x in `forward` as `self.x`. `backward` fills `self.grads` and returns dx.",
      example={"x": [[1, 2]], "W": [[3], [4]], "b": [5], "dy": [[10]]})
def dense_layer(x, W, b, dy):
    """Drive `Dense`: one forward and one backward pass."""
    y = x @ W + b
    dx = dy @ W.T
    dW = x.T @ dy
    db = dy.sum(axis=0)
    return y, dx, dW, db


@task("10.2", "x:N,D dy:N,D -> y:N,D dx:N,D", points=1, given=True, gradient=True,
      section=("Activations", "ReLU and its leaky sister"),
      hint="Where x is positive is all that `backward` needs.",
      example={"x": [[-1, 2]], "dy": [[5, 6]]})
def relu_layer(x, dy):
    """Drive `ReLU`: one forward and one backward pass."""
    y = np.maximum(x, 0)
    dx = dy * (x > 0)
    return y, dx


@task("10.3", "x:N,D dy:N,D a b c -> y:N,D dx:N,D", points=2, given=True, gradient=True,
      section=("The chain rule on arrays", "The derivative"),
      hint="What `forward` of one layer returns is x of the next; backward it is dy.",
      example={"x": [[1]], "dy": [[1]], "a": 1.0, "b": 1.0, "c": 1.0})
def three_layers(x, dy, a, b, c):
    """Drive `Sequential` with three given layers."""
    h = a * x**2
    k = b * h**2 + 1
    y = c * k**2 + 2
    dk = 2 * c * k * dy
    dh = 2 * b * h * dk
    dx = 2 * a * x * dh
    return y, dx


@task("10.4", "x:N,D t:N,M W:D,M lr -> loss: W:D,M", points=1, given=True,
      section=("Training", "One step"),
      hint="The gradient of the mean of squares is 2 (y - t) over how many numbers there are.",
      example={"x": [[1]], "t": [[0]], "W": [[2]], "lr": 0.25})
def one_step(x, t, W, lr):
    """Drive `train_step` with a given model of one matrix."""
    y = x @ W
    loss = ((y - t) ** 2).mean()
    dy = 2 * (y - t) / y.size
    dW = x.T @ dy
    W = W - lr * dW
    return loss, W


def _follows_differences(ask, rng):
    """dx and ds are what differences give"""
    x, s, dy, h = rng.normal(size=(3, 2)), rng.normal(size=2), rng.normal(size=(3, 2)), 1e-6
    found = ask(x=x, s=s, dy=dy)
    if not np.allclose(found["y"], x * s):
        return "y is not s times x, feature by feature"
    ds = [(dy * (x * (s + h * e) - x * (s - h * e))).sum() / (2 * h) for e in np.eye(2)]
    if not np.allclose(found["ds"], ds, atol=1e-6):
        return "ds is not the gradient that differences give"
    return "" if np.allclose(found["dx"], dy * s) else "dx is not the gradient that differences give"


@task("10.5", "x:N,D s:D dy:N,D -> y:N,D dx:N,D ds:D", points=1, given=True, gradient=True,
      transfer=True, properties=[_follows_differences],
      section=("The dense layer", "The derivative"),
      hint="Every sample used the same s: what gathers from all of them?",
      example={"x": [[1, 2]], "s": [3, 4], "dy": [[10, 100]]},
      answer={"y": [[3, 8]], "dx": [[30, 400]], "ds": [10, 200]})
def scale_layer(x, s, dy):
    """Drive `Scale`: one forward and one backward pass."""
    ...


def _with_nothing_inside(ask, rng):
    """with a = 0 the inner layer gives 1, and the gradient goes by unchanged"""
    x, dy = rng.normal(size=(2, 3, 2))
    found = ask(x=x, dy=dy, a=0.0)
    if not np.allclose(found["y"], x + 1):
        return "y is not x plus what the inner layer gives"
    return "" if np.allclose(found["dx"], dy) else "an inner layer without a slope changes dx"


@task("10.6", "x:N,D dy:N,D a -> y:N,D dx:N,D", points=1, given=True, gradient=True, transfer=True,
      properties=[_with_nothing_inside],
      section=("The chain rule on arrays", "What is copied forward is added up backward"),
      hint="x was used twice, so two gradients come back, and they add up.",
      example={"x": [[2]], "dy": [[1]], "a": 0.5}, answer={"y": [[5]], "dx": [[3]]})
def residual_layer(x, dy, a):
    """Drive `Residual` around a given layer, y = a x² + 1."""
    ...
