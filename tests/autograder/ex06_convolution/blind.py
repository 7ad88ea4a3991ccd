# ruff: noqa
"""Answers to exercise 6 written blind: wrong ones with what is truly wrong, right ones that look unusual."""

from collections import namedtuple
from itertools import product

import numpy as np


# ---------------------------------------------------------------- output_size


def output_size__wrong_1(H, R, stride, padding):
    """the padding is counted once, not on both sides"""
    return (H + padding - R) // stride + 1


def output_size__wrong_2(H, R, stride, padding):
    """the + 1 is forgotten"""
    return (H + 2 * padding - R) // stride


def output_size__wrong_3(H, R, stride, padding):
    """rounded up in place of down"""
    return int(np.ceil((H + 2 * padding - R) / stride)) + 1


def output_size__wrong_4(H, R, stride, padding):
    """true division: a number with a fraction where the stride does not fit"""
    return (H + 2 * padding - R) / stride + 1


def output_size__wrong_5(H, R, stride, padding):
    """the + 1 goes inside the division"""
    return (H + 2 * padding - R + 1) // stride


def output_size__wrong_6(H, R, stride, padding):
    """rounds to the nearest whole number"""
    return round((H + 2 * padding - R) / stride) + 1


def output_size__right_1(H, R, stride, padding):
    """right: counts the starts of the kernel with range"""
    return len(range(0, H + 2 * padding - R + 1, stride))


def output_size__right_2(H, R, stride, padding):
    """right: moves the kernel by recursion until it sticks out"""

    def places(start):
        return 0 if start + R > H + 2 * padding else 1 + places(start + stride)

    return places(0)


# ---------------------------------------------------------------- correlate


def correlate__wrong_1(x, w):
    """the kernel is flipped in both directions, as in mathematics"""
    R, S = w.shape
    U, V = x.shape[0] - R + 1, x.shape[1] - S + 1
    k = w[::-1, ::-1]
    y = np.zeros((U, V), x.dtype)
    for u in range(U):
        for v in range(V):
            y[u, v] = (x[u : u + R, v : v + S] * k).sum()
    return y


def correlate__wrong_2(x, w):
    """a matrix product of window and kernel, then the sum, in place of the product number by number"""
    R, S = w.shape
    U, V = x.shape[0] - R + 1, x.shape[1] - S + 1
    y = np.zeros((U, V), x.dtype)
    for u in range(U):
        for v in range(V):
            y[u, v] = (x[u : u + R, v : v + S] @ w.T).sum()
    return y


def correlate__wrong_3(x, w):
    """the last row and column of the output are missing: + 1 is forgotten"""
    R, S = w.shape
    U, V = x.shape[0] - R, x.shape[1] - S
    y = np.zeros((U, V), x.dtype)
    for u in range(U):
        for v in range(V):
            y[u, v] = (x[u : u + R, v : v + S] * w).sum()
    return y


def correlate__wrong_4(x, w):
    """the kernel is transposed: R and S are mixed up"""
    S, R = w.shape
    U, V = x.shape[0] - R + 1, x.shape[1] - S + 1
    y = np.zeros((U, V), x.dtype)
    for u in range(U):
        for v in range(V):
            for r in range(R):
                for s in range(S):
                    y[u, v] += x[u + r, v + s] * w.T[r, s]
    return y


def correlate__wrong_5(x, w):
    """the mean of the products in place of their sum"""
    R, S = w.shape
    U, V = x.shape[0] - R + 1, x.shape[1] - S + 1
    return np.array(
        [[(x[u : u + R, v : v + S] * w).mean() for v in range(V)] for u in range(U)]
    ).astype(x.dtype)


def correlate__wrong_6(x, w):
    """= in place of +=: only the last weight counts"""
    R, S = w.shape
    U, V = x.shape[0] - R + 1, x.shape[1] - S + 1
    y = np.zeros((U, V), x.dtype)
    for u, v, r, s in np.ndindex(U, V, R, S):
        y[u, v] = x[u + r, v + s] * w[r, s]
    return y


def correlate__wrong_7(x, w):
    """the output is float64 whatever comes in"""
    R, S = w.shape
    y = np.zeros((x.shape[0] - R + 1, x.shape[1] - S + 1))
    for u, v in np.ndindex(*y.shape):
        y[u, v] = np.sum(x[u : u + R, v : v + S] * w)
    return y


