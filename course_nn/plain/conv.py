"""Plain twins of `ops.conv`: every window of the image is a dense layer."""

import numpy as np

from .windows import crop, grid, pad, pair, pixels


def conv2d_forward(x, W, b=None, stride=1, padding=0, dilation=1, groups=1):
    """y[n,f,i,j] = b[f] + Σ_{c,r,s} W[f,c,r,s] x[n, c, i t + r d, j t + s d].

    x (N, C, H, W), padded; W (F, C/groups, R, S); b (F,) or None;
    y (N, F, OH, OW); stride t, dilation d. See `ops.conv2d_forward`.

    >>> x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> W = np.array([[[[1.0, 0.0], [0.0, -1.0]]]])
    >>> conv2d_forward(x, W)[0].reshape(2, 2)
    array([[-4., -4.],
           [-4., -4.]])
    """
    at = W.shape[2:], pair(stride), pair(dilation)  # where the windows lie
    x = pad(x, padding)
    size = len(x), len(W), *grid(x, *at)
    y = np.zeros(size, np.result_type(x, W))
    for f, c in blocks(x, W, groups):  # filters f see channels c
        for i, j in np.ndindex(y.shape[2:]):
            window = x[:, c][pixels(i, j, *at)]
            y[:, f, i, j] = np.einsum("ncrs,fcrs->nf", window, W[f])
    if b is not None:
        y += b[:, None, None]
    return y, (x, W, b, at, padding, groups)


def conv2d_backward(dy, cache):
    """dW[f] += dy · x[window], dx[window] += dy · W[f], dy = dy[n,f,i,j].

    db[f] = Σ dy[:, f].

    >>> _, cache = conv2d_forward(np.eye(3)[None, None], np.ones((1, 1, 2, 2)))
    >>> conv2d_backward(np.ones((1, 1, 2, 2)), cache)[1].reshape(2, 2)
    array([[2., 1.],
           [1., 2.]])
    """
    x, W, b, at, padding, groups = cache
    dx, dW = np.zeros_like(x), np.zeros_like(W)
    for f, c in blocks(x, W, groups):
        for i, j in np.ndindex(dy.shape[2:]):
            here, d = pixels(i, j, *at), dy[:, f, i, j]
            dW[f] += np.einsum("nf,ncrs->fcrs", d, x[:, c][here])
            dx[:, c][here] += np.einsum("nf,fcrs->ncrs", d, W[f])
    db = None if b is None else dy.sum(axis=(0, 2, 3))
    return crop(dx, padding), dW, db


def blocks(x, W, groups):
    """Which filters see which channels: a pair of slices for each group.

    >>> blocks(np.zeros((1, 4, 5, 5)), np.zeros((6, 2, 3, 3)), groups=2)[1]
    (slice(3, 6, None), slice(2, 4, None))
    """
    f, c = len(W) // groups, W.shape[1]
    if len(W) != f * groups or x.shape[1] != c * groups:
        raise ValueError(f"x {x.shape}, W {W.shape}: not {groups} groups")
    starts = range(groups)
    return [(slice(g * f, g * f + f), slice(g * c, g * c + c)) for g in starts]


def conv_transpose2d_forward(
    x, W, b=None, stride=1, padding=0, dilation=1, output_padding=0
):
    """y[n, f, i t + r d, j t + s d] += W[c,f,r,s] x[n,c,i,j], cropped; + b[f].

    x (N, C, H, W); W (C, F, R, S); b (F,) or None; y (N, F, OH, OW), with
    OH = (H − 1) t + d (R − 1) + 1 + output_padding − 2 p: it is dx of `conv2d`.
    See `ops.conv_transpose2d_forward`.

    >>> x, W = np.array([[[[1.0, 2.0]]]]), np.array([[[[10.0, 1.0]]]])
    >>> conv_transpose2d_forward(x, W, stride=2)[0]
    array([[[[10.,  1., 20.,  2.]]]])
    """
    at = W.shape[2:], pair(stride), pair(dilation)
    sizes = zip(x.shape[2:], *at, pair(output_padding), strict=True)
    size = [(n - 1) * t + d * (k - 1) + 1 + more for n, k, t, d, more in sizes]
    y = np.zeros((len(x), W.shape[1], *size), np.result_type(x, W))
    for i, j in np.ndindex(x.shape[2:]):
        y[pixels(i, j, *at)] += np.einsum("nc,cfrs->nfrs", x[:, :, i, j], W)
    y = crop(y, padding)
    if b is not None:
        y += b[:, None, None]
    return y, (x, W, b, at, padding)


def conv_transpose2d_backward(dy, cache):
    """dx[n,c,i,j] = Σ W[c] · dy[window], dW[c] += x[n,c,i,j] · dy[window].

    db[f] = Σ dy[:, f].
    """
    x, W, b, at, padding = cache
    db = None if b is None else dy.sum(axis=(0, 2, 3))
    dy, dx, dW = pad(dy, padding), np.zeros_like(x), np.zeros_like(W)
    for i, j in np.ndindex(x.shape[2:]):
        window = dy[pixels(i, j, *at)]
        dx[:, :, i, j] = np.einsum("nfrs,cfrs->nc", window, W)
        dW += np.einsum("nc,nfrs->cfrs", x[:, :, i, j], window)
    return dx, dW, db
