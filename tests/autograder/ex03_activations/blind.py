# ruff: noqa
"""Answers to exercise 3 written blind: wrong ones with what is truly wrong, right ones that look unusual."""

import collections
import math

import numpy as np

# 3.1: ReLU


def relu__wrong_1(x):
    """np.max(x, 0) is the maximum along axis 0, one number for each column"""
    return np.max(x, 0)


def relu__wrong_2(x):
    """x[x < 0] = 0 changes the array that was given, and returns it"""
    x[x < 0] = 0
    return x


def relu__wrong_3(x):
    """the step is returned: 1 where x > 0, and not x"""
    return (x > 0).astype(x.dtype)


def relu__wrong_4(x):
    """np.minimum for np.maximum: the negative part is kept"""
    return np.minimum(x, 0)


def relu__wrong_5(x):
    """the absolute value: the negative numbers are mirrored and not cut off"""
    return np.abs(x)


def relu__wrong_6(x):
    """the numbers are filtered by the mask: the negative ones are left out and the shape is lost"""
    return x[x > 0]


def relu__wrong_7(x):
    """the zeros are made by np.zeros without a dtype: float32 becomes float64"""
    return np.maximum(x, np.zeros(x.shape))


def relu__wrong_8(x):
    """Python's max compares the whole array with 0: it fails, but for an array of one number"""
    return max(x, 0)


def relu__wrong_9(x):
    """the whole row is set to 0 where the sum of the row is negative"""
    return np.where(x.sum(axis=-1, keepdims=True) > 0, x, 0).astype(x.dtype)


def relu__wrong_10(x):
    """the threshold is 1 instead of 0"""
    return np.maximum(x, 1)


def relu__wrong_11(x):
    """the loop looks at the first sample only: the others stay as they are"""
    y = x.copy()
    for d in range(x.shape[1]):
        if y[0, d] < 0:
            y[0, d] = 0
    return y


def relu__wrong_12(x):
    """written through y.ravel(), which is a copy if x lies column by column: then nothing is cut off"""
    y = x.copy(order="K")
    flat = y.ravel()
    flat[flat < 0] = 0
    return y


def relu__right_1(x):
    """right: half of x plus half of its absolute value"""
    return 0.5 * x + 0.5 * np.abs(x)


def relu__right_2(x):
    """right: clip with no upper bound"""
    return np.clip(x, 0, None)


def relu__right_3(x):
    """right: a copy of x with zeros written by np.putmask"""
    y = np.array(x)
    np.putmask(y, y < 0, 0)
    return y


def relu__right_4(x):
    """right: Python's max for each number, in reading order"""
    return np.array([max(v, 0) for v in x.flat], dtype=x.dtype).reshape(x.shape)


# 3.2: ReLU, backward


def relu_gradient__wrong_1(dy, x):
    """>= for >: at x = 0 the gradient passes"""
    return np.where(x >= 0, dy, 0).astype(x.dtype)


def relu_gradient__wrong_2(dy, x):
    """the mask comes from dy instead of from x"""
    return np.where(dy > 0, dy, 0).astype(dy.dtype)


def relu_gradient__wrong_3(dy, x):
    """the derivative alone: dy was forgotten"""
    return (x > 0).astype(x.dtype)


def relu_gradient__wrong_4(dy, x):
    """dy times max(x, 0): the forward pass in place of the slope"""
    return dy * np.maximum(x, 0)


def relu_gradient__wrong_5(dy, x):
    """dy[x <= 0] = 0 changes the dy that was given, and returns it"""
    dy[x <= 0] = 0
    return dy


def relu_gradient__wrong_6(dy, x):
    """np.where with Python numbers on both sides is float64: float32 becomes float64"""
    return dy * np.where(x > 0, 1.0, 0.0)


def relu_gradient__wrong_7(dy, x):
    """the mask is turned round: the gradient passes where x is not positive"""
    return dy * (x <= 0)


def relu_gradient__wrong_8(dy, x):
    """@ for *: a matrix product of dy and the transposed mask"""
    return dy @ (x > 0).T.astype(dy.dtype)


def relu_gradient__wrong_9(dy, x):
    """the sign of x as the slope: -1 where x is negative"""
    return dy * np.sign(x)


def relu_gradient__wrong_10(dy, x):
    """the mask of the first sample is used for all samples"""
    return dy * (x[0] > 0)


def relu_gradient__wrong_11(dy, x):
    """dx = max(dy, 0) where x > 0: negative gradients are cut off as well"""
    return np.where(x > 0, np.maximum(dy, 0), 0).astype(dy.dtype)


def relu_gradient__wrong_12(dy, x):
    """at x = 0 the mean of both slopes, a half"""
    return np.where(x > 0, dy, np.where(x == 0, dy / 2, 0)).astype(dy.dtype)


def relu_gradient__wrong_13(dy, x):
    """dx is written through ravel(): if dy lies column by column it is a copy, and nothing is cut off"""
    dx = dy.copy(order="K")
    dx.ravel()[x.ravel() <= 0] = 0
    return dx


