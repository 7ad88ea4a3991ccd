"""The equations of the chapter on gradient checking: by SymPy, and against the judge."""

import numpy as np
import pytest
import sympy as sp

import course_nn as nn
from course_nn.gradcheck import check_vjp, numerical_gradient
from course_nn.gradcheck.judge import _noise
from course_nn.gradcheck.report import Comparison

from .proving import proves

h = sp.Symbol("h", positive=True)
d = sp.symbols("f0:7")  # f and its derivatives at x


def taylor(step: sp.Expr, order: int = 7) -> sp.Expr:
    """f(x + step), a general f."""
    return sum(d[k] * step**k / sp.factorial(k) for k in range(order))


def order_of(error: sp.Expr) -> int:
    """The lowest power of h in a polynomial."""
    return min(power for (power,), _ in sp.Poly(sp.expand(error), h).terms())


@proves("eq-gc-limit")
def test_the_limit_of_the_quotient_is_the_derivative() -> None:
    x = sp.Symbol("x")
    for f in (x**3, sp.exp(x), sp.sin(x)):
        assert sp.simplify(sp.limit((f.subs(x, x + h) - f) / h, h, 0) - sp.diff(f, x)) == 0


@proves("eq-gc-taylor", "eq-gc-forward", "eq-gc-central")
def test_the_errors_begin_with_the_powers_that_are_printed() -> None:
    for sign in (1, -1):
        printed = (
            d[0] + sign * h * d[1] + h**2 / 2 * d[2] + sign * h**3 / 6 * d[3] + h**4 / 24 * d[4]
        )
        assert order_of(taylor(sign * h) - printed) == 5
    forward = (taylor(h) - d[0]) / h
    assert order_of(forward - d[1] - h / 2 * d[2]) == 2
    central = (taylor(h) - taylor(-h)) / (2 * h)
    assert order_of(central - d[1] - h**2 / 6 * d[3]) == 4
    assert order_of(central - d[1]) == 2  # without its first term


@proves("eq-gc-error", "eq-gc-best")
def test_the_best_step_is_where_the_error_is_flat() -> None:
    eps, f, f3 = sp.symbols("epsilon f f3", positive=True)
    error = h**2 / 6 * f3 + eps / h * f
    best = (3 * eps * f / f3) ** sp.Rational(1, 3)
    assert sp.simplify(sp.diff(error, h) - (h / 3 * f3 - eps / h**2 * f)) == 0
    assert sp.simplify(sp.diff(error, h).subs(h, best)) == 0
    assert sp.simplify(sp.diff(error, h, 2).subs(h, best)) > 0
    assert sp.simplify(error.subs({f: 1, f3: 1}).subs(h, best.subs({f: 1, f3: 1}))
                       - best.subs({f: 1, f3: 1}) ** 2 / 2) == 0  # fmt: skip


@proves("eq-gc-error")
def test_the_error_of_a_central_difference_is_of_the_size_that_is_printed() -> None:
    x, eps = np.linspace(0.5, 1.5, 2001), np.finfo(float).eps
    for step in (1e-2, 1e-3, 1e-7, 1e-9):
        found = (np.exp(x + step) - np.exp(x - step)) / (2 * step)
        typical = np.median(np.abs(found / np.exp(x) - 1))
        bound = step**2 / 6 + eps / step
        assert bound / 20 < typical < 2 * bound


def layer(x: np.ndarray) -> np.ndarray:
    return np.array([x[0] * x[1], x[1] ** 2 + x[2], np.sin(x[0]), x[2]])


JACOBIAN = sp.Matrix(
    [(lambda a, b, c: [a * b, b**2 + c, sp.sin(a), c])(*sp.symbols("x:3"))]
).jacobian(sp.symbols("x:3"))


def jacobian(x: np.ndarray) -> np.ndarray:
    return np.array(JACOBIAN.subs(dict(zip(sp.symbols("x:3"), x, strict=True))), float)


