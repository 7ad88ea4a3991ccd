"""What crosses the pipe between grader and worker: arrays and scalars, never pickles.

A frame is two lengths, a JSON header, and raw array bytes. Every length, dtype and shape that
comes in is checked before it is believed.
"""

import json
import math
import os
import select
import struct
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_HEADER = 1 << 20  # bytes of JSON that tell what the arrays are
MAX_PAYLOAD = 1 << 26  # bytes of all arrays of one frame
MAX_ARRAYS, MAX_AXES, MAX_ITEMS, MAX_TEXT = 16, 8, 16, 2000
DTYPES = {"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"}
LENGTHS = struct.Struct("!II")


class ProtocolError(Exception):
    """A frame that breaks the rules: what it carried counts as no answer."""


@dataclass(frozen=True)
class Foreign:
    """Stands for a value that may not cross; only the name of its type does."""

    type_name: str


One = np.ndarray | Foreign | None
Value = One | tuple[One, ...] | list[One]  # what a function returned, as it comes out of a frame


def describe(value: Any, arrays: list[np.ndarray]) -> dict[str, Any]:
    """Say in JSON what `value` is, and append its arrays to `arrays`."""
    if value is None:
        return {"kind": "none"}
    kind: Any  # a namedtuple too, taken apart by tuple's own means
    for kind in (tuple, list):
        if isinstance(value, kind) and kind.__len__(value) <= MAX_ITEMS:
            items = [_describe_one(item, arrays) for item in kind.__iter__(value)]
            return {"kind": kind.__name__, "items": items}
    return _describe_one(value, arrays)


def _describe_one(value: Any, arrays: list[np.ndarray]) -> dict[str, Any]:
    if value is None:
        return {"kind": "none"}
    if isinstance(value, bool | int | float | np.generic):
        value = np.asarray(value)
    if type(value) is not np.ndarray:
        return {"kind": "foreign", "type": type(value).__name__[:80]}
    value = value.astype(value.dtype.newbyteorder("<"), copy=False)
    if value.dtype.str not in DTYPES:
        return {"kind": "foreign", "type": f"array of {value.dtype}"[:80]}
    if value.nbytes > MAX_PAYLOAD or value.ndim > MAX_AXES:
        return {"kind": "foreign", "type": f"array of {value.nbytes} bytes, too large to send"}
    arrays.append(value)
    return {"kind": "array", "index": len(arrays) - 1}


def restore(tree: Any, arrays: list[np.ndarray]) -> Value:
    """Undo `describe`; raise ProtocolError where the description is none."""
    kind = tree.get("kind") if isinstance(tree, dict) else None
    if kind in ("tuple", "list"):
        items = tree.get("items")
        if not isinstance(items, list) or len(items) > MAX_ITEMS:
            raise ProtocolError("a tuple without items")
        restored = [_restore_one(item, arrays) for item in items]
        return tuple(restored) if kind == "tuple" else restored
    return _restore_one(tree, arrays)


def _restore_one(tree: Any, arrays: list[np.ndarray]) -> One:
    kind = tree.get("kind") if isinstance(tree, dict) else None
    if kind == "none":
        return None
    if kind == "foreign":
        return Foreign(plain_text(tree.get("type"), 80))
    index = tree.get("index") if kind == "array" else None
    if type(index) is not int or not 0 <= index < len(arrays):
        raise ProtocolError("a value of no known kind")
    return arrays[index]


def plain_text(value: Any, limit: int = MAX_TEXT) -> str:
    """Text that is safe to print: one line, no control characters, not endless."""
    text = value[:limit] if isinstance(value, str) else ""
    return "".join(c if c.isprintable() else "�" for c in " ".join(text.split()))


def layout_of(array: np.ndarray) -> str:
    """How the array lies in memory: "C", "F", or "strided" with gaps in between."""
    if array.flags.c_contiguous:
        return "C"
    return "F" if array.flags.f_contiguous else "strided"


def lay_out(array: np.ndarray, layout: str) -> np.ndarray:
    """Return a writable copy of a C-ordered array that lies in memory as `layout` says."""
    if layout != "strided" or array.ndim == 0:
        return np.array(array, order="F" if layout == "F" else "C")
    gaps = np.full((*array.shape[:-1], 2 * array.shape[-1]), 7, array.dtype)
    gaps[..., ::2] = array
    return gaps[..., ::2]


