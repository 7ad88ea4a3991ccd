"""Exercise 2: the dense layer.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex02_dense/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

@task("2.1", "x:N,D W:D,M b:M -> y:N,M", points=1,
      section=("The dense layer", "The forward pass"),
      hint="`x @ W` is the matrix product. NumPy adds b of shape (M,) to every row by itself.",
      example={"x": [[1, 2]], "W": [[1, 0, 2], [0, 1, 1]], "b": [10, 20, 30]})
def dense_forward(x, W, b):
    """Return y = x W + b."""
    y = x @ W + b
    return y


@task("2.2", "dy:N,M x:N,D W:D,M -> dx:N,D dW:D,M db:M", points=2, gradient=True,
      section=("The dense layer", "The derivative"),
      hint="A gradient has the shape of its argument; there is one product that gives it.",
      example={"dy": [[10]], "x": [[1, 2]], "W": [[3], [4]]})
def dense_backward(dy, x, W):
    """Return dx, dW, db: the gradients for the upstream gradient dy."""
    dx = dy @ W.T
    dW = x.T @ dy
    db = dy.sum(axis=0)
    return dx, dW, db


@task("2.3", "x:N,C,H,W -> y:N,C*H*W", points=1,
      section=("The dense layer", "Flattening"), sizes={"N": 2},
      hint="`reshape` reads the last axis fastest, which is the order asked for. Axis 0 stays.",
      example={"x": [[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]]})
def flatten_forward(x):
    """Return each sample's numbers in one row."""
    y = x.reshape(len(x), -1)
    return y


@task("2.4", "dy:N,C*H*W x:N,C,H,W -> dx:N,C,H,W", points=1, gradient=True, sizes={"N": 2},
      section=("The dense layer", "Flattening"),
      hint="The numbers of x play no part, only its shape does.",
      example={"dy": [[1, 2, 3, 4]], "x": [[[[0, 0]], [[0, 0]]]]})
def flatten_backward(dy, x):
    """Return dx: the upstream gradient in the shape of x."""
    dx = dy.reshape(x.shape)
    return dx


@task("2.5", "W:D,M dW:D,M learning_rate -> W:D,M", points=1,
      section=("The dense layer", "What it does to a real network"),
      hint="`W - …` makes a new array. `W -= …` would change the one that belongs to the caller.",
      example={"W": [[1, 2]], "dW": [[10, -10]], "learning_rate": 0.1})
def sgd_step(W, dW, learning_rate):
    """Return the weights after one step of gradient descent."""
    W = W - learning_rate * dW
    return W


def _same_layer(ask, rng):
    """the one layer gives what the two give"""
    W1, b1, W2, b2 = (rng.normal(size=s) for s in ((4, 3), (3,), (3, 2), (2,)))
    one, x = ask(W1=W1, b1=b1, W2=W2, b2=b2), rng.normal(size=(5, 4))
    two = (x @ W1 + b1) @ W2 + b2
    if np.shape(one["W"]) == (4, 2) and np.shape(one["b"]) == (2,):
        if np.allclose(x @ one["W"], two - two.mean(0) + (x @ one["W"]).mean(0), atol=1e-7):
            return "" if np.allclose(x @ one["W"] + one["b"], two) else "W is right, b is not"
    return "x W + b is not what the two layers give, for the same x"


@task("2.6", "W1:D,M b1:M W2:M,K b2:K -> W:D,K b:K", points=1, transfer=True,
      section=("The dense layer", "The forward pass"), properties=[_same_layer],
      hint="Multiply out the left side: what stands at x is W, all else is b.",
      example={"W1": [[1, 2]], "b1": [1, 0], "W2": [[1, 0], [0, 3]], "b2": [5, 5]},
      answer={"W": [[1, 6]], "b": [6, 5]})
def merged(W1, b1, W2, b2):
    """Return W, b of the one dense layer that does what two in a row do."""
    ...


def _low_rank(x, A, B, b):
    return (x @ A) @ B + b


@task("2.7", "dy:N,M x:N,D A:D,K B:K,M b:M -> dx:N,D dA:D,K dB:K,M db:M", points=2,
      gradient=True, transfer=True, gradient_of=_low_rank,
      section=("The dense layer", "The derivative"),
      hint="Name h = x A. What is the upstream gradient of the first product?",
      example={"dy": [[1, 0]], "x": [[1, 2]], "A": [[1], [1]], "B": [[2, 3]], "b": [0, 0]},
      answer={"dx": [[2, 2]], "dA": [[2], [4]], "dB": [[3, 0]], "db": [1, 0]})
def low_rank_backward(dy, x, A, B, b):
    """Return dx, dA, dB, db of y = (x A) B + b for the upstream gradient dy."""
    ...
