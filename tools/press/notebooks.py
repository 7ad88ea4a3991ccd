"""Every page with cells as a notebook that runs as it is, and the buttons that lead to it.

The notebook is written from the resolved page, beside it, under `notebooks/`. Where the address of
the repository is set (`repository: url` in _config.yml), Binder and Colab open the very same files:
from the branch on which the built book is published, whose requirements.txt Binder installs. A page
that is a notebook itself, as an exercise is, is handed out as it stands.
"""

import ast
import json
import posixpath
import re
import shutil
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import nbformat
from docutils import nodes

from .markdown import Cell, Writer

FOLDER = "notebooks"
PUBLISHED = "gh-pages"  # the branch that holds the built book
# What a page may import that is not the package's own, by the name that pip knows.
PACKAGES = {"matplotlib": "matplotlib", "scipy": "scipy", "sympy": "sympy", "nbformat": "nbformat"}
INSTALL = """\
# The book's package. Where it is installed, this cell does nothing.
try:
    import course_nn
except ModuleNotFoundError:
    %pip install --quiet {packages}"""


def has_cells(doctree: nodes.document) -> bool:
    """Whether a page runs anything."""
    kinds = doctree.findall(nodes.container)
    return any(node.get("nb_element") == "cell_code" for node in kinds)


def with_hidden(blocks: list[str | Cell], executed: Path) -> list[str | Cell]:
    """The blocks, and the cells that the page does not show, from the executed notebook."""
    if not executed.is_file():
        return blocks
    source = nbformat.read(executed, as_version=4).cells
    waiting = [k for k, cell in enumerate(source) if cell.cell_type == "code"]

    def taken(upto: int) -> list[Cell]:
        found = [Cell(source[k].source, dict(source[k].metadata), k) for k in waiting if k <= upto]
        waiting[:] = [k for k in waiting if k > upto]
        return found

    whole: list[str | Cell] = []
    for block in blocks:
        whole += taken(block.place) if isinstance(block, Cell) else [block]
    return whole + taken(len(source))


def imported(cells: list[Cell]) -> set[str]:
    """The first names of all that the cells import."""
    found: set[str] = set()
    for cell in cells:
        lines = [line for line in cell.source.splitlines() if not re.match(r"\s*[%!]", line)]
        try:
            tree = ast.parse("\n".join(lines))
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names)


def package(repository: str) -> str:
    """What pip installs the course's package from."""
    return f"course-nn @ git+{repository}" if repository else "course-nn"


def install_cell(cells: list[Cell], repository: str) -> Cell:
    """The first cell: it installs the package and what the page draws with, where they are not."""
    name = package(repository)
    names = [f'"{name}"' if " " in name else name]
    # `course_nn.page` and `.plot` draw with matplotlib, wherever they are called from
    names += sorted({"matplotlib"} | {PACKAGES[n] for n in imported(cells) if n in PACKAGES})
    return Cell(INSTALL.format(packages=" ".join(names)), {"tags": ["install"]})


def cell_metadata(cell: Cell) -> dict[str, Any]:
    """A cell's tags, and for an editor that folds: whether its source is hidden."""
    metadata = {key: value for key, value in cell.metadata.items() if key != "mystnb"}
    if {"hide-input", "remove-input"} & set(metadata.get("tags", [])):
        metadata["jupyter"] = {"source_hidden": True}
    return metadata


def notebook(blocks: list[str | Cell], title: str, repository: str) -> nbformat.NotebookNode:
    """A notebook of these blocks; a heading begins a new cell."""
    cells: list[nbformat.NotebookNode] = []
    text: list[str] = []

    def close() -> None:
        if any(part.strip() for part in text):
            cells.append(nbformat.v4.new_markdown_cell("\n\n".join(t for t in text if t.strip())))
        text.clear()

    code = [block for block in blocks if isinstance(block, Cell)]
    install = install_cell(code, repository)
    for block in blocks:
        if isinstance(block, Cell):
            if install:
                close()
                cells.append(nbformat.v4.new_code_cell(install.source, metadata=install.metadata))
                install = None
            close()
            cells.append(nbformat.v4.new_code_cell(block.source, metadata=cell_metadata(block)))
            continue
        if re.match("#+ ", block):
            close()
        text.append(block)
    close()
    for k, cell in enumerate(cells):  # the same page is the same file
        cell["id"] = f"cell-{k}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}, "title": title}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


class Links:
    """Where the references of one page lead from its notebook."""

    def __init__(self, app: Any, docname: str) -> None:
        self.app, self.docname = app, docname
        self.site = app.config.html_baseurl or getattr(app.config, "book_url", "")

    def address(self, target: str) -> str:
        """An address for a reader who has the notebook alone; "" if there is none."""
        if re.match(r"[a-z]+:", target):
            return target
        if self.site:
            page = self.app.builder.get_target_uri(self.docname)
            return urljoin(urljoin(self.site.rstrip("/") + "/", page), target)
        return ""

    def number(self, kind: str, name: str) -> str:
        """The number of a figure or an equation."""
        numbers = self.app.env.toc_fignumbers.get(self.docname, {}).get(kind, {})
        return ".".join(map(str, numbers.get(name, ())))


