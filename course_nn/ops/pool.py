"""Pooling: a window of the image becomes one number, its maximum or its mean.

A window's maximum is the maximum of its rows' maxima: both poolings run along the
width, then along the height, and no index array is kept. The gradient of a maximum goes
to the first place, in reading order, that holds it.
"""

from ..backend import Array, array_module
from .geometry import UNPADDED, Pair, Sides, pool_geometry
from .patches import batch_first, batch_last, images

HEIGHT, WIDTH = 2, 3  # axes of an image (N, C, H, W)


def window_step(x: Array, axis: int, offset: int, stride: int, count: int) -> Array:
    """The view of every window's number `offset`, along one axis.

    >>> import numpy as np
    >>> window_step(np.arange(6.0), axis=0, offset=1, stride=2, count=3)
    array([1., 3., 5.])
    """
    index = [slice(None)] * x.ndim
    index[axis] = slice(offset, offset + (count - 1) * stride + 1, stride)
    return x[tuple(index)]


def _max_along(x: Array, axis: int, size: int, stride: int) -> Array:
    """y[i] = max over j < size of x[i·stride + j], along one axis."""
    xp, count = array_module(x), (x.shape[axis] - size) // stride + 1
    y = window_step(x, axis, 0, stride, count)
    for j in range(1, size):
        y = xp.maximum(y, window_step(x, axis, j, stride, count))
    return y


def _max_along_backward(
    dy: Array, x: Array, y: Array, axis: int, size: int, stride: int
) -> Array:
    """dx[i·stride + j] += dy[i] for the first j whose number is the maximum y[i]."""
    xp, count = array_module(x), dy.shape[axis]
    places = [window_step(x, axis, j, stride, count) for j in range(size)]
    if stride >= size:  # windows do not overlap: each pixel gets one share
        covered = stride == size and count * size == x.shape[axis]
        dx = (xp.empty_like if covered else xp.zeros_like)(x)
        shares = [window_step(dx, axis, j, stride, count) for j in range(size)]
        _share_out(dy, places, y, shares)
        return dx
    dx, shares = xp.zeros_like(x), [xp.empty_like(dy) for _ in places]
    _share_out(dy, places, y, shares)
    for j, share in enumerate(shares):
        target = window_step(dx, axis, j, stride, count)
        target += share
    return dx


def _share_out(dy: Array, places: list[Array], y: Array, shares: list[Array]) -> None:
    """shares[j] = dy where places[j] is the first to equal y, else 0.

    Each place takes its own of the rest, the last what is left.
    """
    xp, rest = array_module(dy), dy
    for place, share in zip(places[:-1], shares, strict=False):
        xp.multiply(rest, place == y, out=share)
        rest = xp.subtract(rest, share, out=shares[-1])
    if len(places) == 1:
        shares[0][...] = dy


def _padded(x: Array, padding: Sides, fill: float) -> Array:
    return x if padding == UNPADDED else batch_first(batch_last(x, padding, fill))


def _inside(x: Array, padding: Sides) -> Array:
    (top, bottom), (left, right) = padding
    return x[:, :, top : x.shape[HEIGHT] - bottom, left : x.shape[WIDTH] - right]


def max_pool2d_forward(
    x: Array, window: Pair = 2, stride: Pair | None = None, padding: Pair | Sides = 0
) -> tuple[Array, tuple]:
    """y[n,c,i,j] = max over r < R, s < S of x[n, c, i·t + r − p, j·t + s − p].

    Parameters
    ----------
    x : (N, C, H, W) float, any memory order.
    window, stride, padding : (R, S), t and p, in pixels, one number or (vertical,
        horizontal). The stride is the window unless given; windows may overlap; pixels
        left over at the right and bottom are not seen; padding counts as −∞.

    Returns
    -------
    y : (N, C, OH, OW) float.
    cache : the (padded) image, its maxima along the width, and y.

    Raises
    ------
    ValueError : if the window does not fit, or the padding is more than half of it.

    Notes
    -----
    Ranzato, Boureau and LeCun (2007); Scherer, Müller and Behnke (2010).

    Examples
    --------
    >>> import numpy as np
    >>> max_pool2d_forward(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0].reshape(2, 2)
    array([[ 5.,  7.],
           [13., 15.]])
    """
    x = images(x)
    g = pool_geometry(window, stride, padding, size=x.shape[2:])
    g.output_size(*x.shape[2:])  # refuses a window that does not fit
    x = _padded(x, g.padding, -float("inf"))
    rows = _max_along(x, WIDTH, g.kernel[1], g.stride[1])
    y = _max_along(rows, HEIGHT, g.kernel[0], g.stride[0])
    return y, (x, rows, y, g)


