"""The page that an instructor reads: how the class stands, and whom to look at."""

from dataclasses import replace

import pytest

from course_nn.grading.record import Override
from course_nn.grading.reports.groups import groups
from course_nn.grading.reports.overview import binned, class_page

from .reading import EVIL, Page, poisoned


def read(grades, code, labels=None, **options):
    page = Page(class_page(grades, labels or {}, code, **options))
    assert page.faults == []
    assert len(page.ids()) == len(set(page.ids()))
    links = [named["href"][1:] for _, named in page.elements if named.get("href", "")[:1] == "#"]
    assert set(links) <= set(page.ids())
    return page


def test_it_shows_points_tasks_diagnoses_groups_and_students(grades, code):
    text = read(grades, code, note="in a sandbox", similar=2).text
    for said in ("How the points are distributed", "Points by task", "Commonest diagnoses",
                 "Answers that are alike: 2 pairs", "in a sandbox",
                 "8 students: 8 graded."):  # fmt: skip
        assert said in text
    for grade in grades:
        assert text.count(grade.record.student) >= 3  # a table in three orders


def test_every_student_is_linked_to_the_page(grades, code):
    page = read(grades, code)
    links = [
        named["href"] for tag, named in page.elements if tag == "a" and named["href"][0] == "f"
    ]
    assert {f"feedback/{grade.record.student}.html" for grade in grades} <= set(links)


def test_groups_stand_with_their_key_their_label_and_an_example(grades, code):
    both = [grades[0], replace(grades[0], record=replace(grades[0].record, student="twin"))]
    key = groups(both, {})[0].key
    text = read(both, code, {key: "Look <again>."}).text
    assert f"Key: {key}" in text
    assert "You said: Look <again>." in text
    assert "The smallest example, and how ada wrote it" in text


def test_what_is_odd_is_listed_and_sorted_first_where_asked(grades, code):
    last = grades[-1].record
    odd = replace(last, failures=("code cell 2 raised NameError.",), said=("the later of two",))
    text = read([*grades[:-1], replace(grades[-1], record=odd)], code).text
    assert "To look at" in text
    assert "code cell 2 raised NameError." in text
    assert "To look at" not in read(grades, code).text
    rest = text[text.index("odd ones first") :]
    third = rest[rest.rindex("1 cell did not run") - 60 :]
    assert third.count(grades[0].record.student) == 1  # the odd one stands before all others


def test_missing_students_are_counted_and_left_out_of_the_distribution(grades, code):
    gone = replace(
        grades[0], record=replace(grades[0].record, status="missing", message="none"), final=0.0
    )
    text = read([gone, *grades[1:]], code).text
    assert "7 graded, 1 missing" in text
    assert f"from {min(g.final for g in grades[1:]):g} to" in text


def test_what_was_set_by_hand_and_taken_off_is_seen(grades, code):
    changed = replace(grades[0], penalty=1.5, overrides=(Override("2.1", 0.25, "so"),))
    text = read([changed, *grades[1:]], code).text
    assert "0.25 *" in text
    assert "−1.5" in text
    assert "set by hand*" in text


def test_an_empty_class_has_a_page(code):
    assert "Nobody." in read([], code).text


def test_a_class_without_a_graded_submission_has_a_page(grades, code):
    bare = [
        replace(g, record=replace(g.record, status="unreadable", message="no", tasks=()), final=0.0)
        for g in grades
    ]
    assert "8 unreadable" in read(bare, code).text


def test_a_share_that_is_whole_belongs_to_the_last_bin():
    assert binned([1.0, 0.9, 0.1, 0.3]) == [0, 1, 0, 1, 0, 0, 0, 0, 0, 2]


@pytest.mark.parametrize("evil", EVIL)
def test_no_text_gets_out_of_its_place(grades, evil):
    hostile = [poisoned(grade, evil) for grade in grades[:3]]
    graded = [replace(g, record=replace(g.record, status="graded")) for g in hostile]

    def code(content):
        return [evil, f"def {grades[0].record.tasks[0].name}(x):\n    '''{evil}'''"]

    read(hostile, code, {evil: evil}, note=evil)
    read(graded, code, {evil: evil}, note=evil)
