# ruff: noqa
"""Answers to exercise 1 written blind: wrong ones with what is truly wrong, right ones that look unusual."""

import cmath
import math

import numpy as np

# 1.1: a slope from two values


def sine_slope__wrong_1(x, h):
    """the forward difference: from one side only"""
    return (np.sin(x + h) - np.sin(x)) / h


def sine_slope__wrong_2(x, h):
    """divided by h instead of 2h: twice too large"""
    return (np.sin(x + h) - np.sin(x - h)) / h


def sine_slope__wrong_3(x, h):
    """/ 2 * h divides by 2 and multiplies by h: the brackets round 2h are missing"""
    return (np.sin(x + h) - np.sin(x - h)) / 2 * h


def sine_slope__wrong_4(x, h):
    """the derivative itself, cos x, and not its estimate"""
    return np.cos(x)


def sine_slope__wrong_5(x, h):
    """the brackets round the difference are missing: only the second sine is divided"""
    return np.sin(x + h) - np.sin(x - h) / (2 * h)


def sine_slope__wrong_6(x, h):
    """the signs are swapped: minus the slope"""
    return (np.sin(x - h) - np.sin(x + h)) / (2 * h)


def sine_slope__wrong_7(x, h):
    """a smaller step is written into the code: h is not used"""
    h = 1e-3
    return (np.sin(x + h) - np.sin(x - h)) / (2 * h)


def sine_slope__wrong_8(x, h):
    """half a step to each side, divided by h: a central difference of another step"""
    return (np.sin(x + h / 2) - np.sin(x - h / 2)) / h


def sine_slope__wrong_9(x, h):
    """math.sin in a list, and the list becomes a float64 array: float32 is lost"""
    return np.array([(math.sin(v + h) - math.sin(v - h)) / (2 * h) for v in x.tolist()])


def sine_slope__wrong_10(x, h):
    """x += h and x -= 2h change the array that was given"""
    x += h
    up = np.sin(x)
    x -= 2 * h
    return (up - np.sin(x)) / (2 * h)


def sine_slope__wrong_11(x, h):
    """one sine of the difference, sin((x + h) - (x - h)): the same number for all x"""
    return np.sin((x + h) - (x - h)) / (2 * h)


def sine_slope__wrong_12(x, h):
    """the cosine is differenced instead of the sine"""
    return (np.cos(x + h) - np.cos(x - h)) / (2 * h)


def sine_slope__wrong_13(x, h):
    """the answer is rounded to four places as in the example"""
    return ((np.sin(x + h) - np.sin(x - h)) / (2 * h)).round(4)


def sine_slope__wrong_14(x, h):
    """the loop ends one too early: the last slope stays 0"""
    slope = np.zeros_like(x)
    for n in range(len(x) - 1):
        slope[n] = (np.sin(x[n] + h) - np.sin(x[n] - h)) / (2 * h)
    return slope


def sine_slope__wrong_15(x, h):
    """the slopes are added up to one number"""
    return ((np.sin(x + h) - np.sin(x - h)) / (2 * h)).sum()


def sine_slope__wrong_16(x, h):
    """the backward difference: from the other side only"""
    return (np.sin(x) - np.sin(x - h)) / h


def sine_slope__right_1(x, h):
    """right: by the addition theorem, cos x times sin h over h"""
    return np.cos(x) * x.dtype.type(math.sin(h) / h)


def sine_slope__right_2(x, h):
    """right: both sides as the rows of one table, and np.subtract.reduce over them"""
    steps = np.array([[h], [-h]], dtype=x.dtype)
    return np.subtract.reduce(np.sin(x + steps), axis=0) / x.dtype.type(2 * h)


def sine_slope__right_3(x, h):
    """right: the mean of the forward and the backward difference"""
    h = x.dtype.type(h)
    forward = (np.sin(x + h) - np.sin(x)) / h
    backward = (np.sin(x) - np.sin(x - h)) / h
    return (forward + backward) / 2


def sine_slope__right_4(x, h):
    """right: math.sin in a list comprehension, and the dtype of x at the end"""
    values = [(math.sin(v + h) - math.sin(v - h)) / (2 * h) for v in map(float, x)]
    return np.array(values, dtype=x.dtype)


# 1.2: the gradient of a function of many numbers


def _cubes(x, w):
    return (w * x**3).sum()


def cubes_gradient__wrong_1(x, w, h):
    """forward differences: f(x + h e) - f(x), over h"""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up = x.copy()
        up[i] += h
        dx[i] = (_cubes(up, w) - _cubes(x, w)) / h
    return dx


