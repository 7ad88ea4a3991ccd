"""Answers written blind, and what the checks say of them.

    python tests/exercises/blind_sets.py ex02_dense

prints, for every wrong answer, what is truly wrong and what the grader says of it, for a person to
judge: its name ("named"), or a sentence that needs none ("told": a shape, an error, an argument).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np

from course_nn.exercises.check import check_task
from course_nn.exercises.exercise import load
from course_nn.exercises.student import LocalStudent
from course_nn.exercises.verdict import Verdict
from course_nn.grading.assignment import TESTS, Graded, load_assignment

NUMBERS = ("value", "gradient", "property")  # a sentence on these names no mistake


def answers(path: Path) -> dict[str, Callable]:
    """The functions of a blind.py, by name."""
    module = ModuleType(path.parent.name)
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), vars(module))
    return {
        name: value
        for name, value in vars(module).items()
        if callable(value) and ("__wrong_" in name or "__right_" in name)
    }


def sets() -> dict[str, Path]:
    """Every blind.py by the name of its exercise."""
    return {path.parent.name: path for path in sorted(TESTS.glob("ex*/blind.py"))}


def tried(name: str, graded: Graded, function: Callable) -> Iterator[tuple[bool, Verdict]]:
    """Public and hidden verdicts on an answer: first as a student is told, then as it is graded."""
    task = load(name).tasks[graded.task.name]
    yield True, check_task(task, function)
    for test in graded.tests:
        student = LocalStudent({task.name: function}, np.random.default_rng(test.seed(1)))
        yield test.public, test.run(student, graded.task)


def main(name: str) -> None:
    """Prints what a person judges, and the rates that need no judging."""
    tasks = {graded.task.name: graded for graded in load_assignment(name).tasks}
    counts = dict.fromkeys(("wrong", "caught", "public", "named", "told", "right", "accepted"), 0)
    for key, function in answers(sets()[name]).items():
        wrong = "__wrong_" in key
        counts["wrong" if wrong else "right"] += 1
        (_, public), *graded = tried(name, tasks[key.split("__")[0]], function)
        failed = next((verdict for _, verdict in graded if not verdict.passed), None)
        if failed is None:
            counts["accepted"] += not wrong
            if wrong:
                print(f"{key}\n    truth: {function.__doc__}\n    NOT CAUGHT")
            continue
        if not wrong:
            print(f"REFUSED {key}: {function.__doc__}\n    {failed}")
            continue
        counts["caught"] += 1
        counts["public"] += not public.passed
        kind = "named" if failed.looks else "told" if failed.kind not in NUMBERS else ""
        counts[kind or "named"] += bool(kind)
        said = failed.looks or failed.wrong
        print(f"{key}\n    truth: {function.__doc__}\n    {kind or 'BARE'}: {said}")
    print(counts)


if __name__ == "__main__":
    main(sys.argv[1])
