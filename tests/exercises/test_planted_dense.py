"""Mistakes of exercise 2 that were planted when it was written: each caught, each named truly."""

import numpy as np
import planted_dense
import pytest

from course_nn.exercises import check
from course_nn.exercises.student import LocalStudent
from course_nn.grading.assignment import load_assignment

GRADED = {graded.task.name: graded for graded in load_assignment("ex02_dense").tasks}
MISTAKES = [key for key in vars(planted_dense) if "__" in key and not key.startswith("__")]


@pytest.mark.parametrize("key", MISTAKES)
def test_a_planted_mistake_is_caught_and_named(key: str) -> None:
    name, wrong = key.split("__")[0], getattr(planted_dense, key)
    graded, found = GRADED[name], [getattr(check, name)(wrong)]
    for test in graded.tests:
        student = LocalStudent({name: wrong}, np.random.default_rng(test.seed(1)))
        found.append(test.run(student, graded.task))
    told = [str(verdict) for verdict in found if not verdict.passed]
    assert any(wrong.__doc__ in text for text in told), told
    assert found[0].passed == (key in planted_dense.HIDDEN)
