"""A disputed task runs again at the same numbers."""

from dataclasses import replace

import numpy as np
import pytest

from course_nn.exercises.compare import Comparison
from course_nn.grading.collect import Submission
from course_nn.grading.replay import numbers, replay
from course_nn.grading.runner import Job, Settings, graded

CODE = "import numpy as np\ndef dense_forward(x, W, b):\n    return x @ W - b"
SETTINGS = Settings("plain", seed=4)


class Read:
    """Stands for a file."""

    def __call__(self):
        import json

        cell = {"cell_type": "code", "source": CODE}
        whole = {"cells": [cell], "nbformat": 4, "nbformat_minor": 4, "metadata": {}}
        return json.dumps(whole).encode()


@pytest.fixture(scope="module")
def record(assignment):
    return graded(Job(Submission("ada", Read())), assignment, SETTINGS).record


def test_the_same_numbers_come_again(record, assignment):
    found = replay(record, [CODE], assignment.tasks[:1], replace(SETTINGS, seed=99))
    assert [again.same for again in found] == [True] * len(assignment.tasks[0].tests)
    text = "\n".join(found[0].lines())
    assert f"✘ public, {found[0].test.label}: {found[0].kept.sentence}" in text
    assert "    in the case: the usual sizes" in text
    for name in ("x", "W", "b", "your y", "right y"):
        assert f"\n    {name} = [" in text
    assert "    what it looks like: b is subtracted, not added" in text
    assert "when it was graded" not in text


def test_what_comes_out_otherwise_is_said(record, assignment):
    right = CODE.replace("- b", "+ b")
    found = replay(record, [right], assignment.tasks[:1], SETTINGS)
    assert not any(again.same for again in found)
    assert found[0].lines()[-1] == f"    when it was graded: {found[0].kept.sentence}"
    other = replay(replace(record, tasks=()), [right], assignment.tasks[:1], SETTINGS)
    assert other[0].lines()[-1] == "    when it was graded: there was no such test"


def test_long_arrays_stand_below_each_other():
    lines = numbers(Comparison({"W": np.eye(2)}), "")
    assert lines == ["    W = [[1, 0],\n         [0, 1]]"]
