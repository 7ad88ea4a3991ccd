"""Pages whose cells run in the reader's browser: what they load lies in the built book.

`runtime` finds Pyodide's files, `bundle` packs what the book imports; both go to `_static/live`.
`exercises` tells the pages that are exercises which cells are whose.
"""

import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from . import bundle, exercises, runtime

# Not in the book's _static: Jupyter Book names each script there on every page.
PAGE = Path(__file__).parent / "page"


def offer(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give a page with cells its script."""
    if doctree is not None and "cell_input" in (context.get("body") or ""):
        app.add_js_file("live/page.js", type="module")
        app.add_css_file("live/live.css")


def lay_out(app: Sphinx) -> None:
    """Put the scripts in their place before a page names one by its sum, as a later one would."""
    if app.builder.format == "html":
        shutil.copytree(PAGE, target(app), dirs_exist_ok=True)


def place(app: Sphinx, problem: Exception | None) -> None:
    """Lay beside the scripts what they load."""
    if problem is None and app.builder.format == "html":
        packed, pyodide = target(app) / "course_nn.zip", target(app) / "pyodide"
        bundle.write(packed)
        runtime.place(pyodide)
        if pyodide.is_dir():
            runtime.tell(pyodide, packed, *sorted(PAGE.glob("*.js")))


def target(app: Sphinx) -> Path:
    """Where a page looks for all of it."""
    return Path(app.outdir, "_static", "live")


def setup(app: Sphinx) -> dict[str, Any]:
    """Take part in Sphinx's build."""
    exercises.connect(app)
    app.connect("builder-inited", lay_out)
    app.connect("html-page-context", offer)
    app.connect("build-finished", place)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
