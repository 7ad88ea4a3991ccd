# ruff: noqa
"""Answers to exercise 2 written blind: wrong ones with what is truly wrong, right ones that look unusual."""

import functools
import operator
from collections import namedtuple

import numpy as np

# Task 2.1


def dense_forward__wrong_1(x, W, b):
    """the bias is forgotten"""
    return x @ W


def dense_forward__wrong_2(x, W, b):
    """W is transposed, which fits only if D = M"""
    return x @ W.T + b


def dense_forward__wrong_3(x, W, b):
    """the bias is added to the input before the product"""
    return (x + b) @ W


def dense_forward__wrong_4(x, W, b):
    """the bias is added as a column, one number for each sample"""
    return x @ W + b.reshape(-1, 1)


def dense_forward__wrong_5(x, W, b):
    """* in place of @: an elementwise product"""
    return x * W + b


def dense_forward__wrong_6(x, W, b):
    """loops with = in place of +=: only the last feature counts"""
    y = np.zeros((len(x), W.shape[1]), dtype=x.dtype)
    for n in range(len(x)):
        for m in range(W.shape[1]):
            for d in range(W.shape[0]):
                y[n, m] = x[n, d] * W[d, m]
            y[n, m] += b[m]
    return y


def dense_forward__wrong_7(x, W, b):
    """the bias is added inside of the loop over the features, so D times"""
    y = np.zeros((len(x), W.shape[1]), dtype=x.dtype)
    for n in range(len(x)):
        for m in range(W.shape[1]):
            for d in range(W.shape[0]):
                y[n, m] += x[n, d] * W[d, m] + b[m]
    return y


def dense_forward__wrong_8(x, W, b):
    """only the first sample is computed"""
    return x[0] @ W + b


def dense_forward__wrong_9(x, W, b):
    """the loop over the features stops one too early"""
    y = np.zeros((x.shape[0], W.shape[1]), dtype=x.dtype)
    for d in range(W.shape[0] - 1):
        y += x[:, d : d + 1] * W[d]
    return y + b


def dense_forward__wrong_10(x, W, b):
    """the result is collected in float64, whatever the precision of x"""
    y = np.zeros((x.shape[0], W.shape[1]))
    for n in range(x.shape[0]):
        y[n] = x[n] @ W + b
    return y


def dense_forward__wrong_11(x, W, b):
    """squeeze takes the sample axis away where there is one sample (or one output)"""
    return np.squeeze(x @ W + b)


def dense_forward__wrong_12(x, W, b):
    """W is multiplied in place through a view of its column: later samples see spoilt weights"""
    y = np.zeros((len(x), W.shape[1]), dtype=x.dtype)
    for n in range(len(x)):
        for m in range(W.shape[1]):
            column = W[:, m]
            column *= x[n]
            y[n, m] = column.sum() + b[m]
    return y


def dense_forward__wrong_13(x, W, b):
    """the output is made in the shape of x, so it has D columns and not M"""
    y = np.zeros_like(x)
    for n in range(x.shape[0]):
        for m in range(W.shape[1]):
            y[n, m] = np.sum(x[n] * W[:, m]) + b[m]
    return y


def dense_forward__wrong_14(x, W, b):
    """the mean over the features in place of the sum"""
    return (x[:, :, None] * W[None]).mean(axis=1) + b


def dense_forward__wrong_15(x, W, b):
    """the output is transposed: outputs in rows, samples in columns"""
    return W.T @ x.T + b[:, None]


def dense_forward__wrong_16(x, W, b):
    """the result is rounded to two decimals, to make it look nice"""
    return np.round(x @ W + b, 2)


def dense_forward__right_1(x, W, b):
    """right: the ones trick, the bias as one more row of the weights"""
    ones = np.ones((len(x), 1), dtype=x.dtype)
    return np.hstack([x, ones]) @ np.vstack([W, b])


def dense_forward__right_2(x, W, b):
    """right: as columns, W.T x.T, and transposed at the end"""
    return (W.T @ x.T + b[:, None]).T


