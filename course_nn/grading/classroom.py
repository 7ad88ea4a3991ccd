"""Grades a class: what is still to do goes to processes, what comes back is kept at once.

What is in the gradebook already, from a run that ended early or from yesterday, is not done again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from .. import __version__
from .assignment import Assignment
from .collect import Submission
from .gradebook import Gradebook
from .jobs import Lost
from .outcomes import summary
from .record import Record
from .runner import Done, Job, Settings, nothing


class Pool(Protocol):
    """Whatever does pieces of work side by side, here or on other machines."""

    def run(self, pieces: Any) -> Iterator[tuple[Any, Any]]:
        """Each piece with its result, or `Lost`, in any order."""


@dataclass
class Tally:
    """How far a run is: submissions graded, those whose code was known, those that failed."""

    graded: int = 0
    known: int = 0
    failed: list[str] = field(default_factory=list)
    stood: list[str] = field(default_factory=list)  # missing now, but graded before

    @property
    def done(self) -> int:
        """Submissions that are done with."""
        return self.graded + self.known


@dataclass
class Class:
    """One run over a class.

    again : grade what is known too.
    reason : why, where it is more than a first time.
    """

    book: Gradebook
    assignment: Assignment
    settings: Settings
    again: bool = False
    reason: str = ""
    tally: Tally = field(default_factory=Tally)

    def grade(self, handed_in: Sequence[Submission], pool: Pool) -> Iterator[Record]:
        """Grade what is to do, and keep each as it is done; yields what each is at present.

        Raises
        ------
        GradebookError : where nothing more can be kept; all that was kept before stands.
        """
        self.book.basis = basis_of(self.assignment, self.settings)
        known = {} if self.again else self.book.known()
        if self.settings.task:
            known = {r.student: r.content for r in self._graded()}
        for job, result in pool.run(Job(one, known.get(one.student, "")) for one in handed_in):
            done = result if isinstance(result, Done) else self._lost(job.submission, result)
            yield self._keep(done)

    def _graded(self) -> Iterator[Record]:
        for grade in self.book.grades():
            if grade.record.status == "graded":
                yield grade.record

    def _lost(self, submission: Submission, lost: Lost) -> Done:
        """The row of a submission whose process died."""
        message = f"the grader failed ({lost.why}); please report this"
        record = nothing(submission, self.assignment)
        return Done(replace(record, message=message, seed=self.settings.seed))

    def _keep(self, done: Done) -> Record:
        """Keep what is new of a record, then count it."""
        before = self.book.present(done.record.student)
        record, reason = self._new(done, before)
        graded = done.record.content and not self._known(done)
        if before is None or not alike(record, before) or (graded and record is not before):
            self.book.keep(record, done.cells, reason)
        self._count(done, before)
        return record

    def _known(self, done: Done) -> bool:
        """Whether nothing was to be graded."""
        return done.same and not self.settings.task

    def _count(self, done: Done, before: Record | None) -> None:
        tally, new = self.tally, done.record
        tally.known += self._known(done)
        tally.graded += not self._known(done)
        if self._failed(done):
            tally.failed.append(new.student)
        if new.status == "missing" and before is not None and before.content:
            tally.stood.append(new.student)

    def _failed(self, done: Done) -> bool:
        return done.record.status == "grader error" and not self._known(done)

    def _new(self, done: Done, before: Record | None) -> tuple[Record, str]:
        """The record that counts now, and why it is another than before."""
        new = done.record
        if before is None:
            return new, self.reason
        if new.status == "missing":  # who is missing now keeps what was graded before
            return (before if before.content else new), self.reason
        if self._failed(done):
            stands = before.status != "grader error" and new.content in ("", before.content)
            return (before if stands else new), self.reason
        if not done.same:
            return new, self.reason or _why(new, before)
        if self.settings.task:
            return merged(before, new), self.reason or f"task {self.settings.task} graded again"
        return collected(before, new), "the same code, collected in another way"


def alike(one: Record, other: Record) -> bool:
    """Whether two records say the same, however long it took."""
    return replace(one, seconds=0.0) == replace(other, seconds=0.0)


def merged(before: Record, new: Record) -> Record:
    """A record with the tasks of a newer one in place of its own."""
    if new.status != "graded":
        return before
    tasks = {task.name: task for task in new.tasks}
    both = tuple(tasks.get(task.name, task) for task in before.tasks)
    return replace(before, tasks=both, message=summary(both), failures=new.failures)


def collected(before: Record, new: Record) -> Record:
    """What was graded, as it was collected now: its file, its time, what was decided."""
    return replace(
        before, file=new.file, handed_in=new.handed_in, said=new.said, id=new.id, email=new.email
    )


def _why(new: Record, before: Record) -> str:
    if new.content != before.content:
        return "other code was handed in" if before.content else "it was handed in later"
    return "graded again"


def basis_of(assignment: Assignment, settings: Settings) -> str:
    """What decides points beside the code: the exercise, the seed, the limits, the packages.

    Not how the worker is locked in: a right answer is right in every sandbox.
    """
    exercise = [block.text for block in assignment.source.blocks if block.kind != "text"]
    told = [assignment.name, exercise, __version__, settings.seed, str(settings.limits),
            sorted(settings.allowed)]  # fmt: skip
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
