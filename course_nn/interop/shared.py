"""What every crossing shares: the error, and the reader that collects layers of ours."""

import math
from typing import Any, NoReturn

import numpy as np

from .. import layers
from ..backend import to_numpy
from ..layers import Layer, Shape, ShapeError
from ..model import Sequential
from ..ops.geometry import UNPADDED, Sides, geometry

Arrays = dict[str, np.ndarray]


class InteropError(ValueError):
    """A layer without an exact counterpart; the message names its index, class and what to do."""


class Reader:
    """Collects our layers and their arrays, and knows the shape of a sample between them."""

    def __init__(self, input_shape: Shape) -> None:
        self.input_shape = self.shape = tuple(input_shape)
        self.layers: list[Layer] = []
        self.arrays: list[Arrays] = []
        self.where = "the model"
        self.pad: tuple[Sides, float] | None = None

    def refuse(self, reason: str, fix: str) -> NoReturn:
        raise InteropError(f"{self.where}: {reason}; {fix}")

    def add(self, layer: Layer, **arrays: Any) -> None:
        """Appends a layer with the arrays of its parameters and state."""
        if self.pad:
            self.merge_pad(layer)
        try:
            self.shape = layer.build(self.shape, rng=np.random.default_rng(0))
        except ShapeError as error:
            raise InteropError(f"{self.where}: {error}") from None
        self.layers.append(layer)
        self.arrays.append({name: np.asarray(a) for name, a in arrays.items()})

    def merge_pad(self, layer: Layer) -> None:
        """A padding layer becomes the padding of the layer that follows it."""
        (sides, value), self.pad = self.pad or (UNPADDED, 0.0), None
        fill = -math.inf if isinstance(layer, layers.MaxPool2D) else 0.0
        windowed = isinstance(layer, layers.Conv2D | layers.MaxPool2D | layers.AvgPool2D)
        if not windowed or value != fill or vars(layer)["padding"] != 0:
            self.refuse(
                f"the padding layer before it, filled with {value:g}, cannot be its own",
                "pad with 0 before a convolution or mean, with -inf before a maximum",
            )
        vars(layer)["padding"] = shortest(sides)

    def model(self, dtype: Any) -> Sequential:
        """The model, with the arrays in their places."""
        if self.pad:
            self.refuse("it pads, and no layer follows", "leave it out")
        if not self.layers:
            self.refuse("it holds no layer", "give a model with at least one")
        model = Sequential(self.layers)
        model.build(self.input_shape, rng=np.random.default_rng(0), dtype=dtype)
        for layer, arrays in zip(model.layers, self.arrays, strict=True):
            held = {**layer.params, **layer.state}
            for name, array in arrays.items():
                held[name][...] = array.reshape(held[name].shape)
        return model


def shortest(sides: Sides) -> Any:
    """Padding as short as it can be said: 1 for ((1, 1), (1, 1)).

    >>> shortest(((1, 1), (1, 1))), shortest(((1, 1), (2, 2))), shortest(((0, 1), (0, 1)))
    (1, (1, 2), ((0, 1), (0, 1)))
    """
    (top, bottom), (left, right) = sides
    if top != bottom or left != right:
        return sides
    return top if top == left else (top, left)


def sides_of(layer: Any) -> Sides:
    """The padding of a convolution or pooling, side by side, in pixels."""
    padding = layer.sides() if isinstance(layer, layers.Conv2D) else layer.padding
    return geometry(1, 1, padding).padding


def symmetric(sides: Sides) -> bool:
    return all(before == after for before, after in sides)


def arrays_of(layer: Layer) -> Arrays:
    """Copies of a layer's parameters and state, as NumPy arrays."""
    return {name: np.array(to_numpy(a)) for name, a in {**layer.params, **layer.state}.items()}


def require_built(model: Sequential) -> None:
    """Raises RuntimeError unless the model has shapes and weights."""
    if not model.input_shape:
        raise RuntimeError(
            "this model has no shapes yet; call model.build(input_shape, rng=rng) first"
        )
