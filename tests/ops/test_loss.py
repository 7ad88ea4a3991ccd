"""Losses as ops: values by hand, gradients by the judge, and no overflow at any score."""

import math
import re
from typing import ClassVar

import numpy as np
import pytest
from contract import Case, OpContract, normal

from course_nn import ops

LABELS = np.array([2, 0, 1, 2])
ONE_HOT = np.eye(3)[LABELS]
SOFT = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.1, 0.8, 0.1], [0.4, 0.4, 0.2]])
WEIGHTS = np.array([0.5, 2.0, 3.0])


def fused(labels: np.ndarray, *options, N: int = 4, K: int = 3) -> Case:
    def forward(z):
        return ops.softmax_cross_entropy_forward(z, labels, *options)

    return Case(forward, ops.softmax_cross_entropy_backward, (normal(1, N, K),))


def on_probabilities(labels: np.ndarray, N: int = 4, K: int = 3) -> Case:
    p = np.random.default_rng(1).uniform(0.2, 1.0, (N, K))
    return Case(lambda p: ops.cross_entropy_forward(p, labels), ops.cross_entropy_backward, (p,))


def elementwise(name: str, targets: np.ndarray) -> Case:
    forward, backward = getattr(ops, f"{name}_forward"), getattr(ops, f"{name}_backward")
    return Case(lambda y: forward(y, targets), backward, (normal(1, *targets.shape),))


class TestSoftmaxCrossEntropy(OpContract):
    cases: ClassVar = {
        "integers": fused(LABELS),
        "one-hot": fused(ONE_HOT),
        "soft": fused(SOFT),
        "smoothing": fused(LABELS, 0.1),
        "class weights": fused(LABELS, 0.0, WEIGHTS),
        "smoothing and class weights": fused(LABELS, 0.3, WEIGHTS),
        "one sample": fused(np.array([1]), N=1),
        "two classes": fused(np.array([1, 0]), N=2, K=2),
    }


class TestCrossEntropy(OpContract):
    # only the labels' own probabilities matter: soft labels make every element count
    cases: ClassVar = {
        "soft": on_probabilities(0.7 * SOFT + 0.1),
        "integers": on_probabilities(LABELS),
        "one-hot": on_probabilities(ONE_HOT),
        "one sample": on_probabilities(np.array([1]), N=1),
    }


class TestBinaryCrossEntropy(OpContract):
    cases: ClassVar = {
        "matrix": elementwise("binary_cross_entropy", np.array([[0, 1], [1, 0], [1, 1]])),
        "soft": elementwise("binary_cross_entropy", np.array([0.2, 0.9, 0.5])),
        "one number": elementwise("binary_cross_entropy", np.array([[1]])),
        "image": elementwise("binary_cross_entropy", normal(2, 2, 1, 3, 3) > 0),
    }


class TestMeanSquaredError(OpContract):
    cases: ClassVar = {
        "matrix": elementwise("mean_squared_error", normal(2, 3, 2)),
        "one number": elementwise("mean_squared_error", normal(2, 1)),
        "image": elementwise("mean_squared_error", normal(2, 2, 1, 3, 3)),
        "integers": elementwise("mean_squared_error", np.array([[3], [-2]])),
    }


# ---- values


def test_cross_entropy_by_hand() -> None:
    p = np.array([[0.25, 0.75], [0.5, 0.5]])
    loss, cache = ops.cross_entropy_forward(p, np.array([0, 1]))
    assert loss == pytest.approx((math.log(4) + math.log(2)) / 2, rel=1e-15)
    expected = [[-2.0, 0.0], [0.0, -1.0]]
    np.testing.assert_array_equal(ops.cross_entropy_backward(1.0, cache), expected)


def test_the_fused_loss_by_hand() -> None:
    z = np.log([[1.0, 3.0], [2.0, 2.0]])
    loss, cache = ops.softmax_cross_entropy_forward(z, np.array([0, 1]))
    assert loss == pytest.approx((math.log(4) + math.log(2)) / 2, rel=1e-14)
    expected = [[-0.375, 0.375], [0.25, -0.25]]
    np.testing.assert_allclose(ops.softmax_cross_entropy_backward(1.0, cache), expected, rtol=1e-14)


