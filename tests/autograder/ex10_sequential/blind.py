# ruff: noqa
"""Answers to exercise 10 written blind: wrong ones with what is truly wrong, right ones that look unusual."""

import functools
from collections import namedtuple
from functools import reduce

import numpy as np


class _Times:
    """y = factor · x² + shift: given in the notebook."""

    def __init__(self, factor, shift):
        self.factor, self.shift = factor, shift
        self.params, self.grads = {}, {}

    def forward(self, x):
        self.x = x
        return self.factor * x**2 + self.shift

    def backward(self, dy):
        return 2 * self.factor * self.x * dy


class _Given:
    """y = x W with a gradient: given in the notebook."""

    def __init__(self, W):
        self.params, self.grads, self.layers = {"W": W}, {}, [self]

    def forward(self, x):
        self.x = x
        return x @ self.params["W"]

    def backward(self, dy):
        self.grads["W"] = self.x.T @ dy
        return dy @ self.params["W"].T


_Dense = namedtuple("_Dense", "y dx dW db")
_Scaled = namedtuple("_Scaled", "y dx ds")


def dense_layer__wrong_1(x, W, b, dy):
    """the bias gradient is averaged over the samples instead of summed"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dy):
            self.grads["W"] = self.x.T @ dy
            self.grads["b"] = dy.mean(axis=0)
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_2(x, W, b, dy):
    """both gradients of the parameters are divided by the number of samples"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dy):
            self.grads["W"] = self.x.T @ dy / len(dy)
            self.grads["b"] = dy.sum(axis=0) / len(dy)
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_3(x, W, b, dy):
    """the weight gradient is transposed, dy.T @ x"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dy):
            self.grads["W"] = dy.T @ self.x
            self.grads["b"] = dy.sum(axis=0)
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_4(x, W, b, dy):
    """backward multiplies by W, not by its transpose, so only square weights run"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dy):
            self.grads["W"] = self.x.T @ dy
            self.grads["b"] = dy.sum(axis=0)
            return dy @ self.params["W"]

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_5(x, W, b, dy):
    """forward forgets the bias"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"]

        def backward(self, dy):
            self.grads["W"] = self.x.T @ dy
            self.grads["b"] = dy.sum(axis=0)
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_6(x, W, b, dy):
    """the bias gradient keeps the axis of the samples, (1, M)"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dy):
            self.grads["W"] = self.x.T @ dy
            self.grads["b"] = dy.sum(axis=0, keepdims=True)
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_7(x, W, b, dy):
    """the bias gradient is summed over the outputs instead of the samples"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dy):
            self.grads["W"] = self.x.T @ dy
            self.grads["b"] = dy.sum(axis=1)
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_8(x, W, b, dy):
    """the bias gradient is one number, the sum over everything"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dy):
            self.grads["W"] = self.x.T @ dy
            self.grads["b"] = dy.sum()
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_9(x, W, b, dy):
    """the bias gradient is all ones: the derivative of y by b without dy"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dy):
            self.grads["W"] = self.x.T @ dy
            self.grads["b"] = np.ones_like(self.params["b"])
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_10(x, W, b, dy):
    """remembers the output in place of the input, and makes the weight gradient of it"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x @ self.params["W"] + self.params["b"]
            return self.x

        def backward(self, dy):
            self.grads["W"] = self.x.T @ dy
            self.grads["b"] = dy.sum(axis=0)
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_11(x, W, b, dy):
    """the weight gradient is summed into zeros of float64, so float32 does not stay float32"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dy):
            dW = np.zeros(self.params["W"].shape)
            for n in range(len(dy)):
                dW += np.outer(self.x[n], dy[n])
            self.grads["W"] = dW
            self.grads["b"] = dy.sum(axis=0)
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_12(x, W, b, dy):
    """backward takes a step of descent itself: the argument W is changed, and dx comes from the new weights"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dy):
            self.grads["W"] = self.x.T @ dy
            self.grads["b"] = dy.sum(axis=0)
            self.params["W"] -= 0.1 * self.grads["W"]
            self.params["b"] -= 0.1 * self.grads["b"]
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_13(x, W, b, dy):
    """reshape is used for the transpose of x, which is right for one sample or one feature only"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dy):
            self.grads["W"] = self.x.reshape(self.x.shape[1], -1) @ dy
            self.grads["b"] = dy.sum(axis=0)
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_14(x, W, b, dy):
    """the bias gradient is squeezed, so with one output it has no axis"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dy):
            self.grads["W"] = self.x.T @ dy
            self.grads["b"] = np.squeeze(dy.sum(axis=0))
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_15(x, W, b, dy):
    """the weight gradient has only the last sample: = in place of +="""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dy):
            for n in range(len(dy)):
                self.grads["W"] = np.outer(self.x[n], dy[n])
            self.grads["b"] = dy.sum(axis=0)
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_16(x, W, b, dy):
    """remembers the input as a vector in the order of memory, which mixes it up when it lies column by column"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x.ravel(order="K")
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dy):
            self.grads["W"] = self.x.reshape(len(dy), -1).T @ dy
            self.grads["b"] = dy.sum(axis=0)
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_17(x, W, b, dy):
    """the two gradients are in each other's place: W's under b and b's under W"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dy):
            self.grads["b"] = self.x.T @ dy
            self.grads["W"] = dy.sum(axis=0)
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_18(x, W, b, dy):
    """wrong twice: no bias in forward, and the mean in its gradient"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"]

        def backward(self, dy):
            self.grads["W"] = self.x.T @ dy
            self.grads["b"] = dy.mean(axis=0)
            return dy @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__wrong_19(x, W, b, dy):
    """adds the bias to the input's gradient on the way back"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dy):
            self.grads["W"] = self.x.T @ dy
            self.grads["b"] = dy.sum(axis=0)
            return (dy - self.params["b"]) @ self.params["W"].T

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__right_1(x, W, b, dy):
    """right: einsum everywhere"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return np.einsum("nd,dm->nm", x, self.params["W"]) + self.params["b"]

        def backward(self, dy):
            self.grads["W"] = np.einsum("nd,nm->dm", self.x, dy)
            self.grads["b"] = np.einsum("nm->m", dy)
            return np.einsum("nm,dm->nd", dy, self.params["W"])

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__right_2(x, W, b, dy):
    """right: the bias is a last row of the weights, and x has a column of ones"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = np.hstack([x, np.ones((len(x), 1), x.dtype)])
            self.W = np.vstack([self.params["W"], self.params["b"]])
            return self.x @ self.W

        def backward(self, dy):
            both = self.x.T @ dy
            self.grads.update(W=both[:-1], b=both[-1])
            return (dy @ self.W.T)[:, :-1]

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__right_3(x, W, b, dy):
    """right: lists and outer products, the answers in a namedtuple"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x.copy()
            return np.array([row @ self.params["W"] + self.params["b"] for row in x])

        def backward(self, dy):
            self.grads["W"] = sum(np.outer(u, v) for u, v in zip(self.x, dy))
            self.grads["b"] = sum(dy)
            return np.array([self.params["W"] @ v for v in dy])

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return _Dense(y, dx, layer.grads["W"], layer.grads["b"])


def dense_layer__right_4(x, W, b, dy):
    """right: keeps a closure in place of the input, and computes transposed products"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            W = self.params["W"]

            def back(dy):
                return (W @ dy.T).T, (dy.T @ x).T, np.ones(len(dy), dy.dtype) @ dy

            self.back = back
            return (W.T @ x.T + self.params["b"][:, None]).T

        def backward(self, dy):
            dx, self.grads["W"], self.grads["b"] = self.back(dy)
            return dx

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def dense_layer__right_5(x, W, b, dy):
    """right: loops over every number, in the dtype of the input"""

    class Dense:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}
            self.grads = {}

        def forward(self, x):
            self.x = x
            W, b = self.params["W"], self.params["b"]
            y = np.empty((x.shape[0], W.shape[1]), x.dtype)
            for n in range(x.shape[0]):
                for m in range(W.shape[1]):
                    y[n, m] = b[m] + sum(x[n, d] * W[d, m] for d in range(W.shape[0]))
            return y

        def backward(self, dy):
            W = self.params["W"]
            dx, dW, db = np.zeros_like(self.x), np.zeros_like(W), np.zeros_like(self.params["b"])
            for n in range(dy.shape[0]):
                for m in range(dy.shape[1]):
                    db[m] += dy[n, m]
                    for d in range(W.shape[0]):
                        dW[d, m] += self.x[n, d] * dy[n, m]
                        dx[n, d] += W[d, m] * dy[n, m]
            self.grads = {"W": dW, "b": db}
            return dx

    layer = Dense(W, b)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["W"], layer.grads["b"]


