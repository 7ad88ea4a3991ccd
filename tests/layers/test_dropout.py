"""Dropout as a layer: random in training, nothing in prediction."""

import re
from typing import ClassVar

import numpy as np
import pytest

import course_nn as nn

from .contract import RNG, LayerContract, built


class TestDropout(LayerContract):
    layers: ClassVar = {
        "Dropout": (lambda: nn.Dropout(0.4), (6,), (6,)),
        "Dropout of channels": (lambda: nn.Dropout(0.4, channels=True), (3, 2, 2), (3, 2, 2)),
    }


def test_dropout_drops_in_training_only_and_repeats_by_its_generator() -> None:
    x = np.ones((40, 50))
    masks = []
    for seed in (0, 0, 1):
        layer = nn.Dropout(0.3)
        layer.build((50,), rng=RNG(seed))
        np.testing.assert_array_equal(layer.forward(x), x)
        masks.append(layer.forward(x, train=True))
        assert (layer.forward(x, train=True) != masks[-1]).any()
    np.testing.assert_array_equal(masks[0], masks[1])
    assert (masks[0] != masks[2]).any()
    assert np.unique(masks[0]).round(6).tolist() == [0, round(1 / 0.7, 6)]


def test_dropout_passes_the_gradient_where_it_passed_the_number() -> None:
    layer = built(nn.Dropout(0.5), (50,))
    y = layer.forward(np.ones((4, 50)), train=True)
    np.testing.assert_array_equal(layer.backward(np.ones((4, 50))), y)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Dropout(1.0), "rate must be in [0, 1), got 1.0"),
    ],
)
def test_options_that_cannot_be_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make()
