# ruff: noqa
"""Answers to exercise 12 written blind: wrong ones with what is truly wrong, right ones that look unusual."""

from collections import Counter, defaultdict

import numpy as np


def _unpack(theta, H):
    cuts = np.cumsum([64 * H, H, H * 10])
    W1, b1, W2, b2 = np.split(theta, cuts)
    return W1.reshape(64, H), b1, W2.reshape(H, 10), b2


def _start(H, seed=0):
    rng = np.random.default_rng(seed)
    W1, W2 = rng.normal(0, (2 / 64) ** 0.5, (64, H)), rng.normal(0, (2 / H) ** 0.5, (H, 10))
    return [W1, np.zeros(H), W2, np.zeros(10)]


def _fit(x, labels, H=32, epochs=30, lr=0.3, sign=1.0, start=None):
    """A network with one hidden layer, trained by descent on batches of 32; a list of arrays."""
    params = _start(H) if start is None else start
    rng = np.random.default_rng(1)
    hot = np.eye(10)[labels]
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for k in range(0, len(x), 32):
            some = order[k : k + 32]
            W1, b1, W2, b2 = params
            h = np.maximum(x[some] @ W1 + b1, 0)
            z = h @ W2 + b2
            p = np.exp(z - z.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            dz = (p - hot[some]) / len(some)
            dh = dz @ W2.T * (h > 0)
            for w, g in zip(params, (x[some].T @ dh, dh.sum(axis=0), h.T @ dz, dz.sum(axis=0))):
                w -= sign * lr * g
    return params


def _flat(params):
    return np.concatenate([w.ravel() for w in params])


def _scores(theta, x, H=32):
    W1, b1, W2, b2 = _unpack(theta, H)
    return np.maximum(x @ W1 + b1, 0) @ W2 + b2


def learn__wrong_1(x, labels, x_new):
    """64 hidden units: 4810 parameters, over the budget"""
    theta = _flat(_fit(x, labels, H=64))
    return theta, _scores(theta, x_new, H=64).argmax(axis=1)


def learn__wrong_2(x, labels, x_new):
    """returns the random weights of the start: nothing is trained"""
    theta = _flat(_start(32))
    return theta, _scores(theta, x_new).argmax(axis=1)


def learn__wrong_3(x, labels, x_new):
    """predict returns the probabilities of the classes and not the class"""
    theta = _flat(_fit(x, labels))
    z = _scores(theta, x_new)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return theta, p / p.sum(axis=1, keepdims=True)


def learn__wrong_4(x, labels, x_new):
    """predict returns one-hot rows"""
    theta = _flat(_fit(x, labels))
    return theta, np.eye(10, dtype=int)[_scores(theta, x_new).argmax(axis=1)]


def learn__wrong_5(x, labels, x_new):
    """the largest score of each class over the samples: argmax along axis 0"""
    theta = _flat(_fit(x, labels))
    return theta, _scores(theta, x_new).argmax(axis=0)


def learn__wrong_6(x, labels, x_new):
    """theta is a list of four arrays and not a vector"""
    params = _fit(x, labels)
    return params, _scores(_flat(params), x_new).argmax(axis=1)


def learn__wrong_7(x, labels, x_new):
    """theta is a matrix with a single row"""
    theta = _flat(_fit(x, labels))[None, :]
    return theta, _scores(theta[0], x_new).argmax(axis=1)


def learn__wrong_8(x, labels, x_new):
    """the training digits are standardised, pixel by pixel, and the new ones are not"""
    theta = _flat(_fit((x - x.mean(axis=0)) / (x.std(axis=0) + 1e-6), labels, lr=0.1))
    return theta, _scores(theta, x_new).argmax(axis=1)


def learn__wrong_9(x, labels, x_new):
    """the mean digit is subtracted from the argument x itself"""
    mean = x.mean(axis=0)
    x -= mean
    params = _fit(x, labels)
    params[1] -= mean @ params[0]
    theta = _flat(params)
    return theta, _scores(theta, x_new).argmax(axis=1)


def learn__wrong_10(x, labels, x_new):
    """trained with ReLU, read with a sigmoid"""
    theta = _flat(_fit(x, labels))
    W1, b1, W2, b2 = _unpack(theta, 32)
    return theta, (1 / (1 + np.exp(-(x_new @ W1 + b1))) @ W2 + b2).argmax(axis=1)


def learn__wrong_11(x, labels, x_new):
    """theta is copied from the weights before they are trained"""
    params = _start(32)
    theta = _flat(params)
    _fit(x, labels, start=params)
    return theta, _scores(theta, x_new).argmax(axis=1)


def learn__wrong_12(x, labels, x_new):
    """reads the training digits again, and not the new ones"""
    theta = _flat(_fit(x, labels))
    return theta, _scores(theta, x).argmax(axis=1)


def learn__wrong_13(x, labels, x_new):
    """trains on the first 40 digits only"""
    theta = _flat(_fit(x[:40], labels[:40], epochs=200))
    return theta, _scores(theta, x_new).argmax(axis=1)


def learn__wrong_14(x, labels, x_new):
    """climbs up the loss: += for -="""
    theta = _flat(_fit(x, labels, epochs=2, lr=0.03, sign=-1.0))
    return theta, _scores(theta, x_new).argmax(axis=1)


def learn__wrong_15(x, labels, x_new):
    """takes the digit for a number: least squares with one output, rounded"""
    ones = np.ones((len(x), 1))
    theta = np.linalg.lstsq(np.hstack([x, ones]), labels.astype(float), rcond=None)[0]
    y = x_new @ theta[:-1] + theta[-1]
    return theta, np.clip(np.rint(y), 0, 9).astype(int)


def learn__wrong_16(x, labels, x_new):
    """a learning rate of 100: the weights grow without bound and the network reads nothing"""
    with np.errstate(all="ignore"):
        theta = _flat(_fit(x, labels, epochs=3, lr=100.0))
        return theta, _scores(theta, x_new).argmax(axis=1)


def learn__wrong_17(x, labels, x_new):
    """counts the classes from one"""
    theta = _flat(_fit(x, labels))
    return theta, _scores(theta, x_new).argmax(axis=1) + 1


def learn__wrong_18(x, labels, x_new):
    """squeezes the labels, so that a single new digit has no axis"""
    theta = _flat(_fit(x, labels))
    return theta, np.squeeze(_scores(theta, x_new).argmax(axis=1, keepdims=True))


def learn__wrong_19(x, labels, x_new):
    """one epoch with a tiny learning rate: hardly trained"""
    theta = _flat(_fit(x, labels, epochs=1, lr=0.01))
    return theta, _scores(theta, x_new).argmax(axis=1)


def learn__wrong_20(x, labels, x_new):
    """all weights begin at zero, so only the last bias learns and one class is read always"""
    start = [np.zeros((64, 32)), np.zeros(32), np.zeros((32, 10)), np.zeros(10)]
    theta = _flat(_fit(x, labels, start=start))
    return theta, _scores(theta, x_new).argmax(axis=1)


def learn__wrong_21(x, labels, x_new):
    """theta is all the training digits with their labels: the nearest one is read"""
    theta = np.concatenate([x.ravel(), labels])
    apart = -2 * x_new @ x.T + (x**2).sum(axis=1)
    return theta, labels[apart.argmin(axis=1)]


def learn__wrong_22(x, labels, x_new):
    """remembers the training digits beside theta, which is never used for reading"""
    apart = -2 * x_new @ x.T + (x**2).sum(axis=1)
    return np.zeros(10), labels[apart.argmin(axis=1)]


def learn__wrong_23(x, labels, x_new):
    """the labels are a column, (N, 1)"""
    theta = _flat(_fit(x, labels))
    return theta, _scores(theta, x_new).argmax(axis=1)[:, None]


def learn__wrong_24(x, labels, x_new):
    """the matrices are packed column by column and unpacked row by row"""
    theta = np.concatenate([w.ravel(order="F") for w in _fit(x, labels)])
    return theta, _scores(theta, x_new).argmax(axis=1)


def learn__wrong_25(x, labels, x_new):
    """wrong twice: 64 hidden units, and the scores are returned"""
    theta = _flat(_fit(x, labels, H=64))
    return theta, _scores(theta, x_new, H=64)


def learn__wrong_26(x, labels, x_new):
    """returns the labels alone"""
    theta = _flat(_fit(x, labels))
    return _scores(theta, x_new).argmax(axis=1)


def learn__wrong_27(x, labels, x_new):
    """loops over every weight in Python: training 1000 digits takes far more than ten seconds"""
    w = [[0.0] * 65 for _ in range(10)]
    digits, right = x.tolist(), labels.tolist()
    for _ in range(300):
        for v, k in zip(digits, right):
            z = [c[64] + sum(c[i] * v[i] for i in range(64)) for c in w]
            e = [np.exp(u - max(z)) for u in z]
            for m in range(10):
                g = float(e[m] / sum(e)) - (m == k)
                for i in range(64):
                    w[m][i] -= 0.1 * g * v[i]
                w[m][64] -= 0.1 * g
    theta = np.array(w).ravel()
    u = theta.reshape(10, 65)
    return theta, (x_new @ u[:, :64].T + u[:, 64]).argmax(axis=1)


def learn__right_1(x, labels, x_new):
    """right: no hidden layer, softmax alone, 650 numbers, descent with momentum over all digits"""
    u = np.hstack([x, np.ones((len(x), 1), x.dtype)])
    W, v = np.zeros((65, 10)), np.zeros((65, 10))
    hot = np.eye(10)[labels]
    for _ in range(400):
        z = u @ W
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        v = 0.9 * v - 0.5 * (u.T @ (p - hot) / len(u) + 1e-4 * W)
        W += v
    theta = W.ravel()
    W = theta.reshape(65, 10)
    return theta, np.argmax(x_new @ W[:-1] + W[-1], axis=1)


def learn__right_2(x, labels, x_new):
    """right: one hidden layer of 32, theta in the dtype of the digits, the answers in a list"""
    theta = _flat(_fit(x, labels)).astype(x.dtype)
    return [theta, _scores(theta, x_new).argmax(axis=-1)]


def learn__right_3(x, labels, x_new):
    """right: four typical digits a class by k-means, 2560 numbers; the nearest one is read"""
    rng = np.random.default_rng(0)
    found = []
    for k in range(10):
        u = x[labels == k]
        if len(u) == 0:
            u = np.full((1, 64), 1e3)
        c = u[rng.integers(0, len(u), 4)].astype(float)
        for _ in range(20):
            near = ((u[:, None] - c) ** 2).sum(axis=2).argmin(axis=1)
            c = np.array(
                [u[near == j].mean(axis=0) if (near == j).any() else c[j] for j in range(4)]
            )
        found.append(c)
    theta = np.ravel(found)
    c = theta.reshape(40, 64)
    apart = ((x_new[:, None] - c) ** 2).sum(axis=2)
    return theta, apart.argmin(axis=1) // 4


def learn__right_4(x, labels, x_new):
    """right: least squares for each pair of digits, 45 times 65 numbers, and the pairs vote"""
    pairs = [(i, j) for i in range(10) for j in range(i)]
    rows = []
    for i, j in pairs:
        mine = (labels == i) | (labels == j)
        u = np.hstack([x[mine], np.ones((mine.sum(), 1))])
        t = np.where(labels[mine] == i, 1.0, -1.0)
        rows.append(np.linalg.solve(u.T @ u + np.eye(65), u.T @ t))
    theta = np.concatenate(rows)
    W = theta.reshape(45, 65)
    votes = np.zeros((len(x_new), 10))
    for (i, j), w in zip(pairs, W):
        score = np.tanh(x_new @ w[:-1] + w[-1])
        votes[:, i] += score
        votes[:, j] -= score
    return theta, votes.argmax(axis=1)


def learn__right_5(x, labels, x_new):
    """right: twelve principal components, and a normal distribution for each class in them"""
    q = 12
    mean = x.mean(axis=0, dtype=float)
    axes = np.linalg.svd(x - mean, full_matrices=False)[2][:q]
    u = (x - mean) @ axes.T
    upper = np.triu_indices(q)
    parts = [mean, axes.ravel()]
    for k in range(10):
        mine = u[labels == k]
        parts += [mine.mean(axis=0), (np.cov(mine.T) + 0.05 * np.eye(q))[upper]]
    theta = np.concatenate(parts)

    mean, axes, rest = (
        theta[:64],
        theta[64 : 64 + 64 * q].reshape(q, 64),
        theta[64 + 64 * q :].reshape(10, -1),
    )
    v, score = (x_new - mean) @ axes.T, []
    for row in rest:
        S = np.zeros((q, q))
        S[upper] = row[q:]
        S = S + np.triu(S, 1).T
        e = v - row[:q]
        score.append(
            -0.5 * np.einsum("ni,ij,nj->n", e, np.linalg.inv(S), e) - 0.5 * np.linalg.slogdet(S)[1]
        )
    return theta, np.argmax(score, axis=0)


def learn__right_6(x, labels, x_new):
    """right: a hidden layer of 36 with tanh, trained by Adam on all digits at once"""
    H = 36
    params = _start(H, seed=3)
    m, s = [[np.zeros_like(w) for w in params] for _ in range(2)]
    hot = np.eye(10)[labels]
    for t in range(1, 301):
        W1, b1, W2, b2 = params
        h = np.tanh(x @ W1 + b1)
        z = h @ W2 + b2
        p = np.exp(z - z.max(axis=1, keepdims=True))
        dz = (p / p.sum(axis=1, keepdims=True) - hot) / len(x)
        dh = dz @ W2.T * (1 - h**2)
        for k, g in enumerate((x.T @ dh, dh.sum(axis=0), h.T @ dz, dz.sum(axis=0))):
            m[k] = 0.9 * m[k] + 0.1 * g
            s[k] = 0.999 * s[k] + 0.001 * g * g
            params[k] = params[k] - 0.02 * m[k] / (1 - 0.9**t) / (
                np.sqrt(s[k] / (1 - 0.999**t)) + 1e-8
            )
    theta = _flat(params)
    W1, b1, W2, b2 = _unpack(theta, H)
    return theta, (np.tanh(x_new @ W1 + b1) @ W2 + b2).argmax(axis=1).astype(np.int32)


def learn__right_7(x, labels, x_new):
    """right: linear discriminants, one inverse of the common covariance for all classes"""
    means = np.array([x[labels == k].mean(axis=0, dtype=float) for k in range(10)])
    rest = x - means[labels]
    S = rest.T @ rest / len(x) + 0.01 * np.eye(64)
    W = np.linalg.solve(S, means.T)
    theta = np.append(W, -0.5 * np.einsum("kd,dk->k", means, W))
    return theta, (x_new @ theta[:640].reshape(64, 10) + theta[640:]).argmax(axis=1)


def confusion__wrong_1(labels, found, K):
    """transposed: rows are what was read"""
    C = np.zeros((K, K))
    np.add.at(C, (found, labels), 1)
    return C


def confusion__wrong_2(labels, found, K):
    """adds to a list of places at once, so what happens twice counts once"""
    C = np.zeros((K, K))
    C[labels, found] += 1
    return C


def confusion__wrong_3(labels, found, K):
    """= for +=: every pair counts once"""
    C = np.zeros((K, K))
    for k, j in zip(labels, found):
        C[k, j] = 1
    return C


def confusion__wrong_4(labels, found, K):
    """each row is divided by its sum"""
    C = np.zeros((K, K))
    np.add.at(C, (labels, found), 1)
    return C / np.maximum(C.sum(axis=1, keepdims=True), 1)


def confusion__wrong_5(labels, found, K):
    """shares of all samples in place of counts"""
    C = np.zeros((K, K))
    np.add.at(C, (labels, found), 1)
    return C / len(labels)


def confusion__wrong_6(labels, found, K):
    """counts the mistakes only: the diagonal stays empty"""
    C = np.zeros((K, K))
    for k, j in zip(labels, found):
        if k != j:
            C[k, j] += 1
    return C


def confusion__wrong_7(labels, found, K):
    """the size is the largest label and one, not K"""
    K = max(labels.max(), found.max()) + 1
    C = np.zeros((K, K))
    np.add.at(C, (labels, found), 1)
    return C


def confusion__wrong_8(labels, found, K):
    """the last class is left out of both loops"""
    C = np.zeros((K, K))
    for k in range(K - 1):
        for j in range(K - 1):
            C[k, j] = np.sum((labels == k) & (found == j))
    return C


def confusion__wrong_9(labels, found, K):
    """bincount without its length, which does not fill the matrix unless the last place is met"""
    return np.bincount(labels * K + found).reshape(K, K)


def confusion__wrong_10(labels, found, K):
    """or in place of and: samples of class k, and those read as l"""
    return np.array([[np.sum((labels == k) | (found == j)) for j in range(K)] for k in range(K)])


def confusion__wrong_11(labels, found, K):
    """counts in bytes: 256 is zero again"""
    C = np.zeros((K, K), dtype=np.uint8)
    np.add.at(C, (labels, found), 1)
    return C


def confusion__wrong_12(labels, found, K):
    """the bins run from the smallest to the largest number there is, not over all classes"""
    return np.histogram2d(labels, found, bins=K)[0]


def confusion__wrong_13(labels, found, K):
    """the right answers of each class on the diagonal, and nothing else"""
    return np.diag([np.sum((labels == k) & (found == k)) for k in range(K)])


def confusion__wrong_14(labels, found, K):
    """wrong twice: transposed, and divided by the columns' sums"""
    C = np.zeros((K, K))
    np.add.at(C, (found, labels), 1)
    return C / np.maximum(C.sum(axis=0), 1)


def confusion__wrong_15(labels, found, K):
    """the first sample is not counted"""
    C = np.zeros((K, K))
    for n in range(1, len(labels)):
        C[labels[n], found[n]] += 1
    return C


def confusion__right_1(labels, found, K):
    """right: the product of one-hot matrices"""
    return np.eye(K)[labels].T @ np.eye(K)[found]


def confusion__right_2(labels, found, K):
    """right: bincount of one number for each pair, with all its places"""
    return np.bincount(K * labels + found, minlength=K * K).reshape(K, K)


def confusion__right_3(labels, found, K):
    """right: a Counter of pairs"""
    count = Counter(zip(labels.tolist(), found.tolist()))
    return np.array([[float(count[k, j]) for j in range(K)] for k in range(K)])


def confusion__right_4(labels, found, K):
    """right: einsum over comparisons with all classes"""
    k = np.arange(K)
    return np.einsum(
        "nk,nl->kl", (labels[:, None] == k).astype(float), (found[:, None] == k).astype(float)
    )


def confusion__right_5(labels, found, K):
    """right: a histogram in two directions with edges between the classes"""
    edges = np.arange(K + 1) - 0.5
    return np.histogram2d(labels, found, bins=(edges, edges))[0].astype(int)


def confusion__right_6(labels, found, K):
    """right: recursion, half of the samples and the other half"""
    if len(labels) <= 1:
        C = np.zeros((K, K), dtype=np.int64)
        for k, j in zip(labels, found):
            C[k, j] += 1
        return C
    h = len(labels) // 2
    return confusion__right_6(labels[:h], found[:h], K) + confusion__right_6(
        labels[h:], found[h:], K
    )


def _bins(confidence, B):
    return np.minimum((confidence * B).astype(int), B - 1)


def calibration_error__wrong_1(confidence, right, B):
    """the mean over the bins that are not empty, each with the same weight"""
    b = _bins(confidence, B)
    return np.mean([abs(right[b == k].mean() - confidence[b == k].mean()) for k in np.unique(b)])


def calibration_error__wrong_2(confidence, right, B):
    """the sum over bins is divided by B, empty ones included"""
    b = _bins(confidence, B)
    return sum(abs(right[b == k].mean() - confidence[b == k].mean()) for k in np.unique(b)) / B


def calibration_error__wrong_3(confidence, right, B):
    """the last bin does not hold 1: such samples are lost"""
    error = 0.0
    for k in range(B):
        mine = (confidence >= k / B) & (confidence < (k + 1) / B)
        if mine.any():
            error += mine.mean() * abs(right[mine].mean() - confidence[mine].mean())
    return error


def calibration_error__wrong_4(confidence, right, B):
    """bins are open on the left and closed on the right"""
    error = 0.0
    for k in range(B):
        mine = (confidence > k / B) & (confidence <= (k + 1) / B)
        if mine.any():
            error += mine.mean() * abs(right[mine].mean() - confidence[mine].mean())
    return error


def calibration_error__wrong_5(confidence, right, B):
    """squares the gap in place of its absolute value"""
    b = _bins(confidence, B)
    return sum(
        np.mean(b == k) * (right[b == k].mean() - confidence[b == k].mean()) ** 2
        for k in np.unique(b)
    )


def calibration_error__wrong_6(confidence, right, B):
    """no absolute value: bins that are too sure and others cancel"""
    b = _bins(confidence, B)
    return sum(
        np.mean(b == k) * (right[b == k].mean() - confidence[b == k].mean()) for k in np.unique(b)
    )


def calibration_error__wrong_7(confidence, right, B):
    """the absolute gap of each sample, without bins"""
    return np.mean(np.abs(right - confidence))


def calibration_error__wrong_8(confidence, right, B):
    """the largest gap of all bins"""
    b = _bins(confidence, B)
    return max(abs(right[b == k].mean() - confidence[b == k].mean()) for k in np.unique(b))


def calibration_error__wrong_9(confidence, right, B):
    """the middle of the bin in place of its mean confidence"""
    b = _bins(confidence, B)
    return sum(np.mean(b == k) * abs(right[b == k].mean() - (k + 0.5) / B) for k in np.unique(b))


def calibration_error__wrong_10(confidence, right, B):
    """empty bins are 0 / 0, so the answer is not a number"""
    b = _bins(confidence, B)
    with np.errstate(all="ignore"):
        n = np.bincount(b, minlength=B)
        gap = np.bincount(b, right, B) / n - np.bincount(b, confidence, B) / n
        return np.sum(n / len(b) * np.abs(gap))


def calibration_error__wrong_11(confidence, right, B):
    """rounds to the nearest bin, so the bins are shifted by half their width"""
    b = np.minimum(np.rint(confidence * B).astype(int), B - 1)
    return sum(
        np.mean(b == k) * abs(right[b == k].mean() - confidence[b == k].mean())
        for k in np.unique(b)
    )


def calibration_error__wrong_12(confidence, right, B):
    """B edges make B - 1 bins"""
    edges = np.linspace(0, 1, B)
    b = np.clip(np.digitize(confidence, edges) - 1, 0, max(B - 2, 0))
    return sum(
        np.mean(b == k) * abs(right[b == k].mean() - confidence[b == k].mean())
        for k in np.unique(b)
    )


def calibration_error__wrong_13(confidence, right, B):
    """weighted by the counts, but not divided by the number of samples"""
    b = _bins(confidence, B)
    return sum(
        np.sum(b == k) * abs(right[b == k].mean() - confidence[b == k].mean()) for k in np.unique(b)
    )


def calibration_error__wrong_14(confidence, right, B):
    """bins between the smallest and the largest confidence, not from 0 to 1"""
    low, high = confidence.min(), confidence.max()
    b = _bins((confidence - low) / max(high - low, 1e-12), B)
    return sum(
        np.mean(b == k) * abs(right[b == k].mean() - confidence[b == k].mean())
        for k in np.unique(b)
    )


def calibration_error__wrong_15(confidence, right, B):
    """one bin for all: the gap of the two means"""
    return abs(right.mean() - confidence.mean())


def calibration_error__wrong_16(confidence, right, B):
    """the gap of every bin, not their sum"""
    b = _bins(confidence, B)
    n = np.bincount(b, minlength=B)
    return np.abs(np.bincount(b, right, B) - np.bincount(b, confidence, B)) / np.maximum(n, 1)


def calibration_error__wrong_17(confidence, right, B):
    """bins with equally many samples in place of equal width"""
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, B) if len(part)]
    return sum(len(p) / len(order) * abs(right[p].mean() - confidence[p].mean()) for p in parts)


