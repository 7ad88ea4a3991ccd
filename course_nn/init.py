"""How weights begin: random, at the scale that keeps a signal's size.

All are drawn in float64, whatever the model's dtype, so that a seed gives one
model.
"""

import math

import numpy as np

Shape = tuple[int, ...]


def fans(shape: Shape) -> tuple[int, int]:
    """How many numbers one output sums, and how many outputs one input reaches.

    Parameters
    ----------
    shape : (D, M) of a dense layer or (F, C, R, S) of a convolution.

    Returns
    -------
    fan_in, fan_out : (D, M), or (C·R·S, F·R·S).

    Notes
    -----
    Book: Initialisation, "Fans of a convolution", eq-init-fans.

    Examples
    --------
    >>> fans((784, 10)), fans((16, 6, 5, 5))
    ((784, 10), (150, 400))
    """
    if len(shape) == 2:
        return shape[0], shape[1]
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def he_normal(shape: Shape, *, rng: np.random.Generator) -> np.ndarray:
    """W ~ N(0, 2 / fan_in): keeps E[x²] through a ReLU, which halves it.

    Parameters
    ----------
    shape : of the weights.
    rng : draws them, in float64 whatever the model's dtype, so that both
        start alike.

    Returns
    -------
    W : float64.

    Notes
    -----
    Book: Initialisation, "He's rule", eq-init-he. He, Zhang, Ren and Sun
    (2015), equation 10.

    Examples
    --------
    >>> W = he_normal((1000, 50), rng=np.random.default_rng(0))
    >>> round(float(W.var() * 1000), 1)
    2.0
    """
    return rng.standard_normal(shape) * math.sqrt(2 / fans(shape)[0])


def glorot_normal(shape: Shape, *, rng: np.random.Generator) -> np.ndarray:
    """W ~ N(0, 2 / (fan_in + fan_out)): half for the signal, half for dx.

    Parameters
    ----------
    shape : of the weights.
    rng : draws them.

    Returns
    -------
    W : float64.

    Notes
    -----
    Book: Initialisation, "Glorot's compromise", eq-init-glorot. Glorot and
    Bengio (2010), equation 12.

    Examples
    --------
    >>> W = glorot_normal((1000, 500), rng=np.random.default_rng(0))
    >>> round(float(W.var() * 1500), 1)
    2.0
    """
    return rng.standard_normal(shape) * math.sqrt(2 / sum(fans(shape)))


def glorot_uniform(shape: Shape, *, rng: np.random.Generator) -> np.ndarray:
    """W ~ U(−a, a), a = √(6 / (fan_in + fan_out)).

    Parameters
    ----------
    shape : of the weights.
    rng : draws them.

    Returns
    -------
    W : float64.

    Notes
    -----
    Book: Initialisation, "Normal or uniform", eq-init-uniform. Glorot and
    Bengio (2010), equation 16.

    Examples
    --------
    >>> W = glorot_uniform((3, 3), rng=np.random.default_rng(0))
    >>> bool(abs(W).max() < 1)
    True
    """
    limit = math.sqrt(6 / sum(fans(shape)))
    return rng.uniform(-limit, limit, shape)


def zeros(shape: Shape, *, rng: np.random.Generator) -> np.ndarray:
    """W = 0, for biases; as weights, units that begin alike stay alike.

    Parameters
    ----------
    shape : of the weights.
    rng : is not asked.

    Returns
    -------
    W : float64.

    Notes
    -----
    Book: Initialisation, "Why not zero", eq-init-symmetry.

    Examples
    --------
    >>> zeros((2,), rng=np.random.default_rng(0))
    array([0., 0.])
    """
    return np.zeros(shape)
