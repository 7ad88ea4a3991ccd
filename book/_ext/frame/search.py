"""The search page: its scripts wait their turn, and its two fields have two names."""

import re
from pathlib import Path

from sphinx.application import Sphinx

LATE = re.compile(r'<script (src="(?:_static/(?:searchtools|language_data)|searchindex)\.js)')
FIELD = 'id="search-input"'


def mend(app: Sphinx, problem: Exception | None) -> None:
    """Mend the page that the theme's template has made."""
    page = Path(app.outdir, "search.html")
    if problem is None and app.builder.format == "html" and page.is_file():
        page.write_text(mended(page.read_text(encoding="utf-8")), encoding="utf-8")


def mended(text: str) -> str:
    """The page as it is served.

    >>> mended('<script src="searchindex.js"></script><i id="search-input"><b id="search-input">')
    '<script defer src="searchindex.js"></script><i id="search-input"><b id="search-field">'
    """
    text = LATE.sub(r"<script defer \1", text)
    before, field, after = text.partition(FIELD)
    return before + field + after.replace(FIELD, 'id="search-field"')


def connect(app: Sphinx) -> None:
    """Take part in Sphinx's build, when the page is written."""
    app.connect("build-finished", mend, priority=940)
