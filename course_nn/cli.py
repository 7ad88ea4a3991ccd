"""The command `course-nn`: start on exercises, check a notebook, release, grade a class."""

import secrets
import sys
import warnings
from pathlib import Path
from typing import Annotated

try:
    import typer
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import track
    from rich.table import Table
except ImportError:
    sys.exit('course-nn needs its extra "grade": pip install "course-nn[grade]"')

from . import __version__
from .exercises import hints
from .exercises.exercise import known
from .exercises.verdict import Verdict
from .grading import assignment as assignments
from .grading import gradebook, handout, lint, runner, sandbox, source, submissions
from .grading.remote import Limits, choose

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
console, errors = Console(), Console(stderr=True)
REPOSITORY = Path(__file__).resolve().parents[1]
EXERCISES = REPOSITORY / "book" / "exercises"
RELEASED = REPOSITORY / "course_nn" / "exercises" / "released"

TestsOption = Annotated[
    Path, typer.Option("--tests", help="Folder of hidden tests: the repository's tests/autograder.")
]


def _stop(message: str, code: int = 1) -> typer.Exit:
    errors.print(f"[red]error:[/red] {escape(message)}", soft_wrap=True, highlight=False)
    return typer.Exit(code)


def _assignment(name: str, tests: Path) -> assignments.Assignment:
    try:
        return assignments.load_assignment(name, tests)
    except (assignments.AssignmentError, source.SourceError) as error:
        raise _stop(str(error), 2) from error


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


@app.command()
def start(
    folder: Annotated[Path, typer.Argument(help="Where the notebooks shall lie.")],
    exercise: Annotated[list[str] | None, typer.Argument(help="ex02_dense …; all.")] = None,
) -> None:
    """Copy the exercises into FOLDER, for a student; what lies there already is left alone."""
    names = exercise or known()
    unknown = [name for name in names if name not in known()]
    if unknown:
        raise _stop(f"there is no exercise {unknown[0]!r}; there are: {', '.join(known())}", 2)
    try:
        copied, kept = handout.start(EXERCISES, folder, names)
    except OSError as error:
        raise _stop(f"the notebooks were not copied: {error}") from error
    for path in copied:
        _say(f"copied {path}")
    for path in kept:
        _say(f"left as it is: {path}")


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
    try:
        found = handout.checked(notebook)
        verdicts = found.about(which)
    except (submissions.Unreadable, OSError, KeyError) as error:
        raise _stop(f"{notebook}: {error.args[0] if error.args else error}", 2) from error
    for failure in found.failures:
        _say(f"{failure}.")
    for verdict in verdicts:
        _tell(verdict, steps)
    if any(_wrong(v) and len(hints.steps(v)) > steps for v in verdicts):
        _say(f"\nMore of what is wrong, a step at a time: --hints {steps + 1}")
    _say(f"\n{found.progress}")
    if not all(verdicts):
        raise typer.Exit(1)


def _wrong(verdict: Verdict) -> bool:
    """Whether there is a mistake to find, not one that is still to be made."""
    return verdict.kind not in ("passed", "stub")


def _tell(verdict: Verdict, steps: int) -> None:
    """What a notebook shows of a verdict, and the first so many steps of its hints."""
    _say("\n".join(verdict.lines(named=False)))
    for level in range(min(steps, len(hints.steps(verdict))) if _wrong(verdict) else 0):
        _say("  " + hints.hint(verdict, level).replace("\n", "\n    "))


def _say(text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False, markup=False, emoji=False)


