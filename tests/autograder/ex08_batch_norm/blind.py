# ruff: noqa
"""Answers to exercise 8 written blind: wrong ones with what is truly wrong, right ones that look unusual."""

from collections import namedtuple

import numpy as np


# ---------------------------------------------------------------- batch_norm


def batch_norm__wrong_1(x, gamma, beta, eps):
    """eps is added to the standard deviation, outside of the root"""
    mean = x.mean(axis=0)
    var = x.var(axis=0)
    return gamma * (x - mean) / (np.sqrt(var) + eps) + beta, mean, var


def batch_norm__wrong_2(x, gamma, beta, eps):
    """the variance is the unbiased one, with N - 1"""
    mean = x.mean(axis=0)
    var = x.var(axis=0, ddof=1)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta, mean, var


def batch_norm__wrong_3(x, gamma, beta, eps):
    """mean and variance are taken over the features of each sample (that is layer norm)"""
    mean = x.mean(axis=1, keepdims=True)
    var = x.var(axis=1, keepdims=True)
    y = gamma * (x - mean) / np.sqrt(var + eps) + beta
    return y, mean[:, 0], var[:, 0]


def batch_norm__wrong_4(x, gamma, beta, eps):
    """divides by the variance, the root is forgotten"""
    mean = x.mean(axis=0)
    var = x.var(axis=0)
    y = gamma * (x - mean) / (var + eps) + beta
    return y, mean, var


def batch_norm__wrong_5(x, gamma, beta, eps):
    """one mean and one variance for all features together"""
    mean = np.mean(x)
    var = np.var(x)
    y = gamma * (x - mean) / np.sqrt(var + eps) + beta
    D = x.shape[1]
    return y, np.full(D, mean), np.full(D, var)


def batch_norm__wrong_6(x, gamma, beta, eps):
    """returns the standard deviation with eps in place of the variance"""
    mean = x.mean(axis=0)
    std = np.sqrt(x.var(axis=0) + eps)
    return gamma * (x - mean) / std + beta, mean, std


def batch_norm__wrong_7(x, gamma, beta, eps):
    """centres the caller's x in place"""
    mean = x.mean(axis=0)
    x -= mean
    var = (x**2).mean(axis=0)
    return gamma * x / np.sqrt(var + eps) + beta, mean, var


def batch_norm__wrong_8(x, gamma, beta, eps):
    """the variance is the mean of squares minus the squared mean, which loses its digits when the mean is large"""
    mean = x.mean(axis=0)
    var = (x**2).mean(axis=0) - mean**2
    return gamma * (x - mean) / np.sqrt(var + eps) + beta, mean, var


def batch_norm__wrong_9(x, gamma, beta, eps):
    """beta is added before the scaling by gamma"""
    mean = x.mean(axis=0)
    var = x.var(axis=0)
    xhat = (x - mean) / np.sqrt(var + eps)
    return gamma * (xhat + beta), mean, var


def batch_norm__wrong_10(x, gamma, beta, eps):
    """mean and variance are returned with keepdims, as (1, D)"""
    mean = x.mean(axis=0, keepdims=True)
    var = x.var(axis=0, keepdims=True)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta, mean, var


def batch_norm__wrong_11(x, gamma, beta, eps):
    """the order of the last two outputs is swapped and gamma is forgotten"""
    mean = x.mean(axis=0)
    var = x.var(axis=0)
    return (x - mean) / np.sqrt(var + eps) + beta, var, mean


def batch_norm__wrong_12(x, gamma, beta, eps):
    """the result is always float64, because the buffer was made by np.zeros"""
    N, D = x.shape
    y = np.zeros((N, D))
    mean, var = np.zeros(D), np.zeros(D)
    for d in range(D):
        mean[d] = x[:, d].mean()
        var[d] = ((x[:, d] - mean[d]) ** 2).mean()
        y[:, d] = gamma[d] * (x[:, d] - mean[d]) / np.sqrt(var[d] + eps) + beta[d]
    return y, mean, var


