"""The dense layer's op and flattening."""

from typing import ClassVar

import numpy as np
import pytest
from contract import Case, DoorContract, OpContract, normal

from course_nn import ops


def dense(N: int, D: int, M: int) -> Case:
    arrays = normal(1, N, D), normal(2, D, M), normal(3, M)
    return Case(ops.dense_forward, ops.dense_backward, arrays, optional=(2,))


class TestDense(DoorContract, OpContract):
    cases: ClassVar = {
        "plain": dense(4, 3, 5),
        "one sample": dense(1, 3, 2),
        "one feature in": dense(3, 1, 2),
        "one feature out": dense(3, 4, 1),
        "all one": dense(1, 1, 1),
    }


class TestDenseWithoutBias(DoorContract, OpContract):
    cases: ClassVar = {
        label: Case(ops.dense_forward, lambda dy, c: ops.dense_backward(dy, c)[:2], case.arrays[:2])
        for label, case in TestDense.cases.items()
    }


class TestFlatten(DoorContract, OpContract):
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


@pytest.mark.parametrize(
    ("x", "W"),
    [((2, 3), (5, 4)), ((3,), (3, 4)), ((2, 3), (3,)), ((2, 5, 3), (3, 4)), ((), (1, 1))],
)
def test_dense_refuses_what_has_no_product(x: tuple[int, ...], W: tuple[int, ...]) -> None:
    with pytest.raises(
        ValueError, match=r"dense_forward: x has shape .* and W .*, expected \(N, D"
    ) as e:
        ops.dense_forward(np.ones(x), np.ones(W))
    assert str(x) in str(e.value)
    assert str(W) in str(e.value)
    assert ("flatten" in str(e.value)) == (len(x) > 2)


@pytest.mark.parametrize("b", [(1,), (2,), (), (1, 4), (2, 4)])
def test_a_bias_of_another_shape_does_not_stretch(b: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"dense_forward: b has shape .*, expected \(4,\)"):
        ops.dense_forward(np.ones((2, 3)), np.ones((3, 4)), np.ones(b))


def test_without_a_bias_there_is_no_gradient_of_one() -> None:
    x, W, _ = dense(4, 3, 5).arrays
    y, cache = ops.dense_forward(x, W)
    np.testing.assert_array_equal(y, x @ W)
    assert ops.dense_backward(y, cache)[2] is None


def test_an_empty_batch_of_features_is_no_batch_of_errors() -> None:
    y, cache = ops.dense_forward(np.ones((0, 3)), np.ones((3, 4)), np.ones(4))
    assert y.shape == (0, 4)
    assert [g.shape for g in ops.dense_backward(y, cache)] == [(0, 3), (3, 4), (4,)]


def test_a_single_number_cannot_be_flattened() -> None:
    with pytest.raises(ValueError, match=r"samples \(N, …\), got a single number"):
        ops.flatten_forward(3.0)


def test_flatten_reads_channel_by_channel_row_by_row() -> None:
    x = np.arange(24.0).reshape(2, 3, 2, 2)
    np.testing.assert_array_equal(ops.flatten_forward(x)[0], np.arange(24.0).reshape(2, 12))
