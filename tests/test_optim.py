"""Optimisers against their formulas written out number by number; PyTorch's are under parity."""

import math
from copy import deepcopy

import numpy as np
import pytest

import course_nn as nn
from course_nn import optim
from course_nn.parameters import Parameters

GRADIENTS = np.random.default_rng(0).standard_normal((6, 5))
START = np.random.default_rng(1).standard_normal(5)


def run(optimizer: nn.Optimizer, gradients=GRADIENTS, start=START) -> np.ndarray:
    """The parameters after a step by each gradient."""
    params = Parameters.pack({"w": start})
    for g in gradients:
        optimizer.update(params, Parameters.pack({"w": g}))
    return params["w"]


def by_hand(step) -> np.ndarray:
    """The same, one number at a time: step(w, g, t, memory) → w."""
    result = []
    for i, w in enumerate(START):
        memory: dict = {}
        for t, g in enumerate(GRADIENTS[:, i], start=1):
            w = step(w, g, t, memory)
        result.append(w)
    return np.array(result)


def sgd(w, g, t, memory, lr=0.1, mu=0.9, decay=0.0, nesterov=False):
    g = g + decay * w
    v = memory["v"] = mu * memory.get("v", 0) + g
    return w - lr * (g + mu * v if nesterov else v)


def rmsprop(w, g, t, memory, lr=0.1, rho=0.9, eps=1e-8, decay=0.0):
    g = g + decay * w
    s = memory["s"] = rho * memory.get("s", 0) + (1 - rho) * g * g
    return w - lr * g / (math.sqrt(s) + eps)


def adam(w, g, t, memory, lr=0.1, b1=0.9, b2=0.99, eps=1e-8, decay=0.0):
    g = g + decay * w
    m = memory["m"] = b1 * memory.get("m", 0) + (1 - b1) * g
    v = memory["v"] = b2 * memory.get("v", 0) + (1 - b2) * g * g
    return w - lr * (m / (1 - b1**t)) / (math.sqrt(v / (1 - b2**t)) + eps)


def adamw(w, g, t, memory, lr=0.1, decay=0.3):
    return adam(w - lr * decay * w, g, t, memory, lr)


