"""Interchange: weights taken over from a PyTorch or Keras model of the same layers, and given back.

The frameworks differ in the order of axes, in what they call momentum, and in what they pad; each
difference is named where it is bridged. What has no exact counterpart is refused, by its index and
class: a model that predicts almost the same would be worse than none. The frameworks are imported
only when asked for.
"""

import functools
import importlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np

from . import layers
from .backend import to_numpy
from .layers import Layer, Shape, ShapeError, same_padding
from .model import Sequential
from .ops.conv import UNPADDED, Sides, geometry

Arrays = dict[str, np.ndarray]


class InteropError(ValueError):
    """A layer without an exact counterpart; the message names its index, class and what to do."""


class _Reader:
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
        vars(layer)["padding"] = _simple(sides)

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


def _simple(sides: Sides) -> Any:
    """Padding as short as it can be said: 1 for ((1, 1), (1, 1)).

    >>> _simple(((1, 1), (1, 1))), _simple(((1, 1), (2, 2))), _simple(((0, 1), (0, 1)))
    (1, (1, 2), ((0, 1), (0, 1)))
    """
    (top, bottom), (left, right) = sides
    if top != bottom or left != right:
        return sides
    return top if top == left else (top, left)


def _sides(layer: Any) -> Sides:
    """The padding of a convolution or pooling, side by side, in pixels."""
    padding = layer.sides() if isinstance(layer, layers.Conv2D) else layer.padding
    return geometry(1, 1, padding).padding


def _symmetric(sides: Sides) -> bool:
    return all(before == after for before, after in sides)


def _arrays(layer: Layer) -> Arrays:
    """Copies of a layer's parameters and state, as NumPy arrays."""
    return {name: np.array(to_numpy(a)) for name, a in {**layer.params, **layer.state}.items()}


# -- from PyTorch --------------------------------------------------------------------------------


def from_torch(module: Any, input_shape: Shape | None = None) -> Sequential:
    """A model of our layers with the weights of a PyTorch `nn.Sequential` (or of a single layer).

    Parameters
    ----------
    module : `torch.nn.Sequential`, nested or not; weights of float32 or float64, on any device.
    input_shape : of one sample, (D,) or (C, H, W); may be left out where the first layer says it
        (a `Linear` does, a `Conv2d` does not).

    Returns
    -------
    model : built on the CPU, of the weights' dtype; predicts what `module.eval()` gives. `Linear`'s
        weight (M, D) has become W (D, M); the other arrays have PyTorch's order.

    Raises
    ------
    InteropError : for a layer, or an option of one, without an exact counterpart.

    Examples
    --------
    >>> import pytest; torch = pytest.importorskip("torch")
    >>> module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU())
    >>> model = from_torch(module)
    >>> model
    Sequential([Dense(units=3), ReLU()])
    >>> x = np.ones((1, 4), dtype=np.float32)
    >>> bool(np.allclose(model.predict(x), module(torch.tensor(x)).detach().numpy()))
    True
    """
    torch = importlib.import_module("torch")
    leaves = list(_torch_leaves(module, torch))
    reader = _Reader(input_shape if input_shape is not None else _torch_input(leaves, torch))
    for i, (name, leaf) in enumerate(leaves):
        reader.where = f"layer {name}, {type(leaf).__name__}"
        convert = _torch_converters(torch).get(type(leaf))
        if convert is None:
            reader.refuse(
                "course_nn has no counterpart",
                "only nn.Sequential of layers that course_nn has can be read, since a forward "
                "method cannot; put those layers into one",
            )
        convert(reader, leaf)
        _expect_flatten(reader, leaf, [following for _, following in leaves[i + 1 :]], torch)
    return reader.model(_torch_dtype(reader, module))


