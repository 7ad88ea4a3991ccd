"""The real nbgrader takes our notebooks: it assigns, grades, and gives the same points."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from course_nn.exercises.student import LocalStudent
from course_nn.grading import source
from course_nn.grading.assignment import load_assignment

nbgrader = pytest.importorskip("nbgrader", reason="needs nbgrader, of the extra parity")

NAME = "ex02_dense"
ROOT = Path(__file__).resolve().parents[2]
WRONG = {"db = dy.sum(axis=0)": "db = dy.mean(axis=0)", "y = x @ W + b": "y = x @ W - b"}
CONFIG = """\
c = get_config()
c.CourseDirectory.root = {root!r}
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as pip installs it from its wheel, with no folder of tests beside it."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(folder), str(ROOT)], check=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory, installed: Path) -> Path:
    """A course of one exercise and two students: one right, one with two tasks wrong."""
    folder = tmp_path_factory.mktemp("course")
    loaded = load_assignment(NAME)
    answers = source.notebook(loaded.source, loaded.exercise.tasks, answers=True, hidden=True)
    write(folder / "source" / NAME, answers)
    (folder / "nbgrader_config.py").write_text(CONFIG.format(root=str(folder)))
    run = partial(run_with, installed)
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


def run_with(installed: Path, folder: Path, *command: str) -> None:
    """Run nbgrader, whose kernels find the package that is installed there."""
    tools = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(installed), "PATH": tools},
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
    """Our points by task: the share of its tests that pass."""
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
        passed = sum(verdict.passed for verdict in verdicts)
        points[graded.task.name] = round(graded.task.points * passed / len(verdicts), 2)
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
    lost = {task: points for task, points in found["wrong"].items()
            if points < found["right"][task]}  # fmt: skip
    assert lost == {
        "dense_forward": 0,
        "dense_backward": 1.14,
        "low_rank_backward": 1.33,
    }  # 2·4/7, 2·6/9


def test_the_feedback_names_the_mistake(course: Path) -> None:
    page = (course / "feedback" / "wrong" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert "b is subtracted, not added" in page


def test_the_feedback_shows_no_hidden_test(course: Path) -> None:
    page = (course / "feedback" / "wrong" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert "require" not in page
    assert source.pack(load_assignment(NAME).source.code("hidden")) not in page


def test_what_is_installed_holds_no_answer_of_a_transfer_task(installed: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in installed.rglob("*.py")]
    assert len(texts) > 100
    assert not [text for text in texts if "W1 @ W2" in text or '@right("' in text]
