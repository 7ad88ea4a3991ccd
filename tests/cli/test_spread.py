"""The commands around grading."""

import json

from course_nn.grading.gradebook import Gradebook
from course_nn.grading.record import Record

from .shared import call, said


def test_a_class_of_thirty_is_made(tmp_path):
    result = call("demo-class", tmp_path / "class")
    assert result.exit_code == 0, result.output
    assert "a list of 30 students" in said(result)
    assert len(list((tmp_path / "class" / "submissions").iterdir())) == 30


def test_a_class_is_made_in_no_folder_that_is_in_use(tmp_path):
    (tmp_path / "mine").write_text("")
    result = call("demo-class", tmp_path)
    assert result.exit_code == 1
    assert "is not empty: name a new folder" in said(result)


def test_an_unknown_exercise_has_no_class(tmp_path):
    result = call("demo-class", tmp_path / "class", "--assignment", "ex99")
    assert result.exit_code == 2
    assert "unknown assignment 'ex99'" in said(result)


def test_a_notebook_is_run_whole(tmp_path):
    right, wrong = tmp_path / "right.ipynb", tmp_path / "wrong.ipynb"
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    for path, text in ((right, "x = 1"), (wrong, "x = 1 / 0")):
        path.write_text(json.dumps({"cells": [{**cell, "source": text}]}))
    result = call("run", right)
    assert result.exit_code == 0, result.output
    assert said(result) == "1 of 1 cells ran, 0 left out"
    result = call("run", wrong)
    assert result.exit_code == 1
    assert "code cell 1: it raised ZeroDivisionError at line 1 of its cell" in said(result)


def test_what_cannot_be_run_is_one_sentence(tmp_path):
    (tmp_path / "text.ipynb").write_text("my homework")
    result = call("run", tmp_path / "text.ipynb")
    assert result.exit_code == 2
    assert said(result).endswith("it is no notebook of format 4")
    assert call("run", tmp_path / "none.ipynb").exit_code == 2


def test_nbgrader_s_gradebook_that_is_not_there_is_said(tmp_path):
    with Gradebook.open(tmp_path / "out", "ex02_dense") as book:
        book.keep(Record("ada", "ex02_dense", "graded", ""))
    result = call("nbgrader", tmp_path / "out", tmp_path)
    assert result.exit_code == 1
    assert "gradebook.db" in said(result) or "nbgrader is not installed" in said(result)
    result = call("nbgrader", tmp_path / "nowhere", tmp_path)
    assert result.exit_code == 2
    assert "there is no gradebook in" in said(result)
