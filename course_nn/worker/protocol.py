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
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_HEADER = 1 << 20  # bytes of JSON that tell what the arrays are
MAX_PAYLOAD = 1 << 26  # bytes of all arrays of one frame
MAX_ARRAYS, MAX_AXES, MAX_ITEMS, MAX_TEXT = 16, 8, 16, 2000
DTYPES = {"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"}
LENGTHS = struct.Struct("!II")
READ = 1 << 16  # bytes that are read or written at once

Left = Callable[[], float]  # the seconds that are left


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


def pack(header: dict[str, Any], arrays: list[np.ndarray]) -> bytes:
    """Build one frame."""
    specs = [{"dtype": a.dtype.str, "shape": list(a.shape)} for a in arrays]
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
        dtype, shape = _checked(spec)
        size = dtype.itemsize * math.prod(shape)
        if start + size > len(payload):
            raise ProtocolError("an array is longer than what was sent")
        part = np.frombuffer(payload[start : start + size], dtype) if size else np.empty(0, dtype)
        arrays.append(_reshaped(part.copy(), shape))
        start += size
    if start != len(payload):
        raise ProtocolError("more was sent than the header tells")
    return header, arrays


def _reshaped(flat: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    try:
        return flat.reshape(shape)
    except ValueError as error:  # no numbers, but axes beyond what NumPy can count
        raise ProtocolError("an array of an impossible shape") from error


def _checked(spec: Any) -> tuple[np.dtype, tuple[int, ...]]:
    dtype, shape = (
        (spec.get("dtype"), spec.get("shape")) if isinstance(spec, dict) else (None, None)
    )
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ProtocolError("an array of a dtype that may not cross")
    if not isinstance(shape, list) or len(shape) > MAX_AXES:
        raise ProtocolError("an array without a shape")
    if any(type(n) is not int or not 0 <= n <= MAX_PAYLOAD for n in shape):
        raise ProtocolError("an array of an impossible shape")
    return np.dtype(dtype), tuple(shape)


def within(seconds: float) -> Left:
    """The seconds that are left of so many from now on."""
    end = time.monotonic() + seconds
    return lambda: end - time.monotonic()


class Channel:
    """Frames over a pair of file descriptors; each wait is bounded by the seconds that are left."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self.read_fd, self.write_fd = read_fd, write_fd
        self.buffer = bytearray()

    def send(
        self, header: dict[str, Any], arrays: list[np.ndarray], left: Left | None = None
    ) -> None:
        """Write one frame; TimeoutError when nobody reads, EOFError when nobody is there."""
        rest = memoryview(pack(header, arrays))
        while rest:
            _wait(self.write_fd, select.POLLOUT, left)
            try:
                rest = rest[os.write(self.write_fd, rest[:READ]) :]
            except BlockingIOError:
                time.sleep(0.001)
            except BrokenPipeError as error:
                raise EOFError("the other side is gone") from error

    def receive(self, left: Left | None = None) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Read one frame; EOFError at the end, ProtocolError when it breaks the rules."""
        header_size, payload_size = LENGTHS.unpack(self._read(LENGTHS.size, left))
        if header_size > MAX_HEADER or payload_size > MAX_PAYLOAD:
            raise ProtocolError("the message is too large")
        text = self._read(header_size, left)
        return unpack(text, self._read(payload_size, left))

    def _read(self, size: int, left: Left | None) -> bytes:
        while len(self.buffer) < size:
            _wait(self.read_fd, select.POLLIN, left)
            part = os.read(self.read_fd, READ)
            if not part:
                raise EOFError("the other side is gone")
            self.buffer += part
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken

    def close(self) -> None:
        """Close both ends that are ours."""
        os.close(self.read_fd)
        os.close(self.write_fd)


def _wait(fd: int, event: int, left: Left | None) -> None:
    """Until the other side is ready; what is left is asked again, for it may have grown."""
    if left is None:
        return
    poll = select.poll()
    poll.register(fd, event)
    while (seconds := left()) > 0:
        if poll.poll(min(max(seconds, 0.002), 60) * 1000):
            return
    raise TimeoutError("no answer in time")
