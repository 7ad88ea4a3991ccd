"""The judge of an answer: shape → dtype → value or gradient → purity, stopping at the first fault.

A fault is named by a table of known mistakes: each is a sentence and the wrong answer that it
gives. To teach the judge another mistake, add a line to a table.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from ..grading.protocol import Foreign
from .student import Answer, Student, StudentError
from .verdict import Verdict

TOLERANCE = {"float64": 1e-7, "float32": 1e-4}  # of the largest right number


@dataclass(frozen=True)
class Mistake:
    """A known mistake: what to say, and `wrong(right, *inputs)`, the answer that it gives."""

    says: str
    wrong: Callable[..., Any]


@dataclass(frozen=True)
class Output:
    """One returned array: the letters of its axes, and the mistakes that are known for it."""

    axes: str
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True)
class Question:
    """One function that a student writes, and all that is needed to judge it.

    `draw(rng, **sizes)` gives inputs, `right(*inputs)` one array for each of `outputs`, and
    `square` sizes at which every mistake fits its shapes, to recognise one by its numbers.
    """

    number: str
    name: str
    inputs: tuple[str, ...]
    draw: Callable[..., tuple]
    right: Callable[..., tuple]
    outputs: dict[str, Output]
    square: dict[str, int]
    stage: str = "value"

    @property
    def title(self) -> str:
        """The task as it is called in messages."""
        return f"Task {self.number}, {self.name}"


class Wrong(Exception):
    """Raised by a test at the first fault; holds the verdict."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict


GENERAL = (
    Mistake("the sign is flipped", lambda right, *_: -right),
    Mistake("it is the right {name} transposed", lambda right, *_: right.T),
    Mistake(
        "it is the right {name} divided by the number of samples N (the mean over the batch "
        "belongs to the loss)",
        lambda right, x, *_: right / len(x),
    ),
    Mistake(
        "it is the right {name} times the number of samples N", lambda right, x, *_: right * len(x)
    ),
    Mistake("it is twice the right {name}: something is added twice", lambda right, *_: 2 * right),
    Mistake("it is half the right {name}", lambda right, *_: right / 2),
    Mistake("it is all zeros", lambda right, *_: np.zeros_like(right)),
    Mistake("it is all ones", lambda right, *_: np.ones_like(right)),
    Mistake("an axis of length 1 was dropped (squeeze?)", lambda right, *_: right.squeeze()),
    Mistake("there is an axis of length 1 too many (keepdims?)", lambda right, *_: right[None]),
    Mistake("negative numbers were cut to 0, as ReLU does", lambda right, *_: np.maximum(right, 0)),
    Mistake("it was rounded to whole numbers", lambda right, *_: np.trunc(right)),
    Mistake("the last sample is left out", lambda right, *_: _without_last(right)),
)


def _without_last(right: np.ndarray) -> np.ndarray:
    return np.concatenate([right[:-1], np.zeros_like(right[-1:])])


def judge(student: Student, question: Question, inputs: tuple, only: str = "") -> None:
    """Ask the student's function once and raise Wrong at the first fault of its answer.

    `only` names the one output that is judged, so that a test can give credit for it alone.
    """
    right = question.right(*inputs)
    try:
        answer = student.call(question.name, *inputs)
    except StudentError as error:
        looks = "" if error.stage == "stub" else _recognise_square(student, question, only)
        fail(question, error.stage, error.sentence, looks)
    values = unwrap(question, answer, only)
    for name, value, expected in zip(question.outputs, values, right, strict=True):
        if only and name != only:
            continue
        _judge_output(student, question, inputs, right, name, value, expected)
    if answer.changed and not only:
        changed = " and ".join(question.inputs[i] for i in answer.changed)
        fail(
            question,
            "purity",
            f"the answer is right, but it changed its argument {changed}: "
            "work on a new array (`a = a - b` makes one, `a -= b` does not).",
        )


def fail(question: Question, stage: str, wrong: str, looks: str = "", **more: Any) -> NoReturn:
    """Raise the verdict."""
    raise Wrong(Verdict(question.title, stage, wrong, looks, **more))