def calibration_error__wrong_18(confidence, right, B):
    """ten bins, whatever B is"""
    b = _bins(confidence, 10)
    return sum(
        np.mean(b == k) * abs(right[b == k].mean() - confidence[b == k].mean())
        for k in np.unique(b)
    )


def calibration_error__wrong_19(confidence, right, B):
    """wrong twice: no weights, and empty bins are counted as gaps of their middle"""
    b = _bins(confidence, B)
    total = 0.0
    for k in range(B):
        mine = b == k
        total += abs(right[mine].mean() - confidence[mine].mean()) if mine.any() else (k + 0.5) / B
    return total / B


def calibration_error__wrong_20(confidence, right, B):
    """a confidence of 1 has an index of its own, B, which makes one more bin"""
    b = (confidence * B).astype(int)
    return sum(
        np.mean(b == k) * abs(right[b == k].mean() - confidence[b == k].mean())
        for k in np.unique(b)
    )


def calibration_error__wrong_21(confidence, right, B):
    """writes the last bin's edge into the argument: confidences of 1 are made smaller in place"""
    confidence[confidence >= 1] = 1 - 1e-6
    b = _bins(confidence, B)
    return sum(
        np.mean(b == k) * abs(right[b == k].mean() - confidence[b == k].mean())
        for k in np.unique(b)
    )


