"""An exercise: its tasks, loaded by name; and what only the grader adds to them."""

from __future__ import annotations

import importlib
import linecache
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from . import released
from .task import Mistake, Task


@dataclass(frozen=True)
class Exercise:
    """The tasks of one notebook, by the names of their functions, in order."""

    name: str
    title: str
    tasks: dict[str, Task]

    @property
    def points(self) -> float:
        """That all tasks bring together."""
        return sum(task.points for task in self.tasks.values())


def known() -> list[str]:
    """The names of the exercises in this package.

    >>> "ex02_dense" in known()
    True
    """
    return sorted(module.name for module in pkgutil.iter_modules(released.__path__))


def load(name: str) -> Exercise:
    """The exercise of that name, as students have it; KeyError where there is none."""
    if name not in known():
        raise KeyError(f"there is no exercise {name!r}; there are: {', '.join(known())}")
    module = importlib.import_module(f"{released.__name__}.{name}")
    title = (module.__doc__ or name).strip().split("\n")[0].rstrip(".")
    return Exercise(name, title, tasks_in(vars(module)))


def tasks_in(space: dict[str, Any]) -> dict[str, Task]:
    """The tasks declared in a name space, in order.

    >>> tasks_in({"x": 3})
    {}
    """
    return {value.name: value for value in space.values() if isinstance(value, Task)}


# -- what is hidden --------------------------------------------------------------------------------


def completed(exercise: Exercise, source: str, space: dict[str, Any], file: str) -> Exercise:
    """The exercise with what its hidden blocks add: formulas of transfer tasks, odd mistakes.

    Parameters
    ----------
    source : of the hidden blocks, one after the other.
    space : the name space of the public blocks; it is not changed.
    file : where the source stands, for messages and for reading a formula's text again.
    """
    added = _Added(dict(exercise.tasks))
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(
        compile(source, file, "exec"),
        {**space, "right": added.right, "also": added.also, "mistakes": added.mistakes},
    )
    unknown = [task.title for task in added.tasks.values() if not (task.knows or task.open)]
    if unknown:
        raise ValueError(f"{exercise.name}: no hidden block says what is right of {unknown}")
    return replace(exercise, tasks=added.tasks)


class _Added:
    """What a hidden block calls."""

    def __init__(self, tasks: dict[str, Task]) -> None:
        self.tasks = tasks

    def right(self, name: str) -> Callable[[Callable], Callable]:
        """Decorates the right formula of a transfer task."""

        def keep(function: Callable) -> Callable:
            self.tasks[name] = replace(self.tasks[name], function=function)
            return function

        return keep

    def also(self, name: str) -> Callable[[Callable], Callable]:
        """Decorates another way to write the right formula of a task."""

        def keep(function: Callable) -> Callable:
            task = self.tasks[name]  # which is not changed: it is the students' too
            self.tasks[name] = replace(task, others=[*task.others, function])
            return function

        return keep

    def mistakes(self, name: str, table: Iterable[tuple[str, Callable]]) -> None:
        """Adds odd mistakes to a task."""
        more = tuple(Mistake(words, wrong) for words, wrong in table)
        self.tasks[name] = replace(self.tasks[name], mistakes=self.tasks[name].mistakes + more)
