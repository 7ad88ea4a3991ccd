"""What comes in: arrays, lists and tables, and images that lie the wrong way."""

import re
import warnings

import numpy as np
import pytest

from course_nn.data.arrays import as_array, doubt_channels_last


class Frame:
    """What pandas and polars have in common: rows under other names, and `to_numpy`."""

    def __init__(self, rows: object) -> None:
        self.rows = rows

    def to_numpy(self) -> np.ndarray:
        return np.asarray(self.rows)

    def __getitem__(self, index: object) -> None:
        raise KeyError(index)


class Sparse:
    def toarray(self) -> np.ndarray:
        return np.eye(2)


@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float64, complex, "U3"])
def test_an_array_comes_back_as_it_is(dtype) -> None:
    x = np.zeros((2, 3), dtype)
    assert as_array(x, "x") is x


@pytest.mark.parametrize(
    ("x", "found"),
    [
        ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])),
        ((1.5, 2), np.array([1.5, 2.0])),
        (range(3), np.arange(3)),
        (["cat", "dog"], np.array(["cat", "dog"])),
        (Frame([[1, 2]]), np.array([[1, 2]])),
        (Frame(np.array([[1, 0.5], [True, 2]], object)), np.array([[1.0, 0.5], [1.0, 2.0]])),
        ([], np.zeros(0)),
    ],
)
def test_lists_and_tables_become_arrays(x: object, found: np.ndarray) -> None:
    got = as_array(x, "x")
    assert type(got) is np.ndarray
    assert got.dtype == found.dtype
    np.testing.assert_array_equal(got, found)


@pytest.mark.parametrize("value", ["7", b"7", None, [1]], ids=repr)
def test_a_table_that_holds_more_than_numbers_stays_as_it_is(value: object) -> None:
    """Text that looks like a number is no number: what is done with it, its reader says."""
    x = np.empty(2, object)
    x[:] = [1, value]
    found = as_array(x, "x")
    assert found.dtype.kind == ("f" if value is None else "O")
    if value is None:
        assert np.isnan(found[1])


@pytest.mark.parametrize("x", [3, 2.5, "text", {"a": 1}, {1, 2}, None, np.array(3)], ids=repr)
def test_what_has_no_samples_is_refused(x: object) -> None:
    said = f"images is a {type(x).__name__}: expected an array whose first axis counts the samples"
    with pytest.raises(TypeError, match=re.escape(said)):
        as_array(x, "images")


def test_a_sparse_matrix_is_told_the_way_out() -> None:
    with pytest.raises(TypeError, match=r"x is a Sparse, a sparse matrix: give x.toarray\(\)"):
        as_array(Sparse(), "x")


def test_rows_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="labels has rows of different lengths: make them one"):
        as_array([[1], [1, 2]], "labels")


# -- channels --------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_whose_channels_come_last_are_doubted(channels: int) -> None:
    said = (
        f"x (5, 32, 32, {channels}) are images of 32 channels, 32 pixels high and {channels} wide; "
        "if their channels come last, give x.transpose(0, 3, 1, 2)"
    )
    with pytest.warns(UserWarning, match=re.escape(said)):
        doubt_channels_last(np.zeros((5, 32, 32, channels)), "x")


@pytest.mark.parametrize("shape", [(5, 3, 32, 32), (5, 32, 32, 2), (5, 784), (32, 32, 3), (5,)])
def test_no_other_shape_is_doubted(shape: tuple[int, ...]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        doubt_channels_last(np.zeros(shape), "x")


def test_the_warning_points_at_the_call() -> None:
    def batches(x: np.ndarray) -> None:
        doubt_channels_last(x, "x", level=2)

    with pytest.warns(UserWarning, match="channels come last") as caught:
        batches(np.zeros((5, 32, 32, 3)))
    line = batches.__code__.co_firstlineno + 4
    assert (caught[0].filename, caught[0].lineno) == (__file__, line)
