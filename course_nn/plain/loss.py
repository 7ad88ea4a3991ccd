"""Plain twins of `ops.loss`: one number for a batch, the mean over its samples.

A mean may be weighted: Σ sₙ Lₙ / Σ sₙ, with `sample_weights` s (N,).
Backward passes start from dloss = ∂L/∂loss, usually 1.
"""

import numpy as np

from .activation import sigmoid
from .softmax import log_softmax_forward


def one_hot(labels, classes, dtype="float32"):
    """t[n, k] = 1 where labels[n] = k, else 0. See `ops.one_hot`.

    >>> one_hot(np.array([2, 0]), 3, dtype=int)
    array([[0, 0, 1],
           [1, 0, 0]])
    """
    if np.any(labels < 0):
        raise ValueError("a label is negative")  # NumPy counts it from the end
    return np.eye(classes, dtype=dtype)[labels]


def weighted_targets(
    output, labels, class_weights, sample_weights, ignore_index, smoothing=0
):
    """tₙₖ = sₙ wₖ ((1 − ε) [k = labelsₙ] + ε / K), and Σₙ sₙ w[labelsₙ].

    Labels (N,), or one-hot rows (N, K) already. `class_weights` are w (K,); a
    sample whose label is `ignore_index` has sₙ = 0; `smoothing` is ε.
    """
    w = 1 if class_weights is None else class_weights
    s = 1 if sample_weights is None else sample_weights
    s = s * np.ones(len(output), output.dtype)
    if ignore_index is not None:
        s = s * (labels != ignore_index)
        labels = np.where(labels == ignore_index, 0, labels)
    t = labels
    if labels.shape != output.shape:
        t = one_hot(labels, output.shape[1], output.dtype)
    w = w * s[:, None]
    return w * ((1 - smoothing) * t + smoothing / t.shape[1]), (w * t).sum()


def negative_log_likelihood_forward(
    log_p, labels, class_weights=None, *, sample_weights=None, ignore_index=None
):
    """L = −(1/N) Σₙ log p[n, labelsₙ], weighted −Σₙₖ tₙₖ log pₙₖ / Σ w.

    log_p (N, K); labels and weights: see `weighted_targets`.
    See `ops.negative_log_likelihood_forward`.

    >>> log_p = np.log(np.array([[0.25, 0.75]]))
    >>> loss, _ = negative_log_likelihood_forward(log_p, np.array([0]))
    >>> round(float(loss), 6)
    1.386294
    """
    weights = class_weights, sample_weights, ignore_index
    t, total = weighted_targets(log_p, labels, *weights)
    used = t > 0  # a log p of −∞ is no harm where t is 0
    return -(t[used] * log_p[used]).sum() / total, (t, total)


def negative_log_likelihood_backward(dloss, cache):
    """d(log p) = −t / Σ w · dloss; unweighted, −t / N."""
    t, total = cache
    return -t / total * dloss


def cross_entropy_forward(
    p, labels, class_weights=None, *, sample_weights=None, ignore_index=None
):
    """L = −(1/N) Σₙ log p[n, labelsₙ], weighted −Σₙₖ tₙₖ log pₙₖ / Σ w.

    p (N, K), where zero counts as the smallest number; labels and weights: see
    `weighted_targets`. See `ops.cross_entropy_forward`.
    """
    weights = class_weights, sample_weights, ignore_index
    t, total = weighted_targets(p, labels, *weights)
    p = np.maximum(p, np.finfo(p.dtype).tiny)
    return -(t * np.log(p)).sum() / total, (t, p, total)


def cross_entropy_backward(dloss, cache):
    """dp = −t / (p Σ w) · dloss; unweighted, −t / (N p)."""
    t, p, total = cache
    return -t / p / total * dloss


def softmax_cross_entropy_forward(
    z,
    labels,
    smoothing=0.0,
    class_weights=None,
    *,
    sample_weights=None,
    ignore_index=None,
):
    """L = −(1/N) Σₙ log softmax(zₙ)[labelsₙ], weighted −Σ t log softmax / Σ w.

    z (N, K); labels, smoothing and weights: see `weighted_targets`.
    See `ops.softmax_cross_entropy_forward`.

    >>> z, labels = np.array([[1e4, 0.0]]), np.array([1])
    >>> float(softmax_cross_entropy_forward(z, labels)[0])
    10000.0
    """
    weights = class_weights, sample_weights, ignore_index
    t, total = weighted_targets(z, labels, *weights, smoothing)
    log_p, used = log_softmax_forward(z)[0], t > 0
    loss = -(t[used] * log_p[used]).sum() / total
    return loss, (np.exp(log_p), t, total)


def softmax_cross_entropy_backward(dloss, cache):
    """dzₙₖ = (pₙₖ Σⱼ tₙⱼ − tₙₖ) / Σ w · dloss; unweighted, (p − t) / N."""
    p, t, total = cache
    return (p * t.sum(axis=1, keepdims=True) - t) / total * dloss


def shares(output, sample_weights):
    """What each number counts in a mean: 1 / size, or sₙ / mean(s) / size.

    >>> shares(np.zeros((2, 2)), np.array([1.0, 3.0])).ravel()
    array([0.125, 0.375])
    """
    if sample_weights is None:
        return 1 / output.size
    s = sample_weights / sample_weights.mean()
    return s.reshape(-1, *(1 for _ in output.shape[1:])) / output.size


def binary_cross_entropy_forward(z, targets, *, sample_weights=None):
    """L = mean of −t log σ(z) − (1 − t) log σ(−z), −log σ(z) = log(1 + e⁻ᶻ).

    z any shape; targets in [0, 1], of the same.
    See `ops.binary_cross_entropy_forward`.
    """
    t, share = targets, shares(z, sample_weights)
    losses = t * np.logaddexp(0, -z) + (1 - t) * np.logaddexp(0, z)
    return (share * losses).sum(), (z, t, share)


def binary_cross_entropy_backward(dloss, cache):
    """dz = (σ(z) − t) · share · dloss; unweighted, the share is 1 / size."""
    z, t, share = cache
    return (sigmoid(z) - t) * share * dloss


def mean_squared_error_forward(y, targets, *, sample_weights=None):
    """L = mean of (y − t)². See `ops.mean_squared_error_forward`.

    >>> y, t = np.array([1.0, 3.0]), np.array([1.0, 1.0])
    >>> float(mean_squared_error_forward(y, t)[0])
    2.0
    """
    difference, share = y - targets, shares(y, sample_weights)
    return (share * difference**2).sum(), (difference, share)


def mean_squared_error_backward(dloss, cache):
    """dy = 2 (y − t) · share · dloss; unweighted, the share is 1 / size."""
    difference, share = cache
    return 2 * difference * share * dloss
