"""The frame around the chapters: what it makes of a page, and what a reader can do with it."""

import re
import sys
from types import SimpleNamespace

import pytest

from . import markup
from .looking import HTML, ROOT, book, browser, listen, serve, site

__all__ = ["book", "browser", "serve", "site"]  # fixtures

pytest.importorskip("sphinx")
sys.path.insert(0, str(ROOT / "book" / "_ext"))
from frame import anchors, docstrings, drawings, heads, lines, pages, search, sheets

DRAWING = """<?xml version="1.0"?>
<svg width="360pt" height="216pt" viewBox="0 0 360 216" version="1.1">
 <metadata><dc:date>today</dc:date></metadata>
 <defs><style type="text/css">*{stroke-linejoin: round}</style></defs>
 <g id="figure_1"><path id="m1" d="M 0 0" style="stroke: #333"/>
 <use xlink:href="#m1" style="fill: #0072b2; stroke: rgb(213, 94, 0)"/>
 <g clip-path="url(#p1)"><text fill="black">1</text></g></g>
 <clipPath id="p1"/>
</svg>"""


def test_a_drawing_stands_in_its_page_in_the_pages_colours_and_under_its_own_names() -> None:
    image = '<p><img alt="two &lt; three" src="../_images/a.svg" /></p>'
    page = drawings.placed(image * 2, {"a.svg": DRAWING}.get)
    assert page.count('<svg class="nn-drawing"') == 2
    assert page.count('role="img" aria-label="two &lt; three"') == 2
    for gone in ("<metadata", "<style", "figure_1"):
        assert gone not in page
    for colour in ("ink, #333333", "blue, #0072b2", "orange, #d55e00", "ink, #000000"):
        assert page.count(f"var(--nn-{colour})") == 2, colour
    ids = re.findall(r'id="([^"]+)"', page)
    assert sorted(ids) == ["d1-m1", "d1-p1", "d2-m1", "d2-p1"]
    assert {"url(#d1-p1)", "url(#d2-p1)"} <= set(re.findall(r"url\([^)]*\)", page))
    assert 'width="480"' in page


def test_a_picture_that_is_no_drawing_stays_an_image() -> None:
    for image in ('<img alt="a" src="../_images/a.png" />', '<img src="../_images/gone.svg" />'):
        assert drawings.placed(image, {}.get) == image


def printed(code: str) -> str:
    """Code as Sphinx highlights it in a block that is printed from a file."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    html = highlight(code, PythonLexer(), HtmlFormatter())
    return f'<div class="nn-printed highlight-python notranslate">{html}</div>'


CODE = '''class A:
    """One line."""

    def f(self):
        """The first line.

        Some more, and more.
        """
        return """not a docstring
        but four
        lines of
        text"""

    def g(self):
        r"""Raw.

        Parameters
        ----------
        x : a number.
        """
'''


def text(html: str) -> str:
    """What a copy of the code holds."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for summary in soup.select("summary"):
        summary.decompose()
    return "".join(pre.get_text() for pre in soup.select("pre"))


def test_docstrings_fold_after_their_first_line_and_nothing_is_lost() -> None:
    page = docstrings.folded(printed(CODE))
    folds = re.findall(r"<details.*?</details>", page, flags=re.S)
    assert len(folds) == 2
    assert "The first line" not in folds[0]
    assert "Some more" in folds[0]
    assert "One line" not in "".join(folds)
    assert "not a docstring" not in "".join(folds)
    assert "5 more lines of the docstring" in folds[1]
    assert text(page) == CODE == text(lines.wrapped(page))


def test_only_what_is_printed_from_a_file_folds() -> None:
    page = printed(CODE).replace("nn-printed ", "")
    assert docstrings.folded(page) == page


def test_a_long_line_knows_its_indentation() -> None:
    long = "        result = " + " + ".join(["number"] * 6)
    page = lines.wrapped(printed(f"def f():\n{long}\n    return 1\n"))
    assert page.count('class="nn-line"') == 1
    assert "--i:8" in page
    assert text(page) == f"def f():\n{long}\n    return 1\n"


def test_a_sheet_keeps_the_rules_that_a_page_may_need() -> None:
    css = (
        "@charset 'x';.used,.gone{color:red}.gone:hover{content:'}'}p.used:not(.off){a:b}"
        "@media print{.gone{a:b}}@media screen{.used{a:b}}@font-face{src:url(a.woff)}h1{a:b}"
    )
    lean = sheets.lean(css, {"used"})
    assert ".gone" not in lean
    assert "print" not in lean
    for rule in (".used{color:red}", "p.used:not(.off){a:b}", "h1{a:b}", "@font-face", "screen"):
        assert rule in lean, rule


