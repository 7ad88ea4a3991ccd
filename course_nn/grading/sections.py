"""Where the book explains a task: its page and the heading's anchor, as the built book has them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

BOOK = Path(__file__).resolve().parents[2] / "book"


def place(chapter: str, heading: str, book: Path = BOOK) -> str:
    """The address of a section within the book, by its titles; "" where there is none.

    >>> place("The dense layer", "The derivative")
    'layers/dense.html#the-derivative'
    """
    page, anchors = _chapters(book).get(chapter, ("", {}))
    anchor = anchors.get(heading)
    return f"{page}#{anchor}" if anchor else page


def anchor_of(heading: str) -> str:
    """The anchor that Sphinx gives a heading.

    >>> anchor_of("Nesterov's look-ahead"), anchor_of("Version 4: one product")
    ('nesterov-s-look-ahead', 'version-4-one-product')
    """
    plain = unicodedata.normalize("NFKD", heading.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"^[-0-9]+", "", re.sub(r"[^a-z0-9]+", "-", plain)).rstrip("-")


@cache
def _chapters(book: Path) -> dict[str, tuple[str, dict[str, str]]]:
    """Every chapter by its title: its page, and its headings with their anchors."""
    found = {}
    for path in sorted(book.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.*)$", text, re.M)
        if headings:
            page = path.relative_to(book).with_suffix(".html").as_posix()
            found[headings[0]] = (page, {title: anchor_of(title) for title in headings[1:]})
    return found
