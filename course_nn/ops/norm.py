"""Batch norm and layer norm: shift to mean zero, scale to variance one.

Two parameters, γ and β, let the network undo it if it likes.

Batch norm is cut where the samples of a batch must meet: `moments` before the forward
formula, `batch_norm_sums` before the backward one. Between the two, every sample stands
alone, so a batch may be worked through in slices.
"""

from collections.abc import Sequence

from ..backend import Array, array_module


def _axes(x: Array) -> tuple[int, ...]:
    """All axes but the channels': (0,) of (N, D), (0, 2, 3) of (N, C, H, W)."""
    return (0, *range(2, x.ndim))


def _channels(v: Array, x: Array) -> Array:
    """A vector (C,) in a shape that broadcasts along the channels of x."""
    return v.reshape(-1, *(1,) * (x.ndim - 2))


def _dot(a: Array, b: Array) -> Array:
    """Σ a · b for each channel, in one pass and with no product left in memory."""
    return array_module(a).einsum("nc,nc->c" if a.ndim == 2 else "nchw,nchw->c", a, b)


def moments(x: Array) -> tuple[Array, Array]:
    """μ = mean of x, σ² = mean of (x − μ)², for each channel.

    Parameters
    ----------
    x : (N, D) or (N, C, H, W) float.

    Returns
    -------
    mean, var : (D,) or (C,) float; var is the biased variance (divided by the count).

    Examples
    --------
    >>> import numpy as np
    >>> moments(np.array([[1.0, 0.0], [3.0, 0.0]]))
    (array([2., 0.]), array([1., 0.]))
    """
    mean = x.mean(axis=_axes(x))
    centred = x - _channels(mean, x)
    return mean, _dot(centred, centred) * (mean.size / x.size)


def merge_moments(
    means: Sequence[Array], variances: Sequence[Array], counts: Sequence[int]
) -> tuple[Array, Array, int]:
    """μ = Σₛ wₛ μₛ, σ² = Σₛ wₛ (σₛ² + (μₛ − μ)²), wₛ = mₛ / Σ m: slices put together.

    Parameters
    ----------
    means, variances : (D,) or (C,) float of each slice, from `moments`.
    counts : mₛ, the numbers in a channel of each slice.

    Returns
    -------
    mean, var : (D,) or (C,) float.
    count : Σ m.

    Notes
    -----
    Chan, Golub and LeVeque (1983), equation 2.1, for several slices.

    Examples
    --------
    >>> import numpy as np
    >>> zero = np.zeros(1)
    >>> merge_moments([zero + 1, zero + 3], [zero, zero], [1, 1])
    (array([2.]), array([1.]), 2)
    """
    count = sum(counts)
    weights = [m / count for m in counts]
    mean = sum(w * m for w, m in zip(weights, means, strict=True))
    var = sum(
        w * (v + (m - mean) ** 2)
        for w, v, m in zip(weights, variances, means, strict=True)
    )
    return mean, var, count


def batch_norm_apply(
    x: Array, mean: Array, var: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, tuple]:
    """y = γ (x − μ) / √(σ² + ε) + β, with the statistics given.

    Parameters
    ----------
    x : (N, D) or (N, C, H, W) float.
    mean, var, gamma, beta : (D,) or (C,) float.
    eps : added to the variance, in the square of x's unit.

    Returns
    -------
    y : float, shape of x.
    cache : x, μ, 1/√(σ² + ε) and γ.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.ones(1)
    >>> x = np.array([[5.0]])
    >>> batch_norm_apply(x, 3 * one, 4 * one, gamma=10 * one, beta=one, eps=0)[0]
    array([[11.]])
    """
    inv_std = 1 / array_module(x).sqrt(var + eps)
    scale = gamma * inv_std
    y = x * _channels(scale, x)
    y += _channels(beta - scale * mean, x)
    return y, (x, mean, inv_std, gamma)


def batch_norm_forward(
    x: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, tuple]:
    """y = γ (x − μ) / √(σ² + ε) + β, with the moments of this batch, for each channel.

    μ is the mean and σ² the biased variance, see `moments`.

    Parameters
    ----------
    x : (N, D) or (N, C, H, W) float.
    gamma, beta : (D,) or (C,) float.
    eps : added to the variance, in the square of x's unit.

    Returns
    -------
    y : float, shape of x.
    cache : what `batch_norm_backward` needs.

    Notes
    -----
    Ioffe and Szegedy (2015), algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0], [3.0]])
    >>> batch_norm_forward(x, np.ones(1), np.zeros(1), eps=0)[0].ravel()
    array([-1.,  1.])
    """
    return batch_norm_apply(x, *moments(x), gamma, beta, eps)


def batch_norm_sums(dy: Array, cache: tuple) -> tuple[Array, Array]:
    """dγ = Σ dy · x̂, dβ = Σ dy, for each channel, x̂ = (x − μ) / √(σ² + ε).

    Parameters
    ----------
    dy : float, shape of x, ∂L/∂y.
    cache : from `batch_norm_forward`.

    Returns
    -------
    dgamma, dbeta : (D,) or (C,) float.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0], [3.0]])
    >>> _, cache = batch_norm_forward(x, np.ones(1), np.zeros(1), eps=0)
    >>> batch_norm_sums(np.array([[10.0], [20.0]]), cache)
    (array([10.]), array([30.]))
    """
    x, mean, inv_std, _ = cache
    return _dot(dy, x - _channels(mean, x)) * inv_std, dy.sum(axis=_axes(x))


