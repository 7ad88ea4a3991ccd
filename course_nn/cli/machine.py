"""What grading needs of the machine: Linux, and a sandbox that holds."""

from __future__ import annotations

import sys

from .base import stop


def require_linux() -> None:
    """End in one sentence where students' code cannot be run safely."""
    if sys.platform != "linux":
        raise stop(
            "grading runs students' code in a sandbox of the Linux kernel, which this system has "
            "not: use a Linux container or WSL (the instructors' guide has the recipe under "
            '"Grading on Windows and macOS"); start, check and release work here',
            2,
        )


def chosen_sandbox(wanted: str) -> tuple[str, str]:
    """The kind of sandbox to use, and a sentence on it."""
    from ..grading.breakout import choose
    from ..grading.sandbox import KINDS, SandboxError
    from ..grading.warm import close_servers

    if wanted not in ("auto", *KINDS):
        raise stop(f"unknown sandbox {wanted!r}; there are auto, {', '.join(KINDS)}", 2)
    try:
        return choose(wanted)
    except SandboxError as error:
        raise stop(str(error)) from error
    finally:
        close_servers()  # each job has its own
