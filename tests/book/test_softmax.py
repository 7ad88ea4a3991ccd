"""Softmax: its formulas by algebra, and the ops against them."""

import numpy as np
import pytest
import sympy as sp

from course_nn import ops
from course_nn.gradcheck import check_vjp

from .proving import proves

K = 3
X = sp.symbols(f"x0:{K}", real=True)
S = sum(map(sp.exp, X))
P = [sp.exp(x) / S for x in X]


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def is_zero(expression: sp.Expr) -> bool:
    return sp.simplify(expression) == 0


def delta(k: int, j: int) -> int:
    return int(k == j)


@proves("eq-softmax-forward", "eq-softmax-ratio")
def test_the_op_is_the_quotient_of_exponentials() -> None:
    x = normal(0, 4, 5)
    p, _ = ops.softmax_forward(x)
    printed = [[np.exp(v) / sum(map(np.exp, row)) for v in row] for row in x]
    np.testing.assert_allclose(p, printed)
    np.testing.assert_allclose(p[:, 0] / p[:, 1], np.exp(x[:, 0] - x[:, 1]))
    with pytest.raises(AssertionError):  # the sum over the samples
        np.testing.assert_allclose(p, np.exp(x) / np.exp(x).sum(axis=0))


@proves("eq-softmax-two", "eq-softmax-d-two")
def test_of_two_classes_it_is_a_sigmoid_of_the_difference() -> None:
    a, b = sp.symbols("x_0 x_1", real=True)
    p1 = sp.exp(b) / (sp.exp(a) + sp.exp(b))
    assert is_zero(p1 - 1 / (1 + sp.exp(-(b - a))))
    assert is_zero(sp.diff(p1, b) - p1 * (1 - p1))
    assert is_zero(sp.diff(p1, a) + p1 * (1 - p1))


@proves("eq-softmax-shift", "eq-softmax-stable")
def test_a_shift_changes_nothing_but_the_overflow() -> None:
    c = sp.Symbol("c", real=True)
    shifted = [p.subs({x: x + c for x in X}, simultaneous=True) for p in P]
    assert all(is_zero(q - p) for q, p in zip(shifted, P, strict=True))
    x = 1e4 * normal(0, 4, 5)
    p, _ = ops.softmax_forward(x)
    e = np.exp(x - x.max(axis=1, keepdims=True))
    np.testing.assert_allclose(p, e / e.sum(axis=1, keepdims=True))
    assert np.isfinite(p).all()


@proves("eq-softmax-jacobian", "eq-softmax-matrix")
def test_the_jacobian() -> None:
    p = sp.Matrix(P)
    derived = p.jacobian(X)
    printed = sp.Matrix(K, K, lambda k, j: P[k] * (delta(k, j) - P[j]))
    assert (derived - printed).applyfunc(sp.simplify) == sp.zeros(K)
    assert (derived - (sp.diag(*P) - p * p.T)).applyfunc(sp.simplify) == sp.zeros(K)
    wrong = sp.Matrix(K, K, lambda k, j: P[k] * (delta(k, j) + P[j]))
    assert (derived - wrong).applyfunc(sp.simplify) != sp.zeros(K)


def dx_printed(dp: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The printed sum, index by index."""
    dx = np.zeros_like(p)
    for n, l in np.ndindex(p.shape):  # noqa: E741
        dx[n, l] = p[n, l] * dp[n, l] - p[n, l] * sum(p[n, k] * dp[n, k] for k in range(p.shape[1]))
    return dx


@proves("eq-softmax-dx-indices", "eq-softmax-dx")
def test_the_product_with_the_upstream_gradient() -> None:
    x, dp = normal(0, 4, 5), normal(1, 4, 5)
    p, cache = ops.softmax_forward(x)
    expected = dx_printed(dp, p)
    np.testing.assert_allclose(ops.softmax_backward(dp, cache), expected)
    np.testing.assert_allclose(p * (dp - (p * dp).sum(axis=1, keepdims=True)), expected)
    assert check_vjp(ops.softmax_forward, dx_printed, x).passed
    assert not check_vjp(ops.softmax_forward, lambda dp, p: p * (1 - p) * dp, x).passed


@proves("eq-softmax-sum", "eq-softmax-null")
def test_what_never_comes_through() -> None:
    x, dp = normal(0, 4, 5), normal(1, 4, 5)
    _, cache = ops.softmax_forward(x)
    np.testing.assert_allclose(ops.softmax_backward(dp, cache).sum(axis=1), 0, atol=1e-12)
    c = normal(2, 4, 1) * np.ones(5)
    np.testing.assert_allclose(ops.softmax_backward(c, cache), 0, atol=1e-12)
    assert np.abs(ops.softmax_backward(dp, cache)).max() > 0.01


@proves("eq-softmax-log", "eq-softmax-logsumexp")
def test_the_logarithm_without_an_exponential_too_many() -> None:
    for p, x in zip(P, X, strict=True):
        assert is_zero(sp.exp(x - sp.log(S)) - p)
    x = normal(0, 4, 5)
    y, _ = ops.log_softmax_forward(x)
    top = x.max(axis=1, keepdims=True)
    total = top + np.log(np.exp(x - top).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(total, np.log(np.exp(x).sum(axis=1, keepdims=True)))
    np.testing.assert_allclose(y, x - total)
    far, _ = ops.log_softmax_forward(np.array([[0.0, 2e4]]))
    assert far.tolist() == [[-2e4, 0.0]]


@proves("eq-softmax-log-jacobian", "eq-softmax-log-dx")
def test_the_gradient_through_the_logarithm() -> None:
    for k in range(K):
        y = X[k] - sp.log(S)
        for l in range(K):  # noqa: E741
            assert is_zero(sp.diff(y, X[l]) - (delta(k, l) - P[l]))
    x, dy = normal(0, 4, 5), normal(1, 4, 5)
    _, cache = ops.log_softmax_forward(x)
    p, _ = ops.softmax_forward(x)
    printed = dy - p * dy.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ops.log_softmax_backward(dy, cache), printed)
    with pytest.raises(AssertionError):  # the factor p left in front
        np.testing.assert_allclose(ops.log_softmax_backward(dy, cache), p * printed)
