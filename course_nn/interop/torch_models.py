"""PyTorch: weights taken over from an `nn.Sequential`, and given back.

Linear's weight is (M, D) where ours is (D, M); the other arrays have the same order.
"""

import functools
import importlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .. import layers
from ..layers import Layer, Shape
from ..model import Sequential
from ..ops.geometry import Sides
from .shared import (
    Arrays,
    InteropError,
    Reader,
    arrays_of,
    require_built,
    shortest,
    sides_of,
    symmetric,
)

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
    reader = Reader(input_shape if input_shape is not None else _torch_input(leaves, torch))
    dtype = _torch_dtype(reader, module)
    _read_chain(reader, leaves, torch)
    return reader.model(dtype)


def _torch_leaves(module: Any, torch: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The layers of nested Sequentials under their names, for instance "0.2"."""
    _expect_plain(module, f"layer {prefix or 0}", torch)
    if type(module) is not torch.nn.Sequential:
        yield prefix or "0", module
        return
    for name, child in module.named_modules(remove_duplicate=False):  # one may stand twice
        if name and "." not in name:
            yield from _torch_leaves(child, torch, f"{prefix}.{name}" if prefix else name)


def _expect_plain(module: Any, where: str, torch: Any) -> None:
    """Refuses a module that does not compute what its class says with the weights it shows."""
    if not isinstance(module, torch.nn.Module):
        raise InteropError(f"{where}: {module!r:.40} is no layer of PyTorch's; give an nn.Module")
    where = f"{where}, {type(module).__name__}"
    if isinstance(module, torch.nn.modules.lazy.LazyModuleMixin):
        raise InteropError(f"{where}: it has no weights yet; let it compute one batch first")
    if torch.nn.utils.parametrize.is_parametrized(module):
        raise InteropError(
            f"{where}: its weights are computed from others; make them its own first, with "
            "torch.nn.utils.parametrize.remove_parametrizations"
        )
    if module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module):
        raise InteropError(
            f"{where}: a hook may change what it computes; remove it (torch.nn.utils."
            "remove_weight_norm, torch.nn.utils.prune.remove, or the hook's own remove)"
        )


def _read_chain(
    reader: Reader, leaves: Sequence[tuple[str, Any]], torch: Any, prefix: str = "layer "
) -> None:
    """Converts layer after layer."""
    for i, (name, leaf) in enumerate(leaves):
        reader.where = f"{prefix}{name}, {type(leaf).__name__}"
        convert = _torch_converters(torch).get(type(leaf))
        if convert is None:
            reader.refuse(
                "course_nn has no counterpart",
                "only nn.Sequential of layers that course_nn has can be read, since a forward "
                "method cannot; put those layers into one",
            )
        for parameter in leaf.parameters():
            reader.own(parameter)
        reader.convert(convert, leaf)
        _expect_flatten(reader, leaf, [following for _, following in leaves[i + 1 :]], torch)
    reader.close()


def _torch_input(leaves: Sequence[tuple[str, Any]], torch: Any) -> Shape:
    """The shape of a sample, where the first layer that has weights says it."""
    for name, leaf in leaves:
        match type(leaf).__name__:
            case "Linear":
                return (leaf.in_features,)
            case "BatchNorm1d":
                return (leaf.num_features,)
            case "LayerNorm":
                return tuple(leaf.normalized_shape)
        if type(leaf) not in _torch_converters(torch):
            _read_chain(Reader((1,)), [(name, leaf)], torch)  # says what is wrong with it
        if type(leaf) not in _shapeless(torch):
            break
    raise InteropError(
        "the model: its first layer does not say how large an image is; "
        "give from_torch(module, input_shape=(C, H, W))"
    )


def _shapeless(torch: Any) -> tuple[type, ...]:
    """The classes that give what they get, number for number, whatever its shape."""
    nn = torch.nn
    return (nn.ReLU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh, nn.GELU, nn.Dropout, nn.Identity)


def _torch_dtype(reader: Reader, module: Any) -> np.dtype:
    tensors = [*module.parameters(), *(b for b in module.buffers() if b.is_floating_point())]
    found = {str(t.dtype).removeprefix("torch.") for t in tensors} or {"float32"}
    if len(found) > 1 or not found <= {"float32", "float64"}:
        reader.refuse(f"its weights are {', '.join(sorted(found))}", "call module.float() first")
    if any(t.is_meta for t in tensors):
        reader.refuse("its weights hold no numbers", "load them onto the CPU first")
    return np.dtype(found.pop())


def _expect_flatten(reader: Reader, leaf: Any, following: list[Any], torch: Any) -> None:
    """Our global pooling gives (C,), PyTorch's gives (C, 1, 1), which a Flatten makes the same."""
    if not isinstance(leaf, torch.nn.AdaptiveAvgPool2d):
        return
    after = next((m for m in following if type(m) not in _shapeless(torch)), None)
    if not isinstance(after, torch.nn.Flatten):
        reader.refuse("its output (C, 1, 1) is used as an image", "put nn.Flatten() after it")


def _numpy(**tensors: Any) -> Arrays:
    """The tensors as arrays, those that are None left out."""
    return {name: t.detach().cpu().numpy() for name, t in tensors.items() if t is not None}


def _read_linear(reader: Reader, m: Any) -> None:
    bias = np.zeros(m.out_features) if m.bias is None else m.bias.detach().cpu().numpy()
    reader.add(layers.Dense(m.out_features), W=_numpy(W=m.weight)["W"].T, b=bias)


def _read_conv(reader: Reader, m: Any) -> None:
    if m.groups != 1 or m.padding_mode != "zeros":
        reader.refuse(
            f"it has groups={m.groups}, padding_mode={m.padding_mode!r}",
            "only groups=1 and zeros have a counterpart",
        )
    arrays = {"b": np.zeros(m.out_channels)} | _numpy(W=m.weight, b=m.bias)
    conv = layers.Conv2D(
        m.out_channels, m.kernel_size, stride=m.stride, padding=m.padding, dilation=m.dilation
    )
    conv.padding = conv.padding if isinstance(m.padding, str) else shortest(sides_of(conv))
    reader.add(conv, **arrays)


def _read_pool(reader: Reader, m: Any) -> None:
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
    pool.padding = shortest(sides_of(pool))
    reader.add(pool)


def _read_batch_norm(reader: Reader, m: Any) -> None:
    if m.running_mean is None or m.momentum is None:
        reader.refuse(
            "it keeps no running statistics, or their plain mean",
            "use track_running_stats=True and a momentum",
        )
    rank = 1 if type(m).__name__ == "BatchNorm1d" else 3
    if len(reader.shape) != rank:
        reader.refuse(f"its samples have shape {reader.shape}", "check input_shape")
    arrays = _numpy(gamma=m.weight, beta=m.bias)
    arrays |= _numpy(running_mean=m.running_mean, running_var=m.running_var)
    reader.add(layers.BatchNorm(momentum=m.momentum, eps=m.eps), **arrays)


def _read_layer_norm(reader: Reader, m: Any) -> None:
    if tuple(m.normalized_shape) != reader.shape:
        reader.refuse(
            f"it normalises over {tuple(m.normalized_shape)} of a sample of shape {reader.shape}",
            "only the whole sample has a counterpart",
        )
    reader.add(layers.LayerNorm(eps=m.eps), **_numpy(gamma=m.weight, beta=m.bias))


def _read_softmax(reader: Reader, m: Any) -> None:
    if m.dim not in (-1, len(reader.shape)):
        reader.refuse(
            f"it runs along axis {m.dim} of samples of shape {reader.shape}",
            "only the last axis, dim=-1, has a counterpart",
        )
    reader.add(layers.Softmax())


def _read_gelu(reader: Reader, m: Any) -> None:
    if m.approximate != "tanh":
        reader.refuse("course_nn's GELU is the tanh form", 'use GELU(approximate="tanh")')
    reader.add(layers.GELU())


def _read_flatten(reader: Reader, m: Any) -> None:
    if m.start_dim != 1 or m.end_dim not in (-1, len(reader.shape)):
        reader.refuse("it keeps some of the axes", "only Flatten() of whole samples")
    reader.add(layers.Flatten())


def _read_dropout(reader: Reader, m: Any) -> None:
    if m.p == 1:
        reader.refuse("it drops every number in training", "use a p below 1, or leave it out")
    reader.add(layers.Dropout(m.p))


def _read_pad(reader: Reader, m: Any) -> None:
    left, right, top, bottom = m.padding
    reader.add_pad(((top, bottom), (left, right)), float(getattr(m, "value", 0.0)))


def _read_global_pool(reader: Reader, m: Any) -> None:
    if m.output_size not in (1, (1, 1)):
        reader.refuse(f"its output is {m.output_size}", "only AdaptiveAvgPool2d(1)")
    reader.add(layers.GlobalAvgPool2D())


def _read_residual(reader: Reader, m: Any) -> None:
    """The block that `to_torch` makes of a Residual."""
    torch = importlib.import_module("torch")
    arrays: Arrays = {}
    paths: dict[str, list[Layer]] = {}
    owners: dict[int, str] = {}
    for path in ("main", "shortcut"):
        leaves = [(f"{path}.{n}", leaf) for n, leaf in _torch_leaves(getattr(m, path), torch)]
        if any(getattr(leaf, "inplace", False) for _, leaf in leaves):
            reader.refuse("inside it a layer changes its input in place", "use inplace=False")
        inner = Reader(reader.shape)
        inner.owners = owners
        _read_chain(inner, leaves, torch, f"{reader.where}, ")
        paths[path] = inner.layers
        for i, own in enumerate(inner.arrays):
            arrays |= {f"{path}.{i}.{name}": a for name, a in own.items()}
    reader.add(layers.Residual(**paths), **arrays)


@functools.cache
def _torch_converters(torch: Any) -> dict[type, Callable[[Reader, Any], None]]:
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
        nn.Dropout: _read_dropout,
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
    require_built(model)
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
    W, b = arrays_of(layer).values()
    return [_filled(torch.nn.Linear(*W.shape), torch, weight=W.T, bias=b)]


def _torch_padding(sides: Sides) -> list[int]:
    """PyTorch's order: left, right, top, bottom."""
    (top, bottom), (left, right) = sides
    return [left, right, top, bottom]


def _write_conv(layer: Any, torch: Any) -> list[Any]:
    (W, b), sides = arrays_of(layer).values(), sides_of(layer)
    inside = tuple(before for before, _ in sides) if symmetric(sides) else 0
    conv = torch.nn.Conv2d(
        W.shape[1], W.shape[0], layer.kernel, layer.stride, inside, layer.dilation
    )
    before = [] if symmetric(sides) else [torch.nn.ZeroPad2d(_torch_padding(sides))]
    return [*before, _filled(conv, torch, weight=W, bias=b)]


def _write_pool(layer: Any, torch: Any) -> list[Any]:
    mean, sides = isinstance(layer, layers.AvgPool2D), sides_of(layer)
    inside = tuple(before for before, _ in sides) if symmetric(sides) else 0
    made = torch.nn.AvgPool2d if mean else torch.nn.MaxPool2d
    fill = 0.0 if mean else -math.inf
    outside = [torch.nn.ConstantPad2d(_torch_padding(sides), fill)]
    return [*([] if symmetric(sides) else outside), made(layer.window, layer.stride, inside)]


def _write_batch_norm(layer: Any, torch: Any) -> list[Any]:
    flat = len(layer.input_shape) == 1
    made = torch.nn.BatchNorm1d if flat else torch.nn.BatchNorm2d
    norm, arrays = made(layer.input_shape[0], layer.eps, layer.momentum), arrays_of(layer)
    arrays = {"weight": arrays.pop("gamma"), "bias": arrays.pop("beta"), **arrays}
    return [_filled(norm, torch, **arrays)]


def _write_layer_norm(layer: Any, torch: Any) -> list[Any]:
    gamma, beta = arrays_of(layer).values()
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
