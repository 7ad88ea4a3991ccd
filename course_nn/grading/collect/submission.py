"""One person's work as it was handed in, to be read when its turn comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class Unreadable(Exception):
    """The submission is no notebook; the message says what it is instead."""


@dataclass(frozen=True)
class Nothing:
    """Stands where there is no file to read; `problem` says why."""

    problem: str = "nothing was handed in"

    def __call__(self) -> bytes:
        """Raise `Unreadable`."""
        raise Unreadable(self.problem)


@dataclass(frozen=True)
class Submission:
    """What one person handed in for one exercise.

    student : who: by the roster, else as the file says; safe to print, NFC.
    read : returns the notebook's bytes or raises `Unreadable`; it can be pickled, and nothing is
        read before it is called.
    file : its name as handed in, safe to print, below the class's folder.
    problem : set where there is nothing to grade, and says why.
    said : what was decided when it was collected, a sentence each.
    handed_in : ISO 8601 with its offset, "" where not known.
    id, email : by the roster or the platform, "" where not known.
    """

    student: str
    read: Callable[[], bytes] = Nothing()
    file: str = ""
    problem: str = ""
    said: tuple[str, ...] = ()
    handed_in: str = ""
    id: str = ""
    email: str = ""
