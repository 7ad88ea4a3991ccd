"""What a class handed in, as submissions: every entry gets a row, nothing is believed.

`disk` walks the folder, `archives` looks into what is packed, `disguised` knows a notebook under
another ending, `people` says whose each thing is, `platforms` and `roster` know the names they go
by, `attempts` chooses one notebook a person, and `blank` knows one in which nothing is written.
"""

from __future__ import annotations

from pathlib import Path

from . import archives, names
from .disguised import Looker
from .disk import OnDisk, Walk, source_of
from .people import Sorter, tree
from .roster import Person, Roster, RosterError, read_roster
from .rows import rows_of
from .submission import Nothing, Submission, Unreadable

__all__ = ["Nothing", "OnDisk", "Person", "Roster", "RosterError", "Submission", "Unreadable",
           "collect", "names", "read_roster", "source_of"]  # fmt: skip


def collect(
    folder: Path,
    assignment: str,
    *,
    roster: Path | None = None,
    attempts: str = "latest",
    leave_out: Path | None = None,
) -> list[Submission]:
    """Every person's submission to an exercise, sorted by student.

    folder : as a platform hands it out, or with each person's file, archive or folder in it.
    roster : a table of who is in the class; who handed in nothing gets a row too.
    attempts : which of several counts, "latest" or "first".
    leave_out : a folder that is not looked into: where the results go.

    Raises
    ------
    OSError : where the folder itself cannot be read.
    RosterError : where the roster cannot be read as one.
    ValueError : where `attempts` is neither of the two.
    """
    if attempts not in ("latest", "first"):
        raise ValueError(f'attempts is {attempts!r}, but must be "latest" or "first"')
    people = read_roster(roster) if roster is not None else Roster()
    expanded, looked = archives.Expander(), Looker()
    walk = Walk(folder, (leave_out, roster))
    entries = (looked(entry) for found in walk for entry in expanded(found))
    try:
        claims = Sorter(assignment, people).claims(tree(entries))
        return rows_of(claims, people, assignment, attempts)
    finally:
        archives.kept.forget()
