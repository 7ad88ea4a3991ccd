"""An assignment is whole, or the message says what is missing."""

import shutil

import numpy as np
import pytest

from course_nn.exercises.student import LocalStudent
from course_nn.grading import assignment as assignments
from course_nn.grading.assignment import TESTS, AssignmentError, known, load_assignment, require

NAME = "ex02_dense"


@pytest.fixture
def folder(tmp_path):
    """A copy of the folder of hidden tests."""
    shutil.copytree(TESTS / NAME, tmp_path / NAME)
    return tmp_path


def spoil(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_tasks_come_in_order_with_their_points_and_tests(assignment):
    assert assignment.name == NAME
    assert [task.question.number for task in assignment.tasks] == [f"2.{i}" for i in range(1, 6)]
    assert [task.points for task in assignment.tasks] == [5, 5, 3, 3, 4]
    for task in assignment.tasks:
        assert [test.public for test in task.tests].count(True) == 1
        assert task.tests[0].public
        assert len(task.tests) >= 3
        assert all(test.label for test in task.tests)


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


def test_missing_hidden_tests_are_said(folder):
    (folder / NAME / "hidden.py").unlink()
    with pytest.raises(
        AssignmentError, match=r"its hidden tests are missing, expected at .*hidden"
    ):
        load_assignment(NAME, folder)


def test_a_notebook_that_grades_another_task_is_refused(folder):
    spoil(folder / NAME / f"{NAME}.md", "test_sgd_step", "test_adam_step")
    with pytest.raises(AssignmentError, match=r"grades .*adam_step.* asks .*sgd_step.* must agree"):
        load_assignment(NAME, folder)


def test_points_stand_in_the_notebook(folder):
    spoil(folder / NAME / f"{NAME}.md", '"points": 4', '"points": 7.5')
    assert load_assignment(NAME, folder).tasks[-1].points == 7.5


def test_each_test_draws_its_own_numbers_the_same_for_all(assignment):
    labels = {test.label for task in assignment.tasks for test in task.tests}
    seeds = {tuple(assignments.Test(label, True, lambda student: None).seed(3)) for label in labels}
    assert len(seeds) == len(labels)
    one = assignment.tasks[0].tests[0]
    assert one.seed(3) == one.seed(3) != one.seed(4)


def test_a_test_without_words_is_called_by_its_name(folder):
    spoil(folder / NAME / "hidden.py", '    """A single weight."""\n', "")
    labels = [test.label for test in load_assignment(NAME, folder).tasks[-1].tests]
    assert labels[-1] == "test_sgd_step__one_weight"


def test_nbgraders_cells_run_every_test_of_what_they_hand_over():
    require(NAME, sgd_step=lambda W, dW, rate: W - rate * dW)
    with pytest.raises(
        AssertionError, match=r"float32 stays float32. ✘ Task 2.5, sgd_step: .*dtype"
    ):
        require(NAME, sgd_step=lambda W, dW, rate: (W - rate * dW).astype(np.float64))


def test_hidden_tests_ask_a_student_as_public_ones_do(assignment):
    asked = []

    class Asked(LocalStudent):
        def call(self, name, *inputs):
            asked.append(name)
            return super().call(name, *inputs)

    right = Asked({"sgd_step": lambda W, dW, r: W - r * dW}, np.random.default_rng(0))
    for test in assignment.tasks[-1].tests:
        test.run(right)
    assert asked == ["sgd_step"] * len(assignment.tasks[-1].tests)
