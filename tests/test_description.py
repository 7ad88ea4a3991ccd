"""What a file says of a model, and what it cannot say."""

from pathlib import Path

import numpy as np
import pytest
from saved_models import built, small, train

import course_nn as nn
from course_nn import description
from course_nn.description import StorageError, describe


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def test_every_optimiser_schedule_and_initialiser_has_a_name() -> None:
    assert {"SGD", "Adam", "AdamW", "RMSProp"} == set(description.OPTIMIZERS)
    assert {"Cosine", "Step", "WarmUp", "OneCycle", "Exponential"} <= set(description.SCHEDULES)
    assert {"he_normal", "zeros", "glorot_uniform"} <= set(description.INITIALISERS)
    for registry in (description.LAYERS, description.OPTIMIZERS, description.SCHEDULES):
        assert not {"Layer", "BatchLayer", "Optimizer", "Schedule"} & set(registry)


def test_the_shapes_of_parameters_are_those_that_are_drawn() -> None:
    for layer in built(small()).layers:
        for inner in [layer] if not layer.chains() else layer.paths["main"]:
            drawn = {name: a.shape for name, a in inner.params.items()}
            assert description.parameter_shapes(inner) == drawn
            state = {name: a.shape for name, a in inner.state.items()}
            assert description.state_shapes(inner) == state


def test_it_is_what_json_can_hold() -> None:
    import json

    told = describe(built(small()).layers, np.dtype("float32"), nn.Adam(), np.random.default_rng(0))
    assert json.loads(json.dumps(told)) == told


class Square(nn.Layer):
    def compute(self, x, train, *noise):
        return x * x, None


class MySGD(nn.SGD):
    pass


def mine(shape, *, rng):
    return np.ones(shape)


@pytest.mark.parametrize(
    ("save", "message"),
    [
        (
            lambda p: built(nn.Sequential([Square()])).save(p),
            r"layer 0, Square\(\): Square is no layer",
        ),
        (
            lambda p: built(nn.Sequential([nn.ReLU(), nn.Residual([Square()])])).save(p),
            r"layer 1, Residual.*Square is no layer of course_nn's",
        ),
        (
            lambda p: built(nn.Sequential([nn.Conv2D(2, 3, init=mine)])).save(p),
            r"layer 0, Conv2D\(.*its initialiser mine is not one of course_nn\.init's",
        ),
        (
            lambda p: built(small()).save(p, optimizer=MySGD(0.1)),
            "MySGD is no optimizer of course_nn's",
        ),
        (
            lambda p: built(small()).save(p, optimizer=nn.SGD(lambda step: 0.1)),
            r"the optimizer, SGD: .*<lambda> cannot be saved.*course_nn\.schedule",
        ),
        (
            lambda p: built(small()).save(p, rng=np.random.Generator(np.random.MT19937(0))),
            "rng: only a generator of default_rng can be saved",
        ),
    ],
)
def test_what_cannot_be_saved_is_named_and_nothing_is_written(path, save, message):
    with pytest.raises(StorageError, match=message):
        save(path)
    assert list(path.parent.iterdir()) == []


def test_another_models_optimiser_is_refused(path):
    other, optimizer = built(nn.Sequential([nn.Flatten(), nn.Dense(3)])), nn.Adam()
    train(other, optimizer, np.random.default_rng(0), epochs=1)
    with pytest.raises(StorageError, match="the state of this Adam belongs to another model"):
        built(small()).save(path, optimizer=optimizer)
