"""From a data set to what a training step takes: batches, standardised pixels, framed images.

Every draw comes from a generator the caller hands in, so that a run can be repeated. Statistics
come from the training set alone and are applied to both sets: the test set stays unseen.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator

import numpy as np

from ..backend import Array, array_module


def batches(
    x: Array,
    labels: Array,
    batch_size: int,
    *,
    rng: np.random.Generator | None = None,
    drop_last: bool = False,
) -> Iterator[tuple[Array, Array]]:
    """Walk once through the samples, B at a time: batch k holds rows order[kB : (k+1)B].

    With `rng` the order is a random permutation and the batches are copies; without, it is
    0 … N-1 and the batches are views of `x` and `labels`. Wrong arguments are reported at the
    call, before the first batch is asked for.

    Parameters
    ----------
    x : array (N, ...)
        The samples; dtype kept.
    labels : array (N,) or (N, K)
        What belongs to them: classes or one-hot rows; dtype kept.
    batch_size : int
        B, from 1 to N.
    rng : numpy.random.Generator, optional
        Draws the order.
    drop_last : bool
        Leave out a last batch of fewer than B samples.

    Returns
    -------
    iterator of (array (B, ...), array (B,) or (B, K))

    Raises
    ------
    ValueError
        `x` is empty, `x` and `labels` differ in length, or B is not in 1 … N.
    TypeError
        `batch_size` is not an integer or `rng` not a generator.

    References
    ----------
    L. Bottou, F. Curtis and J. Nocedal, "Optimization methods for large-scale machine learning",
    SIAM Review 60 (2018), section 3: why small random batches.

    Examples
    --------
    >>> import numpy as np
    >>> x, labels = np.arange(10).reshape(5, 2), np.arange(5)
    >>> [list(yb) for xb, yb in batches(x, labels, 2)]
    [[np.int64(0), np.int64(1)], [np.int64(2), np.int64(3)], [np.int64(4)]]
    >>> sum(len(yb) for xb, yb in batches(x, labels, 2, rng=np.random.default_rng(0)))
    5
    """
    count = _same_length(x, labels)
    size = _batch_size(batch_size, count)
    if rng is not None:
        _check_rng(rng)
    return _walk(x, labels, size, rng, count - count % size if drop_last else count)


def _walk(
    x: Array, labels: Array, size: int, rng: np.random.Generator | None, end: int
) -> Iterator[tuple[Array, Array]]:
    if rng is None:
        for start in range(0, end, size):
            part = slice(start, min(start + size, end))
            yield x[part], labels[part]
        return
    order = rng.permutation(len(x))
    for start in range(0, end, size):
        rows = order[start : min(start + size, end)]
        yield _take(x, rows), _take(labels, rows)


def _take(x: Array, rows: Array) -> Array:
    """The rows of an array wherever it lies: labels may stay on the CPU, images on the GPU."""
    return x[array_module(x).asarray(rows)]


def split(
    x: Array, labels: Array, fraction: float, *, rng: np.random.Generator
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Set aside round(fraction · N) samples, drawn at random, for validation.

    Parameters
    ----------
    x : array (N, ...)
        The samples; dtype kept.
    labels : array (N,) or (N, K)
        What belongs to them.
    fraction : float
        The share of the validation set, above 0 and below 1.
    rng : numpy.random.Generator
        Draws who goes where.

    Returns
    -------
    (x_train, labels_train), (x_validation, labels_validation)
        Copies; `model.fit(x_train, labels_train, validation=(x_validation, labels_validation))`.

    Raises
    ------
    ValueError
        Lengths differ, `x` is empty, or one of the two parts would be.
    TypeError
        `rng` is not a generator.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(10.0)[:, None]
    >>> train, validation = split(x, np.arange(10), 0.2, rng=np.random.default_rng(0))
    >>> train[0].shape, validation[0].shape
    ((8, 1), (2, 1))
    """
    count = _same_length(x, labels)
    _check_rng(rng)
    held = round(fraction * count) if 0 < fraction < 1 else 0
    if not 0 < held < count:
        raise ValueError(
            f"a fraction of {fraction} of {count} samples leaves the training or the validation "
            "set empty: give a fraction between 0 and 1 that puts a sample in each."
        )
    chosen, rest = np.split(rng.permutation(count), [held])
    return (_take(x, rest), _take(labels, rest)), (_take(x, chosen), _take(labels, chosen))


