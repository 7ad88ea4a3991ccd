"""The commands that take from a gradebook what others read: groups, and files for platforms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .base import app, say, stop
from .gradebook import OutArgument, opened

if TYPE_CHECKING:
    from ..grading.gradebook import Gradebook
    from ..grading.record import Grade
    from ..grading.reports.exports import Filled

FORMS = ("csv", "canvas", "moodle", "gradescope")


@app.command()
def groups(
    out: OutArgument,
    least: Annotated[int, typer.Option(help="Students in a group, at least.", min=1)] = 2,
) -> None:
    """List the answers that are wrong in the same way; `label` tells a group something."""
    from ..grading.reports.groups import as_text
    from ..grading.reports.groups import groups as found_in

    with opened(out) as book:
        found = found_in(book.grades(), book.labels(), least)
    if not found:
        say(f"no {least} answers are wrong in the same way")
        return
    say(as_text(found))
    say(
        f'\nTo tell a group something: course-nn label {out} {found[0].key} "what they should know"'
    )


@app.command()
def export(
    out: OutArgument,
    form: Annotated[str, typer.Option("--format", help="csv, canvas, moodle or gradescope.")],
    to: Annotated[Path, typer.Option(help="The file to write; of Gradescope's, a folder.")],
    roster: Annotated[
        Path | None, typer.Option(help="What Canvas or Moodle exported, to be filled in.")
    ] = None,
    column: Annotated[str, typer.Option(help="Its column of the exercise, as it is called.")] = "",
    student: Annotated[str, typer.Option(help="Of Gradescope: this one alone, into a file.")] = "",
) -> None:
    """Write the grades in the form that a platform imports."""
    if form not in FORMS:
        raise stop(f"unknown format {form!r}; there are {', '.join(FORMS)}", 2)
    if form in ("canvas", "moodle") and roster is None:
        raise stop(f"name the file that {form.title()} exported with --roster: it knows the ids", 2)
    if roster is not None and to.resolve() == roster.resolve():
        raise stop("--to would overwrite what the platform exported: name another file", 2)
    with opened(out) as book:
        files, said = _files(book, form, to, roster, column, student)
    _written(files)
    for line in said:
        say(line)


def _files(
    book: Gradebook, form: str, to: Path, roster: Path | None, column: str, student: str
) -> tuple[dict[Path, str], Sequence[str]]:
    """The files to write by their places, and what is to be said of them."""
    from ..grading.reports.table import grades_csv

    grades = book.grades()
    if form == "csv":
        return {to: grades_csv(grades)}, [f"wrote {to}"]
    if form == "gradescope":
        return _results(book, grades, to, student)
    assert roster is not None
    filled = _filled(book, grades, form, roster, column)
    return {to: filled.text}, [f"wrote {to} with {filled.count} grades", *filled.said]


def _filled(book: Gradebook, grades: list[Grade], form: str, roster: Path, column: str) -> Filled:
    """The platform's file with our points in it."""
    from ..grading.reports.exports import ExportError, canvas, moodle

    try:
        text = roster.read_bytes().decode("utf-8-sig")
        if form == "canvas":
            return canvas(text, grades, column)
        return moodle(text, grades, book.labels(), column)
    except (ExportError, UnicodeDecodeError) as error:
        raise stop(f"{roster}: {error}", 2) from error
    except OSError as error:
        raise stop(f"{roster} cannot be read: {error.strerror}", 2) from error


def _results(
    book: Gradebook, grades: list[Grade], to: Path, student: str
) -> tuple[dict[Path, str], Sequence[str]]:
    """Gradescope's results: of one student a file, else a folder with one of each."""
    from ..grading.collect.names import safe_name
    from ..grading.reports.exports import gradescope

    labels = book.labels()
    texts = {
        grade.record.student: json.dumps(gradescope(grade, labels), indent=1, ensure_ascii=False)
        for grade in grades
        if student in ("", grade.record.student)
    }
    if student and not texts:
        raise stop(f"nobody called {student!r} is in the gradebook", 2)
    if student:
        return {to: texts[student] + "\n"}, [f"wrote {to}"]
    files = {to / f"{safe_name(name)}.json": text + "\n" for name, text in texts.items()}
    return files, [f"wrote {len(files)} files into {to}"]


def _written(files: dict[Path, str]) -> None:
    from ..files import write

    for path, text in files.items():
        try:
            write(path, text)
        except OSError as error:
            raise stop(f"{path} was not written: {error.strerror or error}") from error
