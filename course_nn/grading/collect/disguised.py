"""Notebooks whose names do not say so: browsers and Windows put one more ending behind, or none.

A file is one by its name where only such an ending is added, else by what it holds. Of each file a
few kB are looked at; the rest only of one that begins as a notebook does.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from .archives import HEAD, Member, head, kept, wrapped
from .disk import Found, OnDisk
from .submission import Unreadable

MOST_BELOW = 16 << 30  # bytes that are looked at under one name of a path
MOST_OF_ONE = 1 << 30  # and under two
OPENING = 1 << 16  # bytes that looking into a file counts as, however small it is
STEP = 1 << 14  # and for each member of a tar that has to be passed over first
OTHER = (  # endings of what is no notebook, and of which there may be thousands
    ".pdf", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".csv", ".tsv", ".py", ".pyc", ".md", ".html",
    ".css", ".js", ".yml", ".yaml", ".toml", ".docx", ".xlsx", ".pptx", ".npy", ".npz", ".h5",
    ".pkl", ".pt", ".mp4",
)  # fmt: skip
MARKS = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"  # what may stand before a text; of a wider one's bytes, 0
FIRST = re.compile(rb'\{\s*+"(?:cells|metadata|nbformat|nbformat_minor)"\s*+:')
CELLS = re.compile(rb'"cells"\s*+:\s*+\[')
FORMAT = re.compile(rb'"nbformat"\s*+:\s*+\d')


@dataclass
class Looker:
    """Marks the files that are notebooks though their names end otherwise.

    What it reads is counted as `Expander` counts what it unpacks: nobody pays for another's files.
    """

    spent: dict[tuple[str, ...], int] = field(default_factory=lambda: defaultdict(int))

    def __call__(self, found: Found) -> Found:
        """The entry, marked where it is one."""
        name = found.parts[-1].casefold()
        if found.kind == "file" and found.read and not name.endswith((".ipynb", *OTHER)):
            found.disguised = wrapped(name) or self._looked(found)
        return found

    def _looked(self, found: Found) -> bool:
        prefixes = {found.parts[:1]: MOST_BELOW, found.parts[:2]: MOST_OF_ONE}
        if not isinstance(found.read, OnDisk | Member):
            return False
        if any(self.spent[prefix] > most for prefix, most in prefixes.items()):
            return False
        before, cost = kept.unpacked, OPENING + STEP * _passed(found.read)
        try:
            start = head(found.read)
            if not begins(start):
                return False
            data = start if len(start) < HEAD else found.read()
            cost += len(data)
            return holds(data)
        except Unreadable:
            return False
        finally:
            for prefix in prefixes:
                self.spent[prefix] += kept.unpacked - before + cost


def begins(data: bytes) -> bool:
    """Whether a file's first bytes are a notebook's.

    >>> begins(b'{"cells": ['), begins(b'{"name": "ada"}')
    (True, False)
    """
    return bool(FIRST.match(data.lstrip(MARKS).replace(b"\0", b"")))


def holds(data: bytes) -> bool:
    """Whether a text of JSON has cells and says of which format. Nothing in a cell's text can:
    quotation marks are escaped there."""
    plain = data.replace(b"\0", b"")
    return bool(CELLS.search(plain) and FORMAT.search(plain))


def _passed(read: OnDisk | Member) -> int:
    """How many members of tars come before a file."""
    passed = 0
    while isinstance(read, Member):
        passed += read.index if read.kind == "tar" else 0
        read = read.archive
    return passed
