"""The checks that a student calls in a notebook: `check.dense_forward(dense_forward)`.

Each task of every exercise has one, by the name of its function. `check.hint("2.2")` says more of
the last wrong answer, a step at a time; `check.all()` says how far an exercise has come.
"""

from __future__ import annotations

import io
import math
import textwrap
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from typing import Any

import numpy as np

from ..worker.notebook import message_of
from . import cause, day, hints, trial
from .compare import Comparison
from .exercise import known, load
from .meanings import Guarded, restored
from .patience import SECONDS
from .regions import listed
from .student import LocalStudent, shortened
from .task import Task
from .unknown import NoCheck, Unknown, nearest
from .verdict import Verdict

SEED = 20  # the same numbers at every call, so that a message stays until its cause is mended
WIDTH = 80  # of a printed line
DIARY = day.Diary()


def check_task(task: Task, *functions: Any) -> Verdict:
    """The verdict of the public check of a task; kept for hints and progress.

    Parameters
    ----------
    task : what is asked.
    *functions : one function; anything else is told what to do instead.
    """
    with _quiet():
        verdict = _refused(task, *functions)
        if verdict is None:
            try:
                verdict = _tried(task, functions[0])
            except Exception as error:
                verdict = _stopped(task, error)
        DIARY.note(verdict)
        verdict.tell()
    return verdict


@contextmanager
def _quiet() -> Iterator[None]:
    """No warning of the checks' own is shown, and none is an error, whatever `np.seterr` was told:
    right and changed formulas divide by 0 as well."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _refused(task: Task, *functions: Any) -> Verdict | None:
    """What to do instead, where no function was handed over, or an old one."""
    fault, call = "misuse", f"check.{task.name}({task.name})"
    says = f"hand over the function itself, without calling it: {call}"
    if len(functions) == 1:
        (function,) = functions
        if isinstance(function, types.FunctionType | types.BuiltinFunctionType | np.ufunc):
            if not day.stale(task.name, function):
                return None
            fault, says = (
                "call",
                (
                    f"the last cell that defines {task.name} {day.failure(task.name)}, so that an "
                    "older definition would be judged: mend that cell and run it first"
                ),
            )
        elif callable(function):
            kind = "a class" if isinstance(function, type) else f"a {type(function).__name__}"
            says = f"this is {kind}; {says}"
    return Verdict(task, Comparison({}, fault, says))


def _tried(task: Task, function: Callable) -> Verdict:
    """The verdict on a function, with its cause where the source shows one."""
    seconds = math.inf if task.open else SECONDS  # such a task has a budget of its own
    before, guarded = restored(), Guarded(function)
    student = LocalStudent({task.name: guarded}, np.random.default_rng(SEED), seconds)
    printed = _Printed()
    with redirect_stdout(printed):
        verdict = trial.run(student, task, task.public())
        calls, comparison = student.calls, verdict.comparison
        if comparison is not None:
            verdict = replace(verdict, comparison=cause.told(comparison, function))
    if guarded.replaced:
        return Verdict(task, Comparison({}, "misuse", _another_meaning(list(guarded.replaced))))
    # of a wrong answer that call alone: the search for a smaller one calls with odd numbers too
    warned = student.warned if comparison is None else comparison.warned
    notes = []
    if lines := printed.getvalue().splitlines():
        count = f"{len(lines)} line{'s' * (len(lines) > 1)}"
        notes.append(f"it printed {count} in {calls} calls, the first {lines[0][:60]!r}")
    if before:
        notes.append(f"{listed(before)} had another meaning here, and has its own again")
    if warned and verdict.kind != "warning":
        notes.append(f"NumPy warned while it ran: {warned}")
    return replace(verdict, note="; ".join(notes))


def _another_meaning(names: list[str]) -> str:
    """What to do where a function replaced others, with which a check computes."""
    return (
        f"it gives {listed(names)} another meaning, and with that nothing can be checked: give "
        "what you write a name of its own"
    )


def _stopped(task: Task, error: Exception) -> Verdict:
    """What to do where the check itself cannot go on: what it calls is not what it was."""
    says = (
        f"the check itself stopped ({type(error).__name__}: {shortened(message_of(error), 120)}): "
        "has something of NumPy or Python been given another meaning? Restart the kernel and run "
        "the cells again"
    )
    return Verdict(task, Comparison({}, "misuse", says))


class _Printed(io.StringIO):
    """What a function prints; it stays open, even if the function closes it."""

    def close(self) -> None:
        """Nothing."""


class Check:
    """The check of one task: call it with your function, `check.relu(relu)`."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def __call__(self, *functions: Any) -> Verdict:
        """The verdict on a function, see `check_task`."""
        return check_task(self.task, *functions)

    def __repr__(self) -> str:
        """What to type.

        >>> Check(tasks()["relu"])
        The check of Task 3.1: call it with your function, check.relu(relu)
        """
        number, name = self.task.number, self.task.name
        return f"The check of Task {number}: call it with your function, check.{name}({name})"


def hint(which: str | float | Callable) -> None:
    """Say one more thing about a task's last answer: where, a hint, its name, where to read.

    Parameters
    ----------
    which : the task's number or the name of its function, "2.2" or "dense_backward".
    """
    task = _task(which)
    verdict = DIARY.verdicts.get(task.name)
    if verdict is None:
        print(f"{task.title} has not been checked yet: check.{task.name}({task.name})")
        return
    if verdict.passed:
        print(f"{task.title} is right, as far as the public check sees.")
        return
    level = DIARY.hints.get(task.name, 0)
    DIARY.hints[task.name] = level + 1
    with _quiet():
        _print(hints.hint(verdict, level))


def all(exercise: str | float = "") -> None:
    """Say how many points the public checks give so far, and which tasks are wrong or open.

    Parameters
    ----------
    exercise : its number or name; unless given, that of the last check.
    """
    last = next(reversed(DIARY.verdicts), "")
    which = str(exercise) or last
    if not which:
        print("Nothing has been checked yet.")
        return
    _print(DIARY.progress(day.exercise_of(which)))


def _print(text: str) -> None:
    """Prints lines that break between words: a notebook would break them anywhere."""
    for line in text.splitlines():
        print(textwrap.fill(line, WIDTH, subsequent_indent="  ", break_long_words=False))


def _task(which: Any) -> Task:
    """A task by its number, its name, or its function."""
    wanted = getattr(which, "__name__", str(which))
    for task in tasks().values():
        if wanted in (task.number, task.name):
            return task
    raise Unknown(
        f"no task is called {wanted!r}: give its number, such as '2.2', or its name"
        + nearest(wanted, tasks())
    )


def tasks() -> dict[str, Task]:
    """Every task by the name of its function."""
    return {name: task for one in known() for name, task in load(one).tasks.items()}


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"there is no check.{name}")
    if name not in (there := tasks()):
        raise NoCheck(f"there is no check.{name}{nearest(name, there)}")
    return Check(there[name])
