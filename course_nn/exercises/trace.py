"""Traces a wrong number to its equation, with letters and numbers, and says what it equals.

"dW[1,0] = Σₙ x[n,1]·dy[n,0] = 2·1 + 0·3 + 1·5 + 4·3 = 19; yours, 12, equals the last term alone".
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .regions import COUNTS, ORDINALS, Axes
from .sums import (
    Sum,
    Term,
    Untraceable,
    counters,
    entries,
    equation,
    grouped,
    number,
    product,
    values,
)

CLOSE = 1e-9  # of the largest right number
MOST = 12  # terms among which an explanation is sought
Asked = tuple[Mapping[str, Any], np.ndarray, np.ndarray]  # inputs, given, right


class Wrong(NamedTuple):
    """A wrong number: its index, the terms of the right one, and what was given instead."""

    at: tuple[int, ...]
    terms: tuple[Term, ...]
    given: float
    right: float


class Relation(NamedTuple):
    """What a given number may be of the right one's terms; `of` raises where it has too few."""

    says: str
    of: Callable[[np.ndarray], float]


def worst(
    formula: Any,
    inputs: Mapping[str, Any],
    output: str,
    given: np.ndarray,
    right: np.ndarray,
    axes: Mapping[str, Axes] | None = None,
    also: Sequence[Asked] = (),
    returned: str = "",
) -> str:
    """Write the equation of the wrong number that explains best, and what the given one equals.

    Parameters
    ----------
    formula : the right one, a function in plain NumPy: an object with its `source`, or its `tree`.
    inputs : its arguments by name.
    output : the name of the output.
    given, right : the student's array, and the right one.
    axes : the letters of inputs and outputs by name.
    also : other inputs, of any size, with what was given for them and what is right: an explanation
        must hold there too.
    returned : what stands for the output in the formula's `return`, where that is not its name.

    Returns
    -------
    A clause that stands alone; "" where the output is no sum of products, or shapes differ. What
    the given number equals is said only where that is so at every wrong number, and where nothing
    else is.

    Examples
    --------
    >>> class Formula:
    ...     source = "def f(dy, x):\\n    dW = x.T @ dy\\n    return dW"
    >>> x, dy = np.array([[2.0], [1.0], [3.0]]), np.array([[1.0], [5.0], [4.0]])
    >>> letters = {"x": ("N", "D"), "dy": ("N", "M")}
    >>> worst(Formula(), {"dy": dy, "x": x}, "dW", x[2:].T @ dy[2:], x.T @ dy, letters)
    'dW[0,0] = Σₙ x[n,0]·dy[n,0] = 2·1 + 1·5 + 3·4 = 19; yours, 12, equals the third term alone'
    """
    source = source_of(formula)
    returned = returned or output
    found = _wrong(source, returned, (inputs, given, right))
    traced = [w for w in found if len(w.terms) > 1]
    if not traced:
        return ""
    for asked in also:
        found = found + _wrong(source, returned, asked)
    best = min(traced, key=lambda w: (len(w.terms), -_error(w), w.at))
    place = f"{output}[{','.join(map(str, best.at))}]" if best.at else output
    shapes = {name: np.shape(value) for name, value in inputs.items()}
    letters = equation(best.terms, axes or {}, shapes)
    written = f"{place} = {letters} = {values(best.terms)}"
    told = _explained(best, found, list(_blocks(best.terms, axes or {}, shapes)))
    says = f"yours, {number(best.given)}, {told}" if told else f"yours is {number(best.given)}"
    return f"{written} = {number(best.right)}; {says}"


def source_of(formula: Any) -> str:
    """Return the source of a formula: its `source`, or its `tree` written out; else ""."""
    source, tree = getattr(formula, "source", None), getattr(formula, "tree", None)
    return ast.unparse(tree) if source is None and isinstance(tree, ast.AST) else str(source or "")


def _error(wrong: Wrong) -> float:
    return abs(wrong.given - wrong.right) if np.isfinite(wrong.given) else np.inf


def _wrong(source: str, output: str, asked: Asked) -> list[Wrong]:
    """Return the wrong numbers of an answer with their terms; none where they cannot be traced."""
    inputs, given, right = asked
    try:
        given, right = np.asarray(given, dtype=float), np.asarray(right, dtype=float)
        if given.shape != right.shape or not right.size:
            return []
        sums = entries(source, inputs, output)
    except (Untraceable, ValueError, TypeError):
        return []
    close = CLOSE * (1 + float(np.abs(right).max()))
    worth = np.array([s.value if isinstance(s, Sum) else float(s) for s in sums.flat])
    if sums.shape != right.shape or not (np.abs(worth - right.ravel()) <= close).all():
        return []
    off = [tuple(map(int, at)) for at in np.argwhere(~(np.abs(given - right) <= close))]
    return [Wrong(at, _terms(sums[at]), float(given[at]), float(right[at])) for at in off]


def _terms(entry: Any) -> tuple[Term, ...]:
    return entry.terms if isinstance(entry, Sum) else ()


# -- what a wrong number equals --------------------------------------------------------------------


def _explained(best: Wrong, found: Sequence[Wrong], blocks: Sequence[Relation]) -> str:
    """Return the one relation that holds at every wrong number, or ""."""
    if not all(np.isfinite(w.given) for w in found):
        return ""
    if not any(w.given for w in found):  # any term that is 0 would explain it
        return ""
    for relations in (_simple(best.terms), (*_rarer(best.terms), *blocks)):
        fitting = [r for r in relations if all(_holds(r, w) for w in found)]
        if fitting:
            return fitting[0].says if _one(fitting, len(best.terms)) else ""
    return _constant(best, found)


