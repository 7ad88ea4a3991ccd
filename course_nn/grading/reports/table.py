"""grades.csv: a row a student, a column a task, for any spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from ..record import Grade
from . import told

FORMULA = (*"=+-@＝＋－＠", "\t", "\r")  # the wide ones too: some programs read them alike
MAX_CELL = 2000


def safe_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula, on one line.

    >>> safe_cell("=HYPERLINK(1)")
    "'=HYPERLINK(1)"
    """
    line = " ".join(text.split())[:MAX_CELL]
    line = "".join(c if c.isprintable() else "�" for c in line)
    return f"'{line}" if line.startswith(FORMULA) else line


def grades_csv(grades: Sequence[Grade]) -> str:
    """The whole table; tasks and total as they count, what was taken off, what was odd."""
    longest = max((grade.record.tasks for grade in grades), key=len, default=())
    numbers = [task.number for task in longest]
    heads = [safe_cell(f"{task.number} {task.name}") for task in longest]
    rows = [["student", "assignment", *heads, "penalty", "total", "max", "status", "message"]]
    return written([*rows, *(_row(grade, numbers) for grade in grades)])


def _row(grade: Grade, numbers: list[str]) -> list[str]:
    record = grade.record
    given = {task.number: f"{round(grade.points(task), 2):g}" for task in record.tasks}
    said = "; ".join(filter(None, [message(grade), *told.decided(record)]))
    return [
        safe_cell(record.student), safe_cell(record.assignment),
        *(given.get(n, "") for n in numbers),
        f"{round(grade.penalty, 2):g}", f"{round(grade.final, 2):g}", f"{record.maximum:g}",
        safe_cell(record.status), safe_cell(said),
    ]  # fmt: skip


def message(grade: Grade) -> str:
    """Why there are not all points: the cells that did not run first, for they are the cause."""
    record = grade.record
    failures = record.failures[:3] if record.status == "graded" else ()
    return "; ".join(filter(None, [*failures, record.message]))


def written(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue()