def cubes_gradient__wrong_2(x, w, h):
    """the derivative by the rule, 3 w x², and not its estimate"""
    return 3 * w * x**2


def cubes_gradient__wrong_3(x, w, h):
    """all numbers are moved at once: each place gets the sum of all derivatives"""
    return np.full_like(x, (_cubes(x + h, w) - _cubes(x - h, w)) / (2 * h))


def cubes_gradient__wrong_4(x, w, h):
    """up and down are names of x itself and not copies, so both are x: the differences are 0"""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        old = x[i].copy()
        up = x
        up[i] += h
        down = x
        down[i] -= h
        dx[i] = (_cubes(up, w) - _cubes(down, w)) / (2 * h)
        x[i] = old
    return dx


def cubes_gradient__wrong_5(x, w, h):
    """x is moved in place and not put back: it ends h lower everywhere"""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += h
        up = _cubes(x, w)
        x[i] -= 2 * h
        dx[i] = (up - _cubes(x, w)) / (2 * h)
    return dx


def cubes_gradient__wrong_6(x, w, h):
    """moved in place and put back by adding h again: with rounding x is not always what it was"""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += h
        up = _cubes(x, w)
        x[i] -= 2 * h
        dx[i] = (up - _cubes(x, w)) / (2 * h)
        x[i] += h
    return dx


def cubes_gradient__wrong_7(x, w, h):
    """the copies are made once before the loop, so earlier steps stay in them"""
    dx = np.zeros_like(x)
    up, down = x.copy(), x.copy()
    for i in np.ndindex(x.shape):
        up[i] += h
        down[i] -= h
        dx[i] = (_cubes(up, w) - _cubes(down, w)) / (2 * h)
    return dx


def cubes_gradient__wrong_8(x, w, h):
    """divided by h instead of 2h"""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        dx[i] = (_cubes(x + e, w) - _cubes(x - e, w)) / h
    return dx


def cubes_gradient__wrong_9(x, w, h):
    """a whole row is moved at once: x[n] += h, and all numbers of the row get the sum"""
    dx = np.zeros_like(x)
    for n in range(x.shape[0]):
        up, down = x.copy(), x.copy()
        up[n] += h
        down[n] -= h
        dx[n] = (_cubes(up, w) - _cubes(down, w)) / (2 * h)
    return dx


def cubes_gradient__wrong_10(x, w, h):
    """dx = for dx[n, d] =: only the last number is returned"""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        dx = (_cubes(x + e, w) - _cubes(x - e, w)) / (2 * h)
    return dx


def cubes_gradient__wrong_11(x, w, h):
    """only the diagonal (n, n) is moved, as by np.eye"""
    dx = np.zeros_like(x)
    for n in range(min(x.shape)):
        e = np.zeros_like(x)
        e[n, n] = h
        dx[n, n] = (_cubes(x + e, w) - _cubes(x - e, w)) / (2 * h)
    return dx


def cubes_gradient__wrong_12(x, w, h):
    """w is left out: the function is taken for the sum of x³"""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        dx[i] = ((x[i] + h) ** 3 - (x[i] - h) ** 3) / (2 * h)
    return dx


def cubes_gradient__wrong_13(x, w, h):
    """a list of all differences that is never put into the shape of x"""
    dx = []
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        dx.append((_cubes(x + e, w) - _cubes(x - e, w)) / (2 * h))
    return np.array(dx, dtype=x.dtype)


def cubes_gradient__wrong_14(x, w, h):
    """np.zeros without a dtype: float64 for float32"""
    dx = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        dx[i] = (_cubes(x + e, w) - _cubes(x - e, w)) / (2 * h)
    return dx


def cubes_gradient__wrong_15(x, w, h):
    """w is moved instead of x: the derivative by w, x³"""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(w)
        e[i] = h
        dx[i] = (_cubes(x, w + e) - _cubes(x, w - e)) / (2 * h)
    return dx


def cubes_gradient__wrong_16(x, w, h):
    """both loops run over the samples: only the first N columns are filled, and N > D fails"""
    dx = np.zeros_like(x)
    for n in range(len(x)):
        for d in range(len(x)):
            e = np.zeros_like(x)
            e[n, d] = h
            dx[n, d] = (_cubes(x + e, w) - _cubes(x - e, w)) / (2 * h)
    return dx


def cubes_gradient__wrong_17(x, w, h):
    """dx is filled through dx.reshape(-1), which is a copy if x lies column by column: all stays 0"""
    dx = np.zeros_like(x)
    flat = dx.reshape(-1)
    for k, i in enumerate(np.ndindex(x.shape)):
        e = np.zeros_like(x)
        e[i] = h
        flat[k] = (_cubes(x + e, w) - _cubes(x - e, w)) / (2 * h)
    return dx


