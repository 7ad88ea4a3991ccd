"""The plain report says what the page says."""

from dataclasses import replace

import pytest

from course_nn.grading.record import Override
from course_nn.grading.reports.text import student_text

from .reading import EVIL, poisoned


def test_it_says_what_the_page_says(wrong):
    text, fault = student_text(wrong, {}), wrong.record.tasks[0].first_fault
    assert text.startswith("Exercise 2: the dense layer: 5.33 of 9 points\n")
    assert f"    What it looks like: {fault.looks}" in text
    assert "    The smallest example that is wrong:\n        x = " in text
    assert "    3 tests share the 1 point equally; 0 passed: 0.\n    Failed: the public" in text
    assert "○ Task 2.5, sgd_step: not written, 0 of 1 point" in text
    assert "✔ Task 2.2, dense_backward: right, 2 of 2 points" in text


def test_labels_overrides_and_penalties_are_said(wrong):
    key = wrong.record.tasks[0].first_fault.answer
    given = replace(
        wrong, penalty=1.0, reason="late", overrides=(Override("2.1", 1.0, "unclear"),),
        record=replace(wrong.record, failures=("cell 2 failed",), said=("the later",)),
    )  # fmt: skip
    text = student_text(given, {key: "Add b."})
    for said in ("From your instructor: Add b.", "Handed in late (−1): late", "  - cell 2 failed",
                 "Task 2.1, set by hand: unclear", "  - the later"):  # fmt: skip
        assert said in text


def test_what_was_not_graded_says_why(wrong):
    record = replace(wrong.record, status="unreadable", message="it is empty", tasks=())
    assert "it is empty" in student_text(replace(wrong, record=record), {})


@pytest.mark.parametrize("evil", EVIL)
def test_no_text_moves_a_terminal(wrong, evil):
    text = student_text(poisoned(wrong, evil), {evil: evil})
    assert all(c.isprintable() or c == "\n" for c in text)
