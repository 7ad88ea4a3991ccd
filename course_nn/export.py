"""ONNX: a trained model as one file that any runtime reads, without this package and Python.

Every layer becomes the node or two that ONNX has for it, in prediction: dropout is left out, batch
norm uses its running statistics. What has no counterpart is refused, by its index and class, before
anything is written. The `onnx` package is imported only when asked for.
"""

import importlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from . import layers
from .backend import Array, to_numpy
from .files import check_place, replacing
from .layers import Layer
from .layers.pool import Pool2D
from .ops.geometry import Sides, pair, same_padding, sides

OPSET = 20  # the first with a Gelu; read by every runtime since the end of 2023
IR_VERSION = 9  # the one that belongs to it
LARGEST = 2**31 - 1  # bytes; a protobuf holds no more


class ExportError(ValueError):
    """A model that ONNX cannot hold; the message names the layer and what to do."""


def export(model: Sequence[Layer], path: str | os.PathLike) -> None:
    """Writes layers as an ONNX model, float32, of a batch of any size.

    Its input is "x" (N, *input_shape), its output "y" (N, *output_shape), its opset 20. Weights of
    float64 are rounded to float32, in which runtimes compute.

    Parameters
    ----------
    model : the layers, built.
    path : of the file; one that is there is replaced when the new one is complete.

    Raises
    ------
    ExportError : for a layer without a counterpart, weights beyond float32, or 2 GB of them.
    RuntimeError : if the layers are not built.
    ModuleNotFoundError : without the onnx package.
    FileNotFoundError, IsADirectoryError : if no file can stand there.

    Examples
    --------
    >>> import pytest; onnx = pytest.importorskip("onnx")
    >>> import tempfile
    >>> chain = [layers.Dense(3), layers.ReLU()]
    >>> _ = layers.build_chain(chain, (4,), "layer ", rng=np.random.default_rng(0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export(chain, folder + "/model.onnx")
    ...     [node.op_type for node in onnx.load(folder + "/model.onnx").graph.node]
    ['Gemm', 'Relu']
    """
    onnx = _onnx()
    check_place(Path(path))
    if not all(layer.output_shape for layer in model):
        raise RuntimeError("this model has no shapes yet; build it first, or load one")
    made = _model(model, onnx)
    onnx.checker.check_model(made, full_check=True)
    with replacing(Path(path)) as file:
        file.write(made.SerializeToString())


def _onnx() -> ModuleType:
    try:
        for name in ("onnx.checker", "onnx.helper", "onnx.numpy_helper"):
            importlib.import_module(name)
        return importlib.import_module("onnx")
    except ImportError:
        raise ModuleNotFoundError(
            'writing ONNX needs the extra "onnx": pip install "course-nn[onnx]"', name="onnx"
        ) from None


def _model(model: Sequence[Layer], onnx: ModuleType) -> Any:
    """The whole as ONNX's protobuf."""
    graph = Graph(onnx)
    graph.finish(graph.chain(model, "x", ""))
    ends = {"x": model[0].input_shape, "y": model[-1].output_shape}
    x, y = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N", *shape])
        for name, shape in ends.items()
    )
    return onnx.helper.make_model(
        onnx.helper.make_graph(graph.nodes, "course_nn", [x], [y], graph.weights),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="course_nn",
    )