def correlate__wrong_8(x, w):
    """the output has the size of the image: windows at the rim are cut off (zero padding at the end)"""
    R, S = w.shape
    y = np.zeros_like(x)
    for u, v in np.ndindex(*x.shape):
        part = x[u : u + R, v : v + S]
        y[u, v] = np.sum(part * w[: part.shape[0], : part.shape[1]])
    return y


def correlate__right_1(x, w):
    """right: loops over the weights and adds shifted images"""
    U, V = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    y = np.zeros((U, V), dtype=x.dtype)
    for (r, s), weight in np.ndenumerate(w):
        y += weight * x[r : r + U, s : s + V]
    return y


def correlate__right_2(x, w):
    """right: all windows at once with sliding_window_view, then tensordot"""
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape)
    return np.tensordot(windows, w, axes=([2, 3], [0, 1]))


def correlate__right_3(x, w):
    """right: nested list comprehensions, windows and kernel as flat vectors"""
    R, S = w.shape
    k = w.ravel()
    rows = [
        [x[u : u + R, v : v + S].ravel() @ k for v in range(x.shape[1] - S + 1)]
        for u in range(x.shape[0] - R + 1)
    ]
    return np.array(rows, dtype=x.dtype)


# ---------------------------------------------------------------- conv_forward


def conv_forward__wrong_1(x, W, b):
    """the bias is forgotten"""
    N, C, H, Wd = x.shape
    F, _, R, S = W.shape
    y = np.zeros((N, F, H - R + 1, Wd - S + 1), x.dtype)
    for u, v in np.ndindex(*y.shape[2:]):
        y[:, :, u, v] = np.einsum("ncrs,fcrs->nf", x[:, :, u : u + R, v : v + S], W)
    return y


def conv_forward__wrong_2(x, W, b):
    """only the first channel is read"""
    N, C, H, Wd = x.shape
    F, _, R, S = W.shape
    y = np.zeros((N, F, H - R + 1, Wd - S + 1), x.dtype)
    for n, f, u, v in np.ndindex(*y.shape):
        y[n, f, u, v] = (x[n, 0, u : u + R, v : v + S] * W[f, 0]).sum() + b[f]
    return y


def conv_forward__wrong_3(x, W, b):
    """the bias is added once for every channel"""
    N, C, H, Wd = x.shape
    F, _, R, S = W.shape
    y = np.zeros((N, F, H - R + 1, Wd - S + 1), x.dtype)
    for n, f, u, v in np.ndindex(*y.shape):
        for c in range(C):
            y[n, f, u, v] += (x[n, c, u : u + R, v : v + S] * W[f, c]).sum() + b[f]
    return y


def conv_forward__wrong_4(x, W, b):
    """the bias is broadcast along the columns, not along the filters"""
    N, C, H, Wd = x.shape
    F, _, R, S = W.shape
    y = np.zeros((N, F, H - R + 1, Wd - S + 1), x.dtype)
    for u, v in np.ndindex(*y.shape[2:]):
        y[:, :, u, v] = np.einsum("ncrs,fcrs->nf", x[:, :, u : u + R, v : v + S], W)
    return y + b


def conv_forward__wrong_5(x, W, b):
    """= over the channels: only the last channel is kept"""
    N, C, H, Wd = x.shape
    F, _, R, S = W.shape
    y = np.zeros((N, F, H - R + 1, Wd - S + 1), x.dtype)
    for n, f, c, u, v in np.ndindex(N, F, C, *y.shape[2:]):
        y[n, f, u, v] = (x[n, c, u : u + R, v : v + S] * W[f, c]).sum() + b[f]
    return y


def conv_forward__wrong_6(x, W, b):
    """W is read as (C, F, R, S)"""
    N, C, H, Wd = x.shape
    F, _, R, S = W.shape
    y = np.zeros((N, F, H - R + 1, Wd - S + 1), x.dtype)
    for n, f, u, v in np.ndindex(*y.shape):
        y[n, f, u, v] = b[f]
        for c in range(C):
            y[n, f, u, v] += (x[n, c, u : u + R, v : v + S] * W[c, f]).sum()
    return y


def conv_forward__wrong_7(x, W, b):
    """the axes of the output are in the order of the places: channels last"""
    R, S = W.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, (R, S), axis=(2, 3))
    return np.einsum("ncuvrs,fcrs->nuvf", windows, W) + b