def relu_gradient__wrong_14(dy, x):
    """a loop with n and d swapped: x is read at [d, n], which fails unless the batch is square"""
    dx = np.zeros_like(dy)
    for n in range(dy.shape[0]):
        for d in range(dy.shape[1]):
            if x[d, n] > 0:
                dx[n, d] = dy[n, d]
    return dx


def relu_gradient__right_1(dy, x):
    """right: zeros, and dy copied in where x is positive"""
    dx = np.zeros(dy.shape, dy.dtype)
    np.copyto(dx, dy, where=x > 0)
    return dx


def relu_gradient__right_2(dy, x):
    """right: np.multiply with the out of zeros and a where"""
    return np.multiply(dy, 1, out=np.zeros_like(dy), where=np.greater(x, 0))


def relu_gradient__right_3(dy, x):
    """right: np.heaviside with 0 at the kink"""
    return np.heaviside(x, x.dtype.type(0)) * dy


def relu_gradient__right_4(dy, x):
    """right: np.select of two cases, with zeros of the same dtype"""
    return np.select([x > 0, x <= 0], [dy, np.zeros_like(dy)])


# 3.3: the leaky sister, backward


def leaky_relu_gradient__wrong_1(dy, x, alpha):
    """>= for >: at x = 0 the slope is 1 instead of alpha"""
    return np.where(x >= 0, dy, dy * dy.dtype.type(alpha))


def leaky_relu_gradient__wrong_2(dy, x, alpha):
    """alpha x instead of alpha dy on the negative side: the forward formula"""
    return np.where(x > 0, dy, x * dy.dtype.type(alpha))


def leaky_relu_gradient__wrong_3(dy, x, alpha):
    """alpha alone on the negative side, without dy"""
    return np.where(x > 0, dy, dy.dtype.type(alpha))


def leaky_relu_gradient__wrong_4(dy, x, alpha):
    """the negative side gets 0: alpha is not used"""
    return np.where(x > 0, dy, dy.dtype.type(0))


def leaky_relu_gradient__wrong_5(dy, x, alpha):
    """the mask comes from dy instead of from x"""
    return np.where(dy > 0, dy, dy * dy.dtype.type(alpha))


def leaky_relu_gradient__wrong_6(dy, x, alpha):
    """max(dy, alpha dy): the forward formula applied to dy, x is not looked at"""
    return np.maximum(dy, dy.dtype.type(alpha) * dy)


def leaky_relu_gradient__wrong_7(dy, x, alpha):
    """the slope 0.01 is written into the code, and alpha is not used"""
    return np.where(x > 0, dy, dy * dy.dtype.type(0.01))


def leaky_relu_gradient__wrong_8(dy, x, alpha):
    """np.where of two Python numbers is float64: float32 becomes float64"""
    return dy * np.where(x > 0, 1.0, float(alpha))


def leaky_relu_gradient__wrong_9(dy, x, alpha):
    """dy is scaled in place where x is not positive"""
    dy[x <= 0] *= alpha
    return dy


def leaky_relu_gradient__wrong_10(dy, x, alpha):
    """the two cases are swapped: alpha where x is positive, 1 where it is not"""
    return np.where(x > 0, dy * dy.dtype.type(alpha), dy)


def leaky_relu_gradient__wrong_11(dy, x, alpha):
    """divided by alpha instead of multiplied, as if to undo the forward pass"""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x > 0, dy, dy / dy.dtype.type(alpha))


def leaky_relu_gradient__wrong_12(dy, x, alpha):
    """the side is found by max(x, alpha x) == x: for alpha above 1 the sides are swapped, and x = 0 counts as positive"""
    a = x.dtype.type(alpha)
    return np.where(np.maximum(x, a * x) == x, dy, a * dy)


def leaky_relu_gradient__wrong_13(dy, x, alpha):
    """the slope from the sign of x, (1 + alpha)/2 + (1 - alpha)/2 sign(x): at x = 0 it is the mean of both"""
    a = dy.dtype.type(alpha)
    return dy * ((1 + a) / 2 + (1 - a) / 2 * np.sign(x))


def leaky_relu_gradient__wrong_14(dy, x, alpha):
    """x is compared with alpha instead of with 0"""
    return np.where(x > alpha, dy, dy * dy.dtype.type(alpha))


def leaky_relu_gradient__wrong_15(dy, x, alpha):
    """the slope is 1 - alpha on the negative side"""
    return np.where(x > 0, dy, dy * dy.dtype.type(1 - alpha))


def leaky_relu_gradient__wrong_16(dy, x, alpha):
    """minus alpha on the negative side"""
    return np.where(x > 0, dy, -dy * dy.dtype.type(alpha))


def leaky_relu_gradient__wrong_17(dy, x, alpha):
    """alpha dy is added everywhere: the slope is 1 + alpha where x is positive"""
    a = dy.dtype.type(alpha)
    return np.where(x > 0, dy, dy.dtype.type(0)) + a * dy