def batch_norm_input_gradient(
    dy: Array, cache: tuple, dgamma: Array, dbeta: Array, count: int
) -> Array:
    """dx = γ / √(σ² + ε) · (dy − dβ / m − x̂ · dγ / m), x̂ = (x − μ) / √(σ² + ε).

    Parameters
    ----------
    dy : float, shape of x, ∂L/∂y.
    cache : from `batch_norm_forward`.
    dgamma, dbeta : (D,) or (C,) float, of the whole batch.
    count : m, the numbers over which μ and σ² were taken, in the whole batch.

    Returns
    -------
    dx : float, shape of x.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0], [3.0]])
    >>> _, cache = batch_norm_forward(x, np.ones(1), np.zeros(1), eps=0)
    >>> dy = np.array([[10.0], [20.0]])
    >>> batch_norm_input_gradient(dy, cache, *batch_norm_sums(dy, cache), 2).ravel()
    array([0., 0.])
    """
    x, mean, inv_std, gamma = cache
    slope = inv_std * dgamma * (-1 / count)
    dx = x * _channels(slope, x)
    dx += dy
    dx -= _channels(dbeta * (1 / count) + slope * mean, x)
    dx *= _channels(gamma * inv_std, x)
    return dx


def batch_norm_backward(dy: Array, cache: tuple) -> tuple[Array, Array, Array]:
    """dγ = Σ dy · x̂, dβ = Σ dy, dx = γ / √(σ² + ε) · (dy − dβ / m − x̂ · dγ / m).

    Parameters
    ----------
    dy : (N, D) or (N, C, H, W) float, ∂L/∂y.
    cache : from `batch_norm_forward`.

    Returns
    -------
    dx : float, shape of x.
    dgamma, dbeta : (D,) or (C,) float.

    Notes
    -----
    Book: Checking a gradient, "A batch norm without its variance path". Ioffe and
    Szegedy (2015), section 3, the six derivatives collected. The sums of dx and of
    dx · x̂ over a channel are zero: neither a shift nor a stretch of x changes y.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0], [3.0], [2.0]])
    >>> _, cache = batch_norm_forward(x, np.ones(1), np.zeros(1), eps=0)
    >>> dx, dgamma, dbeta = batch_norm_backward(np.array([[0.0], [0.0], [3.0]]), cache)
    >>> dx.ravel().round(6), dgamma, dbeta
    (array([-1.224745, -1.224745,  2.44949 ]), array([0.]), array([3.]))
    """
    dgamma, dbeta = batch_norm_sums(dy, cache)
    count = dy.size // dbeta.size
    return batch_norm_input_gradient(dy, cache, dgamma, dbeta, count), dgamma, dbeta


def layer_norm_forward(
    x: Array, gamma: Array, beta: Array, eps: float = 1e-5
) -> tuple[Array, tuple]:
    """y = γ (x − μ) / √(σ² + ε) + β, with the mean and biased variance of each sample.

    Parameters
    ----------
    x : (N, …) float.
    gamma, beta : (…) float, the shape of one sample.
    eps : added to the variance, in the square of x's unit.

    Returns
    -------
    y : float, shape of x.
    cache : x̂, 1/√(σ² + ε) and γ.

    Notes
    -----
    Ba, Kiros and Hinton (2016), equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> layer_norm_forward(np.array([[1.0, 3.0]]), np.ones(2), np.zeros(2), eps=0)[0]
    array([[-1.,  1.]])
    """
    axes = tuple(range(1, x.ndim))
    x_hat = x - x.mean(axis=axes, keepdims=True)
    var = (x_hat * x_hat).mean(axis=axes, keepdims=True)
    inv_std = 1 / array_module(x).sqrt(var + eps)
    x_hat *= inv_std
    return x_hat * gamma + beta, (x_hat, inv_std, gamma)


def layer_norm_backward(dy: Array, cache: tuple) -> tuple[Array, Array, Array]:
    """dx = (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)) / √(σ² + ε), dx̂ = γ dy.

    dγ = Σₙ dy · x̂ and dβ = Σₙ dy, x̂ = (x − μ) / √(σ² + ε).

    Parameters
    ----------
    dy : (N, …) float, ∂L/∂y.
    cache : from `layer_norm_forward`.

    Returns
    -------
    dx : (N, …) float.
    dgamma, dbeta : (…) float.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[1.0, 3.0, 2.0]])
    >>> _, cache = layer_norm_forward(x, np.ones(3), np.zeros(3), eps=0)
    >>> layer_norm_backward(np.array([[0.0, 0.0, 3.0]]), cache)[0].round(6)
    array([[-1.224745, -1.224745,  2.44949 ]])
    """
    x_hat, inv_std, gamma = cache
    axes = tuple(range(1, dy.ndim))
    dx = dy * gamma
    projection = (dx * x_hat).mean(axis=axes, keepdims=True)
    dx = inv_std * (dx - dx.mean(axis=axes, keepdims=True) - x_hat * projection)
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)
