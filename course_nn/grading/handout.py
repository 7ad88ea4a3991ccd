"""What a student gets and does at the terminal: notebooks in a folder or a zip, and checks."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .. import __version__
from ..exercises import check, day
from ..exercises.compare import Comparison
from ..exercises.exercise import Exercise, known, load
from ..exercises.regions import listed
from ..exercises.student import missing
from ..exercises.task import Task
from ..exercises.verdict import Verdict
from ..worker import standins, statements
from ..worker.notebook import Notebook
from .cells import read_cells
from .source import ADDRESS

WHEN = (2026, 1, 1, 0, 0, 0)  # of every file in the zip, so that the same notebooks give its bytes
README = """Exercises of the course "A Convolutional Network, Layer by Layer".

Take them in this order. Each says in its first lines with which chapter of the book it goes.

{exercises}

Begin. You need Python 3.11 or newer, an environment of your own, and the course's package, which
whoever gives the course hands out as a file or as an address. With its file:

    python -m pip install "./course_nn-{version}-py3-none-any.whl[lab]"
    jupyter lab

Work. Put your code where a cell says `raise NotImplementedError`, run it, and run the check below.
Keep the names and the arguments of the functions. Then, in a cell of your own:

    check.hint("2.2")   says more of a task that is wrong, a step at a time
    check.all()         says how many points you have and which tasks are open

At the terminal, all checks of a notebook: course-nn check ex02_dense.ipynb

Hand in. Restart the kernel and run all cells once: the grader runs them in order, from nothing.
Save, and hand in the notebook under the name that it has, where your course collects them. The
tasks need NumPy and the standard library alone. Each is graded by the check that you saw and by
hidden ones of the same kind, at other sizes; a task that fails costs its own points only.

More, in the book: {guide}
"""


@dataclass(frozen=True)
class Checked:
    """A notebook's exercise, the verdict of each task, and what else did not run.

    said : what was decided when it was read, and what will be missing where it is graded.
    """

    exercise: Exercise
    verdicts: dict[str, Verdict]
    failures: list[str]
    said: list[str] = field(default_factory=list)

    @property
    def points(self) -> float:
        """By the public checks."""
        return sum(v.task.points for v in self.verdicts.values() if v.passed)

    def about(self, which: str) -> list[Verdict]:
        """The verdict of one task, by its number or name; of all where none is named."""
        found = [v for v in self.verdicts.values() if which in ("", v.task.number, v.task.name)]
        if not found:
            there = ", ".join(v.task.title for v in self.verdicts.values())
            raise KeyError(f"there is no task {which!r}; there are: {there}")
        return found

    @property
    def progress(self) -> str:
        """The points, and which tasks are wrong or open."""
        return day.Diary(verdicts=self.verdicts).progress(self.exercise)


def start(source: Path, folder: Path, names: list[str]) -> tuple[list[Path], list[Path]]:
    """Copy notebooks into a folder; what lies there already is left as it is.

    Returns
    -------
    copied, kept : the paths in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    copied, kept = [], []
    for name in names:
        target = folder / f"{name}.ipynb"
        if target.exists():
            kept.append(target)
            continue
        target.write_bytes((source / target.name).read_bytes())
        copied.append(target)
    return copied, kept


