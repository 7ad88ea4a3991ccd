"""Names a mistake: the right formula is changed in every way that students do, and what fits said.

A name is said where a candidate gives the student's very numbers twice, at two sizes and with other
numbers; as "could be" where it could be tried once only. What no change of the formula gives was
done to the right answer afterwards, or stands in the task's short table. A right answer pays
nothing, a wrong one at most the seconds of `BUDGET`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import islice
from threading import Lock
from typing import Any

import numpy as np

from .aftermath import SAID, afterwards, counted, ignored, parts
from .beforehand import beforehand
from .changes import Change, changes, pairs
from .compare import Comparison, ask, close, dtype_of
from .formula import Formula
from .student import Student
from .task import Case, Inputs, Mistake, Task, argument_of

BUDGET = 0.8  # seconds for the name of one mistake
KEPT = 16  # inputs whose wrong answers are remembered
Right = dict[str, np.ndarray]


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


@dataclass(frozen=True)
class Candidate:
    """A mistake that may have been made, and the answer that it leads to for any inputs."""

    words: str
    source: str
    answer: Callable[[Inputs, Right], Any]
    meanings: Mapping[str, str] = field(default_factory=dict)  # of names that the words may have


class Detective:
    """One wrong output of one task, tried at several inputs.

    Parameters
    ----------
    student, task : who is asked, and what.
    output : the name of the output that is wrong.
    end : when the time for all outputs together is up, monotonic seconds.
    """

    def __init__(self, student: Student, task: Task, output: str, end: float) -> None:
        self.student, self.task, self.output, self.end = student, task, output, end
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
    def late(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self.end

    def look(self, comparison: Comparison) -> None:
        """Keeps what the student answered there, if it is an array."""
        for output in comparison.outputs:
            if output.name == self.output and output.value is not None:
                inputs = comparison.inputs
                self.tries.append((inputs, self.task.right(inputs), output.value))

    def try_case(self, case: Case, whole: bool = False) -> None:
        """Asks the student once more; with few small whole numbers where they are wanted."""
        inputs = self.task.draw(case, self.student.rng, whole)
        self.look(ask(self.student, self.task, inputs, self.output))

    def fits(self, candidate: Candidate, k: int) -> bool:
        """Whether a candidate gives the student's answer at try k."""
        inputs, right, value = self.tries[k]
        try:
            with np.errstate(all="ignore"):
                given = np.asarray(candidate.answer(inputs, right))
                telling = np.isfinite(given).any() or odd(candidate.words)
                return bool(telling) and alike(value, given, dtype_of(inputs))
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
        """Whether it gives the student's answers at every try; the last are the smallest."""
        return all(self.fits(candidate, k) for k in reversed(range(len(self.tries))))

    def find(self, candidates: Iterable[Candidate]) -> Finding:
        """The first candidate that fits every try; it is sure if there were two that tell.

        What fits first is tried once more, where others that fit so far would give something else;
        and what differs from right in numbers goes before what does so in NaN and infinities.
        """
        weak = Finding()
        for candidate in candidates if self.shows else ():
            if self.late:
                break
            if not self.fits_all(candidate):
                continue
            if self.case is not None:
                self.ask_more(self.case)
                if not self.fits_all(candidate):
                    continue
            words = said(candidate.words, self.task, self.output, candidate.meanings)
            found = Finding(words, len(self.tries) > 1, candidate.source, self.output)
            if self.tells(candidate):
                return found
            if not weak or ("is missing" in words and "is missing" not in weak.words):
                weak = found
        return weak

    def ask_more(self, case: Case) -> None:
        """Asks at other sizes and numbers, and with options larger than the task's own."""
        self.case, tries = None, self.tries
        for more in (_elsewhere(self.task, case), _beyond(self.task, case)):
            with suppress(ValueError, IndexError, ZeroDivisionError):  # sizes that do not exist
                self.try_case(more)
        self.tries = self.tries[len(tries) :] + tries

    def tells(self, candidate: Candidate) -> bool:
        """Whether at some try it is wrong in a number, and not in what is none."""
        for inputs, right, value in self.tries:
            if value.shape != right[self.output].shape:
                return True
            finite = np.isfinite(value)
            if not alike(value[finite], right[self.output][finite], dtype_of(inputs)):
                return True
        return odd(candidate.words)


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
        scale = float(np.abs(given).max()) if given.size else 1.0
        coarse = dtype == np.float32  # small numbers beside a large one must agree too
        rtol, atol = (2e-3, 1e-6) if coarse else (1e-5, 1e-8)
        return np.allclose(value, given, rtol=rtol, atol=atol * scale)
    return close(value, given, dtype)


