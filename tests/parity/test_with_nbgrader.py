"""The real nbgrader takes our notebooks: it assigns, grades, and gives the same points."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from course_nn.exercises.student import LocalStudent
from course_nn.grading import demo, source
from course_nn.grading.assignment import TESTS, load_assignment
from course_nn.grading.nbgrader import BridgeError, write_back
from course_nn.grading.record import Grade, OutcomeRecord, Override, Record, TaskRecord

nbgrader = pytest.importorskip("nbgrader", reason="needs nbgrader, of the extra parity")

NAME = "ex02_dense"
ROOT = Path(__file__).resolve().parents[2]
HONEST = {"ben": (1, 0), "kofi": (10, 2), "samir": (18, 3), "vera": None}  # of the demo class
WRONG = {"db = dy.sum(axis=0)": "db = dy.mean(axis=0)", "y = x @ W + b": "y = x @ W - b"}
GUIDE = (ROOT / "book" / "guide" / "instructors.md").read_text(encoding="utf-8")


def listed(name: str) -> str:
    """The lines of a configuration as the guide gives them."""
    return re.search(rf"^c\.{name} = \[.*?^\]\n", GUIDE, re.M | re.S)[0]


IN_SANDBOX = listed("Autograde.autograde_preprocessors")
IN_FEEDBACK = listed("GenerateFeedback.preprocessors")
CONFIG = "c = get_config()\nc.CourseDirectory.root = {root!r}\n" + IN_FEEDBACK


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as pip installs it from its wheel, with no folder of tests beside it."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(folder), str(ROOT)], check=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory, installed: Path) -> Path:
    """A course of one exercise: one student all right, one with tasks wrong, some from a class."""
    folder = tmp_path_factory.mktemp("course")
    loaded, blind = load_assignment(NAME), demo.read_answers(TESTS / NAME / "blind.py")
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
    for student, which in HONEST.items():
        book = demo.student(loaded, blind, *which) if which else demo.untouched(loaded)
        write(folder / "submitted" / student / NAME, json.dumps(book))
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


STUDENTS = ["right", "wrong", *HONEST]


def scores(folder: Path, students: list[str] = STUDENTS) -> dict[str, dict[str, float]]:
    """nbgrader's points by student and task."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        return {
            student: {
                grade.name.removeprefix("test_"): grade.score
                for grade in book.find_submission_notebook(NAME, NAME, student).grades
            }
            for student in students
        }


def codes(folder: Path, student: str) -> list[str]:
    """The code that a student handed in, without the checks."""
    path = folder / "submitted" / student / NAME / f"{NAME}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return [text for text in texts if not text.startswith("check.")]


def record(folder: Path, student: str) -> Record:
    """What our tests say of a submission, kept as the grader keeps it."""
    space: dict = {}
    for text in codes(folder, student):
        exec(text, space)
    tasks = []
    for graded in load_assignment(NAME).tasks:
        task, functions = graded.task, {graded.task.name: space[graded.task.name]}
        outcomes = []
        for test in graded.tests:
            verdict = test.run(LocalStudent(functions, np.random.default_rng(test.seed(0))), task)
            outcomes.append(OutcomeRecord(
                test.label, test.public, verdict.passed, verdict.kind, verdict.sentence,
                verdict.looks, tuple(verdict.smallest()),
            ))  # fmt: skip
        points = round(task.points * sum(o.passed for o in outcomes) / len(outcomes), 2)
        tasks.append(TaskRecord(task.number, task.name, points, task.points, tests=tuple(outcomes)))
    return Record(student, NAME, "graded", "", tuple(tasks), content=student)


