"""The equations of the chapter on initialisation: exactly, by SymPy and all cases, or measured."""

from collections.abc import Callable
from itertools import pairwise, product
from types import ModuleType

import numpy as np
import pytest
import sympy as sp

import course_nn as nn
from course_nn import init, plain

from .proving import proves

# a coin that is not symmetric has mean zero as well: values and probabilities
COIN = [(sp.Integer(2), sp.Rational(1, 3)), (sp.Integer(-1), sp.Rational(2, 3))]
FAIR = [(sp.Integer(1), sp.Rational(1, 2)), (sp.Integer(-1), sp.Rational(1, 2))]
VARIANCE = sum(p * w**2 for w, p in COIN)


def expectation(function: Callable, *coins: list) -> sp.Expr:
    """E over independent coins, exactly."""
    total = sp.Integer(0)
    for case in product(*coins):
        chance = sp.prod([p for _, p in case])
        total += chance * function(*(w for w, _ in case))
    return total


@proves("eq-init-product")
def test_the_variance_of_a_product_has_the_second_moment_of_x() -> None:
    X = [(sp.Integer(3), sp.Rational(1, 4)), (sp.Integer(1), sp.Rational(3, 4))]
    mean = expectation(lambda w, x: w * x, COIN, X)
    variance = expectation(lambda w, x: (w * x) ** 2, COIN, X) - mean**2
    second = expectation(lambda x: x**2, X)
    assert variance == VARIANCE * second
    assert variance != VARIANCE * (second - expectation(lambda x: x, X) ** 2)  # its variance


@proves("eq-init-sum")
def test_variances_of_the_terms_add_up_whatever_the_inputs() -> None:
    cases = [((3, 1, 2), sp.Rational(1, 5)), ((1, 1, -4), sp.Rational(4, 5))]  # dependent inputs
    y2 = sum(
        p
        * expectation(
            lambda *w, x=x: sum(a * b for a, b in zip(w, x, strict=True)) ** 2, *[COIN] * 3
        )
        for x, p in cases
    )
    second = sum(p * sum(a**2 for a in x) for x, p in cases) / 3  # E[x²], over features too
    assert y2 == 3 * VARIANCE * second


@proves("eq-init-half", "eq-init-forward")
def test_a_relu_leaves_half_of_the_second_moment_of_what_is_symmetric() -> None:
    x = (3, 4, 1)
    coins = [FAIR] * 3
    y2 = expectation(lambda *w: sum(a * b for a, b in zip(w, x, strict=True)) ** 2, *coins)
    a2 = expectation(lambda *w: max(sum(a * b for a, b in zip(w, x, strict=True)), 0) ** 2, *coins)
    assert a2 == y2 / 2 == sp.Rational(1, 2) * 3 * sp.Rational(sum(b * b for b in x), 3)
    lopsided = expectation(lambda w: max(w, 0) ** 2, COIN)
    assert lopsided != VARIANCE / 2  # without the symmetry


def through(widths: list[int], scale: float, draws: int = 60) -> tuple[float, float]:
    """E[x_T²] / E[x_0²] of ReLU layers, and the same of the gradient, over many draws."""
    rng = np.random.default_rng(0)
    forward, backward = [], []
    for _ in range(draws):
        x, kept = rng.standard_normal((8, widths[0])), []
        start = (x**2).mean()
        for D, M in pairwise(widths):
            y, dense = nn.ops.dense_forward(x, scale * init.he_normal((D, M), rng=rng), np.zeros(M))
            x, relu = nn.ops.relu_forward(y)
            kept.append((dense, relu))
        d = rng.standard_normal(x.shape)
        end = (d**2).mean()
        forward.append((x**2).mean() / start)
        for dense, relu in reversed(kept):
            d = nn.ops.dense_backward(nn.ops.relu_backward(d, relu), dense)[0]
        backward.append((d**2).mean() / end)
    return float(np.mean(forward)), float(np.mean(backward))


