"""Points in the files that Canvas and Moodle take back, and in Gradescope's form.

Canvas and Moodle know students by their own ids: the file that they exported is filled in and
keeps all that it says. Who has no grade keeps what stands there.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import escape

from ..collect.names import folded
from ..collect.roster import Person, Roster, RosterError, Who, roster_of
from ..record import Grade
from . import told
from .markup import plain
from .student import title_of
from .text import head_lines, student_text, task_lines

# Canvas: the first heading; its importer wants the assignments behind the section.
CANVAS = ("Student", "LastName")
SECTION = "Section"
POSSIBLE = "points possible"
# Moodle: the headings of a grading worksheet, in the languages in which we know them.
GRADES = ("grade", "bewertung", "note", "calificación", "valutazione", "beoordeling")
COMMENTS = ("feedback comments", "feedback als kommentar", "commentaires", "comentarios")
MODIFIED = ("last modified grade", "zuletzt geändert bewertung")
CHANGEABLE = ("grade can be changed", "bewertung kann geändert werden")


class ExportError(Exception):
    """The file is not what the platform exports; the message says what is expected."""


@dataclass(frozen=True)
class Filled:
    """A file to import, how many grades it holds, and what is to be said of it."""

    text: str
    count: int
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A platform's table: its headings, its rows, how it was written, whose each row is."""

    headings: list[str]
    rows: list[list[str]]
    mark: str
    roster: Roster

    def column(self, names: Sequence[str]) -> int:
        """The first column with one of these headings; −1 where there is none."""
        wanted = {folded(name) for name in names}
        return next((k for k, h in enumerate(self.headings) if folded(h) in wanted), -1)

    def whose(self) -> list[Person | None]:
        """Whose each row is, by its first two cells: a name, and an id or an address."""
        people = {tuple(list(person.row.values())[:2]): person for person in self.roster.people}
        return [people.get(tuple(map(_one_line, row[:2]))) for row in self.rows]

    def text(self, columns: Sequence[int] | None = None) -> str:
        """The table as it was written, of some columns alone where they are named."""
        file = io.StringIO()
        table = csv.writer(file, delimiter=self.mark, lineterminator="\r\n")
        for row in (self.headings, *self.rows):
            full = [*row, *[""] * (len(self.headings) - len(row))]
            table.writerow(full if columns is None else [full[k] for k in columns])
        return file.getvalue()


def read_sheet(text: str) -> Sheet:
    """A platform's table; `ExportError` where it is none."""
    text = text.removeprefix("\ufeff")
    mark = max(",;\t", key=text.split("\n", 1)[0].count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark) if row]
        lines = io.StringIO()
        csv.writer(lines, delimiter=mark).writerows([map(_one_line, row) for row in rows])
        roster = roster_of(lines.getvalue())
    except (csv.Error, RosterError) as error:
        raise ExportError(f"it is no table of students: {error}") from error
    return Sheet(rows[0], rows[1:], mark, roster)


def _one_line(cell: str) -> str:
    return " ".join(cell.split())


def matched(sheet: Sheet, grades: Sequence[Grade]) -> tuple[dict[Person, Grade], list[str]]:
    """Which grade is whose, and the students that the table does not have."""
    people = {person.student: person for person in sheet.roster.people}
    found: dict[Person, Grade] = {}
    lost = []
    for grade in grades:
        record = grade.record
        named = people.get(record.student)
        others = [] if named else _known(sheet.roster, record.id, record.email, record.student)
        person = named or (others[0] if len(others) == 1 else None)
        if person is None or person in found:
            lost.append(record.student)
        else:
            found[person] = grade
    return found, lost


def _known(roster: Roster, number: str, email: str, name: str) -> list[Person]:
    """Who is meant by a number, else an address, else a name."""
    for label in (number, email, name):
        if label and (found := roster.find(Who(label))):
            return found
    return []


def counts(grade: Grade) -> bool:
    """Whether there is something to enter: nothing for who handed in nothing, unless by hand."""
    return grade.record.status not in ("missing", "grader error") or bool(grade.overrides)


# -- Canvas ----------------------------------------------------------------------------------------


def canvas(text: str, grades: Sequence[Grade], column: str = "") -> Filled:
    """Fill the points into what Canvas exported as its gradebook.

    Parameters
    ----------
    text : the CSV file as Canvas gave it.
    grades : of one assignment.
    column : the assignment's heading there; "" for the one that names the exercise. One that is
        not there is added, and Canvas then asks whether to make it.

    Raises
    ------
    ExportError : where it is no gradebook of Canvas, or no column is the exercise's.
    """
    sheet = read_sheet(text)
    last = sheet.column([SECTION])
    if last < 0 or sheet.column(["ID"]) < 0 or sheet.column(CANVAS) != 0:
        raise ExportError(
            "it is no gradebook of Canvas, whose columns are Student, ID, …, Section and then the "
            "assignments: in Canvas, Grades, Export, Export Entire Gradebook"
        )
    chosen = _canvas_column(sheet, grades, column, last)
    said = _possible(sheet, grades, chosen)
    count, more = _fill(sheet, grades, {chosen: lambda grade: _points(grade, ".")})
    return Filled(sheet.text([*range(last + 1), chosen]), count, (*said, *more))


