"""Pooling as layers."""

import re
from typing import ClassVar

import pytest

import course_nn as nn

from .contract import LayerContract, ShapeContract, expect_the_edge_unused


class TestPooling(LayerContract, ShapeContract):
    layers: ClassVar = {
        "MaxPool2D, same": (
            lambda: nn.MaxPool2D(3, stride=2, padding="same"),
            (2, 5, 4),
            (2, 3, 2),
        ),
        "MaxPool2D, ceil mode": (lambda: nn.MaxPool2D(2, ceil_mode=True), (2, 5, 4), (2, 3, 2)),
        "AvgPool2D, same": (
            lambda: nn.AvgPool2D(3, stride=2, padding="same"),
            (2, 5, 4),
            (2, 3, 2),
        ),
        "AvgPool2D, ceil mode": (lambda: nn.AvgPool2D(2, ceil_mode=True), (2, 5, 4), (2, 3, 2)),
        "AvgPool2D, the image alone": (
            lambda: nn.AvgPool2D(3, stride=2, padding=1, count_include_pad=False),
            (2, 5, 4),
            (2, 3, 2),
        ),
        "MaxPool2D": (lambda: nn.MaxPool2D(2), (2, 5, 4), (2, 2, 2)),
        "MaxPool2D, overlapping": (
            lambda: nn.MaxPool2D(3, stride=2, padding=1),
            (2, 5, 5),
            (2, 3, 3),
        ),
        "AvgPool2D": (lambda: nn.AvgPool2D((2, 1)), (2, 4, 3), (2, 2, 3)),
        "GlobalAvgPool2D": (nn.GlobalAvgPool2D, (3, 4, 2), (3,)),
    }

    illegal: ClassVar = {
        "MaxPool2D on features": (nn.MaxPool2D(2), (10,), ["(C, H, W)", "(10,)", "MaxPool2D"]),
        "MaxPool2D too large": (
            nn.MaxPool2D(4),
            (6, 3, 3),
            ["4×4", "3×3", "(6, 3, 3)", "MaxPool2D"],
        ),
        "AvgPool2D too large": (nn.AvgPool2D(4), (6, 3, 3), ["4×4", "3×3", "AvgPool2D"]),
        "GlobalAvgPool2D": (
            nn.GlobalAvgPool2D(),
            (10,),
            ["(C, H, W)", "(10,)", "Flatten", "GlobalAvgPool2D"],
        ),
    }


@pytest.mark.parametrize("kind", [nn.MaxPool2D, nn.AvgPool2D])
def test_a_stride_that_leaves_pixels_unused(kind: type[nn.Layer]) -> None:
    expect_the_edge_unused(kind(3, stride=2))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.MaxPool2D(0), "must be at least 1"),
        (lambda: nn.MaxPool2D(2, padding=2), "more than half the window"),
        (lambda: nn.AvgPool2D(2, stride=0), "must be at least 1"),
    ],
)
def test_options_that_cannot_be_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.MaxPool2D(2, padding=0.5), "(vertical, horizontal), got 0.5"),
    ],
)
def test_options_of_a_wrong_kind_are_refused(make, message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        make()


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.MaxPool2D(2), "MaxPool2D(window=(2, 2))"),
        (nn.MaxPool2D(3, 2, padding=1), "MaxPool2D(window=(3, 3), stride=(2, 2), padding=1)"),
    ],
)
def test_a_layer_prints_how_it_was_made(layer: nn.Layer, text: str) -> None:
    assert repr(layer) == text
