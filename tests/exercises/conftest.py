"""What the tests of the exercises share: one small question, and a student with one function."""

from collections.abc import Callable

import numpy as np
import pytest

from course_nn.exercises.student import LocalStudent
from course_nn.exercises.task import Mistake, Output, Question


def _draw(rng: np.random.Generator, N: int = 4, D: int = 3, dtype: type = np.float64) -> tuple:
    return rng.normal(size=(N, D)).astype(dtype), rng.normal(size=(N, D)).astype(dtype), 0.5


@pytest.fixture
def question() -> Question:
    """`mix(a, b, r)` returns s = a + r b and p = a * b, both (N, D)."""
    mistakes = (Mistake("r is missing", lambda s, a, b, r: a + b),)
    outputs = {"s": Output("(N, D)", mistakes), "p": Output("(N, D)", ())}
    return Question(
        "9.1", "mix", ("a", "b", "r"), _draw, lambda a, b, r: (a + r * b, a * b), outputs,
        {"N": 3, "D": 3},
    )  # fmt: skip


@pytest.fixture
def single() -> Question:
    """`double(a, b, r)` returns y = 2 a, and nothing else."""
    outputs = {"y": Output("(N, D)", ())}
    return Question(
        "9.2", "double", ("a", "b", "r"), _draw, lambda a, b, r: (2 * a,), outputs,
        {"N": 3, "D": 3}, "gradient",
    )  # fmt: skip


@pytest.fixture
def student() -> Callable[..., LocalStudent]:
    """`student(mix=function)` is a student who wrote these functions."""
    return lambda **functions: LocalStudent(functions, np.random.default_rng(5))
