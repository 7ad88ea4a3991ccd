"""The page's JavaScript, module by module, in a real browser; a false worker answers for Python."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.book.looking import browser, serve

__all__ = ["browser", "serve"]  # fixtures
pytestmark = pytest.mark.browser
PAGE = Path(__file__).parents[2] / "book" / "_ext" / "live_pages" / "page"
CELL = (
    '<div class="cell {tags}">'
    '<div class="cell_input"><div class="highlight"><pre>{code}\n</pre></div></div>'
    '<div class="cell_output">printed</div></div>'
)
# Answers as worker.js does: "wait" never ends, "fail" fails, all else is said back.
WORKER = """
window.workers = [];
window.Worker = class {
  constructor() { this.heard = []; this.busy = false; workers.push(this); }
  terminate() { this.dead = true; }
  say(data) { if (!this.dead) this.onmessage({ data }); }
  postMessage(order) { this.heard.push(order); setTimeout(() => this.answer(order)); }
  answer(order) {
    if (order.kind === "start") return this.say({ kind: "ready" });
    if (order.kind !== "run" || this.busy) return;
    const { id, code } = order;
    this.say({ kind: "running", id });
    if (code.includes("die")) { this.busy = true; return this.say({ kind: "died" }); }
    if (code.includes("wait")) { this.busy = true; return; }
    const well = !code.includes("fail");
    this.say({ kind: "output", id, form: well ? "stdout" : "error", text: code });
    this.say({ kind: "done", id, well });
  }
};
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, serve) -> tuple[Path, str]:
    """The modules as a page finds them, and where."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "live").symlink_to(PAGE)
    style = '<link rel="stylesheet" href="/live/live.css">'
    (folder / "empty.html").write_text(f"<!doctype html><title>empty</title>{style}")
    return folder, serve(folder)


@pytest.fixture(scope="module")
def empty(browser, site) -> Iterator:
    """A page with nothing on it, shared: each call of a module brings its own elements."""
    page = browser.new_page()
    page.goto(f"{site[1]}/empty.html")
    yield page
    page.close()


def shown(page, *pieces: tuple[str, str]) -> str:
    """The text of an output after these pieces."""
    return page.evaluate(
        """async (pieces) => {
          const { show } = await import("/live/outputs.js");
          const box = document.createElement("div");
          box.className = "nn-live-output";
          document.body.replaceChildren(box);
          for (const [form, text] of pieces) show(box, form, text);
          return box.innerText;
        }""",
        list(pieces),
    )


@pytest.mark.parametrize(
    ("pieces", "seen"),
    [
        (["one\n", "two"], "one\ntwo"),
        (["  0%", "\r 50%", "\r100%\n", "done"], "100%\ndone"),
        (["abc\rX"], "Xbc"),
        (["a\r\nb"], "a\nb"),
        (["12\b3"], "13"),
        (["\x1b[31mred\x1b[0m"], "red"),
        (["outer 0\n", "inner 0", "\x1b[A", "\router 1", "\n\rinner 1"], "outer 1\ninner 1"),
        (["long\r\x1b[Ks"], "s"),
        (["a\x1b[50000000B", "\x1b[50000000Ab\n"], "ab"),
        (["a" + "\x1b[999999999B" * 100 + "\x1b[999999999A", "\rb"], "b"),
        (["a\x1b[999999999C", "\x1b[999999999C\rb"], "b"),
    ],
)
def test_a_stream_is_shown_as_a_terminal_would(empty, pieces: list[str], seen: str) -> None:
    assert shown(empty, *(("stderr", piece) for piece in pieces)).rstrip() == seen


def test_streams_and_values_stand_in_the_order_in_which_they_came(empty) -> None:
    pieces = ("stdout", "a"), ("stderr", "b"), ("stdout", "c"), ("html", "<b>d</b>"), ("text", "e")
    assert shown(empty, *pieces).split() == ["a", "b", "c", "d", "e"]
    assert empty.locator("b").count() == 1


def test_a_named_place_is_filled_anew_where_it_stands(empty) -> None:
    pieces = ("place", "x"), ("text", "old"), ("text", "between"), ("renew", "x"), ("text", "new")
    assert shown(empty, *pieces).split() == ["new", "between"]


def test_a_cleared_output_is_empty_at_once_or_when_something_comes(empty) -> None:
    assert shown(empty, ("text", "a"), ("clear", "")) == ""
    assert shown(empty, ("text", "a"), ("clear", "wait")).split() == ["a"]
    assert shown(empty, ("text", "a"), ("clear", "wait"), ("stdout", "b")).split() == ["b"]


def test_what_is_plain_is_never_read_as_html(empty) -> None:
    for form in ("stdout", "stderr", "text", "error", "note"):
        assert "<b>x</b>" in shown(empty, (form, "<b>x</b>"))


def test_a_traceback_marks_its_places_and_its_error(empty) -> None:
    told = 'Traceback (most recent call last):\n  File "<cell 1>", line 1\nZeroDivisionError: x'
    assert shown(empty, ("error", told)).rstrip() == told
    assert empty.locator(".nn-where").count() == 1
    assert empty.locator(".nn-raised").inner_text() == "ZeroDivisionError: x"


def test_ten_thousand_lines_are_shown_in_a_moment_and_scroll_by_keys(empty) -> None:
    assert len(shown(empty, *[("stdout", f"{k}\n") for k in range(10_000)])) > 40_000
    empty.wait_for_function("document.querySelector('pre').tabIndex === 0")
    shown(empty, ("stdout", "short"))
    empty.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    assert empty.locator("pre").get_attribute("tabindex") is None


# -- cells -----------------------------------------------------------------------------------------


@pytest.fixture
def opened(browser, site, tmp_path: Path) -> Iterator:
    """A function that opens a page of these cells: each a text, or a text and its tag."""
    folder, address = site
    context = browser.new_context()
    context.add_init_script(WORKER)

    def open_(*cells: str | tuple[str, str]):
        pairs = [cell if isinstance(cell, tuple) else (cell, "") for cell in cells]
        boxes = "".join(CELL.format(code=code, tags=tag and f"tag_{tag}") for code, tag in pairs)
        (folder / f"{tmp_path.name}.html").write_text(
            f'<!doctype html><article class="bd-article"><h1>A page</h1>{boxes}</article>'
            '<script type="module" src="/live/page.js"></script>'
        )
        page = context.new_page()
        page.goto(f"{address}/{tmp_path.name}.html")
        page.locator(".nn-live-all").wait_for()
        return page

    yield open_
    context.close()


def asked(page) -> list[str]:
    """The code that the page has handed to all its workers, in order."""
    return page.evaluate(
        "workers.flatMap(w => w.heard.filter(o => o.kind === 'run').map(o => o.code))"
    )


def press(page, label: str) -> None:
    page.get_by_label(label, exact=True).click()


def states(page, *wanted: str | None) -> None:
    """Wait until the cells are in these states."""
    page.wait_for_function(
        "(wanted) => JSON.stringify([...document.querySelectorAll('.cell')]"
        ".map(c => c.dataset.live ?? null)) === wanted",
        arg=json.dumps(wanted, separators=(",", ":")),
    )


def test_those_above_run_first_and_once(opened) -> None:
    page = opened("a", "b", "c")
    press(page, "Run cell 2")
    states(page, "done", "done", None)
    press(page, "Run cell 3")
    states(page, "done", "done", "done")
    press(page, "Run cell 2")
    page.wait_for_function("workers[0].heard.filter(o => o.kind === 'run').length === 4")
    assert asked(page) == ["a", "b", "c", "b"]


def test_two_cells_asked_for_at_once_wait_for_each_other(opened) -> None:
    page = opened("a", "b")
    page.evaluate(
        "[1, 2, 2].forEach(k => document.querySelector(`[aria-label='Run cell ${k}']`).click())"
    )
    states(page, "done", "done")
    assert asked(page) == ["a", "b"]
    assert page.evaluate("workers.length") == 1


def test_a_cell_that_fails_keeps_those_below_from_running(opened) -> None:
    page = opened("a", "fail", "c")
    page.locator(".nn-live-all").click()
    states(page, "done", "failed", None)
    press(page, "Run cell 3")
    page.wait_for_timeout(50)
    states(page, "done", "failed", None)
    assert asked(page) == ["a", "fail", "fail"]


def test_a_stop_ends_what_runs_and_what_waits_and_all_begins_anew(opened) -> None:
    page = opened("a", "wait", "c")
    page.locator(".nn-live-all").click()
    states(page, "done", "running", None)
    page.locator(".nn-live-stop").click()
    states(page, "done", "failed", None)
    assert page.evaluate("workers.map(w => !!w.dead)") == [True]
    assert page.locator(".nn-live-stop").is_hidden()
    press(page, "Run cell 1")
    page.wait_for_function("workers.length === 2 && workers[1].heard.length > 1")
    assert asked(page) == ["a", "wait", "a"]


def test_a_python_that_ends_by_itself_is_told_of_and_the_next_cell_has_another(opened) -> None:
    page = opened("a", "die", "c")
    page.locator(".nn-live-all").click()
    states(page, "done", "failed", None)
    assert page.locator(".cell").nth(1).get_by_text("Python ended: what this cell did").count() == 1
    assert "All names are gone" in page.locator(".nn-live-says").inner_text()
    press(page, "Run cell 1")
    states(page, "done", "failed", None)
    assert page.evaluate("workers.map(w => !!w.dead)") == [True, False]


def test_what_is_put_back_shows_the_book_s_output_again(opened) -> None:
    page = opened("a")
    press(page, "Run cell 1")
    states(page, "done")
    assert page.locator(".cell_output:visible").inner_text().strip() == "a"
    press(page, "Edit cell 1")
    page.locator(".cm-focused").wait_for()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("b")
    press(page, "Put cell 1 back as printed")
    assert page.locator(".cell_output:visible").inner_text() == "printed"
    assert page.locator(".cm-content").inner_text().strip() == "a"


def test_the_editor_is_left_by_escape_and_then_passed_by(opened) -> None:
    page = opened("a", "b")
    press(page, "Edit cell 1")
    page.locator(".cm-focused").wait_for()
    page.keyboard.press("Tab")  # indents
    page.keyboard.press("Escape")
    stops = []
    for _ in range(4):
        stops.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        page.keyboard.press("Tab")
    assert stops == ["Run cell 1", "Edit cell 1", "Put cell 1 back as printed", "Run cell 2"]
    press(page, "Edit cell 1")
    page.locator(".cm-focused").wait_for()


def test_what_is_forgotten_is_forgotten_in_all_cells(opened) -> None:
    page = opened("a", "b")
    for number in (1, 2):
        press(page, f"Edit cell {number}")
        page.locator(".cm-focused").wait_for()
        page.keyboard.insert_text("x")
    page.locator(".nn-live-forget").click()
    assert page.locator(".cm-content").all_inner_texts() == ["a", "b"]
    assert page.evaluate("localStorage.length") == 0
    assert page.evaluate("document.activeElement.className") == "nn-live-all"


def test_a_cell_that_cannot_run_here_says_so_and_is_left_out(opened) -> None:
    page = opened("a", ("b", "needs-threads"), "c")
    assert "needs threads" in page.locator(".cell").nth(1).locator(".nn-live-note").inner_text()
    page.locator(".nn-live-all").click()
    states(page, "done", None, "done")
    assert page.locator(".nn-live-says").inner_text().endswith("one cell.")
    page.locator(".nn-live-stop").click()
    press(page, "Run cell 3")  # nor do those below it run it
    states(page, "done", None, "done")
    assert asked(page) == ["a", "c", "a", "c"]


def test_a_cell_that_needs_only_the_first_runs_after_it_alone(opened) -> None:
    page = opened("a", "b", ("c", "after-first-in-browser"))
    press(page, "Run cell 3")
    states(page, "done", None, "done")
    assert asked(page) == ["a", "c"]
