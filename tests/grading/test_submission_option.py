"""`pytest tests/autograder --submission=FILE`: each test of each task is an item."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from course_nn.grading import demo
from course_nn.grading.assignment import TESTS, load_assignment

NAME = "ex02_dense"
ROOT = Path(__file__).resolve().parents[2]


def pytested(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def items(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What became of each item, by its name."""
    found = re.findall(r"exercise\.md::(.+?) (PASSED|FAILED)", done.stdout)
    return dict(found)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with a mistake in the first task, that looks for the tests when it is run."""
    loaded, answers = load_assignment(NAME), demo.read_answers(TESTS / NAME / "blind.py")
    book = demo.student(loaded, answers, 0, 1)
    path = tmp_path_factory.mktemp("in") / f"{NAME}_of_ada.ipynb"
    path.write_text(json.dumps(demo.with_cell(book, demo.HOSTILE, 1)))
    return path


def test_each_test_of_each_task_is_an_item(notebook):
    done = pytested("tests/autograder", "--submission", notebook)
    assert done.returncode == 1, done.stdout + done.stderr
    expected = [test.label for graded in load_assignment(NAME).tasks for test in graded.tests]
    assert list(items(done)) == expected
    failed = {name for name, what in items(done).items() if what == "FAILED"}
    assert failed == {name for name in expected if name.startswith("dense_forward")}
    assert "AttributeError" not in done.stdout


def test_what_failed_says_what_a_student_is_told(notebook):
    done = pytested("tests/autograder", "--submission", notebook)
    assert "The smallest example that is wrong:" in done.stdout
    assert "What it looks like: " in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_the_notebook_runs_in_the_sandbox(notebook, tmp_path):
    assert "touch /tmp/was-here" in json.loads(notebook.read_text())["cells"][1]["source"]
    pytested("tests/autograder", "--submission", notebook)
    assert not Path("/tmp/was-here").exists()


def test_a_notebook_of_another_name_is_tested_by_the_exercise_that_is_asked_for(notebook, tmp_path):
    other = tmp_path / "homework.ipynb"
    other.write_bytes(notebook.read_bytes())
    done = pytested(f"tests/autograder/{NAME}", "--submission", other, "--seed", 3)
    assert len(items(done)) > 20
    done = pytested("tests/autograder", "--submission", other)
    assert done.returncode == 4
    assert "homework.ipynb does not begin with an exercise's name: say which" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say which: pytest tests/autograder --submission=FILE"),
        (("--submission", "/nowhere.ipynb"), "there is no file /nowhere.ipynb: name a notebook"),
    ],
)
def test_nothing_to_test_is_one_sentence(arguments, said):
    done = pytested("tests/autograder", *arguments)
    assert done.returncode == 4
    assert said in done.stderr
    assert not items(done)


def test_what_is_no_notebook_fails_with_its_reason(tmp_path):
    (tmp_path / f"{NAME}.ipynb").write_text("my homework")
    done = pytested("tests/autograder", "--submission", tmp_path / f"{NAME}.ipynb")
    assert set(items(done).values()) == {"FAILED"}
    assert "unreadable: it is no notebook" in done.stdout


@pytest.mark.parametrize("above", [False, True])
def test_no_conftest_that_was_handed_in_is_run(notebook, tmp_path, above):
    folder = tmp_path / "ada"
    folder.mkdir()
    mine = folder / notebook.name
    mine.write_bytes(notebook.read_bytes())
    trace = tmp_path / "was-here"
    place = tmp_path if above else folder
    (place / "conftest.py").write_text(f"open({str(trace)!r}, 'w')")
    done = pytested("tests/autograder", "--submission", mine)
    assert done.returncode == 4
    assert f"pytest would run {place / 'conftest.py'}" in done.stderr
    done = pytested("tests/autograder", f"--submission={mine}")
    assert len(items(done)) > 20
    assert not trace.exists()


def test_no_settings_that_were_handed_in_are_taken(notebook, tmp_path):
    trace = tmp_path / "was-here"
    (tmp_path / notebook.name).write_bytes(notebook.read_bytes())
    (tmp_path / "evil.py").write_text(f"open({str(trace)!r}, 'w')")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p evil\npythonpath = .\n")
    done = pytested(f"--submission={tmp_path / notebook.name}", "tests/autograder")
    assert len(items(done)) > 20
    assert not trace.exists()
