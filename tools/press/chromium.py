"""Headless Chromium, and a server on loopback for the pages that it opens."""

import _thread
import functools
import http.server
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common import CHROMIUM

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def program() -> str | None:
    """Where Chromium is."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium, which ends with the block; without one the program ends."""
    if program() is None:
        sys.exit("error: there is no Chromium on PATH: install it first (apt install chromium).")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program(), args=FLAGS)
        yield opened
        opened.close()


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line of log for each."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    """Answers everybody, in threads that nobody traces.

    The usual one drops what comes when five wait, for a minute; and where threads are traced (for
    coverage), Python ends one that starts while another does: what it had to answer waits for ever.
    """

    request_queue_size = 128

    def begin(self) -> None:
        """Serve in the background."""
        _thread.start_new_thread(self.serve_forever, ())

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer one request in the background."""
        _thread.start_new_thread(self.process_request_thread, (request, client_address))


@contextmanager
def served(folder: Path, kind: type[Handler] = Handler) -> Iterator[str]:
    """A folder's address on loopback, for as long as the block lasts."""
    server = Server(("127.0.0.1", 0), functools.partial(kind, directory=str(folder)))
    server.begin()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
