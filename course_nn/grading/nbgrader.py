"""Grades for nbgrader, which collects and gives back: written into its gradebook, or as it asks.

The submissions' own files are not touched: in nbgrader's folder `autograded` each student gets a
page made of the code that was graded, each task's cell followed by what its tests said, so that
`nbgrader generate_feedback` and its formgrader show it. No text of a student but code enters it.
"""

from __future__ import annotations

import json
import secrets
import textwrap
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exercises.day import defines
from ..exercises.verdict import ended
from ..files import write
from .assignment import TESTS, Assignment, load_assignment
from .collect import Submission
from .record import Grade, OutcomeRecord, Record, TaskRecord
from .reports import told
from .source import KERNEL, NBGRADER

if TYPE_CHECKING:
    from .runner import Settings

HANDED_IN = ("graded", "stopped", "unreadable", "grader error")  # all but "missing"


class BridgeError(Exception):
    """nbgrader's gradebook does not take the grades; the message says why and what to do."""


def write_back(
    course: Path,
    assignment: str,
    grades: Iterable[Grade],
    cells: Callable[[str], Sequence[str]],
    url: str = "",
) -> list[str]:
    """Write points, penalties and comments into nbgrader's gradebook, and the pages to show.

    Parameters
    ----------
    course : nbgrader's folder of the course, with `gradebook.db`.
    cells : the code cells that were graded, by `Record.content`.
    url : of the gradebook, where it is not `gradebook.db` in the folder.

    Returns
    -------
    written : the students; who handed in nothing is left out, as nbgrader does it.

    Raises
    ------
    BridgeError : where nbgrader is not installed, its gradebook does not know the assignment, or
        it does not take some student, whom the message names; the others are written then.
    """
    written, refused = [], []
    with _opened(course, assignment, url) as book:
        for grade in grades:
            record = grade.record
            if record.status not in HANDED_IN:
                continue
            try:
                _write_one(book, course, assignment, grade, cells)
            except Exception as error:  # nbgrader's own, or the disk's: the others get theirs
                book.db.rollback()
                refused.append(f"{record.student!r} ({' '.join(str(error).split())[:200]})")
            else:
                written.append(record.student)
    if refused:
        raise BridgeError(
            f"the grades of {len(written)} students were written, and not those of "
            + "; ".join(refused[:10])
        )
    return written


def _write_one(
    book: Any, course: Path, assignment: str, grade: Grade, cells: Callable[[str], Sequence[str]]
) -> None:
    """Write one student's points and page; of a student whose page cannot be, nothing."""
    record = grade.record
    place = course / "autograded" / _folder(record.student) / assignment / f"{assignment}.ipynb"
    notebook = _submission(book, assignment, grade)
    _put(notebook, grade)
    solvable = {comment.name for comment in notebook.comments}
    write(place, page(grade, cells(record.content) if record.content else (), solvable))
    book.db.commit()


def _folder(student: str) -> str:
    """The student's name, which is a folder's in nbgrader's course, and no way out of it."""
    plain = Path(student).name == student and student.isprintable()
    if not plain or student[:1] in ("", "."):
        raise BridgeError(
            f"{student!r} is no name of a student in nbgrader: collect with nbgrader, or name the "
            "students by a roster as nbgrader does"
        )
    return student


def _opened(course: Path, assignment: str, url: str) -> Any:
    """nbgrader's gradebook, which must be there and know the assignment."""
    try:
        from nbgrader.api import Gradebook, MissingEntry
    except ImportError as error:
        raise BridgeError(
            'nbgrader is not installed here: pip install "course-nn[nbgrader]"'
        ) from error
    file = course / "gradebook.db"
    if not url and not file.is_file():
        raise BridgeError(f"there is no {file}: name nbgrader's folder of the course, or its --db")
    book = Gradebook(url or f"sqlite:///{file.resolve()}", "")
    try:
        book.find_notebook(assignment, assignment)
    except MissingEntry as error:
        book.close()
        raise BridgeError(
            f"nbgrader's gradebook does not know the assignment {assignment}: "
            f"run `nbgrader generate_assignment {assignment}` first"
        ) from error
    return book


