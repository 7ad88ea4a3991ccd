"""A whole notebook in the sandbox, by nbval's rules."""

import json
import re
import subprocess
import sys
from functools import partial

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from course_nn.grading import whole
from course_nn.grading.remote import Limits, Worker
from course_nn.grading.whole import cells_of, showing

RAISES = "# NBVAL_RAISES_EXCEPTION\n1 / 0"


def book(*cells: tuple, tags: tuple[str, ...] = ()) -> bytes:
    """A notebook of cells: a text, what it shows, what it prints."""
    return json.dumps({
        "nbformat": 4, "nbformat_minor": 4,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "", "language": "python"}},
        "cells": [code(*cell, tags=tags) for cell in cells],
    }).encode()  # fmt: skip


def code(text: str, shown: str = "", printed: str = "", tags: tuple[str, ...] = ()) -> dict:
    outputs: list[dict] = []
    if printed:
        outputs.append({"output_type": "stream", "name": "stdout", "text": [printed]})
    if shown:
        outputs.append({
            "output_type": "execute_result", "execution_count": 1, "metadata": {},
            "data": {"text/plain": [shown]},
        })  # fmt: skip
    return {
        "cell_type": "code", "source": text, "outputs": outputs, "execution_count": 1,
        "metadata": {"tags": list(tags)},
    }  # fmt: skip


def problems(kind: str, data: bytes, check: bool = False) -> dict[int, str]:
    worker_of = partial(Worker, limits=Limits(notebook_seconds=3.0), kind=kind)
    runs = whole.run(cells_of(data, check), worker_of)
    return {one.cell.number: one.problem for one in runs}


def test_cells_run_in_order_in_one_name_space(kind):
    assert problems(kind, book(("x = 3",), ("y = x + 1\ny", "4"), ("assert y == 4",))) == {
        1: "", 2: "", 3: "",
    }  # fmt: skip


def test_a_cell_that_raises_is_told_as_it_was_written(kind):
    found = problems(kind, book(("x = 1",), ("x\n\nx / 0",)))
    assert found[2].startswith("it raised ZeroDivisionError at line 3")
    assert "`x / 0`" in found[2]


@pytest.mark.parametrize(
    ("cell", "tags"), [(RAISES, ()), ("1 / 0", ("raises-exception",))], ids=["comment", "tag"]
)
def test_a_cell_that_is_marked_may_raise(kind, cell, tags):
    assert problems(kind, book((cell,), tags=tags)) == {1: ""}


def test_a_cell_that_is_marked_is_left_out(kind):
    assert problems(kind, book(("#  NBVAL_SKIP\nboom",), ("x = 1",))) == {2: ""}


def test_outputs_are_compared_where_that_is_asked_for_or_marked(kind):
    cells = [("x = 2\nx", "3"), ("print('ä')", "", "ö\n"), ("# NBVAL_IGNORE_OUTPUT\n5", "6")]
    assert problems(kind, book(*cells)) == {1: "", 2: "", 3: ""}
    assert problems(kind, book(*cells), check=True) == {
        1: "it shows `2`; the notebook has `3`",
        2: "it prints `ä`; the notebook has `ö`",
        3: "",
    }
    marked = book(("# NBVAL_CHECK_OUTPUT\n5", "6"))
    assert problems(kind, marked) == {1: "it shows `5`; the notebook has `6`"}


TOLD = "def __told__(n):\n    import numpy, struct, sys\n    {}\nprint(1)"
LIES = {  # what a cell puts in the place of what tells its outputs
    "a pit": TOLD.format("return numpy.frombuffer(b'[' * 200_000, numpy.uint8)"),
    "no bytes": TOLD.format("return numpy.array([numpy.nan, 1e300])"),
    "words": TOLD.format("return 'x'"),
    "the end": TOLD.format("raise SystemExit"),
    "another form": TOLD.format("return numpy.frombuffer(b'{\"a\": 1}', numpy.uint8)"),
    "a forged frame": TOLD.format(
        "frame = sys._getframe(1)\n"
        "    while 'desk' not in frame.f_locals: frame = frame.f_back\n"
        "    forged = struct.pack('!II', 9, 1 << 27)\n"
        "    frame.f_locals['desk'].memory[1 << 26:(1 << 26) + 8] = forged\n"
        "    import os; os._exit(0)"
    ),
}


@pytest.mark.parametrize("name", LIES)
def test_a_cell_that_lies_about_its_outputs_is_only_compared(kind, name, recwarn):
    found = problems(kind, book((LIES[name], "", "1")), check=True)
    assert found[1] == "it prints nothing; the notebook has `1`"
    assert not recwarn.list


def test_magics_are_read_within_a_limit(kind, monkeypatch):
    def for_ever(*given):
        raise AssertionError("it would take hours over thousands of magics")

    monkeypatch.setattr(whole.ipython, "SECONDS", 0.0)
    monkeypatch.setattr(TransformerManager, "transform_cell", for_ever)
    assert problems(kind, book(("x = 1\n%pwd",), ("x = 1",)))[2] == ""


def test_a_cell_that_never_ends_costs_itself(kind):
    found = problems(kind, book(("while True: pass",), ("x = 1",)))
    assert "did not come to an end" in found[1]
    assert found[2] == ""


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("x = 1", "x = 1"),
        ("1 +\\\n  2", "__show__(7, (1 +\\\n  2))"),
        ("'ä'; f(x)", "'ä'; __show__(7, (f(x)))"),
        ("f(x);", "f(x);"),
        ("x # last", "__show__(7, (x)) # last"),
        ("no python", "no python"),
        ("", ""),
    ],
)
def test_the_last_value_is_shown_and_lines_stay_in_place(text, made):
    assert showing(text, 7) == made


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"cells": [1]}', b"\xff", b"[" * 10**5])
def test_what_is_no_notebook_is_refused(data):
    with pytest.raises(ValueError, match="no notebook of format 4"):
        cells_of(data)


def test_nbval_itself_judges_the_same(kind, tmp_path):
    marked = ("# NBVAL_RAISES_EXCEPTION\n# NBVAL_IGNORE_OUTPUT\n1 / 0",)
    data = book(("x = 2\nx", "2"), ("x", "3"), ("print(x)", "", "2\n"), ("1 / 0",), marked)
    (tmp_path / "book.ipynb").write_bytes(data)
    options = ["-q", "-p", "no:cacheprovider", "-rf", "--nbval", "book.ipynb"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options], cwd=tmp_path, capture_output=True, text=True
    )
    theirs = {int(n) + 1 for n in re.findall(r"FAILED book.ipynb::Cell (\d)", done.stdout)}
    ours = {number for number, problem in problems(kind, data, check=True).items() if problem}
    assert ours == theirs == {2, 4}, done.stdout
