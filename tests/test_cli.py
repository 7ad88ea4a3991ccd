"""The command, as an instructor types it."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import course_nn
from course_nn import cli
from course_nn.grading.assignment import TESTS, load_assignment

NAME = "ex02_dense"
FAST = ["--call-seconds", "1", "--notebook-seconds", "5", "--sandbox", "plain", "--seed", "3"]


def call(*arguments: object):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def said(result) -> str:
    return " ".join(result.output.split())


@pytest.fixture
def folder(tmp_path) -> Path:
    """A small class: one right, one untouched, one wrong, and some that went astray."""
    folder = tmp_path / "in"
    folder.mkdir()
    call("release", NAME, "--answers", "--out", tmp_path)
    right = (tmp_path / f"{NAME}.ipynb").read_text(encoding="utf-8")
    (folder / "right.ipynb").write_text(right)
    (folder / "wrong.ipynb").write_text(right.replace("y = x @ W + b", "y = x @ W - b"))
    (folder / "=stub").mkdir()
    call("release", NAME, "--out", folder / "=stub")
    (folder / "loop.ipynb").write_text(right.replace("y = x @ W + b", "while 1: pass"))
    (folder / "text.ipynb").write_text("my homework")
    (folder / "absent").mkdir()
    return folder


def test_a_class_is_graded(folder, tmp_path):
    result = call("grade", folder, "--assignment", NAME, "--out", folder / "out", *FAST)
    assert result.exit_code == 0, result.output
    with open(folder / "out" / "grades.csv", encoding="utf-8", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"right", "wrong", "'=stub", "loop", "text", "absent"}
    totals = {name: row["total"] for name, row in rows.items()}
    assert totals == {
        "right": "9", "wrong": "8", "'=stub": "0", "loop": "8", "text": "0", "absent": "0",
    }  # fmt: skip
    assert rows["right"]["max"] == "9"
    assert rows["wrong"]["2.1 dense_forward"] == "0"
    assert "b is subtracted, not added" in rows["wrong"]["message"]
    assert rows["text"]["status"] == "unreadable"
    assert rows["absent"]["status"] == "missing"
    assert len(list((folder / "out" / "feedback").iterdir())) == 12
    assert json.loads((folder / "out" / "run.json").read_text())["seed"] == 3
    assert "b is subtracted, not added" in (folder / "out" / "feedback" / "wrong.txt").read_text()


def test_the_same_seed_gives_the_same_bytes(folder, tmp_path):
    for name in ("absent", "loop.ipynb"):
        os.rename(folder / name, tmp_path / f"{name}.away")
    for out in ("one", "two"):
        call("grade", folder, "--assignment", NAME, "--out", tmp_path / out, *FAST, "--jobs", 2)
    one, two = ((tmp_path / out / "grades.csv").read_bytes() for out in ("one", "two"))
    assert one == two


@pytest.mark.parametrize("command", ["release", "grade"])
def test_an_unknown_assignment_is_named_with_the_known(command, tmp_path):
    arguments = ["ex99", "--out", tmp_path]
    if command == "grade":
        arguments = [tmp_path, "--assignment", *arguments]
    result = call(command, *arguments)
    assert result.exit_code == 2
    assert "unknown assignment 'ex99'; known in" in said(result)
    assert f"ex01_gradient, {NAME}" in said(result)
    assert list(tmp_path.iterdir()) == []


def test_missing_folders_are_said_in_one_sentence(tmp_path):
    out = tmp_path / "out"
    cases = [
        ([tmp_path / "no", "--out", out], 2, "is no folder"),
        ([tmp_path, "--out", out], 1, "no submissions in"),
        ([tmp_path, "--out", out, "--tests", tmp_path / "no"], 2, "no folder of hidden tests"),
        ([tmp_path, "--out", __file__], 2, "is a file"),
        ([tmp_path, "--out", out, "--sandbox", "magic"], 1, "no submissions"),
    ]
    for arguments, code, sentence in cases:
        result = call("grade", *arguments, "--assignment", NAME)
        assert result.exit_code == code, result.output
        assert sentence in said(result)
        assert "Traceback" not in result.output
    assert not out.exists()


def test_an_unknown_sandbox_is_said(folder, tmp_path):
    result = call(
        "grade", folder, "--assignment", NAME, "--out", tmp_path / "o", "--sandbox", "magic"
    )
    assert result.exit_code == 2
    assert "unknown sandbox 'magic'; there are auto, bwrap and plain" in said(result)


def test_a_missing_sandbox_is_said(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    arguments = [
        "grade",
        folder,
        "--assignment",
        NAME,
        "--out",
        tmp_path / "o",
        "--sandbox",
        "bwrap",
    ]
    result = call(*arguments)
    assert result.exit_code == 1
    assert "bubblewrap is missing or forbidden here" in said(result)
    assert not (tmp_path / "o").exists()


def test_auto_falls_back_and_says_so(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("loop.ipynb", "wrong.ipynb"):
        (folder / name).unlink()
    result = call("grade", folder, "--assignment", NAME, "--out", tmp_path / "o")
    assert result.exit_code == 0
    assert "plain process (bubblewrap is missing or forbidden here)" in said(result)
    assert "plain process" in json.loads((tmp_path / "o" / "run.json").read_text())["sandbox"]


def test_an_out_that_cannot_be_written_is_said(folder, tmp_path):
    (tmp_path / "file").write_text("")
    result = call("release", NAME, "--out", tmp_path / "file" / "below")
    assert result.exit_code == 1
    assert "was not written" in said(result)


def test_release_twice_gives_the_same_bytes(tmp_path):
    call("release", NAME, "--out", tmp_path)
    first = (tmp_path / f"{NAME}.ipynb").read_bytes()
    assert call("release", NAME, "--out", tmp_path).exit_code == 0
    assert (tmp_path / f"{NAME}.ipynb").read_bytes() == first
    assert first == (cli.EXERCISES / f"{NAME}.ipynb").read_bytes()


def test_the_tests_are_where_the_repository_keeps_them():
    assert Path(__file__).resolve().parent / "autograder" == TESTS
    assert load_assignment(NAME).name == NAME


def test_version_and_usage():
    assert call("--version").output == f"course-nn {course_nn.__version__}\n"
    assert call("grade").exit_code == 2
    assert call("nonsense").exit_code == 2


def test_without_its_extra_the_command_says_what_to_install():
    code = "import sys; sys.modules['typer'] = None; import course_nn.cli"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == 'course-nn needs its extra "grade": pip install "course-nn[grade]"\n'


# -- the student's commands ------------------------------------------------------------------------


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


@pytest.mark.parametrize("tests", ["no", "."])
def test_a_folder_without_exercises_releases_nothing(tmp_path, tests):
    pack = tmp_path / "all.zip"
    arguments = ["release", "all", "--tests", tmp_path / tests, "--out", tmp_path, "--zip", pack]
    result = call(*arguments)
    assert result.exit_code == 2
    assert f"no exercise in {tmp_path / tests}: name the repository's tests" in said(result)
    assert not pack.exists()


def test_an_exercise_where_zeros_earn_points_is_not_released(tmp_path):
    shutil.copytree(TESTS / NAME, tmp_path / "tests" / NAME)
    path, out = tmp_path / "tests" / NAME / "exercise.md", tmp_path / "out"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("db = dy.sum(axis=0)", "db = 0 * dy.sum(axis=0)"))
    result = call("release", NAME, "--tests", path.parents[1], "--out", out)
    assert result.exit_code == 1
    assert f"{NAME} is not released" in said(result)
    assert "Task 2.2, dense_backward: an answer of zeros earns points" in said(result)
    assert not out.exists()


def test_all_exercises_are_released_into_a_zip(tmp_path):
    result = call("release", "all", "--out", tmp_path / "out", "--zip", tmp_path / "all.zip")
    assert result.exit_code == 0, result.output
    assert len(list((tmp_path / "out").iterdir())) == 12
    assert (tmp_path / "all.zip").stat().st_size > 10_000
