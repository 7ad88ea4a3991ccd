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


def _picked(i):
    """The probabilities of the right classes."""
    return i["p"][np.arange(len(i["p"])), i["labels"]]


def _others(i):
    """The sum of log(1 - p) over the other classes, of each sample."""
    return np.log(1 - i["p"]).sum(axis=1) - np.log(1 - _picked(i))


_CROSS_ENTROPY = [
    ("labels is counted from 1, not from 0: of the class before there may be a log 0, inf",
     lambda right, i: {"loss": -np.log(i["p"][np.arange(len(i["p"])), i["labels"] - 1]).mean()}),
    ("the mean is taken first and the logarithm of it, not the mean of logarithms",
     lambda right, i: {"loss": -np.log(_picked(i).mean())}),
    ("the sum is taken first and the logarithm of it, not the mean of logarithms",
     lambda right, i: {"loss": -np.log(_picked(i).sum())}),
    ("the largest probability of each row is picked, not that of its label",
     lambda right, i: {"loss": -np.log(i["p"].max(axis=1)).mean()}),
    ("this is NaN, as 0 times log 0 is: pick the probability, then take its logarithm",
     lambda right, i: {"loss": (i["p"] * 0 * np.log(i["p"])).sum()}),
    ("the mean is taken over all N K numbers: each row has one that counts",
     lambda right, i: {"loss": right["loss"] / i["p"].shape[1]}),
    ("log(1 - p) of the other classes is added, as for yes and no",
     lambda right, i: {"loss": right["loss"] - _others(i).mean()}),
    ("log(1 - p) of the other classes is added, as for yes and no, and all N K are averaged",
     lambda right, i: {"loss": (right["loss"] - _others(i).mean()) / i["p"].shape[1]}),
    ("the probability itself stands where its logarithm belongs, as 1 - p",
     lambda right, i: {"loss": 1 - _picked(i).mean()}),
    ("p log p of the right class is taken, as in an entropy",
     lambda right, i: {"loss": -(_picked(i) * np.log(_picked(i))).mean()}),
]


@task("5.1", "p:N,K~ labels:N<K -> loss:", points=1, own={"p": _sure, "labels": _not_0},
      never_one="K",
      mistakes=_CROSS_ENTROPY,
      section=("Cross-entropy", "On probabilities"),
      hint="`p[np.arange(N), labels]` picks one number of each row.",
      example={"p": [[0.5, 0.5], [0.25, 0.75]], "labels": [0, 1]})
def cross_entropy(p, labels):
    """Return the mean of -log of the probability of the right class."""
    picked = p[np.arange(len(p)), labels]
    loss = -np.log(picked).mean()
    return loss


@cross_entropy.also
def cross_entropy(p, labels):
    loss = 0.0
    for n in range(len(p)):
        loss -= np.log(p[n, labels[n]])
    loss = loss / len(p)
    return loss


@cross_entropy.also
def cross_entropy(p, labels):
    t = np.eye(p.shape[1])[labels]
    picked = (t * p).sum(axis=1)
    loss = np.sum(-np.log(picked)) / len(p)
    return loss


@cross_entropy.also
def cross_entropy(p, labels):
    logs = np.log(np.maximum(p, 1e-300))
    t = np.zeros_like(p)
    t[np.arange(len(p)), labels] = 1
    loss = -(t * logs).sum(axis=1).mean()
    return loss


