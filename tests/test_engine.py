"""The engine cuts a batch into slices and stages; its gradients must be those of plain layers."""

import numpy as np
import pytest

import course_nn as nn


def images(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((count, 1, 8, 8)), rng.integers(0, 10, count)


def gradients(layers: list, count: int) -> tuple[dict, dict]:
    """The engine's gradients, and those of the layers' own forward and backward."""
    model, loss = nn.Sequential(layers), nn.SoftmaxCrossEntropy()
    model.build((1, 8, 8), rng=np.random.default_rng(1), dtype=np.float64)
    x, labels = images(count)
    loss.forward(model.forward(x, train=True), labels)
    model.backward(loss.backward())
    own = {f"{i}.{k}": g.copy() for i, layer in enumerate(layers) for k, g in layer.grads.items()}
    model.train_step(x, labels, loss, nn.SGD(0.0))
    return {name: model.grads[name].copy() for name in model.params}, own


@pytest.mark.parametrize("count", [2, 7, 100, 500])
@pytest.mark.parametrize(
    "layers",
    [
        lambda: [nn.Flatten(), nn.Dense(10)],
        lambda: [nn.ReLU(), nn.Flatten(), nn.Dense(10)],
        lambda: [nn.Flatten(), nn.Dense(12), nn.BatchNorm(), nn.ReLU(), nn.Dense(10)],
        lambda: [nn.BatchNorm(), nn.Flatten(), nn.Dense(10)],
        lambda: [nn.Conv2D(3, 3), nn.BatchNorm(), nn.MaxPool2D(2), nn.Flatten(), nn.Dense(10)],
    ],
)
def test_slices_and_stages_change_no_gradient(layers, count: int) -> None:
    engine, own = gradients(layers(), count)
    assert engine.keys() == own.keys()
    for name, g in own.items():
        np.testing.assert_allclose(engine[name], g, rtol=1e-9, atol=1e-12, err_msg=name)


class Lame(nn.BatchNorm):
    """Batch norm with a backward pass of its own."""

    def gradients(self, dy, cache, need_dx=True):
        dx, grads = super().gradients(dy, cache, need_dx)
        return 0 * dx, grads


def test_a_subclass_keeps_its_own_backward_pass() -> None:
    engine, _ = gradients([nn.Flatten(), nn.Dense(12), Lame(), nn.Dense(10)], 100)
    assert not engine["1.W"].any()
    assert engine["3.W"].any()