def _torch_leaves(module: Any, torch: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The layers of nested Sequentials under their names, for instance "0.2"."""
    if type(module) is not torch.nn.Sequential:
        yield prefix or "0", module
        return
    for name, child in module.named_children():
        yield from _torch_leaves(child, torch, f"{prefix}.{name}" if prefix else name)


def _torch_input(leaves: Sequence[tuple[str, Any]], torch: Any) -> Shape:
    """The shape of a sample, where the first layer that has weights says it."""
    for _, leaf in leaves:
        match type(leaf).__name__:
            case "Linear":
                return (leaf.in_features,)
            case "BatchNorm1d":
                return (leaf.num_features,)
            case "LayerNorm":
                return tuple(leaf.normalized_shape)
            case "ReLU" | "Dropout" | "Identity" | "Tanh" | "Sigmoid" | "GELU" | "LeakyReLU":
                continue
        break
    raise InteropError(
        "the model: its first layer does not say how large an image is; "
        "give from_torch(module, input_shape=(C, H, W))"
    )


def _torch_dtype(reader: _Reader, module: Any) -> np.dtype:
    reader.where = "the model"
    found = {str(p.dtype).removeprefix("torch.") for p in module.parameters()} or {"float32"}
    if len(found) > 1 or not found <= {"float32", "float64"}:
        reader.refuse(f"its weights are {', '.join(sorted(found))}", "call module.float() first")
    return np.dtype(found.pop())


def _expect_flatten(reader: _Reader, leaf: Any, following: list[Any], torch: Any) -> None:
    """Our global pooling gives (C,), PyTorch's gives (C, 1, 1), which a Flatten makes the same."""
    if not isinstance(leaf, torch.nn.AdaptiveAvgPool2d):
        return
    same = (torch.nn.ReLU, torch.nn.Dropout, torch.nn.Identity)
    after = next((m for m in following if not isinstance(m, same)), None)
    if not isinstance(after, torch.nn.Flatten):
        reader.refuse("its output (C, 1, 1) is used as an image", "put nn.Flatten() after it")


def _numpy(tensor: Any) -> np.ndarray:
    return tensor.detach().cpu().numpy()


def _read_linear(reader: _Reader, m: Any) -> None:
    bias = np.zeros(m.out_features) if m.bias is None else _numpy(m.bias)
    reader.add(layers.Dense(m.out_features), W=_numpy(m.weight).T, b=bias)


def _read_conv(reader: _Reader, m: Any) -> None:
    if m.groups != 1 or m.padding_mode != "zeros":
        reader.refuse(
            f"it has groups={m.groups}, padding_mode={m.padding_mode!r}",
            "only groups=1 and zeros have a counterpart",
        )
    bias = np.zeros(m.out_channels) if m.bias is None else _numpy(m.bias)
    conv = layers.Conv2D(m.out_channels, m.kernel_size, m.stride, m.padding, m.dilation)
    conv.padding = conv.padding if isinstance(m.padding, str) else _simple(_sides(conv))
    reader.add(conv, W=_numpy(m.weight), b=bias)


def _read_pool(reader: _Reader, m: Any) -> None:
    mean = type(m).__name__ == "AvgPool2d"
    if m.ceil_mode or getattr(m, "dilation", 1) not in (1, (1, 1)):
        reader.refuse("it has ceil_mode or a dilation", "only windows that fit have a counterpart")
    if getattr(m, "return_indices", False):
        reader.refuse("it returns indices", "leave return_indices out")
    counts_zeros = m.padding in (0, (0, 0)) or m.count_include_pad if mean else True
    if not counts_zeros or getattr(m, "divisor_override", None):
        reader.refuse(
            "its mean does not count the padding, or has a divisor",
            "use count_include_pad=True and no divisor_override",
        )
    pool = (layers.AvgPool2D if mean else layers.MaxPool2D)(m.kernel_size, m.stride, m.padding)
    pool.padding = _simple(_sides(pool))
    reader.add(pool)


def _read_batch_norm(reader: _Reader, m: Any) -> None:
    if m.running_mean is None or m.momentum is None:
        reader.refuse(
            "it keeps no running statistics, or their plain mean",
            "use track_running_stats=True and a momentum",
        )
    rank = 1 if type(m).__name__ == "BatchNorm1d" else 3
    if len(reader.shape) != rank:
        reader.refuse(f"its samples have shape {reader.shape}", "check input_shape")
    affine = {"gamma": m.weight, "beta": m.bias} if m.affine else {}
    state = {"running_mean": m.running_mean, "running_var": m.running_var}
    arrays = {name: _numpy(tensor) for name, tensor in {**affine, **state}.items()}
    reader.add(layers.BatchNorm(m.momentum, m.eps), **arrays)


def _read_layer_norm(reader: _Reader, m: Any) -> None:
    if tuple(m.normalized_shape) != reader.shape:
        reader.refuse(
            f"it normalises over {tuple(m.normalized_shape)} of a sample of shape {reader.shape}",
            "only the whole sample has a counterpart",
        )
    given = {"gamma": m.weight, "beta": m.bias}
    arrays = {name: _numpy(tensor) for name, tensor in given.items() if tensor is not None}
    reader.add(layers.LayerNorm(m.eps), **arrays)


def _read_softmax(reader: _Reader, m: Any) -> None:
    if len(reader.shape) != 1 or m.dim not in (1, -1):
        reader.refuse(
            f"it runs along axis {m.dim} of (N, *{reader.shape})",
            "only Softmax(dim=-1) of features (N, K) has a counterpart",
        )
    reader.add(layers.Softmax())


def _read_gelu(reader: _Reader, m: Any) -> None:
    if m.approximate != "tanh":
        reader.refuse("course_nn's GELU is the tanh form", 'use GELU(approximate="tanh")')
    reader.add(layers.GELU())


def _read_flatten(reader: _Reader, m: Any) -> None:
    if m.start_dim != 1 or m.end_dim not in (-1, len(reader.shape)):
        reader.refuse("it keeps some of the axes", "only Flatten() of whole samples")
    reader.add(layers.Flatten())


def _read_pad(reader: _Reader, m: Any) -> None:
    left, right, top, bottom = m.padding
    reader.pad = ((top, bottom), (left, right)), float(getattr(m, "value", 0.0))


def _read_global_pool(reader: _Reader, m: Any) -> None:
    if m.output_size not in (1, (1, 1)):
        reader.refuse(f"its output is {m.output_size}", "only AdaptiveAvgPool2d(1)")
    reader.add(layers.GlobalAvgPool2D())


def _read_residual(reader: _Reader, m: Any) -> None:
    """The block that `to_torch` makes of a Residual."""
    arrays: Arrays = {}
    paths: dict[str, list[Layer]] = {}
    for path in ("main", "shortcut"):
        inner = _Reader(reader.shape)
        torch = importlib.import_module("torch")
        for name, leaf in _torch_leaves(getattr(m, path), torch):
            inner.where = f"{reader.where}, {path}.{name}, {type(leaf).__name__}"
            _torch_converters(torch)[type(leaf)](inner, leaf)
        paths[path] = inner.layers
        for i, own in enumerate(inner.arrays):
            arrays |= {f"{path}.{i}.{name}": a for name, a in own.items()}
    reader.add(layers.Residual(**paths), **arrays)


@functools.cache
def _torch_converters(torch: Any) -> dict[type, Callable[[_Reader, Any], None]]:
    """What to do with each class of PyTorch's."""
    nn = torch.nn
    return {
        nn.Linear: _read_linear,
        nn.Conv2d: _read_conv,
        nn.MaxPool2d: _read_pool,
        nn.AvgPool2d: _read_pool,
        nn.AdaptiveAvgPool2d: _read_global_pool,
        nn.BatchNorm1d: _read_batch_norm,
        nn.BatchNorm2d: _read_batch_norm,
        nn.LayerNorm: _read_layer_norm,
        nn.Softmax: _read_softmax,
        nn.GELU: _read_gelu,
        nn.Flatten: _read_flatten,
        nn.ZeroPad2d: _read_pad,
        nn.ConstantPad2d: _read_pad,
        nn.ReLU: lambda reader, m: reader.add(layers.ReLU()),
        nn.LeakyReLU: lambda reader, m: reader.add(layers.LeakyReLU(m.negative_slope)),
        nn.Sigmoid: lambda reader, m: reader.add(layers.Sigmoid()),
        nn.Tanh: lambda reader, m: reader.add(layers.Tanh()),
        nn.Dropout: lambda reader, m: reader.add(layers.Dropout(m.p)),
        nn.Identity: lambda reader, m: None,
        _torch_residual(torch): _read_residual,
    }


# -- to PyTorch ----------------------------------------------------------------------------------


def to_torch(model: Sequential) -> Any:
    """A PyTorch `nn.Sequential` with the weights of a model, as copies.

    Parameters
    ----------
    model : built, on either device.

    Returns
    -------
    module : `torch.nn.Sequential` on the CPU, of the model's dtype, in evaluation mode (call
        `.train()` before training it).

    Raises
    ------
    InteropError : for a layer without a counterpart.

    Examples
    --------
    >>> import pytest; torch = pytest.importorskip("torch")
    >>> model = Sequential([layers.Dense(3), layers.ReLU()])
    >>> _ = model.build((4,), rng=np.random.default_rng(0))
    >>> to_torch(model)
    Sequential(
      (0): Linear(in_features=4, out_features=3, bias=True)
      (1): ReLU()
    )
    """
    torch = importlib.import_module("torch")
    model._require_built()
    module = _torch_sequential(model.layers, torch, "")
    return module.to(getattr(torch, str(model.dtype))).eval()


def _torch_sequential(ours: Sequence[Layer], torch: Any, prefix: str) -> Any:
    made: list[Any] = []
    for i, layer in enumerate(ours):
        write = TORCH_WRITERS.get(type(layer))
        if write is None:
            raise InteropError(
                f"layer {prefix}{i}, {type(layer).__name__}: PyTorch's counterpart is not known; "
                "give back the layers around it, and write this one as an nn.Module"
            )
        if isinstance(layer, layers.Residual):
            paths = {
                path: _torch_sequential(inner, torch, f"{prefix}{i}.{path}.")
                for path, inner in layer.paths.items()
            }
            made.append(_torch_residual(torch)(**paths))
        else:
            made += write(layer, torch)
    return torch.nn.Sequential(*made)


@functools.cache
def _torch_residual(torch: Any) -> type:
    """The class of modules that add two paths, as our Residual does."""

    class Residual(torch.nn.Module):
        """y = main(x) + shortcut(x)."""

        def __init__(self, main: Any, shortcut: Any) -> None:
            super().__init__()
            self.main, self.shortcut = main, shortcut

        def forward(self, x: Any) -> Any:
            return self.main(x) + self.shortcut(x)

    return Residual


def _filled(module: Any, torch: Any, **arrays: np.ndarray) -> Any:
    """The module with the arrays in its parameters and buffers; its dtype becomes theirs."""
    tensors = {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}
    module = module.to(next(iter(tensors.values())).dtype)
    module.load_state_dict(tensors, strict=False)
    return module


def _write_dense(layer: Any, torch: Any) -> list[Any]:
    W, b = _arrays(layer).values()
    return [_filled(torch.nn.Linear(*W.shape), torch, weight=W.T, bias=b)]


def _torch_padding(sides: Sides) -> list[int]:
    """PyTorch's order: left, right, top, bottom."""
    (top, bottom), (left, right) = sides
    return [left, right, top, bottom]


def _write_conv(layer: Any, torch: Any) -> list[Any]:
    (W, b), sides = _arrays(layer).values(), _sides(layer)
    inside = tuple(before for before, _ in sides) if _symmetric(sides) else 0
    conv = torch.nn.Conv2d(
        W.shape[1], W.shape[0], layer.kernel, layer.stride, inside, layer.dilation
    )
    before = [] if _symmetric(sides) else [torch.nn.ZeroPad2d(_torch_padding(sides))]
    return [*before, _filled(conv, torch, weight=W, bias=b)]


def _write_pool(layer: Any, torch: Any) -> list[Any]:
    mean, sides = isinstance(layer, layers.AvgPool2D), _sides(layer)
    inside = tuple(before for before, _ in sides) if _symmetric(sides) else 0
    made = torch.nn.AvgPool2d if mean else torch.nn.MaxPool2d
    fill = 0.0 if mean else -math.inf
    outside = [torch.nn.ConstantPad2d(_torch_padding(sides), fill)]
    return [*([] if _symmetric(sides) else outside), made(layer.window, layer.stride, inside)]


def _write_batch_norm(layer: Any, torch: Any) -> list[Any]:
    flat = len(layer.input_shape) == 1
    made = torch.nn.BatchNorm1d if flat else torch.nn.BatchNorm2d
    norm, arrays = made(layer.input_shape[0], layer.eps, layer.momentum), _arrays(layer)
    arrays = {"weight": arrays.pop("gamma"), "bias": arrays.pop("beta"), **arrays}
    return [_filled(norm, torch, **arrays)]


def _write_layer_norm(layer: Any, torch: Any) -> list[Any]:
    gamma, beta = _arrays(layer).values()
    norm = torch.nn.LayerNorm(layer.input_shape, layer.eps)
    return [_filled(norm, torch, weight=gamma, bias=beta)]


TORCH_WRITERS: dict[type, Callable[[Any, Any], list[Any]]] = {
    layers.Input: lambda layer, torch: [torch.nn.Identity()],
    layers.Dense: _write_dense,
    layers.Conv2D: _write_conv,
    layers.MaxPool2D: _write_pool,
    layers.AvgPool2D: _write_pool,
    layers.GlobalAvgPool2D: lambda layer, torch: [
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
    ],
    layers.BatchNorm: _write_batch_norm,
    layers.LayerNorm: _write_layer_norm,
    layers.Flatten: lambda layer, torch: [torch.nn.Flatten()],
    layers.ReLU: lambda layer, torch: [torch.nn.ReLU()],
    layers.LeakyReLU: lambda layer, torch: [torch.nn.LeakyReLU(layer.slope)],
    layers.Sigmoid: lambda layer, torch: [torch.nn.Sigmoid()],
    layers.Tanh: lambda layer, torch: [torch.nn.Tanh()],
    layers.GELU: lambda layer, torch: [torch.nn.GELU(approximate="tanh")],
    layers.Softmax: lambda layer, torch: [torch.nn.Softmax(dim=-1)],
    layers.Dropout: lambda layer, torch: [torch.nn.Dropout(layer.rate)],
    layers.Residual: lambda layer, torch: [],
}


# -- from Keras ----------------------------------------------------------------------------------


class _KerasReader(_Reader):
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
    reader = _KerasReader(_keras_input(model), formats == {"channels_last"}, keras)
    if len(formats) > 1:
        reader.refuse("its layers mix channels_first and channels_last", "use one data_format")
    for name, layer in chain:
        reader.where = f"layer {name}, {type(layer).__name__} {layer.name!r}"
        convert = _keras_converters(keras).get(type(layer))
        if convert is None:
            reader.refuse(
                "course_nn has no counterpart", "take the weights of the layers around it"
            )
        convert(reader, layer)
    reader.where = "the model"
    _expect_same_order(reader)
    return reader.model(_keras_dtype(reader, model))


def _expect_same_order(of: "_KerasReader | _KerasWriter") -> None:
    """Refuses a model whose last features lie in another order in Keras."""
    if of.order is not None and (np.diff(of.order) != 1).any():
        of.refuse(
            "it ends in a Flatten, whose features Keras has in another order",
            "end the model before the Flatten, or after a Dense layer",
        )


def _keras_input(model: Any) -> Shape:
    shape = getattr(model, "input_shape", None) if getattr(model, "built", False) else None
    if not isinstance(shape, tuple) or any(n is None for n in shape[1:]):
        raise InteropError(
            "the model: the shape of its samples is not known; begin it with keras.Input(shape)"
        )
    return shape[1:]


def _keras_dtype(reader: _Reader, model: Any) -> np.dtype:
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


def _read_activation(reader: _KerasReader, function: Any) -> None:
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


def _plain_activation(reader: _KerasReader, function: Any) -> Layer:
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


def _read_keras_softmax(reader: _KerasReader, layer: Any) -> None:
    if len(reader.shape) != 1 or (layer is not None and layer.axis not in (-1, 1)):
        reader.refuse(
            f"it runs along an axis of samples of shape {reader.shape}",
            "only the softmax of features (N, K) has a counterpart",
        )
    reader.add(layers.Softmax())


def _read_keras_dense(reader: _KerasReader, layer: Any) -> None:
    kernel = _weight(layer.kernel, np.zeros(0))
    bias = _weight(layer.bias, np.zeros(layer.units, kernel.dtype))
    reader.add(layers.Dense(layer.units), W=reader.ours(kernel), b=bias)
    reader.order = None
    _read_activation(reader, layer.activation)


def _read_keras_conv(reader: _KerasReader, layer: Any) -> None:
    if layer.groups != 1:
        reader.refuse(f"it has groups={layer.groups}", "only groups=1 has a counterpart")
    kernel = _weight(layer.kernel, np.zeros(0)).transpose(3, 2, 0, 1)
    bias = _weight(layer.bias, np.zeros(layer.filters, kernel.dtype))
    conv = layers.Conv2D(
        layer.filters, layer.kernel_size, layer.strides, layer.padding, layer.dilation_rate
    )
    reader.add(conv, W=kernel, b=bias)
    _read_activation(reader, layer.activation)


def _read_keras_pool(reader: _KerasReader, layer: Any) -> None:
    mean = isinstance(layer, reader.keras.layers.AveragePooling2D)
    made: Any = layers.AvgPool2D if mean else layers.MaxPool2D
    sides: Any = UNPADDED
    if layer.padding == "same":
        windows = zip(reader.shape[1:], layer.pool_size, layer.strides, strict=True)
        sides = tuple(same_padding(size, k, s, 1) for size, k, s in windows)
    if mean and sides != UNPADDED:
        reader.refuse("its mean does not count the padding", 'use padding="valid"')
    reader.add(made(layer.pool_size, layer.strides, _simple(sides)))


def _axes(layer: Any, rank: int) -> list[int]:
    """The axes of normalisation, counted from 1, without the batch's."""
    axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    return sorted(axis % (rank + 1) for axis in axes)


def _read_keras_batch_norm(reader: _KerasReader, layer: Any) -> None:
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
    reader.add(layers.BatchNorm(1 - layer.momentum, layer.epsilon), **arrays)


def _read_keras_layer_norm(reader: _KerasReader, layer: Any) -> None:
    rank = len(reader.shape)
    if _axes(layer, rank) != list(range(1, rank + 1)) or getattr(layer, "rms_scaling", False):
        reader.refuse(
            f"it normalises along axis {layer.axis} of samples of shape {reader.shape}",
            "only the whole sample has a counterpart",
        )
    given = {"gamma": layer.gamma, "beta": layer.beta}
    arrays = {name: _keras_numpy(v) for name, v in given.items() if v is not None}
    if rank == 3 and reader.channels_last:
        arrays = {name: a.transpose(2, 0, 1) for name, a in arrays.items()}
    arrays = {name: reader.ours(a) if rank == 1 else a for name, a in arrays.items()}
    reader.add(layers.LayerNorm(layer.epsilon), **arrays)


def _read_keras_relu(reader: _KerasReader, layer: Any) -> None:
    if layer.max_value is not None or layer.threshold != 0:
        reader.refuse("it has a max_value or a threshold", "only a plain or leaky ReLU will do")
    slope = float(layer.negative_slope)
    reader.add(layers.LeakyReLU(slope) if slope else layers.ReLU())


def _read_keras_pad(reader: _KerasReader, layer: Any) -> None:
    (top, bottom), (left, right) = layer.padding
    reader.pad = ((top, bottom), (left, right)), 0.0


def _read_keras_global_pool(reader: _KerasReader, layer: Any) -> None:
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
        k.Dropout: lambda reader, layer: reader.add(layers.Dropout(layer.rate)),
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
    theirs : built, channels_last, of the model's dtype (under JAX, float64 needs its x64 switch).

    Raises
    ------
    InteropError : for a layer, or an option of one, without an exact counterpart.

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
    model._require_built()
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
            layers.GlobalAvgPool2D: lambda a: self.add(self.k.GlobalAveragePooling2D),
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
        self.add(self.k.Flatten, data_format="channels_last")

    def dense(self, layer: Any) -> None:
        W, b = _arrays(layer).values()
        self.add(self.k.Dense, layer.units, weights=[self.theirs(W), b])
        self.order = None

    def conv(self, layer: Any) -> None:
        (W, b), sides = _arrays(layer).values(), _sides(layer)
        same = layer.padding == "same"
        if not same and sides != UNPADDED:
            self.add(self.k.ZeroPadding2D, sides, data_format="channels_last")
        self.add(
            self.k.Conv2D,
            layer.filters,
            layer.kernel,
            layer.stride,
            "same" if same else "valid",
            dilation_rate=layer.dilation,
            data_format="channels_last",
            weights=[W.transpose(2, 3, 1, 0), b],
        )

    def max_pool(self, layer: Any) -> None:
        sides = _sides(layer)
        windows = zip(layer.input_shape[1:], layer.window, layer.stride, strict=True)
        same = tuple(same_padding(size, k, s, 1) for size, k, s in windows)
        if sides not in (UNPADDED, same):
            self.refuse(
                f"Keras cannot pad a maximum by {sides}", 'only as its "same" does, or not at all'
            )
        padding = "valid" if sides == UNPADDED else "same"
        options = {"padding": padding, "data_format": "channels_last"}
        self.add(self.k.MaxPooling2D, layer.window, layer.stride, **options)

    def avg_pool(self, layer: Any) -> None:
        if _sides(layer) != UNPADDED:
            self.add(self.k.ZeroPadding2D, _sides(layer), data_format="channels_last")
        options = {"padding": "valid", "data_format": "channels_last"}
        self.add(self.k.AveragePooling2D, layer.window, layer.stride, **options)

    def batch_norm(self, layer: Any) -> None:
        weights = [self.theirs(a) for a in _arrays(layer).values()]
        options = {"momentum": 1 - layer.momentum, "epsilon": layer.eps}
        self.add(self.k.BatchNormalization, weights=weights, **options)

    def layer_norm(self, layer: Any) -> None:
        rank = len(layer.input_shape)
        weights = [self.theirs(a) if rank == 1 else a for a in _arrays(layer).values()]
        if rank == 3:
            weights = [a.transpose(1, 2, 0) for a in weights]
        axes = list(range(1, rank + 1))
        self.add(self.k.LayerNormalization, axis=axes, epsilon=layer.eps, weights=weights)
