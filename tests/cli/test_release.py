"""The command that makes what students get."""

import shutil

import pytest

from course_nn import cli
from course_nn.grading.assignment import TESTS

from .shared import call, said

NAME = "ex02_dense"


def test_an_out_that_cannot_be_written_is_said(tmp_path):
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