def _submission(book: Any, assignment: str, grade: Grade) -> Any:
    """The student's notebook in nbgrader's gradebook, made where there is none."""
    student, when = grade.record.student, _when(grade.record.handed_in)
    book.update_or_create_student(student)
    book.update_or_create_submission(assignment, student, **({"timestamp": when} if when else {}))
    return book.find_submission_notebook(assignment, assignment, student)


def _when(text: str) -> str:
    """A time as nbgrader keeps it; "" for one that is none, or that no year of ours has.

    >>> _when("2026-03-02T15:58:23+01:00"), _when("0001-01-01T00:00:00+14:00")
    ('2026-03-02 14:58:23', '')
    """
    try:
        utc = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return f"{utc:%Y-%m-%d %H:%M:%S}" if 1990 < utc.year < 2900 else ""


def _put(notebook: Any, grade: Grade) -> None:
    """Points into its grades, what was wrong into its comments."""
    tasks = {task.name: task for task in grade.record.tasks}
    by_hand = {override.task for override in grade.overrides}
    for cell in notebook.grades:
        task = tasks.get(cell.name.removeprefix("test_"))
        failed = grade.record.status == "grader error"  # ours, which must cost nobody a point
        cell.auto_score = None if failed else task.points if task else 0.0
        cell.needs_manual_grade = failed
        cell.manual_score = grade.points(task) if task and task.number in by_hand else None
        cell.extra_credit = None
    for comment in notebook.comments:
        comment.auto_comment = said(tasks[comment.name]) if comment.name in tasks else None
    reached = sum(grade.points(task) for task in tasks.values())
    notebook.late_submission_penalty = grade.penalty or None
    if grade.override is not None and notebook.grades:  # the whole was set by hand
        notebook.grades[0].extra_credit = round(grade.final + grade.penalty - reached, 2)


def said(task: TaskRecord) -> str:
    """What is said of a task under a student's answer: the first fault and its smallest example.

    nbgrader takes a comment for Markdown and HTML, so it is a block of code: shown as it stands.
    """
    fault = task.first_fault
    if fault is None:
        return "All tests passed."
    kind = "the public check" if fault.public else "a hidden test"
    lines = [f"{task.points:g} of {task.maximum:g} points. In {kind}: {told.sentence(fault)}"]
    lines += fault.smallest
    if fault.looks:
        lines.append(f"What it looks like: {ended(fault.looks)}")
    wrapped = (part for line in lines for part in textwrap.wrap(line, 90, subsequent_indent="  "))
    return "\n".join(f"    {line}" for line in wrapped)


# -- the page that nbgrader shows ------------------------------------------------------------------


