"""The book's press: what Sphinx is told beyond its own trade, and the steps around it.

`notebooks` gives every page with cells as a notebook that runs as it is, and the buttons to it.
"""

from typing import Any

from . import notebooks


def setup(app: Any) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    notebooks.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