@pytest.mark.parametrize("labels", [LABELS, ONE_HOT, SOFT], ids=["integers", "one-hot", "soft"])
def test_the_fused_loss_is_softmax_then_cross_entropy(labels: np.ndarray) -> None:
    z = normal(1, 4, 3)
    p, softmax_cache = ops.softmax_forward(z)
    loss, cache = ops.cross_entropy_forward(p, labels)
    fused_loss, fused_cache = ops.softmax_cross_entropy_forward(z, labels)
    assert fused_loss == pytest.approx(loss, rel=1e-13)
    dz = ops.softmax_backward(ops.cross_entropy_backward(0.7, cache), softmax_cache)
    np.testing.assert_allclose(
        ops.softmax_cross_entropy_backward(0.7, fused_cache), dz, rtol=1e-12, atol=1e-15
    )


def test_label_smoothing_is_a_soft_target() -> None:
    z = normal(1, 4, 3)
    smooth, _ = ops.softmax_cross_entropy_forward(z, LABELS, 0.3)
    soft, _ = ops.softmax_cross_entropy_forward(z, 0.7 * ONE_HOT + 0.1)
    assert smooth == pytest.approx(soft, rel=1e-14)


def test_a_class_weight_of_two_is_two_samples() -> None:
    z = normal(1, 4, 3)
    twice = np.concatenate([z, z[LABELS == 2]])
    labels = np.concatenate([LABELS, [2, 2]])
    weighted, _ = ops.softmax_cross_entropy_forward(z, LABELS, 0.0, np.array([1.0, 1.0, 2.0]))
    plain, _ = ops.softmax_cross_entropy_forward(twice, labels)
    assert weighted == pytest.approx(plain, rel=1e-14)


def test_binary_cross_entropy_by_hand() -> None:
    loss, cache = ops.binary_cross_entropy_forward(np.log([3.0, 1.0]), np.array([1, 0]))
    assert loss == pytest.approx((math.log(4 / 3) + math.log(2)) / 2, rel=1e-14)
    gradient = ops.binary_cross_entropy_backward(1.0, cache)
    np.testing.assert_allclose(gradient, [-0.125, 0.25], rtol=1e-14)


def test_binary_cross_entropy_is_the_fused_loss_of_two_classes() -> None:
    z, t = normal(1, 5), np.array([0, 1, 1, 0, 1])
    two, _ = ops.softmax_cross_entropy_forward(np.stack([0 * z, z], axis=1), t)
    assert ops.binary_cross_entropy_forward(z, t)[0] == pytest.approx(two, rel=1e-14)


def test_mean_squared_error_by_hand() -> None:
    y, t = np.array([[1.0, 3.0], [0.0, -1.0]]), np.array([[1.0, 1.0], [2.0, 0.0]])
    loss, cache = ops.mean_squared_error_forward(y, t)
    assert loss == 2.25
    expected = [[0.0, 1.0], [-1.0, -0.5]]
    np.testing.assert_array_equal(ops.mean_squared_error_backward(1.0, cache), expected)


