"""The book's own notebooks run from end to end in its Jupyter, in the browser.

`COURSE_NN_LAB=all python -m pytest tests/lab/test_notebooks.py` runs every one (10 minutes);
without it the one with a cell that cannot run there.
"""

import os
import time

import pytest

from tests.book.looking import HTML, book, browser, serve

from .test_lab import Lab

__all__ = ["book", "browser", "serve"]  # fixtures
FILES = HTML / "_static/lab/files"
CHOSEN = os.environ.get("COURSE_NN_LAB", "practice/gpu").split()
SECONDS = 600  # on the busiest machine
PROMPTS = """() => [...document.querySelectorAll(
  '.jp-NotebookPanel .jp-CodeCell .jp-InputPrompt')].map((prompt) => prompt.textContent)"""
ERRORS = """() => [...document.querySelectorAll('.jp-NotebookPanel .jp-OutputArea-output')]
  .filter((output) => /error|stderr/.test(output.dataset.mimeType ?? ''))
  .map((output) => output.innerText.slice(-400))"""


def wrong_in(lab: Lab, name: str) -> list[str]:
    """Run all cells of a notebook; the errors, and the cells that did not run."""
    lab.open(f"{name}.ipynb")
    lab.page.get_by_role("menuitem", name="Run", exact=True).click()
    lab.page.get_by_text("Run All Cells", exact=True).click()
    until, prompts = time.monotonic() + SECONDS, ["[*]:"]
    while "*" in "".join(prompts) or prompts[0] == "[ ]:":
        assert time.monotonic() < until, f"{name} does not come to its end: {prompts}"
        time.sleep(0.5)
        prompts = lab.page.evaluate(PROMPTS)
    return lab.page.evaluate(ERRORS) + [one for one in prompts if one == "[ ]:"]


@pytest.mark.browser
def test_a_notebook_of_the_book_runs_to_its_end(browser, book: str) -> None:
    if not os.environ.get("COURSE_NN_PYODIDE"):
        pytest.skip("the browser's runtime is not here: name its folder by COURSE_NN_PYODIDE")
    there = sorted(
        path.relative_to(FILES).with_suffix("").as_posix() for path in FILES.rglob("*.ipynb")
    )
    wrong = {}
    for name in there if CHOSEN == ["all"] else CHOSEN:
        lab = Lab(browser, book)
        found = wrong_in(lab, name) + lab.wrong + lab.elsewhere
        lab.close()
        if found:
            wrong[name] = found
    assert wrong == {}
    assert len(there) > 30