@pytest.mark.parametrize("scale", [0.7, 1.0, 1.3])
@proves("eq-init-chain", "eq-init-backward", "eq-init-he", "eq-init-cancel")
def test_the_moments_of_a_chain_are_the_printed_products(scale: float) -> None:
    widths = [60, 120, 90, 200, 30]
    variances = [scale**2 * 2 / D for D in widths[:-1]]
    forward = np.prod([D * v / 2 for D, v in zip(widths[:-1], variances, strict=True)])
    backward = np.prod([M * v / 2 for M, v in zip(widths[1:], variances, strict=True)])
    found = through(widths, scale)
    assert found[0] == pytest.approx(forward, rel=0.15)
    assert found[1] == pytest.approx(backward, rel=0.15)
    assert found[0] != pytest.approx(forward * 2, rel=0.15)  # a ReLU forgotten
    if scale == 1:
        assert forward == pytest.approx(1)
        assert backward == pytest.approx(widths[-1] / widths[0])


@pytest.mark.parametrize("shape", [(300, 200), (60, 20, 3, 5)])
@pytest.mark.parametrize("module", [init, plain.init])
@proves("eq-init-he", "eq-init-glorot", "eq-init-uniform", "eq-init-fans")
def test_the_code_draws_with_the_printed_variances(shape: tuple, module: ModuleType) -> None:
    D, M = shape if len(shape) == 2 else (20 * 3 * 5, 60 * 3 * 5)
    draw = {n: getattr(module, n)(shape, rng=np.random.default_rng(1)) for n in module_names()}
    assert draw["he_normal"].var() == pytest.approx(2 / D, rel=0.05)
    assert draw["glorot_normal"].var() == pytest.approx(2 / (D + M), rel=0.05)
    assert draw["glorot_uniform"].var() == pytest.approx(2 / (D + M), rel=0.05)
    a = np.sqrt(6 / (D + M))
    assert 0.99 * a < np.abs(draw["glorot_uniform"]).max() <= a
    assert draw["he_normal"].var() != pytest.approx(2 / M, rel=0.05)  # the other fan


def module_names() -> list[str]:
    return ["he_normal", "glorot_normal", "glorot_uniform"]


@proves("eq-init-fans")
def test_the_fans_count_the_terms_of_the_sums() -> None:
    C, F, R, S = 2, 3, 3, 2
    x, W = np.zeros((1, C, 7, 7)), np.ones((F, C, R, S))
    y, cache = nn.ops.conv2d_forward(x + 1, W, np.zeros(F))
    dx, _, _ = nn.ops.conv2d_backward(np.ones_like(y), cache)
    assert (y == C * R * S).all()  # ones, summed: how many there are
    assert dx[0, 0, 3, 3] == F * R * S
    assert init.fans(W.shape) == plain.init.fans(W.shape) == (C * R * S, F * R * S)


@proves("eq-init-variance", "eq-init-uniform")
def test_the_variance_of_a_uniform_number() -> None:
    w, a, D, M = sp.symbols("w a D M", positive=True)
    variance = sp.integrate(w**2, (w, -a, a)) / (2 * a)
    assert sp.simplify(variance - a**2 / 3) == 0
    assert sp.simplify(variance.subs(a, sp.sqrt(6 / (D + M))) - 2 / (D + M)) == 0


@proves("eq-init-glorot")
def test_glorots_variance_is_one_over_the_mean_of_both_fans() -> None:
    D, M = sp.symbols("D M", positive=True)
    assert sp.simplify(1 / (sp.Rational(1, 2) * (D + M)) - 2 / (D + M)) == 0


@proves("eq-init-symmetry")
def test_units_that_begin_alike_get_the_same_gradient() -> None:
    rng = np.random.default_rng(2)
    model = nn.Sequential([nn.Dense(2), nn.ReLU(), nn.Dense(3)])
    model.build((4,), rng=rng, dtype=np.float64)
    for name in ("0.W", "0.b"):
        model.params[name][..., 1] = model.params[name][..., 0]
    model.params["2.W"][1] = model.params["2.W"][0]
    x, labels, loss = rng.standard_normal((6, 4)), rng.integers(0, 3, 6), nn.SoftmaxCrossEntropy()
    loss.forward(model.forward(x, train=True), labels)
    model.backward(loss.backward())
    assert np.allclose(model.grads["0.W"][:, 0], model.grads["0.W"][:, 1])
    assert np.allclose(model.grads["2.W"][0], model.grads["2.W"][1])
    assert np.abs(model.grads["0.W"]).max() > 1e-3
    model.params["2.W"][1] *= 2  # the units tell apart
    loss.forward(model.forward(x, train=True), labels)
    model.backward(loss.backward())
    assert not np.allclose(model.grads["0.W"][:, 0], model.grads["0.W"][:, 1])
