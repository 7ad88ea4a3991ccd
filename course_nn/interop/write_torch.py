"""To PyTorch: an `nn.Sequential` with the weights of a model."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import layers
from ..export import beyond, counts_padding, sides_of
from ..layers import Layer
from ..model import Sequential
from ..ops.geometry import UNPADDED, Sides
from .shared import Arrays, InteropError, arrays_of, symmetric, the_torch, together


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
    torch = the_torch()
    model.require_built()
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
            made.append(torch_residual(torch)(**paths))
        else:
            made += _written(write, layer, torch, f"{prefix}{i}")
    return torch.nn.Sequential(*made)


def _written(write: Callable[[Any, Any], list[Any]], layer: Layer, torch: Any, name: str) -> list:
    """What a writer makes of a layer, trainable as that is."""
    try:
        return [module.requires_grad_(layer.trainable) for module in write(layer, torch)]
    except InteropError as error:
        raise InteropError(f"layer {name}, {type(layer).__name__}: {error}") from None


@functools.cache
def torch_residual(torch: Any) -> type:
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


def _write_dense(layer: layers.Dense, torch: Any) -> list[Any]:
    arrays = arrays_of(layer)
    W = arrays.pop("W")
    linear = torch.nn.Linear(*W.shape, bias=layer.bias)
    return [_filled(linear, torch, weight=W.T, **_bias(arrays))]


def _bias(arrays: Arrays) -> Arrays:
    return {"bias": arrays["b"]} if "b" in arrays else {}


def _torch_padding(padding: Sides) -> list[int]:
    """PyTorch's order: left, right, top, bottom."""
    (top, bottom), (left, right) = padding
    return [left, right, top, bottom]


def _write_conv(layer: layers.Conv2D, torch: Any) -> list[Any]:
    arrays, padding = arrays_of(layer), sides_of(layer)
    inside = tuple(before for before, _ in padding) if symmetric(padding) else 0
    where = {"stride": layer.stride, "padding": inside, "dilation": layer.dilation}
    channels = layer.input_shape[0], layer.filters
    conv = torch.nn.Conv2d(*channels, layer.kernel, groups=layer.groups, bias=layer.bias, **where)
    before = [] if symmetric(padding) else [torch.nn.ZeroPad2d(_torch_padding(padding))]
    return [*before, _filled(conv, torch, weight=arrays["W"], **_bias(arrays))]


def _write_conv_transpose(layer: layers.ConvTranspose2D, torch: Any) -> list[Any]:
    arrays, padding = arrays_of(layer), sides_of(layer)
    if not symmetric(padding):
        raise InteropError(
            f"PyTorch cuts as many pixels off both sides, not {padding}; use an output_padding"
        )
    cut = tuple(before for before, _ in padding)
    where = {"stride": layer.stride, "padding": cut, "dilation": layer.dilation}
    where |= {"output_padding": layer.output_padding, "groups": layer.groups}
    channels = layer.input_shape[0], layer.filters
    conv = torch.nn.ConvTranspose2d(*channels, layer.kernel, bias=layer.bias, **where)
    return [_filled(conv, torch, weight=arrays["W"], **_bias(arrays))]


def _write_max_pool(layer: layers.MaxPool2D, torch: Any) -> list[Any]:
    padding = sides_of(layer)
    window, stride = layer.window, layer.stride
    if symmetric(padding):
        inside = tuple(before for before, _ in padding)
        return [torch.nn.MaxPool2d(window, stride, inside, ceil_mode=layer.ceil_mode)]
    edge = _torch_padding(together(padding, beyond(layer)))
    return [torch.nn.ConstantPad2d(edge, -math.inf), torch.nn.MaxPool2d(window, stride)]


def _write_avg_pool(layer: layers.AvgPool2D, torch: Any) -> list[Any]:
    padding, counts = sides_of(layer), counts_padding(layer)
    window, stride = layer.window, layer.stride
    if symmetric(padding):
        inside = tuple(before for before, _ in padding)
        return [torch.nn.AvgPool2d(window, stride, inside, layer.ceil_mode, counts)]
    if not counts or beyond(layer) != UNPADDED:
        raise InteropError(
            f"PyTorch has no mean that pads by {padding} and leaves some of it out; pad as much "
            "on both sides"
        )
    return [torch.nn.ZeroPad2d(_torch_padding(padding)), torch.nn.AvgPool2d(window, stride)]


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
    layers.ConvTranspose2D: _write_conv_transpose,
    layers.MaxPool2D: _write_max_pool,
    layers.AvgPool2D: _write_avg_pool,
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
    layers.GELU: lambda layer, torch: [torch.nn.GELU(layer.approximate)],
    layers.SiLU: lambda layer, torch: [torch.nn.SiLU()],
    layers.LogSoftmax: lambda layer, torch: [torch.nn.LogSoftmax(dim=-1)],
    layers.Softmax: lambda layer, torch: [torch.nn.Softmax(dim=-1)],
    layers.Dropout: lambda layer, torch: [
        (torch.nn.Dropout2d if layer.channels else torch.nn.Dropout)(layer.rate)
    ],
    layers.Residual: lambda layer, torch: [],
}
