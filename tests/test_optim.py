"""Optimisers against their formulas written out number by number; PyTorch's are under parity."""

import math
import pickle
from copy import deepcopy
from typing import ClassVar

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
    "rmsprop": (nn.RMSProp(0.1, rho=0.9), rmsprop),
    "rmsprop, decay": (
        nn.RMSProp(0.1, rho=0.9, weight_decay=0.3),
        lambda *a: rmsprop(*a, decay=0.3),
    ),
    "adam": (nn.Adam(0.1, betas=(0.9, 0.99)), adam),
    "adam, decay": (
        nn.Adam(0.1, betas=(0.9, 0.99), weight_decay=0.3),
        lambda *a: adam(*a, decay=0.3),
    ),
    "adamw": (nn.AdamW(0.1, betas=(0.9, 0.99), weight_decay=0.3), adamw),
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
        (lambda: nn.Adam(float("nan")), "lr must be a number, got nan"),
        (lambda: nn.SGD(math.inf), "lr must be finite, got inf"),
        (lambda: nn.SGD(0.1, 1.0), r"momentum must be in \[0, 1\), got 1.0"),
        (lambda: nn.SGD(0.1, -0.5), r"momentum must be in \[0, 1\)"),
        (lambda: nn.SGD(0.1, nesterov=True), "Nesterov's look-ahead needs a momentum above 0"),
        (lambda: nn.Adam(betas=(1.0, 0.9)), r"betas must be in \[0, 1\), got 1.0"),
        (lambda: nn.AdamW(betas=(0.9, -0.1)), r"betas must be in \[0, 1\)"),
        (lambda: nn.AdamW(eps=-1.0), "eps must not be negative, got -1.0"),
        (lambda: nn.RMSProp(rho=1.0), r"rho must be in \[0, 1\), got 1.0"),
        (lambda: nn.RMSProp(eps=-1.0), "eps must not be negative, got -1.0"),
        (lambda: nn.SGD(weight_decay=-0.1), "weight_decay must not be negative, got -0.1"),
        (lambda: nn.Adam(clip_norm=0), "clip_norm must be above 0, or None, got 0"),
        (lambda: nn.SGD(clip_norm=-1.0), "clip_norm must be above 0, or None, got -1.0"),
    ],
)
def test_options_that_cannot_be_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


