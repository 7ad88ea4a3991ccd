"""The desk: memory that grader and worker both see, with arguments on it and a tray for replies.

What a call does to its arguments the grader sees itself, so nothing has to be believed. What lay
there is kept until the desk is full: a function may hold on to an argument of an earlier call.
A reply that was laid on the tray is there, whatever becomes of the worker.
"""

import mmap
import struct
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from .layout import lay_out, layout_of
from .protocol import LENGTHS, MAX_HEADER, MAX_PAYLOAD, ProtocolError

SIZE = 1 << 26  # bytes for arguments; a page costs memory once it is written
TRAY = MAX_PAYLOAD + MAX_HEADER  # bytes for the replies to one message
ALIGNED = 64
CELL = struct.Struct("!i")
SECOND = -1  # stands for the cell, while some are tried for the second time

Spec = Any  # a number as it is; of an array [offset, dtype, shape, layout]


def spread(spec: Spec, memory: Any, base: int = 0) -> Any:
    """What a spec stands for: an array in the memory from `base` on, or the number itself."""
    if not isinstance(spec, list):
        return spec
    offset, dtype, shape, layout = spec
    if 0 in shape:
        return np.empty(shape, dtype)
    if layout != "strided":
        return np.ndarray(shape, dtype, memory, base + offset, order=layout)
    return np.ndarray((*shape[:-1], 2 * shape[-1]), dtype, memory, base + offset)[..., ::2]


class Sheet:
    """The arguments of some calls, laid out once: specs, and the bytes that they speak of.

    >>> sheet = Sheet([(np.ones(2), 0.5)])
    >>> sheet.calls, len(sheet.data)
    ([[[0, '<f8', [2], 'C'], 0.5]], 64)
    """

    def __init__(self, calls: Any) -> None:
        parts: list[bytes] = []
        self.size = 0
        self.calls = [[self._spec(value, parts) for value in inputs] for inputs in calls]
        self.data = b"".join(parts)

    def _spec(self, value: Any, parts: list[bytes]) -> Spec:
        if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
            return value.item()
        if not isinstance(value, np.ndarray):
            return value
        layout = layout_of(value)
        laid = lay_out(value, layout)
        whole = laid if laid.base is None else laid.base  # with the gaps
        offset, size = self.size, -(-whole.nbytes // ALIGNED) * ALIGNED
        parts.append(whole.tobytes("A").ljust(size, b"\0"))
        self.size += size
        return [offset, value.dtype.str, list(value.shape), layout]


class Desk:
    """The memory itself, on either side of the pipe."""

    def __init__(self, fd: int) -> None:
        self.memory, self.used = mmap.mmap(fd, SIZE + TRAY), 0

    def put(self, sheet: Sheet) -> int:
        """Lay a sheet down, after what lies there already; return where."""
        if sheet.size > SIZE:
            raise ValueError("the arguments are too large to send")
        base = self.used if self.used + sheet.size <= SIZE else 0
        self.memory[base : base + sheet.size] = sheet.data
        self.used = base + sheet.size
        return base

    def take(self, base: int, specs: list[Spec]) -> list[Any]:
        """The arguments of one call, as they lie there."""
        return [spread(spec, self.memory, base) for spec in specs]

    def changed(self, base: int, sheet: Sheet) -> list[list[int]]:
        """Of every call the positions of the arguments that are not as they were laid down."""
        if self.memory[base : base + sheet.size] == sheet.data:
            return [[] for _ in sheet.calls]
        return [
            [i for i, spec in enumerate(specs) if not self._kept(base, spec, sheet.data)]
            for specs in sheet.calls
        ]

    def _kept(self, base: int, spec: Spec, data: bytes) -> bool:
        if not isinstance(spec, list):
            return True
        now, before = spread(spec, self.memory, base), spread(spec, data)
        return np.array_equal(now, before, equal_nan=now.dtype.kind == "f")

    # -- the tray ---------------------------------------------------------------------------------

    def begin(self, cell: int) -> None:
        """Say which cell is at work: as long as nothing is asked, the tray holds its number."""
        CELL.pack_into(self.memory, SIZE, cell)

    @property
    def begun(self) -> int:
        """The number that is said there, which is not to be trusted."""
        return CELL.unpack_from(self.memory, SIZE)[0]

    def empty(self) -> None:
        """Take all replies off the tray."""
        self.memory[SIZE : SIZE + LENGTHS.size] = bytes(LENGTHS.size)
        self.at = SIZE

    def reply(self, frame: bytes) -> bool:
        """Lay a reply beside the earlier ones, its lengths last; whether there was room."""
        begin, end, last = self.at + LENGTHS.size, self.at + len(frame), LENGTHS.size
        if end + last > SIZE + TRAY:
            return False
        self.memory[begin : end + last] = frame[last:] + bytes(last)
        self.memory[self.at : begin] = frame[:last]
        self.at = end
        return True

    def replies(self, most: int) -> Iterator[tuple[bytes, bytes]]:
        """Both parts of the replies that lie there; ProtocolError where one is not whole."""
        for begin, middle, end in islice(self._frames(), most):
            yield self.memory[begin:middle], self.memory[middle:end]

    def count(self, most: int) -> int:
        """How many replies lie there."""
        return sum(1 for _ in islice(self._frames(), most))

    def _frames(self) -> Iterator[tuple[int, int, int]]:
        """Where each begins, its header ends, and it ends; nothing here is to be trusted."""
        at = SIZE
        while at + LENGTHS.size <= SIZE + TRAY:
            header, payload = LENGTHS.unpack_from(self.memory, at)
            if not header:
                return
            begin = at + LENGTHS.size
            at = begin + header + payload
            if header > MAX_HEADER or payload > MAX_PAYLOAD or at > SIZE + TRAY:
                raise ProtocolError("the message is too large")
            yield begin, begin + header, at

    def clear(self) -> None:
        """Give the memory back."""
        self.memory.close()
