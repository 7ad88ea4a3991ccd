"""The embedded digits: their promise of shapes, and scikit-learn's own bytes."""

import hashlib
import io
import socket
from importlib.resources import files

import numpy as np
import pytest

from course_nn import data

SHA256_OF_DIGITS_CSV = "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8"


def test_shapes_types_and_range() -> None:
    x_train, y_train, x_test, y_test = data.digits()
    assert x_train.shape == (1442, 1, 8, 8)
    assert x_test.shape == (355, 1, 8, 8)
    assert y_train.shape == (1442,)
    assert y_test.shape == (355,)
    assert x_train.dtype == x_test.dtype == np.float32
    assert y_train.dtype == y_test.dtype == np.int64
    for x in (x_train, x_test):
        assert x.min() == 0
        assert x.max() == 1
        assert x.flags.c_contiguous


def test_the_split_is_stratified() -> None:
    digits = data.digits()
    train, test = np.bincount(digits.y_train), np.bincount(digits.y_test)
    assert len(train) == len(test) == 10
    np.testing.assert_array_equal(test, (train + test) // 5)


@pytest.fixture
def stored() -> tuple[np.ndarray, np.ndarray]:
    """Images and labels as the package's file holds them."""
    with np.load(files("course_nn.data") / "digits.npz") as file:
        return file["images"], file["labels"]


def test_the_file_is_scikit_learns_byte_for_byte(stored) -> None:
    """Written as scikit-learn writes it, it has the SHA-256 of its `digits.csv` (unpacked)."""
    images, labels = stored
    table = io.BytesIO()
    np.savetxt(table, np.column_stack([images.reshape(-1, 64), labels]), "%d", delimiter=",")
    assert hashlib.sha256(table.getvalue()).hexdigest() == SHA256_OF_DIGITS_CSV


def test_every_fifth_of_each_class_is_a_test_image(stored) -> None:
    images, labels = stored
    digits = data.digits()
    for k in range(10):
        of_class = images[labels == k].reshape(-1, 1, 8, 8) / 16
        kept = [i for i in range(len(of_class)) if i % 5 != 4]
        np.testing.assert_array_equal(digits.x_test[digits.y_test == k], of_class[4::5])
        np.testing.assert_array_equal(digits.x_train[digits.y_train == k], of_class[kept])


def test_no_image_is_in_both_parts() -> None:
    digits = data.digits()
    train, test = ({x.tobytes() for x in part} for part in (digits.x_train, digits.x_test))
    assert len(train) == 1442
    assert len(test) == 355
    assert not train & test


def test_the_nearest_neighbour_reads_them() -> None:
    """The labels belong to the images: 1-nearest-neighbour is right on more than 95 %."""
    digits = data.digits()
    train, test = (x.reshape(len(x), -1) for x in (digits.x_train, digits.x_test))
    distance = (train**2).sum(axis=1) - 2 * test @ train.T
    accuracy = (digits.y_train[distance.argmin(axis=1)] == digits.y_test).mean()
    assert accuracy > 0.95


def test_every_call_gives_fresh_arrays() -> None:
    first = data.digits()
    first.x_train[:] = -1
    assert data.digits().x_train.min() == 0


def test_no_network_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", None)
    assert len(data.digits().x_train) == 1442
