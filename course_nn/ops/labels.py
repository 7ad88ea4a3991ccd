"""Labels, targets and weights of a loss: what fits; what to do where not."""

import math

import numpy as np

from ..backend import Array, array_module
from ..checks import as_float, same_shape, whole


def one_hot(
    labels: Array, classes: int, dtype: type | str | np.dtype = "float32"
) -> Array:
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
    ValueError : if a label is no integer in [0, K); it says what to do.

    Notes
    -----
    Book: Cross-entropy, "Labels and weights", eq-ce-one-hot.

    Examples
    --------
    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    labels = _integers(as_array(labels), "(N,)")
    classes = whole("classes", classes, 1)
    _expect_in_range(labels, classes)
    xp = array_module(labels)
    return xp.asarray(labels[:, None] == xp.arange(classes), dtype=dtype)


def targets_like(
    output: Array, labels: Array, ignore_index: int | None = None
) -> Array:
    """Labels as (N, K) of the output's dtype: integers become one-hot rows.

    Rows that are (N, K) already keep their numbers.

    Parameters
    ----------
    output : (N, K) float.
    labels : (N,) integers, or (N, K) one-hot or soft: none negative, sum 1.
    ignore_index : an integer label that stands for no class: its rows are zero.

    Returns
    -------
    t : (N, K) of output's dtype.

    Raises
    ------
    ValueError : if the labels fit neither form, are out of range, or a row is
        no distribution; it names the first, and says what to do.

    Notes
    -----
    Book: Cross-entropy, "Labels and weights", eq-ce-one-hot.

    Examples
    --------
    >>> targets_like(np.zeros((1, 3)), np.array([1]))
    array([[0., 1., 0.]])
    """
    output = as_float(output, "output")
    xp = array_module(output)
    checked = class_labels(
        xp.asarray(as_array(labels)), output.shape, ignore_index
    )
    if checked.ndim == 2:
        return checked.astype(output.dtype, copy=False)
    return xp.asarray(
        checked[:, None] == xp.arange(output.shape[1]), dtype=output.dtype
    )


def class_labels(
    labels: Array, shape: tuple[int, ...], ignore_index: int | None = None
) -> Array:
    """The labels, if they fit scores of a shape (N, K); see `targets_like`.

    >>> class_labels([2, 0], (2, 3))
    array([2, 0])
    >>> class_labels(np.array([[2], [0]]), (2, 3))
    Traceback (most recent call last):
        ...
    ValueError: labels have shape (2, 1), expected (2,): write np.ravel(labels)
    """
    labels = as_array(labels)
    _expect_classes(shape)
    if labels.shape == shape:
        if ignore_index is not None:
            raise ValueError(
                "ignore_index is for integer labels (N,), and these are rows "
                "(N, K): give the samples to ignore a sample weight of 0"
            )
        return _distributions(as_float(labels, "labels"))
    labels = _integers(labels, f"({shape[0]},) of integers, or {shape}")
    if len(labels) != shape[0]:
        raise ValueError(
            f"there must be a label for every sample, got {len(labels)} labels "
            f"for {shape[0]} samples"
        )
    if ignore_index is None:
        _expect_in_range(labels, shape[1])
    else:
        known = labels != whole("ignore_index", ignore_index)
        _expect_in_range(array_module(labels).where(known, labels, 0), shape[1])
    return labels


def as_array(labels: Array) -> Array:
    """Labels as an array, of whatever they are.

    >>> as_array([2, 0])
    array([2, 0])
    """
    try:
        return array_module(labels).asarray(labels)
    except (TypeError, ValueError):
        raise ValueError(
            "labels must be an array, or rows of the same length"
        ) from None


def _expect_classes(shape: tuple[int, ...]) -> None:
    """Refuses scores that are no rows over two classes or more."""
    if len(shape) != 2:
        fix = "; is a Flatten missing?" if len(shape) > 2 else ""
        raise ValueError(
            "a loss over classes needs scores of shape (N, K), "
            f"got {shape}{fix}"
        )
    if shape[1] < 2:
        raise ValueError(
            "a loss over classes needs two scores a sample or more, got the "
            f"shape {shape}: use BinaryCrossEntropy with one score, or give "
            "two, as Dense(2)"
        )
    expect_samples(shape)


def expect_samples(shape: tuple[int, ...]) -> None:
    """Refuses an empty batch.

    >>> expect_samples((0, 3))
    Traceback (most recent call last):
        ...
    ValueError: a mean needs one sample or more, got a batch of shape (0, 3)
    """
    if 0 in shape:
        raise ValueError(
            f"a mean needs one sample or more, got a batch of shape {shape}"
        )


