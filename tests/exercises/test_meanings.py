"""NumPy's and Python's own functions are what they were, whatever a student's code does."""

import math

import numpy as np

from course_nn.exercises.check import check_task
from course_nn.exercises.meanings import Guarded, restored
from course_nn.exercises.task import Task

ABS = np.abs


def test_what_was_replaced_is_put_back_and_named() -> None:
    np.abs, np.linalg.norm, math.sqrt = len, len, len
    assert restored() == ["np.abs", "np.linalg.norm", "math.sqrt"]
    assert np.abs is ABS
    assert restored() == []


def test_a_new_name_is_no_other_meaning() -> None:
    np.mine = 3
    try:
        assert restored() == []
    finally:
        del np.mine


def test_a_guarded_function_tells_what_it_replaced() -> None:
    def spoil(x):
        np.abs = len
        return x

    guarded = Guarded(spoil)
    assert guarded(3) == 3
    assert np.abs is ABS
    assert list(guarded.replaced) == ["np.abs"]
    assert guarded.__code__ is spoil.__code__


def test_a_wrong_answer_is_not_right_because_the_check_was_replaced(mixing: Task) -> None:
    def wrong(a, b, r):
        np.abs = lambda x: 0 * x
        np.array_equal = lambda *given, **named: True
        a += 1
        return a, b

    verdict = check_task(mixing, wrong)
    assert not verdict.passed
    assert "it gives np.abs and np.array_equal another meaning" in str(verdict)
    assert np.abs is ABS


def test_what_an_earlier_cell_replaced_is_told_beside(mixing: Task) -> None:
    np.abs = len
    verdict = check_task(mixing, lambda a, b, r: (a + r * b, a * b))
    assert verdict.passed
    assert "By the way, np.abs had another meaning here, and has its own again." in str(verdict)
