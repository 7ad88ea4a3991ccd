"""A page whose cells run in the reader's browser, in a real one, from a plain web server."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.book import sources
from tests.book.building import build, lay_out
from tests.book.frame import accessible
from tests.book.looking import PHONE, browser, serve

__all__ = ["browser", "serve"]  # fixtures
pytestmark = pytest.mark.browser
SECOND = 1000  # milliseconds, as Playwright counts
PATIENCE = 90 * SECOND  # to start Python on a busy machine
NAMES = [
    "cell.js",
    "notes.js",
    "outputs.js",
    "page.js",
    "session.js",
    "store.js",
    "terminal.js",
]  # before the first click

PAGE = """# A page

```{code-cell} ipython3
:tags: [hide-input]

import matplotlib.pyplot as plt
import numpy as np

from course_nn import page
from course_nn.exercises import check

page.style()
a = 2
```

```{code-cell} ipython3
a = a + 1
print("a is", a)
```

```{code-cell} ipython3
---
mystnb:
  figure: {name: fig-line, caption: It rises.}
---
plt.plot([1, 2])
plt.show()
```

```{code-cell} ipython3
def dense_forward(x, W, b):
    return x @ W - b


check.dense_forward(dense_forward)
```
"""


BUTTONS = """[...document.querySelectorAll("[class^=nn-live] button, button[class^=nn-live]")]
  .filter(b => b.checkVisibility())
  .map(b => b.getBoundingClientRect()).map(r => [r.width, r.height])"""


def judge() -> str:
    """The cell of the gradient check's chapter that is made for a reader's own, and its first."""
    cells = sources.Page.read("foundations/gradient_checking").cells
    (own,) = (cell for cell in cells if "after-first-in-browser" in cell.options.get("tags", []))
    head = "```{code-cell} ipython3\n"
    broken = f"{head}raise RuntimeError  # it must not be needed\n```\n"
    tags = ":tags: [after-first-in-browser]\n\n"
    return f"# Judge\n\n{head}{cells[0].body}```\n\n{broken}\n{head}{tags}{own.body}```\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small book, with the runtime if it is named."""
    folder = tmp_path_factory.mktemp("live")
    pages = {"index": PAGE, "other": PAGE, "judge": judge()}
    lay_out(folder, pages, execute={"execute_notebooks": "cache", "allow_errors": True})
    return build(folder)[0]


@pytest.fixture(scope="module")
def address(folder: Path, serve) -> str:
    if not os.environ.get("COURSE_NN_PYODIDE"):
        pytest.skip("the browser's runtime is not here: name its folder by COURSE_NN_PYODIDE")
    return serve(folder)


KEPT = """async (build) => {
  for (;;) {
    for (const name of await caches.keys())
      if (name.includes(build) && await (await caches.open(name)).match("/told")) return name;
    await new Promise((goOn) => setTimeout(goOn, 100));
  }
}"""


@pytest.fixture(scope="module")
def known(browser, address: str) -> Iterator:
    """A browser in which Python has been started, and is kept for the next page."""
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{address}/index.html")
        run(page, 2)
        page.evaluate(KEPT, ":")
        page.close()
        yield context


@pytest.fixture
def page(known, address: str) -> Iterator:
    """The page in such a browser, with no edits."""
    with opened(known, address) as page:
        yield page


@pytest.fixture
def new(browser, address: str) -> Iterator:
    """The page in a browser that has never been here."""
    with closing(browser.new_context()) as context, opened(context, address) as page:
        yield page


@contextmanager
def opened(context, address: str) -> Iterator:
    """The page, of which no edit stays; it must say nothing wrong in its console."""
    page, wrong = context.new_page(), []
    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith((address, "data:", "blob:"))
            else wrong.append(f"asked elsewhere: {r.url}"))  # fmt: skip
    page.goto(f"{address}/index.html")
    yield page
    page.evaluate("localStorage.clear()")
    page.close()
    assert not wrong


def cell(page, number: int):
    """A cell, counted from 1."""
    return page.locator(".cell:has(.cell_input)").nth(number - 1)


def run(page, number: int, wanted: str = "done") -> str:
    """Run a cell by its button; what it then shows."""
    box = cell(page, number)
    box.get_by_label(f"Run cell {number}").click()
    page.wait_for_function(
        "([n, w]) => document.querySelectorAll('.cell:has(.cell_input)')[n].dataset.live === w",
        arg=[number - 1, wanted],
    )
    shown = box.locator(".nn-live-output")
    return shown.inner_text() if shown.count() else ""


def write(page, number: int, text: str) -> None:
    """Put a text into a cell's editor, as one types."""
    edit = cell(page, number).get_by_label(f"Edit cell {number}")
    if edit.is_visible():
        edit.click()
    cell(page, number).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def test_only_the_buttons_are_loaded_before_it_is_asked_for(browser, address: str) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/index.html", wait_until="load")
    live = [url for url in asked if "/live/" in url]
    assert sorted(re.sub(r".*/|\?.*", "", url) for url in live) == NAMES
    page.close()


