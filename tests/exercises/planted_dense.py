"""Planted mistakes of exercise 2: wrong answers named TASK__MISTAKE.

Each docstring is a piece of the diagnosis that the check must give; `HIDDEN` names those that
only a hidden test can find.
"""

import numpy as np

HIDDEN = {
    "dense_backward__mean_of_one",
}


def dense_forward__no_bias(x, W, b):
    """the term + b is missing"""
    return x @ W


def dense_forward__minus_bias(x, W, b):
    """b is subtracted, not added"""
    return x @ W - b


def dense_forward__bias_first(x, W, b):
    """b is added before the product"""
    return (x + b) @ W


def dense_forward__transposed_weights(x, W, b):
    """W is transposed"""
    return x @ W.T + b


def dense_forward__other_order(x, W, b):
    """the factors stand in the other order, W @ x"""
    return W @ x + b


def dense_forward__transposed(x, W, b):
    """right y transposed"""
    return (x @ W + b).T


def dense_forward__elementwise(x, W, b):
    """number by number"""
    return x * W + b


def dense_forward__relu(x, W, b):
    """as ReLU does"""
    return np.maximum(x @ W + b, 0)


def dense_forward__last_left_out(x, W, b):
    """the last sample is not reached: it stays 0"""
    y = np.zeros((len(x), W.shape[1]), x.dtype)
    for n in range(len(x) - 1):
        y[n] = x[n] @ W + b
    return y


def dense_forward__constant(x, W, b):
    """stays the same whatever the arguments are"""
    return np.full((len(x), W.shape[1]), 0.5, x.dtype)


def dense_forward__no_return(x, W, b):
    """probably a `return` is missing"""
    x @ W + b


def dense_forward__in_place(x, W, b):
    """changed its argument b"""
    y = x @ W + b
    b += 1
    return y


def dense_forward__nan(x, W, b):
    """not a number that can be compared"""
    return (x @ W + b) * np.nan


def dense_forward__list(x, W, b):
    """it returned a list; expected y as a NumPy array"""
    return (x @ W + b).tolist()


def dense_forward__squeeze(x, W, b):
    """an axis of length 1 of y was dropped (squeeze?)"""
    return (x @ W + b).squeeze()


def dense_forward__float64(x, W, b):
    """keep the dtype that you are given"""
    y = np.zeros((len(x), W.shape[1]))
    y += x @ W + b
    return y


def dense_forward__memory_order(x, W, b):
    """in the order of memory"""
    return x.ravel("K").reshape(x.shape) @ W + b


def dense_backward__divided(dy, x, W):
    """the product x.T @ dy is a mean where it must be a sum"""
    return dy @ W.T, x.T @ dy / len(x), dy.sum(axis=0)


def dense_backward__transposed(dy, x, W):
    """the product x.T @ dy is transposed"""
    return dy @ W.T, dy.T @ x, dy.sum(axis=0)


def dense_backward__wrong_axis(dy, x, W):
    """dy is summed over axis 1, not over axis 0"""
    return dy @ W.T, x.T @ dy, dy.sum(axis=1)


def dense_backward__both_axes(dy, x, W):
    """dy is summed over all axes, not over axis 0"""
    return dy @ W.T, x.T @ dy, dy.sum()


def dense_backward__not_summed(dy, x, W):
    """dy is not summed"""
    return dy @ W.T, x.T @ dy, dy


def dense_backward__mean_bias(dy, x, W):
    """a mean of dy stands where a sum belongs"""
    return dy @ W.T, x.T @ dy, dy.mean(axis=0)


def dense_backward__keepdims(dy, x, W):
    """an axis of length 1 too many"""
    return dy @ W.T, x.T @ dy, dy.sum(axis=0, keepdims=True)


def dense_backward__x_for_dy(dy, x, W):
    """x stands where dy belongs"""
    return dy @ W.T, x.T @ x, dy.sum(axis=0)


def dense_backward__sign(dy, x, W):
    """the sign of dx is flipped"""
    return -dy @ W.T, x.T @ dy, dy.sum(axis=0)


def dense_backward__no_transpose(dy, x, W):
    """the transpose of W is missing: W stands where W.T belongs"""
    return dy @ W, x.T @ dy, dy.sum(axis=0)


def dense_backward__ones(dy, x, W):
    """dy is left out"""
    dy = np.ones_like(dy)
    return dy @ W.T, x.T @ dy, dy.sum(axis=0)


def dense_backward__zeros(dy, x, W):
    """dW is all zeros"""
    return dy @ W.T, np.zeros_like(W), dy.sum(axis=0)


def dense_backward__first_sample(dy, x, W):
    """only the first sample counts"""
    return dy @ W.T, x[:1].T @ dy[:1], dy.sum(axis=0)


def dense_backward__order(dy, x, W):
    """this is the right dW: return dx, dW, db in this order"""
    return x.T @ dy, dy @ W.T, dy.sum(axis=0)


def dense_backward__two(dy, x, W):
    """it returned 2 value"""
    return dy @ W.T, x.T @ dy


def dense_backward__scaled_in_place(dy, x, W):
    """changed its argument dy"""
    dx, dW, db = dy @ W.T, x.T @ dy, dy.sum(axis=0)
    dy /= len(dy)
    return dx, dW, db


def dense_backward__squeezed_samples(dy, x, W):
    """an axis of length 1 of dx was dropped (squeeze?)"""
    return (dy @ W.T).squeeze(), x.T @ dy, dy.sum(axis=0)


def dense_backward__float64_bias(dy, x, W):
    """keep the dtype that you are given"""
    return dy @ W.T, x.T @ dy, dy.sum(axis=0, dtype=np.float64)


def dense_backward__mean_of_one(dy, x, W):
    """db has shape"""
    return dy @ W.T, x.T @ dy, dy.sum(axis=1 if len(dy) == 1 else 0)


def flatten_forward__everything(x):
    """all of x is put into one row: the samples too"""
    return x.reshape(-1)


def flatten_forward__columns(x):
    """order='F'"""
    return x.reshape(len(x), -1, order="F")


def flatten_forward__channels_last(x):
    """the axes of x are in the order (0, 2, 3, 1) when it is reshaped"""
    return x.transpose(0, 2, 3, 1).reshape(len(x), -1)


def flatten_forward__memory_order(x):
    """in the order of memory"""
    return x.ravel("K").reshape(len(x), -1)


def flatten_forward__squeeze(x):
    """an axis of length 1 of y was dropped (squeeze?)"""
    return x.reshape(len(x), -1).squeeze()


def flatten_backward__unchanged(dy, x):
    """dy is not reshaped"""
    return dy


def flatten_backward__columns(dy, x):
    """order='F'"""
    return dy.reshape(x.shape, order="F")


def flatten_backward__product(dy, x):
    """dx has a factor x too many"""
    return dy.reshape(x.shape) * x


def sgd_step__uphill(W, dW, learning_rate):
    """learning_rate * dW is added, not subtracted"""
    return W + learning_rate * dW


def sgd_step__fixed_rate(W, dW, learning_rate):
    """fixed at 0.01"""
    return W - 0.01 * dW


def sgd_step__no_rate(W, dW, learning_rate):
    """the factor learning_rate is missing"""
    return W - dW


def sgd_step__change_only(W, dW, learning_rate):
    """W is left out of W - learning_rate * dW"""
    return -learning_rate * dW


def sgd_step__in_place(W, dW, learning_rate):
    """changed its argument W"""
    W -= learning_rate * dW
    return W


def sgd_step__float64(W, dW, learning_rate):
    """keep the dtype that you are given"""
    return W - np.float64(learning_rate) * dW
