"""The code of a notebook as it is run: which cells, in which order, as plain Python.

Every cell of code runs, in the notebook's order. The cells of tasks are found by their ids, where
those are lost by heading and function name; whatever is decided beyond that is said.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..exercises.regions import listed
from ..exercises.task import Task
from ..worker.protocol import plain_text
from . import ipynb, ipython
from .collect import Unreadable
from .ipynb import Book, Cell

MAX_CODE = 8 << 20  # bytes of code of all cells together
LONGEST_LINE = 500  # characters of a line in which a name is looked for
MAX_PARSED = 1 << 16  # characters of a text that is parsed here, and not in the sandbox


@dataclass(frozen=True)
class Cells:
    """The cells to run, as Python.

    code : their texts.
    said : what was decided, a sentence each.
    tasks : for each the task whose cell it is, by its function's name; "" for none.
    """

    code: tuple[str, ...]
    said: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()


def read_cells(data: bytes, tasks: Sequence[Task] = ()) -> Cells:
    """The cells of a notebook's file that are to be run.

    Raises
    ------
    Unreadable : where the file is no notebook.
    """
    book = ipynb.read(data)
    said = list(book.said)
    places = _places(book, tasks)
    cells = _as_code(book, places, tasks, said)
    found = [(cell, places.get(i, "")) for i, cell in enumerate(cells) if cell.kind == "code"]
    code, names = _joined([cell.text for cell, _ in found], [name for _, name in found], said)
    _say_where(book, tasks, code, said)
    _name(code, names, tasks, said)
    _bounded(code, said)
    _newer(book, code, said)
    python, late = ipython.read(code)
    if late:
        said.append(
            f"it holds so many magics that reading them took {ipython.SECONDS:g} s: from code cell "
            f"{late} on they were left as they are, which is no Python"
        )
    plain = tuple(plain_text(sentence, 300) for sentence in said)  # a file's words are in some
    return Cells(tuple(python), plain, tuple(names))


# -- the cells of tasks ----------------------------------------------------------------------------


def defines(name: str, text: str) -> bool:
    """Whether a text gives a name, as a function or otherwise.

    >>> defines("relu", "def relu(x): ..."), defines("relu", "relu = lambda x: x")
    (True, True)
    >>> defines("relu", "y = relu(x)")
    False
    """
    given = re.compile(
        rf"[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+{name}\b|{name}[ \t]*[=:,](?!=)"
        rf"|.*\bimport\b.*\b{name}\b"
    )
    lines = text.split("\n") if name in text else []
    return any(given.match(line) for line in lines if name in line and len(line) < LONGEST_LINE)


def _places(book: Book, tasks: Sequence[Task]) -> dict[int, str]:
    """Which cells are made for which task: by id, else the first below the task's heading."""
    places: dict[int, str] = {}
    for task in tasks:
        mine = task.name.replace("_", "-")[:64]
        found = [i for i, cell in enumerate(book.cells) if mine in cell.ids]
        places |= dict.fromkeys(found or _below_heading(book, task), task.name)
    return places


def _below_heading(book: Book, task: Task) -> list[int]:
    """The first cell of code below a heading with the task's number, if it comes before another."""
    heading = re.compile(rf"^#{{1,6}}(?!#)[^\n]{{0,200}}?\b{re.escape(task.number)}(?!\.?\d)", re.M)
    for i, cell in enumerate(book.cells):
        if cell.kind == "markdown" and heading.search(cell.text):
            for k, below in enumerate(book.cells[i + 1 :], i + 1):
                if below.kind == "code":
                    return [k]
                if re.search(r"^#", below.text, re.M):
                    break
    return []


def _as_code(
    book: Book, places: dict[int, str], tasks: Sequence[Task], said: list[str]
) -> list[Cell]:
    """The cells; a task's solution that became text by accident is code again."""
    cells = list(book.cells)
    for i, cell in enumerate(cells):
        if cell.kind == "code" or "```" in cell.text:
            continue
        for task in tasks:
            is_one = re.search(rf"^(?:def|class)[ \t]+{task.name}\b", cell.text, re.M)
            if is_one and (places.get(i) == task.name or not _given(task.name, cells)):
                said.append(f"a {cell.kind} cell holds the code of {task.name}: it was run as code")
                cells[i] = replace(cell, kind="code")
                break
    return cells


