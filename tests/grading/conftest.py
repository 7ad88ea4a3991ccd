"""What the grader's tests share: notebooks written as cells, and the sandboxes that work here."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from course_nn.grading import remote, sandbox
from course_nn.grading.assignment import load_assignment
from course_nn.grading.source import cells_of

ROOT = Path(__file__).resolve().parents[2]


def works(kind: str) -> bool:
    try:
        return remote.choose(kind)[0] == kind
    except sandbox.SandboxError:
        return False


KINDS = [kind for kind in ("plain", "bwrap") if works(kind)]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of sandbox that can be started on this machine."""
    return request.param


@pytest.fixture(scope="session")
def assignment():
    return load_assignment("ex02_dense")


@pytest.fixture(scope="session")
def solution(assignment) -> list[str]:
    """The code cells of a right submission."""
    cells = cells_of(assignment.source, assignment.exercise.tasks, answers=True)
    code = [cell for cell in cells if cell.kind == "code"]
    return [cell.text for cell in code if not (cell.nbgrader or {}).get("grade")]


@pytest.fixture(scope="session")
def notebook() -> Callable[..., str]:
    """`notebook(*cells)` is the text of an .ipynb file with these code cells."""

    def build(*cells: str) -> str:
        empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        content = {"cells": [{**empty, "source": cell} for cell in cells], "metadata": {}}
        return json.dumps({**content, "nbformat": 4, "nbformat_minor": 4})

    return build
