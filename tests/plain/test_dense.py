"""The dense layer and flattening: the judge, the fast op, and nested lists."""

import numpy as np
import pytest

from course_nn import plain
from course_nn.reference import pure_python

from .agreement import assert_agrees, assert_judged, assert_right, assert_same, normal


@pytest.mark.parametrize("N", [1, 4])
def test_dense(N: int) -> None:
    assert_right("dense", *normal(1, (N, 3), (3, 2), (2,)))


def test_dense_without_a_bias_has_no_gradient_of_one() -> None:
    x, W, dy = normal(2, (4, 3), (3, 2), (4, 2))
    y, cache = plain.dense_forward(x, W)
    with_zeros = plain.dense_forward(x, W, np.zeros(2))
    assert_same(y, with_zeros[0])
    dx, dW, db = plain.dense_backward(dy, cache)
    assert db is None
    for found, expected in zip((dx, dW), plain.dense_backward(dy, with_zeros[1]), strict=False):
        assert_same(found, expected)


def test_dense_equals_nested_lists() -> None:
    x, W, b, dy = normal(3, (4, 3), (3, 2), (2,), (4, 2))
    y, cache = plain.dense_forward(x, W, b)
    lists, slow = pure_python.dense_forward(x.tolist(), W.tolist(), b.tolist())
    assert_same(y, np.array(lists))
    expected = pure_python.dense_backward(dy.tolist(), slow)
    for found, one in zip(plain.dense_backward(dy, cache), expected, strict=True):
        assert_same(found, np.array(one))


@pytest.mark.parametrize("shape", [(2, 5), (3, 2, 4, 5), (1, 1)])
def test_flatten(shape: tuple[int, ...]) -> None:
    assert_right("flatten", *normal(4, shape))


def test_flatten_twice_is_flatten_once() -> None:
    (x,) = normal(5, (3, 2, 4))
    assert_agrees("flatten", x)
    assert_judged("flatten", plain.flatten_forward(x)[0])
