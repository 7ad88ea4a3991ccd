"""The checks that a student calls: each asks its own function, and a message stays."""

import sys

import numpy as np
import pytest

from course_nn.exercises import check
from course_nn.exercises.exercise import known, load

TASKS = [(one, name) for one in known() for name in load(one).tasks]


@pytest.mark.parametrize(("exercise", "name"), TASKS)
def test_every_task_has_its_check(exercise, name) -> None:
    def stub(*args):
        raise NotImplementedError

    verdict = getattr(check, name)(stub)
    assert verdict.kind == "stub"
    assert verdict.task.title == load(exercise).tasks[name].title


def test_a_check_of_no_task_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"there is no check\.no_such_task"):
        check.no_such_task  # noqa: B018


@pytest.mark.parametrize("given", [3, np.ones(2), None, "dense_forward"])
def test_what_is_no_function_is_said(given) -> None:
    verdict = check.dense_forward(given)
    assert verdict.kind == "call"
    assert "hand over the function itself, without calling it" in str(verdict)
    assert "check.dense_forward(dense_forward)" in str(verdict)


def test_a_message_stays_until_its_cause_is_mended() -> None:
    def wrong(x, W, b):
        return x @ W + b + np.sin(x[:, :1])

    assert str(check.dense_forward(wrong)) == str(check.dense_forward(wrong))


def test_an_exception_names_the_students_line() -> None:
    def dense_forward(x, W, b):
        half = x / 2
        return half.no_such_thing

    verdict = check.dense_forward(dense_forward)
    assert "raised AttributeError at line" in str(verdict)
    assert "`return half.no_such_thing`" in str(verdict)


def test_sys_exit_in_a_function_does_not_end_the_notebook() -> None:
    assert "raised SystemExit" in str(check.dense_forward(lambda x, W, b: sys.exit(3)))


def test_what_is_callable_but_no_function_is_said() -> None:
    class Model:
        def forward(self, x, W, b):
            return x @ W + b

    assert "this is a class; hand over the function itself" in str(check.dense_forward(Model))
    assert "this is a method; hand over" in str(check.dense_forward(Model().forward))
    assert "hand over the function itself" in str(check.dense_forward())


def test_an_endless_loop_ends_and_is_said(monkeypatch) -> None:
    monkeypatch.setattr("course_nn.exercises.student.SECONDS", 0.1)
    monkeypatch.setattr("course_nn.exercises.patience.limited.__wrapped__.__defaults__", (0.1,))

    def endless(x, W, b):
        while True:
            pass

    verdict = check.dense_forward(endless)
    assert "did not come to an end within 0.1 s" in str(verdict)


def test_what_is_printed_is_counted_and_does_not_confuse(capsys) -> None:
    def talks(x, W, b):
        print("shape", x.shape)
        return x @ W - b

    verdict = check.dense_forward(talks)
    assert capsys.readouterr().out == ""
    assert "it printed" in str(verdict)
    assert "'shape (4, 3)'" in str(verdict)
