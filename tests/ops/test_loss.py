"""Losses as ops: values by hand, gradients by the judge, and no overflow at any score."""

import math
import re
from typing import ClassVar

import numpy as np
import pytest
from contract import Case, DoorContract, OpContract, normal, ours

from course_nn import ops

LABELS = np.array([2, 0, 1, 2])
ONE_HOT = np.eye(3)[LABELS]
SOFT = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.1, 0.8, 0.1], [0.4, 0.4, 0.2]])
WEIGHTS = np.array([0.5, 2.0, 3.0])


SAMPLES = np.array([1.0, 0.0, 2.5, 0.5])


def fused(labels: np.ndarray, *options, N: int = 4, K: int = 3, **named) -> Case:
    def forward(z):
        return ops.softmax_cross_entropy_forward(z, labels, *options, **named)

    return Case(forward, ops.softmax_cross_entropy_backward, (normal(1, N, K),))


def on_probabilities(labels: np.ndarray, *options, N: int = 4, K: int = 3, **named) -> Case:
    def forward(p):
        return ops.cross_entropy_forward(p, labels, *options, **named)

    p = np.random.default_rng(1).uniform(0.2, 1.0, (N, K))
    return Case(forward, ops.cross_entropy_backward, (p,))


def on_logarithms(labels: np.ndarray, *options, N: int = 4, K: int = 3, **named) -> Case:
    def forward(log_p):
        return ops.negative_log_likelihood_forward(log_p, labels, *options, **named)

    log_p = -np.random.default_rng(1).uniform(0.2, 2.0, (N, K))
    return Case(forward, ops.negative_log_likelihood_backward, (log_p,))


def elementwise(name: str, targets: np.ndarray, **named) -> Case:
    forward, backward = getattr(ops, f"{name}_forward"), getattr(ops, f"{name}_backward")
    return Case(lambda y: forward(y, targets, **named), backward, (normal(1, *targets.shape),))


class TestSoftmaxCrossEntropy(DoorContract, OpContract):
    cases: ClassVar = {
        "integers": fused(LABELS),
        "one-hot": fused(ONE_HOT),
        "soft": fused(SOFT),
        "smoothing": fused(LABELS, 0.1),
        "class weights": fused(LABELS, 0.0, WEIGHTS),
        "smoothing and class weights": fused(LABELS, 0.3, WEIGHTS),
        "one sample": fused(np.array([1]), N=1),
        "two classes": fused(np.array([1, 0]), N=2, K=2),
        "sample weights": fused(LABELS, sample_weights=SAMPLES),
        "one label ignored": fused(np.array([2, -100, 1, 2]), ignore_index=-100),
        "a class ignored": fused(LABELS, ignore_index=2),
        "all weights": fused(LABELS, 0.3, WEIGHTS, sample_weights=SAMPLES, ignore_index=1),
        "soft, all weights": fused(SOFT, 0.3, WEIGHTS, sample_weights=SAMPLES),
    }


class TestCrossEntropy(DoorContract, OpContract):
    # only the labels' own probabilities matter: soft labels make every element count
    cases: ClassVar = {
        "soft": on_probabilities(0.7 * SOFT + 0.1),
        "integers": on_probabilities(LABELS),
        "one-hot": on_probabilities(ONE_HOT),
        "one sample": on_probabilities(np.array([1]), N=1),
        "all weights": on_probabilities(LABELS, WEIGHTS, sample_weights=SAMPLES, ignore_index=1),
        "soft, all weights": on_probabilities(SOFT, WEIGHTS, sample_weights=SAMPLES),
    }


class TestNegativeLogLikelihood(DoorContract, OpContract):
    cases: ClassVar = {
        "soft": on_logarithms(0.7 * SOFT + 0.1),
        "integers": on_logarithms(LABELS),
        "one-hot": on_logarithms(ONE_HOT),
        "one sample": on_logarithms(np.array([1]), N=1),
        "all weights": on_logarithms(LABELS, WEIGHTS, sample_weights=SAMPLES, ignore_index=1),
        "soft, all weights": on_logarithms(SOFT, WEIGHTS, sample_weights=SAMPLES),
    }


