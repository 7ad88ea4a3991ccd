"""Hints go a step at a time: where, a hint, what it looks like, where to read."""

from dataclasses import replace

import numpy as np

from course_nn.exercises.check import check_task
from course_nn.exercises.compare import Comparison
from course_nn.exercises.diagnose import Finding
from course_nn.exercises.hints import hint, steps, where
from course_nn.exercises.task import Task
from course_nn.exercises.verdict import Verdict


def last_column(a, b, r):
    p = a * b
    p[:, -1] = 0
    return a + r * b, p


def test_the_region_of_an_error_is_said(mixing: Task) -> None:
    said = where(check_task(mixing, last_column))
    assert "p is wrong here: only the last feature" in said


def test_the_equation_of_a_wrong_number_is_said() -> None:
    from course_nn.exercises import check

    verdict = check.dense_backward(lambda dy, x, W: (dy @ W.T, x.T @ dy / len(x), dy.sum(axis=0)))
    assert "dW[0,0] = Σₙ x[n,0]·dy[n,0]" in where(verdict)
    assert "is their mean" in where(verdict)


def test_each_step_says_one_thing_and_which_it_is(mixing: Task) -> None:
    known = replace(mixing, hint="Add them up.", section=("Mixing", "Sums"))
    verdict = check_task(known, lambda a, b, r: (a - r * b, a * b))
    said = [hint(verdict, level) for level in range(5)]
    assert said[0].startswith("Step 1 of 4, where: In the smallest example s[0,0]")
    assert said[1] == "Step 2 of 4, a hint: Add them up."
    assert said[2] == "Step 3 of 4, what it looks like: in s, r * b is subtracted, not added."
    assert said[3] == 'Step 4 of 4, to read: the chapter "Mixing", the section "Sums".'
    assert said[4] == (
        'That was all that can be said. To read: the chapter "Mixing", the section "Sums".'
    )


def test_a_step_with_nothing_to_say_is_left_out(mixing: Task) -> None:
    assert hint(Verdict(mixing), 0) == "That was all that can be said."
    known = replace(mixing, section=("Mixing", "Sums"))
    wrong = check_task(known, lambda a, b, r: (np.cos(3 * a) + r**7 * np.sin(b), a * b))
    assert not wrong.looks
    assert [name for name, _ in steps(wrong)] == ["where", "to read"]


def test_a_wrong_dtype_has_no_place(mixing: Task) -> None:
    verdict = check_task(
        mixing, lambda a, b, r: (a.astype(float) + r * b + 1e-5 * (a.dtype == "f4"), a * b)
    )
    assert verdict.kind == "dtype"
    assert where(verdict) == ""


def test_a_question_keeps_its_mark_alone(mixing: Task) -> None:
    comparison = Comparison({}, "property", "it is not 1")
    verdict = Verdict(mixing, comparison, finding=Finding("is there an overflow?"))
    assert hint(verdict, 0) == "Step 1 of 1, what it looks like: is there an overflow?"
    assert "?." not in str(verdict)
