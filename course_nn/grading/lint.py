"""Proves an assignment before it is released: its solution gets every point, and nothing else any.

Each test is asked of the solution, of the stub, of None, zeros, ones, the first argument and the
example's constants; and of the right answer with one output spoiled, which only that output's tests
must see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from ..exercises import trial
from ..exercises.student import LocalStudent
from ..exercises.task import Task
from .assignment import Assignment, Graded, executed
from .source import cells_of

SEED = 1
Change = Callable[[dict[str, np.ndarray]], Any]


def faults(assignment: Assignment) -> list[str]:
    """What is wrong with an assignment's tests, a sentence each; none where all is well."""
    space = solved(assignment)
    return [fault for graded in assignment.tasks for fault in _faults(graded, space)]


def solved(assignment: Assignment) -> dict[str, Any]:
    """The name space of the instructor's notebook, without its checks."""
    cells = cells_of(assignment.source, assignment.exercise.tasks, answers=True)
    codes = [c.text for c in cells if c.kind == "code" and not (c.nbgrader or {}).get("grade")]
    return executed("\n\n".join(codes), f"{assignment.name} (solved)")


def _faults(graded: Graded, space: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the tests of one task."""
    title, tests = graded.task.title, {test.label for test in graded.tests}
    if failed := tests - _passed(graded, space.get(graded.task.name)):
        yield f"{title}: the solution fails {_said(failed)}"
    for what, function in _nothing(graded.task):
        if passed := _passed(graded, function):
            yield f"{title}: {what} earns points, by {_said(passed)}"
    for name in graded.task.outputs if graded.task.knows else ():
        passed = _passed(graded, _answering(graded.task, partial(_spoiled, name)))
        seen = {t.label for t in graded.tests if t.output in ("", name)}
        if missed := passed & seen:
            yield f"{title}: a wrong {name} is not seen by {_said(missed)}"
        if blamed := tests - passed - seen:
            yield f"{title}: a wrong {name} alone fails {_said(blamed)}"


def _spoiled(name: str, right: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {**right, name: right[name] + 1}


def _said(labels: set[str]) -> str:
    return "; ".join(f"{label!r}" for label in sorted(labels))


def _passed(graded: Graded, function: Any) -> set[str]:
    """The labels of the tests that a function passes."""
    found = set()
    for test in graded.tests:
        rng = np.random.default_rng(test.seed(SEED))
        student = LocalStudent({graded.task.name: function}, rng)
        if trial.passes(student, graded.task, test.cases, test.output):
            found.add(test.label)
    return found


def _nothing(task: Task) -> Iterator[tuple[str, Callable]]:
    """Functions that answer nothing, each with what it is."""

    def stub(*inputs: Any) -> None:
        raise NotImplementedError

    yield "the stub", stub
    yield "None", lambda *inputs: None
    yield "the first argument", lambda *inputs: inputs[0]
    if not task.knows:
        return
    yield "an answer of zeros", _answering(task, lambda r: {n: 0 * v for n, v in r.items()})
    yield "an answer of ones", _answering(task, lambda r: {n: 0 * v + 1 for n, v in r.items()})
    if task.example:
        constants = task.right(task.printed())
        yield "the example's answer", _answering(task, lambda right: constants)


def _answering(task: Task, change: Change) -> Callable:
    """A function whose answer is the right one, changed, in the precision that it is given."""
    names = [argument.name for argument in task.signature.inputs]

    def function(*values: Any) -> Any:
        dtypes = (v.dtype for v in values if isinstance(v, np.ndarray) and v.dtype.kind == "f")
        dtype = next(dtypes, np.dtype(np.float64))
        right = change(task.right(dict(zip(names, values, strict=True))))
        given = [v.astype(dtype) if v.ndim and v.dtype.kind == "f" else v for v in right.values()]
        return tuple(given) if len(given) > 1 else given[0]

    return function
