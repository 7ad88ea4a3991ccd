"""The second page starts from a Python that the first has kept, and what is kept holds no names."""

from collections.abc import Iterator

import pytest

from tests.live.test_pages import KEPT, PATIENCE, address, browser, cell, folder, run, serve, write

__all__ = ["address", "browser", "folder", "serve"]  # fixtures
pytestmark = pytest.mark.browser
HOW = """() => {
  globalThis.started = [];
  globalThis.Worker = class extends Worker {
    constructor(...all) {
      super(...all);
      this.addEventListener("message", ({ data }) => data.kind === "ready" && started.push(data.kept));
    }
  };
}"""  # noqa: E501


@pytest.fixture(scope="module")
def context(browser, address: str) -> Iterator:
    """A browser in which one page has kept its Python; the reader has names of their own there."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    context.add_init_script(f"({HOW})()")
    page = context.new_page()
    page.goto(f"{address}/index.html")
    write(page, 2, "mine = 'the secret of ' + 'a reader'\nprint(mine)")
    assert run(page, 2).strip() == "the secret of a reader"
    assert page.evaluate("started") == [False]
    page.evaluate(KEPT, ":")
    page.close()
    yield context
    context.close()


def opened(context, address: str, name: str = "other"):
    """A second page."""
    page = context.new_page()
    page.goto(f"{address}/{name}.html")
    return page


def test_the_second_page_starts_from_it_with_figure_check_and_a_name_space_of_its_own(
    context, address
) -> None:
    page = opened(context, address)
    page.get_by_text("▶ Run this page").click()
    page.get_by_text("Every cell of this page has run.").wait_for()
    assert page.evaluate("started") == [True]
    assert cell(page, 3).locator(".nn-live-output svg").count() == 1
    assert "your y" in cell(page, 4).locator(".nn-live-output").inner_text()
    write(page, 2, "print('mine' in globals())")
    assert run(page, 2).strip() == "False"
    page.close()


def test_no_name_of_a_reader_is_in_what_is_kept(context, address) -> None:
    page = opened(context, address)
    found = page.evaluate("""async () => {
      const shelf = await caches.open((await caches.keys())[0]);
      const whole = await (await shelf.match("/memory")).blob();
      const text = new TextDecoder("latin1").decode(await whole.arrayBuffer());
      return [text.includes("the secret of a reader"), text.includes("softmax_cross_entropy")];
    }""")
    assert found == [False, True]
    page.close()


def test_another_build_starts_anew_and_takes_the_place(context, address, folder) -> None:
    told = folder / "_static" / "live" / "pyodide" / "build.json"
    before = told.read_text(encoding="utf-8")
    told.write_text(before.replace('"build": "', '"build": "new-'), encoding="utf-8")
    page = opened(context, address)
    run(page, 2)
    assert page.evaluate("started") == [False]
    page.evaluate(KEPT, ":new-")
    assert len(page.evaluate("caches.keys()")) == 1
    page.close()


def test_what_is_kept_but_torn_is_dropped_and_python_starts_anew(context, address) -> None:
    page = opened(context, address)
    page.evaluate("""async () => {
      const shelf = await caches.open((await caches.keys())[0]);
      await shelf.put("/memory", new Response(new Uint8Array(1000)));
    }""")
    run(page, 2)
    assert page.evaluate("started") == [False]
    assert page.evaluate("caches.keys()") == []
    page.close()
