"""The zip that Gradescope makes an autograder of: the package, one exercise, and two programs."""

from __future__ import annotations

import io
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

WHEN = (2026, 1, 1, 0, 0, 0)  # of every file, so that the same repository gives the same bytes
PROGRAMS = ("setup.sh", "run_autograder")


def autograder(repository: Path, assignment: str, tests: Path) -> bytes:
    """The bytes of `autograder.zip`.

    Parameters
    ----------
    repository : the clone, with the package, `pyproject.toml` and `requirements.txt`.
    assignment, tests : the exercise, and the folder of hidden tests that it lies in.

    Raises
    ------
    OSError : where a file of the repository cannot be read.
    """
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in _files(repository, assignment, tests):
            entry = zipfile.ZipInfo(name, WHEN)
            entry.external_attr = (0o100755 if name in PROGRAMS else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, content)
    return memory.getvalue()


def _files(repository: Path, assignment: str, tests: Path) -> Iterator[tuple[str, bytes]]:
    """Each file's name in the zip, and its bytes."""
    for name in PROGRAMS:
        yield name, (repository / "tools" / "gradescope" / name).read_bytes()
    for folder in ("course_nn", "book"):  # the book's text tells an answer that was copied from it
        for path in sorted((repository / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".ipynb":
                yield path.relative_to(repository).as_posix(), path.read_bytes()
    source = (tests / assignment / "exercise.md").read_bytes()
    yield f"tests/autograder/{assignment}/exercise.md", source
    yield "assignment.txt", f"{assignment}\n".encode()
    yield "constraints.txt", (repository / "requirements.txt").read_bytes()
    yield "needed.txt", ("\n".join(needed(repository)) + "\n").encode()


def needed(repository: Path) -> list[str]:
    """What the package and its extra "grade" need, as pip is told."""
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return sorted([*project["dependencies"], *project["optional-dependencies"]["grade"]])
