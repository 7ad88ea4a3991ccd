"""The dense layer's op and flattening."""

from typing import ClassVar

import numpy as np
import pytest
from contract import Case, OpContract, normal

from course_nn import ops


def dense(N: int, D: int, M: int) -> Case:
    arrays = normal(1, N, D), normal(2, D, M), normal(3, M)
    return Case(ops.dense_forward, ops.dense_backward, arrays)


class TestDense(OpContract):
    cases: ClassVar = {
        "plain": dense(4, 3, 5),
        "one sample": dense(1, 3, 2),
        "one feature in": dense(3, 1, 2),
        "one feature out": dense(3, 4, 1),
        "all one": dense(1, 1, 1),
    }


class TestFlatten(OpContract):
    cases: ClassVar = {
        "image": Case(ops.flatten_forward, ops.flatten_backward, (normal(1, 3, 2, 4, 5),)),
        "flat already": Case(ops.flatten_forward, ops.flatten_backward, (normal(1, 3, 4),)),
        "one sample": Case(ops.flatten_forward, ops.flatten_backward, (normal(1, 1, 1, 2, 3),)),
    }


def test_dense_by_hand() -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    W = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 3.0]])
    y, cache = ops.dense_forward(x, W, np.array([10.0, 20.0, 30.0]))
    np.testing.assert_array_equal(y, [[11, 22, 38], [13, 24, 48]])
    dx, dW, db = ops.dense_backward(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), cache)
    np.testing.assert_array_equal(dx, [[7, 11], [16, 23]])
    np.testing.assert_array_equal(dW, [[13, 17, 21], [18, 24, 30]])
    np.testing.assert_array_equal(db, [5, 7, 9])


def test_dense_can_leave_out_dx() -> None:
    case = dense(4, 3, 5)
    y, cache = ops.dense_forward(*case.arrays)
    _, dW, db = ops.dense_backward(y, cache)
    none, dW2, db2 = ops.dense_backward(y, cache, need_dx=False)
    assert none is None
    np.testing.assert_array_equal(dW, dW2)
    np.testing.assert_array_equal(db, db2)


def test_dense_refuses_features_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"5 is different from 3|3 is different from 5"):
        ops.dense_forward(np.ones((2, 3)), np.ones((5, 4)), np.zeros(4))


def test_flatten_reads_channel_by_channel_row_by_row() -> None:
    x = np.arange(24.0).reshape(2, 3, 2, 2)
    np.testing.assert_array_equal(ops.flatten_forward(x)[0], np.arange(24.0).reshape(2, 12))
