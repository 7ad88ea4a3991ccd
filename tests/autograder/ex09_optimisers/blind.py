# ruff: noqa
"""Answers to exercise 9 written blind: wrong ones with what is truly wrong, right ones that look unusual."""

import math
from collections import namedtuple

import numpy as np


# ---------------------------------------------------------------- momentum_step


def momentum_step__wrong_1(w, g, v, lr, momentum):
    """the weights move along the old velocity"""
    new = momentum * v + g
    return w - lr * v, new


def momentum_step__wrong_2(w, g, v, lr, momentum):
    """the gradient is weighed with 1 - momentum, as in a running mean"""
    v = momentum * v + (1 - momentum) * g
    return w - lr * v, v


def momentum_step__wrong_3(w, g, v, lr, momentum):
    """the learning rate goes into the velocity"""
    v = momentum * v + lr * g
    return w - v, v


def momentum_step__wrong_4(w, g, v, lr, momentum):
    """the weights go up the gradient: plus for minus"""
    v = momentum * v + g
    return w + lr * v, v


def momentum_step__wrong_5(w, g, v, lr, momentum):
    """changes the caller's w and v in place"""
    v *= momentum
    v += g
    w -= lr * v
    return w, v


def momentum_step__wrong_6(w, g, v, lr, momentum):
    """the two outputs are in the wrong order"""
    v = momentum * v + g
    return v, w - lr * v


def momentum_step__wrong_7(w, g, v, lr, momentum):
    """momentum multiplies the sum of velocity and gradient"""
    v = momentum * (v + g)
    return w - lr * v, v


def momentum_step__wrong_8(w, g, v, lr, momentum):
    """lr and momentum are mixed up"""
    v = lr * v + g
    return w - momentum * v, v


def momentum_step__wrong_9(w, g, v, lr, momentum):
    """the velocity is subtracted: the sign of the other convention, half carried over"""
    v = momentum * v - g
    return w - lr * v, v


def momentum_step__right_1(w, g, v, lr, momentum):
    """right: number by number in lists"""
    vs = [momentum * a + b for a, b in zip(v, g)]
    ws = [a - lr * b for a, b in zip(w, vs)]
    return np.array(ws, dtype=w.dtype), np.array(vs, dtype=v.dtype)


def momentum_step__right_2(w, g, v, lr, momentum):
    """right: a copy of the velocity that is then changed in place"""
    velocity = v.copy()
    velocity *= momentum
    velocity += g
    return np.subtract(w, np.multiply(velocity, lr)), velocity


def momentum_step__right_3(w, g, v, lr, momentum):
    """right: the weights by their three terms, with another velocity than the one returned"""
    return w - lr * g - lr * momentum * v, g + v * momentum


# ---------------------------------------------------------------- nesterov_step


def nesterov_step__wrong_1(w, g, v, lr, momentum):
    """the look-ahead uses the old velocity: this is plain momentum"""
    new = momentum * v + g
    return w - lr * (g + momentum * v), new


def nesterov_step__wrong_2(w, g, v, lr, momentum):
    """the gradient is forgotten in the step of the weights"""
    v = momentum * v + g
    return w - lr * momentum * v, v


def nesterov_step__wrong_3(w, g, v, lr, momentum):
    """returns the look-ahead direction as the velocity"""
    v = momentum * v + g
    ahead = g + momentum * v
    return w - lr * ahead, ahead


def nesterov_step__wrong_4(w, g, v, lr, momentum):
    """v is not multiplied by momentum in the look-ahead"""
    v = momentum * v + g
    return w - lr * (g + v), v


def nesterov_step__wrong_5(w, g, v, lr, momentum):
    """the brackets are missing: lr multiplies the gradient only"""
    v = momentum * v + g
    return w - lr * g + momentum * v, v


def nesterov_step__wrong_6(w, g, v, lr, momentum):
    """momentum is applied to the gradient, not to the velocity"""
    v = momentum * v + g
    return w - lr * (momentum * g + v), v


def nesterov_step__wrong_7(w, g, v, lr, momentum):
    """the weights move twice: by momentum and once more by the look-ahead"""
    v = momentum * v + g
    w = w - lr * v
    return w - lr * (g + momentum * v), v


def nesterov_step__wrong_8(w, g, v, lr, momentum):
    """v *= and += change the caller's velocity"""
    v *= momentum
    v += g
    return w - lr * (g + momentum * v), v


def nesterov_step__right_1(w, g, v, lr, momentum):
    """right: multiplied out in the old velocity"""
    return w - lr * ((1 + momentum) * g + momentum**2 * v), momentum * v + g


