"""What a class handed in, as submissions: every entry gets a row, nothing is believed."""

from __future__ import annotations

from pathlib import Path

from .disk import Found, OnDisk, Walk, source_of
from .names import quoted, shown
from .submission import Nothing, Submission, Unreadable

__all__ = ["OnDisk", "Submission", "Unreadable", "collect", "source_of"]


def collect(
    folder: Path,
    assignment: str,
    *,
    roster: Path | None = None,
    attempts: str = "latest",
    leave_out: Path | None = None,
) -> list[Submission]:
    """Every person's submission to an exercise, sorted by student.

    Raises
    ------
    OSError : where the folder itself cannot be read.
    """
    people: dict[str, list[Found]] = {}
    for found in Walk(folder, leave_out):
        if found.kind != "system":
            name = found.parts[0]
            student = shown(name if len(found.parts) > 1 else Path(name).stem)
            people.setdefault(student, []).append(found)
    return [_chosen(student, found, assignment) for student, found in sorted(people.items())]


def _chosen(student: str, found: list[Found], assignment: str) -> Submission:
    notebooks = [f for f in found if f.read and f.parts[-1].casefold().endswith(".ipynb")]
    if not notebooks:
        name = quoted(found[0].parts[-1])
        problem = f"{name} {found[0].problem or 'is no notebook (.ipynb)'}"
        return Submission(student, Nothing(problem), shown("/".join(found[0].parts)), problem)
    latest = max(notebooks, key=lambda f: f.time)
    assert latest.read is not None
    return Submission(student, latest.read, shown("/".join(latest.parts)))
