"""No assignment is released whose solution fails, or where nothing earns points."""

import shutil

import pytest

from course_nn.exercises import trial
from course_nn.grading import lint
from course_nn.grading.assignment import TESTS, load_assignment

NAME = "ex02_dense"


@pytest.fixture
def spoiled(tmp_path):
    """`spoiled(old, new)` is what is found wrong once the source says something else."""

    def change(old: str, new: str) -> list[str]:
        shutil.copytree(TESTS / NAME, tmp_path / NAME)
        path = tmp_path / NAME / "exercise.md"
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")
        return lint.faults(load_assignment(NAME, tmp_path))

    return change


def test_a_sound_assignment_has_no_faults(assignment):
    assert lint.faults(assignment) == []


def test_a_right_answer_of_zeros_is_found(spoiled):
    (found,) = spoiled(
        "db = dy.sum(axis=0)\n    return dx, dW", "db = 0 * dy.sum(axis=0)\n    return dx, dW"
    )
    assert found.startswith("Task 2.2, dense_backward: an answer of zeros earns points, by")
    assert "'dense_backward, db: other sizes'" in found


def test_a_solution_that_fails_is_found(spoiled):
    (found,) = spoiled("y = x @ W + b\n", "y = (x @ W + b).astype(np.float64)\n")
    assert found.startswith(
        "Task 2.1, dense_forward: the solution fails 'dense_forward: other prec"
    )


def test_tests_that_take_anything_and_tests_that_take_nothing_are_found(assignment, monkeypatch):
    monkeypatch.setattr(trial, "passes", lambda *args: True)
    said = "\n".join(lint.faults(assignment))
    for what in ("the stub", "None", "the first argument", "an answer of ones", "the example's"):
        assert f"{what} " in said
    assert "a wrong dx is not seen by 'dense_backward, dx: other precision and memory'" in said
    monkeypatch.setattr(trial, "passes", lambda *args: False)
    said = "\n".join(lint.faults(assignment))
    assert "the solution fails" in said
    assert "a wrong dx alone fails 'dense_backward, dW: other precision and memory'" in said
