"""A page's policy lets through what the page was built with, and nothing else."""

import re
import sys
from html import escape
from pathlib import Path
from types import SimpleNamespace

import pytest

from course_nn.page import TURN

from .looking import ROOT, browser, serve, site

__all__ = ["browser", "serve", "site"]  # fixtures

pytest.importorskip("sphinx")
sys.path.insert(0, str(ROOT / "book" / "_ext"))
from frame import policy

GOOD = f"""<!DOCTYPE html>
<html lang="en"><head>
<meta charset="utf-8" />
<title>a page</title>
<script>window.first = 1;</script>
<script src="own.js"></script>
<script type="application/json">{{"first": 3}}</script>
<link rel="icon" href="icon.svg">
</head><body><main style="color: red"><button onclick="window.first = 2 &amp;&amp; 5">b</button>
<div class="nn-moving"><i class="nn-frame">1</i><i class="nn-frame" hidden>2</i>
<input type="range" max="1" value="0" oninput="{escape(TURN)}">
<output><span>1</span><span>2</span></output></div></main></body></html>
"""
HANDLERS = ["window.first = 2 && 5", TURN]
# What a page does, and the rule that forbids it. The host has no name that can be found.
HOST = "https://elsewhere.invalid"
PLANTED = [
    ("script-src-elem", f"make('script', {{src: '{HOST}/a.js'}})"),
    ("script-src-elem", "make('script', {textContent: 'window.first = 9'})"),
    ("script-src-attr", "make('b', {}, {onclick: 'window.first = 9'}).click()"),
    ("script-src", "try { eval('window.first = 9') } catch {}"),
    ("connect-src", f"fetch('{HOST}/told').catch(() => 0)"),
    ("img-src", f"make('img', {{src: '{HOST}/a.png'}})"),
    ("object-src", "make('object', {data: 'icon.svg'})"),
    ("base-uri", f"make('base', {{href: '{HOST}/'}})"),
    ("form-action", f"make('form', {{action: '{HOST}/'}}).submit()"),
    ("frame-src", f"make('iframe', {{src: '{HOST}/'}})"),
]
LISTEN = """window.broken = [];
addEventListener("securitypolicyviolation", e => broken.push(e.effectiveDirective));"""
# A timer, for what the driver itself calls is allowed to compile text.
ACT = """async () => {
  const make = (kind, told, said = {}) => {
    const made = Object.assign(document.createElement(kind), told);
    for (const name in said) made.setAttribute(name, said[name]);
    document.body.append(made);
    return made;
  };
  await new Promise(done => {
    addEventListener("securitypolicyviolation", done);
    setTimeout(() => { %s; }, 0);
    setTimeout(done, 5000);
  });
  return broken;
}"""


def test_every_script_of_a_page_is_named_and_no_data_is() -> None:
    page = policy.guarded(GOOD, HANDLERS)
    told = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.name("window.first = 1;") in told
    assert policy.name("window.first = 2 && 5") in told
    assert policy.name(TURN) in told
    assert told.count("sha256-") == 3
    for rule in (
        "default-src 'self'",
        "object-src 'none'",
        "connect-src 'self'",
        "base-uri 'none'",
    ):
        assert rule in told
    assert "http" not in told
    assert page.index(told) < page.index("<title>")


def test_a_page_that_is_written_again_has_one_policy() -> None:
    page = policy.guarded(GOOD, HANDLERS)
    assert policy.guarded(page, HANDLERS) == page
    changed = policy.guarded(page.replace("first = 1", "first = 8"), HANDLERS)
    assert changed.count("Content-Security-Policy") == 1
    assert policy.name("window.first = 8;") in changed


def test_every_page_has_one_but_what_comes_with_its_own(tmp_path: Path) -> None:
    (tmp_path / "_static" / "lab").mkdir(parents=True)
    for name in ("index.html", "a.html", "_static/lab/open.html"):
        (tmp_path / name).write_text(f"<meta charset='utf-8'><p onclick=\"'{name}' &amp;&amp; 1\">")
    app = SimpleNamespace(outdir=str(tmp_path), builder=SimpleNamespace(format="html"))
    policy.guard(app, None)
    has = [p.name for p in tmp_path.rglob("*.html") if "Security-Policy" in p.read_text()]
    assert sorted(has) == ["a.html", "index.html"]
    for handler in ("'index.html' && 1", "'a.html' && 1", TURN):  # the search reads every page
        assert policy.name(handler) in (tmp_path / "a.html").read_text()


@pytest.fixture
def page(browser, site):
    """A page with its policy, and what it forbade."""
    folder, address = site
    (folder / "own.js").write_text("window.own = 1;")
    (folder / "guarded.html").write_text(policy.guarded(GOOD, HANDLERS), encoding="utf-8")
    page = browser.new_page(bypass_csp=False)
    page.add_init_script(LISTEN)
    page.goto(f"{address}/guarded.html")
    yield page
    page.close()


@pytest.mark.browser
def test_what_belongs_to_a_page_runs(page) -> None:
    assert page.evaluate("[first, own]") == [1, 1]
    page.get_by_role("button").click()
    assert page.evaluate("first") == 5
    page.get_by_role("slider").fill("1")
    assert page.locator(".nn-frame:visible").inner_text() == "2"
    # The same figure, shown by a cell that runs.
    page.evaluate("const box = document.querySelector('.nn-moving'); box.outerHTML = box.outerHTML")
    page.get_by_role("slider").fill("0")
    assert page.locator(".nn-frame:visible").inner_text() == "1"
    assert page.evaluate("broken") == []


@pytest.mark.browser
@pytest.mark.parametrize(("rule", "act"), PLANTED)
def test_what_does_not_is_forbidden(page, rule: str, act: str) -> None:
    assert rule in page.evaluate(ACT % act)
    assert page.evaluate("first") == 1
