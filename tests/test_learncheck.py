"""`check_learns`: good models learn a few samples by heart, and each planted fault is named."""

import copy
import re
from typing import Any

import numpy as np
import pytest

import course_nn as nn
from course_nn.learncheck import check_learns

IMAGES, DIGITS, *_ = nn.data.digits()


def mlp(*, head: tuple[nn.Layer, ...] = (), **dense: Any) -> nn.Sequential:
    """The smallest network that learns digits."""
    layers = [nn.Flatten(), nn.Dense(32), nn.ReLU(), nn.Dense(10, **dense), *head]
    return nn.Sequential(layers)


def conv() -> nn.Sequential:
    """One with everything: batch norm, dropout, a residual block."""
    block = nn.Residual([nn.Conv2D(6, 3, padding=1), nn.BatchNorm(), nn.ReLU()])
    layers = [nn.Conv2D(6, 3), nn.BatchNorm(), nn.ReLU(), block, nn.MaxPool2D(2)]
    return nn.Sequential([*layers, nn.Flatten(), nn.Dropout(0.3), nn.Dense(10)])


class Shift(nn.Layer):
    """y = x − 100: kills every ReLU after it."""

    def compute(self, x, train, noise=None):
        return x - 100, ()

    def gradients(self, dy, cache, need_dx=True):
        return dy, {}


class Silent(nn.Layer):
    """Passes no gradient."""

    def compute(self, x, train, noise=None):
        return x, ()

    def gradients(self, dy, cache, need_dx=True):
        return 0 * dy, {}


class Contrary(nn.Dense):
    """A gradient with the wrong sign."""

    def gradients(self, dy, cache, need_dx=True):
        dx, grads = super().gradients(dy, cache, need_dx)
        return dx, {name: -g for name, g in grads.items()}


class OwnSoftmax(nn.Softmax):
    """One that does not say what it gives."""

    gives = None


class Blind(nn.Layer):
    """Loses what tells samples apart."""

    def compute(self, x, train, noise=None):
        return 0 * x + 1, ()

    def gradients(self, dy, cache, need_dx=True):
        return 0 * dy, {}