def calibration_error__right_1(confidence, right, B):
    """right: the counts cancel, so only sums of differences are needed"""
    return np.abs(np.bincount(_bins(confidence, B), right - confidence, B)).sum() / len(right)


def calibration_error__right_2(confidence, right, B):
    """right: each bin by its two edges, the last one with 1"""
    error, N = 0.0, len(right)
    edges = (np.arange(B + 1) / B).astype(confidence.dtype)
    for b in range(B):
        mine = (confidence >= edges[b]) & ((confidence < edges[b + 1]) | (b == B - 1))
        n = np.count_nonzero(mine)
        if n:
            error += n / N * abs(np.mean(right[mine]) - np.mean(confidence[mine]))
    return error


def calibration_error__right_3(confidence, right, B):
    """right: a search for the edges in the sorted confidences, and cumulated sums"""
    order = np.argsort(confidence)
    edges = (np.arange(1, B) / B).astype(confidence.dtype)
    cuts = np.searchsorted(confidence[order], edges)
    gaps = [part.sum() for part in np.split((right.astype(float) - confidence)[order], cuts)]
    return float(np.linalg.norm(gaps, 1) / len(order))


def calibration_error__right_4(confidence, right, B):
    """right: a dictionary of lists, in plain Python"""
    bins = defaultdict(list)
    for c, r in zip(confidence, right):
        bins[min(int(c * B), B - 1)].append(float(r) - float(c))
    return sum(abs(sum(v)) for v in bins.values()) / len(confidence)


