"""Activations: one function of one number."""

import math
from typing import ClassVar

import numpy as np
import pytest
from contract import Case, OpContract, apart, normal

from course_nn import ops

SHAPES = {"matrix": (3, 4), "image": (2, 3, 3, 5), "one number": (1, 1), "vector": (5,)}


def cases(name: str, draw, *options) -> dict[str, Case]:
    """The op on every shape, away from the kink at zero."""
    forward, backward = getattr(ops, f"{name}_forward"), getattr(ops, f"{name}_backward")
    return {
        label: Case(lambda x: forward(x, *options), backward, (draw(5, *shape),))
        for label, shape in SHAPES.items()
    }


class TestReLU(OpContract):
    cases: ClassVar = cases("relu", apart)


class TestLeakyReLU(OpContract):
    cases: ClassVar = cases("leaky_relu", apart) | {
        f"slope {slope}, {label}": case
        for slope in (0.2, 1.0, -0.5)
        for label, case in cases("leaky_relu", apart, slope).items()
    }


class TestSigmoid(OpContract):
    cases: ClassVar = cases("sigmoid", normal)


class TestTanh(OpContract):
    cases: ClassVar = cases("tanh", normal)


class TestGELU(OpContract):
    cases: ClassVar = cases("gelu", normal)


X = np.array([-1e4, -50.0, -2.0, -0.5, 0.0, 0.5, 2.0, 50.0, 1e4])
FORMULAS = {
    "relu": lambda x: x if x > 0 else 0.0,
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)) if x > -700 else 0.0,
    "tanh": math.tanh,
    "gelu": lambda x: 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_values_by_the_formula(name: str) -> None:
    y, _ = getattr(ops, f"{name}_forward")(X)
    np.testing.assert_allclose(y, [FORMULAS[name](float(x)) for x in X], rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FORMULAS)
def test_finite_at_any_score(name: str, dtype: type) -> None:
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y, cache = getattr(ops, f"{name}_forward")(X.astype(dtype))
        dx = getattr(ops, f"{name}_backward")(np.ones_like(y), cache)
    assert np.isfinite(y).all()
    assert np.isfinite(dx).all()


def test_the_kink_of_relu_takes_zero() -> None:
    _, cache = ops.relu_forward(np.array([0.0, -0.0]))
    np.testing.assert_array_equal(ops.relu_backward(np.array([3.0, 3.0]), cache), [0, 0])


def test_the_kink_of_leaky_relu_takes_the_slope() -> None:
    _, cache = ops.leaky_relu_forward(np.array([0.0]), 0.5)
    np.testing.assert_array_equal(ops.leaky_relu_backward(np.array([4.0]), cache), [2.0])


@pytest.mark.parametrize("name", FORMULAS)
def test_an_image_stays_in_its_memory_order(name: str) -> None:
    x = normal(1, 3, 4, 4, 5).transpose(3, 0, 1, 2)
    y, cache = getattr(ops, f"{name}_forward")(x)
    assert y.strides == x.strides
    assert getattr(ops, f"{name}_backward")(x, cache).strides == x.strides