def cubes_gradient__wrong_18(x, w, h):
    """np.nditer walks as the numbers lie in memory, and w is read in reading order: wrong if x lies column by column"""
    w = w.ravel()
    values = [w[k] * ((v + h) ** 3 - (v - h) ** 3) / (2 * h) for k, v in enumerate(np.nditer(x))]
    return np.array(values, dtype=x.dtype).reshape(x.shape)


def cubes_gradient__wrong_19(x, w, h):
    """steps of h / 2, and the step down moves all of x instead of one number"""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h / 2
        dx[i] = (_cubes(x + e, w) - _cubes(x - h / 2, w)) / h
    return dx


def cubes_gradient__right_1(x, w, h):
    """right: multiplied out by hand, the difference is w (3 x² + h²)"""
    return w * (3 * x * x + x.dtype.type(h) ** 2)


def cubes_gradient__right_2(x, w, h):
    """right: without a loop, for only one term of the sum changes"""
    h = x.dtype.type(h)
    return w * ((x + h) ** 3 - (x - h) ** 3) / (2 * h)


def cubes_gradient__right_3(x, w, h):
    """right: all moved matrices at once, along two axes in front"""
    N, D = x.shape
    h = x.dtype.type(h)
    e = h * np.eye(N * D, dtype=x.dtype).reshape(N, D, N, D)
    up, down = (w * (x + e) ** 3).sum(axis=(2, 3)), (w * (x - e) ** 3).sum(axis=(2, 3))
    return (up - down) / (2 * h)


def cubes_gradient__right_4(x, w, h):
    """right: a float64 copy is moved in place, put back from memory, and cast at the end"""
    z, w = x.astype(np.float64), w.astype(np.float64)
    dx = np.empty(z.shape)
    for n in range(z.shape[0]):
        for d in range(z.shape[1]):
            old = z[n, d]
            z[n, d] = old + h
            up = _cubes(z, w)
            z[n, d] = old - h
            dx[n, d] = (up - _cubes(z, w)) / (2 * h)
            z[n, d] = old
    return dx.astype(x.dtype)


# 1.3: the relative error


def relative_error__wrong_1(a, b):
    """no 1e-12: where both are 0 it is 0 / 0"""
    return np.abs(a - b) / np.maximum(np.abs(a), np.abs(b))


def relative_error__wrong_2(a, b):
    """np.maximum(p, q, 1e-12) takes the third argument for an array to write into, and fails"""
    return np.abs(a - b) / np.maximum(np.abs(a), np.abs(b), 1e-12)


def relative_error__wrong_3(a, b):
    """the sum of the sizes instead of the larger one"""
    return np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-12)


def relative_error__wrong_4(a, b):
    """the absolute values below the line are missing: max(a, b, 1e-12)"""
    return np.abs(a - b) / np.maximum(np.maximum(a, b), 1e-12)


def relative_error__wrong_5(a, b):
    """the absolute value of the difference is missing: the error has a sign"""
    return (a - b) / np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-12)


def relative_error__wrong_6(a, b):
    """the smaller of the sizes instead of the larger one"""
    return np.abs(a - b) / np.maximum(np.minimum(np.abs(a), np.abs(b)), 1e-12)


def relative_error__wrong_7(a, b):
    """1e-12 is added to the larger size instead of being its lower bound"""
    return np.abs(a - b) / (np.maximum(np.abs(a), np.abs(b)) + 1e-12)


def relative_error__wrong_8(a, b):
    """one number for the whole array: the largest error"""
    return (np.abs(a - b) / np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-12)).max()


def relative_error__wrong_9(a, b):
    """the largest size of the whole array for all numbers"""
    return np.abs(a - b) / max(np.abs(a).max(), np.abs(b).max(), 1e-12)


def relative_error__wrong_10(a, b):
    """only the size of b counts, a is taken for the approximation"""
    return np.abs(a - b) / np.maximum(np.abs(b), 1e-12)


def relative_error__wrong_11(a, b):
    """the difference of the sizes, | |a| - |b| |: opposite signs give 0"""
    size_a, size_b = np.abs(a), np.abs(b)
    return np.abs(size_a - size_b) / np.maximum(np.maximum(size_a, size_b), 1e-12)


def relative_error__wrong_12(a, b):
    """the bound is 1e-8: small gradients look more alike than they are"""
    return np.abs(a - b) / np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-8)


