"""Softmax: scores into probabilities, or their logarithms, over the last axis.

Alone it is for prediction: in training the fused loss takes the scores, see
`loss`. A class is left out where its score is −∞: its probability is then 0.
"""

from ..backend import Array, array_module
from ..checks import as_float, upstream


def softmax_forward(x: Array) -> tuple[Array, Array]:
    """pₖ = exp(xₖ) / Σⱼ exp(xⱼ), over the last axis.

    The largest xⱼ is subtracted first, which changes nothing but the overflow.

    Parameters
    ----------
    x : (…, K) float, scores ("logits"); −∞ leaves a class out.

    Returns
    -------
    p : (…, K) float, not negative, each row summing to one.
    cache : p, in an array of its own.

    Raises
    ------
    ValueError : if there is no class, or a row leaves all of them out.

    Notes
    -----
    Book: Softmax, "The forward pass", eq-softmax-forward, eq-softmax-stable.
    Bridle (1990).

    Examples
    --------
    >>> import numpy as np
    >>> softmax_forward(np.array([[1e4, 1e4]]))[0]
    array([[0.5, 0.5]])
    """
    x = as_float(x)
    p = array_module(x).exp(below_largest("softmax_forward", x))
    p /= p.sum(axis=-1, keepdims=True)
    return p, p.copy()


def softmax_backward(dp: Array, cache: Array) -> Array:
    """dx = p ⊙ (dp − Σₖ dpₖ pₖ): diag(p) − p pᵀ times dp, never formed.

    Notes
    -----
    Book: Softmax, "The derivative", eq-softmax-dx. With dp = 1 the result is
    zero, since the outputs sum to a constant: eq-softmax-null.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = softmax_forward(np.array([[0.0, 0.0]]))
    >>> softmax_backward(np.array([[1.0, 0.0]]), cache)
    array([[ 0.25, -0.25]])
    """
    p, dp = cache, upstream("softmax_backward", dp, cache.shape)
    return p * (dp - (dp * p).sum(axis=-1, keepdims=True))


def log_softmax_forward(x: Array) -> tuple[Array, Array]:
    """yₖ = log softmax(x)ₖ = xₖ − log Σⱼ exp(xⱼ), over the last axis.

    Parameters
    ----------
    x : (…, K) float, scores; −∞ leaves a class out.

    Returns
    -------
    y : (…, K) float, at most 0, right also where the probability itself is too
        small for the dtype.
    cache : softmax(x).

    Raises
    ------
    ValueError : if there is no class, or a row leaves all of them out.

    Notes
    -----
    Book: Softmax, "The logarithm, and why it has its own function",
    eq-softmax-log.
    Goodfellow, Bengio and Courville (2016), section 6.2.2.3.

    Examples
    --------
    >>> import numpy as np
    >>> log_softmax_forward(np.array([[1e4, 0.0]]))[0]
    array([[     0., -10000.]])
    """
    x = as_float(x)
    return log_probabilities("log_softmax_forward", x)


def log_softmax_backward(dy: Array, cache: Array) -> Array:
    """dx = dy − p Σₖ dyₖ, p = softmax(x).

    Notes
    -----
    Book: Softmax, "The logarithm, and why it has its own function",
    eq-softmax-log-dx.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = log_softmax_forward(np.array([[0.0, 0.0]]))
    >>> log_softmax_backward(np.array([[1.0, 0.0]]), cache)
    array([[ 0.5, -0.5]])
    """
    dy = upstream("log_softmax_backward", dy, cache.shape)
    return dy - cache * dy.sum(axis=-1, keepdims=True)


def log_probabilities(where: str, x: Array) -> tuple[Array, Array]:
    """log softmax(x) and softmax(x), from one sum."""
    xp = array_module(x)
    log_p = below_largest(where, x)
    p = xp.exp(log_p)
    total = p.sum(axis=-1, keepdims=True)
    p /= total
    log_p -= xp.log(total)
    return log_p, p


def below_largest(where: str, x: Array) -> Array:
    """x less its row's largest, which must be above −∞; `where`: for errors."""
    if not x.ndim or not x.shape[-1]:
        raise ValueError(
            f"{where} takes scores (…, K) of one class or more, got {x.shape}"
        )
    largest = x.max(axis=-1, keepdims=True)
    if (largest == -array_module(x).inf).any():
        row = int((largest == -array_module(x).inf).argmax())
        raise ValueError(
            f"{where}: all scores of row {row} are −∞, which leaves out every "
            "class; at least one must be left in"
        )
    return x - largest
