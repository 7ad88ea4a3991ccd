"""What a student gets and does at the terminal."""

import io
import json
import zipfile

import pytest

from course_nn.cli import EXERCISES
from course_nn.grading import handout
from course_nn.grading.assignment import load_assignment
from course_nn.grading.collect import Unreadable
from course_nn.grading.source import cells_of

NAME = "ex02_dense"


@pytest.fixture
def solved(tmp_path, notebook):
    """A notebook in which all but the first task are solved."""
    loaded = load_assignment(NAME)
    cells = [c for c in cells_of(loaded.source, loaded.exercise.tasks, True) if c.kind == "code"]
    texts = [c.text for c in cells if c.id != "dense_forward" and not c.text.startswith("check.")]
    path = tmp_path / f"{NAME} (1).ipynb"
    path.write_text(notebook(*texts, "check.dense_backward(dense_backward)", "1 / 0"))
    return path


def test_notebooks_are_copied_and_work_is_never_overwritten(tmp_path) -> None:
    copied, kept = handout.start(EXERCISES, tmp_path / "mine", [NAME, "ex04_softmax"])
    assert [path.name for path in copied] == [f"{NAME}.ipynb", "ex04_softmax.ipynb"]
    copied[0].write_text("my work")
    copied, kept = handout.start(EXERCISES, tmp_path / "mine", [NAME])
    assert (copied, [path.read_text() for path in kept]) == ([], ["my work"])


def test_the_zip_holds_the_notebooks_and_a_word_on_how_to_work() -> None:
    packed = handout.packed(EXERCISES, [NAME])
    assert packed == handout.packed(EXERCISES, [NAME])
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        assert file.namelist() == ["exercises/README.txt", f"exercises/{NAME}.ipynb"]
        assert file.read("exercises/README.txt").decode() == handout.readme(EXERCISES, [NAME])
        json.loads(file.read(f"exercises/{NAME}.ipynb"))


def test_the_readme_says_order_points_help_and_where_the_guide_is(monkeypatch) -> None:
    monkeypatch.delenv("COURSE_NN_BOOK_URL", raising=False)
    text = handout.readme(EXERCISES, [NAME, "ex04_softmax"])
    for line in ("ex02_dense.ipynb     9 points  the dense layer", "ex04_softmax.ipynb   9 points"):
        assert line in text
    for word in ("jupyter lab", "check.hint(", "check.all()", "course-nn check", "hand in"):
        assert word in text
    assert 'More, in the book: its page "For students"' in text
    assert max(map(len, text.splitlines())) <= 100
    monkeypatch.setenv("COURSE_NN_BOOK_URL", "https://example.org/book/")
    assert "https://example.org/book/guide/students.html" in handout.readme(EXERCISES, [NAME])


def test_a_notebook_is_checked_task_by_task(solved) -> None:
    found = handout.checked(solved)
    assert (found.points, found.exercise.points) == (8, 9)
    assert [name for name, v in found.verdicts.items() if not v.passed] == ["dense_forward"]
    assert found.failures == [
        "the cell that begins with `1 / 0` did not run to its end: "
        "ZeroDivisionError at line 1, `1 / 0` (division by zero)"
    ]


def test_the_exercise_is_known_by_its_functions(solved) -> None:
    other = solved.rename(solved.with_name("homework.ipynb"))
    assert handout.checked(other).exercise.name == NAME


def test_what_is_no_exercise_is_said(tmp_path, notebook) -> None:
    path = tmp_path / "other.ipynb"
    path.write_text(notebook("x = 1"))
    with pytest.raises(KeyError, match="defines no function of any exercise"):
        handout.checked(path)
    path.write_text("my homework")
    with pytest.raises(Unreadable):
        handout.checked(path)


# -- cells that failed -----------------------------------------------------------------------------

RIGHT = "def dense_forward(x, W, b):\n    return x @ W + b\n"


@pytest.fixture
def verdict(tmp_path, notebook):
    """What is said of task 2.1 where these are the cells."""

    def of(*cells):
        path = tmp_path / f"{NAME}.ipynb"
        path.write_text(notebook(*cells))
        return handout.checked(path).verdicts["dense_forward"]

    return of


def test_a_cell_that_is_no_python_is_said_to_be_that(verdict) -> None:
    said = str(verdict(RIGHT.replace("+ b", "+* b")))
    assert "the cell that defines dense_forward did not run to its end: SyntaxError" in said
    assert "at line 2, `return x @ W +* b` (invalid syntax); mend that first." in said
    assert "<cell" not in said


def test_a_failed_cell_does_not_leave_an_older_definition_to_be_judged(verdict) -> None:
    assert "did not run to its end" in str(verdict(RIGHT, RIGHT.replace("+ b", "+* b")))
    assert verdict(RIGHT, RIGHT + "1 / 0\n").passed  # it fails behind the definition
    assert verdict(RIGHT.replace("+ b", "+* b"), RIGHT).passed


def test_a_missing_function_is_said_to_be_missing(verdict) -> None:
    said = str(verdict(RIGHT.replace("dense_forward", "forward")))
    assert "there is no function called dense_forward: keep the name" in said


def test_an_undefined_name_is_said_with_its_line(verdict) -> None:
    said = str(verdict(RIGHT.replace("+ b", "+ c")))
    assert "raised NameError at line 2 of its cell: `return x @ W + c`" in said
    assert "The smallest example" not in said  # it fails whatever the arguments are


def test_cells_are_called_by_what_a_student_sees_of_them(tmp_path, notebook) -> None:
    path = tmp_path / f"{NAME}.ipynb"
    path.write_text(notebook("# mine\nimport nunpy", "def a():\n    pass\nclass B:\n    b = c"))
    first, second = handout.checked(path).failures
    assert first.startswith("the cell that begins with `import nunpy` did not run to its end: Mod")
    assert second.startswith("the cell that defines a and B did not run to its end: NameError")


def test_what_a_cell_warns_of_stays_with_it(tmp_path, notebook, recwarn) -> None:
    path = tmp_path / f"{NAME}.ipynb"
    path.write_text(notebook("import numpy as np\nnp.log(np.zeros(1))"))
    assert handout.checked(path).points == 0
    assert not recwarn
