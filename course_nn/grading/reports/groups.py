"""Submissions that are wrong in the same way: found by their keys, named once by the instructor.

A key is made from what a function answers at inputs that are the same in every year, see
`grading.canonical`: what is said of it this year is said to whoever answers so in the next.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..record import Grade, OutcomeRecord, TaskRecord
from . import told
from .ways import DEFINED

Cells = Callable[[str], Sequence[str]]  # the code cells of a submission, by its content
LINES = 60  # of an example that are shown


@dataclass(frozen=True)
class Group:
    """Who is wrong in the same way: the key to name them by, the task, and one of their tests."""

    key: str
    task: TaskRecord
    test: OutcomeRecord
    members: tuple[Grade, ...]
    label: str = ""

    @property
    def size(self) -> int:
        """How many they are."""
        return len(self.members)

    @property
    def students(self) -> tuple[str, ...]:
        """Who they are."""
        return tuple(grade.record.student for grade in self.members)

    @property
    def words(self) -> str:
        """What it looks like, else what is wrong; no numbers, which are other ones next time."""
        wrong = told.EXPECTED.sub(r"\1 has wrong numbers", self.test.sentence)
        return told.looks(self.test) or wrong


def groups(grades: Sequence[Grade], labels: Mapping[str, str], least: int = 2) -> list[Group]:
    """The groups of at least so many, the largest first, and all that have a label.

    Where the same students form two groups of one task, the one is kept that has a label, or that
    most of them meet first.
    """
    seen: dict[str, list[tuple[Grade, TaskRecord, OutcomeRecord]]] = {}
    for grade in grades:
        for task in grade.record.tasks:
            for key, test in _keys(task).items():
                seen.setdefault(key, []).append((grade, task, test))
    found = [_group(key, members, labels) for key, members in seen.items()]
    found = [group for group in found if group.size >= least or group.label]
    first = Counter(t.answer for g in grades for r in g.record.tasks if (t := r.first_fault))
    found.sort(key=lambda group: (not group.label, -first[group.key], group.key))
    kept = {(group.task.number, group.students): group for group in reversed(found)}
    return sorted(kept.values(), key=lambda group: (-group.size, group.task.number, group.key))


def _keys(task: TaskRecord) -> dict[str, OutcomeRecord]:
    """The keys of a task's failed tests, each with the test that says the most of it."""
    found: dict[str, OutcomeRecord] = {}
    for test in task.tests:
        if not test.passed and test.answer and (test.answer not in found or test.looks):
            found.setdefault(test.answer, test)
            if not found[test.answer].looks:
                found[test.answer] = test
    return found


def _group(
    key: str,
    members: list[tuple[Grade, TaskRecord, OutcomeRecord]],
    labels: Mapping[str, str],
) -> Group:
    """A group, described by the member whose test says the most."""
    _, task, test = next((m for m in members if m[2].looks), members[0])
    return Group(key, task, test, tuple(grade for grade, _, _ in members), labels.get(key, ""))


def example(group: Group, cells: Cells) -> tuple[str, str]:
    """How one of the group wrote the function, the shortest: the student, and the code or ""."""
    found = [
        (code, grade.record.student)
        for grade in group.members[:12]
        if (code := source_of(cells(grade.record.content), group.task.name))
    ]
    code, student = min(found, key=lambda one: (len(one[0]), one[1]), default=("", ""))
    return student, code


def source_of(cells: Sequence[str], name: str) -> str:
    """The last definition of a function in the cells; "" where there is none.

    It is found by its text: what was written to harm a parser is not given to one.
    """
    found = (m for cell in cells if name in cell for m in DEFINED.finditer(cell) if m[1] == name)
    text = next(iter(deque(found, maxlen=1)), None)
    lines = text[0].strip().splitlines() if text else []
    more = [f"# … {len(lines) - LINES} more lines"] if len(lines) > LINES else []
    return "\n".join([*lines[:LINES], *more])


def as_text(found: Sequence[Group]) -> str:
    """The groups for a terminal: key, size, task, words, label and members."""
    lines = []
    for group in found:
        lines.append(f"{group.key}  {told.counted(group.size, 'student')}  "
                     f"task {group.task.number}, {group.task.name}")  # fmt: skip
        lines.append(f"    {group.words}")
        if group.label:
            lines.append(f"    You said: {group.label}")
        lines.append(f"    {', '.join(group.students[:12])}{' …' if group.size > 12 else ''}")
    return "\n".join(lines)
