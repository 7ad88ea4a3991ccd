"""The smallest failing example: the printed one first, else few whole numbers."""

import numpy as np

from course_nn.exercises.compare import ask
from course_nn.exercises.smallest import smallest_example
from course_nn.exercises.task import Task


def shrunk(student, task: Task, function, case: int = 0):
    chosen = task.public()[case]
    one = student(**{task.name: function})
    first = ask(one, task, task.draw(chosen, np.random.default_rng(0)))
    assert first.fault
    return smallest_example(one, task, first, chosen)


def test_the_printed_example_comes_first(student, mixing: Task) -> None:
    found = shrunk(student, mixing, lambda a, b, r: (a - r * b, a * b))
    assert found.inputs["b"].tolist() == [[2.0]]
    assert [o.name for o in found.wrong] == ["s"]


def test_where_it_is_right_there_a_small_one_is_searched(student, mixing: Task) -> None:
    found = shrunk(student, mixing, lambda a, b, r: (a + r * b, a * b * (a.shape[1] < 2)))
    assert found.inputs["a"].shape == (1, 2)
    assert [o.name for o in found.wrong] == ["p"]
    assert (found.inputs["a"] == np.round(found.inputs["a"])).all()


def test_where_none_is_found_there_is_none(student, mixing: Task) -> None:
    found = shrunk(student, mixing, lambda a, b, r: (a + r * b, a * b + (a.size > 11)))
    assert found is None or found.inputs["a"].size > 11


def test_the_same_outputs_are_wrong(student, picking: Task) -> None:
    found = shrunk(student, picking, lambda x, labels, stride: x[:, 0].mean() * stride)
    assert found.inputs["x"].shape[0] == 1
    assert 0 <= found.inputs["labels"].min() <= found.inputs["labels"].max()
