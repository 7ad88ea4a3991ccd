"""Batch norm and layer norm: shift to mean zero, scale to variance one.

Two parameters, γ and β, let the network undo it if it likes.

In batch norm the samples of a batch meet twice: in `moments` before the
forward formula, in `batch_norm_sums` before the backward one. Between the two
every sample stands alone, so a batch may go through both formulas in slices,
given what met.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..backend import Array, array_module
from ..checks import (
    as_float,
    check_unchanged,
    floats,
    glimpse,
    number,
    same_shape,
    upstream,
)


class Moments(NamedTuple):
    """Mean and biased variance of each channel, and how many numbers it has.

    A count of infinity says that they are constants, such as running
    statistics.
    """

    mean: Array
    var: Array
    count: float  # type: ignore[assignment]  # not the method of tuples


def _axes(x: Array) -> tuple[int, ...]:
    """All axes but the channels': (0,) of (N, D), (0, 2, 3) of (N, C, H, W)."""
    return (0, *range(2, x.ndim))


def _channels(v: Array, x: Array) -> Array:
    """A vector (C,) in a shape that broadcasts along the channels of x."""
    return v.reshape(-1, *(1,) * (x.ndim - 2))


def _dot(a: Array, b: Array) -> Array:
    """Σ a · b for each channel, in one pass, no product left in memory."""
    xp = array_module(a)
    if a.ndim == 2:
        return xp.einsum("nc,nc->c", a, b)
    rows = [v.transpose(1, 2, 3, 0) for v in (a, b)]  # as images lie in memory
    if xp is np and all(v.flags.c_contiguous for v in rows):
        return np.vecdot(*(v.reshape(len(v), -1) for v in rows))  # by BLAS
    return xp.einsum("nchw,nchw->c", a, b)


def _features_or_images(x: Array) -> Array:
    """x as floats, if batch norm is for its shape."""
    x = as_float(x)
    if x.ndim not in (2, 4) or not x.size:
        empty = "" if x.size else ", which holds no number"
        raise ValueError(
            "batch norm takes features (N, D) or images (N, C, H, W), "
            f"got {x.shape}{empty}"
        )
    return x


def moments(x: Array) -> Moments:
    """μ = mean of x, σ² = mean of (x − μ)², for each channel.

    x is (N, D) or (N, C, H, W), μ and σ² are (D,) or (C,), and σ² is biased:
    divided by the count, N or N · H · W. ValueError for other axes, or if one
    is empty.

    Book: Batch normalisation, "Mean and variance", eq-norm-moments,
    eq-norm-channels.

    >>> import numpy as np
    >>> moments(np.array([[1.0, 0.0], [3.0, 0.0]]))
    Moments(mean=array([2., 0.]), var=array([1., 0.]), count=2)
    """
    x = _features_or_images(x)
    mean = x.mean(axis=_axes(x))
    centred = x - _channels(mean, x)
    count = x.size // mean.size
    return Moments(mean, _dot(centred, centred) * (1 / count), count)


def merge_moments(slices: Sequence[Moments]) -> Moments:
    """μ = Σₛ wₛ μₛ, σ² = Σₛ wₛ (σₛ² + (μₛ − μ)²), wₛ = mₛ / Σ m, of slices.

    mₛ are the counts. Book: Batch normalisation, "A batch in slices",
    eq-norm-merge, eq-norm-merge-two. Chan, Golub and LeVeque (1983), equation
    2.1, for several slices.

    >>> import numpy as np
    >>> slices = np.array([[1.0], [3.0]]), np.array([[8.0]])
    >>> merge_moments([moments(part) for part in slices])
    Moments(mean=array([4.]), var=array([8.66666667]), count=3)
    """
    if not isinstance(slices, Sequence) or not slices:
        raise ValueError(
            "merge_moments needs a list of the moments of slices, "
            f"got {slices!r}"
        )
    slices = [_as_moments(s) for s in slices]
    for v in (v for s in slices for v in s[:2]):
        same_shape("merge_moments", "a slice", v, slices[0].mean.shape)
    count = sum(s.count for s in slices)
    zero = 0 * slices[0].mean
    mean = sum((s.count / count * s.mean for s in slices), zero)
    var = sum(
        (s.count / count * (s.var + (s.mean - mean) ** 2) for s in slices), zero
    )
    return Moments(mean, var, count)


