"""Activations: one function of one number, applied to every element.

Each pair keeps the memory order of its argument, so that an image stays in the order
the convolution wrote it. The gradient is dx = dy · f′(x); f′ is written with y where
that is cheaper (the logistic function, tanh).
"""

import math

from ..backend import Array, array_module


def relu_forward(x: Array) -> tuple[Array, Array]:
    """y = max(x, 0).

    Parameters
    ----------
    x : float, any shape.

    Returns
    -------
    y : float, shape of x.
    cache : y itself, which is positive exactly where x is.

    Notes
    -----
    Nair and Hinton (2010).

    Examples
    --------
    >>> import numpy as np
    >>> relu_forward(np.array([-1.0, 0.0, 2.0]))[0]
    array([0., 0., 2.])
    """
    # NumPy's maximum with a single number is three times slower
    y = array_module(x).clip(x, 0, math.inf)
    return y, y


def relu_backward(dy: Array, cache: Array) -> Array:
    """dx = dy where x > 0, else 0; at the kink x = 0 we take 0.

    Parameters
    ----------
    dy : float, any shape, ∂L/∂y.
    cache : from `relu_forward`.

    Returns
    -------
    dx : float, shape of dy.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = relu_forward(np.array([-1.0, 0.0, 2.0]))
    >>> relu_backward(np.array([10.0, 20.0, 30.0]), cache)
    array([ 0.,  0., 30.])
    """
    return dy * (cache > 0)


def leaky_relu_forward(x: Array, slope: float = 0.01) -> tuple[Array, tuple]:
    """y = x where x > 0, else slope · x.

    Parameters
    ----------
    x : float, any shape.
    slope : the derivative on the negative side, no unit.

    Returns
    -------
    y : float, shape of x.
    cache : x and the slope.

    Notes
    -----
    Maas, Hannun and Ng (2013), equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> leaky_relu_forward(np.array([-1.0, 2.0]), slope=0.1)[0]
    array([-0.1,  2. ])
    """
    return array_module(x).where(x > 0, x, x * slope), (x, slope)


def leaky_relu_backward(dy: Array, cache: tuple) -> Array:
    """dx = dy where x > 0, else slope · dy.

    Parameters
    ----------
    dy : float, any shape, ∂L/∂y.
    cache : from `leaky_relu_forward`.

    Returns
    -------
    dx : float, shape of dy.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = leaky_relu_forward(np.array([-1.0, 2.0]), slope=0.1)
    >>> leaky_relu_backward(np.array([10.0, 10.0]), cache)
    array([ 1., 10.])
    """
    x, slope = cache
    return array_module(dy).where(x > 0, dy, dy * slope)


def sigmoid(x: Array) -> Array:
    """σ(x) = 1 / (1 + e⁻ˣ), as ½ (1 + tanh ½x), which cannot overflow.

    Parameters
    ----------
    x : float, any shape.

    Returns
    -------
    y : float in [0, 1], shape of x; at large |x| rounded to 0 or 1.

    Examples
    --------
    >>> import numpy as np
    >>> sigmoid(np.array([-1e4, 0.0, 1e4]))
    array([0. , 0.5, 1. ])
    """
    return 0.5 * (1 + array_module(x).tanh(0.5 * x))


def sigmoid_forward(x: Array) -> tuple[Array, Array]:
    """y = σ(x) = 1 / (1 + e⁻ˣ).

    Parameters
    ----------
    x : float, any shape.

    Returns
    -------
    y : float in [0, 1], shape of x.
    cache : y.

    Notes
    -----
    Rumelhart, Hinton and Williams (1986), equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> sigmoid_forward(np.array([0.0]))[0]
    array([0.5])
    """
    y = sigmoid(x)
    return y, y


def sigmoid_backward(dy: Array, cache: Array) -> Array:
    """dx = dy · y (1 − y).

    Parameters
    ----------
    dy : float, any shape, ∂L/∂y.
    cache : from `sigmoid_forward`.

    Returns
    -------
    dx : float, shape of dy.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = sigmoid_forward(np.array([0.0]))
    >>> sigmoid_backward(np.array([8.0]), cache)
    array([2.])
    """
    return dy * cache * (1 - cache)


def tanh_forward(x: Array) -> tuple[Array, Array]:
    """y = tanh x.

    Parameters
    ----------
    x : float, any shape.

    Returns
    -------
    y : float in [−1, 1], shape of x.
    cache : y.

    Notes
    -----
    LeCun et al. (1998), "Efficient BackProp", section 4.4.

    Examples
    --------
    >>> import numpy as np
    >>> tanh_forward(np.array([0.0]))[0]
    array([0.])
    """
    y = array_module(x).tanh(x)
    return y, y


def tanh_backward(dy: Array, cache: Array) -> Array:
    """dx = dy (1 − y²).

    Parameters
    ----------
    dy : float, any shape, ∂L/∂y.
    cache : from `tanh_forward`.

    Returns
    -------
    dx : float, shape of dy.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = tanh_forward(np.array([0.0]))
    >>> tanh_backward(np.array([3.0]), cache)
    array([3.])
    """
    return dy * (1 - cache * cache)


# the constants of the tanh form: Hendrycks and Gimpel (2016), section 2
GELU_SCALE = math.sqrt(2 / math.pi)
GELU_CUBE = 0.044715


def gelu_forward(x: Array) -> tuple[Array, tuple]:
    """y = ½ x (1 + tanh u), u = √(2/π) (x + 0.044715 x³).

    Parameters
    ----------
    x : float, any shape.

    Returns
    -------
    y : float, shape of x.
    cache : x and tanh u.

    Notes
    -----
    Hendrycks and Gimpel (2016), section 2: the tanh form of x Φ(x), which is PyTorch's
    `GELU(approximate="tanh")` and needs no error function.

    Examples
    --------
    >>> import numpy as np
    >>> gelu_forward(np.array([-1e4, 0.0, 1e4]))[0]
    array([   -0.,     0., 10000.])
    """
    t = array_module(x).tanh(GELU_SCALE * (x + GELU_CUBE * x * x * x))
    return 0.5 * x * (1 + t), (x, t)


def gelu_backward(dy: Array, cache: tuple) -> Array:
    """dx = dy (½ (1 + t) + ½ x (1 − t²) u′), t = tanh u.

    u is that of `gelu_forward`, and u′ = √(2/π) (1 + 3 · 0.044715 x²).

    Parameters
    ----------
    dy : float, any shape, ∂L/∂y.
    cache : from `gelu_forward`.

    Returns
    -------
    dx : float, shape of dy.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = gelu_forward(np.array([0.0]))
    >>> gelu_backward(np.array([4.0]), cache)
    array([2.])
    """
    x, t = cache
    du = GELU_SCALE * (1 + 3 * GELU_CUBE * x * x)
    return dy * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * du)