class TestBinaryCrossEntropy(DoorContract, OpContract):
    cases: ClassVar = {
        "matrix": elementwise("binary_cross_entropy", np.array([[0, 1], [1, 0], [1, 1]])),
        "soft": elementwise("binary_cross_entropy", np.array([0.2, 0.9, 0.5])),
        "one number": elementwise("binary_cross_entropy", np.array([[1]])),
        "sample weights": elementwise(
            "binary_cross_entropy",
            np.array([[0, 1], [1, 0], [1, 1], [0, 0.3]]),
            sample_weights=SAMPLES,
        ),
        "image": elementwise("binary_cross_entropy", normal(2, 2, 1, 3, 3) > 0),
    }


class TestMeanSquaredError(DoorContract, OpContract):
    cases: ClassVar = {
        "matrix": elementwise("mean_squared_error", normal(2, 3, 2)),
        "one number": elementwise("mean_squared_error", normal(2, 1)),
        "sample weights": elementwise(
            "mean_squared_error", normal(2, 4, 2, 2), sample_weights=SAMPLES
        ),
        "image": elementwise("mean_squared_error", normal(2, 2, 1, 3, 3)),
        "integers": elementwise("mean_squared_error", np.array([[3], [-2]])),
    }


OVER_CLASSES = {
    "ce": ops.cross_entropy_forward,
    "nll": ops.negative_log_likelihood_forward,
    "fused": ops.softmax_cross_entropy_forward,
}
ALL = OVER_CLASSES | {
    "binary": ops.binary_cross_entropy_forward,
    "squared": ops.mean_squared_error_forward,
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
        (
            [1, 2, 3],
            "label 3 of sample 2 is out of range: 3 classes are 0 to 2; classes count from",
        ),
        ([0.0, 1.0, 2.0], "labels must be integers, got float64: write labels.astype(int)"),
        ([True, False, True], "labels must be integers, got bool: write labels.astype(int)"),
        ([0.5, 1.0, 2.0], "labels must be integers, the classes from 0, got fractions or NaN: for"),
        ([0.0, 1.0, np.nan], "got fractions or NaN: for numbers use MeanSquaredError"),
        (["a", "b", "a"], "got <U1: number what they say by names, labels = np.unique(labels, ret"),
        (np.array([0, 1, None]), "got object: number what they say by names, labels = np.unique("),
        (np.array([0j, 1, 2]), "labels must be integers, got complex128: number what they say"),
        ([0, 1], "there must be a label for every sample, got 2 labels for 3 samples"),
        ([0, 1, 2, 2], "there must be a label for every sample, got 4 labels for 3 samples"),
        ([[0], [1], [2]], "labels have shape (3, 1), expected (3,): write np.ravel(labels)"),
        (np.eye(2), "labels have shape (2, 2), expected (3,) of integers, or (3, 3)"),
        (np.eye(3)[None], "labels have shape (1, 3, 3), expected (3,) of integers, or (3, 3)"),
        (1, "labels have shape (), expected (3,) of integers, or (3, 3)"),
        (2 * np.eye(3), "labels of sample 0 go from 0 to 2 with sum 2; a row of labels must be"),
        ([[1, 0, 0], [0.5, 1, -0.5], [0, 0, 1]], "sample 1 go from -0.5 to 1 with sum 1"),
        ([[1, 0, 0], [0, 1, 0], [0, 0, np.nan]], "sample 2 go from nan to nan"),
    ],
)
@pytest.mark.parametrize("loss", OVER_CLASSES)
def test_labels_that_do_not_fit_are_refused(loss, labels, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as found:
        OVER_CLASSES[loss](np.full((3, 3), 1 / 3 if loss != "nll" else -1.0), np.array(labels))
    assert ours(found.value)


@pytest.mark.parametrize("loss", OVER_CLASSES)
def test_rows_of_labels_that_are_no_table_are_refused(loss) -> None:
    with pytest.raises(ValueError, match="labels must be an array, or rows of the same length"):
        OVER_CLASSES[loss](np.full((2, 2), 0.0), [[1, 0], [1]])


@pytest.mark.parametrize("loss", OVER_CLASSES)
def test_one_score_for_two_classes_is_refused(loss) -> None:
    """Its softmax is 1 whatever it is: nothing would ever be learnt."""
    for labels in ([0, 1], [[0], [1]], [[1.0], [1.0]]):
        with pytest.raises(ValueError, match=r"use BinaryCrossEntropy .* or give two, as Dense"):
            OVER_CLASSES[loss](np.zeros((2, 1)), labels)


@pytest.mark.parametrize("loss", [*OVER_CLASSES, "binary", "squared"])
def test_an_empty_batch_has_no_mean(loss) -> None:
    op = ALL[loss]
    with pytest.raises(ValueError, match=r"a mean needs one sample or more, got .*\(0, 3\)"):
        op(np.zeros((0, 3)), np.zeros((0, 3)))
    if loss in OVER_CLASSES:
        with pytest.raises(ValueError, match=r"a mean needs one sample or more, got .*\(0, 3\)"):
            op(np.zeros((0, 3)), np.zeros(0, int))


@pytest.mark.parametrize("p", [[[3.0, -1.0]], [[-0.1, 0.9]], [[0.5, 1.5]]])
def test_scores_are_not_taken_for_probabilities(p) -> None:
    with pytest.raises(ValueError, match=r"needs numbers in \[0, 1\], got .*put a softmax before"):
        ops.cross_entropy_forward(np.array(p), np.array([0]))


@pytest.mark.parametrize("weights", [[1, 2], [1, 2, -1], [1, 2, np.nan], 1.0, np.ones((1, 3))])
def test_class_weights_that_do_not_fit_are_refused(weights) -> None:
    for loss in OVER_CLASSES.values():
        with pytest.raises(ValueError, match="class_weights must be 3 finite numbers, one a class"):
            loss(np.zeros((4, 3)), LABELS, class_weights=weights)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1], r"sample_weights has shape \(1,\), expected \(4,\)"),
        ([[1]] * 4, r"sample_weights has shape \(4, 1\), expected \(4,\)"),
        (2.0, r"sample_weights has shape \(\), expected \(4,\)"),
        ([1, 1, -1, 1], "must be finite and not negative, got -1 for sample 2"),
        ([1, np.nan, 1, 1], "must be finite and not negative, got nan for sample 1"),
        ([1, np.inf, 1, 1], "must be finite and not negative, got inf for sample 1"),
        ([0, 0, 0, 0], "none of the 4 samples of this batch counts"),
    ],
)
@pytest.mark.parametrize("loss", ["ce", "nll", "fused", "binary", "squared"])
def test_sample_weights_that_do_not_fit_are_refused(loss, weights, message: str) -> None:
    labels = ONE_HOT if loss in ("binary", "squared") else LABELS
    with pytest.raises(ValueError, match=message):
        ALL[loss](np.zeros((4, 3)), labels, sample_weights=weights)