def _integers(labels: Array, expected: str) -> Array:
    """Labels that are a vector of integers; of others it says what to do."""
    if labels.ndim != 1:
        if labels.ndim == 2 and labels.shape[1] == 1:
            expected = f"({len(labels)},): write np.ravel(labels)"
        raise ValueError(
            f"labels have shape {labels.shape}, expected {expected}"
        )
    if labels.dtype.kind in "iu":
        return labels
    if labels.dtype.kind == "b" or _is_whole(labels):
        raise ValueError(
            f"labels must be integers, got {labels.dtype}: "
            "write labels.astype(int)"
        )
    if labels.dtype.kind == "f":
        raise ValueError(
            "labels must be integers, the classes from 0, got fractions or "
            "NaN: for numbers use MeanSquaredError"
        )
    raise ValueError(
        f"labels must be integers, got {labels.dtype}: number what they say by "
        "names, labels = np.unique(labels, return_inverse=True)"
    )


def _is_whole(labels: Array) -> bool:
    """Whether floats are whole numbers."""
    return labels.dtype.kind == "f" and bool((labels % 1 == 0).all())


def _expect_in_range(labels: Array, classes: int) -> None:
    """Refuses classes that are not 0 to K − 1, naming the first."""
    wrong = (labels < 0) | (labels >= classes)
    if not wrong.any():
        return
    n = int(wrong.argmax())
    from_one = int(labels.min()) >= 1 and int(labels.max()) == classes
    raise ValueError(
        f"label {int(labels[n])} of sample {n} is out of range: {classes} "
        f"classes are 0 to {classes - 1}"
        + ("; classes count from 0: write labels - 1" if from_one else "")
    )


def _distributions(t: Array) -> Array:
    """t itself, if every row could be a distribution over the classes."""
    right = (abs(t.sum(axis=1) - 1) < 1e-2) & (t >= 0).all(axis=1)
    if not right.all():
        n = int((~right).argmax())
        raise ValueError(
            f"the labels of sample {n} go from {float(t[n].min()):g} to "
            f"{float(t[n].max()):g} with sum {float(t[n].sum()):g}; a row of "
            "labels must be one-hot, or shares of the classes with sum 1"
        )
    return t


def number_targets(
    targets: Array, shape: tuple[int, ...], *, shares: bool = False
) -> Array:
    """Targets of a loss on numbers, if they fit an output of a shape.

    >>> number_targets([1, 0], (2,))
    array([1., 0.])
    >>> number_targets([1, 2], (2,), shares=True)
    Traceback (most recent call last):
        ...
    ValueError: targets must lie in [0, 1], got 1 to 2
    """
    expect_samples(shape)
    t = as_float(targets, "targets")
    if t.shape != shape:
        column = ": write targets[:, None]" if (*t.shape, 1) == shape else ""
        raise ValueError(
            f"targets have shape {t.shape}, expected {shape}, "
            f"the output's{column}"
        )
    if not array_module(t).isfinite(t).all():
        raise ValueError("targets must be finite numbers, but hold NaN or ±∞")
    if shares and ((t < 0) | (t > 1)).any():
        raise ValueError(
            f"targets must lie in [0, 1], got {float(t.min()):g} to "
            f"{float(t.max()):g}"
        )
    return t


# -- weights of a mean ---------------------------------------------------------


def class_weighting(class_weights: Array, classes: int) -> Array:
    """Class weights as (K,) floats, one a class and none negative.

    >>> class_weighting([1, 2], 2)
    array([1., 2.])
    """
    w = as_float(class_weights, "class_weights")
    if w.shape != (classes,) or not ((w >= 0) & (w < math.inf)).all():
        raise ValueError(
            f"class_weights must be {classes} finite numbers, one a class and "
            f"none negative, got {class_weights!r}"
        )
    return w


def sample_weighting(output: Array, sample_weights: Array | None) -> Array:
    """Sample weights as (N,) of the output's dtype, all 1 unless given.

    >>> sample_weighting(np.zeros((2, 3)), None)
    array([1., 1.])
    """
    xp, count = array_module(output), output.shape[:1]
    if sample_weights is None:
        return xp.ones(count, output.dtype)
    w: Array = as_float(sample_weights, "sample_weights")
    same_shape("the loss", "sample_weights", w, count)
    wrong = ~((w >= 0) & (w < math.inf))
    if wrong.any():
        n = int(wrong.argmax())
        raise ValueError(
            "sample_weights must be finite and not negative, got "
            f"{float(w[n]):g} for sample {n}"
        )
    return xp.asarray(w, output.dtype)


def total_weight(weights: Array) -> float:
    """Σ wₙ, by which a weighted mean divides.

    >>> total_weight(np.array([1.0, 0.5]))
    1.5
    """
    total = float(weights.sum())
    if total == 0:
        raise ValueError(
            f"none of the {len(weights)} samples of this batch counts: their "
            "weights are 0, or they are ignored, and a mean over nothing does "
            "not exist"
        )
    return total
