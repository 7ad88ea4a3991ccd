"""What NumPy would warn of, where the processor does not tell it: WebAssembly has no such flags.

A page's Python overflows in silence. There a function is called once more, with arrays that look at
what every operation makes of them; nothing but its warnings counts of that call.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from functools import reduce
from io import StringIO
from typing import Any

import numpy as np

from ..worker.answer import answer

# operations whose flags NumPy does not look at, or that reach infinity without one
SILENT = {"matmul", "vecdot", "matvec", "vecmat", "ldexp", "nextafter", "spacing"}
POLES = {  # operations that are infinite at a number: the place of that input, and the number
    "divide": (1, 0), "floor_divide": (1, 0), "reciprocal": (0, 0), "power": (0, 0),
    "float_power": (0, 0), "log": (0, 0), "log2": (0, 0), "log10": (0, 0), "log1p": (0, -1),
}  # fmt: skip
WORDS = {
    "divide": "divide by zero encountered in",
    "over": "overflow encountered in",
    "invalid": "invalid value encountered in",
}


def unheard(function: Callable, inputs: Iterable[Any]) -> str:
    """What NumPy would have warned of first in a call; "" where of nothing.

    Parameters
    ----------
    function, inputs : that were called; the inputs may be changed.

    >>> unheard(lambda x: 1 / (1 + np.exp(-x)), [np.array([-1e3])])
    'overflow encountered in exp'
    """
    with redirect_stdout(StringIO()):
        reply, _ = answer(function, list(map(watched, inputs)), lambda _: {}, Exception)
    return reply.get("warned", "")


class Watched(np.ndarray):
    """An array that warns as NumPy would of what becomes of it.

    >>> with warnings.catch_warnings(record=True) as heard:
    ...     y = 1 / (1 + np.exp(watched(np.array([1e3, 0.0]))))
    >>> [str(one.message) for one in heard]
    ['overflow encountered in exp']
    """

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any
    ) -> Any:
        plain = [_plain(value) for value in inputs]
        options = {name: _plain(value) for name, value in options.items()}
        if out is not None:
            options["out"] = tuple(map(_plain, out))
        with np.errstate(all="ignore"):
            found = getattr(ufunc, method)(*plain, **options)
        if options.get("where", True) is True and ufunc.__name__ not in SILENT:
            _warn(ufunc.__name__, method, plain, found, options.get("axis", 0))
        if out is None:
            return watched(found)
        return out[0] if len(out) == 1 else out

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        return watched(super().__array_function__(function, types, inputs, options))

    def __getitem__(self, key: Any) -> Any:
        return watched(super().__getitem__(key))


def watched(value: Any) -> Any:
    """The value; its floats are watched, and complex numbers for what is made of their parts."""
    if type(value) in (tuple, list):
        return type(value)(map(watched, value))
    if isinstance(value, np.ndarray | np.inexact) and value.dtype.kind in "fc":
        return np.asarray(value).view(Watched)
    return value


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Watched) else value


def _warn(name: str, method: str, inputs: list[Any], found: Any, axis: Any) -> None:
    """Warn of an operation, where NumPy's settings say so."""
    if not isinstance(found, np.ndarray | np.floating) or found.dtype.kind != "f":
        return
    if np.isfinite(found).all():
        return
    said = name if method == "__call__" else method
    for kind in _flags(name, method, inputs, np.asarray(found), axis):
        if np.geterr()[kind] == "warn":  # type: ignore[literal-required]
            warnings.warn(f"{WORDS[kind]} {said}", RuntimeWarning, stacklevel=3)


def _flags(
    name: str, method: str, inputs: list[Any], found: np.ndarray, axis: Any
) -> Iterator[str]:
    """What a processor would have told, in the order in which NumPy speaks of it."""
    numbers: list[Any] = [np.asarray(value) for value in inputs]
    if method == "__call__":
        finite = reduce(np.logical_and, map(np.isfinite, numbers))
        known = ~reduce(np.logical_or, map(np.isnan, numbers))
        place, number = POLES.get(name, (0, np.nan))
        pole = np.abs(numbers[0]) == 1 if name == "arctanh" else numbers[place] == number
    elif method == "reduce":
        finite = np.isfinite(numbers[0]).all(axis).reshape(found.shape)
        known = ~np.isnan(numbers[0]).any(axis).reshape(found.shape)
        pole = np.False_
    else:
        return
    infinite = np.isinf(found) & finite
    if (infinite & pole).any():
        yield "divide"
    if (infinite & ~pole).any():
        yield "over"
    if (np.isnan(found) & known).any():
        yield "invalid"
