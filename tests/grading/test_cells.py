"""The cells of a notebook that are run: all code, the tasks' cells found, what a student meant."""

import json
import sys
from types import SimpleNamespace

import pytest

from course_nn.grading import cells
from course_nn.grading.cells import read_cells

TASKS = [SimpleNamespace(name=f"task_{n}", number=f"2.{n}", given=n == 9) for n in (1, 2, 10, 9)]
F = "def task_1(x):\n    return x\n"


def code(text: str, **fields) -> dict:
    return {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], **fields}


def text(text: str, **fields) -> dict:
    return {**code(text, **fields), "cell_type": "markdown"}


def read(*made: dict, tasks=TASKS[:1], **more) -> cells.Cells:
    return read_cells(json.dumps({"cells": made, **more}).encode(), tasks)


MADE = code(F, id="task-1")


def test_all_code_runs_in_order_and_nothing_is_said_of_what_is_in_order():
    found = read(code("import numpy as np"), text("## Task 2.1"), MADE, code("%time\nx = 1"))
    assert found.code[:2] == ("import numpy as np", F)
    assert found.code[2].startswith("get_ipython()")
    assert (found.said, found.tasks) == ((), ("", "task_1", ""))


@pytest.mark.parametrize(
    "ids", [{"id": "task-1"}, {"metadata": {"nbgrader": {"grade_id": "task_1"}}}]
)
def test_a_tasks_cell_is_found_by_its_id(ids):
    assert read(code("x"), code("y"), code(F, **ids)).tasks == ("", "", "task_1")


def test_where_ids_are_lost_cells_are_found_by_heading_and_it_is_said():
    found = read(
        text("# Exercise 2.1"), text("## Task 2.10: last"), code("def task_10(x): ..."),
        text("why\n\n## Task 2.1: first"), text("more"), code(F), code("x"), text("### Task 2.2"),
        text("## end"), code("z"), tasks=TASKS,
    )  # fmt: skip
    assert found.tasks == ("task_10", "task_1", "", "")
    assert found.said == (
        "the ids of its cells are lost, as in Google Colab: the tasks were found by their headings "
        "and the names of their functions",
    )


def test_one_cell_that_is_gone_is_said():
    found = read(MADE, code("def task_2(x):\n    return x"), tasks=TASKS)
    assert found.said == (
        "the cell made for task_2 is not there any more: the function was found by its name",
    )
    assert read(MADE, tasks=TASKS).said == ()  # it is nowhere, as its verdict will say


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_code_that_became_text_is_code_again(kind):
    found = read({**MADE, "cell_type": kind})
    assert found.code == (F,)
    assert found.said == (f"a {kind} cell holds the code of task_1: it was run as code",)
    assert read({**code(F), "cell_type": kind}).code == (F,)


def test_a_text_that_shows_code_stays_text():
    assert read(code(F), text(F)).code == (F,)  # the function is written elsewhere
    assert read(text(f"```python\n{F}```", id="task-1")).code == ()
    assert read(text("the function `def task_1(x):` …")).code == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(x):\n    'Return x.'\n    y = x", "    return y"),
        ("def f(x):", "    return x"),
        ("def f(x):\n    for i in x:", "\n        y = i\n    return y"),
        ("class A:\n    x = 1", "    def f(self):\n        return 1"),
    ],
)
def test_the_halves_of_a_function_are_joined(one, other):
    found = read(code(one), code(other), code("z"))
    assert (len(found.code), found.code[1]) == (2, "z")
    compile(found.code[0], "", "exec")
    assert found.said == ("code cell 1 was split inside of a function: its halves were joined",)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(x):\n    return x", "    y = 3\n    z = 4"),  # indented, and Python by itself
        ("x = 1", "    return x"),
        ("def f(x):\n    return x\nz = 3", "    return x"),
        ("def f(x):\n    return x", "def g(x):\n    return x"),
    ],
)
def test_what_is_not_split_stays_apart(one, other):
    assert len(read(code(one), code(other)).code) == 2


def test_a_function_under_another_name_in_the_cell_of_a_task_is_its_function():
    found = read(code("def Task_1(x):\n    return x", id="task-1"))
    assert found.code[0].endswith("\ntask_1 = Task_1")
    assert found.said == ("the cell of task_1 defines Task_1 in its place: that counts",)


@pytest.mark.parametrize(
    "made",
    [
        [code("def a(x): ...\ndef b(x): ...", id="task-1")],
        [code("def a(x): ...", id="task-1"), code("task_1 = a")],
        [code("def a(x): ...", id="task-1"), code(F)],
        [code("def task_2(x): ...", id="task-1")],
        [code("x = 1", id="task-1")],
    ],
)
def test_what_is_not_plain_is_not_guessed(made):
    assert all("task_1 = T" not in one for one in read(*made, tasks=TASKS).code)
    assert not any("in its place" in one for one in read(*made, tasks=TASKS).said)


def test_odd_code_warns_nobody(recwarn):
    read(code("def f(x):\n    'a \\d'"), code("    return x is 3"))
    assert not recwarn


def test_what_a_file_calls_a_cell_moves_no_terminal():
    said = read({**code(F), "cell_type": "c\x1b[2Jode"}).said
    assert "holds the code of task_1" in said[0]
    assert all(sentence.isprintable() for sentence in said)


def test_too_much_code_is_passed_over_the_largest_first(monkeypatch):
    monkeypatch.setattr(cells, "MAX_CODE", 1 << 20)
    found = read(MADE, code("x = '" + "a" * (1 << 20) + "'"))
    assert found.code == (F, "")
    assert found.said[-1] == (
        "code cell 2 holds 1.0 MB of code, of which at most 1 are run: it was passed over"
    )


def test_where_reading_magics_takes_too_long_it_is_said(monkeypatch):
    monkeypatch.setattr(cells.ipython, "SECONDS", 0.0)
    found = read(code("%matplotlib inline\nx = 1"), MADE)
    assert found.code == ("%matplotlib inline\nx = 1", F)
    assert found.said == (
        "it holds so many magics that reading them took 0 s: from code cell 1 on they were left as "
        "they are, which is no Python",
    )


def test_code_of_a_newer_python_is_said():
    newer = f"3.{sys.version_info.minor + 1}.0"
    broken = code('f"{d["x"]}{"')
    info = {"metadata": {"language_info": {"name": "python", "version": newer}}}
    assert "no Python" in read(MADE, broken, **info).said[0]
    assert read(MADE, **info).said == ()
    info["metadata"]["language_info"]["version"] = "3.9.1"
    assert read(MADE, broken, **info).said == ()


@pytest.mark.parametrize(
    ("given", "gives"),
    [
        ("def f(x): ...", True),
        ("    async def f(x): ...", True),
        ("f = lambda x: x", True),
        ("from g import f", True),
        ("import g as f", True),
        ("f, g = 1, 2", True),
        ("f == 3", False),
        ("f(3)", False),
        ("def ff(x): ...", False),
        ("x.f = 3", False),
    ],
)
def test_whether_a_text_gives_a_name(given, gives):
    assert cells.defines("f", given) is gives


@pytest.mark.parametrize(
    "line", ["import " * 200_000 + "task", "#" * 200_000, "# 2." * 99_999, "2.1" * 99_999 + "#"]
)
def test_no_line_takes_long(line):
    found = read(text(line), code(f"x = task_1\n{line}"), code(" " * 99_999 + "\nx"), MADE)
    assert found.tasks[-1] == "task_1"