def max_pool2d_backward(dy: Array, cache: tuple) -> Array:
    """dx = dy at the first maximum of each window, in reading order; else 0.

    Where windows overlap, what they give to one pixel is summed.

    Parameters
    ----------
    dy : (N, C, OH, OW) float, ∂L/∂y.
    cache : from `max_pool2d_forward`.

    Returns
    -------
    dx : (N, C, H, W) float.

    Examples
    --------
    >>> import numpy as np
    >>> y, cache = max_pool2d_forward(np.arange(16.0).reshape(1, 1, 4, 4), 2)
    >>> max_pool2d_backward(y, cache).reshape(4, 4)
    array([[ 0.,  0.,  0.,  0.],
           [ 0.,  5.,  0.,  7.],
           [ 0.,  0.,  0.,  0.],
           [ 0., 13.,  0., 15.]])
    """
    x, rows, y, g = cache
    drows = _max_along_backward(dy, rows, y, HEIGHT, g.kernel[0], g.stride[0])
    dx = _max_along_backward(drows, x, rows, WIDTH, g.kernel[1], g.stride[1])
    return _inside(dx, g.padding)


def avg_pool2d_forward(
    x: Array, window: Pair = 2, stride: Pair | None = None, padding: Pair | Sides = 0
) -> tuple[Array, tuple]:
    """y[n,c,i,j] = (1 / RS) Σ_{r,s} x[n, c, i·t + r − p, j·t + s − p].

    Parameters
    ----------
    x : (N, C, H, W) float, any memory order.
    window, stride, padding : as in `max_pool2d_forward`, but padding counts as zeros.

    Returns
    -------
    y : (N, C, OH, OW) float.
    cache : the padded shape and the geometry.

    Raises
    ------
    ValueError : if the window does not fit, or the padding is more than half of it.

    Notes
    -----
    LeCun et al. (1998), section II.B, "sub-sampling".

    Examples
    --------
    >>> import numpy as np
    >>> avg_pool2d_forward(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0].reshape(2, 2)
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    x = images(x)
    g = pool_geometry(window, stride, padding, size=x.shape[2:])
    OH, OW = g.output_size(*x.shape[2:])
    x, (R, S), (sh, sw) = _padded(x, g.padding, 0), g.kernel, g.stride
    rows = sum(window_step(x, WIDTH, s, sw, OW) for s in range(S))
    y = sum(window_step(rows, HEIGHT, r, sh, OH) for r in range(R))
    return y * (1 / (R * S)), (x, g)


def avg_pool2d_backward(dy: Array, cache: tuple) -> Array:
    """dx[n, c, i·t + r − p, j·t + s − p] += dy[n,c,i,j] / RS, for every r, s, i and j.

    Every pixel of a window takes an equal share.

    Parameters
    ----------
    dy : (N, C, OH, OW) float, ∂L/∂y.
    cache : from `avg_pool2d_forward`.

    Returns
    -------
    dx : (N, C, H, W) float.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = avg_pool2d_forward(np.zeros((1, 1, 2, 3)), 2)
    >>> avg_pool2d_backward(np.full((1, 1, 1, 1), 8.0), cache).reshape(2, 3)
    array([[2., 2., 0.],
           [2., 2., 0.]])
    """
    x, g = cache
    dx, share = array_module(x).zeros_like(x), dy * (1 / (g.kernel[0] * g.kernel[1]))
    for r in range(g.kernel[0]):
        for s in range(g.kernel[1]):
            rows = window_step(dx, HEIGHT, r, g.stride[0], dy.shape[HEIGHT])
            target = window_step(rows, WIDTH, s, g.stride[1], dy.shape[WIDTH])
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

    Notes
    -----
    Lin, Chen and Yan (2014), section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> global_avg_pool2d_forward(np.arange(4.0).reshape(1, 1, 2, 2))[0]
    array([[1.5]])
    """
    return x.mean(axis=(HEIGHT, WIDTH)), x.shape


def global_avg_pool2d_backward(dy: Array, cache: tuple) -> Array:
    """dx[n,c,i,j] = dy[n,c] / HW.

    Parameters
    ----------
    dy : (N, C) float, ∂L/∂y.
    cache : from `global_avg_pool2d_forward`.

    Returns
    -------
    dx : (N, C, H, W) float.

    Examples
    --------
    >>> import numpy as np
    >>> global_avg_pool2d_backward(np.array([[8.0]]), (1, 1, 2, 2)).reshape(2, 2)
    array([[2., 2.],
           [2., 2.]])
    """
    share = dy * (1 / (cache[HEIGHT] * cache[WIDTH]))
    return array_module(dy).broadcast_to(share[:, :, None, None], cache).copy()
