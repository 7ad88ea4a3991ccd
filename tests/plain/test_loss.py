"""Losses: the judge, the fast op in every mode, nested lists, and labels that do not fit."""

import numpy as np
import pytest

from course_nn import plain
from course_nn.reference import pure_python

from .agreement import apart, assert_agrees, assert_right, assert_same, normal

LABELS = np.array([2, 0, 1, 2])
SOFT = np.array([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
WEIGHTS, SAMPLES = np.array([0.5, 1.0, 2.5]), np.array([2.0, 0.0, 0.5, 1.0])
BOTH = {"class_weights": WEIGHTS, "sample_weights": SAMPLES}


@pytest.mark.parametrize("labels", [LABELS, SOFT], ids=["classes", "rows"])
class TestOverClasses:
    """The losses that take one class, or one distribution over classes, a sample."""

    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"smoothing": 0.1},
            {"class_weights": WEIGHTS},
            {"sample_weights": SAMPLES},
            {"smoothing": 0.2, **BOTH},
        ],
    )
    def test_softmax_cross_entropy(self, labels: np.ndarray, options: dict) -> None:
        assert_right("softmax_cross_entropy", *normal(1, (4, 3)), labels=labels, **options)

    @pytest.mark.parametrize("options", [{}, {"class_weights": WEIGHTS}, BOTH])
    def test_the_losses_on_probabilities(self, labels: np.ndarray, options: dict) -> None:
        (z,) = normal(2, (4, 3))
        p, log_p = plain.softmax_forward(z)[0], plain.log_softmax_forward(z)[0]
        assert_right("cross_entropy", p, labels=labels, **options)
        assert_right("negative_log_likelihood", log_p, labels=labels, **options)
        fused, _ = plain.softmax_cross_entropy_forward(z, labels, **options)
        assert_same(plain.cross_entropy_forward(p, labels, **options)[0], fused)
        assert_same(plain.negative_log_likelihood_forward(log_p, labels, **options)[0], fused)


@pytest.mark.parametrize("ignored", [2, 7, -100])
@pytest.mark.parametrize("weights", [{}, BOTH])
def test_a_label_that_is_ignored(ignored: int, weights: dict) -> None:
    (z,), labels = normal(3, (4, 3)), LABELS.copy()
    labels[[0, 3]] = ignored
    options = {"labels": labels, "ignore_index": ignored, **weights}
    assert_right("softmax_cross_entropy", z, smoothing=0.1, **options)
    assert_right("cross_entropy", plain.softmax_forward(z)[0], **options)
    assert_right("negative_log_likelihood", plain.log_softmax_forward(z)[0], **options)


def test_softmax_cross_entropy_equals_nested_lists() -> None:
    (z,) = normal(5, (4, 3))
    loss, cache = plain.softmax_cross_entropy_forward(z, LABELS)
    expected, slow = pure_python.softmax_cross_entropy_forward(z.tolist(), LABELS.tolist())
    assert_same(loss, expected)
    dz = pure_python.softmax_cross_entropy_backward(0.3, slow)
    assert_same(plain.softmax_cross_entropy_backward(0.3, cache), np.array(dz))


def test_a_masked_score_takes_no_part() -> None:
    z = np.array([[1.0, -np.inf, 2.0]])
    loss, cache = plain.softmax_cross_entropy_forward(z, np.array([0]))
    without, short = plain.softmax_cross_entropy_forward(z[:, [0, 2]], np.array([0]))
    assert_same(loss, without)
    dz = plain.softmax_cross_entropy_backward(1.0, cache)
    assert_same(dz[:, [0, 2]], plain.softmax_cross_entropy_backward(1.0, short))
    assert dz[0, 1] == 0


def test_a_probability_of_zero() -> None:
    assert_agrees("cross_entropy", np.array([[0.0, 1.0]]), labels=np.array([0]))


@pytest.mark.parametrize("options", [{}, {"sample_weights": SAMPLES}])
@pytest.mark.parametrize("shape", [(4,), (4, 2)])
def test_binary_cross_entropy(shape: tuple[int, ...], options: dict) -> None:
    (z,) = normal(6, shape)
    targets = np.random.default_rng(7).random(shape).round(1)
    assert_right("binary_cross_entropy", z, targets=targets, **options)
    assert_agrees("binary_cross_entropy", 200 * z, targets=targets, **options)


@pytest.mark.parametrize("options", [{}, {"sample_weights": SAMPLES}])
@pytest.mark.parametrize("shape", [(4,), (4, 2)])
def test_mean_squared_error(shape: tuple[int, ...], options: dict) -> None:
    assert_right("mean_squared_error", apart(8, *shape), targets=apart(9, *shape), **options)


@pytest.mark.parametrize("dtype", ["float32", "float64", int])
def test_one_hot_rows(dtype: str | type) -> None:
    t = plain.one_hot(LABELS, 3, dtype)
    assert t.dtype == dtype
    assert t.argmax(axis=1).tolist() == LABELS.tolist()
    assert t.sum(axis=1).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_out_of_range_is_refused(label: int) -> None:
    with pytest.raises((ValueError, IndexError)):
        plain.one_hot(np.array([0, label]), 3)
