"""What may be said of a grading, in words: shared by the pages, the texts and the exports.

Of a hidden test a student reads its title, which outputs are wrong and how, what that looks like,
and the smallest example that was searched for afterwards; never a number that would have been
right for the test's own inputs, and never its source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..record import Grade, OutcomeRecord, Record, TaskRecord

EXPECTED = re.compile(r"\b(\w{1,80})(?:\[[\d, ]*\])? is [^\s,;]+, expected [^\s;]*[^\s;.]")
HEADING = "The smallest example"
SIGNS = {"right": "✔", "in part": "◐", "not right": "✘", "not written": "○", "not graded": "–"}


@dataclass(frozen=True)
class Standing:
    """How a task stands: a word of `SIGNS`, and the points that count."""

    word: str
    points: float

    @property
    def sign(self) -> str:
        """A sign that says the word without a colour."""
        return SIGNS[self.word]


def standing(grade: Grade, task: TaskRecord) -> Standing:
    """How a task stands, what was set by hand included."""
    given = grade.points(task)
    return Standing(_word(task, given), given)


def _word(task: TaskRecord, given: float) -> str:
    if not task.tests and not given:
        return "not graded"
    if given >= task.maximum:
        return "right"
    if given > 0:
        return "in part"
    fault = task.first_fault
    return "not written" if fault is not None and fault.stage == "stub" else "not right"


def number(value: float) -> str:
    """Points in as few characters as say them.

    >>> number(3.0), number(0.666), number(-1.5)
    ('3', '0.67', '−1.5')
    """
    return f"{round(value, 2) + 0.0:g}".replace("-", "−")


def points(count: float) -> str:
    """So many points.

    >>> points(1), points(0.5)
    ('1 point', '0.5 points')
    """
    return f"{number(count)} point{'s' * (count != 1)}"


def counted(count: int, word: str) -> str:
    """A number of things.

    >>> counted(1, "test"), counted(3, "test")
    ('1 test', '3 tests')
    """
    return f"{count} {word}{'s' * (count != 1)}"


def title_of(test: OutcomeRecord, task: TaskRecord) -> str:
    """A test's title without its task's name: "the public check", "dW: other sizes"."""
    return test.label.removeprefix(task.name).lstrip(":, ") or test.label


def sentence(test: OutcomeRecord) -> str:
    """What was wrong, as a student may read it.

    >>> told = OutcomeRecord("f: other sizes", False, False, "value", "y[0, 1] is 3.5, expected 4.")
    >>> sentence(told)
    'y has wrong numbers.'
    """
    if test.public:
        return test.sentence
    return EXPECTED.sub(r"\1 has wrong numbers", test.sentence)


def looks(test: OutcomeRecord) -> str:
    """What it looks like, a sentence; "" where that is not known."""
    return (
        test.looks if not test.looks or test.looks.endswith((".", "?", "!")) else f"{test.looks}."
    )


def example(test: OutcomeRecord) -> str:
    """The smallest failing example without its heading, its lines moved to the margin."""
    whole = "\n".join(test.smallest).splitlines()  # NumPy parts pictures by empty lines
    lines = [line for line in whole if line.strip() and not line.strip().startswith(HEADING)]
    margin = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    return "\n".join(line[margin:] for line in lines)


def feedback(task: TaskRecord, labels: Mapping[str, str]) -> list[str]:
    """What the instructor said of the groups that this answer belongs to, each text once."""
    said = (labels.get(test.answer, "") for test in task.tests if not test.passed and test.answer)
    return list(dict.fromkeys(filter(None, said)))


def shares(task: TaskRecord) -> str:
    """How a task's points come about, where its tests share them equally; else the count alone."""
    passed, tests = sum(test.passed for test in task.tests), len(task.tests)
    if tests < 2:
        return ""
    said = f"{counted(tests, 'test')} share the {points(task.maximum)} equally"
    if abs(task.maximum * passed / tests - task.points) > 0.006:
        return f"{passed} of {tests} tests passed."
    return f"{said}; {passed} passed: {number(task.points)}."


def summary(grade: Grade) -> str:
    """How a submission stands, in one or two sentences; what is right comes first."""
    record = grade.record
    if record.status != "graded":
        return STATUS.get(record.status, "It was not graded.")
    words = [standing(grade, task).word for task in record.tasks]
    for word, text in (
        ("right", "Every task is right."),
        ("not written", "Nothing is written yet."),
    ):
        if words and words.count(word) == len(words):
            return text
    said = {"right": "right", "in part": "right in part", "not right": "not right yet",
            "not written": "not written yet", "not graded": "not graded"}  # fmt: skip
    counts = [(words.count(word), text) for word, text in said.items() if word in words]
    parts = [f"{count} {_is(count)} {text}" for count, text in counts]
    return f"Of {counted(len(words), 'task')} {', '.join(parts)}."


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


STATUS = {
    "missing": "There was nothing to grade.",
    "unreadable": "The file could not be read as a notebook, so nothing was graded.",
    "stopped": "The notebook could not be run, so nothing was graded.",
    "grader error": "The grader failed, and that is not your fault: your instructor sees it too.",
}


def reading(task: TaskRecord) -> str:
    """Where the book explains a task, in words; "" where that is not known."""
    if task.heading:
        return f"“{task.heading}” in the chapter “{task.chapter}”" if task.chapter else task.heading
    return task.chapter or task.section.partition("#")[0].removesuffix(".html")


def changes(grade: Grade) -> list[tuple[str, str, str]]:
    """What changed the points after the tests: a title, the reason, and the points it gives."""
    names = {task.number: f"Task {task.number}" for task in grade.record.tasks}
    found = []
    if grade.override is not None and not any(one.task == "" for one in grade.overrides):
        found.append(("The whole, set by hand", "", number(grade.override)))
    for one in grade.overrides:
        what = f"{names.get(one.task, 'The whole')}, set by hand"
        found.append((what, one.reason, "" if one.task in names else number(one.points)))
    if grade.penalty:
        found.append(("Handed in late", grade.reason, number(-abs(grade.penalty))))
    return found


def decided(record: Record) -> tuple[str, ...]:
    """What was decided of a submission, when it was collected and while it ran.

    The latter its worker says, where the student's code runs too: it is quoted, not said.
    """
    return (*record.said, *(f"its own run says: “{sentence}”" for sentence in record.noticed))


def flags(record: Record) -> list[str]:
    """What an instructor may want to look at in a record: none where all went as usual."""
    found = [] if record.status == "graded" else [record.status]
    if record.failures:
        found.append(f"{counted(len(record.failures), 'cell')} did not run")
    return found + (["see what was decided"] if decided(record) else [])


def faults(grades: Sequence[Grade]) -> list[tuple[Grade, TaskRecord, OutcomeRecord]]:
    """The first fault of every task that has one, stubs left out."""
    return [
        (grade, task, fault)
        for grade in grades
        for task in grade.record.tasks
        if (fault := task.first_fault) is not None and fault.stage != "stub"
    ]
