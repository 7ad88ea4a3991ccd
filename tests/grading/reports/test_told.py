"""What may be said of a grading, and what may not of a hidden test."""

from dataclasses import replace

import pytest

from course_nn.grading.record import Grade, OutcomeRecord, Override, Record, TaskRecord
from course_nn.grading.reports import told

PASSED = OutcomeRecord("f: the public check", True, True)
FAILED = OutcomeRecord("f: other sizes", False, False, "value", "y[0] is 3, expected 4.")
STUB = replace(FAILED, stage="stub", sentence="f is not written yet.")


def task(points, maximum, *tests, number="1.1"):
    return TaskRecord(number, "f", points, maximum, "", tests)


def grade(*tasks, status="graded", **fields):
    record = Record("ada", "ex", status, "", tasks)
    return Grade(record, final=record.total, **fields)


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("y[0, 1] is 3.5, expected 4.", "y has wrong numbers."),
        ("y is -1.5e-08, expected 0.25.", "y has wrong numbers."),
        ("dx ✔ dW ✘: dW[1] is 2, expected 3.", "dx ✔ dW ✘: dW has wrong numbers."),
        ("a[0] is 1, expected 2; b is 3, expected 4.", "a has wrong numbers; b has wrong numbers."),
        ("y[0] is nan, not a number that can be compared.", None),
        ("y has shape (2, 3); expected (3, 2) = (N, M).", None),
        ("y is of type list; expected a NumPy array.", None),
        ("f raised ValueError at line 2 of its cell: `x @ W` (sizes 2 and 3).", None),
    ],
)  # fmt: skip
def test_of_a_hidden_test_no_number_that_would_be_right_is_told(sentence, said):
    assert told.sentence(replace(FAILED, sentence=sentence)) == (said or sentence)
    assert told.sentence(replace(FAILED, sentence=sentence, public=True)) == sentence


@pytest.mark.parametrize(
    ("points", "tests", "word"),
    [(2, (PASSED,), "right"), (1, (PASSED, FAILED), "in part"), (0, (FAILED,), "not right"),
     (0, (STUB,), "not written"), (0, (), "not graded")],
)  # fmt: skip
def test_how_a_task_stands(points, tests, word):
    given = grade(task(points, 2, *tests))
    assert told.standing(given, given.record.tasks[0]).word == word
    assert told.standing(given, given.record.tasks[0]).sign == told.SIGNS[word]


def test_what_was_set_by_hand_counts():
    given = grade(task(0, 2, FAILED), overrides=(Override("1.1", 2.0, "a fault of the task"),))
    assert told.standing(given, given.record.tasks[0]).word == "right"
    assert told.changes(given) == [("Task 1.1, set by hand", "a fault of the task", "")]


def test_what_changed_the_points_is_said_with_its_reason():
    whole = grade(
        task(1, 2, FAILED), penalty=0.5, reason="a day late", override=3.0,
        overrides=(Override("", 3.0, "talked about"),),
    )  # fmt: skip
    assert told.changes(whole) == [
        ("The whole, set by hand", "talked about", "3"), ("Handed in late", "a day late", "−0.5"),
    ]  # fmt: skip
    assert told.changes(grade(override=1.0)) == [("The whole, set by hand", "", "1")]
    assert told.changes(grade(task(1, 2))) == []


def test_the_points_of_a_part_are_explained():
    assert told.shares(task(1, 2, PASSED, FAILED)) == (
        "2 tests share the 2 points equally; 1 passed: 1."
    )
    assert told.shares(task(0.5, 1, PASSED, FAILED)).startswith("2 tests share the 1 point equally")
    assert told.shares(task(1.7, 2, PASSED, FAILED)) == "1 of 2 tests passed."
    assert told.shares(task(0, 2, FAILED)) == ""


def test_a_summary_says_what_is_right_first():
    given = grade(task(1, 2, PASSED, FAILED), task(2, 2, PASSED), task(0, 2, STUB))
    assert told.summary(given) == "Of 3 tasks 1 is right, 1 is right in part, 1 is not written yet."
    assert told.summary(grade(task(2, 2, PASSED))) == "Every task is right."
    assert told.summary(grade(task(0, 2, STUB))) == "Nothing is written yet."
    assert "not your fault" in told.summary(grade(task(0, 2), status="grader error"))


def test_the_smallest_example_stands_at_the_margin():
    lines = ("  The smallest example that is wrong:", "    x = [[1,\n\n         2]]", "    y = 1")
    assert told.example(replace(FAILED, smallest=lines)) == "x = [[1,\n     2]]\ny = 1"
    assert told.example(FAILED) == ""


def test_a_label_is_for_all_who_have_its_key_and_said_once():
    labels = {"k1": "Sum over the samples.", "k2": "Sum over the samples.", "k3": "No."}
    one, other = replace(FAILED, answer="k1"), replace(FAILED, answer="k2")
    assert told.feedback(task(0, 2, one, other, FAILED), labels) == ["Sum over the samples."]
    assert told.feedback(task(0, 2, replace(PASSED, answer="k3")), labels) == []


def test_titles_lose_the_name_of_their_task():
    given = replace(FAILED, label="f, dW: other sizes")
    assert told.title_of(given, task(0, 1)) == "dW: other sizes"
    assert told.title_of(FAILED, task(0, 1)) == "other sizes"


def test_where_to_read_is_said_in_words():
    given = task(0, 1)
    assert told.reading(given) == ""
    assert told.reading(replace(given, section="layers/dense.html#a")) == "layers/dense"
    both = replace(given, chapter="The dense layer", heading="The derivative")
    assert told.reading(both) == "“The derivative” in the chapter “The dense layer”"


def test_flags_are_what_is_not_as_usual():
    record = grade(task(1, 1, PASSED)).record
    assert told.flags(record) == []
    odd = replace(record, status="stopped", failures=("a", "b"), noticed=("c",))
    assert told.flags(odd) == ["stopped", "2 cells did not run", "see what was decided"]
    assert told.decided(odd) == ("its own run says: “c”",)  # it could say anything


def test_faults_leave_out_what_is_not_written():
    given = grade(task(0, 1, STUB), task(0, 1, PASSED, FAILED), task(1, 1, PASSED))
    assert [fault for _, _, fault in told.faults([given])] == [FAILED]


def test_a_vast_sentence_is_read_in_no_time():
    long = "x" * 200_000 + " is"
    assert told.sentence(replace(FAILED, sentence=long)) == long  # not in a quarter of an hour