class Standardize:
    """Zero mean and unit spread per channel: y = (x - μ) / σ, μ and σ from the training set.

    σ is the square root of the mean squared deviation; a channel that never varies keeps σ = 1,
    so that it becomes 0 and not NaN.

    Parameters
    ----------
    x : float array (N, C, H, W) or (N, D)
        The training set. μ and σ are taken over all axes but the second: one number per channel,
        or per feature.

    Attributes
    ----------
    mean, std : array (1, C, 1, 1) or (1, D), dtype of `x`

    Raises
    ------
    TypeError
        `x` is not floating point.
    ValueError
        `x` is empty, has fewer than two axes, or its mean is not finite.

    References
    ----------
    Y. LeCun, L. Bottou, G. Orr and K.-R. Müller, "Efficient BackProp" (1998), section 4.3.

    Examples
    --------
    >>> import numpy as np
    >>> standardize = Standardize(np.array([[1.0, 10.0], [3.0, 10.0]]))
    >>> standardize(np.array([[5.0, 10.0]]))
    array([[3., 0.]])
    """

    def __init__(self, x: Array) -> None:
        _check_float(x)
        if x.ndim < 2 or x.size == 0:
            raise ValueError(
                f"the training set has shape {x.shape}: expected (N, C, H, W) or (N, D) with at "
                "least one sample."
            )
        mean, std = _mean_and_std(x)
        if not bool(np.isfinite(mean).all()):
            raise ValueError("the training set holds NaN or infinity: remove those samples first.")
        self.mean = mean.astype(x.dtype)
        self.std = std.astype(x.dtype)

    def __call__(self, x: Array) -> Array:
        """y = (x - μ) / σ for any set of samples of the training set's shape; dtype kept."""
        _check_float(x)
        if x.ndim != self.mean.ndim or x.shape[1] != self.mean.shape[1]:
            raise ValueError(
                f"x has shape {x.shape}, but the training set had {self.mean.ndim} axes and "
                f"{self.mean.shape[1]} channels: give samples of the same kind."
            )
        y = x - self.mean.astype(x.dtype)
        y /= self.std.astype(x.dtype)
        return y


def normalize(x_train: Array, *others: Array) -> tuple[Array, ...]:
    """y = (x - μ) / σ for the training set and every other, all with the training set's μ and σ.

    Parameters
    ----------
    x_train : float array (N, C, H, W) or (N, D)
        Gives μ and σ, per channel or feature: see `Standardize`.
    *others : float arrays of the same kind
        Validation and test sets.

    Returns
    -------
    tuple of arrays, one for each argument, dtypes kept

    Raises
    ------
    TypeError, ValueError
        As `Standardize`.

    Examples
    --------
    >>> import numpy as np
    >>> x_train, x_test = normalize(np.array([[1.0], [3.0]]), np.array([[2.0]]))
    >>> x_train.ravel(), x_test.ravel()
    (array([-1.,  1.]), array([0.]))
    """
    standardize = Standardize(x_train)
    return tuple(standardize(x) for x in (x_train, *others))


def pad(images: Array, margin: int | tuple[int, int], *, value: float = 0.0) -> Array:
    """Frame every image: (N, C, H, W) to (N, C, H + 2a, W + 2b), so that 28 becomes 32 by a = 2.

    Parameters
    ----------
    images : array (..., H, W)
        dtype kept.
    margin : int or (int, int)
        a and b, in pixels: rows above and below, columns left and right.
    value : float
        What the frame is filled with.

    Returns
    -------
    array (..., H + 2a, W + 2b)

    Raises
    ------
    ValueError
        Fewer than two axes, or a negative margin.

    References
    ----------
    LeCun et al. (1998), section II.B: LeNet-5 reads 32x32, so that strokes' ends can lie in the
    centre of its receptive fields.

    Examples
    --------
    >>> import numpy as np
    >>> pad(np.ones((1, 1, 28, 28)), 2).shape
    (1, 1, 32, 32)
    """
    rows, columns = (margin, margin) if isinstance(margin, int) else margin
    if images.ndim < 2 or rows < 0 or columns < 0:
        raise ValueError(
            f"cannot frame an array of shape {images.shape} by {margin}: expected images "
            "(N, C, H, W) and a margin of 0 or more."
        )
    frame = [(0, 0)] * (images.ndim - 2) + [(rows, rows), (columns, columns)]
    return array_module(images).pad(images, frame, constant_values=value)


def _mean_and_std(x: Array, step: int = 1024) -> tuple[Array, Array]:
    """Mean, then root mean squared deviation, in float64, a block of samples at a time."""
    axes = (0, *range(2, x.ndim))
    low, high = x.min(axis=axes, keepdims=True), x.max(axis=axes, keepdims=True)
    mean = x.mean(axis=axes, dtype=np.float64, keepdims=True)
    squares = sum(
        ((x[i : i + step] - mean) ** 2).sum(axis=axes, keepdims=True)
        for i in range(0, len(x), step)
    )
    std = (squares * (mean.size / x.size)) ** 0.5
    # Rounding gives a constant channel some spread, so ask the values themselves.
    return mean, array_module(x).where(low < high, std, 1.0)


def _same_length(x: Array, labels: Array) -> int:
    if len(x) != len(labels):
        raise ValueError(
            f"x has {len(x)} samples but labels has {len(labels)}: one label per sample is needed."
        )
    if len(x) == 0:
        raise ValueError("the data set is empty: x has 0 samples, expected at least one.")
    return len(x)


def _batch_size(batch_size: int, count: int) -> int:
    try:
        size = operator.index(batch_size)
    except TypeError as error:
        raise TypeError(f"batch_size is {batch_size!r}: expected an integer.") from error
    if not 1 <= size <= count:
        raise ValueError(
            f"batch_size is {size}, but the data set has {count} samples: give 1 to {count}."
        )
    return size


def _check_rng(rng: np.random.Generator) -> None:
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng is {rng!r}: expected a generator such as numpy.random.default_rng(0)."
        )


def _check_float(x: Array) -> None:
    if not np.issubdtype(x.dtype, np.floating):
        raise TypeError(
            f"x has dtype {x.dtype}: expected floating point; convert it first, for instance by "
            "x.astype('float32') / 255."
        )
