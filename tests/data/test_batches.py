"""Batches, splits, one-hot rows, standardisation and frames, against what they promise."""

import warnings
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_nn import data

sizes = st.integers(1, 30)


def samples(count: int) -> tuple[np.ndarray, np.ndarray]:
    """x and labels that tell which sample they are."""
    return np.arange(2.0 * count).reshape(count, 2), np.arange(count)


# ---- batches


@given(sizes, sizes, st.booleans(), st.booleans())
def test_every_sample_comes_once(count: int, size: int, shuffle: bool, drop_last: bool) -> None:
    size = min(size, count)
    x, labels = samples(count)
    rng = np.random.default_rng(1) if shuffle else None
    parts = list(data.batches(x, labels, size, rng=rng, drop_last=drop_last))
    lengths = [len(xb) for xb, _ in parts]
    rest = [] if drop_last or count % size == 0 else [count % size]
    assert lengths == [size] * (count // size) + rest
    seen = np.concatenate([yb for _, yb in parts])
    assert len(set(seen)) == len(seen)
    for xb, yb in parts:
        np.testing.assert_array_equal(xb, x[yb])


def test_without_a_generator_the_order_is_kept_and_nothing_is_copied() -> None:
    x, labels = samples(7)
    parts = list(data.batches(x, labels, 3))
    np.testing.assert_array_equal(np.concatenate([yb for _, yb in parts]), labels)
    assert all(np.shares_memory(xb, x) and np.shares_memory(yb, labels) for xb, yb in parts)


def test_the_order_follows_the_generator() -> None:
    x, labels = samples(50)

    def order(rng: np.random.Generator) -> list[int]:
        return np.concatenate([yb for _, yb in data.batches(x, labels, 8, rng=rng)]).tolist()

    rng = np.random.default_rng(0)
    first, second = order(rng), order(rng)
    assert first == order(np.random.default_rng(0))
    assert first != second
    assert first != labels.tolist()
    assert sorted(first) == labels.tolist()


def test_shuffled_batches_are_copies_of_the_same_type() -> None:
    x, labels = np.ones((4, 1, 2, 2), np.float32), np.eye(4, dtype=np.float32)
    for xb, yb in data.batches(x, labels, 2, rng=np.random.default_rng(0)):
        assert xb.dtype == yb.dtype == np.float32
        assert xb.shape == (2, 1, 2, 2)
        xb[:] = 0
    assert x.all()


@pytest.mark.parametrize(
    ("count", "labels", "size", "error", "message"),
    [
        (0, 0, 1, ValueError, "is empty"),
        (3, 4, 1, ValueError, "3 samples but labels has 4"),
        (3, 3, 0, ValueError, "batch_size must be at least 1, got 0"),
        (3, 3, -1, ValueError, "batch_size must be at least 1, got -1"),
        (3, 3, 1.5, TypeError, "batch_size must be a whole number, got 1.5"),
    ],
)
def test_wrong_arguments_are_refused_at_the_call(count, labels, size, error, message) -> None:
    with pytest.raises(error, match=message):
        data.batches(np.zeros((count, 2)), np.zeros(labels, int), size)


def test_a_seed_is_not_a_generator() -> None:
    x, labels = samples(3)
    with pytest.raises(TypeError, match=r"rng must be a generator .* np.random.seed has no effect"):
        data.batches(x, labels, 1, rng=0)


@pytest.mark.parametrize("options", [{}, {"batch_size": 4}, {"batch_size": 1000}])
def test_fewer_samples_than_a_batch_are_one_batch(options: dict) -> None:
    x, labels = samples(3)
    ((xb, yb),) = data.batches(x, labels, **options)
    np.testing.assert_array_equal(xb, x)
    np.testing.assert_array_equal(yb, labels)


def test_dropping_the_only_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="drop_last leaves no batch: batch_size is 32, and there"):
        data.batches(*samples(3), drop_last=True)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda x, y: data.split(x, y, 0.5, random_state=0), "give rng=np.random.default_rng"),
        (lambda x, y: data.split(x, y, 0.5), "split needs rng"),
        (lambda x, y: data.batches(x, y, 2, seed=0), "give rng=np.random.default_rng"),
        (lambda x, y: data.augment(x, seed=0), "give rng=np.random.default_rng"),
    ],
)
def test_the_words_of_others_get_ours(call, word) -> None:
    with pytest.raises(TypeError, match=word):
        call(*samples(4))


