"""The commands that grade a class."""

import secrets
import warnings
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from ..grading import assignment as assignments
from ..grading import gradebook, runner, sandbox, submissions
from ..grading.remote import Limits, choose
from .base import REPOSITORY, TESTS, TestsOption, app, console, errors, loaded_assignment, stop


@app.command()
def grade(
    folder: Annotated[
        Path, typer.Argument(help="student.ipynb or student/ASSIGNMENT.ipynb in it.")
    ],
    assignment: Annotated[str, typer.Option(help="For example ex02_dense.")],
    out: Annotated[Path, typer.Option(help="Folder for grades.csv and the reports.")],
    tests: TestsOption = TESTS,
    sandbox_kind: Annotated[str, typer.Option("--sandbox", help="auto, bwrap or plain.")] = "auto",
    seed: Annotated[
        int | None, typer.Option(help="Of the tests' numbers; drawn anew unless given.", min=0)
    ] = None,
    jobs: Annotated[int, typer.Option(help="Submissions graded at once.", min=1, max=64)] = 1,
    call_seconds: Annotated[float, typer.Option(help="For one call.", min=0.1)] = 5.0,
    notebook_seconds: Annotated[float, typer.Option(help="For all cells.", min=0.1)] = 20.0,
    submission_seconds: Annotated[float, typer.Option(help="For all of it.", min=0.1)] = 90.0,
    memory: Annotated[int, typer.Option(help="MiB for one submission.", min=256)] = 1024,
) -> None:
    """Grade every submission in FOLDER into OUT/grades.csv, with a report for each student."""
    loaded = loaded_assignment(assignment, tests)
    handed_in = _find(folder, assignment, out)
    kind, note = _sandbox(sandbox_kind)
    limits = Limits(call_seconds, notebook_seconds, submission_seconds, memory << 20)
    hide = tuple(path.resolve() for path in (tests, folder, out, REPOSITORY))
    seed = secrets.randbits(32) if seed is None else seed
    _grade_into(out, handed_in, loaded, runner.Settings(kind, seed, limits, hide, jobs), note)


def _grade_into(
    out: Path,
    handed_in: list[submissions.Submission],
    assignment: assignments.Assignment,
    settings: runner.Settings,
    note: str,
) -> None:
    """Grade what was handed in, write it all to `out`, and show the table."""
    seed = settings.seed
    console.print(f"sandbox: {note}; seed {seed}", soft_wrap=True, highlight=False, markup=False)
    graded = runner.grade_all(handed_in, assignment, settings)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # changed formulas divide by 0, and worse
            results = list(track(graded, "grading", len(handed_in), console=errors, transient=True))
        path = gradebook.write_all(out, assignment.name, results, note, seed)
    except (OSError, sandbox.SandboxError) as error:
        raise stop(f"grading stopped, no grades were written: {error}") from error
    except KeyboardInterrupt:
        raise stop("interrupted, no grades were written", 130) from None
    _print_table(results)
    console.print(f"wrote {path}", soft_wrap=True, highlight=False, markup=False)


def _find(folder: Path, assignment: str, out: Path) -> list[submissions.Submission]:
    if not folder.is_dir():
        raise stop(f"{folder} is no folder: name the folder of submissions", 2)
    if out.exists() and not out.is_dir():
        raise stop(f"{out} is a file: name a folder with --out", 2)
    found = submissions.find(folder, assignment, out.resolve())
    if not found:
        raise stop(
            f"no submissions in {folder}: expected student.ipynb or student/{assignment}.ipynb"
        )
    return found


def _sandbox(wanted: str) -> tuple[str, str]:
    if wanted not in ("auto", "bwrap", "plain"):
        raise stop(f"unknown sandbox {wanted!r}; there are auto, bwrap and plain", 2)
    try:
        return choose(wanted)
    except sandbox.SandboxError as error:
        raise stop(str(error)) from error


def _print_table(results: list[runner.Result]) -> None:
    table = Table("student", "points", "status", "message")
    for result in results:
        points = f"{result.total:g}/{result.maximum:g}"
        cells = [gradebook.safe_cell(result.student), points, result.status,
                 gradebook.safe_cell(result.message)[:160]]  # fmt: skip
        table.add_row(*(escape(cell) for cell in cells))
    console.print(table)
