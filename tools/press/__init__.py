"""The book's press: what Sphinx is told beyond its own trade, and the steps around it.

`notebooks` gives every page with cells as a notebook that runs as it is, and the buttons to it;
`reference` writes the API reference from the docstrings; `changes` knows which pages a changed page
changes.
"""

from typing import Any

from . import changes, notebooks, reference

# Each only numbers what was read, or names a script, and does not say that this is safe.
QUIET = ("sphinx_multitoc_numbering", "sphinx-mathjax-offline", "sphinx_jupyterbook_latex")


def setup(app: Any) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    notebooks.setup(app)
    reference.setup(app)
    changes.setup(app)
    app.connect("builder-inited", read_side_by_side)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def read_side_by_side(app: Any) -> None:
    """Let pages be read in several processes at once."""
    for name in QUIET:
        if name in app.extensions:
            app.extensions[name].parallel_read_safe = True
