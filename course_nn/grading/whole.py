"""A whole notebook, run in the sandbox under nbval's rules.

nbval runs a notebook in a kernel, which can do whatever its user can. Here the same cells run in a
worker, and what they print and show comes back as text that is only compared, never believed.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..worker.protocol import ProtocolError, plain_text
from . import ipython
from .remote import Worker, WorkerLost

MARKS = {
    "NBVAL_IGNORE_OUTPUT": ("check", False),
    "PYTEST_VALIDATE_IGNORE_OUTPUT": ("check", False),
    "NBVAL_CHECK_OUTPUT": ("check", True),
    "NBVAL_RAISES_EXCEPTION": ("raises", True),
    "NBVAL_SKIP": ("skip", True),
}
TAGS = {mark.lower().replace("_", "-"): rule for mark, rule in MARKS.items()}
TAGS["raises-exception"] = ("raises", True)
MOST = 20_000  # characters of what one cell prints that are compared
KEEPS = f"""
def __begin__(number, held={{}}, sys=__import__("sys"), io=__import__("io")):
    held[number] = [io.StringIO(), None]
    sys.stdout = held[number][0]

def __show__(number, value, held=__begin__.__defaults__[0]):
    if value is not None:
        held[number][1] = repr(value)[:{MOST}]

def __told__(number, held=__begin__.__defaults__[0]):
    import json, numpy
    printed, shown = held.get(number, (None, None))
    text = json.dumps([printed.getvalue()[:{MOST}] if printed else "", shown])
    return numpy.frombuffer(text.encode(), numpy.uint8)
"""


@dataclass(frozen=True)
class Cell:
    """A cell of code of a notebook: its number among them, its text, and nbval's rules for it.

    printed, shown : what it stored of standard output and of its last value, as text.
    """

    number: int
    text: str
    check: bool = False
    raises: bool = False
    skip: bool = False
    printed: str = ""
    shown: str = ""


@dataclass(frozen=True)
class Run:
    """How a cell ran; `problem` is "" where all is well."""

    cell: Cell
    problem: str = ""


def cells_of(data: bytes, check: bool = False) -> list[Cell]:
    """The cells of code of a notebook.

    Parameters
    ----------
    check : whether outputs are compared where no mark says so; in an unrun cell they never are.

    Raises
    ------
    ValueError : where it is no notebook.
    """
    try:
        found = json.loads(data.decode("utf-8-sig"))["cells"]
        code = [cell for cell in found if cell["cell_type"] == "code"]
        return [_cell(number, cell, check) for number, cell in enumerate(code, 1)]
    except (TypeError, KeyError, AttributeError, RecursionError, ValueError) as error:
        raise ValueError("it is no notebook of format 4") from error


def _cell(number: int, cell: dict[str, Any], check: bool) -> Cell:
    text = "".join(cell["source"])
    rules = {"check": check, "raises": False, "skip": False}
    lines = (line.strip() for line in text.splitlines())
    comments = (line.lstrip("#").strip() for line in lines if line.startswith("#"))
    tags = cell.get("metadata", {}).get("tags")
    marks = [MARKS[comment] for comment in comments if comment in MARKS]
    marks += [TAGS[tag] for tag in (tags if isinstance(tags, list) else []) if tag in TAGS]
    rules.update(dict(reversed(marks)))
    outputs = cell.get("outputs") or []
    printed = [o["text"] for o in outputs if o.get("name") == "stdout"]
    results = [o["data"].get("text/plain", "") for o in outputs if "execution_count" in o]
    run = cell.get("execution_count") is not None
    return Cell(
        number, text, rules["check"] and run, rules["raises"], rules["skip"],
        "".join("".join(text) for text in printed), "".join("".join(text) for text in results),
    )  # fmt: skip


def run(cells: Sequence[Cell], worker_of: Any) -> Iterator[Run]:
    """Run cells in one worker, in order.

    Parameters
    ----------
    worker_of : makes a `Worker` of texts.
    """
    run = [cell for cell in cells if not cell.skip]
    texts = [KEEPS]
    python = ipython.as_python([cell.text for cell in run])
    for cell, text in zip(run, python, strict=True):
        # what keeps a cell's output stands in a cell of its own: lines stay in place
        texts += [f"__begin__({cell.number})", showing(text, cell.number)]
    worker = worker_of(texts)
    try:
        worker.ready()
        for i, cell in enumerate(run):
            failure = worker.failures.get(3 + 2 * i)
            yield Run(
                cell, _problem(cell, _as_written(failure.sentence) if failure else "", worker)
            )
    except WorkerLost as error:
        yield Run(run[0], str(error))
    finally:
        worker.stop()


def _problem(cell: Cell, failure: str, worker: Worker) -> str:
    if failure:
        return "" if cell.raises else failure
    if not cell.check:
        return ""
    printed, shown = _told(worker, cell.number)
    for what, before, now in (("prints", cell.printed, printed), ("shows", cell.shown, shown)):
        if before.split() != now.split():
            return f"it {what} {_short(now)}; the notebook has {_short(before)}"
    return ""


def _as_written(sentence: str) -> str:
    """What is said of a cell's failure, without its number among ours and what we put into it."""
    said = re.sub(r"^code cell \d+ ", "it ", sentence)
    return re.sub(r"__show__\(\d+, \((.*)\)\)", r"\1", said)


def _told(worker: Worker, number: int) -> tuple[str, str]:
    """What a cell printed and showed; nothing where the worker does not say it."""
    try:
        _, arrays = worker.call("__told__", (float(number),))
        printed, shown = json.loads(bytes(arrays[0])) if arrays[0].dtype == np.uint8 else ("", "")
        return str(printed or ""), str(shown or "")
    except (WorkerLost, ProtocolError, RecursionError, ValueError, TypeError, IndexError):
        return "", ""


def _short(text: str) -> str:
    return f"`{plain_text(text, 200)}`" if text.strip() else "nothing"


def showing(text: str, number: int) -> str:
    """A cell, as Python, that also keeps its last value, as a notebook shows it; its lines stay.

    >>> showing("x = 2\\nx + 1", 5)
    'x = 2\\n__show__(5, (x + 1))'
    >>> showing("x;", 5)
    'x;'
    """
    try:
        last = ast.parse(text).body[-1]
    except (SyntaxError, ValueError, IndexError, RecursionError, MemoryError):
        return text
    if not isinstance(last, ast.Expr) or text.rstrip().endswith(";"):
        return text
    lines = text.split("\n")
    end = last.end_lineno or 0
    _put(lines, end - 1, last.end_col_offset or 0, "))")
    _put(lines, last.lineno - 1, last.col_offset, f"__show__({number}, (")
    return "\n".join(lines)


def _put(lines: list[str], row: int, column: int, what: str) -> None:
    """Put something into a line, at a column that counts bytes."""
    line = lines[row].encode()
    lines[row] = (line[:column] + what.encode() + line[column:]).decode()
