"""What was checked when; and a cell that failed does not leave an older definition to be judged."""

import linecache
from types import SimpleNamespace

import pytest

from course_nn.exercises import check, day
from course_nn.exercises.day import Diary, exercise_of
from course_nn.exercises.exercise import load


def right(x, W, b):
    return x @ W + b


@pytest.fixture(autouse=True)
def diary(monkeypatch: pytest.MonkeyPatch) -> Diary:
    fresh = Diary()
    monkeypatch.setattr(check, "DIARY", fresh)
    return fresh


def test_points_so_far_and_what_is_not_right_any_more(capsys) -> None:
    check.dense_forward(right)
    check.all()
    assert "1 of 9 points by the public checks, 6 tasks open." in capsys.readouterr().out
    check.dense_forward(lambda x, W, b: x @ W)
    check.all("2")
    said = capsys.readouterr().out
    assert "0 of 9 points" in said
    assert "Task 2.1 was right at " in said
    assert "; it is not any more." in said


def test_all_right_leaves_nothing_open(diary: Diary) -> None:
    exercise = load("ex02_dense")
    for task in exercise.tasks.values():
        diary.note(day.Verdict(task))
    assert "9 of 9 points by the public checks, nothing open." in diary.progress(exercise)


def test_before_any_check_it_says_so(capsys) -> None:
    check.all()
    check.hint("2.1")
    said = capsys.readouterr().out
    assert "Nothing has been checked yet." in said
    assert "Task 2.1, dense_forward has not been checked yet: check.dense_forward" in said


def test_hints_go_on_and_begin_anew_with_another_mistake(capsys) -> None:
    check.dense_forward(lambda x, W, b: x @ W)
    for _ in range(3):
        check.hint(2.1)
    assert "the term + b is missing" in capsys.readouterr().out
    check.dense_forward(lambda x, W, b: x @ W - b)
    check.hint(check.tasks()["dense_forward"].number)
    assert "subtracted" not in capsys.readouterr().out
    check.dense_forward(right)
    check.hint("dense_forward")
    assert "is right, as far as the public check sees" in capsys.readouterr().out


def test_an_unknown_task_and_exercise_are_said() -> None:
    with pytest.raises(KeyError, match=r"no task is called '99\.9'"):
        check.hint("99.9")
    with pytest.raises(KeyError, match="no exercise is called 'ex99'"):
        exercise_of("ex99")
    assert exercise_of("ex02_dense") == exercise_of("dense_forward")


# -- cells -----------------------------------------------------------------------------------------


def defined(text: str, name: str):
    linecache.cache["<cell>"] = (len(text), None, text.splitlines(keepends=True), "<cell>")
    space: dict = {}
    exec(compile(text, "<cell>", "exec"), space)
    return space[name]


OLD = "def dense_forward(x, W, b):\n    return x @ W\n"


@pytest.mark.parametrize(
    ("last", "stale"),
    [
        (OLD, False),
        (OLD + "\n\n", False),
        (OLD.replace("x @ W", "x @ W +* b"), True),
        ("check.dense_forward(dense_forward)", False),
        ("%%time\n" + OLD.replace("x @ W", "x @ W + b"), False),
    ],
)
def test_a_definition_older_than_its_cell_is_not_judged(monkeypatch, last, stale) -> None:
    function = defined(OLD, "dense_forward")
    here = SimpleNamespace(user_ns={"In": ["", OLD, last]}, execution_count=3)
    monkeypatch.setattr(day, "shell", lambda: here)
    assert day.stale("dense_forward", function) == stale
    verdict = check.dense_forward(function)
    assert ("an older definition would be judged" in str(verdict)) == stale


def test_outside_of_ipython_nothing_is_stale() -> None:
    assert not day.stale("dense_forward", right)
