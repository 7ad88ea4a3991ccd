"""A page's cells in Debian's Firefox, with no network but the server: as in Chromium."""

from collections.abc import Iterator

import pytest

from tests.live.firefox import Firefox, firefox_or_skip
from tests.live.test_kept import HOW, brings, wait
from tests.live.test_pages import PATIENCE, address, folder, serve

__all__ = ["address", "brings", "folder", "serve"]  # fixtures
pytestmark = pytest.mark.browser
CONTROL, SHIFT, ENTER, ESCAPE = "\ue009", "\ue008", "\ue007", "\ue00c"
BOX = "document.querySelectorAll('.cell:has(.cell_input)')"
KEPT = """(async () => {
  for (const name of await caches.keys())
    if (await (await caches.open(name)).match("/told")) return true;
})()"""


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory, address: str) -> Iterator[Firefox]:
    """Headless Firefox on the page, or a skip that says why."""
    opened = firefox_or_skip(tmp_path_factory.mktemp("profile"))
    opened.open(f"{address}/index.html")
    yield opened
    opened.close()


def run(firefox: Firefox, number: int, wanted: str = "done") -> str:
    """Run a cell by its button; what it then shows."""
    box = f"{BOX}[{number - 1}]"
    firefox.value(f"{box}.querySelector('[aria-label^=Run]').click()")
    firefox.until(f"{box}.dataset.live === '{wanted}'")
    return firefox.value(f"{box}.querySelector('.nn-live-output')?.innerText ?? ''").strip()


def write(firefox: Firefox, number: int, text: str) -> None:
    """Type a text into a cell's editor."""
    box = f"{BOX}[{number - 1}]"
    firefox.value(f"{box}.querySelector('[aria-label^=Edit]').click()")
    firefox.until(f"{box}.querySelector('.cm-content')")
    firefox.value(f"{box}.querySelector('.cm-content').focus()")
    firefox.keys("a", held=CONTROL)
    firefox.keys(*text)


def test_a_cell_runs_and_an_edit_is_typed_run_and_left_by_keys(firefox) -> None:
    assert run(firefox, 2) == "a is 3"
    write(firefox, 2, "print(7 / 2)")
    firefox.keys(ENTER, held=SHIFT)
    firefox.until(f"{BOX}[1].querySelector('.nn-live-output')?.innerText.trim() === '3.5'")
    firefox.keys(ESCAPE)
    assert firefox.value("document.activeElement.getAttribute('aria-label')") == "Run cell 2"


def test_a_figure_and_a_verdict_are_shown(firefox) -> None:
    run(firefox, 3)
    assert firefox.value(f"{BOX}[2].querySelectorAll('.nn-live-output svg').length") == 1
    assert "your y" in run(firefox, 4)


def test_an_error_is_shown_and_an_endless_loop_is_stopped(firefox) -> None:
    write(firefox, 2, "1 / 0")
    assert "ZeroDivisionError" in run(firefox, 2, "failed")
    write(firefox, 2, "while True: pass")
    firefox.value(f"{BOX}[1].querySelector('[aria-label^=Run]').click()")
    firefox.until("document.querySelector('[data-live=running]')")
    firefox.value("document.querySelector('.nn-live-stop').click()")
    firefox.until("!document.querySelector('[data-live=running]')")
    assert "All names are gone" in firefox.value(
        "document.querySelector('.nn-live-says').innerText"
    )


def test_an_edit_stays_on_the_page_and_another_page_starts_from_what_was_kept(
    firefox, address
) -> None:
    write(firefox, 2, "print(40 + a)")
    firefox.open(f"{address}/index.html")
    firefox.until(f"{BOX}[1].querySelector('.cm-content')?.innerText.includes('40 + a')")
    assert run(firefox, 2) == "42"
    firefox.until(f"await {KEPT}")
    firefox.open(f"{address}/other.html")
    assert run(firefox, 2) == "a is 3"
    run(firefox, 3)
    assert firefox.value(f"{BOX}[2].querySelectorAll('.nn-live-output svg').length") == 1


def test_a_first_page_starts_from_what_chromium_made(firefox, brings, folder, serve) -> None:
    wait(folder, probe=300, patience=PATIENCE)
    firefox.open(f"{serve(folder)}/other.html")  # at another address, where nothing is kept
    firefox.value(f"({HOW})()")
    firefox.value("document.querySelector('.nn-live-page button').click()")
    firefox.until("document.body.innerText.includes('Every cell of this page has run.')")
    assert firefox.value("started.join()") == "book"
