"""Every cell of every chapter runs in the reader's browser, or its tag says that it does not."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.book.looking import browser, serve
from tests.book.sources import pages

from .bare import PAGE, lay_out_page

__all__ = ["browser", "serve"]  # fixtures
pytestmark = pytest.mark.browser
NOTES = (PAGE / "notes.js").read_text(encoding="utf-8")
LEFT_OUT = {
    tag for tag, note in re.findall(r'(?s)  "([\w-]+)": \{(.*?)\}', NOTES) if "left" in note
}
CELLS = {page.name: page.cells for page in pages() if page.cells}
PATIENCE = 900_000  # milliseconds, on the busiest machine
# Two Pythons, each of which takes the next chapter when it has done one; a chapter begins without
# the names of the one before.
RUN = """async (chapters) => {
  const { Session } = await import("/live/session.js");
  const base = new URL("/live/", location.href).href;
  const names = "n for n in globals() if n[0] != '_' and n not in ('In', 'display')";
  const forget = `for n in [${names}]: del globals()[n]\\ndel n`;
  const outcomes = {}, waiting = [...chapters];
  const work = async () => {
    let broken = "";
    const session = new Session(base, (state, why) => { if (state === "failed") broken = why; });
    const run = async (code, name) => {
      let error = "";
      const output = (form, text) => { if (form === "error") error = text.slice(-600); };
      const well = await session.run({ code, name, output, begun: () => {} });
      return { well, error: broken || error };
    };
    for (let next; (next = waiting.shift()) !== undefined;) {
      const [chapter, cells] = next;
      await run(forget, "<forget>");
      outcomes[chapter] = [];
      for (const [k, code] of cells.entries()) {
        const start = performance.now();
        const outcome = await run(code, `<cell ${k + 1}>`);
        outcomes[chapter].push({ ...outcome, seconds: (performance.now() - start) / 1000 });
      }
    }
    session.stop();
  };
  await Promise.all([work(), work()]);
  return outcomes;
}"""


def left_out(cell: Any) -> bool:
    """Whether the page runs without it."""
    return bool(LEFT_OUT & set(cell.options.get("tags") or []))


@pytest.fixture(scope="module")
def outcomes(browser, serve, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict]]:
    """What became of every cell, by chapter."""
    folder = tmp_path_factory.mktemp("chapters")
    lay_out_page(folder)
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{serve(folder)}/index.html")
    chapters = [[name, [cell.body for cell in cells]] for name, cells in CELLS.items()]
    chapters.sort(key=lambda chapter: chapter[0] not in LONGEST)
    found = page.evaluate(RUN, chapters)
    page.close()
    if report := os.environ.get("COURSE_NN_CELL_TIMES"):  # where to write each cell's seconds
        Path(report).write_text(json.dumps(found, indent=1))
    return found


LONGEST = {"practice/speed", "practice/lenet"}  # they begin, so that neither Python waits long


@pytest.mark.parametrize("chapter", CELLS)
def test_its_cells_run_or_say_beforehand_that_they_do_not(outcomes, chapter: str) -> None:
    wrong = {
        f"cell {k}": outcome["error"] or "it ran, and its tag says that it cannot"
        for k, (cell, outcome) in enumerate(zip(CELLS[chapter], outcomes[chapter], strict=True), 1)
        if outcome["well"] == left_out(cell)
    }
    assert wrong == {}


def test_something_is_left_out() -> None:
    assert sorted(LEFT_OUT) == ["needs-processes", "needs-threads"]
    assert sum(left_out(cell) for cells in CELLS.values() for cell in cells) == 2
