"""Activations: one function of one number, right at any number, in both dtypes."""

import math
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pytest
from contract import Case, DoorContract, OpContract, apart, normal
from scipy import special

from course_nn import ops

SHAPES = {"matrix": (3, 4), "image": (2, 3, 3, 5), "one number": (1, 1), "vector": (5,)}


def cases(name: str, draw, *options) -> dict[str, Case]:
    """The op on every shape, away from the kink at zero."""
    forward, backward = getattr(ops, f"{name}_forward"), getattr(ops, f"{name}_backward")
    return {
        label: Case(lambda x: forward(x, *options), backward, (draw(5, *shape),))
        for label, shape in SHAPES.items()
    }


class TestReLU(DoorContract, OpContract):
    cases: ClassVar = cases("relu", apart)


class TestLeakyReLU(DoorContract, OpContract):
    cases: ClassVar = cases("leaky_relu", apart) | {
        f"slope {slope}, {label}": case
        for slope in (0.2, 1.0, -0.5)
        for label, case in cases("leaky_relu", apart, slope).items()
    }


class TestSigmoid(DoorContract, OpContract):
    cases: ClassVar = cases("sigmoid", normal)


class TestTanh(DoorContract, OpContract):
    cases: ClassVar = cases("tanh", normal)


class TestSiLU(DoorContract, OpContract):
    cases: ClassVar = cases("silu", normal)


class TestGELU(DoorContract, OpContract):
    cases: ClassVar = cases("gelu", normal) | {
        f"tanh form, {label}": case for label, case in cases("gelu", normal, "tanh").items()
    }


# ---- values


X = np.array([-1e4, -50.0, -2.0, -0.5, 0.0, 0.5, 2.0, 50.0, 1e4])
FORMULAS: dict[str, tuple[tuple, Callable[[float], float]]] = {
    "relu": ((), lambda x: x if x > 0 else 0.0),
    "leaky_relu": ((), lambda x: x if x > 0 else 0.01 * x),
    "sigmoid": ((), lambda x: 1 / (1 + math.exp(-x)) if x > -700 else 0.0),
    "tanh": ((), math.tanh),
    "silu": ((), lambda x: x / (1 + math.exp(-x)) if x > -700 else 0.0),
    "gelu": ((), lambda x: 0.5 * x * math.erfc(-x / math.sqrt(2))),
    "gelu, tanh": (
        ("tanh",),
        lambda x: 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    ),
}


def pair(name: str) -> tuple[Callable, Callable]:
    """x → (y, cache), and the backward pass, of a mode in FORMULAS."""
    op, options = name.split(",")[0], FORMULAS[name][0]
    forward, backward = getattr(ops, f"{op}_forward"), getattr(ops, f"{op}_backward")
    return lambda x: forward(x, *options), backward


@pytest.mark.parametrize("name", FORMULAS)
def test_values_by_the_formula(name: str) -> None:
    y, _ = pair(name)[0](X)
    expected = [FORMULAS[name][1](float(x)) for x in X]
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FORMULAS)
def test_finite_at_any_score(name: str, dtype: type) -> None:
    forward, backward = pair(name)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y, cache = forward(X.astype(dtype))
        dx = backward(np.ones_like(y), cache)
    assert np.isfinite(y).all()
    assert np.isfinite(dx).all()


def test_the_two_forms_of_gelu_differ_by_half_a_thousandth_at_most() -> None:
    x = np.linspace(-8, 8, 10_001)
    assert 4e-4 < abs(ops.gelu_forward(x)[0] - ops.gelu_forward(x, "tanh")[0]).max() < 5e-4


@pytest.mark.parametrize("word", ["erf", None, True, "exact"])
def test_another_form_of_gelu_is_refused(word) -> None:
    with pytest.raises(ValueError, match=r'approximate must be "none" or "tanh", got'):
        ops.gelu_forward(X, word)


@pytest.mark.parametrize("slope", ["a", None, np.ones(3), np.nan])
def test_a_slope_that_is_no_number_is_refused(slope) -> None:
    with pytest.raises((TypeError, ValueError), match="slope must be"):
        ops.leaky_relu_forward(X, slope)


# ---- tails: where 1 − y and 1 − y² would have no digits left


