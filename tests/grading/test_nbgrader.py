"""Grades for nbgrader: the page it shows, and refusals; the real nbgrader is in tests/parity."""

import json
import sys

import nbformat
import pytest

from course_nn.grading import nbgrader as bridge
from course_nn.grading.assignment import load_assignment
from course_nn.grading.nbgrader import BridgeError, in_sandbox, page, said, write_back
from course_nn.grading.record import Grade, OutcomeRecord, Override, Record, TaskRecord
from course_nn.grading.source import notebook

FAULT = OutcomeRecord(
    "f: other sizes", False, False, "value", "y has shape <b>3</b>; expected 4.",
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
        "    y has shape <b>3</b>; expected 4.", "    x = [[1]]", "    your y = [0]",
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
    record = Record("ada", "ex02_dense", "stopped", "no\nimport os", (WRONG,))
    assert shown(Grade(record), [])[0]["source"] == "# no import os"


def test_a_comment_is_a_block_of_code_whose_text_is_shown_as_it_stands():
    lines = said(WRONG).splitlines()
    assert lines[0] == "    1 of 2 points. In a hidden test: y has shape <b>3</b>; expected 4."
    assert all(line.startswith("    ") for line in lines)
    assert said(RIGHT) == "All tests passed."


def test_without_nbgrader_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader.api", None)
    with pytest.raises(BridgeError, match=r'pip install "course-nn\[nbgrader\]"'):
        write_back(tmp_path, "ex02_dense", [Grade(RECORD)], lambda _: CELLS)


# -- inside `nbgrader autograde` -------------------------------------------------------------------

WHERE = {"nbgrader": {"notebook": "ex02_dense", "student": "ada"}}
RIGHT_STEP = "def sgd_step(W, dW, learning_rate):\n    return W - learning_rate * dW"
HALF = "def dense_backward(dy, x, W):\n    return dy @ W.T, x.T @ dy, dy.mean(axis=0)"
CHEAT = """def dense_forward(x, W, b):
    import course_nn as nn
    return nn.ops.dense_forward(x, W, b)[0]"""


@pytest.fixture(scope="module")
def autograded():
    """A notebook with a task right, one half right, one that calls the package, and no other."""
    loaded = load_assignment("ex02_dense")
    text = notebook(loaded.source, loaded.exercise.tasks, hidden=True)
    book = nbformat.reads(text, as_version=4)
    for cell in book.cells:
        for answer in (RIGHT_STEP, HALF, CHEAT):
            if cell.source.startswith(answer.split("(")[0] + "("):
                cell.source = answer
    return in_sandbox(book, WHERE)[0]


def outputs(book, task: str) -> list:
    (cell,) = (c for c in book.cells if c.metadata.get("nbgrader", {}).get("grade_id") == task)
    return cell.outputs


def test_a_right_task_has_no_output_that_nbgrader_takes_for_fewer_points(autograded):
    assert [o.output_type for o in outputs(autograded, "test_sgd_step")] == ["stream"]


def test_a_part_is_a_number_for_nbgrader(autograded):
    printed, points = outputs(autograded, "test_dense_backward")
    assert points.data == {"text/plain": "1.14"}
    assert "✘ hidden: dense_backward, db: other sizes" in printed.text


@pytest.mark.parametrize("task", ["test_dense_forward", "test_merged"])
def test_a_cheat_and_a_stub_are_errors_for_nbgrader(autograded, task):
    assert [o.output_type for o in outputs(autograded, task)] == ["stream", "error"]


def test_a_fault_of_the_grader_costs_nobody_a_point(monkeypatch):
    record = Record("ada", "ex02_dense", "grader error", "no worker could be started")
    monkeypatch.setattr(bridge, "_graded", lambda *_: record)
    with pytest.raises(BridgeError, match="ada: no worker could be started"):
        in_sandbox(nbformat.from_dict({"cells": [], "metadata": {}}), WHERE)


def test_no_hidden_test_enters_the_sandbox(monkeypatch):
    loaded, sent = load_assignment("ex02_dense"), []
    text = notebook(loaded.source, loaded.exercise.tasks, hidden=True)

    def graded(assignment: str, student: str, data: bytes) -> Record:
        sent.append(data)
        return RECORD

    monkeypatch.setattr(bridge, "_graded", graded)
    in_sandbox(nbformat.reads(text, as_version=4), WHERE)
    assert "require(" in text
    assert b"require(" not in sent[0]
    assert b"def dense_forward" in sent[0]