def _one(fitting: Sequence[Relation], n: int) -> bool:
    """Whether relations are the same by definition, and do not agree by chance.

    Of two terms, "the first alone" and "lacks the second" are one: they agree on any numbers.
    """
    trials = np.random.default_rng(0).normal(size=(3, n))
    return len({tuple(round(float(r.of(v)), 9) for v in trials) for r in fitting}) == 1


def _holds(relation: Relation, wrong: Wrong) -> bool:
    numbers = np.array([value for *_, value in wrong.terms], dtype=float)
    if not numbers.size:
        return False
    try:
        made = relation.of(numbers)
    except (IndexError, ValueError):  # fewer terms than the relation speaks of
        return False
    return abs(made - wrong.given) <= CLOSE * (1 + np.abs(numbers).sum())


def _simple(terms: Sequence[Term]) -> Iterator[Relation]:
    """What happens to all terms alike, or to one."""
    yield Relation("is their sum with the other sign", lambda v: -v.sum())
    yield Relation("is their mean", lambda v: v.mean())
    yield Relation("is twice their sum", lambda v: 2 * v.sum())
    yield Relation("is half their sum", lambda v: v.sum() / 2)
    factor = terms[0][0]
    if factor not in (1.0, -1.0) and all(term[0] == factor for term in terms):
        says = f"is their sum without the factor {number(factor)}"
        yield Relation(says, lambda v: v.sum() / factor)
    places = [*range(len(terms) - 1), -1]  # the last is the last of any number of terms
    named = list(zip(_names(terms), places, strict=True))
    named = named if len(named) <= MOST else [named[0], named[-1]]
    yield from (Relation(f"equals {name} alone", _counted(i, 0, 1)) for name, i in named)
    named = [(name.removeprefix("−"), i) for name, i in named]
    for verb, others, times in (("lacks {}", 1, 0), ("has {} with the other sign", 1, -1),
                                ("counts {} twice", 1, 2)):  # fmt: skip
        for name, i in named:
            yield Relation(verb.format(name), _counted(i, others, times))


def _counted(i: int, others: float, this: float) -> Callable[[np.ndarray], float]:
    """The sum in which one term counts `this` often, and all others `others` often."""
    return lambda v: float(others * (v.sum() - v[i]) + this * v[i])


def _rarer(terms: Sequence[Term]) -> Iterator[Relation]:
    """Several of the terms, or another operation in place of the sum."""
    for k in range(2, min(len(terms), MOST + 1) - 1):
        yield Relation(f"is the sum of the first {COUNTS[k]} terms", _run(k))
        yield Relation(f"is the sum of the last {COUNTS[k]} terms", _run(-k))
    if len(terms) > 3:
        yield Relation("is the sum of every second term", lambda v: v[::2].sum())
    yield Relation("is the largest of them", lambda v: v.max(initial=-np.inf))
    yield Relation("is the smallest of them", lambda v: v.min(initial=np.inf))
    yield Relation("adds them without their signs", lambda v: np.abs(v).sum())
    yield Relation("is their product", lambda v: v.prod())


def _blocks(
    terms: Sequence[Term], axes: Mapping[str, Axes], shapes: Mapping[str, tuple[int, ...]]
) -> Iterator[Relation]:
    """Only the terms in which a letter has its first or its last value, or all but these."""
    groups = grouped(terms)
    letters = counters(groups[0], axes, shapes) if len(groups[0]) > 3 else {}
    if len(letters) < 2 or list(terms[: len(groups[0])]) != groups[0]:
        return
    for letter, line in letters.items():
        for value in dict.fromkeys((0, max(line))):
            there = np.array([v == value for v in line] + [False] * (len(terms) - len(line)))
            rest = np.array([v == value for v in line] + [True] * (len(terms) - len(line)))
            where = f"the terms with {letter} = {value}"
            yield Relation(f"has, of this sum, only {where}", _masked(rest))
            yield Relation(f"lacks {where}", _masked(~there))


def _masked(kept: np.ndarray) -> Callable[[np.ndarray], float]:
    """The sum of some of the terms; ValueError where there are more or fewer."""

    def added(v: np.ndarray) -> float:
        if len(v) != len(kept):
            raise ValueError(len(v))
        return float(v[kept].sum())

    return added


def _run(k: int) -> Callable[[np.ndarray], float]:
    """The sum of the first k terms, or of the last −k."""

    def added(v: np.ndarray) -> float:
        if len(v) < abs(k):
            raise IndexError(k)
        return float(v[:k].sum() if k > 0 else v[k:].sum())

    return added


def _names(terms: Sequence[Term]) -> list[str]:
    """How each term is called: by its place, or by its letters where no other is like it."""
    alone = {id(group[0]) for group in grouped(terms) if len(group) == 1}
    last = len(terms) - 1
    return [
        product(term) if id(term) in alone
        else "the last term" if k == last > 2
        else f"the {ORDINALS[min(k, MOST - 1)]} term"
        for k, term in enumerate(terms)
    ]  # fmt: skip


def _constant(best: Wrong, found: Sequence[Wrong]) -> str:
    """Say that the same number is added to all, or that all are multiplied by it."""
    if len(found) < 2 or len({w.right for w in found}) < 2:
        return ""
    close = [CLOSE * (1 + abs(w.right) + abs(w.given)) for w in found]
    far = best.given - best.right
    if all(abs(w.given - w.right - far) <= c for w, c in zip(found, close, strict=True)):
        verb, what = ("adds", "to") if far > 0 else ("takes", "from")
        return f"{verb} {number(abs(far))} {what} their sum"
    if not best.right:
        return ""
    times = best.given / best.right
    if all(abs(w.given - w.right * times) <= c for w, c in zip(found, close, strict=True)):
        return f"is {number(times)} times their sum"
    return ""