def test_a_cell_runs_those_above_it_once_and_the_book_s_output_stays_until_then(new) -> None:
    assert cell(new, 2).locator(".cell_output").inner_text().strip() == "a is 3"
    assert run(new, 2).strip() == "a is 3"
    assert cell(new, 2).locator(".cell_output:visible").count() == 1
    assert run(new, 2).strip() == "a is 4"  # the first cell did not run again


def test_the_whole_page_runs_with_figure_and_verdict(page) -> None:
    page.get_by_text("▶ Run this page").click()
    page.get_by_text("Every cell of this page has run.").wait_for()
    assert cell(page, 3).locator(".nn-live-output svg").count() == 1
    told = cell(page, 4).locator(".nn-live-output").inner_text()
    assert "your y" in told
    assert "subtracted" not in told  # the name of the mistake is for who asks


def test_an_edit_runs_stays_after_a_reload_and_is_put_back(page) -> None:
    write(page, 2, "print(7 / 2)  # / is a key of the page's own")
    page.keyboard.press("Shift+Enter")
    cell(page, 2).get_by_text("3.5").wait_for()
    page.reload()
    cell(page, 2).get_by_text("7 / 2").wait_for()
    cell(page, 2).get_by_label("Put cell 2 back as printed").click()
    assert cell(page, 2).locator(".cell_output:visible").inner_text().strip() == "a is 3"
    page.reload()
    assert "a = a + 1" in cell(page, 2).locator(".cell_input").inner_text()


def test_an_error_is_shown_and_what_is_below_it_does_not_run(page) -> None:
    write(page, 2, "1 / 0")
    page.get_by_text("▶ Run this page").click()
    page.wait_for_function("document.querySelectorAll('[data-live=failed]').length === 1")
    told = cell(page, 2).locator(".traceback").inner_text()
    assert "ZeroDivisionError" in told
    assert "live_kernel" not in told
    assert cell(page, 3).get_attribute("data-live") is None


def test_an_endless_loop_is_stopped_and_the_page_lives_on(page) -> None:
    write(page, 2, "while True: pass")
    cell(page, 2).get_by_label("Run cell 2").click()
    page.wait_for_function("document.querySelector('[data-live=running]')")
    page.get_by_text("■ Stop").click()
    page.wait_for_function("!document.querySelector('[data-live=running]')", timeout=2 * SECOND)
    assert "All names are gone" in page.locator(".nn-live-says").inner_text()
    write(page, 2, "print(a)")
    assert run(page, 2).strip() == "2"


FLOODS = [
    "display(HTML('<b>x</b>'))",
    "print(k := k + 1); clear_output(wait=True)",
    "clear_output(); display(HTML('<b>x</b>' * 1000))",
    "place.update(HTML('<b>x</b>'))",
]


def test_whatever_a_loop_shows_the_page_lives_and_stop_ends_it(page) -> None:
    setup = "from IPython.display import HTML, clear_output\nplace = display(1, display_id=True)\n"
    for flood in FLOODS:
        write(page, 2, f"{setup}k = 0\nwhile True: {flood}")
        cell(page, 2).get_by_label("Run cell 2").click()
        page.wait_for_function(
            "document.querySelectorAll('[data-live]')[1].dataset.live === 'running'"
        )
        page.wait_for_timeout(3 * SECOND)  # of a flood
        page.get_by_text("■ Stop").click(timeout=2 * SECOND)
        page.wait_for_function("!document.querySelector('[data-live=running]')", timeout=2 * SECOND)
        assert page.evaluate("document.querySelectorAll('.nn-live-output > *').length") < 2000


DEADLY = [
    "import os; os._exit(0)",
    "import ctypes; ctypes.memset(0, 1, 10**8)",
    "import sys; sys.setrecursionlimit(10**9)\ndef f(): return f() + 1\n\nf()",
]


@pytest.mark.parametrize("code", DEADLY)
def test_a_cell_that_ends_python_says_so_and_the_next_has_another(new, code: str) -> None:
    write(new, 2, code)
    assert "Python ended: what this cell did" in run(new, 2, "failed")
    assert "All names are gone" in new.locator(".nn-live-says").inner_text()
    write(new, 2, "print(a)")
    assert run(new, 2).strip() == "2"


def test_two_pages_have_names_of_their_own(page, address: str) -> None:
    run(page, 2)
    other = page.context.new_page()
    other.goto(f"{address}/other.html")
    other.set_default_timeout(PATIENCE)
    write(other, 2, "print('a' in dir())")
    assert run(other, 2).strip() == "True"  # its own, of its own first cell
    other.close()
    page.bring_to_front()


def test_where_nothing_can_be_kept_one_sentence_says_so_and_work_goes_on(browser, address) -> None:
    context = browser.new_context()
    context.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); }")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/index.html")
    write(page, 2, "print('on')")
    assert "keeps nothing" in page.locator(".nn-live-says").inner_text()
    assert run(page, 2).strip() == "on"
    context.close()


def test_by_keyboard_alone(page) -> None:
    write(page, 2, "print(5)")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Run cell 2"
    page.keyboard.press("Enter")
    cell(page, 2).locator(".nn-live-output").get_by_text("5").wait_for()


