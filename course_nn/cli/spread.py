"""The commands around grading: a class to try it on, a notebook run whole, nbgrader's gradebook."""

from pathlib import Path
from typing import Annotated

import typer

from .base import REPOSITORY, TESTS, TestsOption, app, loaded_assignment, say, stop
from .gradebook import OutArgument, opened

SandboxOption = Annotated[str, typer.Option(help="auto, bwrap, namespace or plain.")]


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
    say(f"wrote {folder / 'canvas.csv'} and moodle.csv, as these platforms export them")
    say(f"wrote {len(written) - 3} files into {folder / 'submissions'}")


@app.command()
def nbgrader(
    out: OutArgument,
    course: Annotated[Path, typer.Argument(help="nbgrader's folder, with gradebook.db.")],
    db: Annotated[
        str, typer.Option(metavar="URL", help="Of nbgrader's gradebook, where it is elsewhere.")
    ] = "",
) -> None:
    """Write points, penalties and feedback into nbgrader's gradebook, which gives them back.

    `nbgrader generate_feedback`, its export and its formgrader then show them.
    """
    from ..grading.nbgrader import BridgeError, write_back

    with opened(out) as book:
        assignment = book.get("assignment")
        try:
            written = write_back(course, assignment, book.grades(), book.cells, db)
        except (BridgeError, OSError) as error:
            raise stop(str(error)) from error
    say(f"wrote the grades of {len(written)} students into nbgrader's gradebook")
    say(f"their pages: nbgrader generate_feedback {assignment} --force")


@app.command()
def run(
    notebook: Annotated[Path, typer.Argument(help="Any notebook of Python.")],
    outputs: Annotated[
        bool, typer.Option("--outputs", help="Also compare what cells print and show.")
    ] = False,
    sandbox: SandboxOption = "auto",
    seconds: Annotated[float, typer.Option(help="For all cells together.", min=0.1)] = 60.0,
    allow: Annotated[
        list[str] | None, typer.Option(metavar="PACKAGE", help="May be imported; repeatable.")
    ] = None,
) -> None:
    """Run a whole notebook in the sandbox by nbval's rules, and say which cells do not run.

    A cell may be marked with a comment or a tag: NBVAL_SKIP, NBVAL_RAISES_EXCEPTION,
    NBVAL_CHECK_OUTPUT, NBVAL_IGNORE_OUTPUT. Outputs are compared where that is marked or asked for.
    """
    from ..grading import whole
    from ..grading.breakout import choose
    from ..grading.collect import Unreadable, source_of
    from ..grading.remote import Limits, Worker
    from ..grading.sandbox import SandboxError

    try:
        cells = whole.cells_of(source_of(notebook)(), outputs)
        kind, _ = choose(sandbox)
        limits = Limits(seconds, seconds, submission_seconds=3 * seconds)
        hide, allowed = (notebook.resolve().parent, REPOSITORY), tuple(allow or ())
        found = list(whole.run(cells, lambda texts: Worker(texts, limits, kind, hide, allowed)))
    except (Unreadable, ValueError) as error:
        raise stop(f"{notebook}: {error}", 2) from error
    except SandboxError as error:
        raise stop(str(error)) from error
    wrong = [one for one in found if one.problem]
    for one in wrong:
        say(f"code cell {one.cell.number}: {one.problem}")
    say(f"{len(found) - len(wrong)} of {len(found)} cells ran, {len(cells) - len(found)} left out")
    if wrong:
        raise typer.Exit(1)


@app.command()
def gradescope(
    assignment: Annotated[str, typer.Argument(help="For example ex02_dense.")],
    out: Annotated[Path, typer.Option(help="The zip to upload.")] = Path("autograder.zip"),
    tests: TestsOption = TESTS,
) -> None:
    """Make the autograder.zip that Gradescope takes: it grades each submission as `grade` does."""
    from ..files import write
    from ..grading.gradescope import autograder

    loaded = loaded_assignment(assignment, tests)
    try:
        write(out, autograder(REPOSITORY, loaded.name, tests))
    except OSError as error:
        raise stop(f"{out} was not written: {error}") from error
    say(f"wrote {out}")
