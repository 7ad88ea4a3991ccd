"""Losses as objects: the options of a loss, and its cache between forward and backward."""

from collections.abc import Callable
from typing import Any, ClassVar

from . import ops
from .backend import Array, array_module

Metric = Callable[[Array, Array], float]


def accuracy(output: Array, labels: Array) -> float:
    """The share of rows whose largest score is at the label.

    Parameters
    ----------
    output : (N, K) float, scores or probabilities.
    labels : (N,) integers, or (N, K) one-hot.

    Returns
    -------
    share : float in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> accuracy(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 1]))
    0.5
    """
    labels = labels.argmax(axis=1) if labels.ndim == 2 else labels
    return float((output.argmax(axis=1) == labels).mean())


def binary_accuracy(output: Array, targets: Array) -> float:
    """The share of elements whose logit has the sign of its target (1: positive, 0: negative).

    >>> import numpy as np
    >>> binary_accuracy(np.array([2.0, -1.0]), np.array([1, 1]))
    0.5
    """
    return float(((output > 0) == (targets > 0.5)).mean())


class Loss:
    """L = loss(output, labels): a number, and where its gradient starts.

    A subclass defines `compute` and `gradient`, pure as the ops are, and the `metrics` that make
    sense beside it.
    """

    metrics: ClassVar[dict[str, Metric]] = {}

    def __init__(self) -> None:
        self.cache: Any = None

    def compute(self, output: Array, labels: Array) -> tuple[float, Any]:
        """The loss and the cache of its backward pass."""
        raise NotImplementedError(f"{type(self).__name__} defines no compute")

    def gradient(self, cache: Any) -> Array:
        """∂L/∂output."""
        raise NotImplementedError(f"{type(self).__name__} defines no gradient")

    def forward(self, output: Array, labels: Array) -> float:
        """L, a float; keeps what `backward` needs.

        >>> import numpy as np
        >>> MeanSquaredError().forward(np.array([3.0]), np.array([1.0]))
        4.0
        """
        loss, self.cache = self.compute(output, labels)
        return loss

    def backward(self) -> Array:
        """∂L/∂output of the last `forward`.

        >>> import numpy as np
        >>> loss = MeanSquaredError()
        >>> _ = loss.forward(np.array([3.0]), np.array([1.0]))
        >>> loss.backward()
        array([4.])
        """
        if self.cache is None:
            raise RuntimeError(
                f"{type(self).__name__}.backward needs a forward before it: nothing is cached yet"
            )
        return self.gradient(self.cache)


class CrossEntropy(Loss):
    """L = −(1/N) Σₙ log p[n, labelsₙ], on the probabilities that a Softmax layer gives.

    Labels: (N,) integers or (N, K) one-hot. Book: Softmax and cross-entropy.

    >>> import numpy as np
    >>> round(CrossEntropy().forward(np.array([[0.5, 0.5]]), np.array([1])), 6)
    0.693147
    """

    metrics: ClassVar[dict[str, Metric]] = {"accuracy": accuracy}

    def compute(self, output: Array, labels: Array) -> tuple[float, Any]:
        return ops.cross_entropy_forward(output, labels)

    def gradient(self, cache: Any) -> Array:
        return ops.cross_entropy_backward(1.0, cache)


class SoftmaxCrossEntropy(Loss):
    """L = −(1/N) Σₙ log softmax(zₙ)[labelsₙ], fused: from scores, without a Softmax layer, stable
    at any score.

    Labels: (N,) integers or (N, K) one-hot. `smoothing` spreads that share of the target evenly
    over the classes; `class_weights` (K,) says how much a sample of each class counts. Book:
    Softmax and cross-entropy.

    >>> import numpy as np
    >>> round(SoftmaxCrossEntropy().forward(np.array([[7.0, 7.0]]), np.array([1])), 6)
    0.693147
    """

    metrics: ClassVar[dict[str, Metric]] = {"accuracy": accuracy}

    def __init__(self, smoothing: float = 0.0, class_weights: Array | None = None) -> None:
        super().__init__()
        if not 0 <= smoothing <= 1:
            raise ValueError(f"smoothing must be in [0, 1], got {smoothing}")
        self.smoothing, self.class_weights = smoothing, class_weights

    def compute(self, output: Array, labels: Array) -> tuple[float, Any]:
        return ops.softmax_cross_entropy_forward(output, labels, self.smoothing, self.class_weights)

    def gradient(self, cache: Any) -> Array:
        return ops.softmax_cross_entropy_backward(1.0, cache)


class BinaryCrossEntropy(Loss):
    """L = mean of −t log σ(z) − (1 − t) log(1 − σ(z)), from logits z; targets t in [0, 1], shape of
    z.

    >>> import numpy as np
    >>> round(BinaryCrossEntropy().forward(np.array([[0.0]]), np.array([[1]])), 6)
    0.693147
    """

    metrics: ClassVar[dict[str, Metric]] = {"accuracy": binary_accuracy}

    def compute(self, output: Array, labels: Array) -> tuple[float, Any]:
        return ops.binary_cross_entropy_forward(output, labels)

    def gradient(self, cache: Any) -> Array:
        return ops.binary_cross_entropy_backward(1.0, cache)


class MeanSquaredError(Loss):
    """L = mean of (y − t)², targets t in the shape of y.

    >>> import numpy as np
    >>> MeanSquaredError().forward(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    2.0
    """

    def compute(self, output: Array, labels: Array) -> tuple[float, Any]:
        return ops.mean_squared_error_forward(output, array_module(output).asarray(labels))

    def gradient(self, cache: Any) -> Array:
        return ops.mean_squared_error_backward(1.0, cache)
