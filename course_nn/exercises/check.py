"""The checks that a student calls in a notebook: `check.dense_forward(dense_forward)`.

Each runs the public tests of its task and returns a verdict, which shows itself.
"""

from collections.abc import Callable

import numpy as np

from . import load
from .diagnose import run_test
from .student import LocalStudent
from .verdict import Verdict

SEED = 20  # the same numbers at every call, so that a message stays until its cause is mended


def _check(exercise: str, name: str, function: Callable) -> Verdict:
    module = load(exercise)
    question = module.QUESTIONS[name]
    if not callable(function):
        wrong = f"hand over the function itself, without calling it: check.{name}({name})"
        return Verdict(question.title, "call", wrong)
    student = LocalStudent({name: function}, np.random.default_rng(SEED))
    test = getattr(module, f"test_{name}__public")
    return run_test(test, student, question)


def dense_forward(function: Callable) -> Verdict:
    """Check task 2.1: `function(x, W, b)` returns y = x W + b.

    Examples
    --------
    >>> dense_forward(lambda x, W, b: x @ W + b)
    ✔ Task 2.1, dense_forward: public checks passed; hidden checks remain
    """
    return _check("ex02_dense", "dense_forward", function)


def dense_backward(function: Callable) -> Verdict:
    """Check task 2.2: `function(dy, x, W)` returns dx, dW, db of y = x W + b."""
    return _check("ex02_dense", "dense_backward", function)


def flatten_forward(function: Callable) -> Verdict:
    """Check task 2.3: `function(x)` returns each sample's numbers in one row."""
    return _check("ex02_dense", "flatten_forward", function)


def flatten_backward(function: Callable) -> Verdict:
    """Check task 2.4: `function(dy, x)` returns dy in the shape of x."""
    return _check("ex02_dense", "flatten_backward", function)


def sgd_step(function: Callable) -> Verdict:
    """Check task 2.5: `function(W, dW, learning_rate)` returns W − learning_rate · dW."""
    return _check("ex02_dense", "sgd_step", function)
