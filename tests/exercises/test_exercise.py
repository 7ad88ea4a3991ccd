"""Exercises are loaded by name; hidden blocks complete them and change nothing that is public."""

import numpy as np
import pytest

from course_nn.exercises.exercise import Exercise, completed, known, load, tasks_in
from course_nn.exercises.task import task

HIDDEN = """
@right("triple")
def triple(x):
    y = 3 * x
    return y


mistakes("double", [("it is a square", lambda right, i: {"y": i["x"] ** 2})])
"""


@task("1.1", "x:N -> y:N", points=2)
def double(x):
    """Return twice x."""
    y = 2 * x
    return y  # noqa: RET504


@task("1.2", "x:N -> y:N", points=3, transfer=True)
def triple(x): ...


PUBLIC = Exercise("ex99", "Nothing", {"double": double, "triple": triple})


def test_known_exercises_load() -> None:
    assert "ex02_dense" in known()
    found = load("ex02_dense")
    assert found.title == "Exercise 2: the dense layer"
    assert next(iter(found.tasks)) == "dense_forward"
    with pytest.raises(KeyError, match="there is no exercise 'ex99'; there are: ex0"):
        load("ex99")


def test_transfer_tasks_come_without_their_answers() -> None:
    for name in known():
        tasks = load(name).tasks.values()
        assert all((one.function is None) == (one.transfer or one.open) for one in tasks)


def test_a_hidden_block_says_what_is_right() -> None:
    whole = completed(PUBLIC, HIDDEN, {"np": np}, "hidden of ex99")
    assert whole.tasks["triple"].right({"x": np.ones(2)})["y"].tolist() == [3, 3]
    assert whole.tasks["double"].mistakes[0].words == "it is a square"
    assert whole.points == 5
    assert PUBLIC.tasks["triple"].function is None
    assert PUBLIC.tasks["double"].mistakes == ()


def test_a_hidden_block_adds_another_way_and_the_students_task_has_none() -> None:
    again = '@also("triple")\ndef triple(x):\n    return x + x + x\n'
    whole = completed(PUBLIC, HIDDEN + again, {"np": np}, "hidden of ex99")
    assert [other(1) for other in whole.tasks["triple"].others] == [3]
    assert PUBLIC.tasks["triple"].others == []


def test_a_task_without_an_answer_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no hidden block says what is right of \['Task 1.2"):
        completed(PUBLIC, "", {"np": np}, "hidden of ex99")


def test_tasks_are_found_in_order() -> None:
    assert list(tasks_in({"b": triple, "x": 3, "a": double})) == ["triple", "double"]
