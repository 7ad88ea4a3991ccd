"""Every request is answered; a page that never comes is asked for once more."""

import threading
import urllib.request

import pytest

from . import looking
from .looking import Handler, browser, serve

__all__ = ["browser", "serve"]  # fixtures
pytestmark = pytest.mark.browser


def test_a_browser_that_waits_for_ever_is_asked_once_more(browser, serve, tmp_path, monkeypatch):
    asked, over = [], threading.Event()

    class Silent(Handler):
        """Answers no script before the page is asked for a second time."""

        def do_GET(self) -> None:
            asked.append(self.path)
            if self.path == "/waited.js" and asked.count("/page.html") == 1:
                over.wait()
            super().do_GET()

    (tmp_path / "page.html").write_text('<script src="waited.js"></script>here')
    (tmp_path / "waited.js").write_text("")
    monkeypatch.setattr(looking, "FIRST_PATIENCE", 1000)
    page = browser.new_page()
    with pytest.warns(UserWarning, match=r"page\.html waited for .*/waited\.js"):
        page.goto(f"{serve(tmp_path, Silent)}/page.html")
    over.set()
    assert page.get_by_text("here").is_visible()
    assert asked.count("/page.html") == 2
    page.close()


def test_no_thread_that_answers_is_traced(serve, tmp_path) -> None:
    (tmp_path / "told.txt").write_text("here")
    before, traced = threading.gettrace(), []
    threading.settrace(lambda *_: traced.append(threading.current_thread().name))
    try:
        with urllib.request.urlopen(f"{serve(tmp_path)}/told.txt") as answer:
            assert answer.read() == b"here"
    finally:
        threading.settrace(before)
    assert not traced
