"""The picture of an error: its sign, any number of axes; nothing where there is nothing."""

import struct

import numpy as np
import pytest

from course_nn.exercises.compare import Comparison, Output
from course_nn.exercises.heatmap import drawn, of

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


@pytest.mark.parametrize("error", [np.ones(0), np.ones(1), np.float64(3), np.ones(3)])
def test_where_there_is_little_to_see_nothing_is_drawn(error) -> None:
    assert of(Comparison({}, "outputs", "", (output(error),))) == ""
    assert of(None) == ""
    assert of(Comparison({}, "call", "no")) == ""