def _as_moments(found: Moments) -> Moments:
    """Moments whose arrays are floats of one shape."""
    if not isinstance(found, tuple) or len(found) != 3:
        raise TypeError(
            "moments are Moments(mean, var, count), as ops.moments(x) gives, "
            f"got {found!r}"
        )
    number("the count of moments", found[2], 0)
    mean, var = floats(mean=found[0], var=found[1])
    return Moments(mean, var, found[2])


def _of_a_batch(x: Array) -> Moments:
    """Its moments, if there is more than one number in a channel."""
    own = moments(x)
    if own.count < 2:
        raise ValueError(
            "batch norm needs more than one number in a channel, got one "
            f"sample of shape {x.shape[1:]}: every y would be β; take more "
            "samples in a batch, or give moments"
        )
    return own


def batch_norm_forward(
    x: Array,
    gamma: Array,
    beta: Array,
    eps: float = 1e-5,
    moments: Moments | None = None,
) -> tuple[Array, tuple]:
    """y = γ (x − μ) / √(σ² + ε) + β, with the moments of each channel.

    Parameters
    ----------
    x : (N, D) or (N, C, H, W) float.
    gamma, beta : (D,) or (C,) float.
    eps : added to the variance, in the square of x's unit.
    moments : μ and σ² of the batch of which x is a slice, or running statistics
        with an infinite count; of x itself unless given.

    Returns
    -------
    y : float, shape of x.
    cache : x itself, μ, 1/√(σ² + ε), γ/√(σ² + ε), the count, and what tells
        whether x was changed since.

    Raises
    ------
    ValueError : if a shape does not fit, or one number is alone in its channel.

    Notes
    -----
    Book: Batch normalisation, "Normalise, scale, shift", eq-norm-hat,
    eq-norm-forward, eq-norm-eval. Ioffe and Szegedy (2015), algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0], [3.0]])
    >>> batch_norm_forward(x, np.ones(1), np.zeros(1), eps=0)[0].ravel()
    array([-1.,  1.])
    """
    x = _features_or_images(x)
    mean, var, count = (
        _of_a_batch(x) if moments is None else _as_moments(moments)
    )
    x, gamma, beta, mean, var = floats(
        x=x, gamma=gamma, beta=beta, mean=mean, var=var
    )
    for name, v in (
        ("gamma", gamma),
        ("beta", beta),
        ("mean", mean),
        ("var", var),
    ):
        same_shape("batch_norm_forward", name, v, x.shape[1:2])
    inv_std = 1 / array_module(x).sqrt(var + number("eps", eps, 0))
    scale = gamma * inv_std
    y = x * _channels(scale, x)
    y += _channels(beta - scale * mean, x)
    return y, (x, mean.copy(), inv_std, scale, count, glimpse(x))


def batch_norm_sums(dy: Array, cache: tuple) -> tuple[Array, Array]:
    """dγ = Σ dy · x̂, dβ = Σ dy, for each channel, x̂ = (x − μ) / √(σ² + ε).

    Book: Batch normalisation, "Scale and shift", eq-norm-dgamma, eq-norm-dbeta.

    >>> import numpy as np
    >>> x = np.array([[1.0], [3.0]])
    >>> _, cache = batch_norm_forward(x, np.ones(1), np.zeros(1), eps=0)
    >>> batch_norm_sums(np.array([[10.0], [20.0]]), cache)
    (array([10.]), array([30.]))
    """
    x, mean, inv_std, _, _, seen = cache
    dy = upstream("batch_norm_sums", dy, x.shape)
    check_unchanged("batch_norm_sums", seen, x=x)
    return _dot(dy, x - _channels(mean, x)) * inv_std, dy.sum(axis=_axes(x))


