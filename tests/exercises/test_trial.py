"""A function is tried case by case; the first that fails is explained."""

from dataclasses import replace

import numpy as np

from course_nn.exercises import trial
from course_nn.exercises.diagnose import diagnose
from course_nn.exercises.student import Answers, LocalStudent
from course_nn.exercises.task import Property, Task, task
from course_nn.exercises.trial import answered, run, sheet_of


def right(a, b, r):
    return a + r * b, a * b


def test_a_right_function_passes_every_case(student, mixing: Task) -> None:
    cases = (*mixing.public(), *mixing.hidden())
    assert run(student(mix=right), mixing, cases).passed
    assert run(student(mix=right), mixing, cases, "p").passed


def test_the_first_wrong_case_is_told_with_its_example_and_its_name(student, mixing: Task) -> None:
    def wrong(a, b, r):
        return (a - r * b if a.dtype == np.float32 else a + r * b), a * b

    verdict = run(student(mix=wrong), mixing, mixing.public())
    assert verdict.case == "float32"
    assert verdict.kind == "value"
    assert "subtracted, not added" in verdict.looks


def test_a_stub_is_no_mistake(student, mixing: Task) -> None:
    def stub(a, b, r):
        raise NotImplementedError

    verdict = run(student(mix=stub), mixing, mixing.public())
    assert (verdict.kind, verdict.looks, verdict.example) == ("stub", "", None)


def test_a_transfer_task_is_checked_by_its_example_and_its_properties(student) -> None:
    def even(ask, rng):
        """the same for x and -x"""
        x = rng.normal(size=3)
        return "" if np.allclose(ask(x=x)["y"], ask(x=-x)["y"]) else "f(-x) is not f(x)"

    @task("1", "x:N -> y:N", points=1, transfer=True, properties=[even],
          example={"x": [2]}, answer={"y": [4]})  # fmt: skip
    def square(x): ...

    def verdict(function):
        return run(student(square=function), square, square.public())

    assert verdict(lambda x: x**2).passed
    assert "expected 4" in str(verdict(lambda x: x**3))
    assert "f(-x) is not f(x)" in str(verdict(lambda x: x**2 + (x - 2)))
    assert "has shape" in str(verdict(lambda x: x[:1] ** 2))
    assert verdict(lambda x: x * np.abs(x) if x.size > 1 else x**2).kind == "property"


def test_a_property_whose_function_fails_is_told(student, mixing: Task) -> None:
    known = replace(mixing, properties=(Property("p", lambda ask, rng: str(ask(a=1, b=2, r=3))),))
    verdict = run(student(mix=right), known, ())
    assert verdict.kind == "property" or "raised" in str(verdict) or not verdict.passed


class Marked(LocalStudent):
    """A student whose answers carry a mark, as those across the pipe do; `asked` counts them."""

    def __init__(self, function, mark: bytes) -> None:
        super().__init__({"mix": function}, np.random.default_rng(0))
        self.mark, self.asked = mark, 0

    def call_many(self, name, calls):
        self.asked += 1
        return Answers(super().call_many(name, calls), self.mark)


def wrong(a, b, r):
    return a - r * b, a * b


def test_answers_that_were_right_of_somebody_are_right_and_others_are_looked_at(mixing: Task):
    sheet = sheet_of(mixing, mixing.public(), np.random.default_rng(3), "")
    assert not answered(Marked(wrong, b"w"), sheet).passed
    first = Marked(right, b"r")
    assert answered(first, sheet).passed
    again = Marked(wrong, b"r")  # the mark says that these are the same bits
    assert answered(again, sheet).passed
    assert again.rng.bit_generator.state == first.rng.bit_generator.state
    for mark in (b"w", b"", b"x"):
        assert not answered(Marked(wrong, mark), sheet).passed
    assert sheet.right == {b"r"}


def test_a_mistake_is_explained_once_for_all_who_answer_the_same(mixing: Task, monkeypatch):
    sheet = sheet_of(mixing, mixing.public(), np.random.default_rng(4), "")
    times = []
    monkeypatch.setattr(trial, "diagnose", lambda *a: times.append(1) or diagnose(*a))
    looks = {answered(Marked(wrong, b""), sheet).looks for _ in range(3)}
    assert len(times) == 1
    assert "subtracted, not added" in looks.pop()
    assert not looks
    verdict = answered(Marked(lambda a, b, r: (a + r * b, a + b), b""), sheet)
    assert len(times) == 2
    assert "subtracted, not added" not in verdict.looks
    assert answered(Marked(wrong, b""), sheet, explain=False).looks == ""


def test_the_calls_of_a_test_are_drawn_as_they_were_one_by_one(mixing: Task):
    sheet = sheet_of(mixing, mixing.public(), np.random.default_rng(5), "")
    rng = np.random.default_rng(5)
    for question, case in zip(sheet.questions, mixing.public(), strict=False):
        drawn = mixing.draw(case, rng)
        for name, value in drawn.items():
            np.testing.assert_array_equal(question.inputs[name], value)
        assert question.after == rng.bit_generator.state
