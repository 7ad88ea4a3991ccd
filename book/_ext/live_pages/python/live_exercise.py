"""What an exercise's page asks of Python beside its cells: how tasks stand, and the next hint."""

import json
import types
from contextlib import suppress
from unittest.mock import patch

import numpy as np
from IPython import get_ipython

from course_nn.exercises import check, heatmap
from course_nn.exercises.compare import Output
from course_nn.exercises.exercise import load
from course_nn.exercises.task import Task

FUNCTIONS = types.FunctionType | types.BuiltinFunctionType | np.ufunc  # what a check takes
WIDE = 10**6  # the page breaks the lines


def begin(name: str) -> None:
    """Take an earlier answer's function away: one that is there later is the next answer's own."""
    get_ipython().user_ns.pop(name, None)


def there(name: str) -> None:
    """Tell the page whether an answer has defined its function; an earlier verdict is no more."""
    check.DIARY.verdicts.pop(name, None)
    tell("there", name in get_ipython().user_ns)


def report(exercise: str) -> None:
    """Tell the page how each task stands by the last check."""
    tell("states", {task.name: state(task) for task in load(exercise).tasks.values()})


def state(task: Task) -> str:
    """ "right", "wrong" or "open"; "unsaid" where a function has no verdict: none was asked for."""
    names = get_ipython().user_ns
    if task.name in check.DIARY.verdicts or task.name not in names:
        return check.DIARY.state(task)
    return "unsaid" if isinstance(names[task.name], FUNCTIONS) else "wrong"


def tell(form: str, what: object) -> None:
    """Hand something to the page."""
    get_ipython().kernel.screen.emit(form, json.dumps(what))


def ready() -> None:
    """Draw a map that nobody sees: to load what draws takes seconds, and no verdict waits then."""
    zero = np.zeros((2, 2))
    with suppress(ImportError):
        heatmap.drawn(Output("y", "value", "", np.eye(2), zero))


def hint(name: str, level: int) -> None:
    """Say a thing about a task's last answer: the first one, counted from 0, or one after it."""
    check.DIARY.hints[name] = level
    with patch.object(check, "WIDTH", WIDE):
        check.hint(name)