def batch_norm_backward(
    dy: Array, cache: tuple, sums: tuple[Array, Array] | None = None
) -> tuple[Array, Array, Array]:
    """dx = γ / √(σ² + ε) · (dy − dβ / m − x̂ · dγ / m), and dγ, dβ.

    dγ = Σ dy · x̂ and dβ = Σ dy. m is the count of the moments: where they are
    constants, m = ∞ and the last two terms vanish. Of a slice, `sums` are dγ
    and dβ of its whole batch.

    Notes
    -----
    Book: Batch normalisation, "In closed form", eq-norm-dx, eq-norm-dgamma,
    eq-norm-dbeta. Ioffe and Szegedy (2015), section 3, the six derivatives
    collected. The sums of dx and of dx · x̂ over a batch are zero, the second
    up to ε: neither a shift nor a stretch of x changes y.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0], [3.0], [2.0]])
    >>> _, cache = batch_norm_forward(x, np.ones(1), np.zeros(1), eps=0)
    >>> dy = np.array([[0.0], [0.0], [3.0]])
    >>> dx, dgamma, dbeta = batch_norm_backward(dy, cache)
    >>> dx.ravel().round(6), dgamma, dbeta
    (array([-1.224745, -1.224745,  2.44949 ]), array([0.]), array([3.]))
    """
    x, mean, inv_std, scale, count, seen = cache
    dy = upstream("batch_norm_backward", dy, x.shape)
    check_unchanged("batch_norm_backward", seen, x=x)
    dgamma, dbeta = batch_norm_sums(dy, cache) if sums is None else sums
    for name, v in (("dgamma", dgamma), ("dbeta", dbeta)):
        same_shape("batch_norm_backward", name, v, scale.shape)
    slope = inv_std * dgamma * (-1 / count)
    dx = x * _channels(slope, x)
    dx += dy
    dx -= _channels(dbeta * (1 / count) + slope * mean, x)
    dx *= _channels(scale, x)
    return dx, dgamma, dbeta


def layer_norm_forward(
    x: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, tuple]:
    """y = γ (x − μ) / √(σ² + ε) + β, with the moments of each sample.

    The variance is biased: divided by how many numbers a sample has.

    Parameters
    ----------
    x : (N, …) float.
    gamma, beta : (…) float, the shape of one sample.
    eps : added to the variance, in the square of x's unit.

    Returns
    -------
    y : float, shape of x.
    cache : x̂, 1/√(σ² + ε) and γ.

    Raises
    ------
    ValueError : if a shape does not fit.

    Notes
    -----
    Book: Batch normalisation, "Layer normalisation", eq-norm-layer. Ba, Kiros
    and Hinton (2016), equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 3.0]])
    >>> layer_norm_forward(x, np.ones(2), np.zeros(2), eps=0)[0]
    array([[-1.,  1.]])
    """
    x, gamma, beta = floats(x=x, gamma=gamma, beta=beta)
    if x.ndim < 2 or 0 in x.shape[1:]:
        raise ValueError(
            f"layer norm takes samples (N, …) of numbers, got {x.shape}"
        )
    for name, v in (("gamma", gamma), ("beta", beta)):
        same_shape("layer_norm_forward", name, v, x.shape[1:])
    axes = tuple(range(1, x.ndim))
    x_hat = x - x.mean(axis=axes, keepdims=True)
    var = (x_hat * x_hat).mean(axis=axes, keepdims=True)
    inv_std = 1 / array_module(x).sqrt(var + number("eps", eps, 0))
    x_hat *= inv_std
    return x_hat * gamma + beta, (x_hat, inv_std, gamma.copy())


def layer_norm_backward(dy: Array, cache: tuple) -> tuple[Array, Array, Array]:
    """dx = (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)) / √(σ² + ε), dx̂ = γ dy.

    dγ = Σₙ dy · x̂ and dβ = Σₙ dy, x̂ = (x − μ) / √(σ² + ε).

    Book: Batch normalisation, "Layer normalisation", eq-norm-layer-dx,
    eq-norm-layer-dgamma.

    >>> import numpy as np
    >>> x = np.array([[1.0, 3.0, 2.0]])
    >>> _, cache = layer_norm_forward(x, np.ones(3), np.zeros(3), eps=0)
    >>> layer_norm_backward(np.array([[0.0, 0.0, 3.0]]), cache)[0].round(6)
    array([[-1.224745, -1.224745,  2.44949 ]])
    """
    x_hat, inv_std, gamma = cache
    dy = upstream("layer_norm_backward", dy, x_hat.shape)
    axes = tuple(range(1, dy.ndim))
    dx = dy * gamma
    projection = (dx * x_hat).mean(axis=axes, keepdims=True)
    dx = inv_std * (dx - dx.mean(axis=axes, keepdims=True) - x_hat * projection)
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)
