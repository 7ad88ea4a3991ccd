"""Everyone gets a row, no cell is a formula, and no file is ever half written."""

import csv
import io
import json
import os

import pytest

from course_nn.exercises.verdict import Verdict
from course_nn.grading import gradebook
from course_nn.grading.runner import Outcome, Result, TaskResult
from course_nn.grading.submissions import Unreadable, find, read_cells


def result(student, message="all tests passed"):
    tests = (
        Outcome("one", True, Verdict("t", "passed")),
        Outcome("two", False, Verdict("t", "value", "y is wrong", "the sign is flipped")),
    )
    return Result(student, "graded", message, (TaskResult("2.1", "f", 1.5, 3, tests),))


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1"])
def test_no_cell_starts_a_formula(name):
    rows = list(csv.DictReader(io.StringIO(gradebook.grades_csv("a", [result(name, name)]))))
    assert rows[0]["student"].startswith("'")
    assert rows[0]["message"].startswith("'")


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


def test_submissions_are_found_in_both_places(tmp_path, notebook):
    (tmp_path / "bob").mkdir()
    (tmp_path / "bob" / "ex.ipynb").write_text(notebook())
    (tmp_path / "alice.ipynb").write_text(notebook())
    (tmp_path / "carol").mkdir()
    (tmp_path / "dan.py").write_text("x = 1")
    (tmp_path / "eve.ipynb").write_text(notebook())
    (tmp_path / "eve").mkdir()
    (tmp_path / "eve" / "ex.ipynb").write_text(notebook())
    (tmp_path / ".DS_Store").write_text("")
    (tmp_path / "out").mkdir()
    found = {s.student: s for s in find(tmp_path, "ex", tmp_path / "out")}
    assert list(found) == ["alice", "bob", "carol", "dan", "eve"]
    assert found["bob"].path == tmp_path / "bob" / "ex.ipynb"
    assert found["carol"].problem == "ex.ipynb is missing"
    assert found["dan"].problem == "dan.py is no notebook (.ipynb)"
    assert "handed in twice" in found["eve"].problem


GOOD = '{"cells": [{"cell_type": "code", "source": ["a = 1\\n", "b"]}, {"cell_type": "raw"}, 3]}'


def test_code_cells_are_read(tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert read_cells(path) == ["a = 1\nb"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"hello", "not valid JSON"),
        (GOOD[:40].encode(), "cut short"),
        (GOOD.encode("utf-16"), "not UTF-8"),
        (b"\x80\x04K\x01.", "not UTF-8"),
        (b"[" * 200_000, "not valid JSON"),
        (b"[]", "no list of cells"),
        (b'{"worksheets": []}', "format 4"),
        (b'{"cells": {}}', "no list of cells"),
        (b'{"cells": [' + b"3," * 3000 + b"3]}", "3001 cells"),
        (b" " * (11 << 20), "larger than 10 MiB"),
    ],
)
def test_a_broken_file_is_named(tmp_path, content, said):
    path = tmp_path / "n.ipynb"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=said):
        read_cells(path)


def test_what_is_no_file_is_named(tmp_path):
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "link.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "fifo.ipynb")
    for name, said in (("folder", "a folder"), ("link", "a link"), ("fifo", "no ordinary file")):
        with pytest.raises(Unreadable, match=said):
            read_cells(tmp_path / f"{name}.ipynb")
    with pytest.raises(Unreadable, match="not readable"):
        read_cells(tmp_path / "nobody.ipynb")


def test_odd_cells_are_text_or_nothing(tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_text('{"cells": [{"cell_type": "code", "source": [3, "a", null]},'
                    ' {"cell_type": "code", "source": {"x": 1}}, {"cell_type": "code"},'
                    ' {"cell_type": "code", "source": "\\ud800"}]}')  # fmt: skip
    assert read_cells(path) == ["a", "", "", "?"]
