"""Adam: every formula of the chapter, by algebra or against the optimisers of the package."""

import numpy as np
import pytest
import sympy as sp

import course_nn as nn
from course_nn import plain
from course_nn.parameters import Parameters

from .proving import proves

BETAS, ETA, EPS = (0.8, 0.95), 0.01, 1e-3


def gradients(steps: int, size: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((steps, size))


def run(optimizer: nn.Optimizer, start: np.ndarray, grads: np.ndarray) -> np.ndarray:
    """Where the package's optimiser ends."""
    params = Parameters.pack({"w": start.copy()})
    for g in grads:
        optimizer.update(params, Parameters.pack({"w": g.copy()}))
    return params["w"]


def adam(start: np.ndarray, grads: np.ndarray, decay: float = 0.0, first: int = 1) -> np.ndarray:
    """The printed formulas, one after the other; `first` counts the first step."""
    theta, m, v = start.copy(), np.zeros_like(start), np.zeros_like(start)
    for t, g in enumerate(grads, first):
        theta = (1 - ETA * decay) * theta
        m = BETAS[0] * m + (1 - BETAS[0]) * g
        v = BETAS[1] * v + (1 - BETAS[1]) * g**2
        m_hat, v_hat = m / (1 - BETAS[0] ** t), v / (1 - BETAS[1] ** t)
        theta = theta - ETA * m_hat / (np.sqrt(v_hat) + EPS)
    return theta


@proves("eq-adam-correction", "eq-adam-moments", "eq-adam-step")
def test_adam_takes_the_printed_steps() -> None:
    start, grads = gradients(1, seed=1)[0], gradients(30)
    found = run(nn.Adam(ETA, betas=BETAS, eps=EPS), start, grads)
    np.testing.assert_allclose(found, adam(start, grads), rtol=1e-12)
    with pytest.raises(AssertionError):  # the steps counted from two
        np.testing.assert_allclose(found, adam(start, grads, first=2), rtol=1e-12)


@proves("eq-adam-adamw")
def test_adamw_shrinks_the_weight_then_steps() -> None:
    start, grads = gradients(1, seed=1)[0], gradients(30)
    found = run(nn.AdamW(ETA, betas=BETAS, eps=EPS, weight_decay=0.3), start, grads)
    np.testing.assert_allclose(found, adam(start, grads, decay=0.3), rtol=1e-12)
    penalty = run(nn.Adam(ETA, betas=BETAS, eps=EPS, weight_decay=0.3), start, grads)
    with pytest.raises(AssertionError):  # the decay inside of Adam's gradient
        np.testing.assert_allclose(penalty, found, rtol=1e-3)


@proves("eq-adam-rmsprop")
def test_rmsprop_takes_the_printed_steps() -> None:
    theta, grads, s = gradients(1, seed=1)[0], gradients(30), 0.0
    found = run(nn.RMSProp(ETA, rho=0.9, eps=EPS), theta, grads)
    for g in grads:
        s = 0.9 * s + 0.1 * g**2
        theta = theta - ETA * g / (np.sqrt(s) + EPS)
    np.testing.assert_allclose(found, theta, rtol=1e-12)


@proves("eq-adam-adagrad")
def test_adagrads_steps_fall_like_one_over_the_root_of_t() -> None:
    s, eta, g = sp.Integer(0), sp.Symbol("eta", positive=True), sp.Symbol("g", positive=True)
    for t in range(1, 6):
        s = s + g**2
        assert sp.simplify(eta * g / sp.sqrt(s) - eta / sp.sqrt(t)) == 0


def series(steps: int) -> tuple[sp.Expr, sp.Symbol, list[sp.Symbol]]:
    """The running mean after some steps, by its recursion, from zero."""
    beta, g = sp.Symbol("beta", positive=True), list(sp.symbols(f"g1:{steps + 1}"))
    m = sp.Integer(0)
    for value in g:
        m = beta * m + (1 - beta) * value
    return m, beta, g


@proves("eq-adam-mean", "eq-adam-weights")
def test_the_recursion_is_a_sum_of_fading_weights() -> None:
    m, beta, g = series(5)
    newest_first = g[::-1]
    printed = (1 - beta) * sum(beta**i * newest_first[i] for i in range(5))
    assert sp.expand(m - printed) == 0
    shifted = (1 - beta) * sum(beta ** (i + 1) * newest_first[i] for i in range(5))
    assert sp.expand(m - shifted) != 0  # the newest gradient does not fade


@proves("eq-adam-total", "eq-adam-expectation")
def test_the_weights_sum_to_what_the_correction_divides_by() -> None:
    for steps in range(1, 7):
        m, beta, g = series(steps)
        mean = sp.Symbol("E")
        expected = m.subs(dict.fromkeys(g, mean))  # linear: each gradient by its mean
        assert sp.expand(expected - (1 - beta**steps) * mean) == 0


@proves("eq-adam-memory")
def test_the_mean_age_of_a_running_mean() -> None:
    for beta in (0.5, 0.9, 0.99):
        age = np.arange(10_000)
        assert ((1 - beta) * age * beta**age).sum() == pytest.approx(beta / (1 - beta))


@proves("eq-adam-uncorrected")
def test_the_first_step_without_corrections() -> None:
    g = np.array([3.0, -0.02])
    m, v = (1 - BETAS[0]) * g, (1 - BETAS[1]) * g**2
    printed = ETA * (1 - BETAS[0]) / np.sqrt(1 - BETAS[1]) * np.sign(g)
    np.testing.assert_allclose(ETA * m / np.sqrt(v), printed)
    assert (1 - 0.9) / np.sqrt(1 - 0.999) > 3


@proves("eq-adam-bound")
def test_with_equal_memories_no_step_is_longer_than_eta() -> None:
    grads = gradients(300) * 10.0 ** np.random.default_rng(3).integers(-3, 4, (300, 4))
    w, m, v = np.zeros(4), np.zeros(4), np.zeros(4)
    for t, g in enumerate(grads, 1):
        after, m, v = plain.adam(w, g, m, v, t, lr=ETA, betas=(0.9, 0.9), eps=1e-8)
        assert (np.abs(after - w) <= ETA * (1 + 1e-9)).all()
        w = after
    longest = ETA * (1 - 0.9) / np.sqrt(1 - 0.999)  # unequal ones, after a long silence
    after, *_ = plain.adam(np.zeros(1), np.ones(1), np.zeros(1), np.zeros(1), 10**6, lr=ETA)
    assert abs(after[0]) == pytest.approx(longest)
    assert longest > ETA


@proves("eq-adam-signal")
def test_the_step_says_how_sure_the_direction_is() -> None:
    mu, sigma, steps = 0.3, 0.4, 200_000
    g = mu + sigma * np.random.default_rng(0).standard_normal(steps)
    ratio = g.mean() / np.sqrt((g**2).mean())
    assert ratio == pytest.approx(mu / np.sqrt(mu**2 + sigma**2), rel=0.01)


@proves("eq-adam-scale")
def test_the_scale_of_the_loss_moves_into_epsilon() -> None:
    start, grads, c = gradients(1, seed=1)[0], gradients(20), 64.0
    scaled = run(nn.Adam(ETA, betas=BETAS, eps=EPS), start, c * grads)
    np.testing.assert_allclose(scaled, run(nn.Adam(ETA, betas=BETAS, eps=EPS / c), start, grads))


@proves("eq-adam-l2", "eq-adam-swallowed")
def test_a_penalty_is_a_decay_for_descent_and_is_swallowed_by_adam() -> None:
    theta, g, eta, decay = sp.symbols("theta g eta lambda")
    descent = theta - eta * (g + decay * theta)
    assert sp.expand(descent - ((1 - eta * decay) * theta - eta * g)) == 0
    start, zero = np.array([0.7, -3.0]), np.zeros(2)
    for strength in (1e-3, 1.0):
        penalty = strength * start
        after, *_ = plain.adam(start, penalty, zero, zero, 1, lr=ETA, eps=0)
        np.testing.assert_allclose(after, start - ETA * np.sign(start))


def test_the_longest_step_after_a_silence_and_the_steps_with_a_counter_begun_anew() -> None:
    """Exercise 5 and the pitfall: 7.3 η at most, and it is reached; a third of a step, less."""
    i = np.arange(400)
    a, b = 0.1 * 0.9**i, 0.001 * 0.999**i
    bound = 0.1 / np.sqrt(0.001) / np.sqrt(1 - 0.81 / 0.999)
    assert round(bound, 1) == 7.3
    w, m, v = np.zeros(1), np.zeros(1), np.zeros(1)
    for g in (a / b)[::-1]:  # t so large that the corrections are 1
        before = w
        w, m, v = plain.adam(w, np.array([g]), m, v, 10**6, lr=1.0, eps=0.0)
    np.testing.assert_allclose(before - w, bound, rtol=1e-3)
    t = np.arange(1, 301)
    share = np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    assert 0.3 < share[0] < 0.34
    assert np.all(np.diff(share[:10]) < 0)
    assert np.all(share[:250] < 0.5)
