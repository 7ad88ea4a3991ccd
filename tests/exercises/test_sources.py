"""Every exercise: its solution is right everywhere, nothing else earns a point; it is released."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from course_nn.cli import EXERCISES, RELEASED
from course_nn.exercises import check
from course_nn.exercises.compare import close
from course_nn.exercises.student import LocalStudent
from course_nn.exercises.task import Task
from course_nn.gradcheck import numerical_gradient
from course_nn.grading import source
from course_nn.grading.assignment import TESTS, Graded, known, load_assignment

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = {name: load_assignment(name) for name in known(TESTS)}
GRADED = {f"{n}: {g.task.name}": g for n, a in ASSIGNMENTS.items() for g in a.tasks}
EACH = pytest.mark.parametrize("graded", GRADED.values(), ids=GRADED)
CLOSED = {key: graded for key, graded in GRADED.items() if not graded.task.open}
EACH_CLOSED = pytest.mark.parametrize("graded", CLOSED.values(), ids=CLOSED)
EVERY = pytest.mark.parametrize("name", ASSIGNMENTS)
DRIVEN = [n for n, a in ASSIGNMENTS.items() if any(graded.task.given for graded in a.tasks)]
SOLVED = {name: TESTS / name / "solved.ipynb" for name in ASSIGNMENTS}


def verdicts(graded: Graded, function, seed: int = 1) -> list:
    student = LocalStudent({graded.task.name: function}, np.random.default_rng(0))
    found = []
    for test in graded.tests:
        student.rng = np.random.default_rng(test.seed(seed))
        found.append(test.run(student, graded.task))
    return found


def solved(name: str) -> dict:
    """The name space of the instructor's notebook, without its checks."""
    assignment, space = ASSIGNMENTS[name], {}
    for cell in source.cells_of(assignment.source, assignment.exercise.tasks, answers=True):
        if cell.kind == "code" and not (cell.nbgrader or {}).get("grade"):
            exec(cell.text, space)
    return space


def answers(task: Task, change):
    """A function whose answer is the right one, changed: in the precision that is asked for."""

    def function(*values):
        inputs = dict(zip((a.name for a in task.signature.inputs), values, strict=True))
        dtype = next((v.dtype for v in values if getattr(v, "dtype", 0) in ("f4", "f8")), "f8")
        right = {
            n: v.astype(dtype) if v.ndim and v.dtype.kind == "f" else v
            for n, v in task.right(inputs).items()
        }
        found = tuple(change(right).values())
        return found if len(found) > 1 else found[0]

    return function


@EACH
@pytest.mark.parametrize("seed", [1, 2])
def test_the_solution_passes_every_test(graded: Graded, seed: int) -> None:
    name = next(n for n, a in ASSIGNMENTS.items() if graded in a.tasks)
    function = solved(name)[graded.task.name]
    assert [v for v in verdicts(graded, function, seed) if not v.passed] == []
    assert getattr(check, graded.task.name)(function).passed


@EACH
def test_the_stub_passes_no_test_and_is_greeted_kindly(graded: Graded) -> None:
    def stub(*inputs):
        raise NotImplementedError

    found = verdicts(graded, stub)
    assert {verdict.kind for verdict in found} == {"stub"}
    assert "not written yet" in str(found[0])


@EACH_CLOSED
@pytest.mark.parametrize("given", ["None", "zeros", "ones", "constants", "the inputs"])
def test_what_is_no_answer_earns_nothing(graded: Graded, given: str) -> None:
    task = graded.task
    constants = task.right(task.printed()) if task.example else {}
    changes = {
        "None": lambda right: None,
        "zeros": lambda right: {n: np.zeros_like(v) for n, v in right.items()},
        "ones": lambda right: {n: np.ones_like(v) for n, v in right.items()},
        "constants": lambda right: constants or right,
    }

    def nothing(*values):
        return None if given == "None" else values[0]

    function = answers(task, changes[given]) if given in changes and given != "None" else nothing
    earned = [v for v in verdicts(graded, function) if v.passed]
    assert earned == [], f"{given} earns {len(earned)} of {len(graded.tests)} tests"


