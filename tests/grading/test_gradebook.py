"""What was graded is kept whole, once, with all that happened to it."""

import sqlite3
from dataclasses import replace

import pytest

from course_nn.grading.gradebook import NAME, Gradebook, GradebookError, grade_of
from course_nn.grading.late import late_rule
from course_nn.grading.lock import Locked
from course_nn.grading.record import Override, Record, TaskRecord

TASKS = (TaskRecord("2.1", "f", 1.0, 1), TaskRecord("2.2", "g", 0.5, 2))
ADA = Record(
    "Ada", "ex", "graded", "2.2: wrong", TASKS, content="c0de", handed_in="2026-11-03T10:00"
)


@pytest.fixture
def book(tmp_path):
    with Gradebook.open(tmp_path / "out", "ex") as book:
        yield book


def test_the_last_record_of_everyone_counts(book):
    book.keep(replace(ADA, message="first"), ["x = 1"])
    book.keep(replace(ADA, student="Zoë \u202e"), ["x = 1"])
    book.keep(ADA, ["x = 1"], "a typo in the test")
    assert [grade.record for grade in book.grades()] == [ADA, replace(ADA, student="Zoë \u202e")]
    assert book.present("Ada") == ADA
    assert book.present("Bob") is None
    assert book.students() == ["Ada", "Zoë \u202e"]
    assert book.cells("c0de") == ["x = 1"]
    assert book.cells("other") == []
    assert [(e.what, e.reason) for e in book.history("Ada")] == [
        ("graded: 1.5 of 3 points", ""), ("graded: 1.5 of 3 points", "a typo in the test"),
    ]  # fmt: skip


def test_it_is_there_again_when_it_is_opened_again(book):
    book.keep(ADA)
    book.close()
    assert sorted(path.name for path in book.out.iterdir()) == ["gradebook.lock", NAME]
    with Gradebook.open(book.out, "ex") as again:
        assert again.present("Ada") == ADA
    with Gradebook.read(book.out) as again:
        assert again.present("Ada") == ADA


def test_code_is_known_on_the_basis_it_was_graded_on(book):
    book.basis = "seed 1"
    book.keep(ADA)
    book.keep(replace(ADA, student="Bob", status="grader error"))
    book.keep(replace(ADA, student="Cy", status="missing", content=""))
    assert book.known() == {"Ada": "c0de"}
    book.basis = "seed 2"
    assert book.known() == {}


def test_points_set_by_hand_count_and_can_be_taken_back(book):
    book.keep(ADA)
    book.override("Ada", "2.2", 2.0, "the test was wrong")
    assert book.grades()[0].final == 3.0
    book.override("Ada", "", 2.5, "as agreed")
    grade = book.grades()[0]
    assert (grade.final, grade.override) == (2.5, 2.5)
    assert [one.reason for one in grade.overrides] == ["the test was wrong", "as agreed"]
    book.override("Ada", "", None, "a mistake")
    assert (book.grades()[0].final, book.grades()[0].override) == (3.0, None)
    assert [entry.what for entry in book.history("Ada")] == [
        "graded: 1.5 of 3 points", "task 2.2 by hand: 2 points", "the whole by hand: 2.5 points",
        "the whole: as tested again",
    ]  # fmt: skip


def test_being_late_is_taken_off_what_counts_and_stands_beside_it():
    rule = late_rule("2026-11-03T09:00", "10% a day")
    grade = grade_of(ADA, (Override("2.2", 2.0, "by hand"),), rule)
    assert (grade.record.total, grade.penalty, grade.final) == (1.5, 0.3, 2.7)
    assert "1 hour late: 10 % off" in grade.reason
    whole = grade_of(ADA, (Override("", 2.0, "by hand"),), rule)
    assert (whole.penalty, whole.final) == (0.0, 2.0)
    assert grade_of(replace(ADA, status="missing"), (), rule).reason == ""


def test_the_rule_of_lateness_is_kept_and_taken_back(book):
    assert book.late() is None
    book.set_late("2026-11-03T09:00", "10% a day")
    assert book.late().text == "10% a day"
    with pytest.raises(ValueError, match="cannot be read"):
        book.set_late("2026-11-03T09:00", "a lot")
    assert book.late().text == "10% a day"
    book.set_late("", "")
    assert book.late() is None


def test_groups_have_names(book):
    book.label("8f3a", "transposed")
    book.label("8f3a", "W is transposed")
    book.label("77", "b")
    book.label("77", "")
    assert book.labels() == {"8f3a": "W is transposed"}


def test_a_second_grader_is_not_let_in(book):
    with pytest.raises(Locked, match="another grader is at work"):
        Gradebook.open(book.out, "ex")
    book.close()
    Gradebook.open(book.out, "ex").close()


def test_another_exercise_and_a_file_that_is_none_are_refused(book):
    book.close()
    with pytest.raises(GradebookError, match="holds the grades of ex, not of ey: name another"):
        Gradebook.open(book.out, "ey")
    Gradebook.open(book.out, "ex").close()  # the lock was given back
    (book.out / NAME).write_text("this is no database, whatever its name " * 40)
    with pytest.raises(GradebookError, match="cannot be used as a gradebook"):
        Gradebook.open(book.out, "ex")
    with pytest.raises(GradebookError, match="there is no gradebook in"):
        Gradebook.read(book.out.parent)


def test_a_newer_form_is_refused(book):
    book.connection.execute("PRAGMA user_version = 99")
    book.close()
    with pytest.raises(GradebookError, match="made by a newer course-nn"):
        Gradebook.open(book.out, "ex")


def test_a_record_is_kept_whole_or_not_at_all(book):
    book.keep(ADA, ["x = 1"])
    full = "SELECT RAISE(ABORT, 'disk is full')"
    book.connection.execute(f"CREATE TRIGGER full BEFORE INSERT ON records BEGIN {full}; END")
    with pytest.raises(GradebookError, match=r"gradebook.sqlite cannot be written: disk is full"):
        book.keep(replace(ADA, student="Bob", content="n3w"), ["y = 1"])
    assert book.students() == ["Ada"]
    assert book.cells("n3w") == []
    book.override("Ada", "2.1", 0, "it is not stuck")


def test_the_journal_suits_network_file_systems(book):
    assert book.connection.execute("PRAGMA journal_mode").fetchone() == ("truncate",)
    assert sqlite3.connect(book.out / NAME).execute("PRAGMA user_version").fetchone() == (1,)
