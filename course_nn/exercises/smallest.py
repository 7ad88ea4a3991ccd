"""The smallest failing example of a task: sizes and numbers shrunk until they are few and whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .compare import Comparison, ask
from .shrink import smallest
from .student import Student
from .task import Case, Inputs, Task


def smallest_example(
    student: Student, task: Task, comparison: Comparison, case: Case
) -> Comparison | None:
    """The student's answer at the smallest inputs where it has the same fault; None where none is.

    The task's own printed example comes first: a student has seen it.
    """
    names = {output.name for output in comparison.wrong}

    def at(inputs: Inputs) -> Comparison:
        return ask(student, task, inputs)

    def fails(inputs: Inputs) -> bool:
        try:
            return same(at(inputs))
        except (ValueError, IndexError, ZeroDivisionError):  # sizes that the task does not allow
            return False

    def same(found: Comparison) -> bool:
        finite = all(o.right is None or np.isfinite(o.right).all() for o in found.outputs)
        kinds = found.fault == comparison.fault and names <= {o.name for o in found.wrong}
        return finite and kinds

    if task.example is not None and same(found := at(task.printed())):
        return found

    def draw(sizes: dict[str, int], rng: np.random.Generator, whole: bool = True) -> Inputs:
        chosen = replace(case, label="small", sizes=sizes)
        return task.draw(chosen, rng, whole=whole)

    inputs = smallest(fails, draw, dict(case.sizes), np.random.default_rng(7))
    return at(inputs) if inputs is not None else None
