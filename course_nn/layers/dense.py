"""The dense layer: a product with a matrix of weights."""

from dataclasses import KW_ONLY, field
from typing import Any

import numpy as np

from .. import init as initialisers
from .. import ops
from ..backend import Array
from ..checks import flag, whole
from ..words import options
from .base import Initialiser, Layer, Shape, drawn, expect_initialiser


@options
class Dense(Layer):
    """y = x W + b, with params W (D, M) and b (M,). See `ops.dense_forward`.

    Parameters
    ----------
    units : M, the number of outputs.
    bias : False leaves out b.
    init : draws W; He's normal distribution by default.

    Raises
    ------
    ValueError, TypeError : if the units are none, or no whole number.
    ShapeError : at `build`, for an input that is not (D,).

    Examples
    --------
    >>> layer = Dense(10)
    >>> layer.build((784,), rng=np.random.default_rng(0)), layer.params["W"].shape
    ((10,), (784, 10))
    """

    units: int
    _: KW_ONLY
    bias: bool = True
    init: Initialiser = field(default=initialisers.he_normal, repr=False)

    def __post_init__(self) -> None:
        self.units = whole("units", self.units, least=1)
        self.bias = flag("bias", self.bias)
        expect_initialiser(self.init)

    def infer(self, input_shape: Shape) -> Shape:
        self.expect(input_shape, len(input_shape) == 1, "(D,)", "put a Flatten() before it")
        return (self.units,)

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        W = drawn(self.init, (self.input_shape[0], self.units), rng)
        return {"W": W, "b": np.zeros(self.units)} if self.bias else {"W": W}

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        return ops.dense_forward(x, self.params["W"], self.params.get("b"))

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        dx, dW, db = ops.dense_backward(dy, cache, need_dx=need_dx)
        return dx, {"W": dW, "b": db} if self.bias else {"W": dW}
