"""The commands that grade, as an instructor types them."""

import csv
import os
import shutil
from pathlib import Path

import pytest

from course_nn.grading.assignment import TESTS
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


def test_a_scheduler_that_does_not_answer_is_said(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("course_nn.grading.spread.CONNECT", 0.5)
    result = call("grade", folder, "--assignment", NAME, "--out", tmp_path / "out",
                  "--dask", "tcp://127.0.0.1:1")  # fmt: skip
    assert result.exit_code == 1
    assert "error: grading stopped: " in said(result)
    assert "no scheduler answers" in said(result) or "is not installed" in said(result)
    assert "Traceback" not in result.output


def rows(out):
    with open(out / "grades.csv", encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


@pytest.fixture
def pair(folder, tmp_path):
    """A smaller class: one right, one wrong."""
    pair = tmp_path / "pair"
    pair.mkdir()
    for name in ("right", "wrong"):
        (folder / f"{name}.ipynb").rename(pair / f"{name}.ipynb")
    return pair


def test_one_task_is_graded_anew_with_its_reason(pair, tmp_path):
    out, tests = tmp_path / "out", tmp_path / "tests"
    shutil.copytree(TESTS / NAME, tests / NAME)
    start = ["grade", pair, "--assignment", NAME, "--out", out, "--tests", tests, *FAST]
    assert call(*start).exit_code == 0
    source = tests / NAME / "exercise.md"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("y = x @ W + b", "y = x @ W - b"), encoding="utf-8")
    result = call(*start, "--regrade", "2.1", "--reason", "the test was wrong")
    assert result.exit_code == 0, result.output
    assert {name: row["2.1 dense_forward"] for name, row in rows(out).items()} == {
        "right": "0", "wrong": "1",
    }  # fmt: skip
    assert "(the test was wrong)" in call("history", out, "right").output.splitlines()[-1]
    result = call(*start, "--regrade", "2.9")
    assert result.exit_code == 2
    assert "there is no task '2.9' in ex02_dense; there are: 2.1 dense_forward" in said(result)


def test_one_student_is_graded_alone(pair, tmp_path):
    start = ["grade", pair, "--assignment", NAME, "--out", tmp_path / "out", *FAST]
    result = call(*start, "--student", "wrong")
    assert "1 of 1 submissions graded now" in said(result)
    assert list(rows(tmp_path / "out")) == ["wrong"]
    result = call(*start, "--student", "wrnog")
    assert result.exit_code == 2
    assert "nobody called 'wrnog' handed anything in; did you mean 'wrong'?" in said(result)
    result = call(*start, "--again", "--reason", "to be sure")
    assert "2 of 2 submissions graded now" in said(result)
    assert "(to be sure)" in call("history", tmp_path / "out", "wrong").output.splitlines()[-1]


def test_being_late_costs_by_the_rule_until_it_is_taken_back(pair, tmp_path):
    os.utime(pair / "right.ipynb", (1_000_000_000, 1_000_000_000))
    out = tmp_path / "out"
    start = ["grade", pair, "--assignment", NAME, "--out", out, *FAST]
    result = call(*start, "--late", "10% a day")
    assert result.exit_code == 2
    assert "--due and --late belong together" in said(result)
    result = call(*start, "--due", "2001-09-09T00:00+00:00", "--late", "lots")
    assert result.exit_code == 2
    assert "the rule 'lots' cannot be read: write it like" in said(result)
    assert call(*start, "--due", "2001-09-09T00:00+00:00", "--late", "10% a day").exit_code == 0
    assert (rows(out)["right"]["penalty"], rows(out)["right"]["total"]) == ("0.9", "8.1")
    assert call(*start).exit_code == 0, "the rule is kept"
    assert rows(out)["right"]["total"] == "8.1"
    assert call(*start, "--late", "none").exit_code == 0
    assert rows(out)["right"]["total"] == "9"


def test_names_of_groups_come_along_from_an_earlier_year(pair, tmp_path):
    start = ["grade", pair, "--assignment", NAME, *FAST]
    call(*start, "--out", tmp_path / "last")
    with Gradebook.read(tmp_path / "last") as book:
        keys = {test.answer for grade in book.grades() for task in grade.record.tasks
                for test in task.tests if test.answer}  # fmt: skip
    assert keys
    for key in keys:
        assert call("label", tmp_path / "last", key, f"about {key}").exit_code == 0
    result = call(*start, "--out", tmp_path / "this", "--labels", tmp_path / "last")
    assert result.exit_code == 0, result.output
    with Gradebook.read(tmp_path / "this") as book:
        assert book.labels() == {key: f"about {key}" for key in keys}
    result = call(*start, "--out", tmp_path / "this", "--labels", tmp_path / "none")
    assert result.exit_code == 1
    assert "there is no gradebook in" in said(result)


def test_a_run_ends_with_the_class_or_with_those_who_need_a_look(pair, tmp_path, monkeypatch):
    (pair / "broken.ipynb").write_text("{")
    start = ["grade", pair, "--assignment", NAME, "--out", tmp_path / "out", *FAST]
    table = [line.split("│")[1:4] for line in call(*start).output.splitlines() if "│" in line]
    assert [[cell.strip() for cell in row] for row in table if row[0].strip()] == [
        ["broken", "0/9", "unreadable"], ["right", "9/9", "graded"], ["wrong", "8/9", "graded"],
    ]  # fmt: skip
    monkeypatch.setattr("course_nn.cli.grading.SHOWN", 2)
    result = call(*start)
    assert "broken" in result.output
    assert "9/9" not in result.output


def test_in_the_table_the_first_cause_comes_first(pair, tmp_path):
    (pair / "right.ipynb").unlink()
    text = (pair / "wrong.ipynb").read_text(encoding="utf-8")
    (pair / "wrong.ipynb").write_text(text.replace("import numpy", "{}['x']\\nimport numpy", 1))
    start = ["grade", pair, "--assignment", NAME, "--out", tmp_path / "out", *FAST]
    result = call(*start)
    (row,) = (line.split("│") for line in result.output.splitlines() if "│ wrong" in line)
    assert row[4].strip().startswith("code cell"), result.output
    assert rows(tmp_path / "out")["wrong"]["message"].startswith("code cell")


def test_who_is_not_handed_in_now_keeps_a_grade_and_is_named(pair, tmp_path):
    start = ["grade", pair, "--assignment", NAME, "--out", tmp_path / "out", *FAST]
    call(*start)
    (pair / "right.ipynb").unlink()
    result = call(*start)
    assert "graded earlier and not handed in now, they keep it: right" in said(result)
    assert rows(tmp_path / "out")["right"]["total"] == "9"
    assert "not handed in now" not in said(call(*start, "--student", "wrong"))


def test_of_two_attempts_one_is_chosen_by_rule(pair, tmp_path):
    (pair / "ada").mkdir()
    for name, source in (("ex02_dense.ipynb", "wrong"), ("ex02_dense (1).ipynb", "right")):
        (pair / "ada" / name).write_bytes((pair / f"{source}.ipynb").read_bytes())
        os.utime(pair / "ada" / name, (1e9, 1e9 + (source == "right")))
    start = ["grade", pair, "--assignment", NAME, "--out", tmp_path / "out", *FAST]
    assert call(*start, "--student", "ada").exit_code == 0
    assert rows(tmp_path / "out")["ada"]["total"] == "9"
    assert call(*start, "--student", "ada", "--attempts", "first").exit_code == 0
    assert rows(tmp_path / "out")["ada"]["total"] == "8"
    result = call(*start, "--attempts", "best")
    assert result.exit_code == 2
    assert "unknown --attempts 'best'; there are latest and first" in said(result)


@pytest.mark.parametrize("name", ["no_such_package", "../evil", "os.path"])
def test_a_package_that_cannot_be_allowed_is_said(pair, tmp_path, name):
    result = call("grade", pair, "--assignment", NAME, "--out", tmp_path / "out", *FAST,
                  "--allow", "numpy", "--allow", name)  # fmt: skip
    assert result.exit_code == 2
    assert f"--allow {name}: no package of that name can be imported here" in said(result)
    assert not (tmp_path / "out").exists()


def test_more_jobs_than_cores_are_warned_of(pair, tmp_path):
    result = call("grade", pair, "--assignment", NAME, "--out", tmp_path / "out", *FAST,
                  "--jobs", 200)  # fmt: skip
    assert result.exit_code == 0
    assert "200 jobs share" in said(result)