def leaky_relu_gradient__wrong_18(dy, x, alpha):
    """x = 0 is neither < 0 nor > 0, and gets 0"""
    dx = np.zeros_like(dy)
    dx[x > 0] = dy[x > 0]
    dx[x < 0] = dy[x < 0] * dy.dtype.type(alpha)
    return dx


def leaky_relu_gradient__wrong_19(dy, x, alpha):
    """a loop over the features that looks at the first sample only, and gives its slope to all"""
    dx = np.empty_like(dy)
    for d in range(x.shape[1]):
        dx[:, d] = dy[:, d] if x[0, d] > 0 else dy[:, d] * dy.dtype.type(alpha)
    return dx


def leaky_relu_gradient__right_1(dy, x, alpha):
    """right: a copy of dy, scaled in place where x is not positive"""
    dx = dy.copy()
    dx[~(x > 0)] *= dy.dtype.type(alpha)
    return dx


def leaky_relu_gradient__right_2(dy, x, alpha):
    """right: alpha to the power of a mask: alpha⁰ = 1 where x > 0"""
    return dy * np.power(dy.dtype.type(alpha), (x <= 0).astype(dy.dtype))


def leaky_relu_gradient__right_3(dy, x, alpha):
    """right: two slopes in a table, looked up with the mask as an index"""
    slopes = np.array([alpha, 1], dtype=dy.dtype)
    return slopes[(x > 0).astype(int)] * dy


def leaky_relu_gradient__right_4(dy, x, alpha):
    """right: one number after the other, with a conditional expression"""
    out = np.empty(dy.shape, dy.dtype)
    for at in np.ndindex(*dy.shape):
        out[at] = dy[at] if x[at] > 0 else float(alpha) * float(dy[at])
    return out


# 3.4: the sigmoid


def sigmoid__wrong_1(x):
    """the formula as it stands: exp(-x) overflows for large negative x, with a warning"""
    return 1 / (1 + np.exp(-x))


def sigmoid__wrong_2(x):
    """exp(x) / (1 + exp(x)): inf / inf is nan for large positive x"""
    return np.exp(x) / (1 + np.exp(x))


def sigmoid__wrong_3(x):
    """np.where chooses between two formulas, but both are computed for all x and overflow"""
    return np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))


def sigmoid__wrong_4(x):
    """tanh(x) for tanh(x/2): the curve is twice as steep"""
    return 0.5 * (1 + np.tanh(x))


def sigmoid__wrong_5(x):
    """the half outside is missing: 1 + tanh(x/2) goes from 0 to 2"""
    return 1 + np.tanh(x / 2)


def sigmoid__wrong_6(x):
    """the sign of x is lost: 1 / (1 + exp(-|x|)) is symmetric"""
    return 1 / (1 + np.exp(-np.abs(x)))


def sigmoid__wrong_7(x):
    """minus for plus before tanh: it is 1 / (1 + exp(x)), which falls"""
    return 0.5 * (1 - np.tanh(x / 2))


def sigmoid__wrong_8(x):
    """x is clipped to ±5, so that far numbers come out as 0.0067 and 0.9933"""
    return 1 / (1 + np.exp(-np.clip(x, -5, 5)))


def sigmoid__wrong_9(x):
    """x is clipped to ±500, enough for float64, but exp(500) still overflows in float32"""
    return 1 / (1 + np.exp(-np.clip(x, -500, 500)))


def sigmoid__wrong_10(x):
    """tanh itself: it goes from -1 to 1"""
    return np.tanh(x)


def sigmoid__wrong_11(x):
    """the answer is rounded to four places as in the example"""
    return (0.5 * (1 + np.tanh(x / 2))).round(4)


def sigmoid__wrong_12(x):
    """computed in float64 to avoid the overflow and not cast back"""
    return 0.5 * (1 + np.tanh(x.astype(np.float64) / 2))


def sigmoid__wrong_13(x):
    """the largest number is subtracted first, as for a softmax, which shifts the curve"""
    return 0.5 * (1 + np.tanh((x - x.max()) / 2))


def sigmoid__wrong_14(x):
    """the bracket is missing: a half plus tanh"""
    return 0.5 + np.tanh(x / 2)


def sigmoid__wrong_15(x):
    """1 / 1 + exp(-x): the bracket of the denominator is missing, and it overflows too"""
    return 1 / 1 + np.exp(-x)


def sigmoid__wrong_16(x):
    """nan_to_num puts 0 where inf / inf was nan: large x gives 0 instead of 1"""
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(x)
        return np.nan_to_num(e / (1 + e))


def sigmoid__wrong_17(x):
    """one formula for the whole array, chosen by its largest number: an array with both signs still overflows"""
    if x.max() <= 0:
        e = np.exp(x)
        return e / (1 + e)
    return 1 / (1 + np.exp(-x))


def sigmoid__right_1(x):
    """right: exp(-|x|) never overflows, and np.where picks the numerator"""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def sigmoid__right_2(x):
    """right: exp of minus softplus, by logaddexp"""
    return np.exp(-np.logaddexp(x.dtype.type(0), -x))