def pack(header: dict[str, Any], arrays: list[np.ndarray]) -> bytes:
    """Build one frame."""
    specs = [{"dtype": a.dtype.str, "shape": list(a.shape), "layout": layout_of(a)} for a in arrays]
    text = json.dumps({**header, "arrays": specs}).encode()
    payload = b"".join(a.tobytes(order="C") for a in arrays)
    if len(text) > MAX_HEADER or len(payload) > MAX_PAYLOAD or len(arrays) > MAX_ARRAYS:
        raise ProtocolError("the message is too large to send")
    return LENGTHS.pack(len(text), len(payload)) + text + payload


def unpack(text: bytes, payload: bytes) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Read a frame's two parts, trusting neither."""
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("the header is not JSON") from error
    specs = header.pop("arrays", None) if isinstance(header, dict) else None
    if not isinstance(specs, list) or len(specs) > MAX_ARRAYS:
        raise ProtocolError("the header does not list its arrays")
    arrays, start = [], 0
    for spec in specs:
        dtype, shape, layout = _checked(spec)
        size = dtype.itemsize * math.prod(shape)
        if start + size > len(payload):
            raise ProtocolError("an array is longer than what was sent")
        part = np.frombuffer(payload[start : start + size], dtype) if size else np.empty(0, dtype)
        arrays.append(lay_out(_reshaped(part, shape), layout))
        start += size
    if start != len(payload):
        raise ProtocolError("more was sent than the header tells")
    return header, arrays


def _reshaped(flat: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    try:
        return flat.reshape(shape)
    except ValueError as error:  # no numbers, but axes beyond what NumPy can count
        raise ProtocolError("an array of an impossible shape") from error


def _checked(spec: Any) -> tuple[np.dtype, tuple[int, ...], str]:
    dtype, shape, layout = (
        (spec.get("dtype"), spec.get("shape"), spec.get("layout"))
        if isinstance(spec, dict)
        else (None, None, None)
    )
    if not isinstance(dtype, str) or dtype not in DTYPES or layout not in ("C", "F", "strided"):
        raise ProtocolError("an array of a dtype or layout that may not cross")
    if not isinstance(shape, list) or len(shape) > MAX_AXES:
        raise ProtocolError("an array without a shape")
    if any(type(n) is not int or not 0 <= n <= MAX_PAYLOAD for n in shape):
        raise ProtocolError("an array of an impossible shape")
    return np.dtype(dtype), tuple(shape), layout


class Channel:
    """Frames over a pair of file descriptors, each wait bounded by a deadline (monotonic time)."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self.read_fd, self.write_fd = read_fd, write_fd

    def send(
        self, header: dict[str, Any], arrays: list[np.ndarray], deadline: float | None = None
    ) -> None:
        """Write one frame; TimeoutError when nobody reads, EOFError when nobody is there."""
        rest = memoryview(pack(header, arrays))
        while rest:
            _wait(self.write_fd, select.POLLOUT, deadline)
            try:
                rest = rest[os.write(self.write_fd, rest[: 1 << 16]) :]
            except BlockingIOError:
                time.sleep(0.001)
            except BrokenPipeError as error:
                raise EOFError("the other side is gone") from error

    def receive(self, deadline: float | None = None) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Read one frame; EOFError at the end, ProtocolError when it breaks the rules."""
        header_size, payload_size = LENGTHS.unpack(self._read(LENGTHS.size, deadline))
        if header_size > MAX_HEADER or payload_size > MAX_PAYLOAD:
            raise ProtocolError("the message is too large")
        text = self._read(header_size, deadline)
        return unpack(text, self._read(payload_size, deadline))

    def _read(self, size: int, deadline: float | None) -> bytes:
        parts, missing = [], size
        while missing:
            _wait(self.read_fd, select.POLLIN, deadline)
            part = os.read(self.read_fd, min(missing, 1 << 16))
            if not part:
                raise EOFError("the other side is gone")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)


def _wait(fd: int, event: int, deadline: float | None) -> None:
    if deadline is None:
        return
    left = deadline - time.monotonic()
    poll = select.poll()
    poll.register(fd, event)
    if left <= 0 or not poll.poll(left * 1000):
        raise TimeoutError("no answer in time")
