"""An assignment is whole, or the message says what is missing."""

import shutil

import numpy as np
import pytest

from course_nn.exercises.student import LocalStudent
from course_nn.grading.assignment import TESTS, AssignmentError, known, load_assignment

NAME = "ex02_dense"


@pytest.fixture
def folder(tmp_path):
    """A copy of the folder of hidden tests."""
    shutil.copytree(TESTS / NAME, tmp_path / NAME)
    return tmp_path


def spoil(folder, old, new):
    path = folder / NAME / "exercise.md"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_tasks_come_in_order_with_their_points_and_tests(assignment):
    assert assignment.name == NAME
    assert [g.task.number for g in assignment.tasks] == [f"2.{i}" for i in range(1, 8)]
    assert sum(g.task.points for g in assignment.tasks) == assignment.exercise.points == 9
    for graded in assignment.tasks:
        assert [test.public for test in graded.tests].count(True) == 1
        assert graded.tests[0].public
        assert len(graded.tests) == 1 + 2 * len(graded.task.outputs)
        assert all(test.label and test.cases for test in graded.tests)


def test_every_answer_is_known_to_the_grader(assignment):
    assert all(graded.task.function is not None for graded in assignment.tasks)


def test_known_assignments_have_a_source(folder):
    (folder / "ex03_empty").mkdir()
    (folder / "notes.md").write_text("")
    assert known(folder) == [NAME]


@pytest.mark.parametrize("given", ["ex99", "", "../" + NAME, "ex03_empty"])
def test_an_unknown_assignment_is_named_with_the_known(folder, given):
    (folder / "ex03_empty").mkdir()
    with pytest.raises(AssignmentError, match=f"known in .*: {NAME}$"):
        load_assignment(given, folder)


def test_an_empty_folder_and_none_at_all_are_said(tmp_path):
    with pytest.raises(AssignmentError, match=r"known in .*: none$"):
        load_assignment(NAME, tmp_path)
    with pytest.raises(AssignmentError, match=r"no folder of hidden tests at .*--tests"):
        load_assignment(NAME, tmp_path / "no")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('@right("merged")', "", "no hidden block says what is right"),
        ("x:N,D W:D,M b:M -> y:N,M", "x:N,D W:D,M -> y:N,M", "task 2.1: dense_forward takes"),
        ("    y = x @ W + b", "    y = x @ W + b)", "SyntaxError"),
        ("# Exercise 2", "Exercise 2", "the source begins with"),
    ],
)
def test_a_source_that_is_not_whole_is_refused(folder, old, new, says):
    spoil(folder, old, new)
    with pytest.raises(AssignmentError, match=says):
        load_assignment(NAME, folder)


def test_points_stand_in_the_source(folder):
    line = '"W:D,M dW:D,M learning_rate -> W:D,M", points='
    spoil(folder, f"{line}1", f"{line}7.5")
    assert load_assignment(NAME, folder).tasks[4].task.points == 7.5


def test_each_test_draws_its_own_numbers_the_same_for_all(assignment):
    tests = [test for graded in assignment.tasks for test in graded.tests]
    assert len({tuple(test.seed(3)) for test in tests}) == len(tests)
    assert tests[0].seed(3) == tests[0].seed(3) != tests[0].seed(4)


def test_partial_credit_is_by_output(assignment):
    graded = assignment.tasks[1]

    def right_but_db(dy, x, W):
        return dy @ W.T, x.T @ dy, dy.mean(axis=0)

    student = LocalStudent({"dense_backward": right_but_db}, np.random.default_rng(0))
    passed = [test.output for test in graded.tests if test.run(student, graded.task).passed]
    assert passed == ["dx", "dx", "dW", "dW"]
