"""Models' files where safetensors is not: its format, a head of JSON and the arrays behind it.

A page of the book has no wheel of safetensors. What `course_nn.archive` asks of that library is
here, for the types of number that a model has.
"""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

DTYPES = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
}  # as aligned
NAMES = {dtype: name for name, dtype in DTYPES.items()}
TOLD = "__metadata__"
LENGTH = 8  # bytes of the head's own length


class SafetensorError(Exception):
    """A file that is not one of these."""


def save(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a file."""
    order = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))
    head: dict[str, Any] = {TOLD: dict(metadata)} if metadata else {}
    end = 0
    for name in order:
        array, start = arrays[name], end
        end += array.nbytes
        kind, shape = NAMES[array.dtype], list(array.shape)
        head[name] = {"dtype": kind, "shape": shape, "data_offsets": [start, end]}
    told = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    told += b" " * (-len(told) % LENGTH)
    return b"".join(
        (len(told).to_bytes(LENGTH, "little"), told, *(arrays[name].tobytes() for name in order))
    )


class safe_open:  # as the library names it
    """An open file."""

    def __init__(self, path: str | os.PathLike, framework: str = "numpy") -> None:
        whole = Path(path).read_bytes()
        self.body = LENGTH + int.from_bytes(whole[:LENGTH], "little")
        if self.body > len(whole):
            raise SafetensorError("the file ends within its head")
        self.head = json.loads(whole[LENGTH : self.body])
        self.told, self.whole = self.head.pop(TOLD, None), whole
        expect_full(self.head, len(whole) - self.body)

    def __enter__(self) -> "safe_open":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open: the file was read whole."""

    def metadata(self) -> dict[str, str] | None:
        """What the file says of itself."""
        return self.told

    def keys(self) -> list[str]:
        """The names of its arrays."""
        return list(self.head)

    def get_slice(self, name: str) -> SimpleNamespace:
        """An array's type and shape, before it is read."""
        entry = self.head[name]
        return SimpleNamespace(
            get_dtype=lambda: entry["dtype"], get_shape=lambda: list(entry["shape"])
        )

    def get_tensor(self, name: str) -> np.ndarray:
        """An array."""
        entry = self.head[name]
        start, end = (self.body + offset for offset in entry["data_offsets"])
        return np.frombuffer(self.whole[start:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])


def expect_full(head: Mapping[str, Any], size: int) -> None:
    """Raises SafetensorError unless the arrays, one behind the other, are the whole body."""
    at = 0
    for name, entry in sorted(head.items(), key=lambda item: item[1]["data_offsets"]):
        start, end = entry["data_offsets"]
        dtype = DTYPES.get(entry["dtype"])
        if dtype is None:
            raise SafetensorError(f"{name} is of type {entry['dtype']}; read are F32 and F64")
        if start != at or end - start != math.prod(entry["shape"]) * dtype.itemsize:
            raise SafetensorError(f"{name} does not lie where its shape says")
        at = end
    if at != size:
        raise SafetensorError("the file is longer or shorter than its arrays")
