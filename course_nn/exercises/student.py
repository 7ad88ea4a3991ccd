"""The student's functions as the tests see them: call by name, get plain arrays or a StudentError.

Here they are called in this process; in `grading.remote` they are called across a pipe.
"""

import linecache
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from ..grading.protocol import describe, restore


class StudentError(Exception):
    """The student's function gave no answer; the message says why in one sentence."""

    def __init__(self, sentence: str, stage: str = "call") -> None:
        super().__init__(sentence)
        self.sentence, self.stage = sentence, stage


@dataclass(frozen=True)
class Answer:
    """What a function returned, and which of its arguments (by position) it changed."""

    value: Any
    changed: tuple[int, ...] = ()


class Student(Protocol):
    """What a test may use: random numbers, and calls of the student's functions."""

    rng: np.random.Generator

    def call(self, name: str, *inputs: Any) -> Answer:
        """Call one function of the student; raise StudentError where it gives no answer."""


class LocalStudent:
    """The student's functions in this process, as in a notebook."""

    def __init__(self, functions: Mapping[str, Callable], rng: np.random.Generator) -> None:
        self.functions, self.rng = functions, rng

    def call(self, name: str, *inputs: Any) -> Answer:
        """Call `functions[name]` on the inputs, which are put back should it change them."""
        function = self.functions.get(name)
        if not callable(function):
            raise StudentError(missing(name))
        before = [np.array(value) for value in inputs]
        arrays: list[np.ndarray] = []
        try:
            tree = describe(function(*inputs), arrays)
        except NotImplementedError as error:
            raise StudentError(stub(name), "stub") from error
        except (Exception, SystemExit) as error:
            raise StudentError(raised(name, error, function)) from error
        value = restore(tree, [array.copy() for array in arrays])
        return Answer(value, _put_back(inputs, before))


def _put_back(inputs: tuple, before: list[np.ndarray]) -> tuple[int, ...]:
    changed = [
        i
        for i, (value, old) in enumerate(zip(inputs, before, strict=True))
        if not np.array_equal(value, old, equal_nan=True)
    ]
    for i in changed:
        inputs[i][...] = before[i]
    return tuple(changed)


def missing(name: str) -> str:
    """Say that the function is not there."""
    return f"there is no function called {name}: keep the name that the notebook gives it."


def stub(name: str) -> str:
    """Say that the function is still as it was given."""
    return f"{name} is not written yet: put your code in place of its `raise NotImplementedError`."


def raised(name: str, error: BaseException, function: Callable) -> str:
    """Say what was raised, and at which line of the student's code."""
    code = getattr(function, "__code__", None)
    number, line = _line_of(error.__traceback__, code.co_filename if code else None)
    return raised_at(name, type(error).__name__, str(error), number, line)


def raised_at(name: str, kind: str, message: str, number: int, line: str) -> str:
    """Say what was raised where, from the parts."""
    where = f" at line {number} of its cell: `{line}`" if line else ""
    message = " ".join(message.split()) or "no message"
    return f"{name} raised {kind}{where} ({message})."


def _line_of(trace: TracebackType | None, filename: str | None) -> tuple[int, str]:
    frames = [f for f in traceback.extract_tb(trace) if f.filename == filename]
    if not frames:
        return 0, ""
    number = frames[-1].lineno or 0
    return number, linecache.getline(frames[-1].filename, number).strip()