def test_the_judge_names_a_wrong_backward_pass_with_its_map_and_passes_a_mended_one(
    page, address: str
) -> None:
    page.goto(f"{address}/judge.html")
    told = run(page, 3)
    assert "gradient check FAILED" in told
    assert "ok   dx" in told
    assert "FAIL dW" in told
    drawn = cell(page, 3).locator(".nn-live-output svg")
    assert drawn.count() == 1
    crosses = drawn.inner_html().count("<use")
    code = page.evaluate("document.querySelectorAll('.cell_input pre')[2].textContent")
    assert "dscores.T @ x" in code
    write(page, 3, code.replace("dscores.T @ x", "x.T @ dscores"))
    assert "gradient check passed" in run(page, 3)
    assert cell(page, 3).locator(".nn-live-output svg").inner_html().count("<use") < crosses


def test_a_bar_a_warning_a_question_and_an_update_are_shown_as_in_a_notebook(page) -> None:
    write(
        page,
        2,
        "import warnings\nfrom tqdm.auto import tqdm\nfrom IPython.display import HTML\n"
        "for _ in tqdm(range(3), desc='bar'): pass\n"
        "warnings.warn('look out')\n"
        "shown = display(HTML('<i>old</i>'), display_id=True)\n"
        "shown.update(HTML('<i>new</i>'))\n"
        "input('?')",
    )
    told = run(page, 2, "failed")
    assert told.count("bar:") == 1
    assert "3/3" in told
    assert "monitor" not in told  # tqdm's thread, which cannot start
    assert "UserWarning: look out" in told
    assert "old" not in told
    assert "input() waits for somebody who types" in told
    for width in ("wide", "phone"):
        assert accessible(page, width) == []
        page.set_viewport_size(dict(zip(("width", "height"), PHONE, strict=True)))
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    told = ".nn-live-output .traceback pre, .nn-live-output .stderr pre"
    beyond = page.evaluate(f"[...document.querySelectorAll('{told}')]"
                           ".map(e => e.scrollWidth - e.clientWidth)")  # fmt: skip
    assert len(beyond) > 1
    assert max(beyond) <= 0
    buttons = page.evaluate(BUTTONS)
    assert len(buttons) > 4
    assert min(map(min, buttons)) >= 24  # pixels, for a thumb


def test_a_book_without_the_runtime_says_what_is_missing(browser, folder, serve, tmp_path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(folder, bare, ignore=shutil.ignore_patterns("pyodide"))
    page = browser.new_page()
    page.goto(f"{serve(bare)}/index.html")
    cell(page, 2).get_by_label("Run cell 2").click()
    page.get_by_text("this copy of the book was built without it; `make live`").wait_for()
    page.close()


MOVING = """
def draw(figure, k):
    figure.subplots().plot([0, k])


page.moving(draw, ["one", "two"], alt="a line")
"""


def test_cells_run_and_figures_move_under_the_policy_of_their_page(browser, address: str) -> None:
    page = browser.new_page(bypass_csp=False)
    page.set_default_timeout(PATIENCE)
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    page.goto(f"{address}/index.html")
    write(page, 2, MOVING)
    cell(page, 2).get_by_label("Run cell 2").click()
    shown = cell(page, 2).locator(".nn-live-output .nn-moving")
    shown.get_by_text("one").wait_for()
    shown.get_by_role("slider").fill("1")
    shown.get_by_text("two").wait_for()
    page.goto(f"{address}/search.html?q=page", wait_until="domcontentloaded")
    page.locator("ul.search li a").first.wait_for()
    page.goto(f"{address}/genindex.html", wait_until="domcontentloaded")
    assert not wrong
    page.close()


ELSEWHERE = """
import js
from pyodide.ffi import to_js

asked = to_js({"mode": "no-cors"}, dict_converter=js.Object.fromEntries)
answer = await js.fetch("{address}/told.txt", asked)
print("it answered")
"""


@pytest.mark.parametrize("free", [True, False])
def test_python_asks_no_other_host_where_the_page_may_not(
    browser, address: str, serve, tmp_path: Path, free: bool
) -> None:
    (tmp_path / "told.txt").write_text("nothing")
    page = browser.new_page(bypass_csp=free)
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/index.html")
    write(page, 2, ELSEWHERE.replace("{address}", serve(tmp_path)))
    cell(page, 2).get_by_label("Run cell 2").click()
    shown = cell(page, 2).locator(".nn-live-output")
    shown.get_by_text("it answered" if free else "Failed to fetch").first.wait_for()
    page.close()


def test_a_figure_that_is_drawn_anew_keeps_its_caption(browser, address: str) -> None:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/index.html")
    cell(page, 3).get_by_label("Run cell 3").click()
    cell(page, 3).locator(".nn-live-output svg").wait_for()
    assert cell(page, 3).locator(".nn-drawing:visible").count() == 1
    caption = cell(page, 3).get_by_text("It rises.")
    assert caption.is_visible()
    drawn, words = cell(page, 3).locator(".nn-live-output").bounding_box(), caption.bounding_box()
    assert drawn["y"] + drawn["height"] <= words["y"]
    page.close()
