"""A verdict reads well in a terminal, and draws itself in a notebook."""

import struct
import sys

import numpy as np
import pytest

from course_nn.exercises.verdict import Verdict, draw_error

WRONG = Verdict("Task 1, f", "value", "y is wrong.", "the sign is flipped", "y", np.eye(3))
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("kind", "mark", "color"),
    [("passed", "✔", "#1a7f37"), ("stub", "○", "#57606a"), ("value", "✘", "#b35900")],
)
def test_a_verdict_shows_its_mark_and_its_colour(kind, mark, color):
    verdict = Verdict("Task 1, f", kind)
    assert str(verdict) == f"{mark} Task 1, f: public checks passed; hidden checks remain"
    assert color in verdict._repr_html_()


def test_what_is_wrong_comes_before_what_it_looks_like():
    text = "✘ Task 1, f: y is wrong.\n  What it looks like: the sign is flipped."
    assert str(WRONG) == repr(WRONG) == text


def test_a_verdict_is_true_or_false():
    assert Verdict("t", "passed").passed
    assert Verdict("t", "passed")
    assert not WRONG


def test_a_failure_shows_a_heat_map_in_a_notebook():
    html = WRONG._repr_html_()
    assert "What it looks like: the sign is flipped." in html
    assert "<br>" in html
    assert 'alt="heat map of the error of y" src="data:image/png;base64,iVBORw0KGgo' in html


def test_without_matplotlib_the_text_remains(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    html = WRONG._repr_html_()
    assert "the sign is flipped" in html
    assert "<img" not in html


@pytest.mark.parametrize("error", [None, np.ones(0), np.ones(1), np.float64(3)])
def test_where_there_is_nothing_to_see_nothing_is_drawn(error):
    assert "<img" not in Verdict("t", "value", "wrong", "", "y", error)._repr_html_()


def test_the_students_text_cannot_be_html():
    html = Verdict("t", "call", "f raised E (<script>alert(1)</script>)", "<b>")._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(PNG)
    return struct.unpack(">II", png[16:24])


def test_an_error_of_any_number_of_axes_is_drawn():
    shapes = [(4,), (4, 3), (2, 3, 4), (2, 3, 4, 5), (60, 60)]
    sizes = [size(draw_error(np.ones(shape), "y")) for shape in shapes]
    assert all(width <= 700 and height <= 400 for width, height in sizes)
    assert sizes[0][1] < sizes[1][1]  # one row, four rows


def test_the_error_itself_is_what_is_drawn():
    assert draw_error(np.eye(3), "y") != draw_error(np.ones((3, 3)), "y")
    assert draw_error(-np.eye(3), "y") == draw_error(np.eye(3), "y")
