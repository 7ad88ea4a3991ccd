"""Names that nobody knows: told in one sentence, in a notebook without a traceback."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class Plain(Exception):
    """An error that a notebook shows as its sentence alone."""

    def _render_traceback_(self) -> list[str]:  # asked by IPython
        return [f"✘ {self}"]


class Unknown(Plain, KeyError):
    """No task, or exercise, has that name or number."""

    def __str__(self) -> str:
        return str(self.args[0])


class NoCheck(Plain, AttributeError):
    """No check has that name."""


def nearest(name: str, names: Iterable[str]) -> str:
    """The name that may have been meant, as the rest of a sentence.

    >>> nearest("dense_forwards", ["dense_forward", "softmax"]), nearest("x", ["softmax"])
    ('; did you mean dense_forward?', '')
    """
    found = get_close_matches(name, names, 1, 0.75)
    return f"; did you mean {found[0]}?" if found else ""
