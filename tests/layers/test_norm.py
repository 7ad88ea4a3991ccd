"""Normalisation as layers: batch norm with its running statistics, and layer norm."""

import re
from typing import ClassVar

import numpy as np
import pytest

import course_nn as nn

from .contract import LayerContract, ParameterContract, ShapeContract, built


class TestNorms(LayerContract, ShapeContract, ParameterContract):
    layers: ClassVar = {
        "BatchNorm of features": (nn.BatchNorm, (4,), (4,)),
        "BatchNorm of images": (lambda: nn.BatchNorm(momentum=0.3, eps=1e-3), (2, 3, 3), (2, 3, 3)),
        "LayerNorm": (nn.LayerNorm, (2, 3), (2, 3)),
    }

    illegal: ClassVar = {
        "BatchNorm": (nn.BatchNorm(), (2, 3), ["(D,) or (C, H, W)", "(2, 3)", "BatchNorm"]),
    }

    drawn: ClassVar = {
        "BatchNorm": (nn.BatchNorm, (2, 5)),
        "LayerNorm": (nn.LayerNorm, (2, 5)),
    }


def test_batch_norm_moves_its_running_statistics() -> None:
    layer = built(nn.BatchNorm(momentum=0.25), (2,))
    x = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0]])
    layer.forward(x, train=True)
    np.testing.assert_allclose(layer.state["running_mean"], [0.75, 5.0])
    np.testing.assert_allclose(layer.state["running_var"], [0.75 + 1, 0.75 + 75])
    layer.forward(x, train=True)
    np.testing.assert_allclose(layer.state["running_mean"], [0.75 * 0.75 + 0.75, 0.75 * 5 + 5])
    before = {k: v.copy() for k, v in layer.state.items()}
    layer.forward(x + 100)
    for key, value in before.items():
        np.testing.assert_array_equal(layer.state[key], value)


def test_batch_norm_predicts_with_its_running_statistics() -> None:
    layer = built(nn.BatchNorm(eps=0.0), (1,))
    layer.state["running_mean"][:], layer.state["running_var"][:] = 3, 4
    layer.params["gamma"][:], layer.params["beta"][:] = 10, 1
    assert layer.forward(np.array([[5.0], [3.0]])).ravel().tolist() == [11, 1]


def test_batch_norm_of_a_single_number_is_refused_and_nothing_moves() -> None:
    layer = built(nn.BatchNorm(), (2,))
    before = {name: a.copy() for name, a in layer.state.items()}
    with pytest.raises(ValueError, match="a batch of one sample, whose spread is nothing"):
        layer.forward(np.array([[5.0, -3.0]]), train=True)
    assert all((layer.state[name] == a).all() for name, a in before.items())


def test_parameters_have_the_names_and_shapes_that_are_promised() -> None:
    for shape in ((3,), (3, 4, 5)):
        norm = built(nn.BatchNorm(), shape)
        assert {k: p.shape for k, p in norm.params.items()} == {"gamma": (3,), "beta": (3,)}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.BatchNorm(momentum=1.5), "momentum must be in [0, 1], got 1.5"),
        (lambda: nn.BatchNorm(eps=-1e-5), "eps must not be negative, got -1e-05"),
        (lambda: nn.LayerNorm(eps=-1e-5), "eps must not be negative, got -1e-05"),
    ],
)
def test_options_that_cannot_be_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make()
