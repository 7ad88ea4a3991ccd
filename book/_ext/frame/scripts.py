"""Scripts: none of them keeps a page from being shown, and none is there for nothing."""

import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

FIRST = {"documentation_options.js"}  # a line in each page's head uses it at once
# What a page never asks for: icons.css has the few icons in use.
UNUSED = ("vendor", "webpack-macros.html", "sbt-webpack-macros.html")
MATHJAX = {"tex-chtml.js", "output"}


def defer(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let a page be shown before its scripts run; they run in their order."""
    for script in context.get("script_files", []):
        file = Path(str(getattr(script, "filename", "") or "")).name
        if file and file not in FIRST:
            script.attributes.pop("async", None)
            script.attributes["defer"] = "defer"


def lay_out(app: Sphinx) -> None:
    """Put MathJax in its place before a page names it by its sum, as one written later would."""
    extension = app.extensions.get("sphinx-mathjax-offline")
    if extension is None or app.builder.format != "html":
        return
    source = Path(str(extension.module.__file__)).parent / "static" / "mathjax"
    target = Path(app.outdir, "_static", "mathjax")
    target.mkdir(parents=True, exist_ok=True)
    for path in source.glob("*.js"):
        if path.name in MATHJAX:
            shutil.copyfile(path, target / path.name)


def tidy(app: Sphinx, problem: Exception | None) -> None:
    """Remove what no page asks for."""
    static = Path(app.outdir, "_static")
    if problem is not None or app.builder.format != "html":
        return
    for name in UNUSED:
        remove(static / name)
    for path in (static / "mathjax").glob("*"):
        if path.name not in MATHJAX:
            remove(path)
    for path in static.rglob("*.map"):
        remove(path)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def connect(app: Sphinx) -> None:
    """Take part in Sphinx's build, when all who copy files have done so."""
    app.connect("builder-inited", lay_out)
    app.connect("html-page-context", defer, priority=950)
    app.connect("build-finished", tidy, priority=950)
