"""Where numbers stopped being finite: a step that failed is taken again, layer by layer."""

import math
from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

from .backend import Array
from .checks import finite
from .layers import Layer
from .objective import BatchLoss


class _Found(Exception):
    """The sentence that names the layer."""


def where_it_began(layers: Sequence[Layer], x: Array, labels: Array, loss: BatchLoss) -> str:
    """The sentence that names the first layer whose numbers are not finite, forward or backward.

    A layer inside a residual block is named by its place there, as its parameters are.

    >>> import numpy as np
    >>> import course_nn as nn
    >>> layers = [nn.Residual([nn.Dense(2)])]
    >>> _ = nn.Sequential(layers).build((2,), rng=np.random.default_rng(0))
    >>> layers[0].params["main.0.b"][0] = np.inf
    >>> loss = BatchLoss(nn.SoftmaxCrossEntropy())
    >>> where_it_began(layers, np.ones((1, 2)), np.array([0]), loss)
    'its parameters b are not finite in layer 0.main.0, Dense(units=2); try a smaller learning rate'
    """
    if not finite(x):
        return "the input holds NaN or ±∞; clean the data before training"
    try:
        y, caches = _forward(layers, x, "")
        value, cache = loss.compute(y, labels)
        if not math.isfinite(value):
            return (
                f"the activations are finite, but {loss!r} gives {value}; "
                f"its input goes up to {float(y.max()):g}"
            )
        _backward(layers, loss.gradient(cache), caches, "")
    except _Found as found:
        return str(found)
    return "a number was not finite, but not when computed again (dropout draws anew)"


def _forward(layers: Sequence[Layer], x: Array, prefix: str) -> tuple[Array, list[Any]]:
    """The output, and for each layer its cache, or those of its inner layers."""
    caches: list[Any] = []
    for i, layer in enumerate(layers):
        name = f"{prefix}{i}"
        inner = {path: _forward(c, x, f"{name}.{path}.") for path, c in layer.chains().items()}
        if inner:
            caches.append(inner)
            x = reduce(add, [end for end, _ in inner.values()])
        else:
            x, cache = layer.compute(x, train=True)
            caches.append(cache)
        if fault := _forward_fault(layer, x):
            raise _Found(f"{fault} in layer {name}, {layer!r}; try a smaller learning rate")
    return x, caches


def _backward(layers: Sequence[Layer], d: Any, caches: list[Any], prefix: str) -> Any:
    """∂L/∂x of a chain."""
    for i in reversed(range(len(layers))):
        layer, cache, name = layers[i], caches[i], f"{prefix}{i}"
        grads: dict[str, Array] = {}
        if inner := layer.chains():
            ends = [_backward(c, d, cache[p][1], f"{name}.{p}.") for p, c in inner.items()]
            d = reduce(add, ends)
        else:
            d, grads = layer.gradients(d, cache)
        if not (finite(d) and all(map(finite, grads.values()))):
            raise _Found(
                f"the gradients of layer {name}, {layer!r}, are not finite; "
                "try a smaller learning rate"
            )
    return d


def _forward_fault(layer: Layer, y: Array) -> str:
    """What is not finite after a layer's forward pass; "" if nothing is."""
    if not finite(y):
        broken = [name for name, w in layer.params.items() if not finite(w)]
        what = f"its parameters {', '.join(broken)}" if broken else "its activations"
        return f"{what} are not finite"
    if not all(map(finite, layer.state.values())):
        return "the variance of its input overflows"
    return ""
