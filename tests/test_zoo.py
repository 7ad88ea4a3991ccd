"""The networks of the course: their shapes, their numbers of parameters, and that they learn."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

import course_nn as nn
from course_nn import zoo

PARAMETERS = {
    "softmax_regression": 784 * 10 + 10,
    "pooled": 196 * 80 + 80 + 80 * 40 + 40 + 40 * 20 + 20 + 20 * 10 + 10,
    "dense": 784 * 80 + 80 + 80 * 40 + 40 + 40 * 20 + 20 + 20 * 10 + 10,
    "mlp": 784 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10,
    # LeNet: convolutions, batch norms, dense layers.
    "lenet": (25 * 6 + 6 + 12)
    + (6 * 25 * 16 + 16 + 32)
    + (16 * 25 * 120 + 120 + 240)
    + (120 * 84 + 84)
    + (84 * 10 + 10),
    "fast": (25 * 24 + 24) + (24 * 9 * 32 + 32) + (32 * 25 * 256 + 256) + 2570,
    "wide": (9 * 32 + 32) + (32 * 9 * 64 + 64) + (64 * 144 * 128 + 128) + 1290,
    "vgg": (3 * 9 * 64 + 64)
    + (64 * 9 * 64 + 64)
    + (64 * 9 * 128 + 128)
    + (128 * 9 * 128 + 128)
    + (128 * 64 * 256 + 256)
    + 2570,
    # every convolution with its batch norm's two numbers a filter
    "resnet": (3 * 9 * 16 + 48)
    + 4 * (16 * 9 * 16 + 48)
    + (16 * 9 * 32 + 96)
    + 4 * (32 * 9 * 32 + 96)
    + 330,
}


@pytest.mark.parametrize("name", zoo.NETWORKS)
def test_every_network_builds_and_takes_a_step_down(name: str) -> None:
    model = zoo.build(name, rng=np.random.default_rng(0))
    assert model.output_shape == (10,)
    assert model.input_shape == zoo.network(name).input_shape
    rng = np.random.default_rng(1)
    x = rng.random((16, *model.input_shape), dtype=np.float32)
    labels = np.arange(16) % 10
    loss, optimizer = nn.SoftmaxCrossEntropy(), nn.Adam(1e-4)
    losses = [model.train_step(x, labels, loss, optimizer) for _ in range(6)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", zoo.NETWORKS)
def test_every_network_computes_the_same_on_the_gpu(name: str, gpu: ModuleType) -> None:
    rng, models = np.random.default_rng(1), []
    for device in ("cpu", "gpu"):
        model = zoo.build(name, rng=np.random.default_rng(0), dtype="float64", device=device)
        models.append(model)
    x = rng.random((16, *models[0].input_shape))
    scores, there = (model.predict(x) for model in models)
    assert models[1].xp is gpu
    np.testing.assert_allclose(there, scores, rtol=1e-9, atol=1e-9 * np.abs(scores).max())


@pytest.mark.parametrize("name", PARAMETERS)
def test_numbers_of_parameters_counted_by_hand(name: str) -> None:
    assert zoo.build(name, rng=np.random.default_rng(0)).params.flat.size == PARAMETERS[name]


def test_the_six_conv_network_has_six_convolutions_and_pools() -> None:
    kinds = [type(layer) for layer in zoo.network("six_conv").layers()]
    assert kinds.count(nn.Conv2D) == 6
    assert kinds.count(nn.MaxPool2D) == 3


def test_layers_are_made_anew() -> None:
    first, second = (zoo.build("mlp", rng=np.random.default_rng(0)) for _ in range(2))
    first.params.flat[...] = 0
    assert second.params.flat.any()


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"no network 'alexnet'; .*lenet"):
        zoo.build("alexnet", rng=np.random.default_rng(0))