def nesterov_step__right_2(w, g, v, lr, momentum):
    """right: a function for the velocity, called twice"""

    def push(velocity):
        return velocity * momentum + g

    once = push(v)
    return w - push(once) * lr, once


def nesterov_step__right_3(w, g, v, lr, momentum):
    """right: by way of the weights that are not looked ahead"""
    behind = w + lr * momentum * v
    new = momentum * v + g
    behind = behind - lr * new
    return behind - lr * momentum * new, new


# ---------------------------------------------------------------- adam_step


def adam_step__wrong_1(w, g, m, v, t, lr, beta1, beta2):
    """no bias correction"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return w - lr * m / (np.sqrt(v) + 1e-3), m, v


def adam_step__wrong_2(w, g, m, v, t, lr, beta1, beta2):
    """eps stands under the root"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * mh / np.sqrt(vh + 1e-3), m, v


def adam_step__wrong_3(w, g, m, v, t, lr, beta1, beta2):
    """returns the corrected means"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m, v = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * m / (np.sqrt(v) + 1e-3), m, v


def adam_step__wrong_4(w, g, m, v, t, lr, beta1, beta2):
    """eps is 1e-8, as everywhere else"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * mh / (np.sqrt(vh) + 1e-8), m, v


def adam_step__wrong_5(w, g, m, v, t, lr, beta1, beta2):
    """t is counted from 0: the power is t + 1"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh, vh = m / (1 - beta1 ** (t + 1)), v / (1 - beta2 ** (t + 1))
    return w - lr * mh / (np.sqrt(vh) + 1e-3), m, v


def adam_step__wrong_6(w, g, m, v, t, lr, beta1, beta2):
    """the gradient is not squared in v (its size is taken)"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * np.abs(g)
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * mh / (np.sqrt(vh) + 1e-3), m, v


def adam_step__wrong_7(w, g, m, v, t, lr, beta1, beta2):
    """beta times t in place of beta to the power t: right in the first step only"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh, vh = m / (1 - beta1 * t), v / (1 - beta2 * t)
    return w - lr * mh / (np.sqrt(vh) + 1e-3), m, v


def adam_step__wrong_8(w, g, m, v, t, lr, beta1, beta2):
    """v is corrected with beta1 as well"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh, vh = m / (1 - beta1**t), v / (1 - beta1**t)
    return w - lr * mh / (np.sqrt(vh) + 1e-3), m, v


def adam_step__wrong_9(w, g, m, v, t, lr, beta1, beta2):
    """the roles of beta and 1 - beta are swapped"""
    m = (1 - beta1) * m + beta1 * g
    v = (1 - beta2) * v + beta2 * g**2
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * mh / (np.sqrt(vh) + 1e-3), m, v


def adam_step__wrong_10(w, g, m, v, t, lr, beta1, beta2):
    """the root is forgotten: divides by v"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * mh / (vh + 1e-3), m, v


def adam_step__wrong_11(w, g, m, v, t, lr, beta1, beta2):
    """v follows the square of the running mean m, not of the gradient"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * m**2
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * mh / (np.sqrt(vh) + 1e-3), m, v


def adam_step__wrong_12(w, g, m, v, t, lr, beta1, beta2):
    """the gradient in place of its running mean in the step: RMSProp with a correction"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    vh = v / (1 - beta2**t)
    return w - lr * g / (np.sqrt(vh) + 1e-3), m, v


def adam_step__wrong_13(w, g, m, v, t, lr, beta1, beta2):
    """the correction is put in one number beside the root of the raw v, so eps is scaled too"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    step = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return w - step * m / (np.sqrt(v) + 1e-3), m, v


def adam_step__wrong_14(w, g, m, v, t, lr, beta1, beta2):
    """the correction multiplies in place of dividing, and t is left out"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh, vh = m * (1 - beta1), v * (1 - beta2)
    return w - lr * mh / (np.sqrt(vh) + 1e-3), m, v


def adam_step__wrong_15(w, g, m, v, t, lr, beta1, beta2):
    """v keeps the norm of the whole gradient: one number for all weights"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * (g @ g)
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * mh / (np.sqrt(vh) + 1e-3), m, v


def adam_step__right_1(w, g, m, v, t, lr, beta1, beta2):
    """right: the old mean plus a share of the difference; eps scaled along with the root"""
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g * g - v)
    c1, c2 = 1 - beta1**t, math.sqrt(1 - beta2**t)
    return w - (lr * c2 / c1) * m / (np.sqrt(v) + 1e-3 * c2), m, v


