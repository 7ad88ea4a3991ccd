"""From a data set to what a training step takes: batches, standardised pixels, framed images.

Every draw comes from a generator the caller hands in, so that a run can be repeated:
`np.random.seed` has no effect here. Statistics come from the training set alone and are applied to
both sets: the test set stays unseen. Tables and lists are welcome, and become arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..backend import Array, array_module
from ..checks import as_float, cut, generator, number, whole
from ..words import answers
from .arrays import as_array, doubt_channels_last


@answers
def batches(
    x: Any,
    labels: Any,
    batch_size: int = 32,
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
    x : array (N, ...), or a table
        The samples; dtype kept.
    labels : array (N,) or (N, K), or a table
        What belongs to them: classes or one-hot rows; dtype kept.
    batch_size : int
        B, at least 1; one above N gives all samples at once.
    rng : numpy.random.Generator, optional
        Draws the order. (`np.random.seed` has no effect; `rng=np.random.default_rng(0)` repeats.)
    drop_last : bool
        Leave out a last batch of fewer than B samples.

    Returns
    -------
    iterator of (array (B, ...), array (B,) or (B, K))

    Raises
    ------
    ValueError
        `x` is empty, `x` and `labels` differ in length, B is below 1, or `drop_last` leaves no
        batch.
    TypeError
        `batch_size` is not an integer, `rng` not a generator, or `x` holds no samples.

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
    x, labels = _pair(x, labels)
    size = whole("batch_size", batch_size, least=1)
    if drop_last and size > len(x):
        raise ValueError(
            f"drop_last leaves no batch: batch_size is {size}, and there are {len(x)} samples; "
            "give a smaller batch_size"
        )
    rng = None if rng is None else generator(rng)
    return _walk(x, labels, size, rng, len(x) - len(x) % size if drop_last else len(x))


def _walk(
    x: Array, labels: Array, size: int, rng: np.random.Generator | None, end: int
) -> Iterator[tuple[Array, Array]]:
    order = None if rng is None else rng.permutation(len(x))
    for part in cut(end, size):
        if order is None:
            yield x[part], labels[part]
        else:
            yield _take(x, order[part]), _take(labels, order[part])


def _take(x: Array, rows: Array) -> Array:
    """The rows of an array wherever it lies: labels may stay on the CPU, images on the GPU."""
    return x[array_module(x).asarray(rows)]


@answers
def split(
    x: Any, labels: Any, fraction: float, *, rng: np.random.Generator
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Set aside round(fraction · N) samples, drawn at random, for validation.

    Parameters
    ----------
    x : array (N, ...), or a table
        The samples; dtype kept.
    labels : array (N,) or (N, K), or a table
        What belongs to them, row by row (a table's index is not looked at).
    fraction : float
        The share of the validation set, above 0 and below 1.
    rng : numpy.random.Generator
        Draws who goes where. (`np.random.seed` has no effect here.)

    Returns
    -------
    (x_train, labels_train), (x_validation, labels_validation)
        Copies; `model.fit(x_train, labels_train, validation=(x_validation, labels_validation))`.

    Raises
    ------
    ValueError
        Lengths differ, `x` is empty, or one of the two parts would be.
    TypeError
        `rng` is not a generator, `fraction` no number, or `x` holds no samples.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(10.0)[:, None]
    >>> train, validation = split(x, np.arange(10), 0.2, rng=np.random.default_rng(0))
    >>> train[0].shape, validation[0].shape
    ((8, 1), (2, 1))
    """
    x, labels = _pair(x, labels)
    rng, fraction, count = generator(rng), number("fraction", fraction, -np.inf), len(x)
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
    x : array (N, C, H, W) or (N, D), or a table
        The training set; whole numbers become float64. μ and σ are taken over all axes but the
        second: one number per channel, or per feature.

    Attributes
    ----------
    mean, std : array (1, C, 1, 1) or (1, D), dtype of `x`

    Raises
    ------
    TypeError
        `x` holds something else than numbers.
    ValueError
        `x` is empty, is neither (N, C, H, W) nor (N, D), or its mean is not finite.

    Warns
    -----
    UserWarning
        Where the channels of the images seem to come last.

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

    def __init__(self, x: Any) -> None:
        x = as_float(as_array(x, "x"))
        if x.ndim not in (2, 4) or x.size == 0:
            fix = "; images without channels are x[:, None]" if x.ndim == 3 else ""
            raise ValueError(
                f"the training set has shape {x.shape}: expected (N, C, H, W) or (N, D) with at "
                f"least one sample{fix}."
            )
        doubt_channels_last(x, "x")
        mean, std = _mean_and_std(x)
        if not bool(np.isfinite(mean).all()):
            raise ValueError("the training set holds NaN or infinity: remove those samples first.")
        self.mean = mean.astype(x.dtype)
        self.std = std.astype(x.dtype)

    def __call__(self, x: Any) -> Array:
        """y = (x - μ) / σ for any set of samples of the training set's shape; float dtypes kept."""
        x = as_float(as_array(x, "x"))
        if x.ndim != self.mean.ndim or x.shape[1] != self.mean.shape[1]:
            raise ValueError(
                f"x has shape {x.shape}, but the training set had {self.mean.ndim} axes and "
                f"{self.mean.shape[1]} channels: give samples of the same kind."
            )
        y = x - self.mean.astype(x.dtype)
        y /= self.std.astype(x.dtype)
        return y


def normalize(x_train: Any, *others: Any) -> tuple[Array, ...]:
    """y = (x - μ) / σ for the training set and every other, all with the training set's μ and σ.

    Parameters
    ----------
    x_train : array (N, C, H, W) or (N, D), or a table
        Gives μ and σ, per channel or feature: see `Standardize`.
    *others : of the same kind
        Validation and test sets.

    Returns
    -------
    tuple of arrays, one for each argument, float dtypes kept

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
    images = as_array(images, "images")
    rows, columns = (margin, margin) if isinstance(margin, int) else margin
    if images.ndim < 2 or rows < 0 or columns < 0:
        raise ValueError(
            f"cannot frame an array of shape {images.shape} by {margin}: expected images "
            "(N, C, H, W) and a margin of 0 or more."
        )
    doubt_channels_last(images, "images")
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


def _pair(x: Any, labels: Any) -> tuple[Array, Array]:
    """Samples and labels as arrays, one label a sample."""
    x, labels = as_array(x, "x"), as_array(labels, "labels")
    if len(x) != len(labels):
        raise ValueError(
            f"x has {len(x)} samples but labels has {len(labels)}: one label per sample is needed."
        )
    if len(x) == 0:
        raise ValueError("the data set is empty: x has 0 samples, expected at least one.")
    return x, labels
