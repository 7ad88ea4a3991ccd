"""What the tests that look at pages share: a browser, a server on loopback, the built book."""

import atexit
import functools
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tools"))  # behind all others: a `book` lies there too

from press.chromium import FLAGS, Handler, program, served  # noqa: E402
from press.chromium import browser as chromium  # noqa: E402

HTML = ROOT / "_build" / "html"
FIRST_PATIENCE = 45_000  # ms
DESKTOP, PHONE = (1280, 900), (390, 844)
TYPESET = """async () => {
  if (!document.querySelector(".math") || typeof MathJax === "undefined") return;
  await MathJax.startup?.promise;
}"""


@pytest.fixture(scope="module")
def serve() -> Iterator:
    """A function that serves a folder on loopback and returns its address."""
    with ExitStack() as servers:
        yield lambda folder, kind=Handler: servers.enter_context(served(folder, kind))


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Headless Chromium, or a skip that says why."""
    if program() is None:
        pytest.skip("no Chromium on PATH: install it to look at the book (apt install chromium)")
    pytest.importorskip("playwright.sync_api")
    from playwright.sync_api import Page

    with chromium() as opened, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Page, "goto", patient(Page.goto))
        # The driver waits for what a test asks by compiling text in the page, which a page's policy
        # forbids: a test of the policy says `bypass_csp=False`, and waits by other means.
        for name in ("new_page", "new_context"):
            setattr(opened, name, functools.partial(getattr(opened, name), bypass_csp=True))
        yield opened


def patient(goto: Callable) -> Callable:
    """Open a page; where a browser waits for ever, say for what, and ask it once more."""
    from playwright.sync_api import TimeoutError as Late

    @functools.wraps(goto)
    def once_more(page: Any, address: str, **options: Any) -> Any:
        waiting: set[Any] = set()
        page.on("request", lambda request: waiting.add(request))
        for end in ("requestfinished", "requestfailed"):
            page.on(end, lambda request: waiting.discard(request))
        try:
            return goto(page, address, **{"timeout": FIRST_PATIENCE, **options})
        except Late:
            named = sorted(request.url for request in waiting)
            warnings.warn(f"{address} waited for {named or 'nothing'}", stacklevel=2)
            return goto(page, address, **options)

    return once_more


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
