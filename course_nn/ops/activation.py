"""Activations: one function of one number, applied to every element.

Each pair keeps the memory order of its argument, so that an image stays in the
order the convolution wrote it. The gradient is dx = dy · f′(x). What forward
keeps for it is no part of y: y may be changed in place, and the gradient stays
right.
"""

import math

from ..backend import Array, array_module
from ..checks import as_float, check_unchanged, glimpse, number, upstream


def masked(a: Array, mask: Array) -> Array:
    """a where the mask is true, else 0, also where a is ∞: ∞ · 0 would be NaN.

    It multiplies the bits of a by 1 or 0: as fast as a · mask, and ten times as
    fast as `where`.

    >>> import numpy as np
    >>> masked(np.array([3.0, np.inf]), np.array([True, False]))
    array([3., 0.])
    """
    bits = a.view(f"i{a.dtype.itemsize}") * mask.view("i1")
    return bits.view(a.dtype)


def _exp(x: Array) -> Array:
    """eˣ, with x cut where the result leaves the dtype: at 88, or 709."""
    xp = array_module(x)
    e = xp.clip(x, -math.inf, math.floor(math.log(xp.finfo(x.dtype).max)))
    return xp.exp(e, out=e) if x.ndim else xp.exp(e)


def relu_forward(x: Array) -> tuple[Array, Array]:
    """y = max(x, 0).

    Parameters
    ----------
    x : float, any shape.

    Returns
    -------
    y : float, shape of x.
    cache : where x is positive.

    Raises
    ------
    TypeError : for anything but numbers, as every op.

    Notes
    -----
    Book: Activations, "ReLU and its leaky sister", eq-act-relu.
    Nair and Hinton (2010).

    Examples
    --------
    >>> import numpy as np
    >>> relu_forward(np.array([-1.0, 0.0, 2.0]))[0]
    array([0., 0., 2.])
    """
    x = as_float(x)
    # NumPy's maximum with a single number is twice as slow
    return array_module(x).clip(x, 0, math.inf), x > 0


def relu_backward(dy: Array, cache: Array) -> Array:
    """dx = dy where x > 0, else 0; at the kink x = 0 we take 0.

    Notes
    -----
    Book: Activations, "ReLU and its leaky sister", eq-act-relu.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = relu_forward(np.array([-1.0, 0.0, 2.0]))
    >>> relu_backward(np.array([10.0, 20.0, 30.0]), cache)
    array([ 0.,  0., 30.])
    """
    return masked(upstream("relu_backward", dy, cache.shape), cache)


def leaky_relu_forward(x: Array, slope: float = 0.01) -> tuple[Array, tuple]:
    """y = x where x > 0, else slope · x.

    Parameters
    ----------
    x : float, any shape.
    slope : the derivative on the negative side, no unit.

    Returns
    -------
    y : float, shape of x.
    cache : where x is positive, and the slope.

    Notes
    -----
    Book: Activations, "ReLU and its leaky sister", eq-act-leaky.
    Maas, Hannun and Ng (2013), equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> leaky_relu_forward(np.array([-1.0, 2.0]), slope=0.1)[0]
    array([-0.1,  2. ])
    """
    x, slope = as_float(x), number("slope", slope, -math.inf)
    positive = x > 0
    return _bent(x, positive, slope), (positive, slope)


def leaky_relu_backward(dy: Array, cache: tuple) -> Array:
    """dx = dy where x > 0, else slope · dy.

    Notes
    -----
    Book: Activations, "ReLU and its leaky sister", eq-act-leaky.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = leaky_relu_forward(np.array([-1.0, 2.0]), slope=0.1)
    >>> leaky_relu_backward(np.array([10.0, 10.0]), cache)
    array([ 1., 10.])
    """
    positive, slope = cache
    return _bent(
        upstream("leaky_relu_backward", dy, positive.shape), positive, slope
    )


def _bent(a: Array, positive: Array, slope: float) -> Array:
    """a where `positive`, else slope · a."""
    return masked(a, positive) + slope * masked(a, ~positive)


def sigmoid(x: Array) -> Array:
    """σ(x) = 1 / (1 + e⁻ˣ), see `sigmoid_forward`.

    Notes
    -----
    Book: Activations, "Sigmoid and tanh, which saturate", eq-act-sigmoid.

    Examples
    --------
    >>> import numpy as np
    >>> sigmoid(np.array([-1e4, 0.0, 1e4]))
    array([0. , 0.5, 1. ])
    """
    return sigmoid_forward(x)[0]


