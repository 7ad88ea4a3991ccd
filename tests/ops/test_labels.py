"""Labels, targets and weights: what fits a loss, and what is said of what does not."""

import re

import numpy as np
import pytest

from course_nn.ops import labels as of

EYE = np.eye(3, dtype=int)[:2]
SOFT = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])


def refused(message: str):
    return pytest.raises(ValueError, match=re.escape(message))


# -- classes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, np.uint64])
@pytest.mark.parametrize("wanted", ["float32", np.float64])
def test_one_hot_rows_are_those_of_the_identity(dtype, wanted) -> None:
    labels = np.array([2, 0, 3, 3], dtype)
    found = of.one_hot(labels, 4, wanted)
    assert found.dtype == wanted
    np.testing.assert_array_equal(found, np.eye(4)[labels])


def test_one_hot_of_a_list_and_of_nothing() -> None:
    assert of.one_hot([1], 2).tolist() == [[0, 1]]
    assert of.one_hot(np.zeros(0, int), 2).shape == (0, 2)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 3, -1], "label 3 of sample 1 is out of range: 3 classes are 0 to 2"),
        ([0, -1], "label -1 of sample 1 is out of range"),
        ([1, 3, 2], "3 classes are 0 to 2; classes count from 0: write labels - 1"),
        ([[0], [1]], "labels have shape (2, 1), expected (2,): write np.ravel(labels)"),
        ([[0, 1]], "labels have shape (1, 2), expected (N,)"),
        ([0.0, 1.0], "labels must be integers, got float64: write labels.astype(int)"),
        ([True, False], "labels must be integers, got bool: write labels.astype(int)"),
        ([0.5, 1.0], "got fractions or NaN: for numbers use MeanSquaredError"),
        ([np.nan, 1.0], "got fractions or NaN"),
        (["cat", "dog"], "labels = np.unique(labels, return_inverse=True)"),
        ([[0], [0, 1]], "labels must be an array, or rows of the same length"),
    ],
)
def test_what_is_no_class_is_refused(labels, message: str) -> None:
    with refused(message):
        of.one_hot(labels, 3)


