"""The equations of "Batch normalisation": both ways back, by SymPy and by the judge."""

from itertools import pairwise

import numpy as np
import pytest
import sympy as sp

import course_nn as nn
from course_nn import ops
from course_nn.gradcheck import numerical_gradient

from .proving import proves

M = 4  # numbers in the channel
EPS, GAMMA, BETA = sp.symbols("epsilon gamma beta", positive=True)
X = sp.symbols(f"x:{M}", real=True)
DY = sp.symbols(f"dy:{M}", real=True)
MU = sum(X) / sp.Integer(M)
VAR = sum((x - MU) ** 2 for x in X) / sp.Integer(M)
ROOT = sp.sqrt(VAR + EPS)
X_HAT = [(x - MU) / ROOT for x in X]
Y = [GAMMA * x + BETA for x in X_HAT]
LOSS = sum(dy * y for dy, y in zip(DY, Y, strict=True))


def equal(found: sp.Expr, wanted: sp.Expr) -> bool:
    """Whether two expressions are one: SymPy shows it, or fails to."""
    return sp.simplify(sp.together(found - wanted)) == 0


def drawn(*shapes: tuple[int, ...], seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def batch_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float) -> np.ndarray:
    """eq-norm-moments, eq-norm-hat and eq-norm-forward of features, as they are printed."""
    m = len(x)
    mu = sum(x) / m
    var = sum((x_n - mu) ** 2 for x_n in x) / m
    return np.array([gamma * (x_n - mu) / np.sqrt(var + eps) + beta for x_n in x])


@proves("eq-norm-moments", "eq-norm-hat", "eq-norm-forward")
def test_the_printed_forward_pass_is_the_ops() -> None:
    x, gamma, beta = drawn((6, 3), (3,), (3,))
    for eps in (1e-5, 0.3):
        y, _ = ops.batch_norm_forward(x, gamma, beta, eps)
        assert np.allclose(batch_norm(x, gamma, beta, eps), y, rtol=1e-12)
    assert not np.allclose(batch_norm(x, gamma, beta, 0.0), y)  # ε stands under the root


@proves("eq-norm-channels")
def test_a_channel_of_images_is_averaged_over_samples_and_pixels() -> None:
    (x,) = drawn((3, 2, 4, 5))
    found = ops.moments(x)
    n, channels, h, w = x.shape
    places = [(a, i, j) for a in range(n) for i in range(h) for j in range(w)]
    for c in range(channels):
        mu = sum(x[a, c, i, j] for a, i, j in places) / (n * h * w)
        var = sum((x[a, c, i, j] - mu) ** 2 for a, i, j in places) / (n * h * w)
        assert np.allclose([found.mean[c], found.var[c]], [mu, var])
    assert found.count == n * h * w


@proves("eq-norm-sums")
def test_the_normalised_numbers_sum_to_zero_and_their_squares_to_nearly_one() -> None:
    assert equal(sum(X_HAT), 0)
    assert equal(sum(x**2 for x in X_HAT) / M, VAR / (VAR + EPS))


@proves("eq-norm-dbeta", "eq-norm-dgamma", "eq-norm-dhat")
def test_scale_and_shift_get_the_derivatives_of_the_loss() -> None:
    assert equal(sp.diff(LOSS, BETA), sum(DY))
    printed = sum(dy * x for dy, x in zip(DY, X_HAT, strict=True))
    assert equal(sp.diff(LOSS, GAMMA), printed)
    hats = sp.symbols(f"h:{M}")
    loss = sum(dy * (GAMMA * h + BETA) for dy, h in zip(DY, hats, strict=True))
    assert all(equal(sp.diff(loss, h), GAMMA * dy) for dy, h in zip(DY, hats, strict=True))


