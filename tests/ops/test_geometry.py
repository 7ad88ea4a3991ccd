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


def test_a_bool_is_no_number_of_pixels() -> None:
    with pytest.raises(TypeError, match="a whole number or a pair"):
        ops.geometry(3, stride=True)


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize(("kernel", "stride", "pad"), [(2, 2, 0), (3, 2, 1), (2, 3, 1), (3, 1, 1)])
def test_ceil_mode_has_every_window_that_begins_on_the_image_or_before(
    size: int, kernel: int, stride: int, pad: int
) -> None:
    windows, begin = 1, stride - pad
    while begin < size and begin - stride + kernel < size + pad:  # the one before left pixels over
        windows, begin = windows + 1, begin + stride
    found = ops.pool_output_size(size, 7, (kernel, 1), stride, (pad, 0), ceil_mode=True)
    assert found[0] == windows


@pytest.mark.parametrize("size", [1, 2, 5, 8])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
@pytest.mark.parametrize("stride", [1, 2, 3, 5])
def test_same_pooling_has_a_window_for_every_stride(size: int, kernel: int, stride: int) -> None:
    expected = -(-size // stride)
    assert ops.pool_output_size(size, size, kernel, stride, "same") == (expected, expected)


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize(("kernel", "stride", "pad", "dilation"), [(3, 2, 1, 1), (2, 3, 0, 2)])
def test_a_transposed_size_is_one_that_the_convolution_maps_back(
    size: int, kernel: int, stride: int, pad: int, dilation: int
) -> None:
    g = ops.geometry(kernel, stride, pad, dilation)
    for extra in range(stride):
        opened = ops.transposed_size(g, extra, size, size)
        assert g.output_size(*opened) == (size, size)
    assert g.output_size(opened[0] + 1, opened[1]) == (size + 1, size)


@pytest.mark.parametrize(
    ("extra", "message"),
    [(2, "less than the stride"), (-1, "at least 0"), ((0, 2), "less than the stride")],
)
def test_an_output_padding_of_a_stride_is_refused(extra, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ops.transposed_size(ops.geometry(3, stride=2), extra, 4, 4)


def test_a_padding_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"padding .* leaves nothing of an output of 3×3 pixels"):
        ops.transposed_size(ops.geometry(3, padding=2), 0, 1, 1)
