"""What a student has installed says the same as the exercise's source."""

import warnings

import numpy as np
import pytest

from course_nn.exercises.exercise import known, load
from course_nn.exercises.task import Inputs, Task
from course_nn.grading.assignment import load_assignment

TASKS = [
    pytest.param(task, id=f"{name}: {task.name}")
    for name in known()
    for task in load(name).tasks.values()
    if task.function is not None
]
SOURCES = {g.task.name: g.task for name in known() for g in load_assignment(name).tasks}


def drawn(task: Task) -> list[Inputs]:
    return [task.draw(case, np.random.default_rng(3)) for case in task.public()]


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    """Whether two answers agree, as numbers do."""
    pairs = [(np.asarray(one[name]), np.asarray(other[name])) for name in other]
    return all(a.shape == b.shape and np.allclose(a, b, equal_nan=True) for a, b in pairs)


@pytest.mark.parametrize("task", TASKS)
def test_its_formulas_are_those_of_the_source(task: Task) -> None:
    source = SOURCES[task.name]
    assert len(task.others) == len(source.others)
    for inputs in drawn(task):
        right = source.right(inputs)
        assert same(task.right(inputs), right)
        for other in task.others:
            assert same(Task(**{**vars(task), "function": other}).right(inputs), right)


@pytest.mark.parametrize("task", TASKS)
def test_what_its_table_calls_a_mistake_is_one(task: Task) -> None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for mistake in task.mistakes:
            differs = False
            for inputs in drawn(task):
                right = task.right(inputs)
                try:
                    differs |= not same(right | mistake.wrong(dict(right), inputs), right)
                except (ValueError, IndexError, TypeError, ZeroDivisionError):
                    differs = True  # as with sizes for which the mistake cannot be made
            assert differs, mistake.words
