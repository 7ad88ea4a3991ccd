"""What all commands share."""

import subprocess
import sys
from pathlib import Path

import course_nn
from course_nn.grading.assignment import TESTS, load_assignment

from .shared import call

NAME = "ex02_dense"


def test_the_tests_are_where_the_repository_keeps_them():
    assert Path(__file__).resolve().parents[1] / "autograder" == TESTS
    assert load_assignment(NAME).name == NAME


def test_version_and_usage():
    assert call("--version").output == f"course-nn {course_nn.__version__}\n"
    assert call("grade").exit_code == 2
    assert call("nonsense").exit_code == 2


def test_without_its_extra_the_command_says_what_to_install():
    code = "import sys; sys.modules['typer'] = None; import course_nn.cli"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == 'course-nn needs its extra "grade": pip install "course-nn[grade]"\n'
