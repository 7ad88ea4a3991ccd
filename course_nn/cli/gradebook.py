"""The commands that read a gradebook, and set in it what is decided by hand."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .base import app, say, stop

if TYPE_CHECKING:
    from ..grading.gradebook import Gradebook

OutArgument = Annotated[Path, typer.Argument(help="The folder that was given to `grade --out`.")]
StudentArgument = Annotated[str, typer.Argument(help="As in grades.csv.")]


@contextlib.contextmanager
def opened(out: Path) -> Iterator[Gradebook]:
    """A gradebook that is there; the command ends in a sentence where it cannot be used."""
    from ..grading.gradebook import Gradebook, GradebookError

    try:
        with Gradebook.read(out) as book:
            yield book
    except GradebookError as error:
        raise stop(str(error), 2) from error


def write_reports(book: Gradebook, out: Path) -> None:
    """All reports, from the gradebook alone."""
    from ..grading.plain_reports import write_all

    records = [grade.record for grade in book.grades()]
    path = write_all(
        out, book.get("assignment"), records, book.get("note"), int(book.get("seed") or 0)
    )
    say(f"wrote {path}")


@app.command()
def report(out: OutArgument) -> None:
    """Write the reports anew from the gradebook, without grading."""
    with opened(out) as book:
        try:
            write_reports(book, out)
        except OSError as error:
            raise stop(f"the reports were not written: {error}") from error
