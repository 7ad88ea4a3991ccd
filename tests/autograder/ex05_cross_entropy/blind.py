# ruff: noqa
"""Answers to exercise 5 written blind: wrong ones with what is truly wrong, right ones that look unusual."""

import functools
import statistics

import numpy as np

# Task 5.1


def cross_entropy__wrong_1(p, labels):
    """the sum over the samples in place of the mean"""
    return -np.log(p[np.arange(len(p)), labels]).sum()


def cross_entropy__wrong_2(p, labels):
    """the minus sign is forgotten"""
    return np.log(p[np.arange(len(p)), labels]).mean()


def cross_entropy__wrong_3(p, labels):
    """p[:, labels] takes the labels' columns for every sample, N × N numbers in all"""
    return -np.log(p[:, labels]).mean()


def cross_entropy__wrong_4(p, labels):
    """the mean over all N · K numbers of the one-hot product: K times too small"""
    t = np.eye(p.shape[1], dtype=p.dtype)[labels]
    return -(t * np.log(p)).mean()


def cross_entropy__wrong_5(p, labels):
    """the logarithm to base 2"""
    return -np.log2(p[np.arange(len(p)), labels]).mean()


def cross_entropy__wrong_6(p, labels):
    """the logarithm of the mean in place of the mean of the logarithms"""
    return -np.log(p[np.arange(len(p)), labels].mean())


def cross_entropy__wrong_7(p, labels):
    """labels are counted from 1"""
    return -np.log(p[np.arange(len(p)), labels - 1]).mean()


def cross_entropy__wrong_8(p, labels):
    """one loss for each sample is returned, not their mean"""
    return -np.log(p[np.arange(len(p)), labels])


def cross_entropy__wrong_9(p, labels):
    """a small number inside of the logarithm that is not so small"""
    return -np.log(p[np.arange(len(p)), labels] + 1e-3).mean()


def cross_entropy__wrong_10(p, labels):
    """the entropy of p: the labels are not used"""
    return -(p * np.log(p)).sum(axis=1).mean()


def cross_entropy__wrong_11(p, labels):
    """the largest probability in place of that of the label"""
    return -np.log(p.max(axis=1)).mean()


def cross_entropy__wrong_12(p, labels):
    """a softmax is applied to the probabilities first"""
    e = np.exp(p - p.max(axis=1, keepdims=True))
    q = e / e.sum(axis=1, keepdims=True)
    return -np.log(q[np.arange(len(p)), labels]).mean()


def cross_entropy__wrong_13(p, labels):
    """the logarithm is forgotten: the mean of 1 − q"""
    return (1 - p[np.arange(len(p)), labels]).mean()


def cross_entropy__wrong_14(p, labels):
    """the binary formula: the wrong classes get their −log(1 − p) as well"""
    t = np.eye(p.shape[1], dtype=p.dtype)[labels]
    return -(t * np.log(p) + (1 - t) * np.log(1 - p)).sum(axis=1).mean()


def cross_entropy__wrong_15(p, labels):
    """divided by the number of classes in place of samples"""
    return -np.log(p[np.arange(len(p)), labels]).sum() / p.shape[1]


def cross_entropy__wrong_16(p, labels):
    """the indices are exchanged: rows by labels, columns by samples"""
    return -np.log(p[labels, np.arange(len(p))]).mean()


def cross_entropy__wrong_17(p, labels):
    """the right number in a vector of one"""
    return np.array([-np.log(p[np.arange(len(p)), labels]).mean()])


def cross_entropy__wrong_18(p, labels):
    """p is cut off below at 1e-2 in place, which changes small probabilities and the argument"""
    np.maximum(p, 1e-2, out=p)
    return -np.log(p[np.arange(len(p)), labels]).mean()


def cross_entropy__wrong_19(p, labels):
    """= in place of +=: only the last sample counts"""
    total = 0
    for n in range(len(p)):
        total = -np.log(p[n, labels[n]])
    return total / len(p)


def cross_entropy__wrong_20(p, labels):
    """one-hot times logarithm: 0 · −∞ is nan where a wrong class has the probability 0"""
    t = np.eye(p.shape[1], dtype=p.dtype)[labels]
    return -(t * np.log(p)).sum() / len(p)


