"""The arithmetic of the benchmark: medians, ratios taken pair by pair, and the floor of a step."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from course_nn.layers import Residual

FLOAT = 4  # bytes


class Spread(NamedTuple):
    """A median between its quartiles."""

    low: float
    median: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Median and quartiles.

    >>> spread([4.0, 1.0, 2.0, 3.0, 5.0])
    Spread(low=2.0, median=3.0, high=4.0)
    """
    if len(values) < 2:
        return Spread(*(values[0],) * 3)
    return Spread(*statistics.quantiles(values, n=4, method="inclusive"))


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """The spread of ours / theirs, pair by pair: blocks of one round, soon one after the other.

    A machine that slows down for a while slows down both of a pair, so their ratio hardly moves.

    >>> ratio([1.0, 20.0, 3.0], [2.0, 40.0, 6.0]).median
    0.5
    """
    return spread([a / b for a, b in zip(ours, theirs, strict=True)])


def verdict(quotient: Sequence[float]) -> str:
    """What the quartiles of ours / theirs say of the other side.

    >>> verdict((0.7, 0.8, 0.9)), verdict((0.9, 0.99, 1.0)), verdict((1.01, 1.2, 1.3))
    ('beaten', 'even', 'not beaten')
    """
    low, _, high = quotient
    return "beaten" if high < 1 else "even" if low <= 1 else "not beaten"


def mean_ratio(quotients: Sequence[Spread]) -> Spread:
    """The geometric mean over networks: of the medians, and of the quartiles on either side.

    >>> mean_ratio([Spread(0.5, 1.0, 1.0), Spread(0.5, 1.0, 4.0)])
    Spread(low=0.5, median=1.0, high=2.0)
    """
    return Spread(*(geometric_mean(column) for column in zip(*quotients, strict=True)))


def geometric_mean(values: Iterable[float]) -> float:
    """(Π v)^(1/n): the mean of ratios, which is the same whichever side stands below the line.

    >>> round(geometric_mean([0.5, 2.0]), 12)
    1.0
    """
    return math.exp(statistics.fmean(map(math.log, values)))


# -- the floor -----------------------------------------------------------------------------------


class Work(NamedTuple):
    """What a training step cannot do without: operations of its matrix products, bytes moved."""

    operations: int
    bytes: int

    def seconds(self, sgemm: float, copy: float) -> float:
        """At `sgemm` operations and `copy` bytes (read and written together) a second.

        >>> Work(operations=200, bytes=30).seconds(sgemm=100.0, copy=10.0)
        5.0
        """
        return self.operations / sgemm + self.bytes / copy


def multiplications(layer: Any) -> int:
    """Products that one sample's output of a layer sums: the size of its matrix product.

    >>> import numpy as np; from course_nn.layers import Conv2D
    >>> layer = Conv2D(4, 3)
    >>> _ = layer.build((2, 5, 5), rng=np.random.default_rng(0))
    >>> multiplications(layer) == 4 * (3 * 3) * (2 * 3 * 3)
    True
    """
    W = layer.params.get("W")
    if W is None:
        return 0
    places = math.prod(layer.output_shape[1:]) if W.ndim == 4 else 1
    return places * math.prod(W.shape)


def leaves(layers: Sequence[Any]) -> list[Any]:
    """The layers, a block's inner ones before it: the block itself adds its two paths.

    >>> from course_nn.layers import Dense, ReLU, Residual
    >>> [type(layer).__name__ for layer in leaves([Residual([Dense(3), ReLU()]), Dense(2)])]
    ['Dense', 'ReLU', 'Residual', 'Dense']
    """
    found: list[Any] = []
    for layer in layers:
        if isinstance(layer, Residual):
            for path in layer.arguments().values():
                found += leaves(path)
        found.append(layer)
    return found


def step_work(layers: Sequence[Any], batch: int, states: int) -> Work:
    """The least work of one training step.

    Operations: two (a product and a sum) for every multiplication forward, for every weight's
    gradient and for every input's, which the first layer with weights does not need.
    Bytes: every activation is written and read once forward, its gradient once backward; the
    batch is read twice; a parameter is read forward and backward, its gradient written; and the
    optimiser reads both and `states` vectors of its own, and writes all but the gradient.

    Parameters
    ----------
    layers : built, of one model.
    batch : samples.
    states : vectors that the optimiser keeps.

    Returns
    -------
    work : of the whole step.

    Examples
    --------
    >>> import numpy as np; from course_nn.layers import Dense
    >>> layer = Dense(3)
    >>> _ = layer.build((2,), rng=np.random.default_rng(0))
    >>> step_work([layer], batch=10, states=1)
    Work(operations=240, bytes=928)
    """
    layers = leaves(layers)
    counts = [multiplications(layer) for layer in layers]
    first = next((i for i, count in enumerate(counts) if count), 0)
    passes = sum(count * (2 if i == first else 3) for i, count in enumerate(counts))
    sizes = [math.prod(layer.output_shape) for layer in layers if type(layer).__name__ != "Flatten"]
    activations = 4 * sum(sizes) + 2 * math.prod(layers[0].input_shape)
    single = (layer for layer in layers if not isinstance(layer, Residual))
    parameters = sum(a.size for layer in single for a in layer.params.values())
    moved = batch * activations + parameters * (3 + 3 + 2 * states)
    return Work(2 * batch * passes, FLOAT * moved)
