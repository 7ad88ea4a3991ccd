"""Compares an answer with the right one: shape → dtype → value or gradient → purity.

It stops at the first fault and says what is wrong; `diagnose` then says what it looks like.
"""

from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np

from ..worker.protocol import Foreign
from .student import Answer, Student, StudentError
from .task import Inputs, Question, dtype_of

TOLERANCE = {"float64": 1e-7, "float32": 1e-4}  # of the largest right number


@dataclass(frozen=True)
class Fault:
    """The first fault of an answer, and what a diagnosis looks at.

    `kind` is "stub", "call", "shape", "dtype", "value", "gradient" or "purity"; `output` names the
    array that is wrong, or that was asked for where no answer came.
    """

    kind: str
    says: str
    output: str = ""
    value: np.ndarray | None = field(default=None, repr=False)
    error: np.ndarray | None = field(default=None, repr=False)
    inputs: Inputs = field(default=(), repr=False)


class Wrong(Exception):
    """Raised by a test at the first fault, which it holds."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.says)
        self.fault = fault


def compare(student: Student, question: Question, inputs: Inputs, only: str = "") -> None:
    """Ask the student's function once and raise Wrong at the first fault of its answer.

    `only` names the one output that is looked at, so that a test can give credit for it alone.
    """
    right = question.right(*inputs)
    try:
        answer = student.call(question.name, *inputs)
    except StudentError as error:
        _fail(error.kind, error.sentence, only)
    values = unwrap(question, answer, only)
    for name, value, expected in zip(question.outputs, values, right, strict=True):
        if only in ("", name):
            _compare_output(question, name, value, expected, inputs)
    if answer.changed and not only:
        changed = " and ".join(question.inputs[i] for i in answer.changed)
        _fail(
            "purity",
            f"the answer is right, but it changed its argument {changed}: "
            "work on a new array (`a = a - b` makes one, `a -= b` does not).",
        )


def _fail(kind: str, says: str, output: str = "") -> NoReturn:
    raise Wrong(Fault(kind, says, output))


def unwrap(question: Question, answer: Answer, only: str = "") -> tuple:
    """Return as many arrays as the question has outputs; raise Wrong where the answer has others.

    With `only`, the others may be anything.
    """
    names, value = list(question.outputs), answer.value
    wanted = (
        f"one array, {names[0]}" if len(names) == 1 else f"{len(names)} arrays, {', '.join(names)}"
    )
    if value is None:
        _fail("shape", f"it returned None; expected {wanted}: is the `return` missing?")
    if isinstance(value, list) and len(names) == 1:
        value = Foreign("list")
    values = tuple(value) if isinstance(value, tuple | list) else (value,)
    if len(values) != len(names):
        _fail("shape", f"it returned {len(values)} value(s); expected {wanted}.")
    for name, item in zip(names, values, strict=True):
        if not isinstance(item, np.ndarray) and only in ("", name):
            kind = item.type_name if isinstance(item, Foreign) else "None"
            _fail("shape", f"{name} is of type {kind}; expected a plain NumPy array.", name)
    return values


def _compare_output(
    question: Question, name: str, value: np.ndarray, expected: np.ndarray, inputs: Inputs
) -> None:
    """Raise Wrong at the first fault of one output."""
    dtype = dtype_of(inputs)
    if value.shape != expected.shape:
        axes = question.outputs[name].axes
        says = f"{name} has shape {value.shape}; expected {expected.shape} = {axes}."
        raise Wrong(Fault("shape", says, name, value, None, inputs))
    if value.dtype != dtype:
        likely = " (np.zeros makes float64 unless told)" if value.dtype == np.float64 else ""
        says = f"{name} is {value.dtype} where the arguments are {dtype}; "
        says += f"keep the dtype that you are given{likely}."
        raise Wrong(Fault("dtype", says, name, value, None, inputs))
    if not close(value, expected, dtype):
        error = np.abs(value.astype(float) - expected)
        says, error = _worst(name, value, expected, error), np.nan_to_num(error, posinf=0.0)
        raise Wrong(Fault(question.kind, says, name, value, error, inputs))


def _worst(name: str, value: np.ndarray, expected: np.ndarray, error: np.ndarray) -> str:
    """Say which number is furthest off."""
    if not np.isfinite(value).all():
        bad = np.argwhere(~np.isfinite(value))[0].tolist()
        return f"{name}{bad} is {value[tuple(bad)]}, not a number that can be compared."
    at = np.unravel_index(np.argmax(error), error.shape)
    index = [int(i) for i in at]
    return (
        f"{name} has the right shape but wrong numbers: {name}{index} is {value[at]:.6g}, "
        f"expected {expected[at]:.6g}."
    )


def close(value: np.ndarray, expected: np.ndarray, dtype: np.dtype) -> bool:
    """Whether shapes agree and no number is off by more than the tolerance for the dtype."""
    value, expected = np.asarray(value), np.asarray(expected)
    if value.shape != expected.shape:
        return False
    if not value.size:
        return True
    scale = max(float(np.abs(expected).max()), 1e-30)
    with np.errstate(all="ignore"):
        error = np.abs(value.astype(float) - expected)
    return bool((error <= TOLERANCE.get(str(dtype), 1e-7) * scale).all())  # False on NaN