def conv_forward__wrong_8(x, W, b):
    """the kernel is flipped and the bias subtracted"""
    R, S = W.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, (R, S), axis=(2, 3))
    y = np.einsum("ncuvrs,fcrs->nfuv", windows, W[:, :, ::-1, ::-1])
    return y - b[:, None, None]


def conv_forward__wrong_9(x, W, b):
    """only the first image of the batch is computed; the others stay at zero"""
    N, C, H, Wd = x.shape
    F, _, R, S = W.shape
    y = np.zeros((N, F, H - R + 1, Wd - S + 1), x.dtype)
    for f, u, v in np.ndindex(*y.shape[1:]):
        y[0, f, u, v] = (x[0, :, u : u + R, v : v + S] * W[f]).sum() + b[f]
    return y


def conv_forward__wrong_10(x, W, b):
    """reshape for a transpose: the columns of the product are cut in the wrong order"""
    N, C, H, Wd = x.shape
    F, _, R, S = W.shape
    U, V = H - R + 1, Wd - S + 1
    windows = np.lib.stride_tricks.sliding_window_view(x, (R, S), axis=(2, 3))
    rows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(N * U * V, -1)
    return (rows @ W.reshape(F, -1).T + b).reshape(N, F, U, V)


def conv_forward__right_1(x, W, b):
    """right: starts from the bias and adds one weight position after the other by einsum"""
    N, _, H, width = x.shape
    F, _, R, S = W.shape
    U, V = H - R + 1, width - S + 1
    y = np.empty((N, F, U, V), dtype=x.dtype)
    y[...] = b.reshape(1, F, 1, 1)
    for r, s in product(range(R), range(S)):
        y += np.einsum("ncuv,fc->nfuv", x[:, :, r : r + U, s : s + V], W[:, :, r, s])
    return y


def conv_forward__right_2(x, W, b):
    """right: windows as rows of a matrix, one product, axes moved back"""
    N = x.shape[0]
    F, _, R, S = W.shape
    windows = np.lib.stride_tricks.sliding_window_view(x, (R, S), axis=(2, 3))
    U, V = windows.shape[2:4]
    rows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(N * U * V, -1)
    y = rows @ W.reshape(F, -1).T + b
    return y.reshape(N, U, V, F).transpose(0, 3, 1, 2)


def conv_forward__right_3(x, W, b):
    """right: a loop over every place, tensordot over channels and kernel"""
    R, S = W.shape[2:]
    rows = []
    for u in range(x.shape[2] - R + 1):
        row = []
        for v in range(x.shape[3] - S + 1):
            row.append(np.tensordot(x[:, :, u : u + R, v : v + S], W, ([1, 2, 3], [1, 2, 3])) + b)
        rows.append(np.stack(row, axis=-1))
    return np.stack(rows, axis=2)


# ---------------------------------------------------------------- conv_weight_gradients


def conv_weight_gradients__wrong_1(dy, x):
    """averaged over the images of the batch"""
    U, V = dy.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, (U, V), axis=(2, 3))
    dW = np.einsum("nfuv,ncrsuv->fcrs", dy, windows) / len(x)
    return dW, dy.sum(axis=(0, 2, 3)) / len(x)


def conv_weight_gradients__wrong_2(dy, x):
    """db is summed over the images only"""
    U, V = dy.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, (U, V), axis=(2, 3))
    return np.einsum("nfuv,ncrsuv->fcrs", dy, windows), dy.sum(axis=0)


def conv_weight_gradients__wrong_3(dy, x):
    """the images of the batch overwrite each other: = for +="""
    N, F, U, V = dy.shape
    _, C, H, Wd = x.shape
    R, S = H - U + 1, Wd - V + 1
    dW = np.zeros((F, C, R, S), x.dtype)
    for n in range(N):
        for f, c, r, s in np.ndindex(F, C, R, S):
            dW[f, c, r, s] = (dy[n, f] * x[n, c, r : r + U, s : s + V]).sum()
    return dW, dy.sum(axis=(0, 2, 3))


def conv_weight_gradients__wrong_4(dy, x):
    """dW comes out as (C, F, R, S)"""
    U, V = dy.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, (U, V), axis=(2, 3))
    return np.einsum("nfuv,ncrsuv->cfrs", dy, windows), dy.sum(axis=(0, 2, 3))


def conv_weight_gradients__wrong_5(dy, x):
    """dW is flipped, as if the forward pass had flipped the kernel"""
    U, V = dy.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, (U, V), axis=(2, 3))
    dW = np.einsum("nfuv,ncrsuv->fcrs", dy, windows)
    return dW[:, :, ::-1, ::-1].copy(), dy.sum(axis=(0, 2, 3))


