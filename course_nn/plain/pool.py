"""Plain twins of `ops.pool`: of a window, the maximum or the mean."""

import numpy as np

from .windows import crop, grid, pad, pair, pixels, sides


def max_pool2d_forward(x, window=2, stride=None, padding=0, *, ceil_mode=False):
    """y[n,c,u,v] = max over r < R, s < S of x[n, c, u sh + r, v sw + s].

    x (N, C, H, W), padded with −∞; y (N, C, OH, OW); stride sh, sw, the window
    unless given. See `ops.max_pool2d_forward`.

    >>> max_pool2d_forward(np.arange(16.0).reshape(1, 1, 4, 4))[0]
    array([[[[ 5.,  7.],
             [13., 15.]]]])
    """
    at = pair(window), pair(window if stride is None else stride)
    frame = frame_of(x, *at, padding, ceil_mode)
    x = pad(x, frame, fill=-np.inf)
    y = np.zeros((*x.shape[:2], *grid(x, *at)), x.dtype)
    for u, v in np.ndindex(y.shape[2:]):
        y[:, :, u, v] = x[pixels(u, v, *at)].max(axis=(2, 3))
    return y, (x, at, frame)


def max_pool2d_backward(dy, cache):
    """dx += dy at the first maximum of each window, in reading order.

    >>> _, cache = max_pool2d_forward(np.array([[[[1.0, 3.0], [3.0, 2.0]]]]))
    >>> max_pool2d_backward(np.array([[[[5.0]]]]), cache)
    array([[[[0., 5.],
             [0., 0.]]]])
    """
    x, at, frame = cache
    dx = np.zeros_like(x)
    for n, c, u, v in np.ndindex(dy.shape):
        window = n, c, *pixels(u, v, *at)[1:]
        first = np.unravel_index(x[window].argmax(), x[window].shape)
        dx[window][first] += dy[n, c, u, v]
    return crop(dx, frame)


def avg_pool2d_forward(
    x,
    window=2,
    stride=None,
    padding=0,
    *,
    ceil_mode=False,
    count_include_pad=None,
):
    """y[n,c,u,v] = mean over r < R, s < S of x[n, c, u sh + r, v sw + s].

    x (N, C, H, W), padded with zeros, which count, save those of "same" and
    of `ceil_mode`, unless told otherwise; y (N, C, OH, OW).
    See `ops.avg_pool2d_forward`.

    >>> avg_pool2d_forward(np.arange(16.0).reshape(1, 1, 4, 4))[0]
    array([[[[ 2.5,  4.5],
             [10.5, 12.5]]]])
    """
    at = pair(window), pair(window if stride is None else stride)
    frame = frame_of(x, *at, padding, ceil_mode)
    same = padding == "same"
    if count_include_pad is None:
        count_include_pad = not same
    inside = (frame if same else padding) if count_include_pad else 0
    counts = counted(x, frame, inside)
    x = pad(x, frame)
    y = np.zeros((*x.shape[:2], *grid(x, *at)), np.result_type(x, 0.5))
    for u, v in np.ndindex(y.shape[2:]):
        here = pixels(u, v, *at)
        y[:, :, u, v] = x[here].sum(axis=(2, 3)) / counts[here].sum()
    return y, (counts, at, frame)


def avg_pool2d_backward(dy, cache):
    """dx += dy / count at every pixel of each window: equal shares."""
    counts, at, frame = cache
    dx = np.zeros((*dy.shape[:2], *counts.shape), dy.dtype)
    for u, v in np.ndindex(dy.shape[2:]):
        here = pixels(u, v, *at)
        share = dy[:, :, u, v] / counts[here].sum()
        dx[here] += share[:, :, None, None]
    return crop(dx, frame)


def frame_of(x, kernel, stride, padding, ceil_mode):
    """The padding in full, ((top, bottom), (left, right)), as windows need it.

    >>> frame_of(np.zeros((1, 1, 5, 6)), (2, 2), (2, 2), "same", False)
    ((0, 1), (0, 0))
    """
    frame, axes = [], sides(0 if padding == "same" else padding)
    sizes = zip(x.shape[2:], kernel, stride, axes, strict=True)
    for n, k, t, (before, after) in sizes:
        if padding == "same":  # as many windows as strides begin in the image
            missing = max((ceil(n, t) - 1) * t + k - n, 0)
            before, after = missing // 2, missing - missing // 2
        elif ceil_mode:  # one more, if it begins in the image or before it
            last = min(ceil(before + n + after - k, t), ceil(before + n, t) - 1)
            after = max(after, last * t + k - n - before)
        frame.append((before, after))
    return tuple(frame)


def ceil(a, b):
    """⌈a / b⌉."""
    return -(-a // b)


def counted(x, frame, padding):
    """1 where a pixel of the frame counts in a mean, else 0."""
    (H, W), ((top, bottom), (left, right)) = x.shape[2:], frame
    (up, down), (west, east) = sides(padding)
    counts = np.zeros((top + H + bottom, left + W + right))
    counts[top - up : top + H + down, left - west : left + W + east] = 1
    return counts


def global_avg_pool2d_forward(x):
    """y[n,c] = (1 / HW) Σ_{i,j} x[n,c,i,j].

    See `ops.global_avg_pool2d_forward`.

    >>> global_avg_pool2d_forward(np.arange(4.0).reshape(1, 1, 2, 2))[0]
    array([[1.5]])
    """
    return x.mean(axis=(2, 3)), x.shape


def global_avg_pool2d_backward(dy, cache):
    """dx[n,c,i,j] = dy[n,c] / HW."""
    H, W = cache[2:]
    return np.broadcast_to(dy[:, :, None, None] / (H * W), cache).copy()
