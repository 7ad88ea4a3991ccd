"""The commands that grade, as an instructor types them."""

import csv
import os
from pathlib import Path

import pytest

from course_nn.grading.gradebook import Gradebook

from .shared import call, said

NAME = "ex02_dense"
FAST = ["--call-seconds", "1", "--notebook-seconds", "5", "--sandbox", "plain", "--seed", "3"]


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
    with Gradebook.read(folder / "out") as book:
        assert book.get("seed") == "3"
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
        ([tmp_path, "--out", out], 2, "there is nothing in"),
        ([tmp_path, "--out", out, "--tests", tmp_path / "no"], 2, "no folder of hidden tests"),
        ([tmp_path, "--out", __file__], 2, "is a file"),
        ([tmp_path, "--out", out, "--sandbox", "magic"], 2, "there is nothing"),
    ]
    for arguments, code, sentence in cases:
        result = call("grade", *arguments, "--assignment", NAME)
        assert result.exit_code == code, result.output
        assert sentence in said(result)
        assert "Traceback" not in result.output
    assert not out.exists()


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
    assert "bubblewrap does not start here (bubblewrap (bwrap) is not installed)" in said(result)
    assert not (tmp_path / "o").exists()


def test_auto_falls_back_and_says_so(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("loop.ipynb", "wrong.ipynb"):
        (folder / name).unlink()
    result = call("grade", folder, "--assignment", NAME, "--out", tmp_path / "o")
    assert result.exit_code == 0
    why = "not stronger, for bubblewrap does not start here (bubblewrap (bwrap) is not installed)"
    assert why in said(result)
    with Gradebook.read(tmp_path / "o") as book:
        assert why in book.get("note")


def test_a_disputed_task_is_replayed(folder, tmp_path):
    out = tmp_path / "out"
    call("grade", folder, "--assignment", NAME, "--out", out, *FAST, "--student", "wrong")
    result = call("replay", out, "wrong", "2.1", "--sandbox", "plain")
    assert result.exit_code == 0, result.output
    assert "wrong, ex02_dense, task 2.1, seed 3" in result.output
    assert "right y = " in result.output
    assert "all came out as it was graded" in result.output
