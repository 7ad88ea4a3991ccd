"""The book's Jupyter in Debian's Firefox, with no network but the server: as in Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.book.looking import serve
from tests.live.firefox import Firefox, firefox_or_skip

from .test_lab import folder

__all__ = ["folder", "serve"]  # fixtures
CONTROL, ENTER = "\ue009", "\ue007"
CELLS = "document.querySelectorAll('.jp-NotebookPanel .jp-CodeCell')"
READY = "document.body.innerText.includes('Python (Pyodide) | Idle')"


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    """Headless Firefox, or a skip that says why."""
    opened = firefox_or_skip(tmp_path)
    yield opened
    opened.close()


def run(firefox: Firefox, number: int, text: str = "") -> str:
    """Run a cell of code, counted from 0, with another text if one is given; what it then shows."""
    cell = f"{CELLS}[{number}]"
    firefox.click(f"{cell}.querySelector('.cm-content')")
    if text:
        firefox.keys("a", held=CONTROL)
        firefox.keys(*text)
    firefox.keys(ENTER, held=CONTROL)
    firefox.until(f"/\\d/.test({cell}.querySelector('.jp-InputPrompt').innerText)")
    return firefox.value(f"{cell}.querySelector('.jp-OutputArea').innerText")


@pytest.mark.browser
def test_an_exercise_is_answered_wrong_and_told_so(folder: Path, serve, firefox) -> None:
    address = f"{serve(folder)}/_static/lab/lab/index.html?path=exercises/ex02_dense.ipynb"
    firefox.open(address, READY)
    run(firefox, 0)
    run(firefox, 1, "def dense_forward(x, W, b): return x @ W - b")
    told = run(firefox, 2)
    assert "Task 2.1" in told
    assert "your y" in told