def test_a_description_ends_with_a_sentence_and_has_no_commands() -> None:
    from docutils import nodes

    section = nodes.section()
    first = nodes.paragraph("", "", nodes.Text("Who bears the blame? "))
    first += nodes.math("", r"\mathrm dW")
    section += [first, nodes.paragraph("", "A long sentence, of many words, is here. " * 9)]
    said = heads.description(section)
    assert said.startswith("Who bears the blame? dW A long")
    assert said.endswith("here.")
    assert len(said) <= heads.LONGEST


@pytest.mark.parametrize("url", ["", "https://book.invalid/nn"])
def test_a_page_says_where_it_is_only_where_that_is_known(monkeypatch, url: str) -> None:
    monkeypatch.setenv(heads.ADDRESS, url)
    config = SimpleNamespace(
        book_url="", html_title="B", project="B", html_baseurl="", ogp_site_url="",
        copyright="2026", author="A", language="en",
    )  # fmt: skip
    heads.configure(None, config)
    assert config.html_baseurl == (f"{url}/" if url else "")
    context = {"metatags": '<meta property="og:url" content="x" />', "title": "Index"}
    heads.describe(SimpleNamespace(config=config), "genindex", "", context, None)
    assert ("og:url" in context["metatags"]) == bool(url)
    assert 'content="Index: B"' in context["metatags"]


def test_a_name_before_raw_html_is_still_a_place() -> None:
    from docutils import nodes

    page = nodes.section("", raw := nodes.raw("", "<b></b>", format="html", ids=["index-0"]))
    anchors.keep(None, page, "page")
    assert [type(node) for node in page] == [nodes.target, nodes.raw]
    assert page[0]["ids"] == ["index-0"]
    assert raw["ids"] == []


def test_folds_tables_and_signatures_say_what_they_are() -> None:
    page = pages.named(
        '<summary aria-label="Toggle hidden content"><th class="head"><p></p></th><th> </th>'
        '<th>a</th><dl>\n<dd><em class="sig-param">x</em>,</dd>\n</dl><dl><dt>t</dt><dd>d</dd></dl>'
        '<span class="eqno">(1)<a class="headerlink" href="#e">#</a></span>'
    )
    assert "<summary>" in page
    assert page.count("<th") == 1
    assert page.count("<dl>") == 1
    assert '<span class="nn-arguments"><span><em' in page
    assert '<a tabindex="-1" class="headerlink"' in page


def test_a_formula_holds_the_comma_behind_it() -> None:
    formula = r'<span class="math notranslate nohighlight">\(x\)</span>'
    assert pages.named(f"<p>{formula}.</p>") == f'<p><span class="nn-held">{formula}.</span></p>'
    assert pages.named(f"<p>{formula} is</p>") == f"<p>{formula} is</p>"


def test_the_search_page_runs_its_scripts_in_order_and_names_its_fields() -> None:
    tags = '<script src="_static/searchtools.js"></script>' + 2 * '<i id="search-input">'
    page = search.mended(tags)
    assert page.startswith("<script defer")
    assert re.findall('id="([^"]+)"', page) == ["search-input", "search-field"]


# ---------------------------------------------------------------- well-formed pages


@pytest.mark.parametrize(
    ("page", "mistake"),
    [
        ("<pre><details><summary>a</summary></details></pre>", "line 1: <details> in <pre>"),
        ("<p>a<div>b</div></p>", "line 1: <div> in <p>"),
        ("<summary>a</summary>", "line 1: <summary> in <>"),
        ("<ul>\n<p>a</p></ul>", "line 2: <p> in <ul>"),
        ("<a href=x><button>b</button></a>", "line 1: <button> in <a>"),
        ("<div><b>a</div>", "line 1: <b> is not closed before </div>"),
        ("</p>", "line 1: </p> closes nothing"),
        ("<div>", "<div> is not closed"),
        ("<div/>", "line 1: <div/> stays open"),
        ("<p id=a></p><p id=a></p>", "2 elements are named a"),
        ("<p class=a class=b></p>", "line 1: <p> has two class"),
    ],
)
def test_what_is_not_well_formed_is_found(page: str, mistake: str) -> None:
    assert markup.wrong(page) == [mistake]


def test_what_is_well_formed_is_not() -> None:
    good = "<a><div><p>a<br>b <i>c</i></p></div></a><svg><path/><g><title>t</title></g></svg>"
    fold = "<details><summary><h2>a</h2></summary><pre>b</pre></details><label><input></label>"
    assert markup.wrong(f"<!doctype html><body>{good}{fold}</body>") == []
    assert markup.wrong(docstrings.folded(printed(CODE))) == []


