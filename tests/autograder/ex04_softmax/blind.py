# ruff: noqa
"""Answers to exercise 4 written blind: wrong ones with what is truly wrong, right ones that look unusual."""

import math

import numpy as np

# Task 4.1


def softmax__wrong_1(x):
    """the largest number is not taken off: overflow for large logits"""
    e = np.exp(x)
    return e / e.sum(axis=1, keepdims=True)


def softmax__wrong_2(x):
    """the sum runs over the samples, not over the classes"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


def softmax__wrong_3(x):
    """keepdims is forgotten in both places: it runs only if N = K, or for one sample, and mixes the rows"""
    e = np.exp(x - x.max(axis=1))
    return e / e.sum(axis=1)


def softmax__wrong_4(x):
    """normalised over the whole batch: all numbers together sum to 1"""
    e = np.exp(x - x.max())
    return e / e.sum()


def softmax__wrong_5(x):
    """the largest number of the whole batch is taken off: a row far below it becomes 0 / 0"""
    e = np.exp(x - np.max(x))
    return e / e.sum(axis=1, keepdims=True)


def softmax__wrong_6(x):
    """the shift is in the numerator alone, not in the sum"""
    shifted = x - x.max(axis=1, keepdims=True)
    return np.exp(shifted) / np.exp(x).sum(axis=1, keepdims=True)


def softmax__wrong_7(x):
    """the right numbers, but x is shifted in place"""
    x -= x.max(axis=1, keepdims=True)
    e = np.exp(x)
    return e / e.sum(axis=1, keepdims=True)


def softmax__wrong_8(x):
    """a small number in the denominator: the rows sum to a little less than 1"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / (e.sum(axis=1, keepdims=True) + 1e-3)


