"""A notebook as it was handed out never counts before one in which something is written."""

import json
from pathlib import Path

import pytest

from course_nn.exercises.exercise import known
from course_nn.grading.collect import blank
from course_nn.grading.collect.blank import BLANK, WRITTEN, asked, state, state_of
from course_nn.grading.collect.disk import Found, source_of

from .conftest import zip_of

EX = "ex02_dense.ipynb"
T = 1_770_000_000.0
ROOT = Path(__file__).resolve().parents[3]
RELEASED, TESTS = ROOT / "book" / "exercises", ROOT / "tests" / "autograder"


def handed_out() -> dict:
    """The notebook as students get it."""
    return json.loads((RELEASED / EX).read_text(encoding="utf-8"))


def data_of(book: dict, indent: int | None = None) -> bytes:
    """A notebook's bytes."""
    return json.dumps(book, indent=indent).encode()


def solved(ids: bool = True) -> bytes:
    """The notebook with one task written; with or without its cells' ids."""
    book = handed_out()
    for cell in book["cells"]:
        text = "".join(cell["source"])
        if "def sgd_step(" in text:
            cell["source"] = text.split("    raise")[0] + "    return W - lr * dW\n"
        if not ids:
            cell.pop("id", None)
            cell["metadata"] = {}
    return data_of(book)


BLANKS = {
    "as released": data_of(handed_out()),
    "laid out anew": data_of(handed_out(), 4),
    "with remarks": data_of({
        **handed_out(),
        "cells": [
            {**cell, "source": "".join(cell["source"]) + "\n\n# mine\n"}
            for cell in handed_out()["cells"]
        ],
    }),
}  # fmt: skip


@pytest.mark.parametrize("attempts", ["latest", "first"])
@pytest.mark.parametrize("kind", BLANKS)
@pytest.mark.parametrize(
    "other", ["original/ex02_dense.ipynb", "backup/ex02_dense.ipynb", "ex02_dense (1).ipynb",
              "ex02_dense_original.ipynb", "ex02_dense-Copy1.ipynb", "z.json"]
)  # fmt: skip
def test_what_is_written_counts_whenever_and_wherever(gather, other, kind, attempts):
    files = {f"ada/{EX}": solved(), f"ada/{other}": BLANKS[kind]}
    for when in (T - 9e6, T, T + 1, T + 9e6):
        ada = gather(files, {f"ada/{other}": when}, attempts=attempts)["ada"]
        assert ada.read() == solved()
        name = other if "/" in other else f"ada/{other}"
        said = f"“{name}” is as it was handed out: “ada/ex02_dense.ipynb” counts"
        assert ada.said == (said,)


def test_in_one_zip(gather):
    files = {f"hw/{EX}": solved(), "hw/ex02_dense_original.ipynb": BLANKS["as released"]}
    ada = gather({"ada.zip": zip_of(files)})["ada"]
    assert (ada.problem, ada.file) == ("", f"ada.zip/hw/{EX}")


def test_under_another_ending_too(gather):
    ada = gather({f"ada/{EX}": BLANKS["as released"], f"ada/{EX}.txt": solved()})["ada"]
    assert ada.read() == solved()
    assert ada.said == (
        "“ada/ex02_dense.ipynb” is as it was handed out: “ada/ex02_dense.ipynb.txt” counts",
        "graded although its name is “ex02_dense.ipynb.txt”",
    )


def test_where_the_blank_one_alone_has_kept_its_ids(gather):
    files = {f"ada/{EX}": BLANKS["as released"], "ada/colab.ipynb": solved(ids=False)}
    ada = gather(files, {f"ada/{EX}": T + 99})["ada"]
    assert ada.file == "ada/colab.ipynb"
    assert "is as it was handed out: “ada/colab.ipynb” counts" in ada.said[0]


def test_several_that_are_written_are_chosen_from_as_ever(gather):
    again = solved().replace(b"lr * dW", b"dW * lr")
    files = {f"ada/{EX}": solved(), "ada/b.ipynb": again, "ada/c.ipynb": BLANKS["as released"]}
    ada = gather(files, {"ada/b.ipynb": T + 60, "ada/c.ipynb": T + 90})["ada"]
    assert ada.read() == again
    assert ada.said == (
        "“ada/c.ipynb” is as it was handed out: another one counts",
        "of 2 attempts the latest counts, by its time: “ada/b.ipynb”",
    )


def test_where_all_are_blank_it_is_as_ever(gather):
    one, two = BLANKS["as released"], BLANKS["with remarks"]
    ada = gather({f"ada/{EX}": one, "ada/b.ipynb": two}, {"ada/b.ipynb": T + 60})["ada"]
    assert ada.read() == two
    assert ada.said == ("of 2 attempts the latest counts, by its time: “ada/b.ipynb”",)


def test_a_single_one_is_not_looked_into(gather, monkeypatch):
    monkeypatch.setattr(blank, "state_of", lambda *_: pytest.fail("it was looked into"))
    one = BLANKS["as released"]
    assert gather({f"ada/{EX}": one})["ada"].read() == one


@pytest.mark.parametrize("name", known())
def test_every_exercise_is_known_blank_and_solved(name):
    path, right = RELEASED / f"{name}.ipynb", TESTS / name / "solved.ipynb"
    assert asked(name)
    assert state(Found((path.name,), "file", source_of(path)), name) == BLANK
    assert state(Found((right.name,), "file", source_of(right)), name) == WRITTEN


STUB = 'def f(x):\n    """What."""\n    raise NotImplementedError("Task 1")'


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([STUB], BLANK),
        ([STUB, "import math\nhelper = 1"], BLANK),
        ([STUB, "f = lambda x: x"], WRITTEN),
        ([STUB, "def f(x):\n    return x"], WRITTEN),
        ([STUB.replace("raise", "x = 1\n    raise")], WRITTEN),
        (["def g(x):\n    return x"], ""),
        ([STUB, "def f(x)\n    return x"], ""),
        ([STUB, f"f(1)  #{'x' * blank.MOST_CODE}"], ""),
        ([STUB] * 5000, ""),
        ([STUB, "f(" * 5000], ""),
        ([], ""),
    ],
)
def test_what_a_notebook_is(cells, says):
    assert state_of(cells, frozenset({"f"})) == says


def test_an_exercise_that_is_not_known_or_a_file_that_is_no_notebook_is_neither(tmp_path):
    (tmp_path / "x.ipynb").write_bytes(b"{")
    found = Found(("x.ipynb",), "file", source_of(tmp_path / "x.ipynb"))
    assert state(found, "ex02_dense") == ""
    assert state(found, "ex99_none") == ""
    assert state(Found(("y",), "problem"), "ex02_dense") == ""


def test_without_the_source_given_tasks_are_not_asked(monkeypatch, tmp_path):
    monkeypatch.setattr("course_nn.grading.assignment.TESTS", tmp_path)
    assert blank.asked.__wrapped__("ex10_sequential") == frozenset()
    assert "relu" not in blank.asked.__wrapped__("ex02_dense")