def cross_entropy__right_1(p, labels):
    """right: minus the mean of the logarithms, by take_along_axis"""
    q = np.take_along_axis(p, labels[:, None].astype(np.intp), axis=1)
    return -np.mean(np.log(q))


def cross_entropy__right_2(p, labels):
    """right: a plain loop, a Python number"""
    total = 0.0
    for row, label in zip(p, labels, strict=True):
        total -= float(np.log(row[label]))
    return total / len(labels)


def cross_entropy__right_3(p, labels):
    """right: a choice by comparison with the class numbers, log of 1/q"""
    chosen = np.where(np.arange(p.shape[1]) == labels[:, None], p, 0).sum(axis=1)
    return np.log(1 / chosen).sum() / chosen.size


def cross_entropy__right_4(p, labels):
    """right: the mean from the standard library, as an np.float64"""
    return np.float64(statistics.fmean(-np.log(p[n, k]) for n, k in enumerate(labels)))


# Task 5.2


def cross_entropy_gradient__wrong_1(p, labels):
    """1/N is forgotten"""
    dp = np.zeros_like(p)
    n = np.arange(len(p))
    dp[n, labels] = -1 / p[n, labels]
    return dp


def cross_entropy_gradient__wrong_2(p, labels):
    """the minus sign is forgotten"""
    dp = np.zeros_like(p)
    n = np.arange(len(p))
    dp[n, labels] = 1 / (len(p) * p[n, labels])
    return dp


def cross_entropy_gradient__wrong_3(p, labels):
    """the gradient of the fused loss, (p − t) / N"""
    dp = p.copy()
    dp[np.arange(len(p)), labels] -= 1
    return dp / len(p)


def cross_entropy_gradient__wrong_4(p, labels):
    """not 0 elsewhere: −1 / (N p) at every class"""
    return -1 / (len(p) * p)


def cross_entropy_gradient__wrong_5(p, labels):
    """dp[:, labels] fills the labels' columns in every row"""
    dp = np.zeros_like(p)
    dp[:, labels] = -1 / (len(p) * p[:, labels])
    return dp


def cross_entropy_gradient__wrong_6(p, labels):
    """the numbers at the labels only, (N,)"""
    return -1 / (len(p) * p[np.arange(len(p)), labels])


def cross_entropy_gradient__wrong_7(p, labels):
    """divided by the number of classes in place of samples"""
    t = np.eye(p.shape[1], dtype=p.dtype)[labels]
    return -t / p / p.shape[1]


def cross_entropy_gradient__wrong_8(p, labels):
    """a one-hot of float64: the result is float64 for float32 as well"""
    return -np.eye(p.shape[1])[labels] / p / len(p)


def cross_entropy_gradient__wrong_9(p, labels):
    """dp is no copy: p is filled with zeros and overwritten"""
    n = np.arange(len(p))
    q = p[n, labels]
    dp = p
    dp[...] = 0
    dp[n, labels] = -1 / (len(p) * q)
    return dp


def cross_entropy_gradient__wrong_10(p, labels):
    """multiplied by p in place of divided"""
    t = np.eye(p.shape[1], dtype=p.dtype)[labels]
    return -t * p / len(p)


def cross_entropy_gradient__wrong_11(p, labels):
    """the loss in place of its derivative: −log p at the labels"""
    t = np.eye(p.shape[1], dtype=p.dtype)[labels]
    return -t * np.log(p) / len(p)


def cross_entropy_gradient__wrong_12(p, labels):
    """the binary formula: the wrong classes get 1 / (1 − p)"""
    t = np.eye(p.shape[1], dtype=p.dtype)[labels]
    return (-t / p + (1 - t) / (1 - p)) / len(p)


def cross_entropy_gradient__wrong_13(p, labels):
    """divided by all N · K numbers"""
    t = np.eye(p.shape[1], dtype=p.dtype)[labels]
    return -t / p / p.size


def cross_entropy_gradient__wrong_14(p, labels):
    """the one-hot rows have as many columns as the largest label says: too few if the last class does not occur"""
    t = np.zeros((len(labels), labels.max() + 1), p.dtype)
    t[np.arange(len(labels)), labels] = 1
    return -t / (len(p) * p)