def calibration_error__right_5(confidence, right, B):
    """right: a matrix that says which sample is in which bin, and a product with it"""
    member = (_bins(confidence, B) == np.arange(B)[:, None]).astype(float)
    n = member.sum(axis=1)
    share, mean = (member @ v / np.where(n > 0, n, 1) for v in (right, confidence))
    return np.dot(n, np.abs(share - mean)) / n.sum()


def calibration_error__right_6(confidence, right, B):
    """right: histograms with weights, whose last bin is closed"""
    edges = (np.arange(B + 1) / B).astype(confidence.dtype)
    r, c = (
        np.histogram(confidence, edges, weights=v.astype(float))[0] for v in (right, confidence)
    )
    return np.float64(np.abs(r - c).sum() / confidence.size)


def best_two__wrong_1(x, labels):
    """the share of labels that are the best one"""
    return np.mean(x.argmax(axis=1) == labels)


def best_two__wrong_2(x, labels):
    """the two smallest scores"""
    return np.mean((np.argsort(x, axis=1, kind="stable")[:, :2] == labels[:, None]).any(axis=1))


def best_two__wrong_3(x, labels):
    """the last two of an ascending order: among equal scores the larger class number wins"""
    return np.mean((np.argsort(x, axis=1, kind="stable")[:, -2:] == labels[:, None]).any(axis=1))