def _given(name: str, cells: Sequence[Cell]) -> bool:
    return any(cell.kind == "code" and defines(name, cell.text) for cell in cells)


def _say_where(book: Book, tasks: Sequence[Task], code: list[str], said: list[str]) -> None:
    """Say where tasks were found, should their cells not be known by their ids."""
    ids = frozenset().union(*(cell.ids for cell in book.cells))
    asked = [task.name for task in tasks if not task.given]
    lost = [name for name in asked if name.replace("_", "-")[:64] not in ids]
    found = [name for name in lost if any(defines(name, text) for text in code)]
    if found and lost == asked:
        said.append(
            "the ids of its cells are lost, as in Google Colab: the tasks were found by their "
            "headings and the names of their functions"
        )
    elif found:
        said.append(
            f"the cell made for {listed(found)} is not there any more: the function was found by "
            "its name"
        )


# -- what a student meant --------------------------------------------------------------------------


def _joined(code: list[str], names: list[str], said: list[str]) -> tuple[list[str], list[str]]:
    """The cells, the two halves of a function that was split by accident as one again."""
    texts: list[str] = []
    tasks: list[str] = []
    for text, name in zip(code, names, strict=True):
        if texts and _is_rest(texts[-1], text):
            texts[-1] = f"{texts[-1].rstrip()}\n{text}"
            said.append(
                f"code cell {len(texts)} was split inside of a function: its halves were joined"
            )
        else:
            texts.append(text)
            tasks.append(name)
    return texts, tasks


def _is_rest(before: str, text: str) -> bool:
    """Whether a cell goes on inside of the function that the cell before it begins."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    if first[:1] not in (" ", "\t") or not re.search(r"^\s*(def|class)\b", before, re.M):
        return False
    alone = textwrap.dedent(text)
    returns = re.search(r"^[ \t]*return\b", alone, re.M) and "def " not in alone
    method = re.search(r"^def[ \t]+\w+\(self\b", alone, re.M)
    return bool(returns or method or not _parses(alone) or not _parses(before)) and _parses(
        f"{before.rstrip()}\n{text}"
    )


def _parses(text: str) -> bool:
    if len(text) > MAX_PARSED:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as of an odd escape, which is the student's
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _name(code: list[str], names: list[str], tasks: Sequence[Task], said: list[str]) -> None:
    """Where a task's own cell defines one function under another name, give it the right one."""
    known = {task.name for task in tasks}
    for i, name in enumerate(names):
        if not name or any(defines(name, text) for text in code):
            continue
        written = re.findall(r"^def[ \t]+(\w+)", code[i], re.M)
        others = [one for one in dict.fromkeys(written) if one not in known]
        if len(others) == 1:
            code[i] += f"\n{name} = {others[0]}"
            said.append(f"the cell of {name} defines {others[0][:40]} in its place: that counts")


def _bounded(code: list[str], said: list[str]) -> None:
    """Pass over the largest cells where all together are too much."""
    while sum(map(len, code)) > MAX_CODE:
        largest = max(range(len(code)), key=lambda i: len(code[i]))
        said.append(
            f"code cell {largest + 1} holds {len(code[largest]) / 1e6:.1f} MB of code, of which at "
            f"most {MAX_CODE >> 20} are run: it was passed over"
        )
        code[largest] = ""


def _newer(book: Book, code: list[str], said: list[str]) -> None:
    """Say where code that is no Python here may be that of a newer one."""
    version = re.match(r"3\.(\d+)", book.python)
    if not version or int(version[1]) <= sys.version_info.minor:
        return
    if not all(_parses(text) for text in ipython.as_python(code)):
        here = ".".join(map(str, sys.version_info[:2]))
        said.append(
            f"the notebook was written with Python 3.{version[1]}, and a cell of it is no Python "
            f"{here}, which grades: it may be right in the newer one"
        )


__all__ = ["Cells", "Unreadable", "defines", "read_cells"]
