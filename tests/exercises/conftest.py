"""What the tests of the exercises share: small tasks, and a student with these functions."""

from collections.abc import Callable

import numpy as np
import pytest

from course_nn.exercises import day, verdict
from course_nn.exercises.student import LocalStudent
from course_nn.exercises.task import Task, task


@task("9.1", "a:N,D b:N,D r -> s:N,D p:N,D", points=2, example={"a": [[1]], "b": [[2]], "r": 0.5})
def mix(a, b, r):
    """Return s = a + r b and p = a * b."""
    s = a + r * b
    p = a * b
    return s, p


@task("9.2", "x:N,D labels:N<D stride=1|2 -> loss:", points=1)
def pick(x, labels, stride):
    """Return the mean of the numbers that the labels pick."""
    loss = x[np.arange(len(x)), labels].mean() * stride
    return loss  # noqa: RET504


@pytest.fixture(autouse=True)
def no_notebook(monkeypatch) -> None:
    """No test runs in a notebook, also where another one in this process has started IPython."""
    for module in (verdict, day):
        monkeypatch.setattr(module, "shell", lambda: None)


@pytest.fixture
def mixing() -> Task:
    """`mix(a, b, r)` returns s = a + r b and p = a * b, both (N, D)."""
    return mix


@pytest.fixture
def picking() -> Task:
    """`pick(x, labels, stride)` returns one number."""
    return pick


@pytest.fixture
def student() -> Callable[..., LocalStudent]:
    """`student(mix=function)` is a student who wrote these functions."""
    return lambda **functions: LocalStudent(functions, np.random.default_rng(5))
