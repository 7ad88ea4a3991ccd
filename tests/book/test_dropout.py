"""The equations of "Dropout": expectations over every mask there is, and the judge."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
import sympy as sp

import course_nn as nn
from course_nn import ops
from course_nn.gradcheck import numerical_gradient

from .proving import proves

P = sp.Rational(1, 3)
D = 3
X = sp.symbols(f"x:{D}", real=True)
W = sp.symbols(f"w:{D}", real=True)
MASKS = list(product((0, 1), repeat=D))


def expected(value: Callable[[tuple[int, ...]], sp.Expr], p: sp.Expr = P) -> sp.Expr:
    """The mean of value(mask) over all masks, by eq-drop-mask."""
    return sp.expand(
        sum(sp.prod([1 - p if kept else p for kept in mask]) * value(mask) for mask in MASKS)
    )


def y(mask: tuple[int, ...]) -> list[sp.Expr]:
    """eq-drop-forward."""
    return [x * kept / (1 - P) for x, kept in zip(X, mask, strict=True)]


def total(mask: tuple[int, ...]) -> sp.Expr:
    return sum(a * w for a, w in zip(y(mask), W, strict=True))


@proves("eq-drop-mask", "eq-drop-mask-moments")
def test_the_mask_drops_its_share_and_has_the_printed_moments() -> None:
    p = sp.symbols("p", positive=True)
    mean = expected(lambda mask: sp.Integer(mask[0]), p)
    assert sp.expand(mean - (1 - p)) == 0
    variance = expected(lambda mask: (mask[0] - (1 - p)) ** 2, p)
    assert sp.expand(variance - p * (1 - p)) == 0
    for rate in (0.2, 0.7):
        mask = ops.dropout_mask((400, 500), rate, rng=np.random.default_rng(0))
        assert abs(mask.mean() - (1 - rate)) < 0.005
        assert abs(mask.var() - rate * (1 - rate)) < 0.005
        assert abs(np.corrcoef(mask[:, 0], mask[:, 1])[0, 1]) < 0.2


@proves("eq-drop-forward", "eq-drop-mean", "eq-drop-variance")
def test_the_division_keeps_the_mean_and_the_noise_is_as_printed() -> None:
    for i in range(D):
        assert sp.expand(expected(lambda mask, i=i: y(mask)[i]) - X[i]) == 0
        noise = expected(lambda mask, i=i: (y(mask)[i] - X[i]) ** 2)
        assert sp.expand(noise - P / (1 - P) * X[i] ** 2) == 0
    x = np.random.default_rng(1).standard_normal((3, 4))
    mask = ops.dropout_mask(x.shape, 0.3, rng=np.random.default_rng(2))
    assert np.allclose(ops.dropout_forward(x, 0.3, mask=mask)[0], x * mask / (1 - 0.3))


def test_a_forgotten_division_is_found() -> None:
    with pytest.raises(AssertionError):
        assert sp.expand(expected(lambda mask: X[0] * mask[0]) - X[0]) == 0


@proves("eq-drop-predict")
def test_prediction_is_the_identity() -> None:
    layer = nn.Dropout(0.4)
    layer.build((5,), rng=np.random.default_rng(0))
    x = np.random.default_rng(1).standard_normal((3, 5))
    assert (layer.forward(x, train=False) == x).all()
    assert (layer.forward(x, train=True) != x).any()


@proves("eq-drop-sum", "eq-drop-penalty")
def test_a_sum_has_the_printed_variance_and_the_squared_error_its_penalty() -> None:
    t = sp.symbols("t", real=True)
    straight = sum(x * w for x, w in zip(X, W, strict=True))
    noise = P / (1 - P) * sum(x**2 * w**2 for x, w in zip(X, W, strict=True))
    assert sp.expand(expected(total) - straight) == 0
    assert sp.expand(expected(lambda mask: (total(mask) - straight) ** 2) - noise) == 0
    error = expected(lambda mask: (t - total(mask)) ** 2)
    assert sp.expand(error - (t - straight) ** 2 - noise) == 0


@proves("eq-drop-dx-indices", "eq-drop-backward")
def test_the_gradient_goes_through_the_same_mask() -> None:
    rng = np.random.default_rng(3)
    x, dy = rng.standard_normal((2, 4, 5))
    mask, fresh = (ops.dropout_mask(x.shape, 0.3, rng=rng) for _ in range(2))
    _, cache = ops.dropout_forward(x, 0.3, mask=mask)
    printed = dy * mask / (1 - 0.3)
    numerical = numerical_gradient(lambda x: x * mask / (1 - 0.3), x, dy)
    assert np.allclose(printed, numerical, atol=1e-8)
    assert np.allclose(printed, ops.dropout_backward(dy, cache))
    with pytest.raises(AssertionError):
        assert np.allclose(dy * fresh / (1 - 0.3), numerical, atol=1e-8)


@proves("eq-drop-member", "eq-drop-geometric")
def test_the_geometric_mean_of_all_networks_is_the_one_without_dropout() -> None:
    rng = np.random.default_rng(4)
    p, x, weights, b = 0.3, rng.standard_normal(6), *map(rng.standard_normal, ((6, 4), 4))
    masks = np.array(list(product((0, 1), repeat=6)))
    chance = ((1 - p) ** masks * p ** (1 - masks)).prod(axis=1)
    z = x * masks / (1 - p) @ weights + b
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    assert np.allclose(log_p, ops.log_softmax_forward(z)[0])
    geometric = np.exp(chance @ log_p)
    straight = np.exp(x @ weights + b)
    assert np.allclose(geometric / geometric.sum(), straight / straight.sum())
    arithmetic = chance @ np.exp(log_p)
    assert not np.allclose(arithmetic, straight / straight.sum(), rtol=1e-2)


@proves("eq-drop-shift")
def test_the_variance_in_training_is_larger_as_printed() -> None:
    p, mu, var = sp.symbols("p mu v", positive=True)
    second = var + mu**2  # E[x²]; E[y²] is this / (1 − p), from the mask's ξ² = ξ
    forms = second / (1 - p) - mu**2, var + p / (1 - p) * second
    assert sp.simplify(forms[0] - forms[1]) == 0
    x = 2 + np.random.default_rng(5).standard_normal(400_000)
    dropped, _ = ops.dropout_forward(x, 0.5, rng=np.random.default_rng(6))
    assert abs(dropped.var() / (x.var() + x.var() + x.mean() ** 2) - 1) < 0.02
