"""Convolution as matrix products: every patch of the image becomes a column.

As in every deep-learning library "convolution" means cross-correlation: the
kernel is not flipped.

Pixels: sh, sw is the stride, dh, dw the dilation, p the padding; (i, j) counts
an image's rows and columns, (u, v) an output's, (r, s) a kernel's.
"""

import numpy as np

from ..backend import Array, array_module
from ..checks import (
    as_float,
    check_unchanged,
    glimpse,
    same_shape,
    upstream,
    whole,
)
from .geometry import Geometry, Pair, Sides, geometry, transposed_size
from .patches import (
    batch_first,
    batch_last,
    block_size,
    columns_of,
    fold_columns,
    images,
    places,
    strips,
)


def convolve(x: Array, W: Array, g: Geometry, groups: int = 1) -> Array:
    """y[f,u,v,n] = Σ_{c,r,s} W[f,c,r,s] · x[c, u·sh + r·dh, v·sw + s·dw, n].

    x (C, H, W, N), padded already; W (F, C/G, R, S), G = `groups`;
    y (F, OH, OW, N).

    >>> x, W = np.ones((1, 3, 3, 1)), np.ones((1, 1, 2, 2))
    >>> convolve(x, W, geometry(2)).ravel()
    array([4., 4., 4., 4.])
    """
    xp, F, N = array_module(x), len(W), x.shape[3]
    OH, OW = g.unpadded().output_size(*x.shape[1:3])
    kernels = in_columns(W, groups).swapaxes(-1, -2)
    block = block_size(F // groups, kernels.shape[4], OW, N)
    y = xp.empty((F, OH, OW, N), dtype=xp.result_type(x, W))
    results = places(y, groups, block)
    for out, under in strips(x, g, OH, OW):
        columns = columns_of(x[:, under], g, groups, block)
        _multiply(kernels, columns, results[:, out])
    return y


def _multiply(kernels: Array, columns: Array, out: Array) -> None:
    """Their product, written to where it belongs."""
    if array_module(out) is np:
        np.matmul(kernels, columns, out=out)
    else:
        out[...] = kernels @ columns


def in_columns(W: Array, groups: int) -> Array:
    """kernels[k,0,0,(r,c,s),f] = W[k·F/G + f, c, r, s]: a filter a column.

    >>> in_columns(np.arange(4.0).reshape(1, 2, 2, 1), 1).ravel()
    array([0., 2., 1., 3.])
    """
    V = W.reshape(groups, -1, *W.shape[1:]).transpose(0, 3, 2, 4, 1)
    V = array_module(W).ascontiguousarray(V)  # BLAS does not read backwards
    return V.reshape(groups, 1, 1, -1, V.shape[4])


def kernel_gradient(
    x: Array, dy: Array, shape: tuple[int, ...], g: Geometry, groups: int = 1
) -> Array:
    """dW[f,c,r,s] = Σ_{u,v,n} dy[f,u,v,n] · x[c, u·sh + r·dh, v·sw + s·dw, n].

    `x` and `dy` as x and y in `convolve`, `shape` that of W.

    >>> x, dy = np.arange(9.0).reshape(1, 3, 3, 1), np.ones((1, 2, 2, 1))
    >>> kernel_gradient(x, dy, (1, 1, 2, 2), geometry(2)).ravel()
    array([ 8., 12., 20., 24.])
    """
    xp, (F, C, R, S), (_, OH, OW, N) = array_module(x), shape, dy.shape
    block = block_size(F // groups, R * C * S, OW, N)
    given = places(dy, groups, block).swapaxes(-1, -2)
    dW = xp.zeros((groups, R * C * S, F // groups), dtype=xp.result_type(x, dy))
    for out, under in strips(x, g, OH, OW):
        columns = columns_of(x[:, under], g, groups, block)
        dW += (columns @ given[:, out]).sum(axis=(1, 2))
    return dW.swapaxes(1, 2).reshape(F, R, C, S).transpose(0, 2, 1, 3)


def image_gradient(
    dy: Array, W: Array, size: tuple[int, int], g: Geometry, groups: int = 1
) -> Array:
    """dx[c, u·sh + r·dh − p, v·sw + s·dw − p, n] += W[f,c,r,s] · dy[f,u,v,n].

    Where y is as large as x it is a convolution of dy with the turned kernel:
    nothing is added up. Else the patches' gradients are, and fewer products
    made. dx is (C, H, W, N), of `size` (H, W), without the padding.

    >>> dy, W = np.ones((1, 2, 2, 1)), np.ones((1, 1, 2, 2))
    >>> image_gradient(dy, W, (3, 3), geometry(2)).reshape(3, 3)
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    around = _around_dy(dy, size, g)
    if around is None:
        return fold_gradient(dy, W, size, g, groups)
    dy = batch_last(batch_first(dy), around)
    return convolve(dy, _turned(W, groups), g, groups)


def _around_dy(dy: Array, size: tuple[int, int], g: Geometry) -> Sides | None:
    """The padding of dy with which dx is a convolution of it; None: it is none.

    That is d (R − 1) − p before; a stride, or a y smaller than x, rules it out.
    """
    axes = zip(size, dy.shape[1:3], g.reach(), g.padding, strict=True)
    rows, columns = ((k - 1 - p, n - on + p) for n, on, k, (p, _) in axes)
    as_large = size[0] <= dy.shape[1] and size[1] <= dy.shape[2]
    if g.stride != (1, 1) or not as_large or min(rows + columns) < 0:
        return None
    return rows, columns


def _turned(W: Array, groups: int) -> Array:
    """The kernels by 180°, and their channels as filters: (C, F/G, R, S)."""
    V = W.reshape(groups, -1, *W.shape[1:])[..., ::-1, ::-1].swapaxes(1, 2)
    return V.reshape(-1, *V.shape[2:])


def both_gradients(
    x: Array, dy: Array, W: Array, g: Geometry, groups: int, around: Sides
) -> tuple[Array, Array]:
    """dx and dW from the same patches of dy, where dx is a convolution of dy.

    A patch of dy holds what a pixel of x was multiplied into, kernel turned by
    180°. x is (C, H, W, N) without padding, dy (F, OH, OW, N); dx is as x.

    >>> x, dy = np.ones((1, 1, 2, 1)), np.ones((1, 1, 2, 1))
    >>> around, W = ((0, 0), (0, 0)), np.ones((1, 1, 1, 1))
    >>> dx, dW = both_gradients(x, dy, W, geometry(1), 1, around)
    >>> dx.ravel(), dW.ravel()
    (array([1., 1.]), array([2.]))
    """
    xp, (C, OH, OW, N), (F, _, R, S) = array_module(x), x.shape, W.shape
    dy = batch_last(batch_first(dy), around)
    kernels = in_columns(_turned(W, groups), groups).swapaxes(-1, -2)
    block = block_size(C // groups, kernels.shape[4], OW, N)
    dx = xp.empty(x.shape, dtype=xp.result_type(dy, W))
    shape = groups, F // groups * R * S, C // groups
    dV = xp.zeros(shape, dtype=xp.result_type(x, dy))
    results = places(dx, groups, block)
    given = places(x, groups, block).swapaxes(-1, -2)
    for out, under in strips(dy, g, OH, OW):
        columns = columns_of(dy[:, under], g, groups, block)
        _multiply(kernels, columns, results[:, out])
        dV += (columns @ given[:, out]).sum(axis=(1, 2))
    dW = dV.reshape(groups, R, F // groups, S, -1).transpose(0, 2, 4, 1, 3)
    return dx, dW.reshape(W.shape)[..., ::-1, ::-1]


def fold_gradient(
    dy: Array, W: Array, size: tuple[int, int], g: Geometry, groups: int = 1
) -> Array:
    """`image_gradient` in any geometry: dX = Wᵀ dy, then dx = fold(dX).

    >>> dy, W = np.ones((1, 1, 1, 1)), np.ones((1, 1, 1, 2))
    >>> fold_gradient(dy, W, (1, 3), geometry((1, 2), stride=2)).ravel()
    array([1., 1., 0.])
    """
    xp, (_, OH, OW, N) = array_module(dy), dy.shape
    kernels = in_columns(W, groups)
    given = places(dy, groups, OW * N)
    depthwise = len(W) == groups  # one filter a group: there is no sum
    product = xp.multiply if depthwise else xp.matmul
    (top, bottom), (left, right) = g.padding
    height, width = top + size[0] + bottom, left + size[1] + right
    shape = groups * W.shape[1], height, width, N
    dx = xp.zeros(shape, dtype=xp.result_type(dy, W))
    for out, under in strips(dx, g, OH, OW):
        seen = dx[:, under, : g.span(OH, OW)[1]]
        fold_columns(seen, product(kernels, given[:, out]), g, groups, OW)
    return dx[:, top : top + size[0], left : left + size[1]]


def _operands(
    x: Array, W: Array, b: Array | None
) -> tuple[Array, Array, Array | None]:
    """x, W and b as arrays of one dtype, if x and W have four axes."""
    x, W = images(x), as_float(W, "W")
    b = b if b is None else as_float(b, "b")
    if W.ndim != 4 or 0 in W.shape:
        raise ValueError(
            f"W must be kernels of shape (F, C, R, S), got {W.shape}"
        )
    dtype = np.result_type(*(a.dtype for a in (x, W, b) if a is not None))
    if dtype == x.dtype == W.dtype:
        return x, W, b
    return x.astype(dtype), W.astype(dtype), b


def _check_channels(
    x: Array, W: Array, groups: int, expected: int, per: str
) -> None:
    """ValueError unless x has the channels expected, and W equal groups."""
    if x.shape[1] != expected:
        raise ValueError(
            f"x {x.shape} has {x.shape[1]} channels, but the kernels W "
            f"{W.shape} expect {expected}{per}"
        )
    if len(W) % groups:
        raise ValueError(
            f"W {W.shape} has {len(W)} kernels on its first axis, which do not "
            f"make {groups} equal groups"
        )


def conv2d_forward(
    x: Array,
    W: Array,
    b: Array | None = None,
    stride: Pair = 1,
    padding: Pair | Sides = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> tuple[Array, tuple]:
    """y[n,f,u,v] = b[f] + Σ_{c,r,s} x[n,c,i,j] · W[f,c,r,s].

    The pixel under the weight is i = u·sh + r·dh − p, j = v·sw + s·dw − p.

    Parameters
    ----------
    x : (N, C, H, W) float, any memory order.
    W : (F, C/G, R, S) float, one kernel a filter and channel that it sees.
    b : (F,) float, or None for no bias.
    stride, padding, dilation : in pixels, one number or (vertical, horizontal);
        padding, with zeros, also as ((top, bottom), (left, right)).
    groups : G; the filters of each of G groups see one G-th of the channels, in
        order. With G = C the convolution is depthwise.

    Returns
    -------
    y : (N, F, OH, OW) float, a view of memory ordered (F, OH, OW, N).
    cache : what `conv2d_backward` needs: the padded image, the kernels and the
        geometry; patches are made again, not stored.

    Raises
    ------
    ValueError : if the channels of x and W differ, or the kernel does not fit
        into the padded image. TypeError : for other numbers than float32,
        float64 and integers.

    Notes
    -----
    Book: Convolution, "The forward pass", eq-conv-forward, eq-conv-matrix,
    eq-conv-groups. LeCun et al. (1998), section II; Dumoulin and Visin (2016),
    relationship 15 for the sizes. Rows of patches: Cho and Brand (2017).

    Examples
    --------
    >>> x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> W = np.array([[[[1.0, 0.0], [0.0, -1.0]]]])
    >>> conv2d_forward(x, W)[0].reshape(2, 2)
    array([[-4., -4.],
           [-4., -4.]])
    """
    x, W, b = _operands(x, W, b)
    g, size = geometry(W.shape[2:], stride, padding, dilation), x.shape[2:]
    channels = W.shape[1] * whole("groups", groups, 1)
    _check_channels(
        x, W, groups, channels, f" ({groups} groups)" * (groups > 1)
    )
    g.output_size(*size)  # refuses a kernel that does not fit
    if b is not None:
        same_shape("conv2d_forward", "b, one number a filter,", b, (len(W),))
    x = batch_last(x, g.padding)
    y = convolve(x, W, g, groups)
    if b is not None:
        y += b[:, None, None, None]
    return batch_first(y), (x, W, b is not None, size, g, groups, glimpse(x, W))


def conv2d_backward(dy: Array, cache: tuple, *, need_dx: bool = True) -> tuple:
    """dW = patchesᵀ · dy, db = Σ_{n,u,v} dy, dx = fold(dy · Wᵀ).

    Returns (dx, dW, db); dx is None without `need_dx`, db without a bias.
    Written as sums, dW[f,c,r,s] is Σ_{n,u,v} x[n,c,i,j] · dy[n,f,u,v], and dx a
    convolution of dy, sh − 1 zeros put between its rows, with the kernel turned
    by 180°. Book: Convolution, "The derivative", eq-conv-dw, eq-conv-db,
    eq-conv-dx, eq-conv-matrix-gradients, eq-conv-fold, eq-conv-dx-conv.

    >>> x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> W = np.array([[[[1.0, 0.0], [0.0, -1.0]]]])
    >>> _, cache = conv2d_forward(x, W, np.zeros(1))
    >>> dx, dW, db = conv2d_backward(np.ones((1, 1, 2, 2)), cache)
    >>> dW.reshape(2, 2), db
    (array([[12., 16.],
           [24., 28.]]), array([4.]))
    """
    x, W, has_bias, size, g, groups, seen = cache
    check_unchanged("conv2d_backward", seen, x=x, W=W)
    shape = (x.shape[3], len(W), *g.output_size(*size))
    dy = batch_last(upstream("conv2d_backward", dy, shape))
    db = dy.sum(axis=(1, 2, 3)) if has_bias else None
    around = _around_dy(dy, size, g)
    if need_dx and around is not None:
        (top, _), (left, _) = g.padding
        inside = x[:, top : top + size[0], left : left + size[1]]
        dx, dW = both_gradients(inside, dy, W, g, groups, around)
        return batch_first(dx), dW, db
    dW = kernel_gradient(x, dy, W.shape, g, groups)
    if not need_dx:
        return None, dW, db
    return batch_first(fold_gradient(dy, W, size, g, groups)), dW, db


def conv_transpose2d_forward(
    x: Array,
    W: Array,
    b: Array | None = None,
    stride: Pair = 1,
    padding: Pair | Sides = 0,
    dilation: Pair = 1,
    output_padding: Pair = 0,
    groups: int = 1,
) -> tuple[Array, tuple]:
    """y[n,f,i,j] = b[f] + Σ x[n,c,u,v] · W[c,f,r,s], of all that reach (i, j).

    These are u·sh + r·dh − p = i, v·sw + s·dw − p = j, and every c. It is dx of
    a convolution whose output x is: its stride makes images larger.

    Parameters
    ----------
    x : (N, C, H, W) float, any memory order.
    W : (C, F/G, R, S) float: as the convolution's own, which goes from F to C
        channels.
    b : (F,) float, or None for no bias.
    stride, padding, dilation, groups : those of that convolution; the padding
        is cut off.
    output_padding : rows and columns more at the bottom and right, fewer than
        the stride or the dilation: of several sizes that the convolution maps
        to H, which.

    Returns
    -------
    y : (N, F, OH, OW) float, of `transposed_size`.
    cache : what `conv_transpose2d_backward` needs.

    Raises
    ------
    ValueError, TypeError : as `conv2d_forward`, or if nothing is left of y.

    Notes
    -----
    Book: Convolution, "The transposed convolution", eq-conv-transpose,
    eq-conv-transpose-size. Dumoulin and Visin (2016), chapter 4. Zeiler et al.
    (2010).

    Examples
    --------
    >>> x = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> W = np.ones((1, 1, 1, 2))
    >>> conv_transpose2d_forward(x, W, stride=2)[0].reshape(3, 4)
    array([[1., 1., 2., 2.],
           [0., 0., 0., 0.],
           [3., 3., 4., 4.]])
    """
    x, W, b = _operands(x, W, b)
    g = geometry(W.shape[2:], stride, padding, dilation)
    filters = W.shape[1] * whole("groups", groups, 1)
    _check_channels(x, W, groups, len(W), " on its first axis")
    size = transposed_size(g, output_padding, *x.shape[2:])
    if b is not None:
        same_shape(
            "conv_transpose2d_forward", "b, one number a filter,", b, (filters,)
        )
    x = batch_last(x)
    y = image_gradient(x, W, size, g, groups)
    if b is not None:
        y += b[:, None, None, None]
    return batch_first(y), (x, W, b is not None, size, g, groups, glimpse(x, W))


def conv_transpose2d_backward(
    dy: Array, cache: tuple, *, need_dx: bool = True
) -> tuple:
    """dx = dy convolved with W, dW = patches(dy)ᵀ · x, db = Σ_{n,i,j} dy.

    What the convolution computes forward, and its dW with x and dy in each
    other's place. Returns (dx, dW, db) as `conv2d_backward`. Book: Convolution,
    "The transposed convolution", eq-conv-transpose-dx, eq-conv-transpose-dw.

    >>> x, W = np.array([[[[1.0, 2.0]]]]), np.array([[[[10.0, 1.0]]]])
    >>> y, cache = conv_transpose2d_forward(x, W, stride=2)
    >>> dy = np.array([[[[1.0, 2.0, 3.0, 4.0]]]])
    >>> conv_transpose2d_backward(dy, cache)[0]
    array([[[[12., 34.]]]])
    """
    x, W, has_bias, size, g, groups, seen = cache
    check_unchanged("conv_transpose2d_backward", seen, x=x, W=W)
    shape = (x.shape[3], W.shape[1] * groups, *size)
    dy = upstream("conv_transpose2d_backward", dy, shape)
    db = dy.sum(axis=(0, 2, 3)) if has_bias else None
    rows, columns = g.span(*x.shape[1:3])
    dy = batch_last(dy, g.padding)[:, :rows, :columns]
    dW = kernel_gradient(dy, x, W.shape, g, groups)
    return batch_first(convolve(dy, W, g, groups)) if need_dx else None, dW, db
