"""Activations: each function and its derivative, by algebra and against the ops."""

from collections.abc import Callable

import numpy as np
import pytest
import sympy as sp

from course_nn import ops
from course_nn.gradcheck import check_vjp

from .proving import proves

X = sp.Symbol("x", real=True)
SIGMA = 1 / (1 + sp.exp(-X))
PHI = (1 + sp.erf(X / sp.sqrt(2))) / 2
POINTS = np.array([-4.0, -1.3, -0.2, 0.1, 0.7, 2.0, 5.0])


def is_zero(expression: sp.Expr) -> bool:
    return sp.simplify(expression) == 0


def assert_op_is(op: str, y: sp.Expr, slope: sp.Expr, *options: str) -> None:
    """The op gives y and its gradient is dy · slope, at points and for a random dy."""
    forward, backward = getattr(ops, f"{op}_forward"), getattr(ops, f"{op}_backward")
    found, cache = forward(POINTS, *options)
    dy = np.random.default_rng(0).standard_normal(len(POINTS))
    values = [[float(e.subs(X, sp.Float(x, 30)).evalf(30)) for x in POINTS] for e in (y, slope)]
    np.testing.assert_allclose(found, values[0], rtol=1e-12)
    np.testing.assert_allclose(backward(dy, cache), dy * values[1], rtol=1e-12)


@proves("eq-act-rule")
@pytest.mark.parametrize("op", ["sigmoid", "tanh", "silu", "gelu"])
def test_the_jacobian_is_diagonal(op: str) -> None:
    forward: Callable = getattr(ops, f"{op}_forward")
    h = 1e-6
    J = np.array([(forward(POINTS + d)[0] - forward(POINTS - d)[0]) for d in h * np.eye(7)]) / 2e-6
    slopes = (forward(POINTS + h)[0] - forward(POINTS - h)[0]) / 2e-6
    np.testing.assert_allclose(J, np.diag(slopes), atol=1e-9)


@proves("eq-act-relu", "eq-act-leaky")
def test_the_bent_lines() -> None:
    dy = np.random.default_rng(0).standard_normal(len(POINTS))
    y, cache = ops.relu_forward(POINTS)
    assert y.tolist() == [max(x, 0) for x in POINTS]
    expected = [d if x > 0 else 0 for d, x in zip(dy, POINTS, strict=True)]
    np.testing.assert_array_equal(ops.relu_backward(dy, cache), expected)
    y, cache = ops.leaky_relu_forward(POINTS, 0.2)
    np.testing.assert_allclose(y, [x if x > 0 else 0.2 * x for x in POINTS])
    expected = [d if x > 0 else 0.2 * d for d, x in zip(dy, POINTS, strict=True)]
    np.testing.assert_allclose(ops.leaky_relu_backward(dy, cache), expected)
    _, cache = ops.relu_forward(np.zeros(1))
    assert ops.relu_backward(np.ones(1), cache)[0] == 0  # at the kink


@proves("eq-act-sigmoid", "eq-act-sigmoid-d", "eq-act-quarter")
def test_the_sigmoid_and_its_slope() -> None:
    slope = SIGMA.diff(X)
    assert is_zero(slope - sp.exp(-X) / (1 + sp.exp(-X)) ** 2)
    assert is_zero(slope - SIGMA * (1 - SIGMA))
    assert is_zero(1 - SIGMA - SIGMA.subs(X, -X))
    assert not is_zero(slope - SIGMA)  # a factor forgotten
    y = sp.Symbol("y")
    assert sp.maximum(y * (1 - y), y, sp.Interval(0, 1)) == sp.Rational(1, 4)
    assert_op_is("sigmoid", SIGMA, SIGMA * (1 - SIGMA))


@proves("eq-act-tanh")
def test_tanh_is_a_sigmoid_stretched() -> None:
    tanh = (sp.exp(X) - sp.exp(-X)) / (sp.exp(X) + sp.exp(-X))
    assert is_zero(tanh - (2 * SIGMA.subs(X, 2 * X) - 1))
    assert is_zero(tanh.diff(X) - (1 - tanh**2))
    assert is_zero((1 - tanh**2 - 1 / sp.cosh(X) ** 2).rewrite(sp.exp))
    assert_op_is("tanh", tanh, 1 - tanh**2)


@proves("eq-act-silu")
def test_silu_by_the_product_rule() -> None:
    printed = SIGMA * (1 + X * SIGMA.subs(X, -X))
    assert is_zero((X * SIGMA).diff(X) - printed)
    assert is_zero(SIGMA + X * SIGMA.diff(X) - printed)
    assert_op_is("silu", X * SIGMA, printed)


@proves("eq-act-gelu")
def test_gelu_by_the_product_rule() -> None:
    printed = PHI + X * sp.exp(-(X**2) / 2) / sp.sqrt(2 * sp.pi)
    assert is_zero((X * PHI).diff(X) - printed)
    assert_op_is("gelu", X * PHI, printed)


@proves("eq-act-gelu-tanh")
def test_the_tanh_form_of_gelu() -> None:
    u = sp.sqrt(2 / sp.pi) * (X + sp.Rational("0.044715") * X**3)
    share = (1 + sp.tanh(u)) / 2
    assert is_zero((share - SIGMA.subs(X, 2 * u)).rewrite(sp.exp))
    assert_op_is("gelu", X * share, (X * share).diff(X), "tanh")
    grid = np.linspace(-6, 6, 500)
    exact, _ = ops.gelu_forward(grid)
    nearly, _ = ops.gelu_forward(grid, "tanh")
    assert np.abs(exact - nearly).max() < 5e-4


def test_a_slope_that_forgets_the_product_rule_is_found() -> None:
    wrong = lambda dy, cache: dy * ops.sigmoid(POINTS)  # noqa: E731
    assert not check_vjp(ops.silu_forward, wrong, POINTS).passed
    with pytest.raises(AssertionError):
        assert_op_is("silu", X * SIGMA, SIGMA)
