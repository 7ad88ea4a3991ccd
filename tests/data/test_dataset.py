"""The shape of a data set, and its two failures."""

import pickle

import numpy as np
import pytest

from course_nn import data
from course_nn.data.dataset import DataCorrupt, DataNotFound, Dataset


def test_a_data_set_is_four_arrays_with_names() -> None:
    arrays = [
        np.zeros((n, 1, 2, 2)) if i % 2 == 0 else np.zeros(n) for i, n in enumerate((3, 3, 1, 1))
    ]
    dataset = Dataset(*arrays)
    x_train, y_train, x_test, y_test = dataset
    assert dataset._fields == ("x_train", "y_train", "x_test", "y_test")
    for found, field, given in zip(
        (x_train, y_train, x_test, y_test), dataset._fields, arrays, strict=True
    ):
        assert found is getattr(dataset, field) is given
    assert repr(dataset).startswith("Dataset(x_train=array(")


def test_a_data_set_cannot_be_changed_by_name() -> None:
    with pytest.raises(AttributeError):
        Dataset(1, 2, 3, 4).x_train = 5


def test_a_data_set_survives_pickling() -> None:
    twin = pickle.loads(pickle.dumps(data.digits()))
    assert type(twin) is Dataset
    for a, b in zip(twin, data.digits(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_every_source_gives_one() -> None:
    assert type(data.digits()) is Dataset
    assert data.Dataset is Dataset


def test_missing_and_damaged_are_told_apart() -> None:
    """Who catches a file that is not there must not hide one that is damaged."""
    assert issubclass(DataNotFound, FileNotFoundError)
    assert issubclass(DataCorrupt, ValueError)
    assert not issubclass(DataCorrupt, OSError)
    assert not issubclass(DataNotFound, ValueError)
    assert (data.DataNotFound, data.DataCorrupt) == (DataNotFound, DataCorrupt)
