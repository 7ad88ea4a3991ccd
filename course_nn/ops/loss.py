"""Losses: one number for a batch, the mean over its samples.

Every mean may be weighted: Σ wₙ Lₙ / Σ wₙ. Backward passes start from dloss =
∂L/∂loss, usually 1. What labels and weights must be stands in `labels`.
"""

from ..backend import Array, array_module
from ..checks import as_float, number, same_shape
from .activation import masked, sigmoid
from .labels import (
    class_weighting,
    number_targets,
    sample_weighting,
    targets_like,
    total_weight,
)
from .softmax import log_probabilities


def _weighted_targets(
    output: Array,
    labels: Array,
    smoothing: float = 0.0,
    class_weights: Array | None = None,
    sample_weights: Array | None = None,
    ignore_index: int | None = None,
) -> tuple[Array, float]:
    """tₙₖ = sₙ wₖ ((1 − ε) [k = labelsₙ] + ε / K), and Σₙ sₙ w[labelsₙ]."""
    xp, t = array_module(output), targets_like(output, labels, ignore_index)
    weights = class_weights, sample_weights, ignore_index
    if all(given is None for given in weights):
        t = _smooth(t, smoothing).copy()  # t may be the labels
        return t, float(len(t))
    s = sample_weighting(output, sample_weights)
    if ignore_index is not None:
        s = s * (xp.asarray(labels) != ignore_index)
    if class_weights is None:
        total, w = total_weight(s), s[:, None]
    else:
        w = xp.asarray(class_weighting(class_weights, t.shape[1]), t.dtype)
        total, w = total_weight(s * (t * w).sum(axis=1)), s[:, None] * w
    return _smooth(t, smoothing) * w, total


def _smooth(t: Array, smoothing: float) -> Array:
    """Targets of which a share is spread evenly."""
    return t * (1 - smoothing) + smoothing / t.shape[1] if smoothing else t


def _likelihood(t: Array, log_p: Array, total: float) -> float:
    """−Σ t log p / Σ w; a log p of −∞ does no harm where t is 0."""
    return float(-(t * masked(log_p, t != 0)).sum() / total)


def _scalar(where: str, dloss: float) -> float:
    """dloss as a number."""
    if type(dloss) is float:
        return dloss
    found = as_float(dloss, f"{where}: dloss")
    same_shape(where, "dloss, which is ∂L/∂loss,", found, ())
    return float(found)


# -- over classes --------------------------------------------------------------


def cross_entropy_forward(
    p: Array,
    labels: Array,
    class_weights: Array | None = None,
    *,
    sample_weights: Array | None = None,
    ignore_index: int | None = None,
) -> tuple[float, tuple]:
    """L = −(1/N) Σₙ log p[n, labelsₙ], on probabilities.

    A p of zero counts as the smallest positive number.

    Parameters
    ----------
    p : (N, K) float, probabilities.
    labels, class_weights, sample_weights, ignore_index : see
        `softmax_cross_entropy_forward`.

    Returns
    -------
    loss : float, in nats.
    cache : the targets, the probabilities and Σ w.

    Raises
    ------
    ValueError : if the labels or weights do not fit, or a p is not in [0, 1].

    Notes
    -----
    Book: Cross-entropy, "On probabilities", eq-ce-forward. Goodfellow, Bengio
    and Courville (2016), section 6.2.2.3. After a softmax, the fused
    `softmax_cross_entropy_forward` is exact where this must clip.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.array([[0.25, 0.75]])
    >>> round(cross_entropy_forward(p, np.array([0]))[0], 6)
    1.386294
    """
    p = as_float(p, "p")
    weights = (class_weights, sample_weights, ignore_index)
    t, total = _weighted_targets(p, labels, 0.0, *weights)
    if ((p < 0) | (p > 1.001)).any():
        raise ValueError(
            "a loss on probabilities needs numbers in [0, 1], got "
            f"{float(p.min()):g} to {float(p.max()):g}: put a softmax before "
            "it, or use the fused softmax cross-entropy"
        )
    xp = array_module(p)
    p = xp.maximum(p, xp.finfo(p.dtype).tiny)
    return _likelihood(t, xp.log(p), total), (t, p, total)


def cross_entropy_backward(dloss: float, cache: tuple) -> Array:
    """dp = −t / (N p) · dloss, t the labels as rows; weighted −t / (p Σ w).

    Notes
    -----
    Book: Cross-entropy, "On probabilities", eq-ce-dp.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.array([[0.25, 0.75]])
    >>> _, cache = cross_entropy_forward(p, np.array([0]))
    >>> cross_entropy_backward(1.0, cache)
    array([[-4., -0.]])
    """
    t, p, total = cache
    return t / p * (-_scalar("cross_entropy_backward", dloss) / total)


