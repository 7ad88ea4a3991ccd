"""The networks of the course by name, each written once, for chapters, benchmarks and tests.

>>> import numpy as np
>>> model = build("lenet", rng=np.random.default_rng(0))
>>> model.input_shape, model.output_shape
((1, 32, 32), (10,))
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool2D,
    Layer,
    MaxPool2D,
    ReLU,
    Residual,
    Shape,
)
from .model import Sequential

DIGIT: Shape = (1, 28, 28)
PADDED: Shape = (1, 32, 32)
COLOUR: Shape = (3, 32, 32)


class Network(NamedTuple):
    """A network of the course: what it reads, what it is, and how to make its layers anew.

    >>> tiny = Network((4,), "4-2", lambda: [Dense(2)])
    >>> tiny.layers()
    [Dense(units=2)]
    """

    input_shape: Shape
    description: str
    layers: Callable[[], list[Layer]]


def _dense(*units: int) -> list[Layer]:
    """Dense layers with a ReLU between each two."""
    layers: list[Layer] = [Flatten()]
    for i, count in enumerate(units):
        layers += [ReLU()] * (i > 0) + [Dense(count)]
    return layers


def _normed(filters: int, kernel: int, **options: Any) -> list[Layer]:
    """A convolution, batch norm and a ReLU."""
    return [Conv2D(filters, kernel, **options), BatchNorm(), ReLU()]


def _softmax_regression() -> list[Layer]:
    return _dense(10)


def _pooled() -> list[Layer]:
    return [MaxPool2D(2), *_dense(80, 40, 20, 10)]


def _dense_net() -> list[Layer]:
    return _dense(80, 40, 20, 10)


def _conv_net() -> list[Layer]:
    return [Conv2D(16, 3), ReLU(), MaxPool2D(2), Conv2D(32, 3), ReLU(), MaxPool2D(2), *_dense(10)]


def _six_conv() -> list[Layer]:
    layers: list[Layer] = []
    for filters in (8, 16, 32):
        for _ in range(2):
            layers += [Conv2D(filters, 3, padding="same"), ReLU()]
        layers.append(MaxPool2D(2))
    return [*layers, *_dense(10)]


def _lenet() -> list[Layer]:
    features = [
        *(*_normed(6, 5), MaxPool2D(2)),
        *(*_normed(16, 5), MaxPool2D(2)),
        *_normed(120, 5),
    ]
    return [*features, Flatten(), Dense(84), ReLU(), Dropout(0.1), Dense(10)]


def _mlp() -> list[Layer]:
    return _dense(256, 128, 10)


def _fast() -> list[Layer]:
    features = [Conv2D(24, 5), MaxPool2D(2), ReLU(), Conv2D(32, 3), MaxPool2D(2), ReLU()]
    return [*features, *_dense(256, 10)]


def _wide() -> list[Layer]:
    return [Conv2D(32, 3), ReLU(), Conv2D(64, 3), ReLU(), MaxPool2D(2), *_dense(128, 10)]


def _deep() -> list[Layer]:
    features = [
        *(Conv2D(24, 5), MaxPool2D(2), BatchNorm(), ReLU()),  # pooled first: a quarter to normalise
        *_normed(48, 3, padding=1),
        *(Conv2D(64, 3), MaxPool2D(2), BatchNorm(), ReLU()),
        *_normed(96, 3),
    ]
    return [*features, Flatten(), Dropout(0.2), Dense(256), BatchNorm(), ReLU(), Dense(10)]


def _vgg() -> list[Layer]:
    layers: list[Layer] = []
    for filters in (64, 128):
        for _ in range(2):
            layers += [Conv2D(filters, 3, padding="same"), ReLU()]
        layers.append(MaxPool2D(2))
    return [*layers, *_dense(256, 10)]


def _block(filters: int) -> list[Layer]:
    """A residual block: x plus two normed convolutions of x, then a ReLU."""
    second = [Conv2D(filters, 3, padding=1), BatchNorm()]
    return [Residual([*_normed(filters, 3, padding=1), *second]), ReLU()]


def _resnet() -> list[Layer]:
    wide = [*_normed(16, 3, padding=1), *_block(16), *_block(16)]
    deep = [*_normed(32, 3, stride=2, padding=1), *_block(32), *_block(32)]
    return [*wide, *deep, GlobalAvgPool2D(), Dense(10)]


NETWORKS: dict[str, Network] = {
    "softmax_regression": Network(DIGIT, "784-10", _softmax_regression),
    "pooled": Network(DIGIT, "pooled, then 196-80-40-20-10", _pooled),
    "dense": Network(DIGIT, "784-80-40-20-10", _dense_net),
    "conv": Network(DIGIT, "16 and 32 filters of 3×3, pooled after each", _conv_net),
    "six_conv": Network(DIGIT, "six convolutions of 3×3, pooled after each two", _six_conv),
    "lenet": Network(PADDED, "LeNet: 6, 16, 120 filters of 5×5, batch norm", _lenet),
    "mlp": Network(DIGIT, "784-256-128-10", _mlp),
    "fast": Network(DIGIT, "24 filters of 5×5, 32 of 3×3, dense 256", _fast),
    "wide": Network(DIGIT, "32 and 64 filters of 3×3, dense 128", _wide),
    "deep": Network(DIGIT, "four convolutions and a dense 256 with batch norm", _deep),
    "vgg": Network(COLOUR, "64, 64, 128, 128 filters of 3×3 in colour, dense 256", _vgg),
    "resnet": Network(COLOUR, "four residual blocks of 16 and 32 filters in colour", _resnet),
}


def network(name: str) -> Network:
    """The network of that name.

    Parameters
    ----------
    name : a key of `NETWORKS`.

    Returns
    -------
    network : its input's shape, its description and its layers.

    Raises
    ------
    KeyError : if there is none; the message lists all names.

    Examples
    --------
    >>> network("mlp").description
    '784-256-128-10'
    """
    if name not in NETWORKS:
        raise KeyError(f"there is no network {name!r}; the networks are: {', '.join(NETWORKS)}")
    return NETWORKS[name]


def build(name: str, *, rng: np.random.Generator, **options: Any) -> Sequential:
    """A new model of that name, built for its input.

    Parameters
    ----------
    name : a key of `NETWORKS`.
    rng : draws the weights.
    **options : `dtype`, `device`, as in `Sequential.build`.

    Returns
    -------
    model : built; `model.input_shape` is (1, 28, 28), LeNet's (1, 32, 32), in colour (3, 32, 32).

    Raises
    ------
    KeyError : as `network`.

    Examples
    --------
    >>> build("softmax_regression", rng=np.random.default_rng(0)).params.flat.size
    7850
    """
    chosen = network(name)
    model = Sequential(chosen.layers())
    model.build(chosen.input_shape, rng=rng, **options)
    return model