@EACH_CLOSED
def test_another_way_to_write_a_formula_gives_the_same(graded: Graded) -> None:
    task = graded.task
    for other in task.others:
        again = Task(**{**vars(task), "function": other})
        for case in (*task.public(), *task.hidden()):
            inputs = task.draw(case, np.random.default_rng(2))
            for name, value in task.right(inputs).items():
                np.testing.assert_allclose(again.right(inputs)[name], value, rtol=1e-9, atol=1e-9)


@EACH_CLOSED
def test_each_output_alone_is_looked_at(graded: Graded) -> None:
    for name in graded.task.outputs:
        spoiled = answers(graded.task, lambda r, n=name: {**r, n: r[n] + 1})
        found = verdicts(graded, spoiled)
        assert not found[0].passed
        for test, verdict in zip(graded.tests[1:], found[1:], strict=True):
            assert verdict.passed == (test.output != name), (name, test.label, str(verdict))


@EACH
def test_a_gradient_is_that_of_its_forward_pass(graded: Graded) -> None:
    task = graded.task
    if task.gradient_of is None:
        return
    smooth = [case for case in task.hidden() if not case.whole]  # few and whole numbers have kinks
    for case in (*task.public()[:2], *smooth[:2]):
        inputs = task.draw(case, np.random.default_rng(3))
        inputs = {
            n: v.astype(float) if getattr(v, "dtype", 0) == "f4" else v for n, v in inputs.items()
        }
        numerical = Task(**{**vars(task), "function": None}).right(inputs)
        for name, value in task.right(inputs).items():
            np.testing.assert_allclose(value, numerical[name], rtol=1e-5, atol=1e-7)


@EACH_CLOSED
def test_public_sizes_are_told_apart(graded: Graded) -> None:
    usual, other, *_ = graded.task.public()
    for case in (usual, other):
        assert len(set(case.sizes.values())) == len(case.sizes), "two sizes alike hide a mistake"
    rng = np.random.default_rng(0)
    for case in (*graded.task.public(), *graded.task.hidden(), graded.task.square()):
        right = graded.task.right(graded.task.draw(case, rng))
        assert all(np.isfinite(v).all() for v in right.values()), case.label


@EACH_CLOSED
def test_the_example_in_the_docstring_is_right(graded: Graded) -> None:
    name = next(n for n, a in ASSIGNMENTS.items() if graded in a.tasks)
    if not graded.task.example:
        return
    space = solved(name)
    test = doctest.DocTestFinder().find(space[graded.task.name], graded.task.name, globs=space)[0]
    assert test.examples, "the notebook shows no example"
    flags = doctest.NORMALIZE_WHITESPACE
    assert doctest.DocTestRunner(optionflags=flags, verbose=False).run(test).failed == 0
    for output, value in (graded.task.answer or {}).items():
        assert close(graded.task.right(graded.task.printed())[output], np.asarray(value, float))


@EACH
def test_a_task_points_to_its_section_and_has_a_hint(graded: Graded) -> None:
    task = graded.task
    chapter, section = task.section
    titles = {
        re.search(r"^# (.*)$", text, re.M)[1]: text
        for path in (ROOT / "book").rglob("*.md")
        if re.search(r"^# (.*)$", text := path.read_text(encoding="utf-8"), re.M)
    }
    assert chapter in titles, f"{task.title}: there is no chapter {chapter!r}"
    assert re.search(rf"^#+ {re.escape(section)}$", titles[chapter], re.M), (chapter, section)
    assert task.hint
    assert task.says


@EVERY
def test_two_transfer_tasks_and_all_parts_of_the_text(name: str) -> None:
    assignment = ASSIGNMENTS[name]
    assert sum(graded.task.transfer for graded in assignment.tasks) >= 2
    text = assignment.source.code("text")
    headings = re.findall(r"^## Task (\S+):", text, re.M)
    assert headings == list(dict.fromkeys(g.task.number for g in assignment.tasks)) or (
        set(headings) == {g.task.number for g in assignment.tasks}
    )
    assert text.count("**Goal.**") >= len(headings)
    assert text.count("*Why it matters:*") >= len(headings)


@EVERY
def test_what_is_committed_is_what_release_makes(name: str) -> None:
    assignment = ASSIGNMENTS[name]
    made = source.notebook(assignment.source, assignment.exercise.tasks)
    assert (EXERCISES / f"{name}.ipynb").read_text(encoding="utf-8") == made
    module = (RELEASED / f"{name}.py").read_text(encoding="utf-8")
    assert module == assignment.source.public_module()


