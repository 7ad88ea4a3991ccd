"""A class of thirty to try the grader on: right, wrong, awkward, late, empty and hostile.

The answers are those that were written blind (`tests/autograder/NAME/blind.py`), each under its
task's name; the same exercise always gives the same class.
"""

from __future__ import annotations

import ast
import copy
import csv
import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from ..exercises.day import defines
from .assignment import Assignment
from .source import notebook

DUE = datetime.fromisoformat("2026-03-02T18:00:00+00:00")
NAMES = (
    "ada", "ben", "chloe", "dmitri", "elif", "farid", "greta", "hana", "ines", "jonas",
    "kofi", "lena", "mateo", "nadia", "oskar", "priya", "quentin", "rosa", "samir", "tuuli",
    "ugo", "vera", "wanda", "xin", "yusuf", "zoe", "åsa", "björn", "łukasz", "mirka",
)  # fmt: skip
ABSENT = "mirka"
PLOTS = """import matplotlib.pyplot as plt
from google.colab import drive
x = !ls
plt.plot([1, 2, 3])
display("my plot")"""
HOSTILE = """import os, sys, numpy
os.system("touch /tmp/was-here")
numpy.array_equal = numpy.allclose = lambda *a, **k: True
open("/tmp/was-here", "w").write("mine")
print(open("/etc/passwd").read(), os.listdir("/home"))
from course_nn.ops import dense_forward
os.kill(os.getppid(), 9)"""


@dataclass(frozen=True)
class Answers:
    """What was written blind to an exercise: lines that all need, and answers by task and kind."""

    needs: str
    right: dict[str, list[str]] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)


def make(folder: Path, assignment: Assignment, blind: Path) -> list[Path]:
    """Write the class into `folder`: `roster.csv`, what Canvas and Moodle export of it, and the
    folder `submissions`.

    Parameters
    ----------
    blind : the answers, a `blind.py`.

    Returns
    -------
    written : every file, in order.

    Raises
    ------
    FileExistsError : where `folder` is there and not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty: name a new folder")
    points = sum(graded.task.points for graded in assignment.tasks)
    tables = {"roster.csv": roster(), "canvas.csv": canvas(assignment.name, points)}
    tables["moodle.csv"] = moodle(points)
    written = [_put(folder / name, text.encode()) for name, text in tables.items()]
    for name, content, when in _handed_in(assignment, read_answers(blind)):
        written.append(_put(folder / "submissions" / name, content))
        os.utime(written[-1], (when.timestamp(), when.timestamp()))
    return written


def _put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def roster() -> str:
    """The class's list, with one who hands nothing in."""
    return _table(["name", "id", "email"], [list(who) for who in _people()])


def canvas(assignment: str, points: float) -> str:
    """The gradebook as Canvas exports it before anything is graded."""
    headings = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", f"{assignment} (4711)"]
    rows = [["    Points Possible", "", "", "", "", f"{points:g}"]]
    rows += [[name, f"9{id[1:]}", id, email, "A", ""] for name, id, email in _people()]
    return _table(headings, rows)


def moodle(points: float) -> str:
    """The grading worksheet as Moodle exports it before anything is graded."""
    headings = [
        "Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade",
        "Grade can be changed", "Last modified (grade)", "Feedback comments",
    ]  # fmt: skip
    rows = [
        [f"Participant 7{id[1:]}", name, email, "Submitted for grading", "", f"{points:g}", "Yes",
         "-", ""]
        for name, id, email in _people()
    ]  # fmt: skip
    return _table(headings, rows)


def _people() -> list[tuple[str, str, str]]:
    """Name, id and address of each."""
    return [(name, f"s{i:03}", f"s{i:03}@example.org") for i, name in enumerate(NAMES, 1)]