@proves("eq-norm-d-moments", "eq-norm-d-root", "eq-norm-jacobian")
def test_the_jacobian_is_that_of_the_forward_pass() -> None:
    for k in range(M):
        assert equal(sp.diff(MU, X[k]), sp.Rational(1, M))
        assert equal(sp.diff(VAR, X[k]), sp.Rational(2, M) * (X[k] - MU))
        assert equal(sp.diff(ROOT, X[k]), X_HAT[k] / M)
    for n, k in ((0, 0), (0, 1), (2, 1)):
        same = sp.Integer(n == k)
        printed = (same - sp.Rational(1, M) - X_HAT[n] * X_HAT[k] / M) / ROOT
        assert equal(sp.diff(X_HAT[n], X[k]), printed)


def by_nodes(
    dx_hat: list[sp.Expr], x: tuple[sp.Symbol, ...], eps: sp.Expr
) -> dict[str, list[sp.Expr]]:
    """The backward pass node by node, as it is printed."""
    m = sp.Integer(len(x))
    mu = sum(x) / m
    centred = [x_n - mu for x_n in x]
    root = sp.sqrt(sum(c**2 for c in centred) / m + eps)
    droot = -sum(d * c / root**2 for d, c in zip(dx_hat, centred, strict=True))
    dvar = droot / (2 * root)
    dcentred = [d / root + 2 / m * c * dvar for d, c in zip(dx_hat, centred, strict=True)]
    dmu = -sum(dcentred)
    dx = [d + dmu / m for d in dcentred]
    return {"dvar": [dvar], "dcentred": dcentred, "dmu": [dmu], "dx": dx}


def closed(k: int, factor: int = 1) -> sp.Expr:
    """eq-norm-dx-indices; another factor of its last term plants a fault."""
    dx_hat = [GAMMA * dy for dy in DY]
    along = sum(d * x for d, x in zip(dx_hat, X_HAT, strict=True))
    return (dx_hat[k] - sum(dx_hat) / M - factor * X_HAT[k] / M * along) / ROOT


@proves(
    "eq-norm-node-quotient",
    "eq-norm-node-root",
    "eq-norm-node-square",
    "eq-norm-node-centre",
    "eq-norm-node-mean",
)
def test_each_node_gives_the_derivative_of_what_stands_behind_it() -> None:
    h = sp.symbols(f"h:{M}", real=True)  # dx̂
    c = sp.symbols(f"c:{M}", real=True)  # x̃
    s, v, mu = sp.symbols("s v mu", positive=True)
    quotient = sum(d * a / s for d, a in zip(h, c, strict=True))
    assert equal(sp.diff(quotient, c[1]), h[1] / s)
    droot = -sum(d * a / s**2 for d, a in zip(h, c, strict=True))
    assert equal(sp.diff(quotient, s), droot)
    root = sp.sqrt(v + EPS)
    assert equal(sp.diff(quotient.subs(s, root), v), (droot / (2 * s)).subs(s, root))
    var = sum(a**2 for a in c) / sp.Integer(M)
    dvar = droot / (2 * s)
    whole = quotient.subs(s, sp.sqrt(var + EPS))
    printed = (h[1] / s + 2 * c[1] * dvar / M).subs(s, sp.sqrt(var + EPS))
    assert equal(sp.diff(whole, c[1]), printed)
    linear = sum(d * (x - mu) for d, x in zip(h, X, strict=True))
    assert equal(sp.diff(linear, X[0]), h[0])
    assert equal(sp.diff(linear, mu), -sum(h))
    both = linear.subs(mu, MU)
    assert equal(sp.diff(both, X[0]), h[0] - sum(h) / sp.Integer(M))


@proves("eq-norm-dx-indices", "eq-norm-dx")
def test_the_closed_form_is_the_derivative_of_the_loss() -> None:
    dgamma = sum(dy * x for dy, x in zip(DY, X_HAT, strict=True))
    printed = GAMMA / ROOT * (DY[1] - sum(DY) / M - X_HAT[1] * dgamma / M)
    assert equal(closed(1), printed)
    at = dict(zip(X, (1, 3, 4, 9), strict=True)) | {EPS: 1, GAMMA: 2}
    for k in range(M):
        assert sp.simplify((sp.diff(LOSS, X[k]) - closed(k)).subs(at)) == 0  # for every dy


