"""The source notebook of an exercise, and the student notebook that is made from it.

The source is MyST, as the book's chapters are: text, and code in {code-cell} fences whose options
hold nbgrader's metadata. Solutions stand between `### BEGIN SOLUTION` and `### END SOLUTION`.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OPEN, CLOSE, BREAK = "```{code-cell}", "```", "+++"
NBGRADER = {"grade": False, "locked": False, "schema_version": 3, "solution": False, "task": False}
SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n.*?### END SOLUTION\n?", re.M | re.S)
HIDDEN = re.compile(r"^[ \t]*### BEGIN HIDDEN TESTS\n.*?### END HIDDEN TESTS\n?", re.M | re.S)
LEFT_OVER = re.compile(r"### (BEGIN|END) (SOLUTION|HIDDEN TESTS)")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


class SourceError(Exception):
    """The source notebook breaks its own rules; the message says where."""


@dataclass(frozen=True)
class Cell:
    """One cell of the source: "markdown" or "code", its text, its options."""

    kind: str
    text: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def nbgrader(self) -> dict[str, Any]:
        """nbgrader's metadata with its defaults, or {} for a cell that it does not know."""
        given = self.options.get("nbgrader")
        if not given:
            return {}
        return {**NBGRADER, "locked": not given.get("solution", False), **given}


def read_source(path: Path) -> list[Cell]:
    """Split a MyST file into cells."""
    cells: list[Cell] = []
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        inside = bool(lines) and lines[0].startswith(OPEN)
        if inside and line == CLOSE:
            cells.append(_code_cell(lines[1:], path))
            lines = []
        elif not inside and (line.startswith(OPEN) or line == BREAK):
            _end_text(cells, lines)
            lines = [line] if line != BREAK else []
        else:
            lines.append(line)
    if lines and lines[0].startswith(OPEN):
        raise SourceError(f"{path}: the last {OPEN} is never closed")
    _end_text(cells, lines)
    return cells


def _end_text(cells: list[Cell], lines: list[str]) -> None:
    text = "\n".join(lines).strip()
    if text:
        cells.append(Cell("markdown", text))


def _code_cell(lines: list[str], path: Path) -> Cell:
    options = {}
    while lines and (match := re.fullmatch(r":([\w-]+): (.*)", lines[0])):
        try:
            options[match[1]] = json.loads(match[2])
        except ValueError as error:
            raise SourceError(f"{path}: the option {lines[0]!r} is not JSON") from error
        lines = lines[1:]
    return Cell("code", "\n".join(lines).strip("\n"), options)


def without_answers(cell: Cell) -> str:
    """Return the cell's text as a student gets it: no solution, no hidden test."""
    stub = f'raise NotImplementedError("Task {cell.options.get("number", "")}")'
    text = SOLUTION.sub(lambda match: f"{match[1]}{stub}\n", cell.text + "\n")
    text = HIDDEN.sub("", text).rstrip("\n")
    if LEFT_OVER.search(text):
        raise SourceError(f"a BEGIN without its END (or the reverse) in: {text.splitlines()[0]}")
    return text


def notebook(name: str, cells: list[Cell], answers: bool = False) -> str:
    """Return the .ipynb text, for the student or, with `answers`, for the instructor.

    The same cells give the same bytes: the ids come from nbgrader's ids and the cells' numbers.
    """
    content = {
        "cells": [_json_cell(name, i, cell, answers) for i, cell in enumerate(cells)],
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _json_cell(name: str, index: int, cell: Cell, answers: bool) -> dict:
    text = cell.text if answers else without_answers(cell)
    nbgrader = cell.nbgrader
    body: dict[str, Any] = {
        "cell_type": cell.kind,
        "id": str(nbgrader.get("grade_id", f"{name}-{index:02}")).replace("_", "-"),
        "metadata": {"nbgrader": nbgrader} if nbgrader else {},
        "source": text.splitlines(keepends=True),
    }
    if cell.kind == "code":
        body |= {"execution_count": None, "outputs": []}
    return body
