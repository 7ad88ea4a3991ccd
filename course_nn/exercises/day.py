"""A day with a notebook: what was checked when, what it printed, and cells that did not run."""

from __future__ import annotations

import ast
import datetime
import linecache
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .exercise import Exercise, known, load
from .task import Task
from .unknown import Unknown
from .verdict import Verdict, shell


@dataclass
class Diary:
    """The last verdict of every task, when it was right last, and how many hints were asked for."""

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    right_at: dict[str, str] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)

    def note(self, verdict: Verdict) -> None:
        """Keeps a verdict as the last; another one begins the hints anew. One on what is no
        function says nothing of the task."""
        name = verdict.task.name
        if verdict.kind == "misuse":
            return
        if str(self.verdicts.get(name, "")) != str(verdict):
            self.hints[name] = 0
        self.verdicts.pop(name, None)
        self.verdicts[name] = verdict
        if verdict.passed:
            self.right_at[name] = datetime.datetime.now().strftime("%H:%M")

    def progress(self, exercise: Exercise) -> str:
        """Points so far by the public checks, and which tasks are wrong or open.

        >>> print(Diary().progress(load("ex12_capstone")))
        Exercise 12: a network within a budget
        0 of 7 points by the public checks.
        Open: 12.1 learn, 12.2 confusion, 12.3 calibration_error, 12.4 best_two.
        """
        found: dict[str, list[str]] = {"right": [], "wrong": [], "open": []}
        points = 0.0
        for task in exercise.tasks.values():
            state = self.state(task)
            points += task.points * (state == "right")
            when = self.right_at.get(task.name, "") if state != "right" else ""
            was = f" (it was right at {when} and is not any more)" if when else ""
            found[state].append(f"{task.number} {task.name}{was}")
        lines = [
            exercise.title.split(". ")[0].rstrip("."),
            f"{points:g} of {exercise.points:g} points by the public checks.",
        ]
        lines += [f"{s.title()}: {', '.join(found[s])}." for s in ("wrong", "open") if found[s]]
        return "\n".join(lines if len(lines) > 2 else [*lines, "Nothing is open."])

    def state(self, task: Task) -> str:
        """ "right", "wrong", or "open" where it is not written or not checked yet."""
        verdict = self.verdicts.get(task.name)
        if verdict is None or verdict.kind == "stub":
            return "open"
        return "right" if verdict.passed else "wrong"


def exercise_of(name: str) -> Exercise:
    """The exercise that asks for a function, or that has the name or number that is given.

    >>> exercise_of("dense_forward").name, exercise_of("2").name
    ('ex02_dense', 'ex02_dense')
    """
    for one in map(load, known()):
        number = str(int(one.name[2:4]))
        if name in (one.name, number) or name in one.tasks:
            return one
    raise Unknown(f"no exercise is called {name!r}; there are: {', '.join(known())}")


# -- cells -----------------------------------------------------------------------------------------


def stale(name: str, function: Callable) -> bool:
    """Whether the last cell that defines a function is not the one that defined this: it failed."""
    here = shell()
    code = getattr(function, "__code__", None)
    if here is None or code is None:
        return False
    cells = _cells(here, name)
    source = "".join(linecache.getlines(code.co_filename))
    if not cells or not defines(name, source) or re.search(r"^\s*[%!]", cells[-1], re.M):
        return False
    return _bare(cells[-1]) != _bare(source)


def failure(name: str) -> str:
    """What is wrong with the last cell that defines a function, as the rest of a sentence."""
    cells = _cells(shell(), name)
    try:
        ast.parse(cells[-1] if cells else "")
    except ValueError as error:  # a null byte, to older Pythons
        return f"is no Python ({error})"
    except SyntaxError as error:
        lines = cells[-1].splitlines()
        number = min(error.lineno or 1, len(lines))
        line = lines[number - 1].strip()
        return f"has a {type(error).__name__} at line {number}, `{line}` ({error.msg})"
    return "did not run to its end"


def _cells(here: Any, name: str) -> list[str]:
    """The cells so far that define a function, in the order in which they ran."""
    return [text for text in here.user_ns.get("In", []) if defines(name, text)]


def defines(name: str, text: str) -> bool:
    """Whether a cell's text defines a function of that name."""
    return bool(re.search(rf"^\s*def {re.escape(name)}\b", text, re.M))


def _bare(text: str) -> str:
    """A text without blank lines and ends of lines."""
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())
