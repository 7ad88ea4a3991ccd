"""A name that nobody knows is told in one sentence; a notebook shows no traceback."""

import pytest

from course_nn.exercises import check
from course_nn.exercises.unknown import NoCheck, Plain, Unknown, nearest


@pytest.mark.parametrize(
    ("ask", "kind", "says"),
    [
        (lambda: check.hint("nothing"), KeyError, "no task is called 'nothing': give its number"),
        (lambda: check.hint("dense_forwards"), KeyError, "; did you mean dense_forward?"),
        (lambda: check.all("99"), KeyError, "no exercise is called '99'; there are: ex01"),
        (lambda: check.dense_forwards, AttributeError,
         "there is no check.dense_forwards; did you mean dense_forward?"),
    ],
)  # fmt: skip
def test_a_notebook_shows_the_sentence_alone(ask, kind, says: str) -> None:
    with pytest.raises(kind) as raised:
        ask()
    assert isinstance(raised.value, Plain)
    (line,) = raised.value._render_traceback_()
    assert line.startswith("✘ ")
    assert says in line


def test_ipython_asks_for_it() -> None:
    shell = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell()
    said: list[str] = []
    shell._showtraceback = lambda kind, value, lines: said.extend(lines)
    shell.run_cell("from course_nn.exercises import check\ncheck.no_such_task")
    assert said == ["✘ there is no check.no_such_task"]


def test_what_is_far_from_all_has_no_nearest() -> None:
    assert nearest("abc", ["softmax"]) == ""
    assert str(Unknown("a sentence")) == str(NoCheck("a sentence")) == "a sentence"
