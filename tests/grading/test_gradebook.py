"""Everyone gets a row, no cell is a formula, and no file is ever half written."""

import csv
import io
import json
import os

import pytest

from course_nn.exercises.compare import Comparison, Output
from course_nn.exercises.diagnose import Finding
from course_nn.exercises.signature import Signature
from course_nn.exercises.task import Task
from course_nn.exercises.verdict import Verdict
from course_nn.grading import gradebook
from course_nn.grading.runner import Outcome, Result, TaskResult

TASK = Task("1.1", "f", Signature.parse("x:N -> y:N"), 1, None)
WRONG = Comparison({}, "outputs", "", (Output("y", "value", "y is wrong"),))


def result(student, message="all tests passed"):
    tests = (
        Outcome("one", True, Verdict(TASK)),
        Outcome("two", False, Verdict(TASK, WRONG, None, Finding("the sign is flipped"))),
    )
    return Result(student, "graded", message, (TaskResult("2.1", "f", 1.5, 3, tests),))


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1"])
def test_no_cell_starts_a_formula(name):
    rows = list(csv.DictReader(io.StringIO(gradebook.grades_csv("a", [result(name, name)]))))
    assert rows[0]["student"].startswith("'")
    assert rows[0]["message"].startswith("'")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain", "plain"),
        ("a\x1b[2J\u202eb", "a�[2J�b"),
        ("two\n  lines", "two lines"),
        ("2.1: y = x", "2.1: y = x"),
    ],
)
def test_a_cell_is_one_line_that_can_be_printed(text, safe):
    assert gradebook.safe_cell(text) == safe
    assert len(gradebook.safe_cell(text * 10_000)) == gradebook.MAX_CELL


def test_the_table_reads_back():
    text = gradebook.grades_csv("ex", [result('An "odd", name'), result("b")])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0] == {
        "student": 'An "odd", name', "assignment": "ex", "2.1 f": "1.5", "total": "1.5", "max": "3",
        "status": "graded", "message": "all tests passed",
    }  # fmt: skip
    assert len(rows) == 2


def test_reports_are_written_for_any_name(tmp_path):
    names = ["alice", "../../evil", "a/b", "x" * 250, "a b", "a_b", "é\udcff", "CON", "."]
    gradebook.write_all(tmp_path / "out", "ex", [result(n) for n in names], "a sandbox", 5)
    files = list((tmp_path / "out" / "feedback").iterdir())
    assert len(files) == 2 * len(names)
    assert {p.name for p in tmp_path.iterdir()} == {"out"}
    report = (tmp_path / "out/feedback/alice.txt").read_text()
    assert "1.5 of 3" in report
    assert "What it looks like: the sign is flipped." in report
    content = json.loads((tmp_path / "out/feedback/alice.json").read_text())
    assert content["tasks"][0]["tests"][1]["looks_like"] == "the sign is flipped"
    assert json.loads((tmp_path / "out/run.json").read_text())["seed"] == 5


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "grades.csv"
    gradebook.write(path, "old")

    def fail(*args):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        gradebook.write(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["grades.csv"]


def test_no_two_students_share_a_file_and_none_leaves_its_folder():
    names = ["a b", "a_b", "a/b", "../b", "x" * 250, "x" * 251, ".hidden", "alice", "é", "e\u0301"]
    files = [gradebook.file_name(name) for name in names]
    assert len({file.casefold() for file in files}) == len(names)
    assert files[names.index("alice")] == "alice"
    assert all("/" not in file and not file.startswith(".") and len(file) < 130 for file in files)


def test_no_students_is_an_empty_table():
    assert gradebook.grades_csv("ex", []).count("\n") == 1


def test_the_table_is_written_last(tmp_path, monkeypatch):
    """Should the reports not fit on the disk, there is no table that promises them."""
    written = []
    monkeypatch.setattr(gradebook, "write", lambda path, text: written.append(path.name))
    gradebook.write_all(tmp_path, "ex", [result("alice")], "a sandbox", 5)
    assert written == ["alice.txt", "alice.json", "run.json", "grades.csv"]
