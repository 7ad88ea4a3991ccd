"""The command that makes what students get."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..files import write
from .base import EXERCISES, RELEASED, TESTS, TestsOption, app, loaded_assignment, say, stop

if TYPE_CHECKING:
    from ..grading.assignment import Assignment


@app.command()
def release(
    assignment: Annotated[str, typer.Argument(help='For example ex02_dense, or "all".')],
    out: Annotated[Path, typer.Option(help="Folder of the student notebooks.")] = EXERCISES,
    tests: TestsOption = TESTS,
    answers: Annotated[
        bool, typer.Option(help="With the solutions, and hidden tests as nbgrader wants them.")
    ] = False,
    solved: Annotated[
        bool, typer.Option(help="Also run the solutions, kept with outputs beside their source.")
    ] = False,
    pack: Annotated[Path | None, typer.Option("--zip", help="A zip of them, to hand out.")] = None,
) -> None:
    """Make the student notebook: solutions and hidden tests taken out."""
    from ..grading import handout, lint, source

    names = _all(tests) if assignment == "all" else [assignment]
    for name in names:
        loaded = loaded_assignment(name, tests)
        if found := lint.faults(loaded):
            said = "\n".join(f"  {fault}" for fault in found)
            raise stop(f"{name} is not released, for its tests are not sound:\n{said}")
        _write(released(loaded, out, answers))
        if solved:
            text = source.notebook(loaded.source, loaded.exercise.tasks, answers=True)
            _write({tests / name / "solved.ipynb": handout.executed(text)})
    if pack is not None:
        try:
            write(pack, handout.packed(out, names))
        except OSError as error:
            raise stop(f"{pack} was not written: {error}") from error
        say(f"wrote {pack}")


def _all(tests: Path) -> list[str]:
    """The names of all assignments in a folder of tests, of which there must be one."""
    from ..grading import assignment as assignments

    if not (names := assignments.known(tests)):
        raise stop(
            f"no exercise in {tests}: name the repository's tests/autograder with --tests", 2
        )
    return names


def _write(files: dict[Path, str]) -> None:
    """Writes files, or says which could not be written."""
    for path, text in files.items():
        try:
            write(path, text)
        except OSError as error:
            raise stop(f"{path} was not written: {error}") from error
        say(f"wrote {path}")


def released(loaded: "Assignment", out: Path, answers: bool) -> dict[Path, str]:
    """The files of a release: the notebook, and for students the public module."""
    from ..grading import source

    notebook = source.notebook(loaded.source, loaded.exercise.tasks, answers, hidden=answers)
    files = {out / f"{loaded.name}.ipynb": notebook}
    if out == EXERCISES and not answers:
        files[RELEASED / f"{loaded.name}.py"] = loaded.source.public_module()
    return files
