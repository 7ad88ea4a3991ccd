"""Heads: what a page tells of itself to who finds it, shares it or cites it."""

import os
import re
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

LONGEST = 200  # characters of a description
ADDRESS = "COURSE_NN_BOOK_URL"  # where a publisher says at which address the book will stand


def configure(app: Sphinx, config: Config) -> None:
    """Take the address of the book from the environment, or do without one."""
    url = os.environ.get(ADDRESS) or config.book_url
    if url:
        config.html_baseurl = config.ogp_site_url = url.rstrip("/") + "/"
    config.ogp_social_cards = {"enable": False}  # they would need a font from elsewhere
    config.ogp_site_name = config.html_title or config.project


def describe(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give a page its description, and the words by which it is cited."""
    tags = context.get("metatags", "")
    book = app.config.html_title or app.config.project
    said = description(doctree) if doctree is not None else ""
    said = said or f"{re.sub('<[^>]+>', '', context.get('title') or '')}: {book}"
    if said:
        tags += f'\n<meta name="description" content="{escape(said)}" />'
    if said:
        tags = re.sub(
            r'<meta property="og:description" content="[^"]*" />',
            lambda _: f'<meta property="og:description" content="{escape(said)}" />',
            tags,
        )
    if not app.config.ogp_site_url:  # an address that is none
        tags = re.sub(r'<meta property="og:(?:url|image)"[^>]*/>\n?', "", tags)
    if doctree is not None:
        tags += "".join(
            f'\n<meta name="{key}" content="{escape(value)}" />' for key, value in cited(app, name)
        )
    context["metatags"] = tags


def cited(app: Sphinx, name: str) -> list[tuple[str, str]]:
    """How a page is cited, in the words that reference managers read."""
    title = app.env.titles[name].astext()
    book = app.config.html_title or app.config.project
    year = re.search(r"\d{4}", app.config.copyright or "")
    found = [
        ("citation_title", title),
        ("citation_inbook_title", book),
        ("citation_author", app.config.author),
        ("citation_language", app.config.language or "en"),
    ]
    return found + ([("citation_publication_date", year[0])] if year else [])


def description(doctree: nodes.document) -> str:
    """The first paragraphs of a page as plain text, up to a whole sentence or word."""
    words = ""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section | nodes.document):
            words = f"{words} {plain(paragraph)}".strip()
            if len(words) >= LONGEST / 2:
                break
    if len(words) <= LONGEST:
        return words
    cut = words[: LONGEST - 1]
    sentence = max(cut.rfind(mark) for mark in (". ", "? ", "! "))
    return cut[: sentence + 1] if sentence > LONGEST / 3 else cut.rsplit(" ", 1)[0] + "…"


def plain(paragraph: nodes.paragraph) -> str:
    """A paragraph's text, its formulas as letters."""
    text = paragraph.astext()
    for math in paragraph.findall(nodes.math):
        text = text.replace(math.astext(), letters(math.astext()))
    return " ".join(text.split())


def letters(tex: str) -> str:
    """A short formula without its commands.

    >>> letters(r"\\mathrm dW = x^{\\top} y")
    'dW = xᵀ y'
    """
    tex = tex.replace(r"^{\top}", "ᵀ").replace(r"\times", "×").replace(r"\cdot", "·")
    tex = re.sub(r"\\(?:mathrm|mathbf|operatorname|text)\s*", "", tex)
    return re.sub(r"\\[,;! ]|[{}]|\\", "", tex)


def connect(app: Sphinx) -> None:
    """Take part in Sphinx's build, after the extension that writes Open Graph's words."""
    app.connect("config-inited", configure, priority=900)
    app.connect("html-page-context", describe, priority=800)