def unwrap(question: Question, answer: Answer, only: str = "") -> tuple:
    """Return as many arrays as the question has outputs, or fail on what else was returned."""
    names, value = list(question.outputs), answer.value
    wanted = (
        f"one array, {names[0]}" if len(names) == 1 else f"{len(names)} arrays, {', '.join(names)}"
    )
    if value is None:
        fail(question, "shape", f"it returned None; expected {wanted}: is the `return` missing?")
    if isinstance(value, list) and len(names) == 1:
        value = Foreign("list")
    values = tuple(value) if isinstance(value, tuple | list) else (value,)
    if len(values) != len(names):
        fail(question, "shape", f"it returned {len(values)} value(s); expected {wanted}.")
    for name, item in zip(names, values, strict=True):
        if not isinstance(item, np.ndarray) and only in ("", name):
            kind = item.type_name if isinstance(item, Foreign) else "None"
            fail(
                question,
                "shape",
                f"{name} is of type {kind}; expected a plain NumPy array.",
                output=name,
            )
    return values


def _judge_output(
    student: Student,
    question: Question,
    inputs: tuple,
    right: tuple,
    name: str,
    value: np.ndarray,
    expected: np.ndarray,
) -> None:
    dtype = inputs[0].dtype
    stage, wrong, error = _fault(question, name, value, expected, dtype)
    if not stage:
        return
    looks = ""
    if stage != "dtype":
        looks = (
            recognise(question, name, value, right, inputs)
            or _recognise_square(student, question, name)
            or _recognise_constant(student, question, name, value, inputs)
        )
    fail(question, stage, wrong, looks, output=name, error=error)


def _fault(
    question: Question, name: str, value: np.ndarray, expected: np.ndarray, dtype: np.dtype
) -> tuple[str, str, np.ndarray | None]:
    if value.shape != expected.shape:
        axes = question.outputs[name].axes
        return "shape", f"{name} has shape {value.shape}; expected {expected.shape} = {axes}.", None
    if value.dtype != dtype:
        wrong = f"{name} is {value.dtype} where the arguments are {dtype}"
        likely = " (np.zeros makes float64 unless told)" if value.dtype == np.float64 else ""
        return "dtype", f"{wrong}; keep the dtype that you are given{likely}.", None
    error = np.abs(value.astype(float) - expected)
    if close(value, expected, dtype):
        return "", "", None
    return question.stage, _worst(name, value, expected, error), np.nan_to_num(error, posinf=0.0)


def _worst(name: str, value: np.ndarray, expected: np.ndarray, error: np.ndarray) -> str:
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


def recognise(question: Question, name: str, value: np.ndarray, right: tuple, inputs: tuple) -> str:
    """Return the sentence of the first known mistake that gives this very answer, or ""."""
    dtype = inputs[0].dtype
    names = list(question.outputs)
    expected = right[names.index(name)]
    for other, candidate in zip(names, right, strict=True):
        if other != name and close(value, candidate, dtype):
            return f"this is the right {other}: return {', '.join(names)} in this order"
    for mistake, candidate in wrong_answers(question, name, expected, inputs):
        if close(value, candidate, dtype):
            return mistake.says.format(name=name)
    return ""


def wrong_answers(
    question: Question, name: str, expected: np.ndarray, inputs: tuple
) -> Iterator[tuple[Mistake, np.ndarray]]:
    """Yield every known mistake that fits these shapes, with the wrong answer that it gives."""
    for mistake in question.outputs[name].mistakes + GENERAL:
        try:
            with np.errstate(all="ignore"):
                yield mistake, np.asarray(mistake.wrong(expected, *inputs))
        except (ValueError, IndexError):  # the shapes do not fit this mistake
            continue


def _recognise_square(student: Student, question: Question, only: str = "") -> str:
    """Ask again where all sizes agree: a mistake that broke the shapes shows in its numbers."""
    inputs = question.draw(student.rng, **question.square)
    right = question.right(*inputs)
    try:
        values = unwrap(question, student.call(question.name, *inputs), only)
    except (StudentError, Wrong):
        return ""
    for name, value, expected in zip(question.outputs, values, right, strict=True):
        if only in ("", name) and not close(value, expected, inputs[0].dtype):
            return recognise(question, name, value, right, inputs)
    return ""


def _recognise_constant(
    student: Student, question: Question, name: str, value: np.ndarray, inputs: tuple
) -> str:
    """Ask again with other numbers: the same answer means that it ignores them."""
    others = tuple(a + student.rng.normal(size=np.shape(a)).astype(inputs[0].dtype) for a in inputs)
    try:
        again = unwrap(question, student.call(question.name, *others), name)
    except (StudentError, Wrong):
        return ""
    same = close(again[list(question.outputs).index(name)], value, inputs[0].dtype)
    return f"{name} stays the same whatever the arguments are" if same else ""


def run_test(test: Callable[[Student], None], student: Student, question: Question) -> Verdict:
    """Run one test and return its verdict."""
    try:
        test(student)
    except Wrong as wrong:
        return wrong.verdict
    return Verdict(question.title, "passed")
