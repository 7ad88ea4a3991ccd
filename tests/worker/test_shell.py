"""What IPython gives to cells: magics, commands that are not run, names beside Python's."""

import pytest

from course_nn.worker.shell import Shell, built_in, show
from course_nn.worker.standins import NotAvailable


@pytest.fixture
def ran() -> list[str]:
    return []


@pytest.fixture
def shell(ran) -> Shell:
    return Shell(lambda text: ran.append(text) or 7, {})


@pytest.mark.parametrize(
    ("magic", "line", "runs"),
    [
        ("time", "f(x)", "f(x)"),
        ("timeit", "-n 10 -r 3 f(x)", "f(x)"),
        ("timeit", "-n10 -o f(x)", "f(x)"),
        ("prun", "-s cumulative f(x)", "f(x)"),
        ("lprun", "-f f f(x)", "f(x)"),
        ("memit", "f(x)", "f(x)"),
        ("timeit", "-x", ""),
    ],
)
def test_what_times_runs_what_it_times(shell, ran, magic, line, runs):
    shell.run_line_magic(magic, line)
    assert ran == [runs]


@pytest.mark.parametrize("magic", ["matplotlib", "load_ext", "cd", "env", "nonsense", "reset"])
def test_other_magics_do_nothing(shell, ran, magic):
    assert (shell.run_line_magic(magic, "x"), ran) == (None, [])


def test_the_value_of_what_is_timed_is_given(shell):
    assert shell.run_line_magic("time", "f(x)") == 7
    assert shell.magic("%time f(x)") == 7


def test_a_file_that_a_cell_wrote_can_be_run_and_no_other(shell, ran):
    shell.run_cell_magic("writefile", "-a ./mine.py", "x = 1")
    shell.run_line_magic("run", "-i mine.py")
    assert ran == ["x = 1"]
    with pytest.raises(NotAvailable, match=r"no files while grading, so %run finds no other\.py"):
        shell.run_line_magic("run", "other.py")


def test_no_command_is_run(shell):
    assert shell.system("ls") is None
    assert shell.getoutput("ls").n == ""
    assert shell.run_cell_magic("bash", "", "ls") is None


def test_input_says_that_nobody_is_asked(shell):
    with pytest.raises(NotAvailable, match=r"input\(\) has nobody to ask"):
        built_in(shell)["input"]("?")


def test_what_was_shown_is_kept():
    names = built_in(Shell(print, {}))
    for number, value in enumerate((1, None, 3), 1):
        show(names, number, value)
    assert (names["_"], names["__"], names["Out"], names["_1"]) == (3, 1, {1: 1, 3: 3}, 1)
