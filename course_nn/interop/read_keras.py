"""From Keras: weights taken over from a chain of layers.

Keras holds images as (N, H, W, C) unless told otherwise, so kernels and what follows a Flatten are
put in our order; its batch-norm momentum is our 1 − momentum.
"""

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import layers
from ..layers import Layer, Shape
from ..model import Sequential
from ..ops.geometry import pair, sides
from .shared import (
    Arrays,
    InteropError,
    Reader,
    expect_same_order,
    keras_numpy,
    shortest,
    the_keras,
)


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
    keras = the_keras()
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
        reader.convert(convert, layer, frozen=bool(layer.weights) and not layer.trainable)
    reader.close()
    reader.where = "the model"
    expect_same_order(reader.order, reader.refuse)
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


def _held(**variables: Any) -> Arrays:
    """The numbers of Keras's variables, those that are None left out."""
    return {name: keras_numpy(v) for name, v in variables.items() if v is not None}


def _read_activation(reader: KerasReader, function: Any) -> None:
    """A fused activation, or that of an Activation layer, as a layer of ours."""
    names = reader.keras.activations
    if isinstance(function, reader.keras.layers.Layer):
        convert = _keras_converters(reader.keras).get(type(function))
        if convert is None:
            reader.refuse(f"its activation {type(function).__name__} is unknown", "use a layer")
        convert(reader, function)
        return
    if function in (names.softmax, names.log_softmax):
        _add_softmax(reader, function is names.log_softmax)
    elif function not in (None, names.linear):
        reader.add(_plain_activation(reader, function))


def _plain_activation(reader: KerasReader, function: Any) -> Layer:
    """Our layer for an activation function of one number."""
    names = reader.keras.activations
    fixed = function.keywords if isinstance(function, functools.partial) else {}
    if set(fixed) == {"approximate"} and function.func is names.gelu:
        return layers.GELU(approximate="tanh" if fixed["approximate"] else "none")
    known: dict[Any, Callable[[], Layer]] = {
        names.relu: layers.ReLU,
        names.sigmoid: layers.Sigmoid,
        names.tanh: layers.Tanh,
        names.silu: layers.SiLU,
        names.gelu: functools.partial(layers.GELU, approximate="none"),
        names.leaky_relu: functools.partial(layers.LeakyReLU, 0.2),
    }
    if function not in known:
        name = getattr(function, "__name__", function)
        reader.refuse(f"its activation {name} has no counterpart", "use one that course_nn has")
    return known[function]()


def _read_keras_softmax(reader: KerasReader, layer: Any) -> None:
    if layer.axis not in (-1, 1):
        reader.refuse(f"it runs along axis {layer.axis}", "only the last axis has a counterpart")
    _add_softmax(reader, log=False)


def _add_softmax(reader: KerasReader, log: bool) -> None:
    if len(reader.shape) != 1:
        reader.refuse(
            f"it runs along an axis of samples of shape {reader.shape}",
            "only the softmax of features (N, K) has a counterpart",
        )
    reader.add(layers.LogSoftmax() if log else layers.Softmax())


def _read_keras_dense(reader: KerasReader, layer: Any) -> None:
    arrays = _held(W=layer.kernel, b=layer.bias)
    arrays["W"] = reader.ours(arrays["W"])
    reader.add(layers.Dense(layer.units, bias="b" in arrays), **arrays)
    reader.order = None
    _read_activation(reader, layer.activation)


def _laid(layer: Any) -> dict[str, Any]:
    """What convolutions say alike here and there."""
    return {
        "stride": layer.strides,
        "padding": layer.padding,
        "dilation": layer.dilation_rate,
        "bias": layer.use_bias,
    }


def _read_keras_conv(reader: KerasReader, layer: Any) -> None:
    arrays = _held(W=layer.kernel, b=layer.bias)
    arrays["W"] = arrays["W"].transpose(3, 2, 0, 1)
    options = _laid(layer) | {"groups": layer.groups}
    reader.add(layers.Conv2D(layer.filters, layer.kernel_size, **options), **arrays)
    _read_activation(reader, layer.activation)