def relative_error__wrong_13(a, b):
    """Euclidean lengths of the rows, one error for each sample"""
    length = np.maximum(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    return np.linalg.norm(a - b, axis=1) / np.maximum(length, 1e-12)


def relative_error__wrong_14(a, b):
    """the bound is an array of np.full in float64: float64 for float32"""
    return np.abs(a - b) / np.maximum.reduce([np.abs(a), np.abs(b), np.full(a.shape, 1e-12)])


def relative_error__wrong_15(a, b):
    """np.abs(a, out=a) makes a and b positive in place: the arguments are changed"""
    difference = np.abs(a - b)
    np.abs(a, out=a)
    np.abs(b, out=b)
    return difference / np.maximum(np.maximum(a, b), 1e-12)


def relative_error__wrong_16(a, b):
    """np.max(|a|, 1e-12) needs an axis as its second argument, and fails"""
    return np.abs(a - b) / np.max(np.abs(a), 1e-12)


def relative_error__wrong_17(a, b):
    """the distance alone: it is not divided by anything"""
    return np.abs(a - b)


def relative_error__wrong_18(a, b):
    """where one of the two is 0 the error is set to 0, not only where both are"""
    size = np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-12)
    return np.where((a == 0) | (b == 0), 0, np.abs(a - b) / size).astype(a.dtype)


def relative_error__wrong_19(a, b):
    """squared above and below the line, without the root"""
    return (a - b) ** 2 / np.maximum(np.maximum(a**2, b**2), 1e-24)


def relative_error__wrong_20(a, b):
    """the mean of the sizes, and the sign of the difference kept: wrong above and below the line"""
    return (a - b) / np.maximum((np.abs(a) + np.abs(b)) / 2, 1e-12)


def relative_error__right_1(a, b):
    """right: the largest of three along a new axis, the bound broadcast in the dtype of a"""
    bound = np.full(a.shape, 1e-12, dtype=a.dtype)
    return np.abs(a - b) / np.stack([np.abs(a), np.abs(b), bound]).max(axis=0)


def relative_error__right_2(a, b):
    """right: the size is raised to the bound through a mask"""
    size = np.where(np.abs(a) > np.abs(b), np.abs(a), np.abs(b))
    size[size < 1e-12] = 1e-12
    return np.abs(np.subtract(b, a)) / size


def relative_error__right_3(a, b):
    """right: Python's abs and max, number by number"""
    error = np.empty(a.shape, dtype=a.dtype)
    for i in np.ndindex(a.shape):
        p, q = float(a[i]), float(b[i])
        error[i] = abs(p - q) / max(abs(p), abs(q), 1e-12)
    return error


def relative_error__right_4(a, b):
    """right: larger minus smaller for the distance, and clip for the bound"""
    distance = np.maximum(a, b) - np.minimum(a, b)
    largest = np.maximum(np.maximum(a, -a), np.maximum(b, -b))
    return distance / np.clip(largest, 1e-12, None)


# 1.4: with an upstream gradient


def tanh_vjp__wrong_1(dy, x, A, h):
    """forward differences"""
    dx = np.zeros_like(x)
    for d in range(len(x)):
        up = x.copy()
        up[d] += h
        dx[d] = dy @ (np.tanh(A @ up) - np.tanh(A @ x)) / h
    return dx


def tanh_vjp__wrong_2(dy, x, A, h):
    """dy was left out: all outputs are added up with weight 1"""
    dx = np.zeros_like(x)
    for d in range(len(x)):
        e = np.zeros_like(x)
        e[d] = h
        dx[d] = (np.tanh(A @ (x + e)) - np.tanh(A @ (x - e))).sum() / (2 * h)
    return dx


def tanh_vjp__wrong_3(dy, x, A, h):
    """the derivative by the rule, Aᵀ (dy (1 - y²)), and not its estimate"""
    return A.T @ (dy * (1 - np.tanh(A @ x) ** 2))


def tanh_vjp__wrong_4(dy, x, A, h):
    """all of x is moved at once: each place gets the sum of all derivatives"""
    return np.full_like(x, dy @ (np.tanh(A @ (x + h)) - np.tanh(A @ (x - h))) / (2 * h))


def tanh_vjp__wrong_5(dy, x, A, h):
    """the Jacobian, times dy but not summed over the outputs: (N, D)"""
    J = np.zeros_like(A)
    for d in range(len(x)):
        e = np.zeros_like(x)
        e[d] = h
        J[:, d] = dy * (np.tanh(A @ (x + e)) - np.tanh(A @ (x - e))) / (2 * h)
    return J


def tanh_vjp__wrong_6(dy, x, A, h):
    """divided by h instead of 2h"""
    dx = np.zeros_like(x)
    for d in range(len(x)):
        e = np.zeros_like(x)
        e[d] = h
        dx[d] = dy @ (np.tanh(A @ (x + e)) - np.tanh(A @ (x - e))) / h
    return dx