def cross_entropy_gradient__wrong_15(p, labels):
    """one-hot divided by p everywhere: 0 / 0 is nan where a wrong class has the probability 0"""
    t = np.eye(p.shape[1], dtype=p.dtype)[labels]
    return -t / (len(p) * p)


def cross_entropy_gradient__right_1(p, labels):
    """right: divided only where a comparison finds the label, zeros elsewhere"""
    here = np.arange(p.shape[1]) == labels[:, None]
    return np.divide(-1 / len(p), p, out=np.zeros_like(p), where=here)


def cross_entropy_gradient__right_2(p, labels):
    """right: number by number"""
    dp = np.empty(p.shape, dtype=p.dtype)
    for n, k in np.ndindex(*p.shape):
        dp[n, k] = -1 / (len(p) * p[n, k]) if labels[n] == k else 0
    return dp


def cross_entropy_gradient__right_3(p, labels):
    """right: put_along_axis into zeros"""
    dp = np.zeros_like(p)
    where = labels.reshape(-1, 1)
    np.put_along_axis(dp, where, -1 / (len(p) * np.take_along_axis(p, where, 1)), 1)
    return dp


# Task 5.3


def fused_loss__wrong_1(x, labels):
    """the logarithm of a softmax: −log 0 is infinite where the probability was rounded to 0"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(x)), labels]).mean()


def fused_loss__wrong_2(x, labels):
    """no shift: overflow for large logits"""
    return (np.log(np.exp(x).sum(axis=1)) - x[np.arange(len(x)), labels]).mean()


def fused_loss__wrong_3(x, labels):
    """the shift is not used at the label: too small by the mean of the largest numbers"""
    s = x - x.max(axis=1, keepdims=True)
    return (np.log(np.exp(s).sum(axis=1)) - x[np.arange(len(x)), labels]).mean()


def fused_loss__wrong_4(x, labels):
    """the sum over the samples in place of the mean"""
    s = x - x.max(axis=1, keepdims=True)
    return (np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(x)), labels]).sum()


def fused_loss__wrong_5(x, labels):
    """the exponentials are summed over the samples, and the logarithms averaged over the classes"""
    s = x - x.max(axis=1, keepdims=True)
    return np.log(np.exp(s).sum(axis=0)).mean() - s[np.arange(len(x)), labels].mean()


def fused_loss__wrong_6(x, labels):
    """the sign is turned"""
    s = x - x.max(axis=1, keepdims=True)
    return (s[np.arange(len(x)), labels] - np.log(np.exp(s).sum(axis=1))).mean()


def fused_loss__wrong_7(x, labels):
    """s[:, labels] takes the labels of all samples for each: the mean is over N × N logits"""
    s = x - x.max(axis=1, keepdims=True)
    return (np.log(np.exp(s).sum(axis=1, keepdims=True)) - s[:, labels]).mean()


def fused_loss__wrong_8(x, labels):
    """the probability is kept above 1e-12: no sample costs more than 27.6"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = np.clip(e / e.sum(axis=1, keepdims=True), 1e-12, 1)
    return -np.log(p[np.arange(len(x)), labels]).mean()


def fused_loss__wrong_9(x, labels):
    """the sum keeps its axis, so each sample's logarithm meets the label of every sample: N × N differences, summed and divided by N"""
    s = x - x.max(axis=1, keepdims=True)
    d = np.log(np.exp(s).sum(axis=1, keepdims=True)) - s[np.arange(len(x)), labels]
    return d.sum() / x.shape[0]


def fused_loss__wrong_10(x, labels):
    """the largest number of the batch is taken off: the sum of a row far below it is 0"""
    s = x - x.max()
    return (np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(x)), labels]).mean()


def fused_loss__wrong_11(x, labels):
    """the right number, but x is shifted in place"""
    x -= x.max(axis=1, keepdims=True)
    return (np.log(np.exp(x).sum(axis=1)) - x[np.arange(len(x)), labels]).mean()


def fused_loss__wrong_12(x, labels):
    """the mean of the exponentials in place of their sum: too small by log K"""
    s = x - x.max(axis=1, keepdims=True)
    return (np.log(np.exp(s).mean(axis=1)) - s[np.arange(len(x)), labels]).mean()