def _read_keras_depthwise(reader: KerasReader, layer: Any) -> None:
    """A group a channel: kernel (R, S, C, m) gives the m filters of each channel in a row."""
    arrays = _held(W=layer.kernel, b=layer.bias)
    R, S, C, m = arrays["W"].shape
    arrays["W"] = arrays["W"].transpose(2, 3, 0, 1).reshape(C * m, 1, R, S)
    reader.add(layers.Conv2D(C * m, (R, S), groups=C, **_laid(layer)), **arrays)
    _read_activation(reader, layer.activation)


def _read_keras_conv_transpose(reader: KerasReader, layer: Any) -> None:
    """Where Keras makes H · stride rows, ours has them from `padding` and `output_padding`."""
    if set(layer.dilation_rate) != {1} or layer.output_padding is not None:
        reader.refuse("it has a dilation or an output_padding", "leave them out")
    axes = list(zip(layer.kernel_size, layer.strides, strict=True))
    over = [max(k - t, 0) for k, t in axes]
    top, left = (n // 2 for n in over)
    cut = ((top, over[0] - top), (left, over[1] - left))
    arrays = _held(W=layer.kernel, b=layer.bias)
    arrays["W"] = arrays["W"].transpose(3, 2, 0, 1)
    more = max(axes[0][1] - axes[0][0], 0), max(axes[1][1] - axes[1][0], 0)
    options = _laid(layer) | {"output_padding": more}
    options["padding"] = shortest(cut) if layer.padding == "same" else 0
    reader.add(layers.ConvTranspose2D(layer.filters, layer.kernel_size, **options), **arrays)
    _read_activation(reader, layer.activation)


def _read_keras_cropping(reader: KerasReader, layer: Any) -> None:
    """What is cut off a transposed convolution: its padding, and less output padding."""
    conv = reader.layers[-1] if reader.layers else None
    if not isinstance(conv, layers.ConvTranspose2D):
        reader.refuse("it cuts an image", "only behind a Conv2DTranspose without an activation")
    spare = pair(conv.output_padding)
    left = tuple(max(more - cut, 0) for more, (_, cut) in zip(spare, layer.cropping, strict=True))
    ends = tuple(
        (a + before, b + after - more + rest)
        for (a, b), (before, after), more, rest in zip(
            sides(conv.padding), layer.cropping, spare, left, strict=True
        )
    )
    conv.output_padding, conv.padding = (left[0], left[1]), shortest((ends[0], ends[1]))
    reader.shape = conv.build(conv.input_shape, rng=np.random.default_rng(0))


def _read_keras_pool(reader: KerasReader, layer: Any) -> None:
    padding: Any = layer.padding if layer.padding == "same" else 0
    options = {"stride": layer.strides, "padding": padding}
    if isinstance(layer, reader.keras.layers.AveragePooling2D):
        reader.add(layers.AvgPool2D(layer.pool_size, **options))
    else:
        reader.add(layers.MaxPool2D(layer.pool_size, **options))


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
    given = {"gamma": layer.gamma, "beta": layer.beta}
    given |= {"running_mean": layer.moving_mean, "running_var": layer.moving_variance}
    arrays = {name: reader.ours(a) for name, a in _held(**given).items()}
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
    arrays = _held(gamma=layer.gamma, beta=layer.beta)
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


def _read_keras_spatial_dropout(reader: KerasReader, layer: Any) -> None:
    if layer.rate == 1:
        reader.refuse("it drops everything", "use a rate below 1")
    reader.add(layers.Dropout(layer.rate, channels=True))


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
        k.Conv2DTranspose: _read_keras_conv_transpose,
        k.Cropping2D: _read_keras_cropping,
        k.DepthwiseConv2D: _read_keras_depthwise,
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
        k.SpatialDropout2D: _read_keras_spatial_dropout,
        k.Identity: lambda reader, layer: None,
    }
