"""The built book, looked at in a real browser with the network cut off.

Each check is proved by a planted page that it must catch: a check that never failed proves nothing.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from book.looking import (
    DESKTOP,
    FLAGS,
    HTML,
    PHONE,
    ROOT,
    TYPESET,
    book,
    browser,
    listen,
    own_browser,
    program,
    serve,
    site,
)

from book import ahead, frame

__all__ = ["book", "browser", "serve", "site"]  # fixtures

pytestmark = pytest.mark.browser
PATIENCE = 120_000  # milliseconds, on the busiest machine

# Each check is a JavaScript function of the page that returns what it finds wrong, as strings.
UNFOLD = """() => {
  document.querySelectorAll("details").forEach(d => { d.open = true; });
  document.querySelectorAll(".toggle-hidden").forEach(e => e.classList.remove("toggle-hidden"));
}"""

CHECKS = {
    "formula": """() => [...document.querySelectorAll(".math")].filter(e => {
        const set = e.querySelector("mjx-container"), box = set?.getBoundingClientRect();
        const shown = e.checkVisibility();
        return !set || set.querySelector("mjx-merror") || (shown && !(box.width && box.height));
      }).map(e => e.textContent.slice(0, 80))""",
    "raw markup": r"""() => {
        const marks = /\$\$|\\\(|\\\[|\\begin\{|\|[\s:]*[-–—]+[\s:]*\||:::|```|\{[a-z:]+\}`/;
        const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) {
          const inside = walk.currentNode.parentElement.closest("pre, code, script, style, .math");
          const text = walk.currentNode.textContent;
          if (!inside && marks.test(text)) found.push(text.slice(0, 80));
        }
        return found;
      }""",
    "image": """async () => {
        const images = [...document.images];
        images.forEach(i => { i.loading = "eager"; });
        await Promise.all(images.map(i => i.complete || new Promise(done => {
          i.addEventListener("load", done); i.addEventListener("error", done);
        })));
        return images.filter(i => !i.naturalWidth).map(i => i.getAttribute("src"));
      }""",
    "failed cell": """() => [...document.querySelectorAll(".output.traceback, .traceback")]
        .map(e => e.textContent.trim().split("\\n").pop())""",
    "cell warning": """() => [...document.querySelectorAll(".output.stderr")]
        .map(e => e.textContent.slice(0, 120))""",
    "search bars": """() => {
        const kinds = ".search-button-field, .search-button, .bd-search, input[type=search]";
        const bars = [...document.querySelectorAll(kinds)].filter(e => e.checkVisibility()
          && !e.closest(".bd-search-container"));  // the search page's own form
        const outer = bars.filter(e => !bars.some(other => other !== e && other.contains(e)));
        return outer.length > 1 ? [outer.length + " of them"] : [];
      }""",
    "favicon": """async () => {
        const link = document.querySelector("link[rel~=icon]");
        if (!link) return ["none"];
        const answer = await fetch(link.href);
        return answer.ok ? [] : [link.href];
      }""",
}

OVERFLOW = """() => {
  const width = window.innerWidth, found = [];
  const scrolls = e => e && e !== document.body && (getComputedStyle(e).overflowX !== "visible"
    || scrolls(e.parentElement));
  for (const e of document.querySelectorAll("body, .bd-article *")) {
    const box = e.getBoundingClientRect();
    if (box.width && box.right > width + 1 && !scrolls(e.parentElement))
      found.push(`${e.tagName}.${e.className} ends at ${Math.round(box.right)} of ${width}`);
  }
  if (document.documentElement.scrollWidth > width)
    found.push(`the page is ${document.documentElement.scrollWidth} wide on ${width}`);
  return found.slice(0, 3);
}"""


def problems(browser, address: str) -> list[str]:
    """Open one page at desktop and phone width, and return all that is wrong with it."""
    page = browser.new_page(viewport=dict(zip(("width", "height"), DESKTOP, strict=True)))
    page.set_default_timeout(PATIENCE)
    found = listen(page, urlsplit(address).hostname)
    page.goto(address, wait_until="load")
    page.evaluate(TYPESET)
    page.evaluate(UNFOLD)
    page.wait_for_load_state("networkidle")
    for name, check in (CHECKS | frame.AT_ANY_WIDTH).items():
        found += [f"{name}: {what}" for what in page.evaluate(check)]
    found += frame.accessible(page, "wide")
    page.set_viewport_size(dict(zip(("width", "height"), PHONE, strict=True)))
    frame.settled(page)
    for name, check in frame.ON_A_PHONE.items():
        found += [f"{name}: {what}" for what in page.evaluate(check)]
    found += frame.accessible(page, "phone")
    found += [f"overflow: {what}" for what in page.evaluate(OVERFLOW)]
    found += [f"dead link: {link}" for link in dead_links(page, address)]
    page.close()
    return found


def dead_links(page, address: str) -> list[str]:
    """Return the links into the book that lead to no page of it."""
    links = set(page.eval_on_selector_all("a[href]", "all => all.map(a => a.href.split('#')[0])"))
    here = urlsplit(address).netloc
    inside = sorted(link for link in links if urlsplit(link).netloc == here)
    return [link for link in inside if not page.request.get(link).ok]


def toc_pages() -> list[str]:
    """Return the pages that the table of contents names, as paths in the built book."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())

    def files(node: object) -> Iterator[str]:
        if isinstance(node, list):
            for item in node:
                yield from files(item)
        elif isinstance(node, dict):
            named = [node[key] for key in ("root", "file") if key in node]
            yield from (str(Path(name).with_suffix(".html")) for name in named)
            for value in node.values():
                yield from files(value)

    return list(files(toc))


def look(page: str, book: str) -> list[str]:
    """Return all that is wrong with a page of the book, in this process's own browser."""
    from playwright.sync_api import TimeoutError as Late

    try:
        return problems(own_browser(), f"{book}/{page}")
    except Late:  # on a busy machine a browser may wait for ever: a new one looks once more
        chromium = own_browser().browser_type
        with chromium.launch(executable_path=program(), args=FLAGS) as fresh:
            return problems(fresh, f"{book}/{page}")


@pytest.fixture(scope="module")
def wrong(request: pytest.FixtureRequest, book: str) -> Iterator[Callable[[str], list[str]]]:
    """A function that returns what is wrong with a page; two processes look at all of them."""
    pages = ahead.cases(request, test_page_is_right, "page")
    with ahead.ahead(look, pages, book) as seen:
        yield seen


@pytest.mark.parametrize("page", [*toc_pages(), "search.html", "genindex.html"])
def test_page_is_right(wrong, page: str) -> None:
    found = wrong(page)
    assert not found, "\n".join(found)


def test_every_built_page_is_looked_at(book: str) -> None:
    built = {path.relative_to(HTML).as_posix() for path in HTML.rglob("*.html")}
    built = {page for page in built if not page.startswith(("_static/", "_sources/"))}
    assert built == {*toc_pages(), "index.html", "search.html", "genindex.html"}


def test_the_book_brings_a_python_that_has_started(book: str) -> None:
    live = HTML / "_static" / "live"
    if not (live / "pyodide").is_dir():
        pytest.skip("the book has no runtime: name its folder by COURSE_NN_PYODIDE")
    told = json.loads((live / "pyodide" / "build.json").read_text(encoding="utf-8"))
    for name, size in told["brings"]["bytes"].items():
        assert (live / "kept" / told["brings"]["folder"] / f"{name}.bin").stat().st_size == size


def test_search_finds_a_page(browser, book: str) -> None:
    page = browser.new_page()
    heard = listen(page, "127.0.0.1")
    page.goto(f"{book}/search.html?q=convolutional")
    page.wait_for_selector("ul.search li a", timeout=10_000)
    page.wait_for_load_state("networkidle")  # the search still reads pages for its excerpts
    assert "intro.html" in page.eval_on_selector_all("ul.search a", "a => a.map(e => e.href)")[0]
    assert not heard
    page.close()


# ---------------------------------------------------------------- planted mistakes

GOOD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>planted</title>'
    '<meta name="description" content="A page with one mistake in it.">'
    '<meta name="viewport" content="width=device-width">'
    '<link rel="icon" href="icon.svg"></head><body><main class="bd-article">{}</main></body></html>'
)
PLANTED = {
    "image": '<img src="gone.png">',
    "console error": "<script>console.error('planted')</script>",
    "page error": "<script>throw new Error('planted')</script>",
    "failed request": '<script src="gone.js"></script>',
    "request that leaves the host": '<script src="https://cdn.invalid/lib.js"></script>',
    "formula: \\(x": '<span class="math">\\(x\\)</span>',
    "formula: bad": '<span class="math"><mjx-container style="display:block;width:9px;height:9px">'
    "<mjx-merror>bad</mjx-merror></mjx-container></span>",
    "formula: flat": '<span class="math"><mjx-container style="display:block;height:0">flat'
    "</mjx-container></span>",
    "raw markup: $$": "<p>$$ y = x W + b</p>",
    "raw markup: | data": "<p>| data | epochs | |—|—| | MNIST | 1 |</p>",
    "raw markup: see": "<p>see {numref}`fig-one`</p>",
    "failed cell: ValueError": '<div class="output traceback">ValueError: planted</div>',
    "cell warning": '<div class="output stderr">RuntimeWarning: overflow</div>',
    "search bars": '<input type="search"><div class="search-button-field">Search</div>',
    "overflow: the page": '<div style="width: 900px">wide</div>',
    "overflow: DIV": '<div class="wide" style="width: 900px; height: 9px"></div>',
    "dead link": '<a href="gone.html">gone</a>',
} | frame.PLANTED


@pytest.mark.parametrize(("mistake", "body"), PLANTED.items(), ids=PLANTED)
def test_a_planted_mistake_is_caught(browser, site, mistake: str, body: str) -> None:
    folder, address = site
    (folder / "heavy.css").write_text("/* nothing */" * 20_000)
    (folder / "page.html").write_text(GOOD.replace("{}", body))
    found = problems(browser, f"{address}/page.html")
    assert any(problem.startswith(mistake) for problem in found), found


def test_a_good_page_has_no_problem(browser, site) -> None:
    folder, address = site
    body = f'<img src="icon.svg" alt="nothing"><code>$$</code><p>{"plain words " * 99}</p>'
    (folder / "good.html").write_text(GOOD.format(body))
    assert problems(browser, f"{address}/good.html") == []


def test_a_missing_favicon_is_caught(browser, site) -> None:
    folder, address = site
    (folder / "page.html").write_text("<!doctype html><title>bare</title>")
    found = problems(browser, f"{address}/page.html")
    assert {"favicon: none", "description: 0 letters"} <= set(found)
