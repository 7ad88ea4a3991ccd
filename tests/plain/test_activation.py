"""Activations: the judge, the fast op, whole Jacobians, and values known from elsewhere."""

import math

import numpy as np
import pytest

from course_nn import plain
from course_nn.reference import jacobian

from .agreement import apart, assert_agrees, assert_right, assert_same, normal

SHAPES = [(7,), (3, 4), (2, 2, 3, 2)]
MODES: list[tuple[str, dict]] = [
    ("relu", {}),
    ("leaky_relu", {}),
    ("leaky_relu", {"slope": 0.2}),
    ("sigmoid", {}),
    ("tanh", {}),
    ("silu", {}),
    ("gelu", {}),
    ("gelu", {"approximate": "tanh"}),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("op", "options"), MODES)
def test_activations(op: str, options: dict, shape: tuple[int, ...]) -> None:
    assert_right(op, apart(1, *shape), **options)


@pytest.mark.parametrize(("op", "options"), MODES)
def test_far_from_zero_the_twin_agrees_too(op: str, options: dict) -> None:
    assert_agrees(op, np.array([-60.0, -12.0, -5.5, 0.0, 5.5, 12.0, 60.0]), **options)


def test_relu_is_its_jacobian_times_dy() -> None:
    x, dy = normal(2, (3, 4), (3, 4))
    expected = jacobian.input_product(jacobian.relu_jacobian(x), dy)
    assert_same(plain.relu_backward(dy, plain.relu_forward(x)[1]), expected)


def test_at_the_kink_the_gradient_is_zero() -> None:
    cache = plain.relu_forward(np.array([0.0]))[1]
    assert plain.relu_backward(np.array([5.0]), cache).tolist() == [0.0]


def test_an_infinite_gradient_stays_out_where_relu_is_zero() -> None:
    cache = plain.relu_forward(np.array([-1.0, 1.0]))[1]
    assert plain.relu_backward(np.array([np.inf, np.inf]), cache).tolist() == [0.0, np.inf]


@pytest.mark.parametrize("x", [-37.0, -8.0, -1.0, 0.5, 3.0])
def test_gelu_is_x_times_the_normal_distribution(x: float) -> None:
    expected = x * 0.5 * math.erfc(-x / math.sqrt(2))
    assert plain.gelu_forward(np.array([x]))[0][0] == pytest.approx(expected, rel=1e-14)


def test_both_forms_of_gelu_differ_by_less_than_a_thousandth() -> None:
    x = np.linspace(-6, 6, 200)
    exact, tanh = plain.gelu_forward(x)[0], plain.gelu_forward(x, "tanh")[0]
    assert 1e-5 < abs(exact - tanh).max() < 1e-3


def test_the_tail_of_the_logistic_function_is_kept() -> None:
    assert plain.sigmoid(np.array([-30.0]))[0] == pytest.approx(math.exp(-30), rel=1e-12)