# ---- split


@given(st.integers(2, 40), st.floats(0.05, 0.95))
def test_a_split_is_a_partition(count: int, fraction: float) -> None:
    held = round(count * fraction)
    x, labels = samples(count)
    rng = np.random.default_rng(0)
    if not 0 < held < count:
        with pytest.raises(ValueError, match="set empty"):
            data.split(x, labels, fraction, rng=rng)
        return
    (x_train, y_train), (x_val, y_val) = data.split(x, labels, fraction, rng=rng)
    assert len(x_val) == len(y_val) == held
    assert sorted([*y_train, *y_val]) == labels.tolist()
    np.testing.assert_array_equal(x_train, x[y_train])
    np.testing.assert_array_equal(x_val, x[y_val])


def test_a_split_is_drawn_and_repeatable() -> None:
    x, labels = samples(60)

    def chosen(seed: int) -> list[int]:
        return data.split(x, labels, 0.5, rng=np.random.default_rng(seed))[1][1].tolist()

    assert chosen(0) == chosen(0)
    assert set(chosen(0)) != set(chosen(1))
    assert set(chosen(0)) != set(range(30))


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 2, float("nan")])
def test_a_split_needs_two_parts(fraction: float) -> None:
    with pytest.raises(ValueError, match=r"set empty|fraction must be in .*, got nan"):
        data.split(*samples(10), fraction, rng=np.random.default_rng(0))


def test_a_split_checks_what_it_is_given() -> None:
    with pytest.raises(ValueError, match="2 samples but labels has 3"):
        data.split(np.zeros((2, 1)), np.zeros(3), 0.5, rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match="rng must be a generator"):
        data.split(*samples(10), 0.5, rng=np.random)
    with pytest.raises(TypeError, match="fraction must be a number, got '20%'"):
        data.split(*samples(10), "20%", rng=np.random.default_rng(0))


# ---- one-hot


@given(st.lists(st.integers(0, 6), max_size=20))
def test_one_hot_has_a_single_one_at_the_label(labels: list[int]) -> None:
    hot = data.one_hot(np.array(labels, np.int64), 7)
    assert hot.shape == (len(labels), 7)
    assert hot.dtype == np.float32
    np.testing.assert_array_equal(hot.sum(axis=1), np.ones(len(labels)))
    assert [row.argmax() for row in hot] == labels


@pytest.mark.parametrize("dtype", ["u1", "i4", "i8"])
def test_one_hot_takes_any_integers_and_gives_the_type_asked_for(dtype: str) -> None:
    hot = data.one_hot(np.array([1, 0], dtype), 2, dtype=np.float64)
    assert hot.dtype == np.float64
    np.testing.assert_array_equal(hot, [[0, 1], [1, 0]])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 3], "label 3 of sample 1 is out of range: 3 classes are 0 to 2"),
        ([0, 1, -1], "label -1 of sample 2"),
        ([0.0, 1.0], "labels must be integers, got float64"),
        ([True, False], "got bool"),
        ([[0], [1]], r"shape \(2, 1\)"),
    ],
)
def test_one_hot_refuses_what_is_no_class(labels, message) -> None:
    with pytest.raises(ValueError, match=message):
        data.one_hot(np.array(labels), 3)


# ---- standardisation


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3000, 3, 4, 5), (3000, 6)])
def test_the_training_set_gets_zero_mean_and_unit_spread(shape, dtype) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(5, 3, shape).astype(dtype)
    before = x.copy()
    (y,) = data.normalize(x)
    axes = (0, *range(2, x.ndim))
    assert y.dtype == dtype
    assert y.shape == shape
    np.testing.assert_allclose(y.mean(axis=axes, dtype=np.float64), 0, atol=1e-6)
    np.testing.assert_allclose(y.std(axis=axes, dtype=np.float64), 1, atol=1e-6)
    np.testing.assert_array_equal(x, before)


def test_the_numbers_are_numpys() -> None:
    x = np.random.default_rng(0).normal(2, 4, (2500, 2, 3, 3))
    standardize = data.Standardize(x)
    np.testing.assert_allclose(standardize.mean, x.mean(axis=(0, 2, 3), keepdims=True))
    np.testing.assert_allclose(standardize.std, x.std(axis=(0, 2, 3), keepdims=True))
    assert standardize.mean.shape == standardize.std.shape == (1, 2, 1, 1)


