"""What was checked when; and a cell that failed does not leave an older definition to be judged."""

import linecache
from types import SimpleNamespace

import pytest

from course_nn.exercises import check, day
from course_nn.exercises.compare import Comparison
from course_nn.exercises.day import Diary, exercise_of
from course_nn.exercises.exercise import load
from course_nn.exercises.verdict import Verdict


def right(x, W, b):
    return x @ W + b


@pytest.fixture(autouse=True)
def diary(monkeypatch: pytest.MonkeyPatch) -> Diary:
    fresh = Diary()
    monkeypatch.setattr(check, "DIARY", fresh)
    return fresh


def test_points_so_far_and_which_tasks_are_wrong_or_open(capsys) -> None:
    check.dense_forward(right)
    check.dense_backward(lambda dy, x, W: None)
    check.all()
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1:3] == ["1 of 9 points by the public checks.", "Wrong: 2.2 dense_backward."]
    assert lines[3].startswith("Open: 2.3 ")
    assert "2.1" not in lines[3]


def test_a_task_that_is_not_written_is_open_whether_checked_or_not(diary: Diary) -> None:
    exercise = load("ex02_dense")
    before = diary.progress(exercise)
    for task in exercise.tasks.values():
        diary.note(Verdict(task, Comparison({}, "stub", "not written yet")))
    assert diary.progress(exercise) == before


def test_what_was_right_and_is_not_any_more_is_said(capsys) -> None:
    check.dense_forward(right)
    check.dense_forward(lambda x, W, b: x @ W)
    check.all("2")
    said = capsys.readouterr().out
    assert "0 of 9 points" in said
    assert "Wrong: 2.1 dense_forward (it was right at " in said
    assert " and is not any more)." in said


def test_all_right_leaves_nothing_open(diary: Diary) -> None:
    exercise = load("ex02_dense")
    for task in exercise.tasks.values():
        diary.note(Verdict(task))
    said = diary.progress(exercise)
    assert said.endswith("9 of 9 points by the public checks.\nNothing is open.")


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


def test_a_cell_that_is_no_python_is_said_with_its_line(monkeypatch) -> None:
    function = defined(OLD, "dense_forward")
    here = SimpleNamespace(user_ns={"In": [OLD, OLD.replace("W", "W +* b")]}, execution_count=3)
    monkeypatch.setattr(day, "shell", lambda: here)
    said = str(check.dense_forward(function))
    assert "has a SyntaxError at line 1, `def dense_forward(x, W +* b, b):` (" in said
    here.user_ns["In"][-1] = OLD.replace("x @ W", "1 / 0")
    assert "dense_forward did not run to its end, so that" in str(check.dense_forward(function))


def test_outside_of_ipython_nothing_is_stale() -> None:
    assert not day.stale("dense_forward", right)
