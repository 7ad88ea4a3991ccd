"""Tries a function at several cases, and tells the verdict: the first that is wrong, and why."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..threads import blas_threads
from .compare import Asker, Comparison, ask, judged, unanswered
from .diagnose import diagnose, like
from .recall import VAST, Explanation, Recall, digest
from .smallest import smallest_example
from .student import Answer, Answers, Calls, Student, StudentError
from .task import Case, Inputs, Task
from .verdict import Verdict

KEPT = 4096  # marks of right answers to one test
recall = Recall(1024)


class Question:
    """One call of a test: its case, None of the printed example that comes first; what goes in; and
    the state of the random numbers after it was drawn."""

    def __init__(self, task: Task, case: Case | None, inputs: Inputs, after: Any) -> None:
        self.task, self.case, self.inputs, self.after = task, case, inputs, after

    @cached_property
    def right(self) -> dict[str, np.ndarray] | None:
        """What is right, found once for all who are asked; None where only the form is known."""
        if self.case is None:
            return answer_of(self.task)
        return self.task.right(self.inputs) if self.task.knows else None


@dataclass(frozen=True, eq=False)
class Sheet:
    """All calls of a test: the same for every student whose random numbers begin alike.

    only : the output that is looked at; "" for all.
    """

    task: Task
    only: str
    begin: Any  # the state of the random numbers before the first call was drawn
    questions: tuple[Question, ...]
    calls: Calls
    right: set[bytes] = field(default_factory=set)  # marks of answers that were right

    @cached_property
    def key(self) -> bytes:
        """The same for a test of the same task with the same numbers, in any process."""
        task = self.task
        cases = [question.case for question in self.questions]
        told = repr((task.number, task.name, task.signature, self.only, self.begin, cases))
        return hashlib.sha256(told.encode()).digest()

    @property
    def end(self) -> Any:
        """The state of the random numbers after the last call was drawn."""
        return self.questions[-1].after if self.questions else self.begin


def run(
    student: Student, task: Task, cases: Iterable[Case], only: str = "", explain: bool = True
) -> Verdict:
    """The verdict on a function: passed, or the first case that it fails, explained.

    Parameters
    ----------
    student : who wrote the function.
    cases : tried in order; the first that fails ends it.
    only : the output that is looked at; "" for all.
    explain : whether a mistake is looked for, which takes time.
    """
    return answered(student, sheet_of(task, tuple(cases), student.rng, only), explain)


def answered(student: Student, sheet: Sheet, explain: bool = True) -> Verdict:
    """The same, where the calls are drawn already; they are asked in one message.

    NumPy computes on one thread: on a busy machine many threads wait for each other.
    """
    task = sheet.task
    with blas_threads(1):
        student.rng.bit_generator.state = sheet.begin
        answers = student.call_many(task.name, sheet.calls)
        comparison, case = _first_wrong(student, sheet, answers)
        if comparison is None:
            return _properties(student, task) if not sheet.only else Verdict(task)
        if case is None:
            return Verdict(task, comparison, None if comparison.fault == "stub" else comparison)
        key = sheet.key + digest(answers) if isinstance(answers, list) else None
        if not explain:
            return Verdict(task, comparison, case=case.label, key=key)
        return explained(student, task, comparison, case, key)


def explained_later(student: Student, sheet: Sheet, verdict: Verdict) -> Verdict:
    """A verdict that was given without a look for what the mistake is, with it."""
    asked = (q for q in sheet.questions if q.case and q.case.label == verdict.case)
    question = next(asked, None)
    if verdict.comparison is None or question is None or question.case is None:
        return verdict
    with blas_threads(1):
        student.rng.bit_generator.state = question.after  # as if nothing came between
        return explained(student, sheet.task, verdict.comparison, question.case, verdict.key)


def passes(student: Student, task: Task, cases: Iterable[Case], only: str = "") -> bool:
    """Whether `run` finds nothing wrong, without a look for what the mistake is."""
    return run(student, task, cases, only, explain=False).passed


def _first_wrong(
    student: Student, sheet: Sheet, answers: Iterable[Answer | StudentError]
) -> tuple[Comparison | None, Case | None]:
    """The first call that is wrong, and its case; of the printed example there is none.

    Answers that were right bit by bit of somebody else are right.
    """
    mark = answers.mark if isinstance(answers, Answers) else b""
    if mark and mark in sheet.right:
        student.rng.bit_generator.state = sheet.end
        return None, None
    for question, answer in zip(sheet.questions, answers, strict=False):  # an error is the last
        student.rng.bit_generator.state = question.after
        comparison = judged(sheet.task, answer, question.inputs, question.right, sheet.only)
        if comparison.fault:
            return comparison, question.case
    if mark and len(sheet.right) < KEPT:
        sheet.right.add(mark)
    return None, None


def sheet_of(task: Task, cases: tuple[Case, ...], rng: np.random.Generator, only: str) -> Sheet:
    """Draw the calls of a test; what is right is found once for all who are asked them."""
    begin = rng.bit_generator.state
    questions = tuple(_drawn(task, cases, rng, whole=not only))
    calls = Calls(tuple(tuple(question.inputs.values()) for question in questions))
    return Sheet(task, only, begin, questions, calls)


def _drawn(
    task: Task, cases: tuple[Case, ...], rng: np.random.Generator, whole: bool
) -> Iterator[Question]:
    """The calls in order; the printed example comes first where it alone is known to be right."""

    def question(case: Case | None, inputs: Inputs) -> Question:
        return Question(task, case, inputs, rng.bit_generator.state)

    if task.function is None and task.example and task.answer:
        yield question(None, task.printed())
    for case in cases:
        yield question(case, task.draw(case, rng))
    if task.function is not None and task.example and whole:
        printed = task.printed()
        label = "the example that the task prints"
        yield question(replace(like(task, printed), label=label), printed)


def answer_of(task: Task) -> dict[str, np.ndarray]:
    """The printed answer of the task's example, as arrays by name."""
    return {name: np.asarray(value, np.float64) for name, value in (task.answer or {}).items()}


def explained(
    student: Student, task: Task, comparison: Comparison, case: Case, key: bytes | None = None
) -> Verdict:
    """The verdict on a call that was wrong: smallest example first, then what it looks like.

    key : the same for all who answered the same, where all answers are known.
    """
    if comparison.fault == "stub":
        return Verdict(task, comparison)
    vast = any(o.value is not None and o.value.size > VAST for o in comparison.wrong)
    if comparison.fault == "endless" or vast:  # it is not asked again
        return Verdict(task, comparison, case=case.label)

    def explain(asked: Student) -> Explanation:
        example = smallest_example(asked, task, comparison, case)
        return example, diagnose(asked, task, comparison, case, example)

    if key is None:
        return Verdict(task, comparison, *explain(student), case.label)
    found = recall(key, student, task.name, lambda inputs: ask(student, task, inputs), explain)
    return Verdict(task, comparison, *found, case.label)


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
