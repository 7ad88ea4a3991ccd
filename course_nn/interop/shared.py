"""What every crossing shares: the error, and the reader that collects layers of ours."""

import importlib
import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from .. import layers
from ..backend import to_numpy
from ..layers import Layer, Shape, ShapeError
from ..model import Sequential
from ..ops.geometry import UNPADDED, Sides

Arrays = dict[str, np.ndarray]


class InteropError(ValueError):
    """A layer without an exact counterpart; the message names its index, class and what to do."""


class Reader:
    """Collects our layers and their arrays, and knows the shape of a sample between them."""

    def __init__(self, input_shape: Shape) -> None:
        self.where = "the model"
        self.input_shape = self.shape = self.sample_shape(input_shape)
        self.layers: list[Layer] = []
        self.arrays: list[Arrays] = []
        self.pad: tuple[Sides, float] | None = None
        self.owners: dict[int, str] = {}

    def refuse(self, reason: str, fix: str) -> NoReturn:
        raise InteropError(f"{self.where}: {reason}; {fix}")

    def sample_shape(self, shape: Any) -> Shape:
        """The shape as a tuple, if it can be one sample's."""
        sizes = tuple(shape) if isinstance(shape, tuple | list) else ()
        if not sizes or not all(isinstance(n, int | np.integer) and n > 0 for n in sizes):
            self.refuse(f"input_shape is {shape!r}", "give one sample's, (D,) or (C, H, W)")
        return sizes

    def convert(
        self, converter: Callable[[Any, Any], None], theirs: Any, frozen: bool = False
    ) -> None:
        """Lets a converter add its layers; what one of ours refuses is refused by name."""
        before = len(self.layers)
        try:
            converter(self, theirs)
        except InteropError:
            raise
        except (ValueError, TypeError) as error:
            raise InteropError(f"{self.where}: {error}") from None
        for layer in self.layers[before:]:
            layer.trainable = not frozen

    def own(self, parameter: object) -> None:
        """Refuses a parameter that stands twice: as two copies they would train apart."""
        owner = self.owners.setdefault(id(parameter), self.where)
        if owner != self.where:
            self.refuse(
                f"it shares its weights with {owner}, and here they would be trained apart",
                "give it weights of its own",
            )

    def add(self, layer: Layer, **arrays: np.ndarray) -> None:
        """Appends a layer with the arrays of its parameters and state."""
        if self.pad:
            self.merge_pad(layer)
        try:
            self.shape = layer.build(self.shape, rng=np.random.default_rng(0))
        except ShapeError as error:
            raise InteropError(f"{self.where}: {error}") from None
        for name, array in arrays.items():
            self.expect_shape(name, array, {**layer.params, **layer.state}[name].shape)
        self.layers.append(layer)
        self.arrays.append(arrays)

    def expect_shape(self, name: str, array: np.ndarray, shape: Shape) -> None:
        if array.shape != shape:
            self.refuse(
                f"its {name} has shape {array.shape}, and for such samples needs {shape}",
                "check input_shape",
            )

    def add_pad(self, padding: Sides, value: float) -> None:
        """Keeps the padding for the layer that follows; paddings add up."""
        if padding == UNPADDED:
            return
        held, held_value = self.pad or (UNPADDED, value)
        if held_value != value:
            self.refuse(f"it pads with {value:g} around {held_value:g}", "pad with one number")
        if min(n for side in padding for n in side) < 0:
            self.refuse(f"its padding {padding} cuts", "pad by 0 or more")
        self.pad = together(held, padding), value

    def merge_pad(self, layer: Layer) -> None:
        """A padding layer becomes the padding of the layer that follows it."""
        (padding, value), self.pad = self.pad or (UNPADDED, 0.0), None
        fill = -math.inf if isinstance(layer, layers.MaxPool2D) else 0.0
        windowed = isinstance(layer, layers.Conv2D | layers.MaxPool2D | layers.AvgPool2D)
        options = vars(layer)
        counted = not options.get("ceil_mode") and options.get("count_include_pad") is not False
        if not windowed or value != fill or options["padding"] != 0 or not counted:
            self.refuse(
                f"the padding layer before it, filled with {value:g}, cannot be its own",
                "pad with 0 before a convolution or mean, with -inf before a maximum, and without "
                "ceil_mode",
            )
        vars(layer)["padding"] = shortest(padding)

    def close(self) -> None:
        """Refuses what waits for a layer that does not come."""
        if self.pad:
            self.refuse("it pads, and no layer follows", "leave it out")

    def model(self, dtype: np.dtype) -> Sequential:
        """The model, with the arrays in their places."""
        self.close()
        if not self.layers:
            self.where = "the model"
            self.refuse("it holds no layer", "give a model with at least one")
        model = Sequential(self.layers)
        model.build(rng=np.random.default_rng(0), dtype=dtype, redraw=True)
        for layer, arrays in zip(model.layers, self.arrays, strict=True):
            held = {**layer.params, **layer.state}
            for name, array in arrays.items():
                held[name][...] = array
        return model


def shortest(padding: Sides) -> Any:
    """Padding as short as it can be said: 1 for ((1, 1), (1, 1)).

    >>> shortest(((1, 1), (1, 1))), shortest(((1, 1), (2, 2))), shortest(((0, 1), (0, 1)))
    (1, (1, 2), ((0, 1), (0, 1)))
    """
    (top, bottom), (left, right) = padding
    if top != bottom or left != right:
        return padding
    return top if top == left else (top, left)


def together(some: Sides, more: Sides) -> Sides:
    """Both paddings as one.

    >>> together(((1, 1), (2, 2)), ((0, 1), (0, 0)))
    ((1, 2), (2, 2))
    """
    (top, bottom), (left, right) = (
        (a + c, b + d) for (a, b), (c, d) in zip(some, more, strict=True)
    )
    return (top, bottom), (left, right)


def symmetric(padding: Sides) -> bool:
    """Whether as many pixels stand before as after."""
    return all(before == after for before, after in padding)


def arrays_of(layer: Layer) -> Arrays:
    """Copies of a layer's parameters and state, as NumPy arrays."""
    return {name: np.array(to_numpy(a)) for name, a in {**layer.params, **layer.state}.items()}


def framework(name: str, remedy: str) -> Any:
    """The framework, or the sentence that says what to do without it.

    >>> framework("numpyy", "install it")
    Traceback (most recent call last):
        ...
    ModuleNotFoundError: numpyy cannot be imported (No module named 'numpyy'): install it
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ModuleNotFoundError(
            f"{name} cannot be imported ({error}): {remedy}", name=name
        ) from None


def the_torch() -> Any:
    """PyTorch."""
    return framework("torch", "pip install torch")


def the_keras() -> Any:
    """Keras, whose backend must be there too."""
    return framework(
        "keras",
        "pip install keras, and set KERAS_BACKEND to jax, torch or tensorflow",
    )


def keras_numpy(variable: Any) -> np.ndarray:
    """The numbers of a variable of Keras's, whatever its backend."""
    return np.asarray(the_keras().ops.convert_to_numpy(variable))


def expect_same_order(order: np.ndarray | None, refuse: Callable[[str, str], NoReturn]) -> None:
    """Refuses a model whose last features lie in another order in Keras."""
    if order is not None and (np.diff(order) != 1).any():
        refuse(
            "it ends in a Flatten, whose features Keras has in another order",
            "end the model before the Flatten, or after a Dense layer",
        )
