"""How wrong numbers relate to others: a factor that can be named, one for each row, another order.

No formula is changed here: two arrays are compared at every input that was tried, and what holds at
all of them is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from .regions import axis_words

CLOSE = 1e-6  # how well two factors must agree
CONSTANTS = (1, 2, 3, 4, 10, 0.5, 1 / 3, 0.25, 0.1)
SAID = {0.5: "1/2", 1 / 3: "1/3", 0.25: "1/4"}
Pair = tuple[np.ndarray, np.ndarray]  # given, and what it is compared with
Numbers = Mapping[str, float]  # sizes and numbers of one try, by name


def factor(pairs: Sequence[Pair], numbers: Sequence[Numbers]) -> str:
    """The factor between two arrays at every try, in the letters of the task; "" where none is.

    Parameters
    ----------
    pairs : for each try what was given, and what it is compared with.
    numbers : for each try the sizes and numbers that a factor may be made of.

    Examples
    --------
    >>> x = np.array([1.0, 2.0])
    >>> factor([(8 * x, x), (10 * x, x)], [{"N": 4}, {"N": 5}])
    '2 · N'
    """
    found = [ratio(*pair) for pair in pairs]
    if not found or any(one is None for one in found):
        return ""
    wanted = np.array(found, float)
    if np.allclose(wanted, 1, rtol=CLOSE, atol=0):
        return ""
    for unit, of in units(numbers[0]):
        try:
            with np.errstate(all="ignore"):
                values = np.array([of(one) for one in numbers])
        except (KeyError, ZeroDivisionError):
            continue
        if unit and len(values) > 1 and np.ptp(values) == 0:
            continue  # at one size only: it could be any number
        for constant in CONSTANTS:
            for sign in (1, -1):
                if np.allclose(wanted, sign * constant * values, rtol=CLOSE, atol=0):
                    return _written(sign, constant, unit)
    return ""


def between(pairs: Sequence[Pair], numbers: Sequence[Numbers]) -> str:
    """What was done to an array, `{}` for its name: a factor, a transposition, 1 more or less.

    >>> x = np.ones((1, 2))
    >>> between([(3 * x - 1, 3 * x)], [{}])
    '{} is 1 less'
    """
    if all(_is(given.T, other) for given, other in pairs) and pairs[0][0].ndim == 2:
        return "{} is transposed"
    for step, said in ((1, "1 more"), (-1, "1 less")):
        if all(_is(given, other + step) for given, other in pairs):
            return f"{{}} is {said}"
    times = factor(pairs, numbers)
    return f"{{}} is {times} times that" if times else ""


def near(given: np.ndarray, other: np.ndarray) -> bool:
    """Whether `between` can say something of two arrays."""
    moved = any(_is(given, other + step) for step in (1, -1))
    return moved or _is(given.T, other) or ratio(given, other) is not None


def _is(given: np.ndarray, other: np.ndarray, atol: float = 1e-9) -> bool:
    """As `np.allclose`, where no number is infinite or none at all; thousands are compared."""
    if given.shape != other.shape or not (np.isfinite(given).all() and np.isfinite(other).all()):
        return False
    return bool((np.abs(given - other) <= atol + CLOSE * np.abs(other)).all())


def ratio(given: np.ndarray, other: np.ndarray) -> float | None:
    """The one factor between two arrays; None where there is none, or it is 0."""
    if given.shape != other.shape or not given.size or not np.isfinite(given).all():
        return None
    scale = np.abs(other).max()
    there = np.abs(other) > 1e-3 * scale
    if not scale or not there.any():
        return None
    found = float(given[there].flat[0] / other[there].flat[0])
    same = _is(given, found * other, atol=1e-9 * abs(found) * scale)
    return found if same and found else None


def units(numbers: Numbers) -> Iterator[tuple[str, Callable[[Numbers], float]]]:
    """What a factor may be made of, and its value."""
    yield "", lambda n: 1.0
    for a in numbers:
        yield a, lambda n, a=a: n[a]  # type: ignore[misc]
        yield f"1 / {a}", lambda n, a=a: 1 / n[a]  # type: ignore[misc]
    for a in numbers:
        yield f"{a}²", lambda n, a=a: n[a] ** 2  # type: ignore[misc]
        yield f"1 / {a}²", lambda n, a=a: 1 / n[a] ** 2  # type: ignore[misc]
        if a[0].isupper():
            yield f"{a} / ({a} - 1)", lambda n, a=a: n[a] / (n[a] - 1)  # type: ignore[misc]
            yield f"({a} - 1) / {a}", lambda n, a=a: (n[a] - 1) / n[a]  # type: ignore[misc]
        else:
            yield f"(1 - {a})", lambda n, a=a: 1 - n[a]  # type: ignore[misc]
            yield f"1 / (1 - {a})", lambda n, a=a: 1 / (1 - n[a])  # type: ignore[misc]
            yield f"{a} / ({a} - 1)", lambda n, a=a: n[a] / (n[a] - 1)  # type: ignore[misc]
    for a, b in combinations(numbers, 2):
        yield f"{a} · {b}", lambda n, a=a, b=b: n[a] * n[b]  # type: ignore[misc]
        yield f"1 / ({a} · {b})", lambda n, a=a, b=b: 1 / (n[a] * n[b])  # type: ignore[misc]
        yield f"{a} / {b}", lambda n, a=a, b=b: n[a] / n[b]  # type: ignore[misc]
        yield f"{b} / {a}", lambda n, a=a, b=b: n[b] / n[a]  # type: ignore[misc]


def _written(sign: int, constant: float, unit: str) -> str:
    number = SAID.get(constant, f"{constant:g}")
    text = unit if unit and constant == 1 else " · ".join(filter(None, (number, unit)))
    return f"-{text}" if sign < 0 else text


def by_rows(pairs: Sequence[Pair], axes: Sequence[str]) -> str:
    """Along which axis each place has a factor, or a term, of its own; or that all have the same
    term; "" where nothing is so.

    >>> x = np.arange(1.0, 7).reshape(2, 3)
    >>> by_rows([(x * [[2], [5]], x)], ("N", "D"))
    'the numbers of each sample are right but for a factor of their own'
    """
    ndim = pairs[0][1].ndim if pairs else 0
    if ndim and all(_all_off(*pair) for pair in pairs):
        return "every number is off by the same amount"
    for k in range(ndim):
        for said, agree in (("a factor", _one_factor), ("a number added", _one_term)):
            if all(_each(given, right, k, agree) for given, right in pairs):
                of = axis_words(axes)[k] if len(axes) == ndim else f"place along axis {k}"
                return f"the numbers of each {of} are right but for {said} of their own"
    return ""


def _each(given: np.ndarray, right: np.ndarray, k: int, agree: Callable) -> bool:
    """Whether something holds at every place along an axis, of more numbers than one."""
    if given.shape != right.shape or right.ndim < 2 or not np.isfinite(given).all():
        return False
    if right.size <= 2 * right.shape[k] or right.shape[k] < 2:
        return False
    both = zip(np.moveaxis(given, k, 0), np.moveaxis(right, k, 0), strict=True)
    return all(agree(a, b) for a, b in both)


def _all_off(given: np.ndarray, right: np.ndarray) -> bool:
    """Whether all of a few numbers or more are off by one amount."""
    same = given.shape == right.shape and right.size > 2 and bool(np.isfinite(given).all())
    return same and _one_term(given, right)


def _one_factor(given: np.ndarray, right: np.ndarray) -> bool:
    return not right.any() or ratio(given, right) is not None


def _one_term(given: np.ndarray, right: np.ndarray) -> bool:
    difference = given - right
    return bool(np.ptp(difference) <= 1e-9 * max(float(np.abs(right).max()), 1e-9))


def order(pairs: Sequence[Pair]) -> str:
    """The other order in which the places along an axis stand, the same at every try.

    >>> x = np.arange(8.0).reshape(2, 4)
    >>> order([(x[:, [0, 1, 3, 2]], x)])
    'the places along axis 1 stand in the order 0, 1, 3, 2'
    """
    ndim = pairs[0][1].ndim if pairs else 0
    for k in range(ndim):
        orders = {_order_along(given, right, k) for given, right in pairs}
        if len(orders) == 1 and (found := orders.pop()):
            return f"the places along axis {k} stand in the order {', '.join(map(str, found))}"
    return ""


def _order_along(given: np.ndarray, right: np.ndarray, k: int) -> tuple[int, ...]:
    """From which place along an axis each comes; () where they do not."""
    if given.shape != right.shape or not 2 < right.shape[k] < 10 or right.size == right.shape[k]:
        return ()
    a, b = (np.moveaxis(one, k, 0) for one in (given, right))
    found = tuple(next((j for j in range(len(b)) if np.allclose(row, b[j])), -1) for row in a)
    return found if sorted(found) == list(range(len(b))) and list(found) != sorted(found) else ()


def numbers_of(inputs: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, float]:
    """Sizes and numbers that a factor may be made of."""
    single = {
        name: float(value)
        for name, value in inputs.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and value
    }
    return {**{letter: float(size) for letter, size in sizes.items() if size}, **single}
