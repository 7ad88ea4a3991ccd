"""Grades for nbgrader: the page it shows, and refusals; the real nbgrader is in tests/parity."""

import json
import sys

import nbformat
import pytest

from course_nn.grading.nbgrader import BridgeError, page, said, write_back
from course_nn.grading.record import Grade, OutcomeRecord, Override, Record, TaskRecord

FAULT = OutcomeRecord(
    "f: other sizes", False, False, "value", "y is <b>3</b>, expected 4.",
    looks="b is subtracted", smallest=("x = [[1]]", "your y = [0]"),
)  # fmt: skip
PASSED = OutcomeRecord("f: the public check", True, True)
WRONG = TaskRecord("2.1", "f", 1.0, 2.0, tests=(PASSED, FAULT))
RIGHT = TaskRecord("2.2", "g", 1.0, 1.0, tests=(PASSED,))
RECORD = Record("ada", "ex02_dense", "graded", "2.1: wrong", (WRONG, RIGHT), content="c")
CELLS = ["import numpy as np", "def f(x):\n    return 1", "def f(x):\n    return 2"]


def shown(grade=None, cells=CELLS, solvable=("f", "g")) -> list:
    text = page(grade or Grade(RECORD), cells, solvable)
    nbformat.validate(nbformat.reads(text, as_version=4))
    return json.loads(text)["cells"]


def ids(cells: list) -> list[str]:
    return [cell["metadata"].get("nbgrader", {}).get("grade_id", "") for cell in cells]


def test_a_task_s_tests_stand_under_the_last_cell_that_solves_it():
    assert ids(shown()) == ["", "", "", "f", "test_f", "test_g"]


def test_a_task_s_tests_say_what_was_wrong():
    (output,) = shown()[4]["outputs"]
    assert output["text"].splitlines() == [
        "1 of 2 points", "✔ public: f: the public check", "✘ hidden: f: other sizes",
        "    y is <b>3</b>, expected 4.", "    x = [[1]]", "    your y = [0]",
        "    What it looks like: b is subtracted.",
    ]  # fmt: skip


def test_points_set_by_hand_are_shown_with_their_reason():
    grade = Grade(RECORD, overrides=(Override("2.1", 1.5, "the task was unclear"),))
    text = shown(grade)[4]["outputs"][0]["text"]
    assert text.startswith("1.5 of 2 points\nset by hand: the task was unclear\n")


def test_a_cell_that_nbgrader_does_not_know_gets_no_comment():
    assert ids(shown(solvable=("g",))) == ["", "", "", "", "test_f", "test_g"]


def test_what_could_not_be_run_gets_a_page_too():
    record = Record("ada", "ex02_dense", "unreadable", "it is empty", (WRONG,))
    cells = shown(Grade(record), [])
    assert cells[0]["source"] == "# it is empty"
    assert ids(cells) == ["", "test_f"]


def test_a_message_of_several_lines_stays_a_comment():
    record = Record("ada", "ex02_dense", "graded", "no\nimport os", (WRONG,))
    assert shown(Grade(record), [])[0]["source"] == "# no import os"


def test_a_comment_is_a_block_of_code_whose_text_is_shown_as_it_stands():
    lines = said(WRONG).splitlines()
    assert lines[0] == "    1 of 2 points. In a hidden test: y is <b>3</b>, expected 4."
    assert all(line.startswith("    ") for line in lines)
    assert said(RIGHT) == "All tests passed."


def test_without_nbgrader_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader.api", None)
    with pytest.raises(BridgeError, match=r'pip install "course-nn\[nbgrader\]"'):
        write_back(tmp_path, "ex02_dense", [Grade(RECORD)], lambda _: CELLS)
