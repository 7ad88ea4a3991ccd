"""Pooling: a window of the image becomes one number."""

from dataclasses import KW_ONLY
from typing import Any

from .. import ops
from ..checks import ShapeError, flag
from ..ops.geometry import Pair, Sides, pair, pool_geometry, pool_output_size
from ..words import options
from .base import Elementwise, Shape
from .conv import expect_image


@options
class Pool2D(Elementwise):
    """What both poolings share: windows, and the shapes they give."""

    window: Pair = (2, 2)
    stride: Pair | None = None
    padding: Pair | Sides | str = 0
    _: KW_ONLY
    ceil_mode: bool = False

    def __post_init__(self) -> None:
        self.window = pair(self.window)
        self.stride = self.window if self.stride is None else pair(self.stride)
        if self.padding == "valid":
            self.padding = 0
        self.ceil_mode = flag("ceil_mode", self.ceil_mode)
        pool_geometry(self.window, self.stride, self.padding)

    def arguments(self) -> dict[str, Any]:
        given = {"window": self.window} | super().arguments()
        return {k: v for k, v in given.items() if k != "stride" or v != self.window}

    def extras(self) -> dict[str, Any]:
        given = vars(self)
        return {name: given[name] for name in ("window", "stride", "padding", "ceil_mode")}

    def infer(self, input_shape: Shape) -> Shape:
        expect_image(self, input_shape)
        C, H, W = input_shape
        try:
            return (C, *pool_output_size(H, W, **Pool2D.extras(self)))
        except ValueError as error:
            raise ShapeError(f"{self!r} on an input of shape {input_shape}: {error}") from None


@options
class MaxPool2D(Pool2D):
    """y[c,u,v] = max over r < R, s < S of x[c, u·sh + r − p, v·sw + s − p].

    See `ops.max_pool2d_forward`; Book: Pooling.

    Parameters
    ----------
    window : (R, S), pixels, one number or (vertical, horizontal).
    stride : (sh, sw), pixels, likewise; the window unless given.
    padding : p, pixels that count as −∞: one number, (vertical, horizontal),
        ((top, bottom), (left, right)), "valid" (none) or "same" (for ⌈H / stride⌉ rows).
    ceil_mode : whether a last window that begins inside the image, but ends outside, counts.

    Raises
    ------
    ValueError : for a window or stride below 1, or a padding of more than half the window.
    ShapeError : at `build`, for an input that is not (C, H, W) or smaller than the window.

    Examples
    --------
    >>> import numpy as np
    >>> MaxPool2D(2).build((6, 28, 28), rng=np.random.default_rng(0))
    (6, 14, 14)
    """

    forward_op, backward_op = ops.max_pool2d_forward, ops.max_pool2d_backward


@options
class AvgPool2D(Pool2D):
    """y[c,u,v] = (1 / RS) Σ_{r,s} x[c, u·sh + r − p, v·sw + s − p].

    See `ops.avg_pool2d_forward`; Book: Pooling.

    Parameters
    ----------
    window, stride, padding, ceil_mode : as in `MaxPool2D`, but padding counts as zeros.
    count_include_pad : whether a mean divides by all RS pixels of its window, or by those in the
        image; unless given, padding in pixels counts, as in PyTorch, and "same" not, as in Keras.

    Raises
    ------
    ValueError, ShapeError : as in `MaxPool2D`.

    Examples
    --------
    >>> import numpy as np
    >>> AvgPool2D(2).build((6, 28, 28), rng=np.random.default_rng(0))
    (6, 14, 14)
    """

    forward_op, backward_op = ops.avg_pool2d_forward, ops.avg_pool2d_backward
    count_include_pad: bool | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.count_include_pad is not None:
            self.count_include_pad = flag("count_include_pad", self.count_include_pad)

    def extras(self) -> dict[str, Any]:
        return super().extras() | {"count_include_pad": self.count_include_pad}


@options
class GlobalAvgPool2D(Elementwise):
    """y[c] = (1 / HW) Σ_{i,j} x[c,i,j]: (C, H, W) → (C,). See `ops.global_avg_pool2d_forward`.

    >>> import numpy as np
    >>> GlobalAvgPool2D().build((64, 7, 7), rng=np.random.default_rng(0))
    (64,)
    """

    forward_op, backward_op = ops.global_avg_pool2d_forward, ops.global_avg_pool2d_backward

    def infer(self, input_shape: Shape) -> Shape:
        fix = "leave out the Flatten before it"
        self.expect(input_shape, len(input_shape) == 3, "(C, H, W)", fix)
        return input_shape[:1]