def relu_layer__wrong_1(x, dy):
    """np.max in place of np.maximum: the largest of each column"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return np.max(x, 0)

        def backward(self, dy):
            return dy * (self.x > 0)

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__wrong_2(x, dy):
    """backward passes everything on, as if there were no corner"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return np.maximum(x, 0)

        def backward(self, dy):
            return dy

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__wrong_3(x, dy):
    """the gradient is stopped where dy is negative, and not where x is"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return np.maximum(x, 0)

        def backward(self, dy):
            return dy * (dy > 0)

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__wrong_4(x, dy):
    """backward returns the derivative and forgets to multiply it by dy"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return np.maximum(x, 0)

        def backward(self, dy):
            return (self.x > 0).astype(dy.dtype)

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__wrong_5(x, dy):
    """forward sets the negative numbers of the argument itself to zero"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            x[x < 0] = 0
            self.x = x
            return x

        def backward(self, dy):
            return dy * (self.x > 0)

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__wrong_6(x, dy):
    """backward writes the zeros into the argument dy"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return np.maximum(x, 0)

        def backward(self, dy):
            dy[self.x <= 0] = 0
            return dy

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__wrong_7(x, dy):
    """a leaky slope of 0.01 for negative numbers in both directions"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return np.where(x > 0, x, 0.01 * x).astype(x.dtype)

        def backward(self, dy):
            return np.where(self.x > 0, dy, 0.01 * dy).astype(dy.dtype)

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__wrong_8(x, dy):
    """backward multiplies by the output in place of its slope"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return np.maximum(x, 0)

        def backward(self, dy):
            return dy * np.maximum(self.x, 0)

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__wrong_9(x, dy):
    """the mask is of float64, so a float32 gradient does not stay float32"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.mask = np.where(x > 0, np.ones(x.shape), np.zeros(x.shape))
            return np.maximum(x, 0)

        def backward(self, dy):
            return dy * self.mask

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__wrong_10(x, dy):
    """the mask is the wrong way round: gradients pass where x is negative"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return np.maximum(x, 0)

        def backward(self, dy):
            return dy * (self.x < 0)

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__wrong_11(x, dy):
    """the gradient is picked by the mask and comes back as a flat vector"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return np.maximum(x, 0)

        def backward(self, dy):
            return dy[self.x > 0]

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__wrong_12(x, dy):
    """takes the sign for the slope, so gradients of negative numbers come back negated"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return np.maximum(x, 0)

        def backward(self, dy):
            return dy * np.sign(self.x)

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__wrong_13(x, dy):
    """one mask for a whole row: a gradient passes only where all numbers of its row are positive"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return np.maximum(x, 0)

        def backward(self, dy):
            return dy * (self.x > 0).all(axis=1, keepdims=True)

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__wrong_14(x, dy):
    """takes the absolute value, forward; backward is right"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return np.abs(x)

        def backward(self, dy):
            return dy * (self.x > 0)

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__wrong_15(x, dy):
    """clips to the range from 0 to 1"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return np.clip(x, 0, 1)

        def backward(self, dy):
            return dy * (self.x > 0)

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__right_1(x, dy):
    """right: the mean of x and its absolute value"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return (x + np.abs(x)) / 2

        def backward(self, dy):
            return np.where(self.x > 0, dy, np.zeros_like(dy))

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__right_2(x, dy):
    """right: a copy with zeros put in, and the places of the zeros remembered"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            y = x.copy()
            self.off = x <= 0
            y[self.off] = 0
            return y

        def backward(self, dy):
            dx = np.array(dy)
            np.putmask(dx, self.off, 0)
            return dx

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__right_3(x, dy):
    """right: remembers its output only; answers as a list"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.y = np.clip(x, 0, None)
            return self.y

        def backward(self, dy):
            return dy * np.sign(self.y)

    layer = ReLU()
    return [layer.forward(x), layer.backward(dy)]


