"""Pooling: a window of the image becomes one number, its maximum or its mean.

A window's maximum is the maximum of its rows' maxima: both poolings run along
the width, then along the height, and no index array is kept. The gradient of a
maximum goes to the first place, in reading order, that holds it.

Pixels: sh, sw is the stride, p the padding; (i, j) counts an image's rows and
columns, (u, v) an output's, (r, s) a window's.
"""

import math
from functools import reduce

import numpy as np

from ..backend import Array, array_module
from ..checks import check_unchanged, glimpse, upstream
from .geometry import UNPADDED, Geometry, Pair, Sides, pool_geometry, sides
from .patches import batch_first, batch_last, images

HEIGHT, WIDTH = 2, 3  # axes of an image (N, C, H, W)


def window_step(
    x: Array, axis: int, offset: int, stride: int, count: int
) -> Array:
    """The view of every window's number `offset`, along one axis.

    >>> window_step(np.arange(6.0), axis=0, offset=1, stride=2, count=3)
    array([1., 3., 5.])
    """
    index = [slice(None)] * x.ndim
    index[axis] = slice(offset, offset + (count - 1) * stride + 1, stride)
    return x[tuple(index)]


def window_steps(x: Array, axis: int, size: int, stride: int) -> list[Array]:
    """The views of every window's numbers 0 to `size` − 1, along one axis.

    >>> steps = window_steps(np.arange(6.0), axis=0, size=2, stride=3)
    >>> [step.tolist() for step in steps]
    [[0.0, 3.0], [1.0, 4.0]]
    """
    count = (x.shape[axis] - size) // stride + 1
    return [window_step(x, axis, j, stride, count) for j in range(size)]


def _max_along(x: Array, axis: int, size: int, stride: int) -> Array:
    """y[u] = max over r < size of x[u·stride + r], along one axis."""
    return reduce(array_module(x).maximum, window_steps(x, axis, size, stride))


def _max_along_backward(
    dy: Array, x: Array, y: Array, axis: int, size: int, stride: int
) -> Array:
    """dx[u·stride + r] += dy[u] for the first r whose number is y[u]."""
    xp, places = array_module(x), window_steps(x, axis, size, stride)
    if stride >= size:  # windows do not overlap: each pixel gets one share
        covered = stride == size and dy.shape[axis] * size == x.shape[axis]
        dx = (xp.empty_like if covered else xp.zeros_like)(x, dtype=dy.dtype)
        _share_out(dy, places, y, window_steps(dx, axis, size, stride))
        return dx
    dx = xp.zeros_like(x, dtype=dy.dtype)
    shares = [xp.empty_like(dy) for _ in places]
    _share_out(dy, places, y, shares)
    targets = window_steps(dx, axis, size, stride)
    for target, share in zip(targets, shares, strict=True):
        target += share
    return dx


def _share_out(
    dy: Array, places: list[Array], y: Array, shares: list[Array]
) -> None:
    """shares[r] = dy where places[r] is the first to equal y, else 0.

    Each place takes its own of the rest, the last what is left. Taken are the
    bits, as integers: times 0 they are 0, which an infinite dy is not.
    """
    if len(places) == 1:
        shares[0][...] = dy
        return
    xp, bits = array_module(dy), f"i{dy.itemsize}"
    rest, last = dy.view(bits), shares[-1].view(bits)
    for place, share in zip(places[:-1], shares, strict=False):
        mine = xp.multiply(rest, place == y, out=share.view(bits))
        rest = xp.subtract(rest, mine, out=last)


def _padded(x: Array, padding: Sides, fill: float) -> Array:
    """x (N, C, H, W) in a frame of `fill`, the batch innermost in memory."""
    if padding == UNPADDED:
        return x
    return batch_first(batch_last(x, padding, fill))


def _inside(x: Array, padding: Sides) -> Array:
    """The image inside the frame: undoes `_padded`."""
    (top, bottom), (left, right) = padding
    H, W = x.shape[HEIGHT:]
    return x[:, :, top : H - bottom, left : W - right]


