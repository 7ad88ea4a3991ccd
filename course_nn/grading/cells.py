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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from ..exercises.regions import listed
from ..exercises.task import Task
from ..worker.protocol import plain_text
from . import ipynb, ipython
from .collect import Unreadable
from .ipynb import Book, Cell

MAX_CODE = 8 << 20  # bytes of code of all cells together
LONGEST_LINE = 500  # characters of a line in which a name is looked for
MAX_PARSED = 1 << 16  # characters of a text that is parsed here, and not in the sandbox
MAX_TRIED = 1 << 19  # and of all such texts together, for each thing that is looked for
MAX_HEADINGS = 10_000  # of all cells together that may be a task's
LINE = rf"^(?![^\n]{{{LONGEST_LINE}}})"
DEFINED = re.compile(LINE + r"[ \t]*+(?:async[ \t]++)?(?:def|class)[ \t]++(\w++)", re.M)
ASSIGNED = re.compile(LINE + r"(\w++)[ \t]*+[=:,](?!=)", re.M)
IMPORTED = re.compile(LINE + r"(?>[^\n]*?\bimport\b)([^\n]*+)", re.M)
AT_TOP = re.compile(r"^(?:def|class)[ \t]++(\w++)", re.M)
HEADING = re.compile(r"^#[^\n]{0,250}", re.M)  # as much of a line as a task's number stands in


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
    texts = _bounded([cell.text for cell, _ in found], said)
    code, names = _joined(texts, [name for _, name in found], said)
    _say_where(book, tasks, code, said)
    _name(code, names, tasks, said)
    python, late = ipython.read(code)
    _newer(book, python, said)
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
    return bool(_given({name}, [text]))


def _given(names: set[str], texts: Iterable[str]) -> set[str]:
    """Those of some names that one of the texts gives; each text is read once for all of them."""
    found: set[str] = set()
    for text in texts:
        if not any(name in text for name in names):
            continue
        for pattern in (DEFINED, ASSIGNED):
            found |= names.intersection(match[1] for match in pattern.finditer(text))
        for match in IMPORTED.finditer(text):
            found |= names.intersection(re.findall(r"\w+", match[1]))
    return found


def _places(book: Book, tasks: Sequence[Task]) -> dict[int, str]:
    """Which cells are made for which task: by id, else the first below the task's heading."""
    places: dict[int, str] = {}
    headings = _headings(book)
    for task in tasks:
        mine = task.name.replace("_", "-")[:64]
        found = [i for i, cell in enumerate(book.cells) if mine in cell.ids]
        places |= dict.fromkeys(found or _below_heading(book, headings, task), task.name)
    return places


def _headings(book: Book) -> dict[int, str]:
    """The headings of each cell of text that has any, a line each."""
    found: dict[int, str] = {}
    left = MAX_HEADINGS
    for i, cell in enumerate(book.cells):
        if cell.kind != "code":
            lines = [match[0] for match in islice(HEADING.finditer(cell.text), left)]
            left -= len(lines)
            if lines:
                found[i] = "\n".join(lines)
    return found


def _below_heading(book: Book, headings: dict[int, str], task: Task) -> list[int]:
    """The first cell of code below a heading with the task's number, if it comes before another."""
    heading = re.compile(rf"^#{{1,6}}(?!#)[^\n]{{0,200}}?\b{re.escape(task.number)}(?!\.?\d)", re.M)
    for i, lines in headings.items():
        if book.cells[i].kind == "markdown" and heading.search(lines):
            for k, below in enumerate(islice(book.cells, i + 1, None), i + 1):
                if below.kind == "code":
                    return [k]
                if k in headings:
                    break
    return []


def _as_code(
    book: Book, places: dict[int, str], tasks: Sequence[Task], said: list[str]
) -> list[Cell]:
    """The cells; a task's solution that became text by accident is code again."""
    cells, names = list(book.cells), {task.name for task in tasks}
    given = _given(names, (cell.text for cell in cells if cell.kind == "code"))
    for i, cell in enumerate(cells):
        if cell.kind == "code" or "```" in cell.text:
            continue
        written = {match[1] for match in AT_TOP.finditer(cell.text)}
        mine = {n for n in written & names if n not in given or places.get(i) == n}
        if name := next((task.name for task in tasks if task.name in mine), ""):
            said.append(f"a {cell.kind} cell holds the code of {name}: it was run as code")
            cells[i] = replace(cell, kind="code")
            given |= _given(names, [cell.text])
    return cells


