"""Whether a notebook is as it was handed out: nothing is written where its tasks ask for it."""

from __future__ import annotations

import ast
import functools
import warnings

from ...exercises.exercise import load
from ...worker.statements import UNREADABLE, is_stub, names
from .disk import Found
from .submission import Unreadable

MOST_BYTES = 16 << 20  # of a notebook that is looked into: a blank one is some kB
MOST_CODE = 1 << 16  # characters of a cell that is parsed; one that holds a stub is much shorter
MOST_PARSED = 1 << 18  # and of all of them
BLANK, WRITTEN = "blank", "written"


@functools.cache
def asked(assignment: str) -> frozenset[str]:
    """The functions and classes that an exercise's notebook leaves to be written.

    Where a task's function is given, they are those of the source's cells that have a solution.
    """
    try:
        found = {task.name for task in load(assignment).tasks.values() if not task.given}
    except KeyError:
        return frozenset()
    return frozenset(found | _in_source(assignment))


def _in_source(assignment: str) -> set[str]:
    from ..assignment import TESTS  # these import what is collected
    from ..source import SOLUTION, SourceError, read_source

    try:
        blocks = read_source(TESTS / assignment / "exercise.md").blocks
        cells = [b.text for b in blocks if b.kind == "code-cell" and SOLUTION.search(b.text)]
        nodes = [(node, cell) for cell in cells for node in ast.parse(cell).body]
    except (OSError, SourceError, SyntaxError):
        return set()
    return {
        node.name
        for node, cell in nodes
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and "### BEGIN SOLUTION" in (ast.get_source_segment(cell, node) or "")
    }


def state(found: Found, assignment: str) -> str:
    """`BLANK` where all that an exercise asks for is there and nothing of it is written; `WRITTEN`
    where some is; "" where neither is sure."""
    from ..ipynb import read  # which imports what is collected

    if found.read is None or not asked(assignment):
        return ""
    try:
        cells = read(found.read(MOST_BYTES)).cells
    except Unreadable:
        return ""
    return state_of([cell.text for cell in cells if cell.kind == "code"], asked(assignment))


def state_of(code: list[str], wanted: frozenset[str]) -> str:
    """The same of cells of code, for the names of what is asked for.

    >>> state_of(["def f(x):\\n    raise NotImplementedError  # mine"], frozenset({"f"}))
    'blank'
    >>> state_of(["def f(x):\\n    return x"], frozenset({"f"}))
    'written'
    """
    stubs, sure, left = set[str](), True, MOST_PARSED
    for text in code:
        if not any(name in text for name in wanted):
            continue
        left -= len(text)
        body = _parsed(text) if left >= 0 else None
        sure &= body is not None
        for node in body or []:
            if found := names(node) & wanted:
                if not is_stub(node):
                    return WRITTEN
                stubs |= found
    return BLANK if sure and stubs == wanted else ""


def _parsed(text: str) -> list[ast.stmt] | None:
    """The statements of a cell; None where it is no Python, or more than is parsed here."""
    if len(text) > MOST_CODE:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as of an odd escape, which is the student's
            return ast.parse(text).body
    except UNREADABLE:
        return None
