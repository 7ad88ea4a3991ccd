"""`pytest tests/autograder --submission=FILE`: each test of each task is an item.

The notebook's code runs in the grader's sandbox; what fails says what a student would be told.
Without `=` pytest looks beside FILE for settings and a conftest.py of its own, before it knows what
the option is: where the class's folder holds one, that is refused.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from course_nn.grading.assignment import load_assignment
from course_nn.grading.breakout import choose
from course_nn.grading.collect import Submission, source_of
from course_nn.grading.record import OutcomeRecord, Record
from course_nn.grading.runner import Settings, grade_one

HERE = Path(__file__).resolve().parent


def strangers(arguments: list[str]) -> list[Path]:
    """The conftest.py that pytest would run beside a notebook, or above it, outside of this clone.

    It takes `FILE` in `--submission FILE` for a folder of tests before it knows the option.
    """
    at = [i for i, one in enumerate(arguments[:-1]) if one == "--submission"]
    folders = {folder for i in at for folder in Path(arguments[i + 1]).resolve().parents}
    ours = {HERE.parents[1], *HERE.parents[1].parents, HERE, HERE.parent}
    found = {folder / "conftest.py" for folder in folders - ours}
    return sorted(path for path in found if path.is_file())


def pytest_addoption(parser: pytest.Parser) -> None:
    """The notebook to test, and how."""
    if found := strangers(sys.argv):
        raise pytest.UsageError(
            f"pytest would run {found[0]}, and not in the sandbox: write --submission=FILE, with "
            "the sign of equality"
        )
    group = parser.getgroup("autograder", "grading one notebook")
    group.addoption("--submission", type=Path, help="A student's notebook, to test.")
    group.addoption("--sandbox", default="auto", help="auto, bwrap, namespace or plain.")
    group.addoption("--seed", type=int, help="Of the tests' numbers; drawn anew unless given.")


def pytest_collection(session: pytest.Session) -> None:
    """Say at once where there is nothing to test; nbval's cells are another matter."""
    options = session.config.option
    if getattr(options, "nbval", False) or getattr(options, "nbval_lax", False):
        return
    notebook = options.submission
    if notebook is None:
        raise pytest.UsageError("say which: pytest tests/autograder --submission=FILE")
    if not notebook.is_file():
        raise pytest.UsageError(f"there is no file {notebook}: name a notebook")
    if not meant(notebook, session.config.args):
        raise pytest.UsageError(
            f"{notebook.name} does not begin with an exercise's name: say which it is, "
            f"pytest tests/autograder/ex02_dense --submission={notebook}"
        )


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """What was written blind is no test."""
    return True if collection_path.suffix == ".py" else None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """An exercise is collected by its source, where the notebook is one of it."""
    notebook = parent.config.getoption("submission")
    if file_path.name != "exercise.md" or notebook is None:
        return None
    if file_path.parent.name not in meant(notebook, parent.config.args):
        return None
    return ExerciseFile.from_parent(parent, path=file_path)


def meant(notebook: Path, asked: list[str]) -> set[str]:
    """The exercise that a notebook's name begins with, else those whose folder is asked for."""
    there = {path.parent.name for path in HERE.glob("*/exercise.md")}
    named = {name for name in there if notebook.name.startswith(name)}
    return named or (there & {part for argument in asked for part in Path(argument).parts})


class ExerciseFile(pytest.File):
    """The tests of one exercise, for the one notebook."""

    def collect(self) -> Iterator[pytest.Item]:
        """An item for each test."""
        self.assignment = load_assignment(self.path.parent.name, self.path.parents[1])
        self.found: Record | None = None
        for graded in self.assignment.tasks:
            for test in graded.tests:
                yield Tested.from_parent(self, name=test.label)

    def record(self) -> Record:
        """What the grader found; it is asked once."""
        if self.found is None:
            notebook, seed = self.config.getoption("submission"), self.config.getoption("seed")
            kind, _ = choose(self.config.getoption("sandbox"))
            hide = (HERE.parents[1], notebook.resolve().parent)
            settings = Settings(kind, secrets.randbits(32) if seed is None else seed, hide=hide)
            submission = Submission(notebook.stem, source_of(notebook), notebook.name)
            self.found = grade_one(submission, self.assignment, settings)
        return self.found


class Tested(pytest.Item):
    """One test of one task."""

    def runtest(self) -> None:
        """Fail with what a student would be told."""
        record = self.parent.record()
        if record.status != "graded":
            raise NotPassed(f"{record.status}: {record.message}")
        outcomes = {test.label: test for task in record.tasks for test in task.tests}
        if not outcomes[self.name].passed:
            raise NotPassed("\n".join(told(outcomes[self.name])))

    def repr_failure(self, excinfo: pytest.ExceptionInfo, *args: Any, **options: Any) -> Any:
        """The sentences alone, without a traceback of ours."""
        if isinstance(excinfo.value, NotPassed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, *args, **options)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands, for pytest's summary."""
        return self.path, 0, self.name


class NotPassed(Exception):
    """The student's function is wrong; the message says how."""


def told(outcome: OutcomeRecord) -> list[str]:
    """What is said of a test that failed."""
    looks = [f"What it looks like: {outcome.looks}."] if outcome.looks else []
    return [outcome.sentence, *outcome.smallest, *looks]
