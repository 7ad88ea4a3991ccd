"""Losses as objects: the options of a loss, and its cache between forward and backward.

The formulas are in `ops.loss`; here stands what a model needs beside them, such as metrics.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY
from functools import partial
from typing import Any, ClassVar, Literal, NoReturn

import numpy as np

from . import ops
from .backend import Array, array_module
from .checks import as_float, number, whole
from .ops.labels import (
    as_array,
    class_labels,
    class_weighting,
    number_targets,
    total_weight,
)
from .words import Described, options

Metric = Callable[[Array, Array], float]
Weights = Array | Sequence[float] | Mapping[int, float]
Takes = Literal["scores", "probabilities", "log-probabilities"]


# -- metrics ---------------------------------------------------------------------------------------


def accuracy(output: Array, labels: Array, *, ignore_index: int | None = None) -> float:
    """The share of rows whose largest score is at the label.

    The output is (N, K), scores or probabilities, and a row that holds NaN is never right; the
    labels are those of `SoftmaxCrossEntropy`, and refused as there.

    >>> import numpy as np
    >>> accuracy(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 1]))
    0.5
    """
    output = as_float(output, "output")
    xp = array_module(output)
    labels = xp.asarray(class_labels(labels, output.shape, ignore_index))
    labels = labels.argmax(axis=1) if labels.ndim == 2 else labels
    right = (output.argmax(axis=1) == labels) & ~xp.isnan(output.max(axis=1))
    counted = xp.ones(len(labels)) if ignore_index is None else labels != ignore_index
    return float((right & (counted > 0)).sum()) / total_weight(counted)


def binary_accuracy(output: Array, targets: Array) -> float:
    """The share of elements whose score has the sign of its target (1: positive, 0: negative).

    The output holds scores ("logits"), of which NaN is never right; the targets are those of
    `BinaryCrossEntropy`, and refused as there.

    >>> import numpy as np
    >>> binary_accuracy(np.array([2.0, -1.0]), np.array([1, 1]))
    0.5
    """
    output = as_float(output, "output")
    xp = array_module(output)
    t = xp.asarray(number_targets(targets, output.shape, shares=True))
    return float((((output > 0) == (t > 0.5)) & ~xp.isnan(output)).mean())


# -- losses ----------------------------------------------------------------------------------------


class Loss(Described):
    """L = loss(output, labels): a number, and where its gradient starts.

    A subclass defines `compute` and `gradient`, pure as the ops are, and the `metrics` that make
    sense beside it.

    Attributes
    ----------
    metrics : {name: function (output, labels) → float}.
    takes : what the output must be, if it must be something: "scores", "probabilities" or
        "log-probabilities".
    cache : what `backward` needs, after `forward`.

    Examples
    --------
    >>> import numpy as np
    >>> class Sum(Loss):
    ...     def compute(self, output, labels, weights=None):
    ...         return float((output * labels).sum()), labels
    ...     def gradient(self, cache):
    ...         return cache
    >>> Sum().forward(np.array([3.0, 4.0]), np.array([1.0, 10.0]))
    43.0
    """

    metrics: ClassVar[dict[str, Metric]] = {}
    takes: ClassVar[Takes | None] = None
    cache: Any = None

    def check(self, labels: Array, output_shape: tuple[int, ...]) -> None:
        """Looks at all labels before training, without an output; does nothing unless overridden.

        Parameters
        ----------
        labels : of all samples.
        output_shape : of the model's output, without the batch's axis.

        Raises
        ------
        ValueError : if `compute` would refuse the labels.

        Examples
        --------
        >>> SoftmaxCrossEntropy().check([0, 1, 2], (2,))
        Traceback (most recent call last):
            ...
        ValueError: label 2 of sample 2 is out of range: 2 classes are 0 to 1
        """

    def compute(
        self, output: Array, labels: Array, weights: Array | None = None
    ) -> tuple[float, Any]:
        """L, and what `gradient` needs; changes nothing in the loss.

        Parameters
        ----------
        output : (N, *output_shape) float, the last layer's.
        labels : what this loss takes.
        weights : (N,) float or None, how much each sample counts; a loss may leave it out.

        Returns
        -------
        loss : float, the mean over the samples.
        cache : whatever the loss likes, but not None.

        Raises
        ------
        ValueError : if the labels or the weights do not fit.

        Examples
        --------
        >>> import numpy as np
        >>> MeanSquaredError().compute(np.array([3.0]), np.array([1.0]))[0]
        4.0
        """
        raise NotImplementedError(f"{type(self).__name__} defines no compute")

    def gradient(self, cache: Any) -> Array:
        """∂L/∂output, of the output's shape; changes nothing in the loss.

        >>> import numpy as np
        >>> loss = MeanSquaredError()
        >>> _, cache = loss.compute(np.array([3.0]), np.array([1.0]))
        >>> loss.gradient(cache)
        array([4.])
        """
        raise NotImplementedError(f"{type(self).__name__} defines no gradient")

    def forward(self, output: Array, labels: Array, weights: Array | None = None) -> float:
        """L = loss(output, labels), see `compute`; keeps what `backward` needs.

        >>> import numpy as np
        >>> MeanSquaredError().forward(np.array([3.0]), np.array([1.0]))
        4.0
        """
        given = () if weights is None else (weights,)
        loss, self.cache = self.compute(output, labels, *given)
        return loss

    def __call__(self, *args: Any, **options: Any) -> NoReturn:
        raise TypeError(
            "a loss is not called: loss.forward(output, labels) gives it, and loss.backward() then "
            "∂L/∂output"
        )

    def backward(self) -> Array:
        """∂L/∂output of the last `forward`.

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