def relu_layer__right_4(x, dy):
    """right: a step function from the sign, multiplied forward and backward"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.step = np.maximum(np.sign(x), 0)
            return x * self.step

        def backward(self, dy):
            return np.multiply(self.step, dy)

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def relu_layer__right_5(x, dy):
    """right: number by number"""

    class ReLU:
        def __init__(self):
            self.params = {}
            self.grads = {}

        def forward(self, x):
            self.x = x
            y = np.zeros_like(x)
            for place, v in np.ndenumerate(x):
                if v > 0:
                    y[place] = v
            return y

        def backward(self, dy):
            dx = np.zeros_like(dy)
            for place, v in np.ndenumerate(dy):
                dx[place] = v if self.x[place] > 0 else 0
            return dx

    layer = ReLU()
    return layer.forward(x), layer.backward(dy)


def three_layers__wrong_1(x, dy, a, b, c):
    """every layer gets the input of the first: nothing is handed on"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            for layer in self.layers:
                y = layer.forward(x)
            return y

        def backward(self, dy):
            for layer in reversed(self.layers):
                dy = layer.backward(dy)
            return dy

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def three_layers__wrong_2(x, dy, a, b, c):
    """every layer gets the last gradient dy on the way back: nothing is handed on"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            for layer in self.layers:
                x = layer.forward(x)
            return x

        def backward(self, dy):
            for layer in reversed(self.layers):
                dx = layer.backward(dy)
            return dx

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def three_layers__wrong_3(x, dy, a, b, c):
    """return stands inside of both loops, so one layer runs and no more"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            for layer in self.layers:
                x = layer.forward(x)
                return x

        def backward(self, dy):
            for layer in reversed(self.layers):
                dy = layer.backward(dy)
                return dy

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def three_layers__wrong_4(x, dy, a, b, c):
    """backward stops before the first layer: range ends at 1"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            for layer in self.layers:
                x = layer.forward(x)
            return x

        def backward(self, dy):
            for k in range(len(self.layers) - 1, 0, -1):
                dy = self.layers[k].backward(dy)
            return dy

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def three_layers__wrong_5(x, dy, a, b, c):
    """forward leaves the last layer out, and so does backward"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            for layer in self.layers[:-1]:
                x = layer.forward(x)
            return x

        def backward(self, dy):
            for layer in self.layers[:-1][::-1]:
                dy = layer.backward(dy)
            return dy

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def three_layers__wrong_6(x, dy, a, b, c):
    """multiplies the gradient by dy once more in each layer, though backward has done so"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            for layer in self.layers:
                x = layer.forward(x)
            return x

        def backward(self, dy):
            for layer in reversed(self.layers):
                dy = dy * layer.backward(dy)
            return dy

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def three_layers__wrong_7(x, dy, a, b, c):
    """the gradients of the layers are added up, each from the same dy"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            for layer in self.layers:
                x = layer.forward(x)
            return x

        def backward(self, dy):
            return sum(layer.backward(dy) for layer in reversed(self.layers))

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def three_layers__wrong_8(x, dy, a, b, c):
    """the layers run from last to first in forward, and from first to last in backward"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            for layer in self.layers[::-1]:
                x = layer.forward(x)
            return x

        def backward(self, dy):
            for layer in self.layers:
                dy = layer.backward(dy)
            return dy

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def three_layers__wrong_9(x, dy, a, b, c):
    """writes each output into the argument x, which every layer has remembered"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            for layer in self.layers:
                x[...] = layer.forward(x)
            return x

        def backward(self, dy):
            for layer in reversed(self.layers):
                dy = layer.backward(dy)
            return dy

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def three_layers__wrong_10(x, dy, a, b, c):
    """calls forward of the gradient on the way back, which also overwrites what the layers remember"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            for layer in self.layers:
                x = layer.forward(x)
            return x

        def backward(self, dy):
            for layer in reversed(self.layers):
                dy = layer.forward(dy)
            return dy

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def three_layers__wrong_11(x, dy, a, b, c):
    """adds the input of each layer to its output, as a residual network does, forward only"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            for layer in self.layers:
                x = x + layer.forward(x)
            return x

        def backward(self, dy):
            for layer in reversed(self.layers):
                dy = layer.backward(dy)
            return dy

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def three_layers__wrong_12(x, dy, a, b, c):
    """backward begins one layer too early: the last layer's gradient is left out"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            for layer in self.layers:
                x = layer.forward(x)
            return x

        def backward(self, dy):
            for k in range(len(self.layers) - 2, -1, -1):
                dy = self.layers[k].backward(dy)
            return dy

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def three_layers__wrong_13(x, dy, a, b, c):
    """returns the outputs of all layers as a list, and all gradients"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            ys = []
            for layer in self.layers:
                x = layer.forward(x)
                ys.append(x)
            return ys

        def backward(self, dy):
            dxs = []
            for layer in reversed(self.layers):
                dy = layer.backward(dy)
                dxs.append(dy)
            return dxs

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def three_layers__right_1(x, dy, a, b, c):
    """right: reduce in both directions"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            return reduce(lambda v, layer: layer.forward(v), self.layers, x)

        def backward(self, dy):
            return reduce(lambda v, layer: layer.backward(v), self.layers[::-1], dy)

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def three_layers__right_2(x, dy, a, b, c):
    """right: recursion over the rest of the layers, in both directions"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            def run(layers, v):
                return run(layers[1:], layers[0].forward(v)) if layers else v

            return run(self.layers, x)

        def backward(self, dy):
            def run(layers, v):
                return layers[0].backward(run(layers[1:], v)) if layers else v

            return run(self.layers, dy)

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def three_layers__right_3(x, dy, a, b, c):
    """right: a stack of backward functions that forward fills and backward empties"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            self.stack = []
            for layer in self.layers:
                x = layer.forward(x)
                self.stack.append(layer.backward)
            return x

        def backward(self, dy):
            while self.stack:
                dy = self.stack.pop()(dy)
            return dy

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def three_layers__right_4(x, dy, a, b, c):
    """right: indices counted with while, down to and with zero"""

    class Sequential:
        def __init__(self, layers):
            self.layers = layers

        def forward(self, x):
            k = 0
            while k < len(self.layers):
                x = self.layers[k].forward(x)
                k += 1
            return x

        def backward(self, dy):
            k = len(self.layers)
            while k:
                k -= 1
                dy = self.layers[k].backward(dy)
            return dy

    model = Sequential([_Times(a, 0), _Times(b, 1), _Times(c, 2)])
    return model.forward(x), model.backward(dy)


def one_step__wrong_1(x, t, W, lr):
    """the gradient of the loss is not divided by the number of its terms"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward(2 * (y - t))
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_2(x, t, W, lr):
    """the gradient is divided by the number of samples only; the loss by both"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward(2 * (y - t) / len(y))
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_3(x, t, W, lr):
    """the factor 2 of the gradient is missing"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward((y - t) / y.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_4(x, t, W, lr):
    """returns the loss after the step"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        model.backward(2 * (y - t) / y.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return np.mean((model.forward(x) - t) ** 2)

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_5(x, t, W, lr):
    """moves the parameters along the gradient, uphill"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward(2 * (y - t) / y.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] += lr * model.layers[0].grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_6(x, t, W, lr):
    """the new weights are given to a local name, so the model does not change"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward(2 * (y - t) / y.size)
        for name in model.layers[0].params:
            W = model.layers[0].params[name]
            W = W - lr * model.layers[0].grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_7(x, t, W, lr):
    """the loss is summed, not averaged; the gradient is that of the mean"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.sum((y - t) ** 2)
        model.backward(2 * (y - t) / y.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_8(x, t, W, lr):
    """the loss is halved, and its gradient with it"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2) / 2
        model.backward((y - t) / y.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_9(x, t, W, lr):
    """the gradient has the sign of t - y"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward(2 * (t - y) / y.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_10(x, t, W, lr):
    """the learning rate is forgotten in the update"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward(2 * (y - t) / y.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] -= model.layers[0].grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_11(x, t, W, lr):
    """returns the root of the mean squared error"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward(2 * (y - t) / y.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return np.sqrt(loss)

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_12(x, t, W, lr):
    """takes D for the number of inputs: both are divided by x.size"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.sum((y - t) ** 2) / x.size
        model.backward(2 * (y - t) / x.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_13(x, t, W, lr):
    """updates the model and then each of its layers, which here is the same one: two steps at once"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward(2 * (y - t) / y.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        for layer in model.layers:
            for name in layer.params:
                layer.params[name] -= lr * layer.grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_14(x, t, W, lr):
    """replaces each parameter by its step, without what it was before"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward(2 * (y - t) / y.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] = -lr * model.layers[0].grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_15(x, t, W, lr):
    """returns one loss a sample"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2, axis=1)
        model.backward(2 * (y - t) / y.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_16(x, t, W, lr):
    """sends the mean of the errors back to every place"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward(np.full_like(y, 2 * np.mean(y - t)))
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_17(x, t, W, lr):
    """the targets become float64, and with them the loss's gradient and, being replaced, the weights"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        error = y - t.astype(np.float64)
        model.backward(2 * error / error.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] = (
                model.layers[0].params[name] - lr * model.layers[0].grads[name]
            )
        return np.mean(error**2)

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_18(x, t, W, lr):
    """the gradient is right, but the argument t is overwritten by the error"""

    def train_step(model, x, t, lr):
        t -= model.forward(x)
        model.backward(-2 * t / t.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return np.mean(t**2)

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_19(x, t, W, lr):
    """the gradient is divided by the number of samples once more in the update"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward(2 * (y - t) / y.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name] / len(x)
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_20(x, t, W, lr):
    """sends the squared error back in place of its derivative"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward((y - t) ** 2 / y.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_21(x, t, W, lr):
    """returns the loss and the output"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward(2 * (y - t) / y.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return loss, y

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_22(x, t, W, lr):
    """mean absolute error for the loss, but the gradient of the squared one"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean(np.abs(y - t))
        model.backward(2 * (y - t) / y.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_23(x, t, W, lr):
    """wrong twice: no factor 2, and the mean over samples only, in the gradient"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward((y - t) / len(y))
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_24(x, t, W, lr):
    """the loss is rounded to two digits"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward(2 * (y - t) / y.size)
        for name in model.layers[0].params:
            model.layers[0].params[name] -= lr * model.layers[0].grads[name]
        return round(float(loss), 2)

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__wrong_25(x, t, W, lr):
    """computes the loss and its gradient, and never updates"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = np.mean((y - t) ** 2)
        model.backward(2 * (y - t) / y.size)
        return loss

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__right_1(x, t, W, lr):
    """right: the loss is a product of a flat vector with itself"""

    def train_step(model, x, t, lr):
        error = (model.forward(x) - t).ravel()
        model.backward((error * (2 / error.size)).reshape(t.shape))
        (layer,) = model.layers
        for name, gradient in layer.grads.items():
            np.subtract(layer.params[name], lr * gradient, out=layer.params[name])
        return float(error @ error) / error.size

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__right_2(x, t, W, lr):
    """right: goes over the layers of the model, with zip over both dictionaries"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        N, D = y.shape
        model.backward((y - t) / (N * D / 2))
        for layer in model.layers:
            for (_, p), g in zip(
                sorted(layer.params.items()), [layer.grads[k] for k in sorted(layer.grads)]
            ):
                p += -lr * g
        return np.mean(np.square(t - y))

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__right_3(x, t, W, lr):
    """right: the loss number by number in float64, the update row by row"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        total = 0.0
        dy = np.empty_like(y)
        for (n, d), v in np.ndenumerate(y):
            total += (float(v) - float(t[n, d])) ** 2
            dy[n, d] = 2 * (v - t[n, d]) / y.size
        model.backward(dy)
        (layer,) = model.layers
        for name, W in layer.params.items():
            for k in range(len(W)):
                W[k] -= lr * layer.grads[name][k]
        return np.float64(total / y.size)

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def one_step__right_4(x, t, W, lr):
    """right: mean of means, a gradient as the difference of two terms"""

    def train_step(model, x, t, lr):
        y = model.forward(x)
        loss = ((y - t) ** 2).mean(axis=0).mean()
        model.backward(y * (2 / y.size) - t * (2 / t.size))
        (layer,) = model.layers
        for name in layer.params:
            layer.params[name][...] = layer.params[name] - lr * layer.grads[name]
        return loss.item()

    model = _Given(W.copy())
    loss = train_step(model, x, t, lr)
    return loss, model.params["W"]


def scale_layer__wrong_1(x, s, dy):
    """the gradient of s is not summed over the samples, (N, D)"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return self.params["s"] * x

        def backward(self, dy):
            self.grads["s"] = self.x * dy
            return self.params["s"] * dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_2(x, s, dy):
    """the gradient of s is averaged over the samples"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return self.params["s"] * x

        def backward(self, dy):
            self.grads["s"] = (self.x * dy).mean(axis=0)
            return self.params["s"] * dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_3(x, s, dy):
    """the gradient of s is summed over the features instead of the samples"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return self.params["s"] * x

        def backward(self, dy):
            self.grads["s"] = (self.x * dy).sum(axis=1)
            return self.params["s"] * dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_4(x, s, dy):
    """the gradient of s is one number, the sum over everything"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return self.params["s"] * x

        def backward(self, dy):
            self.grads["s"] = np.sum(self.x * dy)
            return self.params["s"] * dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_5(x, s, dy):
    """the gradient goes back without the factor s"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return self.params["s"] * x

        def backward(self, dy):
            self.grads["s"] = (self.x * dy).sum(axis=0)
            return dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_6(x, s, dy):
    """the gradient of the input is x dy, without s"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return self.params["s"] * x

        def backward(self, dy):
            self.grads["s"] = (self.x * dy).sum(axis=0)
            return self.x * dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_7(x, s, dy):
    """a factor for each sample, s[:, None], in place of each feature"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return self.params["s"][:, None] * x

        def backward(self, dy):
            self.grads["s"] = (self.x * dy).sum(axis=0)
            return self.params["s"][:, None] * dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_8(x, s, dy):
    """the gradient of s keeps the axis of the samples, (1, D)"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return self.params["s"] * x

        def backward(self, dy):
            self.grads["s"] = (self.x * dy).sum(axis=0, keepdims=True)
            return self.params["s"] * dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_9(x, s, dy):
    """remembers the output, so the gradient of s has a factor s too many"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.y = self.params["s"] * x
            return self.y

        def backward(self, dy):
            self.grads["s"] = (self.y * dy).sum(axis=0)
            return self.params["s"] * dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_10(x, s, dy):
    """multiplies the argument x in place"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x.copy()
            x *= self.params["s"]
            return x

        def backward(self, dy):
            self.grads["s"] = (self.x * dy).sum(axis=0)
            return self.params["s"] * dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_11(x, s, dy):
    """divides by s on the way back"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return self.params["s"] * x

        def backward(self, dy):
            self.grads["s"] = (self.x * dy).sum(axis=0)
            return dy / self.params["s"]

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_12(x, s, dy):
    """the product of two sums in place of the sum of products, right for one sample only"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return self.params["s"] * x

        def backward(self, dy):
            self.grads["s"] = self.x.sum(axis=0) * dy.sum(axis=0)
            return self.params["s"] * dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_13(x, s, dy):
    """the gradient of s is that of a bias, the sum of dy"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return self.params["s"] * x

        def backward(self, dy):
            self.grads["s"] = dy.sum(axis=0)
            return self.params["s"] * dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_14(x, s, dy):
    """a matrix product with s: one number a sample"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ self.params["s"]

        def backward(self, dy):
            self.grads["s"] = (self.x * dy).sum(axis=0)
            return self.params["s"] * dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_15(x, s, dy):
    """the sum over samples is made in float64 and stays so"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return self.params["s"] * x

        def backward(self, dy):
            self.grads["s"] = (self.x * dy).sum(axis=0, dtype=np.float64)
            return self.params["s"] * dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_16(x, s, dy):
    """wrong twice: the mean over the samples for s, and no factor s for x"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return self.params["s"] * x

        def backward(self, dy):
            self.grads["s"] = (self.x * dy).mean(axis=0)
            return dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_17(x, s, dy):
    """the sum over samples leaves the first one out"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return self.params["s"] * x

        def backward(self, dy):
            self.grads["s"] = sum(self.x[n] * dy[n] for n in range(1, len(dy))) + np.zeros_like(
                dy[0]
            )
            return self.params["s"] * dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_18(x, s, dy):
    """the gradient of s is squeezed, so with one feature it has no axis"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return self.params["s"] * x

        def backward(self, dy):
            self.grads["s"] = (self.x * dy).sum(axis=0).squeeze()
            return self.params["s"] * dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_19(x, s, dy):
    """adds s where it should multiply, forward and backward"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x + self.params["s"]

        def backward(self, dy):
            self.grads["s"] = dy.sum(axis=0)
            return dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__wrong_20(x, s, dy):
    """the gradient for s is stored without minding the sign of x: its absolute value"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return self.params["s"] * x

        def backward(self, dy):
            self.grads["s"] = (np.abs(self.x) * dy).sum(axis=0)
            return self.params["s"] * dy

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__right_1(x, s, dy):
    """right: a diagonal matrix, and the diagonal of a product"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return x @ np.diag(self.params["s"])

        def backward(self, dy):
            self.grads["s"] = np.diag(self.x.T @ dy).copy()
            return dy @ np.diag(self.params["s"])

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__right_2(x, s, dy):
    """right: einsum, the answers in a namedtuple"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return np.einsum("nd,d->nd", x, self.params["s"])

        def backward(self, dy):
            self.grads["s"] = np.einsum("nd,nd->d", self.x, dy)
            return np.einsum("d,nd->nd", self.params["s"], dy)

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return _Scaled(y, dx, layer.grads["s"])


def scale_layer__right_3(x, s, dy):
    """right: column by column in lists"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            return np.stack([s * column for s, column in zip(self.params["s"], x.T)], axis=1)

        def backward(self, dy):
            self.grads["s"] = np.array([u @ v for u, v in zip(self.x.T, dy.T)], dtype=dy.dtype)
            return np.stack([s * column for s, column in zip(self.params["s"], dy.T)], axis=1)

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__right_4(x, s, dy):
    """right: transposed arrays, and a product with ones for the sum"""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x.T
            return (self.params["s"][:, None] * x.T).T

        def backward(self, dy):
            self.grads["s"] = (self.x * dy.T) @ np.ones(len(dy), dy.dtype)
            return np.multiply(dy.T, self.params["s"].reshape(-1, 1)).T

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def scale_layer__right_5(x, s, dy):
    """right: sample by sample with +="""

    class Scale:
        def __init__(self, s):
            self.params = {"s": s}
            self.grads = {}

        def forward(self, x):
            self.x = x
            y = np.empty_like(x)
            for n, row in enumerate(x):
                y[n] = row * self.params["s"]
            return y

        def backward(self, dy):
            ds = np.zeros_like(self.params["s"])
            for row, d in zip(self.x, dy):
                ds += row * d
            self.grads["s"] = ds
            return np.array([d * self.params["s"] for d in dy])

    layer = Scale(s)
    y = layer.forward(x)
    dx = layer.backward(dy)
    return y, dx, layer.grads["s"]


def residual_layer__wrong_1(x, dy, a):
    """the gradient goes back through the inner layer only"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            return x + self.inner.forward(x)

        def backward(self, dy):
            return self.inner.backward(dy)

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__wrong_2(x, dy, a):
    """the gradient goes back around the inner layer only"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            return x + self.inner.forward(x)

        def backward(self, dy):
            return dy

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__wrong_3(x, dy, a):
    """forward forgets the way around"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            return self.inner.forward(x)

        def backward(self, dy):
            return dy + self.inner.backward(dy)

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__wrong_4(x, dy, a):
    """the way around adds one to the gradient, not dy"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            return x + self.inner.forward(x)

        def backward(self, dy):
            return 1 + self.inner.backward(dy)

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__wrong_5(x, dy, a):
    """the two gradients are multiplied, not added"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            return x + self.inner.forward(x)

        def backward(self, dy):
            return dy * self.inner.backward(dy)

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__wrong_6(x, dy, a):
    """adds in place: the argument x is changed, and with it what the inner layer remembers"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            x += self.inner.forward(x)
            return x

        def backward(self, dy):
            return dy + self.inner.backward(dy)

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__wrong_7(x, dy, a):
    """adds in place on the way back: the argument dy is changed"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            return x + self.inner.forward(x)

        def backward(self, dy):
            dy += self.inner.backward(dy)
            return dy

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__wrong_8(x, dy, a):
    """the inner layer gets the sum: inner(x + inner(x))"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            return self.inner.forward(x + self.inner.forward(x))

        def backward(self, dy):
            return dy + self.inner.backward(dy)

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__wrong_9(x, dy, a):
    """the mean of both ways in place of their sum, forward and backward"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            return (x + self.inner.forward(x)) / 2

        def backward(self, dy):
            return (dy + self.inner.backward(dy)) / 2

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__wrong_10(x, dy, a):
    """adds the input, not dy, to the gradient"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            self.x = x
            return x + self.inner.forward(x)

        def backward(self, dy):
            return self.x + self.inner.backward(dy)

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__wrong_11(x, dy, a):
    """cuts the sum at zero, as the networks in the papers do"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            y = x + self.inner.forward(x)
            self.mask = y > 0
            return y * self.mask

        def backward(self, dy):
            dy = dy * self.mask
            return dy + self.inner.backward(dy)

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__wrong_12(x, dy, a):
    """the gradient is split in halves, one for each way"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            return x + self.inner.forward(x)

        def backward(self, dy):
            return dy / 2 + self.inner.backward(dy / 2)

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__wrong_13(x, dy, a):
    """calls the inner layer's forward on the gradient"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            return x + self.inner.forward(x)

        def backward(self, dy):
            return dy + self.inner.forward(dy)

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__wrong_14(x, dy, a):
    """the inner layer is run a second time, on the output, so that its memory is not of x"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            y = x + self.inner.forward(x)
            self.inner.forward(y)
            return y

        def backward(self, dy):
            return dy + self.inner.backward(dy)

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__wrong_15(x, dy, a):
    """the gradient of the way around is counted twice"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            return x + self.inner.forward(x)

        def backward(self, dy):
            return dy + self.inner.backward(dy) + dy

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__wrong_16(x, dy, a):
    """wrong twice: the difference of both ways, forward, and no way around, backward"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            return self.inner.forward(x) - x

        def backward(self, dy):
            return self.inner.backward(dy)

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__right_1(x, dy, a):
    """right: both ways in a list, summed"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            return sum([self.inner.forward(x), x])

        def backward(self, dy):
            return sum(way(dy) for way in (self.inner.backward, np.copy))

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__right_2(x, dy, a):
    """right: stacks both ways and sums over the new axis"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            return np.stack([x, self.inner.forward(x)]).sum(axis=0)

        def backward(self, dy):
            return np.add.reduce([dy, self.inner.backward(dy)])

    layer = Residual(_Times(a, 1))
    return layer.forward(x), layer.backward(dy)


def residual_layer__right_3(x, dy, a):
    """right: minus the difference, and the answers in a list"""

    class Residual:
        def __init__(self, inner):
            self.inner = inner
            self.params, self.grads = inner.params, inner.grads

        def forward(self, x):
            return self.inner.forward(x) - (-x)

        def backward(self, dy):
            dx = self.inner.backward(dy).copy()
            dx += dy
            return dx

    layer = Residual(_Times(a, 1))
    return [layer.forward(x), layer.backward(dy)]


def product_layer__wrong_1(x, dy, a, b):
    """backward forgets the other factor: the same dy goes into both ways"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l * self.r

        def backward(self, dy):
            return self.left.backward(dy) + self.right.backward(dy)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_2(x, dy, a, b):
    """multiplies the two gradients, as forward multiplies the two values"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l * self.r

        def backward(self, dy):
            return self.left.backward(dy) * self.right.backward(dy)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_3(x, dy, a, b):
    """each way is multiplied by its own output and not by the other's"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l * self.r

        def backward(self, dy):
            dleft = dy * self.l
            dright = dy * self.r
            return self.left.backward(dleft) + self.right.backward(dright)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_4(x, dy, a, b):
    """only the left way is passed back: the right factor is held constant"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l * self.r

        def backward(self, dy):
            return self.left.backward(dy * self.r)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_5(x, dy, a, b):
    """the second way overwrites the first: = for +="""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l * self.r

        def backward(self, dy):
            dx = np.zeros_like(dy)
            dx = self.left.backward(dy * self.r)
            dx = self.right.backward(dy * self.l)
            return dx

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_6(x, dy, a, b):
    """a minus between the two ways, from the quotient rule"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l * self.r

        def backward(self, dy):
            return self.left.backward(dy * self.r) - self.right.backward(dy * self.l)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_7(x, dy, a, b):
    """runs the layers one after the other, as Sequential does"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            return self.right.forward(self.left.forward(x))

        def backward(self, dy):
            return self.left.backward(self.right.backward(dy))

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_8(x, dy, a, b):
    """forward adds the two ways and backward passes dy to both: a sum and no product"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            return self.left.forward(x) + self.right.forward(x)

        def backward(self, dy):
            return self.left.backward(dy) + self.right.backward(dy)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_9(x, dy, a, b):
    """multiplies dy by the whole output y before both ways"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.y = self.left.forward(x) * self.right.forward(x)
            return self.y

        def backward(self, dy):
            g = dy * self.y
            return self.left.backward(g) + self.right.backward(g)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_10(x, dy, a, b):
    """keeps the input and multiplies dy by it, in place of the other layer's output"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.left.forward(x) * self.right.forward(x)

        def backward(self, dy):
            return self.left.backward(dy * self.x) + self.right.backward(dy * self.x)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_11(x, dy, a, b):
    """y is built in place in the kept output of left, so backward finds y where it needs left(x)"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            y = self.l
            y *= self.r
            return y

        def backward(self, dy):
            return self.left.backward(dy * self.r) + self.right.backward(dy * self.l)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_12(x, dy, a, b):
    """the values are right, but backward overwrites the caller's dy"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l * self.r

        def backward(self, dy):
            dright = dy * self.l
            dy *= self.r
            return self.left.backward(dy) + self.right.backward(dright)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_13(x, dy, a, b):
    """dy is reused after it was multiplied: the right way gets both factors"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l * self.r

        def backward(self, dy):
            dy = dy * self.r
            dx = self.left.backward(dy)
            dy = dy * self.l
            dx = dx + self.right.backward(dy)
            return dx

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_14(x, dy, a, b):
    """the right layer gets left's output and not x"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(self.l)
            return self.l * self.r

        def backward(self, dy):
            return self.left.backward(dy * self.r) + self.right.backward(dy * self.l)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_15(x, dy, a, b):
    """copied the line and left it as it was: left is used twice, in forward and in backward, right never"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.left.forward(x)
            return self.l * self.r

        def backward(self, dy):
            return self.left.backward(dy * self.r) + self.left.backward(dy * self.l)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_16(x, dy, a, b):
    """the mean of the two ways in place of their sum"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l * self.r

        def backward(self, dy):
            return 0.5 * (self.left.backward(dy * self.r) + self.right.backward(dy * self.l))

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_17(x, dy, a, b):
    """backward runs forward on dy to get the factors, which also overwrites what the layers keep"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            return self.left.forward(x) * self.right.forward(x)

        def backward(self, dy):
            l = self.left.forward(dy)
            r = self.right.forward(dy)
            return self.left.backward(dy * r) + self.right.backward(dy * l)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_18(x, dy, a, b):
    """the gradients go through both layers in a row"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l * self.r

        def backward(self, dy):
            return self.right.backward(self.left.backward(dy * self.r) * self.l)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_19(x, dy, a, b):
    """returns the gradients of the two ways as a pair and does not add them"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l * self.r

        def backward(self, dy):
            return self.left.backward(dy * self.r), self.right.backward(dy * self.l)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_20(x, dy, a, b):
    """the upstream gradient is not used: the slope of y alone"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l * self.r

        def backward(self, dy):
            return self.left.backward(self.r) + self.right.backward(self.l)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_21(x, dy, a, b):
    """dy is multiplied in twice: before the inner layers and after them"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l * self.r

        def backward(self, dy):
            return dy * (self.left.backward(dy * self.r) + self.right.backward(dy * self.l))

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_22(x, dy, a, b):
    """float32 in, float64 out: dx is gathered in an array of zeros of the default type"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l * self.r

        def backward(self, dy):
            dx = np.zeros(dy.shape)
            dx += self.left.backward(dy * self.r)
            dx += self.right.backward(dy * self.l)
            return dx

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_23(x, dy, a, b):
    """the product is summed over the features, as a dot product"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return (self.l * self.r).sum(axis=1, keepdims=True)

        def backward(self, dy):
            return self.left.backward(dy * self.r) + self.right.backward(dy * self.l)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_24(x, dy, a, b):
    """only the first sample's outputs are kept, and broadcast: right for one sample only"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            l = self.left.forward(x)
            r = self.right.forward(x)
            self.l, self.r = l[0], r[0]
            return l * r

        def backward(self, dy):
            return self.left.backward(dy * self.r) + self.right.backward(dy * self.l)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_25(x, dy, a, b):
    """squeezes dx: with one sample or one feature an axis is lost"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l * self.r

        def backward(self, dy):
            return np.squeeze(self.left.backward(dy * self.r) + self.right.backward(dy * self.l))

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_26(x, dy, a, b):
    """gets the other factor as y / left(x), which is 0 / 0 where a factor is 0"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.y = self.l * self.right.forward(x)
            return self.y

        def backward(self, dy):
            return self.left.backward(dy * (self.y / self.l)) + self.right.backward(dy * self.l)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_27(x, dy, a, b):
    """wrong twice: forward adds, and backward passes back the left way only"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l + self.r

        def backward(self, dy):
            return self.left.backward(dy * self.r)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_28(x, dy, a, b):
    """adds dy on top, as in Residual"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l * self.r

        def backward(self, dy):
            return dy + self.left.backward(dy * self.r) + self.right.backward(dy * self.l)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__wrong_29(x, dy, a, b):
    """matrix product for the product number by number: y is (N, N)"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.l = self.left.forward(x)
            self.r = self.right.forward(x)
            return self.l @ self.r.T

        def backward(self, dy):
            return self.left.backward(dy * self.r) + self.right.backward(dy * self.l)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__right_1(x, dy, a, b):
    """right: keeps x alone and computes the factors again in backward"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return np.multiply(self.right.forward(x), self.left.forward(x))

        def backward(self, dy):
            factor = self.right.forward(self.x)
            dx = self.left.backward(factor * dy)
            factor = self.left.forward(self.x)
            return dx + self.right.backward(factor * dy)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__right_2(x, dy, a, b):
    """right: a list of layers, each gets dy times the product of all others"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            layers = [self.left, self.right]
            self.values = [layer.forward(x) for layer in layers]
            return functools.reduce(np.multiply, self.values)

        def backward(self, dy):
            parts = []
            for i, layer in enumerate([self.left, self.right]):
                others = [v for j, v in enumerate(self.values) if j != i]
                parts.append(layer.backward(functools.reduce(np.multiply, others, dy)))
            return np.stack(parts).sum(axis=0)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__right_3(x, dy, a, b):
    """right: forward leaves a closure behind that is the backward pass"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            l, r = self.left.forward(x), self.right.forward(x)

            def back(dy):
                return sum(
                    way.backward(dy * other) for way, other in ((self.left, r), (self.right, l))
                )

            self._back = back
            return l * r

        def backward(self, dy):
            return self._back(dy)

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__right_4(x, dy, a, b):
    """right: loops over every number, the inner layers run on whole arrays"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.outs = self.left.forward(x), self.right.forward(x)
            y = np.empty_like(x)
            for n in range(x.shape[0]):
                for d in range(x.shape[1]):
                    y[n, d] = self.outs[0][n, d] * self.outs[1][n, d]
            return y

        def backward(self, dy):
            g = [np.empty_like(dy), np.empty_like(dy)]
            for k in (0, 1):
                for i in np.ndindex(dy.shape):
                    g[k][i] = dy[i] * self.outs[1 - k][i]
            dx = self.right.backward(g[1])
            dx += self.left.backward(g[0])
            return dx

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__right_5(x, dy, a, b):
    """right: backward runs forward and backward sample by sample"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return np.einsum("nd,nd->nd", self.left.forward(x), self.right.forward(x))

        def backward(self, dy):
            dx = np.zeros_like(self.x)
            for n in range(len(self.x)):
                row = self.x[n : n + 1]
                l, r = self.left.forward(row), self.right.forward(row)
                dx[n] += self.left.backward(dy[n : n + 1] * r)[0]
                dx[n] += self.right.backward(dy[n : n + 1] * l)[0]
            return dx

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__right_6(x, dy, a, b):
    """right: dictionaries keyed by the names of the two ways, and getattr"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.cache = {name: getattr(self, name).forward(x) for name in ("left", "right")}
            return self.cache["left"] * self.cache["right"]

        def backward(self, dy):
            turn = {"left": "right", "right": "left"}
            dx = 0
            for name, other in turn.items():
                dx = dx + getattr(self, name).backward(dy * self.cache[other])
            return dx

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__right_7(x, dy, a, b):
    """right: both outputs in one stack, turned round for backward"""

    class Times:
        def __init__(self, factor, shift):
            self.factor, self.shift = factor, shift
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.x = x
            return self.factor * x**2 + self.shift

        def backward(self, dy):
            return 2 * self.factor * self.x * dy

    class Product:
        def __init__(self, left, right):
            self.left, self.right = left, right
            self.params, self.grads = {}, {}

        def forward(self, x):
            self.pair = np.stack([self.left.forward(x), self.right.forward(x)])
            return self.pair.prod(axis=0)

        def backward(self, dy):
            g = self.pair[::-1] * dy
            dx = np.zeros_like(dy)
            np.add(dx, self.left.backward(g[0]), out=dx)
            np.add(dx, self.right.backward(g[1]), out=dx)
            return dx

    layer = Product(Times(a, 1), Times(b, 2))
    return layer.forward(x), layer.backward(dy)


def product_layer__right_8(x, dy, a, b):
    """right: multiplied out, a polynomial in x² by Horner, and its derivative"""
    u = x * x
    y = (a * b * u + (2 * a + b)) * u + 2
    return y, (4 * a * b * u + 2 * (2 * a + b)) * x * dy


def product_layer__right_9(x, dy, a, b):
    """right: the inner layers as functions that return a value and a way back"""

    def times(factor, shift):
        def run(x):
            return factor * np.square(x) + shift, lambda dy: (x + x) * dy * factor

        return run

    def product(left, right):
        def run(x):
            (l, left_back), (r, right_back) = left(x), right(x)
            return l * r, lambda dy: left_back(r * dy) + right_back(l * dy)

        return run

    y, back = product(times(a, 1), times(b, 2))(x)
    return [y, back(dy)]
