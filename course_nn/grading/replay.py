"""Runs a disputed task again, at the same numbers, and shows them: what went in, yours, right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..exercises.compare import Comparison
from ..exercises.verdict import Verdict, shown
from .assignment import Graded, Test, given_of
from .outcomes import outcome
from .record import OutcomeRecord, Record
from .remote import RemoteStudent, Worker
from .runner import Settings

SAID_IN_PART = ("call", "structure", "type", "warning")  # of a hidden test, see `quoted`


@dataclass(frozen=True)
class Again:
    """One test, run again: its verdict now, and what was kept of it then."""

    test: Test
    verdict: Verdict
    kept: OutcomeRecord | None

    @property
    def same(self) -> bool:
        """Whether it came out as it did then."""
        now, then = outcome(self.test, self.verdict), self.kept
        if then is None or (now.passed, now.stage) != (then.passed, then.stage):
            return False
        words = not self.test.public and now.stage in SAID_IN_PART
        return words or now.sentence == then.sentence

    def lines(self) -> list[str]:
        """The verdict, the numbers of the call that it is about, and whether it is as it was."""
        verdict, public = self.verdict, "public" if self.test.public else "hidden"
        said = "passed" if verdict.passed else verdict.sentence
        lines = [f"{'✔' if verdict.passed else '✘'} {public}, {self.test.label}: {said}"]
        if verdict.comparison is not None:
            lines += numbers(verdict.comparison, verdict.case)
        if verdict.looks:
            lines.append(f"    what it looks like: {verdict.looks}")
        if not self.same:
            lines.append(f"    when it was graded: {_then(self.kept)}")
        return lines


def _then(kept: OutcomeRecord | None) -> str:
    if kept is None:
        return "there was no such test"
    return "passed" if kept.passed else kept.sentence


def numbers(call: Comparison, case: str) -> list[str]:
    """What went in, and of each wrong output yours and what is right.

    >>> numbers(Comparison({"x": np.ones(2)}), "N = 2")
    ['    in the case: N = 2', '    x = [1, 1]']
    """
    rows = list(call.inputs.items())
    for output in call.wrong:
        rows += [(f"your {output.name}", output.value), (f"right {output.name}", output.right)]
    lines = [f"    in the case: {case}"] if case else []
    for name, value in rows:
        if value is not None:
            text = f"    {name} = {shown(value)}"
            lines.append(text.replace("\n", "\n" + " " * (len(name) + 7)))
    return lines


def replay(
    record: Record, cells: Sequence[str], tasks: Sequence[Graded], settings: Settings
) -> list[Again]:
    """Run the tests of some tasks again on the code that was graded, with its seed.

    Raises
    ------
    WorkerLost : where the notebook cannot be run.
    SandboxError : where no worker can be started here.
    """
    kept = {test.label: test for task in record.tasks for test in task.tests}
    found = []
    worker = Worker(
        cells, settings.limits, settings.kind, settings.hide, settings.allowed, given_of(tasks)
    )
    try:
        worker.ready()
        for graded in tasks:
            student = RemoteStudent(worker, np.random.default_rng(record.seed))
            for test in graded.tests:
                student.rng = np.random.default_rng(test.seed(record.seed))
                verdict = test.run(student, graded.task)
                found.append(Again(test, verdict, kept.get(test.label)))
    finally:
        worker.stop()
    return found
