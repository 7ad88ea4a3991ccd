"""The commands around grading: a class to try it on, and nbgrader's gradebook."""

from pathlib import Path
from typing import Annotated

import typer

from .base import TESTS, TestsOption, app, loaded_assignment, say, stop


@app.command("demo-class")
def demo_class(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    assignment: Annotated[str, typer.Option(help="For example ex06_convolution.")] = "ex02_dense",
    tests: TestsOption = TESTS,
) -> None:
    """Make a class of thirty to try the grader on: right, wrong, late, awkward and hostile."""
    from ..grading import demo

    loaded = loaded_assignment(assignment, tests)
    try:
        written = demo.make(folder, loaded, tests / assignment / "blind.py")
    except OSError as error:
        raise stop(f"the class was not made: {error}") from error
    say(f"wrote {folder / 'roster.csv'}, a list of {len(demo.NAMES)} students")
    say(f"wrote {len(written) - 1} files into {folder / 'submissions'}")
