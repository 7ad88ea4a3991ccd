"""The students' commands: start on exercises, check a notebook."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .base import EXERCISES, app, say, stop

if TYPE_CHECKING:
    from ..exercises.verdict import Verdict


@app.command()
def start(
    folder: Annotated[Path, typer.Argument(help="Where the notebooks shall lie.")],
    exercise: Annotated[list[str] | None, typer.Argument(help="ex02_dense …; all.")] = None,
) -> None:
    """Copy the exercises into FOLDER, for a student; what lies there already is left alone."""
    from ..exercises.exercise import known
    from ..grading import handout

    names = exercise or known()
    unknown = [name for name in names if name not in known()]
    if unknown:
        raise stop(f"there is no exercise {unknown[0]!r}; there are: {', '.join(known())}", 2)
    try:
        copied, kept = handout.start(EXERCISES, folder, names)
    except OSError as error:
        raise stop(f"the notebooks were not copied: {error}") from error
    for path in copied:
        say(f"copied {path}")
    for path in kept:
        say(f"left as it is: {path}")


@app.command("check")
def check_notebook(
    notebook: Annotated[Path, typer.Argument(help="For example ex02_dense.ipynb.")],
    steps: Annotated[
        int,
        typer.Option("--hints", help="Steps of hints to say of a wrong answer.", min=0, max=4),
    ] = 0,
    which: Annotated[str, typer.Option("--task", help="Show this one alone: 2.2 or a name.")] = "",
) -> None:
    """Run a notebook's public checks, and say how many points they give so far.

    The notebook's code runs here, as it would in Jupyter: check only what you trust.
    """
    from ..exercises import hints
    from ..grading import handout
    from ..grading.collect import Unreadable

    try:
        found = handout.checked(notebook)
        verdicts = found.about(which)
    except (Unreadable, OSError, KeyError) as error:
        raise stop(f"{notebook}: {error.args[0] if error.args else error}", 2) from error
    for failure in [*found.failures, *found.said]:
        say(f"{failure}.")
    for verdict in verdicts:
        _tell(verdict, steps)
    if any(_wrong(v) and len(hints.steps(v)) > steps for v in verdicts):
        say(f"\nMore of what is wrong, a step at a time: --hints {steps + 1}")
    say(f"\n{found.progress}")
    if not all(verdicts):
        raise typer.Exit(1)


def _wrong(verdict: "Verdict") -> bool:
    """Whether there is a mistake to find, not one that is still to be made."""
    return verdict.kind not in ("passed", "stub")


def _tell(verdict: "Verdict", steps: int) -> None:
    """What a notebook shows of a verdict, and the first so many steps of its hints."""
    from ..exercises import hints

    say("\n".join(verdict.lines(named=False)))
    for level in range(min(steps, len(hints.steps(verdict))) if _wrong(verdict) else 0):
        say("  " + hints.hint(verdict, level).replace("\n", "\n    "))
