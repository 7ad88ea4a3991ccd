"""The real nbgrader takes our notebooks: it assigns, grades, and gives the same points."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course_nn.exercises.student import LocalStudent
from course_nn.grading import source
from course_nn.grading.assignment import load_assignment

nbgrader = pytest.importorskip("nbgrader", reason="needs nbgrader, of the extra parity")

NAME = "ex02_dense"
ROOT = Path(__file__).resolve().parents[2]
WRONG = {"dx = dy @ W.T": "dx = dy @ W", "y = x @ W + b": "y = x @ W - b"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of one exercise and two students: one right, one with two tasks wrong."""
    folder = tmp_path_factory.mktemp("course")
    loaded = load_assignment(NAME)
    answers = source.notebook(loaded.source, loaded.exercise.tasks, answers=True)
    write(folder / "source" / NAME, answers)
    config = f"c = get_config()\nc.CourseDirectory.root = {str(folder)!r}\n"
    (folder / "nbgrader_config.py").write_text(config)
    run(folder, "generate_assignment", NAME, "--force")
    write(folder / "submitted" / "right" / NAME, answers)
    spoiled = answers
    for right, wrong in WRONG.items():
        assert right in spoiled
        spoiled = spoiled.replace(right, wrong)
    write(folder / "submitted" / "wrong" / NAME, spoiled)
    run(folder, "autograde", NAME)
    run(folder, "generate_feedback", NAME)
    return folder


def write(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / f"{NAME}.ipynb").write_text(text, encoding="utf-8")


def run(folder: Path, *command: str) -> None:
    # the kernel that nbgrader starts finds the package of this checkout
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    tools = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path, "PATH": tools},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def scores(folder: Path) -> dict[str, dict[str, float]]:
    """nbgrader's points by student and task."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        return {
            student: {
                grade.name.removeprefix("test_"): grade.score
                for grade in book.find_submission_notebook(NAME, NAME, student).grades
            }
            for student in ("right", "wrong")
        }


def ours(text: str) -> dict[str, float]:
    """Our points by task, where nbgrader gives whole tasks only: all tests passed, or none."""
    import json

    space: dict = {}
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] == "code" and "check." not in "".join(cell["source"]):
            exec("".join(cell["source"]), space)
    points = {}
    for graded in load_assignment(NAME).tasks:
        functions = {graded.task.name: space[graded.task.name]}
        verdicts = [
            test.run(LocalStudent(functions, np.random.default_rng(test.seed(0))), graded.task)
            for test in graded.tests
        ]
        points[graded.task.name] = graded.task.points * all(v.passed for v in verdicts)
    return points


def test_what_nbgrader_hands_out_holds_no_answer(course: Path) -> None:
    text = (course / "release" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8")
    assert "x @ W" not in text.replace("x @ W.T", "").split("raise NotImplementedError")[1]
    assert "BEGIN SOLUTION" not in text
    assert "require(" not in text


@pytest.mark.parametrize("student", ["right", "wrong"])
def test_the_scores_are_ours(course: Path, student: str) -> None:
    text = (course / "submitted" / student / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8")
    assert scores(course)[student] == ours(text)


def test_one_is_right_and_the_other_is_not(course: Path) -> None:
    found = scores(course)
    assert sum(found["right"].values()) == 9
    assert {task for task, points in found["wrong"].items() if not points} == {
        "dense_forward", "dense_backward",
    }  # fmt: skip


def test_the_feedback_names_the_mistake(course: Path) -> None:
    page = (course / "feedback" / "wrong" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert "b is subtracted, not added" in page
