"""Exercise 8: batch normalisation.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex08_batch_norm/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

from course_nn.exercises import draw


@task("8.1", "x:N,D gamma:D beta:D eps -> y:N,D mean:D var:D", points=2,
      own={"x": draw.far_columns},
      section=("Batch normalisation", "The forward pass"),
      hint="The statistics are taken along axis 0. ε goes inside the root.",
      example={"x": [[1, 2], [3, 2]], "gamma": [1, 1], "beta": [0, 5], "eps": 0.44})
def batch_norm(x, gamma, beta, eps):
    """Return y, and the mean and variance of each feature of the batch."""
    mean = x.mean(axis=0)
    var = x.var(axis=0)
    x_hat = (x - mean) / np.sqrt(var + eps)
    y = gamma * x_hat + beta
    return y, mean, var


@batch_norm.also
def batch_norm(x, gamma, beta, eps):
    N = len(x)
    mean = x.sum(axis=0) / N
    centred = x - mean
    var = (centred**2).sum(axis=0) / N
    std = np.sqrt(var + eps)
    y = gamma / std * centred + beta
    return y, mean, var


@batch_norm.also
def batch_norm(x, gamma, beta, eps):
    y = np.zeros_like(x)
    mean = np.zeros(x.shape[1])
    var = np.zeros(x.shape[1])
    for d in range(x.shape[1]):
        mean[d] = x[:, d].mean()
        var[d] = (x[:, d] ** 2).mean() - mean[d] ** 2
        y[:, d] = gamma[d] * (x[:, d] - mean[d]) * (var[d] + eps) ** -0.5 + beta[d]
    return y, mean, var


_both_corrected = [
    ("the factor N / (N - 1) stands at the mean too: it belongs to the variance alone",
     lambda r, i: {"running_mean": r["running_mean"]
                   + i["momentum"] * i["mean"] / (i["N"] - 1), "running_var": r["running_var"]}),
    ("the old running variance is multiplied by N / (N - 1) too: it was so when it came in",
     lambda r, i: {"running_mean": r["running_mean"], "running_var": r["running_var"]
                   + (1 - i["momentum"]) * i["running_var"] / (i["N"] - 1)}),
]


@task("8.2", "running_mean:D running_var:D+ mean:D var:D+ momentum N=8|5 -> running_mean:D running_var:D+",
      points=1,
      section=("Batch normalisation", "Running statistics"),
      hint="Two lines. Make new arrays: the old ones belong to the caller.",
      example={"running_mean": [0], "running_var": [1], "mean": [2], "var": [7],
               "momentum": 0.25, "N": 8},
      mistakes=_both_corrected)
def remember(running_mean, running_var, mean, var, momentum, N):
    """Return the running mean and variance after a batch of N samples."""
    unbiased = var * (N / (N - 1))
    running_mean = (1 - momentum) * running_mean + momentum * mean
    running_var = (1 - momentum) * running_var + momentum * unbiased
    return running_mean, running_var


@remember.also
def remember(running_mean, running_var, mean, var, momentum, N):
    bessel = N / (N - 1)
    running_mean = running_mean + momentum * (mean - running_mean)
    running_var = running_var + momentum * (bessel * var - running_var)
    return running_mean, running_var


@remember.also
def remember(running_mean, running_var, mean, var, momentum, N):
    keep = 1 - momentum
    running_mean = keep * running_mean + momentum * mean
    running_var = keep * running_var + momentum * (N / (N - 1)) * var
    return running_mean, running_var


def _with(i, mean, var):
    return {"y": i["gamma"] * (i["x"] - mean) / np.sqrt(var + i["eps"]) + i["beta"]}


_of_this_batch = [
    ("mean and variance are those of this batch, not those that are remembered",
     lambda r, i: _with(i, i["x"].mean(axis=0), i["x"].var(axis=0))),
    ("the mean is that of this batch, not the one that is remembered",
     lambda r, i: _with(i, i["x"].mean(axis=0), i["running_var"])),
    ("the variance is that of this batch, not the one that is remembered",
     lambda r, i: _with(i, i["running_mean"], i["x"].var(axis=0))),
    ("the running variance is squared, as if it were a standard deviation",
     lambda r, i: _with(i, i["running_mean"], i["running_var"] ** 2)),
]


@task("8.3", "x:N,D gamma:D beta:D running_mean:D running_var:D+ eps -> y:N,D", points=1,
      section=("Batch normalisation", "Running statistics"),
      hint="No mean and no variance is taken of x.",
      example={"x": [[3]], "gamma": [2], "beta": [1], "running_mean": [1], "running_var": [3.5],
               "eps": 0.5},
      mistakes=_of_this_batch)
def batch_norm_predict(x, gamma, beta, running_mean, running_var, eps):
    """Return y from statistics that were remembered."""
    x_hat = (x - running_mean) / np.sqrt(running_var + eps)
    y = gamma * x_hat + beta
    return y


@batch_norm_predict.also
def batch_norm_predict(x, gamma, beta, running_mean, running_var, eps):
    scale = gamma * (running_var + eps) ** -0.5
    shift = beta - scale * running_mean
    y = scale * x + shift
    return y


@batch_norm_predict.also
def batch_norm_predict(x, gamma, beta, running_mean, running_var, eps):
    std = np.sqrt(running_var + eps)
    y = gamma / std * (x - running_mean) + beta
    return y


def _forward(x, gamma, beta, eps):
    return gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps) + beta


def _paths(f):
    """The right gradients of γ and β; dx by f(1/σ, x̂, dx̂, the inputs)."""

    def wrong(r, i):
        x, inv_std = i["x"], 1 / np.sqrt(i["x"].var(axis=0) + i["eps"])
        dx = f(inv_std, (x - x.mean(axis=0)) * inv_std, i["dy"] * i["gamma"], i)
        return {**r, "dx": dx}

    return wrong


def _mean(a):
    return a.mean(axis=0)


_other_paths = [
    ("only the direct path is there: those through μ and σ² are missing",
     _paths(lambda s, x, d, i: s * d)),
    ("the factor 1 / N is missing on both indirect paths: sums stand where means belong",
     _paths(lambda s, x, d, i: s * (d - d.sum(axis=0) - x * (d * x).sum(axis=0)))),
    ("both indirect paths are added, they must be subtracted",
     _paths(lambda s, x, d, i: s * (d + _mean(d) + x * _mean(d * x)))),
    ("γ stands on the direct path alone: on the two others dy stands where dx̂ belongs",
     _paths(lambda s, x, d, i: s * (d - _mean(i["dy"]) - x * _mean(i["dy"] * x)))),
    ("x stands where x̂ belongs, at both places",
     _paths(lambda s, x, d, i: s * (d - _mean(d) - i["x"] * _mean(d * i["x"])))),
    ("x - μ stands where x̂ belongs, at both places",
     _paths(lambda s, x, d, i: s * (d - _mean(d) - x / s * _mean(d * x / s)))),
    ("the path through σ² is a product number by number: the mean over the batch is missing",
     _paths(lambda s, x, d, i: s * (d - _mean(d) - x * d * x))),
]


@task("8.4", "dy:N,D x:N,D gamma:D eps -> dx:N,D dgamma:D dbeta:D", points=3, gradient=True,
      section=("Batch normalisation", "The derivative"),
      hint="Make x̂ again, then the three terms of dx, each on a line of its own.",
      example={"dy": [[1], [0]], "x": [[1], [3]], "gamma": [2], "eps": 0.44},
      mistakes=_other_paths)
def batch_norm_gradients(dy, x, gamma, eps):
    """Return dx, dgamma and dbeta for the upstream gradient dy."""
    inv_std = 1 / np.sqrt(x.var(axis=0) + eps)
    x_hat = (x - x.mean(axis=0)) * inv_std
    dgamma = (dy * x_hat).sum(axis=0)
    dbeta = dy.sum(axis=0)
    dx_hat = dy * gamma
    through_mean = dx_hat.mean(axis=0)
    through_var = x_hat * (dx_hat * x_hat).mean(axis=0)
    dx = inv_std * (dx_hat - through_mean - through_var)
    return dx, dgamma, dbeta


@batch_norm_gradients.also
def batch_norm_gradients(dy, x, gamma, eps):
    N = len(x)
    centred = x - x.mean(axis=0)
    var = (centred**2).mean(axis=0)
    std = np.sqrt(var + eps)
    x_hat = centred / std
    dgamma = (dy * x_hat).sum(axis=0)
    dbeta = dy.sum(axis=0)
    dx_hat = dy * gamma
    dvar = (dx_hat * centred * -0.5 * (var + eps) ** -1.5).sum(axis=0)
    dmean = -(dx_hat / std).sum(axis=0)
    dx = dx_hat / std + dvar * 2 * centred / N + dmean / N
    return dx, dgamma, dbeta


@batch_norm_gradients.also
def batch_norm_gradients(dy, x, gamma, eps):
    N = len(x)
    std = np.sqrt(x.var(axis=0) + eps)
    x_hat = (x - x.mean(axis=0)) / std
    dgamma = (dy * x_hat).sum(axis=0)
    dbeta = dy.sum(axis=0)
    dx = gamma / (N * std) * (N * dy - dbeta - x_hat * dgamma)
    return dx, dgamma, dbeta


@batch_norm_gradients.also
def batch_norm_gradients(dy, x, gamma, eps):
    centred = x - x.mean(axis=0)
    std = np.sqrt((centred**2).mean(axis=0) + eps)
    dgamma = (dy * centred / std).sum(axis=0)
    dbeta = dy.sum(axis=0)
    dx_hat = dy * gamma
    dstd = -(dx_hat * centred).sum(axis=0) / std**2
    dcentred = dx_hat / std + dstd * centred / (len(x) * std)
    dx = dcentred - dcentred.mean(axis=0)
    return dx, dgamma, dbeta


def _samples_stay_apart(ask, rng):
    """an image's result does not hang on the others"""
    x, g, b = rng.normal(size=(3, 4, 2, 2)), np.ones(4), np.zeros(4)
    all_three, one = (ask(x=a, gamma=g, beta=b, eps=1e-3)["y"] for a in (x, x[:1]))
    if not np.allclose(all_three[:1], one):
        return "the first image alone gives another result than among three"
    return ""