def sigmoid__right_3(x):
    """right: each half by its own formula, through a mask"""
    y = np.empty_like(x)
    up = x >= 0
    y[up] = 1 / (1 + np.exp(-x[up]))
    e = np.exp(x[~up])
    y[~up] = e / (1 + e)
    return y


def sigmoid__right_4(x):
    """right: math.exp for one number after the other, with two cases"""

    def one(v):
        return 1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v))

    return np.array([one(v) for v in x.ravel().tolist()], dtype=x.dtype).reshape(x.shape)


def sigmoid__right_5(x):
    """right: the softmax of the pair (x, 0), with the larger of them taken off"""
    top = np.maximum(x, 0)
    return np.exp(x - top) / (np.exp(x - top) + np.exp(-top))


# 3.5: the sigmoid, backward


def sigmoid_gradient__wrong_1(dy, y):
    """y is taken for x: the sigmoid is applied to the output again"""
    s = 0.5 * (1 + np.tanh(y / 2))
    return dy * s * (1 - s)


def sigmoid_gradient__wrong_2(dy, y):
    """the slope alone: dy was forgotten"""
    return y * (1 - y)


def sigmoid_gradient__wrong_3(dy, y):
    """1 - y² is the slope of tanh"""
    return dy * (1 - y**2)


def sigmoid_gradient__wrong_4(dy, y):
    """the sign: y - 1 for 1 - y"""
    return dy * y * (y - 1)


def sigmoid_gradient__wrong_5(dy, y):
    """dy *= changes the array that was given"""
    dy *= y * (1 - y)
    return dy


def sigmoid_gradient__wrong_6(dy, y):
    """the bracket round 1 - y is missing: dy y - y"""
    return dy * y * 1 - y


def sigmoid_gradient__wrong_7(dy, y):
    """dy stands where y belongs in the second factor"""
    return dy * y * (1 - dy)


def sigmoid_gradient__wrong_8(dy, y):
    """1 + y for 1 - y"""
    return dy * y * (1 + y)


def sigmoid_gradient__wrong_9(dy, y):
    """divided by the slope instead of multiplied"""
    return dy / (y * (1 - y))


def sigmoid_gradient__wrong_10(dy, y):
    """np.ones without a dtype makes float64 of float32"""
    return dy * y * (np.ones(y.shape) - y)


def sigmoid_gradient__wrong_11(dy, y):
    """averaged over the batch: a factor 1 / N too many"""
    return dy * y * (1 - y) / len(y)


def sigmoid_gradient__wrong_12(dy, y):
    """summed over the batch, as for a bias"""
    return (dy * y * (1 - y)).sum(axis=0)


def sigmoid_gradient__wrong_13(dy, y):
    """the full Jacobian as of a softmax: y (dy - sum of dy y), which mixes the numbers of a row"""
    return y * (dy - (dy * y).sum(axis=-1, keepdims=True))


def sigmoid_gradient__wrong_14(dy, y):
    """only 1 - y: the factor y is missing"""
    return dy * (1 - y)


def sigmoid_gradient__right_1(dy, y):
    """right: functions for the operators, np.multiply and np.subtract"""
    return np.multiply(np.multiply(y, dy), np.subtract(1, y))


def sigmoid_gradient__right_2(dy, y):
    """right: einsum over three arrays of one shape"""
    return np.einsum("...,...,...->...", dy, y, 1 - y)


def sigmoid_gradient__right_3(dy, y):
    """right: np.prod along a new axis, with the factors stacked"""
    return np.stack([1 - y, dy, y]).prod(axis=0)


# 3.6: softplus


def softplus__wrong_1(x):
    """the formula as it stands: exp(x) overflows for large x, and the answer is inf"""
    return np.log(1 + np.exp(x))


def softplus__wrong_2(x):
    """log1p for log(1 + ...), but exp(x) overflows all the same"""
    return np.log1p(np.exp(x))


def softplus__wrong_3(x):
    """only the corner, log(1 + exp(-|x|)): what was split off was not added again"""
    return np.log1p(np.exp(-np.abs(x)))


def softplus__wrong_4(x):
    """x + log(1 + exp(-x)): right for positive x, but exp(-x) overflows for large negative x"""
    return x + np.log1p(np.exp(-x))


def softplus__wrong_5(x):
    """np.where chooses x above 50, but exp(x) is computed for all x and overflows, with a warning"""
    return np.where(x > 50, x, np.log1p(np.exp(x)))


def softplus__wrong_6(x):
    """x is added everywhere instead of max(x, 0): wrong for negative x"""
    return x + np.log1p(np.exp(-np.abs(x)))


def softplus__wrong_7(x):
    """|x| is added instead of max(x, 0): symmetric"""
    return np.abs(x) + np.log1p(np.exp(-np.abs(x)))


def softplus__wrong_8(x):
    """the ReLU: the round corner is left out"""
    return np.maximum(x, 0)