def conv_weight_gradients__wrong_6(dy, x):
    """db is the mean over images and places"""
    U, V = dy.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, (U, V), axis=(2, 3))
    return np.einsum("nfuv,ncrsuv->fcrs", dy, windows), dy.mean(axis=(0, 2, 3))


def conv_weight_gradients__wrong_7(dy, x):
    """the last row and column of places are left out of dW"""
    N, F, U, V = dy.shape
    _, C, H, Wd = x.shape
    R, S = H - U + 1, Wd - V + 1
    dW = np.zeros((F, C, R, S), x.dtype)
    for u in range(max(U - 1, 1)):
        for v in range(max(V - 1, 1)):
            dW += np.einsum("nf,ncrs->fcrs", dy[:, :, u, v], x[:, :, u : u + R, v : v + S])
    return dW, dy.sum(axis=(0, 2, 3))


def conv_weight_gradients__wrong_8(dy, x):
    """the two outputs are swapped"""
    U, V = dy.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, (U, V), axis=(2, 3))
    return dy.sum(axis=(0, 2, 3)), np.einsum("nfuv,ncrsuv->fcrs", dy, windows)


def conv_weight_gradients__wrong_9(dy, x):
    """all channels share one gradient: the sum over c slipped in"""
    U, V = dy.shape[2:]
    C = x.shape[1]
    windows = np.lib.stride_tricks.sliding_window_view(x, (U, V), axis=(2, 3))
    dW = np.einsum("nfuv,ncrsuv->frs", dy, windows)
    return np.repeat(dW[:, None], C, axis=1), dy.sum(axis=(0, 2, 3))


_WeightGradients = namedtuple("_WeightGradients", "dW db")


def conv_weight_gradients__right_1(dy, x):
    """right: a loop over the weights, each the product of dy with a shifted image; a namedtuple"""
    N, F, U, V = dy.shape
    C, R, S = x.shape[1], x.shape[2] - U + 1, x.shape[3] - V + 1
    dW = np.empty((F, C, R, S), dtype=x.dtype)
    for r in range(R):
        for s in range(S):
            dW[:, :, r, s] = np.tensordot(dy, x[:, :, r : r + U, s : s + V], ([0, 2, 3], [0, 2, 3]))
    return _WeightGradients(dW, np.einsum("nfuv->f", dy))


def conv_weight_gradients__right_2(dy, x):
    """right: a loop over all places of all images, outer products added up"""
    N, F, U, V = dy.shape
    R, S = x.shape[2] - U + 1, x.shape[3] - V + 1
    dW = np.zeros((F, x.shape[1], R, S), dtype=x.dtype)
    db = np.zeros(F, dtype=dy.dtype)
    for n, u, v in np.ndindex(N, U, V):
        dW += np.multiply.outer(dy[n, :, u, v], x[n, :, u : u + R, v : v + S])
        db += dy[n, :, u, v]
    return dW, db


def conv_weight_gradients__right_3(dy, x):
    """right: the sum over a list of gradients, one for each image, in a list"""
    U, V = dy.shape[2:]
    parts = [
        np.einsum("fuv,crsuv->fcrs", g, np.lib.stride_tricks.sliding_window_view(a, (U, V), (1, 2)))
        for g, a in zip(dy, x)
    ]
    return [sum(parts), np.sum(np.sum(np.sum(dy, axis=3), axis=2), axis=0)]


# ---------------------------------------------------------------- conv_input_gradient


def conv_input_gradient__wrong_1(dy, W):
    """= in place of +=: the last place that saw a pixel wins"""
    N, F, U, V = dy.shape
    _, C, R, S = W.shape
    dx = np.zeros((N, C, U + R - 1, V + S - 1), dy.dtype)
    for u, v in np.ndindex(U, V):
        dx[:, :, u : u + R, v : v + S] = np.einsum("nf,fcrs->ncrs", dy[:, :, u, v], W)
    return dx