@app.command()
def release(
    assignment: Annotated[str, typer.Argument(help='For example ex02_dense, or "all".')],
    out: Annotated[Path, typer.Option(help="Folder of the student notebooks.")] = EXERCISES,
    tests: TestsOption = assignments.TESTS,
    answers: Annotated[
        bool, typer.Option(help="Write the instructor's notebook, with solutions, to OUT.")
    ] = False,
    solved: Annotated[
        bool, typer.Option(help="Also run the solutions, kept with outputs beside their source.")
    ] = False,
    pack: Annotated[Path | None, typer.Option("--zip", help="A zip of them, to hand out.")] = None,
) -> None:
    """Make the student notebook: solutions and hidden tests taken out."""
    names = _all(tests) if assignment == "all" else [assignment]
    for name in names:
        loaded = _assignment(name, tests)
        if found := lint.faults(loaded):
            said = "\n".join(f"  {fault}" for fault in found)
            raise _stop(f"{name} is not released, for its tests are not sound:\n{said}")
        _write(released(loaded, out, answers))
        if solved:
            text = source.notebook(loaded.source, loaded.exercise.tasks, answers=True)
            _write({tests / name / "solved.ipynb": handout.executed(text)})
    if pack is not None:
        try:
            gradebook.write(pack, handout.packed(out, names))
        except OSError as error:
            raise _stop(f"{pack} was not written: {error}") from error
        _say(f"wrote {pack}")


def _all(tests: Path) -> list[str]:
    """The names of all assignments in a folder of tests, of which there must be one."""
    if not (names := assignments.known(tests)):
        raise _stop(
            f"no exercise in {tests}: name the repository's tests/autograder with --tests", 2
        )
    return names


def _write(files: dict[Path, str]) -> None:
    """Writes files, or says which could not be written."""
    for path, text in files.items():
        try:
            gradebook.write(path, text)
        except OSError as error:
            raise _stop(f"{path} was not written: {error}") from error
        _say(f"wrote {path}")


def released(loaded: assignments.Assignment, out: Path, answers: bool) -> dict[Path, str]:
    """The files of a release: the notebook, and for students the public module."""
    notebook = source.notebook(loaded.source, loaded.exercise.tasks, answers)
    files = {out / f"{loaded.name}.ipynb": notebook}
    if out == EXERCISES and not answers:
        files[RELEASED / f"{loaded.name}.py"] = loaded.source.public_module()
    return files


@app.command()
def grade(
    folder: Annotated[
        Path, typer.Argument(help="student.ipynb or student/ASSIGNMENT.ipynb in it.")
    ],
    assignment: Annotated[str, typer.Option(help="For example ex02_dense.")],
    out: Annotated[Path, typer.Option(help="Folder for grades.csv and the reports.")],
    tests: TestsOption = assignments.TESTS,
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
    loaded = _assignment(assignment, tests)
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
        raise _stop(f"grading stopped, no grades were written: {error}") from error
    except KeyboardInterrupt:
        raise _stop("interrupted, no grades were written", 130) from None
    _print_table(results)
    console.print(f"wrote {path}", soft_wrap=True, highlight=False, markup=False)


def _find(folder: Path, assignment: str, out: Path) -> list[submissions.Submission]:
    if not folder.is_dir():
        raise _stop(f"{folder} is no folder: name the folder of submissions", 2)
    if out.exists() and not out.is_dir():
        raise _stop(f"{out} is a file: name a folder with --out", 2)
    found = submissions.find(folder, assignment, out.resolve())
    if not found:
        raise _stop(
            f"no submissions in {folder}: expected student.ipynb or student/{assignment}.ipynb"
        )
    return found


def _sandbox(wanted: str) -> tuple[str, str]:
    if wanted not in ("auto", "bwrap", "plain"):
        raise _stop(f"unknown sandbox {wanted!r}; there are auto, bwrap and plain", 2)
    try:
        return choose(wanted)
    except sandbox.SandboxError as error:
        raise _stop(str(error)) from error


def _print_table(results: list[runner.Result]) -> None:
    table = Table("student", "points", "status", "message")
    for result in results:
        points = f"{result.total:g}/{result.maximum:g}"
        cells = [gradebook.safe_cell(result.student), points, result.status,
                 gradebook.safe_cell(result.message)[:160]]  # fmt: skip
        table.add_row(*(escape(cell) for cell in cells))
    console.print(table)


def main() -> None:
    """Run the command."""
    app()


if __name__ == "__main__":
    main()
