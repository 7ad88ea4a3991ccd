"""A record is kept as JSON and comes back equal."""

import pytest

from course_nn.grading.record import (
    Grade,
    OutcomeRecord,
    Override,
    Record,
    TaskRecord,
    from_json,
    to_json,
)

FAILED = OutcomeRecord(
    "dW: other sizes", False, False, "value", "dW is wrong.", "transposed", ("dW = …",), "N = 1",
    {"x": [[1.0, 2.0]]}, {"dW": [[0.5]]}, "8f3a",
)  # fmt: skip
TASKS = (
    TaskRecord("2.1", "dense_forward", 1.0, 1, tests=(OutcomeRecord("public", True, True),)),
    TaskRecord(
        "2.2",
        "dense_backward",
        0.67,
        2,
        "layers/dense.html#the-derivative",
        (FAILED,),
        "The dense layer",
        "The derivative",
    ),
)
RECORD = Record(
    "zoë", "ex02_dense", "graded", "2.2: …", TASKS, ("code cell 3 raised NameError.",),
    ("the later of two attempts",), "zoë.ipynb", "ab12", "2026-11-27T10:00:00+01:00", 7, 0.2,
)  # fmt: skip


def test_a_record_comes_back_equal():
    assert from_json(to_json(RECORD)) == RECORD


def test_points_are_added_and_the_first_fault_is_found():
    assert (RECORD.total, RECORD.maximum) == (1.67, 3)
    assert [task.first_fault for task in TASKS] == [None, FAILED]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"student": 1}', '{"tasks": [3]}'])
def test_what_is_no_record_is_refused(text):
    with pytest.raises(ValueError, match=r"no record|Expecting"):
        from_json(text)


def test_points_set_by_hand_count_for_their_task_alone():
    grade = Grade(RECORD, overrides=(Override("2.2", 1, "a typo"), Override("2.2", 2, "two")))
    assert [grade.points(task) for task in RECORD.tasks] == [1.0, 2]
