"""Exercise 10: a network of your own.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex10_sequential/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

@task("10.1", "x:N,D W:D,M b:M dy:N,M -> y:N,M dx:N,D dW:D,M db:M", points=1, given=True,
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


def _leaky(right, inputs):
    slope = np.where(inputs["x"] > 0, 1, 0.01)
    return {"y": slope * inputs["x"], "dx": slope * inputs["dy"]}


@task("10.2", "x:N,D dy:N,D -> y:N,D dx:N,D", points=1, given=True, gradient=True,
      mistakes=[("this is the leaky ReLU, with a slope of 0.01 below 0", _leaky)],
      section=("Activations", "ReLU and its leaky sister"),
      hint="Where x is positive is all that `backward` needs.",
      example={"x": [[-1, 2]], "dy": [[5, 6]]})
def relu_layer(x, dy):
    """Drive `ReLU`: one forward and one backward pass."""
    y = np.maximum(x, 0)
    dx = dy * (x > 0)
    return y, dx


def _reversed(right, inputs):
    x, dy, a, b, c = inputs.values()
    h = c * x**2 + 2
    k = b * h**2 + 1
    return {"y": a * k**2, "dx": 2 * c * x * 2 * b * h * 2 * a * k * dy}


def _around(right, inputs):
    x, dy, a, b, c = inputs.values()
    h = x + a * x**2
    h = h + np.roll(h, 1)
    k = h + b * h**2 + 1
    k = k + np.roll(k, -1)
    return {**right, "y": k + c * k**2 + 2}


def _forwards(right, inputs):
    x, dy, a, b, c = inputs.values()
    h = a * x**2
    dk = np.roll(2 * a * x * dy, -1)
    dh = np.roll(2 * b * np.roll(h, 1) * dk, 1)
    return {"y": right["y"], "dx": 2 * c * (b * h**2 + 1) * dh}


@task("10.3", "x:N,D dy:N,D a b c -> y:N,D dx:N,D", points=2, given=True, gradient=True,
      mistakes=[("`backward` runs the layers in the order of `forward`", _forwards),
                ("`forward` runs the layers from the last to the first", _reversed),
                ("`forward` adds each layer's input to what it makes of it", _around)],
      section=("The chain rule on arrays", "The derivative"),
      hint="What `forward` of one layer returns is x of the next; backward it is dy.",
      example={"x": [[1, 2]], "dy": [[1, 10]], "a": 1.0, "b": 0.5, "c": 0.25})
def three_layers(x, dy, a, b, c):
    """Drive `Sequential` with three given layers, and two that turn the numbers on and back."""
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
      example={"x": [[1, 2]], "t": [[0]], "W": [[2], [1]], "lr": 0.25})
def one_step(x, t, W, lr):
    """Drive `train_step` with a given model of one matrix."""
    y = x @ W
    loss = ((y - t) ** 2).mean()
    dy = 2 * (y - t) / y.size
    dW = x.T @ dy
    W = W - lr * dW
    return loss, W


@one_step.also
def one_step(x, t, W, lr):
    loss = ((x @ W - t) ** 2).mean()
    W = W - lr * (x.T @ (2 * (x @ W - t) / t.size))
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


@task("10.6", "x:N,D dy:N,D a -> y:N,D dx:N,D", points=1, given=True, gradient=True,
      section=("The chain rule on arrays", "A branch"),
      hint="x was used twice, so two gradients come back, and they add up.",
      example={"x": [[2]], "dy": [[1]], "a": 0.5})
def residual_layer(x, dy, a):
    """Drive `Residual` around a given layer, y = a x² + 1."""
    y = x + a * x**2 + 1
    dx = dy + 2 * a * x * dy
    return y, dx


def _as_differences_of_the_product(ask, rng):
    """y is the product, and dx is what differences give, also where a factor is 0"""
    x, dy, h = rng.normal(size=(3, 2)), rng.normal(size=(3, 2)), 1e-6
    x[1, 1] = 1.0
    for a in (0.4, -1.0):  # with -1, the left factor is 0 at x = 1

        def product(x, a=a):
            return (a * x**2 + 1) * (0.7 * x**2 + 2)

        found, wanted = ask(x=x, dy=dy, a=a, b=0.7), dy * (product(x + h) - product(x - h)) / (2 * h)
        if not np.allclose(found["y"], product(x)):
            return "y is not the product of what the two inner layers make of x"
        if not np.allclose(found["dx"], wanted, atol=1e-6):
            n, d = np.argwhere(~np.isclose(found["dx"], wanted, atol=1e-6))[0]
            return (f"dx[{n}, {d}] is {found['dx'][n, d]}, expected {wanted[n, d]:.6g}, "
                    "which differences of y give")
    return ""


@task("10.7", "x:N,D dy:N,D a b -> y:N,D dx:N,D", points=1, given=True, gradient=True, transfer=True,
      properties=[_as_differences_of_the_product],
      section=("The chain rule on arrays", "What is copied forward is added up backward"),
      hint="Hold one factor fixed: what does the other inner layer's `backward` have to be given?",
      example={"x": [[1, 2]], "dy": [[1, 10]], "a": 0.5, "b": 0.25},
      answer={"y": [[3.375, 9]], "dx": [[3, 90]]})
def product_layer(x, dy, a, b):
    """Drive `Product` of two given layers, a x² + 1 and b x² + 2."""
    ...
