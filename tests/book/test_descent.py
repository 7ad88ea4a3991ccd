"""Gradient descent: every formula of the chapter, by algebra or against the optimisers."""

import numpy as np
import pytest
import sympy as sp

import course_nn as nn
from course_nn import plain
from course_nn.optim import clip_by_norm
from course_nn.parameters import Parameters

from .proving import proves

ETA, MU = 0.05, 0.8


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def run(optimizer: nn.Optimizer, start: np.ndarray, grads: np.ndarray) -> np.ndarray:
    """Where the package's optimiser ends."""
    params = Parameters.pack({"w": start.copy()})
    for g in grads:
        optimizer.update(params, Parameters.pack({"w": g.copy()}))
    return params["w"]


@proves("eq-sgd-step", "eq-sgd-decay")
def test_the_step_with_and_without_decay() -> None:
    theta, grads = normal(0, 4), normal(1, 20, 4)
    np.testing.assert_allclose(run(nn.SGD(ETA), theta, grads), theta - ETA * grads.sum(axis=0))
    found, decay = run(nn.SGD(ETA, weight_decay=0.3), theta, grads), 0.3
    for g in grads:
        theta = (1 - ETA * decay) * theta - ETA * g
    np.testing.assert_allclose(found, theta)


@proves("eq-sgd-descent")
def test_the_loss_falls_by_eta_times_the_squared_gradient_to_first_order() -> None:
    x, y, eta = sp.symbols("x y eta")
    loss = sp.sin(x) * y**2 + x**3 * y
    g = sp.Matrix([loss.diff(x), loss.diff(y)])
    after = loss.subs({x: x - eta * g[0], y: y - eta * g[1]}, simultaneous=True)
    assert sp.simplify(after.diff(eta).subs(eta, 0) + g.dot(g)) == 0


@proves("eq-sgd-quadratic", "eq-sgd-modes")
def test_on_a_quadratic_each_eigenvector_is_multiplied() -> None:
    M = normal(0, 4, 4)
    A = M @ M.T
    values, axes = np.linalg.eigh(A)
    theta = normal(1, 4)
    h = 1e-6 * np.eye(4)
    slope = [0.5 * ((theta + d) @ A @ (theta + d) - (theta - d) @ A @ (theta - d)) for d in h]
    np.testing.assert_allclose(np.array(slope) / 2e-6, A @ theta, rtol=1e-6)
    after = theta - ETA * A @ theta
    np.testing.assert_allclose(axes.T @ after, (1 - ETA * values) * (axes.T @ theta))


@proves("eq-sgd-limit")
def test_beyond_the_limit_it_diverges_and_below_it_does_not() -> None:
    curvature = np.array([1.0, 3.0, 20.0])

    def size(eta: float) -> float:
        theta = np.ones(3)
        for _ in range(2000):
            theta = plain.sgd(theta, curvature * theta, eta)
        return float(np.abs(theta).max())

    limit = 2 / curvature.max()
    assert size(0.99 * limit) < 1e-6
    assert size(1.01 * limit) > 1e6


@proves("eq-sgd-rate")
def test_the_best_rate_makes_both_ends_equally_slow() -> None:
    low, high, eta = sp.symbols("l h eta", positive=True)
    (best,) = sp.solve(sp.Eq(1 - eta * low, eta * high - 1), eta)
    kappa = high / low
    assert sp.simplify(best - 2 / (low + high)) == 0
    assert sp.simplify((1 - best * low) - (kappa - 1) / (kappa + 1)) == 0
    worst = lambda e: max(abs(1 - e), abs(1 - 20 * e))  # noqa: E731
    rates = np.linspace(0.001, 0.1, 2000)
    assert rates[np.argmin([worst(e) for e in rates])] == pytest.approx(2 / 21, abs=1e-4)


@proves("eq-sgd-noise")
def test_the_noise_of_a_batch_falls_with_its_size() -> None:
    each, rng = normal(0, 1000), np.random.default_rng(1)
    for B in (1, 4, 16):
        means = rng.choice(each, (20_000, B)).mean(axis=1)
        assert means.mean() == pytest.approx(each.mean(), abs=0.03)
        assert means.var() == pytest.approx(each.var() / B, rel=0.05)


@proves("eq-sgd-momentum", "eq-sgd-nesterov")
@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_takes_the_printed_steps(nesterov: bool) -> None:
    theta, grads, v = normal(0, 4), normal(1, 20, 4), 0.0
    found = run(nn.SGD(ETA, momentum=MU, nesterov=nesterov), theta, grads)
    for g in grads:
        v = MU * v + g
        theta = theta - ETA * (g + MU * v if nesterov else v)
    np.testing.assert_allclose(found, theta)
    other = run(nn.SGD(ETA, momentum=MU, nesterov=not nesterov), normal(0, 4), grads)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(found, other)


