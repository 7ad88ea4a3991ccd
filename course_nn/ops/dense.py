"""The dense layer y = x W + b, and flattening, which makes features of an image.

Products of matrices are all there is to it, forward and backward.
"""

import math

from ..backend import Array


def dense_forward(x: Array, W: Array, b: Array) -> tuple[Array, tuple]:
    """y = x W + b: every output is a weighted sum of every input.

    Parameters
    ----------
    x : (N, D) float, one sample a row.
    W : (D, M) float, one output a column.
    b : (M,) float.

    Returns
    -------
    y : (N, M) float.
    cache : what `dense_backward` needs.

    Raises
    ------
    ValueError : if D of x and of W differ (NumPy's message names both).

    Notes
    -----
    Book: The dense layer. Rumelhart, Hinton and Williams (1986), equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> x, W, b = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([5.0])
    >>> y, _ = dense_forward(x, W, b)
    >>> y
    array([[16.]])
    """
    y = x @ W
    y += b
    return y, (x, W)


def dense_backward(dy: Array, cache: tuple, *, need_dx: bool = True) -> tuple:
    """dx = dy Wᵀ, dW = xᵀ dy, db = Σₙ dyₙ.

    Parameters
    ----------
    dy : (N, M) float, ∂L/∂y.
    cache : from `dense_forward`.
    need_dx : False leaves out the gradient of the input (dx is then None).

    Returns
    -------
    dx : (N, D), dW : (D, M), db : (M,) float.

    Notes
    -----
    Book: The dense layer, "The derivative". Rumelhart, Hinton and Williams (1986),
    equations 6 and 7.

    Examples
    --------
    >>> import numpy as np
    >>> x, W, b = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([5.0])
    >>> _, cache = dense_forward(x, W, b)
    >>> dx, dW, db = dense_backward(np.array([[10.0]]), cache)
    >>> dx, dW.ravel(), db
    (array([[30., 40.]]), array([10., 20.]), array([10.]))
    """
    x, W = cache
    dx = dy @ W.T if need_dx else None
    return dx, x.T @ dy, dy.sum(axis=0)


def flatten_forward(x: Array) -> tuple[Array, tuple]:
    """y[n] = all numbers of x[n] in one row, channel by channel, row by row.

    Parameters
    ----------
    x : (N, …) float.

    Returns
    -------
    y : (N, D) float, D the product of the other axes; a view of x if memory allows.
    cache : the shape of x.

    Notes
    -----
    Book: The dense layer, "Flattening".

    Examples
    --------
    >>> import numpy as np
    >>> flatten_forward(np.zeros((5, 3, 4, 4)))[0].shape
    (5, 48)
    """
    return x.reshape(x.shape[0], math.prod(x.shape[1:])), x.shape


def flatten_backward(dy: Array, cache: tuple) -> Array:
    """dx = dy in the shape of x: flattening moves numbers and changes none.

    Parameters
    ----------
    dy : (N, D) float, ∂L/∂y.
    cache : from `flatten_forward`.

    Returns
    -------
    dx : (N, …) float.

    Examples
    --------
    >>> import numpy as np
    >>> y, cache = flatten_forward(np.zeros((5, 3, 4, 4)))
    >>> flatten_backward(y, cache).shape
    (5, 3, 4, 4)
    """
    return dy.reshape(cache)
