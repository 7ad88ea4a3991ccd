"""What a page shows beside its code: signs that can be hit, that something waits, what was lost."""

import pytest

from tests.book.looking import PHONE
from tests.live.test_modules import PAGE, asked, opened, press, site, states
from tests.live.test_pages import address, browser, cell, folder, new, serve, write

__all__ = ["address", "browser", "folder", "new", "opened", "serve", "site"]  # fixtures
pytestmark = pytest.mark.browser
TALL = "\n" * 200
HIT = """(button) => {
  const box = button.getBoundingClientRect();
  return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === button;
}"""
SEEN = """() => {
  const box = document.querySelector(".nn-live-stop").getBoundingClientRect();
  const inside = box.height > 0 && box.left >= 0 && box.right <= innerWidth;
  return inside && box.top >= 0 && box.bottom <= innerHeight;
}"""
LETTER = """(cell) => {
  const block = cell.querySelector(".cm-line") ?? cell.querySelector(".cell_input pre");
  const walk = document.createTreeWalker(block, NodeFilter.SHOW_TEXT), range = new Range();
  while (walk.nextNode() && !walk.currentNode.data.trim());
  range.setStart(walk.currentNode, 0);
  range.setEnd(walk.currentNode, 1);
  const { width, x, y } = range.getBoundingClientRect();
  const at = cell.querySelector(".cell_input .highlight").getBoundingClientRect();
  return [width, x - at.x, y - at.y, parseFloat(getComputedStyle(block).lineHeight)];
}"""
FOCUS = "document.activeElement.getAttribute('aria-label')"


def change(page, number: int, text: str) -> None:
    """Write a text into a cell's editor."""
    press(page, f"Edit cell {number}")
    page.locator(".cm-focused").wait_for()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


# -- where they stand ------------------------------------------------------------------------------


def test_the_signs_of_an_unfolded_cell_can_be_hit_wherever_the_focus_is(new) -> None:
    cell(new, 1).locator("summary").click()
    new.locator(".bd-article h1").first.click()
    for label in ("Run cell 1", "Edit cell 1"):
        assert cell(new, 1).get_by_label(label, exact=True).evaluate(HIT), label


@pytest.mark.parametrize("width", ["wide", "phone"])
def test_no_letter_moves_when_a_cell_is_edited(new, width: str) -> None:
    if width == "phone":
        new.set_viewport_size(dict(zip(("width", "height"), PHONE, strict=True)))
    printed = cell(new, 2).evaluate(LETTER)
    write(new, 2, "a = a + 1")
    assert cell(new, 2).evaluate(LETTER) == pytest.approx(printed, abs=1)


# -- that something waits --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1280, 700), PHONE])
def test_a_cell_that_waits_says_so_and_stop_is_where_the_reader_is(opened, size) -> None:
    page = opened("wait", TALL, "c")
    page.add_style_tag(path=PAGE / "live.css")
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    press(page, "Run cell 3")
    states(page, "running", None, "waiting")
    button = page.get_by_label("Run cell 3", exact=True)
    assert (button.inner_text(), button.get_attribute("title")) == ("…", "Cell 3 is waiting")
    assert page.locator(".cell").nth(2).get_attribute("aria-busy") == "true"
    assert page.locator(".nn-live-says").inner_text() == "Cell 1 is running …"
    for end in ("document.body.scrollHeight", "0"):
        page.evaluate(f"scrollTo(0, {end})")
        assert page.evaluate(SEEN), end
    page.locator(".nn-live-stop").click()
    states(page, "failed", None, "failed")
    assert button.inner_text() == "▶"
    assert page.locator(".nn-live-output").count() == 1  # of the one that ran
    assert page.evaluate(FOCUS) == "Run cell 3"


def test_nothing_lies_over_the_page_when_nothing_runs(opened) -> None:
    page = opened("a")
    page.add_style_tag(path=PAGE / "live.css")
    over = "getComputedStyle(document.querySelector('.nn-live-now')).position"
    assert page.evaluate(over) == "static"
    press(page, "Run cell 1")
    states(page, "done")
    page.wait_for_function(f"{over} === 'static'")
    assert page.locator(".nn-live-says").inner_text() == "Python is ready."


def test_a_cell_says_which_one_above_it_failed(opened) -> None:
    page = opened("fail", "b")
    press(page, "Run cell 2")
    states(page, "failed", None)
    said = page.locator(".cell").nth(1).locator(".nn-live-output")
    assert said.inner_text().strip() == "Cell 1, above, failed: this one has not run."
    assert page.get_by_label("Run cell 2", exact=True).inner_text() == "▶"


# -- what was put back -----------------------------------------------------------------------------


def test_what_was_put_back_shows_nothing_of_the_run_that_goes_on(opened) -> None:
    page = opened("a")
    change(page, 1, "wait")
    press(page, "Run cell 1")
    states(page, "running")
    press(page, "Put cell 1 back as printed")
    page.evaluate("""() => {
      workers[0].say({ kind: "output", id: 1, form: "stdout", text: "late" });
      workers[0].say({ kind: "done", id: 1, well: true });
    }""")
    page.locator(".nn-live-busy").wait_for(state="detached")
    states(page, None)
    assert page.locator(".cell_output:visible").inner_text() == "printed"


def test_what_was_put_back_while_it_waited_does_not_run(opened) -> None:
    page = opened("wait", "b")
    change(page, 2, "x")
    press(page, "Run cell 2")
    states(page, "running", "waiting")
    press(page, "Put cell 2 back as printed")
    page.evaluate('workers[0].say({ kind: "done", id: 1, well: true })')
    states(page, "done", None)
    assert asked(page) == ["wait"]


def test_what_was_forgotten_by_mistake_is_brought_back(opened) -> None:
    page = opened("a", "b")
    change(page, 2, "x")
    page.locator(".nn-live-forget").click()
    assert page.locator(".cm-content").inner_text() == "b"
    page.get_by_text("Bring them back").click()
    page.get_by_text("Your changes are back.").wait_for()
    assert page.locator(".cm-content").inner_text() == "x"
    assert page.evaluate("Object.values(localStorage)") == ["x"]
    page.get_by_text("Forget my changes").click()
    change(page, 1, "y")  # then it is another's turn
    assert page.get_by_text("Bring them back").count() == 0
