"""Exercise 2: the solution scores full marks, the stub none, each planted mistake is named."""

import doctest
import importlib.util
from types import ModuleType

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from course_nn.cli import EXERCISES
from course_nn.exercises import check
from course_nn.exercises.compare import close
from course_nn.exercises.diagnose import run_test, wrong_answers
from course_nn.exercises.ex02_dense import QUESTIONS
from course_nn.exercises.student import LocalStudent
from course_nn.grading import source
from course_nn.grading.assignment import TESTS, Task, load_assignment, require

NAME = "ex02_dense"
ASSIGNMENT = load_assignment(NAME)
TASKS = {task.question.name: task for task in ASSIGNMENT.tasks}


def load_planted() -> ModuleType:
    spec = importlib.util.spec_from_file_location("planted", TESTS / NAME / "planted.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PLANTED = load_planted()
MISTAKES = [key for key in vars(PLANTED) if "__" in key and not key.startswith("__")]


def code(answers: bool) -> list[str]:
    cells = [cell for cell in ASSIGNMENT.cells if cell.kind == "code"]
    return [cell.text if answers else source.without_answers(cell) for cell in cells]


def functions(answers: bool) -> dict:
    space: dict = {}
    for cell in code(answers):
        if "def " in cell or "import numpy" in cell:
            exec(cell, space)
    return space


def verdicts(task: Task, function, seed: int = 1) -> list:
    name = task.question.name
    return [
        (
            test.public,
            run_test(
                test.run,
                LocalStudent({name: function}, np.random.default_rng(test.seed(seed))),
                task.question,
            ),
        )
        for test in task.tests
    ]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", TASKS)
def test_the_solution_passes_every_test(name, seed):
    found = verdicts(TASKS[name], functions(answers=True)[name], seed)
    assert [verdict for _, verdict in found if not verdict.passed] == []


@pytest.mark.parametrize("name", TASKS)
def test_the_stub_passes_no_test_and_is_greeted_kindly(name):
    found = verdicts(TASKS[name], functions(answers=False)[name])
    assert {verdict.kind for _, verdict in found} == {"stub"}
    assert "not written yet" in str(found[0][1])
    assert "Traceback" not in str(found[0][1])


def test_there_are_planted_mistakes_for_every_task():
    assert len(MISTAKES) >= 10
    assert {key.split("__")[0] for key in MISTAKES} == set(TASKS)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("key", MISTAKES)
def test_a_planted_mistake_is_caught_and_named(key, seed):
    task, wrong = TASKS[key.split("__")[0]], getattr(PLANTED, key)
    found = [(public, v) for public, v in verdicts(task, wrong, seed) if not v.passed]
    assert any(wrong.__doc__ in str(verdict) for _, verdict in found), found
    assert any(public for public, _ in found) == (key not in PLANTED.HIDDEN)


@pytest.mark.parametrize("key", [key for key in MISTAKES if key not in PLANTED.HIDDEN])
def test_the_public_check_alone_names_it(key):
    wrong = getattr(PLANTED, key)
    verdict = getattr(check, key.split("__")[0])(wrong)
    assert not verdict.passed
    assert wrong.__doc__ in str(verdict)


@pytest.mark.parametrize("name", TASKS)
def test_no_two_known_mistakes_give_the_same_answer(name):
    """Where sizes all agree, every mistake fits; one that another shadows could never be named."""
    question = QUESTIONS[name]
    inputs = question.draw(np.random.default_rng(7), **question.square)
    for output, right in zip(question.outputs, question.right(*inputs), strict=True):
        found = list(wrong_answers(question, output, right, inputs))
        own = question.outputs[output].mistakes
        assert len([mistake for mistake, _ in found if mistake in own]) == len(own)
        for i, (mistake, answer) in enumerate(found):
            if mistake not in own or "order of memory" in mistake.says:
                continue  # general mistakes may not apply here; memory order needs such arrays
            assert not close(answer, right, np.float64), mistake.says
            twins = [m.says for m, a in found[:i] if close(answer, a, np.float64)]
            assert not twins, (mistake.says, twins)


@pytest.mark.parametrize("name", TASKS)
def test_the_example_in_the_docstring_is_right(name):
    space = functions(answers=True)
    test = doctest.DocTestFinder().find(space[name], name, globs=space)[0]
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


def test_each_task_has_all_its_parts():
    text = [cell.text for cell in ASSIGNMENT.cells if cell.kind == "markdown"]
    goals = [t for t in text if t.startswith("## Task")]
    assert len(goals) == len(TASKS)
    assert all("**Goal.**" in t and "**Example.**" in t for t in goals)
    assert sum("<details><summary>Hint" in t for t in text) == len(TASKS)
    assert sum("*Why it matters:*" in t for t in text) == len(TASKS)


def test_the_committed_student_notebook_is_what_release_makes():
    made = source.notebook(NAME, list(ASSIGNMENT.cells))
    assert (EXERCISES / f"{NAME}.ipynb").read_text(encoding="utf-8") == made
    assert made == source.notebook(NAME, list(ASSIGNMENT.cells))
    nbformat.validate(nbformat.reads(made, as_version=4))


def test_the_student_notebook_holds_no_answer():
    made = source.notebook(NAME, list(ASSIGNMENT.cells))
    for secret in (
        "SOLUTION",
        "HIDDEN",
        "x @ W + b",
        "require",
        "dy.sum",
        "W - learning_rate * dW",
    ):
        assert not any(
            secret in source.without_answers(c) for c in ASSIGNMENT.cells if c.kind == "code"
        )
    assert made.count("raise NotImplementedError") == len(TASKS)


def run_notebook(text: str) -> list[str]:
    book = nbformat.reads(text, as_version=4)
    NotebookClient(book, timeout=60).execute()
    outputs = [out for cell in book.cells if cell.cell_type == "code" for out in cell.outputs]
    assert all("text/html" in out.data for out in outputs)
    return [out.data["text/plain"] for out in outputs]


def test_the_notebooks_run_in_jupyter_as_given_and_as_solved():
    cells = list(ASSIGNMENT.cells)
    stubs = run_notebook(source.notebook(NAME, cells))
    assert [text[0] for text in stubs] == ["○"] * len(TASKS)
    solved = [source.Cell(c.kind, source.HIDDEN.sub("", c.text + "\n"), c.options) for c in cells]
    done = run_notebook(source.notebook(NAME, solved, answers=True))
    assert len(done) == len(TASKS)
    assert all("public checks passed; hidden checks remain" in text for text in done)


def test_the_hidden_cells_serve_nbgrader_too():
    right = functions(answers=True)
    require(NAME, **{name: right[name] for name in TASKS})
    with pytest.raises(AssertionError, match="keep the dtype"):
        require(NAME, sgd_step=PLANTED.sgd_step__float64)
