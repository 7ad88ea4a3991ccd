"""To Keras: a `keras.Sequential` of images (N, H, W, C) with the weights of a model."""

import functools
import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from .. import layers
from ..export import beyond, counts_padding, sides_of
from ..layers import Layer
from ..layers.pool import Pool2D
from ..model import Sequential
from ..ops.geometry import UNPADDED, Sides, pair, same_padding
from .shared import InteropError, arrays_of, expect_same_order, keras_numpy, the_keras, together

LAST = {"data_format": "channels_last"}  # of every layer that we make


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
    keras = the_keras()
    model.require_built()
    shape = model.input_shape or ()
    writer = KerasWriter(keras, str(model.dtype))
    for i, layer in enumerate(model.layers):
        writer.where = f"layer {i}, {type(layer).__name__}"
        writer.write(layer)
    writer.where = "the model"
    expect_same_order(writer.order, writer.refuse)
    start = keras.Input((*shape[1:], shape[0]) if len(shape) == 3 else shape)
    theirs = keras.Sequential([start, *(made for made, _ in writer.made)])
    for made, weights in writer.made:
        made.set_weights(weights)
    held = {str(keras_numpy(v).dtype) for v in theirs.weights} - {writer.dtype}
    if held:
        writer.refuse(
            f"it is {writer.dtype}, which this backend keeps as {held.pop()}",
            'under JAX call jax.config.update("jax_enable_x64", True) first, or build in float32',
        )
    return theirs


