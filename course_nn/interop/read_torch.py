"""From PyTorch: weights taken over from an `nn.Sequential`.

Linear's weight is (M, D) where ours is (D, M); the other arrays have the same order.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .. import layers
from ..layers import Layer, Shape
from ..model import Sequential
from ..ops.geometry import sides
from .shared import Arrays, InteropError, Reader, shortest, the_torch
from .write_torch import torch_residual


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
        weight (M, D) has become W (D, M); the other arrays have PyTorch's order. A layer whose
        parameters are all frozen there (`requires_grad`) is not `trainable`: of a batch norm
        that stops the running statistics too.

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
    torch = the_torch()
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
            reader.refuse("course_nn has no counterpart", _instead(leaf, torch))
        for parameter in leaf.parameters():
            reader.own(parameter)
        trainable = [p.requires_grad for p in leaf.parameters()]
        reader.convert(convert, leaf, frozen=bool(trainable) and not any(trainable))
        _expect_flatten(reader, leaf, [following for _, following in leaves[i + 1 :]], torch)
    reader.close()


def _instead(leaf: Any, torch: Any) -> str:
    """What to do about a module that has no converter: PyTorch's own, or a class of somebody's."""
    theirs = "torch."
    if type(leaf).__module__.startswith(theirs):
        known = [kind for kind in _torch_converters(torch) if kind.__module__.startswith(theirs)]
        names = sorted({kind.__name__ for kind in known})
        return f"put one that it has in its place: {', '.join(names)}"
    return (
        "only nn.Sequential of layers that course_nn has can be read, since a forward "
        "method cannot; put those layers into one"
    )


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
    return (*_torch_activations(torch), nn.Dropout, nn.Identity)


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
    arrays = _numpy(W=m.weight, b=m.bias)
    arrays["W"] = arrays["W"].T
    reader.add(layers.Dense(m.out_features, bias="b" in arrays), **arrays)


def _read_conv(reader: Reader, m: Any) -> None:
    if m.padding_mode != "zeros":
        reader.refuse(f"it pads with {m.padding_mode!r}", "only zeros have a counterpart")
    arrays = _numpy(W=m.weight, b=m.bias)
    options = {"stride": m.stride, "dilation": m.dilation, "bias": "b" in arrays}
    options |= {"padding": m.padding, "groups": m.groups}
    if not isinstance(m.padding, str):
        options["padding"] = shortest(sides(m.padding))
    reader.add(layers.Conv2D(m.out_channels, m.kernel_size, **options), **arrays)


def _read_conv_transpose(reader: Reader, m: Any) -> None:
    arrays = _numpy(W=m.weight, b=m.bias)
    options = {"stride": m.stride, "dilation": m.dilation, "bias": "b" in arrays}
    options |= {"padding": shortest(sides(m.padding)), "output_padding": m.output_padding}
    options["groups"] = m.groups
    reader.add(layers.ConvTranspose2D(m.out_channels, m.kernel_size, **options), **arrays)


def _read_pool(reader: Reader, m: Any) -> None:
    if getattr(m, "dilation", 1) not in (1, (1, 1)):
        reader.refuse("it has a dilation", "only windows without gaps have a counterpart")
    if getattr(m, "return_indices", False):
        reader.refuse("it returns indices", "leave return_indices out")
    if getattr(m, "divisor_override", None):
        reader.refuse("its mean has a divisor of its own", "leave divisor_override out")
    options = {"padding": shortest(sides(m.padding)), "ceil_mode": m.ceil_mode}
    if isinstance(m, the_torch().nn.AvgPool2d):
        counts = m.count_include_pad
        mean = layers.AvgPool2D(m.kernel_size, m.stride, count_include_pad=counts, **options)
        reader.add(mean)
    else:
        reader.add(layers.MaxPool2D(m.kernel_size, m.stride, **options))


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
    log = isinstance(m, the_torch().nn.LogSoftmax)
    reader.add(layers.LogSoftmax() if log else layers.Softmax())


def _read_flatten(reader: Reader, m: Any) -> None:
    if m.start_dim != 1 or m.end_dim not in (-1, len(reader.shape)):
        reader.refuse("it keeps some of the axes", "only Flatten() of whole samples")
    reader.add(layers.Flatten())


def _read_dropout(reader: Reader, m: Any) -> None:
    if m.p == 1:
        reader.refuse("it drops every number in training", "use a p below 1, or leave it out")
    channels = isinstance(m, the_torch().nn.Dropout2d)
    reader.add(layers.Dropout(m.p, channels=channels))


def _read_pad(reader: Reader, m: Any) -> None:
    left, right, top, bottom = m.padding
    reader.add_pad(((top, bottom), (left, right)), float(getattr(m, "value", 0.0)))


def _read_global_pool(reader: Reader, m: Any) -> None:
    if m.output_size not in (1, (1, 1)):
        reader.refuse(f"its output is {m.output_size}", "only AdaptiveAvgPool2d(1)")
    reader.add(layers.GlobalAvgPool2D())


def _read_residual(reader: Reader, m: Any) -> None:
    """The block that `to_torch` makes of a Residual."""
    torch = the_torch()
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


def _torch_activations(torch: Any) -> dict[type, Callable[[Reader, Any], None]]:
    nn = torch.nn
    return {
        nn.ReLU: lambda reader, m: reader.add(layers.ReLU()),
        nn.LeakyReLU: lambda reader, m: reader.add(layers.LeakyReLU(m.negative_slope)),
        nn.Sigmoid: lambda reader, m: reader.add(layers.Sigmoid()),
        nn.Tanh: lambda reader, m: reader.add(layers.Tanh()),
        nn.SiLU: lambda reader, m: reader.add(layers.SiLU()),
        nn.GELU: lambda reader, m: reader.add(layers.GELU(approximate=m.approximate)),
    }


@functools.cache
def _torch_converters(torch: Any) -> dict[type, Callable[[Reader, Any], None]]:
    """What to do with each class of PyTorch's."""
    nn = torch.nn
    return _torch_activations(torch) | {
        nn.Linear: _read_linear,
        nn.Conv2d: _read_conv,
        nn.ConvTranspose2d: _read_conv_transpose,
        nn.MaxPool2d: _read_pool,
        nn.AvgPool2d: _read_pool,
        nn.AdaptiveAvgPool2d: _read_global_pool,
        nn.BatchNorm1d: _read_batch_norm,
        nn.BatchNorm2d: _read_batch_norm,
        nn.LayerNorm: _read_layer_norm,
        nn.Softmax: _read_softmax,
        nn.LogSoftmax: _read_softmax,
        nn.Flatten: _read_flatten,
        nn.ZeroPad2d: _read_pad,
        nn.ConstantPad2d: _read_pad,
        nn.Dropout: _read_dropout,
        nn.Dropout2d: _read_dropout,
        nn.Identity: lambda reader, m: None,
        torch_residual(torch): _read_residual,
    }