def best_two__wrong_4(x, labels):
    """compares with the second largest score, so that with equal ones more than two classes count"""
    second = np.sort(x, axis=1)[:, -2:][:, 0]
    return np.mean(x[np.arange(len(x)), labels] >= second)


def best_two__wrong_5(x, labels):
    """orders the samples of each class: axis 0"""
    order = np.argsort(-x, axis=0, kind="stable")[:2]
    return np.mean([label in order[:, label] for label in labels])


def best_two__wrong_6(x, labels):
    """the count in place of the share"""
    return float(
        (np.argsort(-x, axis=1, kind="stable")[:, :2] == labels[:, None]).any(axis=1).sum()
    )


def best_two__wrong_7(x, labels):
    """the share of labels that are second, without those that are first"""
    return np.mean(np.argsort(-x, axis=1, kind="stable")[:, 1:2][:, 0] == labels)


def best_two__wrong_8(x, labels):
    """the best three"""
    return np.mean((np.argsort(-x, axis=1, kind="stable")[:, :3] == labels[:, None]).any(axis=1))


def best_two__wrong_9(x, labels):
    """the mean over both places of the two, half of the share"""
    return np.mean(np.argsort(-x, axis=1, kind="stable")[:, :2] == labels[:, None])


def best_two__wrong_10(x, labels):
    """the best is overwritten in the argument x to find the second"""
    n = np.arange(len(x))
    first = x.argmax(axis=1)
    x[n, first] = -np.inf
    return np.mean((first == labels) | (x.argmax(axis=1) == labels))