class KerasWriter:
    """Makes Keras's layers and their weights, and knows the order of a flattened image there."""

    def __init__(self, keras: Any, dtype: str) -> None:
        self.keras, self.k, self.dtype = keras, keras.layers, dtype
        self.made: list[tuple[Any, list[np.ndarray]]] = []
        self.order: np.ndarray | None = None
        self.where, self.trainable = "the model", True

    def refuse(self, reason: str, fix: str) -> NoReturn:
        raise InteropError(f"{self.where}: {reason}; {fix}")

    def theirs(self, array: np.ndarray) -> np.ndarray:
        """An array whose first axis is our features, in Keras's order."""
        return array if self.order is None else array[self.order]

    def add(self, make: Callable[..., Any], *args: Any, weights: Any = (), **options: Any) -> None:
        try:
            made = make(*args, dtype=self.dtype, **options)
        except ValueError as error:
            self.refuse(f"Keras has no such layer ({str(error).splitlines()[0]})", "change it")
        made.trainable = self.trainable
        self.made.append((made, list(weights)))

    def write(self, layer: Layer) -> None:
        self.trainable = layer.trainable
        write = self.writers().get(type(layer))
        if write is None:
            self.refuse(
                "Keras's counterpart is not known",
                "give back the layers around it, and write this one as a keras.layers.Layer",
            )
        write(layer)

    def writers(self) -> dict[type, Callable[[Any], None]]:
        """What to do with each class of ours."""
        add, k = self.add, self.k
        return {
            layers.Input: lambda a: None,
            layers.Dense: self.dense,
            layers.Conv2D: self.conv,
            layers.ConvTranspose2D: self.conv_transpose,
            layers.Flatten: self.flatten,
            layers.MaxPool2D: self.max_pool,
            layers.AvgPool2D: self.avg_pool,
            layers.GlobalAvgPool2D: lambda a: add(k.GlobalAveragePooling2D, **LAST),
            layers.BatchNorm: self.batch_norm,
            layers.LayerNorm: self.layer_norm,
            layers.ReLU: lambda a: add(k.ReLU),
            layers.LeakyReLU: lambda a: add(k.LeakyReLU, negative_slope=a.slope),
            layers.Sigmoid: lambda a: add(k.Activation, "sigmoid"),
            layers.Tanh: lambda a: add(k.Activation, "tanh"),
            layers.GELU: self.gelu,
            layers.SiLU: lambda a: add(k.Activation, "silu"),
            layers.Softmax: self.softmax,
            layers.LogSoftmax: self.softmax,
            layers.Dropout: self.dropout,
        }

    def gelu(self, layer: layers.GELU) -> None:
        gelu, tanh = self.keras.activations.gelu, layer.approximate == "tanh"
        function = functools.partial(gelu, approximate=True) if tanh else "gelu"
        self.add(self.k.Activation, function)

    def softmax(self, layer: Layer) -> None:
        if len(layer.input_shape) != 1:
            self.refuse("on images it runs along their width", "put a Flatten() before it")
        log = isinstance(layer, layers.LogSoftmax)
        self.add(self.k.Activation, "log_softmax") if log else self.add(self.k.Softmax)

    def dropout(self, layer: layers.Dropout) -> None:
        if layer.channels:
            self.add(self.k.SpatialDropout2D, layer.rate, **LAST)
        else:
            self.add(self.k.Dropout, layer.rate)

    def flatten(self, layer: Any) -> None:
        if len(layer.input_shape) == 3:
            places = np.arange(math.prod(layer.input_shape)).reshape(layer.input_shape)
            self.order = places.transpose(1, 2, 0).ravel()
        self.add(self.k.Flatten, **LAST)

    def dense(self, layer: layers.Dense) -> None:
        W, *b = arrays_of(layer).values()
        self.add(self.k.Dense, layer.units, use_bias=layer.bias, weights=[self.theirs(W), *b])
        self.order = None

    def conv(self, layer: layers.Conv2D) -> None:
        (W, *b), padding = arrays_of(layer).values(), sides_of(layer)
        same = layer.padding == "same"
        if not same and padding != UNPADDED:
            self.add(self.k.ZeroPadding2D, padding, **LAST)
        self.add(
            self.k.Conv2D,
            layer.filters,
            layer.kernel,
            layer.stride,
            "same" if same else "valid",
            dilation_rate=layer.dilation,
            groups=layer.groups,
            use_bias=layer.bias,
            weights=[W.transpose(2, 3, 1, 0), *b],
            **LAST,
        )

    def conv_transpose(self, layer: layers.ConvTranspose2D) -> None:
        """Whole, and then cut; where Keras makes more rows, they are cut as well."""
        if layer.dilation != (1, 1):
            self.refuse("Keras's transposed convolution is dilated otherwise", "use dilation=1")
        W, *b = arrays_of(layer).values()
        options = {"use_bias": layer.bias, "weights": [W.transpose(2, 3, 1, 0), *b], **LAST}
        self.add(self.k.Conv2DTranspose, layer.filters, layer.kernel, layer.stride, **options)
        whole = transposed_rows(layer)
        ends = tuple(
            (before, n - before - ours)
            for (before, _), n, ours in zip(
                sides_of(layer), whole, layer.output_shape[1:], strict=True
            )
        )
        if min(min(end) for end in ends) < 0:
            self.refuse("its output_padding reaches beyond Keras's output", "use a smaller one")
        if ends != UNPADDED:
            self.add(self.k.Cropping2D, ends, **LAST)

    def max_pool(self, layer: layers.MaxPool2D) -> None:
        padding = together(sides_of(layer), beyond(layer))
        if padding not in (UNPADDED, same_sides(layer)):
            self.refuse(
                f"Keras cannot pad a maximum by {padding}", 'only as its "same" does, or not at all'
            )
        kind = "valid" if padding == UNPADDED else "same"
        self.add(self.k.MaxPooling2D, layer.window, layer.stride, kind, **LAST)

    def avg_pool(self, layer: layers.AvgPool2D) -> None:
        padding = together(sides_of(layer), beyond(layer))
        counted = sides_of(layer) if counts_padding(layer) else UNPADDED
        counts = counted == padding  # all of it, which may be nothing
        if counts and padding != UNPADDED:
            self.add(self.k.ZeroPadding2D, padding, **LAST)
        elif not counts and (counted != UNPADDED or padding != same_sides(layer)):
            self.refuse(
                f"Keras has no mean that pads by {padding} and leaves some of it out",
                'only as its "same" does',
            )
        kind = "valid" if counts else "same"
        self.add(self.k.AveragePooling2D, layer.window, layer.stride, kind, **LAST)

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


def same_sides(layer: Pool2D) -> Sides:
    """How Keras pads a pooling of that window with "same"."""
    window, stride = pair(layer.window), pair(layer.stride or layer.window)
    windows = zip(layer.input_shape[1:], window, stride, strict=True)
    vertical, horizontal = (same_padding(n, k, t) for n, k, t in windows)
    return vertical, horizontal


def transposed_rows(layer: layers.ConvTranspose2D) -> list[int]:
    """Rows and columns that Keras's "valid" transposed convolution makes."""
    axes = zip(layer.input_shape[1:], pair(layer.kernel), pair(layer.stride), strict=True)
    return [n * t + max(k - t, 0) for n, k, t in axes]
