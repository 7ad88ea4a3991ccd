"""A whole Jupyter without a server, in the built book: JupyterLite, on the live pages' runtime.

`site` has it built, `lock` and `wheels` give its Python what it imports, `contents` lays out the
notebooks that `press` has written; a page with a notebook gets a button that opens it there.
"""

import posixpath
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from press import notebooks
from sphinx.application import Sphinx

from . import contents, site

FOLDER = "_static/lab"
PYTHON = "../live/pyodide"  # from there
PAGE = Path(__file__).parent / "page"
STAMP = ".made"


def offer(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give a page that has a notebook its button."""
    buttons = context.get("header_buttons")
    path = f"{notebooks.FOLDER}/{name}.ipynb"
    if not app.config.live_lab or not buttons or not Path(app.outdir, path).is_file():
        return
    folder = posixpath.relpath(FOLDER, posixpath.dirname(name) or ".")
    button = {
        "type": "link",
        "text": "Jupyter",
        "tooltip": "Open this page as a notebook, in a Jupyter in your browser",
        "icon": "fas fa-rocket",
        "url": f"{folder}/open.html#{name}.ipynb",
    }
    launch = next((group for group in buttons if group.get("label") == "launch-buttons"), None)
    if launch:
        launch["buttons"].insert(0, button)
    else:
        del button["text"]
        buttons.insert(0, button | {"label": "launch-jupyter"})


def place(app: Sphinx, problem: Exception | None) -> None:
    """Lay Jupyter in the book, or where there is no Python for it the page that says so."""
    if problem is not None or app.builder.format != "html" or not app.config.live_lab:
        return
    target = Path(app.outdir, FOLDER)
    python = Path(app.outdir, posixpath.normpath(f"{FOLDER}/{PYTHON}"))  # if the pages have it
    if not python.is_dir():
        shutil.rmtree(target, ignore_errors=True)
    elif site.made_of() != made(target):
        site.build(target, python, PYTHON)
        (target / STAMP).write_text(site.made_of(), encoding="utf-8")
    if python.is_dir():
        contents.write(target, Path(app.outdir, notebooks.FOLDER), PAGE / "READ ME.md")
    target.mkdir(parents=True, exist_ok=True)
    for name in ("open.html", "open.js"):
        shutil.copyfile(PAGE / name, target / name)


def made(target: Path) -> str:
    """What the Jupyter that is there was made of."""
    stamp = target / STAMP
    return stamp.read_text(encoding="utf-8") if stamp.is_file() else ""


def setup(app: Sphinx) -> dict[str, Any]:
    """Take part in Sphinx's build, after the buttons of the notebooks and the runtime's placing."""
    app.add_config_value("live_lab", False, "html")
    app.connect("html-page-context", offer, priority=910)
    app.connect("build-finished", place, priority=970)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
