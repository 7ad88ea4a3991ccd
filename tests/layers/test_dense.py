"""The dense layer."""

import re
from typing import ClassVar

import numpy as np
import pytest

import course_nn as nn
from course_nn import ops

from .contract import LayerContract, ParameterContract, ShapeContract, built, make


class TestDense(LayerContract, ShapeContract, ParameterContract):
    layers: ClassVar = {
        "Dense": (lambda: nn.Dense(3), (5,), (3,)),
        "Dense of one unit": (lambda: nn.Dense(1), (5,), (1,)),
        "Dense, no bias": (lambda: nn.Dense(3, bias=False), (4,), (3,)),
    }

    illegal: ClassVar = {
        "Dense": (nn.Dense(10), (16, 5, 5), ["(D,)", "(16, 5, 5)", "Flatten()", "Dense"]),
    }

    drawn: ClassVar = {
        "Dense": (lambda: nn.Dense(3), (2, 5)),
    }


def test_dense_is_its_op() -> None:
    dense, x = make(*TestDense.layers["Dense"][:2])
    expected = ops.dense_forward(x, dense.params["W"], dense.params["b"])[0]
    np.testing.assert_array_equal(dense.forward(x), expected)


def test_parameters_have_the_names_and_shapes_that_are_promised() -> None:
    shapes = {k: p.shape for k, p in built(nn.Dense(7), (4,)).params.items()}
    assert shapes == {"W": (4, 7), "b": (7,)}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Dense(0), "units must be at least 1, got 0"),
    ],
)
def test_options_that_cannot_be_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Dense(2.5), "units must be a whole number, got 2.5"),
        (lambda: nn.Dense("10"), "units must be a whole number, got '10'"),
    ],
)
def test_options_of_a_wrong_kind_are_refused(make, message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        make()


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Dense(10), "Dense(units=10)"),
    ],
)
def test_a_layer_prints_how_it_was_made(layer: nn.Layer, text: str) -> None:
    assert repr(layer) == text
