"""The checks that a student calls in a notebook: `check.dense_forward(dense_forward)`.

Each task of every exercise has one, by the name of its function.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from . import trial
from .compare import Comparison
from .exercise import known, load
from .student import LocalStudent
from .task import Task
from .verdict import Verdict

SEED = 20  # the same numbers at every call, so that a message stays until its cause is mended


def check_task(task: Task, function: Callable) -> Verdict:
    """The verdict of the public check of a task."""
    if not callable(function):
        says = f"hand over the function itself, without calling it: check.{task.name}({task.name})"
        return Verdict(task, Comparison({}, "call", says))
    student = LocalStudent({task.name: function}, np.random.default_rng(SEED))
    return trial.run(student, task, task.public())


def tasks() -> dict[str, Task]:
    """Every task by the name of its function."""
    return {name: task for one in known() for name, task in load(one).tasks.items()}


def __getattr__(name: str) -> Any:
    if name.startswith("_") or name not in (there := tasks()):
        raise AttributeError(f"there is no check.{name}")
    return partial(check_task, there[name])
