"""Exercises: the public checks of each, and the diagnosis of what went wrong.

A notebook says `from course_nn.exercises import check`; the grader asks `load` for the tests.
"""

import importlib
from types import ModuleType

NAMES = ("ex02_dense",)


def load(name: str) -> ModuleType:
    """Return the module of an exercise: its QUESTIONS and its public tests.

    Raises
    ------
    KeyError : where there is no such exercise.
    """
    if name not in NAMES:
        raise KeyError(f"there is no exercise {name!r}; there are: {', '.join(NAMES)}")
    return importlib.import_module(f".{name}", __name__)
