"""Plain twins of `ops.norm`: shift to mean zero, scale to variance one."""

import numpy as np


def batch_norm_forward(x, gamma, beta, eps=1e-5, moments=None):
    """y = γ x̂ + β, x̂ = (x − μ) / √(σ² + ε), with μ and σ² of each channel.

    x (N, C) or (N, C, H, W); γ, β (C,). `moments` = (μ, σ², m) stands for
    those of this batch, of m numbers a channel. See `ops.batch_norm_forward`.

    >>> x = np.array([[1.0], [3.0]])
    >>> batch_norm_forward(x, np.ones(1), np.zeros(1), eps=0)[0].ravel()
    array([-1.,  1.])
    """
    x = np.moveaxis(x, 1, -1)  # channels last: vectors (C,) meet them
    axes = tuple(range(x.ndim - 1))
    if moments is None:
        moments = x.mean(axes), x.var(axes), x[..., 0].size
    mean, var, count = moments
    std = np.sqrt(var + eps)
    x_hat = (x - mean) / std
    y = gamma * x_hat + beta
    return np.moveaxis(y, -1, 1), (x_hat, std, gamma, count)


def batch_norm_backward(dy, cache, sums=None):
    """dγ = Σ dy · x̂, dβ = Σ dy, dx = γ / √(σ² + ε) (dy − (dβ + x̂ dγ) / m).

    `sums` = (dγ, dβ) of the whole batch, where this is a slice of it.

    >>> cache = batch_norm_forward(np.eye(2), np.ones(2), np.zeros(2))[1]
    >>> batch_norm_backward(np.eye(2), cache)[2]
    array([1., 1.])
    """
    x_hat, std, gamma, count = cache
    dy = np.moveaxis(dy, 1, -1)
    axes = tuple(range(dy.ndim - 1))
    if sums is None:
        sums = (dy * x_hat).sum(axes), dy.sum(axes)
    dgamma, dbeta = sums
    dx = gamma / std * (dy - (dbeta + x_hat * dgamma) / count)
    return np.moveaxis(dx, -1, 1), dgamma, dbeta


def layer_norm_forward(x, gamma, beta, eps=1e-5):
    """y = γ x̂ + β, x̂ = (x − μ) / √(σ² + ε), with μ and σ² of each sample.

    x (N, …); γ, β (…), of a sample's shape. See `ops.layer_norm_forward`.

    >>> x = np.array([[1.0, 3.0]])
    >>> layer_norm_forward(x, np.ones(2), np.zeros(2), eps=0)[0]
    array([[-1.,  1.]])
    """
    axes = tuple(range(1, x.ndim))
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    std = np.sqrt(var + eps)
    x_hat = (x - mean) / std
    return gamma * x_hat + beta, (x_hat, std, gamma)


def layer_norm_backward(dy, cache):
    """dx = (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)) / √(σ² + ε), dx̂ = γ dy."""
    x_hat, std, gamma = cache
    axes = tuple(range(1, dy.ndim))
    dx = gamma * dy
    shift = dx.mean(axes, keepdims=True)
    stretch = (dx * x_hat).mean(axes, keepdims=True)
    dx = (dx - shift - x_hat * stretch) / std
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)
