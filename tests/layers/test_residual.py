"""Residual blocks: two paths, their sum, and the names inside."""

from typing import ClassVar

import numpy as np
import pytest

import course_nn as nn

from .contract import LayerContract, ParameterContract, ShapeContract, built, make, normal


class TestResiduals(LayerContract, ShapeContract, ParameterContract):
    layers: ClassVar = {
        "Residual": (
            lambda: nn.Residual([nn.Conv2D(2, 3, padding=1), nn.Tanh()]),
            (2, 4, 4),
            (2, 4, 4),
        ),
        "Residual with a shortcut": (
            lambda: nn.Residual(
                [nn.Conv2D(3, 3, stride=2, padding=1), nn.BatchNorm(), nn.Tanh()],
                [nn.Conv2D(3, 1, stride=2), nn.BatchNorm()],
            ),
            (2, 4, 4),
            (3, 2, 2),
        ),
        "Residual in a residual": (
            lambda: nn.Residual(
                [nn.Dense(4), nn.Residual([nn.Tanh(), nn.Dropout(0.3), nn.Dense(4)]), nn.GELU()]
            ),
            (4,),
            (4,),
        ),
    }

    illegal: ClassVar = {
        "Residual": (
            nn.Residual([nn.Conv2D(8, 3, padding=1)]),
            (4, 6, 6),
            ["(8, 6, 6)", "(4, 6, 6)", "shortcut", "Residual"],
        ),
        "inside a Residual": (
            nn.Residual([nn.Dense(8)]),
            (4, 6, 6),
            ["Dense(units=8)", "Flatten()"],
        ),
    }

    drawn: ClassVar = {
        "Residual": (lambda: nn.Residual([nn.ReLU(), nn.Dense(5)]), (2, 5)),
    }


def test_a_residual_adds_its_paths() -> None:
    block = built(nn.Residual([nn.Dense(3)]), (3,))
    x = normal(1, 2, 3)
    W, b = block.params["main.0.W"], block.params["main.0.b"]
    np.testing.assert_allclose(block.forward(x), x @ W + b + x)


def test_a_gradient_flows_past_a_dead_main_path_unchanged() -> None:
    block = built(nn.Residual([nn.Dense(3, init=nn.init.zeros)]), (3,))
    x, dy = normal(1, 2, 3), normal(2, 2, 3)
    block.forward(x, train=True)
    np.testing.assert_array_equal(block.backward(dy), dy)


def test_the_names_in_a_nested_residual() -> None:
    block, _ = make(*TestResiduals.layers["Residual in a residual"][:2])
    assert sorted(block.params) == [
        "main.0.W",
        "main.0.b",
        "main.1.main.2.W",
        "main.1.main.2.b",
    ]
    inner = block.paths["main"][1]
    assert block.params["main.1.main.2.W"] is inner.params["main.2.W"]
    assert inner.params["main.2.W"] is inner.paths["main"][2].params["W"]


def test_bind_reaches_the_innermost_layer() -> None:
    block, x = make(*TestResiduals.layers["Residual in a residual"][:2])
    before = block.forward(x)
    mine = np.zeros((4, 4))
    block.bind("main.1.main.2.W", mine)
    innermost = block.paths["main"][1].paths["main"][2]
    assert innermost.params["W"] is mine
    after = block.forward(x)
    assert not np.array_equal(before, after)
    mine += 1.0
    assert not np.array_equal(after, block.forward(x))


def test_batch_norm_in_a_residual_observes() -> None:
    block, x = make(*TestResiduals.layers["Residual with a shortcut"][:2])
    assert set(block.state) == {
        f"{path}.1.running_{what}" for path in ("main", "shortcut") for what in ("mean", "var")
    }
    before = {k: v.copy() for k, v in block.state.items()}
    block.forward(x, train=True)
    for key, value in before.items():
        assert not np.array_equal(block.state[key], value)
    path, index, name = "main", 1, "running_mean"
    assert block.state[f"{path}.{index}.{name}"] is block.paths[path][index].state[name]


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Residual([nn.ReLU()]), "Residual(main=[ReLU()])"),
    ],
)
def test_a_layer_prints_how_it_was_made(layer: nn.Layer, text: str) -> None:
    assert repr(layer) == text