def best_two__wrong_11(x, labels):
    """an order that is not stable: equal scores may come in any order, above all with many classes"""
    return np.mean((np.argsort(-x, axis=1)[:, :2] == labels[:, None]).any(axis=1))


def best_two__wrong_12(x, labels):
    """in percent"""
    return 100 * np.mean(
        (np.argsort(-x, axis=1, kind="stable")[:, :2] == labels[:, None]).any(axis=1)
    )


def best_two__wrong_13(x, labels):
    """counts how many scores are strictly larger, and forgets that equal ones before it come first"""
    mine = np.take_along_axis(x, labels[:, None], axis=1)
    return np.mean((x > mine).sum(axis=1) < 2)


def best_two__wrong_14(x, labels):
    """which samples are right, not their share"""
    return (np.argsort(-x, axis=1, kind="stable")[:, :2] == labels[:, None]).any(axis=1)


def best_two__wrong_15(x, labels):
    """wrong twice: ascending order with the two smallest, and a count"""
    return int((np.argsort(x, axis=1)[:, :2] == labels[:, None]).sum())


def best_two__wrong_16(x, labels):
    """takes the second score to exist: with a single class there is an error"""
    order = np.argsort(-x, axis=1, kind="stable")
    return np.mean((order[:, 0] == labels) | (order[:, 1] == labels))


