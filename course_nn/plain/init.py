"""Plain twins of `init`: random weights, at a scale that keeps the variance."""

import numpy as np


def fans(shape):
    """Inputs that one output sums, and outputs that one input reaches.

    >>> fans((784, 10)), fans((16, 6, 5, 5))
    ((784, 10), (150, 400))
    """
    if len(shape) == 2:
        D, M = shape
        return D, M
    F, C, R, S = shape
    return C * R * S, F * R * S


def he_normal(shape, *, rng):
    """W ~ N(0, 2 / fan_in). See `init.he_normal`."""
    fan_in, _ = fans(shape)
    return rng.standard_normal(shape) * np.sqrt(2 / fan_in)


def glorot_normal(shape, *, rng):
    """W ~ N(0, 2 / (fan_in + fan_out)). See `init.glorot_normal`."""
    fan_in, fan_out = fans(shape)
    return rng.standard_normal(shape) * np.sqrt(2 / (fan_in + fan_out))


def glorot_uniform(shape, *, rng):
    """W ~ U(−a, a), a² = 6 / (fan_in + fan_out). See `init.glorot_uniform`."""
    fan_in, fan_out = fans(shape)
    a = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-a, a, shape)


def zeros(shape, *, rng):
    """W = 0, for biases; `rng` is not asked."""
    return np.zeros(shape)
