"""An error is told from the cell's own line, and what a browser lacks is said."""

import pytest

from tests.live.cells import ILL, WELL, run


def test_an_error_is_told_from_the_cell_on_and_the_next_cell_runs() -> None:
    shown = run("def f(x):\n    return 1 / x", "f(0)", "'on'")
    (error,) = [text for form, text in shown if form == "error"]
    assert "ZeroDivisionError: division by zero" in error
    assert '"<cell 2>", line 1' in error
    assert '"<cell 1>", line 2' in error
    assert "return 1 / x" in error
    assert "live_kernel" not in error
    assert [pair for pair in shown if pair[0] == "cell"] == [WELL, ILL, WELL]


@pytest.mark.parametrize(
    "code", ["%timeit 1", "a = 1\n!pip install x", "import os\nos.path?", "files = !ls"]
)
def test_a_command_to_ipython_is_named(code: str) -> None:
    ((_, told), _) = run(code)
    assert "is written for IPython" in told
    assert code.splitlines()[-1] in told


@pytest.mark.parametrize("code", ["x = (1 +  # is this right?", "if True\n    a = 1  # and this?"])
def test_an_error_of_a_readers_own_is_none_of_ipythons(code: str) -> None:
    ((_, told), _) = run(code)
    assert "IPython" not in told


@pytest.mark.parametrize("code", ["import tensorly.base", "from tensorly import base"])
def test_a_library_that_is_not_here_is_named_with_what_is(code: str) -> None:
    ((_, told), _) = run(code)
    assert "ModuleNotFoundError: No module named 'tensorly" in told
    assert told.splitlines()[-1].startswith("This page's Python has no tensorly; it has numpy,")


def test_what_needs_threads_is_told_that_there_are_none() -> None:
    broken = 'def refuse(*_, **__):\n    raise RuntimeError("can\'t start new thread")\n'
    broken += (
        "import threading\nthreading._start_joinable_thread = threading._start_new_thread = refuse"
    )
    ((_, told), _) = run(broken + "\nthreading.Thread(target=print).start()")
    assert told.splitlines()[-1].startswith("A browser's Python has no threads")