@pytest.mark.parametrize("labels", [[1, 4], [0, 3], [3, 0, 1]])
def test_labels_from_one_are_suspected_only_where_all_say_so(labels: list[int]) -> None:
    with refused("is out of range: 3 classes are 0 to 2") as caught:
        of.one_hot(labels, 3)
    assert "count from 0" not in str(caught.value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_targets_have_the_output_s_dtype(dtype) -> None:
    output = np.zeros((2, 3), dtype)
    for labels, rows in (([2, 0], np.eye(3)[[2, 0]]), (SOFT, SOFT), (EYE, EYE)):
        found = of.targets_like(output, labels)
        assert found.dtype == dtype
        np.testing.assert_allclose(found, rows, rtol=1e-6)


@pytest.mark.parametrize("index", [-100, 1, 255])
def test_a_label_to_ignore_is_a_row_of_zeros_or_its_class_is_left_to_the_loss(index: int) -> None:
    found = of.targets_like(np.zeros((3, 3)), [0, index, 2], ignore_index=index)
    np.testing.assert_array_equal(found[[0, 2]], np.eye(3)[[0, 2]])
    assert of.class_labels([0, index, 2], (3, 3), index).tolist() == [0, index, 2]
    with refused(f"label {index + 300} of sample 2 is out of range"):
        of.class_labels([0, index, index + 300], (3, 3), index)


@pytest.mark.parametrize(
    ("labels", "shape", "message"),
    [
        ([0, 1], (3, 3), "there must be a label for every sample, got 2 labels for 3 samples"),
        ([0], (1,), "a loss over classes needs scores of shape (N, K), got (1,)"),
        ([0], (1, 2, 2), "got (1, 2, 2); is a Flatten missing?"),
        ([0], (1, 1), "use BinaryCrossEntropy with one score, or give two, as Dense(2)"),
        ([], (0, 3), "a mean needs one sample or more, got a batch of shape (0, 3)"),
        ([[0.5, 0.6, 0]], (1, 3), "the labels of sample 0 go from 0 to 0.6 with sum 1.1"),
        ([[1, 0, 0], [2, -1, 0]], (2, 3), "the labels of sample 1 go from -1 to 2 with sum 1;"),
        ([[1, 0, 0], [np.nan, 0, 0]], (2, 3), "the labels of sample 1 go from nan"),
        ([[1, 0], [0, 1]], (2, 3), "labels have shape (2, 2), expected (2,) of integers, or (2, 3"),
    ],
)
def test_labels_that_do_not_fit_the_scores_are_refused(labels, shape, message: str) -> None:
    with refused(message):
        of.class_labels(labels, shape)


def test_shares_may_miss_the_sum_of_one_by_rounding_alone() -> None:
    assert of.class_labels([[0.333, 0.333, 0.333]], (1, 3)).shape == (1, 3)
    with refused("with sum 0.98"):
        of.class_labels([[0.98, 0, 0]], (1, 3))


def test_rows_have_no_label_to_ignore() -> None:
    with refused("ignore_index is for integer labels (N,), and these are rows (N, K)"):
        of.class_labels(SOFT, (2, 3), ignore_index=0)


# -- numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("targets", "options", "message"),
    [
        ([1, 2], {}, "targets have shape (2,), expected (2, 1), the output's: write targets[:, N"),
        ([[1, 2]], {}, "targets have shape (1, 2), expected (2, 1), the output's"),
        ([[1], [np.nan]], {}, "targets must be finite numbers, but hold NaN or ±∞"),
        ([[1], [np.inf]], {"shares": True}, "targets must be finite numbers"),
        ([[0.5], [1.5]], {"shares": True}, "targets must lie in [0, 1], got 0.5 to 1.5"),
        ([[0.5], [-0.5]], {"shares": True}, "targets must lie in [0, 1], got -0.5 to 0.5"),
    ],
)
def test_targets_that_do_not_fit_are_refused(targets, options: dict, message: str) -> None:
    with refused(message):
        of.number_targets(targets, (2, 1), **options)


def test_targets_that_fit_are_floats() -> None:
    assert of.number_targets([[5], [-3]], (2, 1)).tolist() == [[5.0], [-3.0]]
    assert of.number_targets([[0], [1]], (2, 1), shares=True).dtype == np.float64


# -- weights of a mean -----------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [[1], [1, 2, 3], [[1, 2]], [1, -1], [1, np.nan], [1, np.inf]])
def test_class_weights_are_one_a_class_and_none_is_negative(weights) -> None:
    said = "class_weights must be 2 finite numbers, one a class and none negative, got "
    with refused(f"{said}{weights}"):
        of.class_weighting(weights, 2)
    assert of.class_weighting([0, 2], 2).tolist() == [0.0, 2.0]


@pytest.mark.parametrize("bad", [-1, np.nan, np.inf])
def test_the_first_sample_of_a_wrong_weight_is_named(bad: float) -> None:
    with refused(f"sample_weights must be finite and not negative, got {bad:g} for sample 1"):
        of.sample_weighting(np.zeros((3, 2)), [1, bad, bad])


def test_sample_weights_have_the_output_s_dtype_and_its_length() -> None:
    output = np.zeros((2, 3), np.float32)
    for weights, found in ((None, [1, 1]), ([0, 3], [0, 3])):
        w = of.sample_weighting(output, weights)
        assert w.dtype == np.float32
        assert w.tolist() == found
    with refused("the loss: sample_weights has shape (3,), expected (2,)"):
        of.sample_weighting(output, [1, 1, 1])


def test_a_mean_over_nothing_does_not_exist() -> None:
    assert of.total_weight(np.array([0.5, 0, 2])) == 2.5
    with refused("none of the 3 samples of this batch counts"):
        of.total_weight(np.zeros(3))
