"""`python -m course_nn.cli` is the command."""

import subprocess
import sys

import course_nn


def test_the_module_is_the_command():
    command = [sys.executable, "-m", "course_nn.cli", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"course-nn {course_nn.__version__}\n"