_Adam = namedtuple("_Adam", "w m v")


def adam_step__right_2(w, g, m, v, t, lr, beta1, beta2):
    """right: one weight at a time in plain Python, a namedtuple returned"""
    out = np.empty((3, len(w)), dtype=w.dtype)
    for p in range(len(w)):
        a = beta1 * float(m[p]) + (1 - beta1) * float(g[p])
        b = beta2 * float(v[p]) + (1 - beta2) * float(g[p]) ** 2
        a_hat, b_hat = a / (1 - beta1**t), b / (1 - beta2**t)
        out[:, p] = float(w[p]) - lr * a_hat / (math.sqrt(b_hat) + 1e-3), a, b
    return _Adam(*out)


def adam_step__right_3(w, g, m, v, t, lr, beta1, beta2):
    """right: the correction from the geometric sum 1 + beta + … in place of the power"""

    def weight(beta):
        return (1 - beta) * sum(beta**k for k in range(int(t)))

    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * np.square(g)
    down = (v / weight(beta2)) ** 0.5 + 0.001
    return [w - np.divide(lr * (m / weight(beta1)), down), m, v]


def adam_step__right_4(w, g, m, v, t, lr, beta1, beta2):
    """right: both means as a matrix of two rows"""
    betas = np.array([[beta1], [beta2]], dtype=w.dtype)
    means = betas * np.stack([m, v]) + (1 - betas) * np.stack([g, g**2])
    fix = np.array([[1 / (1 - beta1**t)], [1 / (1 - beta2**t)]], dtype=w.dtype)
    up, down = means * fix
    return w - lr * up / (np.sqrt(down) + 1e-3), means[0], means[1]


# ---------------------------------------------------------------- decayed_step


def decayed_step__wrong_1(w, u, lr, decay):
    """the decay is not multiplied by the learning rate"""
    return w - lr * u - decay * w


def decayed_step__wrong_2(w, u, lr, decay):
    """the decay is that of the new weights"""
    w = w - lr * u
    return w - lr * decay * w


def decayed_step__wrong_3(w, u, lr, decay):
    """the weights grow: plus for minus"""
    return w - lr * u + lr * decay * w


def decayed_step__wrong_4(w, u, lr, decay):
    """the decay shrinks the step, not the weights"""
    return w - lr * (1 - decay) * u


def decayed_step__wrong_5(w, u, lr, decay):
    """shrinks w in place before the step, so the caller's w changes"""
    w *= 1 - lr * decay
    w -= lr * u
    return w


def decayed_step__wrong_6(w, u, lr, decay):
    """the learning rate is applied twice to the decay"""
    return w - lr * (u + lr * decay * w)


def decayed_step__wrong_7(w, u, lr, decay):
    """only the sign of the weight is decayed (L1)"""
    return w - lr * (u + decay * np.sign(w))


def decayed_step__wrong_8(w, u, lr, decay):
    """the step along u is not multiplied by the learning rate"""
    return (1 - lr * decay) * w - u


def decayed_step__right_1(w, u, lr, decay):
    """right: one bracket around both"""
    return w - lr * (u + decay * w)


def decayed_step__right_2(w, u, lr, decay):
    """right: a copy shrunk first, then moved"""
    new = np.array(w)
    new *= 1 - lr * decay
    new -= u * lr
    return new


def decayed_step__right_3(w, u, lr, decay):
    """right: a product of the coefficients with w and u as two rows"""
    return np.array([1 - lr * decay, -lr], dtype=w.dtype) @ np.stack([w, u])


# ---------------------------------------------------------------- amsgrad_step


def amsgrad_step__wrong_1(w, g, m, v, vmax, lr, beta1, beta2):
    """divides by the root of v, not of the largest v"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return w - lr * m / (np.sqrt(v) + 1e-3), m, v, np.maximum(vmax, v)


def amsgrad_step__wrong_2(w, g, m, v, vmax, lr, beta1, beta2):
    """the maximum goes back into v: v never falls"""
    m = beta1 * m + (1 - beta1) * g
    v = np.maximum(vmax, beta2 * v + (1 - beta2) * g**2)
    return w - lr * m / (np.sqrt(v) + 1e-3), m, v, v.copy()


def amsgrad_step__wrong_3(w, g, m, v, vmax, lr, beta1, beta2):
    """np.max over all weights in place of number by number"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    vmax = np.full_like(v, max(np.max(vmax), np.max(v)))
    return w - lr * m / (np.sqrt(vmax) + 1e-3), m, v, vmax


