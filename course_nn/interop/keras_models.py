"""Keras: weights taken over from a chain of layers, and given back.

Keras holds images as (N, H, W, C) unless told otherwise, so kernels and what follows a Flatten are
put in our order; its batch-norm momentum is our 1 − momentum.
"""

import functools
import importlib
import math
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from .. import layers
from ..layers import Layer, Shape
from ..model import Sequential
from ..ops.geometry import UNPADDED, same_padding
from .shared import InteropError, Reader, arrays_of, require_built, shortest, sides_of

# -- from Keras ----------------------------------------------------------------------------------

LAST = {"data_format": "channels_last"}  # of every layer that we make


class KerasReader(Reader):
    """Knows besides in which order Keras holds an image, and a flattened one.

    `order[k]` is our place of Keras's feature k: Keras flattens (H, W, C), we flatten (C, H, W).
    """

    def __init__(self, input_shape: Shape, channels_last: bool, keras: Any) -> None:
        if len(input_shape) == 3 and channels_last:
            input_shape = (input_shape[2], *input_shape[:2])
        super().__init__(input_shape)
        self.channels_last, self.keras = channels_last, keras
        self.order: np.ndarray | None = None

    def flatten(self, transposed: bool) -> None:
        """Our Flatten, and the order in which Keras has the same numbers."""
        places = np.arange(math.prod(self.shape)).reshape(self.shape)
        if self.channels_last and places.ndim == 3:
            places = places.transpose(1, 2, 0)
        if transposed:  # channels_first: Keras moves the first axis to the end, then flattens
            places = np.moveaxis(places, 0, -1)
        if len(self.shape) > 1:
            self.order = places.ravel()
        self.add(layers.Flatten())

    def theirs_shape(self) -> Shape:
        """The shape of a sample as Keras has it."""
        image = len(self.shape) == 3 and self.channels_last
        return (*self.shape[1:], self.shape[0]) if image else self.shape

    def ours(self, array: np.ndarray) -> np.ndarray:
        """An array whose first axis is Keras's features, in our order."""
        if self.order is None:
            return array
        placed = np.empty_like(array)
        placed[self.order] = array
        return placed


def from_keras(model: Any) -> Sequential:
    """A model of our layers with the weights of a Keras model that is a chain of layers.

    Parameters
    ----------
    model : `keras.Sequential`, or a functional model without branches, built; images in either
        data format.

    Returns
    -------
    model : built on the CPU, of the weights' dtype; predicts what `model.predict` gives, images
        being (N, C, H, W) here whatever they are in Keras. A fused `activation=` becomes a layer of
        its own. Kernels (R, S, C, F) have become (F, C, R, S), and the weights after a Flatten
        stand in the order (C, H, W). Keras's batch-norm momentum is our 1 − momentum.

    Raises
    ------
    InteropError : for a layer, or an option of one, without an exact counterpart.

    Examples
    --------
    >>> import os; _ = os.environ.setdefault("KERAS_BACKEND", "jax")
    >>> import pytest; keras = pytest.importorskip("keras")
    >>> theirs = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="relu")])
    >>> from_keras(theirs)
    Sequential([Dense(units=3), ReLU()])
    """
    keras = importlib.import_module("keras")
    chain = list(_keras_chain(model, keras))
    formats = {layer.data_format for _, layer in chain if _has_format(layer, keras)}
    formats = formats or {keras.config.image_data_format()}
    reader = KerasReader(_keras_input(model), formats == {"channels_last"}, keras)
    if len(formats) > 1:
        reader.refuse("its layers mix channels_first and channels_last", "use one data_format")
    for name, layer in chain:
        reader.where = f"layer {name}, {type(layer).__name__} {layer.name!r}"
        _expect_plain(reader, layer)
        convert = _keras_converters(keras).get(type(layer))
        if convert is None:
            reader.refuse(
                "course_nn has no counterpart", "take the weights of the layers around it"
            )
        reader.convert(convert, layer)
    reader.close()
    reader.where = "the model"
    _expect_same_order(reader)
    return reader.model(_keras_dtype(reader, model))


def _expect_plain(reader: "KerasReader", layer: Any) -> None:
    """Refuses a layer that computes in another dtype than its weights', or shares them."""
    for variable in layer.weights:
        reader.own(variable)
        if str(variable.dtype) != str(layer.compute_dtype):
            reader.refuse(
                f"it computes in {layer.compute_dtype} with weights of {variable.dtype}",
                'make it with dtype="float32"',
            )


