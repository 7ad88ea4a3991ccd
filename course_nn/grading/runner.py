"""Grades one submission: reads it, starts its worker, runs every test, adds up the points.

`run` is a function of values that can be sent to another process or another machine.
"""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..exercises import trial
from ..exercises.verdict import Verdict
from ..threads import blas_threads
from . import differences, jobs
from .assignment import Assignment, Graded, given_of, load_assignment
from .canonical import Canonical
from .cells import read_cells
from .collect import Submission, Unreadable
from .outcomes import outcome, summary, task_record
from .record import Record, TaskRecord
from .remote import Limits, RemoteStudent, Worker, WorkerLost, ask_together
from .sandbox import SandboxError


@dataclass(frozen=True)
class Settings:
    """How to grade.

    kind : of sandbox.
    seed : of the tests' numbers, the same for every student.
    hide : folders that must stay unseen.
    task : the one that is graded again, where the code is known already; else all of them are.
    """

    kind: str
    seed: int
    limits: Limits = field(default_factory=Limits)
    hide: tuple[Path, ...] = ()
    allowed: tuple[str, ...] = ()
    task: str = ""


@dataclass(frozen=True)
class Job:
    """One submission, and which code of its student is `known`, that is: graded already."""

    submission: Submission
    known: str = ""


@dataclass(frozen=True)
class Setup:
    """What all jobs of one run share: the exercise and the folder of its tests, and how."""

    assignment: str
    tests: Path
    settings: Settings


@dataclass(frozen=True)
class Done:
    """What came of a job: a record and the cells it was made from.

    same : the code is the one that is known; the record then holds nothing new, or the one task
        that was graded again.
    """

    record: Record
    cells: tuple[str, ...] = ()
    same: bool = False


def run(job: Job, setup: Setup) -> Done:
    """Do one job in this process, which loads the exercise once."""
    with blas_threads(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # changed formulas divide by 0, and worse
        return graded(job, _loaded(setup.assignment, setup.tests), setup.settings)


@lru_cache(maxsize=4)
def _loaded(name: str, tests: Path) -> Assignment:
    trial.recall.folder = jobs.shared()
    return load_assignment(name, tests)


def grade_one(submission: Submission, assignment: Assignment, settings: Settings) -> Record:
    """Grade one submission; whatever is wrong with it ends in its own record."""
    return graded(Job(submission), assignment, settings).record


def graded(job: Job, assignment: Assignment, settings: Settings) -> Done:
    """Grade a job's submission: all of it, or nothing of code that is known but the one task."""
    start, submission = time.monotonic(), job.submission
    record = replace(nothing(submission, assignment), seed=settings.seed)
    if submission.problem:
        return Done(replace(record, status="missing", message=submission.problem))
    try:
        read = read_cells(submission.read(), [graded.task for graded in assignment.tasks])
    except Unreadable as error:
        return Done(replace(record, status="unreadable", message=str(error)))
    cells, said = read.code, record.said + read.said
    record = replace(record, content=content_of(cells), said=said)
    same = job.known == record.content
    if not same or settings.task:
        tasks = chosen(assignment, settings.task if same else "")
        record = _with_points(record, cells, tasks, settings)
        record = replace(
            record, said=record.said + differences.told(cells, _derived(record, tasks))
        )
    return Done(replace(record, seconds=round(time.monotonic() - start, 3)), cells, same)


def _derived(record: Record, tasks: Sequence[Graded]) -> list[str]:
    """The tasks that ask for a gradient's formula, of those that have points."""
    earned = {task.name for task in record.tasks if task.points}
    return [g.task.name for g in tasks if g.task.name in earned and g.task.derives]


def content_of(cells: Sequence[str]) -> str:
    """The SHA-256 of the code of a notebook, cell by cell.

    >>> content_of(["x = 1"])[:8] == content_of(["x = 1"])[:8] != content_of(["x = 2"])[:8]
    True
    """
    return hashlib.sha256(json.dumps(list(cells)).encode()).hexdigest()


def nothing(submission: Submission, assignment: Assignment) -> Record:
    """The record of a submission that has no points yet."""
    tasks = tuple(task_record(graded) for graded in assignment.tasks)
    return Record(
        submission.student, assignment.name, "grader error", "", tasks,
        said=submission.said, file=submission.file, handed_in=submission.handed_in,
        id=submission.id, email=submission.email,
    )  # fmt: skip


def chosen(assignment: Assignment, task: str = "") -> list[Graded]:
    """The tasks of an exercise; one of them where it is named, by its number or its name.

    Raises
    ------
    KeyError : where there is no such task; the message names those that there are.
    """
    found = [g for g in assignment.tasks if task in ("", g.task.number, g.task.name)]
    if not found:
        there = ", ".join(f"{g.task.number} {g.task.name}" for g in assignment.tasks)
        raise KeyError(f"there is no task {task!r} in {assignment.name}; there are: {there}")
    return found


def _with_points(
    record: Record, cells: Sequence[str], tasks: Sequence[Graded], settings: Settings
) -> Record:
    """The record of a notebook that could be read: its tests are run in a worker."""
    worker = Worker(
        cells, settings.limits, settings.kind, settings.hide, settings.allowed, given_of(tasks)
    )
    try:
        worker.ready()
        done = graded_tasks(worker, tasks, settings.seed)
    except WorkerLost as error:
        return replace(record, status="stopped", message=f"the notebook cannot be run: {error}")
    except SandboxError as error:
        return replace(record, message=f"no worker could be started for it: {error}")
    except Exception as error:  # a fault of the grader must not cost the other students their row
        what = f"the grader failed ({type(error).__name__}: {error}); please report this"
        return replace(record, message=what)
    finally:
        worker.stop()
    failures = tuple(failure.sentence for _, failure in sorted(worker.failures.items()))
    over = (f"{worker.exhausted}: what came after was not asked",) if worker.exhausted else ()
    return replace(
        record, status="graded", message=summary(done), tasks=done, failures=failures,
        noticed=tuple(worker.said), said=record.said + over,
    )  # fmt: skip


def graded_tasks(worker: Worker, tasks: Sequence[Graded], seed: int) -> tuple[TaskRecord, ...]:
    """Run the tests of some tasks, each by its own seed: of all of them the public ones first."""
    students = [RemoteStudent(worker, np.random.default_rng(seed)) for _ in tasks]
    both = list(zip(tasks, students, strict=True))
    steps = [task.verdicts(one, seed) for task, one in both]
    for public in (True, False):
        for one in students:
            one.guarded = not public
        ask_together(worker, [(one, t.task.name, t.calls(seed, public)) for t, one in both])
        found = [next(step) for step in steps]
    if not all(verdict.passed for verdicts in found for verdict in verdicts):
        worker.stop()  # what is asked now meets one that no hidden number was told
    for _ in ("what the public tests show", "what the hidden ones alone do"):
        found = [next(step) for step in steps]
    return tuple(map(_recorded, tasks, students, found))


def _recorded(graded: Graded, student: RemoteStudent, verdicts: Sequence[Verdict]) -> TaskRecord:
    """What came of a task."""
    canonical = Canonical(student, graded.task)
    return task_record(
        graded,
        tuple(
            outcome(test, verdict, canonical.key(verdict))
            for test, verdict in zip(graded.tests, verdicts, strict=True)
        ),
    )