def test_what_nbgrader_hands_out_holds_no_answer(course: Path) -> None:
    text = (course / "release" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8")
    assert "x @ W" not in text.replace("x @ W.T", "").split("raise NotImplementedError")[1]
    assert "BEGIN SOLUTION" not in text
    assert "require(" not in text


@pytest.mark.parametrize("student", STUDENTS)
def test_the_scores_are_ours(course: Path, student: str) -> None:
    tasks = record(course, student).tasks
    assert scores(course)[student] == {task.name: task.points for task in tasks}


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


# -- nbgrader's autograde, with its kernel and with our sandbox in its place ---------------------


CHEATS = {
    "calls the package": """
import course_nn as nn
def dense_forward(x, W, b):
    return nn.ops.dense_forward(x, W, b)[0]""",
    "replaces the tests": """
import course_nn.grading.hidden as hidden
hidden.require = lambda *anything, **else_: None
def dense_forward(x, W, b):
    return 0""",
}


def cheating(course: Path, code: str) -> str:
    """A notebook with nothing right in it but what cheats."""
    book = json.loads((course / "release" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    for cell in book["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "dense_forward":
            cell["source"] = code
    return json.dumps(book)


@pytest.fixture(scope="module")
def sandboxed(course: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """The scores by student: of the cheats in nbgrader's kernel, of all in our sandbox."""
    folder = tmp_path_factory.mktemp("sandboxed")
    for name in ("source", "release"):
        shutil.copytree(course / name, folder / name)
    for number, code in enumerate(CHEATS.values()):
        write(folder / "submitted" / f"cheat{number}" / NAME, cheating(course, code))
    config = CONFIG.format(root=str(folder))
    (folder / "nbgrader_config.py").write_text(config)
    run_with(ROOT, folder, "generate_assignment", NAME, "--force")
    run_with(ROOT, folder, "autograde", NAME)
    inside = scores(folder, ["cheat0", "cheat1"])
    for student in STUDENTS:
        shutil.copytree(course / "submitted" / student, folder / "submitted" / student)
    (folder / "nbgrader_config.py").write_text(config + IN_SANDBOX)
    run_with(ROOT, folder, "autograde", NAME, "--force")
    run_with(ROOT, folder, "generate_feedback", NAME)
    return {"inside": inside, "sandboxed": scores(folder, [*STUDENTS, "cheat0", "cheat1"]),
            "folder": folder}  # fmt: skip


def test_who_cheats_beside_the_tests_has_full_points(sandboxed: dict) -> None:
    """So the guide says; should nbgrader prevent it one day, the guide is to be changed."""
    assert [sandboxed["inside"][f"cheat{n}"]["dense_forward"] for n in (0, 1)] == [1, 1]


def test_who_cheats_in_the_sandbox_has_none(sandboxed: dict) -> None:
    assert [sum(sandboxed["sandboxed"][f"cheat{n}"].values()) for n in (0, 1)] == [0, 0]


def test_who_is_honest_has_the_same_points_in_the_sandbox(course: Path, sandboxed: dict) -> None:
    honest = {student: sandboxed["sandboxed"][student] for student in STUDENTS}
    assert honest == scores(course)


def test_the_feedback_of_the_sandbox_names_the_mistake(sandboxed: dict) -> None:
    page = sandboxed["folder"] / "feedback" / "wrong" / NAME / f"{NAME}.html"
    text = page.read_text(encoding="utf-8")
    assert "b is subtracted, not added" in text
    assert "require" not in text


# -- collected by nbgrader, graded by us, written back ---------------------------------------------


@pytest.fixture(scope="module")
def bridged(course: Path, tmp_path_factory: pytest.TempPathFactory, installed: Path) -> Path:
    """The same course, whose submissions nbgrader has not graded but we have."""
    folder = tmp_path_factory.mktemp("bridged")
    for name in ("source", "submitted"):
        shutil.copytree(course / name, folder / name)
    (folder / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.root = {str(folder)!r}\n"
    )
    run_with(installed, folder, "generate_assignment", NAME)
    grades = [Grade(record(folder, student)) for student in STUDENTS]
    grades.append(Grade(Record("absent", NAME, "missing", "nothing was handed in")))
    assert write_back(folder, NAME, grades, partial(codes, folder)) == STUDENTS
    run_with(installed, folder, "generate_feedback", NAME)
    run_with(installed, folder, "export")
    return folder


def exported(folder: Path) -> dict[str, dict[str, str]]:
    with open(folder / "grades.csv", encoding="utf-8", newline="") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


def test_what_is_written_back_is_what_nbgrader_finds_by_itself(course: Path, bridged: Path) -> None:
    assert scores(bridged) == scores(course)


def test_nbgrader_exports_the_points(bridged: Path) -> None:
    rows = exported(bridged)
    assert set(rows) == set(STUDENTS)
    assert float(rows["right"]["score"]) == float(rows["right"]["max_score"]) == 9
    assert float(rows["wrong"]["score"]) == record(bridged, "wrong").total


def test_nbgrader_s_feedback_shows_what_our_tests_said(bridged: Path) -> None:
    page = (bridged / "feedback" / "wrong" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert page.count("b is subtracted, not added") == 4  # in the comment and under three tests
    assert "✘ hidden: dense_forward: other sizes" in page
    assert "require" not in page


def test_late_points_and_points_by_hand_are_nbgrader_s_too(bridged: Path, installed: Path) -> None:
    hand = Override("2.1", 0.5, "half a point for the idea")
    found = record(bridged, "wrong")
    late = Grade(found, 1.0, "a day late", None, found.total - 0.5, (hand,))
    whole = Grade(record(bridged, "ben"), 0.0, "", 4.0, 4.0, (Override("", 4.0, "an oral"),))
    write_back(bridged, NAME, [late, whole], partial(codes, bridged))
    run_with(installed, bridged, "export")
    rows = exported(bridged)
    assert float(rows["wrong"]["late_submission_penalty"]) == 1
    assert float(rows["wrong"]["score"]) == pytest.approx(late.final)
    assert float(rows["ben"]["score"]) == 4


def test_a_hostile_word_stays_text_in_nbgrader_s_pages(bridged: Path, installed: Path) -> None:
    bad = "<script>alert(1)</script>"
    outcome = OutcomeRecord("t", True, False, "call", f"raised {bad}", smallest=(bad,))
    task = TaskRecord("2.1", "dense_forward", 0.0, 1.0, tests=(outcome,))
    graded = Record("evil", NAME, "graded", bad, (task,), (bad,), (bad,), content="c")
    write_back(bridged, NAME, [Grade(graded)], lambda _: [f"def dense_forward(): '{bad}'"])
    run_with(installed, bridged, "generate_feedback", NAME, "--student", "evil")
    page = (bridged / "feedback" / "evil" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert page.count("alert(1)") >= 5
    assert bad not in page


def test_a_student_s_name_is_no_way_out_of_the_course(bridged: Path) -> None:
    for name in ("../evil", "a/b", ".hidden", ".."):
        graded = Record(name, NAME, "graded", "")
        with pytest.raises(BridgeError, match="is no name of a student in nbgrader"):
            write_back(bridged, NAME, [Grade(graded)], lambda _: [])


def test_a_gradebook_that_does_not_know_the_exercise_says_what_to_run(bridged: Path) -> None:
    with pytest.raises(BridgeError, match="run `nbgrader generate_assignment ex01_gradient`"):
        write_back(bridged, "ex01_gradient", [], lambda _: [])
    with pytest.raises(BridgeError, match="name nbgrader's folder of the course"):
        write_back(bridged / "source", NAME, [], lambda _: [])


ODD_STUDENTS = {  # what is odd, and whether nbgrader can take the student
    "a time before there was any": ({"handed_in": "0001-01-01T00:00:00+14:00"}, True),
    "a time after all": ({"handed_in": "9999-12-31T23:59:59-14:00"}, True),
    "no time": ({"handed_in": "yesterday"}, True),
    "a way out": ({"student": "../eve"}, False),
    "no name": ({"student": ""}, False),
    "too long a name": ({"student": "x" * 300}, False),
    "a name that ends": ({"student": "a\0b"}, False),
    "a name of no characters": ({"student": "a\udcff"}, False),
}


@pytest.mark.parametrize("name", ODD_STUDENTS)
def test_one_odd_student_costs_no_other_their_grade(tmp_path, name, monkeypatch):
    from nbgrader.api import Gradebook

    beside_python = [str(Path(sys.executable).parent), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(beside_python))  # nbgrader calls alembic by its name
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        book.add_assignment(NAME)
        book.add_notebook(NAME, NAME)
        book.add_grade_cell("test_f", NAME, NAME, max_score=2, cell_type="code")
    task = TaskRecord("2.1", "f", 1.0, 2.0, tests=(OutcomeRecord("f: x", True, True),))
    ada = Record("ada", NAME, "graded", "", (task,), content="c")
    fields, taken = ODD_STUDENTS[name]
    eve = replace(ada, **{"student": "eve", **fields})
    grades = [Grade(record) for record in (ada, eve, replace(ada, student="zoe"))]
    if taken:
        assert write_back(tmp_path, NAME, grades, lambda content: ["x = 1"]) == [
            "ada",
            "eve",
            "zoe",
        ]
    else:
        with pytest.raises(BridgeError, match="the grades of 2 students were written, and not"):
            write_back(tmp_path, NAME, grades, lambda content: ["x = 1"])
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        scores = {one.student.id: one.score for one in book.assignment_submissions(NAME)}
    assert scores["ada"] == scores["zoe"] == 1
