"""Losses: one number for a batch, the mean over its samples.

Backward passes start from dloss = ∂L/∂loss, usually 1.
"""

from ..backend import Array, array_module
from .activation import sigmoid


def one_hot(labels: Array, classes: int, dtype: type | str = "float32") -> Array:
    """t[n, k] = 1 where labels[n] = k, else 0.

    Parameters
    ----------
    labels : (N,) integers in [0, K).
    classes : K.
    dtype : of the result.

    Returns
    -------
    t : (N, K) of the dtype.

    Raises
    ------
    ValueError : if a label is not an integer in [0, K), naming the first.

    Examples
    --------
    >>> import numpy as np
    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    xp = array_module(labels)
    labels = xp.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            "labels must be a vector of integers, "
            f"got {labels.dtype} of shape {labels.shape}"
        )
    wrong = (labels < 0) | (labels >= classes)
    if wrong.any():
        n = int(wrong.argmax())
        raise ValueError(
            f"label {int(labels[n])} of sample {n} is out of range: "
            f"{classes} classes are 0 to {classes - 1}"
        )
    return xp.asarray(labels[:, None] == xp.arange(classes), dtype=dtype)


def targets_like(output: Array, labels: Array) -> Array:
    """Labels as (N, K) of the output's dtype: integer classes become one-hot rows.

    Rows that are (N, K) already keep their numbers.

    Parameters
    ----------
    output : (N, K) float.
    labels : (N,) integers, or (N, K) one-hot or soft: none negative, a row's sum 1.

    Returns
    -------
    t : (N, K) of output's dtype.

    Raises
    ------
    ValueError : if the labels fit neither form, are out of range, or a row is no
        distribution; it names the first.

    Examples
    --------
    >>> import numpy as np
    >>> targets_like(np.zeros((1, 3)), np.array([1]))
    array([[0., 1., 0.]])
    """
    xp = array_module(output)
    labels = xp.asarray(labels)
    if output.ndim != 2:
        raise ValueError(
            f"a loss over classes needs scores of shape (N, K), got {output.shape}; "
            "is a Flatten missing?"
        )
    if labels.shape == output.shape:
        return _distributions(labels.astype(output.dtype, copy=False))
    if labels.shape[:1] != output.shape[:1] or labels.ndim != 1:
        raise ValueError(
            f"labels of shape {labels.shape} do not fit {output.shape}; "
            f"expected (N,) integers or {output.shape}"
        )
    return one_hot(labels, output.shape[1], output.dtype)


def _distributions(t: Array) -> Array:
    """t itself, if every row could be a distribution over the classes."""
    right = (abs(t.sum(axis=1) - 1) < 1e-2) & (t >= 0).all(axis=1)
    if not right.all():
        n = int((~right).argmax())
        raise ValueError(
            f"the labels of sample {n} go from {float(t[n].min()):g} to "
            f"{float(t[n].max()):g} with sum {float(t[n].sum()):g}; a row of labels "
            "must be one-hot, or shares of the classes with sum 1"
        )
    return t


def cross_entropy_forward(p: Array, labels: Array) -> tuple[float, tuple]:
    """L = −(1/N) Σₙ log p[n, labelsₙ], on probabilities.

    A p of zero counts as the smallest positive number.

    Parameters
    ----------
    p : (N, K) float, probabilities.
    labels : (N,) integers in [0, K), or (N, K) one-hot.

    Returns
    -------
    loss : float, in nats.
    cache : the targets and the probabilities.

    Raises
    ------
    ValueError : if the labels do not fit, or a p is not in [0, 1].

    Notes
    -----
    Goodfellow, Bengio and Courville (2016), section 6.2.2.3. After a softmax, the fused
    `softmax_cross_entropy_forward` is exact where this must clip.

    Examples
    --------
    >>> import numpy as np
    >>> round(cross_entropy_forward(np.array([[0.25, 0.75]]), np.array([0]))[0], 6)
    1.386294
    """
    xp, t = array_module(p), targets_like(p, labels)
    if ((p < 0) | (p > 1.001)).any():
        raise ValueError(
            "a loss on probabilities needs numbers in [0, 1], got "
            f"{float(p.min()):g} to {float(p.max()):g}: put a softmax before it, or "
            "use the fused softmax cross-entropy"
        )
    p = xp.maximum(p, xp.finfo(p.dtype).tiny)
    return float(-(t * xp.log(p)).sum() / len(p)), (t, p)


def cross_entropy_backward(dloss: float, cache: tuple) -> Array:
    """dp = −t / (N p) · dloss.

    Parameters
    ----------
    dloss : float, ∂L/∂loss.
    cache : from `cross_entropy_forward`.

    Returns
    -------
    dp : (N, K) float.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = cross_entropy_forward(np.array([[0.25, 0.75]]), np.array([0]))
    >>> cross_entropy_backward(1.0, cache)
    array([[-4., -0.]])
    """
    t, p = cache
    return t / p * (-dloss / len(p))


def softmax_cross_entropy_forward(
    z: Array, labels: Array, smoothing: float = 0.0, class_weights: Array | None = None
) -> tuple[float, tuple]:
    """L = −(1/N) Σₙ log softmax(zₙ)[labelsₙ], fused: from scores, stable at any score.

    With smoothing ε and class weights w, and wₙ the weight of sample n's class,

        L = −Σₙₖ tₙₖ log softmax(zₙ)ₖ / Σₙ wₙ
        tₙₖ = wₖ ((1 − ε) [k = labelsₙ] + ε / K)

    Parameters
    ----------
    z : (N, K) float, scores before the softmax.
    labels : (N,) integers in [0, K), or (N, K) one-hot.
    smoothing : ε in [0, 1], the share of the target spread evenly over all classes.
    class_weights : (K,) float or None, how much a sample of each class counts.

    Returns
    -------
    loss : float, in nats.
    cache : softmax(z), t and Σₙ wₙ.

    Raises
    ------
    ValueError : if the labels do not fit, or the class weights are not K numbers that
        are not negative.

    Notes
    -----
    Goodfellow, Bengio and Courville (2016), section 6.2.2.3: log Σ exp is taken after
    subtracting the row's maximum, so scores of ±10⁴ are safe. Smoothing: Szegedy et al.
    (2016), section 7.

    Examples
    --------
    >>> import numpy as np
    >>> loss, _ = softmax_cross_entropy_forward(np.array([[1e4, 0.0]]), np.array([1]))
    >>> loss
    10000.0
    """
    xp, t = array_module(z), targets_like(z, labels)
    w = None if class_weights is None else _weights(class_weights, z)
    total = len(z) if w is None else float((t * w).sum())
    if smoothing:
        t = t * (1 - smoothing) + smoothing / z.shape[1]
    if w is not None:
        t = t * w
    shifted = z - z.max(axis=1, keepdims=True)
    p = xp.exp(shifted)
    sums = p.sum(axis=1, keepdims=True)
    p /= sums
    return float(-(t * (shifted - xp.log(sums))).sum() / total), (p, t, total)


def _weights(class_weights: Array, z: Array) -> Array:
    """The class weights beside z, if there is one a class and none is negative."""
    w = array_module(z).asarray(class_weights, dtype=z.dtype)
    if w.shape != z.shape[1:] or not (w >= 0).all():
        raise ValueError(
            f"class_weights must be {z.shape[1]} numbers, one a class and none "
            f"negative, got {class_weights!r}"
        )
    return w


def softmax_cross_entropy_backward(dloss: float, cache: tuple) -> Array:
    """dzₙₖ = (pₙₖ Σⱼ tₙⱼ − tₙₖ) / Σₙ wₙ · dloss; without weights simply (p − t) / N.

    Parameters
    ----------
    dloss : float, ∂L/∂loss.
    cache : from `softmax_cross_entropy_forward`.

    Returns
    -------
    dz : (N, K) float.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = softmax_cross_entropy_forward(np.zeros((1, 2)), np.array([0]))
    >>> softmax_cross_entropy_backward(1.0, cache)
    array([[-0.5,  0.5]])
    """
    p, t, total = cache
    return (p * t.sum(axis=1, keepdims=True) - t) * (dloss / total)


def binary_cross_entropy_forward(z: Array, targets: Array) -> tuple[float, tuple]:
    """L = mean of −t log σ(z) − (1 − t) log(1 − σ(z)), from scores z.

    Computed as the mean of max(z, 0) − t z + log(1 + e^{−|z|}), which is the same and
    cannot overflow.

    Parameters
    ----------
    z : float, any shape, scores before the logistic function.
    targets : numbers in [0, 1], shape of z.

    Returns
    -------
    loss : float, in nats, the mean over all elements.
    cache : z and t.

    Raises
    ------
    ValueError : if the shapes differ, or a target is not in [0, 1].

    Notes
    -----
    Goodfellow, Bengio and Courville (2016), section 6.2.2.2.

    Examples
    --------
    >>> import numpy as np
    >>> binary_cross_entropy_forward(np.array([-1e4, 1e4]), np.array([1, 1]))[0]
    5000.0
    """
    xp, t = array_module(z), _same_shape(z, targets)
    if ((t < 0) | (t > 1)).any():
        raise ValueError(
            f"targets must lie in [0, 1], got {float(t.min())} to {float(t.max())}"
        )
    loss = xp.maximum(z, 0) - t * z + xp.log1p(xp.exp(-abs(z)))
    return float(loss.mean()), (z, t)


def binary_cross_entropy_backward(dloss: float, cache: tuple) -> Array:
    """dz = (σ(z) − t) / size · dloss.

    Parameters
    ----------
    dloss : float, ∂L/∂loss.
    cache : from `binary_cross_entropy_forward`.

    Returns
    -------
    dz : float, shape of z.

    Examples
    --------
    >>> import numpy as np
    >>> _, cache = binary_cross_entropy_forward(np.array([0.0]), np.array([1]))
    >>> binary_cross_entropy_backward(1.0, cache)
    array([-0.5])
    """
    z, t = cache
    return (sigmoid(z) - t) * (dloss / z.size)


def mean_squared_error_forward(y: Array, targets: Array) -> tuple[float, tuple]:
    """L = mean of (y − t)² over all elements.

    Parameters
    ----------
    y : float, any shape.
    targets : numbers, shape of y.

    Returns
    -------
    loss : float, in the square of y's unit.
    cache : y − t.

    Raises
    ------
    ValueError : if the shapes differ.

    Notes
    -----
    Book: The dense layer, "A line through points".

    Examples
    --------
    >>> import numpy as np
    >>> mean_squared_error_forward(np.array([1.0, 3.0]), np.array([1.0, 1.0]))[0]
    2.0
    """
    difference = y - _same_shape(y, targets)
    return float((difference * difference).mean()), difference


def mean_squared_error_backward(dloss: float, cache: Array) -> Array:
    """dy = 2 (y − t) / size · dloss.

    Parameters
    ----------
    dloss : float, ∂L/∂loss.
    cache : from `mean_squared_error_forward`.

    Returns
    -------
    dy : float, shape of y.

    Examples
    --------
    >>> import numpy as np
    >>> y, t = np.array([1.0, 3.0]), np.array([1.0, 1.0])
    >>> _, cache = mean_squared_error_forward(y, t)
    >>> mean_squared_error_backward(1.0, cache)
    array([0., 2.])
    """
    return cache * (2 * dloss / cache.size)


def _same_shape(output: Array, targets: Array) -> Array:
    t = array_module(output).asarray(targets)
    if t.shape != output.shape:
        raise ValueError(
            f"targets of shape {t.shape} do not fit the output's {output.shape}; "
            "the two must be equal"
        )
    if not array_module(output).isfinite(t).all():
        raise ValueError("targets must be finite numbers, but hold NaN or ±∞")
    return t.astype(output.dtype, copy=False)
