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
    "smoothing": (nn.SoftmaxCrossEntropy(smoothing=0.1), LABELS, "softmax_cross_entropy", (0.1,)),
    "class weights": (
        nn.SoftmaxCrossEntropy(class_weights=WEIGHTS),
        LABELS,
        "softmax_cross_entropy",
        (0.0, WEIGHTS),
    ),
    "likelihood": (nn.NegativeLogLikelihood(), LABELS, "negative_log_likelihood", ()),
    "binary": (nn.BinaryCrossEntropy(), TARGETS, "binary_cross_entropy", ()),
    "squared": (nn.MeanSquaredError(), TARGETS, "mean_squared_error", ()),
}


def output_for(name: str) -> np.ndarray:
    """What the loss takes."""
    return -OUTPUT if name == "likelihood" else OUTPUT


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_its_op(name: str) -> None:
    loss, labels, op, options = LOSSES[name]
    output = output_for(name)
    expected, cache = getattr(ops, f"{op}_forward")(output, labels, *options)
    value = loss.forward(output, labels)
    assert isinstance(value, float)
    assert value == expected
    gradient = getattr(ops, f"{op}_backward")(1.0, cache)
    np.testing.assert_array_equal(loss.backward(), gradient)


@pytest.mark.parametrize("name", LOSSES)
def test_labels_may_be_a_list(name: str) -> None:
    loss, labels, _, _ = LOSSES[name]
    output = output_for(name)
    assert loss.forward(output, labels.tolist()) == loss.forward(output, labels)


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
    assert isinstance(loss.forward(output_for(name).astype(dtype), labels), float)
    assert loss.backward().dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", LOSSES)
def test_finite_at_ten_thousand(name: str, dtype: type) -> None:
    loss, labels, _, _ = LOSSES[name]
    output = np.array([[1e4, -1e4, 0], [-1e4, 1e4, 1e4], [1e4, 1e4, 1e4]], dtype)
    if name == "cross-entropy":
        output, _ = ops.softmax_forward(output)
    if name == "likelihood":
        output, _ = ops.log_softmax_forward(output)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert math.isfinite(loss.forward(output, labels))
        assert np.isfinite(loss.backward()).all()


@pytest.mark.parametrize(
    "loss",
    [
        nn.CrossEntropy,
        nn.NegativeLogLikelihood,
        nn.SoftmaxCrossEntropy,
        nn.BinaryCrossEntropy,
        nn.MeanSquaredError,
    ],
)
def test_backward_needs_a_forward(loss: type) -> None:
    with pytest.raises(RuntimeError, match=rf"{loss.__name__}\.backward needs a forward before it"):
        loss().backward()


@pytest.mark.parametrize("smoothing", [-0.1, 1.1, float("nan")])
def test_smoothing_is_a_share(smoothing: float) -> None:
    with pytest.raises(ValueError, match=r"smoothing must be in \[0, 1\]"):
        nn.SoftmaxCrossEntropy(smoothing=smoothing)


# ---- options


@pytest.mark.parametrize(
    "kind", [nn.CrossEntropy, nn.NegativeLogLikelihood, nn.SoftmaxCrossEntropy]
)
def test_class_weights_may_be_a_dict_in_which_the_others_weigh_one(kind: type) -> None:
    output = -OUTPUT if kind is nn.NegativeLogLikelihood else OUTPUT
    some, every = kind(class_weights={2: 3}), kind(class_weights=[1, 1, 3])
    assert some.forward(output, LABELS) == every.forward(output, LABELS)
    np.testing.assert_array_equal(some.backward(), every.backward())
    assert kind(class_weights={}).forward(output, LABELS) == kind().forward(output, LABELS)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"class_weights": {0.5: 1}}, TypeError, "a class must be a whole number, got 0.5"),
        ({"class_weights": {-1: 1}}, ValueError, "a class must be at least 0, got -1"),
        ({"class_weights": {1: -2}}, ValueError, "the weight of class 1 must not be negative"),
        ({"class_weights": {1: "a"}}, TypeError, "the weight of class 1 must be a number"),
        ({"class_weights": [1, -2]}, ValueError, "class_weights must be 2 finite numbers"),
        ({"class_weights": [[1, 2]]}, ValueError, "class_weights must be 2 finite numbers"),
        ({"class_weights": "balanced"}, TypeError, "class_weights must hold numbers"),
        ({"ignore_index": 0.5}, TypeError, "ignore_index must be a whole number, got 0.5"),
        ({"ignore_index": True}, TypeError, "ignore_index must be a whole number, got True"),
        ({"weight": [1, 2]}, TypeError, "takes no weight: it is class_weights"),
        ({"label_smoothing": 0.1}, TypeError, "takes no label_smoothing: it is smoothing"),
    ],
)
def test_an_option_that_cannot_be_is_refused_when_the_loss_is_made(options, kind, message) -> None:
    with pytest.raises(kind, match=message):
        nn.SoftmaxCrossEntropy(**options)


