"""The command `course-nn`: start on exercises, check a notebook, release, grade a class.

One module a group of commands; each registers its own with the app.
"""

from .base import EXERCISES, RELEASED, app

from . import students, release, grading, spread  # isort: skip  # the order in which they are shown

__all__ = ["EXERCISES", "RELEASED", "app", "grading", "main", "release", "spread", "students"]


def main() -> None:
    """Run the command."""
    app()
