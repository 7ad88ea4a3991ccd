"""A model as a table: its layers, their outputs' shapes, their parameters, their memory."""

import math
from collections.abc import Sequence

import numpy as np

from .layers import Layer
from .plan import plan


class Table(str):
    """Text that a notebook shows as it is.

    >>> Table("a  b")
    a  b
    """

    __slots__ = ()
    __repr__ = str.__str__


def summary(layers: Sequence[Layer], dtype: np.dtype) -> Table:
    """The table of built layers, whose parameters are of a dtype.

    >>> import course_nn as nn
    >>> layers = [nn.Dense(10)]
    >>> _ = nn.Sequential(layers).build((784,), rng=np.random.default_rng(0))
    >>> summary(layers, np.dtype(np.float32))
    layer            output shape  parameters  memory a sample
    ----------------------------------------------------------
    Dense(units=10)  (10,)              7,850             40 B
    ----------------------------------------------------------
    7,850 parameters in float32: 30.7 KiB; activations of one sample: 40 B
    """
    head = ("layer", "output shape", "parameters", "memory a sample")
    counts = [sum(a.size for a in layer.params.values()) for layer in layers]
    memory = [math.prod(layer.output_shape) * dtype.itemsize for layer in layers]
    rows = [
        (_shorten(repr(layer)), str(layer.output_shape), f"{count:,}", _bytes(held))
        for layer, count, held in zip(layers, counts, memory, strict=True)
    ]
    still = [node.layer for node in plan(layers) if node.layer and not node.trains]
    frozen = sum(a.size for layer in still for a in layer.params.values())
    foot = f"{sum(counts):,} parameters in {dtype}: {_bytes(sum(counts) * dtype.itemsize)}"
    foot += f", {frozen:,} of them frozen" if frozen else ""
    foot += f"; activations of one sample: {_bytes(sum(memory))}"
    return Table(f"{_columns([head, *rows])}\n{foot}")


def _bytes(count: float) -> str:
    """1536 → "1.5 KiB"."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def _shorten(text: str, width: int = 48) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _columns(rows: list[tuple[str, ...]]) -> str:
    """Rows as text, with a rule under the head and one at the end.

    The first two columns stand to the left, the numbers to the right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            f"{cell:{'<' if i < 2 else '>'}{w}}"
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    rule = "-" * len(lines[0])
    return "\n".join([lines[0].rstrip(), rule, *lines[1:], rule])