class _OverClasses(Loss):
    """What the losses over classes share: their weights, and the label that stands for none."""

    metrics: ClassVar[dict[str, Metric]] = {"accuracy": accuracy}
    class_weights: Weights | None
    ignore_index: int | None

    def __post_init__(self) -> None:
        if isinstance(self.class_weights, Mapping):
            self.weighting(1 + max((whole("a class", k, 0) for k in self.class_weights), default=0))
        elif self.class_weights is not None:
            w = as_float(self.class_weights, "class_weights")
            class_weighting(w, w.size)
        if self.ignore_index is not None:
            whole("ignore_index", self.ignore_index)
            vars(self)["metrics"] = {"accuracy": partial(accuracy, ignore_index=self.ignore_index)}

    def weighting(self, classes: int) -> Array | None:
        """The class weights as (K,), with 1 for a class that a dict leaves out.

        >>> SoftmaxCrossEntropy(class_weights={2: 5}).weighting(4)
        array([1., 1., 5., 1.])
        """
        if self.class_weights is None:
            return None
        if not isinstance(self.class_weights, Mapping):
            return as_float(self.class_weights, "class_weights")
        w = np.ones(classes)
        for k, weight in self.class_weights.items():
            if whole("a class", k, 0) >= classes:
                raise ValueError(
                    f"class_weights names class {k}, but {classes} classes are 0 to {classes - 1}"
                )
            w[k] = number(f"the weight of class {k}", weight, 0)
        return w

    def options(self, output: Array, weights: Array | None) -> dict[str, Any]:
        """The options of the op."""
        return {
            "class_weights": self.weighting(np.shape(output)[-1] if np.ndim(output) else 1),
            "sample_weights": weights,
            "ignore_index": self.ignore_index,
        }

    def check(self, labels: Array, output_shape: tuple[int, ...]) -> None:
        count = len(as_array(labels)) if as_array(labels).ndim else 1
        class_labels(labels, (count, *output_shape), self.ignore_index)
        weights = self.weighting(output_shape[0])
        if weights is not None:
            class_weighting(weights, output_shape[0])


@options
class CrossEntropy(_OverClasses):
    """L = −(1/N) Σₙ log p[n, labelsₙ], on the probabilities that a Softmax layer gives.

    Parameters
    ----------
    class_weights : (K,) numbers, {class: weight} with 1 for the others, or None.
    ignore_index : an integer label whose samples do not count.

    Notes
    -----
    The labels are (N,) integers in [0, K) or (N, K) one-hot. See `ops.cross_entropy_forward`.

    Book: Cross-entropy, "On probabilities".

    Examples
    --------
    >>> import numpy as np
    >>> round(CrossEntropy().forward(np.array([[0.5, 0.5]]), np.array([1])), 6)
    0.693147
    """

    takes: ClassVar[Takes | None] = "probabilities"
    _: KW_ONLY
    class_weights: Weights | None = None
    ignore_index: int | None = None

    def compute(
        self, output: Array, labels: Array, weights: Array | None = None
    ) -> tuple[float, Any]:
        return ops.cross_entropy_forward(output, labels, **self.options(output, weights))

    def gradient(self, cache: Any) -> Array:
        return ops.cross_entropy_backward(1.0, cache)


