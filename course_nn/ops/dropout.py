"""Dropout: numbers drop at random, and the rest grows so that the mean stays.

The mask is drawn apart from the formula, for a whole batch that may then be
cut.
"""

import numpy as np

from ..backend import Array, array_module
from ..checks import as_float, generator, number, upstream, whole
from .activation import masked


def dropout_mask(
    shape: tuple[int, ...],
    rate: float,
    *,
    rng: np.random.Generator,
    like: Array | None = None,
    channels: bool = False,
) -> Array:
    """m ∈ {False, True}, P(m = False) = rate: a draw an element, or channel.

    Parameters
    ----------
    shape : of the numbers that meet the mask.
    rate : in [0, 1), the share that is dropped.
    rng : draws.
    like : an array in whose library the mask is made, NumPy's unless given.
    channels : draw once a channel, so that whole channels are dropped.

    Returns
    -------
    mask : bool, of the shape; with `channels` (N, C, 1, …), which fits
        (N, C, …).

    Raises
    ------
    ValueError : if the rate is not in [0, 1), or there are no channels.

    Notes
    -----
    Book: Dropout, "The mask", eq-drop-mask. Whole channels: Tompson et al.
    (2015), section 3.2.

    Examples
    --------
    >>> dropout_mask((6,), 0.5, rng=np.random.default_rng(0))
    array([ True,  True,  True, False, False, False])
    >>> rng = np.random.default_rng(0)
    >>> dropout_mask((1, 2, 8, 8), 0.5, rng=rng, channels=True).shape
    (1, 2, 1, 1)
    """
    rate = number("rate", rate, 0, 1, open_end=True)
    if not isinstance(shape, tuple | list):
        raise TypeError(f"a shape is a tuple such as (4, 3), got {shape!r}")
    shape = tuple(whole("a shape's number", size, 0) for size in shape)
    if channels:
        if len(shape) < 3:
            raise ValueError(
                "channels are dropped of images (N, C, H, W), got shape "
                f"{shape}"
            )
        shape = (*shape[:2], *(1,) * (len(shape) - 2))
    drawn = generator(rng).random(shape, dtype=np.float32) >= rate
    return drawn if like is None else array_module(like).asarray(drawn)


def dropout_forward(
    x: Array,
    rate: float,
    *,
    rng: np.random.Generator | None = None,
    mask: Array | None = None,
) -> tuple[Array, tuple]:
    """y = x ⊙ m / (1 − rate), m ∈ {0, 1} with P(m = 0) = rate.

    Parameters
    ----------
    x : float, any shape.
    rate : in [0, 1), the share that is dropped.
    rng : draws m, one number for every element of x, unless a mask is given.
    mask : m, from `dropout_mask`.

    Returns
    -------
    y : float, shape of x; 0 where m is, whatever x.
    cache : m, 1 / (1 − rate) and the shape of x.

    Raises
    ------
    ValueError : if the rate is not in [0, 1), the mask does not fit, or there
        is none.

    Notes
    -----
    Book: Dropout, "Drop, and make up for it", eq-drop-forward. Srivastava et
    al. (2014), section 4; scaled in training ("inverted"), so that prediction
    needs no change.

    Examples
    --------
    >>> y, _ = dropout_forward(np.ones(6), 0.5, rng=np.random.default_rng(0))
    >>> y
    array([2., 2., 2., 0., 0., 0.])
    """
    x, rate = as_float(x), number("rate", rate, 0, 1, open_end=True)
    if mask is None:
        mask = dropout_mask(x.shape, rate, rng=_given(rng), like=x)
    _expect_mask(mask, x.shape)
    scale = 1 / (1 - rate)
    y = masked(x, mask)
    return y * scale, (mask, scale, x.shape)


def dropout_backward(dy: Array, cache: tuple) -> Array:
    """dx = dy ⊙ m / (1 − rate).

    Book: Dropout, "The derivative", eq-drop-backward. With the forward pass's
    own mask: what was dropped gets no gradient.

    >>> rng = np.random.default_rng(0)
    >>> _, cache = dropout_forward(np.ones(6), 0.5, rng=rng)
    >>> dropout_backward(np.ones(6), cache)
    array([2., 2., 2., 0., 0., 0.])
    """
    mask, scale, shape = cache
    return masked(upstream("dropout_backward", dy, shape), mask) * scale


def _given(rng: np.random.Generator | None) -> np.random.Generator:
    """The generator, if there is one."""
    if rng is None:
        raise ValueError(
            "dropout_forward needs rng=np.random.default_rng(0), say, or a mask"
        )
    return rng


def _expect_mask(mask: Array, shape: tuple[int, ...]) -> None:
    """Refuses a mask that holds no booleans or has another shape."""
    if getattr(mask, "dtype", None) != np.bool_:
        raise TypeError("a mask is an array of booleans, see dropout_mask")
    by_channel = (*shape[:2], *(1,) * (len(shape) - 2))
    if mask.shape not in (shape, by_channel):
        raise ValueError(
            f"dropout_forward: the mask has shape {mask.shape}, expected "
            f"{shape}, or {by_channel} for whole channels"
        )