def negative_log_likelihood_forward(
    log_p: Array,
    labels: Array,
    class_weights: Array | None = None,
    *,
    sample_weights: Array | None = None,
    ignore_index: int | None = None,
) -> tuple[float, tuple]:
    """L = −(1/N) Σₙ log p[n, labelsₙ], on logarithms of probabilities.

    Parameters
    ----------
    log_p : (N, K) float, from `log_softmax_forward`, say.
    labels, class_weights, sample_weights, ignore_index : see
        `softmax_cross_entropy_forward`.

    Returns
    -------
    loss : float, in nats.
    cache : the targets and Σ w.

    Raises
    ------
    ValueError : if the labels or weights do not fit, or a log p is positive.

    Notes
    -----
    Book: Cross-entropy, "On logarithms", eq-ce-nll. Goodfellow, Bengio and
    Courville (2016), section 6.2.2.3.

    Examples
    --------
    >>> import numpy as np
    >>> log_p = np.log([[0.25, 0.75]])
    >>> round(negative_log_likelihood_forward(log_p, np.array([0]))[0], 6)
    1.386294
    """
    log_p = as_float(log_p, "log_p")
    weights = (class_weights, sample_weights, ignore_index)
    t, total = _weighted_targets(log_p, labels, 0.0, *weights)
    if (log_p > 0.001).any():
        raise ValueError(
            "a loss on logarithms of probabilities needs numbers up to 0, got "
            f"{float(log_p.max()):g}: put a log-softmax before it, or use the "
            "fused softmax cross-entropy"
        )
    return _likelihood(t, log_p, total), (t, total)


def negative_log_likelihood_backward(dloss: float, cache: tuple) -> Array:
    """d(log p) = −t / N · dloss, t the labels as rows; weighted −t / Σ w.

    Notes
    -----
    Book: Cross-entropy, "On logarithms", eq-ce-nll-dlogp.

    Examples
    --------
    >>> import numpy as np
    >>> log_p = np.log([[0.25, 0.75]])
    >>> _, cache = negative_log_likelihood_forward(log_p, np.array([0]))
    >>> negative_log_likelihood_backward(1.0, cache)
    array([[-1., -0.]])
    """
    t, total = cache
    return t * (-_scalar("negative_log_likelihood_backward", dloss) / total)


def softmax_cross_entropy_forward(
    z: Array,
    labels: Array,
    smoothing: float = 0.0,
    class_weights: Array | None = None,
    *,
    sample_weights: Array | None = None,
    ignore_index: int | None = None,
) -> tuple[float, tuple]:
    """L = −(1/N) Σₙ log softmax(zₙ)[labelsₙ], fused: safe at any score.

    With smoothing ε, class weights w and sample weights s, all 1 unless given,

        L = −Σₙₖ tₙₖ log softmax(zₙ)ₖ / Σₙ sₙ w[labelsₙ]
        tₙₖ = sₙ wₖ ((1 − ε) [k = labelsₙ] + ε / K)

    Parameters
    ----------
    z : (N, K) float, scores before the softmax; −∞ leaves a class out (if it is
        the label, L is +∞).
    labels : (N,) integers in [0, K), or (N, K) one-hot.
    smoothing : ε in [0, 1], the share of the target spread over all classes.
    class_weights : (K,) float or None, how much a sample of each class counts.
    sample_weights : (N,) float or None, how much each sample counts.
    ignore_index : an integer label whose samples do not count, of any size.

    Returns
    -------
    loss : float, in nats.
    cache : softmax(z), t and Σₙ sₙ w[labelsₙ].

    Raises
    ------
    ValueError : if the labels do not fit; if weights do not, or all are 0.

    Notes
    -----
    Book: Cross-entropy, "Fused with softmax", eq-ce-fused, eq-ce-weighted.
    Goodfellow, Bengio and Courville (2016), section 6.2.2.3: log Σ exp is taken
    after subtracting the row's maximum, so scores of ±10⁴ are safe. Smoothing:
    Szegedy et al. (2016), section 7.

    Examples
    --------
    >>> import numpy as np
    >>> z, labels = np.array([[1e4, 0.0]]), np.array([1])
    >>> softmax_cross_entropy_forward(z, labels)[0]
    10000.0
    """
    z, smoothing = as_float(z, "z"), number("smoothing", smoothing, 0, 1)
    weights = (class_weights, sample_weights, ignore_index)
    t, total = _weighted_targets(z, labels, smoothing, *weights)
    log_p, p = log_probabilities("softmax_cross_entropy_forward", z)
    return _likelihood(t, log_p, total), (p, t, total)


def softmax_cross_entropy_backward(dloss: float, cache: tuple) -> Array:
    """dzₙₖ = (pₙₖ Σⱼ tₙⱼ − tₙₖ) / Σ w · dloss; unweighted, (p − t) / N.

    Notes
    -----
    Book: Cross-entropy, "Fused with softmax", eq-ce-dz, eq-ce-weighted-dz.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.zeros((1, 2))
    >>> _, cache = softmax_cross_entropy_forward(z, np.array([0]))
    >>> softmax_cross_entropy_backward(1.0, cache)
    array([[-0.5,  0.5]])
    """
    p, t, total = cache
    share = t.sum(axis=1, keepdims=True)  # 0 for a sample that does not count
    dz = masked(p * share, share != 0) - t
    return dz * (_scalar("softmax_cross_entropy_backward", dloss) / total)


