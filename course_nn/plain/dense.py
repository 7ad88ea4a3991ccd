"""Plain twin of `ops.dense`: the dense layer, and flattening."""


def dense_forward(x, W, b=None):
    """y = x W + b.

    x (N, D), W (D, M), b (M,) or None; y (N, M). See `ops.dense_forward`.

    >>> import numpy as np
    >>> x, W = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])
    >>> dense_forward(x, W, np.array([5.0]))[0]
    array([[16.]])
    """
    y = x @ W
    if b is not None:
        y = y + b
    return y, (x, W, b)


def dense_backward(dy, cache):
    """dx = dy Wᵀ, dW = xᵀ dy, db = Σₙ dyₙ.

    >>> import numpy as np
    >>> x, W = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])
    >>> dense_backward(np.array([[10.0]]), (x, W, None))[0]
    array([[30., 40.]])
    """
    x, W, b = cache
    dx = dy @ W.T
    dW = x.T @ dy
    db = None if b is None else dy.sum(axis=0)
    return dx, dW, db


def flatten_forward(x):
    """y[n] = all numbers of x[n] in one row, channel by channel, row by row.

    x (N, …); y (N, D). See `ops.flatten_forward`.
    """
    return x.reshape(len(x), -1), x.shape


def flatten_backward(dy, cache):
    """dx = dy in the shape of x."""
    return dy.reshape(cache)