class Graph:
    """Nodes and weights as they gather; an edge is known by its name."""

    def __init__(self, onnx: ModuleType) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.bytes = 0

    def chain(self, model: Sequence[Layer], x: str, prefix: str) -> str:
        """Layer after layer; the name of what the last gives."""
        for i, layer in enumerate(model):
            write = WRITERS.get(type(layer))
            if write is None:
                raise ExportError(
                    f"layer {prefix}{i}, {type(layer).__name__}: its counterpart in ONNX is not "
                    "known; export the layers around it"
                )
            x = write(self, layer, f"{prefix}{i}", x)
        return x

    def node(self, kind: str, inputs: Sequence[str], y: str, **attributes: Any) -> str:
        """Appends a node; the name of its output."""
        make = self.onnx.helper.make_node
        self.nodes.append(make(kind, list(inputs), [y], name=f"{y}: {kind}", **attributes))
        return y

    def weight(self, name: str, array: Array) -> str:
        """Appends an array, in float32."""
        with np.errstate(over="ignore"):
            held, rounded = to_numpy(array), to_numpy(array).astype(np.float32)
        if (np.isfinite(held) != np.isfinite(rounded)).any():
            raise ExportError(f"{name} holds numbers beyond float32, in which ONNX computes")
        self.bytes += rounded.nbytes
        if self.bytes > LARGEST:
            raise ExportError("the weights are more than the 2 GB that an ONNX file holds")
        self.weights.append(self.onnx.numpy_helper.from_array(rounded, name))
        return name

    def own(self, layer: Layer, name: str, *keys: str) -> list[str]:
        """A layer's arrays of those names, where it has them."""
        held = {**layer.params, **layer.state}
        return [self.weight(f"{name}.{key}", held[key]) for key in keys if key in held]

    def finish(self, y: str) -> None:
        """The last output takes the name "y"."""
        if not self.nodes:
            self.node("Identity", [y], y := "y")
        self.nodes[-1].output[0] = "y"


# -- how windows lie: what the layers say, in pixels ----------------------------------------------


def sides_of(layer: layers.Conv2D | layers.ConvTranspose2D | Pool2D) -> Sides:
    """The padding of a layer that is built, side by side.

    >>> layer = layers.Conv2D(2, 3, padding="same")
    >>> _ = layer.build((1, 5, 5), rng=np.random.default_rng(0))
    >>> sides_of(layer)
    ((1, 1), (1, 1))
    """
    if not isinstance(layer.padding, str):
        return sides(layer.padding)
    kernel, stride, dilation = _frame(layer)
    windows = zip(layer.input_shape[1:], kernel, stride, dilation, strict=True)
    vertical, horizontal = (same_padding(*window) for window in windows)
    return vertical, horizontal


def _frame(layer: layers.Conv2D | layers.ConvTranspose2D | Pool2D) -> tuple:
    """Kernel, stride and dilation, pixels, (vertical, horizontal)."""
    if isinstance(layer, Pool2D):
        return pair(layer.window), pair(layer.stride or layer.window), (1, 1)
    return pair(layer.kernel), pair(layer.stride), pair(layer.dilation)


def beyond(layer: Pool2D) -> Sides:
    """The pixels that a pooling's last windows reach beyond its padding, in `ceil_mode`.

    >>> layer = layers.MaxPool2D(2)
    >>> _ = layer.build((1, 5, 4), rng=np.random.default_rng(0))
    >>> beyond(layer)
    ((0, 0), (0, 0))
    """
    window, stride, _ = _frame(layer)
    shapes = layer.input_shape[1:], layer.output_shape[1:]
    axes = zip(*shapes, window, stride, sides_of(layer), strict=True)
    below, right = (max(0, (count - 1) * t + k - n - sum(p)) for n, count, k, t, p in axes)
    return (0, below), (0, right)


def counts_padding(layer: layers.AvgPool2D) -> bool:
    """Whether the padding is part of the mean: unless said, if it is in pixels.

    >>> counts_padding(layers.AvgPool2D(3, padding=1))
    True
    """
    said = layer.count_include_pad
    return not isinstance(layer.padding, str) if said is None else said


# -- a writer for each layer: (graph, layer, its name, its input's name) → its output's name ------


def _nothing(graph: Graph, layer: Layer, name: str, x: str) -> str:
    return x


def _plain(kind: str, **attributes: Any) -> Callable[[Graph, Any, str, str], str]:
    """A writer of one node without weights."""
    return lambda graph, layer, name, x: graph.node(kind, [x], name, **attributes)


def _dense(graph: Graph, layer: Any, name: str, x: str) -> str:
    arrays = graph.own(layer, name, "W", "b")
    return graph.node("Gemm" if len(arrays) == 2 else "MatMul", [x, *arrays], name)


def _ends(sides: Sides) -> list[int]:
    """ONNX's order: what stands before each axis, then what stands after."""
    (top, bottom), (left, right) = sides
    return [top, left, bottom, right]


def _sum(padding: Sides, more: Sides) -> list[int]:
    """Both together, in ONNX's order."""
    return [a + b for a, b in zip(_ends(padding), _ends(more), strict=True)]


