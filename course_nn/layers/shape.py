"""Layers that change no number: the shape that is expected, and images as features."""

import math
from typing import Any, ClassVar

from .. import ops
from ..backend import Array
from ..checks import whole
from ..words import options
from .base import Elementwise, Kind, Layer, Shape


@options
class Input(Layer):
    """y = x: states the shape that a model expects, so that a wrong one is found at `build`.

    Parameters
    ----------
    shape : of one sample, for instance (1, 28, 28).

    Raises
    ------
    ShapeError : at `build`, for another shape.

    Examples
    --------
    >>> import numpy as np
    >>> Input((1, 28, 28)).build((784,), rng=np.random.default_rng(0))
    Traceback (most recent call last):
        ...
    course_nn.ShapeError: Input(shape=(1, 28, 28)) expects an input of shape (1, 28, 28), \
but gets (784,): reshape the data, or change the Input
    """

    gives: ClassVar[Kind] = "same"
    shape: Shape

    def __post_init__(self) -> None:
        if not isinstance(self.shape, tuple | list):
            raise TypeError(f"shape must be that of one sample, such as (784,), got {self.shape!r}")
        self.shape = tuple(whole("a length in shape", n, least=1) for n in self.shape)

    def infer(self, input_shape: Shape) -> Shape:
        fix = "reshape the data, or change the Input"
        self.expect(input_shape, input_shape == self.shape, str(self.shape), fix)
        return input_shape

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        return x, ()

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        return dy, {}


@options
class Flatten(Elementwise):
    """y[n] = all numbers of x[n] in one row: (C, H, W) → (C·H·W,). See `ops.flatten_forward`.

    >>> import numpy as np
    >>> Flatten().build((16, 5, 5), rng=np.random.default_rng(0))
    (400,)
    """

    forward_op, backward_op = ops.flatten_forward, ops.flatten_backward
    gives: ClassVar[Kind] = "same"

    def infer(self, input_shape: Shape) -> Shape:
        return (math.prod(input_shape),)
