"""What stands around a chapter and in its blocks, as a page of HTML: one module, one noun.

A chapter says nothing of this. The pages that Sphinx writes pass through `pages`, which hands each
to the others: drawings stand in the page and follow its light, docstrings fold, lines wrap.
"""

from typing import Any

from sphinx.application import Sphinx

from . import anchors, docstrings, heads, pages, policy, scripts, search, sheets


def setup(app: Sphinx) -> dict[str, Any]:
    """Take part in Sphinx's build."""
    app.add_config_value("book_url", "", "html")
    for module in (heads, anchors, docstrings, pages, scripts, search, sheets, policy):
        module.connect(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
