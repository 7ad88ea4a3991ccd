"""The student's commands."""

import json

from .shared import call, said

NAME = "ex02_dense"


def notebook(cell: str) -> str:
    """The text of a notebook of one cell."""
    return json.dumps({"cells": [{"cell_type": "code", "source": cell}]})


def test_a_student_starts_and_checks(tmp_path):
    result = call("start", tmp_path / "mine", NAME)
    assert result.exit_code == 0, result.output
    path = tmp_path / "mine" / f"{NAME}.ipynb"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('raise NotImplementedError(\\"Task 2.1\\")', "return x @ W - b"))
    result = call("check", path)
    assert result.exit_code == 1
    assert "✘ Task 2.1, dense_forward: y[" in result.output
    assert "○ Task 2.2, dense_backward" in result.output
    assert "0 of 9 points by the public checks.\nWrong: 2.1 dense_forward.\nOpen: 2.2 dense_ba" in (
        result.output
    )
    assert "left as it is" in said(call("start", tmp_path / "mine", NAME))


def test_the_mistake_is_named_only_to_whoever_asks(tmp_path):
    path = tmp_path / f"{NAME}.ipynb"
    path.write_text(notebook("def dense_forward(x, W, b):\n    return x @ W - b"))
    says = {steps: said(call("check", path, "--hints", steps)) for steps in (0, 1, 3, 4)}
    assert "subtracted" not in says[0] + says[1]
    assert "More of what is wrong, a step at a time: --hints 1" in says[0]
    assert "Step 1 of 4, where: " in says[1]
    assert "Step 3 of 4, what it looks like: b is subtracted, not added." in says[3]
    assert "More of what is wrong" not in says[4]


def test_one_task_alone_is_shown(tmp_path):
    path = tmp_path / f"{NAME}.ipynb"
    path.write_text(notebook("def dense_forward(x, W, b):\n    return x @ W + b"))
    for which in ("2.1", "dense_forward"):
        result = call("check", path, "--task", which)
        assert result.exit_code == 0, result.output
        assert "✔ Task 2.1, dense_forward" in result.output
        assert "Task 2.2, dense_backward" not in result.output
    assert "there is no task '2.9'; there are: Task 2.1" in said(call("check", path, "--task", 2.9))


def test_all_points_end_well(tmp_path):
    call("release", NAME, "--answers", "--out", tmp_path)
    result = call("check", tmp_path / f"{NAME}.ipynb")
    assert result.exit_code == 0, result.output
    assert "9 of 9 points by the public checks" in result.output


def test_unknown_exercises_and_files_are_said(tmp_path):
    result = call("start", tmp_path / "mine", "ex99")
    assert result.exit_code == 2
    assert "there is no exercise 'ex99'; there are: ex01_gradient" in said(result)
    result = call("check", tmp_path / "none.ipynb")
    assert result.exit_code == 2
    assert "Traceback" not in result.output