def tanh_vjp__wrong_7(dy, x, A, h):
    """tanh was forgotten: y = A x"""
    dx = np.zeros_like(x)
    for d in range(len(x)):
        e = np.zeros_like(x)
        e[d] = h
        dx[d] = dy @ (A @ (x + e) - A @ (x - e)) / (2 * h)
    return dx


def tanh_vjp__wrong_8(dy, x, A, h):
    """x @ A for A @ x: the transpose, which fails unless A is square"""
    dx = np.zeros_like(x)
    for d in range(len(x)):
        e = np.zeros_like(x)
        e[d] = h
        dx[d] = dy @ (np.tanh((x + e) @ A) - np.tanh((x - e) @ A)) / (2 * h)
    return dx


def tanh_vjp__wrong_9(dy, x, A, h):
    """= for += in the sum over the outputs: only the last output counts"""
    dx = np.zeros_like(x)
    for d in range(len(x)):
        e = np.zeros_like(x)
        e[d] = h
        for n in range(len(dy)):
            dx[d] = dy[n] * (np.tanh(A[n] @ (x + e)) - np.tanh(A[n] @ (x - e))) / (2 * h)
    return dx


def tanh_vjp__wrong_10(dy, x, A, h):
    """the mean over the outputs instead of the sum"""
    dx = np.zeros_like(x)
    for d in range(len(x)):
        e = np.zeros_like(x)
        e[d] = h
        dx[d] = (dy * (np.tanh(A @ (x + e)) - np.tanh(A @ (x - e)))).mean() / (2 * h)
    return dx


def tanh_vjp__wrong_11(dy, x, A, h):
    """x is moved in place and not put back: it ends h lower"""
    dx = np.zeros_like(x)
    for d in range(len(x)):
        x[d] += h
        up = np.tanh(A @ x)
        x[d] -= 2 * h
        dx[d] = dy @ (up - np.tanh(A @ x)) / (2 * h)
    return dx


def tanh_vjp__wrong_12(dy, x, A, h):
    """np.zeros without a dtype: float64 for float32"""
    dx = np.zeros(len(x))
    for d in range(len(x)):
        e = np.zeros_like(x)
        e[d] = h
        dx[d] = dy @ (np.tanh(A @ (x + e)) - np.tanh(A @ (x - e))) / (2 * h)
    return dx


def tanh_vjp__wrong_13(dy, x, A, h):
    """the step is made behind A: the slope of tanh at A x, and Aᵀ after it"""
    z = A @ x
    return A.T @ (dy * (np.tanh(z + h) - np.tanh(z - h)) / (2 * h))


def tanh_vjp__wrong_14(dy, x, A, h):
    """the loop over the inputs runs to N, the number of outputs: too few inputs, or an index out of range"""
    dx = np.zeros_like(x)
    for d in range(len(dy)):
        e = np.zeros_like(x)
        e[d] = h
        dx[d] = dy @ (np.tanh(A @ (x + e)) - np.tanh(A @ (x - e))) / (2 * h)
    return dx


def tanh_vjp__wrong_15(dy, x, A, h):
    """dy is inside of tanh: tanh(dy (A x))"""
    dx = np.zeros_like(x)
    for d in range(len(x)):
        e = np.zeros_like(x)
        e[d] = h
        dx[d] = (np.tanh(dy * (A @ (x + e))) - np.tanh(dy * (A @ (x - e)))).sum() / (2 * h)
    return dx


def tanh_vjp__wrong_16(dy, x, A, h):
    """the sums are multiplied instead of the terms: sum of dy times sum of the differences"""
    dx = np.zeros_like(x)
    for d in range(len(x)):
        e = np.zeros_like(x)
        e[d] = h
        dx[d] = dy.sum() * (np.tanh(A @ (x + e)) - np.tanh(A @ (x - e))).sum() / (2 * h)
    return dx


def tanh_vjp__wrong_17(dy, x, A, h):
    """the copies are made before the loop, so the steps of earlier inputs stay in them"""
    dx = np.zeros_like(x)
    up, down = x.copy(), x.copy()
    for d in range(len(x)):
        up[d] += h
        down[d] -= h
        dx[d] = dy @ (np.tanh(A @ up) - np.tanh(A @ down)) / (2 * h)
    return dx


def tanh_vjp__wrong_18(dy, x, A, h):
    """weighted by dy², and a forward difference"""
    dx = np.zeros_like(x)
    for d in range(len(x)):
        e = np.zeros_like(x)
        e[d] = h
        dx[d] = (dy**2) @ (np.tanh(A @ (x + e)) - np.tanh(A @ x)) / h
    return dx


