"""Plain twins of `ops.softmax`: scores into probabilities."""

import numpy as np


def softmax_forward(x):
    """pₖ = exp(xₖ) / Σⱼ exp(xⱼ).

    x (…, K); p (…, K). Subtracting the largest score changes nothing but the
    overflow. See `ops.softmax_forward`.

    >>> softmax_forward(np.array([[1e4, 1e4]]))[0]
    array([[0.5, 0.5]])
    """
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return p, p


def softmax_backward(dp, cache):
    """dx = p ⊙ (dp − Σₖ dpₖ pₖ)."""
    p = cache
    return p * (dp - (dp * p).sum(axis=-1, keepdims=True))


def log_softmax_forward(x):
    """yₖ = xₖ − log Σⱼ exp(xⱼ).

    x (…, K); y (…, K). See `ops.log_softmax_forward`.

    >>> log_softmax_forward(np.array([[1e4, 0.0]]))[0]
    array([[     0., -10000.]])
    """
    x = x - x.max(axis=-1, keepdims=True)
    y = x - np.log(np.exp(x).sum(axis=-1, keepdims=True))
    return y, y


def log_softmax_backward(dy, cache):
    """dx = dy − p Σₖ dyₖ, p = exp(y)."""
    p = np.exp(cache)
    return dy - p * dy.sum(axis=-1, keepdims=True)
