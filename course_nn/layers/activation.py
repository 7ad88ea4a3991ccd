"""Activations and softmax: layers without parameters around one function."""

from dataclasses import KW_ONLY
from typing import Any, ClassVar, Literal

from .. import ops
from ..checks import number
from ..words import options
from .base import Elementwise, Kind


@options
class ReLU(Elementwise):
    """y = max(x, 0). See `ops.relu_forward`.

    >>> import numpy as np
    >>> ReLU().forward(np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """

    forward_op, backward_op = ops.relu_forward, ops.relu_backward


@options
class LeakyReLU(Elementwise):
    """y = x where x > 0, else slope · x. See `ops.leaky_relu_forward`.

    Parameters
    ----------
    slope : the derivative on the negative side, no unit.

    Examples
    --------
    >>> import numpy as np
    >>> LeakyReLU(0.1).forward(np.array([[-1.0, 2.0]]))
    array([[-0.1,  2. ]])
    """

    forward_op, backward_op = ops.leaky_relu_forward, ops.leaky_relu_backward
    slope: float = 0.01

    def __post_init__(self) -> None:
        number("slope", self.slope, -float("inf"))

    def extras(self) -> dict[str, Any]:
        return {"slope": self.slope}


@options
class Sigmoid(Elementwise):
    """y = σ(x) = 1 / (1 + e⁻ˣ). See `ops.sigmoid_forward`.

    For training against 0 and 1 leave it out and use `BinaryCrossEntropy`, which takes scores.

    >>> import numpy as np
    >>> Sigmoid().forward(np.array([[0.0]]))
    array([[0.5]])
    """

    forward_op, backward_op = ops.sigmoid_forward, ops.sigmoid_backward
    gives: ClassVar[Kind] = "probabilities"


@options
class Tanh(Elementwise):
    """y = tanh x. See `ops.tanh_forward`.

    >>> import numpy as np
    >>> Tanh().forward(np.array([[0.0]]))
    array([[0.]])
    """

    forward_op, backward_op = ops.tanh_forward, ops.tanh_backward


@options
class GELU(Elementwise):
    """y = x Φ(x), Φ the normal distribution. See `ops.gelu_forward`.

    Parameters
    ----------
    approximate : "none", or "tanh" for the form that needs no error function.

    Examples
    --------
    >>> import numpy as np
    >>> GELU().forward(np.array([[0.0]]))
    array([[0.]])
    """

    forward_op, backward_op = ops.gelu_forward, ops.gelu_backward
    _: KW_ONLY
    approximate: Literal["none", "tanh"] = "none"

    def __post_init__(self) -> None:
        if self.approximate not in ("none", "tanh"):
            raise ValueError(f'approximate is "none" or "tanh", got {self.approximate!r}')

    def extras(self) -> dict[str, Any]:
        return {"approximate": self.approximate}


@options
class SiLU(Elementwise):
    """y = x σ(x), also called swish. See `ops.silu_forward`.

    >>> import numpy as np
    >>> SiLU().forward(np.array([[0.0]]))
    array([[0.]])
    """

    forward_op, backward_op = ops.silu_forward, ops.silu_backward


@options
class Softmax(Elementwise):
    """pₖ = exp(xₖ) / Σⱼ exp(xⱼ), over the last axis. See `ops.softmax_forward`.

    For training, leave it out and use `SoftmaxCrossEntropy`, which is exact at any score.

    >>> import numpy as np
    >>> Softmax().forward(np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]])
    """

    forward_op, backward_op = ops.softmax_forward, ops.softmax_backward
    gives: ClassVar[Kind] = "probabilities"


@options
class LogSoftmax(Elementwise):
    """log pₖ = xₖ − log Σⱼ exp(xⱼ), over the last axis. See `ops.log_softmax_forward`.

    The loss that takes it is the negative log-likelihood.

    >>> import numpy as np
    >>> LogSoftmax().forward(np.array([[0.0, 0.0]])).round(4)
    array([[-0.6931, -0.6931]])
    """

    forward_op, backward_op = ops.log_softmax_forward, ops.log_softmax_backward
    gives: ClassVar[Kind] = "log-probabilities"
