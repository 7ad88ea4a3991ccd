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


# What follows took minutes to hours, in the grader's own process: it was read again and again.


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1" + "\n" * 1_000_000, "  y = 1"),
        ("def" + "\n" * 1_000_000, "  y = 1"),
        ("x = 1" + "\n \t" * 500_000, "  y = 1"),
        ("def f():\n    x = 1", " " * 2_000_000 + "y"),
    ],
    ids=["lines", "def", "blank", "indent"],
)
def test_millions_of_blanks_are_no_half_of_a_function(one, other):
    found = read(code(one), code(other), MADE).code
    assert (found[0], found[1].strip(), found[2]) == (one, other.strip(), F)


def test_of_thousands_of_halves_only_some_are_looked_at_and_it_is_said(monkeypatch):
    monkeypatch.setattr(cells.ipython, "SECONDS", 0.0)  # which would take the indent away
    long, rest = f"def f():\n    x = [{'1,' * 30_000}]", "    return"
    found = read(code("def g():"), code(rest), code(long), *[code(rest)] * 4990, MADE)
    joined = len(found.said) - 3
    assert found.code[:3] == (f"def g():\n{rest}", long + f"\n{rest}" * joined, rest)
    assert (len(found.code), found.code[-1], found.tasks[-1]) == (4993 - joined, F, "task_1")
    assert joined > 0
    assert found.said[-2] == (
        "it holds so many cells that could be halves of functions that not all of them were looked "
        "at, to be joined"
    )


def test_a_function_split_into_all_of_its_lines_is_joined():
    found = read(code("def f(x):\n    x = 1"), *[code("    return x")] * 60)
    assert found.code == ("def f(x):\n    x = 1" + "\n    return x" * 60,)


@pytest.mark.parametrize("last", [F, ""], ids=["given", "not"])
def test_whether_a_function_is_given_is_looked_for_once(last):
    long = "# task_1\n" * 200_000 + last
    found = read(code(long), *[text("def task_1(x):\n    return x")] * 4990)
    assert (found.code[0], len(found.code)) == (long, 1 if last else 2)


def test_thousands_of_cells_of_one_task_are_read_once():
    made = code("def a(x): ...\ndef b(x): ...\n" + "# task_1\n" * 50, id="task-1")
    found = read(*[made] * 4990, code("def A(x): ...", id="task-1"), made)
    assert (len(found.code), found.tasks[0], len(found.said)) == (4992, "task_1", 1)
    assert found.code[-2].endswith("\ntask_1 = A")


def test_lines_full_of_imports_are_read_once():
    line = "task_1 task_2 task_10 " + "import " * 65
    found = read(*[code(f"{line}\n" * 1000)] * 5, MADE, code(f"{line}task_2"), tasks=TASKS)
    assert found.said == (
        "the cell made for task_2 is not there any more: the function was found by its name",
    )
    assert not cells.defines("task_1", f"{line}\n" * 3000)


def test_thousands_of_cells_that_are_too_much_are_passed_over_at_once(monkeypatch):
    monkeypatch.setattr(cells, "MAX_CODE", 1 << 20)
    found = read(MADE, *[code("#" * (2000 + k)) for k in range(990)])
    assert found.code[0] == F
    kept = sum(map(bool, found.code))
    assert sum(map(len, found.code)) <= 1 << 20 < sum(map(len, found.code)) + 2000 + kept
    assert all(found.code[:kept])


def test_a_heading_of_any_length_is_found_among_thousands(monkeypatch):
    made = (text("## Task 2.1: " + "x" * 1_000_000), text("why"), code(F))
    assert read(*made).tasks == ("task_1",)
    monkeypatch.setattr(cells, "MAX_HEADINGS", 3)
    assert read(text("# 1\n# 2"), *made).tasks == ("task_1",)
    assert read(text("# 1\n# 2\n# 3"), *made).tasks == ("",)


def test_a_version_of_thousands_of_digits_is_no_error():
    info = {"metadata": {"language_info": {"name": "python", "version": "3." + "9" * 5000}}}
    assert "newer" in read(MADE, code("x = = 1"), **info).said[0]


def test_of_much_code_of_a_newer_python_nothing_is_said(monkeypatch):
    info = {"metadata": {"language_info": {"name": "python", "version": "3.99.0"}}}
    monkeypatch.setattr(cells, "MAX_TRIED", 100)
    assert read(MADE, *[code("x = 1\n" * 9)] * 9, **info).said == ()
