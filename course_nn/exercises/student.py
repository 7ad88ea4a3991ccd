"""The student's functions as the tests see them: call by name, get plain arrays or a StudentError.

Here they are called in this process; in `grading.remote` they are called across a pipe. Both read
the same replies.
"""

import linecache
import math
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from ..threads import BROWSER, own_seconds
from ..worker.answer import answer
from ..worker.layout import lay_out, layout_of
from ..worker.notebook import message_of
from ..worker.protocol import Value, restore
from .patience import SECONDS, TooSlow, limited
from .watching import unheard

QUICK = 0.2  # seconds of a call that may be made once more, to hear what NumPy would warn of


class StudentError(Exception):
    """The student's function gave no answer; the message says why in one sentence.

    `kind` is "call", or "stub" where the function is still as it was given.
    """

    def __init__(self, sentence: str, kind: str = "call") -> None:
        super().__init__(sentence)
        self.sentence, self.kind = sentence, kind


@dataclass(frozen=True)
class Answer:
    """What a function returned, which of its arguments (by position) it changed, and what NumPy
    warned of meanwhile."""

    value: Value
    changed: tuple[int, ...] = ()
    warned: str = ""


@dataclass(frozen=True, eq=False)
class Calls:
    """The arguments of several calls of one function."""

    inputs: tuple[tuple[np.ndarray | float, ...], ...]


class Answers(list[Answer | StudentError]):
    """Answers in order. `mark`: the same for answers that are the same bit by bit; b"": unknown."""

    def __init__(self, answers: Iterable[Answer | StudentError] = (), mark: bytes = b"") -> None:
        super().__init__(answers)
        self.mark = mark


class Student(Protocol):
    """What a test may use: random numbers, and calls of the student's functions."""

    rng: np.random.Generator
    forgetful: bool  # whether `forget` has an effect
    guarded: bool  # whether what it says is repeated only as far as it tells nothing hidden
    took: float  # the processor's seconds of all its calls so far: a busy machine adds none

    def call(self, name: str, *inputs: np.ndarray | float) -> Answer:
        """Call one function of the student; raise StudentError where it gives no answer."""

    def call_many(self, name: str, calls: Calls) -> Iterable[Answer | StudentError]:
        """Call it once for each of the inputs, in order; where no more answers will come, the last
        is an error."""

    def ahead(self, name: str, many: Sequence[Calls]) -> None:
        """Say what will be called in a moment, so that it can be asked in one message."""

    def forget(self) -> None:
        """Lose all that was kept since the notebook ran; only who is `forgetful` does."""


class OneByOne:
    """A student who is called once for every answer that is wanted, and no more."""

    forgetful = False
    guarded = False
    took = 0.0

    def call(self, name: str, *inputs: np.ndarray | float) -> Answer:
        """See `Student`."""
        raise NotImplementedError

    def ahead(self, name: str, many: Sequence[Calls]) -> None:
        """See `Student`: nothing is asked before it is wanted."""

    def forget(self) -> None:
        """See `Student`: here all is kept."""

    def call_many(self, name: str, calls: Calls) -> Iterator[Answer | StudentError]:
        """See `Student`."""
        for inputs in calls.inputs:
            try:
                yield self.call(name, *inputs)
            except StudentError as error:
                yield error


class LocalStudent(OneByOne):
    """The student's functions in this process, as in a notebook.

    `calls` counts them; `warned` is what NumPy warned of first in one of them; `left` are the
    seconds that remain for all of them together.
    """

    def __init__(
        self,
        functions: Mapping[str, Callable],
        rng: np.random.Generator,
        seconds: float = math.inf,
    ) -> None:
        self.functions, self.rng, self.calls, self.warned = functions, rng, 0, ""
        self.left, self.over = seconds, ""

    def call(self, name: str, *inputs: np.ndarray | float) -> Answer:
        """Call `functions[name]` on copies of the inputs that lie in memory as these do."""
        if self.over:  # it is not asked again
            raise StudentError(self.over, "endless")
        function, self.calls = self.functions.get(name), self.calls + 1
        allowed, start, own = min(SECONDS, self.left), time.monotonic(), own_seconds()
        given = [_copy(value) for value in inputs]
        reply, arrays = answer(
            function,
            given,
            lambda error: _tell(error, function),
            BaseException,
            lambda: limited(allowed),
        )
        self.left -= time.monotonic() - start
        self.took += own_seconds() - own
        ended = reply.get("type") == TooSlow.__name__
        if ended or self.left <= 0:
            self.over = endless(name) if allowed == SECONDS else slow(name, self.calls)
        if ended:
            raise StudentError(self.over, "endless")
        changed = [i for i, value in enumerate(inputs) if not _same(value, given[i])]
        found = read_reply(name, reply, [array.copy() for array in arrays], changed)
        if BROWSER and time.monotonic() - start < QUICK:
            found = _heard(found, function, inputs)
        self.warned = self.warned or found.warned
        return found


