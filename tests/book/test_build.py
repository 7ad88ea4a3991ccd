"""How the book is built: cells run once, pages are read when they change, links lead somewhere."""

import importlib
import json
import os
import shutil
import subprocess
import sys
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


# ---------------------------------------------------------------- a page that changed

FORCED = building.HEAD.replace("kernelspec", "mystnb: {execution_mode: force}\nkernelspec")
FIRST = """# First

```{code-cell} ipython3
from course_nn import page
page.contents("../_toc.yml")
```
"""
SECOND = """# Second

**What is it?**

Some words {cite}`rumelhart1986`.

```{code-cell} ipython3
1 + 1
```
"""
THIRD = """# Third

$$
a = b
$$ (eq-third-a)

:::{figure} _static/logo.svg
:name: fig-third
:alt: a mark

A mark.
:::

{numref}`fig-third` and {eq}`eq-third-a` are here, {doc}`two` was before.

```{api} course_nn.plain.pool
```
"""
FOURTH = """# Fourth

See {numref}`fig-third`, {eq}`eq-third-a` and {doc}`two`.

```{bibliography}
```
"""
FIGURE = """
## A new section

$$
c = d
$$ (eq-two-c)

:::{figure} _static/logo.svg
:name: fig-two
:alt: the mark again

Another mark, {cite}`kingma2015`.
:::

```{index} single: mark
```
"""


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """The files of a book whose pages refer to each other: at first, after each of three changes,
    and built from nothing in the end."""
    folder = tmp_path_factory.mktemp("steps")
    building.lay_out(folder, {"one": FORCED + FIRST, "two": SECOND, "three": THIRD, "four": FOURTH})
    found = {"first": rebuild(folder)}
    change(folder, "two", "Some words", FIGURE + "Some words")
    found["figure"] = rebuild(folder)
    change(folder, "two", "What is it?", "What else is it?")
    change(folder, "two", "# Second", "# The second")
    found["title"] = rebuild(folder)
    change(folder, "two", "Some words", "Some other text")
    found["words"] = rebuild(folder)
    shutil.rmtree(folder / "_build")
    return found | {"anew": rebuild(folder)}


def rebuild(folder: Path) -> dict[str, bytes]:
    """Build what changed, as tools/book.py does: all files of the book."""
    command = [sys.executable, "-m", "press.build", str(folder), str(folder / "_build")]
    bare = {**os.environ, "COURSE_NN_PYODIDE": ""}  # without what runs cells in a browser
    done = subprocess.run(command, cwd=TOOLS, capture_output=True, text=True, check=False, env=bare)
    assert done.returncode == 0, done.stderr[-4000:]
    assert not done.stderr
    return files(folder / "_build" / "html")


def files(html: Path) -> dict[str, bytes]:
    """What is in the files of a built book; the search index as what it says, in one order."""
    paths = sorted(path for path in html.rglob("*") if path.is_file())
    found = {path.relative_to(html).as_posix(): path.read_bytes() for path in paths}
    index = found["searchindex.js"].decode()
    index = json.dumps(said(json.loads(index[index.index("{") : index.rindex("}") + 1])))
    return found | {"searchindex.js": index.encode()}


def said(value: object) -> object:
    """Equal for what says the same in another order."""
    if isinstance(value, dict):
        return {key: said(item) for key, item in value.items()}
    return sorted(map(said, value), key=repr) if isinstance(value, list) else value


def change(folder: Path, name: str, old: str, new: str) -> None:
    """Change the text of a page."""
    page = folder / "book" / f"{name}.md"
    text = page.read_text(encoding="utf-8")
    assert old in text
    page.write_text(text.replace(old, new), encoding="utf-8")


def differing(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    """The files that are not the same."""
    return {name for name in before | after if before.get(name) != after.get(name)}


def test_a_new_figure_renumbers_those_of_the_other_pages(steps) -> None:
    before, after = (steps[step]["four.html"].decode() for step in ("first", "figure"))
    for number in (">Fig. {}<", ">({})<"):
        assert number.format(1) in before
        assert number.format(2) not in before
        assert number.format(2) in after
        assert number.format(1) not in after
    assert "Kingma" not in before
    assert "Kingma" in after


def test_the_contents_follow_a_question_and_links_follow_a_title(steps) -> None:
    assert b"What else is it?" in steps["title"]["one.html"]
    assert b"The second" in steps["title"]["four.html"]


def test_a_page_whose_words_change_is_written_alone(steps) -> None:
    alone = {"_sources/two.md", "two.html", "notebooks/two.ipynb", "searchindex.js"}
    assert differing(steps["title"], steps["words"]) == alone


def test_what_was_built_step_by_step_is_what_is_built_from_nothing(steps) -> None:
    assert differing(steps["words"], steps["anew"]) == set()
    assert differing(steps["figure"], steps["anew"]) > {"one.html", "four.html"}


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
