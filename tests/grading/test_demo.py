"""The class to try the grader on."""

import csv
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from course_nn.exercises.student import LocalStudent
from course_nn.grading import demo
from course_nn.grading.assignment import TESTS, given_of, known, load_assignment
from course_nn.grading.record import Grade, Record, TaskRecord
from course_nn.grading.reports import exports
from course_nn.worker.notebook import Notebook
from course_nn.worker.standins import standing_in

NAME = "ex02_dense"
BLIND = TESTS / NAME / "blind.py"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "class"
    demo.make(folder, load_assignment(NAME), BLIND)
    return folder


def cells(text: str) -> list[str]:
    found = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    return ["".join(cell["source"]) for cell in found]


def passed(codes: list[str], assignment: str = NAME) -> dict[str, bool]:
    """Which tasks a notebook's code solves."""
    space: dict = {}
    for code in codes:
        if not code.startswith("check."):
            exec(code, space)
    found = {}
    for graded in load_assignment(assignment).tasks:
        functions = {graded.task.name: space[graded.task.name]}
        students = [LocalStudent(functions, np.random.default_rng(1)) for _ in graded.tests]
        verdicts = [t.run(s, graded.task) for t, s in zip(graded.tests, students, strict=True)]
        found[graded.task.name] = all(verdict.passed for verdict in verdicts)
    return found


def test_the_roster_names_thirty_of_whom_one_hands_nothing_in(made):
    with open(made / "roster.csv", encoding="utf-8", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    assert len(set(names)) == 30
    there = {path.stem for path in (made / "submissions").iterdir()}
    assert set(names) - there == {demo.ABSENT}
    assert there - set(names) == {"Thumbs"}


@pytest.mark.parametrize(
    ("name", "mistakes"), [("ada", 0), ("elif", 0), ("farid", 1), ("tuuli", 3)]
)
def test_an_honest_notebook_has_as_many_tasks_wrong_as_it_shall(made, name, mistakes):
    text = (made / "submissions" / f"{name}.ipynb").read_text(encoding="utf-8")
    assert list(passed(cells(text)).values()).count(False) == mistakes


def test_the_platforms_tables_take_the_class_s_grades(made):
    tasks = (TaskRecord("2.1", "dense_forward", 1.0, 9.0),)
    grades = [Grade(Record(n, NAME, "graded", "", tasks), final=1.0) for n in demo.NAMES]
    text = (made / "canvas.csv").read_text(encoding="utf-8")
    filled = exports.canvas(text, grades)
    assert (filled.count, filled.said) == (30, ())
    text = (made / "moodle.csv").read_text(encoding="utf-8")
    assert exports.moodle(text, grades, {}).count == 30


def test_one_notebook_is_another_s_letter_by_letter(made):
    one, other = ((made / "submissions" / f"{n}.ipynb").read_bytes() for n in ("hana", "ugo"))
    assert one == other


def test_the_awkward_are_as_they_shall_be(made):
    folder = made / "submissions"
    assert (folder / "åsa.ipynb").read_bytes() == b""
    assert len(list((folder / "yusuf").iterdir())) == 2
    assert f"{NAME}.ipynb" in zipfile.ZipFile(folder / "zoe.zip").namelist()
    assert "nbgrader" not in (folder / "xin.ipynb").read_text()
    assert not any(passed(cells((folder / "vera.ipynb").read_text())).values())


def test_two_are_late(made):
    times = {p.stem: p.stat().st_mtime for p in (made / "submissions").iterdir()}
    late = {name for name, time in times.items() if time > demo.DUE.timestamp()} - {"yusuf"}
    assert late == {"hana", "rosa"}


def test_no_answer_says_what_is_wrong_with_it(made):
    answers = demo.read_answers(BLIND)
    assert answers.wrong["dense_forward"][0] == "def dense_forward(x, W, b):\n    return x @ W"
    whole = "".join(p.read_text() for p in (made / "submissions").glob("*.ipynb"))
    assert "the bias is forgotten" in BLIND.read_text()
    assert "the bias is forgotten" not in whole


def test_it_writes_into_no_folder_that_is_in_use(made):
    with pytest.raises(FileExistsError, match="is not empty: name a new folder"):
        demo.make(made, load_assignment(NAME), BLIND)


@pytest.mark.parametrize("name", known(TESTS))
def test_every_exercise_has_a_class(name):
    loaded = load_assignment(name)
    answers = demo.read_answers(TESTS / name / "blind.py")
    book = demo.student(loaded, answers, 1, 0)
    wrong = demo.student(loaded, answers, 1, 2)
    assert book != wrong
    if name in ("ex01_gradient", "ex10_sequential"):  # both have helpers of their own
        assert all(passed(cells(json.dumps(book)), name).values())


def test_a_wrong_class_is_wrong_where_what_runs_it_is_given():
    loaded = load_assignment("ex10_sequential")
    answers = demo.read_answers(TESTS / loaded.name / "blind.py")
    for number in range(7):
        book = demo.student(loaded, answers, number, 2)
        notebook = Notebook(cells(json.dumps(book)), given=given_of(loaded.tasks))
        with standing_in():
            for cell in notebook.order():
                notebook.run(cell)
        right = []
        for graded in loaded.tasks:
            function = {graded.task.name: notebook.chosen(graded.task.name)}
            student = LocalStudent(function, np.random.default_rng(1))
            right.append(all(t.run(student, graded.task, False).passed for t in graded.tests))
        wrong = {number, (number + 1) % 7}
        assert [k for k, is_right in enumerate(right) if not is_right] == sorted(wrong)
        assert notebook.said == []