GOOD = {
    "a network of dense layers": (mlp, {}),
    "a network with everything": (conv, {}),
    "weights that begin at zero": (lambda: mlp(init=nn.init.zeros), {}),
    "labels that are smoothed": (mlp, {"loss": nn.SoftmaxCrossEntropy(smoothing=0.2)}),
    "probabilities": (lambda: mlp(head=(nn.Softmax(),)), {"loss": nn.CrossEntropy()}),
    "one-hot labels": (mlp, {"y": np.eye(10)[DIGITS]}),
    "lists": (mlp, {"x": IMAGES[:20].tolist(), "y": DIGITS[:20].tolist()}),
    "numbers": (
        lambda: nn.Sequential([nn.Flatten(), nn.Dense(32), nn.ReLU(), nn.Dense(1)]),
        {"y": DIGITS[:, None] / 3.0, "loss": nn.MeanSquaredError()},
    ),
    "yes and no": (
        lambda: nn.Sequential([nn.Flatten(), nn.Dense(32), nn.ReLU(), nn.Dense(1)]),
        {"y": DIGITS[:, None] > 4, "loss": nn.BinaryCrossEntropy()},
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_model_learns_by_heart(name: str) -> None:
    make, options = GOOD[name]
    report = check_learns(make(), **({"x": IMAGES, "y": DIGITS} | options))
    assert report.passed, report
    assert bool(report)
    assert report.causes == ()
    assert report.steps < 300
    assert re.match(r"learning check passed: 16 samples learnt by heart in \d+ steps", str(report))
    assert repr(report) == str(report)


def test_the_loss_at_the_start_stands_beside_log_k() -> None:
    report = check_learns(mlp(init=nn.init.zeros), IMAGES, DIGITS)
    assert report.losses[0] == pytest.approx(np.log(10), rel=1e-6)
    assert report.expected == pytest.approx(np.log(10))
    assert "loss 2.303 at the start (all alike: 2.303)" in str(report)
    assert report.notes == ()


def moments(optimizer: nn.Adam) -> list[np.ndarray]:
    """What the optimiser remembers."""
    return [one.flat for one in optimizer.state.values()]


def test_the_model_and_the_optimizer_stay_as_they_were() -> None:
    model, optimizer = conv(), nn.Adam(0.003)
    model.build((1, 8, 8), rng=np.random.default_rng(0))
    model.train_step(IMAGES[:8], DIGITS[:8], nn.SoftmaxCrossEntropy(), optimizer)
    model.history = {"loss": [1.0]}
    before = copy.deepcopy([model.params.flat, *model.states(), *moments(optimizer)])
    check_learns(model, IMAGES, DIGITS, optimizer=optimizer, steps=5)
    after = [model.params.flat, *model.states(), *moments(optimizer)]
    assert len(before) == len(after) == 1 + 4 + 2
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.history == {"loss": [1.0]}
    model.train_step(IMAGES[:8], DIGITS[:8], nn.SoftmaxCrossEntropy(), optimizer)


def test_a_model_that_is_not_built_stays_so() -> None:
    unbuilt = mlp()
    check_learns(unbuilt, IMAGES, DIGITS, steps=5)
    assert unbuilt.input_shape == ()


def test_a_trained_model_is_tried_with_fresh_weights() -> None:
    model = mlp()
    model.build((1, 8, 8), rng=np.random.default_rng(0))
    model.layers[1].params["W"] = 1e3 * np.ones((64, 32))
    assert check_learns(model, IMAGES, DIGITS).notes == ()


def test_a_model_with_a_frozen_layer_keeps_its_weights() -> None:
    model = mlp()
    model.build((1, 8, 8), rng=np.random.default_rng(0))
    model.layers[1].params["W"] = np.zeros((64, 32))
    model.layers[1].trainable = False
    report = check_learns(model, IMAGES, DIGITS)
    assert any(cause.startswith("dead units") for cause in report.causes)


def test_a_check_repeats() -> None:
    first, second = (check_learns(conv(), IMAGES, DIGITS, steps=20).losses for _ in "ab")
    assert first == second
    other = check_learns(conv(), IMAGES, DIGITS, steps=20, rng=np.random.default_rng(1)).losses
    assert other != first


FAULTS = {
    "a step far too small": (
        mlp,
        {"optimizer": nn.SGD(1e-6)},
        r"hardly moved.*\(1e-06\) is too small",
    ),
    "a step too small": (mlp, {"optimizer": nn.SGD(0.01)}, r"still falls.*more steps, or raise"),
    "a step too large": (mlp, {"optimizer": nn.SGD(1e3)}, r"the loss grew.*\(1000\) is too large"),
    "a step without end": (mlp, {"optimizer": nn.SGD(1e30)}, "it broke at step 1: "),
    "units that are dead": (
        lambda: nn.Sequential([nn.Flatten(), nn.Dense(32), Shift(), nn.ReLU(), nn.Dense(10)]),
        {},
        r"dead units: 100% of what layer 3, ReLU\(\), gives is 0 for every sample",
    ),
    "a layer that passes no gradient": (
        lambda: nn.Sequential([nn.Flatten(), nn.Dense(2), Silent(), nn.LeakyReLU(), nn.Dense(10)]),
        {},
        r"layer 1, Dense\(units=2\), got a gradient of zeros at the first step",
    ),
    "a frozen layer": (
        lambda: frozen_body(),
        {"steps": 30},
        "layer 1 is frozen: if the others are too few",
    ),
    "labels that contradict each other": (
        mlp,
        {"x": IMAGES[[3] * 10], "y": np.arange(10)},
        "labels contradict each other: two samples are equal, .* label 0, the other 1",
    ),
    "two softmaxes": (
        lambda: mlp(head=(OwnSoftmax(),)),
        {"steps": 60},
        "gives probabilities .its rows sum to 1., and the loss takes scores: that is two softmaxes",
    ),
    "a gradient of the wrong sign": (
        lambda: nn.Sequential([nn.Flatten(), Contrary(32), nn.ReLU(), Contrary(10)]),
        {},
        r"the loss grew .* wrong sign \(check_layer finds it\)",
    ),
    "statistics that never move": (
        lambda: nn.Sequential(
            [nn.Flatten(), nn.Dense(32), nn.BatchNorm(momentum=0.0), nn.ReLU(), nn.Dense(10)]
        ),
        {},
        "learnt in training .*, but not in prediction .*: .*running statistics",
    ),
    "a layer that loses all": (
        lambda: nn.Sequential([nn.Flatten(), Blind(), nn.Dense(10)]),
        {},
        "the loss stays at .*the model cannot tell these samples apart",
    ),
    "nothing to learn with": (
        lambda: nn.Sequential([nn.Flatten()]),
        {},
        "no layer has parameters",
    ),
}


def frozen_body() -> nn.Sequential:
    model = mlp()
    model.layers[1].trainable = False
    return model


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_named(name: str) -> None:
    make, options, why = FAULTS[name]
    report = check_learns(make(), **({"x": IMAGES, "y": DIGITS} | options))
    assert not report.passed
    assert str(report).startswith("learning check FAILED: ")
    assert re.search(why, "\n".join(report.causes)), report


def test_a_sure_cause_silences_those_that_may_be() -> None:
    make, options, _ = FAULTS["labels that contradict each other"]
    assert len(check_learns(make(), **options).causes) == 1


NOTES = {
    "pixels up to 255": (mlp, {"x": 255 * IMAGES}, "x reaches 255: bring it near 1, by x / 255"),
    "a start far away": (
        lambda: mlp(init=lambda *a, **k: 30 * nn.init.he_normal(*a, **k)),
        {},
        "the loss starts at .*, far above 2.303, .*look at init",
    ),
    "one label": (mlp, {"y": 0 * DIGITS}, "all samples have the same label: there is nothing"),
}


@pytest.mark.parametrize("name", NOTES)
def test_what_is_odd_at_the_start_is_noted(name: str) -> None:
    make, options, why = NOTES[name]
    report = check_learns(make(), **({"x": IMAGES, "y": DIGITS} | options))
    assert re.search(why, "\n".join(report.notes)), report
    assert "\n  note: " in str(report)


REFUSED = {
    "a layer": ({"model": nn.Dense(3)}, "check_learns trains a copy of a Sequential, got Dense"),
    "too many samples": ({"samples": 33}, "samples must be at most 32"),
    "one sample": ({"samples": 1}, "samples must be at least 2"),
    "no step": ({"steps": 0}, "steps must be at least 1"),
    "a name for an optimizer": ({"optimizer": "adam"}, "optimizer must be an object such as"),
    "a seed": ({"rng": 0}, "rng must be a generator"),
    "other lengths": ({"y": DIGITS[:5]}, r"1500 samples and 5 labels|\d+ samples and 5 labels"),
    "labels out of range": ({"y": DIGITS + 10}, "label"),
    "softmax twice": ({"model": mlp(head=(nn.Softmax(),))}, "leave the layer out"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_tried_is_refused(name: str) -> None:
    options, why = REFUSED[name]
    given = {"model": mlp(), "x": IMAGES, "y": DIGITS} | options
    with pytest.raises((TypeError, ValueError), match=why):
        check_learns(given.pop("model"), given.pop("x"), given.pop("y"), **given)


@pytest.mark.parametrize(("x", "y"), [(1, 2), (np.eye(3), 2), (1.0, [0, 1]), (np.eye(3), [0, 1])])
def test_what_holds_no_samples_is_refused(x, y):
    model = nn.Sequential([nn.Dense(2)])
    with pytest.raises(ValueError, match="two samples or more and a label for each, got"):
        nn.check_learns(model, x, y)