def softplus__wrong_9(x):
    """x is clipped at 30, so that 1000 gives 30"""
    return np.log1p(np.exp(np.minimum(x, 30)))


def softplus__wrong_10(x):
    """above 3 y = x is returned, though the corner still counts up to 0.05 there"""
    return np.where(x > 3, x, np.log1p(np.exp(np.minimum(x, 3))))


def softplus__wrong_11(x):
    """the largest number of the whole array is split off: far smaller ones underflow to log 0, and a very negative largest one overflows"""
    m = x.max()
    with np.errstate(all="ignore"):
        return m + np.log(np.exp(-m) + np.exp(x - m))


def softplus__wrong_12(x):
    """minus log of a sigmoid by tanh: at 1000 the sigmoid of -x is 0 and the answer inf"""
    with np.errstate(divide="ignore"):
        return -np.log(0.5 * (1 + np.tanh(-x / 2)))


def softplus__wrong_13(x):
    """the logarithm of the corner is to base 2"""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))) / x.dtype.type(math.log(2))


def softplus__wrong_14(x):
    """logaddexp(1, x) is log(e + exp(x)): the first number must be log 1 = 0"""
    return np.logaddexp(x.dtype.type(1), x)


def softplus__wrong_15(x):
    """logaddexp with an array of zeros in float64: float32 becomes float64"""
    return np.logaddexp(np.zeros(x.shape), x)


def softplus__wrong_16(x):
    """minus for plus in the corner: max(x, 0) - log(1 + exp(-|x|))"""
    return np.maximum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def softplus__wrong_17(x):
    """np.max(x, 0) is the maximum of each column and not max(x, 0)"""
    return np.max(x, 0) + np.log1p(np.exp(-np.abs(x)))


def softplus__wrong_18(x):
    """the log-sum-exp of a row: all numbers of a sample are added up"""
    m = np.maximum(x.max(axis=-1, keepdims=True), 0)
    return m + np.log(np.exp(-m) + np.exp(x - m).sum(axis=-1, keepdims=True))


def softplus__wrong_19(x):
    """nan_to_num turns the inf of the overflow into the largest number there is"""
    with np.errstate(over="ignore"):
        return np.nan_to_num(np.log1p(np.exp(x)))


def softplus__right_1(x):
    """right: logaddexp of 0 and x"""
    return np.logaddexp(x.dtype.type(0), x)


def softplus__right_2(x):
    """right: half of x and |x| instead of a maximum, and log1p"""
    size = np.abs(x)
    return 0.5 * x + 0.5 * size + np.log1p(np.exp(-size))


def softplus__right_3(x):
    """right: x itself above 40, where the rest is below every digit; the exponential never sees more than 40"""
    return np.where(x > 40, x, np.log1p(np.exp(np.minimum(x, 40))))


def softplus__right_4(x):
    """right: a recursion on one number: softplus(v) = v + softplus(-v)"""

    def one(v):
        return v + one(-v) if v > 0 else math.log1p(math.exp(v))

    y = np.empty(x.shape, x.dtype)
    for at, v in np.ndenumerate(x):
        y[at] = one(float(v))
    return y


def softplus__right_5(x):
    """right: np.logaddexp.reduce of x and 0 stacked on a new axis"""
    return np.logaddexp.reduce(np.stack([np.zeros_like(x), x]), axis=0)


# 3.7: softsign, backward


def softsign_gradient__wrong_1(dy, x):
    """the square is missing: dy / (1 + |x|)"""
    return dy / (1 + np.abs(x))


def softsign_gradient__wrong_2(dy, x):
    """x instead of |x|: right for positive x only"""
    return dy / (1 + x) ** 2


def softsign_gradient__wrong_3(dy, x):
    """1 + x² instead of (1 + |x|)²"""
    return dy / (1 + x**2)


def softsign_gradient__wrong_4(dy, x):
    """a factor sign(x) too many: the slope is negative for negative x"""
    return dy * np.sign(x) / (1 + np.abs(x)) ** 2


def softsign_gradient__wrong_5(dy, x):
    """the quotient rule with plus for minus: (1 + |x| + |x|) / (1 + |x|)²"""
    return dy * (1 + 2 * np.abs(x)) / (1 + np.abs(x)) ** 2


def softsign_gradient__wrong_6(dy, x):
    """the slope alone: dy was forgotten"""
    return 1 / (1 + np.abs(x)) ** 2


def softsign_gradient__wrong_7(dy, x):
    """the forward pass times dy: x / (1 + |x|) is no slope"""
    return dy * x / (1 + np.abs(x))


def softsign_gradient__wrong_8(dy, x):
    """the quotient rule without the derivative of |x|: 1 + |x| - x, which is right for positive x only"""
    return dy * (1 + np.abs(x) - x) / (1 + np.abs(x)) ** 2


def softsign_gradient__wrong_9(dy, x):
    """for negative x a sign in the quotient rule: (1 - x) - x instead of (1 - x) + x above the line"""
    up = 1 / (1 + np.abs(x)) ** 2
    down = (1 - 2 * x) / (1 - x) ** 2
    with np.errstate(all="ignore"):
        return dy * np.where(x >= 0, up, down)


