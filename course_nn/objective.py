"""A loss at work: whether it fits what the model gives, and what it answers for one batch.

A loss may be one's own, so its answers are looked at, in a few comparisons a step.
"""

import inspect
from collections.abc import Sequence
from numbers import Real
from typing import Any

from .backend import Array
from .layers import Layer
from .losses import Loss


def check_match(layers: Sequence[Layer], loss: Loss) -> None:
    """Raises ValueError if the last layer gives something else than the loss takes.

    >>> import course_nn as nn
    >>> check_match([nn.Dense(2)], nn.SoftmaxCrossEntropy())
    """
    takes = loss.takes
    known = [(i, layer) for i, layer in enumerate(layers) if layer.gives != "same"]
    if takes is None or not known:
        return
    i, layer = known[-1]
    gives: str | None = layer.gives
    if gives is None and layer.params and type(layer).__module__.startswith("course_nn."):
        gives = "scores"
    if gives in (None, takes):
        return
    place = "after it" if gives == "scores" else "in its place"
    advice = {
        "scores": f"leave the layer out, {type(loss).__name__} does its work by itself",
        "probabilities": f"put a Softmax() {place}, or take SoftmaxCrossEntropy()",
        "log-probabilities": f"put a LogSoftmax() {place}, or take SoftmaxCrossEntropy()",
    }
    raise ValueError(
        f"layer {i}, {layer!r}, gives {gives}, but {type(loss).__name__} takes {takes}: "
        f"{advice[takes]}"
    )


class BatchLoss:
    """A loss with the weights of one batch, whose answers are looked at: it may be one's own.

    Parameters
    ----------
    loss : any.
    weights : (N,) float, how much each sample counts, or None.

    Examples
    --------
    >>> import numpy as np
    >>> import course_nn as nn
    >>> class Wrong(nn.MeanSquaredError):
    ...     def gradient(self, cache):
    ...         return cache.sum(axis=0)
    >>> loss = BatchLoss(Wrong())
    >>> _, cache = loss.compute(np.ones((2, 3)), np.zeros((2, 3)))
    >>> loss.gradient(cache)
    Traceback (most recent call last):
        ...
    ValueError: Wrong.gradient gave an array of shape (3,) and float64: it must be ∂L/∂output, \
floats in the output's shape (2, 3)
    """

    def __init__(self, loss: Loss, weights: Array | None = None) -> None:
        self.loss, self.weights = loss, weights
        if weights is not None and "weights" not in inspect.signature(loss.compute).parameters:
            raise TypeError(
                f"{self}.compute takes no weights: define compute(self, output, labels, "
                "weights=None), or leave sample_weights out"
            )

    def __repr__(self) -> str:
        return type(self.loss).__name__

    def compute(self, output: Array, labels: Array) -> tuple[float, Any]:
        """The loss as a float, and its cache."""
        self.output = output
        extra = {} if self.weights is None else {"weights": self.weights}
        answer = self.loss.compute(output, labels, **extra)
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise TypeError(f"{self}.compute must return the pair (loss, cache), got {answer!r}")
        value, cache = answer
        shape = getattr(value, "shape", ())
        if shape or not (isinstance(value, Real) or hasattr(value, "dtype")):
            what = f"an array of shape {shape}" if shape else repr(value)
            raise TypeError(f"{self}.compute gave {what}: a loss is one number, such as a mean")
        return float(value), cache

    def gradient(self, cache: Any) -> Array:
        """∂L/∂output, in the output's dtype."""
        d, output = self.loss.gradient(cache), self.output
        if not isinstance(d, type(output)) or d.shape != output.shape or d.dtype.kind not in "fiu":
            shape = getattr(d, "shape", None)
            what = repr(d) if shape is None else f"an array of shape {shape} and {d.dtype}"
            raise ValueError(
                f"{self}.gradient gave {what}: it must be ∂L/∂output, floats in the output's "
                f"shape {output.shape}"
            )
        return d.astype(output.dtype, copy=False)