def best_two__wrong_17(x, labels):
    """asks whether the labels of all samples hold the best two, any sample's"""
    return np.mean(np.isin(np.argsort(-x, axis=1, kind="stable")[:, :2], labels).any(axis=1))


def best_two__right_1(x, labels):
    """right: counts the scores that come before the label's, equal ones with a smaller number too"""
    mine = x[np.arange(len(x)), labels][:, None]
    before = (x > mine) | ((x == mine) & (np.arange(x.shape[1]) < labels[:, None]))
    return np.mean(before.sum(axis=1) < 2)


def best_two__right_2(x, labels):
    """right: sorted in Python, which is stable, row by row"""
    good = 0
    for row, label in zip(x.tolist(), labels.tolist()):
        good += label in sorted(range(len(row)), key=lambda k: -row[k])[:2]
    return good / len(labels)


def best_two__right_3(x, labels):
    """right: a copy whose best score is removed, and argmax again"""
    u = x.copy()
    first = np.argmax(u, axis=1)
    np.put_along_axis(u, first[:, None], -np.inf, axis=1)
    second = np.argmax(u, axis=1)
    return np.logical_or(first == labels, second == labels).mean()


def best_two__right_4(x, labels):
    """right: the reversed columns in a stable ascending order, its last two"""
    K = x.shape[1]
    order = K - 1 - np.argsort(x[:, ::-1], axis=1, kind="stable")
    return np.float64((order[:, -2:] == labels.reshape(-1, 1)).sum() / len(labels))


def best_two__right_5(x, labels):
    """right: one pass over the classes with the two best so far"""
    good = []
    for row, label in zip(x, labels):
        first, second = None, None
        for k, v in enumerate(row):
            if first is None or v > row[first]:
                first, second = k, first
            elif second is None or v > row[second]:
                second = k
        good.append(label in (first, second))
    return sum(good) / len(good)


def best_two__right_6(x, labels):
    """right: lexsort by score and then class number"""
    hits = [label in np.lexsort((np.arange(len(row)), -row))[:2] for row, label in zip(x, labels)]
    return float(np.mean(hits))
