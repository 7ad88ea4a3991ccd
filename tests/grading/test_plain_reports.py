"""Everyone gets a row, no cell is a formula, and no file is ever half written."""

import csv
import io
import json

import pytest

from course_nn.grading import plain_reports
from course_nn.grading.record import OutcomeRecord, Record, TaskRecord


def result(student, message="all tests passed"):
    tests = (
        OutcomeRecord("one", True, True),
        OutcomeRecord("two", False, False, "value", "y is wrong.", "the sign is flipped"),
    )
    return Record(student, "ex", "graded", message, (TaskRecord("2.1", "f", 1.5, 3, tests=tests),))


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1"])
def test_no_cell_starts_a_formula(name):
    rows = list(csv.DictReader(io.StringIO(plain_reports.grades_csv("a", [result(name, name)]))))
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
    assert plain_reports.safe_cell(text) == safe
    assert len(plain_reports.safe_cell(text * 10_000)) == plain_reports.MAX_CELL


def test_the_table_reads_back():
    text = plain_reports.grades_csv("ex", [result('An "odd", name'), result("b")])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0] == {
        "student": 'An "odd", name', "assignment": "ex", "2.1 f": "1.5", "total": "1.5", "max": "3",
        "status": "graded", "message": "all tests passed",
    }  # fmt: skip
    assert len(rows) == 2


def test_reports_are_written_for_any_name(tmp_path):
    names = ["alice", "../../evil", "a/b", "x" * 250, "a b", "a_b", "é\udcff", "CON", "."]
    plain_reports.write_all(tmp_path / "out", "ex", [result(n) for n in names], "a sandbox", 5)
    files = list((tmp_path / "out" / "feedback").iterdir())
    assert len(files) == 2 * len(names)
    assert {p.name for p in tmp_path.iterdir()} == {"out"}
    report = (tmp_path / "out/feedback/alice.txt").read_text()
    assert "1.5 of 3" in report
    assert "What it looks like: the sign is flipped." in report
    content = json.loads((tmp_path / "out/feedback/alice.json").read_text())
    assert content["tasks"][0]["tests"][1]["looks_like"] == "the sign is flipped"
    assert json.loads((tmp_path / "out/run.json").read_text())["seed"] == 5


def test_no_two_students_share_a_file_and_none_leaves_its_folder():
    names = ["a b", "a_b", "a/b", "../b", "x" * 250, "x" * 251, ".hidden", "alice", "é", "e\u0301"]
    files = [plain_reports.file_name(name) for name in names]
    assert len({file.casefold() for file in files}) == len(names)
    assert files[names.index("alice")] == "alice"
    assert all("/" not in file and not file.startswith(".") and len(file) < 130 for file in files)


def test_no_students_is_an_empty_table():
    assert plain_reports.grades_csv("ex", []).count("\n") == 1


def test_the_table_is_written_last(tmp_path, monkeypatch):
    """Should the reports not fit on the disk, there is no table that promises them."""
    written = []
    monkeypatch.setattr(plain_reports, "write", lambda path, text: written.append(path.name))
    plain_reports.write_all(tmp_path, "ex", [result("alice")], "a sandbox", 5)
    assert written == ["alice.txt", "alice.json", "run.json", "grades.csv"]