_CROSS_ENTROPY_GRADIENT = [
    ("this is NaN where p is 0, as 0 / 0 is: write at the labels alone",
     lambda right, i: {"dp": np.where(i["p"] > 0, right["dp"], np.nan)}),
    ("-1 / (N p) stands at every class, not at the labels alone",
     lambda right, i: {"dp": -1 / (len(i["p"]) * i["p"])}),
    ("-1 / (N p) stands at every class, and 0 at the labels: it is the other way round",
     lambda right, i: {"dp": np.where(right["dp"] != 0, 0, -1 / (len(i["p"]) * i["p"]))}),
    ("this is (p - t) / N, the gradient by the logits of a softmax, not by p",
     lambda right, i: {"dp": (i["p"] - (right["dp"] != 0)) / len(i["p"])}),
    ("this is p - t, the gradient by the logits of a softmax, not by p",
     lambda right, i: {"dp": i["p"] - (right["dp"] != 0)}),
    ("it stands at the largest of each row, not at its label",
     lambda right, i: {"dp": -(np.arange(i["p"].shape[1]) == i["p"].argmax(axis=1)[:, None])
                       / (len(i["p"]) * i["p"].max(axis=1, keepdims=True))}),
    ("dp is begun as p, not as zeros: the other classes keep their p",
     lambda right, i: {"dp": np.where(right["dp"] != 0, right["dp"], i["p"])}),
    ("this is -log p / N at the labels, the loss and not its derivative",
     lambda right, i: {"dp": np.where(right["dp"] != 0, -np.log(i["p"]) / len(i["p"]), 0)}),
    ("dp is begun as ones, not as zeros",
     lambda right, i: {"dp": np.where(right["dp"] != 0, right["dp"], 1)}),
    ("this is the derivative of log(1 - p) at the labels",
     lambda right, i: {"dp": np.where(right["dp"] != 0, 1 / (len(i["p"]) * (1 - i["p"])), 0)}),
]


@task("5.2", "p:N,K~ labels:N<K -> dp:N,K", points=1, gradient=True,
      own={"p": _sure, "labels": _not_0}, never_one="K",
      mistakes=_CROSS_ENTROPY_GRADIENT,
      section=("Cross-entropy", "On probabilities"),
      hint="Begin with zeros in the dtype of p, and write one number into each row.",
      example={"p": [[0.5, 0.5], [0.25, 0.75]], "labels": [0, 1]})
def cross_entropy_gradient(p, labels):
    """Return dp of the mean of -log p at the labels."""
    rows = np.arange(len(p))
    dp = np.zeros_like(p)
    dp[rows, labels] = -1 / (len(p) * p[rows, labels])
    return dp


@cross_entropy_gradient.also
def cross_entropy_gradient(p, labels):
    dp = np.zeros_like(p)
    for n in range(len(p)):
        k = labels[n]
        dp[n, k] = -1 / p[n, k]
    dp = dp / len(p)
    return dp


@cross_entropy_gradient.also
def cross_entropy_gradient(p, labels):
    t = np.eye(p.shape[1])[labels]
    safe = np.where(p > 0, p, 1)
    dp = -t / safe / len(p)
    return dp


@cross_entropy_gradient.also
def cross_entropy_gradient(p, labels):
    N, K = p.shape
    picked = p[np.arange(N), labels]
    dpicked = -1 / picked / N
    dp = np.zeros((N, K))
    dp[np.arange(N), labels] = dpicked
    return dp


def _softmax(x):
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _of_probabilities(x, labels):
    return -np.log(_softmax(x)[np.arange(len(x)), labels]).mean()


def _unshifted(x, labels):
    powers = np.exp(x)
    return -np.log((powers / powers.sum(axis=1, keepdims=True))[np.arange(len(x)), labels]).mean()


_FUSED_LOSS = [
    ("without a shift e^x overflows, which gives inf",
     lambda right, i: {"loss": (np.log(np.exp(i["x"]).sum(axis=1))
                                - i["x"][np.arange(len(i["x"])), i["labels"]]).mean()}),
    ("the logarithm is taken of a probability that was rounded to 0, which gives inf",
     lambda right, i: {"loss": _of_probabilities(**i)}),
    ("without a shift e^x overflows, which gives inf or NaN",
     lambda right, i: {"loss": _unshifted(**i)}),
    ("one largest number is taken off all rows: those far below it give inf or NaN",
     lambda right, i: {"loss": _unshifted(i["x"] - i["x"].max(), i["labels"])}),
    ("the largest number of each row is taken off, and never counts again",
     lambda right, i: {"loss": right["loss"] - i["x"].max(axis=1).mean()}),
    ("the mean is taken over all N K numbers: each row has one that counts",
     lambda right, i: {"loss": right["loss"] / i["x"].shape[1]}),
]