def tanh_vjp__wrong_19(dy, x, A, h):
    """* for @: A * x is not summed over the inputs, and tanh is taken of each product"""
    up, down = np.tanh(A * (x + h)), np.tanh(A * (x - h))
    return dy @ (up - down) / (2 * h)


def tanh_vjp__right_1(dy, x, A, h):
    """right: without a loop, since moving x_d by h moves A x by h times column d"""
    h = x.dtype.type(h)
    z = (A @ x)[:, None]
    return dy @ (np.tanh(z + h * A) - np.tanh(z - h * A)) / (2 * h)


def tanh_vjp__right_2(dy, x, A, h):
    """right: a matrix of all moved inputs as columns"""
    e = np.eye(x.size, dtype=x.dtype) * x.dtype.type(h)
    up, down = np.tanh(A @ (x[:, None] + e)), np.tanh(A @ (x[:, None] - e))
    return np.einsum("n,nd->d", dy, up - down) / x.dtype.type(2 * h)


def tanh_vjp__right_3(dy, x, A, h):
    """right: one loss dy · y, differenced in a list comprehension"""
    h = x.dtype.type(h)

    def loss(z):
        return np.dot(dy, np.tanh(np.dot(A, z)))

    unit = np.identity(len(x), dtype=x.dtype)
    return np.array([(loss(x + h * e) - loss(x - h * e)) / (2 * h) for e in unit], dtype=x.dtype)


def tanh_vjp__right_4(dy, x, A, h):
    """right: Python numbers and math.tanh in nested sums"""
    N, D = A.shape
    rows, point = A.tolist(), x.tolist()

    def y(n, d, step):
        return math.tanh(sum(rows[n][k] * (point[k] + step * (k == d)) for k in range(D)))

    dx = [
        sum(float(dy[n]) * (y(n, d, h) - y(n, d, -h)) for n in range(N)) / (2 * h) for d in range(D)
    ]
    return np.array(dx, dtype=x.dtype)


# 1.5: one complex step


def complex_slope__wrong_1(x):
    """the real part instead of the imaginary one"""
    z = x + 1e-20j
    return (np.exp(z) * np.sin(z)).real / 1e-20


def complex_slope__wrong_2(x):
    """not divided by h: the answer is about 1e-20"""
    z = x + 1e-20j
    return (np.exp(z) * np.sin(z)).imag


def complex_slope__wrong_3(x):
    """a central difference with the real step 1e-20: x + h is x, and the answer 0"""
    h = 1e-20
    up, down = x + h, x - h
    return (np.exp(up) * np.sin(up) - np.exp(down) * np.sin(down)) / (2 * h)


def complex_slope__wrong_4(x):
    """the step is 0.01, which is too large: the error is of the order of h²"""
    h = 1e-2
    z = x + 1j * h
    return (np.exp(z) * np.sin(z)).imag / h


def complex_slope__wrong_5(x):
    """only the sine is complex, exp(x) stays real: one term of the product rule is lost"""
    return (np.exp(x) * np.sin(x + 1e-20j)).imag / 1e-20


def complex_slope__wrong_6(x):
    """the imaginary parts are taken before the product"""
    z = x + 1e-20j
    return np.exp(z).imag * np.sin(z).imag / 1e-20


def complex_slope__wrong_7(x):
    """cast to complex128, and the answer not cast back: float64 for float32"""
    z = x.astype(np.complex128) + 1e-20j
    return (np.exp(z) * np.sin(z)).imag / 1e-20


def complex_slope__wrong_8(x):
    """divided by ih and returned as a complex number, with f(x) / ih in it"""
    h = 1e-20
    z = x + 1j * h
    return np.exp(z) * np.sin(z) / (1j * h)


def complex_slope__wrong_9(x):
    """the step is 1e-100, which is 0 in float32: the answer is 0 / 0 there"""
    z = x + 1e-100j
    return (np.exp(z) * np.sin(z)).imag / 1e-100


def complex_slope__wrong_10(x):
    """x times ih instead of x plus ih"""
    z = x * 1e-20j
    return (np.exp(z) * np.sin(z)).imag / 1e-20


def complex_slope__wrong_11(x):
    """the size of the complex number instead of its imaginary part"""
    z = x + 1e-20j
    return np.abs(np.exp(z) * np.sin(z)) / 1e-20


def complex_slope__wrong_12(x):
    """exp(z sin z) for exp(z) sin(z)"""
    z = x + 1e-20j
    return np.exp(z * np.sin(z)).imag / 1e-20


