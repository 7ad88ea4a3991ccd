"""Losses as objects: the same numbers as their ops, options, metrics, and what they keep."""

import math

import numpy as np
import pytest

import course_nn as nn
from course_nn import losses, ops

LABELS = np.array([2, 0, 1])
OUTPUT = np.random.default_rng(0).uniform(0.1, 1.0, (3, 3))
TARGETS = np.array([[0, 1, 1], [1, 0, 0], [1, 1, 0]])
WEIGHTS = np.array([1.0, 2.0, 3.0])

LOSSES = {
    "cross-entropy": (nn.CrossEntropy(), LABELS, "cross_entropy", ()),
    "fused": (nn.SoftmaxCrossEntropy(), LABELS, "softmax_cross_entropy", ()),
    "smoothing": (nn.SoftmaxCrossEntropy(0.1), LABELS, "softmax_cross_entropy", (0.1,)),
    "class weights": (
        nn.SoftmaxCrossEntropy(class_weights=WEIGHTS),
        LABELS,
        "softmax_cross_entropy",
        (0.0, WEIGHTS),
    ),
    "binary": (nn.BinaryCrossEntropy(), TARGETS, "binary_cross_entropy", ()),
    "squared": (nn.MeanSquaredError(), TARGETS, "mean_squared_error", ()),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_its_op(name: str) -> None:
    loss, labels, op, options = LOSSES[name]
    expected, cache = getattr(ops, f"{op}_forward")(OUTPUT, labels, *options)
    value = loss.forward(OUTPUT, labels)
    assert isinstance(value, float)
    assert value == expected
    gradient = getattr(ops, f"{op}_backward")(1.0, cache)
    np.testing.assert_array_equal(loss.backward(), gradient)


@pytest.mark.parametrize("name", LOSSES)
def test_labels_may_be_a_list(name: str) -> None:
    loss, labels, _, _ = LOSSES[name]
    assert loss.forward(OUTPUT, labels.tolist()) == loss.forward(OUTPUT, labels)


@pytest.mark.parametrize("name", ["cross-entropy", "fused", "smoothing", "class weights"])
def test_one_hot_labels_are_the_same(name: str) -> None:
    loss, labels, _, _ = LOSSES[name]
    value = loss.forward(OUTPUT, labels)
    gradient = loss.backward()
    assert loss.forward(OUTPUT, np.eye(3)[labels]) == value
    np.testing.assert_array_equal(loss.backward(), gradient)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_keeps_the_dtype(name: str, dtype: type) -> None:
    loss, labels, _, _ = LOSSES[name]
    assert isinstance(loss.forward(OUTPUT.astype(dtype), labels), float)
    assert loss.backward().dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", LOSSES)
def test_finite_at_ten_thousand(name: str, dtype: type) -> None:
    loss, labels, _, _ = LOSSES[name]
    output = np.array([[1e4, -1e4, 0], [-1e4, 1e4, 1e4], [1e4, 1e4, 1e4]], dtype)
    if name == "cross-entropy":
        output, _ = ops.softmax_forward(output)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert math.isfinite(loss.forward(output, labels))
        assert np.isfinite(loss.backward()).all()


@pytest.mark.parametrize(
    "loss",
    [nn.CrossEntropy, nn.SoftmaxCrossEntropy, nn.BinaryCrossEntropy, nn.MeanSquaredError],
)
def test_backward_needs_a_forward(loss: type) -> None:
    with pytest.raises(RuntimeError, match=rf"{loss.__name__}\.backward needs a forward before it"):
        loss().backward()


@pytest.mark.parametrize("smoothing", [-0.1, 1.1, float("nan")])
def test_smoothing_is_a_share(smoothing: float) -> None:
    with pytest.raises(ValueError, match=r"smoothing must be in \[0, 1\]"):
        nn.SoftmaxCrossEntropy(smoothing)


def test_accuracy() -> None:
    output = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    labels = np.array([1, 0, 0, 1])
    assert nn.accuracy(output, labels) == 0.5
    assert nn.accuracy(output, np.eye(2)[labels]) == 0.5
    assert isinstance(nn.accuracy(output, labels), float)


def test_binary_accuracy() -> None:
    output = np.array([[2.0, -1.0], [-0.5, 3.0]])
    assert losses.binary_accuracy(output, np.array([[1, 1], [0, 1]])) == 0.75


def test_which_metrics_stand_beside_a_loss() -> None:
    assert set(nn.CrossEntropy.metrics) == set(nn.SoftmaxCrossEntropy.metrics) == {"accuracy"}
    assert nn.BinaryCrossEntropy.metrics["accuracy"] is losses.binary_accuracy
    assert not nn.MeanSquaredError.metrics


def test_a_loss_without_formula_says_so() -> None:
    with pytest.raises(NotImplementedError, match="Loss defines no compute"):
        nn.Loss().forward(OUTPUT, LABELS)
    with pytest.raises(NotImplementedError, match="Loss defines no gradient"):
        nn.Loss().gradient(())
