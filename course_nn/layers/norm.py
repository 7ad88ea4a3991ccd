"""Normalisation: batch norm, whose statistics are of a batch, and layer norm, of each sample."""

from collections.abc import Sequence
from dataclasses import KW_ONLY
from typing import Any

import numpy as np

from .. import ops
from ..backend import Array
from ..checks import number
from ..ops import Moments
from ..words import options
from .base import BatchLayer, Layer, Shape


@options
class BatchNorm(BatchLayer):
    """y = γ (x − μ) / √(σ² + ε) + β, per channel, with params gamma and beta (C,).

    On features (D,) every one is a channel, and the parameters are (D,). In training μ and σ²
    (biased) are the batch's. After each training batch the running statistics move by

        running_mean ← (1 − momentum) · running_mean + momentum · μ
        running_var  ← (1 − momentum) · running_var  + momentum · σ² · m / (m − 1)

    where m is the count of numbers in a channel: the running variance is unbiased, as PyTorch has
    it. In prediction, and where `trainable` is False, the running statistics take the place of μ
    and σ². (Keras calls 1 − momentum "momentum", and keeps the biased variance.) See
    `ops.batch_norm_forward`. Book: Batch normalisation, "Running statistics", eq-norm-running,
    eq-norm-eval.

    Parameters
    ----------
    momentum : in [0, 1], how far a batch moves the running statistics.
    eps : ε, in the square of x's unit.

    Raises
    ------
    ValueError : if the momentum is not in [0, 1], or ε is negative; in training, for a batch that
        has one number a channel.
    ShapeError : at `build`, for an input that is neither (D,) nor (C, H, W).

    Examples
    --------
    >>> layer = BatchNorm()
    >>> layer.build((6, 14, 14), rng=np.random.default_rng(0))
    (6, 14, 14)
    >>> sorted(layer.params), sorted(layer.state)
    (['beta', 'gamma'], ['running_mean', 'running_var'])
    """

    _: KW_ONLY
    momentum: float = 0.1
    eps: float = 1e-5

    def __post_init__(self) -> None:
        number("momentum", self.momentum, 0, 1)
        number("eps", self.eps, 0)

    def infer(self, input_shape: Shape) -> Shape:
        fix = "normalise before or after reshaping"
        self.expect(input_shape, len(input_shape) in (1, 3), "(D,) or (C, H, W)", fix)
        return input_shape

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"gamma": np.ones(self.input_shape[0]), "beta": np.zeros(self.input_shape[0])}

    def initial_state(self) -> dict[str, np.ndarray]:
        return {
            "running_mean": np.zeros(self.input_shape[0]),
            "running_var": np.ones(self.input_shape[0]),
        }

    def summarise(self, x: Array) -> Moments:
        return ops.moments(x)

    def merge(self, summaries: Sequence[Moments]) -> Moments:
        merged = ops.merge_moments(summaries)
        if merged.count < 2:
            raise ValueError(
                f"{self!r} got a batch of one sample, whose spread is nothing to normalise by: "
                "train on batches of two samples or more"
            )
        return merged

    def remembered(self) -> Moments:
        return Moments(self.state["running_mean"], self.state["running_var"], np.inf)

    def apply(self, x: Array, statistics: Moments) -> tuple[Array, Any]:
        gamma, beta = self.params["gamma"], self.params["beta"]
        return ops.batch_norm_forward(x, gamma, beta, self.eps, moments=statistics)

    def summarise_back(self, dy: Array, cache: Any) -> dict[str, Array]:
        dgamma, dbeta = ops.batch_norm_sums(dy, cache)
        return {"gamma": dgamma, "beta": dbeta}

    def apply_back(self, dy: Array, cache: Any, grads: dict[str, Array]) -> Array:
        return ops.batch_norm_backward(dy, cache, sums=(grads["gamma"], grads["beta"]))[0]

    def remember(self, statistics: Moments) -> None:
        mean, var, count = statistics
        for name, value in (("running_mean", mean), ("running_var", var * (count / (count - 1)))):
            self.state[name] *= 1 - self.momentum
            self.state[name] += self.momentum * value


@options
class LayerNorm(Layer):
    """y = γ (x − μ) / √(σ² + ε) + β, with the mean and variance of each sample.

    Its params gamma and beta have a sample's shape. See `ops.layer_norm_forward`. Book: Batch
    normalisation, "Layer normalisation", eq-norm-layer.

    Parameters
    ----------
    eps : ε, in the square of x's unit.

    Raises
    ------
    ValueError : if ε is negative.

    Examples
    --------
    >>> layer = LayerNorm()
    >>> layer.build((64,), rng=np.random.default_rng(0)), layer.params["gamma"].shape
    ((64,), (64,))
    """

    _: KW_ONLY
    eps: float = 1e-5

    def __post_init__(self) -> None:
        number("eps", self.eps, 0)

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"gamma": np.ones(self.input_shape), "beta": np.zeros(self.input_shape)}

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        return ops.layer_norm_forward(x, self.params["gamma"], self.params["beta"], self.eps)

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        dx, dgamma, dbeta = ops.layer_norm_backward(dy, cache)
        return dx, {"gamma": dgamma, "beta": dbeta}
