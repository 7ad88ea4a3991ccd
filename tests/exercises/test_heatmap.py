"""The picture of an error: its sign, any number of axes; nothing where there is nothing."""

import struct
import warnings
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from course_nn.exercises.compare import Comparison, Output
from course_nn.exercises.heatmap import drawn, of
from course_nn.exercises.signature import Argument

PNG = b"\x89PNG\r\n\x1a\n"


def output(error: np.ndarray) -> Output:
    return Output("y", "value", "", np.asarray(error, float), np.zeros_like(error, float))


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(PNG)
    return struct.unpack(">II", png[16:24])


def test_an_error_of_any_number_of_axes_is_drawn() -> None:
    shapes = [(4,), (4, 3), (2, 3, 4), (2, 3, 4, 5), (60, 60)]
    sizes = [size(drawn(output(np.ones(shape)))) for shape in shapes]
    assert all(width <= 720 and height <= 420 for width, height in sizes)


def test_the_sign_of_the_error_is_seen() -> None:
    assert drawn(output(-np.eye(3))) != drawn(output(np.eye(3)))


def picture(shown: Output) -> str:
    return of(Comparison({}, "outputs", "", (shown,)), lambda name: Argument(name, ("N", "D")))


@pytest.mark.parametrize(
    "error",
    [np.ones(0), np.ones(1), np.float64(3), np.arange(3), np.ones((3, 4)), np.full((2, 2), np.nan)],
)
def test_where_there_is_little_to_see_nothing_is_drawn(error) -> None:
    assert picture(output(error)) == ""
    assert of(None, Argument) == ""
    assert of(Comparison({}, "call", "no"), Argument) == ""


def test_a_wrong_dtype_is_not_drawn() -> None:
    assert picture(output(np.eye(3))).startswith("<img")
    assert picture(replace(output(np.eye(3)), fault="dtype")) == ""


def test_rows_and_columns_have_whole_numbers_and_names(monkeypatch) -> None:
    seen = []
    save = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda self, *a, **k: (seen.append(self), save(self, *a, **k))
    )
    picture(output(np.eye(2)))
    drawn(output(np.arange(24.0).reshape(2, 3, 4)), ("N", "H", "W"))
    drawn(output(np.arange(4.0)), ("K",))
    plain, deep, flat = (figure.axes[0] for figure in seen)
    for axes in (plain, deep, flat):
        inside = [t for t in (*axes.get_xticks(), *axes.get_yticks()) if -0.5 <= t < 24]
        assert inside == [round(tick) for tick in inside]
    assert (plain.get_xlabel(), plain.get_ylabel()) == ("feature", "sample")
    assert (deep.get_xlabel(), deep.get_ylabel()) == (
        "rows and columns, one after the other",
        "sample",
    )
    assert (flat.get_xlabel(), flat.get_ylabel(), len(flat.get_yticks())) == ("class", "", 0)


def test_what_is_no_number_is_grey_and_not_white() -> None:
    error = np.eye(3)
    error[1, 1] = np.nan
    assert picture(output(error)) != picture(output(np.diag([1.0, 0, 1])))
    error[:] = 0
    error[0, 0] = np.inf
    assert picture(output(error)).startswith("<img")


@pytest.mark.parametrize("size", [5e-324, 1e-310, 1e-30, 1e30, 1e300, 1.7e308])
def test_errors_of_any_size_are_drawn(size: float) -> None:
    error = np.array([[size, -size, 0.0], [size / 2, np.inf, -np.nan]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert drawn(output(error)).startswith(PNG)