def sigmoid_forward(x: Array) -> tuple[Array, Array]:
    """y = σ(x) = eˣ / (1 + eˣ) = 1 / (1 + e⁻ˣ).

    Parameters
    ----------
    x : float, any shape.

    Returns
    -------
    y : float in [0, 1], shape of x; right to a few units in the last place at
        any x.
    cache : σ′(x) = eˣ / (1 + eˣ)², which is y (1 − y) without the digits that
        1 − y would lose where y is near 1.

    Notes
    -----
    Book: Activations, "Sigmoid and tanh, which saturate", eq-act-sigmoid.
    Rumelhart, Hinton and Williams (1986), equation 2.

    Examples
    --------
    >>> import numpy as np
    >>> sigmoid_forward(np.array([-100.0, 0.0]))[0]
    array([3.72007598e-44, 5.00000000e-01])
    """
    e = _exp(as_float(x))
    total = 1 + e
    y = e / total
    return y, y / total


def sigmoid_backward(dy: Array, cache: Array) -> Array:
    """dx = dy · σ′(x) = dy · y (1 − y).

    Notes
    -----
    Book: Activations, "Sigmoid and tanh, which saturate", eq-act-sigmoid-d.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = sigmoid_forward(np.array([0.0]))
    >>> sigmoid_backward(np.array([8.0]), cache)
    array([2.])
    """
    return upstream("sigmoid_backward", dy, cache.shape) * cache


def tanh_forward(x: Array) -> tuple[Array, tuple]:
    """y = tanh x.

    Parameters
    ----------
    x : float, any shape.

    Returns
    -------
    y : float in [−1, 1], shape of x.
    cache : x itself, and what tells whether it was changed since.

    Notes
    -----
    Book: Activations, "Sigmoid and tanh, which saturate", eq-act-tanh.
    LeCun et al. (1998), "Efficient BackProp", section 4.4.

    Examples
    --------
    >>> import numpy as np
    >>> tanh_forward(np.array([0.0]))[0]
    array([0.])
    """
    x = as_float(x)
    return array_module(x).tanh(x), (x, glimpse(x))


def tanh_backward(dy: Array, cache: tuple) -> Array:
    """dx = dy (1 − y²) = dy / cosh² x.

    The second form keeps its digits where y is near ±1. x is cut where cosh²
    would leave the dtype.

    Notes
    -----
    Book: Activations, "Sigmoid and tanh, which saturate", eq-act-tanh.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = tanh_forward(np.array([0.0]))
    >>> tanh_backward(np.array([3.0]), cache)
    array([3.])
    """
    x, seen = cache
    dy = upstream("tanh_backward", dy, x.shape)
    check_unchanged("tanh_backward", seen, x=x)
    xp = array_module(x)
    largest = (math.log(xp.finfo(x.dtype).max) + 1) / 2
    c = xp.cosh(xp.clip(x, -largest, largest))
    return dy / (c * c)


def silu_forward(x: Array) -> tuple[Array, Array]:
    """y = x σ(x), also called swish.

    Parameters
    ----------
    x : float, any shape.

    Returns
    -------
    y : float, shape of x.
    cache : its derivative, σ(x) (1 + x σ(−x)).

    Notes
    -----
    Book: Activations, "SiLU and GELU, which are smooth", eq-act-silu.
    Hendrycks and Gimpel (2016), section 2, names it; Ramachandran, Zoph and Le
    (2017).

    Examples
    --------
    >>> import numpy as np
    >>> silu_forward(np.array([-1e4, 0.0, 1e4]))[0]
    array([   -0.,     0., 10000.])
    """
    x = as_float(x)
    e = _exp(x)
    total = 1 + e
    share = e / total
    # further out the share is 0, and −∞ · 0 is no number
    small = array_module(x).clip(x, -1e3, math.inf)
    y = small * share
    # further out there is no slope
    small = small.clip(max=1e3, out=small if x.ndim else None)
    return y, share * (1 + small / total)


def silu_backward(dy: Array, cache: Array) -> Array:
    """dx = dy · σ(x) (1 + x σ(−x)).

    Notes
    -----
    Book: Activations, "SiLU and GELU, which are smooth", eq-act-silu.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = silu_forward(np.array([0.0]))
    >>> silu_backward(np.array([4.0]), cache)
    array([2.])
    """
    return upstream("silu_backward", dy, cache.shape) * cache


