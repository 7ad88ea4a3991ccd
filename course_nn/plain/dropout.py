"""Plain twin of `ops.dropout`: some numbers are dropped, the rest grows."""

import numpy as np


def dropout_mask(shape, rate, *, rng, like=None, channels=False):
    """m ∈ {False, True}, False with probability rate.

    With channels, whole channels drop (N, C, 1, 1). See `ops.dropout_mask`.
    """
    if channels:
        shape = (*shape[:2], *(1 for _ in shape[2:]))
    return rng.random(shape, dtype=np.float32) >= rate


def dropout_forward(x, rate, *, rng=None, mask=None):
    """y = x ⊙ m / (1 − rate), where m is 0 with probability rate, else 1.

    See `ops.dropout_forward`.

    >>> dropout_forward(np.ones(6), 0.5, rng=np.random.default_rng(0))[0]
    array([2., 2., 2., 0., 0., 0.])
    """
    if mask is None:
        mask = dropout_mask(x.shape, rate, rng=rng)
    return x * mask / (1 - rate), (mask, rate)


def dropout_backward(dy, cache):
    """dx = dy ⊙ m / (1 − rate): what was dropped gets no gradient."""
    mask, rate = cache
    return dy * mask / (1 - rate)
