"""How a batch goes through a model in training: forward, loss, backward, with every parameter's gradient left in `model.grads`."""

import math
from typing import TYPE_CHECKING

from .backend import Array
from .losses import Loss

if TYPE_CHECKING:
    from .model import Sequential


def forward_backward(model: "Sequential", x: Array, labels: Array, loss: Loss) -> tuple[float, Array]:
    """∂L/∂parameter for every parameter, in `model.grads`; the first layer's dx is not computed, since nothing needs it.

    Parameters
    ----------
    model : built.
    x : (N, *input_shape), admitted.
    labels : what the loss takes.
    loss : for instance `SoftmaxCrossEntropy()`.

    Returns
    -------
    value : the loss, a float; if it is not finite, gradients and running statistics are left as they were.
    output : the last layer's, (N, *output_shape).
    """
    y, caches = x, []
    for layer in model.layers:
        y, cache = layer.compute(y, train=True)
        caches.append(cache)
    value, cache = loss.compute(y, labels)
    if not math.isfinite(value):
        return value, y
    for layer, seen in zip(model.layers, caches, strict=True):
        layer.observe(seen)
    d = loss.gradient(cache)
    first = next((i for i, layer in enumerate(model.layers) if layer.params), len(model.layers))
    for i in reversed(range(first, len(model.layers))):
        d, grads = model.layers[i].gradients(d, caches[i], need_dx=i > first)
        for name, g in grads.items():
            model.grads[f"{i}.{name}"][...] = g
    return value, y