def _heard(found: Answer, function: Any, inputs: Sequence[np.ndarray | float]) -> Answer:
    """The answer, with what a page's NumPy would have warned of, if it could."""
    return found if found.warned else replace(found, warned=unheard(function, map(_copy, inputs)))


def _copy(value: np.ndarray | float) -> np.ndarray | float:
    return lay_out(value, layout_of(value)) if isinstance(value, np.ndarray) else value


def _same(value: np.ndarray | float, given: np.ndarray | float) -> bool:
    return np.array_equal(value, given, equal_nan=True)


def read_reply(
    name: str, reply: Mapping[str, Any], arrays: list[np.ndarray], changed: Iterable[int] = ()
) -> Answer:
    """Return the answer that a reply brings; raise StudentError where it brings none.

    `changed` are the arguments that hold other numbers, as was seen on this side.
    """
    if reply["status"] == "missing":
        raise StudentError(missing(name))
    if reply["status"] == "stub":
        raise StudentError(stub(name), "stub")
    if reply["status"] == "raised":
        raise StudentError(raised(name, reply))
    both = tuple(sorted({*changed, *reply["changed"]}))
    return Answer(restore(reply["value"], arrays), both, reply["warned"])


def missing(name: str) -> str:
    """Say that the function is not there."""
    return f"there is no function called {name}: keep the name that the notebook gives it."


def stub(name: str) -> str:
    """Say that the function is still as it was given."""
    return f"{name} is not written yet: put your code in place of its `raise NotImplementedError`."


def endless(name: str) -> str:
    """Say that a call did not come to an end."""
    return (
        f"{name} did not come to an end within {SECONDS:g} s: "
        "is there a loop that never ends, or one over far too much?"
    )


def slow(name: str, calls: int) -> str:
    """Say that the calls took too long together."""
    return (
        f"{name} took more than {SECONDS:g} s for {calls} calls: is there a loop over far too much?"
    )


def raised(name: str, fields: Mapping[str, Any]) -> str:
    """Say what was raised, and at which line of the student's code.

    `fields` holds the error's type and message, and where it is known the line and its source.
    """
    source = fields["source"]
    where = f" at line {fields['line']} of its cell: `{source}`" if source else ""
    message = shortened(" ".join(fields["message"].split()), 300) or "no message"
    return f"{name} raised {fields['type']}{where} ({message})."


def shortened(text: str, most: int) -> str:
    """A text of so many characters at most.

    >>> shortened("0123456789", 10), shortened("0123456789", 5)
    ('0123456789', '0123…')
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _tell(error: BaseException, function: Any) -> dict[str, Any]:
    """Put into fields what was raised, and the last line of the function's own file."""
    if isinstance(error, KeyboardInterrupt):  # whoever interrupts a notebook means it
        raise error
    code = getattr(function, "__code__", None)
    line, source = _line_of(error.__traceback__, code.co_filename if code else None)
    fields = {"message": message_of(error), "line": line, "source": shortened(source, 120)}
    return {"type": type(error).__name__, **fields}


def _line_of(trace: TracebackType | None, filename: str | None) -> tuple[int, str]:
    frames = [f for f in traceback.extract_tb(trace) if f.filename == filename]
    if not frames:
        return 0, ""
    number = frames[-1].lineno or 0
    return number, linecache.getline(frames[-1].filename, number).strip()
