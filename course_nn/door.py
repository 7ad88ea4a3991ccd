"""The door: data as people have them become what a model takes, or are refused in one sentence.

Shapes are looked at here, and kinds; what a label may be is the loss's business.
"""

import warnings
from types import ModuleType
from typing import Any

import numpy as np

from .backend import Array, to_numpy
from .checks import ShapeError, channels_last, finite, first_not_finite

Shape = tuple[int, ...]
TO_NUMBERS = {
    "x": "give each word a number, or a column of its own",
    "labels": "number the classes: names, labels = np.unique(labels, return_inverse=True)",
}


def doubt_channels_last(shape: Shape) -> None:
    """Warns of a shape that is an image with its channels last, more likely than not."""
    if channels_last(shape):
        right = (shape[2], *shape[:2])
        warnings.warn(
            f"input_shape {shape} is an image of {shape[0]} channels, {shape[1]} pixels high and "
            f"{shape[2]} wide; if its channels come last, build for {right} and give "
            "x.transpose(0, 3, 1, 2)",
            stacklevel=4,
        )


def numbers(x: Any, name: str, xp: ModuleType = np) -> Array:
    """x as an array of real numbers: lists and tables are welcome, what holds others is not.

    Parameters
    ----------
    x : whatever NumPy makes an array of.
    name : "x" or "labels", for the message.
    xp : the array library that it is to come from.

    Raises
    ------
    ValueError : for text, complex numbers, dates, objects, ragged lists, masked arrays.

    Examples
    --------
    >>> numbers([[1, 2], [3]], "x")
    Traceback (most recent call last):
        ...
    ValueError: x must hold real numbers, got a ragged list: make its rows of one length
    """
    if np.ma.is_masked(x):
        raise ValueError(f"{name} is masked, and a mask would be lost: fill it, {name}.filled(0)")
    try:
        found = xp.asarray(x)
    except ValueError:
        found = None
    except RuntimeError as error:  # a tensor of PyTorch's that records its history
        raise ValueError(f"{name} cannot become an array: {error}") from None
    if found is not None and found.dtype.kind in "biuf":
        return found
    raise ValueError(f"{name} must hold real numbers, got {_what(x, found, name)}")


def _what(x: Any, found: Any, name: str) -> str:
    """What came in place of numbers, and what to do about it."""
    if found is None:
        return "a ragged list: make its rows of one length"
    if found.dtype.kind in "US":
        return f"text ({found.dtype}): {TO_NUMBERS.get(name, 'convert it first')}"
    if found.dtype.kind != "O":
        return f"{found.dtype}: convert it first"
    if not found.ndim:
        toarray = f": use {name}.toarray()" if hasattr(x, "toarray") else ": give it an array"
        return f"a {type(x).__name__}{toarray}"
    if any(isinstance(one, str) for one in found.ravel()):
        return f"text among objects: {TO_NUMBERS.get(name, 'convert it first')}"
    return f"objects: convert them, {name}.astype(float)"


def admit(x: Any, input_shape: Shape, dtype: np.dtype, xp: ModuleType) -> Array:
    """The model's door: x in the parameters' dtype and library, if its shape fits.

    Parameters
    ----------
    x : (N, *input_shape), numbers of any dtype.
    input_shape, dtype, xp : the model's.

    Returns
    -------
    x : (N, *input_shape), converted once, here; the same array if there is nothing to convert.

    Raises
    ------
    ShapeError : if the samples have another shape, with the likely fix.
    ValueError : if there is no sample, or x holds no real numbers.

    Examples
    --------
    >>> admit(np.zeros((5, 8, 8, 3)), (3, 8, 8), np.dtype("float32"), np)
    Traceback (most recent call last):
        ...
    course_nn.ShapeError: the model was built for samples of shape (3, 8, 8), \
but x is (5, 8, 8, 3), samples of (8, 8, 3): its channels stand last, use x.transpose(0, 3, 1, 2)
    """
    found = numbers(x, "x", xp)
    if found.shape[1:] != input_shape or not found.ndim:
        samples = f", samples of {found.shape[1:]}" if found.ndim > 1 else ""
        raise ShapeError(
            f"the model was built for samples of shape {input_shape}, but x is {found.shape}"
            f"{samples}: {_fix(found.shape, input_shape)}"
        )
    if not len(found):
        raise ValueError("x holds no sample; a batch needs at least one")
    try:
        with np.errstate(over="raise"):
            return xp.asarray(found, dtype=dtype)
    except FloatingPointError:
        raise ValueError(
            f"x holds numbers beyond {dtype}, up to {float(abs(found).max()):g}: scale them down, "
            "or build the model with dtype=np.float64"
        ) from None


