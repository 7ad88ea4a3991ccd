"""Exercise 4: softmax.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex04_softmax/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

from course_nn.exercises import draw


@task("4.1", "x:N,K -> p:N,K", points=2, own={"x": draw.far_rows},
      section=("Softmax", "The forward pass"),
      hint="`x.max(axis=1, keepdims=True)` is a column, and a column fits against the rows.",
      example={"x": [[0, 0], [0, 1000]]},
      mistakes=[
          ("the largest number of all is taken off, not that of each row",
           lambda r, i: {"p": (e := np.exp(i["x"] - i["x"].max()))
                         / e.sum(axis=1, keepdims=True)}),
          ("the smallest number of each row is taken off, not the largest",
           lambda r, i: {"p": (e := np.exp(i["x"] - i["x"].min(axis=1, keepdims=True)))
                         / e.sum(axis=1, keepdims=True)}),
          ("the exponential of the numbers as they came is divided by the sum of the shifted ones",
           lambda r, i: {"p": np.exp(i["x"]) / np.exp(
               i["x"] - i["x"].max(axis=1, keepdims=True)).sum(axis=1, keepdims=True)}),
          ("the logarithm of the softmax is returned",
           lambda r, i: log_softmax.right(i) | {"p": log_softmax.right(i)["y"]}),
      ])
def softmax(x):
    """Return the softmax of each row of x."""
    shifted = x - x.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    p = e / e.sum(axis=1, keepdims=True)
    return p


@softmax.also
def softmax(x):
    p = np.zeros_like(x)
    for n in range(len(x)):
        e = np.exp(x[n] - x[n].max())
        p[n] = e / e.sum()
    return p


@softmax.also
def softmax(x):
    largest = x.max(axis=1)
    e = np.exp(x - largest[:, None])
    total = e.sum(axis=1)
    p = e / total[:, None]
    return p


@softmax.also
def softmax(x):
    shifted = x - x.max(axis=1, keepdims=True)
    log_total = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    p = np.exp(shifted - log_total)
    return p


@task("4.2", "p:K~ -> J:K,K", points=2, gradient=True,
      section=("Softmax", "The derivative"),
      hint="`np.diag` makes the first part, `np.outer` the second.",
      example={"p": [0.25, 0.75]})
def softmax_jacobian(p):
    """Return the derivatives of the softmax by its inputs, from its output p."""
    J = np.diag(p) - np.outer(p, p)
    return J


@softmax_jacobian.also
def softmax_jacobian(p):
    K = len(p)
    J = np.zeros((K, K))
    for k in range(K):
        for l in range(K):
            if k == l:
                J[k, l] = p[k] * (1 - p[k])
            else:
                J[k, l] = -p[k] * p[l]
    return J


@softmax_jacobian.also
def softmax_jacobian(p):
    delta = np.eye(len(p))
    J = p[:, None] * (delta - p[None, :])
    return J


@softmax_jacobian.also
def softmax_jacobian(p):
    J = -p[:, None] * p
    for k in range(len(p)):
        J[k, k] += p[k]
    return J


@task("4.3", "dy:N,K p:N,K~ -> dx:N,K", points=2, gradient=True,
      section=("Softmax", "The derivative"),
      hint="The sum is one number a row; keep its axis.",
      example={"dy": [[4, 0]], "p": [[0.5, 0.5]]},
      mistakes=[
          ("this is only the diagonal of J: p (1 - p) dy, each class for itself",
           lambda r, i: {"dx": i["p"] * (1 - i["p"]) * i["dy"]}),
          ("the sum of dy alone is taken off: it must be that of dy · p",
           lambda r, i: {"dx": i["p"] * (i["dy"] - i["dy"].sum(axis=1, keepdims=True))}),
          ("p is subtracted from dy, as in the gradient of the loss with the softmax in it",
           lambda r, i: {"dx": i["p"] - i["dy"]}),
      ])
def softmax_gradient(dy, p):
    """Return dx of the softmax of each row, from its output p."""
    inner = (dy * p).sum(axis=1, keepdims=True)
    dx = p * (dy - inner)
    return dx


@softmax_gradient.also
def softmax_gradient(dy, p):
    dx = np.zeros_like(p)
    for n in range(len(p)):
        J = np.diag(p[n]) - np.outer(p[n], p[n])
        dx[n] = dy[n] @ J
    return dx


@softmax_gradient.also
def softmax_gradient(dy, p):
    dx = np.zeros_like(p)
    for n in range(len(p)):
        total = 0.0
        for k in range(p.shape[1]):
            total += dy[n, k] * p[n, k]
        dx[n] = p[n] * (dy[n] - total)
    return dx


@softmax_gradient.also
def softmax_gradient(dy, p):
    inner = np.einsum("nk,nk->n", dy, p)
    dx = dy * p - p * inner[:, None]
    return dx


@softmax_gradient.also
def softmax_gradient(dy, p):
    N, K = p.shape
    dx = np.zeros((N, K))
    for n in range(N):
        for l in range(K):
            total = 0.0
            for k in range(K):
                total += dy[n, k] * p[n, k]
            dx[n, l] = p[n, l] * (dy[n, l] - total)
    return dx


@task("4.4", "x:N,K -> y:N,K", points=1, own={"x": draw.far_rows},
      section=("Softmax", "The logarithm, and why it has its own function"),
      hint="Shift first; then only one logarithm a row.",
      example={"x": [[0, 0]]},
      mistakes=[
          ("the largest is not added again to the logarithm: x - log Σ exp(x - max)",
           lambda r, i: {"y": r["y"] + i["x"].max(axis=1, keepdims=True)}),
          ("the largest is taken off twice",
           lambda r, i: {"y": r["y"] - i["x"].max(axis=1, keepdims=True)}),
          ("it is the logarithm of the softmax that was rounded to 0: shift, and take one logarithm",
           lambda r, i: {"y": np.log(np.exp(r["y"]))}),
      ])
def log_softmax(x):
    """Return the logarithm of the softmax of each row of x."""
    shifted = x - x.max(axis=1, keepdims=True)
    y = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return y


@log_softmax.also
def log_softmax(x):
    largest = x.max(axis=1, keepdims=True)
    total = np.exp(x - largest).sum(axis=1, keepdims=True)
    y = x - largest - np.log(total)
    return y


@log_softmax.also
def log_softmax(x):
    y = np.zeros_like(x)
    for n in range(len(x)):
        largest = x[n].max()
        y[n] = x[n] - (largest + np.log(np.sum(np.exp(x[n] - largest))))
    return y


def _tempered(x, T):
    e = np.exp(x / T - (x / T).max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _is_the_gradient(ask, rng):
    """it is what differences give"""
    x, dy, T, h = rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), 0.7, 1e-5
    found, wanted = ask(dy=dy, p=_tempered(x, T), T=T)["dx"], np.zeros((3, 4))
    for at in np.ndindex(3, 4):
        e = np.zeros((3, 4))
        e[at] = h
        wanted[at] = (dy * (_tempered(x + e, T) - _tempered(x - e, T))).sum() / (2 * h)
    same = np.shape(found) == (3, 4) and np.allclose(found, wanted, atol=1e-7)
    if same:
        return ""
    return f"with T = {T} dx[0] is {found[0]}, expected {wanted[0]}, which differences of p give"


@task("4.5", "dy:N,K p:N,K~ T -> dx:N,K", points=1, gradient=True, transfer=True,
      properties=[_is_the_gradient],
      section=("Softmax", "Temperature"),
      hint="Name z = x / T. You know dz; how does z change with x?",
      example={"dy": [[4, 0]], "p": [[0.5, 0.5]], "T": 0.5}, answer={"dx": [[2, -2]]})
def tempered_softmax_gradient(dy, p, T):
    """Return dx of p = softmax(x / T), from its output p."""
    ...


def _some(rng, shape, whole):
    mask = rng.random(shape) < 0.6
    mask[..., -1] = True
    return mask


def _adds_up(ask, rng):
    """each row sums to 1, and what is masked is 0"""
    x, mask = rng.normal(size=(4, 5)), _some(rng, (4, 5), False)
    p = ask(x=x, mask=mask)["p"]
    if not np.allclose(p.sum(axis=1), 1):
        return f"the rows sum to {p.sum(axis=1)}, expected 1"
    if (p[~mask] != 0).any():
        return "a masked class has a probability"
    if not np.allclose(ask(x=np.where(mask, x, 900.0), mask=mask)["p"], p):
        return "a masked class with a score of 900 changes the others"
    far = np.array([[1000.0], [-1000.0], [0.0], [300.0]])
    same = np.allclose(ask(x=x + far, mask=mask)["p"], p)
    return "" if same else "the same number added to all scores of a row changes p"


@task("4.6", "x:N,K mask:N,K? -> p:N,K", points=1, transfer=True, 
      own={"mask": _some, "x": draw.far_rows}, properties=[_adds_up],
      section=("Softmax", "The forward pass"),
      hint="What must a score be for its exponential to be 0? Then the shift: over which numbers?",
      example={"x": [[0, 0, 5], [1000, 2, 2]], "mask": [[1, 1, 0], [0, 1, 1]]},
      answer={"p": [[0.5, 0.5, 0], [0, 0.5, 0.5]]})
def masked_softmax(x, mask):
    """Return the softmax of each row over the places where mask is true."""
    ...