def batch_norm__right_1(x, gamma, beta, eps):
    """right: a loop over the features, buffers of the dtype of x"""
    y = np.empty(x.shape, dtype=x.dtype)
    mean = np.empty(x.shape[1], dtype=x.dtype)
    var = np.empty(x.shape[1], dtype=x.dtype)
    for d in range(x.shape[1]):
        column = x[:, d]
        mean[d] = column.sum() / len(column)
        centred = column - mean[d]
        var[d] = centred @ centred / len(column)
        y[:, d] = gamma[d] * centred / (var[d] + eps) ** 0.5 + beta[d]
    return y, mean, var


_Normed = namedtuple("_Normed", "y mean var")


def batch_norm__right_2(x, gamma, beta, eps):
    """right: a scale and a shift worked out first, a namedtuple returned"""
    mean = np.add.reduce(x, axis=0) / x.shape[0]
    centred = x - mean
    var = np.einsum("nd,nd->d", centred, centred) / x.shape[0]
    scale = gamma / np.sqrt(var + eps)
    return _Normed(centred * scale + beta, mean, var)


def batch_norm__right_3(x, gamma, beta, eps):
    """right: works on the transpose, a list comprehension over features, a list returned"""
    mean = np.array([np.mean(row) for row in x.T], dtype=x.dtype)
    var = np.array([np.std(row) ** 2 for row in x.T], dtype=x.dtype)
    y = ((x.T - mean[:, None]) / np.sqrt(var + eps)[:, None] * gamma[:, None] + beta[:, None]).T
    return [y, mean, var]


def batch_norm__right_4(x, gamma, beta, eps):
    """right: the variance from a second mean, the root by np.hypot"""
    mean = x.mean(0)
    centred = x - mean
    var = np.square(centred).mean(0)
    root = np.hypot(np.sqrt(var), np.asarray(eps, dtype=x.dtype) ** 0.5)
    return beta + centred / root * gamma, mean, var


# ---------------------------------------------------------------- remember


def remember__wrong_1(running_mean, running_var, mean, var, momentum, N):
    """momentum weighs the old value and one minus it the new (Keras' convention)"""
    return (
        momentum * running_mean + (1 - momentum) * mean,
        momentum * running_var + (1 - momentum) * var * N / (N - 1),
    )


def remember__wrong_2(running_mean, running_var, mean, var, momentum, N):
    """the variance that is remembered stays biased"""
    return (
        (1 - momentum) * running_mean + momentum * mean,
        (1 - momentum) * running_var + momentum * var,
    )


def remember__wrong_3(running_mean, running_var, mean, var, momentum, N):
    """the correction is turned round: (N - 1) / N"""
    rm = (1 - momentum) * running_mean + momentum * mean
    rv = (1 - momentum) * running_var + momentum * (N - 1) / N * var
    return rm, rv


def remember__wrong_4(running_mean, running_var, mean, var, momentum, N):
    """changes the running arrays of the caller in place"""
    running_mean *= 1 - momentum
    running_mean += momentum * mean
    running_var *= 1 - momentum
    running_var += momentum * N / (N - 1) * var
    return running_mean, running_var


def remember__wrong_5(running_mean, running_var, mean, var, momentum, N):
    """the factor N / (N - 1) is put on the mean too"""
    c = N / (N - 1)
    return (
        (1 - momentum) * running_mean + momentum * c * mean,
        (1 - momentum) * running_var + momentum * c * var,
    )


def remember__wrong_6(running_mean, running_var, mean, var, momentum, N):
    """the factor N / (N - 1) multiplies the old running variance as well"""
    rm = (1 - momentum) * running_mean + momentum * mean
    rv = ((1 - momentum) * running_var + momentum * var) * N / (N - 1)
    return rm, rv


