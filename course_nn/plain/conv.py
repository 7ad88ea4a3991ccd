"""Plain twins of `ops.conv`: every window of the image is a dense layer."""

import numpy as np

from .windows import covered, crop, grid, pad, pair, pixels


def conv2d_forward(x, W, b=None, stride=1, padding=0, dilation=1, groups=1):
    """y[n,f,u,v] = b[f] + Σ_{c,r,s} x[n,c,u sh + r dh,v sw + s dw] W[f,c,r,s].

    x (N, C, H, W), padded; W (F, C/groups, R, S); b (F,) or None;
    y (N, F, OH, OW); stride sh, sw; dilation dh, dw. See `ops.conv2d_forward`.

    >>> x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> W = np.array([[[[1.0, 0.0], [0.0, -1.0]]]])
    >>> conv2d_forward(x, W)[0].reshape(2, 2)
    array([[-4., -4.],
           [-4., -4.]])
    """
    if x.shape[1] != W.shape[1] * groups:
        raise ValueError(f"W {W.shape} is for other channels than x {x.shape}")
    at = W.shape[2:], pair(stride), pair(dilation)  # where the windows lie
    x = pad(x, padding)
    size = len(x), len(W), *grid(x, *at)
    y = np.zeros(size, np.result_type(x, W))
    for f, c in blocks(W, groups):  # filters f see channels c
        for u, v in np.ndindex(y.shape[2:]):
            window = x[:, c][pixels(u, v, *at)]
            y[:, f, u, v] = np.einsum("ncrs,fcrs->nf", window, W[f])
    if b is not None:
        y += b[:, None, None]
    return y, (x, W, b, at, padding, groups)


def conv2d_backward(dy, cache):
    """dW[f] += dy · x[window], dx[window] += dy · W[f], dy = dy[n,f,u,v].

    db[f] = Σ dy[:, f].

    >>> _, cache = conv2d_forward(np.eye(3)[None, None], np.ones((1, 1, 2, 2)))
    >>> conv2d_backward(np.ones((1, 1, 2, 2)), cache)[1].reshape(2, 2)
    array([[2., 1.],
           [1., 2.]])
    """
    x, W, b, at, padding, groups = cache
    dx, dW = np.zeros_like(x), np.zeros_like(W)
    for f, c in blocks(W, groups):
        for u, v in np.ndindex(dy.shape[2:]):
            here, d = pixels(u, v, *at), dy[:, f, u, v]
            dW[f] += np.einsum("nf,ncrs->fcrs", d, x[:, c][here])
            dx[:, c][here] += np.einsum("nf,fcrs->ncrs", d, W[f])
    db = None if b is None else dy.sum(axis=(0, 2, 3))
    return crop(dx, padding), dW, db


def blocks(W, groups):
    """The slices (filters, channels) of each group, for W (F, C/groups, R, S).

    >>> blocks(np.zeros((6, 2, 3, 3)), groups=2)[1]
    (slice(3, 6, None), slice(2, 4, None))
    """
    f, c = len(W) // groups, W.shape[1]
    if f * groups != len(W):
        raise ValueError(f"{len(W)} filters make no {groups} equal groups")
    starts = range(groups)
    return [(slice(g * f, g * f + f), slice(g * c, g * c + c)) for g in starts]


def conv_transpose2d_forward(
    x,
    W,
    b=None,
    stride=1,
    padding=0,
    dilation=1,
    output_padding=0,
    groups=1,
):
    """y[n, f, u sh + r dh, v sw + s dw] += x[n,c,u,v] W[c,f,r,s]; crop; + b[f].

    x (N, C, H, W); W (C, F/groups, R, S); b (F,) or None; y (N, F, OH, OW),
    OH = (H − 1) sh + dh (R − 1) + 1 + output_padding − 2 p. It is what `conv2d`
    has for dx. See `ops.conv_transpose2d_forward`.

    >>> x, W = np.array([[[[1.0, 2.0]]]]), np.array([[[[10.0, 1.0]]]])
    >>> conv_transpose2d_forward(x, W, stride=2)[0]
    array([[[[10.,  1., 20.,  2.]]]])
    """
    if x.shape[1] != len(W):
        raise ValueError(f"W {W.shape} is for other channels than x {x.shape}")
    at = W.shape[2:], pair(stride), pair(dilation)
    size = np.add(covered(x, *at), output_padding)
    y = np.zeros((len(x), W.shape[1] * groups, *size), np.result_type(x, W))
    for c, f in blocks(W, groups):  # channels c reach filters f
        for u, v in np.ndindex(x.shape[2:]):
            stamp = np.einsum("nc,cfrs->nfrs", x[:, c, u, v], W[c])
            y[:, f][pixels(u, v, *at)] += stamp
    y = crop(y, padding)
    if b is not None:
        y += b[:, None, None]
    return y, (x, W, b, at, padding, groups)


def conv_transpose2d_backward(dy, cache):
    """dx[n,c,u,v] = Σ dy[window] · W[c], dW[c] += x[n,c,u,v] · dy[window].

    db[f] = Σ dy[:, f].
    """
    x, W, b, at, padding, groups = cache
    db = None if b is None else dy.sum(axis=(0, 2, 3))
    dy, dx, dW = pad(dy, padding), np.zeros_like(x), np.zeros_like(W)
    for c, f in blocks(W, groups):
        for u, v in np.ndindex(x.shape[2:]):
            window = dy[:, f][pixels(u, v, *at)]
            dx[:, c, u, v] = np.einsum("nfrs,cfrs->nc", window, W[c])
            dW[c] += np.einsum("nc,nfrs->cfrs", x[:, c, u, v], window)
    return dx, dW, db
