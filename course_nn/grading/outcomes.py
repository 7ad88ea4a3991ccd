"""A verdict as it is kept: in words, with its smallest numbers, so that it can be read later.

A verdict holds arrays and functions; its record holds text and short lists, and outlasts the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..exercises.compare import Comparison
from ..exercises.verdict import Verdict
from . import quoted
from .assignment import Graded, Test
from .record import OutcomeRecord, TaskRecord
from .sections import place

SMALL = 600  # numbers of an array that is kept whole


def outcome(test: Test, verdict: Verdict, answer: str = "") -> OutcomeRecord:
    """What came of one test.

    answer : the same for two submissions that are wrong in the same way.
    """
    if verdict.passed:
        return OutcomeRecord(test.label, test.public, True, answer=answer)
    failed = verdict.comparison
    says = verdict.sentence if test.public else quoted.shapes(verdict.sentence, _sizes(failed))
    return OutcomeRecord(
        test.label, test.public, False, verdict.kind, says, verdict.looks,
        tuple(verdict.smallest()), verdict.case, kept(verdict.inputs),
        kept(errors(failed)) if failed else {}, answer,
    )  # fmt: skip


def _sizes(failed: Comparison | None) -> frozenset[int]:
    """The numbers that the shapes of a call's arguments, and of what is right, are made of."""
    values = [*failed.inputs.values(), *(o.right for o in failed.outputs)] if failed else []
    return quoted.sizes_of([value.shape for value in values if isinstance(value, np.ndarray)])


def errors(comparison: Comparison) -> dict[str, Any]:
    """yours − right of each wrong output that has the right shape."""
    return {o.name: o.error for o in comparison.wrong if o.error is not None}


def kept(values: Mapping[str, Any]) -> dict[str, Any]:
    """Arrays and numbers by name, as JSON has them; what is large is left out.

    >>> kept({"x": np.ones((1, 2)), "stride": np.int64(2), "far": np.zeros(1000)})
    {'x': [[1.0, 1.0]], 'stride': 2}
    """
    arrays = {name: np.asarray(value) for name, value in values.items()}
    return {
        name: _plain(array.tolist())
        for name, array in arrays.items()
        if array.size <= SMALL and array.dtype.kind in "fiub"
    }


def _plain(value: Any) -> Any:
    """A nested list whose infinities and NaN are words, for JSON has none."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if not isinstance(value, float) or np.isfinite(value) else str(value)


def task_record(graded: Graded, tests: tuple[OutcomeRecord, ...] = ()) -> TaskRecord:
    """One task: its tests share its points equally; without tests it has none."""
    task, passed = graded.task, sum(test.passed for test in tests)
    points = round(task.points * passed / len(tests), 2) if tests else 0.0
    return TaskRecord(
        task.number, task.name, points, task.points, place(*task.section), tests, *task.section
    )


def summary(tasks: tuple[TaskRecord, ...]) -> str:
    """One line: the first fault of each task that has one."""
    faults = []
    for task in tasks:
        if wrong := task.first_fault:
            looks = f" ({wrong.looks})" if wrong.looks else ""
            faults.append(f"{task.number}: {wrong.sentence.rstrip('.')}{looks}")
    return " | ".join(faults) or "all tests passed"
