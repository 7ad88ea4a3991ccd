"""The door: data as they come, admitted or refused in one sentence that says what to do."""

import re

import numpy as np
import pytest

import course_nn as nn
from course_nn import door

F32 = np.dtype("float32")
IMAGE = (3, 8, 8)


class Tensor:
    """What PyTorch gives where it records a history: it will not become an array."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


def admit(x, shape=IMAGE):
    return door.admit(x, shape, F32, np)


class Table:
    """What pandas gives: not an array, but one can be made of it."""

    def __init__(self, values, index=()) -> None:
        self.values = np.asarray(values)

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)

    def __getitem__(self, key):
        raise KeyError("a table is asked for its columns")

    def __len__(self) -> int:
        return len(self.values)


# -- kinds


@pytest.mark.parametrize(
    "x",
    [
        [[1, 2], [3, 4]],
        ((1, 2), (3, 4)),
        np.array([[1, 2], [3, 4]], np.uint8),
        np.array([[1, 2], [3, 4]], np.float16),
        np.array([[1, 2], [3, 4]], ">f8"),
        np.ma.array([[1, 2], [3, 4]]),
        Table([[1, 2], [3, 4]]),
        Table([[1.0, 2.0], [3.0, 4.0]]),
    ],
)
def test_numbers_are_welcome_in_any_form(x):
    found = admit(x, (2,))
    assert type(found) is np.ndarray
    assert found.dtype == F32
    np.testing.assert_array_equal(found, [[1, 2], [3, 4]])


def test_what_fits_is_not_copied():
    x = np.ones((2, *IMAGE), np.float32)
    assert admit(x) is x


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([["1", "2"]], "x must hold real numbers, got text (<U1): give each word a number"),
        (np.array([[b"a", b"b"]]), "got text (|S1): give each word a number"),
        (np.ones((2, 2)) + 1j, "got complex128: convert it first"),
        (np.array([["2024-01-01"] * 2], "M8"), "got datetime64[D]: convert it first"),
        ([[1, 2], [3]], "got a ragged list: make its rows of one length"),
        (np.array([[1, None]]), "got objects: convert them, x.astype(float)"),
        (Table(np.array([[1.5, True]], object)), "got objects: convert them, x.astype(float)"),
        (
            Table(np.array([[1.5, "red"]], object)),
            "got text among objects: give each word a number",
        ),
        (None, "got a NoneType: give it an array"),
        (iter([[1, 2]]), "got a list_iterator: give it an array"),
        ({"a": 1}, "got a dict: give it an array"),
        (np.ma.array([[1, 2]], mask=[[0, 1]]), "x is masked, and a mask would be lost: fill it"),
        ([[1.0, 1e39]], "x holds numbers beyond float32, up to 1e+39: scale them down"),
        (Tensor(), "x cannot become an array: Can't call numpy() on Tensor that requires grad"),
    ],
)
def test_what_is_no_number_is_refused_with_what_to_do(x, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        admit(x, (2,))
    assert "\n" not in str(caught.value)


def test_a_sparse_matrix_is_told_how_to_become_an_array():
    sparse = pytest.importorskip("scipy.sparse").csr_matrix(np.eye(2))
    with pytest.raises(ValueError, match=r"got a csr_matrix: use x\.toarray\(\)"):
        admit(sparse, (2,))


# -- shapes


SHAPES = {
    "channels last": ((5, 8, 8, 3), IMAGE, "use x.transpose(0, 3, 1, 2)"),
    "one image, channels last": ((8, 8, 3), IMAGE, "use x.transpose(2, 0, 1)[None]"),
    "one image": (IMAGE, IMAGE, "use x[None]"),
    "one vector": ((3,), (3,), "use x[None]"),
    "no channel axis": ((5, 8, 8), (1, 8, 8), "use x[:, None]"),
    "one image, no channel axis": ((8, 8), (1, 8, 8), "use x[None, None]"),
    "images for a dense layer": ((5, 1, 8, 8), (64,), "use x.reshape(len(x), -1)"),
    "flat images": ((5, 64), (1, 8, 8), "use x.reshape(-1, 1, 8, 8) if their order is (C, H, W)"),
    "others": ((5, 9), (8,), "give it samples of that shape, or build the model for these"),
    "a number": ((), (8,), "give it samples of that shape"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_another_shape_is_refused_with_the_likely_fix(name):
    got, wanted, fix = SHAPES[name]
    x = np.random.default_rng(0).random(got)
    with pytest.raises(nn.ShapeError, match=re.escape(fix)) as caught:
        admit(x, wanted)
    assert f"built for samples of shape {wanted}, but x is {got}" in str(caught.value)
    code = fix.removeprefix("use ").split(" if ")[0]
    if code.startswith("x"):  # the advice is followed, and works
        mended = eval(code, {"x": x})
        assert admit(mended, wanted).shape[1:] == wanted


def test_channels_last_keeps_its_pixels():
    """The advice puts each channel in its plane; a reshape would not."""
    x = np.zeros((2, 8, 8, 3))
    x[..., 1] = 1
    assert admit(x.transpose(0, 3, 1, 2))[:, 1].all()


def test_no_sample_is_refused():
    with pytest.raises(ValueError, match="x holds no sample; a batch needs at least one"):
        admit(np.zeros((0, *IMAGE)))


# -- labels and weights


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["cat", "dog"], "names, labels = np.unique(labels, return_inverse=True)"),
        (Table(np.array(["cat", "dog"], object)), "got text among objects: number the classes"),
        ([0, 1, 1], "2 samples, but 3 labels; each sample needs one"),
        (1, "2 samples, but 0 labels"),
        (None, "labels must hold real numbers, got a NoneType"),
        ([0.0, np.nan], "the label of sample 1 is NaN or ±∞"),
        ([[0, 1], [1]], "got a ragged list"),
    ],
)
def test_labels_that_are_none_are_refused_with_what_to_do(labels, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        door.admit_pair(np.ones((2, 3)), labels, (3,), F32, np)


def test_labels_in_any_form():
    for labels in ([0, 1], (0, 1), [False, True], np.array([0, 1], np.uint8), Table([0, 1])):
        _, found = door.admit_pair(np.ones((2, 3)), labels, (3,), F32, np)
        assert found.dtype.kind in "iu"
        assert found.tolist() == [0, 1]


def test_a_sample_that_is_not_finite_is_named():
    x = np.ones((3, 3))
    x[1, 2] = np.inf
    with pytest.raises(ValueError, match="sample 1 of x holds NaN or ±∞"):
        door.admit_pair(x, [0, 1, 1], (3,), F32, np)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 2, 3], "must be (2,), a number for each sample, got (3,)"),
        ([[1], [2]], "must be (2,), a number for each sample, got (2, 1)"),
        (1.0, "must be (2,), a number for each sample, got ()"),
        ([1, -1], "not negative and not all 0, got from -1 to 1"),
        ([0, 0], "not negative and not all 0, got from 0 to 0"),
        ([1, np.nan], "must be finite numbers"),
        (["1", "2"], "sample_weights must hold real numbers, got text"),
    ],
)
def test_weights_that_cannot_be_are_refused(weights, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        door.admit_weights(weights, 2, F32, np)


def test_no_weights_are_none():
    assert door.admit_weights(None, 2, F32, np) is None


# -- pixels


def test_pixels_as_they_come_are_noticed():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (5, 1, 4, 4))
    assert "train on x / 255" in door.pixels_as_they_come(pixels)
    assert "train on x / 255" in door.pixels_as_they_come(pixels.astype(np.float32))
    for fine in (
        pixels / 255,
        pixels * 100,
        pixels - 128,
        pixels / 100,
        pixels % 16,
        pixels[:, 0, 0],
    ):
        assert door.pixels_as_they_come(fine) == ""


def test_a_doubt_points_at_the_callers_line() -> None:
    model = nn.Sequential([nn.Flatten(), nn.Dense(2)])
    with pytest.warns(UserWarning, match="channels") as heard:
        model.build((32, 32, 3), rng=np.random.default_rng(0))
    assert heard[0].filename == __file__
    model.build((1, 8, 8), rng=np.random.default_rng(0), redraw=True)
    with pytest.warns(UserWarning, match="x / 255") as heard:
        model.fit(
            np.full((2, 1, 8, 8), 200),
            [0, 1],
            loss=nn.SoftmaxCrossEntropy(),
            optimizer=nn.SGD(1e-6),
            progress=False,
        )
    assert heard[0].filename == __file__
