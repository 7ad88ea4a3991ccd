"""Softmax and its logarithm: the judge, the fast op, and the whole Jacobian."""

import numpy as np
import pytest

from course_nn import plain
from course_nn.reference import jacobian

from .agreement import assert_right, assert_same, normal


@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 4)])
@pytest.mark.parametrize("op", ["softmax", "log_softmax"])
def test_softmax(op: str, shape: tuple[int, ...]) -> None:
    assert_right(op, *normal(1, shape))


def test_softmax_is_its_jacobian_times_dp() -> None:
    x, dp = normal(2, (3, 5), (3, 5))
    expected = jacobian.input_product(jacobian.softmax_jacobian(x), dp)
    assert_same(plain.softmax_backward(dp, plain.softmax_forward(x)[1]), expected)


def test_the_logarithm_is_that_of_softmax() -> None:
    (x,) = normal(3, (3, 5))
    assert_same(plain.log_softmax_forward(x)[0], np.log(plain.softmax_forward(x)[0]))


def test_scores_of_ten_thousand_stay_finite() -> None:
    x = np.array([[1e4, -1e4, 0.0]])
    assert plain.softmax_forward(x)[0].tolist() == [[1.0, 0.0, 0.0]]
    assert plain.log_softmax_forward(x)[0].tolist() == [[0.0, -2e4, -1e4]]
