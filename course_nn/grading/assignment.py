"""An assignment as the grader knows it: tasks, points, public and hidden tests.

Points stand in the source notebook, public tests in `course_nn.exercises`, hidden tests in the
assignment's folder under tests/autograder, which no student gets.
"""

import importlib.util
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from .. import exercises
from ..exercises.diagnose import run_test
from ..exercises.student import LocalStudent, Student
from ..exercises.task import Question
from .source import Cell, read_source

TESTS = Path(__file__).resolve().parents[2] / "tests" / "autograder"


class AssignmentError(Exception):
    """There is no such assignment, or it is not whole; the message says what to do."""


@dataclass(frozen=True)
class Test:
    """One test of a task: `run(student)` raises at the first fault."""

    label: str
    public: bool
    run: Callable[[Student], None]

    def seed(self, seed: int) -> list[int]:
        """Return this test's own seed: the same for every student of one grading."""
        return [seed, zlib.crc32(self.label.encode())]


@dataclass(frozen=True)
class Task:
    """One function to write, its points, and the tests that share them equally."""

    question: Question
    points: float
    tests: tuple[Test, ...]


@dataclass(frozen=True)
class Assignment:
    """All tasks of one exercise, in the order of its notebook."""

    name: str
    tasks: tuple[Task, ...]
    cells: tuple[Cell, ...]


def known(folder: Path) -> list[str]:
    """Return the names of the assignments in a folder of tests."""
    return sorted(p.name for p in folder.glob("ex*") if (p / f"{p.name}.md").is_file())


def load_assignment(name: str, folder: Path = TESTS) -> Assignment:
    """Load an assignment and its hidden tests.

    Raises
    ------
    AssignmentError : where the folder or the assignment is not there.
    """
    if not folder.is_dir():
        raise AssignmentError(
            f"no folder of hidden tests at {folder}: "
            "name the repository's tests/autograder with --tests"
        )
    if name not in known(folder):
        there = ", ".join(known(folder)) or "none"
        raise AssignmentError(f"unknown assignment {name!r}; known in {folder}: {there}")
    public, hidden = exercises.load(name), _load_hidden(name, folder / name / "hidden.py")
    cells = tuple(read_source(folder / name / f"{name}.md"))
    points = _points(cells)
    if set(points) != set(public.QUESTIONS):
        raise AssignmentError(
            f"{name}: the notebook grades {sorted(points)}, "
            f"the exercise asks {sorted(public.QUESTIONS)}; the two must agree"
        )
    tasks = tuple(
        Task(question, points[key], (*_tests(public, key, True), *_tests(hidden, key, False)))
        for key, question in public.QUESTIONS.items()
    )
    return Assignment(name, tasks, cells)


def _load_hidden(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"hidden_{name}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise AssignmentError(f"{name}: its hidden tests are missing, expected at {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _points(cells: tuple[Cell, ...]) -> dict[str, float]:
    graded = [cell.nbgrader for cell in cells if cell.nbgrader.get("grade")]
    return {g["grade_id"].removeprefix("test_"): float(g["points"]) for g in graded}


def _tests(module: ModuleType, task: str, public: bool) -> list[Test]:
    start = f"test_{task}__"
    found = [(key, value) for key, value in vars(module).items() if key.startswith(start)]
    return [Test((run.__doc__ or key).strip().splitlines()[0], public, run) for key, run in found]


def require(name: str, **functions: Callable) -> None:
    """Run all tests of the given functions in this process; for nbgrader's hidden cells.

    Raises
    ------
    AssertionError : with the verdict of the first test that fails.
    """
    for task in load_assignment(name).tasks:
        if task.question.name not in functions:
            continue
        for test in task.tests:
            student = LocalStudent(functions, np.random.default_rng(test.seed(0)))
            verdict = run_test(test.run, student, task.question)
            assert verdict.passed, f"{test.label} {verdict}"
