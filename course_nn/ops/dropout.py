"""Dropout: numbers are dropped at random, and the rest grows so that the mean stays.

The mask is drawn apart from the formula, for a whole batch that may then be cut.
"""

import numpy as np

from ..backend import Array, array_module


def dropout_mask(
    shape: tuple[int, ...], rate: float, *, rng: np.random.Generator, like: Array
) -> Array:
    """m / (1 − rate), m ∈ {0, 1} with P(m = 0) = rate, one draw for every element.

    Parameters
    ----------
    shape : of the mask.
    rate : in [0, 1), the share that is dropped.
    rng : draws one number for every element.
    like : an array whose dtype and library the mask takes.

    Returns
    -------
    mask : float, of the shape.

    Raises
    ------
    ValueError : if the rate is not in [0, 1).

    Examples
    --------
    >>> dropout_mask((6,), 0.5, rng=np.random.default_rng(0), like=np.ones(1))
    array([2., 2., 2., 0., 0., 0.])
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate must be in [0, 1), got {rate}")
    xp = array_module(like)
    kept = xp.asarray(rng.random(shape, dtype=np.float32) >= rate)
    return kept * xp.asarray(1 / (1 - rate), dtype=like.dtype)


def dropout_forward(
    x: Array, rate: float, *, rng: np.random.Generator
) -> tuple[Array, Array]:
    """y = x ⊙ m / (1 − rate), m ∈ {0, 1} with P(m = 0) = rate.

    Parameters
    ----------
    x : float, any shape.
    rate : in [0, 1), the share that is dropped.
    rng : draws one number for every element of x.

    Returns
    -------
    y : float, shape of x.
    cache : m / (1 − rate).

    Raises
    ------
    ValueError : if the rate is not in [0, 1).

    Notes
    -----
    Srivastava et al. (2014), section 4; scaled in training ("inverted"), so that
    prediction needs no change.

    Examples
    --------
    >>> y, _ = dropout_forward(np.ones(6), 0.5, rng=np.random.default_rng(0))
    >>> y
    array([2., 2., 2., 0., 0., 0.])
    """
    mask = dropout_mask(x.shape, rate, rng=rng, like=x)
    return x * mask, mask


def dropout_backward(dy: Array, cache: Array) -> Array:
    """dx = dy ⊙ m / (1 − rate).

    Parameters
    ----------
    dy : float, any shape, ∂L/∂y.
    cache : from `dropout_forward`.

    Returns
    -------
    dx : float, shape of dy.

    Examples
    --------
    >>> _, cache = dropout_forward(np.ones(6), 0.5, rng=np.random.default_rng(0))
    >>> dropout_backward(np.ones(6), cache)
    array([2., 2., 2., 0., 0., 0.])
    """
    return dy * cache
