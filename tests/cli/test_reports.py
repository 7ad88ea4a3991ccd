"""The commands that take from a gradebook what others read."""

import json

import pytest

from course_nn.grading.gradebook import Gradebook
from course_nn.grading.record import OutcomeRecord, Record, TaskRecord

from .shared import call, said

ROSTER = "Student,ID,Section,ex02_dense (12)\nPoints Possible,,,1\nada,1,A,\nben,2,A,\nzoe,3,A,5\n"


@pytest.fixture
def out(tmp_path):
    """A gradebook of two who are wrong in the same way, and one who handed in nothing."""
    test = OutcomeRecord(
        "f: public", True, False, "value", "y is wrong.", "b is left out", answer="k1"
    )
    task = TaskRecord("2.1", "f", 0.0, 1, "", (test,))
    with Gradebook.open(tmp_path / "out", "ex02_dense") as book:
        for name in ("ada", "ben"):
            book.keep(Record(name, "ex02_dense", "graded", "", (task,), content=name), ["x = 1"])
        book.keep(Record("zoe", "ex02_dense", "missing", "nothing", (task,)), [])
    return tmp_path / "out"


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "canvas.csv"
    path.write_text(ROSTER)
    return path


def test_groups_are_listed_and_told(out):
    result = call("groups", out)
    assert "k1 3 students task 2.1, f b is left out." in said(result)
    assert f"course-nn label {out} k1" in said(result)
    assert call("label", out, "k1", "Add <b>.").exit_code == 0
    assert "You said: Add <b>." in said(call("groups", out))
    assert "Add &lt;b&gt;." in (out / "feedback" / "ben.html").read_text()


def test_where_there_is_no_group_that_is_said(out):
    assert "no 9 answers are wrong in the same way" in said(call("groups", out, "--least", 9))


def test_grades_go_to_canvas(out, roster, tmp_path):
    result = call(
        "export", out, "--format", "canvas", "--roster", roster, "--to", tmp_path / "c.csv"
    )
    assert result.exit_code == 0
    assert "with 2 grades" in said(result)
    assert "without a grade; what stands there is left: zoe" in said(result)
    assert (tmp_path / "c.csv").read_text().splitlines()[2:] == [
        "ada,1,A,0",
        "ben,2,A,0",
        "zoe,3,A,5",
    ]


def test_grades_go_to_moodle(out, tmp_path):
    sheet, to = tmp_path / "m.csv", tmp_path / "n.csv"
    sheet.write_text("Identifier,Full name,Grade,Last modified (grade)\nParticipant 1,ada,,-\n")
    result = call(
        "export", out, "--format", "moodle", "--roster", sheet, "--to", tmp_path / "n.csv"
    )
    assert result.exit_code == 0
    assert to.read_text().splitlines()[1] == "Participant 1,ada,0,-"


def test_grades_go_to_gradescope_all_or_one(out, tmp_path):
    assert call("export", out, "--format", "gradescope", "--to", tmp_path / "g").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "g").iterdir()) == [
        "ada.json", "ben.json", "zoe.json",
    ]  # fmt: skip
    one = tmp_path / "results.json"
    assert (
        call("export", out, "--format", "gradescope", "--student", "ada", "--to", one).exit_code
        == 0
    )
    assert json.loads(one.read_text())["score"] == 0


def test_the_table_can_be_written_anywhere(out, tmp_path):
    assert call("export", out, "--format", "csv", "--to", tmp_path / "t.csv").exit_code == 0
    assert (tmp_path / "t.csv").read_text().startswith("student,assignment,2.1 f,")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "xls"], "unknown format 'xls'"),
        (["--format", "canvas"], "name the file that Canvas exported with --roster"),
        (["--format", "canvas", "--roster", "gone.csv"], "gone.csv cannot be read"),
        (["--format", "gradescope", "--student", "eve"], "nobody called 'eve'"),
    ],
)
def test_what_cannot_be_exported_is_said_in_a_sentence(out, tmp_path, arguments, words):
    result = call("export", out, *arguments, "--to", tmp_path / "t")
    assert result.exit_code == 2
    assert words in said(result)
    assert not (tmp_path / "t").exists()


def test_the_platforms_own_file_is_not_overwritten(out, roster):
    result = call("export", out, "--format", "canvas", "--roster", roster, "--to", roster)
    assert "--to would overwrite" in said(result)
    assert roster.read_text() == ROSTER


def test_another_table_is_refused_and_a_folder_without_gradebook_too(out, tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("name,email\nada,a@b.c\n")
    to = tmp_path / "o.csv"
    result = call("export", out, "--format", "canvas", "--roster", table, "--to", to)
    assert "it is no gradebook of Canvas" in said(result)
    assert call("groups", tmp_path).exit_code == 2


def test_a_file_that_cannot_be_written_is_said(out, tmp_path):
    result = call("export", out, "--format", "csv", "--to", tmp_path)
    assert result.exit_code == 1
    assert "was not written" in said(result)
