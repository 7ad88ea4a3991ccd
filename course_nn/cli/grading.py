"""The command that grades a class, goes on where it ended, and says so."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from .base import REPOSITORY, TESTS, TestsOption, app, console, errors, loaded_assignment, say, stop
from .machine import chosen_sandbox, require_linux

if TYPE_CHECKING:
    from ..grading.assignment import Assignment
    from ..grading.classroom import Class
    from ..grading.collect import Submission
    from ..grading.gradebook import Gradebook
    from ..grading.jobs import Jobs
    from ..grading.record import Grade
    from ..grading.runner import Settings, Setup
    from ..grading.spread import Spread

GRADES = "course_nn.grading.runner:run"  # what every process does with a submission
SHOWN = 50  # students in the table that ends a run
PAUSE = 10.0  # seconds between two lines of progress where there is no terminal
ENDINGS = (
    "0: all is graded. 1: it stopped; what was finished is kept, and the same command goes on. "
    "2: the command itself cannot be carried out. 3: all is graded, but some rows say "
    '"grader error". 129, 130, 143: the terminal was closed, Ctrl-C, or the process was told to '
    "end; as with 1."
)


@dataclass(frozen=True)
class Wish:
    """What was asked for, beside the class and the exercise."""

    out: Path
    jobs: int
    note: str = ""
    again: bool = False
    reason: str = ""
    due: str = ""
    late: str = ""
    labels: Path | None = None
    pool: Jobs | None = None  # the processes that have begun; None where others grade
    dask: str = ""
    some: bool = False  # not the whole class


@app.command(epilog=f"Exit codes. {ENDINGS}")
def grade(
    folder: Annotated[Path, typer.Argument(help="What the class handed in, as it is.")],
    assignment: Annotated[str, typer.Option(help="For example ex02_dense.")],
    out: Annotated[Path, typer.Option(help="Folder of the gradebook and the reports.")],
    tests: TestsOption = TESTS,
    jobs: Annotated[
        int, typer.Option(help="Submissions graded at once; 0: one a core.", min=0, max=256)
    ] = 0,
    student: Annotated[list[str] | None, typer.Option(help="Only this one; repeatable.")] = None,
    regrade: Annotated[
        str, typer.Option(metavar="TASK", help="Grade this task anew, 2.1 or its name.")
    ] = "",
    again: Annotated[bool, typer.Option("--again", help="Grade all anew, known code too.")] = False,
    reason: Annotated[str, typer.Option(help="Why, kept with what is graded anew.")] = "",
    allow: Annotated[
        list[str] | None, typer.Option(metavar="PACKAGE", help="May be imported; repeatable.")
    ] = None,
    roster: Annotated[
        Path | None, typer.Option(help="A CSV file of the class: names, and who is missing.")
    ] = None,
    attempts: Annotated[
        str, typer.Option(help="Of several by one student: latest or first.")
    ] = "latest",
    due: Annotated[str, typer.Option(help="2026-11-01T23:59; kept for the next time.")] = "",
    late: Annotated[
        str, typer.Option(help='What being late costs: "10% a day, at most 50%"; "none".')
    ] = "",
    labels: Annotated[
        Path | None, typer.Option(help="An earlier OUT, whose names of groups hold here too.")
    ] = None,
    sandbox: Annotated[str, typer.Option(help="auto, bwrap, namespace or plain.")] = "auto",
    dask: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Grade on the workers of this scheduler.")
    ] = "",
    seed: Annotated[
        int | None, typer.Option(help="Of the tests' numbers; drawn once, then kept.", min=0)
    ] = None,
    call_seconds: Annotated[float, typer.Option(help="For one call.", min=0.1)] = 5.0,
    notebook_seconds: Annotated[float, typer.Option(help="For all cells.", min=0.1)] = 20.0,
    task_seconds: Annotated[float, typer.Option(help="For all of a task.", min=0.1)] = 90.0,
    submission_seconds: Annotated[
        float, typer.Option(help="For all that a submission does.", min=1)
    ] = 180.0,
    memory: Annotated[int, typer.Option(help="MiB for one submission.", min=256)] = 1024,
) -> None:
    """Grade a class into OUT: a gradebook, grades.csv, and a report for each student.

    Interrupted or killed, it goes on where it ended when the same command is given again; what is
    graded already is not graded twice, unless its code, the exercise or a limit has changed.
    """
    require_linux()
    from ..grading.jobs import few_collections
    from ..grading.remote import Limits
    from ..grading.room import room
    from ..grading.runner import Settings

    with _ending_well(), few_collections(), room(), _begun(jobs, dask) as pool:
        loaded = _with_task(loaded_assignment(assignment, tests), regrade)
        handed_in = _find(folder, assignment, out, roster, student or [], attempts)
        kind, note = (sandbox, f"those of {dask}") if dask else chosen_sandbox(sandbox)
        limits = Limits(
            call_seconds, notebook_seconds, task_seconds, memory << 20,
            submission_seconds=submission_seconds,
        )  # fmt: skip
        hide = tuple(path.resolve() for path in (tests, folder, out, REPOSITORY))
        drawn = -1 if seed is None else seed
        given = Settings(kind, drawn, limits, hide, _installed(allow or []), regrade)
        wish = Wish(
            out, _jobs(jobs), note, again, reason, due, late, labels, pool, dask, bool(student)
        )
        _grade_into(handed_in, loaded, tests, given, wish)


# -- what must stand before it begins --------------------------------------------------------------


@contextlib.contextmanager
def _begun(jobs: int, dask: str) -> Iterator[Jobs | None]:
    """The processes that will grade: they import what they need while the rest is made ready."""
    from ..grading.jobs import Jobs

    if dask:
        yield None
        return
    with Jobs(_many(jobs), GRADES) as pool:
        pool.begin()
        yield pool


def _with_task(loaded: Assignment, task: str) -> Assignment:
    """The exercise, once it is sure that it has the task that is asked for."""
    from ..grading.runner import chosen

    try:
        chosen(loaded, task)
    except KeyError as error:
        raise stop(str(error.args[0]), 2) from error
    return loaded


def _find(
    folder: Path,
    assignment: str,
    out: Path,
    roster: Path | None,
    students: list[str],
    attempts: str,
) -> list[Submission]:
    """What was handed in, of all or of some."""
    from ..grading.collect import collect
    from ..grading.collect.roster import RosterError

    if not folder.is_dir():
        raise stop(f"{folder} is no folder: name the folder of submissions", 2)
    if out.exists() and not out.is_dir():
        raise stop(f"{out} is a file: name a folder with --out", 2)
    if attempts not in ("latest", "first"):
        raise stop(f"unknown --attempts {attempts!r}; there are latest and first", 2)
    try:
        found = collect(
            folder, assignment, roster=roster, attempts=attempts, leave_out=out.resolve()
        )
    except (OSError, RosterError) as error:
        raise stop(f"what was handed in cannot be collected: {error}", 2) from error
    if not found:
        raise stop(f"there is nothing in {folder}: expected the notebooks of a class", 2)
    names = {one.student for one in found}
    for name in students:
        if name not in names:
            near = get_close_matches(name, names, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise stop(f"nobody called {name!r} handed anything in{hint}", 2)
    return [one for one in found if not students or one.student in students]


def _installed(packages: list[str]) -> tuple[str, ...]:
    """The packages that may be imported, once it is sure that they can be."""
    for name in packages:
        if not name.isidentifier() or find_spec(name) is None:
            raise stop(f"--allow {name}: no package of that name can be imported here", 2)
    return tuple(packages)


def _jobs(wanted: int) -> int:
    """So many jobs, with a warning where they would wait for each other."""
    from ..grading.remote import too_many_jobs

    if warning := too_many_jobs(wanted):
        _note(warning)
    return _many(wanted)


def _many(wanted: int) -> int:
    """So many jobs, or as many as there are processors for them."""
    return wanted or len(os.sched_getaffinity(0))


# -- the run ---------------------------------------------------------------------------------------


def _grade_into(
    handed_in: list[Submission], loaded: Assignment, tests: Path, given: Settings, wish: Wish
) -> None:
    """Grade into the gradebook, then write the reports from it."""
    from ..grading.classroom import Class
    from ..grading.runner import Setup

    with _opened(wish.out, loaded.name) as book:
        settings = replace(given, seed=_prepared(book, given.seed, wish))
        say(f"sandbox: {wish.note}; seed {settings.seed}")
        kept = {"limits": asdict(settings.limits), "allowed": settings.allowed}
        book.set("settings", json.dumps(kept))
        run = Class(book, loaded, settings, wish.again, wish.reason)
        _graded(run, handed_in, Setup(loaded.name, tests, settings), wish)
        book.set("unfinished", "")
        grades = book.grades()
        _reported(book, wish.out, grades)
        _show(grades)
        _sum_up(run, handed_in)
        away = set(book.students()) - {one.student for one in handed_in}
        if away and not wish.some:
            _note(f"graded earlier and not handed in now, they keep it: {_some(sorted(away))}")
    if run.tally.failed:
        raise typer.Exit(3)


@contextlib.contextmanager
def _opened(out: Path, name: str) -> Iterator[Gradebook]:
    """The gradebook, and a sentence for whatever goes wrong with it."""
    from ..grading.gradebook import Gradebook, GradebookError
    from ..grading.lock import Locked

    try:
        with Gradebook.open(out, name) as book:
            yield book
    except (Locked, GradebookError) as error:
        raise stop(str(error)) from error
    except OSError as error:
        raise stop(f"{out} cannot be written: {error}") from error


def _prepared(book: Gradebook, seed: int, wish: Wish) -> int:
    """Set what this run brings, say what the last one left, and return the seed."""
    from ..grading.gradebook import Gradebook
    from ..grading.late import LateError

    if unfinished := book.get("unfinished"):
        _note(f"the last run did not come to its end ({unfinished}): going on where it ended")
    book.set("unfinished", "")
    try:
        if wish.late or wish.due:
            _set_late(book, wish)
    except LateError as error:
        raise stop(str(error), 2) from error
    if wish.labels is not None:
        with Gradebook.read(wish.labels) as earlier:
            for key, text in earlier.labels().items():
                if key not in book.labels():
                    book.label(key, text)
    seed = seed if seed >= 0 else int(book.get("seed") or secrets.randbits(32))
    book.set("seed", str(seed))
    book.set("note", wish.note)
    return seed


def _set_late(book: Gradebook, wish: Wish) -> None:
    """Keep the rule; half of it is taken from the last time."""
    before = book.late()
    due = wish.due or (before.due.isoformat() if before else "")
    rule = wish.late or (before.text if before else "")
    if rule == "none":
        return book.set_late("", "")
    if not due or not rule:
        raise stop('--due and --late belong together: --due 2026-11-01T23:59 --late "10% a day"', 2)
    return book.set_late(due, rule)


def _graded(run: Class, handed_in: list[Submission], setup: Setup, wish: Wish) -> None:
    """Grade all that is to do; whatever ends it early, what is done is kept, and that is said."""
    from ..grading.gradebook import GradebookError
    from ..grading.jobs import JobsError

    total, began = len(handed_in), f"{len(handed_in)} submissions"
    run.book.set("unfinished", began)
    try:
        with _pool(wish, setup, total, len(run.assignment.tasks)) as pool:
            for _ in _watched(run.grade(handed_in, pool), total):
                pass
            for note in sorted(set(getattr(pool, "notes", {}).values())):
                run.book.set("note", note)
                say(f"sandbox: {note}")
    except (GradebookError, JobsError, OSError) as error:
        raise stop(f"grading stopped: {error}. {_how_to_go_on(run, total)}") from error
    except KeyboardInterrupt as error:
        raise stop(f"interrupted. {_how_to_go_on(run, total)}", _code(error)) from None


def _pool(
    wish: Wish, setup: Setup, total: int, tasks: int
) -> contextlib.AbstractContextManager[Jobs | Spread]:
    """Who grades: processes here, or the workers of a scheduler."""
    if wish.pool is not None:
        return wish.pool.given(setup, _patience(setup, wish.jobs), min(wish.jobs, total))
    from ..grading.spread import Spread

    return Spread(wish.dask, GRADES, setup)


def _patience(setup: Setup, jobs: int) -> float:
    """Seconds that no submission can take by its limits, even where jobs share a core."""
    limits = setup.settings.limits
    return 300 + 2 * (limits.submission_seconds + limits.notebook_seconds) * max(jobs, 2)


def _how_to_go_on(run: Class, total: int) -> str:
    return (
        f"{run.tally.done} of {total} submissions are done and kept in {run.book.out}: "
        "give the same command again to go on from there"
    )


def _watched(records: Iterable[Any], total: int) -> Iterator[Any]:
    """The same, with a bar, the rate and the time left; without a terminal a line now and then."""
    columns = (
        TextColumn("grading"), BarColumn(), TextColumn("{task.completed} of {task.total}"),
        TextColumn("{task.fields[rate]}"), TimeRemainingColumn(compact=True), TextColumn("left"),
    )  # fmt: skip
    start = said = time.monotonic()
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("", total=total, rate="")
        for done, record in enumerate(records, 1):
            now = time.monotonic()
            a_minute = f"{60 * done / max(now - start, 1e-3):.0f} a minute"
            bar.update(task, completed=done, rate=a_minute)
            if not errors.is_terminal and now - said > PAUSE:
                said, left = now, (now - start) / done * (total - done)
                _note(f"grading: {done} of {total}, {a_minute}, {left:.0f} s left")
            yield record


def _reported(book: Gradebook, out: Path, grades: Sequence[Grade]) -> None:
    """Write the reports; the grades are kept whatever becomes of them."""
    from .gradebook import write_reports

    try:
        write_reports(book, out, grades)
    except OSError as error:
        raise stop(
            f"all is graded and kept, but not every report was written ({error}): make room, then "
            f"`course-nn report {out}` writes them"
        ) from error


def _show(grades: Sequence[Grade]) -> None:
    """The class as a table; of a large one, those who need a look."""
    from ..exercises.student import shortened
    from ..grading.reports.table import message, safe_cell

    if len(grades) > SHOWN:
        grades = [grade for grade in grades if grade.record.status != "graded"][:SHOWN]
    table = Table("student", "points", "status", "message")
    for grade in grades:
        record = grade.record
        cells = (record.student, f"{grade.final:g}/{record.maximum:g}", record.status,
                 shortened(message(grade), 160))  # fmt: skip
        table.add_row(*(escape(safe_cell(cell)) for cell in cells))
    if table.row_count:
        console.print(table)


def _sum_up(run: Class, handed_in: list[Submission]) -> None:
    """What was done, and what needs a look."""
    tally = run.tally
    stood = f"; {tally.known} were graded already" if tally.known else ""
    say(f"{tally.graded} of {len(handed_in)} submissions graded now{stood}")
    if tally.stood:
        _note(f"missing now, they keep their earlier grade: {_some(tally.stood)}")
    if tally.failed:
        _note(f"the grader failed for: {_some(tally.failed)}; the same command tries them again")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more


def _note(text: str) -> None:
    errors.print(text, soft_wrap=True, highlight=False, markup=False, emoji=False)


# -- how it ends -----------------------------------------------------------------------------------


class _Ended(KeyboardInterrupt):
    """A signal that asks to end."""


@contextlib.contextmanager
def _ending_well() -> Iterator[None]:
    """Being told to end, by whichever signal, is like Ctrl-C; what was ignored from the start, as
    `nohup` has it of a hang-up, still is."""

    def end(number: int, _: Any) -> None:
        for one in before:
            signal.signal(one, signal.SIG_IGN)  # the end takes less than a second
        raise _Ended(number)

    told = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {one: heard for one in told if (heard := signal.getsignal(one)) != signal.SIG_IGN}
    with contextlib.suppress(ValueError):  # not in the main thread: nobody sends us signals
        for one in before:
            signal.signal(one, end)
    try:
        yield
    except KeyboardInterrupt as error:
        raise stop("interrupted; what was graded before is kept", _code(error)) from None
    except OSError as error:
        raise stop(
            f"grading cannot begin: {error} (temporary files lie in {tempfile.gettempdir()})"
        ) from error
    finally:
        with contextlib.suppress(ValueError):
            for one, handler in before.items():
                signal.signal(one, handler)


def _code(error: KeyboardInterrupt) -> int:
    """The exit code of a process that was ended: 128 and the signal's number."""
    return 128 + (error.args[0] if error.args else signal.SIGINT)