def complex_slope__wrong_13(x):
    """cosine for sine"""
    z = x + 1e-20j
    return (np.exp(z) * np.cos(z)).imag / 1e-20


def complex_slope__wrong_14(x):
    """divided by 2h, as a central difference"""
    z = x + 1e-20j
    return (np.exp(z) * np.sin(z)).imag / 2e-20


def complex_slope__wrong_15(x):
    """the derivative by hand without the product rule: exp(x) cos(x)"""
    return np.exp(x) * np.cos(x)


def complex_slope__wrong_16(x):
    """the step goes down, x - ih, and the sign is not turned back"""
    z = x - 1e-20j
    return (np.exp(z) * np.sin(z)).imag / 1e-20


def complex_slope__wrong_17(x):
    """math.exp takes no complex numbers: it fails"""
    h = 1e-20
    return np.array([(math.exp(v + 1j * h) * math.sin(v + 1j * h)).imag / h for v in x.tolist()])


def complex_slope__wrong_18(x):
    """x + ih is stored in an array like x, which is real and drops the imaginary part: the answer is 0"""
    z = np.empty_like(x)
    z[...] = x + 1e-20j
    return np.imag(np.exp(z) * np.sin(z)) / 1e-20


def complex_slope__wrong_19(x):
    """the sum exp(z) + sin(z) instead of the product, and the real part added to it"""
    z = x + 1e-20j
    f = np.exp(z) + np.sin(z)
    return f.imag / 1e-20 + f.real


def complex_slope__wrong_20(x):
    """sine as (exp(iz) - exp(-iz)) / 2i: exp(±1e-20) is rounded to 1, so the sine has no imaginary part left"""
    z = x + 1e-20j
    sine = (np.exp(1j * z) - np.exp(-1j * z)) / 2j
    return (np.exp(z) * sine).imag / 1e-20


def complex_slope__right_1(x):
    """right: the derivative by hand, exp(x) (sin x + cos x), which is what the step gives"""
    return np.exp(x) * (np.sin(x) + np.cos(x))


def complex_slope__right_2(x):
    """right: cmath, number by number"""

    def one(v):
        z = complex(v, 1e-20)
        return (cmath.exp(z) * cmath.sin(z)).imag / 1e-20

    return np.array([one(v) for v in x], dtype=x.dtype)


def complex_slope__right_3(x):
    """right: the imaginary part is written into an array of complex128, and the answer cast back"""
    z = np.empty(x.shape, dtype=complex)
    z.real, z.imag = x, 1e-20
    return ((np.exp(z) * np.sin(z)).imag / 1e-20).astype(x.dtype)


def complex_slope__right_4(x):
    """right: exp(z) sin(z) by hand, (sin a cosh b + i cos a sinh b) times (cos b + i sin b) exp(a)"""
    a, b = x, x.dtype.type(1e-20)
    e_re, e_im = np.exp(a) * np.cos(b), np.exp(a) * np.sin(b)
    s_re, s_im = np.sin(a) * np.cosh(b), np.cos(a) * np.sinh(b)
    return (e_re * s_im + e_im * s_re) / b


# 1.6: the curvature along a direction


def curvature__wrong_1(x, v, h):
    """a forward difference of the gradient"""
    return (4 * (x + h * v) ** 3 - 4 * x**3) / h


def curvature__wrong_2(x, v, h):
    """the Hessian by the rule, 12 x² v, and not its estimate"""
    return 12 * x**2 * v


def curvature__wrong_3(x, v, h):
    """moved by h in every place instead of along v, and multiplied by v afterwards"""
    return (4 * (x + h) ** 3 - 4 * (x - h) ** 3) / (2 * h) * v


def curvature__wrong_4(x, v, h):
    """v is not used: moved by h in every place"""
    return (4 * (x + h) ** 3 - 4 * (x - h) ** 3) / (2 * h)


def curvature__wrong_5(x, v, h):
    """the difference of f itself, the sum of x⁴: one number, the slope along v"""
    return (((x + h * v) ** 4).sum() - ((x - h * v) ** 4).sum()) / (2 * h)


def curvature__wrong_6(x, v, h):
    """divided by h instead of 2h"""
    return (4 * (x + h * v) ** 3 - 4 * (x - h * v) ** 3) / h


def curvature__wrong_7(x, v, h):
    """the 4 of the gradient is missing"""
    return ((x + h * v) ** 3 - (x - h * v) ** 3) / (2 * h)


def curvature__wrong_8(x, v, h):
    """v is made a unit vector first"""
    v = v / np.linalg.norm(v)
    return (4 * (x + h * v) ** 3 - 4 * (x - h * v) ** 3) / (2 * h)


