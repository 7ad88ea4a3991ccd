"""Names a mistake: an answer is looked up among the wrong answers that known mistakes give.

A mistake is a sentence and the wrong answer that it leads to. To name another, add a line to a
table: here where it can happen in any exercise, else in the exercise.
"""

from collections.abc import Callable, Iterator

import numpy as np

from .compare import Fault, Wrong, close, unwrap
from .student import Student, StudentError
from .task import Arrays, Inputs, Mistake, Question, dtype_of
from .verdict import Verdict


def _without_last(right: np.ndarray) -> np.ndarray:
    return np.concatenate([right[:-1], np.zeros_like(right[-1:])])


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


def run_test(test: Callable[[Student], None], student: Student, question: Question) -> Verdict:
    """Run one test and return its verdict, which names the mistake where it is a known one."""
    try:
        test(student)
    except Wrong as wrong:
        fault = wrong.fault
        looks = diagnose(student, question, fault)
        return Verdict(question.title, fault.kind, fault.says, looks, fault.output, fault.error)
    return Verdict(question.title, "passed")


def diagnose(student: Student, question: Question, fault: Fault) -> str:
    """Return what a fault looks like, or "" where no known mistake gives this answer."""
    name = fault.output
    if fault.kind == "call":
        return _recognise_square(student, question, name)
    if fault.value is None or fault.kind == "dtype":
        return ""
    right = question.right(*fault.inputs)
    return (
        recognise(question, name, fault.value, right, fault.inputs)
        or _recognise_square(student, question, name)
        or _recognise_constant(student, question, name, fault.value, fault.inputs)
    )


def recognise(
    question: Question, name: str, value: np.ndarray, right: Arrays, inputs: Inputs
) -> str:
    """Return the sentence of the first known mistake that gives this very answer, or ""."""
    dtype = dtype_of(inputs)
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
    question: Question, name: str, expected: np.ndarray, inputs: Inputs
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
        if only in ("", name) and not close(value, expected, dtype_of(inputs)):
            return recognise(question, name, value, right, inputs)
    return ""


def _recognise_constant(
    student: Student, question: Question, name: str, value: np.ndarray, inputs: Inputs
) -> str:
    """Ask again with other numbers: the same answer means that it ignores them."""
    others = tuple(
        a + student.rng.normal(size=np.shape(a)).astype(dtype_of(inputs)) for a in inputs
    )
    try:
        again = unwrap(question, student.call(question.name, *others), name)
    except (StudentError, Wrong):
        return ""
    same = close(again[list(question.outputs).index(name)], value, dtype_of(inputs))
    return f"{name} stays the same whatever the arguments are" if same else ""
