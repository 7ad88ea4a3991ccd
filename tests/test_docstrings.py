"""Docstrings: a summary on one line, and no reference to a section that the book does not have."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from course_nn import ops

ROOT = Path(__file__).parents[1]
REFERENCE = re.compile(r'Book: (?P<chapter>[^,."]+)(?:, "(?P<section>[^"]+)")?')
FOLDERS = [ROOT / "course_nn" / name for name in ("", "ops", "plain")]
MODULES = [path for folder in FOLDERS for path in sorted(folder.glob("*.py"))]
Documented = ast.Module | ast.ClassDef | ast.FunctionDef


def docstrings(path: Path) -> Iterator[tuple[str, str]]:
    """Where each docstring of a module stands, and its text."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        text = ast.get_docstring(node) if isinstance(node, Documented) else None
        if text:
            yield f"{path.name}, {getattr(node, 'name', 'module')}", text


def chapters() -> dict[str, set[str]]:
    """Every chapter in the book's table of contents, by its title, with the titles in it."""
    files = re.findall(r"(?:file|root): (\S+)", (ROOT / "_toc.yml").read_text(encoding="utf-8"))
    found = {}
    for file in files:
        page = ROOT / "book" / f"{file}.md"
        if page.exists():  # the exercises are notebooks, and no docstring names them
            title, *sections = re.findall(r"(?m)^#+ (.+)$", _prose(page))
            found[title] = set(sections)
    return found


def _prose(page: Path) -> str:
    """A page without its code, whose comments look like titles."""
    return re.sub(r"(?ms)^```.*?^```", "", page.read_text(encoding="utf-8"))


def missing(text: str, book: dict[str, set[str]]) -> list[str]:
    """The references of a docstring that lead nowhere."""
    found = [m.groupdict() for m in REFERENCE.finditer(" ".join(text.split()))]
    return [
        ", ".join(filter(None, reference.values()))
        for reference in found
        if reference["chapter"] not in book
        or reference["section"] not in {None, *book[reference["chapter"]]}
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_docstring_begins_with_one_line(path: Path) -> None:
    torn = [where for where, text in docstrings(path) if "\n" in text.split("\n\n")[0]]
    assert not torn, f"the first line must end the sentence, and a blank one follow: {torn}"


def lacking(function: Callable) -> list[str]:
    """What the docstring of a public function does not have, of what a reader looks for."""
    text = inspect.getdoc(function) or ""
    forward = function.__name__.endswith("_forward")  # which tells it for its backward as well
    wanted = {"Parameters": forward, "Returns": forward, ">>>": True, "Notes": forward}
    return [part for part, needed in wanted.items() if needed and part not in text]


@pytest.mark.parametrize("name", [n for n in ops.__all__ if n.endswith(("_forward", "_backward"))])
def test_an_op_tells_its_arguments_its_result_its_source_and_an_example(name: str) -> None:
    assert not lacking(getattr(ops, name))


def test_a_docstring_that_lacks_something_is_found() -> None:
    def bare_forward() -> None:
        """y = x.

        Parameters
        ----------
        none
        """

    assert lacking(bare_forward) == ["Returns", ">>>", "Notes"]


def test_a_docstring_names_only_sections_of_the_book() -> None:
    book = chapters()
    texts = [one for path in sorted((ROOT / "course_nn").rglob("*.py")) for one in docstrings(path)]
    lost = {where: missing(text, book) for where, text in texts if missing(text, book)}
    assert not lost, f"the book has no such section; name the paper alone: {lost}"
    assert any(REFERENCE.search(text) for _, text in texts)


def test_a_reference_that_leads_nowhere_is_found() -> None:
    book = {"Convolution": {"Patches"}}
    assert missing('Book: Convolution, "Patches". LeCun (1998).', book) == []
    assert missing("Book: Convolution. LeCun (1998).", book) == []
    assert missing('Book: Convolution,\n    "Strides".', book) == ["Convolution, Strides"]
    assert missing("Book: Pooling; Convolution.", book) == ["Pooling; Convolution"]