def dense_forward__right_3(x, W, b):
    """right: a sum of outer products, feature by feature"""
    y = np.tile(b, (x.shape[0], 1)).astype(x.dtype)
    for d in range(W.shape[0]):
        y += np.outer(x[:, d], W[d])
    return y


def dense_forward__right_4(x, W, b):
    """right: lists of plain dot products"""
    rows = [[np.dot(row, column) + bias for column, bias in zip(W.T, b, strict=True)] for row in x]
    return np.array(rows, dtype=x.dtype)


# Task 2.2


def dense_backward__wrong_1(dy, x, W):
    """the bias gradient is averaged over the samples instead of summed"""
    return dy @ W.T, x.T @ dy, dy.mean(axis=0)


def dense_backward__wrong_2(dy, x, W):
    """the bias gradient is summed over the outputs instead of the samples"""
    return dy @ W.T, x.T @ dy, dy.sum(axis=1)


def dense_backward__wrong_3(dy, x, W):
    """the bias gradient keeps the sample axis: (1, M)"""
    return dy @ W.T, x.T @ dy, dy.sum(axis=0, keepdims=True)


def dense_backward__wrong_4(dy, x, W):
    """the weight gradient is transposed"""
    return dy @ W.T, dy.T @ x, dy.sum(axis=0)


def dense_backward__wrong_5(dy, x, W):
    """dx with W not transposed, which fits only if D = M"""
    return dy @ W, x.T @ dy, dy.sum(axis=0)


def dense_backward__wrong_6(dy, x, W):
    """the weight gradient is divided by the number of samples"""
    return dy @ W.T, x.T @ dy / x.shape[0], dy.sum(axis=0)


def dense_backward__wrong_7(dy, x, W):
    """the gradients are returned in another order: dW, db, dx"""
    return x.T @ dy, dy.sum(axis=0), dy @ W.T


def dense_backward__wrong_8(dy, x, W):
    """the bias gradient is dy itself, not summed over the samples"""
    return dy @ W.T, x.T @ dy, dy


def dense_backward__wrong_9(dy, x, W):
    """reshape in place of a transposition of x"""
    return dy @ W.T, x.reshape(x.shape[1], x.shape[0]) @ dy, dy.sum(axis=0)


def dense_backward__wrong_10(dy, x, W):
    """reshape in place of a transposition of W"""
    return dy @ W.reshape(W.shape[1], W.shape[0]), x.T @ dy, dy.sum(axis=0)


def dense_backward__wrong_11(dy, x, W):
    """the bias gradient is one number, the sum over everything"""
    return dy @ W.T, x.T @ dy, np.sum(dy)


def dense_backward__wrong_12(dy, x, W):
    """a loop over the samples with = in place of +=: dW and db come from the last sample alone"""
    dx = np.zeros_like(x)
    for n in range(len(x)):
        dx[n] = W @ dy[n]
        dW = np.outer(x[n], dy[n])
        db = dy[n].copy()
    return dx, dW, db


def dense_backward__wrong_13(dy, x, W):
    """dx forgets the upstream gradient: it is the row sums of W for every sample"""
    dx = np.zeros_like(x) + W.sum(axis=1)
    return dx, x.T @ dy, dy.sum(axis=0)


def dense_backward__wrong_14(dy, x, W):
    """the bias gradient is N for every output, as if the upstream gradient were 1"""
    db = np.full(W.shape[1], x.shape[0], dtype=x.dtype)
    return dy @ W.T, x.T @ dy, db


def dense_backward__wrong_15(dy, x, W):
    """dW is collected in float64, whatever the precision of x"""
    dW = np.zeros(W.shape)
    for n in range(len(x)):
        dW += np.outer(x[n], dy[n])
    return dy @ W.T, dW, dy.sum(axis=0)


def dense_backward__wrong_16(dy, x, W):
    """dy is divided by N in place, so all gradients are N times too small and the argument is changed"""
    dy /= dy.shape[0]
    return dy @ W.T, x.T @ dy, dy.sum(axis=0)


def dense_backward__wrong_17(dy, x, W):
    """dx is a product of sums in place of a sum of products"""
    dx = dy.sum(axis=1, keepdims=True) * W.sum(axis=1)
    return dx, x.T @ dy, dy.sum(axis=0)


