"""The commands that read a gradebook."""

import pytest

from course_nn.grading.gradebook import Gradebook
from course_nn.grading.record import Record, TaskRecord

from .shared import call, said

ADA = Record("ada", "ex", "graded", "fine", (TaskRecord("2.1", "f", 1, 1),), content="c0de")


@pytest.fixture
def out(tmp_path):
    with Gradebook.open(tmp_path / "out", "ex") as book:
        book.keep(ADA, ["x = 1"])
    return tmp_path / "out"


def test_reports_are_made_from_the_gradebook_alone(out):
    result = call("report", out)
    assert result.exit_code == 0, result.output
    assert "ada" in (out / "grades.csv").read_text()


def test_a_folder_without_a_gradebook_is_said(tmp_path):
    result = call("report", tmp_path)
    assert result.exit_code == 2
    assert f"there is no gradebook in {tmp_path}: name the folder" in said(result)
