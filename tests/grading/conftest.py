"""What the grader's tests share: notebooks written as cells, and the sandboxes that work here."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from course_nn.grading import breakout, sandbox
from course_nn.grading.assignment import load_assignment
from course_nn.grading.sandbox import shown
from course_nn.grading.source import cells_of

ROOT = Path(__file__).resolve().parents[2]


KINDS = [kind for kind in sandbox.KINDS if breakout.prove(kind).holds]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of sandbox that can be started on this machine."""
    return request.param


@pytest.fixture
def another_user(tmp_path) -> Callable[[str], str]:
    """`another_user(code)` is what Python prints that runs as a user who is not root."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user; whoever runs this is one already")
    tmp_path.chmod(0o777)
    roots = [str(shown.prefix()), sys.prefix, str(ROOT), str(tmp_path)]
    path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}

    def another_user(code: str) -> str:
        plan = {
            "groups": [], "user": 54321, "reach": roots, "view": None,
            "command": [sys.executable, "-B", "-c", code], "environment": path,
        }  # fmt: skip
        command = [sys.executable, "-I", "-S", "-B", str(sandbox.LAUNCHER), json.dumps(plan)]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/")
        assert done.returncode == 0, done.stderr
        return done.stdout

    return another_user


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