def softsign_gradient__wrong_10(dy, x):
    """1 - y², the slope of tanh"""
    y = x / (1 + np.abs(x))
    return dy * (1 - y**2)


def softsign_gradient__wrong_11(dy, x):
    """y (1 - y), the slope of the sigmoid"""
    y = x / (1 + np.abs(x))
    return dy * y * (1 - y)


def softsign_gradient__wrong_12(dy, x):
    """times 2 for a square: dy / (2 (1 + |x|))"""
    return dy / (2 * (1 + np.abs(x)))


def softsign_gradient__wrong_13(dy, x):
    """only positive x are done, negative ones get 0: half of the task"""
    return np.where(x > 0, dy / (1 + np.abs(x)) ** 2, 0).astype(dy.dtype)


def softsign_gradient__wrong_14(dy, x):
    """a factor sign(x)², which is 1, but 0 at x = 0"""
    return dy * np.sign(x) ** 2 / (1 + np.abs(x)) ** 2


def softsign_gradient__wrong_15(dy, x):
    """the slopes are in an array made by np.zeros: float64 for float32"""
    slope = np.zeros(x.shape)
    slope[x >= 0] = 1 / (1 + x[x >= 0]) ** 2
    slope[x < 0] = 1 / (1 - x[x < 0]) ** 2
    return dy * slope


def softsign_gradient__wrong_16(dy, x):
    """for x that is not positive a minus sign too many: the slope is negative there"""
    dx = np.empty_like(dy)
    up = x > 0
    dx[up] = dy[up] / (1 + x[up]) ** 2
    dx[~up] = -dy[~up] / (1 - x[~up]) ** 2
    return dx


def softsign_gradient__wrong_17(dy, x):
    """the bracket is missing, and the square too: dy / 1 + |x|"""
    return dy / 1 + np.abs(x)


def softsign_gradient__wrong_18(dy, x):
    """the absolute value is taken in place: x is changed"""
    np.abs(x, out=x)
    return dy / (1 + x) ** 2


def softsign_gradient__wrong_19(dy, x):
    """the length of each row for |x|: right for one feature"""
    return dy / (1 + np.linalg.norm(x, axis=-1, keepdims=True)) ** 2


def softsign_gradient__wrong_20(dy, x):
    """dy is inside of the square: (dy / (1 + |x|))²"""
    return (dy / (1 + np.abs(x))) ** 2


def softsign_gradient__right_1(dy, x):
    """right: divided twice, without a square"""
    below = 1 + np.abs(x)
    return dy / below / below


def softsign_gradient__right_2(dy, x):
    """right: the two signs one after the other, each through its mask"""
    dx = np.zeros_like(dy)
    for sign, side in ((1, x >= 0), (-1, x < 0)):
        dx[side] = dy[side] * (1 + sign * x[side]) ** -2
    return dx


def softsign_gradient__right_3(dy, x):
    """right: |x| as the larger of x and -x, and the reciprocal squared"""
    return dy * np.square(np.reciprocal(np.maximum(x, -x) + 1))


def softsign_gradient__right_4(dy, x):
    """right: zip over the numbers of both in reading order"""
    numbers = [g / (1 + abs(v)) ** 2 for g, v in zip(dy.ravel().tolist(), x.ravel().tolist())]
    return np.asarray(numbers, dtype=dy.dtype).reshape(dy.shape)


def gate_gradients__wrong_1(dy, a, b):
    """db lacks the factor a"""
    s = 0.5 * (1 + np.tanh(b / 2))
    return dy * s, dy * s * (1 - s)


def gate_gradients__wrong_2(dy, a, b):
    """took y for a b: da is dy times b itself, without the sigmoid"""
    s = 0.5 * (1 + np.tanh(b / 2))
    return dy * b, dy * a * s * (1 - s)


def gate_gradients__wrong_3(dy, a, b):
    """db stops before the sigmoid: the slope s (1 - s) is missing"""
    s = 0.5 * (1 + np.tanh(b / 2))
    return dy * s, dy * a


def gate_gradients__wrong_4(dy, a, b):
    """takes the sigmoid itself for its slope: the factor 1 - s is missing in db"""
    s = 0.5 * (1 + np.tanh(b / 2))
    da = dy * s
    db = dy * a * s
    return da, db


def gate_gradients__wrong_5(dy, a, b):
    """the slope is taken as b (1 - b), as if b were the output of the sigmoid"""
    s = 0.5 * (1 + np.tanh(b / 2))
    return dy * s, dy * a * b * (1 - b)


def gate_gradients__wrong_6(dy, a, b):
    """returns db first and da second"""
    s = 0.5 * (1 + np.tanh(b / 2))
    da = dy * s
    db = dy * a * s * (1 - s)
    return db, da


