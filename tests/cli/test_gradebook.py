"""The commands that read a gradebook."""

import pytest

from course_nn.grading.gradebook import Gradebook
from course_nn.grading.record import OutcomeRecord, Record, TaskRecord

from .shared import call, said

TEST = OutcomeRecord("f: other sizes", False, False, "value", "y is wrong.", answer="8f3a")
TASKS = (TaskRecord("2.1", "f", 1, 1), TaskRecord("2.2", "g", 0.5, 2, tests=(TEST,)))
ADA = Record("ada", "ex", "graded", "fine", TASKS, content="c0de")


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


def grade(out):
    with Gradebook.read(out) as book:
        return book.grades()[0]


def test_points_by_hand_count_and_are_taken_back(out):
    result = call("override", out, "ada", "g", "2", "--reason", "the test was wrong")
    assert result.exit_code == 0, result.output
    assert "ada now has 3 of 3 points" in said(result)
    assert (grade(out).final, grade(out).overrides[0].task) == (3.0, "2.2")
    call("override", out, "ada", "total", "0", "--reason", "copied")
    assert (grade(out).final, grade(out).override) == (0.0, 0.0)
    call("override", out, "ada", "total", "tested", "--reason", "it was not")
    assert grade(out).final == 3.0
    result = call("history", out, "ada")
    assert [line[21:] for line in result.output.splitlines()] == [
        "graded: 1.5 of 3 points", "task 2.2 by hand: 2 points (the test was wrong)",
        "the whole by hand: 0 points (copied)", "the whole: as tested again (it was not)",
    ]  # fmt: skip
    assert (out / "grades.csv").is_file()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["bob", "2.1", "1"], "there is no grade of anybody called 'bob'"),
        (["adah", "2.1", "1"], "did you mean 'ada'?"),
        (["ada", "2.9", "1"], "there is no task '2.9'; there are: 2.1 f, 2.2 g"),
        (["ada", "2.1", "1.5"], "'1.5' is no number of points from 0 to 1, nor \"tested\""),
        (["ada", "2.1", "nan"], "'nan' is no number of points"),
        (["ada", "total", "lots"], "'lots' is no number of points from 0 to 3"),
    ],
)
def test_what_cannot_be_set_by_hand_is_said(out, arguments, says):
    result = call("override", out, *arguments, "--reason", "because")
    assert result.exit_code == 2
    assert says in said(result)
    assert grade(out).overrides == ()


def test_points_by_hand_need_a_reason(out):
    assert call("override", out, "ada", "2.1", "1").exit_code == 2
    assert "say why" in said(call("override", out, "ada", "2.1", "1", "--reason", " "))


def test_a_group_is_named(out):
    result = call("label", out, "8f3a", "W is transposed")
    assert result.exit_code == 0, result.output
    with Gradebook.read(out) as book:
        assert book.labels() == {"8f3a": "W is transposed"}
    result = call("label", out, "0000", "nothing")
    assert result.exit_code == 2
    assert "no answer belongs to a group '0000'" in said(result)


def test_there_is_nothing_to_replay_of_who_handed_in_nothing(out):
    with Gradebook.read(out) as book:
        book.keep(Record("bob", "ex", "missing", "nothing was handed in", TASKS))
    result = call("replay", out, "bob", "2.1")
    assert result.exit_code == 1
    assert "there is no code of bob to run: nothing was handed in" in said(result)
