"""Grades submissions: reads each, starts its worker, runs every test, adds up the points."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..exercises.verdict import Verdict
from .assignment import Assignment, Graded
from .remote import Limits, RemoteStudent, Worker, WorkerLost
from .sandbox import SandboxError
from .submissions import Submission, Unreadable, read_cells


@dataclass(frozen=True)
class Outcome:
    """One test: its label, whether the student knows it, and the verdict."""

    label: str
    public: bool
    verdict: Verdict


@dataclass(frozen=True)
class TaskResult:
    """One task: points of a maximum, and its tests."""

    number: str
    name: str
    points: float
    maximum: float
    tests: tuple[Outcome, ...] = ()


@dataclass(frozen=True)
class Result:
    """One student's outcome. Status: graded, missing, unreadable, stopped, or grader error."""

    student: str
    status: str
    message: str
    tasks: tuple[TaskResult, ...]
    failures: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """Points reached."""
        return round(sum(task.points for task in self.tasks), 2)

    @property
    def maximum(self) -> float:
        """Points that can be reached."""
        return sum(task.maximum for task in self.tasks)


@dataclass(frozen=True)
class Settings:
    """How to grade: the sandbox's kind, the limits, the seed, folders that must stay unseen."""

    kind: str
    seed: int
    limits: Limits = field(default_factory=Limits)
    hide: tuple[Path, ...] = ()
    jobs: int = 1


def grade_all(
    submissions: list[Submission], assignment: Assignment, settings: Settings
) -> Iterator[Result]:
    """Grade every submission; yield results in order."""
    with ThreadPoolExecutor(settings.jobs) as pool:
        yield from pool.map(lambda one: grade_one(one, assignment, settings), submissions)


def grade_one(submission: Submission, assignment: Assignment, settings: Settings) -> Result:
    """Grade one submission; whatever is wrong with it ends in its own result."""
    if submission.path is None:
        return _nothing(submission.student, "missing", submission.problem, assignment)
    try:
        cells = read_cells(submission.path)
    except Unreadable as error:
        return _nothing(submission.student, "unreadable", str(error), assignment)
    worker = Worker(cells, settings.limits, settings.kind, settings.hide)
    try:
        return _grade(submission.student, worker, assignment, settings)
    except SandboxError:
        raise
    except Exception as error:  # a fault of the grader must not cost the other students their row
        what = f"the grader failed ({type(error).__name__}: {error}); please report this"
        return _nothing(submission.student, "grader error", what, assignment)
    finally:
        worker.stop()


def _nothing(student: str, status: str, message: str, assignment: Assignment) -> Result:
    tasks = tuple(
        TaskResult(graded.task.number, graded.task.name, 0.0, graded.task.points)
        for graded in assignment.tasks
    )
    return Result(student, status, message, tasks)


def _grade(student: str, worker: Worker, assignment: Assignment, settings: Settings) -> Result:
    try:
        worker.ready()
    except WorkerLost as error:
        return _nothing(student, "stopped", f"the notebook cannot be run: {error}", assignment)
    tasks = tuple(_grade_task(worker, graded, settings.seed) for graded in assignment.tasks)
    failures = tuple(failure.sentence for _, failure in sorted(worker.failures.items()))
    return Result(student, "graded", summary(tasks), tasks, failures)


def _grade_task(worker: Worker, graded: Graded, seed: int) -> TaskResult:
    task = graded.task
    student = RemoteStudent(worker, np.random.default_rng(seed))
    results: list[Outcome] = []
    for test in graded.tests:
        student.rng = np.random.default_rng(test.seed(seed))
        explain = all(result.verdict.passed for result in results)  # a mistake is named once
        verdict = test.run(student, task, explain)
        results.append(Outcome(test.label, test.public, verdict))
    passed = sum(result.verdict.passed for result in results)
    points = round(task.points * passed / len(results), 2)
    return TaskResult(task.number, task.name, points, task.points, tuple(results))


def summary(tasks: tuple[TaskResult, ...]) -> str:
    """Return one line: the first fault of each task that has one."""
    faults = []
    for task in tasks:
        wrong = [test.verdict for test in task.tests if not test.verdict.passed]
        if wrong:
            looks = f" ({wrong[0].looks})" if wrong[0].looks else ""
            faults.append(f"{task.number}: {wrong[0].wrong}{looks}")
    return " | ".join(faults) or "all tests passed"