def softmax__wrong_9(x):
    """divided by the largest number in place of shifted by it"""
    e = np.exp(x / x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax__wrong_10(x):
    """a one in the row of the largest number: a hard maximum"""
    p = np.zeros_like(x)
    p[np.arange(len(x)), x.argmax(axis=1)] = 1
    return p


def softmax__wrong_11(x):
    """the exponential is left out of the normalisation: the shifted numbers are divided by their sum"""
    s = x - x.min(axis=1, keepdims=True)
    return s / s.sum(axis=1, keepdims=True)


def softmax__wrong_12(x):
    """a power of two in place of the exponential"""
    e = 2 ** (x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax__wrong_13(x):
    """the rows are collected in float64, whatever the precision of x"""
    p = np.zeros(x.shape)
    for n in range(len(x)):
        e = np.exp(x[n] - x[n].max())
        p[n] = e / e.sum()
    return p


def softmax__wrong_14(x):
    """the smallest number is taken off in place of the largest: still overflows if a row spans 1000"""
    e = np.exp(x - x.min(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax__wrong_15(x):
    """the logits are clipped to ±50 against the overflow, which changes them"""
    e = np.exp(np.clip(x, -50, 50))
    return e / e.sum(axis=1, keepdims=True)


def softmax__wrong_16(x):
    """the mean of a row is taken off in place of its largest number: overflows if one number stands out"""
    e = np.exp(x - x.mean(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax__wrong_17(x):
    """a sigmoid of each number, not a softmax"""
    return 1 / (1 + np.exp(-x))


def softmax__wrong_18(x):
    """the running sum starts over in no row: each sample is divided by the sum of all samples so far"""
    p = np.zeros_like(x)
    total = 0
    for n in range(len(x)):
        e = np.exp(x[n] - x[n].max())
        total += e.sum()
        p[n] = e / total
    return p


def softmax__wrong_19(x):
    """the sign of the exponent is turned: the largest logit gets the smallest probability"""
    e = np.exp(x.min(axis=1, keepdims=True) - x)
    return e / e.sum(axis=1, keepdims=True)


def softmax__right_1(x):
    """right: through the logarithm of the sum, np.logaddexp.reduce"""
    s = x - x.max(axis=1, keepdims=True)
    return np.exp(s - np.logaddexp.reduce(s, axis=1, keepdims=True))


def softmax__right_2(x):
    """right: plain math, row by row, in lists"""
    rows = []
    for row in x:
        top = max(row)
        e = [math.exp(v - top) for v in row]
        total = math.fsum(e)
        rows.append([v / total for v in e])
    return np.array(rows, dtype=x.dtype)


def softmax__right_3(x):
    """right: transposed, so that no keepdims is needed"""
    t = np.exp(x.T - x.max(1))
    return (t / t.sum(0)).T


def softmax__right_4(x):
    """right: an if for the overflow, one over the sum of the exponentials of all differences"""
    out = np.empty_like(x)
    for n, k in np.ndindex(x.shape):
        gaps = x[n] - x[n, k]
        out[n, k] = 0 if gaps.max() > 80 else 1 / np.exp(gaps).sum()
    return out


# Task 4.2


def softmax_jacobian__wrong_1(p):
    """the outer product is added in place of subtracted"""
    return np.diag(p) + np.outer(p, p)


def softmax_jacobian__wrong_2(p):
    """only the diagonal, p (1 − p), as for the sigmoid"""
    return np.diag(p * (1 - p))


def softmax_jacobian__wrong_3(p):
    """the derivative of a sigmoid, and only a vector of it"""
    return p * (1 - p)


def softmax_jacobian__wrong_4(p):
    """the outer product alone, without the diagonal"""
    return -np.outer(p, p)


def softmax_jacobian__wrong_5(p):
    """the identity in place of the diagonal of p"""
    return np.eye(len(p), dtype=p.dtype) - np.outer(p, p)


def softmax_jacobian__wrong_6(p):
    """all signs turned"""
    return np.outer(p, p) - np.diag(p)


def softmax_jacobian__wrong_7(p):
    """the product p · p is a number here, and taken off everywhere"""
    return np.diag(p) - p @ p


def softmax_jacobian__wrong_8(p):
    """p * p.T is no outer product: the transpose of a vector is the vector"""
    return np.diag(p) - p * p.T


def softmax_jacobian__wrong_9(p):
    """the identity as np.eye in float64, so the result is float64 for float32 too"""
    return p[:, None] * (np.eye(len(p)) - p)


def softmax_jacobian__wrong_10(p):
    """the loop leaves the last class out"""
    K = len(p)
    J = np.zeros((K, K), p.dtype)
    for k in range(K - 1):
        for j in range(K):
            J[k, j] = p[k] * ((k == j) - p[j])
    return J


def softmax_jacobian__wrong_11(p):
    """p_k squared on the diagonal, because the 1 is forgotten; the rest is right"""
    J = -np.outer(p, p)
    np.fill_diagonal(J, p * p)
    return J


def softmax_jacobian__wrong_12(p):
    """the softmax is applied once more to p"""
    e = np.exp(p - p.max())
    q = e / e.sum()
    return np.diag(q) - np.outer(q, q)


def softmax_jacobian__wrong_13(p):
    """the sizes of the ten digits are hard-coded"""
    J = np.zeros((10, 10), p.dtype)
    for k in range(10):
        for j in range(10):
            J[k, j] = p[k] * ((k == j) - p[j])
    return J


def softmax_jacobian__wrong_14(p):
    """off the diagonal the sign is missing"""
    J = np.outer(p, p)
    np.fill_diagonal(J, p * (1 - p))
    return J


def softmax_jacobian__right_1(p):
    """right: both cases by hand in a loop"""
    K = p.size
    J = np.empty((K, K), dtype=p.dtype)
    for k in range(K):
        for l in range(K):
            J[k, l] = p[k] * (1 - p[k]) if k == l else -p[k] * p[l]
    return J


def softmax_jacobian__right_2(p):
    """right: the diagonal is minus the sum of the others in the row"""
    J = -np.outer(p, p)
    np.fill_diagonal(J, 0)
    np.fill_diagonal(J, -J.sum(axis=1))
    return J


def softmax_jacobian__right_3(p):
    """right: einsum and a comparison of indices for the δ"""
    k = np.arange(len(p))
    delta = (k[:, None] == k).astype(p.dtype)
    return np.einsum("k,kl->kl", p, delta - p)


def softmax_jacobian__right_4(p):
    """right: columns stacked, one for each unit vector"""
    columns = [p * unit - p * (unit @ p) for unit in np.identity(len(p), dtype=p.dtype)]
    return np.stack(columns, axis=1)


# Task 4.3


def softmax_gradient__wrong_1(dy, p):
    """the sum is left out: as if the softmax worked on each number alone"""
    return dy * p * (1 - p)


def softmax_gradient__wrong_2(dy, p):
    """the sum runs over the samples"""
    return p * (dy - (dy * p).sum(axis=0, keepdims=True))


def softmax_gradient__wrong_3(dy, p):
    """keepdims is forgotten: with N = K the rows are mixed, else an error"""
    return p * (dy - (dy * p).sum(axis=1))


def softmax_gradient__wrong_4(dy, p):
    """one sum over the whole batch"""
    return p * (dy - np.sum(dy * p))


def softmax_gradient__wrong_5(dy, p):
    """the sum without p: Σ dy"""
    return p * (dy - dy.sum(axis=1, keepdims=True))


def softmax_gradient__wrong_6(dy, p):
    """the mean in place of the sum"""
    return p * (dy - (dy * p).mean(axis=1, keepdims=True))


def softmax_gradient__wrong_7(dy, p):
    """the factor p in front is forgotten"""
    return dy - (dy * p).sum(axis=1, keepdims=True)


def softmax_gradient__wrong_8(dy, p):
    """brackets: p is multiplied with dy alone, the bare sum is taken off"""
    return p * dy - (dy * p).sum(axis=1, keepdims=True)


def softmax_gradient__wrong_9(dy, p):
    """plus in place of minus"""
    return p * (dy + (dy * p).sum(axis=1, keepdims=True))


def softmax_gradient__wrong_10(dy, p):
    """the sum contains p twice"""
    return p * (dy - (dy * p * p).sum(axis=1, keepdims=True))


def softmax_gradient__wrong_11(dy, p):
    """dy and p have changed places in the last step"""
    return dy * (p - (dy * p).sum(axis=1, keepdims=True))


def softmax_gradient__wrong_12(dy, p):
    """the right numbers, but dy is changed in place"""
    dy -= (dy * p).sum(axis=1, keepdims=True)
    return p * dy


def softmax_gradient__wrong_13(dy, p):
    """the Jacobian of the first sample is used for all"""
    J = np.diag(p[0]) - np.outer(p[0], p[0])
    return dy @ J


def softmax_gradient__wrong_14(dy, p):
    """the gradient of the fused cross-entropy, p − dy"""
    return p - dy


def softmax_gradient__wrong_15(dy, p):
    """the result is divided by the number of samples"""
    return p * (dy - (dy * p).sum(axis=1, keepdims=True)) / len(p)


def softmax_gradient__wrong_16(dy, p):
    """the Jacobian of each sample with an identity of float64, so float64 comes out"""
    J = np.einsum("nk,kl->nkl", p, np.eye(p.shape[1])) - p[:, :, None] * p[:, None]
    return np.einsum("nk,nkl->nl", dy, J)


def softmax_gradient__wrong_17(dy, p):
    """only the diagonal of the Jacobian, and that of a second softmax applied to p"""
    e = np.exp(p)
    q = e / e.sum(axis=1, keepdims=True)
    return dy * q * (1 - q)


def softmax_gradient__wrong_18(dy, p):
    """a loop whose sum is not set to zero for the next sample"""
    dx = np.zeros_like(p)
    s = 0
    for n in range(p.shape[0]):
        for k in range(p.shape[1]):
            s += dy[n, k] * p[n, k]
        for k in range(p.shape[1]):
            dx[n, k] = p[n, k] * (dy[n, k] - s)
    return dx


def softmax_gradient__right_1(dy, p):
    """right: the Jacobian of each sample all the same, and a product"""
    rows = []
    for upstream, q in zip(dy, p, strict=True):
        rows.append((np.diag(q) - np.outer(q, q)) @ upstream)
    return np.stack(rows)


def softmax_gradient__right_2(dy, p):
    """right: the inner products by einsum, with a new axis"""
    return p * dy - p * np.einsum("nk,nk->n", dy, p)[:, np.newaxis]


def softmax_gradient__right_3(dy, p):
    """right: matrix products of rows and columns, sample by sample"""
    inner = dy[:, None, :] @ p[:, :, None]
    return (dy - inner[:, :, 0]) * p


def softmax_gradient__right_4(dy, p):
    """right: three loops, the double sum of the definition"""
    dx = np.zeros_like(p)
    N, K = p.shape
    for n in range(N):
        for l in range(K):
            dx[n, l] = sum(dy[n, k] * p[n, k] * (float(k == l) - p[n, l]) for k in range(K))
    return dx


# Task 4.4


def log_softmax__wrong_1(x):
    """the logarithm of a softmax: −inf where the probability was rounded to 0"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return np.log(e / e.sum(axis=1, keepdims=True))


def log_softmax__wrong_2(x):
    """no shift: overflow for large logits"""
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


def log_softmax__wrong_3(x):
    """a small number in the logarithm: nothing is below −18.4"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return np.log(e / e.sum(axis=1, keepdims=True) + 1e-8)


def log_softmax__wrong_4(x):
    """the shift is not taken off in front: too large by the largest number of the row"""
    return x - np.log(np.exp(x - x.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True))


def log_softmax__wrong_5(x):
    """the largest number of the row is taken off twice, once in front and once in the logarithm"""
    m = x.max(axis=1, keepdims=True)
    lse = m + np.log(np.exp(x - m).sum(axis=1, keepdims=True))
    return (x - m) - lse


def log_softmax__wrong_6(x):
    """the sum over the samples"""
    s = x - x.max(axis=1, keepdims=True)
    return s - np.log(np.exp(s).sum(axis=0, keepdims=True))


def log_softmax__wrong_7(x):
    """the sum of the logarithms in place of the logarithm of the sum"""
    s = x - x.max(axis=1, keepdims=True)
    return s - np.log(np.exp(s)).sum(axis=1, keepdims=True)


def log_softmax__wrong_8(x):
    """keepdims is forgotten at the sum: with N = K the rows are mixed"""
    s = x - x.max(axis=1, keepdims=True)
    return s - np.log(np.exp(s).sum(axis=1))


def log_softmax__wrong_9(x):
    """the logarithm to base 10"""
    s = x - x.max(axis=1, keepdims=True)
    return s - np.log10(np.exp(s).sum(axis=1, keepdims=True))


def log_softmax__wrong_10(x):
    """minus sign: the negative logarithm, as in the loss"""
    s = x - x.max(axis=1, keepdims=True)
    return np.log(np.exp(s).sum(axis=1, keepdims=True)) - s


def log_softmax__wrong_11(x):
    """log1p in place of log: as if a 1 were missing in the sum"""
    s = x - x.max(axis=1, keepdims=True)
    return s - np.log1p(np.exp(s).sum(axis=1, keepdims=True))


def log_softmax__wrong_12(x):
    """the largest number of the whole batch: the sum of a row far below it is 0, its logarithm −inf"""
    s = x - x.max()
    return s - np.log(np.exp(s).sum(axis=1, keepdims=True))


def log_softmax__wrong_13(x):
    """only the logarithm of the sum is returned"""
    m = x.max(axis=1, keepdims=True)
    return m + np.log(np.exp(x - m).sum(axis=1, keepdims=True))


def log_softmax__wrong_14(x):
    """the right numbers, but x is shifted in place"""
    x -= x.max(axis=1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


def log_softmax__wrong_15(x):
    """the sum is replaced by its largest term, which is 1: only the shift remains"""
    s = x - x.max(axis=1, keepdims=True)
    return s - np.log(np.exp(s.max(axis=1, keepdims=True)))


def log_softmax__wrong_16(x):
    """probabilities below 1e-12 are raised to it before the logarithm"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return np.log(np.maximum(e / e.sum(axis=1, keepdims=True), 1e-12))


def log_softmax__right_1(x):
    """right: np.logaddexp.reduce along the row"""
    s = x - x.max(axis=1, keepdims=True)
    return s - np.logaddexp.reduce(s, axis=1)[:, None]


def log_softmax__right_2(x):
    """right: minus the logarithm of the sum over differences, number by number"""
    y = np.empty_like(x)
    for (n, k), value in np.ndenumerate(x):
        gaps = x[n] - value
        top = gaps.max()
        y[n, k] = -top - np.log(np.exp(gaps - top).sum())
    return y


def log_softmax__right_3(x):
    """right: recursion, two numbers at a time"""

    def log_sum(values):
        if len(values) == 1:
            return values[0]
        half = len(values) // 2
        return np.logaddexp(log_sum(values[:half]), log_sum(values[half:]))

    shifted = [row - row.max() for row in x]
    return np.array([row - log_sum(row) for row in shifted], dtype=x.dtype)


def log_softmax__right_4(x):
    """right: plain math in double precision, made as x at the end"""
    rows = []
    for row in x.tolist():
        m = max(row)
        total = math.log(math.fsum(math.exp(v - m) for v in row))
        rows.append([v - m - total for v in row])
    return np.array(rows).astype(x.dtype)


# Task 4.5


def tempered_softmax_gradient__wrong_1(dy, p, T):
    """the temperature is forgotten"""
    return p * (dy - (dy * p).sum(axis=1, keepdims=True))


def tempered_softmax_gradient__wrong_2(dy, p, T):
    """multiplied by T in place of divided"""
    return T * p * (dy - (dy * p).sum(axis=1, keepdims=True))


def tempered_softmax_gradient__wrong_3(dy, p, T):
    """dy is divided by T at its first place only"""
    return p * (dy / T - (dy * p).sum(axis=1, keepdims=True))


def tempered_softmax_gradient__wrong_4(dy, p, T):
    """divided by T squared"""
    return p * (dy - (dy * p).sum(axis=1, keepdims=True)) / T**2


def tempered_softmax_gradient__wrong_5(dy, p, T):
    """p is made sharper once more: divided by T inside of a second softmax"""
    e = np.exp(p / T - (p / T).max(axis=1, keepdims=True))
    q = e / e.sum(axis=1, keepdims=True)
    return q * (dy - (dy * q).sum(axis=1, keepdims=True)) / T


def tempered_softmax_gradient__wrong_6(dy, p, T):
    """the sum runs over the samples"""
    return p * (dy - (dy * p).sum(axis=0)) / T


def tempered_softmax_gradient__wrong_7(dy, p, T):
    """the derivative of x / T by T, −1 / T², in place of the one by x"""
    return -p * (dy - (dy * p).sum(axis=1, keepdims=True)) / T**2


def tempered_softmax_gradient__wrong_8(dy, p, T):
    """p / T is used everywhere in place of p, so the sum is divided twice"""
    q = p / T
    return q * (dy - (dy * q).sum(axis=1, keepdims=True))


def tempered_softmax_gradient__wrong_9(dy, p, T):
    """the right numbers, but dy is divided by T in place"""
    dy /= T
    return p * (dy - (dy * p).sum(axis=1, keepdims=True))


def tempered_softmax_gradient__wrong_10(dy, p, T):
    """an integer division by T"""
    return p * (dy - (dy * p).sum(axis=1, keepdims=True)) // T


def tempered_softmax_gradient__wrong_11(dy, p, T):
    """only the diagonal of the Jacobian"""
    return dy * p * (1 - p) / T


def tempered_softmax_gradient__wrong_12(dy, p, T):
    """no keepdims, and multiplied by T"""
    return T * p * (dy - (dy * p).sum(axis=1))


def tempered_softmax_gradient__wrong_13(dy, p, T):
    """the mean over the samples is taken once more"""
    return p * (dy - (dy * p).sum(axis=1, keepdims=True)) / (T * len(p))


def tempered_softmax_gradient__wrong_14(dy, p, T):
    """the temperature is taken off in place of divided by"""
    return p * (dy - (dy * p).sum(axis=1, keepdims=True)) - T


def tempered_softmax_gradient__right_1(dy, p, T):
    """right: T first at the upstream gradient, which is linear"""
    upstream = dy / p.dtype.type(T)
    return p * upstream - p * np.einsum("nk,nk->n", upstream, p)[:, None]


def tempered_softmax_gradient__right_2(dy, p, T):
    """right: Jacobians of all samples at once, divided by T"""
    K = p.shape[1]
    J = p[:, :, None] * (np.eye(K, dtype=p.dtype) - p[:, None, :]) / p.dtype.type(T)
    return (dy[:, None] @ J)[:, 0]


def tempered_softmax_gradient__right_3(dy, p, T):
    """right: differences of all pairs: Σ over k of p_l p_k (dy_l − dy_k), over T"""
    gaps = dy[:, :, None] - dy[:, None, :]
    return np.einsum("nl,nk,nlk->nl", p, p, gaps) / p.dtype.type(T)


# Task 4.6


def masked_softmax__wrong_1(x, mask):
    """the mask is ignored"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def masked_softmax__wrong_2(x, mask):
    """masked after the softmax: the rows do not sum to 1"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True) * mask


def masked_softmax__wrong_3(x, mask):
    """the logits are multiplied by the mask: a masked class has the logit 0 and gets a share"""
    s = x * mask
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def masked_softmax__wrong_4(x, mask):
    """the largest number is sought among the masked ones as well: 0 / 0 if a masked one is far larger"""
    e = np.exp(x - x.max(axis=1, keepdims=True)) * mask
    return e / e.sum(axis=1, keepdims=True)


def masked_softmax__wrong_5(x, mask):
    """the mask is taken the other way round: the true places are left out"""
    s = np.where(mask, -np.inf, x).astype(x.dtype)
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def masked_softmax__wrong_6(x, mask):
    """minus ten at the masked places, which leaves them a small share"""
    s = np.where(mask, x, x - 10)
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def masked_softmax__wrong_7(x, mask):
    """no shift: overflow for large logits"""
    e = np.exp(x) * mask
    return e / e.sum(axis=1, keepdims=True)


def masked_softmax__wrong_8(x, mask):
    """the right numbers, but x is overwritten at the masked places"""
    x[~mask] = -np.inf
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def masked_softmax__wrong_9(x, mask):
    """the masked logits are set to 0"""
    s = np.where(mask, x, 0).astype(x.dtype)
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def masked_softmax__wrong_10(x, mask):
    """only the chosen numbers are returned, as one long vector"""
    e = np.exp(x - np.where(mask, x, -np.inf).max(axis=1, keepdims=True))
    p = e / (e * mask).sum(axis=1, keepdims=True)
    return p[mask]


def masked_softmax__wrong_11(x, mask):
    """the boolean selection takes all rows together: the chosen of the whole batch sum to 1"""
    p = np.zeros_like(x)
    chosen = x[mask]
    e = np.exp(chosen - chosen.max())
    p[mask] = e / e.sum()
    return p


def masked_softmax__wrong_12(x, mask):
    """the mask of the first row is used for all rows"""
    s = np.where(mask[0], x, -np.inf).astype(x.dtype)
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def masked_softmax__wrong_13(x, mask):
    """a finite stand-in of −1000 at the masked places: not low enough when the others are lower still"""
    s = np.where(mask, x, x.dtype.type(-1000))
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def masked_softmax__wrong_14(x, mask):
    """the numerator is masked, the sum is not"""
    s = np.where(mask, x, -np.inf).max(axis=1, keepdims=True)
    e = np.exp(x - s)
    return (e * mask / e.sum(axis=1, keepdims=True)).astype(x.dtype)


def masked_softmax__wrong_15(x, mask):
    """renormalised by the count of the choices, not by the sum of what is left"""
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True) * mask
    return (p * x.shape[1] / mask.sum(axis=1, keepdims=True)).astype(x.dtype)


def masked_softmax__wrong_16(x, mask):
    """the chosen ones are filled into an array of float64"""
    p = np.zeros(x.shape)
    for n in range(len(x)):
        chosen = x[n, mask[n]]
        e = np.exp(chosen - chosen.max())
        p[n, mask[n]] = e / e.sum()
    return p


def masked_softmax__wrong_17(x, mask):
    """the largest number that is not masked is sought with zeros at the masked places: underflow if all are very negative"""
    e = np.exp(x - (x * mask).max(axis=1, keepdims=True)) * mask
    return e / e.sum(axis=1, keepdims=True)


def masked_softmax__wrong_18(x, mask):
    """the chosen numbers are packed to the left of the row, the zeros come last"""
    p = np.zeros_like(x)
    for n in range(len(x)):
        chosen = x[n, mask[n]]
        e = np.exp(chosen - chosen.max())
        p[n, : len(chosen)] = e / e.sum()
    return p


def masked_softmax__right_1(x, mask):
    """right: row by row, the softmax of the chosen ones put back into zeros"""
    p = np.zeros_like(x)
    for out, row, choice in zip(p, x, mask, strict=True):
        e = np.exp(row[choice] - row[choice].max())
        out[choice] = e / e.sum()
    return p


def masked_softmax__right_2(x, mask):
    """right: max, exp and sum each with its own where="""
    top = np.max(x, axis=1, keepdims=True, initial=-np.inf, where=mask)
    e = np.exp(x - top, out=np.zeros_like(x), where=mask)
    return e / np.sum(e, axis=1, keepdims=True)


def masked_softmax__right_3(x, mask):
    """right: lists, with a test for each number"""
    rows = []
    for row, choice in zip(x.tolist(), mask.tolist(), strict=True):
        top = max(v for v, on in zip(row, choice, strict=True) if on)
        e = [math.exp(v - top) if on else 0.0 for v, on in zip(row, choice, strict=True)]
        total = sum(e)
        rows.append([v / total for v in e])
    return np.array(rows, dtype=x.dtype)


def masked_softmax__right_4(x, mask):
    """right: a masked array, filled with −∞ before the exponential"""
    chosen = np.ma.masked_array(x, ~mask)
    e = np.exp((chosen - chosen.max(axis=1, keepdims=True)).filled(-np.inf))
    return (e / e.sum(axis=1, keepdims=True)).astype(x.dtype)
