"""When an answer is wrong: only where numbers are large, in another memory order, in one precision.

What no formula explains, the circumstances do: the same numbers are asked for in another way, and
where they are right then, that way is the mistake.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from .compare import Comparison, ask
from .draw import laid_out
from .student import Student
from .task import Case, Inputs, Task

LARGE, SMALL = 20.0, 1e-6  # numbers beyond these are no usual ones
Tries = Iterable[tuple[Inputs, dict[str, np.ndarray], np.ndarray]]  # inputs, right, given


# -- memory order and precision --------------------------------------------------------------------


def layout_alone(student: Student, task: Task, seen: Comparison, case: Case) -> str:
    """What to say where the same numbers stored row by row are answered rightly; else ""."""
    if case.layout == "rows" or not seen.wrong:
        return ""
    if ask(student, task, laid_out(seen.inputs, "rows")).wrong:
        return ""
    said = {"columns": "lie column by column", "gaps": "have gaps between them"}[case.layout]
    words = f"it is right where the numbers lie row by row in memory, and wrong where they {said}"
    for output in seen.wrong:
        if output.value is not None and output.right is not None:
            return words + _of_order(output.value, output.right, seen.inputs)
    return words


def _of_order(value: np.ndarray, right: np.ndarray, inputs: Inputs) -> str:
    """What was done with numbers in another memory order, as the rest of a sentence."""
    if value.shape != right.shape:
        return ""
    wrong = ~np.isclose(value, right)
    kept = [v for v in inputs.values() if np.shape(v) == value.shape]
    if not value[wrong].any() or any(np.array_equal(value[wrong], v[wrong]) for v in kept):
        return (
            ": `ravel()` and `reshape(-1)` are copies there, so what is written into them is lost"
        )
    if np.allclose(np.sort(value, axis=None), np.sort(right, axis=None)):
        return ": they are all there, in another order; are they read as they lie in memory?"
    return ": is something read as it lies in memory (`order='K'`, strides, `np.nditer`)?"


def precision_alone(student: Student, task: Task, seen: Comparison, case: Case) -> str:
    """What to say where the same numbers in double precision are answered rightly; else ""."""
    if case.dtype != "float32" or any(o.fault == "dtype" for o in seen.wrong) or not seen.wrong:
        return ""
    inputs = {name: _double(value) for name, value in seen.inputs.items()}
    if ask(student, task, inputs).wrong:
        return ""
    bad = any(o.value is not None and not np.isfinite(o.value).all() for o in seen.wrong)
    why = (
        "a number is too small for float32, and is 0 there, or too large, and is inf"
        if bad
        else "digits are lost: is there a step too small for float32, or a small difference?"
    )
    return f"it is right in float64, and wrong in float32: {why}"


def _double(value: object) -> object:
    floats = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return value.astype(np.float64) if floats else value  # type: ignore[attr-defined]


# -- numbers that are not usual --------------------------------------------------------------------


@lru_cache(maxsize=64)
def unusual(task: Task) -> dict[str, str]:
    """Why an argument's numbers are no usual ones: "large", "tiny" or "zero", by its name."""
    found: dict[str, str] = {}
    rng = np.random.default_rng(0)
    for _ in range(4 if task.own else 0):
        for name, value in task.draw(task.public()[0], rng).items():
            if name in task.own and (why := _why(value, name, task)):
                found.setdefault(name, why)
    return found


def _why(value: object, name: str, task: Task) -> str:
    size = np.abs(np.asarray(value, float))
    kind = next(a.kind for a in task.signature.inputs if a.name == name)
    if kind not in ("float", "positive", "shares"):
        return ""
    if (size > LARGE).any():
        return "large"
    if ((size > 0) & (size < SMALL)).any():
        return "tiny"
    return "zero" if kind != "float" and not size.all() else ""


@lru_cache(maxsize=64)
def tame(task: Task) -> Task | None:
    """The same task with usual numbers, where it draws others; None where it does not."""
    own = {name: draw for name, draw in task.own.items() if name not in unusual(task)}
    return replace(task, own=own) if len(own) < len(task.own) else None


def beyond_the_usual(task: Task, output: str, tries: Tries) -> str:
    """What becomes of numbers that are no usual ones, where it is right for all others.

    tries : what was given for such numbers.
    """
    whys = set(unusual(task).values())
    wrong = [
        (given[off], right[output][off])
        for _, right, given in tries
        if given.shape == right[output].shape and (off := _off(given, right[output])).any()
    ]
    given, right = (np.concatenate([pair[k] for pair in wrong] or [[]]) for k in (0, 1))
    where = {"large": "are large", "tiny": "are 0 or nearly so", "zero": "are 0"}
    said = " or ".join(where[why] for why in where if why in whys)
    return (
        f"it is right for usual numbers, and wrong where some {said}: {_became(given, right, whys)}"
    )


def where_it_is_no_number(tries: Tries, output: str) -> str:
    """What to say where every number is right that is one; "" where another is wrong too."""
    kinds: set[str] = set()
    for _, right, given in tries:
        wanted = right[output]
        if given.shape != wanted.shape or given.dtype.kind != "f":
            return ""
        odd = ~np.isfinite(given)
        if not np.allclose(given[~odd], wanted[~odd], rtol=1e-6, atol=1e-9):
            return ""
        kinds |= {"NaN" if np.isnan(value) else "inf" for value in given[odd]}
    if not kinds:
        return ""
    if "NaN" in kinds:
        return "all is right but what is NaN: 0 / 0 is, the mean of nothing, and inf - inf"
    return "all is right but what is infinite: a division by 0 is, and the logarithm of 0"


def _off(given: np.ndarray, right: np.ndarray) -> np.ndarray:
    scale = max(float(np.abs(right).max()), 1e-30) if right.size else 1.0
    with np.errstate(all="ignore"):
        return ~(np.abs(given - right) <= 1e-7 * scale)


def _became(given: np.ndarray, right: np.ndarray, whys: set[str]) -> str:
    """What stands in the place of the right numbers."""
    large = "large" in whys
    if np.isnan(given).any() and large:
        return (
            "e^x is inf for large x and 0 far below 0, and inf / inf, inf - inf and 0 / 0 are NaN"
        )
    if np.isnan(given).any():
        return "0 / 0 and 0 · log 0 are NaN"
    if np.isinf(given).any() and large:
        return "e^x is inf for large x and 0 far below 0, whose logarithm is -inf"
    if np.isinf(given).any():
        return "a division by 0, or log 0, is infinite"
    few = np.unique([f"{value:.8g}" for value in given])
    if len(given) > 2 and len(few) <= 2:
        numbers = " or ".join(f"{float(value):.4g}" for value in few)
        return f"every wrong number is {numbers}, as if something were clipped or put there"
    with np.errstate(all="ignore"):
        near = np.abs(given - right) < 1e-4 * np.abs(right)
    if near.all():
        return "digits are lost, as in the small difference of two large numbers"
    return "is something clipped, rounded to 0, or a special case of its own?"
