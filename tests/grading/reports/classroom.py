"""A class for the reports' tests: students made of answers written blind, truly graded."""

from __future__ import annotations

import inspect
import linecache
import random
import warnings
from dataclasses import replace
from functools import cache

import numpy as np

from course_nn.exercises.student import LocalStudent
from course_nn.grading.assignment import TESTS, Assignment, Graded, load_assignment
from course_nn.grading.canonical import Canonical
from course_nn.grading.outcomes import outcome, task_record
from course_nn.grading.record import Grade, Record, TaskRecord

EXERCISE, SEED = "ex02_dense", 7
NAMES = ["ada", "alan", "barbara", "claude", "donald", "edsger", "frances", "grace", "heinz",
         "ivan", "joan", "ken", "leslie", "margaret", "niklaus", "ole", "peter", "radia", "sophie",
         "tim", "ursula", "vint", "whitfield", "xiaoyun", "yukihiro", "zoe"]  # fmt: skip


@cache
def answers(exercise: str) -> dict[str, list[tuple[str, object]]]:
    """The blind answers of an exercise by task: each its name and its function."""
    path = TESTS / exercise / "blind.py"
    space: dict = {"__name__": str(path)}
    text = path.read_text(encoding="utf-8")
    linecache.cache[str(path)] = (len(text), None, text.splitlines(keepends=True), str(path))
    exec(compile(text, str(path), "exec"), space)
    found: dict[str, list[tuple[str, object]]] = {}
    for name, value in space.items():
        if "__wrong_" in name or "__right_" in name:
            found.setdefault(name.split("__")[0], []).append((name, value))
    return found


@cache
def assignment(exercise: str) -> Assignment:
    return load_assignment(exercise)


@cache
def graded(exercise: str, answer: str) -> TaskRecord:
    """One blind answer, graded; "" of a task's name for a stub."""
    task_name = answer.split("__")[0]
    made: Graded = next(g for g in assignment(exercise).tasks if g.task.name == task_name)
    task, tests = made.task, []
    functions = dict(answers(exercise).get(task_name, []))
    function = functions.get(answer, _stub)
    student = LocalStudent({task.name: function}, np.random.default_rng(0))
    canonical = Canonical(student, task)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for test in made.tests:
            student.rng = np.random.default_rng(test.seed(SEED))
            verdict = test.run(student, task)
            tests.append(outcome(test, verdict, canonical.key(verdict)))
    return task_record(made, tuple(tests))


def _stub(*_: object) -> None:
    raise NotImplementedError


def code(exercise: str, answer: str) -> str:
    """The source of a blind answer, under the name of its task."""
    functions = dict(answers(exercise).get(answer.split("__")[0], []))
    if answer not in functions:
        return ""
    text = inspect.getsource(functions[answer])
    return text.replace(answer, answer.split("__")[0])


def submission(exercise: str, student: str, chosen: list[str], **fields: object) -> Grade:
    """A student who answered so."""
    tasks = tuple(graded(exercise, answer) for answer in chosen)
    record = Record(
        student, exercise, "graded", "", tasks, file=f"{exercise}.ipynb", content="/".join(chosen),
        handed_in="2026-11-20T17:03:11+01:00", seed=SEED,
    )  # fmt: skip
    record = replace(record, **fields)
    return Grade(record, final=record.total)


def classroom(exercise: str, count: int = 20, seed: int = 1) -> list[Grade]:
    """So many students, each with an answer to every task, more right ones than wrong."""
    draw = random.Random(seed)
    found = []
    for i in range(count):
        chosen = []
        for made in assignment(exercise).tasks:
            variants = [name for name, _ in answers(exercise).get(made.task.name, [])]
            right = [name for name in variants if "__right_" in name]
            wrong = [name for name in variants if "__wrong_" in name]
            kinds = (right or wrong, wrong or right, [f"{made.task.name}__stub"])
            chosen.append(draw.choice(draw.choices(kinds, (6, 4, 1))[0]))
        name = NAMES[i % len(NAMES)] + (str(i // len(NAMES)) if i >= len(NAMES) else "")
        found.append(submission(exercise, name, chosen))
    return sorted(found, key=lambda grade: grade.record.student)


def cells(exercise: str):
    """What the gradebook keeps of a submission's code, by its content."""

    def of(content: str) -> list[str]:
        written = (code(exercise, answer) for answer in content.split("/"))
        return ["import numpy as np", *filter(None, written)]

    return of
