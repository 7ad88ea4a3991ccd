"""What a student gets and does at the terminal: notebooks in a folder or a zip, and checks."""

from __future__ import annotations

import contextlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..exercises import check, day
from ..exercises.exercise import Exercise, known, load
from ..exercises.verdict import Verdict
from ..worker.notebook import Notebook
from .submissions import read_cells

WHEN = (2026, 1, 1, 0, 0, 0)  # of every file in the zip, so that the same notebooks give its bytes
README = """Twelve exercises of the course "A Convolutional Network, Layer by Layer".

Install what they need once, in an environment of your own (Python 3.11 or newer):

    python -m pip install "course-nn[lab]"

then open them:

    jupyter lab

or check one at the terminal:

    course-nn check ex02_dense.ipynb
"""


@dataclass(frozen=True)
class Checked:
    """A notebook's exercise, the verdict of each task, and the cells that did not run."""

    exercise: Exercise
    verdicts: dict[str, Verdict]
    failures: list[str]

    @property
    def points(self) -> float:
        """By the public checks."""
        return sum(v.task.points for v in self.verdicts.values() if v.passed)


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
    """A zip of notebooks, with a word on how to begin; the same notebooks give the same bytes."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("exercises/README.txt", WHEN), README)
        for name in names:
            entry = zipfile.ZipInfo(f"exercises/{name}.ipynb", WHEN)
            file.writestr(entry, (source / f"{name}.ipynb").read_bytes())
    return memory.getvalue()


def checked(path: Path) -> Checked:
    """Run a notebook's cells, and the public check of each of its tasks.

    Raises
    ------
    Unreadable : where the file is no notebook.
    KeyError : where it defines no function of any exercise.
    """
    cells = [cell for cell in read_cells(path) if not cell.lstrip().startswith("check.")]
    notebook, failures = Notebook(cells), []
    with contextlib.redirect_stdout(io.StringIO()):
        for number in range(1, len(cells) + 1):
            if told := notebook.run(number):
                line = f" at `{told['source']}`" if told["source"] else ""
                failures.append(f"code cell {number}: {told['type']}{line} ({told['message']})")
    exercise = _exercise_of(path, notebook.space)
    verdicts = {
        name: check.check_task(task, notebook.space.get(name))
        for name, task in exercise.tasks.items()
    }
    return Checked(exercise, verdicts, failures)


def _exercise_of(path: Path, space: dict[str, Any]) -> Exercise:
    """The exercise that a notebook's name begins with, or whose functions it defines."""
    for name in known():
        if path.stem.startswith(name):
            return load(name)
    for name in space:
        with contextlib.suppress(KeyError):
            return day.exercise_of(name)
    raise KeyError(f"{path} defines no function of any exercise: is it one of the course's?")
