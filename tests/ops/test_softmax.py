"""Softmax over the last axis."""

from typing import ClassVar

import numpy as np
import pytest
from contract import Case, OpContract, normal

from course_nn import ops
from course_nn.gradcheck import numerical_gradient


def softmax(*shape: int) -> Case:
    return Case(ops.softmax_forward, ops.softmax_backward, (normal(1, *shape),))


class TestSoftmax(OpContract):
    cases: ClassVar = {
        "rows": softmax(3, 4),
        "one row": softmax(1, 5),
        "two classes": softmax(4, 2),
        "three axes": softmax(2, 3, 4),
        "a vector": softmax(6),
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