def amsgrad_step__wrong_4(w, g, m, v, vmax, lr, beta1, beta2):
    """the maximum with the old v"""
    m = beta1 * m + (1 - beta1) * g
    vmax = np.maximum(vmax, v)
    v = beta2 * v + (1 - beta2) * g**2
    return w - lr * m / (np.sqrt(vmax) + 1e-3), m, v, vmax


def amsgrad_step__wrong_5(w, g, m, v, vmax, lr, beta1, beta2):
    """the maximum with the squared gradient, not with its running mean"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    vmax = np.maximum(vmax, g**2)
    return w - lr * m / (np.sqrt(vmax) + 1e-3), m, v, vmax


def amsgrad_step__wrong_6(w, g, m, v, vmax, lr, beta1, beta2):
    """the running mean follows vmax: v is computed from the largest v"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * vmax + (1 - beta2) * g**2
    vmax = np.maximum(vmax, v)
    return w - lr * m / (np.sqrt(vmax) + 1e-3), m, v, vmax


def amsgrad_step__wrong_7(w, g, m, v, vmax, lr, beta1, beta2):
    """the smallest in place of the largest"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    vmax = np.minimum(vmax, v)
    return w - lr * m / (np.sqrt(vmax) + 1e-3), m, v, vmax


def amsgrad_step__wrong_8(w, g, m, v, vmax, lr, beta1, beta2):
    """eps under the root"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    vmax = np.maximum(vmax, v)
    return w - lr * m / np.sqrt(vmax + 1e-3), m, v, vmax


def amsgrad_step__wrong_9(w, g, m, v, vmax, lr, beta1, beta2):
    """vmax is not returned"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    vmax = np.maximum(vmax, v)
    return w - lr * m / (np.sqrt(vmax) + 1e-3), m, v


def amsgrad_step__wrong_10(w, g, m, v, vmax, lr, beta1, beta2):
    """np.maximum with out=vmax changes the caller's array"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    np.maximum(vmax, v, out=vmax)
    return w - lr * m / (np.sqrt(vmax) + 1e-3), m, v, vmax


def amsgrad_step__wrong_11(w, g, m, v, vmax, lr, beta1, beta2):
    """a bias correction of the first step, and the old m in the step"""
    new = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    vmax = np.maximum(vmax, v)
    return w - lr * (m / (1 - beta1)) / (np.sqrt(vmax) + 1e-3), new, v, vmax


def amsgrad_step__right_1(w, g, m, v, vmax, lr, beta1, beta2):
    """right: np.where for the larger one"""
    m = g + beta1 * (m - g)
    v = g * g + beta2 * (v - g * g)
    top = np.where(v > vmax, v, vmax)
    return w - m * (lr / (top**0.5 + 1e-3)), m, v, top


def amsgrad_step__right_2(w, g, m, v, vmax, lr, beta1, beta2):
    """right: the larger root, and a maximum over a stack"""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    root = np.fmax(np.sqrt(v), np.sqrt(vmax))
    return w - lr * m / (root + 1e-3), m, v, np.stack([vmax, v]).max(axis=0)


def amsgrad_step__right_3(w, g, m, v, vmax, lr, beta1, beta2):
    """right: weight by weight with a helper, unzipped, a list returned"""

    def one(w, g, m, v, top):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        top = max(top, v)
        return w - lr * m / (math.sqrt(top) + 1e-3), m, v, top

    columns = zip(*map(one, w, g, m, v, vmax))
    return [np.array(column, dtype=w.dtype) for column in columns]


# ---------------------------------------------------------------- warm_cosine


def warm_cosine__wrong_1(t, lr, warm, total):
    """the rise is t / warm: it starts at 0, the + 1 is forgotten"""
    rate = lr / 2 * (1 + np.cos(np.pi * (t - warm) / (total - warm)))
    return np.where(t < warm, lr * t / warm, rate).astype(t.dtype)


def warm_cosine__wrong_2(t, lr, warm, total):
    """the cosine is counted from step 0 over all steps"""
    rate = lr / 2 * (1 + np.cos(np.pi * t / total))
    return np.where(t < warm, lr * (t + 1) / warm, rate).astype(t.dtype)


def warm_cosine__wrong_3(t, lr, warm, total):
    """divides by total, not by total - warm: it does not reach 0"""
    rate = lr / 2 * (1 + np.cos(np.pi * (t - warm) / total))
    return np.where(t < warm, lr * (t + 1) / warm, rate).astype(t.dtype)


