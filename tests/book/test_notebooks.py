"""Every chapter as a notebook: readable as plain Markdown, and running alone in an empty folder."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from . import ahead, building
from .sources import pages

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "_build" / "html" / "notebooks"
EXERCISE = ROOT / "book" / "exercises" / "ex02_dense.ipynb"
# What MyST and HTML have and a notebook's Markdown has not.
FOREIGN = re.compile(r"\{[a-z:]+\}`|^(`{3,}|:{3,})\{|<svg|<div|^\(\S+\)=$|\$\$ \(", re.MULTILINE)

FIRST = """(one)=
# The first page

See {doc}`two` and {eq}`eq-two-b`; {cite:t}`rumelhart1986` said so, and {term}`a word`.
It costs 3 \\$ and a_b*c.

```{code-cell} ipython3
:tags: [hide-input]

from course_nn import page
page.style()
import sympy
import matplotlib.pyplot as plt
```

Twice three is {glue:text}`six`.

```{code-cell} ipython3
page.glue("six", 2 * 3)
```

$$
y = x W \\\\
z = y
$$ (eq-one-a)

:::{note}
A remark with $x$.

Its second paragraph.
:::

```{index} single: rank; of a matrix
```

| one | two |
|---|---|
| $\\|x\\|$ | {eq}`eq-one-a` |

```{code-cell} ipython3
---
mystnb:
  figure: {name: fig-line, caption: A line in $x$.}
  image: {alt: a line}
---
plt.plot([1, 2])
plt.show()
```

{numref}`fig-line` shows it.

**1.** Recall.

```{dropdown} Solution
It is {eq}`eq-one-a`.

1. first
2. second
   - inside
```

```{code-cell} ipython3
assert 2 * 3 == 6
```
"""
SECOND = """# The second page

$$
a = b
$$ (eq-two-b)

```{literalinclude} code.py
:language: python
:pyobject: twice
:caption: "`code.py`"
```

```{glossary}
a word
  Its meaning.
```

```{bibliography}
```
"""


DOORS = """::::{container} nn-doors
```{button-link} https://example.org/start
:color: primary

Start
```
::::
"""


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of two pages with everything that a page may hold, built for a public repository."""
    folder = tmp_path_factory.mktemp("planted")
    building.lay_out(
        folder,
        {
            "one": FIRST,
            "two": SECOND + "\n```{code-cell} ipython3\n1 + 1\n```\n",
            "part/three": "# Three\n\n```{code-cell} ipython3\n3\n```\n",
            "part/words": "# Words alone\n\n" + DOORS,
        },
        repository={"url": "https://github.com/someone/a-book"},
    )
    toc = folder / "_toc.yml"
    chapters = "chapters:\n"
    toc.write_text(toc.read_text().replace(chapters, f"{chapters}- file: exercises/ex02_dense\n"))
    (folder / "book" / "exercises").mkdir()
    shutil.copy(EXERCISE, folder / "book" / "exercises")
    (folder / "book" / "code.py").write_text('def twice(x):\n    """2 x."""\n    return 2 * x\n')
    html, complaints = building.build(folder)
    assert not complaints
    return html