def test_the_test_set_is_measured_by_the_training_set() -> None:
    rng = np.random.default_rng(0)
    x_train, x_test = rng.normal(0, 1, (50, 2)), rng.normal(9, 5, (20, 2))
    _, y_test = data.normalize(x_train, x_test)
    expected = (x_test - x_train.mean(axis=0)) / x_train.std(axis=0)
    np.testing.assert_allclose(y_test, expected)
    assert abs(y_test.mean()) > 5


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_channel_that_never_varies_becomes_zero(value: float, dtype: type) -> None:
    x = np.full((1000, 2), value, dtype)
    x[:, 1] = np.arange(1000)
    (y,) = data.normalize(x)
    np.testing.assert_allclose(y[:, 0], 0, atol=1e-6 * max(value, 1))
    np.testing.assert_allclose(y[:, 1].std(), 1, rtol=1e-5)


def test_standardisation_refuses_what_it_cannot_measure() -> None:
    with pytest.raises(TypeError, match="x must hold numbers of float32 or float64, got <U1"):
        data.normalize(np.array([["a", "b"]]))
    with pytest.raises(ValueError, match=r"\(3, 4, 4\): expected .* without channels are x\[:, No"):
        data.normalize(np.zeros((3, 4, 4)))
    with pytest.raises(ValueError, match=r"shape \(0, 2\)"):
        data.normalize(np.zeros((0, 2)))
    with pytest.raises(ValueError, match=r"shape \(5,\)"):
        data.normalize(np.zeros(5))
    with pytest.raises(ValueError, match="NaN or infinity"):
        data.normalize(np.array([[1.0], [np.nan]]))
    standardize = data.Standardize(np.eye(3))
    with pytest.raises(ValueError, match=r"x has shape \(2, 4\)"):
        standardize(np.zeros((2, 4)))
    with pytest.raises(TypeError, match="got complex128"):
        standardize(np.zeros((2, 3), complex))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool])
def test_whole_numbers_are_measured_in_float64(dtype: type) -> None:
    x = np.array([[0, 1], [1, 1], [1, 0]], dtype)
    (y,) = data.normalize(x)
    assert y.dtype == np.float64
    np.testing.assert_allclose(y, data.normalize(x.astype(float))[0])


# ---- tables and lists


class Table:
    """A table as pandas has it: rows by iloc, square brackets by column or by the index."""

    def __init__(self, values: np.ndarray, index: np.ndarray) -> None:
        self.values, self.index = values, index

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, key: object) -> object:
        if isinstance(key, slice):
            return Table(self.values[key], self.index[key])
        if self.values.ndim == 2:
            raise KeyError(f"None of {key} are in the columns")
        rows = [list(self.index).index(k) for k in np.atleast_1d(key)]  # by label, not by place
        return Table(self.values[rows], self.index[rows])

    def to_numpy(self) -> np.ndarray:
        return self.values


TABLES = {
    "lists": lambda a: a.tolist(),
    "tables": lambda a: Table(a, np.arange(len(a))[::-1]),  # an index that runs the other way
    "tables of objects": lambda a: Table(a.astype(object), np.arange(len(a))),
}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("shuffle", [False, True])
def test_tables_and_lists_become_batches(kind: str, shuffle: bool) -> None:
    x, labels = samples(10)
    rng = np.random.default_rng(0) if shuffle else None
    for xb, yb in data.batches(TABLES[kind](x), TABLES[kind](labels), 4, rng=rng):
        assert isinstance(xb, np.ndarray)
        assert isinstance(yb, np.ndarray)
        np.testing.assert_array_equal(xb, x[yb.astype(int)])


@pytest.mark.parametrize("kind", TABLES)
def test_tables_and_lists_are_split_row_by_row(kind: str) -> None:
    x, labels = samples(10)
    rng = np.random.default_rng(0)
    parts = data.split(TABLES[kind](x), TABLES[kind](labels), 0.3, rng=rng)
    for part in parts:
        np.testing.assert_array_equal(part[0], x[part[1].astype(int)])
    assert [len(part[1]) for part in parts] == [7, 3]


@pytest.mark.parametrize("kind", TABLES)
def test_tables_and_lists_are_standardised(kind: str) -> None:
    x, _ = samples(10)
    for found in data.normalize(TABLES[kind](x), TABLES[kind](x)):
        np.testing.assert_allclose(found, data.normalize(x)[0])


