"""Softmax over the last axis."""

from typing import ClassVar

import numpy as np
import pytest
from contract import Case, DoorContract, OpContract, normal
from scipy import special

from course_nn import ops
from course_nn.gradcheck import numerical_gradient


def softmax(*shape: int) -> Case:
    return Case(ops.softmax_forward, ops.softmax_backward, (normal(1, *shape),))


class TestSoftmax(DoorContract, OpContract):
    cases: ClassVar = {
        "rows": softmax(3, 4),
        "one row": softmax(1, 5),
        "two classes": softmax(4, 2),
        "three axes": softmax(2, 3, 4),
        "a vector": softmax(6),
    }


class TestLogSoftmax(DoorContract, OpContract):
    cases: ClassVar = {
        label: Case(ops.log_softmax_forward, ops.log_softmax_backward, case.arrays)
        for label, case in TestSoftmax.cases.items()
    }


def test_by_hand() -> None:
    p, cache = ops.softmax_forward(np.log([[1.0, 2.0, 5.0]]))
    np.testing.assert_allclose(p, [[0.125, 0.25, 0.625]], rtol=1e-15)
    dx = ops.softmax_backward(np.array([[8.0, 0.0, 0.0]]), cache)
    np.testing.assert_allclose(dx, [[0.875, -0.25, -0.625]], rtol=1e-15)


def test_one_class_is_certain() -> None:
    p, cache = ops.softmax_forward(normal(1, 3, 1))
    np.testing.assert_array_equal(p, np.ones((3, 1)))
    np.testing.assert_array_equal(ops.softmax_backward(normal(2, 3, 1), cache), np.zeros((3, 1)))


def test_the_jacobian_is_diag_p_minus_p_pT() -> None:
    x, eye = normal(1, 4), np.eye(4)
    p, cache = ops.softmax_forward(x)
    rows = [ops.softmax_backward(eye[k], cache) for k in range(4)]
    np.testing.assert_allclose(rows, np.diag(p) - np.outer(p, p), atol=1e-15)
    numerical = [numerical_gradient(lambda z: ops.softmax_forward(z)[0], x, e) for e in eye]
    np.testing.assert_allclose(rows, numerical, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_stable_at_scores_of_ten_thousand(dtype: type) -> None:
    x = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4]], dtype=dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        p, cache = ops.softmax_forward(x)
        dx = ops.softmax_backward(np.full_like(x, 1e4), cache)
    np.testing.assert_allclose(p, [[1, 0, 0], [1 / 3] * 3], rtol=1e-6)
    assert np.isfinite(dx).all()


def test_a_shift_of_the_scores_changes_nothing() -> None:
    x = normal(1, 3, 4)
    shifted = ops.softmax_forward(x + 100.0)[0]
    np.testing.assert_allclose(shifted, ops.softmax_forward(x)[0], rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_softmax_is_right_where_the_probability_is_zero(dtype: type) -> None:
    x = np.array([[1e4, 0.0, 1e4 - 3]], dtype)
    y, _ = ops.log_softmax_forward(x)
    exact = special.log_softmax(x.astype(np.float64), axis=-1)
    np.testing.assert_allclose(y, exact, rtol=1e-7 if dtype is np.float64 else 1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_score_of_minus_infinity_leaves_its_class_out(dtype: type) -> None:
    x = np.array([[1.0, -np.inf, 2.0], [-np.inf, 0.0, -np.inf]], dtype)
    with np.errstate(all="raise", under="ignore"):
        p, cache = ops.softmax_forward(x)
        log_p, log_cache = ops.log_softmax_forward(x)
        dx = ops.softmax_backward(np.ones_like(x) + x.clip(0), cache)
        log_dx = ops.log_softmax_backward(np.ones_like(x), log_cache)
    two, _ = ops.softmax_forward(x[:1, [0, 2]])
    np.testing.assert_array_equal(p, [[two[0, 0], 0, two[0, 1]], [0, 1, 0]])
    np.testing.assert_allclose(np.exp(log_p), p, rtol=1e-6)
    assert np.isfinite(dx).all()
    assert np.isfinite(log_dx).all()
    assert dx[0, 1] == 0


@pytest.mark.parametrize("op", [ops.softmax_forward, ops.log_softmax_forward])
def test_a_row_without_a_class_is_refused(op) -> None:
    x = np.array([[0.0, 1.0], [-np.inf, -np.inf]])
    with pytest.raises(ValueError, match="all scores of row 1 are −∞, which leaves out every cl"):
        op(x)
    for shape in [(), (2, 0), (0,)]:
        with pytest.raises(ValueError, match=r"takes scores \(…, K\) of one class or more, got"):
            op(np.zeros(shape))
    assert op(np.zeros((0, 3)))[0].shape == (0, 3)