def _table(headings: list[str], rows: list[list[str]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([headings, *rows])
    return file.getvalue()


def read_answers(path: Path) -> Answers:
    """The answers of a `blind.py`, each as the source of a function of its task's name."""
    text = path.read_text(encoding="utf-8")
    needs: list[str] = []
    found = Answers("")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and "__" in node.name:
            task, _, kind = node.name.partition("__")
            table = found.right if kind.startswith("right") else found.wrong
            table.setdefault(task, []).append(_as_answer(node, task))
        elif not isinstance(node, ast.Expr):
            needs.append(ast.unparse(node))
    return Answers("\n".join(needs), found.right, found.wrong)


def _as_answer(node: ast.FunctionDef, task: str) -> str:
    """The function under its task's name, without the docstring that says what is wrong in it."""
    node = copy.deepcopy(node)
    node.name = task
    node.body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    return ast.unparse(node)


# -- notebooks -------------------------------------------------------------------------------------


def untouched(assignment: Assignment) -> dict[str, Any]:
    """The notebook as students get it, as JSON."""
    return json.loads(notebook(assignment.source, assignment.exercise.tasks))


def student(assignment: Assignment, answers: Answers, number: int, mistakes: int) -> dict[str, Any]:
    """An honest notebook: so many tasks wrong, the rest right, each in one of the ways found."""
    text = notebook(assignment.source, assignment.exercise.tasks, answers=True)
    book = json.loads(re.sub(r" *### (BEGIN|END) SOLUTION", "", text))
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    code[0]["source"] = [f"{answers.needs}\n", *code[0]["source"]]
    tasks = {graded.task.name: graded.task for graded in assignment.tasks}
    wrong = set(islice(cycle(tasks), number, number + mistakes))
    for name, task in tasks.items():
        there = (answers.wrong if name in wrong else answers.right).get(name, [])
        for cell in code:
            if there and defines(name, text := "".join(cell["source"])):
                answer = there[number % len(there)]
                if task.given:  # others may need what stands there
                    answer = f"{text}\n\n\n{_hoisted(answer)}"
                cell["source"] = answer.splitlines(keepends=True)
    return book


def _hoisted(answer: str) -> str:
    """What an answer defines within a function of a task: that itself is run as it was given."""
    (function,) = ast.parse(answer).body
    assert isinstance(function, ast.FunctionDef)
    inner = [n for n in function.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    return "\n\n\n".join(map(ast.unparse, inner))


def _bytes(book: dict[str, Any]) -> bytes:
    return (json.dumps(book, indent=1, ensure_ascii=False) + "\n").encode()


def with_cell(book: dict[str, Any], code: str, at: int) -> dict[str, Any]:
    """The notebook with one more cell of code."""
    cell: dict[str, Any] = {"cell_type": "code", "metadata": {}, "execution_count": None}
    cells = [
        *book["cells"][:at],
        {**cell, "outputs": [], "id": "mine", "source": code},
        *book["cells"][at:],
    ]
    return {**book, "cells": cells}


def _bare(book: dict[str, Any]) -> dict[str, Any]:
    """The notebook as a tool saves it that knows neither ids nor foreign metadata."""
    cells = [
        {k: v for k, v in cell.items() if k != "id"} | {"metadata": {}} for cell in book["cells"]
    ]
    return {**book, "cells": cells, "nbformat_minor": 4}


def _zipped(name: str, content: bytes) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo(name, (2026, 3, 2, 17, 0, 0)), content)
        file.writestr(zipfile.ZipInfo("__MACOSX/._" + name, (2026, 3, 2, 17, 0, 0)), b"\0")
    return memory.getvalue()


# -- who hands in what -----------------------------------------------------------------------------


def _handed_in(assignment: Assignment, answers: Answers) -> Iterator[tuple[str, bytes, datetime]]:
    """Each file's name below `submissions`, its bytes, and when it was handed in."""
    file = f"{assignment.name}.ipynb"
    early, late = DUE - timedelta(hours=5), DUE + timedelta(hours=30)
    for number, name in enumerate(NAMES[:20]):  # five all right, then more and more mistakes
        book = student(assignment, answers, number, number // 5)
        when = late if name in ("hana", "rosa") else early + timedelta(minutes=number)
        yield f"{name}.ipynb", _bytes(book), when
    right, wrong = (student(assignment, answers, 21, mistakes) for mistakes in (0, 2))
    yield "ugo.ipynb", _bytes(student(assignment, answers, 7, 1)), early  # hana's, letter by letter
    yield "vera.ipynb", _bytes(untouched(assignment)), early  # untouched
    yield "wanda.ipynb", _bytes(with_cell(right, PLOTS, 1)), early
    yield "xin.ipynb", _bytes(_bare(right)), early
    yield f"yusuf/{file}", _bytes(untouched(assignment)), early - timedelta(days=1)
    yield f"yusuf/{assignment.name} (1).ipynb", _bytes(right), early
    yield "zoe.zip", _zipped(file, _bytes(wrong)), early
    yield "åsa.ipynb", b"", early
    yield "björn.ipynb", _bytes(with_cell(wrong, HOSTILE, 2)), early
    yield "łukasz.ipynb", _bytes(with_cell(right, "while True:\n    pass", 1)), early
    yield "Thumbs.db", b"\0", early