def test_a_lost_or_doubled_path_is_found() -> None:
    at = dict(zip(X, (1, 3, 4, 9), strict=True)) | {EPS: 1, GAMMA: 2}
    for factor in (0, 2, -1):
        with pytest.raises(AssertionError):
            assert sp.simplify((sp.diff(LOSS, X[1]) - closed(1, factor)).subs(at)) == 0


@proves("eq-norm-collect-mean", "eq-norm-collect-var", "eq-norm-collect-centred")
def test_the_nodes_collected_are_the_closed_form() -> None:
    dx_hat = [GAMMA * dy for dy in DY]
    found = by_nodes(dx_hat, X, EPS)
    along = sum(d * x for d, x in zip(dx_hat, X_HAT, strict=True))
    assert equal(found["dvar"][0], -along / (2 * ROOT**2))
    for k in (0, 2):
        assert equal(found["dcentred"][k], (dx_hat[k] - X_HAT[k] / M * along) / ROOT)
        mean = sum(found["dcentred"]) / sp.Integer(M)
        assert equal(found["dx"][k], found["dcentred"][k] - mean)
        assert equal(found["dx"][k], closed(k))


@proves("eq-norm-orthogonal")
def test_the_gradient_has_no_part_along_one_and_only_epsilon_along_x_hat() -> None:
    x, dy, gamma, beta = drawn((7, 3), (7, 3), (3,), (3,), seed=1)
    for eps in (0.0, 0.5):
        _, cache = ops.batch_norm_forward(x, gamma, beta, eps)
        dx, dgamma, _ = ops.batch_norm_backward(dy, cache)
        var = x.var(axis=0)
        x_hat = (x - x.mean(axis=0)) / np.sqrt(var + eps)
        assert np.allclose(dx.sum(axis=0), 0)
        printed = gamma / np.sqrt(var + eps) * dgamma * eps / (var + eps)
        assert np.allclose((dx * x_hat).sum(axis=0), printed)
    assert np.abs(printed).max() > 0.01


@proves("eq-norm-running", "eq-norm-memory")
def test_the_layer_keeps_the_printed_averages() -> None:
    alpha, m = 0.3, 5
    layer = nn.BatchNorm(momentum=alpha)
    layer.build((2,), rng=np.random.default_rng(0), dtype=np.float64)
    batches = drawn(*[(m, 2)] * 6, seed=2)
    mean, var = np.zeros(2), np.ones(2)
    for x in batches:
        layer.forward(x, train=True)
        mean = (1 - alpha) * mean + alpha * x.mean(axis=0)
        var = (1 - alpha) * var + alpha * m / (m - 1) * x.var(axis=0)
    assert np.allclose(layer.state["running_mean"], mean)
    assert np.allclose(layer.state["running_var"], var)
    t, means = len(batches), [x.mean(axis=0) for x in batches]
    unrolled = sum(alpha * (1 - alpha) ** k * means[t - 1 - k] for k in range(t))
    assert np.allclose(mean, unrolled)


@proves("eq-norm-bias", "eq-norm-unbiased")
def test_the_biased_variance_is_too_small_by_one_part_in_m() -> None:
    true = sp.symbols("mu_star", real=True)
    around = sum((x - true) ** 2 for x in X) / sp.Integer(M)
    assert equal(VAR, around - (MU - true) ** 2)
    # every sample of M throws of a fair coin, each as likely as the others
    throws = np.array(np.meshgrid(*[[0, 1]] * M)).reshape(M, -1)
    assert np.isclose(throws.var(axis=0).mean(), (M - 1) / M * 0.25)