def fused_loss__wrong_13(x, labels):
    """the label's own term is left out of the sum"""
    n = np.arange(len(x))
    s = x - x.max(axis=1, keepdims=True)
    e = np.exp(s)
    e[n, labels] = 0
    return (np.log(e.sum(axis=1)) - s[n, labels]).mean()


def fused_loss__wrong_14(x, labels):
    """one number for each sample is returned"""
    s = x - x.max(axis=1, keepdims=True)
    return np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(x)), labels]


def fused_loss__wrong_15(x, labels):
    """no softmax, the absolute logits are divided by their sum; and the samples are summed, not averaged"""
    p = np.abs(x) / np.abs(x).sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(x)), labels] + 1e-9).sum()


def fused_loss__right_1(x, labels):
    """right: logaddexp.reduce of the shifted rows"""
    s = x - np.amax(x, axis=1)[:, None]
    return np.mean(np.logaddexp.reduce(s, axis=1) - s[np.arange(len(s)), labels])


def fused_loss__right_2(x, labels):
    """right: shifted by the logit of the label and by the largest difference"""
    total = 0.0
    for row, label in zip(x, labels, strict=True):
        gaps = row - row[label]
        top = gaps.max()
        total += float(top + np.log(np.exp(gaps - top).sum()))
    return total / len(x)


def fused_loss__right_3(x, labels):
    """right: fold of logaddexp over the columns, the labels by a one-hot product"""
    s = x - x.max(axis=1, keepdims=True)
    lse = functools.reduce(np.logaddexp, s.T)
    t = (labels[:, None] == np.arange(x.shape[1])).astype(x.dtype)
    return (lse - np.einsum("nk,nk->n", t, s)).mean()


# Task 5.4


def fused_gradient__wrong_1(x, labels):
    """1/N is forgotten"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    dx = e / e.sum(axis=1, keepdims=True)
    dx[np.arange(len(x)), labels] -= 1
    return dx


def fused_gradient__wrong_2(x, labels):
    """the sign is turned: t − p"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return (np.eye(x.shape[1], dtype=x.dtype)[labels] - p) / len(x)


def fused_gradient__wrong_3(x, labels):
    """the softmax is forgotten: x − t"""
    dx = x.copy()
    dx[np.arange(len(x)), labels] -= 1
    return dx / len(x)


def fused_gradient__wrong_4(x, labels):
    """the subtraction at dx[:, labels] hits these columns in every row"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    dx = e / e.sum(axis=1, keepdims=True)
    dx[:, labels] -= 1
    return dx / len(x)


def fused_gradient__wrong_5(x, labels):
    """the labels themselves are subtracted, not their one-hot rows"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return ((p - labels[:, None]) / len(x)).astype(x.dtype)


def fused_gradient__wrong_6(x, labels):
    """no shift: nan for large logits"""
    e = np.exp(x)
    dx = e / e.sum(axis=1, keepdims=True)
    dx[np.arange(len(x)), labels] -= 1
    return dx / len(x)


def fused_gradient__wrong_7(x, labels):
    """the softmax runs over the samples"""
    e = np.exp(x - x.max(axis=0))
    dx = e / e.sum(axis=0)
    dx[np.arange(len(x)), labels] -= 1
    return dx / len(x)


def fused_gradient__wrong_8(x, labels):
    """divided by all N · K numbers"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    dx = e / e.sum(axis=1, keepdims=True)
    dx[np.arange(len(x)), labels] -= 1
    return dx / dx.size


def fused_gradient__wrong_9(x, labels):
    """only p is divided by N, brackets forgotten"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    dx = e / e.sum(axis=1, keepdims=True) / len(x)
    dx[np.arange(len(x)), labels] -= 1
    return dx


def fused_gradient__wrong_10(x, labels):
    """only the label's number is kept, the other classes get 0"""
    n = np.arange(len(x))
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    dx = np.zeros_like(x)
    dx[n, labels] = (p[n, labels] - 1) / len(x)
    return dx


def fused_gradient__wrong_11(x, labels):
    """set to −1 at the label in place of lowered by 1"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    dx = e / e.sum(axis=1, keepdims=True)
    dx[np.arange(len(x)), labels] = -1
    return dx / len(x)


def fused_gradient__wrong_12(x, labels):
    """the factor p (1 − p) of the squared error stands in it"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    t = np.eye(x.shape[1], dtype=x.dtype)[labels]
    return (p - t) * p * (1 - p) / len(x)


