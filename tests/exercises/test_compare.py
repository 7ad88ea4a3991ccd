"""Every output is compared by itself: shape, dtype, numbers; then the arguments."""

from collections import namedtuple
from dataclasses import replace

import numpy as np
import pytest

from course_nn.exercises.compare import Asker, _worst, ask, close, examine, shape_of
from course_nn.exercises.student import StudentError
from course_nn.exercises.task import Task


def outcome(student, task: Task, function, case: int = 0, only: str = ""):
    inputs = task.draw(task.public()[case], np.random.default_rng(0))
    return ask(student(**{task.name: function}), task, inputs, only)


def right(a, b, r):
    return a + r * b, a * b


def test_a_right_answer_has_no_fault(student, mixing: Task) -> None:
    for case in range(4):
        assert outcome(student, mixing, right, case).fault == ""
    Pair = namedtuple("Pair", "s p")
    assert outcome(student, mixing, lambda a, b, r: Pair(*right(a, b, r))).fault == ""
    assert outcome(student, mixing, lambda a, b, r: list(right(a, b, r))).fault == ""


@pytest.mark.parametrize(
    ("function", "fault", "says"),
    [
        (lambda a, b, r: None, "structure", "it returned None; expected 2 values, s, p"),
        (lambda a, b, r: a, "structure", "it returned 1 value; expected 2 values, s, p"),
        (lambda a, b, r: (a, b, r), "structure", "it returned 3 values; expected 2"),
        (lambda a, b, r: {"s": a}, "structure", "it returned dict; expected 2 values"),
        (lambda a, b, r: 1 / 0, "call", "mix raised ZeroDivisionError"),
    ],
)
def test_an_answer_that_is_built_otherwise_is_said(student, mixing, function, fault, says) -> None:
    found = outcome(student, mixing, function)
    assert found.fault == fault
    assert says in found.says


def test_a_minus_zero_is_said_as_a_zero(student, mixing: Task) -> None:
    inputs, zero = mixing.printed(), np.array([[-0.0]])
    says = {}
    for yours, right in ((zero, zero + 2), (zero + 2, zero)):
        answer = student(mix=lambda a, b, r, s=yours: (s, s))
        found = examine(answer, mixing, inputs, {"s": right, "p": right}, "s")
        says[float(right[0, 0])] = found.outputs[0].says
    assert says == {2: "s[0, 0] is 0, expected 2", 0: "s[0, 0] is 2, expected 0"}


@pytest.mark.parametrize(
    ("s", "fault", "says"),
    [
        (lambda a: a.tolist(), "type", "s is of type list; expected a NumPy array"),
        (lambda a: None, "type", "s is None, not a NumPy array: probably a `return` is missing"),
        (lambda a: a[:, :1], "shape", "s has shape (4, 1); expected (4, 3) = (N, D)"),
        (lambda a: a.astype("f4"), "dtype", "s is float32 where the arguments are float64"),
        (lambda a: a + 1, "value", "expected"),
        (lambda a: a * np.nan, "value", "s[0, 0] is nan, not a number that can be compared"),
    ],
)
def test_each_output_has_its_own_fault(student, mixing: Task, s, fault, says) -> None:
    found = outcome(student, mixing, lambda a, b, r: (s(a + r * b), a * b))
    assert [(o.name, o.fault) for o in found.outputs] == [("s", fault), ("p", "")]
    assert says in found.outputs[0].says
    assert [o.name for o in found.wrong] == ["s"]


def test_of_numbers_that_are_as_far_off_the_first_is_said_however_they_are_rounded() -> None:
    right = np.array([1.0, 2.0, 3.0, 4.0])
    for tiny in (0.0, 1e-13, -1e-13):
        off = np.array([0.0, -0.5, 0.5 + tiny, 0.5])
        assert _worst("y", right + off, right) == "y[1] is 1.5, expected 2"


