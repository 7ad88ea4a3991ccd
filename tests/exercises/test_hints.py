"""Hints go a step at a time: where, a hint, what it looks like, where to read."""

import numpy as np

from course_nn.exercises.check import check_task
from course_nn.exercises.hints import LEVELS, hint, where
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


def test_each_level_says_one_thing(mixing: Task) -> None:
    verdict = check_task(mixing, lambda a, b, r: (a - r * b, a * b))
    said = [hint(verdict, level) for level in range(len(LEVELS))]
    assert "subtracted" in said[2]
    assert "subtracted" not in said[0] + said[1]
    assert hint(verdict, 9) == said[3]


def test_an_empty_level_says_so(mixing: Task) -> None:
    assert hint(Verdict(mixing), 1) == "There is nothing to say at this step; ask once more."
    wrong = check_task(mixing, lambda a, b, r: (np.cos(3 * a) + r**7 * np.sin(b), a * b))
    assert "nothing to say" in hint(wrong, 2)