def dense_backward__wrong_18(dy, x, W):
    """all three have a minus sign, as if the step downhill were part of the gradient"""
    return -dy @ W.T, -x.T @ dy, -dy.sum(axis=0)


def dense_backward__wrong_19(dy, x, W):
    """the bias gradient is left out"""
    return dy @ W.T, x.T @ dy


def dense_backward__wrong_20(dy, x, W):
    """dW uses the output x W in place of the input, and is then cut to size"""
    y = x @ W
    dW = np.zeros_like(W)
    k = min(W.shape)
    dW[:k] = (y.T @ dy)[:k]
    return dy @ W.T, dW, dy.sum(axis=0)


def dense_backward__wrong_21(dy, x, W):
    """dx is averaged over the outputs, and the bias gradient over the samples"""
    return dy @ W.T / W.shape[1], x.T @ dy, np.mean(dy, axis=0)


def dense_backward__right_1(dy, x, W):
    """right: einsum, with the sum over samples by a product with ones"""
    dx = np.einsum("nm,dm->nd", dy, W)
    dW = np.einsum("nd,nm->dm", x, dy)
    return dx, dW, np.ones(len(dy), dtype=dy.dtype) @ dy


def dense_backward__right_2(dy, x, W):
    """right: a loop over the samples, outer products summed up, a named tuple returned"""
    Gradients = namedtuple("Gradients", "dx dW db")
    dW, db = np.zeros_like(W), np.zeros_like(W[0])
    rows = []
    for sample, upstream in zip(x, dy, strict=True):
        rows.append(W @ upstream)
        dW += np.outer(sample, upstream)
        db += upstream
    return Gradients(np.stack(rows), dW, db)


def dense_backward__right_3(dy, x, W):
    """right: everything transposed twice"""
    return (W @ dy.T).T, (dy.T @ x).T, np.add.reduce(dy, 0)


def dense_backward__right_4(dy, x, W):
    """right: dW and db in one product, through a column of ones at x"""
    extended = np.c_[x, np.ones(len(x), dtype=x.dtype)]
    both = extended.T @ dy
    return np.inner(dy, W), both[:-1], both[-1]


def dense_backward__right_5(dy, x, W):
    """right: scalar loops, sums by +="""
    N, D = x.shape
    M = W.shape[1]
    dx, dW, db = np.zeros((N, D), x.dtype), np.zeros((D, M), W.dtype), np.zeros(M, dy.dtype)
    for n in range(N):
        for m in range(M):
            db[m] += dy[n, m]
            for d in range(D):
                dx[n, d] += dy[n, m] * W[d, m]
                dW[d, m] += dy[n, m] * x[n, d]
    return dx, dW, db


# Task 2.3


def flatten_forward__wrong_1(x):
    """all samples in one row, the sample axis is lost"""
    return x.flatten()


def flatten_forward__wrong_2(x):
    """column-major order: the channel changes fastest"""
    return x.reshape(x.shape[0], -1, order="F")


def flatten_forward__wrong_3(x):
    """channels last: the numbers of one pixel stand together"""
    return x.transpose(0, 2, 3, 1).reshape(len(x), -1)


def flatten_forward__wrong_4(x):
    """only the pixels are flattened, the channels stay an axis"""
    return x.reshape(x.shape[0], x.shape[1], -1)


def flatten_forward__wrong_5(x):
    """one row for each channel of each sample"""
    return x.reshape(-1, x.shape[2] * x.shape[3])


def flatten_forward__wrong_6(x):
    """the sizes of MNIST are hard-coded"""
    return x.reshape(x.shape[0], 784)


def flatten_forward__wrong_7(x):
    """samples and features are exchanged by reshape, then transposed: numbers of other samples get into the row"""
    return x.reshape(-1, x.shape[0]).T


def flatten_forward__wrong_8(x):
    """each channel is read column by column: height and width exchanged"""
    return x.swapaxes(2, 3).reshape(x.shape[0], -1)


def flatten_forward__wrong_9(x):
    """the order of the memory is kept, so it is wrong for an array that is not in row-major order"""
    return np.stack([sample.ravel(order="K") for sample in x])