@proves("eq-norm-eval")
def test_prediction_is_affine() -> None:
    x, gamma, beta, mean, dy = drawn((4, 2), (2,), (2,), (2,), (4, 2), seed=3)
    var, eps = np.array([0.5, 2.0]), 0.1
    constants = ops.Moments(mean, var, np.inf)
    y, cache = ops.batch_norm_forward(x, gamma, beta, eps, moments=constants)
    a = gamma / np.sqrt(var + eps)
    assert np.allclose(y, a * x + (beta - a * mean))
    assert np.allclose(ops.batch_norm_backward(dy, cache)[0], a * dy)


@proves("eq-norm-slice", "eq-norm-merge", "eq-norm-merge-two")
def test_the_moments_of_slices_are_merged_exactly() -> None:
    (x,) = drawn((12, 3), seed=4)
    slices = [x[a:b] for a, b in pairwise((0, 3, 4, 12))]
    weights = [len(s) / 12 for s in slices]
    mu = sum(w * s.mean(axis=0) for w, s in zip(weights, slices, strict=True))
    for s in slices:
        around = ((s - mu) ** 2).mean(axis=0)
        assert np.allclose(around, s.var(axis=0) + (s.mean(axis=0) - mu) ** 2)
    var = sum(
        w * (s.var(axis=0) + (s.mean(axis=0) - mu) ** 2)
        for w, s in zip(weights, slices, strict=True)
    )
    merged = ops.merge_moments([ops.moments(s) for s in slices])
    for found in (mu, merged.mean):
        assert np.allclose(found, x.mean(axis=0))
    for found in (var, merged.var):
        assert np.allclose(found, x.var(axis=0))
    w, m0, m1, v0, v1 = sp.symbols("w m0 m1 v0 v1")
    mean = w * m0 + (1 - w) * m1
    general = w * (v0 + (m0 - mean) ** 2) + (1 - w) * (v1 + (m1 - mean) ** 2)
    assert equal(general, w * v0 + (1 - w) * v1 + w * (1 - w) * (m1 - m0) ** 2)


def layer_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float) -> np.ndarray:
    """eq-norm-layer, as it is printed."""
    y = np.empty_like(x)
    n, d = x.shape
    for a in range(n):
        mu = sum(x[a, b] for b in range(d)) / d
        var = sum((x[a, b] - mu) ** 2 for b in range(d)) / d
        for b in range(d):
            y[a, b] = gamma[b] * (x[a, b] - mu) / np.sqrt(var + eps) + beta[b]
    return y


@proves("eq-norm-layer", "eq-norm-layer-dx", "eq-norm-layer-dgamma")
def test_layer_norm_is_printed_as_it_is_and_its_gradients_are_right() -> None:
    x, gamma, beta, dy = drawn((4, 6), (6,), (6,), (4, 6), seed=5)
    eps, d = 0.2, 6
    y, cache = ops.layer_norm_forward(x, gamma, beta, eps)
    assert np.allclose(layer_norm(x, gamma, beta, eps), y)
    root = np.sqrt(x.var(axis=1) + eps)
    x_hat = (x - x.mean(axis=1)[:, None]) / root[:, None]
    dx_hat, dx = gamma * dy, np.empty_like(x)
    for n, k in np.ndindex(x.shape):
        along = sum(dx_hat[n, j] * x_hat[n, j] for j in range(d))
        dx[n, k] = (dx_hat[n, k] - sum(dx_hat[n]) / d - x_hat[n, k] / d * along) / root[n]
    numerical = numerical_gradient(lambda x: layer_norm(x, gamma, beta, eps), x, dy)
    assert np.allclose(dx, numerical, atol=1e-7)
    dgamma, dbeta = sum(dy * x_hat), sum(dy)
    for found, wanted in zip((dx, dgamma, dbeta), ops.layer_norm_backward(dy, cache), strict=True):
        assert np.allclose(found, wanted)