def diagnose(
    student: Student,
    task: Task,
    comparison: Comparison,
    case: Case,
    example: Comparison | None = None,
) -> Finding:
    """What the first wrong output looks like; nothing where no candidate fits.

    Parameters
    ----------
    student : is asked a few times more.
    comparison, case : the call that was wrong, and how its inputs were made.
    example : a small call that is wrong in the same way: most candidates fail there, and soon.
    """
    if not task.knows or comparison.fault in ("", "stub", "purity", "warning", "endless"):
        return Finding()
    odd = [output.name for output in comparison.wrong if output.fault not in ("type", "dtype")]
    wrong = odd if comparison.wrong else list(task.outputs)
    end, suspects = time.monotonic() + BUDGET, []
    for name in wrong:
        detective = Detective(student, task, name, end)
        if finding := _by_one_change(detective, comparison, case, example):
            return finding
        suspects.append(detective)
    for detective in suspects:
        if finding := detective.find(_once(_pairs, task, detective.output)):
            return finding
    return Finding()


def _by_one_change(
    detective: Detective, comparison: Comparison, case: Case, example: Comparison | None
) -> Finding:
    """The finding for one output: at the sizes where it was seen, then where all sizes agree."""
    task, name = detective.task, detective.output
    detective.look(comparison)
    if detective.tries:
        detective.try_case(_elsewhere(task, case))
        usual = task.public()[0]
        if case.layout != usual.layout:
            detective.try_case(usual)  # where it is right, a candidate must be so too
        if task.own:
            detective.try_case(usual, whole=True)
        if example is not None:
            detective.look(example)
        detective.case = case
        if finding := detective.find(_once(candidates, task, name)):
            return finding
    if not detective.shaped and (finding := _where_sizes_agree(detective)):
        return finding
    if task.own and (finding := _with_small_numbers(detective, case)):
        return finding
    return _ignored(detective)


def _where_sizes_agree(detective: Detective) -> Finding:
    """The finding where a mistake that breaks the shapes gives numbers."""
    square = detective.afresh()
    for _ in range(2):
        square.try_case(detective.task.square())
    if not detective.tries:
        detective.tries = square.tries
    return square.find(_once(candidates, detective.task, detective.output))


def _with_small_numbers(detective: Detective, case: Case) -> Finding:
    """The finding where no number is large, for a task that draws large ones: or that it is there
    alone that the answer is wrong."""
    task, name, small = detective.task, detective.output, detective.afresh()
    for sizes in (case, _elsewhere(task, case)):
        small.try_case(sizes, whole=True)
    if small.tries and not small.shows:
        words = (
            "it is right for small numbers and wrong for others: is there an overflow, a number "
            "that was rounded to 0, or one that is special?"
        )
        return Finding(words, True, "large", name)
    return small.find(_once(candidates, task, name))


def _beyond(task: Task, case: Case) -> Case:
    """The same case with every option one larger than the task's largest."""
    options = {name: max(choices) + 1 for name, choices in task.signature.options.items()}
    return replace(case, label="beyond", options=options)


def _elsewhere(task: Task, case: Case) -> Case:
    """The same case at other sizes."""
    usual, other = task.public()[:2]
    sizes = other.sizes if dict(case.sizes) == dict(usual.sizes) else usual.sizes
    return replace(case, label="elsewhere", sizes=sizes)


# -- the candidates --------------------------------------------------------------------------------


class _Remembered:
    """What an iterator gives, made once and kept, for whoever comes next and in any thread."""

    def __init__(self, items: Iterator[Candidate]) -> None:
        self.items, self.kept, self.lock = items, list[Candidate](), Lock()

    def __iter__(self) -> Iterator[Candidate]:
        k = 0
        while True:
            with self.lock:
                if k == len(self.kept):
                    self.kept.extend(islice(self.items, 1))
            if k == len(self.kept):
                return
            yield self.kept[k]
            k += 1


@lru_cache(maxsize=64)
def _once(make: Callable[[Task, str], Iterator[Candidate]], task: Task, name: str) -> _Remembered:
    """The candidates of a task, compiled once for all who are asked it."""
    return _Remembered(make(task, name))


def candidates(task: Task, name: str) -> Iterator[Candidate]:
    """What may have been done instead of the right output, the commonest first."""
    yield from _other_outputs(task, name)
    for mistake in task.mistakes:
        yield Candidate(mistake.words, "table", partial(_tabled, mistake, name))
    yield from _changed(task, name)
    yield from _afterwards(task, name)
    yield from _beforehand(task, name)


def _tabled(mistake: Mistake, name: str, inputs: Inputs, right: Right) -> Any:
    return mistake.wrong(right, _double(inputs))[name]


def _other_outputs(task: Task, name: str) -> Iterator[Candidate]:
    """Another output in its place."""
    order = ", ".join(task.outputs)
    for other in task.outputs:
        if other != name:
            words = f"this is the right {other}: return {order} in this order"
            yield Candidate(words, "structure", partial(_output_of, other))