def text(notebook: Path) -> str:
    """The Markdown of a notebook."""
    cells = nbformat.read(notebook, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def run(notebook: Path, folder: Path, seconds: int = 120) -> None:
    """Execute a notebook in a folder that holds nothing else."""
    assert not list(folder.iterdir())
    read = nbformat.read(notebook, as_version=4)
    assert not nbformat.validate(read)
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(read, timeout=seconds, resources=where, kernel_name="python3").execute()


def test_a_page_reads_as_plain_markdown(planted: Path) -> None:
    found = text(planted / "notebooks" / "one.ipynb")
    assert not FOREIGN.search(found), FOREIGN.search(found)
    for wanted in (
        "# The first page",
        "See The second page and (2); Rumelhart",
        r"It costs 3 \$",
        r"a\_b\*c",
        "Twice three is 6.",
        "\\begin{gathered}\ny = x W \\\\\nz = y\n\\end{gathered}\n\\tag{1}\n$$",
        "> **Note.** A remark with $x$.\n>\n> Its second paragraph.",
        r"| $\vert x\vert $ | (1) |",
        "**Figure 1.** A line in $x$.",
        "Fig. 1 shows it.",
        "<summary>Solution</summary>\n\nIt is (1).\n\n1. first\n2. second",
        "\n   - inside\n\n</details>",
    ):
        assert wanted in found
    second = text(planted / "notebooks" / "two.ipynb")
    assert '`code.py`\n\n```python\ndef twice(x):\n    """2 x."""' in second


def test_foreign_markup_is_found() -> None:
    for wrong in ("see {doc}`two`", "a\n```{note}\n", "(label)=", "<svg width=1>", "$$ (eq-a)"):
        assert FOREIGN.search(wrong), wrong
    assert not FOREIGN.search("```python\nx = {a}\n```\n$$\na\n\\tag{1}\n$$")


def test_the_first_cell_installs_what_the_page_imports(planted: Path) -> None:
    cells = nbformat.read(planted / "notebooks" / "one.ipynb", as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    wanted = '"course-nn @ git+https://github.com/someone/a-book" matplotlib sympy'
    assert f"    %pip install --quiet {wanted}" in code[0].source
    assert code[1].metadata["tags"] == ["hide-input"]
    assert code[1].metadata["jupyter"] == {"source_hidden": True}


def test_a_planted_page_runs_and_a_planted_mistake_does_not(planted: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    run(planted / "notebooks" / "one.ipynb", empty)
    broken = nbformat.read(planted / "notebooks" / "one.ipynb", as_version=4)
    broken.cells.append(nbformat.v4.new_code_cell("open('code.py')"))  # beside the page alone
    nbformat.write(broken, tmp_path / "broken.ipynb")
    with pytest.raises(CellExecutionError, match="FileNotFoundError"):
        run(tmp_path / "broken.ipynb", empty)


def offers(page: Path) -> list[str]:
    """The words of the buttons over a page, those with an address followed by it."""
    bs4 = pytest.importorskip("bs4")
    only = bs4.SoupStrainer(class_="article-header-buttons")  # the rest of a page takes long
    soup = bs4.BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser", parse_only=only)
    bar = soup.select_one(".article-header-buttons")
    found = bar.select("a, .dropdown-download-buttons .dropdown-item")
    return [f"{e.get_text(strip=True)} {e.get('href', '')}".strip() for e in found]


HUB = "https://github.com/someone/a-book"
BINDER = "Binder https://mybinder.org/v2/gh/someone/a-book/gh-pages?urlpath=lab/tree/"
COLAB = "Colab https://colab.research.google.com/github/someone/a-book/blob/gh-pages/"
ISSUE = "&body=Your%20issue%20content%20here."


def to_repository(name: str) -> list[str]:
    """The buttons that every page has, where there is a repository."""
    issue = f"{HUB}/issues/new?title=Issue%20on%20page%20%2F{name}.html{ISSUE}"
    return [f"Repository {HUB}", f"Open issue {issue}"]


@pytest.mark.parametrize("name", ["one", "part/three"])
def test_a_page_with_cells_offers_its_notebook_and_places_to_run_it(
    planted: Path, name: str
) -> None:
    path = f"notebooks/{name}.ipynb"
    up = "../" * name.count("/")
    downloads = [f".ipynb {up}{path}", f".md {up}_sources/{name}.md", ".pdf"]
    wanted = [BINDER + path, COLAB + path, *to_repository(name), *downloads]
    assert offers(planted / f"{name}.html") == wanted


def test_an_exercise_offers_itself_and_a_page_of_words_its_text(planted: Path) -> None:
    name = "exercises/ex02_dense"
    path = f"notebooks/{name}.ipynb"
    wanted = [BINDER + path, *to_repository(name), f".ipynb ../{path}", ".pdf"]
    assert offers(planted / f"{name}.html") == wanted
    assert (planted / path).read_bytes() == EXERCISE.read_bytes()
    name = "part/words"
    wanted = [*to_repository(name), f".md ../_sources/{name}.md", ".pdf"]
    assert offers(planted / f"{name}.html") == wanted


def doors(page: Path) -> list[str]:
    """The addresses of the doors of a page."""
    bs4 = pytest.importorskip("bs4")
    soup = bs4.BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    return [link["href"] for link in soup.select(".nn-doors a")]


def test_the_repository_is_a_door_where_there_is_one(planted: Path) -> None:
    assert doors(planted / "part/words.html") == ["https://example.org/start", HUB]


def test_every_notebook_that_a_button_opens_is_published(planted: Path) -> None:
    pages = [p for p in planted.rglob("*.html") if "article-header-buttons" in p.read_text()]
    count = 0
    for page in pages:
        for offered in offers(page):
            words, _, address = offered.partition(" ")
            if words in {"Binder", "Colab"}:
                mark = "lab/tree/" if words == "Binder" else "/gh-pages/"
                assert (planted / unquote(address.partition(mark)[2])).is_file(), address
                count += 1
    assert count == 7
    needs = (planted / "requirements.txt").read_text()
    assert f"course-nn @ git+{HUB}" in needs.splitlines()


def test_without_a_repository_there_is_no_dead_button(tmp_path: Path) -> None:
    cell = "# One\n\n```{code-cell} ipython3\n1 + 1\n```\n"
    building.lay_out(tmp_path, {"one": cell, "two": "# Two\n\n" + DOORS})
    html, complaints = building.build(tmp_path)
    page = (html / "one.html").read_text(encoding="utf-8")
    assert not complaints
    assert offers(html / "one.html") == [
        ".ipynb notebooks/one.ipynb",
        ".md _sources/one.md",
        ".pdf",
    ]
    assert offers(html / "two.html") == [".md _sources/two.md", ".pdf"]
    assert doors(html / "two.html") == ["https://example.org/start"]
    for gone in ("mybinder", "colab", "github.com"):
        assert gone not in page
    assert not (html / "requirements.txt").exists()
    assert "install --quiet course-nn matplotlib" in (html / "notebooks/one.ipynb").read_text()


# ---------------------------------------------------------------- the real book


@pytest.fixture(scope="module")
def book() -> Path:
    """The notebooks of the built book, which is built first where it is out of date."""
    command = [sys.executable, str(ROOT / "tools" / "book.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return NOTEBOOKS


WITH_CELLS = [page.name for page in pages() if page.cells]


ALONE = {"practice/speed", "practice/lists"}  # they measure time, with every processor
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run_beside(name: str, book: Path) -> None:
    """Execute a chapter's notebook while another one runs: each keeps to one thread."""
    os.environ.pop("MPLBACKEND", None)
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    with tempfile.TemporaryDirectory() as empty:
        run(book / f"{name}.ipynb", Path(empty))


@pytest.fixture(scope="module")
def executed(request: pytest.FixtureRequest, book: Path) -> Iterator[Callable[[str], None]]:
    """A function that raises what a chapter's notebook raised; two processes execute them."""
    names = ahead.cases(request, test_a_chapter_reads_and_runs_as_a_notebook, "name")
    beside = [name for name in names if name not in ALONE]
    with ahead.ahead(run_beside, beside, book) as done:
        yield done


# Those that run alone come last, when no other does.
@pytest.mark.parametrize("name", sorted(WITH_CELLS, key=lambda name: name in ALONE))
def test_a_chapter_reads_and_runs_as_a_notebook(
    book: Path, name: str, executed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MPLBACKEND", raising=False)
    notebook = book / f"{name}.ipynb"
    found = FOREIGN.search(text(notebook))
    assert not found, found
    if name in ALONE:
        run(notebook, tmp_path)
    else:
        executed(name)


def test_every_notebook_belongs_to_a_page(book: Path) -> None:
    made = {path.relative_to(book).with_suffix("").as_posix() for path in book.rglob("*.ipynb")}
    exercises = {f"exercises/{path.stem}" for path in EXERCISE.parent.glob("*.ipynb")}
    assert made == {*WITH_CELLS, *exercises}
    assert os.path.getsize(book / f"{WITH_CELLS[0]}.ipynb") < 200_000  # no outputs in it


def test_every_page_has_one_set_of_downloads_and_each_is_there(book: Path) -> None:
    html = book.parent
    made = {"genindex.html", "search.html", "index.html"}  # by Sphinx, and sources of nothing
    pages = {p.relative_to(html).as_posix(): p for p in html.rglob("*.html")}
    for name, page in pages.items():
        if name in made or name.startswith("_"):
            continue
        lab = f"_static/lab/open.html#{name.removesuffix('.html')}.ipynb"
        found = [offered for offered in offers(page) if not offered.endswith(lab)]
        kinds = [offered.split()[0] for offered in found]
        cells = name.removesuffix(".html") in WITH_CELLS
        source = [".ipynb"] if "exercises/ex" in name else [".ipynb"] * cells + [".md"]
        assert len(offers(page)) - len(found) == (".ipynb" in source), name  # opens it in Jupyter
        assert kinds == [*source, ".pdf"], name
        for offered in found[:-1]:
            address = urljoin(f"https://book/{name}", offered.split()[1])
            assert (html / urlsplit(address).path.strip("/")).is_file(), offered
