"""What many modules refuse, in the same words, and the one place where a batch is cut.

A refusal is one sentence: what was wrong, where, what was expected, what to do.
"""

import inspect
import math
from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from .backend import Array, array_module, to_numpy

FLOATS = (np.dtype("float32"), np.dtype("float64"))
GLIMPSED_WHOLE = 8192  # numbers: copied in a microsecond


class ShapeError(ValueError):
    """A shape that does not fit; the message names the layer, both shapes and a likely fix.

    It is found when a model is built, or at its door when it is given data.

    >>> import course_nn as nn
    >>> nn.Dense(10).build((1, 28, 28), rng=np.random.default_rng(0))
    Traceback (most recent call last):
        ...
    course_nn.ShapeError: Dense(units=10) expects an input of shape (D,), but gets (1, 28, 28): \
put a Flatten() before it
    """

    __module__ = "course_nn"  # where people find it, and where a traceback says it is


# -- kinds -----------------------------------------------------------------------------------------


def as_float(x: Any, name: str = "x") -> Array:
    """x as an array of float32 or float64: lists, whole numbers and booleans become float64.

    Parameters
    ----------
    x : an array or nested lists of numbers; a float array comes back as it is.
    name : of the argument, for the message.

    Raises
    ------
    TypeError : for anything else: float16, complex numbers, text, objects, ragged lists.

    Examples
    --------
    >>> as_float([[1, 2]])
    array([[1., 2.]])
    >>> as_float(np.array(["a"]))
    Traceback (most recent call last):
        ...
    TypeError: x must hold numbers of float32 or float64, got <U1: convert it first
    """
    if type(x) is np.ndarray and x.dtype in FLOATS:
        return x
    if np.ma.is_masked(x):
        raise TypeError(f"{name} is masked, and a mask would be lost: fill it, x.filled(0)")
    try:
        found = array_module(x).asarray(x)
    except (TypeError, ValueError, RuntimeError):  # ragged; a tensor that will not be an array
        found = np.array(None)
    if found.dtype.kind in "biu":
        return found.astype(np.float64)
    if found.dtype.newbyteorder("=") in FLOATS:
        return found.astype(found.dtype.newbyteorder("="), copy=False)
    hint = "use x.astype(np.float32)" if found.dtype.kind == "f" else "convert it first"
    got = found.dtype if found.dtype.kind != "O" else _other(x)
    raise TypeError(f"{name} must hold numbers of float32 or float64, got {got}: {hint}")


def _other(x: Any) -> str:
    """What holds no numbers, as text."""
    if x is None:
        return "None"
    return "an array of objects" if isinstance(x, np.ndarray) else f"a {type(x).__name__} of others"


def floats(**arrays: Any) -> tuple[Array, ...]:
    """Several arguments by name through `as_float`, in the widest dtype among them.

    A bias b may be None, and stays it.

    >>> x, b = floats(x=[1, 2], b=None)
    >>> x, b
    (array([1., 2.]), None)
    """
    found: list[Any]
    found = [a if a is None and n == "b" else as_float(a, n) for n, a in arrays.items()]
    if len({a.dtype for a in found if a is not None}) > 1:
        found = [a if a is None else a.astype(np.float64, copy=False) for a in found]
    return tuple(found)


def float_type(dtype: Any) -> np.dtype:
    """The dtype, if parameters can have it; raises TypeError for all but float32 and float64.

    >>> float_type("float32")
    dtype('float32')
    """
    try:
        found = None if dtype is None else np.dtype(dtype)  # NumPy takes None for float64
    except TypeError:
        found = None
    if found is None or found not in FLOATS:  # None == np.dtype(float)
        got = dtype if found is None else found
        raise TypeError(f"dtype must be np.float32 or np.float64, got {got}")
    return found


def same_shape(where: str, name: str, got: Array, shape: tuple[int, ...]) -> None:
    """Raises ValueError unless an array has the shape: NumPy would stretch or cut another.

    >>> same_shape("relu_backward", "dy", np.ones(3), (2, 3))
    Traceback (most recent call last):
        ...
    ValueError: relu_backward: dy has shape (3,), expected (2, 3)
    """
    if got.shape != shape:
        raise ValueError(f"{where}: {name} has shape {got.shape}, expected {tuple(shape)}")


def sample_shape(input_shape: Any) -> tuple[int, ...]:
    """The shape as a tuple, if a sample can have it; raises ShapeError if not.

    >>> sample_shape([1, 28, 28])
    (1, 28, 28)
    """
    try:
        shape = tuple(map(index, input_shape))
    except TypeError:
        shape = ()
    if not shape or min(shape) < 1:
        raise ShapeError(
            "input_shape must be the shape of one sample, whole numbers of at least 1 such as "
            f"(784,) or (1, 28, 28), got {input_shape!r}"
        )
    return shape


def channels_last(shape: tuple[int, ...]) -> bool:
    """Whether a sample's shape is an image's with its channels last, more likely than not.

    >>> channels_last((32, 32, 3)), channels_last((3, 32, 32))
    (True, False)
    """
    return len(shape) == 3 and shape[0] == shape[1] > 4 and shape[2] in (1, 3, 4)


def upstream(where: str, dy: Any, shape: tuple[int, ...]) -> Array:
    """dy = ∂L/∂y as a float array of y's shape, else the sentence that says so.

    >>> upstream("relu_backward", [1, 2], (2,))
    array([1., 2.])
    """
    dy = as_float(dy, f"{where}: dy")
    same_shape(where, "dy, which is ∂L/∂y,", dy, shape)
    return dy


