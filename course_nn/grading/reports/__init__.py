"""What instructor and students read, made from the gradebook alone.

`OUT/feedback/NAME.html` and `.txt` for each student; `OUT/class.html`, `OUT/similarity.html` and
`OUT/grades.csv` for the instructor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from ...files import write
from ..assignment import TESTS
from ..collect.names import safe_name
from ..record import Grade
from .alike import Alike, find
from .alike_page import alike_page
from .beside import beside
from .groups import Cells
from .overview import class_page
from .published import given
from .published import published as published_code
from .student import Words, student_page, title_of
from .table import grades_csv
from .text import student_text
from .tokens import LONGEST


def write_pages(
    out: Path,
    grades: Sequence[Grade],
    labels: Mapping[str, str],
    cells: Cells,
    *,
    note: str = "",
    book: str = "",
    tests: Path = TESTS,
) -> Path:
    """Write every report, each in one step; return the path of grades.csv, which is written last.

    Parameters
    ----------
    out : their folder.
    grades : of one assignment, sorted by student.
    labels : what was said of groups, by key.
    cells : gives the code of a submission, cell by cell, by its content.
    note : how it was graded.
    book : the address of the book, "" where there is none.
    tests : the folder of hidden tests, where the notebook's own code is known from.

    Raises
    ------
    OSError : where one cannot be written; those that were stand.
    """
    with beside(partial(_write_feedback, out, grades, Words(book, labels))):
        found, students = compared(grades, cells, tests)
        title = title_of(grades[0].record.assignment) if grades else "no submissions"
        write(out / "similarity.html", alike_page(found, title, students))
        write(out / "class.html", class_page(grades, labels, cells, note, len(found.pairs)))
    write(out / "grades.csv", grades_csv(grades))
    return out / "grades.csv"


def _write_feedback(out: Path, grades: Sequence[Grade], words: Words) -> None:
    for grade in grades:
        path = out / "feedback" / safe_name(grade.record.student)
        write(path.with_name(f"{path.name}.html"), student_page(grade, words))
        write(path.with_name(f"{path.name}.txt"), student_text(grade, words.labels))


def compared(grades: Sequence[Grade], cells: Cells, tests: Path = TESTS) -> tuple[Alike, int]:
    """The answers that are alike, and how many were compared."""
    if not grades:
        return find({}), 0
    record = grades[0].record
    tasks = [task.name for task in record.tasks]
    answers = {
        grade.record.student: _tasks_first(code, tasks)
        for grade in grades
        if (code := cells(grade.record.content))
    }
    known = given(record.assignment, tests), published_code(record.assignment, tests)
    return find(answers, *known, tasks), len(answers)


def _tasks_first(code: Sequence[str], tasks: Sequence[str]) -> str:
    """The cells as one text; of very much code those that define a task come first."""
    if sum(map(len, code)) < LONGEST:
        return "\n\n".join(code)

    names = "|".join(map(re.escape, tasks))
    defines = re.compile(rf"^[ \t]*(?:def|class)[ \t]+(?:{names})\b", re.M)

    def elsewhere(cell: str) -> bool:
        return not defines.search(cell)

    return "\n\n".join(sorted(code, key=elsewhere))