def page(grade: Grade, cells: Sequence[str], solvable: Iterable[str]) -> str:
    """The notebook for nbgrader's folder `autograded`.

    Parameters
    ----------
    cells : the student's code, in order.
    solvable : names of the tasks under whose cell nbgrader keeps a comment.
    """
    record, known = grade.record, set(solvable)
    why = "" if record.status == "graded" else record.message  # else each task says its own
    head = [line for line in (why, *record.said, *record.failures) if line]
    shown = [_cell("\n".join("# " + " ".join(line.split()) for line in head) or "# graded")]
    solved = {task.name: _solved_in(task.name, cells) for task in record.tasks}
    for i, text in enumerate(cells):
        here = [task for task in record.tasks if solved[task.name] == i]
        commented = next((task.name for task in here if task.name in known), "")
        shown.append(_cell(text, _meta(commented, solution=True) if commented else None))
        shown += [_tested(task, grade) for task in here]
    shown += [_tested(task, grade) for task in record.tasks if solved[task.name] is None]
    content = {
        "cells": [{**cell, "id": f"cell-{number}"} for number, cell in enumerate(shown)],
        "metadata": {"kernelspec": KERNEL},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _solved_in(name: str, cells: Sequence[str]) -> int | None:
    """Which cell defines a function: the last, as the notebook's run leaves it."""
    return max((i for i, text in enumerate(cells) if defines(name, text)), default=None)


def _meta(grade_id: str, **options: Any) -> dict[str, Any]:
    return {**NBGRADER, "grade_id": grade_id, **options}


def _tested(task: TaskRecord, grade: Grade) -> dict[str, Any]:
    """The cell of a task's tests, under it what they said."""
    lines = [f"{grade.points(task):g} of {task.maximum:g} points"]
    lines += [f"set by hand: {o.reason}" for o in grade.overrides if o.task == task.number]
    lines += [line for test in task.tests for line in _outcome(test)]
    meta = _meta(f"test_{task.name}", grade=True, locked=True, points=task.maximum)
    return _cell(f"# Task {task.number}: {task.name}", meta, "\n".join(lines))


def _outcome(test: OutcomeRecord) -> list[str]:
    """A test's name, and what was wrong."""
    kind = "public" if test.public else "hidden"
    lines = [f"{'✔' if test.passed else '✘'} {kind}: {test.label}"]
    if not test.passed:
        lines += [f"    {line}" for line in (told.sentence(test), *test.smallest)]
    if test.looks:
        lines.append(f"    What it looks like: {ended(test.looks)}")
    return lines


def _cell(text: str, nbgrader: dict[str, Any] | None = None, output: str = "") -> dict[str, Any]:
    """A code cell, and what it printed."""
    printed = {"name": "stdout", "output_type": "stream", "text": output + "\n"}
    return {
        "cell_type": "code", "execution_count": None, "source": text,
        "metadata": {"nbgrader": nbgrader} if nbgrader else {},
        "outputs": [printed] if output else [],
    }  # fmt: skip


# -- inside `nbgrader autograde` -------------------------------------------------------------------


def in_sandbox(notebook: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Stands for nbgrader's `Execute` among its `autograde_preprocessors`: no kernel is started.

    The notebook is graded in the sandbox, and each cell of tests gets the outputs from which
    nbgrader reads its points.

    Raises
    ------
    BridgeError : where it could not be graded, which nbgrader then says of this student.
    """
    about = resources["nbgrader"]
    theirs = [cell for cell in notebook.cells if not _told_of(cell).get("grade")]  # no hidden test
    data = json.dumps({**notebook, "cells": theirs}).encode()
    record = _graded(about["notebook"], about["student"], data)
    if record.status == "grader error":
        raise BridgeError(f"{about['student']}: {record.message}")
    tests = {f"test_{task.name}": task for task in record.tasks}
    for cell in notebook.cells:
        task = tests.get(_told_of(cell).get("grade_id", ""))
        if cell.cell_type == "code":
            cell.outputs = _outputs(task, record) if task else []
    return notebook, resources


def _told_of(cell: Any) -> dict[str, Any]:
    """What nbgrader knows of a cell."""
    return cell.metadata.get("nbgrader", {})


def _graded(assignment: str, student: str, data: bytes) -> Record:
    from .runner import grade_one
    from .spread import Carried

    loaded, settings = _prepared(assignment)
    return grade_one(Submission(student, Carried(data), f"{assignment}.ipynb"), loaded, settings)


@cache
def _prepared(assignment: str) -> tuple[Assignment, Settings]:
    """The exercise and a proved sandbox, once for all students."""
    from .breakout import choose
    from .runner import Settings

    loaded = load_assignment(assignment)
    kind, _ = choose("auto")
    hide = (Path.cwd(), TESTS.parents[1])
    return loaded, Settings(kind, secrets.randbits(32), hide=hide)


def _outputs(task: TaskRecord, record: Record) -> list[Any]:
    """Outputs that nbgrader takes for the points: an error for none, a number for some."""
    from nbformat import from_dict

    said = [line for test in task.tests for line in _outcome(test)] or [record.message]
    outputs: list[dict[str, Any]] = [
        {"output_type": "stream", "name": "stdout", "text": "\n".join(said) + "\n"}
    ]
    if task.points == 0:
        outputs.append(
            {"output_type": "error", "ename": "Failed", "evalue": "no test passed", "traceback": []}
        )
    elif task.points < task.maximum:
        number = {"text/plain": f"{task.points:g}"}
        outputs.append(
            {"output_type": "execute_result", "data": number, "metadata": {}, "execution_count": 1}
        )
    return [from_dict(output) for output in outputs]
