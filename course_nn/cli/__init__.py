"""The command `course-nn`: start on exercises, check a notebook, release, grade a class.

One module a group of commands; each registers its own with the app.
"""

# ruff: noqa: F401
# the modules stand in the order in which their commands are shown
from .base import EXERCISES, RELEASED, app

from . import students  # isort: skip
from . import release  # isort: skip
from . import grading  # isort: skip
from . import gradebook  # isort: skip
from . import reports  # isort: skip
from . import spread  # isort: skip


def main() -> None:
    """Run the command."""
    app()
