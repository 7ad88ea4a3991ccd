"""The code that everybody has or could have: the notebook's own, the package's, the book's, the
solutions."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from ..assignment import AssignmentError, load_assignment
from ..source import BOOK, SourceError, cells_of

CODE = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```", re.M | re.S)
FLOORS = ("plain", "ops")


@lru_cache(maxsize=8)
def given(assignment: str, tests: Path) -> tuple[str, ...]:
    """The code cells of the notebook as students get it; nothing where the exercise is unknown."""
    return _cells(assignment, tests, answers=False)


@lru_cache(maxsize=8)
def published(assignment: str, tests: Path) -> dict[str, str]:
    """Code by its place: plain twins, ops, the exercise's chapters and its solutions."""
    found = {}
    for floor in FLOORS:
        for file in sorted((files("course_nn") / floor).iterdir(), key=lambda one: one.name):
            if file.name.endswith(".py") and not file.name.startswith("_"):
                found[f"course_nn/{floor}/{file.name}"] = file.read_text(encoding="utf-8")
    found |= _chapters(assignment, tests)
    if solutions := _cells(assignment, tests, answers=True):
        found["the solutions"] = "\n\n".join(solutions)
    return found


def _chapters(assignment: str, tests: Path) -> dict[str, str]:
    """The code of the chapters that an exercise goes with, where the book is there."""
    try:
        pages = load_assignment(assignment, tests).source.chapters
    except AssignmentError:
        return {}
    found = {}
    for page in pages:
        path = BOOK / f"{page}.md"
        if path.is_file():
            found[f"the book, {page}"] = "\n\n".join(CODE.findall(path.read_text("utf-8")))
    return found


def _cells(assignment: str, tests: Path, answers: bool) -> tuple[str, ...]:
    try:
        loaded = load_assignment(assignment, tests)
        cells = cells_of(loaded.source, loaded.exercise.tasks, answers)
    except (AssignmentError, SourceError):
        return ()
    return tuple(cell.text for cell in cells if cell.kind == "code")