@pytest.mark.parametrize("loss", OVER_CLASSES)
def test_a_batch_of_which_nothing_counts_is_refused(loss) -> None:
    z = np.zeros((2, 3))
    for options in (
        {"class_weights": [1.0, 0.0, 0.0]},
        {"ignore_index": 2, "class_weights": [1.0, 0.0, 1.0]},
        {"ignore_index": 2, "sample_weights": [0.0, 1.0]},
    ):
        with pytest.raises(ValueError, match="none of the 2 samples of this batch counts"):
            OVER_CLASSES[loss](z, np.array([1, 2]), **options)


@pytest.mark.parametrize("loss", OVER_CLASSES)
def test_rows_of_labels_have_no_label_to_ignore(loss) -> None:
    with pytest.raises(ValueError, match="ignore_index is for integer labels"):
        OVER_CLASSES[loss](np.zeros((4, 3)), ONE_HOT, ignore_index=1)


@pytest.mark.parametrize("options", [{}, {"smoothing": 0.2}])
@pytest.mark.parametrize("index", [-100, -1, 1, 7])
def test_what_is_ignored_is_as_if_it_were_left_out(index: int, options: dict) -> None:
    z, labels = normal(1, 4, 3), LABELS.copy()
    labels[1] = index
    left, kept = labels != index, ops.softmax_cross_entropy_backward
    loss, cache = ops.softmax_cross_entropy_forward(z, labels, ignore_index=index, **options)
    short, short_cache = ops.softmax_cross_entropy_forward(z[left], labels[left], **options)
    assert loss == pytest.approx(short, rel=1e-14)
    dz = kept(1.0, cache)
    np.testing.assert_allclose(dz[left], kept(1.0, short_cache), rtol=1e-13)
    np.testing.assert_array_equal(dz[~left], 0)


