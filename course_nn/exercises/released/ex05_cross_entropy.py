"""Exercise 5: cross-entropy.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex05_cross_entropy/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

from course_nn.exercises import draw


def _sure(rng, shape, whole):
    """Probabilities of which some are small, and that of class 0 is 0."""
    p = rng.integers(1, 4, shape) if whole else np.exp(3 * rng.normal(size=shape))
    p = p * (np.arange(shape[-1]) > 0)
    return p / p.sum(axis=-1, keepdims=True)


def _not_0(rng, shape, whole):
    return rng.integers(1, 3, shape)


@task("5.1", "p:N,K~ labels:N<K -> loss:", points=1, own={"p": _sure, "labels": _not_0},
      never_one="K",
      section=("Cross-entropy", "On probabilities"),
      hint="`p[np.arange(N), labels]` picks one number of each row.",
      example={"p": [[0.5, 0.5], [0.25, 0.75]], "labels": [0, 1]})
def cross_entropy(p, labels):
    """Return the mean of -log of the probability of the right class."""
    picked = p[np.arange(len(p)), labels]
    loss = -np.log(picked).mean()
    return loss


@task("5.2", "p:N,K~ labels:N<K -> dp:N,K", points=1, gradient=True,
      own={"p": _sure, "labels": _not_0}, never_one="K",
      section=("Cross-entropy", "On probabilities"),
      hint="Begin with zeros in the dtype of p, and write one number into each row.",
      example={"p": [[0.5, 0.5], [0.25, 0.75]], "labels": [0, 1]})
def cross_entropy_gradient(p, labels):
    """Return dp of the mean of -log p at the labels."""
    rows = np.arange(len(p))
    dp = np.zeros_like(p)
    dp[rows, labels] = -1 / (len(p) * p[rows, labels])
    return dp


@task("5.3", "x:N,K labels:N<K -> loss:", points=2, own={"x": draw.far_rows},
      section=("Cross-entropy", "Fused with softmax"),
      hint="With z = x - max x, the loss of a sample is log Σ e^z - z at its label.",
      example={"x": [[0, 0], [0, 1000]], "labels": [0, 1]})
def fused_loss(x, labels):
    """Return the cross-entropy of the softmax of x at the labels."""
    z = x - x.max(axis=1, keepdims=True)
    sums = np.log(np.exp(z).sum(axis=1))
    loss = (sums - z[np.arange(len(x)), labels]).mean()
    return loss


@task("5.4", "x:N,K labels:N<K -> dx:N,K", points=2, gradient=True, own={"x": draw.far_rows},
      section=("Cross-entropy", "Fused with softmax"),
      hint="Write the softmax, then take 1 off at the label of each row.",
      example={"x": [[0, 0]], "labels": [1]})
def fused_gradient(x, labels):
    """Return dx of the cross-entropy of the softmax of x at the labels."""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    p[np.arange(len(x)), labels] -= 1
    dx = p / len(x)
    return dx


@task("5.5", "x:N,K labels:N<K epsilon -> t:N,K", points=1,
      section=("Cross-entropy", "Smoothing and weights"),
      hint="Begin with ε / K everywhere.",
      example={"x": [[0, 0]], "labels": [1], "epsilon": 0.5})
def smoothed_targets(x, labels, epsilon):
    """Return one-hot rows of the labels, with epsilon shared out among all classes."""
    t = np.full_like(x, epsilon / x.shape[1])
    t[np.arange(len(x)), labels] += 1 - epsilon
    return t


def _at_zero_it_is_cross_entropy(ask, rng):
    """with γ = 0 it is the cross-entropy"""
    p = np.array([[0.2, 0.8], [0.5, 0.5]])
    found, wanted = ask(p=p, labels=np.array([1, 0]), gamma=0.0)["loss"], -np.log([0.8, 0.5]).mean()
    if np.allclose(found, wanted):
        return ""
    return f"with γ = 0 the loss is {found:.6g}, expected {wanted:.6g}: the cross-entropy"


@task("5.6", "p:N,K~ labels:N<K gamma -> loss:", points=1, transfer=True,
      own={"p": _sure, "labels": _not_0}, never_one="K",
      properties=[_at_zero_it_is_cross_entropy],
      section=("Cross-entropy", "On probabilities"),
      hint="Pick q first, as in task 5.1.",
      example={"p": [[0.75, 0.25], [0.5, 0.5]], "labels": [0, 1], "gamma": 0.5},
      answer={"loss": 0.31698505398008203})
def focal_loss(p, labels, gamma):
    """Return the mean of -(1 - q)^gamma log q, q the probability of the right class."""
    ...


def _huber(x, t, delta):
    r = np.abs(x - t)
    return np.where(r <= delta, 0.5 * r**2, delta * (r - 0.5 * delta)).mean()


@task("5.7", "x:N,D t:N,D delta -> dx:N,D", points=1, gradient=True, transfer=True,
      gradient_of=_huber,
      section=("Cross-entropy", "Why not the squared error?"),
      hint="Inside, the slope is r; outside it has the size δ. `np.clip` does both.",
      example={"x": [[0, 4]], "t": [[0.25, 1]], "delta": 0.5}, answer={"dx": [[-0.125, 0.25]]})
def huber_gradient(x, t, delta):
    """Return dx of the mean of Huber's loss of x - t."""
    ...
