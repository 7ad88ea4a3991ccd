"""The dense layer y = x W + b, and flattening: features out of an image.

Products of matrices are all there is to it, forward and backward.
"""

import math

from ..backend import Array
from ..checks import (
    as_float,
    check_unchanged,
    floats,
    glimpse,
    same_shape,
    upstream,
)


def dense_forward(
    x: Array, W: Array, b: Array | None = None
) -> tuple[Array, tuple]:
    """y = x W + b: every output is a weighted sum of every input.

    Parameters
    ----------
    x : (N, D) float, one sample a row.
    W : (D, M) float, one output a column.
    b : (M,) float, or None for no bias.

    Returns
    -------
    y : (N, M) float.
    cache : x and W themselves, and what tells whether they were changed since.

    Raises
    ------
    ValueError : if the shapes do not fit.

    Notes
    -----
    Book: The dense layer, "The forward pass", eq-dense-indices,
    eq-dense-forward. Rumelhart, Hinton and Williams (1986), equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> x, W = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])
    >>> y, _ = dense_forward(x, W, np.array([5.0]))
    >>> y
    array([[16.]])
    """
    x, W, b = floats(x=x, W=W, b=b)
    _expect_product(x, W)
    y = x @ W
    if b is not None:
        same_shape("dense_forward", "b", b, W.shape[1:])
        y += b
    return y, (x, W, b is not None, glimpse(x, W))


def dense_backward(dy: Array, cache: tuple, *, need_dx: bool = True) -> tuple:
    """dx = dy Wᵀ, dW = xᵀ dy, db = Σₙ dyₙ.

    db is None where there is no bias, and dx where `need_dx` is False.

    Notes
    -----
    Book: The dense layer, "The derivative", eq-dense-dx, eq-dense-dw,
    eq-dense-db. Rumelhart, Hinton and Williams (1986), equations 6 and 7.

    Examples
    --------
    >>> import numpy as np
    >>> x, W = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])
    >>> _, cache = dense_forward(x, W, np.array([5.0]))
    >>> dx, dW, db = dense_backward(np.array([[10.0]]), cache)
    >>> dx, dW.ravel(), db
    (array([[30., 40.]]), array([10., 20.]), array([10.]))
    """
    x, W, with_bias, seen = cache
    dy = upstream("dense_backward", dy, (len(x), W.shape[1]))
    check_unchanged("dense_backward", seen, x=x, W=W)
    dx = dy @ W.T if need_dx else None
    return dx, x.T @ dy, dy.sum(axis=0) if with_bias else None


def _expect_product(x: Array, W: Array) -> None:
    """Refuses what has no matrix product."""
    if x.ndim != 2 or W.ndim != 2 or x.shape[1] != W.shape[0]:
        fix = "; is a flatten missing?" if x.ndim > 2 else ""
        raise ValueError(
            f"dense_forward: x has shape {x.shape} and W {W.shape}, "
            f"expected (N, D) and (D, M) with the same D{fix}"
        )


def flatten_forward(x: Array) -> tuple[Array, tuple]:
    """y[n] = all numbers of x[n] in one row, channel by channel, row by row.

    Parameters
    ----------
    x : (N, …) float.

    Returns
    -------
    y : (N, D) float, D the product of the other axes; a view of x where it
        can be one.
    cache : the shape of x.

    Raises
    ------
    ValueError : if x is a single number.

    Notes
    -----
    Book: The dense layer, "Flattening", eq-dense-flatten.

    Examples
    --------
    >>> import numpy as np
    >>> flatten_forward(np.zeros((5, 3, 4, 4)))[0].shape
    (5, 48)
    """
    x = as_float(x)
    if not x.ndim:
        raise ValueError(
            "flatten_forward takes samples (N, …), got a single number"
        )
    return x.reshape(x.shape[0], math.prod(x.shape[1:])), x.shape


def flatten_backward(dy: Array, cache: tuple) -> Array:
    """dx = dy in the shape of x: flattening moves numbers and changes none.

    Notes
    -----
    Book: The dense layer, "Flattening", eq-dense-flatten.

    Examples
    --------
    >>> import numpy as np
    >>> y, cache = flatten_forward(np.zeros((5, 3, 4, 4)))
    >>> flatten_backward(y, cache).shape
    (5, 3, 4, 4)
    """
    N, *rest = cache
    return upstream("flatten_backward", dy, (N, math.prod(rest))).reshape(cache)