def _conv(graph: Graph, layer: Any, name: str, x: str) -> str:
    """A convolution or a transposed one: they differ in one attribute."""
    _, stride, dilation = _frame(layer)
    where = {"strides": stride, "dilations": dilation, "pads": _ends(sides_of(layer))}
    if isinstance(layer, layers.ConvTranspose2D):
        where["output_padding"] = pair(layer.output_padding)
    arrays = graph.own(layer, name, "W", "b")
    kind = type(layer).__name__.removesuffix("2D")
    return graph.node(kind, [x, *arrays], name, group=getattr(layer, "groups", 1), **where)


def _max_pool(graph: Graph, layer: Any, name: str, x: str) -> str:
    pads = _sum(sides_of(layer), beyond(layer))
    where = {"kernel_shape": layer.window, "strides": layer.stride, "pads": pads}
    return graph.node("MaxPool", [x], name, **where)


def _avg_pool(graph: Graph, layer: Any, name: str, x: str) -> str:
    """What lies beyond the padding never counts; the padding itself does if the layer says so."""
    padding, more, counts = sides_of(layer), beyond(layer), counts_padding(layer)
    pads = _sum(padding, more)
    if counts and any(_ends(more)):
        zeros = [0, 0, *_ends(padding)[:2], 0, 0, *_ends(padding)[2:]]
        edge = graph.node("Constant", [], f"{name}.edge", value_ints=zeros)
        x = graph.node("Pad", [x, edge], f"{name}.padded")
        pads, counts = _ends(more), False
    where = {"kernel_shape": layer.window, "strides": layer.stride, "pads": pads}
    return graph.node("AveragePool", [x], name, count_include_pad=int(counts), **where)


def _global_avg_pool(graph: Graph, layer: Any, name: str, x: str) -> str:
    means = graph.node("GlobalAveragePool", [x], f"{name}.means")
    return graph.node("Flatten", [means], name)


def _batch_norm(graph: Graph, layer: Any, name: str, x: str) -> str:
    arrays = graph.own(layer, name, "gamma", "beta", "running_mean", "running_var")
    return graph.node("BatchNormalization", [x, *arrays], name, epsilon=layer.eps)


def _layer_norm(graph: Graph, layer: Any, name: str, x: str) -> str:
    arrays = graph.own(layer, name, "gamma", "beta")
    return graph.node("LayerNormalization", [x, *arrays], name, axis=1, epsilon=layer.eps)


def _leaky_relu(graph: Graph, layer: Any, name: str, x: str) -> str:
    return graph.node("LeakyRelu", [x], name, alpha=layer.slope)


def _gelu(graph: Graph, layer: Any, name: str, x: str) -> str:
    return graph.node("Gelu", [x], name, approximate=layer.approximate)


def _silu(graph: Graph, layer: Any, name: str, x: str) -> str:
    gate = graph.node("Sigmoid", [x], f"{name}.gate")
    return graph.node("Mul", [x, gate], name)


def _residual(graph: Graph, layer: Any, name: str, x: str) -> str:
    ends = [graph.chain(inner, x, f"{name}.{path}.") for path, inner in layer.paths.items()]
    return graph.node("Add", ends, name)


WRITERS: dict[type, Callable[[Graph, Any, str, str], str]] = {
    layers.Input: _nothing,
    layers.Dropout: _nothing,
    layers.Dense: _dense,
    layers.Conv2D: _conv,
    layers.ConvTranspose2D: _conv,
    layers.MaxPool2D: _max_pool,
    layers.AvgPool2D: _avg_pool,
    layers.GlobalAvgPool2D: _global_avg_pool,
    layers.BatchNorm: _batch_norm,
    layers.LayerNorm: _layer_norm,
    layers.Flatten: _plain("Flatten"),
    layers.ReLU: _plain("Relu"),
    layers.LeakyReLU: _leaky_relu,
    layers.Sigmoid: _plain("Sigmoid"),
    layers.Tanh: _plain("Tanh"),
    layers.GELU: _gelu,
    layers.SiLU: _silu,
    layers.LogSoftmax: _plain("LogSoftmax", axis=-1),
    layers.Softmax: _plain("Softmax", axis=-1),
    layers.Residual: _residual,
}
