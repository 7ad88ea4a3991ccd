"""Where windows lie: counted by walking over the image, and against the fast ops' geometry."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_nn import ops
from course_nn.reference.windows import Windows, both

PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))
SIDES = st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * 2)


@st.composite
def cases(draw) -> tuple[Windows, np.ndarray]:
    """Windows, and an image (2, 1, H, W) into which at least one fits."""
    windows = Windows.of(draw(PAIRS), draw(PAIRS), draw(SIDES), draw(PAIRS))
    size = [
        max(1, span - sum(sides)) + draw(st.integers(0, 4))
        for span, sides in zip(windows.span(), windows.padding, strict=True)
    ]
    return windows, np.random.default_rng(draw(st.integers(0, 9))).standard_normal((2, 1, *size))


@given(cases())
def test_the_grid_is_counted_by_walking(case: tuple[Windows, np.ndarray]) -> None:
    """A start counts if the window's last pixel still lies on the padded image."""
    windows, x = case
    padded = windows.pad(x)
    counted = []
    for axis in (0, 1):
        last = (windows.kernel[axis] - 1) * windows.dilation[axis]
        starts = range(0, padded.shape[2 + axis], windows.stride[axis])
        counted.append(sum(start + last < padded.shape[2 + axis] for start in starts))
    assert windows.grid(padded) == tuple(counted)


@given(cases())
def test_the_fast_geometry_agrees(case: tuple[Windows, np.ndarray]) -> None:
    windows, x = case
    fast = ops.geometry(windows.kernel, windows.stride, windows.padding, windows.dilation)
    assert fast.output_size(*x.shape[2:]) == windows.grid(windows.pad(x))


@given(cases())
def test_a_window_is_its_pixels(case: tuple[Windows, np.ndarray]) -> None:
    windows, x = case
    padded = windows.pad(x)
    down, across = windows.grid(padded)
    for i in range(down):
        for j in range(across):
            seen = padded[(slice(None), slice(None), *windows.window(i, j))]
            assert seen.shape[2:] == windows.kernel
            for r, s in np.ndindex(windows.kernel):
                row, column = windows.pixel(i, j, r, s)
                np.testing.assert_array_equal(seen[..., r, s], padded[..., row, column])


@given(cases())
def test_crop_undoes_pad(case: tuple[Windows, np.ndarray]) -> None:
    windows, x = case
    framed = windows.pad(x, fill=np.nan)
    np.testing.assert_array_equal(windows.crop(framed), x)
    assert np.isnan(framed).sum() == framed.size - x.size


def test_a_frame_by_hand() -> None:
    framed = Windows.of(1, padding=((1, 0), (0, 2))).pad(np.ones((1, 1, 1, 1)), fill=-1.0)
    assert framed[0, 0].tolist() == [[-1, -1, -1], [1, -1, -1]]


def test_a_kernel_with_gaps_spans_more_than_it_sees() -> None:
    windows = Windows.of((3, 2), dilation=(2, 3))
    assert windows.span() == (5, 4)
    seen = np.arange(30).reshape(1, 1, 5, 6)[(0, 0, *windows.window(0, 1))]
    assert seen.tolist() == [[1, 4], [13, 16], [25, 28]]


def test_numbers_stand_for_pairs() -> None:
    assert Windows.of(3, 2, 1, 1) == Windows((3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1))
    assert Windows.of((3, 1), (2, 1), (1, 0)) == Windows((3, 1), (2, 1), ((1, 1), (0, 0)), (1, 1))
    assert Windows.of(2, padding=((1, 2), 3)).padding == ((1, 2), (3, 3))
    assert both([1, 2]) == (1, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kernel": 0},
        {"kernel": (3, 0)},
        {"kernel": 3, "stride": (0, 1)},
        {"kernel": 3, "dilation": (1, 0)},
        {"kernel": 3, "padding": -1},
        {"kernel": 3, "padding": ((0, 0), (0, -1))},
    ],
)
def test_windows_that_cannot_be_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match="at least 1 and padding at least 0, got Windows"):
        Windows.of(**wrong)


@pytest.mark.parametrize(("size", "span"), [((4, 9), (5, 5)), ((9, 4), (5, 5))])
def test_an_image_into_which_none_fits_is_refused(size: tuple[int, int], span: tuple) -> None:
    said = f"a window spanning {span} pixels does not fit into a padded image of {size} pixels"
    with pytest.raises(ValueError, match=re.escape(said)):
        Windows.of(3, dilation=2).grid(np.zeros((1, 1, *size)))