def remember__wrong_7(running_mean, running_var, mean, var, momentum, N):
    """whole-number division N // (N - 1), which is 1 for N above 2"""
    rm = (1 - momentum) * running_mean + momentum * mean
    rv = (1 - momentum) * running_var + momentum * (N // (N - 1)) * var
    return rm, rv


def remember__wrong_8(running_mean, running_var, mean, var, momentum, N):
    """the number of features is used for N"""
    n = len(mean)
    rm = (1 - momentum) * running_mean + momentum * mean
    rv = (1 - momentum) * running_var + momentum * n / max(n - 1, 1) * var
    return rm, rv


def remember__wrong_9(running_mean, running_var, mean, var, momentum, N):
    """the old values are not shrunk: they add up for ever"""
    return running_mean + momentum * mean, running_var + momentum * N / (N - 1) * var


def remember__right_1(running_mean, running_var, mean, var, momentum, N):
    """right: old plus momentum times the difference"""
    unbiased = var + var / (N - 1)
    return (
        running_mean + momentum * (mean - running_mean),
        running_var + momentum * (unbiased - running_var),
    )


def remember__right_2(running_mean, running_var, mean, var, momentum, N):
    """right: number by number with zip"""
    keep = 1 - momentum
    kind = running_mean.dtype
    m = [keep * a + momentum * b for a, b in zip(running_mean, mean)]
    v = [keep * a + momentum * b / (1 - 1 / N) for a, b in zip(running_var, var)]
    return np.array(m, dtype=kind), np.array(v, dtype=kind)


def remember__right_3(running_mean, running_var, mean, var, momentum, N):
    """right: both at once, stacked in an array of two rows that is unpacked"""
    old = np.stack([running_mean, running_var])
    new = np.stack([mean, var * (N / (N - 1))])
    return tuple(old - momentum * (old - new))


# ---------------------------------------------------------------- batch_norm_predict


def batch_norm_predict__wrong_1(x, gamma, beta, running_mean, running_var, eps):
    """normalises with the batch's own statistics in prediction too"""
    return gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps) + beta


def batch_norm_predict__wrong_2(x, gamma, beta, running_mean, running_var, eps):
    """eps stands outside of the root"""
    return gamma * (x - running_mean) / (np.sqrt(running_var) + eps) + beta


def batch_norm_predict__wrong_3(x, gamma, beta, running_mean, running_var, eps):
    """the running mean, but the variance of the batch"""
    return gamma * (x - running_mean) / np.sqrt(x.var(axis=0) + eps) + beta


def batch_norm_predict__wrong_4(x, gamma, beta, running_mean, running_var, eps):
    """the remembered variance is taken for a standard deviation"""
    return gamma * (x - running_mean) / (running_var + eps) + beta


def batch_norm_predict__wrong_5(x, gamma, beta, running_mean, running_var, eps):
    """missing brackets: only the mean is divided by the root"""
    return gamma * (x - running_mean / np.sqrt(running_var + eps)) + beta


def batch_norm_predict__wrong_6(x, gamma, beta, running_mean, running_var, eps):
    """gamma and beta are thought to be for training only and left out"""
    return (x - running_mean) / np.sqrt(running_var + eps)


def batch_norm_predict__wrong_7(x, gamma, beta, running_mean, running_var, eps):
    """undoes a bias that is none: the running variance is multiplied by (N - 1) / N again"""
    N = len(x)
    return gamma * (x - running_mean) / np.sqrt(running_var * (N - 1) / N + eps) + beta


def batch_norm_predict__right_1(x, gamma, beta, running_mean, running_var, eps):
    """right: one scale and one offset, prepared beforehand"""
    scale = gamma * (running_var + eps) ** -0.5
    return x * scale + (beta - running_mean * scale)


def batch_norm_predict__right_2(x, gamma, beta, running_mean, running_var, eps):
    """right: sample by sample, stacked"""
    root = np.sqrt(running_var + eps)
    return np.stack([gamma * ((sample - running_mean) / root) + beta for sample in x])


# ---------------------------------------------------------------- batch_norm_gradients


def batch_norm_gradients__wrong_1(dy, x, gamma, eps):
    """the path through the variance is forgotten"""
    root = np.sqrt(x.var(axis=0) + eps)
    xhat = (x - x.mean(axis=0)) / root
    dxhat = gamma * dy
    dx = (dxhat - dxhat.mean(axis=0)) / root
    return dx, (dy * xhat).sum(axis=0), dy.sum(axis=0)