def test_options_are_named() -> None:
    with pytest.raises(
        TypeError, match=r"options are named: SoftmaxCrossEntropy\(smoothing=0\.1\)"
    ):
        nn.SoftmaxCrossEntropy(0.1)


def test_a_loss_shows_the_options_it_was_given() -> None:
    assert repr(nn.MeanSquaredError()) == "MeanSquaredError()"
    shown = "SoftmaxCrossEntropy(smoothing=0.1, class_weights={0: 2}, ignore_index=-1)"
    loss = nn.SoftmaxCrossEntropy(ignore_index=-1, smoothing=0.1, class_weights={0: 2})
    assert repr(loss) == shown
    weights = np.array([1.0, 2.0])
    assert nn.CrossEntropy(class_weights=weights).arguments() == {"class_weights": weights}


@pytest.mark.parametrize("name", LOSSES)
def test_sample_weights_are_the_ops(name: str) -> None:
    loss, labels, op, options = LOSSES[name]
    weights, output = np.array([1.0, 0.0, 2.0]), output_for(name)
    forward, backward = getattr(ops, f"{op}_forward"), getattr(ops, f"{op}_backward")
    expected, cache = forward(output, labels, *options, sample_weights=weights)
    assert loss.forward(output, labels, weights) == expected
    np.testing.assert_array_equal(loss.backward(), backward(1.0, cache))


def test_what_is_ignored_counts_neither_in_the_loss_nor_in_the_accuracy() -> None:
    loss, labels = nn.SoftmaxCrossEntropy(ignore_index=-1), np.array([2, -1, 1])
    kept = OUTPUT[[0, 2]], labels[[0, 2]]
    assert loss.forward(OUTPUT, labels) == nn.SoftmaxCrossEntropy().forward(*kept)
    assert loss.metrics["accuracy"](OUTPUT, labels) == nn.accuracy(*kept)
    assert nn.SoftmaxCrossEntropy().metrics["accuracy"] is nn.accuracy


# ---- labels looked at before training


WRONG_LABELS = {
    "floats": (np.array([0.0, 1.0]), "write labels.astype"),
    "text": (np.array(["cat", "dog"]), "np.unique"),
    "bools": (np.array([True, False]), "write labels.astype"),
    "a column": (np.array([[0], [1]]), "write np.ravel"),
    "from one": (np.array([1, 2, 3]), "classes count from 0: write labels - 1"),
    "out of range": (np.array([0, 7]), "label 7 of sample 1 is out of range"),
    "one class's shares": (np.array([[0.5, 0.1, 0.1]]), "with sum 0.7"),
}


@pytest.mark.parametrize("labels", WRONG_LABELS)
@pytest.mark.parametrize(
    "kind", [nn.CrossEntropy, nn.NegativeLogLikelihood, nn.SoftmaxCrossEntropy]
)
def test_labels_are_checked_without_an_output(kind: type, labels: str) -> None:
    wrong, message = WRONG_LABELS[labels]
    with pytest.raises(ValueError, match=message):
        kind().check(wrong, (3,))
    kind().check(np.array([0, 1, 2, 2]), (3,))
    kind().check([[1, 0, 0]], (3,))
    kind(ignore_index=9).check([9, 1], (3,))


def test_class_weights_are_checked_with_the_labels() -> None:
    for weights in ([1, 2], {3: 1.0}):
        with pytest.raises(ValueError, match=r"class_weights .*3"):
            nn.SoftmaxCrossEntropy(class_weights=weights).check([0, 1], (3,))


@pytest.mark.parametrize("labels", [[0, 1], [[0], [1]], [0.0, 1.0]])
def test_one_score_is_no_softmax(labels: list) -> None:
    with pytest.raises(ValueError, match=r"use BinaryCrossEntropy .* or give two, as Dense\(2\)"):
        nn.SoftmaxCrossEntropy().check(labels, (1,))


