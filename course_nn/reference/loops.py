"""Convolution and max pooling as their sums are written: a Python loop for every index.

The oracle of the fast ops, and what they replaced: the same arguments, the same results, some
thousand times slower. Nothing here is shared with them.
"""

import numpy as np

from .windows import Pair, Sides, Windows


def conv2d_forward(
    x: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    stride: Pair = 1,
    padding: Pair | Sides = 0,
    dilation: Pair = 1,
) -> tuple[np.ndarray, tuple]:
    """y[n,f,u,v] = b[f] + Σ_{c,r,s} x[n, c, i, j] W[f,c,r,s].

    i = u·stride + r·dilation − padding, and j likewise, from v and s.

    Parameters
    ----------
    x : (N, C, H, W) float.
    W : (F, C, R, S) float.
    b : (F,) float.
    stride, padding, dilation : pixels, one number or (vertical, horizontal); padding, with zeros,
        also as ((top, bottom), (left, right)).

    Returns
    -------
    y : (N, F, OH, OW) float.
    cache : the padded image, W and the windows.

    Raises
    ------
    ValueError : if the channels of x and W differ, or the kernel does not fit the padded image.

    Notes
    -----
    Book: Convolution, "The forward pass", eq-conv-forward. LeCun et al. (1998), section II.

    Examples
    --------
    >>> x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> W = np.array([[[[1.0, 0.0], [0.0, -1.0]]]])
    >>> conv2d_forward(x, W, np.zeros(1))[0].reshape(2, 2)
    array([[-4., -4.],
           [-4., -4.]])
    """
    if x.shape[1] != W.shape[1]:
        raise ValueError(
            f"x {x.shape} and W {W.shape} differ in their channels, "
            "the second axis"
        )
    windows = Windows.of(W.shape[2:], stride, padding, dilation)
    x = windows.pad(x)
    y = np.empty((len(x), len(W), *windows.grid(x)), x.dtype)
    for n, f, i, j in np.ndindex(y.shape):
        total = b[f]
        for c, r, s in np.ndindex(W.shape[1:]):
            total += W[f, c, r, s] * x[(n, c, *windows.pixel(i, j, r, s))]
        y[n, f, i, j] = total
    return y, (x, W, windows)


def conv2d_backward(
    dy: np.ndarray, cache: tuple
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every product W · x of the forward sum gives dx += W · dy and dW += x · dy; db = Σ dy.

    Parameters
    ----------
    dy : (N, F, OH, OW) float, ∂L/∂y.
    cache : from `conv2d_forward`.

    Returns
    -------
    dx : (N, C, H, W), dW : (F, C, R, S), db : (F,) float.

    Notes
    -----
    Book: Convolution, "The derivative", eq-conv-dw, eq-conv-db, eq-conv-dx.

    Examples
    --------
    >>> x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> _, cache = conv2d_forward(x, np.array([[[[1.0, 0.0], [0.0, -1.0]]]]), np.zeros(1))
    >>> dx, dW, db = conv2d_backward(np.ones((1, 1, 2, 2)), cache)
    >>> dW.reshape(2, 2), db
    (array([[12., 16.],
           [24., 28.]]), array([4.]))
    """
    x, W, windows = cache
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros(len(W), W.dtype)
    for n, f, i, j in np.ndindex(dy.shape):
        d = dy[n, f, i, j]
        db[f] += d
        for c, r, s in np.ndindex(W.shape[1:]):
            at = (n, c, *windows.pixel(i, j, r, s))
            dx[at] += W[f, c, r, s] * d
            dW[f, c, r, s] += x[at] * d
    return windows.crop(dx), dW, db


def max_pool2d_forward(
    x: np.ndarray,
    window: Pair = 2,
    stride: Pair | None = None,
    padding: Pair | Sides = 0,
) -> tuple[np.ndarray, tuple]:
    """y[n,c,u,v] = max over r < R, s < S of x[n, c, u·stride + r − p, v·stride + s − p].

    Parameters
    ----------
    x : (N, C, H, W) float.
    window, stride, padding : pixels, as in `conv2d_forward`; the stride is the window unless
        given, and padding counts as −∞.

    Returns
    -------
    y : (N, C, OH, OW) float.
    cache : the padded image and the windows.

    Raises
    ------
    ValueError : if the window does not fit, or the padding is more than half of it.

    Examples
    --------
    >>> max_pool2d_forward(np.arange(16.0).reshape(1, 1, 4, 4))[0].reshape(2, 2)
    array([[ 5.,  7.],
           [13., 15.]])
    """
    windows = Windows.of(window, window if stride is None else stride, padding)
    if any(
        2 * max(p) > k
        for p, k in zip(windows.padding, windows.kernel, strict=True)
    ):
        raise ValueError(
            f"padding {padding} is more than half the window {window}"
        )
    x = windows.pad(x, fill=-np.inf)
    y = np.empty((*x.shape[:2], *windows.grid(x)), x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = x[largest(x, windows, n, c, i, j)]
    return y, (x, windows)


def max_pool2d_backward(dy: np.ndarray, cache: tuple) -> np.ndarray:
    """dx += dy at the first largest pixel of each window, in reading order; 0 elsewhere.

    Parameters
    ----------
    dy : (N, C, OH, OW) float, ∂L/∂y.
    cache : from `max_pool2d_forward`.

    Returns
    -------
    dx : (N, C, H, W) float.

    Examples
    --------
    >>> _, cache = max_pool2d_forward(np.array([[[[1.0, 3.0], [3.0, 2.0]]]]))
    >>> max_pool2d_backward(np.array([[[[5.0]]]]), cache).reshape(2, 2)
    array([[0., 5.],
           [0., 0.]])
    """
    x, windows = cache
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        dx[largest(x, windows, n, c, i, j)] += dy[n, c, i, j]
    return windows.crop(dx)


def largest(
    x: np.ndarray, windows: Windows, n: int, c: int, i: int, j: int
) -> tuple[int, int, int, int]:
    """Where window (i, j) of channel c of sample n has its largest pixel, the first of equals.

    >>> largest(np.array([[[[1.0, 3.0], [3.0, 2.0]]]]), Windows.of(2), 0, 0, 0, 0)
    (0, 0, 0, 1)
    """
    best = (n, c, *windows.pixel(i, j, 0, 0))
    for r, s in np.ndindex(windows.kernel):
        at = (n, c, *windows.pixel(i, j, r, s))
        if x[at] > x[best]:
            best = at
    return best
