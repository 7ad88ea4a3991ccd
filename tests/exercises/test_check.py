"""The checks that a student calls: each asks its own function, and a message stays."""

import sys
import time
import warnings

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


@pytest.mark.parametrize("name", ["one_step", "learn"])
def test_of_a_function_that_is_given_not_it_is_said_to_be_missing(name) -> None:
    def stub(*args):
        raise NotImplementedError

    said = str(getattr(check, name)(stub))
    assert f"what {name} runs is not written yet: put your code in place of each" in said


def test_a_check_of_no_task_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"there is no check\.no_such_task"):
        check.no_such_task  # noqa: B018


@pytest.mark.parametrize("given", [3, np.ones(2), None, "dense_forward"])
def test_what_is_no_function_is_said(given) -> None:
    verdict = check.dense_forward(given)
    assert verdict.kind == "misuse"
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


def test_a_check_shows_what_to_type_and_no_more() -> None:
    said = repr(check.relu)
    assert said == "The check of Task 3.1: call it with your function, check.relu(relu)"


def right_but_double(p, labels):
    dp, rows = np.zeros(p.shape), np.arange(len(p))
    dp[rows, labels] = -1 / (len(p) * p[rows, labels])
    return dp


WARNS = [  # a function, and what NumPy warns of in it; "" where only the checker's own code warns
    ("cross_entropy", lambda p, labels: -np.log(p)[np.arange(len(p)), labels].mean(), "in log"),
    ("cross_entropy", lambda p, labels: -np.log(p[labels] + 1).mean(), ""),
    ("cross_entropy_gradient", right_but_double, ""),
]


@pytest.mark.parametrize(("name", "function", "says"), WARNS)
def test_no_warning_reaches_the_notebook_but_that_of_the_student(name, function, says) -> None:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        verdict = getattr(check, name)(function)
        check.hint(name)
        page = verdict._repr_html_()
    assert page
    assert [str(one.message) for one in heard] == []
    assert ("By the way, NumPy warned while it ran" in str(verdict)) == bool(says)
    assert says in str(verdict)
    assert ".py" not in str(verdict)


def test_a_warning_is_said_once_and_beside_what_is_printed() -> None:
    def warns(x):
        print("again")
        return np.maximum(x, 0) + 0 * np.nan_to_num(np.log(0 * x))

    said = str(check.relu(warns))
    assert said.count("divide by zero") == 1
    assert "By the way, it printed " in said
    assert "calls, the first 'again'; NumPy warned while it ran: divide by zero encountered" in said


def test_a_printed_line_is_one_line() -> None:
    def warns(x, called=[]):  # noqa: B006
        if not called:
            print("once")
        called.append(1)
        return np.maximum(x, 0)

    assert "it printed 1 line in " in str(check.relu(warns))


def test_what_numpy_was_told_of_errors_changes_nothing() -> None:
    def softmax(z):
        np.seterr(all="raise")
        return z

    before = np.geterr()
    with np.errstate(all="raise"):
        assert check.softmax(softmax).kind == "value"
    assert np.geterr() == before


def test_a_function_that_closes_what_it_prints_to_gets_its_verdict() -> None:
    def relu(x):
        print("so far")
        sys.stdout.close()
        return x

    assert check.relu(relu).kind == "value"


def test_a_slow_function_is_ended_after_the_seconds_of_one_check(monkeypatch) -> None:
    monkeypatch.setattr(check, "SECONDS", 0.1)

    def relu(x):
        time.sleep(0.06)
        return np.maximum(x, 0)

    assert "relu took more than" in str(check.relu(relu))


def test_a_check_without_its_function_leaves_what_was_right(monkeypatch, capsys) -> None:
    monkeypatch.setattr(check, "DIARY", check.day.Diary())
    check.relu(lambda x: np.maximum(x, 0))
    assert "check.hint" not in check.relu().in_notebook()
    check.all()
    assert "Wrong" not in capsys.readouterr().out


def test_all_is_of_the_exercise_that_was_checked_last(monkeypatch, capsys) -> None:
    monkeypatch.setattr(check, "DIARY", check.day.Diary())
    for name in ("relu", "dense_forward", "relu"):
        getattr(check, name)(abs)
    check.all()
    assert capsys.readouterr().out.startswith("Exercise 3")


def test_of_an_endless_call_no_example_is_shown_that_was_not_tried(monkeypatch) -> None:
    monkeypatch.setattr(check, "SECONDS", 0.05)

    def relu(x):
        while True:
            pass

    assert "smallest example" not in str(check.relu(relu))


def test_where_the_check_itself_cannot_go_on_it_says_so(monkeypatch) -> None:
    def broken(*given):
        raise AttributeError("no such thing")

    monkeypatch.setattr(check.trial, "run", broken)
    said = str(check.relu(lambda x: x))
    assert "the check itself stopped (AttributeError: no such thing)" in said
    assert "Restart the kernel" in said


def test_a_vast_answer_is_told_at_once() -> None:
    def relu(x):
        calls.append(x)
        return np.broadcast_to(1.0, (2000, 2000))

    calls = []
    assert "y has shape (2000, 2000); expected (4, 3)" in str(check.relu(relu))
    assert len(calls) == 1
