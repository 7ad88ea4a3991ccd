"""Convolution as one matrix product: every patch of the image becomes a column.

As in every deep-learning library "convolution" means cross-correlation: the kernel is
not flipped.
"""

import numpy as np

from ..backend import Array, array_module
from .geometry import Pair, Sides, geometry
from .patches import (
    batch_first,
    batch_last,
    by_turns,
    check_images,
    extract_patches,
    fold_into,
    rows_at_once,
    shifted,
    strips,
    taller,
)


def conv2d_forward(
    x: Array,
    W: Array,
    b: Array,
    stride: Pair = 1,
    padding: Pair | Sides = 0,
    dilation: Pair = 1,
) -> tuple[Array, tuple]:
    """y[n,f,i,j] = b[f] + Σ_{c,r,s} W[f,c,r,s] · x[n, c, i·t + r·d − p, j·t + s·d − p].

    Parameters
    ----------
    x : (N, C, H, W) float, any memory order.
    W : (F, C, R, S) float, one kernel a filter and channel.
    b : (F,) float.
    stride, padding, dilation : t, p and d, in pixels, one number or (vertical,
        horizontal); padding, with zeros, also as ((top, bottom), (left, right)).

    Returns
    -------
    y : (N, F, OH, OW) float, a view of memory ordered (F, OH, OW, N).
    cache : what `conv2d_backward` needs: the padded image, kernels and geometry;
        patches are made again, not stored.

    Raises
    ------
    ValueError : if the channels of x and W differ, or the kernel does not fit into the
        padded image. TypeError : if x holds integers.

    Notes
    -----
    Book: Convolution. LeCun et al. (1998), section II; Dumoulin and Visin (2016),
    relationship 15 for the sizes. Where filters are few, one patch serves several rows:
    Book: Fast without leaving NumPy, "Several rows from one patch".

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> W = np.array([[[[1.0, 0.0], [0.0, -1.0]]]])
    >>> conv2d_forward(x, W, np.zeros(1))[0].reshape(2, 2)
    array([[-4., -4.],
           [-4., -4.]])
    """
    check_images(x)
    if x.shape[1] != W.shape[1]:
        raise ValueError(
            f"x {x.shape} has {x.shape[1]} channels, "
            f"but the kernels W {W.shape} expect {W.shape[1]}"
        )
    g = geometry(W.shape[2:], stride, padding, dilation)
    F, N, (OH, OW) = len(W), len(x), g.output_size(*x.shape[2:])
    xp, x = array_module(x), batch_last(x, g.padding)
    rows = rows_at_once(W.shape, g, OH) if xp is np else 1
    V, tall = taller(W, g, rows)
    y = xp.empty((F, OH, OW, N), dtype=xp.result_type(x, W))
    turns, kernels = by_turns(y, rows), V.reshape(F * rows, -1)
    for out, under in strips(x, tall, OH // rows, OW):
        columns = extract_patches(x[:, under], tall).reshape(kernels.shape[1], -1)
        strip = turns[:, :, out]
        if rows == 1:
            xp.matmul(kernels, columns, out=strip.reshape(F, -1))
        else:
            strip[...] = (kernels @ columns).reshape(strip.shape)
    y += b[:, None, None, None]
    return batch_first(y), (x, W.shape, V, tall, g.padding)


def conv2d_backward(dy: Array, cache: tuple, *, need_dx: bool = True) -> tuple:
    """dW = dy · columnsᵀ, db = Σ_{n,i,j} dy, dx = fold(Wᵀ dy).

    Parameters
    ----------
    dy : (N, F, OH, OW) float, ∂L/∂y.
    cache : from `conv2d_forward`.
    need_dx : False leaves out the gradient of the input (dx is then None).

    Returns
    -------
    dx : (N, C, H, W), dW : (F, C, R, S), db : (F,) float.

    Notes
    -----
    Book: Convolution, "The derivative". Written as sums, dW[f,c,r,s] is
    Σ_{n,i,j} dy[n,f,i,j] x[n, c, i·t + r·d − p, j·t + s·d − p], and dx a convolution of
    dy, t − 1 zeros put between its pixels, with the kernel turned by 180°.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> W = np.array([[[[1.0, 0.0], [0.0, -1.0]]]])
    >>> _, cache = conv2d_forward(x, W, np.zeros(1))
    >>> dx, dW, db = conv2d_backward(np.ones((1, 1, 2, 2)), cache)
    >>> dW.reshape(2, 2), db
    (array([[12., 16.],
           [24., 28.]]), array([4.]))
    """
    x, shape, V, tall, padding = cache
    xp, dy, rows = array_module(x), batch_last(dy), V.shape[1]
    turns, kernels = by_turns(dy, rows), V.reshape(len(V) * rows, -1)
    dx: Array = xp.zeros_like(x) if need_dx else None
    dV = xp.zeros_like(kernels)
    for out, under in strips(x, tall, *turns.shape[2:4]):
        columns = extract_patches(x[:, under], tall)
        strip = turns[:, :, out].reshape(len(kernels), -1)
        dV += strip @ columns.reshape(kernels.shape[1], -1).T
        if need_dx:
            fold_into(dx[:, under], (kernels.T @ strip).reshape(columns.shape), tall)
    dW = shifted(dV.reshape(V.shape), shape[2], tall.stride[0] // rows).sum(axis=1)
    return (
        batch_first(dx, padding) if need_dx else None,
        dW,
        dy.sum(axis=(1, 2, 3)),
    )