def max_pool2d_forward(
    x: Array,
    window: Pair = 2,
    stride: Pair | None = None,
    padding: Pair | Sides | str = 0,
    *,
    ceil_mode: bool = False,
) -> tuple[Array, tuple]:
    """y[n,c,u,v] = max over r < R, s < S of x[n,c, u·sh + r − p, v·sw + s − p].

    Parameters
    ----------
    x : (N, C, H, W) float, any memory order.
    window, stride, padding : in pixels, one number or (vertical, horizontal).
        The stride is the window unless given; windows may overlap; padding
        counts as −∞, and is also ((top, bottom), (left, right)) or "same": as
        many as Keras takes for ⌈H / sh⌉ windows.
    ceil_mode : pixels left over at the bottom and right are not seen, or else,
        as in PyTorch, by a last window that ends outside.

    Returns
    -------
    y : (N, C, OH, OW) float; NaN where the window holds one.
    cache : the (padded) image, its maxima along the width, and y.

    Raises
    ------
    ValueError : if the window does not fit, or the padding is more than half of
        it. TypeError : for other numbers than float32, float64 and integers.

    Notes
    -----
    Book: Pooling, "The forward pass", eq-pool-max, eq-pool-rows. Riesenhuber
    and Poggio (1999); Scherer, Müller and Behnke (2010).

    Examples
    --------
    >>> x = np.arange(16.0).reshape(1, 1, 4, 4)
    >>> max_pool2d_forward(x, 2)[0].reshape(2, 2)
    array([[ 5.,  7.],
           [13., 15.]])
    """
    x = images(x)
    size = x.shape[HEIGHT:]
    g = pool_geometry(window, stride, padding, ceil_mode=ceil_mode, size=size)
    g.output_size(*size)  # refuses a window that does not fit
    x = _padded(x, g.padding, -math.inf)
    rows = _max_along(x, WIDTH, g.kernel[1], g.stride[1])
    y = _max_along(rows, HEIGHT, g.kernel[0], g.stride[0])
    if g.kernel == (1, 1):  # y is x still
        y = y.copy(order="K")
    return y, (x, rows, y, g, glimpse(x, y))


def max_pool2d_backward(dy: Array, cache: tuple) -> Array:
    """dx = dy at the first maximum of each window, in reading order; else 0.

    Where windows overlap, what they give to one pixel is summed. A window with
    a NaN gives dy to its last row, one that is −∞ throughout to its first
    place, padding included. Book: Pooling, "The derivative", eq-pool-max-dx,
    eq-pool-winner.

    >>> y, cache = max_pool2d_forward(np.arange(16.0).reshape(1, 1, 4, 4), 2)
    >>> max_pool2d_backward(y, cache).reshape(4, 4)
    array([[ 0.,  0.,  0.,  0.],
           [ 0.,  5.,  0.,  7.],
           [ 0.,  0.,  0.,  0.],
           [ 0., 13.,  0., 15.]])
    """
    x, rows, y, g, seen = cache
    dy = upstream("max_pool2d_backward", dy, y.shape)
    check_unchanged("max_pool2d_backward", seen, x=x, y=y)
    drows = _max_along_backward(dy, rows, y, HEIGHT, g.kernel[0], g.stride[0])
    dx = _max_along_backward(drows, x, rows, WIDTH, g.kernel[1], g.stride[1])
    return _inside(dx, g.padding)


