"""A page starts from a Python that the book brings, or that another page has kept.

What is kept holds no reader's names.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from press import kept

from tests.book.looking import ROOT
from tests.live.test_pages import KEPT, PATIENCE, address, browser, cell, folder, run, serve, write

__all__ = ["address", "browser", "folder", "serve"]  # fixtures
pytestmark = pytest.mark.browser
HOW = """() => {
  globalThis.started = [];
  globalThis.Worker = class extends Worker {
    constructor(...all) {
      super(...all);
      this.addEventListener("message", ({ data }) => data.kind === "ready" && started.push(data.from));
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
    assert page.evaluate("started") == ["nothing"]
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
    assert page.evaluate("started") == ["browser"]
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
    assert page.evaluate("started") == ["nothing"]
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
    assert page.evaluate("started") == ["nothing"]
    assert page.evaluate("caches.keys()") == []
    page.close()


# ---------------------------------------------------------------- what the book brings


@pytest.fixture(scope="module")
def brings(address: str, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The book's address, once it brings a Python that has started."""
    command = [sys.executable, "-m", "press.kept", folder, tmp_path_factory.mktemp("shelf")]
    subprocess.run(command, cwd=ROOT / "tools", check=True)  # no second Playwright in this process
    return address


@pytest.fixture
def reader(browser, brings) -> Iterator:
    """A browser that was never here."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    context.add_init_script(f"({HOW})()")
    yield context
    context.close()


def wait(folder: Path, probe: int, patience: int) -> None:
    """Let a page judge the network after, and wait for what the book brings for, milliseconds."""
    script = folder / "_static" / "live" / "kept.js"
    text, times = re.subn(
        r"PROBE = \d+, PATIENCE = \d+",
        f"PROBE = {probe}, PATIENCE = {patience}",
        script.read_text(),
    )
    assert times == 1
    script.write_text(text)


def heard(page) -> tuple[list[str], list[str]]:
    """What a page and its Python ask for, and what they say."""
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    return asked, said


def test_the_first_page_starts_from_what_the_book_brings_and_keeps_it(
    reader, brings, folder
) -> None:
    wait(folder, probe=300, patience=PATIENCE)
    page = opened(reader, brings)
    asked, said = heard(page)
    page.get_by_text("▶ Run this page").click()
    page.get_by_text("Every cell of this page has run.").wait_for()
    assert page.evaluate("started") == ["book"]
    assert cell(page, 3).locator(".nn-live-output svg").count() == 1
    page.evaluate(KEPT, ":")
    assert not any("numpy" in address for address in asked)  # nothing was made of wheels
    second = opened(reader, brings, "index")
    run(second, 2)
    assert second.evaluate("started") == ["browser"]
    assert not any("cannot be used" in text for text in said)


def test_where_the_network_is_slow_python_starts_by_itself_and_nothing_is_said(
    reader, brings, folder
) -> None:
    wait(folder, probe=0, patience=0)
    page = opened(reader, brings)
    asked, said = heard(page)
    run(page, 2)
    assert page.evaluate("started") == ["nothing"]
    assert any("numpy" in address for address in asked)
    assert not any("cannot be used" in text for text in said)


TORN = {
    "memory.bin": lambda whole: whole[: len(whole) // 2],
    "files.bin": lambda whole: whole[:-9] + b"x" + whole[-8:],
    "told.json": lambda whole: re.sub(rb'"table":\s*(\d+)', rb'"table": 1\1', whole),
}


@pytest.mark.parametrize("part", TORN)
def test_what_the_book_brings_but_fits_not_is_passed_over_and_not_kept(
    reader, brings, folder, part: str
) -> None:
    wait(folder, probe=300, patience=PATIENCE)
    (path,) = (folder / "_static" / "live" / "kept").glob(f"*/{part}")
    whole = path.read_bytes()
    assert TORN[part](whole) != whole
    path.unlink()  # it is a link
    path.write_bytes(TORN[part](whole))
    try:
        page = opened(reader, brings)
        said = heard(page)[1]
        run(page, 2)
        assert page.evaluate("started") == ["nothing"]
        assert any("What the book keeps of Python cannot be used" in text for text in said)
        if part == "told.json":  # the reader's own browser makes one, as where there is no book's
            page.evaluate(KEPT, ":")
            second = opened(reader, brings, "index")
            run(second, 2)
            assert second.evaluate("started") == ["browser"]
    finally:
        path.write_bytes(whole)


def test_a_telephone_on_which_it_does_not_fit_is_not_asked_to_load_it(
    browser, brings, folder
) -> None:
    wait(folder, probe=300, patience=PATIENCE)
    page = browser.new_page(user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)")
    page.set_default_timeout(PATIENCE)
    page.goto(f"{brings}/index.html")
    asked, _ = heard(page)
    run(page, 2)
    assert any("numpy" in address for address in asked)
    assert not any("/kept/" in address for address in asked)
    page.close()


def test_a_book_that_can_bring_none_says_why(tmp_path, monkeypatch) -> None:
    assert kept.place(tmp_path, tmp_path / "shelf") == "the book has no runtime"
    told = tmp_path / "_static" / "live" / "pyodide" / "build.json"
    told.parent.mkdir(parents=True)
    told.write_text('{"build": "this", "brings": {"folder": "that"}}')
    monkeypatch.setattr(kept, "program", lambda: None)
    assert kept.place(tmp_path, tmp_path / "shelf") == "there is no Chromium on PATH"
    assert told.read_text() == '{"build": "this"}'
