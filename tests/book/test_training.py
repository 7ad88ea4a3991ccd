"""The equations of the chapter on training: as printed, against the code, SymPy or all cases."""

import itertools
import math

import numpy as np
import pytest
import sympy as sp

import course_nn as nn
from course_nn import ops
from course_nn.gradcheck import numerical_gradient

from .proving import proves


def classifier(seed: int = 0) -> nn.Sequential:
    model = nn.Sequential([nn.Dense(4, init=nn.init.glorot_uniform), nn.Tanh(), nn.Dense(3)])
    model.build((5,), rng=np.random.default_rng(seed), dtype=np.float64, threads=1)
    return model


def samples(count: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.standard_normal((count, 5)), rng.integers(0, 3, count)


def gradient(model: nn.Sequential, x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The loss of a batch, and its gradient by all parameters in a row."""
    loss = nn.SoftmaxCrossEntropy()
    value, cache = loss.compute(model.forward(x, train=True), y)
    model.backward(loss.gradient(cache))
    return value, model.grads.flat.copy()


@proves("eq-train-loss", "eq-train-step")
def test_a_step_follows_the_mean_of_the_samples_gradients() -> None:
    model, (x, y), eta = classifier(), samples(), 0.3
    single = [gradient(model, x[n : n + 1], y[n : n + 1]) for n in range(len(x))]
    value, g = gradient(model, x, y)
    assert math.isclose(value, sum(L_n for L_n, _ in single) / len(x))
    assert np.allclose(g, sum(g_n for _, g_n in single) / len(x))
    batch = [0, 2, 5]
    g_B = sum(single[n][1] for n in batch) / len(batch)
    before = model.params.flat.copy()
    model.train_step(x[batch], y[batch], nn.SoftmaxCrossEntropy(), nn.SGD(eta))
    assert np.allclose(model.params.flat, before - eta * g_B)
    with pytest.raises(AssertionError):  # the sum in the place of the mean
        assert np.allclose(model.params.flat, before - eta * len(batch) * g_B)


@pytest.mark.parametrize("b", [1, 2, 3, 6, 7])
@proves("eq-train-unbiased", "eq-train-noise")
def test_over_all_batches_the_mean_is_the_gradient_and_the_variance_as_printed(b: int) -> None:
    g = [sp.Rational(k) for k in (3, -1, 4, 1, -5, 9, 2)]
    N = len(g)
    means = [sum(batch) / sp.Integer(b) for batch in itertools.combinations(g, b)]
    whole = sum(g) / sp.Integer(N)
    expected = sum(means) / sp.Integer(len(means))
    assert expected == whole
    variance = sum((m - expected) ** 2 for m in means) / sp.Integer(len(means))
    sigma2 = sum((g_n - whole) ** 2 for g_n in g) / sp.Integer(N)
    assert variance == sigma2 / b * sp.Rational(N - b, N - 1)
    # exercise 5: the covariance of two different samples
    pairs = [(u - whole) * (v - whole) for u, v in itertools.permutations(g, 2)]
    assert sum(pairs) / sp.Integer(len(pairs)) == -sigma2 / (N - 1)
    if 1 < b < N:
        with pytest.raises(AssertionError):  # the second factor forgotten
            assert variance == sigma2 / b


@proves("eq-train-average")
def test_the_running_average_is_the_mean_over_all_samples_so_far() -> None:
    v, m = sp.symbols("v:4"), sp.symbols("m:4", positive=True)
    a: sp.Expr = sp.Symbol("anything")
    for k in range(4):
        a = a + m[k] / sum(m[: k + 1]) * (v[k] - a)
        mean = sum(m[i] * v[i] for i in range(k + 1)) / sum(m[: k + 1])
        assert sp.simplify(a - mean) == 0


def test_fit_averages_so_too() -> None:
    model, (x, y) = classifier(), samples(7)
    history = model.fit(
        x, y, loss=nn.SoftmaxCrossEntropy(), optimizer=nn.SGD(0.5), batch_size=3,
        rng=np.random.default_rng(0), progress=False,
    )  # fmt: skip
    assert math.isclose(history["loss"][0], np.average(history["step_loss"], weights=[3, 3, 1]))


@proves("eq-train-error")
def test_the_standard_error_is_the_deviation_of_a_mean_of_coins() -> None:
    alpha, N = sp.Rational(3, 4), 6
    chance = [sp.binomial(N, k) * alpha**k * (1 - alpha) ** (N - k) for k in range(N + 1)]
    share = [sp.Rational(k, N) for k in range(N + 1)]
    mean = sum(p * s for p, s in zip(chance, share, strict=True))
    variance = sum(p * (s - mean) ** 2 for p, s in zip(chance, share, strict=True))
    assert mean == alpha
    assert sp.sqrt(variance) == sp.sqrt(alpha * (1 - alpha) / N)


@proves("eq-train-decay")
def test_the_penalty_of_large_weights_makes_them_decay() -> None:
    theta, g, eta, lam = sp.symbols("theta g eta lamda")
    penalised = g * theta + lam / 2 * theta**2  # a loss of the gradient g, and the penalty
    step = theta - eta * sp.diff(penalised, theta)
    assert sp.expand(step - (theta - eta * (g + lam * theta))) == 0
    assert sp.expand(step - ((1 - eta * lam) * theta - eta * g)) == 0
    rng = np.random.default_rng(2)
    w, grads = rng.standard_normal(5), rng.standard_normal(5)
    pack = nn.parameters.Parameters.pack
    params = pack({"w": w.copy()})
    nn.SGD(0.1, weight_decay=0.7).update(params, pack({"w": grads}))
    assert np.allclose(params.flat, (1 - 0.1 * 0.7) * w - 0.1 * grads)


def turn(phi: float) -> np.ndarray:
    """eq-train-turn."""
    return np.array([[np.cos(phi), -np.sin(phi)], [np.sin(phi), np.cos(phi)]])


def source(q: np.ndarray, q0: np.ndarray, phi: float, tau: np.ndarray, zeta: float) -> np.ndarray:
    """eq-train-warp: from where the pixel at q gets its ink."""
    return q0 + turn(-phi) @ (q - q0 - tau) / zeta


def bilinear(x: np.ndarray, q: np.ndarray) -> float:
    """eq-train-bilinear; outside the image lies 0."""
    (i, j), framed = np.floor(q).astype(int), np.pad(x, 20)
    v, u = q - (i, j)
    i, j = i + 20, j + 20
    return (
        (1 - v) * (1 - u) * framed[i, j]
        + (1 - v) * u * framed[i, j + 1]
        + v * (1 - u) * framed[i + 1, j]
        + v * u * framed[i + 1, j + 1]
    )


def warped(x: np.ndarray, phi: float, tau: np.ndarray, zeta: float, sign: int = 1) -> np.ndarray:
    y, q0 = np.empty_like(x), (np.array(x.shape) - 1) / 2
    for at in np.ndindex(x.shape):
        y[at] = bilinear(x, source(np.array(at), q0, sign * phi, tau, zeta))
    return y


@proves("eq-train-warp", "eq-train-bilinear")
def test_the_printed_map_and_interpolation_are_what_warp_computes() -> None:
    x = np.random.default_rng(3).random((7, 6))
    phi, tau, zeta = 0.4, np.array([0.7, -1.2]), 1.3
    there = nn.data.warp(x[None, None], angle=np.rad2deg(phi), shift=tau, scale=zeta)[0, 0]
    assert np.allclose(warped(x, phi, tau, zeta), there)
    with pytest.raises(AssertionError):
        assert np.allclose(warped(x, phi, tau, zeta, sign=-1), there)


@proves("eq-train-forward-map")
def test_the_map_of_pixels_undoes_the_map_of_ink() -> None:
    rng = np.random.default_rng(4)
    for _ in range(5):
        q, q0, tau = rng.standard_normal((3, 2))
        phi, zeta = rng.uniform(-3, 3), rng.uniform(0.5, 2)
        moved = q0 + tau + zeta * turn(phi) @ (q - q0)
        assert np.allclose(source(moved, q0, phi, tau, zeta), q)


@proves("eq-train-turn")
def test_a_positive_angle_turns_counter_clockwise_and_keeps_lengths() -> None:
    right, up = np.array([0.0, 1.0]), np.array([-1.0, 0.0])  # rows count downwards
    assert np.allclose(turn(np.pi / 2) @ right, up)
    phi = sp.Symbol("phi", real=True)
    R = sp.Matrix([[sp.cos(phi), -sp.sin(phi)], [sp.sin(phi), sp.cos(phi)]])
    assert sp.simplify(R.T * R) == sp.eye(2)
    assert sp.simplify(R * R.subs(phi, -phi)) == sp.eye(2)


@proves("eq-train-start")
def test_where_all_classes_are_alike_the_loss_is_ln_k() -> None:
    for K in (2, 3, 10):
        logits, labels = np.full((4, K), 1.7), np.arange(4) % K
        loss = nn.SoftmaxCrossEntropy().compute(logits, labels)[0]
        p, _ = ops.softmax_forward(logits)
        assert np.allclose(p, 1 / K)
        assert math.isclose(loss, -math.log(1 / K))
        assert math.isclose(loss, math.log(K))


@proves("eq-train-range")
def test_the_rates_run_from_the_lowest_to_the_highest_by_one_factor() -> None:
    low, high, T, t = sp.symbols("low high T t", positive=True)
    rate = low * (high / low) ** (t / (T - 1))
    assert sp.simplify(rate.subs(t, 0) - low) == 0
    assert sp.simplify(rate.subs(t, T - 1) - high) == 0
    assert sp.diff(sp.expand_log(sp.log(rate.subs(t, t + 1) / rate), force=True), t).simplify() == 0


@proves("eq-train-ratio")
def test_a_step_of_gradient_descent_has_the_ratio_of_its_lengths() -> None:
    model, (x, y), eta = classifier(), samples(), 0.01
    _, g = gradient(model, x, y)
    before = model.params.flat.copy()
    model.train_step(x, y, nn.SoftmaxCrossEntropy(), nn.SGD(eta))
    rho = np.linalg.norm(model.params.flat - before) / np.linalg.norm(before)
    assert np.isclose(rho, eta * np.linalg.norm(g) / np.linalg.norm(before))


@proves("eq-train-sd")
def test_the_deviation_over_runs_is_right_on_average() -> None:
    values = [sp.Integer(k) for k in (1, 4, 6, 11)]  # drawn from, each as likely
    mean = sum(values) / sp.Integer(4)
    variance = sum((v - mean) ** 2 for v in values) / sp.Integer(4)
    squares = []
    for run in itertools.product(values, repeat=3):
        bar = sum(run) / sp.Integer(3)
        squares.append(sum((a - bar) ** 2 for a in run) / sp.Integer(3 - 1))
    assert sum(squares) / sp.Integer(len(squares)) == variance
    assert np.isclose(np.std([1, 4, 6], ddof=1) ** 2, ((1 - 11 / 3) ** 2 + (4 - 11 / 3) ** 2
                                                       + (6 - 11 / 3) ** 2) / 2)  # fmt: skip


@proves("eq-train-difference")
def test_the_variance_of_a_difference_of_means_is_the_sum_of_theirs() -> None:
    a, b = [sp.Integer(k) for k in (1, 5)], [sp.Integer(k) for k in (2, 3, 7)]

    def variance(values: list) -> sp.Expr:
        mean = sum(values) / sp.Integer(len(values))
        return sum((v - mean) ** 2 for v in values) / sp.Integer(len(values))

    S_a, S_b = 3, 2
    differences = [
        sum(run_a) / sp.Integer(S_a) - sum(run_b) / sp.Integer(S_b)
        for run_a in itertools.product(a, repeat=S_a)
        for run_b in itertools.product(b, repeat=S_b)
    ]
    assert variance(differences) == variance(a) / S_a + variance(b) / S_b


def test_a_few_entries_find_a_gradient_with_a_wrong_sign() -> None:
    model, (x, y) = classifier(), samples()
    _, g = gradient(model, x, y)
    here = model.params.flat

    def value(theta: np.ndarray) -> np.ndarray:
        here[:] = theta
        return np.array(nn.SoftmaxCrossEntropy().compute(model.forward(x, train=True), y)[0])

    numerical = numerical_gradient(value, here.copy(), np.array(1.0))
    assert np.allclose(g, numerical, atol=1e-7)
    with pytest.raises(AssertionError):
        assert np.allclose(-g, numerical, atol=1e-7)