# ---------------------------------------------------------------- the built book, in a browser

LOOK = pytest.mark.browser


def opened(browser, address: str, **options):
    """A page of the book, typeset and fitted to its width."""
    page = browser.new_page(**options)
    page.goto(address, wait_until="load")
    page.evaluate("async () => { await window.MathJax?.startup?.promise; }")
    page.wait_for_timeout(200)
    return page


SEARCHED = ["cross-entropy", "im2col", "backpropagation", "Sobel", "receptive field"]


@LOOK
@pytest.mark.parametrize("words", SEARCHED)
def test_the_search_finds_words_and_their_sections(browser, book: str, words: str) -> None:
    page = browser.new_page()
    heard = listen(page, "127.0.0.1")
    page.goto(f"{book}/search.html?q={words.replace(' ', '+')}", wait_until="domcontentloaded")
    page.wait_for_selector("ul.search a[href*='#']", timeout=60_000)  # on a busy machine
    page.wait_for_load_state("networkidle")  # the search still reads pages for its excerpts
    links = page.eval_on_selector_all("ul.search a[href*='#']", "all => all.map(a => a.href)")
    page.goto(links[0])
    anchor = links[0].partition("#")[2]
    said = page.evaluate(
        "id => { const e = document.getElementById(id);"
        " return (e.closest('section') ?? e.parentElement).textContent.toLowerCase(); }",
        anchor,
    )
    assert all(word in said for word in re.split(r"[\s-]", words.lower())), links[0]
    assert not heard
    page.close()


@LOOK
def test_a_search_for_no_word_of_the_book_finds_nothing(browser, book: str) -> None:
    page = browser.new_page()
    page.goto(f"{book}/search.html?q=xylophone")
    page.wait_for_function("() => /did not match/.test(document.body.textContent)")
    assert page.query_selector("ul.search a") is None
    page.close()


@LOOK
def test_every_page_is_well_formed(book: str) -> None:
    pages = [p for p in sorted(HTML.rglob("*.html")) if "_static" not in p.parts]
    found = [
        f"{page.relative_to(HTML)}, {mistake}"
        for page in pages
        for mistake in markup.wrong(page.read_text(encoding="utf-8"))
    ]
    assert len(pages) > 30
    assert not found, "\n".join(found[:20])


FOLDED = "layers/dense.html"


@LOOK
def test_a_docstring_unfolds_by_keyboard_and_is_copied_whole(browser, book: str) -> None:
    page = opened(browser, f"{book}/{FOLDED}")
    block = page.locator(".nn-printed .nn-code").first
    fold = block.locator("details.nn-doc").first
    assert fold.get_attribute("open") is None
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert fold.get_attribute("open") is not None
    page.keyboard.press("Enter")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".nn-printed .highlight:has(details.nn-doc) .copybtn").first.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    compile(copied, "copied", "exec")
    assert "more lines of the docstring" not in copied
    assert copied.count('"""') % 2 == 0
    page.close()


@LOOK
def test_a_page_is_whole_without_scripts(browser, book: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{book}/{FOLDED}")
    assert page.locator("svg.nn-drawing, .cell_output img").first.is_visible()
    page.locator("details.nn-doc > summary").first.click()
    assert page.locator("details.nn-doc").first.get_attribute("open") is not None
    page.locator("details.hide > summary").first.click()
    assert page.locator("details.hide .highlight").first.is_visible()
    context.close()


@LOOK
def test_paper_is_white_and_open_also_in_dark_mode(browser, book: str) -> None:
    page = opened(browser, f"{book}/{FOLDED}", color_scheme="dark")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.emulate_media(media="print")
    colour = page.evaluate("getComputedStyle(document.querySelector('.bd-article h1')).color")
    assert max(map(int, re.findall(r"\d+", colour)[:3])) < 60, colour
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    for gone in (".bd-sidebar-primary", ".bd-header-article", ".prev-next-footer"):
        assert not page.locator(gone).first.is_visible(), gone
    assert page.locator("details.sd-dropdown .sd-card-body").first.is_visible()
    page.close()


@LOOK
def test_figures_follow_the_mode(browser, book: str) -> None:
    named = next(
        page.relative_to(HTML).as_posix()
        for page in sorted(HTML.rglob("*.html"))
        if "nn-drawing" in page.read_text(encoding="utf-8")
    )
    page = opened(browser, f"{book}/{named}")
    ink = "getComputedStyle(document.querySelector('svg.nn-drawing')).fill"
    light = page.evaluate(ink)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert light != page.evaluate(ink)
    page.close()