def packed(source: Path, names: list[str]) -> bytes:
    """A zip of notebooks, with a word on how to work; the same notebooks give the same bytes."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("exercises/README.txt", WHEN), readme(source, names))
        for name in names:
            entry = zipfile.ZipInfo(f"exercises/{name}.ipynb", WHEN)
            file.writestr(entry, (source / f"{name}.ipynb").read_bytes())
    return memory.getvalue()


def readme(source: Path, names: list[str]) -> str:
    """What a student is told beside the notebooks: order, points, how to begin and to hand in."""
    wide = max((len(name) for name in names), default=0) + len(".ipynb")
    lines = []
    for name in names:
        cells = json.loads((source / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        points = sum(c["metadata"].get("nbgrader", {}).get("points", 0) for c in cells)
        title = cells[0]["source"][0].partition(": ")[2].strip()
        lines.append(f"    {name + '.ipynb':<{wide}}  {points:>2g} points  {title}")
    address = os.environ.get(ADDRESS, "").rstrip("/")
    guide = f"{address}/guide/students.html" if address else 'its page "For students"'
    return README.format(exercises="\n".join(lines), version=__version__, guide=guide)


def executed(text: str) -> str:
    """A notebook with the outputs of its cells, which `pytest --nbval` compares with new ones.

    Raises
    ------
    nbclient.exceptions.CellExecutionError : where a cell fails.
    """
    import nbformat  # of the extra `grade`: students need neither
    from nbclient import NotebookClient

    book = nbformat.reads(text, as_version=4)
    NotebookClient(book, timeout=120).execute()
    for cell in book.cells:
        cell.metadata.pop("execution", None)  # when it ran
    return nbformat.writes(book) + "\n"


def checked(path: Path) -> Checked:
    """Run a notebook's cells, and the public check of each of its tasks.

    Raises
    ------
    Unreadable : where the file is no notebook.
    KeyError : where it defines no function of any exercise.
    """
    data = path.read_bytes()
    exercise = _exercise_of(path, read_cells(data).code)
    read = read_cells(data, list(exercise.tasks.values()))
    with standins.standing_in():
        notebook = Notebook([_unchecked(cell) for cell in read.code])
        failures = _run(notebook)
        verdicts = {n: _verdict(task, notebook, failures) for n, task in exercise.tasks.items()}
    said = [failure for failure in failures.values() if not _in_any(failure, verdicts)]
    return Checked(exercise, verdicts, said, [*read.said, *notebook.said, *_absent(notebook)])


def _unchecked(cell: str) -> str:
    """A cell without its checks, which would print; what they are given is kept in mind.

    >>> _unchecked("check.relu(mine)")
    '__offered__["relu"] = mine'
    """
    cell = re.sub(r"^check\.(\w+)\((\w+)\)[ \t]*$", r'__offered__["\1"] = \2', cell, flags=re.M)
    return "" if cell.lstrip().startswith("check.") else cell


def _absent(notebook: Notebook) -> list[str]:
    """A sentence for each package that works here and is not there when the notebook is graded."""
    text = "\n".join(notebook.sources.values())
    roots = dict.fromkeys(re.findall(r"^[ \t]*(?:import|from)[ \t]+(\w+)", text, re.M))
    here = {"numpy", "course_nn"} | standins.QUIET | sys.stdlib_module_names
    return [standins.absent(root) for root in roots if root not in here and root in sys.modules]


def _in_any(failure: str, verdicts: Mapping[str, Verdict]) -> bool:
    """Whether a verdict says already that this cell failed."""
    return any(failure in verdict.wrong for verdict in verdicts.values())


def _run(notebook: Notebook) -> dict[str, str]:
    """Run all cells; return what went wrong in which: a sentence by the cell's file name."""
    notebook.space["__offered__"] = standins.offered
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks say what NumPy warns of
        for number in notebook.order():
            notebook.run(number)
    failures: dict[str, str] = {}
    for told in notebook.errors:
        file = f"<cell {told['cell']}>"
        where = f" at line {told['line']}, `{told['source']}`" if told["source"] else ""
        message = f" ({told['message']})" if told["message"] else ""
        cell = _called(notebook.sources[file])
        says = f"{cell} did not run to its end: {told['type']}{where}{message}"
        failures.setdefault(file, says)
    return failures


def _called(cell: str) -> str:
    """A cell by what a student sees of it: what it defines, or how it begins.

    >>> _called("# mine\\nx = 1"), _called("def relu(x):\\n    return x")
    ('the cell that begins with `x = 1`', 'the cell that defines relu')
    """
    if defined := re.findall(r"^(?:def|class)\s+(\w+)", cell, re.M):
        return f"the cell that defines {listed(defined)}"
    lines = [line.strip() for line in cell.splitlines() if line.strip()]
    code = [line for line in lines if not line.startswith("#")]
    return f"the cell that begins with `{(code or lines or [''])[0][:60]}`"


def _verdict(task: Task, notebook: Notebook, failures: dict[str, str]) -> Verdict:
    """The verdict on a task; where its cell failed or none has its name, that alone."""
    function = notebook.chosen(task.name)
    made = getattr(getattr(function, "__code__", None), "co_filename", "")
    last = [file for file, text in notebook.sources.items() if _writes(task.name, text)][-1:]
    for file in last:
        if file in failures and made != file:
            return Verdict(task, Comparison({}, "call", f"{failures[file]}; mend that first"))
    if function is None:
        return Verdict(task, Comparison({}, "call", missing(task.name)))
    return check.check_task(task, function)


def _writes(name: str, text: str) -> bool:
    """Whether a cell defines a function, and not as the notebook gives it."""
    if not day.defines(name, text):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nodes = statements.read(text, "<cell>").body
    return not any(statements.is_stub(n) for n in nodes if name in statements.names(n))


def _exercise_of(path: Path, cells: Sequence[str]) -> Exercise:
    """The exercise that a notebook's name begins with, or whose functions it defines."""
    for name in known():
        if path.stem.startswith(name):
            return load(name)
    text = "\n".join(cells)
    for name in re.findall(r"^[ \t]*(?:def|class)[ \t]+(\w+)", text, re.M):
        with contextlib.suppress(KeyError):
            return day.exercise_of(name)
    raise KeyError(f"{path} defines no function of any exercise: is it one of the course's?")
