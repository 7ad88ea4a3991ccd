"""Convolutions as layers."""

import re
from typing import ClassVar

import numpy as np
import pytest

import course_nn as nn
from course_nn import ops
from course_nn.ops.geometry import same_padding

from .contract import (
    RNG,
    LayerContract,
    ParameterContract,
    ShapeContract,
    built,
    expect_the_edge_unused,
    make,
)


class TestConvolutions(LayerContract, ShapeContract, ParameterContract):
    layers: ClassVar = {
        "Conv2D": (lambda: nn.Conv2D(3, 3), (2, 5, 6), (3, 3, 4)),
        "Conv2D, kernel pair": (lambda: nn.Conv2D(3, (2, 3)), (2, 5, 6), (3, 4, 4)),
        "Conv2D, stride": (lambda: nn.Conv2D(2, 3, stride=2), (1, 6, 6), (2, 2, 2)),
        "Conv2D, valid": (lambda: nn.Conv2D(2, 3, padding="valid"), (1, 5, 5), (2, 3, 3)),
        "Conv2D, same": (lambda: nn.Conv2D(2, 3, padding="same"), (1, 5, 4), (2, 5, 4)),
        "Conv2D, same, even": (lambda: nn.Conv2D(2, 2, padding="same"), (1, 3, 4), (2, 3, 4)),
        "Conv2D, same, stride": (
            lambda: nn.Conv2D(2, 3, stride=2, padding="same"),
            (1, 5, 4),
            (2, 3, 2),
        ),
        "Conv2D, padding pair": (lambda: nn.Conv2D(2, 3, padding=(1, 0)), (1, 3, 4), (2, 3, 2)),
        "Conv2D, sides": (
            lambda: nn.Conv2D(2, 3, padding=((0, 1), (2, 0))),
            (1, 3, 3),
            (2, 2, 3),
        ),
        "Conv2D, dilation": (lambda: nn.Conv2D(2, 2, dilation=(2, 1)), (1, 4, 4), (2, 2, 3)),
        "Conv2D, groups": (lambda: nn.Conv2D(4, 2, groups=2), (2, 3, 4), (4, 2, 3)),
        "Conv2D, no bias": (lambda: nn.Conv2D(2, 2, bias=False), (1, 3, 4), (2, 2, 3)),
        "ConvTranspose2D": (
            lambda: nn.ConvTranspose2D(2, 3, stride=2, padding=1),
            (2, 3, 2),
            (2, 5, 3),
        ),
        "ConvTranspose2D, groups": (
            lambda: nn.ConvTranspose2D(4, 2, stride=2, output_padding=(0, 1), groups=2, bias=False),
            (2, 2, 2),
            (4, 4, 5),
        ),
    }

    illegal: ClassVar = {
        "Conv2D on features": (
            nn.Conv2D(6, 5),
            (784,),
            ["(C, H, W)", "(784,)", "channel axis", "Conv2D"],
        ),
        "Conv2D on two axes": (nn.Conv2D(6, 5), (28, 28), ["(C, H, W)", "(28, 28)", "Conv2D"]),
        "Conv2D too large": (
            nn.Conv2D(6, 5),
            (1, 4, 9),
            ["5×5", "4×9", "(1, 4, 9)", "padding", "Conv2D"],
        ),
        "Conv2D dilated too large": (
            nn.Conv2D(6, 3, dilation=3),
            (1, 6, 6),
            ["3×3", "6×6", "Conv2D"],
        ),
    }

    drawn: ClassVar = {
        "Conv2D": (lambda: nn.Conv2D(3, 3, padding="same"), (2, 1, 5, 5)),
    }


def test_a_3x3_kernel_on_a_6x6_image() -> None:
    layer = built(nn.Conv2D(1, 3), (1, 6, 6))
    x = np.arange(36.0).reshape(1, 1, 6, 6)
    layer.params["W"][0, 0] = [[1, 0, -1]] * 3  # an edge: three times what the columns differ by
    layer.params["b"][:] = 0.5
    y = layer.forward(x, train=True)
    np.testing.assert_array_equal(y, np.full((1, 1, 4, 4), -6 + 0.5))
    dx = layer.backward(np.ones_like(y))
    columns = np.convolve([1, 1, 1, 1], [1, 0, -1])
    rows = np.convolve([1, 1, 1, 1], [1, 1, 1])
    np.testing.assert_array_equal(dx[0, 0], np.outer(rows, columns))
    windows = [[x[0, 0, r : r + 4, s : s + 4].sum() for s in range(3)] for r in range(3)]
    np.testing.assert_array_equal(layer.grads["W"][0, 0], windows)
    assert layer.grads["b"].tolist() == [16]


def test_a_stride_that_leaves_pixels_unused() -> None:
    expect_the_edge_unused(nn.Conv2D(2, 3, stride=2))


def test_a_convolution_is_its_op() -> None:
    conv, x = make(*TestConvolutions.layers["Conv2D, stride"][:2])
    expected = ops.conv2d_forward(x, conv.params["W"], conv.params["b"], stride=2)[0]
    np.testing.assert_array_equal(conv.forward(x), expected)


def test_parameters_have_the_names_and_shapes_that_are_promised() -> None:
    shapes = {k: p.shape for k, p in built(nn.Conv2D(6, (5, 3)), (2, 9, 9)).params.items()}
    assert shapes == {"W": (6, 2, 5, 3), "b": (6,)}


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("size", [7, 8])
def test_same_padding_gives_size_over_stride_rounded_up(kernel, stride, dilation, size) -> None:
    before, after = same_padding(size, kernel, stride, dilation)
    assert 0 <= after - before <= 1
    layer = nn.Conv2D(1, kernel, stride=stride, padding="same", dilation=dilation)
    assert layer.build((1, size, size), rng=RNG(0))[1:] == (-(-size // stride),) * 2


def test_the_batch_axis_in_a_shape_is_named() -> None:
    with pytest.raises(nn.ShapeError, match=r"gets \(100, 1, 8, 8\): .*without the batch axis"):
        nn.Conv2D(2, 3).build((100, 1, 8, 8), rng=RNG(0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Conv2D(0, 3), "filters must be at least 1, got 0"),
        (lambda: nn.Conv2D(2, 0), "must be at least 1"),
        (lambda: nn.Conv2D(2, 3, stride=0), "must be at least 1"),
        (lambda: nn.Conv2D(2, 3, padding=-1), "padding at least 0"),
        (
            lambda: nn.Conv2D(2, 3, padding="full"),
            '"same", "valid" or a number of pixels, got \'full\'',
        ),
    ],
)
def test_options_that_cannot_be_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Conv2D(2.5, 3), "filters must be a whole number, got 2.5"),
        (lambda: nn.Conv2D(2, (3, 3, 3)), "(vertical, horizontal), got (3, 3, 3)"),
        (lambda: nn.Conv2D(2, 3, stride=1.5), "(vertical, horizontal), got 1.5"),
    ],
)
def test_options_of_a_wrong_kind_are_refused(make, message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        make()


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Conv2D(6, 5), "Conv2D(filters=6, kernel=(5, 5))"),
        (
            nn.Conv2D(6, 5, stride=2, padding="same", dilation=3),
            "Conv2D(filters=6, kernel=(5, 5), stride=(2, 2), padding='same', dilation=(3, 3))",
        ),
    ],
)
def test_a_layer_prints_how_it_was_made(layer: nn.Layer, text: str) -> None:
    assert repr(layer) == text
