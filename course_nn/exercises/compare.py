"""An answer beside the right one: every output by itself, shape → dtype → numbers; then purity.

It says what is wrong with each; what that looks like is `diagnose`'s to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..worker.protocol import Foreign
from .signature import Argument
from .student import Answer, Student, StudentError
from .task import Inputs, Task

TOLERANCE = {"float64": 1e-7, "float32": 1e-4}  # of the largest right number
MISSING = "probably a `return` is missing"


@dataclass(frozen=True)
class Output:
    """One output of an answer: its fault is "", "type", "shape", "dtype", "value" or "gradient"."""

    name: str
    fault: str = ""
    says: str = ""
    value: np.ndarray | None = field(default=None, repr=False)
    right: np.ndarray | None = field(default=None, repr=False)

    @property
    def error(self) -> np.ndarray | None:
        """yours − right, where both are there and have one shape."""
        if self.value is None or self.right is None or self.value.shape != self.right.shape:
            return None
        with np.errstate(all="ignore"):
            return self.value.astype(float) - self.right


@dataclass(frozen=True)
class Comparison:
    """One call: what went in, what is wrong as a whole, and each output.

    `fault` is "" where the answer is right, "stub", "misuse", "call", "endless" or "structure"
    where there is no answer to take apart, "outputs" where one of them is wrong, "purity" where an
    argument was changed, "warning" where NumPy warned and the task wants none. `warned` is what it
    warned of, `changed` are the arguments that are no longer what they were.
    """

    inputs: Inputs
    fault: str = ""
    says: str = ""
    outputs: tuple[Output, ...] = ()
    warned: str = ""
    changed: tuple[str, ...] = ()

    @property
    def wrong(self) -> tuple[Output, ...]:
        """The outputs that have a fault."""
        return tuple(output for output in self.outputs if output.fault)


def ask(student: Student, task: Task, inputs: Inputs, only: str = "") -> Comparison:
    """Call the student's function once, and compare each output with the right one.

    only : the one output that is looked at, so that a test can give credit for it alone.
    """
    return examine(student, task, inputs, task.right(inputs) if task.knows else None, only)


def examine(
    student: Student, task: Task, inputs: Inputs, right: dict[str, np.ndarray] | None, only: str
) -> Comparison:
    """The same, given what is right; without it, only shapes and dtypes are looked at."""
    answer: Answer | StudentError
    try:
        answer = student.call(task.name, *inputs.values())
    except StudentError as error:
        answer = error
    return judged(task, answer, inputs, right, only)


def judged(
    task: Task,
    answer: Answer | StudentError,
    inputs: Inputs,
    right: dict[str, np.ndarray] | None,
    only: str = "",
) -> Comparison:
    """What an answer is worth, or that there is none."""
    if isinstance(answer, StudentError):
        return unanswered(task, answer, inputs)
    found = _judged(task, answer, inputs, right, only)
    return replace(found, warned=answer.warned, changed=_changed(task, answer))


def unanswered(task: Task, error: StudentError, inputs: Inputs) -> Comparison:
    """A call that gave no answer; where the function is given, what is missing is not in it."""
    says = error.sentence
    if task.given and error.kind == "stub":
        says = (
            f"what {task.name} runs is not written yet: put your code in place of each "
            "`raise NotImplementedError` above it."
        )
    return Comparison(inputs, error.kind, says)


def _judged(
    task: Task, answer: Answer, inputs: Inputs, right: dict[str, np.ndarray] | None, only: str
) -> Comparison:
    """What an answer is worth: its form, each output, then what it did beside."""
    values, says = taken_apart(task, answer)
    if says:
        return Comparison(inputs, "structure", says)
    outputs = tuple(
        _output(task, argument, value, right, inputs)
        for argument, value in zip(task.signature.outputs, values, strict=True)
        if only in ("", argument.name)
    )
    if any(output.fault for output in outputs):
        return Comparison(inputs, "outputs", "", outputs)
    if answer.changed and not only:
        return Comparison(
            inputs, "purity", f"the answer is right, but {_spoiled(task, answer)}", outputs
        )
    if answer.warned and task.quiet:
        says = (
            f"the answer is right, but NumPy warned on the way ({answer.warned}): "
            "compute nothing that is not needed, so that no number is too large"
        )
        return Comparison(inputs, "warning", says, outputs)
    return Comparison(inputs, "", "", outputs)


def _spoiled(task: Task, answer: Answer) -> str:
    """Which arguments were changed, as the rest of a sentence."""
    return (
        f"it changed its argument {' and '.join(_changed(task, answer))}: "
        "work on a new array (`a = a - b` makes one, `a -= b` does not)"
    )


def _changed(task: Task, answer: Answer) -> tuple[str, ...]:
    """The names of the arguments that were changed."""
    names = [argument.name for argument in task.signature.inputs]
    return tuple(names[i] for i in answer.changed)


def taken_apart(task: Task, answer: Answer) -> tuple[tuple, str]:
    """One value for each output; or a sentence on how the answer is built instead."""
    names, value = task.outputs, answer.value
    wanted = names[0] if len(names) == 1 else f"{len(names)} values, {', '.join(names)}"
    if value is None:
        return (), f"it returned None; expected {wanted}: {MISSING}"
    values = tuple(value) if isinstance(value, tuple | list) else (value,)
    if isinstance(value, list) and len(names) == 1:
        return (), f"it returned a list; expected {wanted} as a NumPy array"
    if len(values) != len(names):
        count = f"{len(values)} value{'s' * (len(values) != 1)}"
        kind = value.type_name if isinstance(value, Foreign) else count
        return (), f"it returned {kind}; expected {wanted}"
    return values, ""


def _output(
    task: Task,
    argument: Argument,
    value: Any,
    right: dict[str, np.ndarray] | None,
    inputs: Inputs,
) -> Output:
    """The first fault of one output."""
    name = argument.name
    what = "a number" if argument.axes is None else "a NumPy array"
    if value is None:
        says = f"{name} is None, not {what}: {MISSING}"
        return Output(name, "type", says)
    if not isinstance(value, np.ndarray):
        kind = value.type_name if isinstance(value, Foreign) else type(value).__name__
        return Output(name, "type", f"{name} is of type {kind}; expected {what}")
    shape = right[name].shape if right else shape_of(task, argument, inputs)
    expected = right[name] if right else None
    if value.shape != shape:
        said = f" = {argument.said}" if argument.axes else ", a number"
        says = f"{name} has shape {value.shape}; expected {shape}{said}"
        return Output(name, "shape", says, value, expected)
    if fault := _dtype_fault(argument, value, inputs):
        return Output(name, "dtype", f"{name} is {value.dtype}{fault}", value, expected)
    if expected is None:
        return Output(name, task.kind if (says := _not_a_number(name, value)) else "", says, value)
    if not close(value, expected, dtype_of(inputs)):
        return Output(name, task.kind, _worst(name, value, expected), value, expected)
    return Output(name, "", "", value, expected)


def shape_of(task: Task, argument: Argument, inputs: Inputs) -> tuple[int, ...]:
    """The shape that an output must have for these inputs, by the signature alone."""
    return task.signature.shape(argument, task.signature.sizes_of(inputs))


def dtype_of(inputs: Inputs) -> np.dtype:
    """The precision that the answer must have: that of the first array of floats."""
    found = (v.dtype for v in inputs.values() if isinstance(v, np.ndarray) and v.dtype.kind == "f")
    return next(found, np.dtype(np.float64))


def _dtype_fault(argument: Argument, value: np.ndarray, inputs: Inputs) -> str:
    """What is wrong with the dtype, as the rest of a sentence."""
    if argument.kind in ("class", "bool"):
        kinds, what = ("iu", "whole numbers") if argument.kind == "class" else ("b", "booleans")
        return "" if value.dtype.kind in kinds else f"; expected {what}"
    dtype = dtype_of(inputs)
    if not argument.axes or argument.kind == "whole":
        return "" if value.dtype.kind in "fiu" else "; expected a number"
    if value.dtype == dtype:
        return ""
    return f" where the arguments are {dtype}; keep the dtype that you are given"


def _worst(name: str, value: np.ndarray, expected: np.ndarray) -> str:
    """Say which number is furthest off; of several the first, however they were rounded."""
    if says := _not_a_number(name, value):
        return says
    error = np.abs(value.astype(float) - expected)
    first = np.argmax(error >= (1 - 1e-6) * error.max())
    at = tuple(int(i) for i in np.unravel_index(first, error.shape))
    yours, right = value[at] + 0.0, expected[at] + 0.0  # where it is -0.0, the sum is 0.0
    return f"{_at(name, at)} is {yours:.6g}, expected {right:.6g}"


def _not_a_number(name: str, value: np.ndarray) -> str:
    """Say where the first NaN or infinity is; "" where there is none."""
    bad = np.argwhere(~np.isfinite(value))
    if not len(bad):
        return ""
    at = tuple(int(i) for i in bad[0])
    return f"{_at(name, at)} is {value[at]}, not a number that can be compared"


def _at(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def close(value: Any, expected: Any, dtype: Any = np.float64) -> bool:
    """Whether shapes agree and no number is off by more than the tolerance for the dtype.

    >>> close(np.ones(2), np.ones(2)), close(np.ones(2), np.ones((1, 2)))
    (True, False)
    """
    value, expected = np.asarray(value), np.asarray(expected)
    if value.shape != expected.shape:
        return False
    if not value.size:
        return True
    if not np.isfinite(expected).all():
        return False  # nothing is close to what is no number
    scale = max(float(np.abs(expected).max()), 1e-30)
    with np.errstate(all="ignore"):
        error = np.abs(value.astype(float) - expected)
    return bool((error <= TOLERANCE.get(str(dtype), 1e-7) * scale).all())  # False on NaN


class Asker:
    """The student's function by keywords, its outputs by name; StudentError where it has none."""

    def __init__(self, student: Student, task: Task) -> None:
        self.student, self.task = student, task

    def __call__(self, **inputs: Any) -> dict[str, Any]:
        answer = self.student.call(self.task.name, *inputs.values())
        values, says = taken_apart(self.task, answer)
        if says:
            raise StudentError(says, "structure")
        if answer.changed:
            raise StudentError(_spoiled(self.task, answer), "purity")
        return dict(zip(self.task.outputs, values, strict=True))

    def other(self, name: str, *values: Any) -> Any:
        """What another function of the student gives, as it comes."""
        return self.student.call(name, *values).value

    @property
    def took(self) -> float:
        """The processor's seconds of all calls so far: those of the function alone."""
        return self.student.took

    @property
    def forgetful(self) -> bool:
        """Whether the student can be made to forget: not in their own notebook."""
        return self.student.forgetful

    def forget(self) -> None:
        """Take all that was kept since the notebook ran from the student, who must be forgetful."""
        self.student.forget()
