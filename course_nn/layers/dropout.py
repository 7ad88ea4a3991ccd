"""Dropout, with a generator of its own that is saved with the model."""

from dataclasses import KW_ONLY
from typing import Any, ClassVar

import numpy as np

from .. import ops
from ..backend import Array
from ..checks import flag, number
from ..words import options
from .base import Kind, Layer, Shape


@options
class Dropout(Layer):
    """y = x ⊙ m / (1 − rate) in training, P(m = 0) = rate; y = x in prediction.

    The generator is spawned from the one given to `build`. See `ops.dropout_forward`.

    Parameters
    ----------
    rate : in [0, 1), the share that is dropped.
    channels : whether whole channels of an image are dropped, all their pixels at once.

    Raises
    ------
    ValueError : if the rate is not in [0, 1).
    ShapeError : at `build`, for channels of an input that is not (C, H, W).

    Notes
    -----
    Book: Dropout, "Drop, and make up for it", eq-drop-forward, eq-drop-predict. Whole channels:
    Tompson et al. (2015), section 3.2.

    Examples
    --------
    >>> Dropout(0.5).forward(np.ones((1, 4)), train=True)
    array([[2., 2., 2., 0.]])
    """

    gives: ClassVar[Kind] = "same"
    rate: float = 0.5
    _: KW_ONLY
    channels: bool = False

    def __post_init__(self) -> None:
        number("rate", self.rate, 0, 1, open_end=True)
        self.channels = flag("channels", self.channels)
        self.rng = np.random.default_rng(0)

    def infer(self, input_shape: Shape) -> Shape:
        fits = not self.channels or len(input_shape) == 3
        self.expect(input_shape, fits, "(C, H, W)", "use channels=False on features")
        return input_shape

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        self.rng = rng.spawn(1)[0]
        return {}

    def draw_noise(self, shape: Shape, like: Array) -> Array:
        return ops.dropout_mask(shape, self.rate, rng=self.rng, like=like, channels=self.channels)

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        if not train:
            return x, None
        mask = self.draw_noise(x.shape, x) if noise is None else noise
        return ops.dropout_forward(x, self.rate, mask=mask)

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        return dy if cache is None else ops.dropout_backward(dy, cache), {}