def exact(name: str, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """f(x) and f′(x) in the longest floats there are."""
    v = x.astype(np.longdouble)
    s, rest = 1 / (1 + np.exp(-v)), 1 / (1 + np.exp(v))  # σ(x) and 1 − σ(x)
    share, density = special.ndtr(x.astype(np.float64)), np.exp(-v * v / 2) / np.sqrt(2 * np.pi)
    return {
        "sigmoid": (s, s * rest),
        "tanh": (np.tanh(v), 1 / np.cosh(v) ** 2),
        "silu": (v * s, s * (1 + v * rest)),
        "gelu": (v * share, share + v * density),
    }[name]


TAILS = np.concatenate([np.linspace(-100, 100, 401), np.linspace(-3, 3, 61), [1e-6, -1e-6]])


def units(found: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The error in units of the last place, or of the smallest normal number."""
    info = np.finfo(found.dtype)
    return abs(found - right) / np.maximum(abs(right) * info.eps, info.tiny)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_value_and_slope_keep_their_digits_to_a_hundred(name: str, dtype: type) -> None:
    forward, backward = pair(name)
    x = TAILS.astype(dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y, cache = forward(x)
        dx = backward(np.ones_like(x), cache)
    value, slope = exact(name, x)
    assert units(y, value).max() < 5
    assert units(dx, slope).max() < 5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["silu", "gelu"])
def test_a_gate_is_right_to_the_dtype_and_its_left_tail_keeps_its_digits(name, dtype) -> None:
    forward, backward = pair(name)
    x = TAILS.astype(dtype)
    y, cache = forward(x)
    value, slope = exact(name, x)
    assert abs(backward(np.ones_like(x), cache) - slope).max() < 4 * np.finfo(dtype).eps
    # exp(−½x²) multiplies the rounding of its argument: ½x² units
    assert (units(y, value) / (1 + x.astype(float) ** 2 / 2)).max() < 5


def test_the_normal_distribution_is_scipy_s() -> None:
    """y / x is Φ(x), to 1e-15: the error function without SciPy."""
    x = np.linspace(-5, 38, 4001) + 1e-3
    np.testing.assert_allclose(ops.gelu_forward(x)[0] / x, special.ndtr(x), rtol=2e-14, atol=1e-15)
    np.testing.assert_allclose(ops.gelu_forward(x)[0], x * special.ndtr(x), rtol=2e-14)
    np.testing.assert_allclose(
        2 * ops.gelu_forward(x)[0] / x - 1, special.erf(x / 2**0.5), atol=1e-15
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["silu", "gelu", "gelu, tanh"])
def test_far_out_a_gate_is_open_or_shut(name: str, dtype: type) -> None:
    forward, backward = pair(name)
    x = np.array([-1e30, -1e10, 1e10, 1e18, np.finfo(dtype).max], dtype)
    y, cache = forward(x)
    np.testing.assert_array_equal(y, [0, 0, *x[2:]])
    np.testing.assert_array_equal(backward(np.ones_like(x), cache), [0, 0, 1, 1, 1])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "name", ["relu", "leaky_relu", "sigmoid", "tanh", "silu", "gelu", "gelu, tanh"]
)
def test_at_infinity_a_value_is_its_limit(name: str) -> None:
    forward, backward = pair(name)
    y, cache = forward(np.array([-np.inf, np.inf]))
    limits = {"sigmoid": [0, 1], "tanh": [-1, 1], "leaky_relu": [-np.inf, np.inf]}
    np.testing.assert_array_equal(y, limits.get(name, [0, np.inf]))
    assert np.isfinite(backward(np.ones(2), cache)).all()


# ---- kinks, masks, memory


def test_the_kink_of_relu_takes_zero() -> None:
    _, cache = ops.relu_forward(np.array([0.0, -0.0]))
    np.testing.assert_array_equal(ops.relu_backward(np.array([3.0, 3.0]), cache), [0, 0])


def test_the_kink_of_leaky_relu_takes_the_slope() -> None:
    _, cache = ops.leaky_relu_forward(np.array([0.0]), 0.5)
    np.testing.assert_array_equal(ops.leaky_relu_backward(np.array([4.0]), cache), [2.0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_a_gradient_that_is_not_finite_stays_out_where_the_mask_says_zero(bad, dtype) -> None:
    x, dy = np.array([-1.0, 2.0], dtype), np.array([bad, bad], dtype)
    _, cache = ops.relu_forward(x)
    np.testing.assert_array_equal(ops.relu_backward(dy, cache), [0, bad])
    _, cache = ops.leaky_relu_forward(x, 0.5)
    np.testing.assert_array_equal(ops.leaky_relu_backward(dy, cache), [bad, bad])


@pytest.mark.parametrize("name", FORMULAS)
def test_an_image_stays_in_its_memory_order(name: str) -> None:
    forward, backward = pair(name)
    x = normal(1, 3, 4, 4, 5).transpose(3, 0, 1, 2)
    y, cache = forward(x)
    assert y.strides == x.strides
    assert backward(x, cache).strides == x.strides