def flatten_forward__wrong_10(x):
    """the channels are summed away"""
    return x.sum(axis=1).reshape(x.shape[0], -1)


def flatten_forward__right_1(x):
    """right: the channels one after the other, joined along the columns"""
    N, C = x.shape[:2]
    return np.concatenate([x[:, c].reshape(N, -1) for c in range(C)], axis=1)


def flatten_forward__right_2(x):
    """right: four loops and the formula of the task"""
    N, C, H, W = x.shape
    y = np.empty((N, C * H * W), x.dtype)
    for n, c, h, w in np.ndindex(x.shape):
        y[n, (c * H + h) * W + w] = x[n, c, h, w]
    return y


def flatten_forward__right_3(x):
    """right: a list of raveled samples"""
    return np.array([np.ravel(sample) for sample in x])


# Task 2.4


def flatten_backward__wrong_1(dy, x):
    """column-major order"""
    return dy.reshape(x.shape, order="F")


def flatten_backward__wrong_2(dy, x):
    """taken apart as if the channels were last"""
    N, C, H, W = x.shape
    return dy.reshape(N, H, W, C).transpose(0, 3, 1, 2)


def flatten_backward__wrong_3(dy, x):
    """the right numbers, but written into x, which is an argument"""
    x[...] = dy.reshape(x.shape)
    return x


def flatten_backward__wrong_4(dy, x):
    """multiplied by x, as if flattening were a product"""
    return dy.reshape(x.shape) * x


def flatten_backward__wrong_5(dy, x):
    """ones in the shape of x: the upstream gradient is forgotten"""
    return np.ones_like(x)


def flatten_backward__wrong_6(dy, x):
    """the sample axis is left out, so it works for one sample at most and has the wrong shape then"""
    return dy.reshape(x.shape[1:])


def flatten_backward__wrong_7(dy, x):
    """height and width are exchanged"""
    N, C, H, W = x.shape
    return dy.reshape(N, C, W, H).swapaxes(2, 3)


def flatten_backward__wrong_8(dy, x):
    """written through ravel, which is a copy and no view where x is not in row-major order: zeros come back"""
    dx = np.zeros_like(x)
    dx.ravel()[:] = dy.ravel()
    return dx


def flatten_backward__wrong_9(dy, x):
    """flattened once more, forwards: dy comes back as it was"""
    return dy.reshape(x.shape[0], -1)


def flatten_backward__wrong_10(dy, x):
    """collected in float64, whatever the precision of dy"""
    dx = np.zeros(x.shape)
    for n in range(len(x)):
        dx[n] = dy[n].reshape(x.shape[1:])
    return dx


def flatten_backward__right_1(dy, x):
    """right: the flat iterator of an empty array"""
    dx = np.empty_like(x)
    dx.flat = dy
    return dx


def flatten_backward__right_2(dy, x):
    """right: split into channels, then stacked"""
    N, C, H, W = x.shape
    return np.stack([part.reshape(N, H, W) for part in np.split(dy, C, axis=1)], axis=1)


def flatten_backward__right_3(dy, x):
    """right: loops with the formula of the forward pass"""
    _, _, H, W = x.shape
    dx = np.zeros(x.shape, dy.dtype)
    for n, c, h, w in np.ndindex(x.shape):
        dx[n, c, h, w] = dy[n, (c * H + h) * W + w]
    return dx


# Task 2.5


def sgd_step__wrong_1(W, dW, learning_rate):
    """uphill: a plus in place of the minus"""
    return W + learning_rate * dW


def sgd_step__wrong_2(W, dW, learning_rate):
    """the right numbers, but W is changed in place"""
    W -= learning_rate * dW
    return W


def sgd_step__wrong_3(W, dW, learning_rate):
    """only the step is returned, not the new weights"""
    return -learning_rate * dW


def sgd_step__wrong_4(W, dW, learning_rate):
    """the learning rate is forgotten"""
    return W - dW


def sgd_step__wrong_5(W, dW, learning_rate):
    """divided by the learning rate"""
    return W - dW / learning_rate