def _groups_are_normalised(ask, rng):
    """each group of each image has mean 0 and variance 1, and is moved and scaled as a whole"""
    x, one, zero = rng.normal(1, 3, size=(3, 4, 2, 5)), np.ones(4), np.zeros(4)
    x[:, 0] += 9
    x[:, 1, 0, 0] = x[:, 0, 1, 1]
    x[:, 3, 1, 4] = x[:, 2, 0, 2]
    y = ask(x=x, gamma=one, beta=zero, eps=1e-9)["y"]
    for k, name in enumerate(("first", "second")):
        group = y[0, 2 * k : 2 * k + 2]
        for what, found, wanted in (("mean", group.mean(), 0), ("variance", group.var(), 1)):
            if not abs(found - wanted) < 1e-6:
                return f"the {name} group of an image has {what} {found:.4g}, expected {wanted}"
    if not np.allclose([y[:, 1, 0, 0], y[:, 3, 1, 4]], [y[:, 0, 1, 1], y[:, 2, 0, 2]]):
        return "two pixels of a group are equal in x, in different channels, and not in y"
    return ""


@task("8.5", "x:N,2*C,H,W gamma:2*C beta:2*C eps -> y:N,2*C,H,W", points=1, transfer=True,
      sizes={"N": 2, "C": 3, "H": 4, "W": 5}, 
      properties=[_samples_stay_apart, _groups_are_normalised],
      section=("Batch normalisation", "Layer normalisation"),
      hint="Reshape so that a group is one row.",
      example={"x": [[[[1]], [[3]], [[5]], [[5]]]], "gamma": [6, 12, 1, 1], "beta": [0, 0, 0, 7],
               "eps": 0.44},
      answer={"y": [[[[-5]], [[10]], [[0]], [[7]]]]})
def group_norm(x, gamma, beta, eps):
    """Return x with each half of each image's channels normalised."""
    ...


def _rms_norm(x, eps):
    return x / np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)


@task("8.6", "dy:N,D x:N,D eps -> dx:N,D", points=2, gradient=True, transfer=True,
      gradient_of=_rms_norm,
      section=("Batch normalisation", "Layer normalisation"),
      hint="x reaches y directly and through r. What is ∂r/∂x_d?",
      example={"dy": [[1, 0]], "x": [[1, 1]], "eps": 0.0}, answer={"dx": [[0.5, -0.5]]})
def rms_norm_gradient(dy, x, eps):
    """Return dx of x divided by the root of its mean square, row by row."""
    ...