def lines_of(task: Task) -> set[str]:
    """The lines of the right formula that say something."""
    lines = map(str.strip, source.body_of(task).splitlines())
    return {line for line in lines if len(line) > 12 and not line.startswith("return")}


@EVERY
def test_students_get_no_answer_to_a_transfer_task(name: str) -> None:
    assignment = ASSIGNMENTS[name]
    book = nbformat.read(EXERCISES / f"{name}.ipynb", as_version=4)
    given = "\n".join(cell.source for cell in book.cells)
    given += (RELEASED / f"{name}.py").read_text(encoding="utf-8")
    shown = {
        line
        for g in assignment.tasks
        if g.task.function and not g.task.transfer
        for way in (g.task.function, *g.task.others)
        for line in lines_of(Task(**{**vars(g.task), "function": way}))
    }
    for graded in assignment.tasks:
        if graded.task.transfer and not graded.task.given:
            secret = lines_of(graded.task) - shown
            assert secret
            assert not secret & {line.strip() for line in given.splitlines()}
    assert "SOLUTION" not in given
    assert "require" not in given


@pytest.mark.parametrize("name", DRIVEN)
def test_a_notebook_with_drivers_runs_as_given(name: str) -> None:
    """A stub alone is asked elsewhere; a driver runs what is not written yet."""
    assignment = ASSIGNMENTS[name]
    book = nbformat.reads(
        source.notebook(assignment.source, assignment.exercise.tasks), as_version=4
    )
    NotebookClient(book, timeout=120).execute()
    said = told(book)
    assert len(said) == len(assignment.tasks)
    assert {line[0] for line in said} == {"○"}


def told(book: nbformat.NotebookNode) -> list[str]:
    """What the checks of a notebook say in its outputs."""
    return [
        output.data["text/plain"]
        for cell in book.cells
        if cell.get("outputs") and cell.source.startswith("check.")
        for output in cell.outputs
    ]


@EVERY
def test_the_solved_notebook_is_that_of_its_source_and_passes(name: str) -> None:
    assignment = ASSIGNMENTS[name]
    stored = nbformat.read(SOLVED[name], as_version=4)
    text = source.notebook(assignment.source, assignment.exercise.tasks, answers=True)
    fresh = nbformat.reads(text, as_version=4)
    told_to = f"course-nn release {name} --solved writes it anew"
    assert [c.source for c in stored.cells] == [c.source for c in fresh.cells], told_to
    said = told(stored)
    assert len(said) == len(assignment.tasks)
    assert {line[0] for line in said} == {"✔"}


def test_the_stored_outputs_are_what_the_solutions_give(tmp_path) -> None:
    done = nbval(*SOLVED.values())
    assert done.returncode == 0, done.stdout[-4000:]
    spoiled = tmp_path / "spoiled.ipynb"
    text = SOLVED["ex04_softmax"].read_text(encoding="utf-8")
    spoiled.write_text(text.replace("✔ Task 4.1", "✘ Task 4.1", 1), encoding="utf-8")
    done = nbval(spoiled)
    assert done.returncode == 1, done.stdout[-4000:]
    assert "1 failed" in done.stdout


def nbval(*notebooks: Path) -> subprocess.CompletedProcess[str]:
    """Run notebooks again, and compare with what they store."""
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:cov", "--nbval"]
    command = [sys.executable, "-m", "pytest", *options, *map(str, notebooks)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_all_exercises_bring_a_hundred_points_when_there_are_twelve() -> None:
    if len(ASSIGNMENTS) == 12:
        assert sum(a.exercise.points for a in ASSIGNMENTS.values()) == 100


def test_a_numerical_gradient_is_the_judge_s() -> None:
    found = numerical_gradient(lambda x: x**2, np.array([1.0, 2.0]), np.array([3.0, -1.0]))
    np.testing.assert_allclose(found, [6, -4], rtol=1e-6)


@pytest.mark.parametrize("given", [lambda *a: None, lambda *a: a[0], lambda *a: (a[0], a[1])])
def test_an_open_task_takes_not_anything(given) -> None:
    for graded in GRADED.values():
        if graded.task.open:
            assert not any(verdict.passed for verdict in verdicts(graded, given))
