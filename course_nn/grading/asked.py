"""What came of calls across the pipe: replies, which may be lies, taken apart when wanted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..worker.protocol import LENGTHS, ProtocolError, unpack

END = ("stub", "missing")  # after which no more answers come
Frame = tuple[bytes, bytes]  # the header of a reply, and its arrays


class WorkerLost(Exception):
    """The worker is gone or talks nonsense; the message says which."""


@dataclass
class Asked:
    """What came of some calls: replies in order, the arguments each changed, how it ended, and the
    seconds that it took; of those, what the processor worked."""

    frames: list[Frame]
    changed: list[list[int]]
    lost: WorkerLost | ProtocolError | None = None
    seconds: float = 0.0
    worked: float = 0.0

    @cached_property
    def mark(self) -> bytes:
        """The same for replies that are the same bit by bit; b"" where the worker was lost."""
        if self.lost:
            return b""
        told = hashlib.sha256(repr(self.changed).encode())
        for text, payload in self.frames:
            told.update(LENGTHS.pack(len(text), len(payload)) + text + payload)
        return told.digest()

    def replies(self) -> Iterator[tuple[dict[str, Any], list[np.ndarray]]]:
        """The replies, taken apart; ProtocolError where one is none, or where they are too few."""
        status: Any = ""
        for number, frame in enumerate(self.frames):
            header, arrays = unpack(*frame)
            if header.pop("call", None) != number:
                raise ProtocolError("an answer that nobody asked for")
            yield header, arrays
            status = header.get("status")
        if not self.lost and status not in END and len(self.frames) < len(self.changed):
            raise ProtocolError("fewer answers than questions")


def numbers(value: Any, most: Sequence[int]) -> list[int]:
    """How many replies a worker says it gave to the first that were asked."""
    if not isinstance(value, list) or not 1 <= len(value) <= len(most):
        raise ProtocolError("a number of replies that is none")
    if any(type(one) is not int or not 0 <= one <= m for one, m in zip(value, most, strict=False)):
        raise ProtocolError("a number of replies that is none")
    return value


def cut(
    frames: list[Frame], changed: list[list[int]], pieces: Iterable[tuple[int, int]]
) -> Iterator[tuple[list[Frame], list[list[int]]]]:
    """What belongs to each of those that were asked, by how many replies and calls it has."""
    frame = call = 0
    for replies, calls in pieces:
        yield frames[frame : frame + replies], changed[call : call + calls]
        frame, call = frame + replies, call + calls