@task("5.3", "x:N,K labels:N<K -> loss:", points=2, own={"x": draw.far_rows},
      mistakes=_FUSED_LOSS,
      section=("Cross-entropy", "Fused with softmax"),
      hint="With z = x - max x, the loss of a sample is log Σ e^z - z at its label.",
      example={"x": [[0, 0], [0, 1000]], "labels": [0, 1]})
def fused_loss(x, labels):
    """Return the cross-entropy of the softmax of x at the labels."""
    z = x - x.max(axis=1, keepdims=True)
    sums = np.log(np.exp(z).sum(axis=1))
    loss = (sums - z[np.arange(len(x)), labels]).mean()
    return loss


@fused_loss.also
def fused_loss(x, labels):
    loss = 0.0
    for n in range(len(x)):
        z = x[n] - x[n].max()
        loss += np.log(np.exp(z).sum()) - z[labels[n]]
    loss = loss / len(x)
    return loss


@fused_loss.also
def fused_loss(x, labels):
    z = x - x.max(axis=1, keepdims=True)
    sums = np.log(np.exp(z).sum(axis=1)).mean()
    picked = z[np.arange(len(x)), labels].mean()
    loss = sums - picked
    return loss


@fused_loss.also
def fused_loss(x, labels):
    top = x.max(axis=1)
    sums = np.log(np.exp(x - top[:, None]).sum(axis=1)) + top
    picked = x[np.arange(len(x)), labels]
    loss = np.sum(sums - picked) / len(x)
    return loss


@fused_loss.also
def fused_loss(x, labels):
    z = x - x.max(axis=1, keepdims=True)
    logs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    t = np.eye(x.shape[1])[labels]
    loss = -(t * logs).sum() / len(x)
    return loss


_FUSED_GRADIENT = [
    ("without a shift e^x overflows, which gives NaN",
     lambda right, i: {"dx": (np.exp(i["x"]) / np.exp(i["x"]).sum(axis=1, keepdims=True)
                              - np.eye(i["x"].shape[1])[i["labels"]]) / len(i["x"])}),
    ("this is p / N: 1 is not taken off at the labels",
     lambda right, i: {"dx": _softmax(i["x"]) / len(i["x"])}),
    ("-1 is put at the labels in place of p, not taken off it",
     lambda right, i: {"dx": np.where(np.eye(i["x"].shape[1])[i["labels"]] == 1, -1,
                                      _softmax(i["x"])) / len(i["x"])}),
    ("1 - p stands at the labels where p - 1 belongs", lambda right, i: {"dx": np.abs(right["dx"])}),
    ("only the numbers at the labels are there, all others are 0",
     lambda right, i: {"dx": right["dx"] * np.eye(i["x"].shape[1])[i["labels"]]}),
    ("the numbers at the labels are 0, as if 1 - p were put there and not taken off",
     lambda right, i: {"dx": right["dx"] * (1 - np.eye(i["x"].shape[1])[i["labels"]])}),
    ("only p at the label is divided by N, or only the 1",
     lambda right, i: {"dx": _softmax(i["x"])
                       - np.eye(i["x"].shape[1])[i["labels"]] / len(i["x"])}),
    ("p goes through the slope of the softmax, p (1 - p), once more: p - t has it already",
     lambda right, i: {"dx": right["dx"] * _softmax(i["x"]) * (1 - _softmax(i["x"]))}),
]


