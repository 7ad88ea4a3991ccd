"""Losses as objects: the options of a loss, and its cache between forward and backward.

The formulas are in `ops.loss`; here stands what a model needs beside them, such as metrics.
"""

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
    share : float in [0, 1], a mean over the N rows.

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

    Parameters
    ----------
    output : float, any shape, logits.
    targets : numbers in [0, 1], shape of output.

    Returns
    -------
    share : float in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> binary_accuracy(np.array([2.0, -1.0]), np.array([1, 1]))
    0.5
    """
    return float(((output > 0) == (targets > 0.5)).mean())


class Loss:
    """L = loss(output, labels): a number, and where its gradient starts.

    A subclass defines `compute` and `gradient`, pure as the ops are, and the `metrics` that make
    sense beside it.

    Attributes
    ----------
    metrics : {name: function (output, labels) → float}.
    cache : what `backward` needs, after `forward`.

    Examples
    --------
    >>> import numpy as np
    >>> class Sum(Loss):
    ...     def compute(self, output, labels):
    ...         return float((output * labels).sum()), labels
    ...     def gradient(self, cache):
    ...         return cache
    >>> Sum().forward(np.array([3.0, 4.0]), np.array([1.0, 10.0]))
    43.0
    """

    metrics: ClassVar[dict[str, Metric]] = {}

    def __init__(self) -> None:
        self.cache: Any = None

    def compute(self, output: Array, labels: Array) -> tuple[float, Any]:
        """L, and what `gradient` needs; changes nothing in the loss.

        Parameters
        ----------
        output : (N, *output_shape) float, the last layer's.
        labels : what this loss takes.

        Returns
        -------
        loss : float, the mean over the samples.
        cache : whatever the loss likes, but not None.

        Raises
        ------
        ValueError : if the labels do not fit.

        Examples
        --------
        >>> import numpy as np
        >>> MeanSquaredError().compute(np.array([3.0]), np.array([1.0]))[0]
        4.0
        """
        raise NotImplementedError(f"{type(self).__name__} defines no compute")

    def gradient(self, cache: Any) -> Array:
        """∂L/∂output; changes nothing in the loss.

        Parameters
        ----------
        cache : from `compute`.

        Returns
        -------
        d : (N, *output_shape) float.

        Examples
        --------
        >>> import numpy as np
        >>> loss = MeanSquaredError()
        >>> _, cache = loss.compute(np.array([3.0]), np.array([1.0]))
        >>> loss.gradient(cache)
        array([4.])
        """
        raise NotImplementedError(f"{type(self).__name__} defines no gradient")

    def forward(self, output: Array, labels: Array) -> float:
        """L = loss(output, labels); keeps what `backward` needs.

        Parameters
        ----------
        output : (N, *output_shape) float, the last layer's.
        labels : what this loss takes.

        Returns
        -------
        loss : float, the mean over the samples.

        Raises
        ------
        ValueError : if the labels do not fit.

        Examples
        --------
        >>> import numpy as np
        >>> MeanSquaredError().forward(np.array([3.0]), np.array([1.0]))
        4.0
        """
        loss, self.cache = self.compute(output, labels)
        return loss

    def backward(self) -> Array:
        """∂L/∂output of the last `forward`.

        Returns
        -------
        d : (N, *output_shape) float.

        Raises
        ------
        RuntimeError : without a `forward` before it.

        Examples
        --------
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

    The output is p, (N, K) float; the labels are (N,) integers in [0, K) or (N, K) one-hot; other
    labels raise ValueError. The loss is in nats. See `ops.cross_entropy_forward`.

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
    """L = −(1/N) Σₙ log softmax(zₙ)[labelsₙ], fused: from scores, without a Softmax layer.

    The output is z, (N, K) float, any size; the labels are (N,) integers in [0, K) or (N, K)
    one-hot; other labels raise ValueError. The loss is in nats. See
    `ops.softmax_cross_entropy_forward` for the formula with smoothing and weights.

    Parameters
    ----------
    smoothing : in [0, 1], the share of the target that is spread evenly over the classes.
    class_weights : (K,) float or None, how much a sample of each class counts.

    Raises
    ------
    ValueError : if the smoothing is not in [0, 1].

    Examples
    --------
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
    """L = mean of −t log σ(z) − (1 − t) log(1 − σ(z)), from logits z.

    z is float, any shape and size; the targets t are numbers in [0, 1], in the shape of z; others
    raise ValueError. The loss is in nats. See `ops.binary_cross_entropy_forward`.

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
    """L = mean of (y − t)², over all elements.

    y is float, any shape; the targets t are numbers in the shape of y; others raise ValueError. The
    loss is in the square of y's unit. Book: The dense layer, "A line through points".

    >>> import numpy as np
    >>> MeanSquaredError().forward(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    2.0
    """

    def compute(self, output: Array, labels: Array) -> tuple[float, Any]:
        return ops.mean_squared_error_forward(output, array_module(output).asarray(labels))

    def gradient(self, cache: Any) -> Array:
        return ops.mean_squared_error_backward(1.0, cache)
