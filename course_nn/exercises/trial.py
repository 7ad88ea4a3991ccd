"""Tries a function at several cases, and tells the verdict: the first that is wrong, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ..threads import blas_threads
from .compare import Asker, Comparison, ask, examine, unanswered
from .diagnose import diagnose, like
from .smallest import smallest_example
from .student import Student, StudentError
from .task import Case, Task
from .verdict import Verdict

VAST = 10**6  # numbers in an answer, where the right one has a few dozen


def run(student: Student, task: Task, cases: Iterable[Case], only: str = "") -> Verdict:
    """The verdict on a function: passed, or the first case that it fails, explained.

    Parameters
    ----------
    student : who wrote the function.
    cases : tried in order; the first that fails ends it.
    only : the output that is looked at; "" for all.

    NumPy computes on one thread: on a busy machine many threads wait for each other.
    """
    with blas_threads(1):
        return _run(student, task, cases, only)


def _run(student: Student, task: Task, cases: Iterable[Case], only: str) -> Verdict:
    comparison, case = _first_wrong(student, task, cases, only)
    if comparison is None:
        return _properties(student, task) if not only else Verdict(task)
    if case is None:
        return Verdict(task, comparison, None if comparison.fault == "stub" else comparison)
    return explained(student, task, comparison, case)


def passes(student: Student, task: Task, cases: Iterable[Case], only: str = "") -> bool:
    """Whether `run` finds nothing wrong, without a look for what the mistake is."""
    with blas_threads(1):
        if _first_wrong(student, task, cases, only)[0] is not None:
            return False
        return bool(only) or _properties(student, task).passed


def _first_wrong(
    student: Student, task: Task, cases: Iterable[Case], only: str
) -> tuple[Comparison | None, Case | None]:
    """The first call that is wrong, and its case; of the printed example there is none."""
    if task.function is None and task.example and task.answer:
        comparison = examine(student, task, task.printed(), answer_of(task), only)
        if comparison.fault:
            return comparison, None
    for case in cases:
        comparison = ask(student, task, task.draw(case, student.rng), only)
        if comparison.fault:
            return comparison, case
    if task.function is not None and task.example and not only:
        comparison = ask(student, task, task.printed())
        if comparison.fault:
            case = replace(like(task, task.printed()), label="the example that the task prints")
            return comparison, case
    return None, None


def answer_of(task: Task) -> dict[str, np.ndarray]:
    """The printed answer of the task's example, as arrays by name."""
    return {name: np.asarray(value, np.float64) for name, value in (task.answer or {}).items()}


def explained(student: Student, task: Task, comparison: Comparison, case: Case) -> Verdict:
    """The verdict on a call that was wrong: smallest example first, then what it looks like."""
    if comparison.fault == "stub":
        return Verdict(task, comparison)
    vast = any(o.value is not None and o.value.size > VAST for o in comparison.wrong)
    if comparison.fault == "endless" or vast:  # it is not asked again
        return Verdict(task, comparison, case=case.label)
    example = smallest_example(student, task, comparison, case)
    return Verdict(
        task, comparison, example, diagnose(student, task, comparison, case, example), case.label
    )


def _properties(student: Student, task: Task) -> Verdict:
    """What must hold of every right answer, where the right one is not known here."""
    for one in task.properties:
        try:
            comparison = Comparison({}, "property", one.broken(Asker(student, task), student.rng))
        except StudentError as error:
            comparison = unanswered(task, error, {})
        if comparison.says:
            return Verdict(task, comparison)
    return Verdict(task)
