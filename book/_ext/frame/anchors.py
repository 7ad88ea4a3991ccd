"""Anchors: a name that stands before raw HTML, as that of an index entry may, is still a place."""

from docutils import nodes
from sphinx.application import Sphinx


def keep(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give the names of raw nodes, which are written without them, a place before the node."""
    for raw in [*doctree.findall(nodes.raw)]:
        if raw["ids"]:
            raw.parent.insert(raw.parent.index(raw), nodes.target(ids=raw["ids"]))
            raw["ids"] = []


def connect(app: Sphinx) -> None:
    """Take part in Sphinx's build."""
    app.connect("doctree-resolved", keep)