def gelu_forward(x: Array, approximate: str = "none") -> tuple[Array, Array]:
    """y = x Φ(x), Φ(x) = ½ (1 + erf(x/√2)): the normal numbers below x.

    Parameters
    ----------
    x : float, any shape.
    approximate : "none", or "tanh" for Φ(x) ≈ ½ (1 + tanh u),
        u = √(2/π) (x + 0.044715 x³): y then differs by at most 0.0005.

    Returns
    -------
    y : float, shape of x.
    cache : its derivative, Φ(x) + x Φ′(x).

    Raises
    ------
    ValueError : for another word.

    Notes
    -----
    Book: Activations, "SiLU and GELU, which are smooth", eq-act-gelu,
    eq-act-gelu-tanh. Hendrycks and Gimpel (2016), section 2. Both forms are
    PyTorch's.

    Examples
    --------
    >>> import numpy as np
    >>> gelu_forward(np.array([-1e4, 0.0, 1e4]))[0]
    array([   -0.,     0., 10000.])
    """
    x = as_float(x)
    if not isinstance(approximate, str) or approximate not in ("none", "tanh"):
        raise ValueError(
            f'approximate must be "none" or "tanh", got {approximate!r}'
        )
    xp = array_module(x)
    # Φ is 0 or 1 long before
    farthest = math.sqrt(3 * math.log(xp.finfo(x.dtype).max))
    small = xp.clip(x, -farthest, farthest)
    distribution = _normal if approximate == "none" else _nearly_normal
    share, density = distribution(small)
    y = share * xp.clip(x, -farthest, math.inf)  # not −∞ · 0
    return y, share + small * density


def gelu_backward(dy: Array, cache: Array) -> Array:
    """dx = dy (Φ(x) + x Φ′(x)).

    Notes
    -----
    Book: Activations, "SiLU and GELU, which are smooth", eq-act-gelu.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = gelu_forward(np.array([0.0]))
    >>> gelu_backward(np.array([4.0]), cache)
    array([2.])
    """
    return upstream("gelu_backward", dy, cache.shape) * cache


# the constants of the tanh form: Hendrycks and Gimpel (2016), section 2
GELU_SCALE = math.sqrt(2 / math.pi)
GELU_CUBE = 0.044715


def _nearly_normal(x: Array) -> tuple[Array, Array]:
    """Φ(x) ≈ ½ (1 + tanh u) = σ(2u), and its derivative, 2u′ σ′(2u)."""
    square = x * x
    p, slope = sigmoid_forward(2 * GELU_SCALE * x * (1 + GELU_CUBE * square))
    return p, slope * (2 * GELU_SCALE * (1 + 3 * GELU_CUBE * square))


# Φ(−a) / Φ′(a) for a ≥ 0, the Mills ratio, as a quotient of two polynomials, the
# lowest power first: fitted with 60 digits so that the largest relative error is
# smallest, at most 6e-9 for float32 (4 bytes) and 6e-17 for float64
MILLS = {
    4: (
        (1.25331414, 1.09866474, 0.45931974, 0.10185847, 0.010318993),
        (1.0, 1.67449261, 1.20253115, 0.46948895, 0.10186492, 0.010318873),
    ),
    8: (
        (
            *(1.2533141373155001, 1.9423219547173594, 1.4890546073919089),
            *(0.7252502825678966, 0.244896292195749, 0.05921270674158395),
            *(0.010250391416656584, 0.0012292917885024478),
            *(9.338176467920256e-05, 3.4733861576758177e-06),
        ),
        (
            *(1.0, 2.3476332605802788, 2.5612340144749886, 1.7143799699050803),
            *(0.7820393836812222, 0.25495990836520743, 0.06043505218326484),
            *(0.010343773170145962, 0.0012327651748594783),
            *(9.338176467706687e-05, 3.4733861576861337e-06),
        ),
    ),
}


def _normal(x: Array) -> tuple[Array, Array]:
    """Φ(x) and Φ′(x) = exp(−½x²) / √(2π).

    The tail of −|x| is its density times Mills' ratio. Φ is right to 1e-15, and
    its tail Φ(−a) to a relative ½a² of that.
    """
    xp, a = array_module(x), abs(x)
    above, below = (_polynomial(c, a) for c in MILLS[x.dtype.itemsize])
    density = xp.exp(a * a * -0.5) * (1 / math.sqrt(2 * math.pi))
    tail = density * above / below
    return abs((x > 0) - tail), density


def _polynomial(coefficients: tuple[float, ...], a: Array) -> Array:
    """Σₖ cₖ aᵏ, by Horner's rule."""
    *lower, highest = coefficients
    total = a * highest
    for c in reversed(lower[1:]):
        total += c
        total *= a
    total += lower[0]
    return total
