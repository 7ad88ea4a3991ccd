"""The drawing of an error: a square a number, signs not by colour alone, and the same in words."""

import numpy as np
import pytest

from course_nn.grading.reports import heat

from .reading import Page


def signs(figure):
    """What stands in the squares, and how many squares there are."""
    page = Page(str(figure))
    assert page.faults == []
    squares = [named["class"] for tag, named in page.elements if tag == "rect"]
    inside = [named for tag, named in page.elements if tag == "text"]
    return squares, len([n for n in inside if n.get("class") == "sign-of"])


def test_each_number_has_a_square_and_each_wrong_one_a_sign():
    figure = heat.drawn("dW", [[0.0, 0.0, 3.0], [0.0, -1.0, "nan"]], ("D", "M"))
    squares, inside = signs(figure)
    assert squares == [f"cell {look}" for look in ("m0", "m0", "m3", "m0", "l1", "mq")]
    assert inside == 3
    assert all(sign in str(figure) for sign in (">+<", ">−<", ">?<"))


def test_it_says_in_words_what_it_shows():
    text = Page(str(heat.drawn("y", [[0, 0], [1, -3]], ("N", "D")))).text
    assert "A line for each sample, a column for each feature." in text
    assert "2 of 4 numbers are wrong: only the last sample" in text
    assert "? no number" not in text


@pytest.mark.parametrize(
    "error",
    [[1.0, 2.0], [[1.0, 1.0], [1.0, 1.0]], 3.0, [], "abc", [[1], [2, 3]], None, {"a": 1},
     [[0.0] * 30] * 30, [0.0, 1.0] * 40],
)  # fmt: skip
def test_there_is_no_drawing_where_it_would_show_nothing(error):
    assert heat.drawn("y", error) == ""


def test_more_than_two_axes_are_pictures():
    error = np.zeros((2, 3, 2))
    error[1] = 1
    squares, _ = signs(heat.drawn("x", error.tolist(), ("N", "H", "W")))
    assert squares == ["cell m0"] * 6 + ["cell m3"] * 6
    text = Page(str(heat.drawn("x", error.tolist(), ("N", "H", "W")))).text
    assert "A picture for each sample. " in text


def test_of_many_pictures_those_that_are_wrong_are_shown():
    error = np.zeros((4, 3, 5, 6))
    error[2, 1, 0, 0] = 2.0
    figure = heat.drawn("y", error.tolist(), ("N", "F", "U", "V"))
    squares, inside = signs(figure)
    assert (len(squares), inside) == (90, 1)
    assert ">2, 1<" in str(figure)
    assert ">0, 0<" not in str(figure)
    assert "A picture for each sample and filter where it is wrong." in str(figure)


def test_pictures_that_are_too_many_for_a_row_are_left_out():
    error = np.zeros((1, 30, 2, 6))
    error[0, 25] = -1
    figure = heat.drawn("y", error.tolist())
    squares, inside = signs(figure)
    assert inside == 12
    assert len(squares) <= 600
    assert ">0, 25<" in str(figure)


def test_rows_and_columns_need_no_words():
    assert "yours − right.<" in str(heat.drawn("y", [[1, 0], [0, 2]], ("H", "W")))
    assert "a line for each kernel row" in str(heat.drawn("w", [[[1, 0], [0, 2]]], ("F", "R", "S")))


def test_one_axis_is_a_line():
    assert "From left to right: the samples" in str(heat.drawn("x", [0, 0, 0, 1], ("N",)))


def test_the_axes_of_an_output_are_those_of_the_task():
    assert heat.axes_of("ex02_dense", "dense_backward", "dW") == ("D", "M")
    assert heat.axes_of("ex02_dense", "dense_backward", "no") == ()
    assert heat.axes_of("ex99", "f", "y") == ()
    assert heat.axes_of("ex02_dense", "nothing", "y") == ()


def test_infinities_are_no_numbers():
    assert "2 no number" in heat.in_words(np.array([1.0, np.inf, -np.inf, 0.0]))