@pytest.mark.parametrize("loss", ["ce", "nll", "fused", "binary", "squared"])
def test_a_sample_weight_of_two_is_two_samples(loss) -> None:
    labels = np.abs(SOFT) if loss in ("binary", "squared") else LABELS
    y = -np.random.default_rng(1).uniform(0.1, 1, (4, 3))
    y = -y if loss == "ce" else y
    weighted, _ = ALL[loss](y, labels, sample_weights=[1, 2, 1, 0])
    twice, _ = ALL[loss](y[[0, 1, 1, 2]], labels[[0, 1, 1, 2]])
    assert weighted == pytest.approx(twice, rel=1e-14)


def test_log_probabilities_are_not_positive() -> None:
    with pytest.raises(ValueError, match="needs numbers up to 0, got 3: put a log-softmax before"):
        ops.negative_log_likelihood_forward(np.array([[3.0, -1.0]]), np.array([0]))


@pytest.mark.parametrize("smoothing", [-0.1, 1.1, np.nan])
def test_smoothing_is_a_share(smoothing: float) -> None:
    with pytest.raises(ValueError, match=r"smoothing must be in \[0, 1\]"):
        ops.softmax_cross_entropy_forward(np.zeros((4, 3)), LABELS, smoothing)


# ---- scores of ±∞


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_class_left_out_by_minus_infinity_costs_nothing(dtype: type) -> None:
    z, labels = np.array([[1.0, -np.inf, 2.0], [0.0, 1.0, -np.inf]], dtype), np.array([0, 1])
    with np.errstate(all="raise", under="ignore"):
        loss, cache = ops.softmax_cross_entropy_forward(z, labels)
        dz = ops.softmax_cross_entropy_backward(1.0, cache)
        log_p, _ = ops.log_softmax_forward(z)
        likelihood, _ = ops.negative_log_likelihood_forward(log_p, labels)
    expected = (math.log(1 + math.e) + math.log(1 + math.exp(-1))) / 2
    assert loss == pytest.approx(expected, rel=1e-6)
    assert likelihood == pytest.approx(loss, rel=1e-6)
    assert np.isfinite(dz).all()
    assert dz[0, 1] == dz[1, 2] == 0


def test_a_label_that_is_left_out_costs_infinity() -> None:
    z = np.array([[1.0, -np.inf, 2.0]])
    loss, cache = ops.softmax_cross_entropy_forward(z, np.array([1]))
    assert loss == math.inf
    assert np.isfinite(ops.softmax_cross_entropy_backward(1.0, cache)).all()
    assert ops.negative_log_likelihood_forward(-abs(z), np.array([1]))[0] == math.inf


def test_scores_that_leave_out_every_class_are_refused() -> None:
    with pytest.raises(ValueError, match="all scores of row 1 are −∞"):
        ops.softmax_cross_entropy_forward(np.array([[0, 0], [-np.inf] * 2]), np.array([0, 1]))


def test_a_sample_that_does_not_count_may_hold_anything() -> None:
    z = np.array([[1.0, 2.0], [np.nan, np.inf]])
    with np.errstate(invalid="ignore"):
        loss, cache = ops.softmax_cross_entropy_forward(z, np.array([0, -1]), ignore_index=-1)
        dz = ops.softmax_cross_entropy_backward(1.0, cache)
    assert math.isfinite(loss)
    assert dz[1].tolist() == [0, 0]


