"""forward and backward, called on copies and held to what they must return.

A function under judgement may be at fault in any way: it may write into what it is given, return
y alone, or draw a mask anew. Each is said here, or in `doubts`, in one sentence.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backend import Array, array_module


class Forward:
    """forward as the judge calls it: (*arrays) → (y, cache), on float64 copies of the arrays.

    Attributes
    ----------
    points : the arrays as float64, never written into.
    names : what forward calls them.
    notes : what it does that it should not, but that does not spoil the check.
    error : what it last raised at a moved point, or None.
    """

    def __init__(self, function: Callable[..., Any], arrays: Sequence[Any]) -> None:
        if not callable(function):
            raise TypeError(f"forward must be a function, got {function!r}")
        if not arrays:
            raise ValueError(
                "there is no array to judge: call check_vjp(forward, backward, x, …) "
                "with every array whose gradient backward returns"
            )
        self.function, self.shape = function, ()
        self.points = [_point(i, a) for i, a in enumerate(arrays)]
        self.names = argument_names(function, len(arrays))
        self.notes: list[str] = []
        self.error: Exception | None = None

    def start(self) -> tuple[Array, Any]:
        """The first call: y, checked, and the cache that backward is to be given."""
        copies = [p.copy() for p in self.points]
        y, cache = _pair(called("forward", self.function, *copies))
        for name, copy, point in zip(self.names, copies, self.points, strict=True):
            if not same(copy, point):
                self.notes.append(
                    f"forward changes {name} in place, so its caller's {name} is spoilt: "
                    f"work on a copy, {name} = {name}.copy()"
                )
        y = self._copy(y)
        if y.dtype.kind != "f":
            raise TypeError(
                f"forward's y must be one array of floats, got {_kind(y)}: "
                "whole numbers, text and nested lists have no gradient"
            )
        self.shape = y.shape
        return y, cache

    def again(self) -> Array:
        """y of one more call at the same point."""
        return self._copy(_pair(self.function(*(p.copy() for p in self.points)))[0])

    def moved(self, i: int, point: Array) -> Array:
        """y with another array in place of the i-th; NaN where forward refuses it.

        A step may leave forward's domain; `doubts` then takes a smaller one, or says so.
        """
        points = [*self.points[:i], point, *self.points[i + 1 :]]
        try:
            y = self._copy(_pair(self.function(*(p.copy() for p in points)))[0])
        except Exception as error:
            self.error = error
            return array_module(point).full(self.shape, np.nan)
        if y.shape == self.shape:
            return y
        self.error = ValueError(f"y of shape {y.shape}, not {self.shape}")
        return array_module(point).full(self.shape, np.nan)

    @staticmethod
    def _copy(y: Any) -> Array:
        """y as an array of its own: it may be a view, or a buffer that the next call fills."""
        try:
            return array_module(y).array(y)
        except ValueError:
            return np.array(None)


def _point(i: int, array: Any) -> Array:
    """An array as a float64 copy, if it holds finite real numbers."""
    if isinstance(array, list | tuple) and any(hasattr(a, "dtype") and np.ndim(a) for a in array):
        raise TypeError(
            f"array {i} is a {type(array).__name__} of arrays: hand them over one by one, "
            "check_vjp(forward, backward, x, W, b)"
        )
    try:
        given = array_module(array).asarray(array)
    except ValueError:
        given = np.array(None)
    if given.dtype.kind not in "fiub":
        raise TypeError(
            f"array {i} must hold real numbers, got {_kind(given)}: "
            "what is not to be differentiated belongs into a lambda"
        )
    point = array_module(given).array(given, dtype=np.float64)
    if not np.isfinite(point).all():
        raise ValueError(
            f"array {i} holds numbers that are not finite (NaN or ∞), where nothing can be "
            "differenced: check the gradient at another point"
        )
    return point


def _kind(array: Array) -> str:
    """What an array holds, in a reader's words."""
    return "no rectangle of numbers" if array.dtype.kind == "O" else f"an array of {array.dtype}"


