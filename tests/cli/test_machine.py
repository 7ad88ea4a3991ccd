"""What grading needs of the machine, and that the rest of the command needs none of it."""

import subprocess
import sys

import pytest

from course_nn.cli import machine
from course_nn.cli.base import TESTS

from .shared import call, said

ELSEWHERE = """
import os, signal, sys
import numpy, rich.progress, typer  # which ask themselves where they are
for name in ("resource", "fcntl", "pwd", "grp", "termios", "_posixsubprocess"):
    sys.modules[name] = None
for name in ("sched_getaffinity", "fork", "memfd_create", "O_NOFOLLOW", "O_CLOEXEC"):
    delattr(os, name)
del signal.SIGHUP
from course_nn.cli import machine, main
class Sys:
    platform = {platform!r}
machine.sys = Sys
main()
"""


def elsewhere(platform, *arguments):
    """The command, as on a system without what only Linux has."""
    command = [sys.executable, "-c", ELSEWHERE.format(platform=platform), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_elsewhere_grading_says_what_it_needs(platform, tmp_path):
    done = elsewhere(
        platform, "grade", tmp_path, "--assignment", "ex02_dense", "--out", tmp_path / "out"
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: grading runs students' code in a sandbox of the Linux")
    assert "use a Linux container or WSL" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_elsewhere_students_work_and_exercises_are_released(tmp_path):
    done = elsewhere("darwin", "start", tmp_path, "ex02_dense")
    assert done.returncode == 0, done.stderr
    done = elsewhere("darwin", "check", tmp_path / "ex02_dense.ipynb")
    assert "0 of 9 points by the public checks" in done.stdout, done.stderr
    done = elsewhere("darwin", "release", "ex02_dense", "--tests", TESTS, "--out", tmp_path / "r")
    assert done.returncode == 0, done.stderr


def test_an_unknown_sandbox_is_said(tmp_path):
    (tmp_path / "a.ipynb").write_text("{}")
    result = call("grade", tmp_path, "--assignment", "ex02_dense", "--out", tmp_path / "o",
                  "--sandbox", "magic")  # fmt: skip
    assert result.exit_code == 2
    assert "unknown sandbox 'magic'; there are" in said(result)
    assert not (tmp_path / "o").exists()


def test_here_it_is_linux():
    machine.require_linux()
