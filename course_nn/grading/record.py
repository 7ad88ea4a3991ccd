"""What grading one submission gave, as it is kept: plain values that outlast the run.

The gradebook stores records, and every report is made from them alone: what was graded last week
reads as what was graded now.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class OutcomeRecord:
    """One test of a task: what came of it, and all that explains and replays it.

    stage : the verdict's kind: "passed", "stub", "value" …
    sentence, looks : what was wrong, and what it looks like; "" where that is not known.
    smallest : the smallest failing example, a line each.
    case, inputs, error : the case that failed, its arguments and the difference to what is right,
        by name, as nested lists; left out where they are large.
    answer : the same for two submissions whose numbers agree on all cases of the test.
    """

    label: str
    public: bool
    passed: bool
    stage: str = "passed"
    sentence: str = ""
    looks: str = ""
    smallest: tuple[str, ...] = ()
    case: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] = field(default_factory=dict)
    answer: str = ""


@dataclass(frozen=True)
class TaskRecord:
    """One task: points of a maximum, where the book explains it, and its tests.

    section : a page and an anchor of the book, such as "layers/dense.html#the-derivative".
    chapter, heading : the same in words, as the book titles them.
    """

    number: str
    name: str
    points: float
    maximum: float
    section: str = ""
    tests: tuple[OutcomeRecord, ...] = ()
    chapter: str = ""
    heading: str = ""

    @property
    def first_fault(self) -> OutcomeRecord | None:
        """The first test that failed, the one to explain."""
        return next((test for test in self.tests if not test.passed), None)


@dataclass(frozen=True)
class Record:
    """One submission graded once.

    status : "graded", "missing", "unreadable", "stopped" or "grader error".
    failures : cells that did not run to their end, a sentence each.
    said : what was decided when it was collected, a sentence each: the later of two attempts …
    noticed : the same of what was decided when it ran.
    file, content : its name as handed in, and the SHA-256 of the code that was graded.
    handed_in : ISO 8601 with its offset, "" where not known.
    id, email : by the roster or the platform, "" where not known.
    """

    student: str
    assignment: str
    status: str
    message: str
    tasks: tuple[TaskRecord, ...] = ()
    failures: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    file: str = ""
    content: str = ""
    handed_in: str = ""
    seed: int = 0
    seconds: float = 0.0
    id: str = ""
    email: str = ""
    noticed: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """Points reached by the tests alone, before a penalty or an override."""
        return round(sum(task.points for task in self.tasks), 2)

    @property
    def maximum(self) -> float:
        """Points that can be reached."""
        return sum(task.maximum for task in self.tasks)


@dataclass(frozen=True)
class Override:
    """Points set by hand: of a task by its number, or of the whole where `task` is ""."""

    task: str
    points: float
    reason: str
    when: str = ""


@dataclass(frozen=True)
class Grade:
    """What a student gets: what the tests gave, what was set by hand, what being late costs.

    penalty, reason : the points taken off for being late, and the rule that took them.
    override : the whole as it was set by hand, None where it was not.
    final : what counts.
    overrides : what was set by hand and still stands, tasks and the whole.
    """

    record: Record
    penalty: float = 0.0
    reason: str = ""
    override: float | None = None
    final: float = 0.0
    overrides: tuple[Override, ...] = ()

    def points(self, task: TaskRecord) -> float:
        """A task's points as they count before a penalty: set by hand, or as tested."""
        by_hand = [one.points for one in self.overrides if one.task == task.number]
        return by_hand[-1] if by_hand else task.points


TEXTS = ("failures", "said", "noticed")


def to_json(record: Record) -> str:
    """The record as one line of JSON; `from_json` reads it back, equal.

    >>> from_json(to_json(Record("ada", "ex02_dense", "graded", ""))).student
    'ada'
    """
    return json.dumps(record, default=vars)  # asdict copies every number first


def from_json(text: str) -> Record:
    """A record as it was written by `to_json`; ValueError where the text is none."""
    try:
        fields = json.loads(text)
        tasks = tuple(_task(task) for task in fields.pop("tasks"))
        told: Any = {name: tuple(fields.pop(name, ())) for name in TEXTS}
        return Record(**fields, tasks=tasks, **told)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"this is no record of a grading: {error}") from error


def _task(fields: dict[str, Any]) -> TaskRecord:
    tests = fields.pop("tests")
    made = (OutcomeRecord(**{**test, "smallest": tuple(test["smallest"])}) for test in tests)
    return TaskRecord(**fields, tests=tuple(made))
