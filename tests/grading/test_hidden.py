"""The tests that travel in nbgrader's cells: they need no folder, and give the grader's points."""

import subprocess
import sys
from pathlib import Path

import pytest

from course_nn.grading.assignment import known, load_assignment
from course_nn.grading.hidden import Failed, require
from course_nn.grading.lint import solved
from course_nn.grading.source import cells_of, pack, unpack

ROOT = Path(__file__).resolve().parents[2]
NAME = "ex02_dense"
HIDDEN = pack(load_assignment(NAME).source.code("hidden"))


def test_a_right_function_gets_full_marks_in_silence(capsys):
    got = require(NAME, HIDDEN, sgd_step=lambda W, dW, learning_rate: W - learning_rate * dW)
    assert got is None  # which nbgrader takes for all points
    assert capsys.readouterr().out == ""


def test_a_wrong_function_is_told_in_sentences_without_a_traceback():
    with pytest.raises(Failed, match="is added, not subtracted") as caught:
        require(NAME, HIDDEN, sgd_step=lambda W, dW, learning_rate: W + learning_rate * dW)
    shown = "\n".join(caught.value._render_traceback_())
    assert "other sizes: ✘ Task 2.5" in shown
    assert HIDDEN not in shown


def test_a_part_that_is_right_gets_the_grader_s_points(capsys):
    def right_but_db(dy, x, W):
        return dy @ W.T, x.T @ dy, dy.mean(axis=0)

    assert require(NAME, HIDDEN, dense_backward=right_but_db) == round(2 * 4 / 7, 2)
    assert "your db" in capsys.readouterr().out


def test_a_transfer_task_is_tested_by_what_the_cell_carries():
    assert require(NAME, HIDDEN, merged=lambda W1, b1, W2, b2: (W1 @ W2, b1 @ W2 + b2)) is None
    with pytest.raises(ValueError, match="no hidden block"):
        require(NAME, pack(""), merged=lambda W1, b1, W2, b2: (W1 @ W2, b1 @ W2 + b2))


@pytest.mark.parametrize("name", known(ROOT / "tests" / "autograder"))
def test_every_exercise_s_cells_find_its_solution_right(name, capsys):
    loaded = load_assignment(name)
    space = solved(loaded)
    cells = cells_of(loaded.source, loaded.exercise.tasks, answers=True, hidden=True)
    graded = [cell for cell in cells if (cell.nbgrader or {}).get("grade")]
    for cell in graded:
        exec(cell.text.partition("BEGIN HIDDEN TESTS\n")[2], space)
    assert len(graded) == len(loaded.tasks)
    assert capsys.readouterr().out == ""


WATCH = """
import sys
opened = lambda event, args: event == "open" and {folder!r} in str(args[0])
sys.addaudithook(lambda event, args: opened(event, args) and exit("read"))
from course_nn.grading.assignment import load_assignment
from course_nn.grading.hidden import require
"""
STEP = "sgd_step=lambda W, dW, learning_rate: W - learning_rate * dW"


@pytest.mark.parametrize(
    ("call", "said"),
    [(f"require({NAME!r}, {HIDDEN!r}, {STEP})", ""), (f"load_assignment({NAME!r})", "read")],
)
def test_no_folder_of_tests_is_read(call, said):
    """So that the package as pip installs it, without one, gives a right answer its points."""
    text = WATCH.format(folder=str(ROOT / "tests" / "autograder")) + call
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert done.stderr.strip() == said


def test_a_text_survives_its_word():
    assert unpack(pack("ä = 'x'\n")) == "ä = 'x'\n"
    assert pack("ä").replace("=", "").replace("-", "").replace("_", "").isalnum()
