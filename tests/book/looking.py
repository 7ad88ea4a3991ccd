"""What the tests that look at pages share: a browser, a server on loopback, the built book."""

import atexit
import functools
import http.server
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
FIRST_PATIENCE = 45_000  # ms
DESKTOP, PHONE = (1280, 900), (390, 844)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
TYPESET = """async () => {
  if (!document.querySelector(".math") || typeof MathJax === "undefined") return;
  await MathJax.startup?.promise;
}"""


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line of log for each."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    """Lets a browser wait in line: the usual one drops what comes when five wait, for a minute."""

    request_queue_size = 128


@pytest.fixture(scope="module")
def serve() -> Iterator:
    """A function that serves a folder on loopback and returns its address."""
    servers = []

    def start(folder: Path, kind: type[Handler] = Handler) -> str:
        handler = functools.partial(kind, directory=str(folder))
        servers.append(Server(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def program() -> str | None:
    """Where Chromium is."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Headless Chromium, or a skip that says why."""
    if program() is None:
        pytest.skip("no Chromium on PATH: install it to look at the book (apt install chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program(), args=FLAGS)
        # The driver waits for what a test asks by compiling text in the page, which a page's policy
        # forbids: a test of the policy says `bypass_csp=False`, and waits by other means.
        for name in ("new_page", "new_context"):
            setattr(opened, name, functools.partial(getattr(opened, name), bypass_csp=True))
        yield opened
        opened.close()


def visit(page: Any, address: str) -> None:
    """Open a page; on a busy machine a browser may wait for ever, so ask it once more."""
    from playwright.sync_api import TimeoutError as Late

    try:
        page.goto(address, timeout=FIRST_PATIENCE)
    except Late:
        page.goto(address)


@functools.cache
def own_browser() -> Any:
    """Headless Chromium for as long as this process lasts."""
    from playwright.sync_api import sync_playwright

    driver = sync_playwright().start()
    atexit.register(driver.stop)
    return driver.chromium.launch(executable_path=program(), args=FLAGS)


@pytest.fixture(scope="module")
def book(browser: object, serve) -> str:
    """The address of the built book, which is built first where it is out of date."""
    command = [sys.executable, str(ROOT / "tools" / "book.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return serve(HTML)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, serve) -> tuple[Path, str]:
    """An empty site: its folder and its address."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "icon.svg").write_text(ICON)
    return folder, serve(folder)


ICON = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>'


def listen(page, host: str) -> list[str]:
    """Record what goes wrong while the page loads, and let no request leave the host."""
    heard: list[str] = []

    def gate(route) -> None:
        if urlsplit(route.request.url).hostname == host:
            route.continue_()
            return
        heard.append(f"request that leaves the host: {route.request.url}")
        route.abort()

    page.route("**/*", gate)
    page.on("console", lambda m: m.type == "error" and heard.append(f"console error: {m.text}"))
    page.on("pageerror", lambda e: heard.append(f"page error: {e}"))
    page.on("requestfailed", lambda r: heard.append(f"failed request: {r.url}"))
    page.on("response", lambda r: r.status >= 400 and heard.append(f"failed request: {r.url}"))
    return heard