@proves("eq-gc-scalar", "eq-gc-indices", "eq-gc-vjp")
def test_the_product_with_the_jacobian_is_the_gradient_of_a_loss_behind() -> None:
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal(3), rng.standard_normal(4)
    J = jacobian(x)
    loss = numerical_gradient(lambda x: (dy * layer(x)).sum(), x, np.array(1.0))
    assert np.allclose(J.T @ dy, loss)
    assert np.allclose([sum(dy[i] * J[i, j] for i in range(4)) for j in range(3)], loss)
    assert np.allclose(numerical_gradient(np.tanh, x[:1], dy[:1]), dy[0] * (1 - np.tanh(x[0]) ** 2))
    assert not np.allclose(J.T @ np.ones(4), loss)  # dy left out


def printed_difference(f, x: np.ndarray, dy: np.ndarray, step: float) -> np.ndarray:
    """eq-gc-numerical, literally."""
    gradient = np.empty_like(x)
    for j in range(len(x)):
        up, down = x.copy(), x.copy()
        up[j] += step
        down[j] -= step
        gradient[j] = sum(dy[i] * (f(up)[i] - f(down)[i]) / (2 * step) for i in range(len(dy)))
    return gradient


@proves("eq-gc-numerical")
def test_the_judge_computes_the_printed_difference() -> None:
    rng = np.random.default_rng(1)
    x, dy = rng.uniform(-1, 1, 3), rng.standard_normal(4)
    found = numerical_gradient(layer, x, dy)
    assert np.allclose(found, printed_difference(layer, x, dy, 1e-5), rtol=1e-8)
    assert np.allclose(found, jacobian(x).T @ dy)


@proves("eq-gc-relative", "eq-gc-noise")
def test_the_report_computes_the_printed_error_less_the_noise() -> None:
    rng = np.random.default_rng(2)
    a, n, y, dy = (rng.standard_normal((3, 2)) for _ in range(4))
    noise = 4 * np.finfo(float).eps / 1e-5 * np.abs(y).max() * np.sqrt((dy**2).sum())
    assert _noise(y, dy, 1e-5) == pytest.approx(noise, rel=1e-12)
    printed = np.abs(a - n) / np.maximum(np.abs(a), np.abs(n))
    found = Comparison("x", a, n, noise).relative_error
    assert np.allclose(found, printed, rtol=1e-4)
    assert not Comparison("x", np.zeros(1), np.array([noise / 2]), noise).relative_error.any()


@proves("eq-gc-softmax")
def test_columns_of_the_softmax_jacobian_sum_to_zero() -> None:
    x = sp.symbols("x:3")
    p = sp.Matrix([sp.exp(a) / sum(map(sp.exp, x)) for a in x])
    assert sp.simplify(p.jacobian(x).T * sp.ones(3, 1)) == sp.zeros(3, 1)
    assert sp.simplify(p.jacobian(x).T * sp.Matrix([1, 2, 3])) != sp.zeros(3, 1)


@pytest.mark.parametrize("paths", [3, 2])
@proves("eq-gc-batchnorm")
def test_batch_norm_needs_all_three_terms(paths: int) -> None:
    def forward(x: np.ndarray) -> tuple[np.ndarray, tuple]:
        x_hat = (x - x.mean(axis=0)) / x.std(axis=0)
        return x_hat, (x_hat, x.std(axis=0))

    def backward(dy: np.ndarray, cache: tuple) -> np.ndarray:
        x_hat, sigma = cache
        terms = dy, -dy.mean(axis=0), -x_hat * (dy * x_hat).mean(axis=0)
        return sum(terms[:paths]) / sigma

    x = np.random.default_rng(3).standard_normal((6, 4))
    assert check_vjp(forward, backward, x).passed == (paths == 3)


@proves("eq-gc-chance")
def test_who_knows_nothing_loses_log_k() -> None:
    for K in (2, 10, 7):
        loss = nn.SoftmaxCrossEntropy().forward(np.full((5, K), 0.3), np.arange(5) % K)
        assert float(loss) == pytest.approx(np.log(K))