def curvature__wrong_9(x, v, h):
    """vᵀ H v, one number: the answer is multiplied by v once more and summed"""
    return v @ (4 * (x + h * v) ** 3 - 4 * (x - h * v) ** 3) / (2 * h)


def curvature__wrong_10(x, v, h):
    """/ 2 * h divides by 2 and multiplies by h: the brackets round 2h are missing"""
    return (4 * (x + h * v) ** 3 - 4 * (x - h * v) ** 3) / 2 * h


def curvature__wrong_11(x, v, h):
    """the fourth power for the third: 4 x⁴ is taken for the gradient"""
    return (4 * (x + h * v) ** 4 - 4 * (x - h * v) ** 4) / (2 * h)


def curvature__wrong_12(x, v, h):
    """x is moved in place, and not put back"""
    x += h * v
    up = 4 * x**3
    x -= 2 * h * v
    return (up - 4 * x**3) / (2 * h)


def curvature__wrong_13(x, v, h):
    """the whole Hessian, a D × D matrix of differences, without v"""
    H = np.zeros((len(x), len(x)), dtype=x.dtype)
    for d in range(len(x)):
        e = np.zeros_like(x)
        e[d] = h
        H[:, d] = (4 * (x + e) ** 3 - 4 * (x - e) ** 3) / (2 * h)
    return H


def curvature__wrong_14(x, v, h):
    """the whole Hessian by steps along the axes, then times v: each step has the length h, not h v"""
    H = np.zeros((len(x), len(x)), dtype=x.dtype)
    for d in range(len(x)):
        e = np.zeros_like(x)
        e[d] = h
        H[:, d] = (4 * (x + e) ** 3 - 4 * (x - e) ** 3) / (2 * h)
    return H @ v


def curvature__wrong_15(x, v, h):
    """x and v are swapped: the curvature at v along x"""
    return (4 * (v + h * x) ** 3 - 4 * (v - h * x) ** 3) / (2 * h)


def curvature__wrong_16(x, v, h):
    """the 4 stands before the first cube only: (4 a³ - b³) over 2h"""
    return (4 * (x + h * v) ** 3 - (x - h * v) ** 3) / (2 * h)


def curvature__wrong_17(x, v, h):
    """the second difference of f number by number, over h²: v enters squared"""
    return ((x + h * v) ** 4 - 2 * x**4 + (x - h * v) ** 4) / h**2


def curvature__wrong_18(x, v, h):
    """the result is made by np.zeros and filled number by number: float64 for float32"""
    Hv = np.zeros(x.shape)
    for d in range(len(x)):
        Hv[d] = (4 * (x[d] + h * v[d]) ** 3 - 4 * (x[d] - h * v[d]) ** 3) / (2 * h)
    return Hv


def curvature__wrong_19(x, v, h):
    """the step down is h in every place instead of h v, and it is divided by h"""
    return (4 * (x + h * v) ** 3 - 4 * (x - h) ** 3) / h


def curvature__wrong_20(x, v, h):
    """np.dot(v, ...) in the step: x ± h (v · v)"""
    step = h * np.dot(v, v)
    return (4 * (x + step) ** 3 - 4 * (x - step) ** 3) / (2 * h)


def curvature__right_1(x, v, h):
    """right: multiplied out by hand, 12 x² v + 4 h² v³"""
    h = x.dtype.type(h)
    return 12 * x**2 * v + 4 * (h * h) * v**3


def curvature__right_2(x, v, h):
    """right: a³ - b³ = (a - b)(a² + ab + b²), where a - b = 2 h v cancels with 2h"""
    h = x.dtype.type(h)
    a, b = x + h * v, x - h * v
    return 4 * v * (a * a + a * b + b * b)


def curvature__right_3(x, v, h):
    """right: cubes by np.prod, and 4 / 2h as one factor"""
    scale = x.dtype.type(2 / h)
    h = x.dtype.type(h)

    def cube(z):
        return np.prod([z, z, z], axis=0)

    return scale * cube(x + h * v) - scale * cube(x - h * v)


def curvature__right_4(x, v, h):
    """right: both points as rows of one array, whose cubes a row (2, -2) weighs"""
    h = x.dtype.type(h)
    both = np.vstack([x + h * v, x - h * v])
    return np.array([2, -2], dtype=x.dtype) @ both**3 / h


def curvature__right_5(x, v, h):
    """right: Python numbers in a list comprehension over zip"""
    h = float(h)
    values = [2 * ((p + h * q) ** 3 - (p - h * q) ** 3) / h for p, q in zip(x.tolist(), v.tolist())]
    return np.array(values, dtype=x.dtype)
