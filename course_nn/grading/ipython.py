"""Cells as IPython reads them: its own transformer turns magics and commands into plain Python.

It works on text that anybody may have written, in the grader's own process: a cell that is too
large or takes too long stays as it is, and the sandbox leaves out what of it is no Python.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

MAX_CELL, MAX_LINE = 100_000, 4_000  # characters of a cell, and of a line of it
SECONDS = 2.0  # of our own time for all cells of a notebook
SPECIAL = re.compile(
    r"^[ \t]*[%!?/,;]|\?[ \t]*(?:#.*)?$|=[ \t]*[%!]|^[ \t]*(?:>>>|\.\.\.)|^[ \t]*In[ \t]*\[", re.M
)
CELL_MAGIC = re.compile(r"\s*%%(\w+)([^\n]*)\n?")
FOREIGN = re.compile(  # cell magics over what is no Python of this notebook
    "bash|sh|skip|script|html|HTML|javascript|js|latex|markdown|svg|perl|ruby|cmd|system|sx|pypy|"
    "python|python2|python3|R|sql|writefile|file|cpp|cuda|julia|octave|matlab|shell|mermaid|manim|"
    "scala|spark|dot|graphviz"
)
ALONE = re.compile(  # what IPython takes as a magic where it is all of a cell
    r"(pip|conda|mamba|cd|ls|ll|pwd|cat|mkdir|rm|rmdir|cp|mv|clear|who|whos|matplotlib|pylab|"
    r"time|timeit|prun|run|load|env|history|reset|load_ext|reload_ext|autoreload|precision|"
    r"notebook|config|colors|xmode|pdb|debug|store|bookmark|man|more|less)"
    r"(?:[ \t]+(?![=+*,(%|&<>]|[-/][ \t]|(?:in|is|and|or|if|not)\b)[^\n]*)?"
)


class TooLong(Exception):
    """The transformer takes longer than it may."""


def as_python(cells: Sequence[str]) -> list[str]:
    """The cells as plain Python.

    >>> as_python(["%matplotlib inline", "x = 1  # right?", "%%time\\nx = 2"])[1:]
    ['x = 1  # right?', "get_ipython().run_line_magic('time', '')\\nx = 2"]
    """
    return read(cells)[0]


def read(cells: Sequence[str]) -> tuple[list[str], int]:
    """The same, and the number of the first cell for which there was no time, or 0."""
    until, late = time.thread_time() + SECONDS, 0
    found = []
    for number, cell in enumerate(cells, 1):
        found.append(_python(cell, until))
        late = late or number * (time.thread_time() > until)
    return found, late


def _python(cell: str, until: float) -> str:
    if len(cell) < MAX_LINE and ALONE.fullmatch(cell.strip()):
        cell = f"%{cell.strip()}"
    headers, magic = "", CELL_MAGIC.match(cell)
    while magic and not FOREIGN.fullmatch(magic[1]) and len(headers) < MAX_LINE:
        headers += "\n" * cell[: magic.start(1)].count("\n")
        headers += _transformed(f"%{magic[1]}{magic[2]}", until).rstrip("\n") + "\n"
        cell = cell[magic.end() :]
        magic = CELL_MAGIC.match(cell)
    if SPECIAL.search(cell) or cell.lstrip("\n")[:1] in (" ", "\t"):
        cell = _transformed(cell, until)
    return headers + cell


def _transformed(cell: str, until: float) -> str:
    """A cell by IPython's transformer, its lines where they were; as it is where that fails."""
    long = len(cell) > MAX_CELL or max(map(len, cell.split("\n"))) > MAX_LINE
    if long or time.thread_time() > until:
        return cell
    above = cell[: len(cell) - len(cell.lstrip())].count("\n")
    try:
        text = _manager()(until).transform_cell(cell)
        return "\n" * above + (text if cell.endswith("\n") else text.removesuffix("\n"))
    except (TooLong, SyntaxError, ValueError, RuntimeError, RecursionError, ImportError):
        return cell
    except Exception:  # the library's own, over text that it was not made for
        return cell


@cache
def _manager() -> Any:
    """IPython's transformer, with a limit of time; its import is not cheap, and most cells need
    none."""
    from IPython.core.inputtransformer2 import TransformerManager

    class Limited(TransformerManager):
        def __init__(self, until: float) -> None:
            super().__init__()
            self.until = until

        def do_one_token_transform(self, lines: list[str]) -> Any:
            if time.thread_time() > self.until:
                raise TooLong
            return super().do_one_token_transform(lines)

    return Limited
