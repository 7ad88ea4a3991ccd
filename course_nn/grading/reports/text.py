"""The report as plain text: for a terminal, for a comment in Canvas or Moodle, for Gradescope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..record import Grade, TaskRecord
from . import told
from .markup import plain
from .student import title_of
from .told import number


def student_text(grade: Grade, labels: Mapping[str, str]) -> str:
    """All that a student's page says, but for its drawings."""
    record = grade.record
    head = (
        f"{title_of(record.assignment)}: {number(grade.final)} of {number(record.maximum)} points"
    )
    lines = [head, "", *head_lines(grade)]
    for task in record.tasks:
        lines += ["", *task_lines(grade, task, labels)]
    return plain("\n".join(lines), 100_000) + "\n"


def head_lines(grade: Grade) -> list[str]:
    """What there is to say of the whole, without its points."""
    record = grade.record
    lines = [told.summary(grade), *([] if record.status == "graded" else [record.message])]
    lines += _several("Cells that did not run to the end:", record.failures)
    lines += _several("What was decided:", told.decided(record))
    changes = [
        f"{what}{f' ({points})' if points else ''}: {why}"
        for what, why, points in told.changes(grade)
    ]
    return lines + _several("What changed the points:", changes)


def _several(head: str, sentences: Sequence[str]) -> list[str]:
    """Sentences under a heading; nothing where there is none."""
    return ["", head, *(f"  - {plain(one)}" for one in sentences[:20])] if sentences else []


def task_lines(grade: Grade, task: TaskRecord, labels: Mapping[str, str]) -> list[str]:
    """What there is to say of one task, its points first."""
    standing = told.standing(grade, task)
    head = f"{standing.sign} Task {task.number}, {task.name}: {standing.word}, "
    lines = [f"{head}{number(standing.points)} of {told.points(task.maximum)}"]
    fault = task.first_fault
    if fault is None:
        return lines
    lines.append(f"    {told.sentence(fault)}")
    if looks := told.looks(fault):
        lines.append(f"    What it looks like: {looks}")
    if example := told.example(fault):
        lines += ["    The smallest example that is wrong:"]
        lines += [f"        {line}" for line in example.splitlines()]
    lines += [f"    From your instructor: {said}" for said in told.feedback(task, labels)]
    if reading := told.reading(task):
        lines.append(f"    To read: {reading}")
    return [*lines, *_tests(task)]


def _tests(task: TaskRecord) -> list[str]:
    """How the points come about, where there is more than one test."""
    if not (shares := told.shares(task)) or task.first_fault is None:
        return []
    failed = [told.title_of(test, task) for test in task.tests if not test.passed]
    return [f"    {shares}", f"    Failed: {'; '.join(failed)}"]
