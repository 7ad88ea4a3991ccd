"""An assignment as the grader knows it: tasks, points, public and hidden tests.

All of it stands in one source, tests/autograder/NAME/exercise.md, which no student gets.
"""

from __future__ import annotations

import linecache
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..exercises import trial
from ..exercises.exercise import Exercise, completed, tasks_in
from ..exercises.student import Calls, Student
from ..exercises.task import Case, Task
from ..exercises.verdict import Verdict
from .source import Source, SourceError, drivers, read_source

TESTS = Path(__file__).resolve().parents[2] / "tests" / "autograder"


class AssignmentError(Exception):
    """There is no such assignment, or it is not whole; the message says what to do."""


@dataclass(frozen=True)
class Test:
    """One test of a task: cases, and the one output it is about ("" for all)."""

    label: str
    public: bool
    cases: tuple[Case, ...]
    output: str = ""

    def seed(self, seed: int) -> list[int]:
        """This test's own seed: the same for every student of one grading."""
        return [seed, zlib.crc32(self.label.encode())]

    def run(self, student: Student, task: Task, explain: bool = True) -> Verdict:
        """What the student's function is worth here; with `explain` also what a mistake looks
        like."""
        return trial.run(student, task, self.cases, self.output, explain)


@dataclass(frozen=True, eq=False)
class Graded:
    """One function to write, and the tests that share its points equally.

    given : its text, where the notebook gives the function; it runs what the student writes.
    """

    task: Task
    tests: tuple[Test, ...]
    given: str = ""

    def verdicts(self, student: Student, seed: int) -> Iterator[list[Verdict]]:
        """What the student's function is worth in every test; the first mistake is explained.

        It comes in four steps, each with what was found so far: the public tests, the hidden ones,
        then the explanation of a mistake that the public tests show, and that of one which the
        hidden ones alone do. Between them other tasks may be asked. All public tests come before
        any hidden one, so that nothing which a report tells of them can hold a hidden number; and
        all explanations after both, so that nothing is tested of who has met one: what a search
        asks next tells whether the last answer was right.

        The calls of a step are asked in one message. For a seed they are the same for everyone,
        drawn once and laid out once.
        """
        sheets, found = sheets_of(self, seed), dict[int, Verdict]()
        for public in (True, False):
            student.guarded = not public
            student.ahead(self.task.name, self.calls(seed, public))
            for k in self._those(public):
                found[k] = trial.answered(student, sheets[k], explain=False)
            yield [found[k] for k in sorted(found)]
        first = next((k for k in sorted(found) if not found[k].passed), 0)
        for public in (True, False):
            if not found[first].passed and self.tests[first].public == public:
                if not public:
                    student.forget()  # or its answers could tell what it was asked
                student.guarded = not public
                found[first] = trial.explained_later(student, sheets[first], found[first])
            student.guarded = False
            yield [found[k] for k in sorted(found)]

    def calls(self, seed: int, public: bool) -> list[Calls]:
        """What its public tests ask, or its hidden ones."""
        return [sheets_of(self, seed)[k].calls for k in self._those(public)]

    def _those(self, public: bool) -> list[int]:
        return [k for k, test in enumerate(self.tests) if test.public == public]


@lru_cache(maxsize=64)
def sheets_of(graded: Graded, seed: int) -> tuple[trial.Sheet, ...]:
    """The calls of every test of a task, each by its own seed."""
    return tuple(
        trial.sheet_of(graded.task, test.cases, np.random.default_rng(test.seed(seed)), test.output)
        for test in graded.tests
    )


@dataclass(frozen=True)
class Assignment:
    """All tasks of one exercise, in the order of its notebook."""

    name: str
    tasks: tuple[Graded, ...]
    source: Source
    exercise: Exercise


def known(folder: Path) -> list[str]:
    """The names of the assignments in a folder of tests."""
    return sorted(p.name for p in folder.glob("ex*") if (p / "exercise.md").is_file())


def load_assignment(name: str, folder: Path = TESTS) -> Assignment:
    """Load an assignment with all that is hidden.

    Raises
    ------
    AssignmentError : where the folder or the assignment is not there, or its source is not whole.
    """
    if not folder.is_dir():
        raise AssignmentError(
            f"no folder of hidden tests at {folder}: "
            "name the repository's tests/autograder with --tests"
        )
    if name not in known(folder):
        there = ", ".join(known(folder)) or "none"
        raise AssignmentError(f"unknown assignment {name!r}; known in {folder}: {there}")
    path = folder / name / "exercise.md"
    try:
        source = read_source(path)
        exercise = _exercise(source, str(path))
    except SourceError as error:
        raise AssignmentError(str(error)) from error
    except Exception as error:
        raise AssignmentError(f"{path}: {type(error).__name__}: {error}") from error
    given = drivers(source, exercise.tasks)
    graded = tuple(
        Graded(task, tests_of(task), given.get(task.name, "")) for task in exercise.tasks.values()
    )
    return Assignment(name, graded, source, exercise)


def _exercise(source: Source, file: str) -> Exercise:
    """The exercise, from its public and its hidden blocks."""
    space = executed(source.public_module(), f"{file} (public)")
    public = Exercise(source.name, source.title, tasks_in(space))
    return completed(public, source.code("hidden"), space, f"{file} (hidden)")


def executed(text: str, file: str) -> dict[str, Any]:
    """The name space that a text leaves; its functions' source can be read again."""
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space: dict[str, Any] = {"__name__": file}
    exec(compile(text, file, "exec"), space)
    return space


def given_of(tasks: Iterable[Graded]) -> dict[str, str]:
    """The text of every function that the notebook gives for a task, by name."""
    return {graded.task.name: graded.given for graded in tasks if graded.given}


def tests_of(task: Task) -> tuple[Test, ...]:
    """The public test, and for each output two that are hidden: other sizes, other memory."""
    if task.open:
        labels = (f"{task.name}: the public check", f"{task.name}: once more, with other numbers")
        return tuple(Test(label, k == 0, ()) for k, label in enumerate(labels))
    hidden = task.hidden()
    sizes = tuple(case for case in hidden if (case.dtype, case.layout) == ("float64", "rows"))
    memory = tuple(case for case in hidden if case not in sizes)
    tests = [Test(f"{task.name}: the public check", True, task.public())]
    for name in task.outputs:
        about = f"{task.name}, {name}: " if len(task.outputs) > 1 else f"{task.name}: "
        tests.append(Test(about + "other sizes", False, sizes, name))
        tests.append(Test(about + "other precision and memory", False, memory, name))
    return tuple(tests)
