"""What may have been done to an argument first: only some of it used, its sign, another number.

Each is the right formula of other inputs: (words, the changed inputs).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from .aftermath import SAID

Inputs = dict[str, Any]
Change = Callable[[Inputs], Inputs]
FIXED = (1, 0, 0.5, 0.1, 0.01, 0.001, 0.9, 0.99, 0.999, 2, 3, 10)
PARTS = (
    ("only the first {said} counts", slice(0, 1)),
    ("only the last {said} counts", slice(-1, None)),
    ("the last {said} does not count", slice(None, -1)),
    ("the first {said} does not count", slice(1, None)),
    ("every second {said} counts only", slice(None, None, 2)),
)


def beforehand(
    axes: Mapping[str, tuple[str, ...] | None], kinds: Mapping[str, str]
) -> Iterator[tuple[str, Change]]:
    """Changes of the inputs, with words.

    Parameters
    ----------
    axes : of every input by name; None of a number.
    kinds : what each holds, see `signature.Argument`.

    Examples
    --------
    >>> words, change = next(beforehand({"x": ("N",)}, {"x": "float"}))
    >>> words, change({"x": np.arange(3.0)})
    ('only the first sample counts', {'x': array([0.])})
    """
    letters = dict.fromkeys(a for some in axes.values() for a in some or () if a.isidentifier())
    for letter in letters:
        said = f"{SAID[letter]}" if letter in SAID else f"entry along {letter}"
        for words, part in PARTS:
            yield words.format(said=said), _cut(axes, letter, part)
    for name, kind in kinds.items():
        if axes[name] is None:
            yield from _numbers(name)
        elif kind in ("float", "positive", "shares", "whole"):
            yield from _arrays(name, len(axes[name] or ()))
        elif kind == "bool":
            yield f"{name} is turned round: its False count as True", _changed(name, np.logical_not)
            yield from _first_for_all(name, len(axes[name] or ()))
        elif kind == "class":
            yield f"{name} is counted from 1, not from 0", _changed(name, lambda a: a - 1)
            yield f"{name} is moved up by one", _changed(name, lambda a: a + 1)
            yield from _first_for_all(name, len(axes[name] or ()))


def _first_for_all(name: str, ndim: int) -> Iterator[tuple[str, Change]]:
    for k in range(ndim):
        words = f"the first along axis {k} of {name} stands for all"
        yield words, _changed(name, partial(_first, k))


def _cut(axes: Mapping[str, Any], letter: str, part: slice) -> Change:
    def change(inputs: Inputs) -> Inputs:
        found = dict(inputs)
        for name, some in axes.items():
            if some and letter in some:
                found[name] = inputs[name][(slice(None),) * some.index(letter) + (part,)]
        return found

    return change


def _numbers(name: str) -> Iterator[tuple[str, Change]]:
    for value in FIXED:
        words = f"{name} is fixed at {value}, not taken from the argument"
        yield words, _changed(name, partial(_always, value))
    doing: dict[str, Callable[[Any], Any]] = {
        f"1 - {name} stands where {name} belongs": lambda v: 1 - v,
        f"{name} has the other sign": lambda v: -v,
        f"{name} is one too small": lambda v: v - 1,
        f"{name} is one too large": lambda v: v + 1,
        f"{name} is squared": lambda v: v**2,
        f"{name} is cut to a whole number": np.floor,
        f"the root of {name} stands where {name} belongs": lambda v: v**0.5,
        f"1 / {name} stands where {name} belongs": lambda v: 1 / v,
    }
    for words, function in doing.items():
        yield words, _changed(name, function)


def _arrays(name: str, ndim: int) -> Iterator[tuple[str, Change]]:
    doing: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        f"{name} has the other sign": np.negative,
        f"the absolute value of {name} is taken first": np.abs,
        f"negative numbers of {name} are cut to 0 first": lambda a: np.maximum(a, 0),
        f"{name} counts only where it is positive, as 1": lambda a: (a > 0).astype(float),
        f"{name} is left out, as if it were all ones": np.ones_like,
        f"{name} is left out, as if it were all zeros": np.zeros_like,
        f"{name} is cut to whole numbers first": np.trunc,
        f"{name} is squared first": np.square,
        f"only the sign of {name} is used": np.sign,
        f"the exponential of {name} is taken first": np.exp,
        f"the logarithm of {name} is taken first": np.log,
        f"the root of {name} is taken first": np.sqrt,
    }
    doing |= _of_all(name)
    if ndim >= 2:
        doing |= _orders(name)
    for k in range(ndim):
        doing[f"the mean along axis {k} is taken off {name} first"] = partial(_centred, k)
        doing[f"{name} is reversed along axis {k} first"] = partial(np.flip, axis=k)
        doing[f"the first along axis {k} of {name} stands for all"] = partial(_first, k)
        doing[f"{name} is summed along axis {k} first"] = partial(_summed, k)
    for words, function in doing.items():
        yield words, _changed(name, function)


def _of_all(name: str) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """What is done with all numbers of an array together, and functions that end a network."""
    return {
        f"the mean of {name} stands for each of its numbers": lambda a: np.full_like(a, a.mean()),
        f"{name} is divided by its length first, the root of its squares": _unit,
        f"the largest number of {name} is taken off first": lambda a: a - a.max(),
        f"a softmax is applied to {name} first": _softmax,
        f"a sigmoid is applied to {name} first": lambda a: 1 / (1 + np.exp(-a)),
        f"a tanh is applied to {name} first": np.tanh,
    }


def _orders(name: str) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """The numbers of an array in another order, its shape kept."""
    memory = f"{name} is read in the order of memory, which need not be that of its axes"
    return {
        memory: lambda a: a.ravel("K").reshape(a.shape),
        f"{name} is transposed first, its shape kept": lambda a: a.T.reshape(a.shape),
        f"{name} is read column by column first": lambda a: a.ravel("F").reshape(a.shape),
    }


def _unit(a: np.ndarray) -> np.ndarray:
    return a / np.sqrt((a**2).sum())


def _softmax(a: np.ndarray) -> np.ndarray:
    powers = np.exp(a - a.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _always(value: float, _: Any) -> float:
    return value


def _centred(k: int, a: np.ndarray) -> np.ndarray:
    return a - a.mean(k, keepdims=True)


def _first(k: int, a: np.ndarray) -> np.ndarray:
    return np.repeat(np.take(a, [0], k), a.shape[k], k)


def _summed(k: int, a: np.ndarray) -> np.ndarray:
    return np.repeat(a.sum(k, keepdims=True), a.shape[k], k)


def _changed(name: str, function: Callable[[Any], Any]) -> Change:
    def change(inputs: Inputs) -> Inputs:
        with np.errstate(all="ignore"):
            return {**inputs, name: function(inputs[name])}

    return change