def whole(what: str, value: Any, least: int | None = None) -> int:
    """The value as an int, if it is a whole number, and at least `least`.

    >>> whole("units", 2.5)
    Traceback (most recent call last):
        ...
    TypeError: units must be a whole number, got 2.5
    """
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{what} must be a whole number, got {value!r}")
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{what} must be a whole number, got {value!r}") from None
    if least is not None and number < least:
        raise ValueError(f"{what} must be at least {least}, got {number}")
    return number


def number(
    what: str, value: Any, low: float, high: float = np.inf, *, open_end: bool = False
) -> float:
    """The value as a float, if it is a number from low to high (below high with `open_end`).

    >>> number("rate", 1.0, 0, 1, open_end=True)
    Traceback (most recent call last):
        ...
    ValueError: rate must be in [0, 1), got 1.0
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.floating | np.integer):
        raise TypeError(f"{what} must be a number, got {value!r}")
    fits = low <= value < high if open_end else low <= value <= high
    if not fits:
        if low == 0 and high == np.inf:
            wanted = "be a number" if math.isnan(value) else "not be negative"
            raise ValueError(f"{what} must {wanted}, got {value}")
        raise ValueError(f"{what} must be in [{low}, {high}{')' if open_end else ']'}, got {value}")
    return float(value)


def flag(what: str, value: Any) -> bool:
    """The value as a bool, if it is one.

    >>> flag("bias", "no")
    Traceback (most recent call last):
        ...
    TypeError: bias must be True or False, got 'no'
    """
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{what} must be True or False, got {value!r}")
    return bool(value)


def takes(what: str, function: Any, call: str, *args: Any, **options: Any) -> None:
    """Raises TypeError for a function of one's own that cannot be called as it will be.

    >>> takes("augment", lambda x: x, "augment(x, rng=rng)", 1, rng=2)
    Traceback (most recent call last):
        ...
    TypeError: augment must be a function that is called as augment(x, rng=rng), got one of (x)
    """
    if not callable(function):
        raise TypeError(f"{what} must be a function, called as {call}, got {function!r}")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # one that does not say
        return
    try:
        signature.bind(*args, **options)
    except TypeError:
        raise TypeError(
            f"{what} must be a function that is called as {call}, got one of {signature}"
        ) from None


def generator(rng: Any) -> np.random.Generator:
    """rng, if it is a generator of NumPy's.

    >>> generator(0)
    Traceback (most recent call last):
        ...
    TypeError: rng must be a generator such as np.random.default_rng(0), got 0; \
np.random.seed has no effect here
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng must be a generator such as np.random.default_rng(0), got {rng!r}; "
            "np.random.seed has no effect here"
        )
    return rng


def finite(x: Array) -> bool:
    """Whether all numbers are finite: NaN and ±∞ survive into the minimum or the maximum.

    >>> finite(np.array([1.0, np.nan])), finite(np.ones(0))
    (False, True)
    """
    return not x.size or (math.isfinite(x.min()) and math.isfinite(x.max()))


def first_not_finite(x: Array) -> int:
    """The first sample that holds NaN or ±∞.

    >>> first_not_finite(np.array([[1.0], [np.inf]]))
    1
    """
    return int((~np.isfinite(to_numpy(x))).reshape(len(x), -1).any(axis=1).argmax())


# -- what a cache keeps ----------------------------------------------------------------------------


def glimpse(*arrays: Array) -> tuple[bytes, ...]:
    """What a change in place is seen by later: a small array whole, of a large one sixty numbers.

    They cost a microsecond, where a copy would cost memory. Nothing is read back from a GPU.

    >>> x = np.zeros(1000)
    >>> before = glimpse(x)
    >>> x -= 5
    >>> glimpse(x) == before
    False
    """
    return tuple([_seen(a) if type(a) is np.ndarray else b"" for a in arrays])


def _seen(a: np.ndarray) -> bytes:
    """The bytes of an array that are kept."""
    if a.size <= GLIMPSED_WHOLE:
        return a.tobytes("A")
    return a.flat[:: a.size // 61 | 1].tobytes()


def check_unchanged(where: str, seen: tuple[bytes, ...], **arrays: Array) -> None:
    """Raises ValueError if an array is not as `glimpse` saw it.

    >>> x = np.zeros(3)
    >>> seen = glimpse(x)
    >>> x += 1
    >>> check_unchanged("relu_backward", seen, x=x)
    Traceback (most recent call last):
        ...
    ValueError: relu_backward: x was changed in place after the forward pass, which needs it as it \
was: write x = x - 5 in place of x -= 5
    """
    now_seen = glimpse(*arrays.values())
    if now_seen == seen:
        return
    for name, before, now in zip(arrays, seen, now_seen, strict=True):
        if before != now:
            raise ValueError(
                f"{where}: {name} was changed in place after the forward pass, which needs it as "
                f"it was: write {name} = {name} - 5 in place of {name} -= 5"
            )


# -- cutting a batch -------------------------------------------------------------------------------


def cut(count: int, size: int) -> list[slice]:
    """`count` rows in slices of `size`; the last may be smaller.

    >>> cut(10, 4)
    [slice(0, 4, None), slice(4, 8, None), slice(8, 10, None)]
    """
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def even_size(count: int, limit: int, threads: int, multiple: int) -> int:
    """The size of slices that gives every thread as many as the others.

    It is at most about `limit`, and a multiple of `multiple`.

    >>> even_size(256, limit=112, threads=2, multiple=16)
    64
    """
    parts = math.ceil(math.ceil(count / limit) / threads) * threads
    return math.ceil(count / parts / multiple) * multiple


def joined(parts: Sequence[Array]) -> Array:
    """Slices of a batch in one piece; one alone is not copied.

    >>> joined([np.zeros((1, 2)), np.ones((2, 2))]).shape
    (3, 2)
    """
    return parts[0] if len(parts) == 1 else array_module(*parts).concatenate(parts)
