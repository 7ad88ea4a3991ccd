"""The page that a student reads: what it says, what it never says, and that nothing gets out."""

import re
from dataclasses import replace

import pytest

from course_nn.grading.record import Override
from course_nn.grading.reports.student import Words, student_page, title_of

from .reading import EVIL, Page, poisoned

WORDS = Words()


def read(grade, words=WORDS):
    page = Page(student_page(grade, words))
    assert page.faults == []
    assert len(page.ids()) == len(set(page.ids()))
    links = [named["href"][1:] for _, named in page.elements if named.get("href", "")[:1] == "#"]
    assert set(links) <= set(page.ids())
    return page.text


def test_it_says_what_is_wrong_what_it_looks_like_and_the_smallest_example(wrong):
    text, fault = read(wrong), wrong.record.tasks[0].first_fault
    assert fault.looks
    assert fault.looks in text
    assert fault.sentence in text
    assert "The smallest example that is wrong" in text
    assert "“The forward pass” in the chapter “The dense layer”" in text
    assert "3 tests share the 1 point equally; 0 passed: 0." in text


def test_points_stand_in_all_and_by_task(wrong):
    text = read(wrong)
    assert f"{wrong.final:g} of 9 points" in text
    assert "2.2 dense_backward ✔ right 2 2" in text
    assert "2.5 sgd_step ○ not written 0 1" in text
    assert "Not written yet Task 2.5, sgd_step ." in text


def test_of_a_hidden_test_the_right_numbers_are_not_shown(grades, wrong):
    hidden = re.compile(r"expected (-?[\d.e-]+)")
    checked = 0
    for grade in (*grades, wrong):
        text = read(grade)
        for task in grade.record.tasks:
            for test in task.tests:
                if not test.public and test.stage in ("value", "gradient"):
                    numbers = hidden.findall(test.sentence)
                    assert not [n for n in numbers if f"expected {n}" in text]
                    checked += len(numbers)
    assert checked > 10


def test_the_drawing_is_there_where_numbers_are_wrong(wrong):
    assert '<svg role="img"' in student_page(wrong, WORDS)


def test_the_book_is_linked_where_its_address_is_known(wrong):
    page = student_page(wrong, Words("https://book.example/"))
    assert 'href="https://book.example/layers/dense.html#the-forward-pass"' in page
    read(wrong, Words("https://book.example/"))


def test_the_instructors_word_on_a_group_is_read_by_its_members(wrong):
    key = wrong.record.tasks[0].first_fault.answer
    assert "Add b <to> every row." in read(wrong, Words(labels={key: "Add b <to> every row."}))
    assert "From your instructor" not in read(wrong, Words(labels={"other": "No."}))


def test_what_was_decided_and_did_not_run_stands_above_the_tasks(wrong):
    record = replace(
        wrong.record, failures=("code cell 3 raised NameError.",), said=("the later of two",),
        noticed=("a stub was passed over",),
    )  # fmt: skip
    text = read(replace(wrong, record=record))
    for said in ("code cell 3 raised NameError.", "the later of two", "a stub was passed over"):
        assert text.index(said) < text.index("Points by task")


def test_many_cells_that_did_not_run_are_not_all_listed(wrong):
    record = replace(wrong.record, failures=tuple(f"cell {k} failed" for k in range(50)))
    text = read(replace(wrong, record=record))
    assert "50 cells did not run" in text
    assert "cell 19 failed" in text
    assert "cell 20 failed" not in text
    assert "… and 30 more." in text


def test_penalty_and_overrides_are_told_with_their_reasons(wrong):
    by_hand = (Override("2.1", 1.0, "the task was unclear"),)
    text = read(replace(wrong, overrides=by_hand, penalty=0.5, reason="one day late", final=5.0))
    assert "Task 2.1, set by hand the task was unclear" in text
    assert "Handed in late one day late −0.5" in text
    assert "5 of 9 points" in text
    assert "These points were set to 1 by hand: the task was unclear" in text


@pytest.mark.parametrize("status", ["missing", "unreadable", "stopped", "grader error"])
def test_what_was_not_graded_says_why(wrong, status):
    bare = tuple(replace(task, points=0.0, tests=()) for task in wrong.record.tasks)
    record = replace(wrong.record, status=status, message="because of this", tasks=bare)
    text = read(replace(wrong, record=record, final=0.0))
    assert "because of this" in text
    assert "– not graded" in text


@pytest.mark.parametrize("evil", EVIL)
def test_no_text_gets_out_of_its_place(wrong, evil):
    labels = {evil: evil}
    hostile = poisoned(replace(wrong, overrides=(Override("", 1.0, ""),)), evil)
    read(hostile, Words("https://book.example", labels))
    kept = replace(wrong, record=replace(hostile.record, status="graded", assignment="ex02_dense"))
    read(kept, Words("https://book.example", labels))


def test_a_page_refers_to_nothing_outside(wrong):
    page = student_page(wrong, WORDS)
    assert not re.search(r"https?://|//|src=|@import|url\(", page.replace("{}", ""))


def test_an_exercise_that_is_not_known_keeps_its_name():
    assert title_of("ex02_dense") == "Exercise 2: the dense layer"
    assert title_of("mine") == "mine"
