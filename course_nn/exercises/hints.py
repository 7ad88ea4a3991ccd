"""More about a wrong answer, a step at a time: where, a hint, what it looks like, where to read.

A step that has nothing to say of this answer is left out.
"""

from __future__ import annotations

from .candidates import formula_of
from .compare import Output
from .regions import describe, signs
from .task import Inputs, Task, argument_of
from .trace import worst
from .verdict import Verdict, ended


def hint(verdict: Verdict, level: int) -> str:
    """What the next step says, counted from 0; after the last, that it was the last.

    >>> import numpy as np
    >>> from .check import tasks
    >>> print(hint(Verdict(tasks()["relu"]), 0))
    Step 1 of 2, a hint: `np.maximum` compares with a number as well.
    """
    said = steps(verdict)
    if level >= len(said):
        again = f" To read: {read}" if (read := dict(said).get("to read")) else ""
        return f"That was all that can be said.{again}"
    name, text = said[level]
    return f"Step {level + 1} of {len(said)}, {name}: {text}"


def steps(verdict: Verdict) -> list[tuple[str, str]]:
    """All that can be said of a verdict, in order, each with its name; never anything empty."""
    task = verdict.task
    chapter, section = task.section
    said = [
        ("where", where(verdict)),
        ("a hint", task.hint),
        ("what it looks like", verdict.looks),
        ("to read", chapter and f'the chapter "{chapter}", the section "{section}"'),
    ]
    return [(name, ended(text)) for name, text in said if text]


def where(verdict: Verdict) -> str:
    """Which numbers are wrong, and the equation of one of them."""
    seen = verdict.comparison
    if seen is None or not seen.wrong:
        return ""
    lines = []
    for output in seen.wrong:
        if output.fault != "dtype" and (region := _region(verdict.task, output, seen.inputs)):
            lines.append(f"{output.name} is wrong here: {region}.")
    if verdict.example is not None and (traced := _traced(verdict)):
        lines.append(f"In the smallest example {traced}.")
    return "\n".join(lines)


def _region(task: Task, output: Output, inputs: Inputs) -> str:
    """The part of an output that is wrong, in words."""
    if output.error is None or output.right is None:
        return ""
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
        if output.fault == "dtype":
            continue
        if output.error is not None and output.value is not None and output.right is not None:
            returned = formula.outputs[verdict.task.outputs.index(output.name)]
            found = worst(
                formula, example.inputs, output.name, output.value, output.right, letters,
                returned=returned,
            )  # fmt: skip
            if found:
                return found
    return ""