def _pair(result: Any) -> tuple[Any, Any]:
    """forward's (y, cache)."""
    if isinstance(result, tuple | list) and len(result) == 2:
        return result[0], result[1]
    if result is None:
        came = "None: is its return missing?"
    elif isinstance(result, tuple | list):
        came = f"a {type(result).__name__} of {len(result)}: put all that backward needs into one"
    else:
        shape = f" of shape {np.shape(result)}" if np.ndim(result) else ""
        kind = "an array" if hasattr(result, "dtype") and shape else f"a {type(result).__name__}"
        came = f"{kind}{shape}: return y, and what backward needs beside it"
    raise ValueError(f"forward must return (y, cache), but returned {came}")


def called(what: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """The function's result; an error of its own says on which arguments the judge called it."""
    try:
        return function(*arguments)
    except Exception as error:
        shapes = ", ".join(
            f"an array of {a.dtype} {a.shape}" if hasattr(a, "dtype") else "the cache"
            for a in arguments
        )
        error.add_note(
            f"{what} raised this when the judge called it with {shapes}; labels and other numbers "
            "that have no gradient belong into a lambda"
        )
        raise


def same(a: Any, b: Any) -> bool:
    """Whether two arrays hold the same numbers, NaN being NaN."""
    xp = array_module(a, b)
    a, b = xp.asarray(a), xp.asarray(b)
    if a.dtype.kind not in "fiubc" or b.dtype.kind not in "fiubc":
        return a.dtype == b.dtype
    return a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())


def run_backward(
    backward: Callable[[Array, Any], Any], dy: Array, cache: Any, names: Sequence[str]
) -> tuple[list[Any], list[str]]:
    """One gradient for each name, and what backward does that it should not.

    It is called twice: what it does to the cache shows in the second gradient.
    """
    if not callable(backward):
        raise TypeError(f"backward must be a function, got {backward!r}")
    given, notes = dy.copy(), []
    gradients = [_kept(g) for g in _listed(called("backward", backward, given, cache), names)]
    if not same(given, dy):
        notes.append("backward changes dy in place, which others may need: work on a copy of it")
    try:
        again = _listed(backward(dy.copy(), cache), names)
        repeats = all(_close(a, b) for a, b in zip(gradients, again, strict=True))
    except Exception:
        repeats = False
    if not repeats:
        notes.append(
            "backward changes its cache in place (or draws, or adds to what it kept): "
            "from the same dy and cache it does not give the same gradient twice"
        )
    return gradients, notes


def _listed(result: Any, names: Sequence[str]) -> list[Any]:
    """backward's result as a list with one gradient a name."""
    gradients = list(result) if isinstance(result, tuple | list) else [result]
    if isinstance(result, dict) or len(gradients) != len(names):
        came = _count("gradient", len(gradients))
        came = "None (is its return missing?)" if result is None else came
        came = "a dict" if isinstance(result, dict) else came
        order = ", ".join(f"d{name}" for name in names)
        raise ValueError(
            f"backward returned {came} for {_count('array', len(names))}; "
            + (f"return one for each, in order: ({order})" if len(names) > 1 else f"return {order}")
        )
    return gradients


def _count(noun: str, number: int) -> str:
    """A number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _kept(gradient: Any) -> Any:
    """A copy: backward may return dy, or a buffer that its next call fills."""
    try:
        return gradient if gradient is None else array_module(gradient).array(gradient)
    except ValueError:
        return np.array("no rectangle")


def _close(a: Any, b: Any) -> bool:
    """Whether two gradients are the same but for round-off."""
    if getattr(a, "dtype", None) is None or a.dtype.kind not in "fiub":
        return True  # no array of numbers: `compare` says so
    b = array_module(a).asarray(b)
    bound = 1e-9 * float(abs(a).max()) if a.size and np.isfinite(a).all() else 0.0
    return a.shape == b.shape and (same(a, b) or bool((abs(a - b) <= bound).all()))


def argument_names(function: Callable[..., Any], count: int) -> list[str]:
    """The names that a function gives its arguments.

    They are x0, x1, … where it takes them as *arrays or cannot be asked.
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return [f"x{i}" for i in range(count)]
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return names[:count] if len(names) >= count else [f"x{i}" for i in range(count)]