def sgd_step__wrong_6(W, dW, learning_rate):
    """a slice taken for a copy: W is changed through the view"""
    new = W[:]
    new -= learning_rate * dW
    return new


def sgd_step__wrong_7(W, dW, learning_rate):
    """dW is multiplied in place by the learning rate"""
    dW *= learning_rate
    return W - dW


def sgd_step__wrong_8(W, dW, learning_rate):
    """the step is divided by the number of rows of W, taken for the number of samples"""
    return W - learning_rate * dW / len(W)


def sgd_step__wrong_9(W, dW, learning_rate):
    """only the sign of the gradient is used"""
    return W - learning_rate * np.sign(dW)


def sgd_step__wrong_10(W, dW, learning_rate):
    """the loop binds its name anew and changes nothing: W comes back as it was"""
    new = W.copy()
    for row, gradient in zip(new, dW, strict=True):
        row = row - learning_rate * gradient
    return new


def sgd_step__wrong_11(W, dW, learning_rate):
    """a weight decay that nobody asked for"""
    return (1 - learning_rate) * W - learning_rate * dW


def sgd_step__wrong_12(W, dW, learning_rate):
    """the learning rate is made an array of float64, and with it the result, also for float32 weights"""
    return W - np.full(W.shape, learning_rate) * dW


def sgd_step__right_1(W, dW, learning_rate):
    """right: a copy, then changed in place"""
    new = np.array(W)
    new -= W.dtype.type(learning_rate) * dW
    return new


def sgd_step__right_2(W, dW, learning_rate):
    """right: row by row in a list"""
    step = W.dtype.type(learning_rate)
    return np.array([w - step * g for w, g in zip(W, dW, strict=True)])


def sgd_step__right_3(W, dW, learning_rate):
    """right: subtract and multiply as ufuncs, with an output array"""
    new = np.multiply(dW, -learning_rate, dtype=W.dtype)
    np.add(W, new, out=new)
    return new


# Task 2.6


def merged__wrong_1(W1, b1, W2, b2):
    """the biases are added up, without W2 in between"""
    return W1 @ W2, b1 + b2


def merged__wrong_2(W1, b1, W2, b2):
    """the second bias is forgotten"""
    return W1 @ W2, b1 @ W2


def merged__wrong_3(W1, b1, W2, b2):
    """the first bias is forgotten"""
    return W1 @ W2, b2


def merged__wrong_4(W1, b1, W2, b2):
    """the product in the wrong order, as in books that write W x"""
    return W2 @ W1, b1 @ W2 + b2


def merged__wrong_5(W1, b1, W2, b2):
    """both biases go through the second layer"""
    return W1 @ W2, (b1 + b2) @ W2


def merged__wrong_6(W1, b1, W2, b2):
    """the bias has a sample axis: (1, K)"""
    return W1 @ W2, b1.reshape(1, -1) @ W2 + b2


def merged__wrong_7(W1, b1, W2, b2):
    """bias and weights in the wrong order"""
    return b1 @ W2 + b2, W1 @ W2


def merged__wrong_8(W1, b1, W2, b2):
    """the second bias is changed in place"""
    b2 += b1 @ W2
    return W1 @ W2, b2


def merged__wrong_9(W1, b1, W2, b2):
    """the weights are read off with unit vectors as inputs, but the bias is not taken off again"""
    W = (np.eye(len(W1), dtype=W1.dtype) @ W1 + b1) @ W2 + b2
    return W, b1 @ W2 + b2


def merged__wrong_10(W1, b1, W2, b2):
    """the bias goes through W2 transposed, which fits only if M = K"""
    return W1 @ W2, W2 @ b1 + b2


def merged__wrong_11(W1, b1, W2, b2):
    """the elementwise product of the weights in place of the matrix product"""
    return W1 * W2, b1 * W2 + b2


def merged__wrong_12(W1, b1, W2, b2):
    """the sum of b1 meets the sum of W2: a product of sums in place of a sum of products"""
    return W1 @ W2, b1.sum() * W2.sum(axis=0) + b2


def merged__wrong_13(W1, b1, W2, b2):
    """the bias also goes through the first layer's weights: its sum over the rows of W is added"""
    W = W1 @ W2
    return W, W.sum(axis=0) + b1 @ W2 + b2


