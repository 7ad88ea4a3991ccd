"""Convolution, and its transpose, which is the way its gradient goes back."""

from dataclasses import KW_ONLY, field
from typing import Any

import numpy as np

from .. import init as initialisers
from .. import ops
from ..backend import Array
from ..checks import ShapeError, flag, whole
from ..ops.geometry import Geometry, Pair, Sides, geometry, pair, same_padding
from ..words import options
from .base import Initialiser, Layer, Shape, drawn, expect_initialiser


def expect_image(layer: Layer, input_shape: Shape) -> None:
    """Raises ShapeError unless the input is an image."""
    fix = "add the channel axis, or leave out a Flatten before it"
    if len(input_shape) > 3:
        fix = "a shape is that of one sample, without the batch axis"
    layer.expect(input_shape, len(input_shape) == 3, "(C, H, W)", fix)


def output_size(layer: Layer, g: Geometry, input_shape: Shape) -> tuple[int, int]:
    """OH and OW, or the ShapeError that names the layer whose windows do not fit."""
    try:
        return g.output_size(*input_shape[1:])
    except ValueError as error:
        raise ShapeError(f"{layer!r} on an input of shape {input_shape}: {error}") from None


@options
class Conv2D(Layer):
    """y[f] = b[f] + Σ_c W[f, c] ⋆ x[c], with params W (F, C / groups, R, S) and b (F,).

    See `ops.conv2d_forward`; Book: Convolution. With as many groups as channels it is a depthwise
    convolution.

    Parameters
    ----------
    filters : F.
    kernel : R = S, or (R, S), pixels.
    stride, dilation : pixels, one number or (vertical, horizontal).
    padding : zeros around the image, pixels: one number, (vertical, horizontal),
        ((top, bottom), (left, right)), "valid" (none) or "same" (so many that there are
        ⌈H / stride⌉ rows).
    groups : into so many the channels are divided, and each filter sees one group.
    bias : False leaves out b, which a batch norm behind it would take off again.
    init : draws W; He's normal distribution by default.

    Raises
    ------
    ValueError, TypeError : for less than one filter, or an option that is none.
    ShapeError : at `build`, for an input that is not (C, H, W) or smaller than the kernel.

    Examples
    --------
    >>> Conv2D(6, 5, padding="same").build((1, 28, 28), rng=np.random.default_rng(0))
    (6, 28, 28)
    """

    filters: int
    kernel: Pair
    _: KW_ONLY
    stride: Pair = (1, 1)
    padding: Pair | Sides | str = 0
    dilation: Pair = (1, 1)
    groups: int = 1
    bias: bool = True
    init: Initialiser = field(default=initialisers.he_normal, repr=False)

    def __post_init__(self) -> None:
        self.filters = whole("filters", self.filters, least=1)
        self.groups = whole("groups", self.groups, least=1)
        self.bias = flag("bias", self.bias)
        expect_initialiser(self.init)
        if isinstance(self.padding, str) and self.padding not in ("same", "valid"):
            raise ValueError(
                f'padding is "same", "valid" or a number of pixels, got {self.padding!r}'
            )
        if self.filters % self.groups:
            raise ValueError(f"{self.groups} groups cannot share {self.filters} filters evenly")
        if self.padding == "valid":
            self.padding = 0
        pixels = 0 if isinstance(self.padding, str) else self.padding
        g = geometry(self.kernel, self.stride, pixels, self.dilation)
        self.kernel, self.stride, self.dilation = g.kernel, g.stride, g.dilation

    def sides(self) -> Pair | Sides:
        """The padding in pixels, for `input_shape`."""
        if not isinstance(self.padding, str):
            return self.padding
        kernel, stride, dilation = map(pair, (self.kernel, self.stride, self.dilation))
        windows = zip(self.input_shape[1:], kernel, stride, dilation, strict=True)
        vertical, horizontal = (same_padding(*w) for w in windows)
        return vertical, horizontal

    def infer(self, input_shape: Shape) -> Shape:
        expect_image(self, input_shape)
        fits = not input_shape[0] % self.groups
        self.expect(
            input_shape, fits, f"(C, H, W), C divisible by {self.groups}", "change the groups"
        )
        self.input_shape = input_shape  # of which `sides` speaks
        g = geometry(self.kernel, self.stride, self.sides(), self.dilation)
        return (self.filters, *output_size(self, g, input_shape))

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        C = self.input_shape[0] // self.groups
        W = drawn(self.init, (self.filters, C, *pair(self.kernel)), rng)
        return {"W": W, "b": np.zeros(self.filters)} if self.bias else {"W": W}

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        W, b = self.params["W"], self.params.get("b")
        return ops.conv2d_forward(x, W, b, self.stride, self.sides(), self.dilation, self.groups)

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        dx, dW, db = ops.conv2d_backward(dy, cache, need_dx=need_dx)
        return dx, {"W": dW, "b": db} if self.bias else {"W": dW}