def gate_gradients__wrong_7(dy, a, b):
    """the sigmoid as e^b / (1 + e^b) is inf / inf, not a number, for a large b"""
    s = np.exp(b) / (1 + np.exp(b))
    return dy * s, dy * a * s * (1 - s)


def gate_gradients__wrong_8(dy, a, b):
    """tanh of b and not of b / 2: the sigmoid is twice too steep"""
    s = 0.5 * (1 + np.tanh(b))
    return dy * s, dy * a * s * (1 - s)


def gate_gradients__wrong_9(dy, a, b):
    """returns the local slopes: the upstream gradient is not used"""
    s = 0.5 * (1 + np.tanh(b / 2))
    return s, a * s * (1 - s)


def gate_gradients__wrong_10(dy, a, b):
    """sign: the slope of the sigmoid is taken as s (s - 1), from the minus in e^(-b)"""
    s = 0.5 * (1 + np.tanh(b / 2))
    return dy * s, dy * a * s * (s - 1)


def gate_gradients__wrong_11(dy, a, b):
    """a and b confused: the gate is the sigmoid of a, and b comes through it"""
    s = 0.5 * (1 + np.tanh(a / 2))
    da = dy * s
    db = dy * b * s * (1 - s)
    return da, db


def gate_gradients__wrong_12(dy, a, b):
    """db is summed over the samples, as if b were the bias of a dense layer"""
    s = 0.5 * (1 + np.tanh(b / 2))
    return dy * s, (dy * a * s * (1 - s)).sum(axis=0)


def gate_gradients__wrong_13(dy, a, b):
    """divides both gradients by the number of samples, which only a mean loss does"""
    n = dy.shape[0]
    s = 0.5 * (1 + np.tanh(b / 2))
    return dy * s / n, dy * a * s * (1 - s) / n


def gate_gradients__wrong_14(dy, a, b):
    """da also goes through the slope of the sigmoid, though a is not inside of it"""
    s = 0.5 * (1 + np.tanh(b / 2))
    slope = s * (1 - s)
    return dy * slope, dy * a * slope


def gate_gradients__wrong_15(dy, a, b):
    """the values are right, but the caller's dy is overwritten by da"""
    s = 0.5 * (1 + np.tanh(b / 2))
    dy *= s
    return dy, dy * a * (1 - s)


def gate_gradients__wrong_16(dy, a, b):
    """float32 in, float64 out: the results are put into arrays of the default type"""
    s = 0.5 * (1 + np.tanh(b / 2))
    da = np.zeros(dy.shape)
    db = np.zeros(dy.shape)
    da[...] = dy * s
    db[...] = dy * a * s * (1 - s)
    return da, db


def gate_gradients__wrong_17(dy, a, b):
    """the slope of tanh, 1 - s², is used for the sigmoid's"""
    s = 0.5 * (1 + np.tanh(b / 2))
    return dy * s, dy * a * (1 - s**2)


def gate_gradients__wrong_18(dy, a, b):
    """the slope is taken from the output of the gate, y (1 - y), and not of the sigmoid"""
    s = 0.5 * (1 + np.tanh(b / 2))
    y = a * s
    return dy * s, dy * y * (1 - y)


def gate_gradients__wrong_19(dy, a, b):
    """e^(-|b|) against the overflow, but the same formula for both signs: wrong for b < 0"""
    s = 1 / (1 + np.exp(-np.abs(b)))
    return dy * s, dy * a * s * (1 - s)


def gate_gradients__wrong_20(dy, a, b):
    """b is clipped to -3 and 3 against the overflow, which changes values well inside"""
    s = 1 / (1 + np.exp(-np.clip(b, -3, 3)))
    return dy * s, dy * a * s * (1 - s)


def gate_gradients__wrong_21(dy, a, b):
    """flattens b in its order in memory and the rest in rows: wrong if the columns of b lie together"""
    flat = b.ravel(order="K")
    s = (0.5 * (1 + np.tanh(flat / 2))).reshape(b.shape)
    return dy * s, dy * a * s * (1 - s)


def gate_gradients__wrong_22(dy, a, b):
    """the inner loop runs over the samples again: right for square arrays only"""
    da = np.zeros_like(dy)
    db = np.zeros_like(dy)
    for i in range(dy.shape[0]):
        for j in range(dy.shape[0]):
            s = 0.5 * (1 + np.tanh(b[i, j] / 2))
            da[i, j] = dy[i, j] * s
            db[i, j] = dy[i, j] * a[i, j] * s * (1 - s)
    return da, db


def gate_gradients__wrong_23(dy, a, b):
    """the gate is open or shut, b > 0, as in a ReLU, and its slope therefore 0"""
    s = (b > 0).astype(b.dtype)
    return dy * s, np.zeros_like(b)


def gate_gradients__wrong_24(dy, a, b):
    """squeezes the results: with one sample or one feature an axis is lost"""
    s = 0.5 * (1 + np.tanh(b / 2))
    return (dy * s).squeeze(), (dy * a * s * (1 - s)).squeeze()


