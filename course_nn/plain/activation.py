"""Plain twins of `ops.activation`: a function of one number, for every number.

Each backward pass is dx = dy · f′(x).
"""

import math

import numpy as np


def relu_forward(x):
    """y = max(x, 0). See `ops.relu_forward`.

    >>> relu_forward(np.array([-1.0, 0.0, 2.0]))[0]
    array([0., 0., 2.])
    """
    return np.maximum(x, 0), x


def relu_backward(dy, cache):
    """dx = dy where x > 0, else 0."""
    x = cache
    return np.where(x > 0, dy, 0)


def leaky_relu_forward(x, slope=0.01):
    """y = x where x > 0, else slope · x. See `ops.leaky_relu_forward`."""
    return np.where(x > 0, x, slope * x), (x, slope)


def leaky_relu_backward(dy, cache):
    """dx = dy where x > 0, else slope · dy."""
    x, slope = cache
    return np.where(x > 0, dy, slope * dy)


def sigmoid(x):
    """σ(x) = 1 / (1 + e⁻ˣ); below −709 e⁻ˣ overflows, and σ is 0.

    >>> sigmoid(np.array([0.0]))
    array([0.5])
    """
    return 1 / (1 + np.exp(-x))


def sigmoid_forward(x):
    """y = σ(x) = 1 / (1 + e⁻ˣ). See `ops.sigmoid_forward`."""
    y = sigmoid(x)
    return y, y


def sigmoid_backward(dy, cache):
    """dx = dy · y (1 − y)."""
    y = cache
    return dy * y * (1 - y)


def tanh_forward(x):
    """y = tanh x. See `ops.tanh_forward`."""
    y = np.tanh(x)
    return y, y


def tanh_backward(dy, cache):
    """dx = dy (1 − y²)."""
    y = cache
    return dy * (1 - y**2)


def silu_forward(x):
    """y = x σ(x). See `ops.silu_forward`."""
    return x * sigmoid(x), x


def silu_backward(dy, cache):
    """dx = dy (s + x s (1 − s)), s = σ(x)."""
    x, s = cache, sigmoid(cache)
    return dy * (s + x * s * (1 - s))


def gelu_forward(x, approximate="none"):
    """y = x Φ(x), Φ the normal distribution, or its "tanh" approximation.

    Φ(x) = ½ erfc(−x / √2), or ½ (1 + tanh u), u = √(2/π) (x + 0.044715 x³).
    See `ops.gelu_forward`.

    >>> gelu_forward(np.array([-1.0, 0.0, 1.0]))[0].round(4)
    array([-0.1587,  0.    ,  0.8413])
    """
    if approximate == "tanh":
        u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
        phi = (1 + np.tanh(u)) / 2
    else:
        phi = np.vectorize(math.erfc, otypes=[x.dtype])(-x / math.sqrt(2)) / 2
    return x * phi, (x, phi, approximate)


def gelu_backward(dy, cache):
    """dx = dy (Φ(x) + x Φ′(x)).

    Φ′(x) = e^(−x²/2) / √(2π), or ½ (1 − tanh² u) u′ = 2 Φ (1 − Φ) u′.
    """
    x, phi, approximate = cache
    if approximate == "tanh":
        du = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
        slope = 2 * phi * (1 - phi) * du
    else:
        slope = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return dy * (phi + x * slope)
