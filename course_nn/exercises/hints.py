"""More about a wrong answer, a step at a time: where, a hint, what it looks like, where to read."""

from __future__ import annotations

from .compare import Output
from .diagnose import formula_of
from .regions import describe, signs
from .task import Inputs, Task, argument_of
from .trace import worst
from .verdict import Verdict

LEVELS = ("where", "hint", "name", "section")


def hint(verdict: Verdict, level: int) -> str:
    """What level 0, 1, 2 or 3 says; an empty level says so.

    >>> import numpy as np
    >>> from .check import tasks
    >>> hint(Verdict(tasks()["relu"]), 1)
    '`np.maximum` compares with a number as well.'
    """
    task = verdict.task
    said = {
        "where": where(verdict),
        "hint": task.hint,
        "name": verdict.looks and f"It looks as if this was done: {verdict.looks}.",
        "section": 'Read the chapter "{}", the section "{}".'.format(*task.section),
    }[LEVELS[min(level, len(LEVELS) - 1)]]
    return said or "There is nothing to say at this step; ask once more."


def where(verdict: Verdict) -> str:
    """Which numbers are wrong, and the equation of one of them."""
    seen = verdict.comparison
    if seen is None or not seen.wrong:
        return ""
    lines = []
    for output in seen.wrong:
        if output.error is not None and (region := _region(verdict.task, output, seen.inputs)):
            lines.append(f"{output.name} is wrong here: {region}.")
    if verdict.example is not None and (traced := _traced(verdict)):
        lines.append(f"In the smallest example {traced}.")
    return "\n".join(lines)


def _region(task: Task, output: Output, inputs: Inputs) -> str:
    """The part of an output that is wrong, in words."""
    assert output.error is not None
    assert output.right is not None
    scale = max(float(abs(output.right).max()), 1e-30) if output.right.size else 1.0
    wrong = ~(abs(output.error) <= 1e-6 * scale)
    axes = argument_of(task, output.name).axes or ()
    return describe(wrong, axes, signs(inputs, wrong.shape))


def _traced(verdict: Verdict) -> str:
    """The equation of a wrong number of the smallest example."""
    formula, example = formula_of(verdict.task), verdict.example
    if formula is None or example is None:
        return ""
    both = (*verdict.task.signature.inputs, *verdict.task.signature.outputs)
    letters = {a.name: a.axes for a in both if a.axes}
    for output in example.wrong:
        if output.error is not None and output.value is not None and output.right is not None:
            returned = formula.outputs[verdict.task.outputs.index(output.name)]
            found = worst(
                formula, example.inputs, output.name, output.value, output.right, letters,
                returned=returned,
            )  # fmt: skip
            if found:
                return found
    return ""