FORMULAS = {
    "plain": (nn.SGD(0.1), lambda w, g, t, m: w - 0.1 * g),
    "decay": (nn.SGD(0.1, weight_decay=0.3), lambda w, g, t, m: w - 0.1 * (g + 0.3 * w)),
    "momentum": (nn.SGD(0.1, momentum=0.9), sgd),
    "momentum, decay": (
        nn.SGD(0.1, 0.9, weight_decay=0.3),
        lambda *a: sgd(*a, decay=0.3),
    ),
    "nesterov": (nn.SGD(0.1, 0.9, nesterov=True), lambda *a: sgd(*a, nesterov=True)),
    "nesterov, decay": (
        nn.SGD(0.1, 0.9, nesterov=True, weight_decay=0.3),
        lambda *a: sgd(*a, nesterov=True, decay=0.3),
    ),
    "rmsprop": (nn.RMSProp(0.1, 0.9), rmsprop),
    "rmsprop, decay": (nn.RMSProp(0.1, 0.9, weight_decay=0.3), lambda *a: rmsprop(*a, decay=0.3)),
    "adam": (nn.Adam(0.1, (0.9, 0.99)), adam),
    "adam, decay": (nn.Adam(0.1, (0.9, 0.99), weight_decay=0.3), lambda *a: adam(*a, decay=0.3)),
    "adamw": (nn.AdamW(0.1, (0.9, 0.99), weight_decay=0.3), adamw),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_the_formula(name: str) -> None:
    optimizer, step = deepcopy(FORMULAS[name])
    np.testing.assert_allclose(run(optimizer), by_hand(step), rtol=1e-12)
    assert optimizer.steps == len(GRADIENTS)


MAKERS = {
    "sgd": lambda **o: nn.SGD(0.1, **o),
    "momentum": lambda **o: nn.SGD(0.1, 0.9, **o),
    "nesterov": lambda **o: nn.SGD(0.1, 0.9, nesterov=True, **o),
    "rmsprop": lambda **o: nn.RMSProp(0.1, **o),
    "adam": lambda **o: nn.Adam(0.1, **o),
    "adamw": lambda **o: nn.AdamW(0.1, **o),
}


@pytest.mark.parametrize("maker", MAKERS.values(), ids=list(MAKERS))
def test_blocks_do_not_show(maker, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(maker(weight_decay=0.1))
    monkeypatch.setattr(optim, "BLOCK", 2)
    np.testing.assert_array_equal(run(maker(weight_decay=0.1)), whole)


@pytest.mark.parametrize("maker", MAKERS.values(), ids=list(MAKERS))
def test_float32_stays_float32(maker) -> None:
    optimizer = maker(weight_decay=0.1, clip_norm=1.0)
    w = run(optimizer, GRADIENTS.astype(np.float32), START.astype(np.float32))
    assert w.dtype == np.float32
    assert all(slot.flat.dtype == np.float32 for slot in optimizer.state.values())
    np.testing.assert_allclose(w, run(maker(weight_decay=0.1, clip_norm=1.0)), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("maker", MAKERS.values(), ids=list(MAKERS))
def test_a_schedule_is_asked_at_every_step(maker) -> None:
    asked: list[int] = []

    def schedule(step: int) -> float:
        asked.append(step)
        return 0.1

    optimizer = maker()
    optimizer.lr = schedule
    np.testing.assert_array_equal(run(optimizer), run(maker()))
    assert asked == list(range(6))


def test_the_learning_rate_of_a_schedule_moves() -> None:
    w = run(nn.SGD(lambda step: 0.1 / 2**step), np.ones((3, 5)), np.zeros(5))
    np.testing.assert_allclose(w, -0.175)


@pytest.mark.parametrize("maker", MAKERS.values(), ids=list(MAKERS))
def test_state_is_kept_by_name(maker) -> None:
    optimizer = maker()
    params = Parameters.pack({"0.W": np.ones((2, 2)), "0.b": np.ones(2)})
    optimizer.update(params, Parameters.pack({"0.W": np.ones((2, 2)), "0.b": np.zeros(2)}))
    assert set(optimizer.state) == set(optimizer.slots)
    for slot in optimizer.state.values():
        assert set(slot) == {"0.W", "0.b"}
        assert slot["0.W"].all()
        assert not slot["0.b"].any()


# ---- clipping


def test_clipping_shortens_what_is_too_long_and_keeps_the_direction() -> None:
    g = np.array([3.0, 4.0, 12.0])
    assert optim.clip_by_norm(g, 6.5) == 13
    np.testing.assert_allclose(g, [1.5, 2, 6], rtol=1e-15)


def test_clipping_leaves_what_is_short_enough() -> None:
    g = np.array([3.0, 4.0])
    assert optim.clip_by_norm(g, 5.0) == 5
    assert g.tolist() == [3, 4]


def test_clipping_a_gradient_of_zero() -> None:
    g = np.zeros(3)
    assert optim.clip_by_norm(g, 1.0) == 0
    assert not g.any()


def test_the_norm_is_over_all_parameters_together() -> None:
    params = Parameters.pack({"a": np.zeros(1), "b": np.zeros(1)})
    nn.SGD(1.0, clip_norm=1.0).update(
        params, Parameters.pack({"a": np.array([3.0]), "b": np.array([4.0])})
    )
    np.testing.assert_allclose(params.flat, [-0.6, -0.8], rtol=1e-15)


# ---- what is refused


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.SGD(-0.1), "lr must not be negative, got -0.1"),
        (lambda: nn.Adam(float("nan")), "lr must not be negative, got nan"),
        (lambda: nn.SGD(0.1, 1.0), r"momentum must be in \[0, 1\), got 1.0"),
        (lambda: nn.SGD(0.1, -0.5), r"momentum must be in \[0, 1\)"),
        (lambda: nn.SGD(0.1, nesterov=True), "Nesterov's look-ahead needs a momentum above 0"),
        (lambda: nn.Adam(betas=(1.0, 0.9)), r"betas must be in \[0, 1\)"),
        (lambda: nn.AdamW(betas=(0.9, -0.1)), r"betas must be in \[0, 1\)"),
        (lambda: nn.AdamW(eps=-1.0), "eps must not be negative, got -1.0"),
        (lambda: nn.RMSProp(rho=1.0), r"rho must be in \[0, 1\) and eps not negative, got 1.0"),
        (lambda: nn.RMSProp(eps=-1.0), "eps not negative, got 0.99 and -1.0"),
        (lambda: nn.SGD(weight_decay=-0.1), "weight_decay must not be negative, got -0.1"),
        (lambda: nn.Adam(clip_norm=0), "clip_norm must be above 0, or None, got 0"),
        (lambda: nn.SGD(clip_norm=-1.0), "clip_norm must be above 0, or None, got -1.0"),
    ],
)
def test_options_that_cannot_be_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_an_optimiser_without_formula_says_so() -> None:
    with pytest.raises(NotImplementedError, match="Optimizer defines no formula"):
        run(nn.Optimizer(0.1))


def test_the_update_in_any_library(xp) -> None:
    for maker in MAKERS.values():
        params = Parameters.pack({"w": xp.asarray(START)})
        optimizer = maker(weight_decay=0.1, clip_norm=2.0)
        for g in GRADIENTS:
            optimizer.update(params, Parameters.pack({"w": xp.asarray(g)}))
        expected = run(maker(weight_decay=0.1, clip_norm=2.0))
        np.testing.assert_allclose(nn.backend.to_numpy(params["w"]), expected, rtol=1e-10)
