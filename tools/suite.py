"""Run the tests: `make test`. All of them are shared out to the processors, module by module.

`python tools/suite.py [argument of pytest ...]`; where the arguments name a file or folder, pytest
runs that alone.
"""

import os
import subprocess
import sys
from pathlib import Path

from common import ROOT, VENV_PYTHON

# JAX runs threads of its own, which pytest-xdist's processes do not bear.
ALONE = ("tests/parity", "tests/interop")
AT_ONCE = min(4, os.cpu_count() or 1)
# They take long, and the others fill up; one that does not wait for the book is begun beside it.
FIRST = ("tests/test_book.py", "tests/exercises", "tests/live", "tests/lab")
NOTHING = 5  # pytest's exit code where no test is selected


def main(arguments: list[str]) -> int:
    """Run what is asked for; the highest exit code."""
    if any((ROOT / argument.split("::")[0]).exists() for argument in arguments):
        return pytest(arguments)
    shared = [
        "-n",
        str(AT_ONCE),
        "--dist",
        "loadfile",
        "--no-loadscope-reorder",
        *(f"--ignore={path}" for path in ALONE),
        *in_turn(),
    ]
    codes = {pytest([*part, *arguments]) for part in (shared, ALONE)}
    return max(map(abs, codes - {NOTHING} or codes))  # a signal is a negative one


def in_turn() -> list[str]:
    """All that is shared out, what takes long first (pytest keeps the order of arguments)."""
    every = [path for path in (ROOT / "tests").glob("*") if holds_tests(path)]
    rest = sorted(path.relative_to(ROOT).as_posix() for path in every)
    return [*FIRST, *(path for path in rest if path not in {*FIRST, *ALONE}), "course_nn"]


def holds_tests(path: Path) -> bool:
    """Whether it is a test module, or a folder with one."""
    return any(path.glob("**/test_*.py")) if path.is_dir() else path.match("test_*.py")


def pytest(arguments: list[str]) -> int:
    """Run pytest in a process of its own."""
    command = [str(VENV_PYTHON), "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