@options
class ConvTranspose2D(Layer):
    """y += W[c] laid at every pixel x[c]: the transpose of a convolution, which enlarges.

    Its params are W (C, F / groups, R, S) and b (F,). See `ops.conv_transpose2d_forward`;
    Book: Convolution, "The transposed convolution".

    Parameters
    ----------
    filters : F, the channels of y.
    kernel, stride, dilation : as in `Conv2D`; the stride is the factor of enlargement.
    padding : pixels that are cut off around y.
    output_padding : pixels more at the bottom and right, less than the stride.
    groups, bias, init : as in `Conv2D`.

    Raises
    ------
    ValueError, TypeError, ShapeError : as in `Conv2D`.

    Examples
    --------
    >>> layer = ConvTranspose2D(3, 4, stride=2, padding=1)
    >>> layer.build((8, 14, 14), rng=np.random.default_rng(0))
    (3, 28, 28)
    """

    filters: int
    kernel: Pair
    _: KW_ONLY
    stride: Pair = (1, 1)
    padding: Pair | Sides = 0
    dilation: Pair = (1, 1)
    output_padding: Pair = (0, 0)
    groups: int = 1
    bias: bool = True
    init: Initialiser = field(default=initialisers.he_normal, repr=False)

    def __post_init__(self) -> None:
        self.filters = whole("filters", self.filters, least=1)
        self.groups = whole("groups", self.groups, least=1)
        self.bias = flag("bias", self.bias)
        expect_initialiser(self.init)
        if self.filters % self.groups:
            raise ValueError(f"{self.groups} groups cannot share {self.filters} filters evenly")
        g = geometry(self.kernel, self.stride, self.padding, self.dilation)
        self.kernel, self.stride, self.dilation = g.kernel, g.stride, g.dilation
        self.output_padding = pair(self.output_padding)

    def options(self) -> tuple[Any, ...]:
        """The op's arguments behind b."""
        return self.stride, self.padding, self.dilation, self.output_padding, self.groups

    def infer(self, input_shape: Shape) -> Shape:
        expect_image(self, input_shape)
        fits = not input_shape[0] % self.groups
        self.expect(
            input_shape, fits, f"(C, H, W), C divisible by {self.groups}", "change the groups"
        )
        g = geometry(self.kernel, self.stride, self.padding, self.dilation)
        try:
            OH, OW = ops.transposed_size(g, pair(self.output_padding), *input_shape[1:])
        except ValueError as error:
            raise ShapeError(f"{self!r} on an input of shape {input_shape}: {error}") from None
        return self.filters, OH, OW

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        # as the kernels of the convolution whose transpose this is: (C, F / groups, R, S)
        F = self.filters // self.groups
        W = drawn(self.init, (self.input_shape[0], F, *pair(self.kernel)), rng)
        return {"W": W, "b": np.zeros(self.filters)} if self.bias else {"W": W}

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        W, b = self.params["W"], self.params.get("b")
        return ops.conv_transpose2d_forward(x, W, b, *self.options())

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        dx, dW, db = ops.conv_transpose2d_backward(dy, cache, need_dx=need_dx)
        return dx, {"W": dW, "b": db} if self.bias else {"W": dW}
