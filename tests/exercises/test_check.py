"""The checks that a student calls: each asks its own function, and a message stays."""

import sys

import numpy as np
import pytest

from course_nn.exercises import NAMES, check, load

TASKS = [(name, task) for name in NAMES for task in load(name).QUESTIONS]


@pytest.mark.parametrize(("exercise", "task"), TASKS)
def test_every_task_has_its_check_and_its_public_test(exercise, task):
    module = load(exercise)
    assert callable(getattr(module, f"test_{task}__public"))

    def stub(*args):
        raise NotImplementedError

    verdict = getattr(check, task)(stub)
    assert verdict.kind == "stub"
    assert verdict.task == module.QUESTIONS[task].title
    assert f"Check task {module.QUESTIONS[task].number}:" in getattr(check, task).__doc__


@pytest.mark.parametrize("given", [3, np.ones(2), None, "dense_forward"])
def test_what_is_no_function_is_said(given):
    verdict = check.dense_forward(given)
    assert verdict.kind == "call"
    assert "hand over the function itself, without calling it" in str(verdict)
    assert "check.dense_forward(dense_forward)" in str(verdict)


def test_a_message_stays_until_its_cause_is_mended():
    def wrong(x, W, b):
        return x @ W + b + np.sin(x[:, :1])

    assert str(check.dense_forward(wrong)) == str(check.dense_forward(wrong))


def test_a_known_mistake_is_named_with_its_heat_map():
    verdict = check.dense_forward(lambda x, W, b: x @ W)
    assert "the bias b is missing" in str(verdict)
    assert verdict.error.shape == (4, 2)


def test_a_wrong_gradient_is_told_from_a_wrong_value():
    assert check.sgd_step(lambda W, dW, rate: 3 * W).kind == "value"
    wrong = check.dense_backward(lambda dy, x, W: (dy @ W.T, 3 * x.T @ dy, dy[0]))
    assert (wrong.kind, wrong.output) == ("gradient", "dW")


def test_an_exception_names_the_students_line():
    def dense_forward(x, W, b):
        half = x / 2
        return half.no_such_thing

    verdict = check.dense_forward(dense_forward)
    assert "raised AttributeError at line" in str(verdict)
    assert "`return half.no_such_thing`" in str(verdict)


def test_sys_exit_in_a_function_does_not_end_the_notebook():
    assert "raised SystemExit" in str(check.dense_forward(lambda x, W, b: sys.exit(3)))