def test_all_wrong_outputs_are_told_at_once(student, mixing: Task) -> None:
    found = outcome(student, mixing, lambda a, b, r: (a, b))
    assert [o.name for o in found.wrong] == ["s", "p"]
    assert found.wrong[0].error.shape == (4, 3)


def test_one_output_alone_can_be_looked_at(student, mixing: Task) -> None:
    assert outcome(student, mixing, lambda a, b, r: (0, a * b), only="p").fault == ""


def test_a_changed_argument_is_the_last_fault(student, mixing: Task) -> None:
    def changes(a, b, r):
        s, p = right(a, b, r)
        b += 1
        return s, p

    found = outcome(student, mixing, changes)
    assert found.fault == "purity"
    assert "it changed its argument b" in found.says


def test_a_number_may_be_of_any_kind(student, picking: Task) -> None:
    for kind in (float, np.float32, np.asarray, np.float64):

        def pick(x, labels, stride, kind=kind):
            return kind(x[np.arange(len(x)), labels].mean() * stride)

        assert outcome(student, picking, pick).fault == ""
    assert outcome(student, picking, lambda x, labels, stride: "1").wrong[0].fault == "type"


def test_shapes_follow_from_the_inputs_alone(picking: Task, mixing: Task) -> None:
    inputs = mixing.draw(mixing.hidden()[0], np.random.default_rng(0))
    assert shape_of(mixing, mixing.signature.outputs[0], inputs) == inputs["a"].shape


def test_a_student_can_be_asked_by_keywords(student, mixing: Task) -> None:
    call = Asker(student(mix=right, more=lambda a: 3 * a), mixing)
    one = np.ones((1, 1))
    assert call(a=one, b=one, r=2.0)["s"] == 3
    assert call.other("more", one) == 3
    assert not call.forgetful
    call.forget()  # here all is kept
    assert call.other("more", one) == 3
    with pytest.raises(StudentError, match="it returned None"):
        Asker(student(mix=lambda a, b, r: None), mixing)(a=one, b=one, r=1.0)


def test_close_is_strict_on_shapes_and_on_what_is_no_number() -> None:
    assert close(np.ones(3), np.ones(3) + 1e-9)
    assert not close(np.ones(3), np.ones(3) + 1e-5)
    assert not close(np.ones(3), np.ones((1, 3)))
    assert not close(np.full(3, np.nan), np.ones(3))
    assert close(np.ones(0), np.ones(0))
    assert close(np.ones(3, "f4"), np.ones(3) + 1e-6, np.dtype("f4"))


def test_no_number_is_told_also_where_what_is_right_is_not_known(student, mixing) -> None:
    inputs = mixing.draw(mixing.public()[0], np.random.default_rng(0))
    spoiled = student(mix=lambda a, b, r: (a + b, np.where(a == a[1, 0], np.nan, a)))
    found = examine(spoiled, mixing, inputs, None, "")
    assert [o.says for o in found.outputs] == [
        "",
        "p[1, 0] is nan, not a number that can be compared",
    ]
    assert examine(student(mix=lambda a, b, r: (a, b)), mixing, inputs, None, "").fault == ""


def test_a_warning_is_a_fault_where_a_task_wants_none(student, mixing) -> None:
    def loud(a, b, r):
        np.exp(a * 0 + 1000.0)
        return a + r * b, a * b

    inputs = mixing.draw(mixing.public()[0], np.random.default_rng(0))
    assert ask(student(mix=loud), mixing, inputs).fault == ""
    found = ask(student(mix=loud), replace(mixing, quiet=True), inputs)
    assert found.fault == "warning"
    assert "overflow encountered in exp" in found.says


def test_a_property_finds_an_argument_changed(student, mixing) -> None:
    def spoils(a, b, r):
        b += 1
        return a, b

    inputs = mixing.draw(mixing.public()[0], np.random.default_rng(0))
    with pytest.raises(StudentError, match="changed its argument b"):
        Asker(student(mix=spoils), mixing)(**inputs)