def opened(blocks: list[str | Cell], book: str, address: str) -> list[str | Cell]:
    """The blocks with a line under the title: whose page this is, and where it is read."""
    name = f"[{book}]({address})" if address else f"*{book}*"
    line = f"A page of {name}, as a notebook. Run its cells in their order."
    k = next((k for k, b in enumerate(blocks) if isinstance(b, str) and b.startswith("# ")), -1)
    return [*blocks[: k + 1], line, *blocks[k + 1 :]]


def repository_of(app: Any) -> str:
    """The address of the public repository, or "" where none is set."""
    options = app.config.html_theme_options
    return (options.get("repository_url") or "").rstrip("/").removesuffix(".git")


def write_notebook(app: Any, doctree: nodes.document, docname: str) -> None:
    """Write the notebook of a page that has cells."""
    if app.builder.format != "html":
        return
    target = Path(app.outdir) / FOLDER / f"{docname}.ipynb"
    if not has_cells(doctree):
        target.unlink(missing_ok=True)  # there were some once
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source = Path(app.env.doc2path(docname))
    if source.suffix == ".ipynb":
        shutil.copyfile(source, target)
        return
    links = Links(app, docname)
    writer = Writer(links.address, links.number)
    executed = Path(app.outdir).parent / "jupyter_execute" / f"{docname}.ipynb"
    blocks = with_hidden(list(writer.blocks(doctree.children)), executed)
    title = app.env.titles[docname].astext()
    blocks = opened(blocks, app.config.html_title, links.address("#"))
    made = notebook(blocks, title, repository_of(app))
    target.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def launchers(repository: str, path: str, installs: bool = True) -> list[dict[str, str]]:
    """The buttons that open a published notebook elsewhere; none without a public repository.

    Colab installs nothing by itself: it is offered where the notebook `installs` what it imports.
    """
    found = re.fullmatch(r"https://github\.com/([\w.-]+)/([\w.-]+)", repository)
    if not found:
        return []
    name = f"{found[1]}/{found[2]}"
    binder = f"https://mybinder.org/v2/gh/{name}/{PUBLISHED}?urlpath={quote(f'lab/tree/{path}')}"
    colab = f"https://colab.research.google.com/github/{name}/blob/{PUBLISHED}/{path}"
    places = [("Binder", "binder.svg", binder), ("Colab", "colab.png", colab)]
    return [
        {
            "type": "link",
            "text": text,
            "tooltip": f"Run this page on {text}",
            "icon": f"_static/images/logo_{image}",
            "url": address,
        }
        for text, image, address in places[: 2 if installs else 1]
    ]


def add_buttons(app: Any, docname: str, template: str, context: dict, doctree: Any) -> None:
    """Offer the notebook first among a page's downloads, and its launchers."""
    buttons = context.get("header_buttons")
    path = f"{FOLDER}/{docname}.ipynb"
    if not buttons or not (Path(app.outdir) / path).is_file():
        return
    own = context.get("page_source_suffix") == ".ipynb"  # the theme offers the source of every page
    offered = {
        "type": "link",
        "url": posixpath.relpath(path, posixpath.dirname(docname) or "."),
        "text": ".ipynb",
        "icon": "fas fa-code",
        "tooltip": "Download notebook file",
        "label": "download-notebook-button",
    }
    for group in buttons:
        if group.get("label") == "download-buttons":
            kept = [b for b in group["buttons"] if not own or b["text"] != ".ipynb"]
            group["buttons"] = [offered, *kept]
    launch = launchers(repository_of(app), path, installs=not own)
    if launch:
        buttons.insert(
            0,
            {
                "type": "group",
                "tooltip": "Run this page",
                "icon": "fas fa-rocket",
                "buttons": launch,
                "label": "launch-buttons",
            },
        )


def offer_repository(app: Any, config: Any) -> None:
    """Where there is a public repository, a page leads to it and to its list of issues."""
    if config.html_theme_options.get("repository_url"):
        offers = ("use_repository_button", "use_issues_button")
        config.html_theme_options |= dict.fromkeys(offers, True)


DOORS = re.compile(r"^:{4}\{container\} nn-doors\n.*?(?=^:{4}$)", re.DOTALL | re.MULTILINE)
DOOR = """```{{button-link}} {address}
:color: primary
:outline:

The repository
```
"""


def open_a_door(app: Any, name: str, source: list[str]) -> None:
    """Where there is a public repository, it is one more of the doors of the first page."""
    if address := repository_of(app):
        door = DOOR.format(address=address)
        source[0] = DOORS.sub(lambda doors: doors[0] + door, source[0], count=1)


def write_requirements(app: Any, problem: Exception | None) -> None:
    """What Binder installs beside the published notebooks; and folders named _… are published."""
    if problem or app.builder.format != "html":
        return
    (Path(app.outdir) / ".nojekyll").touch()
    if not repository_of(app):
        return
    lines = [package(repository_of(app)), "matplotlib", "sympy", "scipy"]
    (Path(app.outdir) / "requirements.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def setup(app: Any) -> None:
    """Connect to Sphinx's events: after every reference is resolved, after the theme's buttons."""
    app.connect("config-inited", offer_repository)
    app.connect("source-read", open_a_door)
    app.connect("doctree-resolved", write_notebook, priority=900)
    app.connect("html-page-context", add_buttons, priority=900)
    app.connect("build-finished", write_requirements)