def _say_where(book: Book, tasks: Sequence[Task], code: list[str], said: list[str]) -> None:
    """Say where tasks were found, should their cells not be known by their ids."""
    ids = frozenset().union(*(cell.ids for cell in book.cells))
    asked = [task.name for task in tasks if not task.given]
    lost = [name for name in asked if name.replace("_", "-")[:64] not in ids]
    given = _given(set(lost), code)
    found = [name for name in lost if name in given]
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
    left = [MAX_TRIED]
    for text, name in zip(code, names, strict=True):
        if texts and _is_rest(texts[-1], text, left):
            texts[-1] = f"{texts[-1].rstrip()}\n{text}"
            said.append(
                f"code cell {len(texts)} was split inside of a function: its halves were joined"
            )
        else:
            texts.append(text)
            tasks.append(name)
    if left[0] < 0:
        said.append(
            "it holds so many cells that could be halves of functions that not all of them were "
            "looked at, to be joined"
        )
    return texts, tasks


def _is_rest(before: str, text: str, left: list[int]) -> bool:
    """Whether a cell goes on inside of the function that the cell before it begins."""
    if left[0] < 0 or _indent(text) not in (" ", "\t"):
        return False
    whole = f"{before.rstrip()}\n{text}"
    if len(whole) > MAX_PARSED or not re.search(r"^[ \t\f]*+(?:def|class)\b", before, re.M):
        return False
    alone = textwrap.dedent(text)
    returns = re.search(r"^[ \t]*+return\b", alone, re.M) and "def " not in alone
    method = re.search(r"^def[ \t]++\w++\(self\b", alone, re.M)
    return bool(
        returns or method or not _parses(alone, left) or not _parses(before, left)
    ) and _parses(whole, left)


def _indent(text: str) -> str:
    """What the first line that is not blank begins with."""
    start = len(text) - len(text.lstrip())
    return text[text.rfind("\n", 0, start) + 1 :][:1]


def _parses(text: str, left: list[int]) -> bool:
    """Whether a text is Python; `left` counts down how many characters may be tried."""
    if len(text) > MAX_PARSED:
        return False
    left[0] -= len(text)
    if left[0] < 0:
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
    given = _given(known, code)
    for i, name in enumerate(names):
        if not name or name in given:
            continue
        written = re.findall(r"^def[ \t]++(\w{1,200}+)\b", code[i], re.M)
        others = [one for one in dict.fromkeys(written) if one not in known]
        if len(others) == 1:
            code[i] += f"\n{name} = {others[0]}"
            given.add(name)
            said.append(f"the cell of {name} defines {others[0][:40]} in its place: that counts")


def _bounded(code: Sequence[str], said: list[str]) -> list[str]:
    """The cells without the largest ones where all together are too much."""
    kept, total = list(code), sum(map(len, code))
    for i in sorted(range(len(code)), key=lambda i: -len(code[i])):
        if total <= MAX_CODE:
            break
        said.append(
            f"code cell {i + 1} holds {len(code[i]) / 1e6:.1f} MB of code, of which at most "
            f"{MAX_CODE >> 20} are run: it was passed over"
        )
        kept[i] = ""
        total -= len(code[i])
    return kept


def _newer(book: Book, python: list[str], said: list[str]) -> None:
    """Say where code that is no Python here may be that of a newer one."""
    version = re.match(r"3\.(\d{1,3})", book.python)
    if not version or int(version[1]) <= sys.version_info.minor:
        return
    left = [MAX_TRIED]
    if not all(_parses(text, left) for text in python) and left[0] >= 0:
        here = ".".join(map(str, sys.version_info[:2]))
        said.append(
            f"the notebook was written with Python 3.{version[1]}, and a cell of it is no Python "
            f"{here}, which grades: it may be right in the newer one"
        )


__all__ = ["Cells", "Unreadable", "defines", "read_cells"]
