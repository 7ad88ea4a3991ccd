"""How the book is built: cells run once, pages are read when they change, links lead somewhere."""

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from . import building

TOOLS = Path(__file__).parents[2] / "tools"
CELL = "# {title}\n\n```{{code-cell}} ipython3\n{code}\n```\n"


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """The modules of tools/press by name."""
    monkeypatch.syspath_prepend(TOOLS)
    return lambda name: importlib.import_module(f"press.{name}")


def page(title: str, code: str) -> str:
    """A page of one cell."""
    return CELL.format(title=title, code=code)


# ---------------------------------------------------------------- cells


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A book of three pages, two with cells; a cell leaves a mark when it runs."""
    mark = "import pathlib\nwith open('{}.ran', 'a') as f:\n    f.write('x')"
    pages = {"one": page("One", mark.format("one")), "two": page("Two", mark.format("two"))}
    building.lay_out(tmp_path, pages | {"three": "# Three\n"})
    return tmp_path / "book"


def runs(book: Path) -> dict[str, int]:
    """How often the cells of each page ran."""
    return {path.stem: len(path.read_text()) for path in sorted(book.glob("*.ran"))}


def test_a_cell_runs_when_it_has_changed_and_not_when_the_words_around_it_have(
    press, book: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    execute, names = press("execute"), ["one", "two", "three"]
    assert execute.run(book, names, tmp_path / "cache")
    assert runs(book) == {"one": 1, "two": 1}
    assert capsys.readouterr().out == "book: executing 2 of 3 pages\n"
    text = (book / "one.md").read_text()
    (book / "one.md").write_text(text.replace("# One", "# Another title"))
    (book / "two.md").write_text((book / "two.md").read_text().replace("write('x')", "write('xx')"))
    assert execute.run(book, names, tmp_path / "cache")
    assert runs(book) == {"one": 1, "two": 3}
    assert execute.run(book, names, tmp_path / "cache")
    assert runs(book) == {"one": 1, "two": 3}


def test_a_cell_that_fails_is_named_and_the_others_are_kept(
    press, book: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    execute = press("execute")
    (book / "two.md").write_text(building.HEAD + page("Two", "1 / 0"))
    assert not execute.run(book, ["one", "two"], tmp_path / "cache")
    heard = capsys.readouterr().err
    assert heard.startswith("two: a cell failed\n")
    assert "ZeroDivisionError" in heard
    (book / "two.md").write_text(building.HEAD + page("Two", "1 / 1"))
    assert execute.run(book, ["one", "two"], tmp_path / "cache")
    assert runs(book) == {"one": 1}


def test_sphinx_finds_what_was_executed(press, book: Path, tmp_path: Path) -> None:
    names = ["one", "two", "three"]
    assert press("execute").run(book, names, tmp_path / "_build" / ".jupyter_cache")
    _, complaints = building.build(tmp_path)
    assert not complaints
    assert runs(book) == {"one": 1, "two": 1}


# ---------------------------------------------------------------- links


@pytest.mark.parametrize(
    ("link", "broken"),
    [
        ("two.html", False),
        ("two.html#here", False),
        ("#there", False),
        ("https://example.org/x#y", False),
        ("gone.html", True),
        ("two.html#gone", True),
        ("#gone", True),
    ],
)
def test_a_link_that_leads_nowhere_is_found(press, tmp_path: Path, link: str, broken: bool) -> None:
    (tmp_path / "one.html").write_text(f'<p id="there"><a class="x" href="{link}">a</a></p>')
    (tmp_path / "two.html").write_text('<section id="here"></section>')
    found, outside = press("links").check(tmp_path)
    assert found == ([f"one.html: {link}"] if broken else [])
    assert outside == ([link] if link.startswith("https") else [])


def test_the_pages_stand_in_the_order_of_the_contents(press) -> None:
    toc = {"root": "a", "parts": [{"chapters": [{"file": "b"}, {"file": "c/d"}]}]}
    assert press("build").pages(toc) == ["a", "b", "c/d"]