def _output_of(name: str, _: Inputs, right: Right) -> Any:
    return right[name]


@lru_cache(maxsize=64)
def formula_of(task: Task) -> Formula | None:
    """The right formula as a tree, where there is one."""
    return None if task.function is None else Formula.of(task.function)


@lru_cache(maxsize=64)
def _formulas(task: Task) -> tuple[Formula, ...]:
    """The right formula in every way that it was written, as trees."""
    first = formula_of(task)
    return (first, *map(Formula.of, task.others)) if first else ()


def _changed(task: Task, name: str) -> Iterator[Candidate]:
    """Every change of a formula that can reach this output."""
    index = task.outputs.index(name)
    for formula in _formulas(task):
        for change in changes(formula, formula.outputs[index]):
            answer = partial(_computed, change, index)
            yield Candidate(change.words, "change", answer, formula.meanings)


def _pairs(task: Task, name: str) -> Iterator[Candidate]:
    """Two changes at once."""
    if formula := formula_of(task):
        index = task.outputs.index(name)
        for change in pairs(formula, formula.outputs[index]):
            answer = partial(_computed, change, index)
            yield Candidate(change.words, "pair", answer, formula.meanings)


def _computed(change: Change, index: int, inputs: Inputs, _: Right) -> Any:
    return change(**_double(inputs))[index]


def _double(inputs: Inputs) -> Inputs:
    """Copies, floats in double precision; they lie in memory as before."""
    return {name: _copy(value) for name, value in inputs.items()}


def _copy(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.astype(np.float64) if value.dtype.kind == "f" else value.copy()
    return value


def _beforehand(task: Task, name: str) -> Iterator[Candidate]:
    """The right output of other inputs."""
    axes = {a.name: a.axes for a in task.signature.inputs}
    kinds = {a.name: a.kind for a in task.signature.inputs}
    for words, change in beforehand(axes, kinds):
        yield Candidate(words, "beforehand", partial(_right_of, task, change, name))


def _right_of(task: Task, change: Callable, name: str, inputs: Inputs, _: Right) -> Any:
    return task.right(change(_double(inputs)))[name]


def _afterwards(task: Task, name: str) -> Iterator[Candidate]:
    """What may have been done to the right answer; and parts of it that were not reached.

    The two give arrays for given inputs; for others they say the same words.
    """
    table = _Table(task, name)
    inputs = task.draw(task.public()[0], np.random.default_rng(1))
    for words in table.of(inputs, task.right(inputs)):
        answer = partial(table.entry, words)
        yield Candidate(words.format(name=name), "afterwards", answer)


class _Table:
    """All that may have been done to one output, by words, for each set of inputs once."""

    def __init__(self, task: Task, name: str) -> None:
        self.name = name
        self.axes = argument_of(task, name).axes or ()
        self.named = {a.name: a.axes or () for a in task.signature.inputs if a.axes}
        self.memory: dict[int, tuple[Inputs, dict[str, np.ndarray]]] = {}

    def of(self, inputs: Inputs, right: Right) -> dict[str, np.ndarray]:
        """Every array by its words."""
        if id(inputs) not in self.memory:
            while len(self.memory) > KEPT:
                self.memory.pop(next(iter(self.memory)), None)
            found: dict[str, np.ndarray] = {}
            value = right[self.name]
            both = (
                *afterwards(value, self.axes, inputs, self.named),
                *parts(value, self.axes),
            )
            for words, array in both:
                found.setdefault(words, array)
            self.memory[id(inputs)] = inputs, found  # the inputs are kept, so the id stays theirs
        return self.memory[id(inputs)][1]

    def entry(self, words: str, inputs: Inputs, right: Right) -> np.ndarray:
        """One of them; KeyError where it does not exist for these inputs."""
        return self.of(inputs, right)[words]


def _ignored(detective: Detective) -> Finding:
    """Asks again with one argument changed at a time: which one makes no difference?"""
    if not detective.tries:
        return Finding()
    student, task, name = detective.student, detective.task, detective.output

    def call(inputs: Inputs) -> np.ndarray | None:
        found = [o for o in ask(student, task, inputs, name).outputs if o.value is not None]
        return found[0].value if found else None

    case = replace(
        like(task, detective.tries[0][0]), whole=bool(task.own)
    )  # where little overflows
    inputs, others = task.draw(case, student.rng), task.draw(case, student.rng)
    words = said(ignored(call, inputs, others, lambda i: task.right(i)[name]), task, name)
    return Finding(words, True, "ignored", name) if words else Finding()


def like(task: Task, inputs: Inputs) -> Case:
    """A case of the same sizes as these inputs."""
    found = task.signature.sizes_of(inputs)
    options = {name: found[name] for name in task.signature.options}
    return Case("again", {**task.public()[0].sizes, **found}, options)
