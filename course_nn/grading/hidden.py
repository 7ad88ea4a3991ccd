"""Hidden tests inside a student's own kernel, as nbgrader runs them: they travel in its cell.

Nothing here holds against a submission that means to cheat: it runs in this very process, and can
replace whatever it likes. `course-nn grade` is the way that holds.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache

import numpy as np

from ..exercises import released
from ..exercises.exercise import completed, load
from ..exercises.student import LocalStudent
from ..exercises.task import Task
from ..exercises.verdict import Verdict
from .assignment import Test, tests_of
from .source import unpack


class Failed(AssertionError):
    """A function passed none of its tests; shown as its sentences, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback, which would print the cell's hidden lines."""
        return str(self).splitlines()


def require(name: str, hidden: str, **functions: Callable) -> float | None:
    """Run all tests of a task, in this process; nbgrader takes what it returns for the points.

    Parameters
    ----------
    name, hidden : the exercise, and what `source.pack` made of its hidden blocks.
    functions : the student's, by the name of its task; one alone.

    Returns
    -------
    points : where some tests failed; None, which nbgrader takes for full marks, where none did.

    Raises
    ------
    Failed : where no test passed.
    KeyError : where the exercise has no such task.
    """
    (asked,) = functions
    task = _tasks(name, hidden)[asked]
    tests = tests_of(task)
    verdicts = [_verdict(test, functions, task) for test in tests]
    said = [f"{t.label}: {v}" for t, v in zip(tests, verdicts, strict=True) if not v.passed]
    if len(said) == len(tests):
        raise Failed("\n".join(said))
    if not said:
        return None
    print(*said, sep="\n")
    return round(task.points * (1 - len(said) / len(tests)), 2)


@cache
def _tasks(name: str, hidden: str) -> dict[str, Task]:
    """The tasks of an exercise, with what only the grader knows."""
    space = vars(importlib.import_module(f"{released.__name__}.{name}"))
    return completed(load(name), unpack(hidden), space, f"{name} (hidden)").tasks


def _verdict(test: Test, functions: dict[str, Callable], task: Task) -> Verdict:
    return test.run(LocalStudent(functions, np.random.default_rng(test.seed(0))), task)
