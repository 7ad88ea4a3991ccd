"""A verdict becomes plain values that say the same."""

import json

import numpy as np
import pytest

from course_nn.exercises.student import LocalStudent
from course_nn.grading.outcomes import SMALL, errors, kept, outcome, summary, task_record
from course_nn.grading.record import OutcomeRecord, TaskRecord


@pytest.fixture
def forward(assignment):
    return assignment.tasks[0]


def verdict_on(graded, function):
    test = graded.tests[0]
    student = LocalStudent({graded.task.name: function}, np.random.default_rng(1))
    return test, test.run(student, graded.task)


def test_a_wrong_answer_is_kept_in_words_and_small_numbers(forward):
    test, verdict = verdict_on(forward, lambda x, W, b: x @ W - b)
    record = outcome(test, verdict, "a key")
    assert (record.label, record.public, record.passed) == (test.label, True, False)
    assert (record.stage, record.answer) == ("value", "a key")
    assert record.sentence == verdict.sentence
    assert record.looks == "b is subtracted, not added"
    assert record.smallest == tuple(verdict.smallest())
    example = {name: np.asarray(value).tolist() for name, value in verdict.inputs.items()}
    assert record.inputs == example
    b = verdict.comparison.inputs["b"]
    np.testing.assert_allclose(record.error["y"], np.broadcast_to(-2 * b, (4, 2)))
    json.dumps(record.inputs, allow_nan=False)


def test_a_right_answer_needs_no_words(forward):
    test, verdict = verdict_on(forward, lambda x, W, b: x @ W + b)
    assert outcome(test, verdict) == OutcomeRecord(test.label, True, True)


def test_a_wrong_shape_has_no_error(forward):
    _, verdict = verdict_on(forward, lambda x, W, b: (x @ W + b)[0])
    assert errors(verdict.comparison) == {}


def test_what_is_large_or_no_number_is_left_out():
    values = {"big": np.zeros(SMALL + 1), "text": np.array("a"), "odd": np.array([np.nan, np.inf])}
    assert kept(values) == {"odd": ["nan", "inf"]}


def test_tests_share_the_points(forward):
    right, wrong = OutcomeRecord("a", True, True), OutcomeRecord("b", True, False)
    task = task_record(forward, (right, right, wrong))
    assert task.points == round(forward.task.points * 2 / 3, 2)
    assert (task.section, task.chapter) == ("layers/dense.html#the-forward-pass", "The dense layer")
    assert task.heading == "The forward pass"
    assert task_record(forward).points == 0


def test_the_summary_names_the_first_fault_of_each_task():
    passed = OutcomeRecord("one", True, True)
    wrong = [OutcomeRecord("one", True, False, "value", s, looks) for s, looks in
             (("A.", "B"), ("C.", ""))]  # fmt: skip

    def task(number, *tests):
        return TaskRecord(number, "f", 0, 1, tests=tests)

    tasks = (task("1", passed, *wrong), task("2", passed), task("3", wrong[1]))
    assert summary(tasks) == "1: A (B) | 3: C"
    assert summary(tasks[1:2]) == "all tests passed"