def avg_pool2d_forward(
    x: Array,
    window: Pair = 2,
    stride: Pair | None = None,
    padding: Pair | Sides | str = 0,
    *,
    ceil_mode: bool = False,
    count_include_pad: bool | None = None,
) -> tuple[Array, tuple]:
    """y[n,c,u,v] = (1 / RS) Σ_{r,s} x[n, c, u·sh + r − p, v·sw + s − p].

    Parameters
    ----------
    x : (N, C, H, W) float, any memory order.
    window, stride, padding, ceil_mode : as in `max_pool2d_forward`, but padding
        counts as zeros.
    count_include_pad : whether a sum is divided by all RS pixels of its window,
        or by those in the image; what `ceil_mode` adds is never counted. Unless
        given it is as elsewhere: padding in pixels counts, as in PyTorch,
        "same" not, as in Keras.

    Returns
    -------
    y : (N, C, OH, OW) float.
    cache : the shape of x, the geometry, and a pixel's share of its window.

    Raises
    ------
    ValueError, TypeError : as `max_pool2d_forward`.

    Notes
    -----
    Book: Pooling, "The forward pass", eq-pool-avg, eq-pool-count. LeCun et al.
    (1998), section II.B, "sub-sampling".

    Examples
    --------
    >>> x = np.arange(16.0).reshape(1, 1, 4, 4)
    >>> avg_pool2d_forward(x, 2)[0].reshape(2, 2)
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    x = images(x)
    if not isinstance(count_include_pad, bool | None):
        raise TypeError(
            "count_include_pad must be True, False or None, "
            f"got {count_include_pad!r}"
        )
    shape, size, counted = x.shape, x.shape[HEIGHT:], UNPADDED
    g = pool_geometry(window, stride, padding, ceil_mode=ceil_mode, size=size)
    g.output_size(*size)  # refuses a window that does not fit
    if count_include_pad is None:
        count_include_pad = not isinstance(padding, str)
    if count_include_pad:
        counted = g.padding if isinstance(padding, str) else sides(padding)
    xp, share = array_module(x), _shares(x, g, counted)
    x = _padded(x, g.padding, 0)
    rows = reduce(xp.add, window_steps(x, WIDTH, g.kernel[1], g.stride[1]))
    y = reduce(xp.add, window_steps(rows, HEIGHT, g.kernel[0], g.stride[0]))
    return y * share, (shape, g, share)


def _shares(x: Array, g: Geometry, counted: Sides) -> float | Array:
    """1 / RS, or, (OH, OW), of each window 1 / the pixels counted in it."""
    if counted == g.padding:
        return 1 / math.prod(g.kernel)
    size = x.shape[HEIGHT:]
    out, counts = g.output_size(*size), []
    axes = zip(size, g.kernel, g.stride, out, g.padding, counted, strict=True)
    for n, k, t, o, p, c in axes:
        first = np.arange(o) * t
        end = np.minimum(first + k, p[0] + n + c[1])
        counts.append(end - np.maximum(first, p[0] - c[0]))
    return array_module(x).asarray((1 / np.outer(*counts)).astype(x.dtype))


def avg_pool2d_backward(dy: Array, cache: tuple) -> Array:
    """dx[n, c, u·sh + r − p, v·sw + s − p] += dy[n,c,u,v] / RS, for every r, s.

    Every pixel of a window takes an equal share. Book: Pooling, "The
    derivative", eq-pool-avg-dx.

    >>> _, cache = avg_pool2d_forward(np.zeros((1, 1, 2, 3)), 2)
    >>> avg_pool2d_backward(np.full((1, 1, 1, 1), 8.0), cache).reshape(2, 3)
    array([[2., 2., 0.],
           [2., 2., 0.]])
    """
    (N, C, H, W), g, share = cache
    dy = upstream("avg_pool2d_backward", dy, (N, C, *g.output_size(H, W)))
    (top, bottom), (left, right) = g.padding
    padded = C, top + H + bottom, left + W + right, N
    dx = batch_first(array_module(dy).zeros(padded, dtype=dy.dtype))
    share = dy * share
    for rows in window_steps(dx, HEIGHT, g.kernel[0], g.stride[0]):
        for target in window_steps(rows, WIDTH, g.kernel[1], g.stride[1]):
            target += share
    return _inside(dx, g.padding)


def global_avg_pool2d_forward(x: Array) -> tuple[Array, tuple]:
    """y[n,c] = (1 / HW) Σ_{i,j} x[n,c,i,j].

    Parameters
    ----------
    x : (N, C, H, W) float.

    Returns
    -------
    y : (N, C) float.
    cache : the shape of x.

    Raises
    ------
    ValueError, TypeError : for what is no batch of images.

    Notes
    -----
    Book: Pooling, "The forward pass", eq-pool-global. Lin, Chen and Yan (2014),
    section 3.2.

    Examples
    --------
    >>> global_avg_pool2d_forward(np.arange(4.0).reshape(1, 1, 2, 2))[0]
    array([[1.5]])
    """
    x = images(x)
    return x.mean(axis=(HEIGHT, WIDTH)), x.shape


def global_avg_pool2d_backward(dy: Array, cache: tuple) -> Array:
    """dx[n,c,i,j] = dy[n,c] / HW.

    Book: Pooling, "The derivative", eq-pool-global-dx.

    >>> dx = global_avg_pool2d_backward(np.array([[8.0]]), (1, 1, 2, 2))
    >>> dx.reshape(2, 2)
    array([[2., 2.],
           [2., 2.]])
    """
    N, C, H, W = cache
    dy = upstream("global_avg_pool2d_backward", dy, (N, C))
    dx = array_module(dy).empty((C, H, W, N), dtype=dy.dtype)
    dx[...] = (dy * (1 / (H * W))).T[:, None, None]
    return batch_first(dx)