def _expect_same_order(of: "KerasReader | _KerasWriter") -> None:
    """Refuses a model whose last features lie in another order in Keras."""
    if of.order is not None and (np.diff(of.order) != 1).any():
        of.refuse(
            "it ends in a Flatten, whose features Keras has in another order",
            "end the model before the Flatten, or after a Dense layer",
        )


def _keras_input(model: Any) -> Shape:
    shape = getattr(model, "input_shape", None) if getattr(model, "built", False) else None
    if not model.layers:
        raise InteropError("the model: it holds no layer; give a model with at least one")
    if not isinstance(shape, tuple) or any(n is None for n in shape[1:]):
        raise InteropError(
            "the model: the shape of its samples is not known; begin it with keras.Input(shape)"
        )
    return shape[1:]


def _keras_dtype(reader: Reader, model: Any) -> np.dtype:
    found = {str(v.dtype) for v in model.weights} or {"float32"}
    if len(found) > 1 or not found <= {"float32", "float64"}:
        reader.refuse(f"its weights are {', '.join(sorted(found))}", "use float32 or float64")
    return np.dtype(found.pop())


def _has_format(layer: Any, keras: Any) -> bool:
    """Whether the layer says how its images lie (a Flatten says only how to flatten them)."""
    return hasattr(layer, "data_format") and not isinstance(layer, keras.layers.Flatten)


