"""Plain twins of `ops.loss`: one number for a batch, the mean over its samples.

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


def targets_like(output, labels):
    """Labels (N,) as one-hot rows (N, K), like the output; such rows stay."""
    if labels.shape == output.shape:
        return labels.astype(output.dtype)
    return one_hot(labels, output.shape[1], output.dtype)


def negative_log_likelihood_forward(log_p, labels):
    """L = −(1/N) Σₙ log p[n, labelsₙ].

    log_p (N, K); labels (N,), or (N, K) one-hot.
    See `ops.negative_log_likelihood_forward`.

    >>> log_p = np.log(np.array([[0.25, 0.75]]))
    >>> loss, _ = negative_log_likelihood_forward(log_p, np.array([0]))
    >>> round(float(loss), 6)
    1.386294
    """
    t = targets_like(log_p, labels)
    used = t > 0  # a log p of −∞ is no harm where t is 0
    return -(t[used] * log_p[used]).sum() / len(log_p), t


def negative_log_likelihood_backward(dloss, cache):
    """d(log p) = −t / N · dloss."""
    t = cache
    return -t / len(t) * dloss


def cross_entropy_forward(p, labels):
    """L = −(1/N) Σₙ log p[n, labelsₙ], a p of zero being the smallest number.

    p (N, K); labels (N,), or (N, K) one-hot. See `ops.cross_entropy_forward`.
    """
    t = targets_like(p, labels)
    p = np.maximum(p, np.finfo(p.dtype).tiny)
    return -(t * np.log(p)).sum() / len(p), (t, p)


def cross_entropy_backward(dloss, cache):
    """dp = −t / (N p) · dloss."""
    t, p = cache
    return -t / (len(p) * p) * dloss


def softmax_cross_entropy_forward(z, labels, smoothing=0.0, class_weights=None):
    """L = −Σₙₖ tₙₖ log softmax(zₙ)ₖ / Σₙ wₙ, w all one unless given.

    z (N, K); labels (N,), or (N, K) one-hot; with smoothing ε and weights wₖ
    tₙₖ = wₖ ((1 − ε) [k = labelsₙ] + ε / K).
    See `ops.softmax_cross_entropy_forward`.

    >>> z, labels = np.array([[1e4, 0.0]]), np.array([1])
    >>> float(softmax_cross_entropy_forward(z, labels)[0])
    10000.0
    """
    t = targets_like(z, labels)
    w = 1 if class_weights is None else class_weights
    total = (w * t).sum()
    t = w * ((1 - smoothing) * t + smoothing / z.shape[1])
    log_p, used = log_softmax_forward(z)[0], t > 0
    loss = -(t[used] * log_p[used]).sum() / total
    return loss, (np.exp(log_p), t, total)


def softmax_cross_entropy_backward(dloss, cache):
    """dzₙₖ = (pₙₖ Σⱼ tₙⱼ − tₙₖ) / Σₙ wₙ · dloss; unweighted, (p − t) / N."""
    p, t, total = cache
    return (p * t.sum(axis=1, keepdims=True) - t) / total * dloss


def binary_cross_entropy_forward(z, targets):
    """L = mean of −t log σ(z) − (1 − t) log(1 − σ(z)) = log(1 + eᶻ) − t z.

    z any shape; targets in [0, 1], of the same.
    See `ops.binary_cross_entropy_forward`.
    """
    return (np.logaddexp(0, z) - targets * z).mean(), (z, targets)


def binary_cross_entropy_backward(dloss, cache):
    """dz = (σ(z) − t) / size · dloss."""
    z, t = cache
    return (sigmoid(z) - t) / z.size * dloss


def mean_squared_error_forward(y, targets):
    """L = mean of (y − t)². See `ops.mean_squared_error_forward`.

    >>> y, t = np.array([1.0, 3.0]), np.array([1.0, 1.0])
    >>> float(mean_squared_error_forward(y, t)[0])
    2.0
    """
    difference = y - targets
    return (difference**2).mean(), difference


def mean_squared_error_backward(dloss, cache):
    """dy = 2 (y − t) / size · dloss."""
    difference = cache
    return 2 * difference / difference.size * dloss