def test_a_table_of_mixed_columns_is_one_of_numbers() -> None:
    mixed = Table(np.array([[1, True], [2.5, False]], object), np.arange(2))
    (y,) = data.normalize(mixed)
    np.testing.assert_allclose(y, [[-1, 1], [1, -1]])


def test_text_is_split_as_it_is_and_never_read_as_numbers() -> None:
    words = Table(np.array([["1", 2.0], ["3", 4.0]], object), np.arange(2))
    (x, _), _ = data.split(words, ["a", "b"], 0.5, rng=np.random.default_rng(0))
    assert x.dtype == object
    with pytest.raises(TypeError, match="x must hold numbers of float32 or float64"):
        data.normalize(words)


def test_a_missing_value_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN or infinity"):
        data.normalize(Table(np.array([[1.0, None], [2.0, 3.0]], object), np.arange(2)))


class Sparse:
    """What SciPy's sparse matrices are to us."""

    def toarray(self) -> np.ndarray:
        return np.eye(3)


@pytest.mark.parametrize(
    ("x", "why"),
    [
        (Sparse(), r"x is a Sparse, a sparse matrix: give x.toarray\(\)"),
        (5, "x is a int: expected an array whose first axis counts the samples"),
        ("text", "x is a str: expected an array"),
        ({"a": [1, 2]}, "x is a dict: expected an array"),
        (None, "x is a NoneType: expected an array"),
        ([[1, 2], [3]], "x has rows of different lengths"),
    ],
)
def test_what_has_no_samples_is_refused(x, why: str) -> None:
    for call in (
        lambda: data.batches(x, [0, 1]),
        lambda: data.split(x, [0, 1], 0.5, rng=np.random.default_rng(0)),
        lambda: data.normalize(x),
    ):
        with pytest.raises((TypeError, ValueError), match=why):
            call()


# ---- channels that come last

LAST = np.random.default_rng(0).random((6, 8, 8, 3))


@pytest.mark.parametrize(
    "call",
    [
        data.normalize,
        lambda x: data.pad(x, 1),
        lambda x: data.augment(x, rng=np.random.default_rng(0)),
        data.warp,
    ],
    ids=["normalize", "pad", "augment", "warp"],
)
def test_channels_last_are_doubted(call) -> None:
    with pytest.warns(UserWarning, match=r"\(6, 8, 8, 3\) are images of 8 channels, 8 pixels high"):
        call(LAST)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        call(LAST.transpose(0, 3, 1, 2))


# ---- frames


def test_a_frame_of_two_pixels() -> None:
    x = np.random.default_rng(0).random((2, 1, 28, 28), dtype=np.float32)
    y = data.pad(x, 2)
    assert y.shape == (2, 1, 32, 32)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y[:, :, 2:-2, 2:-2], x)
    np.testing.assert_allclose(y.sum(), x.sum(), rtol=1e-5)


def test_a_frame_of_its_own_width_and_value() -> None:
    y = data.pad(np.zeros((1, 1, 2, 2)), (1, 3), value=7)
    assert y.shape == (1, 1, 4, 8)
    assert y.sum() == 7 * (4 * 8 - 2 * 2)


@pytest.mark.parametrize(("shape", "margin"), [((4,), 1), ((1, 1, 2, 2), -1), ((2, 2), (0, -1))])
def test_a_frame_that_makes_no_sense(shape, margin) -> None:
    with pytest.raises(ValueError, match="cannot frame"):
        data.pad(np.zeros(shape), margin)


# ---- on the GPU


def test_images_may_lie_on_the_gpu_and_labels_on_the_cpu(gpu: ModuleType) -> None:
    x, labels = samples(20)
    for xb, yb in data.batches(gpu.asarray(x), labels, 8, rng=np.random.default_rng(0)):
        np.testing.assert_array_equal(xb.get(), x[yb])
    _, (x_val, y_val) = data.split(gpu.asarray(x), labels, 0.3, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(x_val.get(), x[y_val])
    (y,) = data.normalize(gpu.asarray(x))
    np.testing.assert_allclose(y.get(), data.normalize(x)[0])
    hot = data.one_hot(gpu.asarray(labels), 20)
    np.testing.assert_array_equal(hot.get(), np.eye(20))
    assert data.pad(gpu.ones((1, 1, 2, 2)), 1).sum() == 4
