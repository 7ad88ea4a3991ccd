"""Gradients that are taken numerically are told of, with the line; honest code is not."""

import pytest

from course_nn.grading import differences
from course_nn.grading.assignment import TESTS, known, load_assignment
from course_nn.grading.source import cells_of

HEAD = "def df(dy, x):\n"
NUMERICAL = {
    "central": "h = 1e-6\nfor i in every(x):\n    g[i] = (f(x + h) - f(x - h)) / (2 * h)",
    "forward": "h=.001\ng[i] = (f(x + h) - y)/h",
    "a number in place": "return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5 * dy",
    "plain decimals": "return (f(x + 0.0001) - f(x - 0.0001)) / (2.0 * 0.0001)",
    "complex step": "return f(x + 1e-30j).imag / 1e-30 * dy",
    "complex by type": "z = x.astype(complex)\nz += 1j * h\nreturn np.imag(f(z)) / h",
}
HONEST = {
    "a small number that is added": "eps = 1e-5\nreturn dy / (np.sqrt(x.var(0)) + eps)",
    "a rate": "learning_rate = 0.01\nreturn x - learning_rate * dy",
    "a tolerance": "tol = 1e-6\nassert abs(x).max() > tol\nreturn dy * x",
    "a comment": "# not (f(x + h) - f(x - h)) / (2 * h) with h = 1e-6, nor complex\nreturn dy",
    "a text": "'''Not\n(f(x + 1e-6) - y) / 1e-6'''\nreturn dy * 2 / 3",
    "a mean": "return dy / len(x) / 1e3",
}


def cell(body: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in body.split("\n"))


@pytest.mark.parametrize("body", NUMERICAL.values(), ids=NUMERICAL)
def test_a_numerical_gradient_is_told_of_with_its_line(body: str) -> None:
    (told,) = differences.told(["import numpy as np", cell(body)], ["df"])
    quoted = told.split("`")[1]
    assert told.startswith("code cell 2 takes the gradient of df numerically")
    assert quoted in [line.strip() for line in body.split("\n")]


@pytest.mark.parametrize("body", HONEST.values(), ids=HONEST)
def test_honest_code_is_not(body: str) -> None:
    assert not differences.told([cell(body)], ["df"])


def test_a_helper_in_another_cell_is_found_and_a_check_of_ones_own_is_not() -> None:
    helper = "def numeric(f, x, h=1e-6):\n    return (f(x + h) - f(x - h)) / (2 * h)"
    cells = [helper, cell("return dy * numeric(g, x)"), "numeric(np.tanh, 1.0)"]
    (told,) = differences.told(cells, ["df"])
    assert told.startswith("code cell 1 takes the gradient of df")
    assert not differences.told([helper, cell("return dy * x"), cells[2]], ["df"])
    assert not differences.told(cells, ["another"])


def test_what_is_quoted_holds_no_signs_that_steer_a_terminal() -> None:
    (told,) = differences.told([cell("return f(x + 1e-9j).imag / 1e-9  # \x1b[31m")], ["df"])
    assert "\x1b" not in told


@pytest.mark.parametrize("name", known(TESTS))
def test_no_solution_of_ours_is_told_of(name: str) -> None:
    assignment = load_assignment(name)
    cells = cells_of(assignment.source, assignment.exercise.tasks, answers=True)
    code = [one.text for one in cells if one.kind == "code"]
    wanted = [graded.task.name for graded in assignment.tasks if graded.task.derives]
    assert not differences.told(code, wanted)


@pytest.mark.parametrize(
    "part",
    ["1.", "h = 1e-3\n", "h=", "/ h ", "a(", "'", "''' ", "lambda ", "def a(): a(", "1j", "e" * 90],
)
def test_a_text_of_any_kind_is_read_once(part: str) -> None:
    """One that was looked at again and again would take hours."""
    text = "1e-6 " + part * (differences.LONGEST // len(part) - 10)
    assert len(differences.told([text] * 3, ["df"])) <= 1