def test_numbers_are_checked_without_an_output() -> None:
    with pytest.raises(
        ValueError, match=r"targets have shape \(2,\), expected \(2, 1\).*\[:, None\]"
    ):
        nn.BinaryCrossEntropy().check([0, 1], (1,))
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\], got 0 to 2"):
        nn.BinaryCrossEntropy().check([[0], [2]], (1,))
    with pytest.raises(ValueError, match="must be finite"):
        nn.MeanSquaredError().check([[0], [np.nan]], (1,))
    nn.MeanSquaredError().check([[0], [7]], (1,))


def test_a_loss_of_ones_own_is_not_called_on_made_up_numbers() -> None:
    class Poisson(nn.Loss):
        def compute(self, output, labels):
            raise AssertionError

    Poisson().check([1, 2], (1,))


def test_a_loss_says_what_it_takes() -> None:
    kinds = {
        nn.CrossEntropy: "probabilities",
        nn.NegativeLogLikelihood: "log-probabilities",
        nn.SoftmaxCrossEntropy: "scores",
        nn.BinaryCrossEntropy: "scores",
        nn.MeanSquaredError: None,
        nn.Loss: None,
    }
    assert {kind: kind.takes for kind in kinds} == kinds


# ---- metrics


def test_accuracy() -> None:
    output = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    labels = np.array([1, 0, 0, 1])
    assert nn.accuracy(output, labels) == 0.5
    assert nn.accuracy(output, np.eye(2)[labels]) == 0.5
    assert isinstance(nn.accuracy(output, labels), float)


def test_binary_accuracy() -> None:
    output = np.array([[2.0, -1.0], [-0.5, 3.0]])
    assert losses.binary_accuracy(output, np.array([[1, 1], [0, 1]])) == 0.75


def test_accuracy_of_lists() -> None:
    assert nn.accuracy([[1, 2], [2, 1]], [0, 1]) == 0.0
    assert nn.accuracy([[1, 2], [2, 1]], [[0, 1], [1, 0]]) == 1.0
    assert losses.binary_accuracy([1, -1], [True, True]) == 0.5


@pytest.mark.parametrize(
    "labels",
    [
        *WRONG_LABELS.values(),
        (np.array([0, 1]), "2 labels for 3"),
        (np.array([0]), "1 labels for 3"),
    ],
)
def test_accuracy_refuses_labels_that_do_not_fit(labels) -> None:
    wrong, message = labels
    output = np.zeros((len(wrong) if "labels for" not in message else 3, 3))
    with pytest.raises(ValueError, match=message):
        nn.accuracy(output, wrong)


@pytest.mark.parametrize("output", [np.zeros((0, 3)), np.zeros((2, 1)), np.zeros(2), np.zeros(())])
def test_accuracy_refuses_what_is_no_table_of_scores(output) -> None:
    with pytest.raises(ValueError, match=r"a mean needs|a loss over classes needs"):
        nn.accuracy(output, np.zeros(len(output) if output.ndim else 1, int))


def test_a_row_of_nan_is_never_right() -> None:
    output = np.array([[np.nan, np.nan], [1.0, np.nan], [2.0, 1.0], [np.inf, 0.0]])
    assert nn.accuracy(output, np.array([0, 0, 0, 0])) == 0.5
    assert losses.binary_accuracy(np.array([np.nan, np.nan, -1.0]), np.array([0, 1, 0])) == 1 / 3


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([1, 0], r"targets have shape \(2,\), expected \(2, 2\)"),
        ([[1, 0]], r"targets have shape \(1, 2\), expected \(2, 2\)"),
        ([[1, 0], [2, 0]], r"must lie in \[0, 1\], got 0 to 2"),
        ([[1, 0], [np.nan, 0]], "must be finite"),
    ],
)
def test_binary_accuracy_refuses_targets_that_do_not_fit(targets, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        losses.binary_accuracy(np.zeros((2, 2)), targets)


def test_which_metrics_stand_beside_a_loss() -> None:
    assert set(nn.CrossEntropy.metrics) == set(nn.SoftmaxCrossEntropy.metrics) == {"accuracy"}
    assert nn.BinaryCrossEntropy.metrics["accuracy"] is losses.binary_accuracy
    assert not nn.MeanSquaredError.metrics


def test_a_loss_without_formula_says_so() -> None:
    with pytest.raises(NotImplementedError, match="Loss defines no compute"):
        nn.Loss().forward(OUTPUT, LABELS)
    with pytest.raises(NotImplementedError, match="Loss defines no gradient"):
        nn.Loss().gradient(())