@options
class NegativeLogLikelihood(_OverClasses):
    """L = −(1/N) Σₙ log p[n, labelsₙ], on what a LogSoftmax layer gives.

    Its options are those of `CrossEntropy`. See `ops.negative_log_likelihood_forward`.

    Book: Cross-entropy, "On logarithms".

    >>> import numpy as np
    >>> log_p = np.log([[0.5, 0.5]])
    >>> round(NegativeLogLikelihood().forward(log_p, np.array([1])), 6)
    0.693147
    """

    takes: ClassVar[Takes | None] = "log-probabilities"
    _: KW_ONLY
    class_weights: Weights | None = None
    ignore_index: int | None = None

    def compute(
        self, output: Array, labels: Array, weights: Array | None = None
    ) -> tuple[float, Any]:
        return ops.negative_log_likelihood_forward(output, labels, **self.options(output, weights))

    def gradient(self, cache: Any) -> Array:
        return ops.negative_log_likelihood_backward(1.0, cache)


@options
class SoftmaxCrossEntropy(_OverClasses):
    """L = −(1/N) Σₙ log softmax(zₙ)[labelsₙ], fused: from scores, without a Softmax layer.

    Parameters
    ----------
    smoothing : in [0, 1], the share of the target that is spread evenly over the classes.
    class_weights : (K,) numbers, {class: weight} with 1 for the others, or None.
    ignore_index : an integer label whose samples do not count.

    Raises
    ------
    ValueError : if the smoothing is not in [0, 1], or a weight is negative.

    Notes
    -----
    The labels are (N,) integers in [0, K) or (N, K) one-hot. See
    `ops.softmax_cross_entropy_forward`.

    Book: Cross-entropy, "Fused with softmax".

    Examples
    --------
    >>> import numpy as np
    >>> round(SoftmaxCrossEntropy().forward(np.array([[7.0, 7.0]]), np.array([1])), 6)
    0.693147
    """

    takes: ClassVar[Takes | None] = "scores"
    _: KW_ONLY
    smoothing: float = 0.0
    class_weights: Weights | None = None
    ignore_index: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        number("smoothing", self.smoothing, 0, 1)

    def compute(
        self, output: Array, labels: Array, weights: Array | None = None
    ) -> tuple[float, Any]:
        options = self.options(output, weights)
        return ops.softmax_cross_entropy_forward(output, labels, self.smoothing, **options)

    def gradient(self, cache: Any) -> Array:
        return ops.softmax_cross_entropy_backward(1.0, cache)


@options
class BinaryCrossEntropy(Loss):
    """L = mean of −t log σ(z) − (1 − t) log(1 − σ(z)), from scores z, without a Sigmoid layer.

    The targets are numbers in [0, 1], of the output's shape. See
    `ops.binary_cross_entropy_forward`.

    Book: Cross-entropy, "Two classes, one score".

    >>> import numpy as np
    >>> round(BinaryCrossEntropy().forward(np.array([[0.0]]), np.array([[1]])), 6)
    0.693147
    """

    metrics: ClassVar[dict[str, Metric]] = {"accuracy": binary_accuracy}
    takes: ClassVar[Takes | None] = "scores"

    def check(self, labels: Array, output_shape: tuple[int, ...]) -> None:
        _check_numbers(labels, output_shape, shares=True)

    def compute(
        self, output: Array, labels: Array, weights: Array | None = None
    ) -> tuple[float, Any]:
        return ops.binary_cross_entropy_forward(output, labels, sample_weights=weights)

    def gradient(self, cache: Any) -> Array:
        return ops.binary_cross_entropy_backward(1.0, cache)


@options
class MeanSquaredError(Loss):
    """L = mean of (y − t)², over all elements. See `ops.mean_squared_error_forward`.

    Book: Cross-entropy, "Why not the squared error?".

    >>> import numpy as np
    >>> MeanSquaredError().forward(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    2.0
    """

    def check(self, labels: Array, output_shape: tuple[int, ...]) -> None:
        _check_numbers(labels, output_shape)

    def compute(
        self, output: Array, labels: Array, weights: Array | None = None
    ) -> tuple[float, Any]:
        return ops.mean_squared_error_forward(output, labels, sample_weights=weights)

    def gradient(self, cache: Any) -> Array:
        return ops.mean_squared_error_backward(1.0, cache)


def _check_numbers(targets: Array, output_shape: tuple[int, ...], shares: bool = False) -> None:
    """Targets that are numbers, of all samples."""
    t = as_float(targets, "targets")
    number_targets(t, (*t.shape[:1], *output_shape), shares=shares)
