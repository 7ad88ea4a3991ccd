"""How windows lie on an image: what is taken, what is refused, and what size results."""

import re

import numpy as np
import pytest

from course_nn import ops
from course_nn.ops.geometry import UNPADDED


@pytest.mark.parametrize(
    "mode", [{"stride": 0}, {"dilation": 0}, {"padding": -1}, {"padding": ((0, -1), (0, 0))}]
)
def test_numbers_below_their_least_are_refused(mode: dict) -> None:
    with pytest.raises(ValueError, match=re.escape("must be at least 1 and padding at least 0")):
        ops.geometry(3, **mode)


def test_geometry_takes_numbers_pairs_and_sides() -> None:
    assert ops.geometry(3, 2, 1, 2) == ops.geometry((3, 3), (2, 2), ((1, 1), (1, 1)), (2, 2))
    assert ops.geometry(3, padding=(1, 2)).padding == ((1, 1), (2, 2))
    assert ops.geometry(3).padding == UNPADDED
    assert ops.geometry(np.int64(3), np.int32(2)) == ops.geometry(3, 2)
    assert ops.geometry(3, padding=[1, 2]) == ops.geometry(3, padding=(1, 2))
    assert ops.geometry(3, padding=[[1, 0], [2, 3]]).padding == ((1, 0), (2, 3))


@pytest.mark.parametrize(
    "mode", [{"stride": 1.5}, {"padding": "same"}, {"dilation": (1, 2, 3)}, {"padding": (1, 0.5)}]
)
def test_what_is_no_number_of_pixels_is_refused(mode: dict) -> None:
    with pytest.raises(
        TypeError, match=r"a whole number or a pair .*got (1\.5|'same'|\(1, 2, 3\)|0\.5)$"
    ):
        ops.geometry(3, **mode)