def batch_norm_gradients__wrong_2(dy, x, gamma, eps):
    """the path through the mean is forgotten"""
    root = np.sqrt(x.var(axis=0) + eps)
    xhat = (x - x.mean(axis=0)) / root
    dxhat = gamma * dy
    dx = (dxhat - xhat * (dxhat * xhat).mean(axis=0)) / root
    return dx, (dy * xhat).sum(axis=0), dy.sum(axis=0)


def batch_norm_gradients__wrong_3(dy, x, gamma, eps):
    """only the direct path: mean and variance are treated as constants"""
    root = np.sqrt(x.var(axis=0) + eps)
    xhat = (x - x.mean(axis=0)) / root
    return gamma * dy / root, (dy * xhat).sum(axis=0), dy.sum(axis=0)


def batch_norm_gradients__wrong_4(dy, x, gamma, eps):
    """the two indirect sums are not divided by N"""
    root = np.sqrt(x.var(axis=0) + eps)
    xhat = (x - x.mean(axis=0)) / root
    dxhat = gamma * dy
    dx = (dxhat - dxhat.sum(axis=0) - xhat * (dxhat * xhat).sum(axis=0)) / root
    return dx, (dy * xhat).sum(axis=0), dy.sum(axis=0)


def batch_norm_gradients__wrong_5(dy, x, gamma, eps):
    """dgamma and dbeta are means over the samples"""
    root = np.sqrt(x.var(axis=0) + eps)
    xhat = (x - x.mean(axis=0)) / root
    dxhat = gamma * dy
    dx = (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / root
    return dx, (dy * xhat).mean(axis=0), dy.mean(axis=0)


def batch_norm_gradients__wrong_6(dy, x, gamma, eps):
    """dgamma is taken with x in place of the normalised x"""
    root = np.sqrt(x.var(axis=0) + eps)
    xhat = (x - x.mean(axis=0)) / root
    dxhat = gamma * dy
    dx = (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / root
    return dx, (dy * x).sum(axis=0), dy.sum(axis=0)


def batch_norm_gradients__wrong_7(dy, x, gamma, eps):
    """gamma is forgotten in dx"""
    root = np.sqrt(x.var(axis=0) + eps)
    xhat = (x - x.mean(axis=0)) / root
    dx = (dy - dy.mean(axis=0) - xhat * (dy * xhat).mean(axis=0)) / root
    return dx, (dy * xhat).sum(axis=0), dy.sum(axis=0)


def batch_norm_gradients__wrong_8(dy, x, gamma, eps):
    """the last term has a plus: the sign of the variance path is wrong"""
    root = np.sqrt(x.var(axis=0) + eps)
    xhat = (x - x.mean(axis=0)) / root
    dxhat = gamma * dy
    dx = (dxhat - dxhat.mean(axis=0) + xhat * (dxhat * xhat).mean(axis=0)) / root
    return dx, (dy * xhat).sum(axis=0), dy.sum(axis=0)


def batch_norm_gradients__wrong_9(dy, x, gamma, eps):
    """multiplies by the root in place of dividing by it"""
    root = np.sqrt(x.var(axis=0) + eps)
    xhat = (x - x.mean(axis=0)) / root
    dxhat = gamma * dy
    dx = root * (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0))
    return dx, (dy * xhat).sum(axis=0), dy.sum(axis=0)


def batch_norm_gradients__wrong_10(dy, x, gamma, eps):
    """the last term multiplies with the centred x, not with the normalised one"""
    root = np.sqrt(x.var(axis=0) + eps)
    centred = x - x.mean(axis=0)
    xhat = centred / root
    dxhat = gamma * dy
    dx = (dxhat - dxhat.mean(axis=0) - centred * (dxhat * xhat).mean(axis=0)) / root
    return dx, (dy * xhat).sum(axis=0), dy.sum(axis=0)


def batch_norm_gradients__wrong_11(dy, x, gamma, eps):
    """np.mean without an axis: one mean for all features"""
    root = np.sqrt(x.var(axis=0) + eps)
    xhat = (x - x.mean(axis=0)) / root
    dxhat = gamma * dy
    dx = (dxhat - np.mean(dxhat) - xhat * np.mean(dxhat * xhat)) / root
    return dx, (dy * xhat).sum(axis=0), dy.sum(axis=0)


def batch_norm_gradients__wrong_12(dy, x, gamma, eps):
    """the mean of the product is taken for the product of the means"""
    root = np.sqrt(x.var(axis=0) + eps)
    xhat = (x - x.mean(axis=0)) / root
    dxhat = gamma * dy
    dx = (dxhat - dxhat.mean(axis=0) - xhat * dxhat.mean(axis=0) * xhat.mean(axis=0)) / root
    return dx, (dy * xhat).sum(axis=0), dy.sum(axis=0)


def batch_norm_gradients__wrong_13(dy, x, gamma, eps):
    """dgamma and dbeta are returned in the wrong order"""
    root = np.sqrt(x.var(axis=0) + eps)
    xhat = (x - x.mean(axis=0)) / root
    dxhat = gamma * dy
    dx = (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / root
    return dx, dy.sum(axis=0), (dy * xhat).sum(axis=0)


def batch_norm_gradients__wrong_14(dy, x, gamma, eps):
    """eps is left out of the normalised x but kept in the factor before the bracket"""
    root = np.sqrt(x.var(axis=0) + eps)
    xhat = (x - x.mean(axis=0)) / x.std(axis=0)
    dxhat = gamma * dy
    dx = (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / root
    return dx, (dy * xhat).sum(axis=0), dy.sum(axis=0)


def batch_norm_gradients__wrong_15(dy, x, gamma, eps):
    """by nodes, with the factor 2 of the square forgotten and dgamma averaged"""
    N = len(x)
    centred = x - x.mean(axis=0)
    root = np.sqrt((centred**2).mean(axis=0) + eps)
    dxhat = gamma * dy
    dvar = -0.5 * (dxhat * centred).sum(axis=0) / root**3
    dcentred = dxhat / root + centred * dvar / N
    dx = dcentred - dcentred.mean(axis=0)
    return dx, (dy * centred / root).mean(axis=0), dy.sum(axis=0)


def batch_norm_gradients__wrong_16(dy, x, gamma, eps):
    """the means are taken along the features, axis 1"""
    root = np.sqrt(x.var(axis=0) + eps)
    xhat = (x - x.mean(axis=0)) / root
    dxhat = gamma * dy
    a = dxhat.mean(axis=1, keepdims=True)
    b = (dxhat * xhat).mean(axis=1, keepdims=True)
    return (dxhat - a - xhat * b) / root, (dy * xhat).sum(axis=0), dy.sum(axis=0)


def batch_norm_gradients__right_1(dy, x, gamma, eps):
    """right: node by node through the graph"""
    N = x.shape[0]
    centred = x - x.mean(axis=0)
    root = np.sqrt((centred * centred).mean(axis=0) + eps)
    dxhat = dy * gamma
    droot = -(dxhat * centred).sum(axis=0) / (root * root)
    dvar = droot / (2 * root)
    dcentred = dxhat / root + 2 * centred * dvar / N
    return dcentred - dcentred.sum(axis=0) / N, (dy * centred / root).sum(axis=0), dy.sum(axis=0)


def batch_norm_gradients__right_2(dy, x, gamma, eps):
    """right: dx from dbeta and dgamma, gamma pulled out of the bracket"""
    N = len(dy)
    root = np.sqrt(np.var(x, axis=0) + eps)
    xhat = (x - np.mean(x, axis=0)) / root
    dbeta = np.einsum("nd->d", dy)
    dgamma = np.einsum("nd,nd->d", dy, xhat)
    return gamma / (N * root) * (N * dy - dbeta - xhat * dgamma), dgamma, dbeta


def batch_norm_gradients__right_3(dy, x, gamma, eps):
    """right: the whole Jacobian of every feature, times the upstream gradient"""
    N, D = x.shape
    dx = np.zeros_like(x)
    dgamma, dbeta = np.zeros_like(gamma), np.zeros_like(gamma)
    for d in range(D):
        root = np.sqrt(x[:, d].var() + eps)
        xhat = (x[:, d] - x[:, d].mean()) / root
        J = (np.eye(N, dtype=x.dtype) - 1 / N - np.outer(xhat, xhat) / N) / root
        dx[:, d] = J @ (gamma[d] * dy[:, d])
        dgamma[d] = xhat @ dy[:, d]
        dbeta[d] = dy[:, d].sum()
    return dx, dgamma, dbeta


_Gradients = namedtuple("_Gradients", ["dx", "dgamma", "dbeta"])


def batch_norm_gradients__right_4(dy, x, gamma, eps):
    """right: sums by products with ones, the mean gradient taken off first, a namedtuple"""
    ones = np.ones(len(x), dtype=x.dtype)
    mu = ones @ x / len(x)
    c = x - mu
    inv = 1 / np.sqrt(ones @ (c * c) / len(x) + eps)
    xhat = c * inv
    g = dy - ones @ dy / len(x)
    part = ones @ (g * xhat) / len(x)
    return _Gradients(gamma * inv * (g - xhat * part), ones @ (dy * xhat), ones @ dy)


def batch_norm_gradients__right_5(dy, x, gamma, eps):
    """right: the three paths computed apart and added"""
    N = len(x)
    mean = x.mean(axis=0)
    var = x.var(axis=0)
    inv = (var + eps) ** -0.5
    dxhat = gamma * dy
    direct = dxhat * inv
    through_mean = -np.broadcast_to((dxhat * inv).sum(axis=0) / N, x.shape)
    dvar = (dxhat * (x - mean)).sum(axis=0) * -0.5 * inv * inv * inv
    through_var = dvar * 2 * (x - mean) / N
    return [
        direct + through_mean + through_var,
        ((x - mean) * inv * dy).sum(axis=0),
        dy.sum(axis=0),
    ]


# ---------------------------------------------------------------- group_norm


def group_norm__wrong_1(x, gamma, beta, eps):
    """channels are put into groups by turns (even and odd), not in order"""
    y = np.empty_like(x)
    for k in (0, 1):
        part = x[:, k::2]
        mean = part.mean(axis=(1, 2, 3), keepdims=True)
        var = part.var(axis=(1, 2, 3), keepdims=True)
        y[:, k::2] = (part - mean) / np.sqrt(var + eps)
    return y * gamma[:, None, None] + beta[:, None, None]


def group_norm__wrong_2(x, gamma, beta, eps):
    """the mean is taken over the images of the batch as well"""
    N, C, H, W = x.shape
    g = x.reshape(N, 2, C // 2, H, W)
    mean = g.mean(axis=(0, 2, 3, 4), keepdims=True)
    var = g.var(axis=(0, 2, 3, 4), keepdims=True)
    y = ((g - mean) / np.sqrt(var + eps)).reshape(x.shape)
    return y * gamma[:, None, None] + beta[:, None, None]


def group_norm__wrong_3(x, gamma, beta, eps):
    """every channel is normalised for itself (that is instance norm)"""
    mean = x.mean(axis=(2, 3), keepdims=True)
    var = x.var(axis=(2, 3), keepdims=True)
    y = (x - mean) / np.sqrt(var + eps)
    return y * gamma[:, None, None] + beta[:, None, None]


def group_norm__wrong_4(x, gamma, beta, eps):
    """groups of two channels, not two groups of channels"""
    N, C, H, W = x.shape
    g = x.reshape(N, C // 2, 2, H, W)
    mean = g.mean(axis=(2, 3, 4), keepdims=True)
    var = g.var(axis=(2, 3, 4), keepdims=True)
    y = ((g - mean) / np.sqrt(var + eps)).reshape(x.shape)
    return y * gamma[:, None, None] + beta[:, None, None]


def group_norm__wrong_5(x, gamma, beta, eps):
    """gamma and beta are broadcast along the width, not along the channels"""
    N, C, H, W = x.shape
    g = x.reshape(N, 2, -1)
    mean = g.mean(axis=2, keepdims=True)
    var = g.var(axis=2, keepdims=True)
    y = ((g - mean) / np.sqrt(var + eps)).reshape(N, C, H, W)
    return y * gamma + beta


def group_norm__wrong_6(x, gamma, beta, eps):
    """all channels of an image are one group (that is layer norm)"""
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    var = x.var(axis=(1, 2, 3), keepdims=True)
    return gamma.reshape(1, -1, 1, 1) * (x - mean) / np.sqrt(var + eps) + beta.reshape(1, -1, 1, 1)


def group_norm__wrong_7(x, gamma, beta, eps):
    """batch norm of each channel over the batch and the pixels"""
    mean = x.mean(axis=(0, 2, 3), keepdims=True)
    var = x.var(axis=(0, 2, 3), keepdims=True)
    return gamma.reshape(1, -1, 1, 1) * (x - mean) / np.sqrt(var + eps) + beta.reshape(1, -1, 1, 1)


def group_norm__wrong_8(x, gamma, beta, eps):
    """the mean is over channels and pixels, but separately for every pixel in the variance"""
    N, C, H, W = x.shape
    g = x.reshape(N, 2, C // 2, H, W)
    mean = g.mean(axis=(2, 3, 4), keepdims=True)
    var = g.var(axis=2, keepdims=True)
    y = ((g - mean) / np.sqrt(var + eps)).reshape(x.shape)
    return y * gamma[:, None, None] + beta[:, None, None]


def group_norm__wrong_9(x, gamma, beta, eps):
    """the second group is left as it came, half-finished"""
    C = x.shape[1] // 2
    y = x.copy()
    a = x[:, :C]
    mean = a.mean(axis=(1, 2, 3), keepdims=True)
    y[:, :C] = (a - mean) / np.sqrt(a.var(axis=(1, 2, 3), keepdims=True) + eps)
    return y * gamma[:, None, None] + beta[:, None, None]


def group_norm__wrong_10(x, gamma, beta, eps):
    """the halves of a view are normalised in place, so the caller's x changes"""
    C = x.shape[1] // 2
    for part in (x[:, :C], x[:, C:]):
        part -= part.mean(axis=(1, 2, 3), keepdims=True)
        part /= np.sqrt((part**2).mean(axis=(1, 2, 3), keepdims=True) + eps)
    return x * gamma[:, None, None] + beta[:, None, None]


def group_norm__right_1(x, gamma, beta, eps):
    """right: loops over images and groups"""
    C = x.shape[1] // 2
    y = np.empty(x.shape, dtype=x.dtype)
    for n in range(len(x)):
        for start in (0, C):
            part = x[n, start : start + C]
            y[n, start : start + C] = (part - part.mean()) / np.sqrt(part.var() + eps)
            for c in range(start, start + C):
                y[n, c] = y[n, c] * gamma[c] + beta[c]
    return y


def group_norm__right_2(x, gamma, beta, eps):
    """right: the two halves by np.split, joined again; channels last for gamma and beta"""
    done = []
    for half in np.split(x, 2, axis=1):
        centred = half - half.mean(axis=(1, 2, 3), keepdims=True)
        var = (centred * centred).mean(axis=(1, 2, 3), keepdims=True)
        done.append(centred / np.sqrt(var + eps))
    y = np.concatenate(done, axis=1)
    return np.moveaxis(np.moveaxis(y, 1, -1) * gamma + beta, -1, 1)


def group_norm__right_3(x, gamma, beta, eps):
    """right: every group as a row of a matrix, scaled by einsum"""
    rows = x.reshape(x.shape[0] * 2, -1)
    centred = rows - rows.sum(axis=1, keepdims=True) / rows.shape[1]
    var = np.einsum("ij,ij->i", centred, centred) / rows.shape[1]
    flat = centred / np.sqrt(var + eps)[:, None]
    return np.einsum("nchw,c->nchw", flat.reshape(x.shape), gamma) + beta[None, :, None, None]


# ---------------------------------------------------------------- rms_norm_gradient


def rms_norm_gradient__wrong_1(dy, x, eps):
    """only the direct path: r is treated as a constant"""
    r = np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
    return dy / r


def rms_norm_gradient__wrong_2(dy, x, eps):
    """the 1 / D of the indirect path is missing: a sum for the mean"""
    r = np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
    y = x / r
    return (dy - y * (dy * y).sum(axis=1, keepdims=True)) / r


def rms_norm_gradient__wrong_3(dy, x, eps):
    """the mean square is taken over the samples, axis 0"""
    r = np.sqrt((x**2).mean(axis=0) + eps)
    y = x / r
    return (dy - y * (dy * y).mean(axis=0)) / r


def rms_norm_gradient__wrong_4(dy, x, eps):
    """the term of the mean is kept, as in batch norm"""
    r = np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
    y = x / r
    return (dy - dy.mean(axis=1, keepdims=True) - y * (dy * y).mean(axis=1, keepdims=True)) / r


def rms_norm_gradient__wrong_5(dy, x, eps):
    """the indirect path has a plus sign"""
    r = np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
    y = x / r
    return (dy + y * (dy * y).mean(axis=1, keepdims=True)) / r


def rms_norm_gradient__wrong_6(dy, x, eps):
    """the quotient rule number by number: each r is thought to depend on its own x only, without the sum over d"""
    D = x.shape[1]
    r = np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
    return dy * (1 / r - x * x / (D * r**3))


def rms_norm_gradient__wrong_7(dy, x, eps):
    """r squared where r cubed belongs"""
    r = np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)
    return dy / r - x * (dy * x).mean(axis=1, keepdims=True) / r**2


def rms_norm_gradient__wrong_8(dy, x, eps):
    """the mean of x is taken off: the variance stands in place of the mean square"""
    c = x - x.mean(axis=1, keepdims=True)
    r = np.sqrt((c**2).mean(axis=1, keepdims=True) + eps)
    y = x / r
    return (dy - y * (dy * y).mean(axis=1, keepdims=True)) / r


def rms_norm_gradient__wrong_9(dy, x, eps):
    """eps is added outside of the root"""
    r = np.sqrt((x**2).mean(axis=1, keepdims=True)) + eps
    y = x / r
    return (dy - y * (dy * y).mean(axis=1, keepdims=True)) / r


def rms_norm_gradient__wrong_10(dy, x, eps):
    """keepdims is forgotten, so r is broadcast along the features and works for square batches only, wrongly"""
    r = np.sqrt((x**2).mean(axis=1) + eps)
    y = x / r
    return (dy - y * (dy * y).mean(axis=1)) / r


def rms_norm_gradient__right_1(dy, x, eps):
    """right: row by row with the whole Jacobian"""
    D = x.shape[1]
    rows = []
    for g, a in zip(dy, x):
        r = np.sqrt(a @ a / D + eps)
        J = np.eye(D, dtype=x.dtype) / r - np.outer(a, a) / (D * r * r * r)
        rows.append(J @ g)
    return np.array(rows, dtype=x.dtype)


def rms_norm_gradient__right_2(dy, x, eps):
    """right: through the nodes: quotient, root, mean of squares"""
    D = x.shape[1]
    r = np.sqrt(np.einsum("nd,nd->n", x, x) / D + eps)
    dr = -np.einsum("nd,nd->n", dy, x) / r**2
    dsquare = dr / (2 * r)
    return dy / r[:, None] + 2 * x * dsquare[:, None] / D


def rms_norm_gradient__right_3(dy, x, eps):
    """right: with the reciprocal of r, on the transpose"""
    a, g = x.T, dy.T
    s = 1 / np.sqrt((a * a).sum(0) / len(a) + eps)
    return (s * (g - a * (s * s * (g * a).sum(0) / len(a)))).T
