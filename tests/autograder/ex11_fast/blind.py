# ruff: noqa
"""Answers to exercise 11 written blind: wrong ones with what is truly wrong, right ones that look unusual."""

from bisect import bisect_left

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view


def distances__wrong_1(x, y):
    """takes the root: distances, not squared ones"""
    return np.sqrt(((x[:, None] - y[None]) ** 2).sum(axis=2))


def distances__wrong_2(x, y):
    """transposed: a row for each row of y"""
    return ((y[:, None] - x[None]) ** 2).sum(axis=2)


def distances__wrong_3(x, y):
    """sums absolute differences in place of squares"""
    return np.abs(x[:, None] - y[None]).sum(axis=2)


def distances__wrong_4(x, y):
    """expands the square without the factor 2 of the product"""
    return (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - x @ y.T


def distances__wrong_5(x, y):
    """expands the square and adds the product in place of subtracting it"""
    return (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) + 2 * (x @ y.T)


def distances__wrong_6(x, y):
    """expands the square and forgets the squares of y"""
    return (x**2).sum(axis=1, keepdims=True) - 2 * x @ y.T


def distances__wrong_7(x, y):
    """the mean over the features in place of the sum"""
    return ((x[:, None] - y[None]) ** 2).mean(axis=2)


def distances__wrong_8(x, y):
    """pairs row n with row n only, and not with every row"""
    return ((x - y) ** 2).sum(axis=1)


def distances__wrong_9(x, y):
    """sums over the rows of y and not over the features"""
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(axis=1)


def distances__wrong_10(x, y):
    """forgets the sum over the features, (N, M, D)"""
    return (x[:, None] - y[None]) ** 2


def distances__wrong_11(x, y):
    """squares the sum of the differences: right for one feature only"""
    return (x[:, None] - y[None]).sum(axis=2) ** 2


def distances__wrong_12(x, y):
    """right, but only nested list comprehensions over lists: too slow"""
    d = [[sum((u - v) ** 2 for u, v in zip(a, b)) for b in y.tolist()] for a in x.tolist()]
    return np.array(d, x.dtype)


def distances__wrong_13(x, y):
    """right, but two loops over numbers with a difference of arrays inside: too slow"""
    d = np.zeros((len(x), len(y)), x.dtype)
    for n in range(len(x)):
        for m in range(len(y)):
            d[n, m] = np.sum((x[n] - y[m]) ** 2)
    return d


def distances__wrong_14(x, y):
    """moves x and y to the mean of x in place: the arguments are changed"""
    centre = x.mean(axis=0)
    x -= centre
    y -= centre
    d = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2 * x @ y.T
    return np.maximum(d, 0)


def distances__wrong_15(x, y):
    """squeezes the answer, so a single row of x or of y has no axis"""
    return np.squeeze(((x[:, None] - y[None]) ** 2).sum(axis=2))


def distances__wrong_16(x, y):
    """wrong twice: the root, and the rows of y first"""
    return np.linalg.norm(y[:, None] - x[None], axis=2)


def distances__wrong_17(x, y):
    """the feature 0 is left out"""
    return ((x[:, None, 1:] - y[None, :, 1:]) ** 2).sum(axis=2)


def distances__wrong_18(x, y):
    """reads the rows in the order of memory, so arrays that lie column by column are mixed up"""
    u = x.ravel(order="K").reshape(x.shape)
    v = y.ravel(order="K").reshape(y.shape)
    return ((u[:, None] - v[None]) ** 2).sum(axis=2)


def distances__right_1(x, y):
    """right: differences of all pairs, and einsum for the sum of squares"""
    apart = x[:, None, :] - y
    return np.einsum("nmk,nmk->nm", apart, apart)


def distances__right_2(x, y):
    """right: the expanded square, cut at zero"""
    d = -2 * (x @ y.T)
    d += np.einsum("nk,nk->n", x, x)[:, None]
    d += np.einsum("mk,mk->m", y, y)
    return np.maximum(d, 0)


def distances__right_3(x, y):
    """right: a loop over the features only, adding outer differences"""
    d = np.zeros((len(x), len(y)), x.dtype)
    for u, v in zip(x.T, y.T):
        d += np.subtract.outer(u, v) ** 2
    return d


def distances__right_4(x, y):
    """right: a generator of squared outer differences, one a feature, summed by Python"""
    return sum(np.square(x[:, k, None] - y[None, :, k]) for k in range(x.shape[1]))


def distances__right_5(x, y):
    """right: one matrix product of rows with two more columns, after x and y were centred, in float64"""
    centre = x.mean(axis=0, dtype=float)
    u, v = x - centre, y - centre
    left = np.hstack([-2 * u, (u * u).sum(axis=1, keepdims=True), np.ones((len(u), 1))])
    right = np.hstack([v, np.ones((len(v), 1)), (v * v).sum(axis=1, keepdims=True)])
    return np.maximum(left @ right.T, 0).astype(x.dtype)


def distances__right_6(x, y):
    """right: repeats the rows of x, tiles those of y, and reshapes at the end"""
    N, M = len(x), len(y)
    apart = np.repeat(x, M, axis=0) - np.tile(y, (N, 1))
    return np.square(apart).sum(axis=1).reshape(N, M)


def patches__wrong_1(x):
    """patches that do not overlap, as in pooling"""
    H, W = x.shape
    u = x[: H // 2 * 2, : W // 2 * 2].reshape(H // 2, 2, W // 2, 2)
    return u.transpose(0, 2, 1, 3).reshape(-1, 4)


def patches__wrong_2(x):
    """the numbers of a patch go down first, then across"""
    return np.stack([x[:-1, :-1], x[1:, :-1], x[:-1, 1:], x[1:, 1:]], axis=-1).reshape(-1, 4)


def patches__wrong_3(x):
    """the patches come column by column of the image"""
    return sliding_window_view(x, (2, 2)).transpose(1, 0, 2, 3).reshape(-1, 4)


def patches__wrong_4(x):
    """a patch is a column, (4, (H-1)(W-1))"""
    return np.array(
        [x[:-1, :-1].ravel(), x[:-1, 1:].ravel(), x[1:, :-1].ravel(), x[1:, 1:].ravel()]
    )


def patches__wrong_5(x):
    """reshape in place of the transpose: four long rows cut into pieces of four"""
    return np.array([x[:-1, :-1], x[:-1, 1:], x[1:, :-1], x[1:, 1:]]).reshape(-1, 4)


def patches__wrong_6(x):
    """the windows are not reshaped, (H-1, W-1, 2, 2)"""
    return sliding_window_view(x, (2, 2)).copy()


def patches__wrong_7(x):
    """rolls the image, so there are H W patches, and those at the border wrap around"""
    return np.stack(
        [np.roll(x, (-r, -s), (0, 1)).ravel() for r in range(2) for s in range(2)], axis=1
    )


def patches__wrong_8(x):
    """strides by the number of columns, which is wrong for arrays that do not lie row by row"""
    H, W = x.shape
    size = x.itemsize
    u = as_strided(x, (H - 1, W - 1, 2, 2), (W * size, size, W * size, size))
    return u.reshape(-1, 4)


def patches__wrong_9(x):
    """the rows are made in float64, so float32 does not stay float32"""
    H, W = x.shape
    rows = np.zeros(((H - 1) * (W - 1), 4))
    for k in range(4):
        r, s = divmod(k, 2)
        rows[:, k] = x[r : H - 1 + r, s : W - 1 + s].ravel()
    return rows


def patches__wrong_10(x):
    """right, but a list comprehension over all patches: too slow"""
    H, W = x.shape
    return np.array([x[i : i + 2, j : j + 2].ravel() for i in range(H - 1) for j in range(W - 1)])


def patches__wrong_11(x):
    """right, but two loops that fill a row at a time: too slow"""
    H, W = x.shape
    rows = np.empty(((H - 1) * (W - 1), 4), x.dtype)
    for i in range(H - 1):
        for j in range(W - 1):
            rows[i * (W - 1) + j] = x[i, j], x[i, j + 1], x[i + 1, j], x[i + 1, j + 1]
    return rows


def patches__wrong_12(x):
    """takes the image for a square one: the height is used for the width"""
    H = x.shape[0]
    i, j = np.divmod(np.arange((H - 1) * (H - 1)), H - 1)
    return np.stack([x[i, j], x[i, j + 1], x[i + 1, j], x[i + 1, j + 1]], axis=1)


def patches__wrong_13(x):
    """the last row and column of patches are left out: H - 2 and W - 2"""
    H, W = x.shape
    return sliding_window_view(x, (2, 2))[: H - 2, : W - 2].reshape(-1, 4)


def patches__wrong_14(x):
    """pads the image with zeros below and at the right, which gives H W patches"""
    u = np.pad(x, ((0, 1), (0, 1)))
    return sliding_window_view(u, (2, 2)).reshape(-1, 4)


def patches__wrong_15(x):
    """the two lower numbers of a patch are in each other's place"""
    return np.stack([x[:-1, :-1], x[:-1, 1:], x[1:, 1:], x[1:, :-1]], axis=-1).reshape(-1, 4)


def patches__wrong_16(x):
    """numbers of the flat image in the order of memory, which is wrong when it lies column by column"""
    H, W = x.shape
    flat = x.ravel(order="K")
    first = (np.arange(H - 1)[:, None] * W + np.arange(W - 1)).ravel()
    return flat[first[:, None] + np.array([0, 1, W, W + 1])]


def patches__wrong_17(x):
    """the lower numbers are one place further along, W - 1 in place of W, in the flat image"""
    H, W = x.shape
    first = (np.arange(H - 1)[:, None] * W + np.arange(W - 1)).ravel()
    return x.ravel()[first[:, None] + np.array([0, 1, W - 1, W])]


def patches__wrong_18(x):
    """the index of a patch's row is that of the pixel, so there are gaps: all H W rows with zeros"""
    H, W = x.shape
    rows = np.zeros((H, W, 4), x.dtype)
    for k, (r, s) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
        rows[: H - 1, : W - 1, k] = x[r : H - 1 + r, s : W - 1 + s]
    return rows.reshape(-1, 4)


def patches__right_1(x):
    """right: windows of NumPy, reshaped, which copies them"""
    return sliding_window_view(x, (2, 2)).reshape(-1, 4)


def patches__right_2(x):
    """right: strides of the array itself, whatever they are"""
    H, W = x.shape
    down, across = x.strides
    return as_strided(x, (H - 1, W - 1, 2, 2), (down, across, down, across)).reshape(-1, 4).copy()


def patches__right_3(x):
    """right: four shifted images in a list, transposed at the end"""
    H, W = x.shape
    return np.array([x[r : r + H - 1, s : s + W - 1].ravel() for r in range(2) for s in range(2)]).T


def patches__right_4(x):
    """right: pairs across first, then pairs of pairs"""
    pairs = np.dstack([x[:, :-1], x[:, 1:]])
    return np.dstack([pairs[:-1], pairs[1:]]).reshape(-1, 4)


def patches__right_5(x):
    """right: np.take with an index for every place of every patch"""
    H, W = x.shape
    place = np.arange(H * W).reshape(H, W)[:-1, :-1].reshape(-1, 1)
    return np.take(x, place + [[0, 1, W, W + 1]])


def running_mean__wrong_1(x, k):
    """as many means as numbers: the windows at the ends are filled with zeros"""
    return np.convolve(x, np.full(k, 1 / k, x.dtype), "same")


def running_mean__wrong_2(x, k):
    """every window that touches x, N + k - 1 of them"""
    return np.convolve(x, np.full(k, 1 / k, x.dtype), "full")


def running_mean__wrong_3(x, k):
    """the sum of the window, not divided by k"""
    return np.convolve(x, np.ones(k, x.dtype), "valid")


def running_mean__wrong_4(x, k):
    """divides by the number of all numbers and not by k"""
    return np.convolve(x, np.ones(k, x.dtype), "valid") / x.dtype.type(len(x))


def running_mean__wrong_5(x, k):
    """differences of the cumulated sum without a zero before it: the first window is missing"""
    total = np.cumsum(x, dtype=float)
    return ((total[k:] - total[:-k]) / k).astype(x.dtype)


def running_mean__wrong_6(x, k):
    """the mean of everything so far, without any window"""
    return (np.cumsum(x, dtype=float) / np.arange(1, len(x) + 1)).astype(x.dtype)


def running_mean__wrong_7(x, k):
    """windows that do not overlap"""
    return x[: len(x) // k * k].reshape(-1, k).mean(axis=1)


def running_mean__wrong_8(x, k):
    """the median of each window"""
    return np.median(sliding_window_view(x, k), axis=1).astype(x.dtype)


def running_mean__wrong_9(x, k):
    """the last window is left out: N - k of them"""
    total = np.concatenate([[0.0], np.cumsum(x, dtype=float)])
    return ((total[k:-1] - total[: -k - 1]) / k).astype(x.dtype)


def running_mean__wrong_10(x, k):
    """the means are of float64, so float32 does not stay float32"""
    total = np.concatenate([[0.0], np.cumsum(x, dtype=float)])
    return (total[k:] - total[:-k]) / k


def running_mean__wrong_11(x, k):
    """right, but a comprehension that sums each window in Python: too slow"""
    return np.array([sum(x[i : i + k]) / k for i in range(len(x) - k + 1)], x.dtype)


def running_mean__wrong_12(x, k):
    """the sum is cumulated in the argument x itself"""
    np.cumsum(x, out=x)
    y = x[k - 1 :] / k
    y[1:] -= x[:-k] / k
    return y


def running_mean__wrong_13(x, k):
    """windows of k - 1 numbers, divided by k"""
    total = np.concatenate([[0.0], np.cumsum(x, dtype=float)])
    return ((total[k:] - total[1 : len(total) - k + 1]) / k).astype(x.dtype)


def running_mean__wrong_14(x, k):
    """a mean that fades, with a weight of 1 / k for each new number"""
    y = np.empty_like(x)
    mean = x[0]
    for i, v in enumerate(x):
        mean = mean + (v - mean) / k
        y[i] = mean
    return y[k - 1 :]


def running_mean__wrong_15(x, k):
    """the mean over the windows and not within them, k numbers"""
    return sliding_window_view(x, k).mean(axis=0)


def running_mean__wrong_16(x, k):
    """the mean of two neighbours, whatever k is"""
    return (x[1:] + x[:-1]) / 2


def running_mean__wrong_17(x, k):
    """rounds the means to two digits"""
    total = np.concatenate([[0.0], np.cumsum(x, dtype=float)])
    return np.round((total[k:] - total[:-k]) / k, 2).astype(x.dtype)


def running_mean__wrong_18(x, k):
    """wrong twice: the sum of absolute numbers, divided by k - 1"""
    return np.convolve(np.abs(x), np.ones(k, x.dtype), "valid") / x.dtype.type(max(k - 1, 1))


def running_mean__wrong_19(x, k):
    """the mean of the first and the last number of each window"""
    return (x[: len(x) - k + 1] + x[k - 1 :]) / 2


def running_mean__right_1(x, k):
    """right: windows of NumPy and their mean"""
    return sliding_window_view(x, k).mean(axis=-1)


def running_mean__right_2(x, k):
    """right: differences of a cumulated sum in float64 with a zero before it"""
    total = np.zeros(len(x) + 1)
    np.cumsum(x, out=total[1:])
    return ((total[k:] - total[: len(x) - k + 1]) / k).astype(x.dtype)


def running_mean__right_3(x, k):
    """right: a convolution with ones, divided afterwards"""
    return (np.convolve(x.astype(float), np.ones(k), mode="valid") / k).astype(x.dtype)


def running_mean__right_4(x, k):
    """right: doubles the windows and adds those that the binary digits of k name"""
    U = len(x) - k + 1
    y, done, size, block = np.zeros(U), 0, 1, x.astype(float)
    while done < k:
        if k & size:
            y += block[done : done + U]
            done += size
        if size * 2 <= k:
            block = block[: len(block) - size] + block[size:]
        size *= 2
    return (y / k).astype(x.dtype)


def running_mean__right_5(x, k):
    """right: the first window's sum, then what enters minus what leaves, cumulated in float64"""
    u = np.array(x, dtype=np.float64)
    steps = np.r_[u[:k].sum(), u[k:] - u[: len(u) - k]]
    return np.true_divide(np.add.accumulate(steps), k).astype(x.dtype)


def running_mean__right_6(x, k):
    """right: by the Fourier transform of x and of the window, in float64"""
    n = 2 * len(x)
    window = np.zeros(n)
    window[:k] = 1 / k
    y = np.fft.irfft(np.fft.rfft(x.astype(float), n) * np.fft.rfft(window), n)
    return y[k - 1 : len(x)].astype(x.dtype)


def ranks__wrong_1(x):
    """the order that sorts x, and not the place of each number in it"""
    return np.argsort(x)


def ranks__wrong_2(x):
    """the order of the order: equal numbers get different ranks"""
    return np.argsort(np.argsort(x, kind="stable"))


def ranks__wrong_3(x):
    """counts equal numbers and the number itself: <= for <"""
    return np.searchsorted(np.sort(x), x, side="right")


def ranks__wrong_4(x):
    """counts how many are larger"""
    return len(x) - np.searchsorted(np.sort(x), x, side="right")


def ranks__wrong_5(x):
    """counts how many different values are smaller, so equal ones count once"""
    return np.unique(x, return_inverse=True)[1]


def ranks__wrong_6(x):
    """counts from one"""
    return np.searchsorted(np.sort(x), x) + 1


def ranks__wrong_7(x):
    """the share of smaller numbers in place of their count"""
    return np.searchsorted(np.sort(x), x) / len(x)


def ranks__wrong_8(x):
    """searches in x as it is, which is not sorted"""
    return np.searchsorted(x, x)


def ranks__wrong_9(x):
    """sorts the argument in place; the ranks are those of the sorted numbers"""
    x.sort()
    return np.searchsorted(x, x)


def ranks__wrong_10(x):
    """the ranks in the order of the sorted numbers"""
    u = np.sort(x)
    return np.searchsorted(u, u)


def ranks__wrong_11(x):
    """right, but a sum over all others for each number, in Python: too slow"""
    values = x.tolist()
    return np.array([sum(v < u for v in values) for u in values])


def ranks__wrong_12(x):
    """right, but vectorize around a loop in Python: too slow"""

    def smaller(u):
        count = 0
        for v in x:
            if v < u:
                count += 1
        return count

    return np.vectorize(smaller)(x)


def ranks__wrong_13(x):
    """equal numbers share the mean of their places"""
    u = np.sort(x)
    return (np.searchsorted(u, x) + np.searchsorted(u, x, side="right") - 1) / 2


def ranks__wrong_14(x):
    """counts in a byte: more than 255 smaller numbers begin at zero again"""
    return np.searchsorted(np.sort(x), x).astype(np.uint8)


def ranks__wrong_15(x):
    """cuts the numbers to whole ones before it compares them"""
    u = x.astype(int)
    return np.searchsorted(np.sort(u), u)


def ranks__wrong_16(x):
    """wrong twice: counts larger ones, and from one"""
    return len(x) - np.searchsorted(np.sort(x), x, side="right") + 1


def ranks__wrong_17(x):
    """compares sizes without signs"""
    u = np.abs(x)
    return np.searchsorted(np.sort(u), u)


def ranks__right_1(x):
    """right: a binary search in the sorted numbers"""
    return np.sort(x).searchsorted(x, side="left")


def ranks__right_2(x):
    """right: the counts of the different values, cumulated, without the own one"""
    _, which, count = np.unique(x, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - count)[which].astype(float)


def ranks__right_3(x):
    """right: bisect in a sorted list"""
    values = x.tolist()
    inside = sorted(values)
    return np.array([bisect_left(inside, v) for v in values])


def ranks__right_4(x):
    """right: the first place of each value in the sorted numbers, in a dictionary filled backwards"""
    values = x.tolist()
    first = {v: k for k, v in reversed(list(enumerate(sorted(values))))}
    return np.array([first[v] for v in values], dtype=float)


def ranks__right_5(x):
    """right: sorts once, carries the place of the first of equals along, and scatters it back"""
    order = np.argsort(x)
    u = x[order]
    first = np.arange(len(x))
    first[1:][u[1:] == u[:-1]] = 0
    ranks = np.empty(len(x))
    ranks[order] = np.maximum.accumulate(first)
    return ranks