def _canvas_column(sheet: Sheet, grades: Sequence[Grade], column: str, last: int) -> int:
    """The assignment's column; a new one where it is named and not there."""
    there = {k: h for k, h in enumerate(sheet.headings) if k > last}
    name = grades[0].record.assignment if grades else ""
    wanted = [column] if column else [name, title_of(name)]
    bare = {k: re.sub(r" \(\d+\)$", "", heading) for k, heading in there.items()}
    found = [k for k in there if {folded(there[k]), folded(bare[k])} & {*map(folded, wanted)}]
    if len(found) == 1:
        return found[0]
    if column and not found:
        sheet.headings.append(column)
        for row in sheet.rows:
            row.extend([""] * (len(sheet.headings) - len(row)))
        return len(sheet.headings) - 1
    which = "no column" if not found else "more than one column"
    some = "; ".join(list(there.values())[:12]) or "none"
    raise ExportError(
        f"{which} of it is called {name} or {title_of(name)!r}: name one with --column, or a new "
        f"one that Canvas shall make; there are: {some}"
    )


def _possible(sheet: Sheet, grades: Sequence[Grade], column: int) -> list[str]:
    """See to the row of what can be reached: filled where it is empty, told where it differs."""
    row = next((r for r in sheet.rows if folded(r[0]) == POSSIBLE), None)
    if row is None or not grades:
        return []
    most = told.number(grades[0].record.maximum)
    row.extend([""] * (column + 1 - len(row)))
    if not row[column].strip():
        row[column] = most
    elif _number(row[column]) != grades[0].record.maximum:
        return [f"Canvas expects {row[column].strip()} points, the exercise has {most}: they are "
                "written as they are"]  # fmt: skip
    return []


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


# -- Moodle ----------------------------------------------------------------------------------------


def moodle(
    text: str, grades: Sequence[Grade], labels: Mapping[str, str], column: str = ""
) -> Filled:
    """Fill points and feedback into what Moodle exported as its grading worksheet.

    Parameters
    ----------
    text : the CSV file as Moodle gave it.
    grades : of one assignment.
    labels : what was said of groups, by key.
    column : the heading of the grades, where it is in a language that is not known here.

    Raises
    ------
    ExportError : where it is no grading worksheet.
    """
    sheet = read_sheet(text)
    chosen = sheet.column([column] if column else GRADES)
    if chosen < 0 or (not column and sheet.column(MODIFIED) < 0):
        raise ExportError(
            "it is no grading worksheet of Moodle, with the columns Identifier, Grade and Last "
            "modified (grade): in the assignment, View all submissions, Download grading "
            "worksheet; in another language name the column of the grades with --column"
        )
    mark = "," if any(re.fullmatch(r"\d+,\d+", cell) for row in sheet.rows for cell in row) else "."
    columns: dict[int, Any] = {chosen: lambda grade: _points(grade, mark)}
    if (comments := sheet.column(COMMENTS)) >= 0:
        columns[comments] = lambda grade: f"<pre>{escape(student_text(grade, labels))}</pre>"
    locked = sheet.column(CHANGEABLE)
    count, said = _fill(sheet, grades, columns, locked)
    return Filled(sheet.text(), count, said)


# -- both ------------------------------------------------------------------------------------------


def _points(grade: Grade, mark: str) -> str:
    return f"{round(grade.final, 2) + 0.0:g}".replace(".", mark)


def _fill(
    sheet: Sheet, grades: Sequence[Grade], columns: Mapping[int, Any], locked: int = -1
) -> tuple[int, tuple[str, ...]]:
    """Write into the rows of those who have a grade; how many, and what is to be said."""
    whose, lost = matched(sheet, grades)
    count, left, closed = 0, [], []
    for row, owner in zip(sheet.rows, sheet.whose(), strict=True):
        grade = whose.get(owner) if owner else None
        if owner is not None and (grade is None or not counts(grade)):
            left.append(owner.student)
        elif grade is not None and 0 <= locked < len(row) and folded(row[locked]) in ("no", "nein"):
            closed.append(grade.record.student)
        elif grade is not None:
            row.extend([""] * (max(columns) + 1 - len(row)))
            for k, value in columns.items():
                row[k] = value(grade)
            count += 1
    said = [
        _said(lost, "not in the file, so not written"),
        _said(left, "without a grade; what stands there is left"),
        _said(closed, "whose grade may not be changed there"),
    ]
    return count, tuple(filter(None, said))


def _said(names: Sequence[str], what: str) -> str:
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"{len(names)} {what}: {', '.join(names[:8])}{more}" if names else ""


# -- Gradescope ------------------------------------------------------------------------------------


def gradescope(grade: Grade, labels: Mapping[str, str]) -> dict[str, Any]:
    """What Gradescope reads as `results.json`: a test for each task, and the score that counts."""
    record = grade.record
    return {
        "score": round(grade.final, 2),
        "execution_time": round(record.seconds),
        "output": plain("\n".join(head_lines(grade))),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"assignment": record.assignment, "seed": record.seed},
        "tests": [
            {
                "name": f"{task.number} {task.name}",
                "name_format": "text",
                "number": task.number,
                "score": round(grade.points(task), 2),
                "max_score": task.maximum,
                "status": "passed" if told.standing(grade, task).word == "right" else "failed",
                "output": "\n".join(task_lines(grade, task, labels)),
                "output_format": "text",
                "visibility": "visible",
            }
            for task in record.tasks
        ],
    }
