"""The commands that read a gradebook, and set in it what is decided by hand."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .base import REPOSITORY, TESTS, TestsOption, app, loaded_assignment, say, stop
from .machine import chosen_sandbox, require_linux

if TYPE_CHECKING:
    from ..grading.gradebook import Gradebook
    from ..grading.record import Grade, Record, TaskRecord
    from ..grading.runner import Settings

OutArgument = Annotated[Path, typer.Argument(help="The folder that was given to `grade --out`.")]
StudentArgument = Annotated[str, typer.Argument(help="As in grades.csv.")]
TaskArgument = Annotated[str, typer.Argument(help="2.1 or its name.")]


@contextlib.contextmanager
def opened(out: Path) -> Iterator[Gradebook]:
    """A gradebook that is there; the command ends in a sentence where it cannot be used."""
    from ..grading.gradebook import Gradebook, GradebookError

    try:
        with Gradebook.read(out) as book:
            yield book
    except GradebookError as error:
        raise stop(str(error), 2) from error


def write_reports(book: Gradebook, out: Path, grades: Sequence[Grade] | None = None) -> None:
    """All reports, from the gradebook alone; `grades` are its own, where they were read already."""
    from ..grading.reports import write_pages
    from ..grading.source import ADDRESS

    if address := os.environ.get(ADDRESS, ""):
        book.set("address", address)
    path = write_pages(
        out, book.grades() if grades is None else grades, book.labels(), book.cells,
        note=book.get("note"), book=book.get("address"),
    )  # fmt: skip
    say(f"wrote {path} and, beside it, class.html, similarity.html and feedback/")


@app.command()
def report(out: OutArgument) -> None:
    """Write the reports anew from the gradebook, without grading."""
    with opened(out) as book:
        _rewritten(book, out)


@app.command()
def override(
    out: OutArgument,
    student: StudentArgument,
    task: Annotated[str, typer.Argument(help='2.1, its name, or "total" for the whole.')],
    points: Annotated[str, typer.Argument(help='Such as 1.5; "tested" takes it back.')],
    reason: Annotated[str, typer.Option(help="Why; it is kept, and the student reads it.")],
) -> None:
    """Set points by hand: they count in place of the tested ones, which stay beside them.

    A total by hand is final: nothing is taken off it for being late.
    """
    if not reason.strip():
        raise stop('say why: --reason "the test was wrong"', 2)
    with opened(out) as book:
        record = _record(book, student)
        number = "" if task == "total" else _task(record, task).number
        most = record.maximum if task == "total" else _task(record, task).maximum
        book.override(student, number, _points(points, most), reason.strip())
        final = next(g.final for g in book.grades() if g.record.student == student)
        say(f"{student} now has {final:g} of {record.maximum:g} points")
        _rewritten(book, out, "it is kept, but ")


def _points(text: str, most: float) -> float | None:
    """A number of points that can be given, or None for what was tested."""
    if text == "tested":
        return None
    try:
        points = float(text)
    except ValueError:
        points = -1.0
    if not 0 <= points <= most:
        raise stop(f'{text!r} is no number of points from 0 to {most:g}, nor "tested"', 2)
    return points


def _record(book: Gradebook, student: str) -> Record:
    """The present record of a student; where there is none, the nearest name is said."""
    record = book.present(student)
    if record is None:
        near = get_close_matches(student, book.students(), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise stop(f"there is no grade of anybody called {student!r}{hint}", 2)
    return record


def _task(record: Record, task: str) -> TaskRecord:
    """A task by its number or its name."""
    for one in record.tasks:
        if task in (one.number, one.name):
            return one
    there = ", ".join(f"{one.number} {one.name}" for one in record.tasks)
    raise stop(f"there is no task {task!r}; there are: {there}", 2)


def _rewritten(book: Gradebook, out: Path, before: str = "") -> None:
    """The reports, written anew; `before` begins the sentence where they cannot be."""
    try:
        write_reports(book, out)
    except OSError as error:
        raise stop(f"{before}the reports were not written: {error}") from error


@app.command()
def label(
    out: OutArgument,
    group: Annotated[str, typer.Argument(help="The group's key, as the class page shows it.")],
    text: Annotated[str, typer.Argument(help='What all of it are told; "" takes it back.')],
) -> None:
    """Name a group of answers that are wrong in the same way: all of it get that feedback.

    The name holds in later years too: `course-nn grade --labels OUT` brings it along.
    """
    with opened(out) as book:
        tests = (t for g in book.grades() for task in g.record.tasks for t in task.tests)
        if group not in {test.answer for test in tests} | set(book.labels()):
            raise stop(f"no answer belongs to a group {group!r}: the class page shows the keys", 2)
        book.label(group, text.strip())
        _rewritten(book, out, "it is kept, but ")


@app.command()
def history(out: OutArgument, student: StudentArgument) -> None:
    """Show all that ever happened to a student's grade, and why."""
    with opened(out) as book:
        _record(book, student)
        for entry in book.history(student):
            why = f" ({entry.reason})" if entry.reason else ""
            say(f"{entry.when[:19].replace('T', ' ')}  {entry.what}{why}")


@app.command()
def replay(
    out: OutArgument,
    student: StudentArgument,
    task: TaskArgument,
    tests: TestsOption = TESTS,
    sandbox: Annotated[str, typer.Option(help="auto, bwrap or plain.")] = "auto",
) -> None:
    """Run a disputed task again with the numbers of its grading, and show them.

    Each test is shown with what went in, what came out, what is right, and the verdict. Nothing is
    changed.
    """
    require_linux()
    from ..grading.remote import WorkerLost
    from ..grading.replay import replay as run_again
    from ..grading.runner import chosen
    from ..grading.sandbox import SandboxError

    with opened(out) as book:
        record = _record(book, student)
        cells = book.cells(record.content)
        if not cells:
            raise stop(f"there is no code of {student} to run: {record.message}")
        loaded = loaded_assignment(record.assignment, tests)
        graded = chosen(loaded, _task(record, task).number)
        settings = _settings(book, record, chosen_sandbox(sandbox)[0], (tests, out))
    try:
        found = run_again(record, cells, graded, settings)
    except (WorkerLost, SandboxError) as error:
        raise stop(f"the notebook of {student} cannot be run: {error}") from error
    say(f"{student}, {record.assignment}, task {graded[0].task.number}, seed {record.seed}")
    for again in found:
        say("\n".join(again.lines()))
    same = all(again.same for again in found)
    say("all came out as it was graded" if same else "it did not all come out as it was graded")


def _settings(book: Gradebook, record: Record, kind: str, hide: tuple[Path, ...]) -> Settings:
    """How it was graded then, in the sandbox of now."""
    from ..grading.remote import Limits
    from ..grading.runner import Settings

    kept = json.loads(book.get("settings") or "{}")
    limits, allowed = Limits(**kept.get("limits", {})), tuple(kept.get("allowed", ()))
    unseen = tuple(path.resolve() for path in (*hide, REPOSITORY))
    return Settings(kind, record.seed, limits, unseen, allowed)
