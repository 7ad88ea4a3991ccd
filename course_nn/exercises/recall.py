"""What was explained before: the same answers to the same questions get the same words.

In a class many make one mistake, and a search for its name takes longer than all else. Nobody gets
a point for it. Whoever gets words that were found for another is asked all that the search asked:
nobody gets them who answers otherwise, so that no student chooses what others are told.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..worker.protocol import Foreign
from .compare import Comparison, dtype_of
from .detective import alike
from .diagnose import Finding
from .student import Answer, Calls, OneByOne, Student, StudentError

STEPS = 997_314.15926  # to which numbers are rounded, of the largest: no simple fraction of it
# lies half way between two of them, where the order of a sum would decide the rounding
VAST = 10**6  # numbers in an answer, where the right one has a few dozen
LARGE = 1 << 18  # bytes that were asked for an explanation, from which on it is not kept

Explanation = tuple[Comparison | None, Finding]


class Witness(OneByOne):
    """A student whose answers are kept in mind, with what was asked."""

    def __init__(self, student: Student) -> None:
        self.student, self.rng = student, student.rng
        self.asked: list[tuple[np.ndarray | float, ...]] = []
        self.answers: list[Answer | StudentError] = []

    def call(self, name: str, *inputs: np.ndarray | float) -> Answer:
        """See `Student`."""
        self.asked.append(inputs)
        try:
            found = self.student.call(name, *inputs)
        except StudentError as error:
            self.answers.append(error)
            raise
        self.answers.append(found)
        return found

    @property
    def size(self) -> int:
        """The bytes of all that was asked."""
        return sum(getattr(value, "nbytes", 8) for inputs in self.asked for value in inputs)


@dataclass(frozen=True)
class Kept:
    """An explanation, and what was asked for it, with the mark of the answers."""

    found: Explanation
    calls: Calls
    mark: bytes

    def is_true_of(self, student: Student, name: str) -> bool:
        """Whether a student answers all of it in the same way."""
        return not self.calls.inputs or digest(student.call_many(name, self.calls)) == self.mark


class Recall:
    """Explanations by what was answered; the oldest are forgotten.

    Parameters
    ----------
    most : that are kept in memory.

    `folder` is one that only graders of the same run may use: what one explains, all know.
    """

    def __init__(self, most: int) -> None:
        self.most, self.kept = most, dict[bytes, Kept]()
        self.folder: Path | None = None

    def __call__(
        self,
        key: bytes,
        student: Student,
        name: str,
        ask: Callable[[dict[str, Any]], Comparison],
        explain: Callable[[Student], Explanation],
    ) -> Explanation:
        """The explanation for a key: the one that is kept, where it is true here too.

        Parameters
        ----------
        student, name : who is asked, and which function.
        ask : gives the student's answer for inputs.
        explain : looks for the explanation, asking the student that it is given.
        """
        kept = self.kept.get(key) or self._read(key)
        if kept is not None:
            self._keep(key, kept)
            example, finding = kept.found
            own = ask(dict(example.inputs)) if example is not None else None
            true = own is None or (example is not None and agree(own, example))
            if true and kept.is_true_of(student, name):
                return own, finding
        witness = Witness(student)
        found = explain(witness)
        if witness.size <= LARGE:
            new = Kept(found, Calls(tuple(witness.asked)), digest(witness.answers))
            self._keep(key, new)
            self._write(key, new)
        return found

    def _keep(self, key: bytes, kept: Kept) -> None:
        while len(self.kept) >= self.most and key not in self.kept:
            self.kept.pop(next(iter(self.kept)), None)
        self.kept[key] = kept

    def _read(self, key: bytes) -> Kept | None:
        """What another grader of this run explained."""
        if self.folder is None:
            return None
        try:
            return pickle.loads((self.folder / key.hex()).read_bytes())
        except (OSError, EOFError, pickle.UnpicklingError):  # there is none
            return None

    def _write(self, key: bytes, kept: Kept) -> None:
        if self.folder is not None:
            half = self.folder / f"{key.hex()}-{os.getpid()}"
            with contextlib.suppress(OSError):  # a full disk: the others look themselves
                half.write_bytes(pickle.dumps(kept))
                half.replace(self.folder / key.hex())


def agree(one: Comparison, other: Comparison) -> bool:
    """Whether two answers to one question are wrong in the same way, with the same numbers."""
    if (one.fault, len(one.outputs)) != (other.fault, len(other.outputs)):
        return False
    for a, b in zip(one.outputs, other.outputs, strict=True):
        if (a.name, a.fault, a.value is None) != (b.name, b.fault, b.value is None):
            return False
        if a.value is None or b.value is None:
            continue
        if not alike(a.value, b.value, dtype_of(one.inputs)):
            return False
    return True


def digest(answers: Iterable[Answer | StudentError]) -> bytes:
    """The same for answers that are the same to six digits, however they were summed.

    >>> x = np.array([1.0, 3.0])
    >>> digest([Answer(x)]) == digest([Answer(x + 1e-13)])
    True
    >>> digest([Answer(x)]) == digest([Answer(x + 1e-3)])
    False
    """
    mark = hashlib.sha256()
    for answer in answers:
        if isinstance(answer, StudentError):
            told = [answer.kind.encode(), answer.sentence.encode("utf-8", "replace")]
        else:
            told = [repr((answer.changed, answer.warned)).encode(), *_told(answer.value)]
        for part in told:
            mark.update(len(part).to_bytes(8) + part)
    return mark.digest()


def _told(value: Any) -> list[bytes]:
    """A value in bytes."""
    if isinstance(value, tuple | list):
        head = f"{type(value).__name__} of {len(value)}".encode()
        return [head, *(part for item in value for part in _told(item))]
    if not isinstance(value, np.ndarray):
        return [value.type_name.encode("utf-8", "replace") if isinstance(value, Foreign) else b""]
    form = f"{value.dtype.str} {value.shape}".encode()
    if value.size > VAST:  # to round them takes many times their memory
        return [form, hashlib.sha256(np.ascontiguousarray(value).data).digest()]
    return [form, value.tobytes() if value.dtype.kind != "f" else _rounded(value)]


def _rounded(value: np.ndarray) -> bytes:
    """The numbers in steps of the largest, whose size is told too; what is none as it is."""
    numbers = value.astype(np.float64)
    finite = np.isfinite(numbers)
    if not finite.all():
        odd, numbers = numbers[~finite].tobytes() + finite.tobytes(), numbers[finite]
    else:
        odd = b""
    scale = float(np.abs(numbers).max(initial=0.0)) or 1.0
    steps = np.rint(numbers / scale * STEPS).astype(np.int64)
    return f"{scale:.5e}".encode() + steps.tobytes() + odd