def fused_gradient__wrong_13(x, labels):
    """the one-hot rows are float64, so float32 logits get a gradient of float64"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True) - np.eye(x.shape[1])[labels]) / x.shape[0]


def fused_gradient__wrong_14(x, labels):
    """the right numbers, but they are computed in the memory of x"""
    x -= x.max(axis=1, keepdims=True)
    np.exp(x, out=x)
    x /= x.sum(axis=1, keepdims=True)
    x[np.arange(len(x)), labels] -= 1
    x /= len(x)
    return x


def fused_gradient__wrong_15(x, labels):
    """labels are counted from 1, and 1/N is forgotten"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    dx = e / e.sum(axis=1, keepdims=True)
    dx[np.arange(len(x)), labels - 1] -= 1
    return dx


def fused_gradient__wrong_16(x, labels):
    """ten classes are hard-coded for the one-hot rows"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return (p - np.eye(10, dtype=x.dtype)[labels]) / len(x)


def fused_gradient__right_1(x, labels):
    """right: sample by sample, the unit vector of the label subtracted, collected in a list"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    rows = []
    for q, label in zip(p, labels, strict=True):
        unit = np.zeros_like(q)
        unit[label] = 1
        rows.append(q - unit)
    return np.array(rows) / x.dtype.type(len(rows))


def fused_gradient__right_2(x, labels):
    """right: exp of the log-softmax, the labels subtracted by subtract.at"""
    s = x - x.max(axis=1, keepdims=True)
    dx = np.exp(s - np.logaddexp.reduce(s, axis=1, keepdims=True))
    np.subtract.at(dx, (np.arange(len(x)), labels), 1)
    dx /= len(x)
    return dx


def fused_gradient__right_3(x, labels):
    """right: number by number, with a Boolean taken off"""
    dx = np.zeros(x.shape, x.dtype)
    for n, row in enumerate(x):
        e = np.exp(row - max(row))
        for k in range(len(row)):
            dx[n, k] = (e[k] / e.sum() - float(labels[n] == k)) / len(x)
    return dx


# Task 5.5


def smoothed_targets__wrong_1(x, labels, epsilon):
    """ε is shared among the wrong classes only, K − 1 of them"""
    N, K = x.shape
    t = np.full_like(x, epsilon / (K - 1) if K > 1 else 0)
    t[np.arange(N), labels] = 1 - epsilon
    return t


def smoothed_targets__wrong_2(x, labels, epsilon):
    """the right class gets 1 − ε and no share of ε: the rows sum to less than 1"""
    N, K = x.shape
    t = np.full_like(x, epsilon / K)
    t[np.arange(N), labels] = 1 - epsilon
    return t


def smoothed_targets__wrong_3(x, labels, epsilon):
    """ε is given to every class whole, not shared out"""
    t = np.eye(x.shape[1], dtype=x.dtype)[labels]
    return (1 - epsilon) * t + epsilon


def smoothed_targets__wrong_4(x, labels, epsilon):
    """the right class keeps 1, the shares are added on top"""
    t = np.full_like(x, epsilon / x.shape[1])
    t[np.arange(len(x)), labels] += 1
    return t


def smoothed_targets__wrong_5(x, labels, epsilon):
    """shared among the samples: divided by N in place of K"""
    t = np.eye(x.shape[1], dtype=x.dtype)[labels]
    return (1 - epsilon) * t + epsilon / x.shape[0]


def smoothed_targets__wrong_6(x, labels, epsilon):
    """no smoothing at all: the one-hot rows"""
    return np.eye(x.shape[1], dtype=x.dtype)[labels]


def smoothed_targets__wrong_7(x, labels, epsilon):
    """the result is float64, whatever the precision of x"""
    t = np.full(x.shape, epsilon / x.shape[1])
    t[np.arange(len(x)), labels] += 1 - epsilon
    return t


def smoothed_targets__wrong_8(x, labels, epsilon):
    """K is taken from the labels, not from x: too few classes if the last one does not occur"""
    K = int(labels.max()) + 1
    t = np.full((len(labels), K), epsilon / K, dtype=x.dtype)
    t[np.arange(len(labels)), labels] += 1 - epsilon
    return t


