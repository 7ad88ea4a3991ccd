"""An exercise as a student does it: JupyterLab in a real browser, wrong first, then right."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.book.looking import FLAGS, program

pytest.importorskip("jupyterlab", reason="needs JupyterLab, of the extra parity")
api = pytest.importorskip("playwright.sync_api", reason="needs Playwright, of the extra test")

ROOT = Path(__file__).resolve().parents[2]
WRONG = "def dense_forward(x, W, b):\n    return x @ W - b"
RIGHT = WRONG.replace("- b", "+ b")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(program() is None, reason="needs Chromium"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab over a copy of one exercise."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(ROOT / "book" / "exercises" / "ex02_dense.ipynb", folder)
    home = tmp_path_factory.mktemp("home")
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    options = ["--no-browser", "--allow-root", "--port-retries=50", "--IdentityProvider.token="]
    command = [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={folder}"]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path, "JUPYTER_RUNTIME_DIR": str(home), "HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield address(home)
    finally:
        process.terminate()
        process.wait(20)


def address(runtime: Path) -> str:
    """Where the server listens, once it answers."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for file in runtime.glob("jpserver-*.json"):
            url = json.loads(file.read_text())["url"]
            try:
                urllib.request.urlopen(f"{url}api", timeout=2).close()
            except OSError:
                continue
            return url
        time.sleep(0.3)
    raise TimeoutError("JupyterLab did not start")


@pytest.fixture
def page(server: str) -> Iterator["api.Page"]:
    """The exercise, open, with its kernel ready."""
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto(f"{server}lab/tree/ex02_dense.ipynb")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
        yield page
        browser.close()


def run(page: "api.Page", number: int, text: str | None = None) -> "api.Locator":
    """Writes a code cell anew, if a text is given, and runs it; returns the cell."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(number)
    cell.locator(".cm-content").click()
    if text is not None:
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(text)
    before = cell.locator(".jp-InputPrompt").inner_text()
    end = time.monotonic() + 120
    while time.monotonic() < end:  # a key that comes before the kernel is ready is lost
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        patience = time.monotonic() + 10
        while time.monotonic() < patience:
            prompt = cell.locator(".jp-InputPrompt").inner_text()
            if prompt != before and re.search(r"\[\d+\]:", prompt):
                return cell
            page.wait_for_timeout(200)
    raise TimeoutError(f"cell {number} did not run")


def test_wrong_then_right(page: "api.Page") -> None:
    run(page, 0)  # the imports
    run(page, 1, WRONG)
    said = run(page, 2)
    verdict = said.locator(".jp-OutputArea-output").first
    api.expect(verdict).to_contain_text("✘ Task 2.1, dense_forward: y[")
    api.expect(verdict).to_contain_text("The smallest example that is wrong:")
    api.expect(verdict).to_contain_text('check.hint("2.1")')
    assert "subtracted" not in verdict.inner_text()
    broken = verdict.locator("pre").evaluate("pre => getComputedStyle(pre).wordBreak")
    assert broken == "normal"  # between words, where JupyterLab's own style is "break-all"
    picture = verdict.locator("img")
    assert picture.get_attribute("alt") == "heat map of the error of y"
    assert picture.evaluate("image => image.naturalWidth") > 100
    run(page, 1, RIGHT)
    said = run(page, 2)
    verdict = said.locator(".jp-OutputArea-output").first
    api.expect(verdict).to_contain_text("✔ Task 2.1, dense_forward: public checks passed")
    assert said.locator(".jp-OutputArea-output").count() == 1  # not twice


def test_an_error_in_the_cell_does_not_judge_the_old_definition(page: "api.Page") -> None:
    run(page, 0)
    run(page, 1, RIGHT)
    run(page, 1, RIGHT.replace("+ b", "+* b"))
    said = run(page, 2).locator(".jp-OutputArea-output").first
    api.expect(said).to_contain_text("has a SyntaxError at line 2, `return x @ W +* b`")
    api.expect(said).to_contain_text("an older definition would be judged")


def test_a_wrong_dtype_names_its_line_and_warnings_stay_away(page: "api.Page") -> None:
    run(page, 0)
    run(page, 1, RIGHT.replace("x @ W", "x @ W + np.zeros(1)"))
    said = run(page, 2)
    verdict = said.locator(".jp-OutputArea-output").first
    api.expect(verdict).to_contain_text("the first float64 is made at line 2 of its cell, `return")
    api.expect(verdict).to_contain_text("(np.zeros makes float64 unless it is given a dtype)")
    assert verdict.locator("img").count() == 0
    run(page, 1, RIGHT.replace("x @ W", "x @ W + 0 * np.nan_to_num(np.log(0 * x[:, :1]))"))
    said = run(page, 2)
    api.expect(said).to_contain_text("By the way, NumPy warned while it ran: divide by zero")
    assert "RuntimeWarning" not in said.inner_text()
    said = run(page, 2, "check.dense_forward")
    api.expect(said).to_contain_text(
        "call it with your function, check.dense_forward(dense_forward)"
    )
