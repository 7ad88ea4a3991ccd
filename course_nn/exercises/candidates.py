"""What may have been done instead of the right output: words, and the answer that it leads to.

Another output, the task's own table, a change of its formula, something done to the right answer or
to the arguments. They are made once for each output of a task, and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import islice
from threading import Lock
from typing import Any

import numpy as np

from .aftermath import afterwards, constants, parts
from .beforehand import beforehand
from .changes import Change, changes, pairs
from .formula import Formula
from .task import Inputs, Mistake, Task, argument_of

KEPT = 16  # inputs whose wrong answers are remembered
Right = dict[str, np.ndarray]


@dataclass(frozen=True)
class Candidate:
    """A mistake that may have been made, and the answer that it leads to for any inputs.

    `group` is shared by candidates of the same kind, of which several may fit.
    """

    words: str
    source: str  # "structure", "table", "constant", "change", "afterwards", "beforehand" or "pair"
    answer: Callable[[Inputs, Right], Any]
    meanings: Mapping[str, str] = field(default_factory=dict)  # of names that the words may have
    group: str = ""


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
def once(make: Callable[[Task, str], Iterator[Candidate]], task: Task, name: str) -> _Remembered:
    """The candidates of a task, compiled once for all who are asked it."""
    return _Remembered(make(task, name))


def candidates(task: Task, name: str) -> Iterator[Candidate]:
    """What may have been done instead of the right output, the commonest first."""
    yield from _other_outputs(task, name)
    yield from tabled(task, name)
    words = f"{name} is all zeros: is it an array of whole numbers, or is nothing written into it?"
    yield Candidate(words, "constant", partial(_truncated, name))
    for words, constant in constants(name):
        yield Candidate(words, "constant", partial(_constant, constant, name))
    words = f"{name} is counted in bytes (uint8), where 256 is 0 again"
    yield Candidate(words, "constant", partial(_in_bytes, name))
    yield from _changed(task, name)
    words = f"{name} is 0 but for rounding"
    yield Candidate(words, "rounding", partial(_constant, 0.0, name))
    yield from _afterwards(task, name)
    yield from _beforehand(task, name)


def tabled(task: Task, name: str) -> Iterator[Candidate]:
    """The task's own table."""
    for mistake in task.mistakes:
        yield Candidate(mistake.words, "table", partial(_tabled, mistake, name))


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


def _constant(value: float, name: str, _: Inputs, right: Right) -> Any:
    return np.full(right[name].shape, value)


def _in_bytes(name: str, _: Inputs, right: Right) -> Any:
    return right[name] % 256


def _truncated(name: str, _: Inputs, right: Right) -> Any:
    """The right answer in an array of whole numbers, where nothing is left of it."""
    found = np.trunc(right[name])
    return found if right[name].any() and not found.any() else None


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
    for k, formula in enumerate(_formulas(task)):
        for change in changes(formula, formula.outputs[index]):
            answer, group = partial(_computed, change, index), f"{k} {change.rule}"
            yield Candidate(change.words, "change", answer, formula.meanings, group)


def two_changes(task: Task, name: str) -> Iterator[Candidate]:
    """Two changes at once."""
    if formula := formula_of(task):
        index = task.outputs.index(name)
        for change in pairs(formula, formula.outputs[index]):
            answer = partial(_computed, change, index)
            yield Candidate(change.words, "pair", answer, formula.meanings)


def _computed(change: Change, index: int, inputs: Inputs, _: Right) -> Any:
    try:
        return change(**doubled(inputs))[index]
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        return change(**_double(inputs))[index]  # one that writes into what it is given


class _Doubled:
    """Inputs in double precision, made once for all candidates; nobody can write into them."""

    def __init__(self) -> None:
        self.memory: dict[int, tuple[Inputs, Inputs]] = {}

    def __call__(self, inputs: Inputs) -> Inputs:
        """Those of one try."""
        _, found = self.memory.get(id(inputs), (None, None))
        if found is None:
            found = _double(inputs)
            for value in found.values():
                if isinstance(value, np.ndarray):
                    value.setflags(write=False)
            while len(self.memory) > KEPT:
                self.memory.pop(next(iter(self.memory)), None)
            self.memory[id(inputs)] = inputs, found  # they are kept, so the id stays theirs
        return found


doubled = _Doubled()


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


def of_memory(task: Task, name: str) -> Iterator[Candidate]:
    """The right output of an argument whose numbers were read as they lie in memory."""
    return (one for one in _beforehand(task, name) if "order of memory" in one.words)


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