def _keras_chain(model: Any, keras: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The layers in order under their index, models within models opened, inputs left out."""
    _expect_chain(model, keras, prefix)
    for i, layer in enumerate(model.layers):
        if isinstance(layer, keras.Model):
            yield from _keras_chain(layer, keras, f"{prefix}{i}.")
        elif not isinstance(layer, keras.layers.InputLayer):
            yield f"{prefix}{i}", layer


def _expect_chain(model: Any, keras: Any, prefix: str) -> None:
    """Refuses a model whose layers have two inputs or are used twice, or that has two outputs."""
    if type(model) is keras.Sequential:
        return
    where = f"layer {prefix.rstrip('.')}, " if prefix else ""
    where += f"{type(model).__name__} {getattr(model, 'name', '')!r}"
    fix = "only a chain of layers can be read; build a branch as course_nn.Residual"
    depths = getattr(model, "_nodes_by_depth", None)
    if depths is None:
        raise InteropError(f"{where}: what its call method does cannot be read; {fix}")
    for nodes in depths.values():
        if len(nodes) != 1 or len(nodes[0].input_tensors) > 1:
            names = " and ".join(repr(node.operation.name) for node in nodes)
            raise InteropError(f"{where}: at {names} it branches; {fix}")
    if len(model.outputs) != 1 or len(model.layers) != len(depths):
        raise InteropError(f"{where}: it has several outputs, or uses a layer twice; {fix}")


def _weight(variable: Any, otherwise: np.ndarray) -> np.ndarray:
    """A Keras variable's numbers, or others where it has none."""
    return otherwise if variable is None else _keras_numpy(variable)


def _keras_numpy(variable: Any) -> np.ndarray:
    return np.asarray(importlib.import_module("keras").ops.convert_to_numpy(variable))


def _read_activation(reader: KerasReader, function: Any) -> None:
    """A fused activation, or that of an Activation layer, as a layer of ours."""
    names = reader.keras.activations
    if isinstance(function, reader.keras.layers.Layer):
        convert = _keras_converters(reader.keras).get(type(function))
        if convert is None:
            reader.refuse(f"its activation {type(function).__name__} is unknown", "use a layer")
        convert(reader, function)
        return
    if function is names.softmax:
        _read_keras_softmax(reader, None)
    elif function is names.gelu:
        reader.refuse(
            "its GELU is the exact one, and course_nn's the tanh form",
            "use functools.partial(keras.activations.gelu, approximate=True)",
        )
    elif function not in (None, names.linear):
        reader.add(_plain_activation(reader, function))


def _plain_activation(reader: KerasReader, function: Any) -> Layer:
    """Our layer for an activation function of one number."""
    names = reader.keras.activations
    fixed = function.keywords if isinstance(function, functools.partial) else {}
    if fixed == {"approximate": True} and function.func is names.gelu:
        return layers.GELU()
    known: dict[Any, Callable[[], Layer]] = {
        names.relu: layers.ReLU,
        names.sigmoid: layers.Sigmoid,
        names.tanh: layers.Tanh,
        names.leaky_relu: functools.partial(layers.LeakyReLU, 0.2),
    }
    if function not in known:
        name = getattr(function, "__name__", function)
        reader.refuse(f"its activation {name} has no counterpart", "use one that course_nn has")
    return known[function]()


def _read_keras_softmax(reader: KerasReader, layer: Any) -> None:
    if len(reader.shape) != 1 or (layer is not None and layer.axis not in (-1, 1)):
        reader.refuse(
            f"it runs along an axis of samples of shape {reader.shape}",
            "only the softmax of features (N, K) has a counterpart",
        )
    reader.add(layers.Softmax())


def _read_keras_dense(reader: KerasReader, layer: Any) -> None:
    kernel = _weight(layer.kernel, np.zeros(0))
    bias = _weight(layer.bias, np.zeros(layer.units, kernel.dtype))
    reader.add(layers.Dense(layer.units), W=reader.ours(kernel), b=bias)
    reader.order = None
    _read_activation(reader, layer.activation)


def _read_keras_conv(reader: KerasReader, layer: Any) -> None:
    if layer.groups != 1:
        reader.refuse(f"it has groups={layer.groups}", "only groups=1 has a counterpart")
    kernel = _weight(layer.kernel, np.zeros(0)).transpose(3, 2, 0, 1)
    bias = _weight(layer.bias, np.zeros(layer.filters, kernel.dtype))
    conv = layers.Conv2D(
        layer.filters,
        layer.kernel_size,
        stride=layer.strides,
        padding=layer.padding,
        dilation=layer.dilation_rate,
    )
    reader.add(conv, W=kernel, b=bias)
    _read_activation(reader, layer.activation)


def _read_keras_pool(reader: KerasReader, layer: Any) -> None:
    mean = isinstance(layer, reader.keras.layers.AveragePooling2D)
    made: Any = layers.AvgPool2D if mean else layers.MaxPool2D
    sides: Any = UNPADDED
    if layer.padding == "same":
        windows = zip(reader.shape[1:], layer.pool_size, layer.strides, strict=True)
        sides = tuple(same_padding(size, k, s, 1) for size, k, s in windows)
    if mean and sides != UNPADDED:
        reader.refuse("its mean does not count the padding", 'use padding="valid"')
    reader.add(made(layer.pool_size, layer.strides, shortest(sides)))


def _axes(layer: Any, rank: int) -> list[int]:
    """The axes of normalisation, counted from 1, without the batch's."""
    axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    return sorted(axis % (rank + 1) for axis in axes)


def _read_keras_batch_norm(reader: KerasReader, layer: Any) -> None:
    rank = len(reader.shape)
    channel = rank if rank == 3 and reader.channels_last else 1
    if _axes(layer, rank) != [channel]:
        reader.refuse(
            f"it normalises along axis {layer.axis}", f"only the channels' axis, {channel}, will do"
        )
    one = np.ones(reader.shape[0])
    given = {"gamma": (layer.gamma, one), "beta": (layer.beta, 0 * one)}
    given |= {"running_mean": (layer.moving_mean, one), "running_var": (layer.moving_variance, one)}
    arrays = {name: reader.ours(_weight(*pair)) for name, pair in given.items()}
    reader.add(
        layers.BatchNorm(momentum=round(1 - layer.momentum, 15), eps=layer.epsilon), **arrays
    )


def _read_keras_layer_norm(reader: KerasReader, layer: Any) -> None:
    rank = len(reader.shape)
    if _axes(layer, rank) != list(range(1, rank + 1)) or getattr(layer, "rms_scaling", False):
        reader.refuse(
            f"it normalises along axis {layer.axis} of samples of shape {reader.shape}",
            "only the whole sample has a counterpart",
        )
    given = {"gamma": layer.gamma, "beta": layer.beta}
    arrays = {name: _keras_numpy(v) for name, v in given.items() if v is not None}
    arrays = {name: a.reshape(reader.theirs_shape()) for name, a in arrays.items()}
    if rank == 3 and reader.channels_last:
        arrays = {name: a.transpose(2, 0, 1) for name, a in arrays.items()}
    arrays = {name: reader.ours(a) if rank == 1 else a for name, a in arrays.items()}
    reader.add(layers.LayerNorm(eps=layer.epsilon), **arrays)


def _read_keras_relu(reader: KerasReader, layer: Any) -> None:
    if layer.max_value is not None or layer.threshold != 0:
        reader.refuse("it has a max_value or a threshold", "only a plain or leaky ReLU will do")
    slope = float(layer.negative_slope)
    reader.add(layers.LeakyReLU(slope) if slope else layers.ReLU())


def _read_keras_dropout(reader: KerasReader, layer: Any) -> None:
    if layer.rate == 1 or layer.noise_shape is not None:
        reader.refuse("it drops everything, or whole rows", "use a rate below 1 and no noise_shape")
    reader.add(layers.Dropout(layer.rate))


def _read_keras_pad(reader: KerasReader, layer: Any) -> None:
    (top, bottom), (left, right) = layer.padding
    reader.add_pad(((top, bottom), (left, right)), 0.0)


def _read_keras_global_pool(reader: KerasReader, layer: Any) -> None:
    if layer.keepdims:
        reader.refuse("it keeps the axes of the image", "use keepdims=False")
    reader.add(layers.GlobalAvgPool2D())


@functools.cache
def _keras_converters(keras: Any) -> dict[type, Callable[[Any, Any], None]]:
    """What to do with each class of Keras's."""
    k = keras.layers
    return {
        k.Dense: _read_keras_dense,
        k.Conv2D: _read_keras_conv,
        k.MaxPooling2D: _read_keras_pool,
        k.AveragePooling2D: _read_keras_pool,
        k.GlobalAveragePooling2D: _read_keras_global_pool,
        k.BatchNormalization: _read_keras_batch_norm,
        k.LayerNormalization: _read_keras_layer_norm,
        k.ZeroPadding2D: _read_keras_pad,
        k.Flatten: lambda reader, layer: reader.flatten(layer.data_format == "channels_first"),
        k.Softmax: _read_keras_softmax,
        k.Activation: lambda reader, layer: _read_activation(reader, layer.activation),
        k.ReLU: _read_keras_relu,
        k.LeakyReLU: lambda reader, layer: reader.add(layers.LeakyReLU(layer.negative_slope)),
        k.Dropout: _read_keras_dropout,
        k.Identity: lambda reader, layer: None,
    }


# -- to Keras ------------------------------------------------------------------------------------


def to_keras(model: Sequential) -> Any:
    """A `keras.Sequential` with the weights of a model, its images being (N, H, W, C).

    Parameters
    ----------
    model : built, on either device.

    Returns
    -------
    theirs : built, channels_last, of the model's dtype.

    Raises
    ------
    InteropError : for a layer, or an option of one, without an exact counterpart, and for float64
        where the backend has it switched off.

    Examples
    --------
    >>> import os; _ = os.environ.setdefault("KERAS_BACKEND", "jax")
    >>> import pytest; keras = pytest.importorskip("keras")
    >>> model = Sequential([layers.Flatten(), layers.Dense(3)])
    >>> _ = model.build((2, 4, 5), rng=np.random.default_rng(0))
    >>> to_keras(model).input_shape
    (None, 4, 5, 2)
    """
    keras = importlib.import_module("keras")
    require_built(model)
    shape = model.input_shape or ()
    writer = _KerasWriter(keras, str(model.dtype))
    for i, layer in enumerate(model.layers):
        writer.where = f"layer {i}, {type(layer).__name__}"
        writer.write(layer)
    writer.where = "the model"
    _expect_same_order(writer)
    start = keras.Input((*shape[1:], shape[0]) if len(shape) == 3 else shape)
    theirs = keras.Sequential([start, *(made for made, _ in writer.made)])
    for made, weights in writer.made:
        made.set_weights(weights)
    held = {str(_keras_numpy(v).dtype) for v in theirs.weights} - {writer.dtype}
    if held:
        writer.refuse(
            f"it is {writer.dtype}, which this backend keeps as {held.pop()}",
            'under JAX call jax.config.update("jax_enable_x64", True) first, or build in float32',
        )
    return theirs


class _KerasWriter:
    """Makes Keras's layers and their weights, and knows the order of a flattened image there."""

    def __init__(self, keras: Any, dtype: str) -> None:
        self.keras, self.k, self.dtype = keras, keras.layers, dtype
        self.made: list[tuple[Any, list[np.ndarray]]] = []
        self.order: np.ndarray | None = None
        self.where = "the model"

    def refuse(self, reason: str, fix: str) -> NoReturn:
        raise InteropError(f"{self.where}: {reason}; {fix}")

    def theirs(self, array: np.ndarray) -> np.ndarray:
        """An array whose first axis is our features, in Keras's order."""
        return array if self.order is None else array[self.order]

    def add(self, make: Callable[..., Any], *args: Any, weights: Any = (), **options: Any) -> None:
        try:
            self.made.append((make(*args, dtype=self.dtype, **options), list(weights)))
        except ValueError as error:
            self.refuse(f"Keras has no such layer ({str(error).splitlines()[0]})", "change it")

    def write(self, layer: Layer) -> None:
        names = {layers.Dense: self.dense, layers.Conv2D: self.conv, layers.Flatten: self.flatten}
        names |= {layers.MaxPool2D: self.max_pool, layers.AvgPool2D: self.avg_pool}
        names |= {layers.BatchNorm: self.batch_norm, layers.LayerNorm: self.layer_norm}
        plain: dict[type, Callable[[Any], Any]] = {
            layers.Input: lambda a: None,
            layers.GlobalAvgPool2D: lambda a: self.add(self.k.GlobalAveragePooling2D, **LAST),
            layers.ReLU: lambda a: self.add(self.k.ReLU),
            layers.LeakyReLU: lambda a: self.add(self.k.LeakyReLU, negative_slope=a.slope),
            layers.Sigmoid: lambda a: self.add(self.k.Activation, "sigmoid"),
            layers.Tanh: lambda a: self.add(self.k.Activation, "tanh"),
            layers.GELU: lambda a: self.add(self.k.Activation, self.tanh_gelu()),
            layers.Softmax: self.softmax,
            layers.Dropout: lambda a: self.add(self.k.Dropout, a.rate),
        }
        write = {**names, **plain}.get(type(layer))
        if write is None:
            self.refuse(
                "Keras's counterpart is not known",
                "give back the layers around it, and write this one as a keras.layers.Layer",
            )
        write(layer)

    def tanh_gelu(self) -> Callable:
        return functools.partial(self.keras.activations.gelu, approximate=True)

    def softmax(self, layer: Any) -> None:
        if len(layer.input_shape) != 1:
            self.refuse("on images it runs along their width", "put a Flatten() before it")
        self.add(self.k.Softmax)

    def flatten(self, layer: Any) -> None:
        if len(layer.input_shape) == 3:
            places = np.arange(math.prod(layer.input_shape)).reshape(layer.input_shape)
            self.order = places.transpose(1, 2, 0).ravel()
        self.add(self.k.Flatten, **LAST)

    def dense(self, layer: Any) -> None:
        W, b = arrays_of(layer).values()
        self.add(self.k.Dense, layer.units, weights=[self.theirs(W), b])
        self.order = None

    def conv(self, layer: Any) -> None:
        (W, b), sides = arrays_of(layer).values(), sides_of(layer)
        same = layer.padding == "same"
        if not same and sides != UNPADDED:
            self.add(self.k.ZeroPadding2D, sides, **LAST)
        self.add(
            self.k.Conv2D,
            layer.filters,
            layer.kernel,
            layer.stride,
            "same" if same else "valid",
            dilation_rate=layer.dilation,
            **LAST,
            weights=[W.transpose(2, 3, 1, 0), b],
        )

    def max_pool(self, layer: Any) -> None:
        sides = sides_of(layer)
        windows = zip(layer.input_shape[1:], layer.window, layer.stride, strict=True)
        same = tuple(same_padding(size, k, s, 1) for size, k, s in windows)
        if sides not in (UNPADDED, same):
            self.refuse(
                f"Keras cannot pad a maximum by {sides}", 'only as its "same" does, or not at all'
            )
        padding = "valid" if sides == UNPADDED else "same"
        options = {"padding": padding, **LAST}
        self.add(self.k.MaxPooling2D, layer.window, layer.stride, **options)

    def avg_pool(self, layer: Any) -> None:
        if sides_of(layer) != UNPADDED:
            self.add(self.k.ZeroPadding2D, sides_of(layer), **LAST)
        options = {"padding": "valid", **LAST}
        self.add(self.k.AveragePooling2D, layer.window, layer.stride, **options)

    def batch_norm(self, layer: Any) -> None:
        weights = [self.theirs(a) for a in arrays_of(layer).values()]
        options = {"momentum": round(1 - layer.momentum, 15), "epsilon": layer.eps}
        self.add(self.k.BatchNormalization, weights=weights, **options)

    def layer_norm(self, layer: Any) -> None:
        rank = len(layer.input_shape)
        weights = [self.theirs(a) if rank == 1 else a for a in arrays_of(layer).values()]
        if rank == 3:
            weights = [a.transpose(1, 2, 0) for a in weights]
        axes = list(range(1, rank + 1))
        self.add(self.k.LayerNormalization, axis=axes, epsilon=layer.eps, weights=weights)
