"""How the book is cited: the file that citing tools read, the page, the settings say the same."""

import contextlib
import io
import re
import tomllib

import pytest
import yaml

import course_nn as nn

from .sources import ROOT, Page

CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
SETTINGS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# Of the Citation File Format 1.2.0: what a file must have, and what this one may have besides.
REQUIRED = {"cff-version", "message", "title", "authors"}
OPTIONAL = {"type", "abstract", "version", "license", "keywords", "preferred-citation"}
REFERENCE = {"type", "title", "authors"}


def printed() -> dict[str, str]:
    """The fields of the entry for BibTeX that the book's page prints."""
    [cell] = [c for c in Page.read("foundations/reading").cells if "@book{" in c.body]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(cell.body, {"nn": nn})
    return dict(re.findall(r"(\w+)\s*= \{+(.*?)\}+,?\n", out.getvalue()))


def test_the_file_is_what_citing_tools_read() -> None:
    assert CITATION["cff-version"] == "1.2.0"
    assert set(CITATION) >= REQUIRED
    assert set(CITATION) <= REQUIRED | OPTIONAL
    assert CITATION["type"] == "software"
    book = CITATION["preferred-citation"]
    assert set(book) >= REFERENCE
    assert book["type"] == "book"
    assert book["authors"] == CITATION["authors"]
    assert book["title"] == CITATION["title"]


def test_it_says_what_the_package_says() -> None:
    assert CITATION["version"] == CITATION["preferred-citation"]["version"] == nn.__version__
    assert CITATION["version"] == PROJECT["version"]
    assert CITATION["abstract"] == PROJECT["description"]
    assert CITATION["keywords"] == PROJECT["keywords"]
    assert " AND ".join(CITATION["license"]) == PROJECT["license"]


@pytest.mark.parametrize("field", ["author", "title", "year", "note"])
def test_it_says_what_the_book_says(field: str) -> None:
    book = CITATION["preferred-citation"]
    [author] = book["authors"]
    wanted = {"author": author["name"], "title": book["title"], "year": str(book["year"])}
    wanted["note"] = f"Version {book['version']}"
    assert printed()[field] == wanted[field]
    settings = {"author": "author", "title": "title", "year": "copyright"}
    if field in settings:
        assert SETTINGS[settings[field]] == wanted[field]