def _fix(got: Shape, wanted: Shape) -> str:
    """What most likely makes samples of the wanted shape; a scramble of pixels it never is."""
    if got == wanted:
        return "one sample needs a batch axis, use x[None]"
    if len(wanted) == 3 and len(got) >= 3:
        last = (*wanted[1:], wanted[0])
        if got[1:] == last:
            return "its channels stand last, use x.transpose(0, 3, 1, 2)"
        if got == last:
            return "it is one image whose channels stand last, use x.transpose(2, 0, 1)[None]"
        if wanted[0] == 1 and got[1:] == wanted[1:]:
            return "its images have no channel axis, use x[:, None]"
    if wanted[:1] == (1,) and got == wanted[1:]:
        return "it is one image without batch and channel axes, use x[None, None]"
    if len(wanted) == 1 and np.prod(got[1:]) == wanted[0]:
        return "its samples are not flat, use x.reshape(len(x), -1)"
    if len(got) == 2 and got[1] == np.prod(wanted):
        shape = ", ".join(map(str, wanted))
        return f"its images are flat, use x.reshape(-1, {shape}) if their order is (C, H, W)"
    return "give it samples of that shape, or build the model for these"


def admit_labels(labels: Any, count: int, xp: ModuleType) -> Array:
    """Labels in the model's library, one for each of `count` samples; booleans become 0 and 1.

    Raises ValueError for what is no number, or not finite, or for another count.

    >>> admit_labels([False, True], 2, np)
    array([0, 1])
    """
    found = numbers(labels, "labels", xp)
    given = len(found) if found.ndim else 0
    if given != count:
        raise ValueError(f"{count} samples, but {given} labels; each sample needs one")
    if found.dtype.kind == "b":
        found = found.astype(np.int64)
    if found.dtype.kind == "f" and not finite(found):
        raise ValueError(f"the label of sample {first_not_finite(found)} is NaN or ±∞")
    return found


def admit_pair(
    x: Any, labels: Any, input_shape: Shape, dtype: np.dtype, xp: ModuleType
) -> tuple[Array, Array]:
    """Data and labels: converted once, refused where they cannot be used.

    Parameters
    ----------
    x, input_shape, dtype, xp : see `admit`.
    labels : (N,) or (N, …).

    Raises
    ------
    ShapeError, ValueError : see `admit` and `admit_labels`; and for NaN or ±∞ in x.

    Examples
    --------
    >>> admit_pair(np.zeros((2, 3)), [0, 1, 1], (3,), np.dtype("float32"), np)
    Traceback (most recent call last):
        ...
    ValueError: 2 samples, but 3 labels; each sample needs one
    """
    x = admit(x, input_shape, dtype, xp)
    labels = admit_labels(labels, len(x), xp)
    if not finite(x):
        n = first_not_finite(x)
        raise ValueError(f"sample {n} of x holds NaN or ±∞; clean the data before training")
    return x, labels


def admit_weights(weights: Any, count: int, dtype: np.dtype, xp: ModuleType) -> Array | None:
    """How much each of `count` samples counts: numbers that are not negative, and not all 0.

    >>> admit_weights([1, 3], 2, np.dtype("float32"), np)
    array([1., 3.], dtype=float32)
    """
    if weights is None:
        return None
    found = xp.asarray(numbers(weights, "sample_weights", xp), dtype=dtype)
    if found.shape != (count,):
        raise ValueError(
            f"sample_weights must be ({count},), a number for each sample, got {found.shape}"
        )
    if not (finite(found) and float(found.min()) >= 0 and float(found.max()) > 0):
        raise ValueError(
            "sample_weights must be finite numbers, not negative and not all 0, "
            f"got from {float(found.min()):g} to {float(found.max()):g}"
        )
    return found


def pixels_as_they_come(x: Array) -> str:
    """What to say of images in whole numbers up to 255; "" if x is none of those.

    >>> pixels_as_they_come(np.full((1, 1, 4, 4), 255.0))
    'x holds whole numbers up to 255, as pixels come: train on x / 255, or it may learn nothing'
    """
    some = to_numpy(x[:1000])
    if some[0].size < 16 or not (20 < some.max() <= 255 and some.min() >= 0):
        return ""
    if (some != np.floor(some)).any():
        return ""
    up_to = f"{some.max():.0f}"
    return (
        f"x holds whole numbers up to {up_to}, as pixels come: train on x / 255, "
        "or it may learn nothing"
    )


def doubt_pixels(x: Array, held: Array | None) -> None:
    """Warns of pixels up to 255, in the data or in the validation set alone."""
    doubt = pixels_as_they_come(x)
    if not doubt and held is not None and (doubt := pixels_as_they_come(held)):
        doubt = f"in the validation set: {doubt}"
    if doubt:
        warnings.warn(doubt, stacklevel=6)