def gate_gradients__wrong_25(dy, a, b):
    """the slope as s² e^(-b) is 0 times infinity, not a number, for b far below 0"""
    s = 0.5 * (1 + np.tanh(b / 2))
    return dy * s, dy * a * s**2 * np.exp(-b)


def gate_gradients__wrong_26(dy, a, b):
    """wrong twice: db lacks the factor a, and the two results are swapped"""
    s = 0.5 * (1 + np.tanh(b / 2))
    da = dy * s
    db = dy * s * (1 - s)
    return db, da


def gate_gradients__wrong_27(dy, a, b):
    """chains the second gradient onto the first: db starts from da, so there is one factor s too many"""
    s = 0.5 * (1 + np.tanh(b / 2))
    da = dy * s
    db = da * a * s * (1 - s)
    return da, db


def gate_gradients__wrong_28(dy, a, b):
    """rounds the gradients to four decimals, as the example prints them"""
    s = 0.5 * (1 + np.tanh(b / 2))
    return (dy * s).round(4), (dy * a * s * (1 - s)).round(4)


def gate_gradients__wrong_29(dy, a, b):
    """1 - s times a misread as 1 - s a: the bracket closes too late"""
    s = 0.5 * (1 + np.tanh(b / 2))
    return dy * s, dy * s * (1 - s * a)


def gate_gradients__wrong_30(dy, a, b):
    """returns y in front of the two gradients: three results"""
    s = 0.5 * (1 + np.tanh(b / 2))
    y = a * s
    return y, dy * s, dy * a * s * (1 - s)


def gate_gradients__right_1(dy, a, b):
    """right: all by t = tanh(b / 2), whose square gives the slope (1 - t²) / 4"""
    t = np.tanh(b / 2)
    return dy * (1 + t) / 2, dy * a * (1 - t * t) / 4


def gate_gradients__right_2(dy, a, b):
    """right: number by number with the math module, over all indices"""
    da, db = np.empty_like(dy), np.empty_like(dy)
    for i in np.ndindex(dy.shape):
        e = math.exp(-abs(float(b[i])))
        s = 1 / (1 + e) if b[i] >= 0 else e / (1 + e)
        da[i] = float(dy[i]) * s
        db[i] = float(dy[i]) * float(a[i]) * s * (1 - s)
    return da, db


def gate_gradients__right_3(dy, a, b):
    """right: e^(-|b|) once; the slope e / (1 + e)² is the same for both signs of b"""
    e = np.exp(-np.abs(b))
    return dy * np.where(b < 0, e, 1) / (1 + e), dy * a * e / (1 + e) ** 2


def gate_gradients__right_4(dy, a, b):
    """right: the sigmoid by logaddexp, 1 - s as the sigmoid of -b, and a namedtuple"""
    gradients = collections.namedtuple("gradients", ["da", "db"])
    open_ = np.exp(-np.logaddexp(0, -b))
    shut = np.exp(-np.logaddexp(0, b))
    return gradients(db=a * open_ * shut * dy, da=open_ * dy)


def gate_gradients__right_5(dy, a, b):
    """right: the two signs of b filled in by masks"""
    s = np.zeros_like(b)
    up = b >= 0
    s[up] = 1 / (1 + np.exp(-b[up]))
    s[~up] = np.exp(b[~up]) / (1 + np.exp(b[~up]))
    da = np.multiply(dy, s)
    return da, da * a * (1 - s)


def gate_gradients__right_6(dy, a, b):
    """right: einsum for the products of three"""
    s = 0.5 * (1 + np.tanh(0.5 * b))
    da = np.einsum("...,...->...", dy, s)
    db = np.einsum("...,...,...->...", dy, a, s - s * s)
    return da, db


def gate_gradients__right_7(dy, a, b):
    """right: list comprehensions row by row, returned as a list of two arrays"""

    def sigma(row):
        return (np.tanh(row / 2) + 1) / 2

    da = [g * sigma(r) for g, r in zip(dy, b)]
    db = [g * p * sigma(r) * sigma(-r) for g, p, r in zip(dy, a, b)]
    return [np.array(d, dtype=dy.dtype).reshape(dy.shape) for d in (da, db)]


def gate_gradients__right_8(dy, a, b):
    """right: the slope from y = a s as (y - y s), in place in arrays of its own"""
    s = b / 2
    np.tanh(s, out=s)
    s += 1
    s /= 2
    y = a * s
    y -= y * s
    y *= dy
    s *= dy
    return s, y


def gate_gradients__right_9(dy, a, b):
    """right: for the whole, a recursion over the first axis down to single numbers"""

    def go(g, p, q):
        if np.ndim(g) == 0:
            s = (1 + np.tanh(q / 2)) / 2
            return g * s, g * p * s * (1 - s)
        both = [go(*k) for k in zip(g, p, q)]
        return [k[0] for k in both], [k[1] for k in both]

    da, db = go(dy, a, b)
    return np.array(da, dtype=dy.dtype).reshape(dy.shape), np.array(db, dtype=dy.dtype).reshape(
        dy.shape
    )