def merged__wrong_14(W1, b1, W2, b2):
    """the weights are added in place of multiplied, and the biases too"""
    return W1 + W2, b1 + b2


def merged__wrong_15(W1, b1, W2, b2):
    """W is found by a fit to random inputs that forgets the bias"""
    x = np.random.default_rng(0).standard_normal((4 * len(W1), len(W1))).astype(W1.dtype)
    y = (x @ W1 + b1) @ W2 + b2
    W = np.linalg.lstsq(x, y, rcond=None)[0].astype(W1.dtype)
    return W, b1 @ W2 + b2


def merged__right_1(W1, b1, W2, b2):
    """right: both layers as larger matrices with a last row for the bias, multiplied"""

    def with_bias(W, b):
        last = np.zeros((len(W) + 1, 1), W.dtype)
        last[-1] = 1
        return np.hstack([np.vstack([W, b]), last])

    both = with_bias(W1, b1) @ with_bias(W2, b2)
    return both[:-1, :-1], both[-1, :-1]


def merged__right_2(W1, b1, W2, b2):
    """right: b is what the two layers make of zeros, W what they make of unit vectors without biases"""

    def two_layers(x, with_bias):
        return (x @ W1 + with_bias * b1) @ W2 + with_bias * b2

    b = two_layers(np.zeros(len(W1), W1.dtype), 1)
    W = np.array([two_layers(unit, 0) for unit in np.eye(len(W1), dtype=W1.dtype)])
    return W, b


def merged__right_3(W1, b1, W2, b2):
    """right: einsum, and the products in a list handed to reduce"""
    b = functools.reduce(operator.add, [scale * row for scale, row in zip(b1, W2, strict=True)], b2)
    return np.einsum("dm,mk->dk", W1, W2), b


# Task 2.7


def low_rank_backward__wrong_1(dy, x, A, B, b):
    """dA forgets B: it is the gradient of the product AB and has its shape"""
    dW = x.T @ dy
    return dy @ (A @ B).T, dW, A.T @ dW, dy.sum(axis=0)


def low_rank_backward__wrong_2(dy, x, A, B, b):
    """the bias is added to x A before dB is computed"""
    h = x @ A + b
    dh = dy @ B.T
    return dh @ A.T, x.T @ dh, h.T @ dy, dy.sum(axis=0)


def low_rank_backward__wrong_3(dy, x, A, B, b):
    """dx stops halfway: it is the gradient of x A"""
    dh = dy @ B.T
    return dh, x.T @ dh, (x @ A).T @ dy, dy.sum(axis=0)


def low_rank_backward__wrong_4(dy, x, A, B, b):
    """dA and dB are returned in the wrong order"""
    dh = dy @ B.T
    return dh @ A.T, (x @ A).T @ dy, x.T @ dh, dy.sum(axis=0)


def low_rank_backward__wrong_5(dy, x, A, B, b):
    """the product AB is not transposed in dx, which fits only if D = M"""
    dh = dy @ B.T
    return dy @ (A @ B), x.T @ dh, (x @ A).T @ dy, dy.sum(axis=0)


def low_rank_backward__wrong_6(dy, x, A, B, b):
    """db is averaged over the samples"""
    dh = dy @ B.T
    return dh @ A.T, x.T @ dh, (x @ A).T @ dy, dy.mean(axis=0)


def low_rank_backward__wrong_7(dy, x, A, B, b):
    """dB uses the gradient of x A in place of x A itself"""
    dh = dy @ B.T
    return dh @ A.T, x.T @ dh, dh.T @ dy, dy.sum(axis=0)


def low_rank_backward__wrong_8(dy, x, A, B, b):
    """the gradients of A and B are divided by the number of samples"""
    dh = dy @ B.T
    N = len(x)
    return dh @ A.T, x.T @ dh / N, (x @ A).T @ dy / N, dy.sum(axis=0)


def low_rank_backward__wrong_9(dy, x, A, B, b):
    """a bias gradient also for the narrow layer: five things are returned"""
    dh = dy @ B.T
    return dh @ A.T, x.T @ dh, (x @ A).T @ dy, dh.sum(axis=0), dy.sum(axis=0)


