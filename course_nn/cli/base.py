"""What all commands share: the app, how they speak and how they stop."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

try:
    import typer
    from rich.console import Console
    from rich.markup import escape
except ImportError:
    sys.exit('course-nn needs its extra "grade": pip install "course-nn[grade]"')

from .. import __version__

if TYPE_CHECKING:
    from ..grading.assignment import Assignment

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The command `course-nn`: start on exercises, check a notebook, release, grade a class.",
)
console, errors = Console(), Console(stderr=True)
REPOSITORY = Path(__file__).resolve().parents[2]
EXERCISES = REPOSITORY / "book" / "exercises"
RELEASED = REPOSITORY / "course_nn" / "exercises" / "released"
TESTS = REPOSITORY / "tests" / "autograder"

TestsOption = Annotated[
    Path, typer.Option("--tests", help="Folder of hidden tests: the repository's tests/autograder.")
]


def stop(message: str, code: int = 1) -> typer.Exit:
    """Say in one sentence what is wrong; what is returned is to be raised, and ends the command."""
    errors.print(f"[red]error:[/red] {escape(message)}", soft_wrap=True, highlight=False)
    return typer.Exit(code)


def loaded_assignment(name: str, tests: Path) -> "Assignment":
    """An assignment with all that is hidden; the command ends where there is none."""
    from ..grading.assignment import AssignmentError, load_assignment
    from ..grading.source import SourceError

    try:
        return load_assignment(name, tests)
    except (AssignmentError, SourceError) as error:
        raise stop(str(error), 2) from error


def _version(wanted: bool) -> None:
    if wanted:
        print(f"course-nn {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Work on exercises, release them, and grade a class."""


def say(text: str) -> None:
    """Print a text as it is, at any width."""
    console.print(text, soft_wrap=True, highlight=False, markup=False, emoji=False)
