"""A class is graded once, goes on where it ended, and nobody loses what they had."""

from dataclasses import replace

import pytest

from course_nn.grading import classroom
from course_nn.grading.classroom import Class, basis_of
from course_nn.grading.collect import Submission
from course_nn.grading.gradebook import Gradebook
from course_nn.grading.jobs import Lost
from course_nn.grading.outcomes import task_record
from course_nn.grading.record import OutcomeRecord
from course_nn.grading.remote import Limits
from course_nn.grading.runner import Done, Settings, content_of, nothing

SETTINGS = Settings("plain", seed=1)


class Hall:
    """A pool without processes: submissions whose file is their code; points for "right"."""

    def __init__(self, assignment, task=""):
        self.assignment, self.task, self.asked = assignment, task, []

    def run(self, pieces):
        for job in pieces:
            self.asked.append(job.submission.student)
            yield job, self.result(job)

    def result(self, job):
        record = nothing(job.submission, self.assignment)
        code = job.submission.file
        if code == "die":
            return Lost("its process ended")
        if job.submission.problem:
            return Done(replace(record, status="missing", message=job.submission.problem))
        record = replace(record, content=content_of([code]), seconds=1.5)
        if job.known == record.content and not self.task:
            return Done(record, (code,), same=True)
        test = OutcomeRecord("one", True, "right" in code)
        tasks = [task_record(g, (test,)) for g in self.assignment.tasks]
        if job.known == record.content:
            tasks = [task for task in tasks if task.number == self.task]
        record = replace(record, status="graded", tasks=tuple(tasks), message="done")
        return Done(record, (code,), same=job.known == record.content)


@pytest.fixture
def book(tmp_path):
    with Gradebook.open(tmp_path / "out", "ex02_dense") as book:
        yield book


def grade(book, assignment, handed_in, settings=SETTINGS, **options):
    run, hall = Class(book, assignment, settings, **options), Hall(assignment, settings.task)
    list(run.grade([Submission(who, file=code) for who, code in handed_in.items()], hall))
    return run.tally


def points(book):
    return {grade.record.student: grade.final for grade in book.grades()}


def test_the_same_code_is_graded_once(book, assignment):
    first = grade(book, assignment, {"ada": "right", "bob": "wrong"})
    assert (first.graded, first.known, first.failed) == (2, 0, [])
    again = grade(book, assignment, {"ada": "right", "bob": "now right"})
    assert (again.graded, again.known) == (1, 1)
    assert points(book) == {"ada": 9, "bob": 9}
    assert [e.reason for e in book.history("bob")] == ["", "other code was handed in"]
    assert len(book.history("ada")) == 1


def test_it_is_graded_again_when_asked_or_when_the_exercise_or_a_limit_changed(book, assignment):
    grade(book, assignment, {"ada": "right"})
    tally = grade(book, assignment, {"ada": "right"}, again=True, reason="a typo")
    assert (tally.graded, [e.reason for e in book.history("ada")]) == (1, ["", "a typo"])
    longer = replace(SETTINGS, limits=Limits(call_seconds=7))
    assert grade(book, assignment, {"ada": "right"}, longer).graded == 1
    assert [e.reason for e in book.history("ada")] == ["", "a typo", "graded again"]
    assert grade(book, assignment, {"ada": "right"}, longer).known == 1


def test_how_it_was_handed_in_is_brought_up_to_date(book, assignment):
    grade(book, assignment, {"ada": "right"})
    run = Class(book, assignment, SETTINGS)
    late = Submission("ada", file="right", handed_in="2026-11-03T10:00+00:00", said=("the later",))
    list(run.grade([late], Hall(assignment)))
    present = book.present("ada")
    assert (present.handed_in, present.said) == (late.handed_in, late.said)
    assert (present.total, run.tally.known) == (9, 1)


def test_one_task_is_graded_anew_and_the_others_stand(book, assignment):
    grade(book, assignment, {"ada": "right", "bob": "wrong"})
    # today another test of 2.2 would find ada's code wrong
    half = replace(SETTINGS, task="2.2")
    hall = Hall(assignment, "2.2")
    hall.result = lambda job, result=hall.result: replace_points(result(job))
    run = Class(book, assignment, half, reason="the test was too mild")
    handed_in = [Submission("ada", file="right"), Submission("new", file="right")]
    list(run.grade(handed_in, hall))
    assert points(book) == {"ada": 7, "bob": 0, "new": 9}
    assert book.history("ada")[-1].reason == "the test was too mild"
    assert run.tally.graded == 2


def replace_points(done):
    if not done.same:
        return done
    tasks = tuple(replace(task, points=0.0) for task in done.record.tasks)
    return replace(done, record=replace(done.record, tasks=tasks))


def test_who_is_missing_now_keeps_what_was_graded(book, assignment):
    grade(book, assignment, {"ada": "right"})
    run = Class(book, assignment, SETTINGS)
    missing = [Submission("ada", problem="nothing"), Submission("bob", problem="nothing")]
    list(run.grade(missing, Hall(assignment)))
    assert points(book) == {"ada": 9, "bob": 0}
    assert run.tally.stood == ["ada"]
    assert book.present("bob").status == "missing"


def test_a_process_that_dies_costs_a_row_and_never_an_earlier_grade(book, assignment):
    grade(book, assignment, {"ada": "right"})
    tally = grade(book, assignment, {"ada": "die", "bob": "die", "cy": "right"})
    assert tally.failed == ["ada", "bob"]
    assert points(book) == {"ada": 9, "bob": 0, "cy": 9}
    assert book.present("bob").status == "grader error"
    assert book.present("bob").message == (
        "the grader failed (its process ended); please report this"
    )
    assert grade(book, assignment, {"bob": "right"}).graded == 1
    assert points(book)["bob"] == 9


def test_what_decides_points_is_the_basis(assignment):
    same = [replace(SETTINGS, kind="bwrap"), replace(SETTINGS, task="2.1")]
    other = [replace(SETTINGS, seed=2), replace(SETTINGS, allowed=("scipy",)),
             replace(SETTINGS, limits=Limits(memory=1))]  # fmt: skip
    basis = basis_of(assignment, SETTINGS)
    assert {basis_of(assignment, one) for one in same} == {basis}
    assert basis not in {basis_of(assignment, one) for one in other}
    changed = replace(
        assignment.source,
        blocks=tuple(replace(b, text=b.text + "# fixed") for b in assignment.source.blocks),
    )
    assert basis_of(replace(assignment, source=changed), SETTINGS) != basis


def test_a_task_that_could_not_be_graded_anew_stands(assignment):
    before = replace(nothing(Submission("ada"), assignment), status="graded")
    assert classroom.merged(before, replace(before, status="stopped", tasks=())) is before