def smoothed_targets__wrong_9(x, labels, epsilon):
    """ε and 1 − ε are exchanged"""
    t = np.eye(x.shape[1], dtype=x.dtype)[labels]
    return epsilon * t + (1 - epsilon) / x.shape[1]


def smoothed_targets__wrong_10(x, labels, epsilon):
    """the softmax of x takes the place of the even shares"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    t = np.eye(x.shape[1], dtype=x.dtype)[labels]
    return (1 - epsilon) * t + epsilon * e / e.sum(axis=1, keepdims=True)


def smoothed_targets__wrong_11(x, labels, epsilon):
    """the right numbers, but written into x"""
    x[...] = epsilon / x.shape[1]
    x[np.arange(len(x)), labels] += 1 - epsilon
    return x


def smoothed_targets__wrong_12(x, labels, epsilon):
    """x is taken for the one-hot rows and smoothed itself"""
    return (1 - epsilon) * x + epsilon / x.shape[1]


def smoothed_targets__wrong_13(x, labels, epsilon):
    """an array like the labels, of whole numbers: all shares are rounded down"""
    t = np.zeros(x.shape, dtype=labels.dtype)
    t[...] = epsilon / x.shape[1]
    t[np.arange(len(x)), labels] = 1 - epsilon + epsilon / x.shape[1]
    return t.astype(x.dtype)


def smoothed_targets__wrong_14(x, labels, epsilon):
    """ε is taken off twice at the right class: its share is subtracted and not added"""
    K = x.shape[1]
    t = np.full_like(x, epsilon / K)
    t[np.arange(len(x)), labels] = 1 - epsilon - epsilon / K
    return t


def smoothed_targets__wrong_15(x, labels, epsilon):
    """t[:, labels] raises the columns of all labels in every row"""
    t = np.full_like(x, epsilon / x.shape[1])
    t[:, labels] += 1 - epsilon
    return t


def smoothed_targets__right_1(x, labels, epsilon):
    """right: a table of K smoothed rows, looked up by label"""
    K = x.shape[1]
    table = np.identity(K) * (1 - epsilon) + np.ones((K, K)) * epsilon / K
    return table.astype(x.dtype)[labels]


def smoothed_targets__right_2(x, labels, epsilon):
    """right: one minus the shares of the others at the label, by np.where"""
    K = x.shape[1]
    share = epsilon / K
    here = labels[:, None] == np.arange(K)[None]
    return np.where(here, 1 - (K - 1) * share, share).astype(x.dtype)


def smoothed_targets__right_3(x, labels, epsilon):
    """right: lists of Python numbers"""
    K = len(x[0])
    rows = [[epsilon / K + (1 - epsilon) * (k == label) for k in range(K)] for label in labels]
    return np.array(rows, dtype=x.dtype)


# Task 5.6


def focal_loss__wrong_1(p, labels, gamma):
    """q to the power of γ in place of 1 − q"""
    q = p[np.arange(len(p)), labels]
    return -(q**gamma * np.log(q)).mean()


def focal_loss__wrong_2(p, labels, gamma):
    """multiplied by γ in place of raised to it"""
    q = p[np.arange(len(p)), labels]
    return -(gamma * (1 - q) * np.log(q)).mean()


def focal_loss__wrong_3(p, labels, gamma):
    """γ is ignored: the plain cross-entropy"""
    return -np.log(p[np.arange(len(p)), labels]).mean()


def focal_loss__wrong_4(p, labels, gamma):
    """the power is taken of the whole product, minus log included"""
    q = p[np.arange(len(p)), labels]
    return (((1 - q) * -np.log(q)) ** gamma).mean()


def focal_loss__wrong_5(p, labels, gamma):
    """γ is fixed at 2, the value of the paper"""
    q = p[np.arange(len(p)), labels]
    return -((1 - q) ** 2 * np.log(q)).mean()


def focal_loss__wrong_6(p, labels, gamma):
    """the sum over the samples in place of the mean"""
    q = p[np.arange(len(p)), labels]
    return -((1 - q) ** gamma * np.log(q)).sum()


def focal_loss__wrong_7(p, labels, gamma):
    """the minus sign is forgotten"""
    q = p[np.arange(len(p)), labels]
    return ((1 - q) ** gamma * np.log(q)).mean()


def focal_loss__wrong_8(p, labels, gamma):
    """1 − q^γ: the power binds tighter than the difference"""
    q = p[np.arange(len(p)), labels]
    return -((1 - q**gamma) * np.log(q)).mean()


def focal_loss__wrong_9(p, labels, gamma):
    """the mean of the weights times the mean of the losses"""
    q = p[np.arange(len(p)), labels]
    return -((1 - q) ** gamma).mean() * np.log(q).mean()


def focal_loss__wrong_10(p, labels, gamma):
    """the mean is weighted: divided by the sum of the weights in place of N"""
    q = p[np.arange(len(p)), labels]
    w = (1 - q) ** gamma
    return -(w * np.log(q)).sum() / w.sum()


def focal_loss__wrong_11(p, labels, gamma):
    """the largest probability of each row in place of that of the right class"""
    q = p.max(axis=1)
    return -((1 - q) ** gamma * np.log(q)).mean()


def focal_loss__wrong_12(p, labels, gamma):
    """every class contributes, not only the right one"""
    return -((1 - p) ** gamma * np.log(p)).sum(axis=1).mean()


def focal_loss__wrong_13(p, labels, gamma):
    """the logarithm of 1 − q: base and argument are confused"""
    q = p[np.arange(len(p)), labels]
    return -(q**gamma * np.log(1 - q)).mean()


def focal_loss__wrong_14(p, labels, gamma):
    """the exponent is made a whole number"""
    q = p[np.arange(len(p)), labels]
    return -((1 - q) ** int(gamma) * np.log(q)).mean()


def focal_loss__wrong_15(p, labels, gamma):
    """p[:, labels] takes all labels for each sample, and the result is a sum"""
    q = p[:, labels]
    return -((1 - q) ** gamma * np.log(q)).sum()


def focal_loss__wrong_16(p, labels, gamma):
    """exp(γ (1 − q)) in place of a power"""
    q = p[np.arange(len(p)), labels]
    return -(np.exp(gamma * (1 - q)) * np.log(q)).mean()


def focal_loss__wrong_17(p, labels, gamma):
    """all classes are computed and multiplied by one-hot rows: nan where a wrong class has the probability 0"""
    t = np.eye(p.shape[1], dtype=p.dtype)[labels]
    return -(t * (1 - p) ** gamma * np.log(p)).sum(axis=1).mean()


def focal_loss__right_1(p, labels, gamma):
    """right: the inner product of weights and logarithms over N"""
    q = np.diagonal(p.take(labels, axis=1))
    return np.dot(np.power(1 - q, gamma), -np.log(q)) / len(q)


def focal_loss__right_2(p, labels, gamma):
    """right: a generator of numbers, summed"""
    chosen = [float(row[label]) for row, label in zip(p, labels, strict=True)]
    return sum((1 - q) ** gamma * -np.log(q) for q in chosen) / len(chosen)


def focal_loss__right_3(p, labels, gamma):
    """right: the right classes selected by Boolean one-hot rows, zero minus the average"""
    t = np.eye(p.shape[1], dtype=bool)[labels]
    cost = np.multiply((1 - p[t]) ** gamma, np.log(p[t]))
    return 0 - np.average(cost)


# Task 5.7


def huber_gradient__wrong_1(x, t, delta):
    """the mean is forgotten"""
    return np.clip(x - t, -delta, delta)


def huber_gradient__wrong_2(x, t, delta):
    """divided by the number of samples N, not by all N · D numbers"""
    return np.clip(x - t, -delta, delta) / len(x)


def huber_gradient__wrong_3(x, t, delta):
    """the sign is turned: r = t − x"""
    return np.clip(t - x, -delta, delta) / x.size


def huber_gradient__wrong_4(x, t, delta):
    """far away the gradient is +δ on both sides: the sign is forgotten"""
    r = x - t
    return np.where(np.abs(r) <= delta, r, r.dtype.type(delta)) / x.size


def huber_gradient__wrong_5(x, t, delta):
    """far away only the sign, without δ"""
    r = x - t
    return np.where(np.abs(r) <= delta, r, np.sign(r)) / x.size


def huber_gradient__wrong_6(x, t, delta):
    """the condition is without absolute value: all negative differences count as near"""
    r = x - t
    return np.where(r <= delta, r, r.dtype.type(delta)) / x.size


def huber_gradient__wrong_7(x, t, delta):
    """the loss itself is returned, number by number"""
    r = x - t
    a = np.abs(r)
    return np.where(a <= delta, r * r / 2, delta * (a - delta / 2)) / x.size


def huber_gradient__wrong_8(x, t, delta):
    """the factor 2 of a square without the one half"""
    r = x - t
    return np.where(np.abs(r) <= delta, 2 * r, delta * np.sign(r)) / x.size


def huber_gradient__wrong_9(x, t, delta):
    """the two branches are exchanged"""
    r = x - t
    return np.where(np.abs(r) <= delta, delta * np.sign(r), r) / x.size


def huber_gradient__wrong_10(x, t, delta):
    """the gradient of the squared error: δ is ignored"""
    return (x - t) / x.size


def huber_gradient__wrong_11(x, t, delta):
    """a test of the whole row: one far number makes its whole row count as far"""
    r = x - t
    near = (np.abs(r) <= delta).all(axis=1, keepdims=True)
    return np.where(near, r, delta * np.sign(r)) / x.size


def huber_gradient__wrong_12(x, t, delta):
    """the constant δ/2 is kept in the derivative far away: δ (sign r − δ/2)"""
    r = x - t
    return np.where(np.abs(r) <= delta, r, delta * (np.sign(r) - delta / 2)) / x.size


def huber_gradient__wrong_13(x, t, delta):
    """the far ones are set to zero, as outliers to be dropped"""
    r = x - t
    return np.where(np.abs(r) <= delta, r, 0).astype(x.dtype) / x.size


def huber_gradient__wrong_14(x, t, delta):
    """the right numbers, but x is overwritten"""
    x -= t
    np.clip(x, -delta, delta, out=x)
    x /= x.size
    return x


def huber_gradient__wrong_15(x, t, delta):
    """collected in float64, whatever the precision of x"""
    dx = np.zeros(x.shape)
    for n in range(x.shape[0]):
        for d in range(x.shape[1]):
            r = x[n, d] - t[n, d]
            dx[n, d] = r if abs(r) <= delta else delta * np.sign(r)
    return dx / x.size


def huber_gradient__wrong_16(x, t, delta):
    """x is compared with δ, not the difference, and the mean is over the samples alone"""
    r = x - t
    return np.where(np.abs(x) <= delta, r, delta * np.sign(r)) / x.shape[0]


def huber_gradient__wrong_17(x, t, delta):
    """np.maximum and np.minimum exchanged: every number becomes −δ"""
    return np.minimum(-delta, np.maximum(delta, x - t)) / x.size


def huber_gradient__wrong_18(x, t, delta):
    """divided by the number of features D"""
    return np.clip(x - t, -delta, delta) / x.shape[1]


def huber_gradient__wrong_19(x, t, delta):
    """the gradient by t is returned with that by x"""
    dx = np.clip(x - t, -delta, delta) / x.size
    return dx, -dx


def huber_gradient__right_1(x, t, delta):
    """right: r scaled to the length δ where it is longer"""
    r = x - t
    bound = x.dtype.type(delta)
    length = np.maximum(np.abs(r), bound)
    length[length == 0] = 1
    return r * (bound / length) / x.dtype.type(r.size)


def huber_gradient__right_2(x, t, delta):
    """right: half the difference of two absolute values: (|r + δ| − |r − δ|) / 2"""
    r = x - t
    bound = x.dtype.type(delta)
    return (np.abs(r + bound) - np.abs(r - bound)) / (2 * x.size)


def huber_gradient__right_3(x, t, delta):
    """right: the median of r, −δ and δ, number by number"""
    N, D = x.shape
    dx = np.zeros_like(x)
    for n in range(N):
        for d in range(D):
            dx[n, d] = sorted((-delta, x[n, d] - t[n, d], delta))[1] / (N * D)
    return dx


def huber_gradient__right_4(x, t, delta):
    """right: three cases added up, each with its own Boolean"""
    r = x - t
    bound = x.dtype.type(delta)
    total = r * (abs(r) <= bound) + bound * (r > bound) - bound * (r < -bound)
    return total / total.size
