"""The key of a wrong answer: the same for all submissions that are wrong in the same way.

A function is asked at inputs that are always the same, not at those of the day's seed: what an
instructor says once of a key holds in every later year, as long as the task's signature stands.
"""

from __future__ import annotations

import hashlib
import re
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from ..exercises.compare import taken_apart
from ..exercises.recall import VAST
from ..exercises.student import Answer, Calls, Student, StudentError
from ..exercises.task import Inputs, Task
from ..exercises.verdict import Verdict

SEED = 20  # of the inputs; with another, all that was ever said of a key is lost
STEPS = 997_314.15926  # to which numbers are rounded, of the largest; no simple fraction of it
# lies half way between two of them, where the order of a sum would decide the rounding
NUMBERS = ("value", "gradient", "shape")  # the faults that the numbers themselves tell
ALONE = ("endless", "misuse")  # the faults after which a function is not asked again
PLACE = re.compile(r" at line \d+ of its cell: `.*`(?= \()", re.S)


class Canonical:
    """What one student's function answers at the task's fixed inputs; asked when it is needed.

    Parameters
    ----------
    student, task : who is asked, and what; their random numbers are left alone.
    """

    def __init__(self, student: Student, task: Task) -> None:
        self.student, self.task = student, task

    def key(self, verdict: Verdict) -> str:
        """The key of what was found wrong; "" where nothing is, or nothing is written yet.

        It goes by the outputs that are wrong: who has `dW` wrong in the same way is in the same
        group, whatever their `db`.
        """
        if verdict.comparison is None or verdict.kind == "stub":
            return ""
        names = [output.name for output in verdict.comparison.wrong] or list(self.task.outputs)
        told = [self.task.name, *sorted(names)]
        if verdict.kind not in NUMBERS:
            told.append(verdict.kind)
        if verdict.kind == "purity" or not inputs_of(self.task):  # the sentence says the most
            told.append(re.sub(r"\d+", "#", verdict.wrong))
        if verdict.kind not in ALONE:
            told += [self.answers[name] for name in sorted(names)]
        return hashlib.sha256("\0".join(told).encode("utf-8", "replace")).hexdigest()[:10]

    @cached_property
    def answers(self) -> dict[str, str]:
        """All that was answered, as a text for each output."""
        told: dict[str, list[str]] = {name: [] for name in self.task.outputs}
        for answer in self.student.call_many(self.task.name, calls_of(self.task)):
            for name, text in self._told(answer).items():
                told[name].append(text)
        return {name: "\n".join(texts) for name, texts in told.items()}

    def _told(self, answer: Answer | StudentError) -> dict[str, str]:
        names, values = self.task.outputs, tuple[Any, ...]()
        if isinstance(answer, StudentError):
            says = PLACE.sub("", answer.sentence)
        else:
            values, says = taken_apart(self.task, answer)
        if says:
            return dict.fromkeys(names, says)
        return {name: told(value) for name, value in zip(names, values, strict=True)}


@lru_cache(maxsize=64)
def inputs_of(task: Task) -> tuple[Inputs, ...]:
    """What a task is asked for its key: its own example, then every case in double precision."""
    rng, found = np.random.default_rng(SEED), []
    if task.example is not None:
        found.append(task.printed())
    for case in (*task.public(), *task.hidden()):
        if (case.dtype, case.layout) == ("float64", "rows"):
            found.append(task.draw(case, rng))
    return tuple(found)


@lru_cache(maxsize=64)
def calls_of(task: Task) -> Calls:
    """The same inputs, to be asked in one message."""
    return Calls(tuple(tuple(inputs.values()) for inputs in inputs_of(task)))


def told(value: Any) -> str:
    """A value as a text that is the same for equal numbers, however they were summed.

    >>> told(np.array([1.0, 3.0])) == told(np.array([1.0, 3.0 + 1e-13]))
    True
    >>> told(np.array([1.0, 3.0])) == told(np.array([1.0, 3.1]))
    False
    """
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiub":
        return type(value).__name__
    if value.size > VAST:  # its shape is wrong, and to take it apart takes many times its memory
        return f"{value.shape} {value.dtype}"
    numbers = value.astype(float)
    sure = np.isfinite(numbers)
    scale = float(np.abs(numbers[sure]).max(initial=0.0)) or 1.0
    with np.errstate(all="ignore"):
        steps = np.where(sure, np.rint(np.where(sure, numbers, 0.0) / scale * STEPS), 0.0)
    odd = np.where(sure, 0, np.where(np.isnan(numbers), 1, np.where(numbers > 0, 2, 3)))
    mark = hashlib.sha256(steps.astype(np.int64).tobytes() + odd.astype(np.int8).tobytes())
    return f"{value.shape} {scale:.5e} {mark.hexdigest()[:16]}"
