"""Writes the benchmark's networks for the other sides: a description, our weights, the batches.

{network}.json and {network}.npz, which need neither course_nn nor any framework to be read: a side
shall know its own library and no other.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from course_nn import zoo
from course_nn.layers import Layer

from .settings import BATCHES, SETTINGS


def batches_of(network: str) -> tuple[np.ndarray, np.ndarray]:
    """Batches for a network, (BATCHES, N, C, H, W) of uniform noise, and labels (BATCHES, N)."""
    rng, count = np.random.default_rng(1), SETTINGS[network].batch
    shape = (BATCHES, count, *zoo.network(network).input_shape)
    return rng.random(shape, dtype=np.float32), rng.integers(0, 10, (BATCHES, count))


def described(layers: Sequence[Layer], prefix: str = "") -> list[dict[str, Any]]:
    """Every layer's kind, its key among the weights, its options, its input's shape.

    >>> from course_nn.layers import Dense
    >>> layer = Dense(3)
    >>> _ = layer.build((2,), rng=np.random.default_rng(0))
    >>> described([layer])
    [{'kind': 'Dense', 'key': '0', 'options': {'bias': True, 'units': 3}, 'input': [2]}]
    """
    return [_described(layer, f"{prefix}{i}") for i, layer in enumerate(layers)]


def defaults(kind: type[Layer]) -> dict[str, Any]:
    """The options that a layer has unless told, those that JSON can hold.

    >>> from course_nn.layers import BatchNorm
    >>> defaults(BatchNorm)
    {'momentum': 0.1, 'eps': 1e-05}
    """
    given = inspect.signature(kind).parameters.values()
    plain = (p for p in given if isinstance(p.default, bool | int | float | str | tuple))
    return {parameter.name: parameter.default for parameter in plain}


def _described(layer: Layer, key: str) -> dict[str, Any]:
    options = defaults(type(layer)) | layer.arguments()
    for path, value in options.items():
        if isinstance(value, list) and all(isinstance(inner, Layer) for inner in value):
            options[path] = described(value, f"{key}.{path}.")
    shape = list(layer.input_shape)
    return {"kind": type(layer).__name__, "key": key, "options": options, "input": shape}


def write(folder: str, networks: Iterable[str]) -> None:
    """Writes both files of every network."""
    for name in networks:
        model = zoo.build(name, rng=np.random.default_rng(0))
        text = json.dumps(described(model.layers))
        (Path(folder) / f"{name}.json").write_text(text, encoding="utf-8")
        x, labels = batches_of(name)
        np.savez(Path(folder) / f"{name}.npz", x=x, labels=labels, **model.params)
