"""Finds what a class handed in and reads it, believing nothing: every entry gets a row."""

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .collect import Unreadable

MAX_BYTES = 10 << 20
MAX_CELLS = 2000


@dataclass(frozen=True)
class Submission:
    """One student's file; `problem` is set where there is none to grade."""

    student: str
    path: Path | None
    problem: str = ""


def find(folder: Path, assignment: str, leave_out: Path | None = None) -> list[Submission]:
    """List FOLDER/student.ipynb and FOLDER/student/ASSIGNMENT.ipynb, sorted by student."""
    found: dict[str, list[Path]] = {}
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith((".", "__")) or entry.resolve() == leave_out:
            continue
        nested = entry.is_dir() and not entry.is_symlink() and entry.suffix != ".ipynb"
        student = entry.name if nested else entry.stem
        found.setdefault(student, []).append(entry / f"{assignment}.ipynb" if nested else entry)
    return [_choose(student, paths) for student, paths in sorted(found.items())]


def _choose(student: str, paths: list[Path]) -> Submission:
    notebooks = [path for path in paths if path.suffix == ".ipynb" and os.path.lexists(path)]
    if len(notebooks) == 1:
        return Submission(student, notebooks[0])
    if notebooks:
        both = " and ".join(f"{path.parent.name}/{path.name}" for path in notebooks)
        return Submission(student, None, f"handed in twice, {both}: keep one")
    name = paths[0].name
    wrong = (
        f"{name} is missing" if paths[0].suffix == ".ipynb" else f"{name} is no notebook (.ipynb)"
    )
    return Submission(student, None, wrong)


def read_cells(path: Path) -> list[str]:
    """Return the code cells of a notebook.

    Raises
    ------
    Unreadable : where the file is no notebook.
    """
    return cells_in(_read(path))


def cells_in(data: bytes) -> list[str]:
    """Return the code cells of a notebook's text; Unreadable where it is none."""
    content = _parse(data)
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list):
        raise Unreadable("it is JSON but no notebook of format 4: it has no list of cells")
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"it has {len(cells)} cells; at most {MAX_CELLS} are read")
    code = [cell for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    return [_text(cell.get("source")) for cell in code]


def _read(path: Path) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        kind = "a link, not a file" if path.is_symlink() else f"not readable ({error.strerror})"
        raise Unreadable(f"it is {kind}") from error
    _require_file(fd)
    with os.fdopen(fd, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Unreadable(f"it is larger than {MAX_BYTES >> 20} MiB")
    return data


def _require_file(fd: int) -> None:
    mode = os.fstat(fd).st_mode
    if not stat.S_ISREG(mode):
        os.close(fd)
        kind = "a folder" if stat.S_ISDIR(mode) else "no ordinary file"
        raise Unreadable(f"it is {kind}, not a notebook")


def _parse(data: bytes) -> Any:
    if not data.strip():
        raise Unreadable("it is empty")
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unreadable("it is not UTF-8 text, as a notebook is") from error
    except (ValueError, RecursionError) as error:
        raise Unreadable("it is no notebook, or one cut short: not valid JSON") from error


def _text(source: Any) -> str:
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str))
    return text.encode("utf-8", "replace").decode()