@task("5.4", "x:N,K labels:N<K -> dx:N,K", points=2, gradient=True, own={"x": draw.far_rows},
      mistakes=_FUSED_GRADIENT,
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


@fused_gradient.also
def fused_gradient(x, labels):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    t = np.eye(x.shape[1])[labels]
    dx = (p - t) / len(x)
    return dx


@fused_gradient.also
def fused_gradient(x, labels):
    dx = np.zeros_like(x)
    for n in range(len(x)):
        e = np.exp(x[n] - x[n].max())
        dx[n] = e / e.sum()
        dx[n, labels[n]] -= 1
    dx = dx / len(x)
    return dx


@fused_gradient.also
def fused_gradient(x, labels):
    N, K = x.shape
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    dx = p / N
    dx[np.arange(N), labels] -= 1 / N
    return dx


def _targets(i, right, other):
    """One number at the labels, another elsewhere."""
    return {"t": np.where(np.eye(i["x"].shape[1])[i["labels"]] == 1, right, other)}


_SMOOTHED_TARGETS = [
    ("epsilon is shared out among the K - 1 other classes, not among all K",
     lambda right, i: _targets(i, 1 - i["epsilon"], i["epsilon"] / (i["x"].shape[1] - 1))),
    ("epsilon is shared among K - 1 classes, and the right one gets a share as well",
     lambda right, i: _targets(i, 1 - i["epsilon"] + i["epsilon"] / (i["x"].shape[1] - 1),
                               i["epsilon"] / (i["x"].shape[1] - 1))),
    ("the right class gets 1 - epsilon, without its share of epsilon",
     lambda right, i: _targets(i, 1 - i["epsilon"], i["epsilon"] / i["x"].shape[1])),
    ("the right class keeps 1: what is shared out is not taken off it",
     lambda right, i: _targets(i, 1, i["epsilon"] / i["x"].shape[1])),
    ("each of the other classes gets epsilon whole, the right one 1 - epsilon",
     lambda right, i: _targets(i, 1 - i["epsilon"], i["epsilon"])),
    ("the right class loses its share only: 1 - epsilon / K",
     lambda right, i: _targets(i, 1 - i["epsilon"] / i["x"].shape[1],
                               i["epsilon"] / i["x"].shape[1])),
    ("the other classes get nothing", lambda right, i: _targets(i, 1 - i["epsilon"], 0)),
    ("epsilon is shared out among the N samples, not among the K classes",
     lambda right, i: _targets(i, 1 - i["epsilon"] + i["epsilon"] / len(i["x"]),
                               i["epsilon"] / len(i["x"]))),
]


@task("5.5", "x:N,K labels:N<K epsilon -> t:N,K", points=1, sizes={"N": 3, "K": 5},
      mistakes=_SMOOTHED_TARGETS,
      section=("Cross-entropy", "Smoothing and weights"),
      hint="Begin with ε / K everywhere.",
      example={"x": [[0, 0]], "labels": [1], "epsilon": 0.5})
def smoothed_targets(x, labels, epsilon):
    """Return one-hot rows of the labels, with epsilon shared out among all classes."""
    t = np.full_like(x, epsilon / x.shape[1])
    t[np.arange(len(x)), labels] += 1 - epsilon
    return t


@smoothed_targets.also
def smoothed_targets(x, labels, epsilon):
    K = x.shape[1]
    t = np.eye(K)[labels]
    t = (1 - epsilon) * t + epsilon / K
    return t


@smoothed_targets.also
def smoothed_targets(x, labels, epsilon):
    N, K = x.shape
    share = epsilon / K
    t = np.zeros_like(x) + share
    for n in range(N):
        t[n, labels[n]] = 1 - epsilon + share
    return t


@smoothed_targets.also
def smoothed_targets(x, labels, epsilon):
    share = epsilon / x.shape[1]
    right = np.arange(x.shape[1]) == labels[:, None]
    t = np.where(right, 1 - epsilon + share, share)
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
