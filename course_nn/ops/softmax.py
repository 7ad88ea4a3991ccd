"""Softmax: scores into probabilities, over the last axis.

Alone it is for prediction: in training the fused loss takes the scores, see `loss`.
"""

from ..backend import Array, array_module


def softmax_forward(x: Array) -> tuple[Array, Array]:
    """pₖ = exp(xₖ) / Σⱼ exp(xⱼ), over the last axis.

    The largest xⱼ is subtracted first, which changes nothing but the overflow.

    Parameters
    ----------
    x : (…, K) float, scores ("logits").

    Returns
    -------
    p : (…, K) float, positive, each row summing to one.
    cache : p.

    Notes
    -----
    Bridle (1990).

    Examples
    --------
    >>> import numpy as np
    >>> softmax_forward(np.array([[1e4, 1e4]]))[0]
    array([[0.5, 0.5]])
    """
    xp = array_module(x)
    p = xp.exp(x - x.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    return p, p


def softmax_backward(dp: Array, cache: Array) -> Array:
    """dx = p ⊙ (dp − Σₖ dpₖ pₖ).

    It is the Jacobian diag(p) − p pᵀ times dp, without forming it.

    Parameters
    ----------
    dp : (…, K) float, ∂L/∂p.
    cache : from `softmax_forward`.

    Returns
    -------
    dx : (…, K) float.

    Notes
    -----
    Book: Checking a gradient, "A softmax whose gradient is zero": with dp = 1 the
    result is zero, since the outputs sum to a constant.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = softmax_forward(np.array([[0.0, 0.0]]))
    >>> softmax_backward(np.array([[1.0, 0.0]]), cache)
    array([[ 0.25, -0.25]])
    """
    p = cache
    return p * (dp - (dp * p).sum(axis=-1, keepdims=True))