def low_rank_backward__wrong_10(dy, x, A, B, b):
    """db is multiplied by b, as if the bias were a factor"""
    dh = dy @ B.T
    return dh @ A.T, x.T @ dh, (x @ A).T @ dy, b * dy.sum(axis=0)


def low_rank_backward__wrong_11(dy, x, A, B, b):
    """the bias is added to the upstream gradient, and to the argument itself"""
    dy += b
    dh = dy @ B.T
    return dh @ A.T, x.T @ dh, (x @ A).T @ dy, dy.sum(axis=0)


def low_rank_backward__wrong_12(dy, x, A, B, b):
    """dB is the sum of A times the gradient of the product: A is flattened to its column sums"""
    dW = x.T @ dy
    dB = A.sum(axis=0)[:, None] * dW.sum(axis=0)
    return dy @ B.T @ A.T, dW @ B.T, dB, dy.sum(axis=0)


def low_rank_backward__wrong_13(dy, x, A, B, b):
    """B is reshaped and not transposed; that is the same only where it has one row or one column"""
    dh = dy @ B.reshape(B.shape[::-1])
    return dh @ A.T, x.T @ dh, (x @ A).T @ dy, dy.sum(axis=0)


def low_rank_backward__wrong_14(dy, x, A, B, b):
    """a loop over the samples in which dA is set anew each time: only the last sample counts"""
    dx, dB = np.zeros_like(x), np.zeros_like(B)
    for n in range(len(x)):
        dh = B @ dy[n]
        dx[n] = A @ dh
        dA = np.outer(x[n], dh)
        dB += np.outer(x[n] @ A, dy[n])
    return dx, dA, dB, dy.sum(axis=0)


def low_rank_backward__wrong_15(dy, x, A, B, b):
    """db goes through B and A as well, so it has the shape of a feature row"""
    dh = dy @ B.T
    return dh @ A.T, x.T @ dh, (x @ A).T @ dy, (dh @ A.T).sum(axis=0)


def low_rank_backward__wrong_16(dy, x, A, B, b):
    """dB forgets A, and db is not summed"""
    dh = dy @ B.T
    return dh @ A.T, x.T @ dh, (x[:, : B.shape[0]]).T @ dy, dy


def low_rank_backward__wrong_17(dy, x, A, B, b):
    """B is taken one step downhill in place before dA and dx are computed with it"""
    dB = (x @ A).T @ dy
    B -= 0.1 * dB
    dh = dy @ B.T
    return dh @ A.T, x.T @ dh, dB, dy.sum(axis=0)


def low_rank_backward__right_1(dy, x, A, B, b):
    """right: the gradient of the product AB first, then split"""
    dW = x.T @ dy
    return dy @ (A @ B).T, dW @ B.T, A.T @ dW, dy.sum(axis=0)


def low_rank_backward__right_2(dy, x, A, B, b):
    """right: einsum with three arguments each"""
    return (
        np.einsum("nm,km,dk->nd", dy, B, A),
        np.einsum("nd,nm,km->dk", x, dy, B),
        np.einsum("dk,nd,nm->km", A, x, dy),
        np.einsum("nm->m", dy),
    )


def low_rank_backward__right_3(dy, x, A, B, b):
    """right: two dense layers, one helper used twice, the bias gradient of the first thrown away"""

    def backward(upstream, inputs, weights):
        return upstream @ weights.T, inputs.T @ upstream, upstream.sum(axis=0)

    dh, dB, db = backward(dy, x @ A, B)
    dx, dA, _ = backward(dh, x, A)
    return dx, dA, dB, db


def low_rank_backward__right_4(dy, x, A, B, b):
    """right: sample by sample, outer products summed up by sum()"""
    pairs = list(zip(dy, x, strict=True))
    dx = np.array([A @ (B @ g) for g, _ in pairs])
    dA = sum(np.outer(s, B @ g) for g, s in pairs)
    dB = sum(np.outer(s @ A, g) for g, s in pairs)
    return dx, dA, dB, sum(g for g, _ in pairs)