PARAMS = Parameters.pack({"w": np.ones(2)})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.SGD("0.1"), "lr must be a number, got '0.1'"),
        (lambda: nn.SGD(True), "lr must be a number, got True"),
        (lambda: nn.SGD(None), "lr must be a number, got None"),
        (lambda: nn.SGD(1j), "lr must be a number, got 1j"),
        (lambda: nn.SGD(PARAMS, 0.1), "lr must be .* got a Parameters: a model gives its param"),
        (lambda: nn.Adam(list(PARAMS.values())), r"got a list: .* by itself: SGD\(0.1\)"),
        (lambda: nn.SGD(nn.schedule.Cosine), "got <class .*Cosine'>; are its brackets missing"),
        (lambda: nn.Adam(0.001, 0.9, 0.999), r"the two betas go together: Adam\(0.001, betas=\(0"),
        (lambda: nn.Adam(betas=0.9), r"betas must be the pair \(β₁, β₂\) .* got 0.9"),
        (lambda: nn.SGD(learning_rate=0.1), "SGD takes no learning_rate: it is lr;"),
        (lambda: nn.Adam(epsilon=1e-7), "Adam takes no epsilon: it is eps;"),
        (lambda: nn.SGD(0.1, momentum="0.9"), "momentum must be a number, got '0.9'"),
        (lambda: nn.SGD(0.1, clip_norm="1"), "clip_norm must be a number, got '1'"),
    ],
)
def test_options_of_a_wrong_kind_get_our_word_for_it(make, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize(
    ("name", "value"),
    [("lr", -0.1), ("learning_rate", -0.1), ("lr", math.nan), ("momentum", 2), ("clip_norm", 0)],
)
def test_what_the_constructor_refuses_cannot_be_set_later(name: str, value: float) -> None:
    optimizer = nn.SGD(0.1, 0.9)
    with pytest.raises(ValueError, match="must"):
        setattr(optimizer, name, value)
    assert (optimizer.lr, optimizer.momentum, optimizer.clip_norm) == (0.1, 0.9, None)


def test_learning_rate_is_another_name_for_lr() -> None:
    optimizer = nn.SGD(0.1)
    optimizer.learning_rate = 0.5
    assert (optimizer.lr, optimizer.learning_rate) == (0.5, 0.5)
    optimizer.learning_rate = nn.schedule.Exponential(1.0, 0.5)
    optimizer.steps = 2
    assert optimizer.learning_rate == 0.25


@pytest.mark.parametrize(
    ("rate", "error"),
    [(-0.1, ValueError), (math.nan, ValueError), (None, TypeError), ("0.1", TypeError)],
)
@pytest.mark.parametrize("maker", MAKERS.values(), ids=list(MAKERS))
def test_a_schedule_that_gives_no_rate_changes_nothing(maker, rate, error) -> None:
    optimizer = maker()
    optimizer.lr = lambda step: 0.1 if step == 0 else rate
    params = Parameters.pack({"w": START})
    optimizer.update(params, Parameters.pack({"w": GRADIENTS[0]}))
    before = params.flat.copy(), {k: s.flat.copy() for k, s in optimizer.state.items()}
    with pytest.raises(error, match="the lr that the schedule gives at 1 must"):
        optimizer.update(params, Parameters.pack({"w": GRADIENTS[1]}))
    np.testing.assert_array_equal(params.flat, before[0])
    assert optimizer.steps == 1
    for slot, values in before[1].items():
        np.testing.assert_array_equal(optimizer.state[slot].flat, values)


def test_an_optimiser_prints_what_it_was_given() -> None:
    assert repr(nn.SGD(0.5, 0.9)) == "SGD(lr=0.5, momentum=0.9)"
    assert repr(nn.Adam(nn.schedule.Constant(0.1))) == "Adam(lr=Constant(lr=0.1))"
    assert nn.AdamW().arguments() == {}


# ---- one model each


def one_step(optimizer: nn.Optimizer, params: Parameters) -> None:
    optimizer.update(params, Parameters.pack({"w": np.ones(params.flat.size)}))


@pytest.mark.parametrize(
    "make",
    [nn.Adam, lambda: nn.SGD(nn.schedule.Cosine(0.1, 5)), lambda: nn.SGD(0.1, 0.9)],
)
@pytest.mark.parametrize("size", [2, 3])
def test_an_optimiser_of_another_model_is_refused_before_anything_changes(make, size) -> None:
    optimizer, first = make(), Parameters.pack({"w": np.ones(2)})
    other = Parameters.pack({"w": np.ones(size)})
    one_step(optimizer, first)
    if size == 3 and not optimizer.state:
        return
    with pytest.raises(ValueError, match=r"has trained another model, .* make a new one for each"):
        one_step(optimizer, other)
    assert (other.flat == 1).all()
    assert optimizer.steps == 1
    one_step(optimizer, first)
    optimizer.reset()
    one_step(optimizer, other)
    alone, again = make(), Parameters.pack({"w": np.ones(size)})
    one_step(alone, again)
    np.testing.assert_array_equal(other.flat, again.flat)


def test_a_model_whose_layers_changed_is_told_so() -> None:
    optimizer, params = nn.Adam(), Parameters.pack({"w": np.ones(2)})
    one_step(optimizer, params)
    changed = Parameters.pack({"w": np.ones(3)})
    changed.owner = params.owner
    with pytest.raises(
        ValueError, match=r"this Adam holds the state of other parameters .* changed"
    ):
        one_step(optimizer, changed)
    assert (changed.flat == 1).all()


def test_a_model_that_is_gone_still_counts_as_another() -> None:
    optimizer = nn.Adam()
    one_step(optimizer, Parameters.pack({"w": np.ones(2)}))
    with pytest.raises(ValueError, match="has trained another model"):
        one_step(optimizer, Parameters.pack({"w": np.ones(2)}))


def test_what_carries_nothing_over_may_train_any_model() -> None:
    optimizer = nn.SGD(0.5)
    for size in (2, 3):
        params = Parameters.pack({"w": np.ones(size)})
        one_step(optimizer, params)
        assert (params.flat == 0.5).all()


def test_the_owner_is_who_the_parameters_say() -> None:
    class Token:
        """Of a model, which stays when its parameters are packed anew."""

    token, optimizer = Token(), nn.Adam()
    for _ in range(2):
        params = Parameters.pack({"w": np.ones(2)})
        params.owner = token
        one_step(optimizer, params)
    assert optimizer.steps == 2


@pytest.mark.parametrize("copied", [deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_a_copy_goes_on_with_the_copy_of_the_model(copied) -> None:
    optimizer, params = nn.Adam(), Parameters.pack({"w": np.ones(2)})
    one_step(optimizer, params)
    twin, again = copied(optimizer), Parameters.pack({"w": params.flat})
    one_step(optimizer, params)
    one_step(twin, again)
    np.testing.assert_array_equal(again.flat, params.flat)
    assert twin.steps == 2


def test_a_momentum_set_later_gets_its_velocity() -> None:
    optimizer, params = nn.SGD(0.1), Parameters.pack({"w": np.ones(2)})
    one_step(optimizer, params)
    optimizer.momentum = 0.9
    one_step(optimizer, params)
    assert list(optimizer.state) == ["velocity"]
    optimizer.momentum = 0
    one_step(optimizer, params)
    assert optimizer.state == {}


# ---- frozen layers


class Frozen(Parameters):
    """Parameters of which only some may be updated."""

    parts: ClassVar[list[slice]] = [slice(0, 1), slice(3, 5)]

    def trainable_slices(self) -> list[slice]:
        return self.parts


@pytest.mark.parametrize("maker", MAKERS.values(), ids=list(MAKERS))
def test_what_is_frozen_stays_with_its_state_and_outside_the_norm(maker) -> None:
    free = [0, 3, 4]
    params = Frozen(START.copy(), {"w": (5,)})
    alone = Parameters.pack({"w": START[free]})
    optimizer, twin = (maker(weight_decay=0.1, clip_norm=0.5) for _ in range(2))
    for g in GRADIENTS:
        optimizer.update(params, Parameters.pack({"w": g}))
        twin.update(alone, Parameters.pack({"w": g[free]}))
    np.testing.assert_array_equal(params.flat[[1, 2]], START[[1, 2]])
    np.testing.assert_allclose(params.flat[free], alone.flat, rtol=1e-14)
    assert not any(slot.flat[[1, 2]].any() for slot in optimizer.state.values())


def test_a_model_without_a_trainable_layer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Frozen, "parts", [])
    optimizer = nn.SGD(0.1)
    with pytest.raises(ValueError, match=r"no layer is trainable: set layer.trainable = True"):
        optimizer.update(Frozen(START.copy(), {"w": (5,)}), Parameters.pack({"w": START}))
    assert optimizer.steps == 0
    optimizer.update(Parameters.pack({}), Parameters.pack({}))  # nothing to freeze: nothing to do


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


@pytest.mark.parametrize(
    ("params", "grads", "error", "message"),
    [
        ({"w": np.ones(2)}, {"w": np.ones(2)}, TypeError, "got a dict"),
        (None, None, TypeError, "got a NoneType"),
        (
            Parameters.pack({"w": np.ones(2)}),
            {"w": np.ones(2)},
            ValueError,
            "as model.grads has them, got a dict",
        ),
        (
            Parameters.pack({"w": np.ones(2)}),
            Parameters.pack({"w": np.ones(1)}),
            ValueError,
            "as model.grads has them, got others",
        ),
        (
            Parameters.pack({"w": np.ones(2)}),
            Parameters.pack({"v": np.ones(2)}),
            ValueError,
            "as model.grads has them, got others",
        ),
    ],
)
def test_what_cannot_be_updated_is_said_and_stays(params, grads, error, message):
    optimizer = nn.SGD(0.1, 0.9)
    with pytest.raises(error, match=message):
        optimizer.update(params, grads)
    assert optimizer.steps == 0
    assert params is None or (params["w"] == 1).all()