def conv_input_gradient__wrong_2(dy, W):
    """the kernel is not turned round in the full correlation"""
    N, F, U, V = dy.shape
    _, C, R, S = W.shape
    p = np.pad(dy, ((0, 0), (0, 0), (R - 1, R - 1), (S - 1, S - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(p, (R, S), axis=(2, 3))
    return np.einsum("nfhwrs,fcrs->nchw", windows, W)


def conv_input_gradient__wrong_3(dy, W):
    """only the last filter counts: = over the filters"""
    N, F, U, V = dy.shape
    _, C, R, S = W.shape
    for f in range(F):
        dx = np.zeros((N, C, U + R - 1, V + S - 1), dy.dtype)
        for u, v in np.ndindex(U, V):
            dx[:, :, u : u + R, v : v + S] += dy[:, f, u, v][:, None, None, None] * W[f]
    return dx


def conv_input_gradient__wrong_4(dy, W):
    """dx has the size of dy: a correlation without padding, cut off"""
    N, F, U, V = dy.shape
    _, C, R, S = W.shape
    dx = np.zeros((N, C, U, V), dy.dtype)
    for u, v, r, s in np.ndindex(U, V, R, S):
        if u + r < U and v + s < V:
            dx[:, :, u + r, v + s] += dy[:, :, u, v] @ W[:, :, r, s]
    return dx


def conv_input_gradient__wrong_5(dy, W):
    """filters and channels are swapped in W"""
    N, F, U, V = dy.shape
    C, R, S = W.shape[1:]
    dx = np.zeros((N, C, U + R - 1, V + S - 1), dy.dtype)
    for u, v, r, s in np.ndindex(U, V, R, S):
        dx[:, :, u + r, v + s] += dy[:, :, u, v] @ W[:, :, r, s].T
    return dx


def conv_input_gradient__wrong_6(dy, W):
    """every pixel is divided by the number of places that saw it"""
    N, F, U, V = dy.shape
    _, C, R, S = W.shape
    dx = np.zeros((N, C, U + R - 1, V + S - 1), dy.dtype)
    seen = np.zeros((U + R - 1, V + S - 1), dy.dtype)
    for u, v in np.ndindex(U, V):
        dx[:, :, u : u + R, v : v + S] += np.einsum("nf,fcrs->ncrs", dy[:, :, u, v], W)
        seen[u : u + R, v : v + S] += 1
    return dx / seen


def conv_input_gradient__wrong_7(dy, W):
    """the sum over the filters is a mean"""
    N, F, U, V = dy.shape
    _, C, R, S = W.shape
    dx = np.zeros((N, C, U + R - 1, V + S - 1), dy.dtype)
    for u, v in np.ndindex(U, V):
        dx[:, :, u : u + R, v : v + S] += np.einsum("nf,fcrs->ncrs", dy[:, :, u, v], W) / F
    return dx


def conv_input_gradient__wrong_8(dy, W):
    """only the rows of the kernel are turned round, the columns are not"""
    N, F, U, V = dy.shape
    _, C, R, S = W.shape
    p = np.pad(dy, ((0, 0), (0, 0), (R - 1, R - 1), (S - 1, S - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(p, (R, S), axis=(2, 3))
    return np.einsum("nfhwrs,fcrs->nchw", windows, W[:, :, ::-1, :])


def conv_input_gradient__wrong_9(dy, W):
    """padding with R on both axes, the kernel taken for a square"""
    N, F, U, V = dy.shape
    _, C, R, S = W.shape
    p = np.pad(dy, ((0, 0), (0, 0), (R - 1, R - 1), (R - 1, R - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(p, (R, S), axis=(2, 3))
    return np.einsum("nfhwrs,fcrs->nchw", windows, W[:, :, ::-1, ::-1])


def conv_input_gradient__wrong_10(dy, W):
    """loops up to U - 1 and V - 1: the gradients of the last places are lost, in float64"""
    N, F, U, V = dy.shape
    _, C, R, S = W.shape
    dx = np.zeros((N, C, U + R - 1, V + S - 1))
    for u in range(U - 1):
        for v in range(V - 1):
            dx[:, :, u : u + R, v : v + S] += np.einsum("nf,fcrs->ncrs", dy[:, :, u, v], W)
    return dx


def conv_input_gradient__right_1(dy, W):
    """right: a full correlation of the padded gradient with the turned kernel"""
    R, S = W.shape[2:]
    p = np.pad(dy, [(0, 0), (0, 0), (R - 1, R - 1), (S - 1, S - 1)])
    windows = np.lib.stride_tricks.sliding_window_view(p, (R, S), axis=(2, 3))
    return np.einsum("nfhwrs,fcrs->nchw", windows, np.flip(W, (2, 3)))


def conv_input_gradient__right_2(dy, W):
    """right: one weight position after the other, added to a shifted part of dx"""
    N, F, U, V = dy.shape
    C, R, S = W.shape[1:]
    dx = np.zeros((N, C, U + R - 1, V + S - 1), dtype=dy.dtype)
    for r, s in np.ndindex(R, S):
        dx[:, :, r : r + U, s : s + V] += np.einsum("nfuv,fc->ncuv", dy, W[:, :, r, s])
    return dx


def conv_input_gradient__right_3(dy, W):
    """right: all contributions as one big array, scattered with np.add.at"""
    N, F, U, V = dy.shape
    C, R, S = W.shape[1:]
    parts = np.tensordot(dy, W, axes=([1], [0]))  # n u v c r s
    dx = np.zeros((U + R - 1, V + S - 1, N, C), dtype=dy.dtype)
    u, v, r, s = np.indices((U, V, R, S))
    np.add.at(dx, (u + r, v + s), parts.transpose(1, 2, 4, 5, 0, 3))
    return dx.transpose(2, 3, 0, 1)


# ---------------------------------------------------------------- strided


def strided__wrong_1(x, w, stride, padding):
    """the windows start at u and v: the stride is only in the size of the output"""
    p = np.pad(x, padding)
    R, S = w.shape
    U, V = (p.shape[0] - R) // stride + 1, (p.shape[1] - S) // stride + 1
    return np.array(
        [[(p[u : u + R, v : v + S] * w).sum() for v in range(V)] for u in range(U)], dtype=x.dtype
    )


def strided__wrong_2(x, w, stride, padding):
    """the image is padded on the left and on top only"""
    p = np.pad(x, ((padding, 0), (padding, 0)))
    R, S = w.shape
    U, V = (p.shape[0] - R) // stride + 1, (p.shape[1] - S) // stride + 1
    y = np.zeros((U, V), x.dtype)
    for u, v in np.ndindex(U, V):
        y[u, v] = (p[u * stride : u * stride + R, v * stride : v * stride + S] * w).sum()
    return y


def strided__wrong_3(x, w, stride, padding):
    """padded with the value at the rim, not with zeros"""
    p = np.pad(x, padding, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(p, w.shape)[::stride, ::stride]
    return np.einsum("uvrs,rs->uv", windows, w)


def strided__wrong_4(x, w, stride, padding):
    """the stride goes into the kernel's places: a dilated convolution"""
    p = np.pad(x, padding)
    R, S = w.shape
    U = p.shape[0] - (R - 1) * stride
    V = p.shape[1] - (S - 1) * stride
    y = np.zeros((max(U, 0), max(V, 0)), x.dtype)
    for u, v in np.ndindex(*y.shape):
        y[u, v] = (p[u : u + R * stride : stride, v : v + S * stride : stride] * w).sum()
    return y


def strided__wrong_5(x, w, stride, padding):
    """the stride is applied to the rows only"""
    p = np.pad(x, padding)
    windows = np.lib.stride_tricks.sliding_window_view(p, w.shape)[::stride]
    return np.einsum("uvrs,rs->uv", windows, w)


def strided__wrong_6(x, w, stride, padding):
    """the padding is ignored"""
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape)[::stride, ::stride]
    return np.einsum("uvrs,rs->uv", windows, w)


def strided__wrong_7(x, w, stride, padding):
    """takes every stride-th pixel of the image first, then convolves"""
    p = np.pad(x, padding)[::stride, ::stride]
    R, S = w.shape
    y = np.zeros((max(p.shape[0] - R + 1, 0), max(p.shape[1] - S + 1, 0)), x.dtype)
    for u, v in np.ndindex(*y.shape):
        y[u, v] = (p[u : u + R, v : v + S] * w).sum()
    return y


def strided__wrong_8(x, w, stride, padding):
    """the output is padded, not the image"""
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape)[::stride, ::stride]
    return np.pad(np.einsum("uvrs,rs->uv", windows, w), padding)


def strided__wrong_9(x, w, stride, padding):
    """the last place is lost: // without the + 1"""
    p = np.pad(x, padding)
    R, S = w.shape
    U, V = (p.shape[0] - R) // stride, (p.shape[1] - S) // stride
    y = np.zeros((U, V), x.dtype)
    for u, v in np.ndindex(U, V):
        y[u, v] = (p[u * stride : u * stride + R, v * stride : v * stride + S] * w).sum()
    return y


def strided__right_1(x, w, stride, padding):
    """right: no padded image: pixels outside count as zero"""
    (H, width), (R, S) = x.shape, w.shape
    U = (H + 2 * padding - R) // stride + 1
    V = (width + 2 * padding - S) // stride + 1
    y = np.zeros((U, V), dtype=x.dtype)
    for u, v, r, s in np.ndindex(U, V, R, S):
        i, j = u * stride + r - padding, v * stride + s - padding
        if 0 <= i < H and 0 <= j < width:
            y[u, v] += x[i, j] * w[r, s]
    return y


def strided__right_2(x, w, stride, padding):
    """right: the convolution at every place, then every stride-th of it"""
    p = np.zeros((x.shape[0] + 2 * padding, x.shape[1] + 2 * padding), dtype=x.dtype)
    p[padding : padding + x.shape[0], padding : padding + x.shape[1]] = x
    windows = np.lib.stride_tricks.sliding_window_view(p, w.shape)
    return (windows * w).sum(axis=(2, 3))[::stride, ::stride]


def strided__right_3(x, w, stride, padding):
    """right: strided slices of the padded image, one for each weight"""
    p = np.pad(x, padding)
    H, width = p.shape[0] - w.shape[0] + 1, p.shape[1] - w.shape[1] + 1
    return sum(
        weight * p[r : r + H : stride, s : s + width : stride]
        for (r, s), weight in np.ndenumerate(w)
    )


# ---------------------------------------------------------------- depthwise_forward


def depthwise_forward__wrong_1(x, W):
    """summed over the channels, as in an ordinary convolution"""
    windows = np.lib.stride_tricks.sliding_window_view(x, W.shape[1:], axis=(2, 3))
    return np.einsum("ncuvrs,crs->nuv", windows, W)[:, None]


def depthwise_forward__wrong_2(x, W):
    """every channel sees the kernel of channel 0"""
    windows = np.lib.stride_tricks.sliding_window_view(x, W.shape[1:], axis=(2, 3))
    return np.einsum("ncuvrs,rs->ncuv", windows, W[0])


def depthwise_forward__wrong_3(x, W):
    """every kernel sees all channels: W is taken for filters"""
    windows = np.lib.stride_tricks.sliding_window_view(x, W.shape[1:], axis=(2, 3))
    return np.einsum("ncuvrs,frs->nfuv", windows, W)


def depthwise_forward__wrong_4(x, W):
    """the kernels are flipped"""
    windows = np.lib.stride_tricks.sliding_window_view(x, W.shape[1:], axis=(2, 3))
    return np.einsum("ncuvrs,crs->ncuv", windows, W[:, ::-1, ::-1])


def depthwise_forward__wrong_5(x, W):
    """the kernel is picked by the index of the image, not of the channel"""
    windows = np.lib.stride_tricks.sliding_window_view(x, W.shape[1:], axis=(2, 3))
    return np.stack([np.einsum("cuvrs,rs->cuv", windows[n], W[n % len(W)]) for n in range(len(x))])


def depthwise_forward__wrong_6(x, W):
    """+= without clearing: the channels pile up on each other"""
    N, C, H, width = x.shape
    _, R, S = W.shape
    y = np.zeros((N, C, H - R + 1, width - S + 1), x.dtype)
    total = np.zeros(y.shape[2:], x.dtype)
    for n in range(N):
        for c in range(C):
            for r, s in np.ndindex(R, S):
                total = total + W[c, r, s] * x[n, c, r : r + y.shape[2], s : s + y.shape[3]]
            y[n, c] = total
    return y


def depthwise_forward__right_1(x, W):
    """right: one weight position after the other"""
    C, R, S = W.shape
    U, V = x.shape[2] - R + 1, x.shape[3] - S + 1
    y = np.zeros((len(x), C, U, V), dtype=x.dtype)
    for r in range(R):
        for s in range(S):
            y += x[:, :, r : r + U, s : s + V] * W[None, :, r, s, None, None]
    return y


def depthwise_forward__right_2(x, W):
    """right: an ordinary convolution whose kernels are zero off the diagonal"""
    full = np.eye(len(W), dtype=W.dtype)[:, :, None, None] * W[:, None]
    windows = np.lib.stride_tricks.sliding_window_view(x, W.shape[1:], axis=(2, 3))
    return np.einsum("ncuvrs,fcrs->nfuv", windows, full)


# ---------------------------------------------------------------- dilated_gradients


def dilated_gradients__wrong_1(dy, x, w):
    """the holes are forgotten: distance 1, the rest of dx stays zero"""
    V = len(dy)
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for s in range(len(w)):
        dw[s] = dy @ x[s : s + V]
        dx[s : s + V] += dy * w[s]
    return dx, dw


def dilated_gradients__wrong_2(dy, x, w):
    """a stride of 2 in place of a dilation: x[2 v + s], cut at the end"""
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for v in range(len(dy)):
        for s in range(len(w)):
            if 2 * v + s < len(x):
                dx[2 * v + s] += dy[v] * w[s]
                dw[s] += dy[v] * x[2 * v + s]
    return dx, dw


def dilated_gradients__wrong_3(dy, x, w):
    """= in place of += in dx"""
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for v in range(len(dy)):
        for s in range(len(w)):
            dx[v + 2 * s] = dy[v] * w[s]
            dw[s] += dy[v] * x[v + 2 * s]
    return dx, dw


def dilated_gradients__wrong_4(dy, x, w):
    """dw and dx are returned in the wrong order"""
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for s in range(len(w)):
        dw[s] = dy @ x[2 * s : 2 * s + len(dy)]
        dx[2 * s : 2 * s + len(dy)] += dy * w[s]
    return dw, dx


def dilated_gradients__wrong_5(dy, x, w):
    """the kernel is turned round in dx"""
    V = len(dy)
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for s in range(len(w)):
        dw[s] = dy @ x[2 * s : 2 * s + V]
        dx[2 * s : 2 * s + V] += dy * w[::-1][s]
    return dx, dw


def dilated_gradients__wrong_6(dy, x, w):
    """dw is divided by the number of places"""
    V = len(dy)
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for s in range(len(w)):
        dw[s] = (dy * x[2 * s : 2 * s + V]).mean()
        dx[2 * s : 2 * s + V] += dy * w[s]
    return dx, dw


def dilated_gradients__wrong_7(dy, x, w):
    """the first weight is left out of dx: the loop starts at 1"""
    V = len(dy)
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for s in range(len(w)):
        dw[s] = dy @ x[2 * s : 2 * s + V]
    for s in range(1, len(w)):
        dx[2 * s : 2 * s + V] += dy * w[s]
    return dx, dw


def dilated_gradients__wrong_8(dy, x, w):
    """the slice of x takes every second number, so dw mixes stride with dilation"""
    V = len(dy)
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for s in range(len(w)):
        part = x[s : s + 2 * V : 2]
        dw[s] = dy[: len(part)] @ part
        dx[2 * s : 2 * s + V] += dy * w[s]
    return dx, dw


def dilated_gradients__wrong_9(dy, x, w):
    """dx holds the weights' sum once, dy is forgotten in it"""
    V = len(dy)
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for s in range(len(w)):
        dw[s] = dy @ x[2 * s : 2 * s + V]
        dx[2 * s : 2 * s + V] += w[s]
    return dx, dw


def dilated_gradients__right_1(dy, x, w):
    """right: a kernel with zeros in its holes, np.convolve and np.correlate"""
    holes = np.zeros(2 * len(w) - 1, dtype=w.dtype)
    holes[::2] = w
    return np.convolve(dy, holes), np.correlate(x, dy, mode="valid")[::2].copy()


def dilated_gradients__right_2(dy, x, w):
    """right: the matrix of the layer, once and transposed"""
    V, S = len(dy), len(w)
    A = np.zeros((V, len(x)), dtype=w.dtype)
    B = np.zeros((V, S), dtype=x.dtype)
    for v in range(V):
        A[v, v : v + 2 * S : 2] = w
        B[v] = x[v : v + 2 * S : 2]
    return A.T @ dy, dy @ B


_Dilated = namedtuple("_Dilated", "dx dw")


def dilated_gradients__right_3(dy, x, w):
    """right: gathered by index: every number of dx asks which places saw it; a namedtuple"""
    V, S = len(dy), len(w)
    dx = [
        sum((dy[i - 2 * s] * w[s] for s in range(S) if 0 <= i - 2 * s < V), x.dtype.type(0))
        for i in range(len(x))
    ]
    dw = [sum(dy[v] * x[v + 2 * s] for v in range(V)) for s in range(S)]
    return _Dilated(np.array(dx, dtype=x.dtype), np.array(dw, dtype=w.dtype))
