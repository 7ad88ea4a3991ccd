# ruff: noqa
"""Answers to exercise 7 written blind: wrong ones with what is truly wrong, right ones that look unusual."""

import math
from itertools import product

import numpy as np

# 7.1: the maximum


def max_pool__wrong_1(x):
    """the halves of the image are compared instead of neighbours: row u with row u + U, column v with column v + V"""
    N, C, H, W = x.shape
    return x.reshape(N, C, 2, H // 2, 2, W // 2).max(axis=(2, 4))


def max_pool__wrong_2(x):
    """the windows overlap: stride 1 instead of 2"""
    return np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(2, 3)).max(axis=(4, 5))


def max_pool__wrong_3(x):
    """the output array is made by np.zeros without a dtype, so float32 comes back as float64"""
    N, C, H, W = x.shape
    y = np.zeros((N, C, H // 2, W // 2))
    for u in range(H // 2):
        for v in range(W // 2):
            y[:, :, u, v] = x[:, :, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2].max(axis=(2, 3))
    return y


def max_pool__wrong_4(x):
    """the running maximum begins at 0, so a window of negative numbers gives 0"""
    N, C, H, W = x.shape
    y = np.zeros((N, C, H // 2, W // 2), dtype=x.dtype)
    for r in range(2):
        for s in range(2):
            y = np.maximum(y, x[:, :, r::2, s::2])
    return y


def max_pool__wrong_5(x):
    """max without an axis: all samples and channels share the maximum of the window"""
    N, C, H, W = x.shape
    y = np.zeros((N, C, H // 2, W // 2), dtype=x.dtype)
    for u in range(H // 2):
        for v in range(W // 2):
            y[:, :, u, v] = x[:, :, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2].max()
    return y


def max_pool__wrong_6(x):
    """only the two pixels of the upper row of each window are compared"""
    return np.maximum(x[:, :, ::2, ::2], x[:, :, ::2, 1::2])


def max_pool__wrong_7(x):
    """only the diagonal of each window is looked at"""
    return np.maximum(x[:, :, ::2, ::2], x[:, :, 1::2, 1::2])


def max_pool__wrong_8(x):
    """the number of columns is taken from the rows, so only square images are right"""
    N, C, H, W = x.shape
    y = np.zeros((N, C, H // 2, H // 2), dtype=x.dtype)
    for u in range(H // 2):
        for v in range(H // 2):
            y[:, :, u, v] = x[:, :, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2].max(axis=(2, 3))
    return y


def max_pool__wrong_9(x):
    """the windows are cut at u instead of 2u: they begin in the upper left corner and overlap"""
    N, C, H, W = x.shape
    y = np.zeros((N, C, H // 2, W // 2), dtype=x.dtype)
    for u in range(H // 2):
        for v in range(W // 2):
            y[:, :, u, v] = x[:, :, u : u + 2, v : v + 2].max(axis=(2, 3))
    return y


def max_pool__wrong_10(x):
    """reshape to four numbers instead of to windows: the maximum of four that follow each other in reading order"""
    N, C, H, W = x.shape
    return x.reshape(N, C, H // 2, W // 2, 4).max(axis=4)


def max_pool__wrong_11(x):
    """the windows are sorted in the array that was given, so x is changed"""
    for u in range(x.shape[2] // 2):
        for v in range(x.shape[3] // 2):
            window = x[:, :, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2]
            window.sort(axis=3)
            window.sort(axis=2)
    return x[:, :, 1::2, 1::2].copy()


def max_pool__wrong_12(x):
    """the number of the largest size is taken: the maximum of the absolute values"""
    N, C, H, W = x.shape
    return np.abs(x).reshape(N, C, H // 2, 2, W // 2, 2).max(axis=(3, 5))


def max_pool__wrong_13(x):
    """the pixels are read with order='K', as they lie in memory: wrong for an image stored column by column"""
    N, C, H, W = x.shape
    return x.ravel(order="K").reshape(N, C, H // 2, 2, W // 2, 2).max(axis=(3, 5))


def max_pool__wrong_14(x):
    """squeeze at the end: an axis of length 1 is lost, as with one image or one channel"""
    N, C, H, W = x.shape
    return np.squeeze(x.reshape(N, C, H // 2, 2, W // 2, 2).max(axis=(3, 5)))


def max_pool__wrong_15(x):
    """a pair is returned, the maximum and the cache for the backward pass"""
    N, C, H, W = x.shape
    y = x.reshape(N, C, H // 2, 2, W // 2, 2).max(axis=(3, 5))
    return y, (x, y)


def max_pool__right_1(x):
    """right: the maximum of four slices with step 2"""
    top = np.maximum(x[..., ::2, ::2], x[..., ::2, 1::2])
    bottom = np.maximum(x[..., 1::2, ::2], x[..., 1::2, 1::2])
    return np.maximum(top, bottom)


def max_pool__right_2(x):
    """right: all windows with stride 1, then every second one"""
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(2, 3))
    return windows[:, :, ::2, ::2].max(axis=(-1, -2))


def max_pool__right_3(x):
    """right: np.maximum.reduceat along the rows, then along the columns"""
    rows = np.maximum.reduceat(x, np.arange(0, x.shape[2], 2), axis=2)
    return np.maximum.reduceat(rows, np.arange(0, x.shape[3], 2), axis=3)


def max_pool__right_4(x):
    """right: Python's max in a list comprehension over all numbers"""
    N, C, H, W = x.shape
    U, V = H // 2, W // 2
    values = [
        max(x[n, c, 2 * u + r, 2 * v + s] for r in range(2) for s in range(2))
        for n, c, u, v in product(range(N), range(C), range(U), range(V))
    ]
    return np.array(values, dtype=x.dtype).reshape(N, C, U, V)


def max_pool__right_5(x):
    """right: the four numbers of a window are sorted in a copy and the last one is taken"""
    N, C, H, W = x.shape
    windows = x.reshape(N, C, H // 2, 2, W // 2, 2).swapaxes(3, 4)
    return np.sort(windows.reshape(N, C, H // 2, W // 2, 4), axis=-1)[..., 3]


# 7.2: the maximum, backward


def _up(y):
    return y.repeat(2, axis=2).repeat(2, axis=3)


def max_pool_gradient__wrong_1(dy, x):
    """with ties each of the equal pixels gets all of dy"""
    N, C, U, V = dy.shape
    y = x.reshape(N, C, U, 2, V, 2).max(axis=(3, 5))
    return np.where(x == _up(y), _up(dy), 0).astype(x.dtype)


def max_pool_gradient__wrong_2(dy, x):
    """with ties dy is shared among the equal pixels"""
    N, C, U, V = dy.shape
    w = x.reshape(N, C, U, 2, V, 2)
    mask = w == w.max(axis=(3, 5), keepdims=True)
    share = dy / mask.sum(axis=(3, 5)).astype(x.dtype)
    return (mask * share[:, :, :, None, :, None]).reshape(x.shape).astype(x.dtype)


def max_pool_gradient__wrong_3(dy, x):
    """the last of equal pixels gets dy, because >= lets a later one win"""
    dx = np.zeros_like(x)
    for n, c, u, v in np.ndindex(dy.shape):
        best, place = -np.inf, None
        for r in range(2):
            for s in range(2):
                if x[n, c, 2 * u + r, 2 * v + s] >= best:
                    best, place = x[n, c, 2 * u + r, 2 * v + s], (2 * u + r, 2 * v + s)
        dx[n, c, place[0], place[1]] = dy[n, c, u, v]
    return dx


def max_pool_gradient__wrong_4(dy, x):
    """with ties the first in column order gets dy: the window is searched column by column"""
    dx = np.zeros_like(x)
    for n, c, u, v in np.ndindex(dy.shape):
        window = x[n, c, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2]
        s, r = divmod(window.T.argmax(), 2)
        dx[n, c, 2 * u + r, 2 * v + s] = dy[n, c, u, v]
    return dx


def max_pool_gradient__wrong_5(dy, x):
    """row and column of the winner are swapped inside the window"""
    dx = np.zeros_like(x)
    for n, c, u, v in np.ndindex(dy.shape):
        s, r = divmod(x[n, c, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2].argmax(), 2)
        dx[n, c, 2 * u + r, 2 * v + s] = dy[n, c, u, v]
    return dx


def max_pool_gradient__wrong_6(dy, x):
    """the winner gets 1: dy was forgotten"""
    dx = np.zeros_like(x)
    for n, c, u, v in np.ndindex(dy.shape):
        r, s = divmod(x[n, c, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2].argmax(), 2)
        dx[n, c, 2 * u + r, 2 * v + s] = 1
    return dx


def max_pool_gradient__wrong_7(dy, x):
    """the winner's value times dy is written: x was left in as a factor"""
    dx = np.zeros_like(x)
    for n, c, u, v in np.ndindex(dy.shape):
        r, s = divmod(x[n, c, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2].argmax(), 2)
        dx[n, c, 2 * u + r, 2 * v + s] = dy[n, c, u, v] * x[n, c, 2 * u + r, 2 * v + s]
    return dx


def max_pool_gradient__wrong_8(dy, x):
    """every pixel of the window gets dy, the losers too"""
    return _up(dy)


def max_pool_gradient__wrong_9(dy, x):
    """dx is made by np.zeros without a dtype: float64 for float32"""
    dx = np.zeros(x.shape)
    for n, c, u, v in np.ndindex(dy.shape):
        r, s = divmod(x[n, c, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2].argmax(), 2)
        dx[n, c, 2 * u + r, 2 * v + s] = dy[n, c, u, v]
    return dx


def max_pool_gradient__wrong_10(dy, x):
    """argmax over the whole batch: all samples and channels get dy where the window of all has its largest number"""
    dx = np.zeros_like(x)
    N, C, U, V = dy.shape
    for u in range(U):
        for v in range(V):
            window = x[:, :, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2]
            r, s = np.unravel_index(window.max(axis=(0, 1)).argmax(), (2, 2))
            dx[:, :, 2 * u + r, 2 * v + s] = dy[:, :, u, v]
    return dx


def max_pool_gradient__wrong_11(dy, x):
    """the place in the window is not moved to the window: everything lands in the upper left corner of the image"""
    dx = np.zeros_like(x)
    for n, c, u, v in np.ndindex(dy.shape):
        r, s = divmod(x[n, c, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2].argmax(), 2)
        dx[n, c, r, s] += dy[n, c, u, v]
    return dx


def max_pool_gradient__wrong_12(dy, x):
    """dx is written through dx.ravel(), which is a copy if x lies column by column: then all of dx stays 0"""
    dx = np.zeros_like(x)
    flat = dx.ravel()
    for n, c, u, v in np.ndindex(dy.shape):
        r, s = divmod(x[n, c, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2].argmax(), 2)
        flat[np.ravel_multi_index((n, c, 2 * u + r, 2 * v + s), x.shape)] = dy[n, c, u, v]
    return dx


def max_pool_gradient__wrong_13(dy, x):
    """only windows with a positive maximum pass a gradient: mixed up with ReLU"""
    dx = np.zeros_like(x)
    for n, c, u, v in np.ndindex(dy.shape):
        window = x[n, c, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2]
        r, s = divmod(window.argmax(), 2)
        if window.max() > 0:
            dx[n, c, 2 * u + r, 2 * v + s] = dy[n, c, u, v]
    return dx


def max_pool_gradient__wrong_14(dy, x):
    """a pixel must be larger than all others of its window, so with a tie nobody gets anything"""
    dx = np.zeros_like(x)
    for r in range(2):
        for s in range(2):
            here = x[:, :, r::2, s::2]
            others = [x[:, :, a::2, b::2] for a in range(2) for b in range(2) if (a, b) != (r, s)]
            wins = (here > others[0]) & (here > others[1]) & (here > others[2])
            dx[:, :, r::2, s::2] = np.where(wins, dy, 0)
    return dx


def max_pool_gradient__wrong_15(dy, x):
    """first the row with the largest sum, then the largest pixel in it: the row is found by the wrong number"""
    dx = np.zeros_like(x)
    for n, c, u, v in np.ndindex(dy.shape):
        window = x[n, c, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2]
        r = window.sum(axis=1).argmax()
        s = window[r].argmax()
        dx[n, c, 2 * u + r, 2 * v + s] = dy[n, c, u, v]
    return dx


def max_pool_gradient__wrong_16(dy, x):
    """both a factor and the tie: equals all get dy, and dy is divided by four as for the mean"""
    N, C, U, V = dy.shape
    y = x.reshape(N, C, U, 2, V, 2).max(axis=(3, 5))
    return ((x == _up(y)) * _up(dy) / 4).astype(x.dtype)


def max_pool_gradient__wrong_17(dy, x):
    """the loops run to U - 1 and V - 1: the last row and column of windows get nothing"""
    dx = np.zeros_like(x)
    N, C, U, V = dy.shape
    for n, c in product(range(N), range(C)):
        for u in range(U - 1):
            for v in range(V - 1):
                r, s = divmod(x[n, c, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2].argmax(), 2)
                dx[n, c, 2 * u + r, 2 * v + s] = dy[n, c, u, v]
    return dx


def max_pool_gradient__right_1(dy, x):
    """right: argmax of the windows laid flat, and put_along_axis"""
    N, C, U, V = dy.shape
    windows = x.reshape(N, C, U, 2, V, 2).transpose(0, 1, 2, 4, 3, 5).reshape(N, C, U, V, 4)
    shares = np.zeros(windows.shape, dtype=dy.dtype)
    np.put_along_axis(shares, windows.argmax(axis=-1)[..., None], dy[..., None], axis=-1)
    return shares.reshape(N, C, U, V, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(x.shape)


def max_pool_gradient__right_2(dy, x):
    """right: a plate passed from pixel to pixel, and an assignment with step 2"""
    pairs = np.maximum(x[..., ::2, :], x[..., 1::2, :])
    y = np.maximum(pairs[..., ::2], pairs[..., 1::2])
    dx = np.zeros(x.shape, x.dtype)
    free = np.ones(dy.shape, dtype=bool)
    for r, s in ((0, 0), (0, 1), (1, 0), (1, 1)):
        wins = free & (x[..., r::2, s::2] == y)
        dx[..., r::2, s::2][wins] = dy[wins]
        free &= ~wins
    return dx


def max_pool_gradient__right_3(dy, x):
    """right: the running count of the equals must be 1"""
    N, C, U, V = dy.shape
    windows = np.stack([x[:, :, r::2, s::2] for r in (0, 1) for s in (0, 1)])
    equal = windows == windows.max(axis=0)
    shares = np.where(equal & (equal.cumsum(axis=0) == 1), dy, dy.dtype.type(0))
    dx = np.empty_like(x)
    for k in range(4):
        dx[:, :, k // 2 :: 2, k % 2 :: 2] = shares[k]
    return dx


def max_pool_gradient__right_4(dy, x):
    """right: Python loops, where only a larger number takes the lead"""
    dx = np.zeros_like(x)
    for n, c, u, v in np.ndindex(*dy.shape):
        place = (2 * u, 2 * v)
        for i, j in ((2 * u, 2 * v + 1), (2 * u + 1, 2 * v), (2 * u + 1, 2 * v + 1)):
            if x[n, c, i, j] > x[(n, c, *place)]:
                place = i, j
        dx[(n, c, *place)] = dy[n, c, u, v]
    return dx


def max_pool_gradient__right_5(dy, x):
    """right: the flat index of each winner, and one assignment into the flat dx"""
    N, C, U, V = dy.shape
    k = np.stack([x[:, :, r::2, s::2] for r in (0, 1) for s in (0, 1)], axis=-1).argmax(axis=-1)
    n, c, u, v = np.indices(dy.shape)
    at = ((n * C + c) * 2 * U + 2 * u + k // 2) * 2 * V + 2 * v + k % 2
    flat = np.zeros(x.size, dtype=dy.dtype)
    flat[at.ravel()] = dy.ravel()
    return flat.reshape(x.shape)


# 7.3: the mean


def avg_pool__wrong_1(x):
    """the sum of each window: the quarter is missing"""
    return x[:, :, ::2, ::2] + x[:, :, ::2, 1::2] + x[:, :, 1::2, ::2] + x[:, :, 1::2, 1::2]


def avg_pool__wrong_2(x):
    """divided by 2, the side of the window, instead of 4"""
    N, C, H, W = x.shape
    return x.reshape(N, C, H // 2, 2, W // 2, 2).sum(axis=(3, 5)) / 2


def avg_pool__wrong_3(x):
    """the image is halved the other way round: pixels that lie half an image apart are averaged"""
    N, C, H, W = x.shape
    return x.reshape(N, C, 2, H // 2, 2, W // 2).mean(axis=(2, 4))


def avg_pool__wrong_4(x):
    """every second pixel is kept and nothing averaged"""
    return x[:, :, ::2, ::2].copy()


def avg_pool__wrong_5(x):
    """only the last term is divided by 4: the brackets are missing"""
    return x[:, :, ::2, ::2] + x[:, :, ::2, 1::2] + x[:, :, 1::2, ::2] + x[:, :, 1::2, 1::2] / 4


def avg_pool__wrong_6(x):
    """each window is averaged over the channels too, so all channels are the same"""
    y = np.zeros((x.shape[0], x.shape[1], x.shape[2] // 2, x.shape[3] // 2), dtype=x.dtype)
    for u in range(y.shape[2]):
        for v in range(y.shape[3]):
            window = x[:, :, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2]
            y[:, :, u, v] = window.mean(axis=(1, 2, 3))[:, None]
    return y


def avg_pool__wrong_7(x):
    """the mean of the four numbers is rounded to four places as in the examples"""
    N, C, H, W = x.shape
    return x.reshape(N, C, H // 2, 2, W // 2, 2).mean(axis=(3, 5)).round(4)


def avg_pool__wrong_8(x):
    """einsum with a float64 filter of quarters: float32 comes back as float64"""
    N, C, H, W = x.shape
    windows = x.reshape(N, C, H // 2, 2, W // 2, 2)
    return np.einsum("ncurvs,rs->ncuv", windows, np.full((2, 2), 0.25))


def avg_pool__wrong_9(x):
    """= for +=: only the last of the four pixels is left, divided by 4"""
    N, C, H, W = x.shape
    y = np.zeros((N, C, H // 2, W // 2), dtype=x.dtype)
    for r in range(2):
        for s in range(2):
            y = x[:, :, r::2, s::2] / 4
    return y


def avg_pool__wrong_10(x):
    """the largest is taken again: 7.1 copied"""
    N, C, H, W = x.shape
    return x.reshape(N, C, H // 2, 2, W // 2, 2).max(axis=(3, 5))


def avg_pool__wrong_11(x):
    """the last two axes of the answer are swapped: V × U instead of U × V"""
    N, C, H, W = x.shape
    y = x.transpose(0, 1, 3, 2).reshape(N, C, W // 2, 2, H // 2, 2)
    return y.mean(axis=(3, 5))


def avg_pool__wrong_12(x):
    """each step is averaged with the next, so the pixels weigh 1/8, 1/8, 1/4 and 1/2"""
    y = (x[:, :, ::2, ::2] + x[:, :, ::2, 1::2]) / 2
    y = (y + x[:, :, 1::2, ::2]) / 2
    return (y + x[:, :, 1::2, 1::2]) / 2


def avg_pool__wrong_13(x):
    """the first pixel's slice is a view, and += adds into x"""
    y = x[:, :, ::2, ::2]
    y += x[:, :, ::2, 1::2]
    y += x[:, :, 1::2, ::2]
    y += x[:, :, 1::2, 1::2]
    return y / 4


def avg_pool__right_1(x):
    """right: two matrix products, one that averages rows and one that averages columns"""
    U, V = x.shape[2] // 2, x.shape[3] // 2
    half = np.array([[0.5, 0.5]], dtype=x.dtype)
    down = np.kron(np.eye(U, dtype=x.dtype), half)
    across = np.kron(np.eye(V, dtype=x.dtype), half)
    return down @ x @ across.T


def avg_pool__right_2(x):
    """right: einsum over the split axes, divided at the end"""
    N, C, H, W = x.shape
    return np.einsum("ncurvs->ncuv", x.reshape(N, C, H // 2, 2, W // 2, 2)) / 4


def avg_pool__right_3(x):
    """right: fsum in a loop over all numbers of the answer"""
    N, C, H, W = x.shape
    y = np.empty((N, C, H // 2, W // 2), dtype=x.dtype)
    for n, c, u, v in np.ndindex(y.shape):
        y[n, c, u, v] = math.fsum(x[n, c, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2].ravel()) / 4
    return y


def avg_pool__right_4(x):
    """right: np.add.reduceat twice, and a quarter in the dtype of x"""
    rows = np.add.reduceat(x, np.arange(0, x.shape[2], 2), axis=2)
    return np.add.reduceat(rows, np.arange(0, x.shape[3], 2), axis=3) * x.dtype.type(0.25)


# 7.4: the mean, backward


def avg_pool_gradient__wrong_1(dy):
    """each pixel gets all of dy: the quarter is missing"""
    return dy.repeat(2, axis=2).repeat(2, axis=3)


def avg_pool_gradient__wrong_2(dy):
    """np.tile instead of np.repeat: the whole picture is laid side by side four times"""
    return np.tile(dy, (1, 1, 2, 2)) / 4


def avg_pool_gradient__wrong_3(dy):
    """a half instead of a quarter"""
    return dy.repeat(2, axis=2).repeat(2, axis=3) / 2


def avg_pool_gradient__wrong_4(dy):
    """dy /= 4 divides the array that was given"""
    dy /= 4
    return dy.repeat(2, axis=2).repeat(2, axis=3)


def avg_pool_gradient__wrong_5(dy):
    """np.kron with a float64 array of quarters: float64 for float32"""
    return np.kron(dy, np.full((1, 1, 2, 2), 0.25))


def avg_pool_gradient__wrong_6(dy):
    """only the first pixel of each window gets its quarter"""
    N, C, U, V = dy.shape
    dx = np.zeros((N, C, 2 * U, 2 * V), dtype=dy.dtype)
    dx[:, :, ::2, ::2] = dy / 4
    return dx


def avg_pool_gradient__wrong_7(dy):
    """the columns are repeated and the rows are not: the answer has U rows"""
    return dy.repeat(2, axis=3) / 4


def avg_pool_gradient__wrong_8(dy):
    """all four copies go along the columns and are then reshaped: the pixels of a window end up in one row"""
    N, C, U, V = dy.shape
    return (dy.repeat(4, axis=3) / 4).reshape(N, C, 2 * U, 2 * V)


def avg_pool_gradient__wrong_9(dy):
    """divided by the number of pixels of the whole image instead of those of a window"""
    dx = dy.repeat(2, axis=2).repeat(2, axis=3)
    return dx / (dx.shape[2] * dx.shape[3])


def avg_pool_gradient__wrong_10(dy):
    """averaged over the samples as well: a factor 1 / N too many"""
    return dy.repeat(2, axis=2).repeat(2, axis=3) / (4 * len(dy))


def avg_pool_gradient__wrong_11(dy):
    """the samples and channels are repeated: repeat along the axes 0 and 1"""
    return dy.repeat(2, axis=0).repeat(2, axis=1) / 4


def avg_pool_gradient__wrong_12(dy):
    """the columns are counted with U: only square images are right"""
    N, C, U, V = dy.shape
    dx = np.zeros((N, C, 2 * U, 2 * V), dtype=dy.dtype)
    for u in range(U):
        for v in range(U):
            dx[:, :, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2] = dy[:, :, u, v, None, None] / 4
    return dx


def avg_pool_gradient__wrong_13(dy):
    """integer division: // 4 rounds each quarter down"""
    return dy.repeat(2, axis=2).repeat(2, axis=3) // 4


def avg_pool_gradient__right_1(dy):
    """right: np.kron with a 2 × 2 block in the dtype of dy"""
    return np.kron(dy, np.full((1, 1, 2, 2), 0.25, dtype=dy.dtype))


def avg_pool_gradient__right_2(dy):
    """right: the index arrays i // 2 and j // 2"""
    N, C, U, V = dy.shape
    i, j = np.ogrid[: 2 * U, : 2 * V]
    return dy[:, :, i // 2, j // 2] * dy.dtype.type(0.25)


def avg_pool_gradient__right_3(dy):
    """right: broadcast to the split axes, then reshaped"""
    N, C, U, V = dy.shape
    quarter = dy[:, :, :, None, :, None] / 4
    return np.broadcast_to(quarter, (N, C, U, 2, V, 2)).reshape(N, C, 2 * U, 2 * V)


def avg_pool_gradient__right_4(dy):
    """right: four assignments with step 2 into an empty array"""
    dx = np.empty(dy.shape[:2] + (2 * dy.shape[2], 2 * dy.shape[3]), dtype=dy.dtype)
    dx[..., ::2, ::2] = dx[..., ::2, 1::2] = dx[..., 1::2, ::2] = dx[..., 1::2, 1::2] = dy / 4
    return dx


# 7.5: windows that overlap


def smooth__wrong_1(x):
    """the sum of each window: the ninth is missing"""
    return np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3)).sum(axis=(4, 5))


def smooth__wrong_2(x):
    """a stride of 3: the windows do not overlap"""
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))
    return windows[:, :, ::3, ::3].mean(axis=(4, 5))


def smooth__wrong_3(x):
    """padded with zeros so that the output has the size of the image"""
    N, C, H, W = x.shape
    padded = np.zeros((N, C, H + 2, W + 2), dtype=x.dtype)
    padded[:, :, 1:-1, 1:-1] = x
    return sum(padded[:, :, r : r + H, s : s + W] for r in range(3) for s in range(3)) / 9


def smooth__wrong_4(x):
    """U = H - 3: the last row and column of windows are missing"""
    N, C, H, W = x.shape
    y = np.zeros((N, C, H - 3, W - 3), dtype=x.dtype)
    for u in range(H - 3):
        for v in range(W - 3):
            y[:, :, u, v] = x[:, :, u : u + 3, v : v + 3].mean(axis=(2, 3))
    return y


def smooth__wrong_5(x):
    """windows of 2 × 2 as in the tasks before"""
    N, C, H, W = x.shape
    y = np.zeros((N, C, H - 2, W - 2), dtype=x.dtype)
    for u in range(H - 2):
        for v in range(W - 2):
            y[:, :, u, v] = x[:, :, u : u + 2, v : v + 2].mean(axis=(2, 3))
    return y


def smooth__wrong_6(x):
    """divided by 4 instead of 9"""
    U, V = x.shape[2] - 2, x.shape[3] - 2
    return sum(x[:, :, r : r + U, s : s + V] for r in range(3) for s in range(3)) / 4


def smooth__wrong_7(x):
    """the output is made by np.zeros without a dtype: float64 for float32"""
    N, C, H, W = x.shape
    y = np.zeros((N, C, H - 2, W - 2))
    for r in range(3):
        for s in range(3):
            y += x[:, :, r : r + H - 2, s : s + W - 2]
    return y / 9


def smooth__wrong_8(x):
    """only the cross of five pixels is averaged, not the corners"""
    return (
        x[:, :, 1:-1, 1:-1]
        + x[:, :, :-2, 1:-1]
        + x[:, :, 2:, 1:-1]
        + x[:, :, 1:-1, :-2]
        + x[:, :, 1:-1, 2:]
    ) / 5


def smooth__wrong_9(x):
    """the centre of the window is left out: the mean of the eight neighbours"""
    U, V = x.shape[2] - 2, x.shape[3] - 2
    total = sum(x[:, :, r : r + U, s : s + V] for r in range(3) for s in range(3))
    return (total - x[:, :, 1:-1, 1:-1]) / 8


def smooth__wrong_10(x):
    """the means are written into x: no later window reads there, so the answer is right, but x is changed"""
    N, C, H, W = x.shape
    for u in range(H - 2):
        for v in range(W - 2):
            x[:, :, u, v] = x[:, :, u : u + 3, v : v + 3].mean(axis=(2, 3))
    return x[:, :, : H - 2, : W - 2].copy()


def smooth__wrong_11(x):
    """np.mean without axes: one mean of the window for all samples and channels"""
    N, C, H, W = x.shape
    y = np.zeros((N, C, H - 2, W - 2), dtype=x.dtype)
    for u in range(H - 2):
        for v in range(W - 2):
            y[:, :, u, v] = np.mean(x[:, :, u : u + 3, v : v + 3])
    return y


def smooth__wrong_12(x):
    """only along the rows: the mean of three neighbours of a row, cut to the size of the answer"""
    y = (x[:, :, :, :-2] + x[:, :, :, 1:-1] + x[:, :, :, 2:]) / 3
    return y[:, :, 1:-1]


def smooth__wrong_13(x):
    """as_strided with the strides of an array stored row by row: wrong for any other memory order"""
    N, C, H, W = x.shape
    b = x.itemsize
    strides = (C * H * W * b, H * W * b, W * b, b, W * b, b)
    memory = x.ravel(order="K")
    windows = np.lib.stride_tricks.as_strided(memory, (N, C, H - 2, W - 2, 3, 3), strides)
    return windows.mean(axis=(4, 5))


def smooth__wrong_14(x):
    """only the first channel of the first image is smoothed, and all others get its picture"""
    N, C, H, W = x.shape
    one = np.lib.stride_tricks.sliding_window_view(x[0, 0], (3, 3)).mean(axis=(2, 3))
    return np.broadcast_to(one, (N, C, H - 2, W - 2)).astype(x.dtype)


def smooth__wrong_15(x):
    """the maximum of each window instead of the mean"""
    return np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3)).max(axis=(4, 5))


def smooth__wrong_16(x):
    """a weighted mean, with more weight for the centre: a binomial filter"""
    U, V = x.shape[2] - 2, x.shape[3] - 2
    k = [1, 2, 1]
    return sum(k[r] * k[s] * x[:, :, r : r + U, s : s + V] for r in range(3) for s in range(3)) / 16


def smooth__wrong_17(x):
    """of the running sums only the upper left block is subtracted, not the two strips, and 81 stands for 9"""
    total = x.cumsum(axis=2).cumsum(axis=3)
    boxes = total[:, :, 2:, 2:].copy()
    boxes[:, :, 1:, 1:] -= total[:, :, :-3, :-3]
    return boxes / 81


def smooth__wrong_18(x):
    """the two sides are swapped: W - 2 rows and H - 2 columns, so only square images are right"""
    N, C, H, W = x.shape
    y = np.zeros((N, C, W - 2, H - 2), dtype=x.dtype)
    for u in range(W - 2):
        for v in range(H - 2):
            y[:, :, u, v] = x[:, :, u : u + 3, v : v + 3].mean(axis=(2, 3))
    return y


def smooth__right_1(x):
    """right: first three columns, then three rows"""
    rows = x[..., :-2] + x[..., 1:-1] + x[..., 2:]
    return (rows[..., :-2, :] + rows[..., 1:-1, :] + rows[..., 2:, :]) / 9


def smooth__right_2(x):
    """right: running sums in float64, cast back at the end"""
    N, C, H, W = x.shape
    total = np.zeros((N, C, H + 1, W + 1))
    total[:, :, 1:, 1:] = x.astype(np.float64).cumsum(axis=2).cumsum(axis=3)
    boxes = (
        total[:, :, 3:, 3:] - total[:, :, :-3, 3:] - total[:, :, 3:, :-3] + total[:, :, :-3, :-3]
    )
    return (boxes / 9).astype(x.dtype)


def smooth__right_3(x):
    """right: einsum of all windows with a 3 × 3 filter of ninths"""
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))
    return np.einsum("ncuvrs,rs->ncuv", windows, np.full((3, 3), 1 / 9, dtype=x.dtype))


def smooth__right_4(x):
    """right: np.convolve row by row and column by column"""
    third = np.full(3, 1 / 3, dtype=x.dtype)
    rows = np.apply_along_axis(np.convolve, 3, x, third, "valid")
    return np.apply_along_axis(np.convolve, 2, rows, third, "valid")


def smooth__right_5(x):
    """right: two band matrices, one from each side"""
    H, W = x.shape[2:]
    down = sum(np.eye(H - 2, H, k, dtype=x.dtype) for k in range(3)) / 3
    across = sum(np.eye(W, W - 2, -k, dtype=x.dtype) for k in range(3)) / 3
    return np.matmul(np.matmul(down, x), across)


# 7.6: the largest of the whole image, backward


def global_max_gradient__wrong_1(dy, x):
    """with ties all of the equal pixels get dy"""
    return (x == x.max(axis=(2, 3), keepdims=True)) * dy[:, :, None, None]


def global_max_gradient__wrong_2(dy, x):
    """the first in column order: the image is transposed before argmax"""
    dx = np.zeros_like(x)
    for n, c in np.ndindex(dy.shape):
        j, i = divmod(x[n, c].T.argmax(), x.shape[2])
        dx[n, c, i, j] = dy[n, c]
    return dx


def global_max_gradient__wrong_3(dy, x):
    """the place is split with the height instead of the width: right for square images only"""
    dx = np.zeros_like(x)
    N, C, H, W = x.shape
    for n in range(N):
        for c in range(C):
            k = x[n, c].argmax()
            dx[n, c, k // H, k % H] = dy[n, c]
    return dx


def global_max_gradient__wrong_4(dy, x):
    """every pixel of the channel gets dy / (H W): the gradient of the mean"""
    H, W = x.shape[2:]
    return np.broadcast_to(dy[:, :, None, None] / (H * W), x.shape).astype(x.dtype)


def global_max_gradient__wrong_5(dy, x):
    """one maximum for the whole batch: only one pixel gets anything"""
    dx = np.zeros_like(x)
    n, c, i, j = np.unravel_index(x.argmax(), x.shape)
    dx[n, c, i, j] = dy[n, c]
    return dx


def global_max_gradient__wrong_6(dy, x):
    """one maximum for all channels of a sample: the other channels get nothing"""
    dx = np.zeros_like(x)
    for n in range(len(x)):
        c, i, j = np.unravel_index(x[n].argmax(), x[n].shape)
        dx[n, c, i, j] = dy[n, c]
    return dx


def global_max_gradient__wrong_7(dy, x):
    """the winner gets 1 instead of dy"""
    N, C, H, W = x.shape
    dx = np.zeros((N, C, H * W), dtype=x.dtype)
    np.put_along_axis(dx, x.reshape(N, C, -1).argmax(axis=2)[..., None], 1, axis=2)
    return dx.reshape(x.shape)


def global_max_gradient__wrong_8(dy, x):
    """windows of 2 × 2 again: every window has a winner who gets dy"""
    dx = np.zeros_like(x)
    N, C, H, W = x.shape
    for n, c in np.ndindex(N, C):
        for i in range(0, H, 2):
            for j in range(0, W, 2):
                window = x[n, c, i : i + 2, j : j + 2]
                r, s = np.unravel_index(window.argmax(), window.shape)
                dx[n, c, i + r, j + s] = dy[n, c]
    return dx


def global_max_gradient__wrong_9(dy, x):
    """with ties dy is shared equally"""
    mask = x == x.max(axis=(2, 3), keepdims=True)
    share = dy / mask.sum(axis=(2, 3)).astype(x.dtype)
    return mask * share[:, :, None, None]


def global_max_gradient__wrong_10(dy, x):
    """zeros_like keeps the memory order of x and reshape then copies: dx stays 0 unless x lies row by row"""
    N, C, H, W = x.shape
    dx = np.zeros_like(x)
    flat = dx.reshape(N, C, H * W)
    np.put_along_axis(flat, x.reshape(N, C, H * W).argmax(axis=2)[..., None], dy[..., None], axis=2)
    return dx


def global_max_gradient__wrong_11(dy, x):
    """every row has a winner who gets dy: argmax along the last axis only"""
    dx = np.zeros_like(x)
    for n, c, i in np.ndindex(x.shape[:3]):
        dx[n, c, i, x[n, c, i].argmax()] = dy[n, c]
    return dx


def global_max_gradient__wrong_12(dy, x):
    """the last of equals gets dy: the image is searched from behind"""
    N, C, H, W = x.shape
    dx = np.zeros((N, C, H * W), dtype=x.dtype)
    for n, c in np.ndindex(N, C):
        k = H * W - 1 - x[n, c].ravel()[::-1].argmax()
        dx[n, c, k] = dy[n, c]
    return dx.reshape(x.shape)


def global_max_gradient__wrong_13(dy, x):
    """row and column of the first maximum are found apart: of all rows and of all columns that hold the maximum"""
    dx = np.zeros_like(x)
    for n, c in np.ndindex(dy.shape):
        i = x[n, c].max(axis=1).argmax()
        j = x[n, c].max(axis=0).argmax()
        dx[n, c, i, j] = dy[n, c]
    return dx


def global_max_gradient__wrong_14(dy, x):
    """the largest absolute value is taken for the maximum"""
    dx = np.zeros_like(x)
    for n, c in np.ndindex(dy.shape):
        i, j = np.unravel_index(np.abs(x[n, c]).argmax(), x.shape[2:])
        dx[n, c, i, j] = dy[n, c]
    return dx


def global_max_gradient__wrong_15(dy, x):
    """the search begins with a best of 0, so a channel of negative numbers sends dy to its first pixel"""
    dx = np.zeros_like(x)
    for n, c in np.ndindex(dy.shape):
        best, place = 0, (0, 0)
        for i, j in np.ndindex(x.shape[2:]):
            if x[n, c, i, j] > best:
                best, place = x[n, c, i, j], (i, j)
        dx[n, c, place[0], place[1]] = dy[n, c]
    return dx


def global_max_gradient__wrong_16(dy, x):
    """dx is made without a dtype, so it is always float64, and dy is read as dy[c, n]"""
    dx = np.zeros(x.shape)
    for n, c in np.ndindex(dy.shape):
        i, j = np.unravel_index(x[n, c].argmax(), x.shape[2:])
        dx[n, c, i, j] = dy[c, n]
    return dx


def global_max_gradient__wrong_17(dy, x):
    """dy[..., None] has one axis too few: it meets the columns of x, or fails"""
    mask = x == x.max(axis=(2, 3), keepdims=True)
    first = np.cumsum(mask.reshape(*x.shape[:2], -1), axis=2).reshape(x.shape) == 1
    return np.where(mask & first, dy[..., None], 0).astype(x.dtype)


def global_max_gradient__right_1(dy, x):
    """right: unravel_index of all places at once, and one assignment with four index arrays"""
    N, C, H, W = x.shape
    i, j = np.unravel_index(x.reshape(N, C, H * W).argmax(axis=-1), (H, W))
    n, c = np.ogrid[:N, :C]
    dx = np.zeros(x.shape, dtype=dy.dtype)
    dx[n, c, i, j] = dy
    return dx


def global_max_gradient__right_2(dy, x):
    """right: a comparison of arange with the winner's place in the flat image"""
    N, C, H, W = x.shape
    k = x.reshape(N, C, H * W).argmax(axis=2)
    mask = np.arange(H * W) == k[:, :, None]
    return np.where(mask, dy[:, :, None], dy.dtype.type(0)).reshape(N, C, H, W)


def global_max_gradient__right_3(dy, x):
    """right: the first row that holds the maximum, then the first pixel of that row"""
    dx = np.zeros_like(x)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            i = int(x[n, c].max(axis=1).argmax())
            dx[n, c, i, int(x[n, c, i].argmax())] = dy[n, c]
    return dx


def global_max_gradient__right_4(dy, x):
    """right: a row of an identity matrix for each channel, times dy"""
    N, C, H, W = x.shape
    one_hot = np.eye(H * W, dtype=x.dtype)[x.reshape(N * C, H * W).argmax(axis=1)]
    return np.einsum("k,kp->kp", dy.reshape(-1), one_hot).reshape(x.shape)


def global_max_gradient__right_5(dy, x):
    """right: nested lists of Python numbers, and list.index for the first of the equals"""
    N, C, H, W = x.shape
    out = []
    for n in range(N):
        for c in range(C):
            numbers = x[n, c].ravel().tolist()
            first = numbers.index(max(numbers))
            out.append([dy[n, c] if k == first else 0 for k in range(H * W)])
    return np.array(out, dtype=x.dtype).reshape(N, C, H, W)