def test_certain_scores_are_free_if_right_and_infinitely_dear_if_wrong() -> None:
    z, t = np.array([np.inf, -np.inf]), np.array([1, 0])
    with np.errstate(all="raise", under="ignore"):
        loss, cache = ops.binary_cross_entropy_forward(z, t)
        assert loss == 0
        assert abs(ops.binary_cross_entropy_backward(1.0, cache)).max() < 1e-300
        assert ops.binary_cross_entropy_forward(z, 1 - t)[0] == math.inf


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_binary_cross_entropy_keeps_its_tails(dtype: type) -> None:
    z = np.linspace(-80, 80, 321).astype(dtype)
    for t in (np.zeros_like(z), np.ones_like(z)):
        _, cache = ops.binary_cross_entropy_forward(z, t)
        dz = ops.binary_cross_entropy_backward(float(z.size), cache)
        wide = z.astype(np.longdouble)
        exact = 1 / (1 + np.exp(-wide)) if not t.any() else -1 / (1 + np.exp(wide))
        np.testing.assert_allclose(dz, exact.astype(float), rtol=6 * np.finfo(dtype).eps)


# ---- numbers that are no floats


@pytest.mark.parametrize("loss", ["fused", "binary", "squared"])
def test_fractional_targets_and_weights_of_whole_scores_keep_their_fractions(loss) -> None:
    """They were cast to the scores' type, 0.5 to 0."""
    whole, weights = np.array([[2, 0], [-1, 3]]), np.array([0.5, 0.25])
    soft = np.array([[0.5, 0.5], [0.25, 0.75]])
    found, cache = ALL[loss](whole, soft, sample_weights=weights)
    expected, right = ALL[loss](whole.astype(float), soft, sample_weights=weights)
    assert found == expected
    backward = getattr(ops, ALL[loss].__name__.replace("forward", "backward"))
    np.testing.assert_array_equal(backward(1.0, cache), backward(1.0, right))


def test_fractional_class_weights_of_whole_scores() -> None:
    loss, _ = ops.softmax_cross_entropy_forward([[2, 0]], [0], class_weights=[0.5, 0.5])
    assert loss == pytest.approx(math.log(1 + math.exp(-2)))
    assert ops.mean_squared_error_forward([1, 3], [0.5, 2.5])[0] == 0.25


@pytest.mark.parametrize("loss", ["ce", "nll", "fused", "binary", "squared"])
def test_labels_changed_after_the_forward_pass_change_no_gradient(loss) -> None:
    labels = SOFT.copy()
    y = -np.random.default_rng(1).uniform(0.1, 1, (4, 3))
    y = -y if loss == "ce" else y
    backward = getattr(ops, ALL[loss].__name__.replace("forward", "backward"))
    _, cache = ALL[loss](y, labels)
    before = backward(1.0, cache).copy()
    labels[:] = 0.25
    y *= 3
    np.testing.assert_array_equal(backward(1.0, cache), before)


def test_scores_that_are_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match=r"scores of shape \(N, K\), got \(2, 3, 1, 1\).*Flatten"):
        ops.softmax_cross_entropy_forward(np.zeros((2, 3, 1, 1)), np.array([0, 1]))


@pytest.mark.parametrize("loss", [ops.binary_cross_entropy_forward, ops.mean_squared_error_forward])
def test_targets_of_another_shape_are_refused_not_broadcast(loss) -> None:
    with pytest.raises(ValueError, match=r"shape \(3,\), expected \(3, 1\).*write targets\[:, No"):
        loss(np.zeros((3, 1)), np.zeros(3))
    with pytest.raises(
        ValueError, match=r"targets have shape \(1, 3\), expected \(2, 3\), the out"
    ):
        loss(np.zeros((2, 3)), np.zeros((1, 3)))


@pytest.mark.parametrize("loss", [ops.binary_cross_entropy_forward, ops.mean_squared_error_forward])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_targets_that_are_not_finite_are_refused(loss, bad: float) -> None:
    with pytest.raises(ValueError, match="targets must be finite numbers, but hold NaN"):
        loss(np.zeros((2, 1)), np.array([[0.0], [bad]]))