@proves("eq-sgd-terminal")
def test_the_terminal_velocity() -> None:
    w, v, g = np.zeros(1), np.zeros(1), np.full(1, 2.0)
    for _ in range(300):
        w, v = plain.momentum(w, g, v, mu=MU)
    assert v[0] == pytest.approx(2 / (1 - MU))
    for k in range(301):  # and where it alternates
        w, v = plain.momentum(w, (-1) ** k * g, v, mu=MU)
    assert v[0] == pytest.approx(2 / (1 + MU))


@proves("eq-sgd-matrix")
def test_momentum_on_a_quadratic_is_a_matrix() -> None:
    eigenvalue, w, v = 3.0, np.array([0.7]), np.array([-0.2])
    matrix = np.array([[1 - ETA * eigenvalue, -ETA * MU], [eigenvalue, MU]])
    expected = matrix @ np.array([w[0], v[0]])
    w, v = plain.momentum(w, eigenvalue * w, v, lr=ETA, mu=MU)
    np.testing.assert_allclose([w[0], v[0]], expected)
    assert np.linalg.det(matrix) == pytest.approx(MU)
    roots = np.linalg.eigvals(matrix)
    assert abs(roots[0].imag) > 0
    np.testing.assert_allclose(np.abs(roots), np.sqrt(MU))


@proves("eq-sgd-polyak")
def test_the_best_momentum_takes_the_root_of_the_condition() -> None:
    low, high = 1.0, 50.0
    root = np.sqrt(high / low)
    size = (root - 1) / (root + 1)
    eta = 4 / (np.sqrt(high) + np.sqrt(low)) ** 2

    def worst(eta: float, mu: float) -> float:
        return max(
            np.abs(np.linalg.eigvals([[1 - eta * e, -eta * mu], [e, mu]])).max()
            for e in np.linspace(low, high, 200)
        )

    assert worst(eta, size**2) == pytest.approx(size, abs=1e-6)
    for other in ((1.05 * eta, size**2), (eta, 0.95 * size**2), (0.95 * eta, size**2)):
        assert worst(*other) > size


@proves("eq-sgd-lookahead", "eq-sgd-shifted")
def test_the_look_ahead_in_the_weights_that_the_model_has() -> None:
    theta, v, g, eta, mu = sp.symbols("theta v g eta mu")
    after_v = mu * v + g  # g is the gradient at the looked-ahead weights
    after = theta - eta * after_v
    ahead, ahead_after = theta - eta * mu * v, after - eta * mu * after_v
    assert sp.expand(ahead_after - (ahead - eta * (g + mu * after_v))) == 0
    printed = ahead + eta * mu * v - eta * after_v - eta * mu * after_v
    assert sp.expand(ahead_after - printed) == 0
    assert sp.expand(ahead_after - (ahead - eta * after_v)) != 0  # as momentum has it


@proves("eq-sgd-clip")
def test_clipping_keeps_the_direction() -> None:
    for scale in (0.1, 10.0):
        g = scale * normal(0, 5)
        found = g.copy()
        clip_by_norm(found, 1.5)
        np.testing.assert_allclose(found, g * min(1, 1.5 / np.linalg.norm(g)))


@proves("eq-sgd-schedules")
def test_the_schedules() -> None:
    stairs, cosine = nn.schedule.Step(0.2, every=7, factor=0.3), nn.schedule.Cosine(0.2, 20, 0.01)
    for t in range(21):
        assert stairs(t) == pytest.approx(0.2 * 0.3 ** (t // 7))
        printed = 0.01 + 0.5 * (0.2 - 0.01) * (1 + np.cos(np.pi * t / 20))
        assert cosine(t) == pytest.approx(printed)


def test_stepping_with_the_old_velocity_lowers_the_limit() -> None:
    """The matrix of the mistake: determinant μ + ηλ, so 1 − μ in place of 2 (1 + μ)."""
    eta, mu, e = sp.symbols("eta mu lambda", positive=True)
    old = sp.Matrix([[1, -eta], [e, mu]])
    assert sp.expand(old.det() - (mu + eta * e)) == 0

    def size(matrix: list[list[float]]) -> float:
        return float(np.abs(np.linalg.eigvals(matrix)).max())

    for product in (0.5 * (1 - MU), 0.99 * (1 - MU), 1.01 * (1 - MU), 1.0):
        grows = size([[1, -ETA], [product / ETA, MU]]) > 1
        assert grows == (product > 1 - MU)
    for product in (0.1, 1.99 * (1 + MU), 2.01 * (1 + MU)):
        grows = size([[1 - product, -ETA * MU], [product / ETA, MU]]) > 1
        assert grows == (product > 2 * (1 + MU))