# -- number by number ----------------------------------------------------------


def _shares(output: Array, sample_weights: Array | None) -> Array | float:
    """What each output counts: 1 / size, or wₙ N / (Σ w · size)."""
    if sample_weights is None:
        return 1 / output.size
    if not output.ndim:
        raise ValueError(
            "sample_weights need an output of samples (N, …), got a number"
        )
    w = sample_weighting(output, sample_weights)
    w = w * (len(w) / (total_weight(w) * output.size))
    return w.reshape(-1, *(1,) * (output.ndim - 1))


def binary_cross_entropy_forward(
    z: Array, targets: Array, *, sample_weights: Array | None = None
) -> tuple[float, tuple]:
    """L = mean of −t log σ(z) − (1 − t) log(1 − σ(z)), from scores z.

    Computed as mean of (1 − t) max(z, 0) + t max(−z, 0) + log(1 + e^{−|z|});
    it is the same and cannot overflow.

    Parameters
    ----------
    z : float, any shape, scores before the logistic function; ±∞ is certain.
    targets : numbers in [0, 1], shape of z.
    sample_weights : (N,) float or None, how much each sample counts.

    Returns
    -------
    loss : float, in nats, the mean over all elements.
    cache : z and t, in arrays of their own, and what each element counts.

    Raises
    ------
    ValueError : if the shapes differ, or a target is not in [0, 1].

    Notes
    -----
    Book: Cross-entropy, "Two classes, one score", eq-ce-binary,
    eq-ce-binary-stable. Goodfellow, Bengio and Courville (2016), section
    6.2.2.2.

    Examples
    --------
    >>> import numpy as np
    >>> binary_cross_entropy_forward(np.array([-1e4, 1e4]), np.array([1, 1]))[0]
    5000.0
    """
    z = as_float(z, "z")
    xp = array_module(z)
    t = xp.array(number_targets(targets, z.shape, shares=True), z.dtype)
    share = _shares(z, sample_weights)
    wrong = (1 - t) * masked(xp.maximum(z, 0), t != 1)
    wrong += t * masked(xp.maximum(-z, 0), t != 0)
    losses = wrong + xp.log1p(xp.exp(-abs(z)))
    return float((losses * share).sum()), (z.copy(), t, share)


def binary_cross_entropy_backward(dloss: float, cache: tuple) -> Array:
    """dz = (σ(z) − t) / size · dloss = ((1 − t) σ(z) − t σ(−z)) / size · dloss.

    The second form keeps its digits where σ(z) is near t.

    Notes
    -----
    Book: Cross-entropy, "Two classes, one score", eq-ce-binary-dz.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = binary_cross_entropy_forward(np.array([0.0]), np.array([1]))
    >>> binary_cross_entropy_backward(1.0, cache)
    array([-0.5])
    """
    z, t, share = cache
    dz = (1 - t) * sigmoid(z) - t * sigmoid(-z)
    return dz * (share * _scalar("binary_cross_entropy_backward", dloss))


def mean_squared_error_forward(
    y: Array, targets: Array, *, sample_weights: Array | None = None
) -> tuple[float, Array]:
    """L = mean of (y − t)² over all elements.

    Parameters
    ----------
    y : float, any shape.
    targets : numbers, shape of y.
    sample_weights : (N,) float or None, how much each sample counts.

    Returns
    -------
    loss : float, in the square of y's unit.
    cache : 2 (y − t) / size.

    Raises
    ------
    ValueError : if the shapes differ, or a target is not finite.

    Notes
    -----
    Book: Cross-entropy, "Why not the squared error?", eq-ce-mse.

    Examples
    --------
    >>> import numpy as np
    >>> y, t = np.array([1.0, 3.0]), np.array([1.0, 1.0])
    >>> mean_squared_error_forward(y, t)[0]
    2.0
    """
    y = as_float(y, "y")
    t = array_module(y).asarray(number_targets(targets, y.shape), y.dtype)
    share, difference = _shares(y, sample_weights), y - t
    loss = float((difference * difference * share).sum())
    return loss, 2 * share * difference


def mean_squared_error_backward(dloss: float, cache: Array) -> Array:
    """dy = 2 (y − t) / size · dloss.

    Notes
    -----
    Book: Cross-entropy, "Why not the squared error?", eq-ce-mse-dy.

    Examples
    --------
    >>> import numpy as np
    >>> y, t = np.array([1.0, 3.0]), np.array([1.0, 1.0])
    >>> _, cache = mean_squared_error_forward(y, t)
    >>> mean_squared_error_backward(1.0, cache)
    array([0., 2.])
    """
    return cache * _scalar("mean_squared_error_backward", dloss)
