"""Where windows lie: the sizes, the index of a window's pixels, and padding undone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_nn.plain.windows import crop, grid, pad, pixels, sides
from course_nn.reference.windows import Windows

SMALL = st.tuples(st.integers(1, 3), st.integers(1, 3))
PADDING = st.one_of(
    st.integers(0, 2),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
    st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * 2),
)


@given(kernel=SMALL, stride=SMALL, dilation=SMALL, padding=PADDING)
def test_windows_lie_where_the_oracles_do(
    kernel: tuple, stride: tuple, dilation: tuple, padding: int | tuple
) -> None:
    x = np.arange(63.0).reshape(1, 1, 7, 9)
    oracle = Windows.of(kernel, stride, padding, dilation)
    padded = pad(x, padding)
    np.testing.assert_array_equal(padded, oracle.pad(x))
    OH, OW = grid(padded, kernel, stride, dilation)
    assert oracle.grid(padded) == (OH, OW)
    for i, j in np.ndindex(OH, OW):
        found = padded[pixels(i, j, kernel, stride, dilation)]
        np.testing.assert_array_equal(found, padded[(..., *oracle.window(i, j))])
        assert found.shape == (1, 1, *kernel)


@given(padding=PADDING)
def test_cropping_undoes_padding(padding: int | tuple) -> None:
    x = np.arange(40.0).reshape(2, 1, 4, 5)
    np.testing.assert_array_equal(crop(pad(x, padding, fill=np.nan), padding), x)
    assert sides(sides(padding)) == sides(padding)


def test_a_window_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        grid(np.zeros((1, 1, 3, 5)), (2, 2), (1, 1), (3, 1))