# ---- stability


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "options", [(), (0.1,), (0.1, WEIGHTS)], ids=["plain", "smooth", "weights"]
)
def test_the_fused_loss_at_ten_thousand(dtype: type, options: tuple) -> None:
    z = np.array([[1e4, -1e4, 0], [-1e4, 1e4, 1e4], [0, 0, 0], [1e4, 1e4, -1e4]], dtype=dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, cache = ops.softmax_cross_entropy_forward(z, LABELS, *options)
        dz = ops.softmax_cross_entropy_backward(1.0, cache)
    assert math.isfinite(loss)
    assert np.isfinite(dz).all()
    if not options:  # row by row: 10⁴; 2·10⁴ + log 2, for the tie; log 3; 2·10⁴ + log 2 nats
        exact = (5e4 + math.log(3) + 2 * math.log(2)) / 4
        assert loss == pytest.approx(exact, rel=1e-7)
        assert dz[0].tolist() == [0.25, 0.0, -0.25]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_after_a_softmax_at_ten_thousand(dtype: type) -> None:
    z = np.array([[1e4, -1e4, 0], [-1e4, 1e4, 1e4], [0, 0, 0], [1e4, 1e4, -1e4]], dtype=dtype)
    p, softmax_cache = ops.softmax_forward(z)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, cache = ops.cross_entropy_forward(p, LABELS)
        dz = ops.softmax_backward(ops.cross_entropy_backward(1.0, cache), softmax_cache)
    assert math.isfinite(loss)
    assert np.isfinite(dz).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_binary_cross_entropy_at_ten_thousand(dtype: type) -> None:
    z = np.array([-1e4, 1e4, -1e4, 1e4], dtype=dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, cache = ops.binary_cross_entropy_forward(z, np.array([1, 1, 0, 0]))
        dz = ops.binary_cross_entropy_backward(1.0, cache)
    assert loss == 5000.0
    assert dz.tolist() == [-0.25, 0.0, 0.0, 0.25]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mean_squared_error_at_ten_thousand(dtype: type) -> None:
    loss, cache = ops.mean_squared_error_forward(np.array([-1e4, 1e4], dtype), np.array([1e4, 1e4]))
    assert loss == pytest.approx(2e8, rel=1e-6)
    assert ops.mean_squared_error_backward(1.0, cache).tolist() == [-2e4, 0.0]


# ---- labels


def test_one_hot() -> None:
    t = ops.one_hot(np.array([2, 0, 2]), 3, np.float64)
    np.testing.assert_array_equal(t, [[0, 0, 1], [1, 0, 0], [0, 0, 1]])
    assert t.dtype == np.float64


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.uint64])
def test_one_hot_takes_every_integer_type(dtype: type) -> None:
    np.testing.assert_array_equal(ops.one_hot(np.array([1, 0], dtype), 2), [[0, 1], [1, 0]])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 3, 1], "label 3 of sample 1 is out of range: 3 classes are 0 to 2"),
        ([0, 1, -1], "label -1 of sample 2 is out of range: 3 classes are 0 to 2"),
        ([0.0, 1.0, 2.0], "labels must be a vector of integers, got float64 of shape (3,)"),
        ([True, False, True], "labels must be a vector of integers, got bool of shape (3,)"),
        ([0, 1], "labels of shape (2,) do not fit (3, 3); expected (N,) integers or (3, 3)"),
        ([[0], [1], [2]], "labels of shape (3, 1) do not fit (3, 3)"),
        (np.eye(2), "labels of shape (2, 2) do not fit (3, 3)"),
        (2 * np.eye(3), "labels of sample 0 go from 0 to 2 with sum 2; a row of labels must be"),
        ([[1, 0, 0], [0.5, 1, -0.5], [0, 0, 1]], "sample 1 go from -0.5 to 1 with sum 1"),
        ([[1, 0, 0], [0, 1, 0], [0, 0, np.nan]], "sample 2 go from nan to nan"),
    ],
)
@pytest.mark.parametrize("loss", [ops.cross_entropy_forward, ops.softmax_cross_entropy_forward])
def test_labels_that_do_not_fit_are_refused(loss, labels, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        loss(np.full((3, 3), 1 / 3), np.array(labels))


@pytest.mark.parametrize("p", [[[3.0, -1.0]], [[-0.1, 0.9]], [[0.5, 1.5]]])
def test_scores_are_not_taken_for_probabilities(p) -> None:
    with pytest.raises(ValueError, match=r"needs numbers in \[0, 1\], got .*put a softmax before"):
        ops.cross_entropy_forward(np.array(p), np.array([0]))


@pytest.mark.parametrize("weights", [[1, 2], [1, 2, -1], [1, 2, np.nan], 1.0, np.ones((1, 3))])
def test_class_weights_that_do_not_fit_are_refused(weights) -> None:
    with pytest.raises(ValueError, match="class_weights must be 3 numbers, one a class and none"):
        ops.softmax_cross_entropy_forward(np.zeros((4, 3)), LABELS, 0.0, weights)


def test_scores_that_are_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match=r"scores of shape \(N, K\), got \(2, 3, 1, 1\).*Flatten"):
        ops.softmax_cross_entropy_forward(np.zeros((2, 3, 1, 1)), np.array([0, 1]))


@pytest.mark.parametrize("loss", [ops.binary_cross_entropy_forward, ops.mean_squared_error_forward])
def test_targets_of_another_shape_are_refused_not_broadcast(loss) -> None:
    with pytest.raises(ValueError, match=r"targets of shape \(3,\).*\(3, 1\).*must be equal"):
        loss(np.zeros((3, 1)), np.zeros(3))


@pytest.mark.parametrize("loss", [ops.binary_cross_entropy_forward, ops.mean_squared_error_forward])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_targets_that_are_not_finite_are_refused(loss, bad: float) -> None:
    with pytest.raises(ValueError, match="targets must be finite numbers, but hold NaN"):
        loss(np.zeros((2, 1)), np.array([[0.0], [bad]]))
