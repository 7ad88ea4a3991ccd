"""Finds the candidate that gives the very numbers of a wrong output, at every input tried."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from ..threads import own_seconds
from .aftermath import SAID, counted
from .candidates import Candidate, Right
from .compare import Comparison, ask, close, dtype_of
from .relations import Pair, between, near, numbers_of
from .student import Student
from .task import Case, Inputs, Task

TINY = 1e-12  # of the largest right number: what is no larger is 0
APART = (2, 7, 4, 9, 3, 11)  # sizes that lie far apart, for the letters from the last to the first
MANY = 16  # samples, where few tell little; more, and NumPy's sort mixes equal numbers
FRAGILE = ("", "missing", "functions", "indices", "reductions", "bounds")  # why numbers overflow
PATIENCE = 3.0  # seconds after which a search ends on a machine that is busy with other things
SINGLE = 12  # more calls at most, where an answer is one number
EITHER: dict[str, tuple[str, ...]] = {  # kinds of changes of which two may give the same
    "missing": ("inside_out",), "sums": (), "factors": (), "signs": (), "other_names": (),
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """What a mistake looks like, in words; whether two tries agreed on it; where it came from."""

    words: str = ""
    sure: bool = True
    source: str = ""  # such as "change", "table", "afterwards": which kind of candidate fitted
    output: str = ""

    def __bool__(self) -> bool:
        return bool(self.words)

    def __str__(self) -> str:
        return self.words if self.sure or not self.words else f"it could be that {self.words}"


class Detective:
    """One wrong output of one task, tried at several inputs.

    Parameters
    ----------
    student, task : who is asked, and what.
    output : the name of the output that is wrong.
    end : when the time for all outputs together is up, seconds of this thread.
    """

    def __init__(self, student: Student, task: Task, output: str, end: float) -> None:
        self.student, self.task, self.output, self.end = student, task, output, end
        self.latest = time.monotonic() + PATIENCE
        self.tries: list[tuple[Inputs, Right, np.ndarray]] = []
        self.case: Case | None = None  # where the mistake was seen; None once all was asked

    def afresh(self) -> Detective:
        """Another for the same output, with no tries yet and the same time."""
        return Detective(self.student, self.task, self.output, self.end)

    @property
    def shaped(self) -> bool:
        """Whether there are answers, and all have the right shape."""
        shapes = [(value.shape, right[self.output].shape) for _, right, value in self.tries]
        return bool(shapes) and all(given == right for given, right in shapes)

    @property
    def varies(self) -> bool:
        """Whether answers of one shape differ."""
        values = [value for *_, value in self.tries]
        pairs = pairwise(values)
        return any(a.shape == b.shape and not np.allclose(a, b) for a, b in pairs)

    @property
    def late(self) -> bool:
        """Whether the time is up: that of this thread's own work, so that a busy machine finds the
        same, up to a limit."""
        return own_seconds() > self.end or time.monotonic() > self.latest

    def look(self, comparison: Comparison) -> None:
        """Keeps what the student answered there, if it is an array, and what is right is finite."""
        for output in comparison.outputs:
            if output.name == self.output and output.value is not None and output.value.size:
                inputs, right = comparison.inputs, self.task.right(comparison.inputs)
                if np.isfinite(right[self.output]).all():
                    self.tries.append((inputs, right, output.value))

    def try_case(self, case: Case, whole: bool = False, task: Task | None = None) -> None:
        """Asks the student once more; with few small whole numbers where they are wanted.

        task : whose way of drawing numbers is used; unless given, this task's.
        """
        with suppress(ValueError, IndexError, ZeroDivisionError):  # sizes that do not exist
            inputs = (task or self.task).draw(case, self.student.rng, whole)
            self.look(ask(self.student, self.task, inputs, self.output))

    def fits(self, candidate: Candidate, k: int) -> bool:
        """Whether a candidate gives the student's answer at try k."""
        inputs, right, value = self.tries[k]
        try:
            with np.errstate(all="ignore"):
                given = np.asarray(candidate.answer(inputs, right))
                if candidate.source == "rounding":
                    return _is_nearly_all(value, given, right[self.output])
                return bool(alike(value, given, dtype_of(inputs)))
        except Exception:  # a changed formula may fail in any way
            return False

    @property
    def shows(self) -> bool:
        """Whether an answer is wrong at one of the tries: else every right candidate would fit."""
        return any(
            not alike(value, right[self.output], dtype_of(inputs))
            for inputs, right, value in self.tries
        )

    def fits_all(self, candidate: Candidate) -> bool:
        """Whether it gives the student's answers at every try, of which one at least holds a
        number; the last are the smallest."""
        if not all(self.fits(candidate, k) for k in reversed(range(len(self.tries)))):
            return False
        return odd(candidate.words) or any(np.isfinite(v).any() for *_, v in self.tries)

    def find(self, candidates: Iterable[Candidate]) -> Finding:
        """The first candidate that fits every try; it is sure if there were two that tell.

        What fits first is tried once more, where others that fit so far would give something else;
        and what differs from right in numbers goes before what does so in NaN and infinities.
        """
        weak, coming = Finding(), iter(candidates)
        for candidate in coming if self.shows else ():
            if self.late:
                break
            if not self.confirmed(candidate):
                continue
            words = said(candidate.words, self.task, self.output, candidate.meanings)
            found = Finding(words, len(self.tries) > 1, candidate.source, self.output)
            if self.tells(candidate):
                return self.with_another(found, candidate, coming)
            if candidate.group.partition(" ")[2] not in FRAGILE:
                continue  # what differs in NaN alone is no proof that such a thing was done
            if not weak or ("is missing" in words and "is missing" not in weak.words):
                weak = found
        return weak

    def confirmed(self, candidate: Candidate) -> bool:
        """Whether it fits every try, and those that are made once more before the first is said."""
        if not self.fits_all(candidate):
            return False
        if self.case is None:
            return True
        self.ask_more(self.case)
        return self.fits_all(candidate)

    def with_another(
        self, found: Finding, candidate: Candidate, coming: Iterator[Candidate]
    ) -> Finding:
        """The finding, with the other place where a change of the same kind gives the same."""
        formula, _, rule = candidate.group.partition(" ")
        allowed = {candidate.group, *(f"{formula} {other}" for other in EITHER.get(rule, ()))}
        for other in coming if rule in EITHER else ():
            if self.late or not other.group.startswith(f"{formula} "):
                break
            if other.group in allowed and _begins_alike(other, candidate) and self.fits_all(other):
                words = said(other.words, self.task, self.output, other.meanings)
                return replace(found, words=f"{found.words}; or {words}")
        return found

    def pairs(self) -> list[Pair]:
        """What was given and what is right, at every try."""
        return [(value, right[self.output]) for _, right, value in self.tries]

    def steps(self) -> list[Pair]:
        """The same, each less the input of that name: what a step adds to it."""
        found = []
        for inputs, right, value in self.tries:
            old = inputs.get(self.output)
            if isinstance(old, np.ndarray) and old.shape == value.shape == right[self.output].shape:
                found.append((value - old, right[self.output] - old))
        return found if len(found) == len(self.tries) else []

    def numbers(self) -> list[dict[str, float]]:
        """The sizes and numbers of every try."""
        sizes_of = self.task.signature.sizes_of
        return [numbers_of(inputs, sizes_of(inputs)) for inputs, *_ in self.tries]

    def up_to_a_factor(self, candidates: Iterable[Candidate]) -> Finding:
        """The first candidate that differs from the answers by a factor that can be named, by a
        transposition, or by 1."""
        numbers = self.numbers()
        for candidate in candidates if self.shows and len(self.tries) > 1 else ():
            if self.late:
                break
            if more := self.differs_by(candidate, numbers):
                words = said(candidate.words, self.task, self.output, candidate.meanings)
                return Finding(f"{words}; and {more}", True, "pair", self.output)
        return Finding()

    def differs_by(self, candidate: Candidate, numbers: list[dict[str, float]]) -> str:
        """What was done to a candidate's answers, the same at every try; "" where nothing was."""
        pairs, asked = [], []
        for k in reversed(range(len(self.tries))):
            inputs, right, value = self.tries[k]
            try:
                with np.errstate(all="ignore"):
                    given = np.asarray(candidate.answer(inputs, right), float)
            except Exception:  # a changed formula may fail in any way
                return ""
            pair = _steps(inputs.get(self.output), value, given)
            if not pair[0].any() and not pair[1].any():
                continue  # nothing is nothing times any factor
            if not near(*pair):
                return ""
            pairs.append(pair)
            asked.append(numbers[k])
        if len(pairs) < 2 or (pairs[0][0].ndim == 0 and len(pairs) < 3):
            return ""  # two single numbers always have a factor
        step = self.output in {a.name for a in self.task.signature.inputs}
        what = f"the step that {self.output} takes" if step else self.output
        return between(pairs, asked).format(what)

    def try_single_numbers(self, case: Case) -> None:
        """Asks until a few answers are wrong, where each is one number, which tells little."""
        many = {**case.sizes, **dict.fromkeys(self.task.many, MANY)}
        single = bool(self.tries) and self.tries[0][2].ndim == 0
        for k in range(SINGLE if single else 0):
            wrong = [not alike(v, r[self.output], dtype_of(i)) for i, r, v in self.tries]
            if sum(wrong) > SINGLE // 2 or self.late:
                break
            options = dict(case.options)
            for option, choices in self.task.signature.options.items():
                options[option] = choices[k // 2 % len(choices)]
            self.try_case(replace(case, label="single", sizes=many, options=options), k % 2 == 1)

    def try_rates(self, case: Case) -> None:
        """Asks with numbers above 1, where those between 0 and 1 are all that is drawn."""
        own = self.task.own
        rates = [
            a.name for a in self.task.signature.inputs if a.kind == "rate" and a.name not in own
        ]
        if rates and not self.late:
            inputs = self.task.draw(case, self.student.rng)
            above = {name: inputs[name] + 1 for name in rates}
            self.look(ask(self.student, self.task, {**inputs, **above}, self.output))

    def ask_more(self, case: Case) -> None:
        """Asks at other sizes and numbers: few, many, and options beyond the task's own."""
        self.case, tries, self.tries = None, self.tries, []
        for more in (elsewhere(self.task, case), *_others(self.task, case)):
            if not self.late:
                self.try_case(more)
        self.try_rates(case)
        self.tries += tries
        self.try_single_numbers(case)

    def tells(self, candidate: Candidate) -> bool:
        """Whether at some try it is wrong in a number, and not in what is none."""
        for inputs, right, value in self.tries:
            if value.shape != right[self.output].shape:
                return True
            finite = np.isfinite(value)
            if not alike(value[finite], right[self.output][finite], dtype_of(inputs)):
                return True
        return odd(candidate.words)


def _is_nearly_all(value: np.ndarray, constant: np.ndarray, right: np.ndarray) -> bool:
    """Whether an answer differs from one number by nothing that counts beside the right one."""
    if value.shape != right.shape or not value.size:
        return False
    return bool((np.abs(value - constant) <= TINY * np.abs(right).max()).all())


def _steps(old: Any, value: np.ndarray, given: np.ndarray) -> Pair:
    """Two answers; where both move what was given, how far they move it."""
    if isinstance(old, np.ndarray) and old.shape == value.shape == given.shape:
        return value - old, given - old
    return value, given


def odd(words: str) -> bool:
    """Whether words are of an answer that is no number.

    >>> odd("0 / 0 is NaN"), odd("it gives inf"), odd("a factor is missing")
    (True, True, False)
    """
    return re.search(r"\b(NaN|inf)\b", words) is not None


def said(
    words: str, task: Task, output: str = "", meanings: Mapping[str, str] | None = None
) -> str:
    """Words in the letters of the task: "the length of x" is the number of samples, N.

    A name that has a meaning is explained, and the output is said where there are several.
    """
    for argument in task.signature.inputs:
        if argument.axes and argument.axes[0] in SAID:
            number = counted(argument.axes[0])
            words = re.sub(rf"the length of {argument.name}\b", number, words)
    if not words:
        return ""
    for name, meaning in (meanings or {}).items():
        if re.search(rf"(?<![\w.=]){name}\b(?! =)", words):
            words += f" ({name} is {meaning})"
    alone = len(task.outputs) < 2 or not output or re.search(rf"\b{output}\b", words)
    return words if alone else f"in {output}, {words}"


def alike(value: np.ndarray, given: np.ndarray, dtype: Any) -> bool:
    """Whether two answers are the same, not-a-number and infinity at the same places included.

    >>> alike(np.array([1.0, np.nan]), np.array([1.0, np.nan]), np.float64)
    True
    """
    if value.shape != given.shape:
        return False
    if value.dtype.kind == "f" and given.dtype.kind == "f":
        odd = ~np.isfinite(value)
        if odd.any():
            if not np.array_equal(value[odd], given[odd].astype(value.dtype), equal_nan=True):
                return False
            value, given = value[~odd], given[~odd]
        if not np.isfinite(given).all():
            return False
        size = np.abs(given)
        coarse = dtype == np.float32  # small numbers beside a large one must agree too
        rtol, atol = (2e-3, 1e-6) if coarse else (1e-5, 1e-8)
        return bool((np.abs(value - given) <= atol * size.max(initial=0.0) + rtol * size).all())
    return close(value, given, dtype)


# -- other cases ---------------------------------------------------------------------------------


def _beyond(task: Task, case: Case) -> Case:
    """The same case with every option one larger than the task's largest."""
    options = {name: max(choices) + 1 for name, choices in task.signature.options.items()}
    return replace(case, label="beyond", options=options)


def elsewhere(task: Task, case: Case) -> Case:
    """The same case at other sizes."""
    usual, other = task.public()[:2]
    sizes = other.sizes if dict(case.sizes) == dict(usual.sizes) else usual.sizes
    return replace(case, label="elsewhere", sizes=sizes)


def _others(task: Task, case: Case) -> Iterator[Case]:
    """The same case with larger options, two of what is counted first or last, sizes that lie far
    apart, and many samples where the task asks for many."""
    yield _beyond(task, case)
    for option, choices in task.signature.options.items():
        for choice in (*choices[:3], max(min(choices) // 2, 1)):
            if choice != case.options.get(option):
                yield replace(case, label="option", options={**case.options, option: choice})
    letters = list(case.sizes)
    for letter in dict.fromkeys(letters[:1] + letters[-1:]):
        yield replace(case, label="two", sizes={**case.sizes, letter: 2})
    apart = dict(zip(reversed(letters), APART, strict=False))
    yield replace(case, label="apart", sizes={**case.sizes, **apart})
    many = {**case.sizes, **dict.fromkeys(task.many, MANY)}
    for k in range(3 if task.many else 0):
        yield replace(case, label=f"many {k}", sizes=many)


def _begins_alike(one: Candidate, other: Candidate) -> bool:
    """Whether two say a mistake of the same kind: "the term …", "the factor …"."""
    if "missing" not in other.group or "missing" not in one.group:
        return one.words != other.words
    return one.words.split()[:2] == other.words.split()[:2] and one.words != other.words
