"""Every chapter as a notebook: readable as plain Markdown, and running alone in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from . import building
from .sources import pages

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "_build" / "html" / "notebooks"
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


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of two pages with everything that a page may hold, built for a public repository."""
    folder = tmp_path_factory.mktemp("planted")
    building.lay_out(
        folder,
        {"one": FIRST, "two": SECOND + "\n```{code-cell} ipython3\n1 + 1\n```\n"},
        repository={"url": "https://github.com/someone/a-book"},
    )
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


def test_a_page_offers_its_notebook_and_a_place_to_run_it(planted: Path) -> None:
    page = (planted / "one.html").read_text(encoding="utf-8")
    path = "notebooks/one.ipynb"
    assert f'href="{path}"' in page
    repository = "someone/a-book"
    assert f"https://mybinder.org/v2/gh/{repository}/gh-pages?urlpath=lab/tree/{path}" in page
    assert f"https://colab.research.google.com/github/{repository}/blob/gh-pages/{path}" in page
    needs = (planted / "requirements.txt").read_text()
    assert "course-nn @ git+https://github.com/someone/a-book" in needs.splitlines()


def test_without_a_repository_there_is_no_dead_button(tmp_path: Path) -> None:
    cell = "# One\n\n```{code-cell} ipython3\n1 + 1\n```\n"
    building.lay_out(tmp_path, {"one": cell, "two": "# Two"})
    html, complaints = building.build(tmp_path)
    page = (html / "one.html").read_text(encoding="utf-8")
    assert not complaints
    assert 'href="notebooks/one.ipynb"' in page
    assert "mybinder" not in page
    assert "colab" not in page
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


@pytest.mark.parametrize("name", WITH_CELLS)
def test_a_chapter_reads_and_runs_as_a_notebook(
    book: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MPLBACKEND", raising=False)
    notebook = book / f"{name}.ipynb"
    found = FOREIGN.search(text(notebook))
    assert not found, found
    run(notebook, tmp_path)


def test_every_notebook_belongs_to_a_page(book: Path) -> None:
    made = {path.relative_to(book).with_suffix("").as_posix() for path in book.rglob("*.ipynb")}
    assert made == set(WITH_CELLS)
    assert os.path.getsize(book / f"{WITH_CELLS[0]}.ipynb") < 200_000  # no outputs in it