def warm_cosine__wrong_4(t, lr, warm, total):
    """<= in place of <: step warm still belongs to the rise"""
    rate = lr / 2 * (1 + np.cos(np.pi * (t - warm) / (total - warm)))
    return np.where(t <= warm, lr * (t + 1) / warm, rate).astype(t.dtype)


def warm_cosine__wrong_5(t, lr, warm, total):
    """a whole cosine: 2 pi, so that the rate rises again"""
    rate = lr / 2 * (1 + np.cos(2 * np.pi * (t - warm) / (total - warm)))
    return np.where(t < warm, lr * (t + 1) / warm, rate).astype(t.dtype)


def warm_cosine__wrong_6(t, lr, warm, total):
    """the half before the bracket is forgotten: it starts at twice the rate"""
    rate = lr * (1 + np.cos(np.pi * (t - warm) / (total - warm)))
    return np.where(t < warm, lr * (t + 1) / warm, rate).astype(t.dtype)


def warm_cosine__wrong_7(t, lr, warm, total):
    """a quarter of a cosine: pi / 2 without the 1 +"""
    rate = lr * np.cos(np.pi / 2 * (t - warm) / (total - warm))
    return np.where(t < warm, lr * (t + 1) / warm, rate).astype(t.dtype)


def warm_cosine__wrong_8(t, lr, warm, total):
    """the angle is in degrees"""
    rate = lr / 2 * (1 + np.cos(180 * (t - warm) / (total - warm)))
    return np.where(t < warm, lr * (t + 1) / warm, rate).astype(t.dtype)


def warm_cosine__wrong_9(t, lr, warm, total):
    """rise and cosine are multiplied: the rise capped at 1, the cosine from step 0"""
    rise = np.minimum((t + 1) / warm, 1)
    return (lr * rise * (1 + np.cos(np.pi * t / total)) / 2).astype(t.dtype)


def warm_cosine__wrong_10(t, lr, warm, total):
    """a straight fall in place of the cosine"""
    rate = lr * (total - t) / (total - warm)
    return np.where(t < warm, lr * (t + 1) / warm, rate).astype(t.dtype)


def warm_cosine__wrong_11(t, lr, warm, total):
    """takes the position in the array for the step: right for 0, 1, 2, … only"""
    rate = np.zeros_like(t)
    for i in range(len(t)):
        if i < warm:
            rate[i] = lr * (i + 1) / warm
        else:
            rate[i] = lr / 2 * (1 + np.cos(np.pi * (i - warm) / (total - warm)))
    return rate


def warm_cosine__wrong_12(t, lr, warm, total):
    """the first step decides for all: if t[0] < warm the whole array rises"""
    if t[0] < warm:
        return lr * (t + 1) / warm
    return lr / 2 * (1 + np.cos(np.pi * (t - warm) / (total - warm)))


def warm_cosine__wrong_13(t, lr, warm, total):
    """the smaller of both is taken: the cosine before its start is mirrored and can lie below the rise"""
    rise = lr * (t + 1) / warm
    fall = lr / 2 * (1 + np.cos(np.pi * (t - warm) / (total - warm)))
    return np.minimum(rise, fall)


def warm_cosine__right_1(t, lr, warm, total):
    """right: masks, each part filled by itself"""
    rate = np.empty_like(t)
    early = t < warm
    rate[early] = lr * (t[early] + 1) / warm
    share = (t[~early] - warm) / (total - warm)
    rate[~early] = lr * (1 + np.cos(np.pi * share)) / 2
    return rate


def warm_cosine__right_2(t, lr, warm, total):
    """right: a squared cosine of half the angle, step by step"""

    def rate(step):
        if step < warm:
            return (step + 1) * lr / warm
        return lr * math.cos(math.pi / 2 * (step - warm) / (total - warm)) ** 2

    return np.array([rate(float(step)) for step in t], dtype=t.dtype)


def warm_cosine__right_3(t, lr, warm, total):
    """right: np.piecewise with one minus a squared sine"""
    return np.piecewise(
        t,
        [t < warm],
        [
            lambda s: (s + 1) / warm * lr,
            lambda s: lr - lr * np.sin(math.pi * (s - warm) / (2 * (total - warm))) ** 2,
        ],
    )


def warm_cosine__right_4(t, lr, warm, total):
    """right: both parts everywhere, put together with zeros and ones"""
    late = (t >= warm).astype(t.dtype)
    rise = lr * (t + 1) / max(warm, 1)
    fall = lr / 2 + lr / 2 * np.cos((t - warm) * (math.pi / (total - warm)))
    return (1 - late) * rise + late * fall
