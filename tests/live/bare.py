"""A bare page that has Python: what the tests need that ask it without the book around it."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.book.sources import BOOK

sys.path.insert(0, str(BOOK / "_ext"))

from live_pages import PAGE, bundle, runtime


def lay_out_page(folder: Path) -> None:
    """Write `index.html`, and beside it what runs its cells; skip where the runtime is not here."""
    if not os.environ.get(runtime.FOLDER):
        pytest.skip(f"the browser's runtime is not here: name its folder by {runtime.FOLDER}")
    live = shutil.copytree(PAGE, folder / "live")
    bundle.write(live / "course_nn.zip")
    runtime.place(live / "pyodide")
    runtime.tell(live / "pyodide", live / "course_nn.zip")
    (folder / "index.html").write_text("<!doctype html><title>Python</title>")
