"""Activations as layers."""

from typing import ClassVar

import pytest

import course_nn as nn

from .contract import LayerContract


class TestActivations(LayerContract):
    layers: ClassVar = {
        "ReLU": (nn.ReLU, (2, 3, 3), (2, 3, 3)),
        "LeakyReLU": (lambda: nn.LeakyReLU(0.2), (5,), (5,)),
        "Sigmoid": (nn.Sigmoid, (5,), (5,)),
        "Tanh": (nn.Tanh, (5,), (5,)),
        "GELU": (nn.GELU, (5,), (5,)),
        "GELU, exact": (lambda: nn.GELU(approximate="none"), (5,), (5,)),
        "SiLU": (nn.SiLU, (5,), (5,)),
        "Softmax": (nn.Softmax, (5,), (5,)),
        "LogSoftmax": (nn.LogSoftmax, (5,), (5,)),
    }


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.LeakyReLU(0.2), "LeakyReLU(slope=0.2)"),
    ],
)
def test_a_layer_prints_how_it_was_made(layer: nn.Layer, text: str) -> None:
    assert repr(layer) == text
