"""A function is tried case by case; the first that fails is explained."""

from dataclasses import replace

import numpy as np

from course_nn.exercises.task import Property, Task, task
from course_nn.exercises.trial import run


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
