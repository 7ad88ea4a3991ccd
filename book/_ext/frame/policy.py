"""Policy: what a page may load and run, said to the browser in each page's head.

Nothing comes from another host, and of the scripts that stand in a page those alone run that stood
there when the book was built, each known by its hash. Styles in the page stay allowed: formulas,
drawings and the editor of cells bring their own, which no hash can name. A page cannot say who may
show it in a frame: a server can.
"""

import base64
import hashlib
import re
from html import unescape
from pathlib import Path

from sphinx.application import Sphinx

from course_nn import page

INLINE = re.compile(r"<script(?![^>]*\ssrc=)([^>]*)>(.*?)</script>", re.S)
DATA = re.compile(r'type="(?!module|text/javascript)')  # a block of data is no program
HANDLER = re.compile(r'<[a-z][^<>]*?\son[a-z]+="([^"]*)"')
TOLD = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>\n?')
FIRST = re.compile(r"<meta charset=[^>]*>\n?")
# What may run and where a form may lead differ between a page and Jupyter's own.
RULES = (
    "default-src 'self'",
    "script-src 'self' {scripts}",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action {forms}",
)
PYTHON = "'wasm-unsafe-eval' 'unsafe-hashes'"  # compiled in the page; handlers go by hash too


def guard(app: Sphinx, problem: Exception | None) -> None:
    """Write its policy into every page."""
    if problem is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    pages = [p for p in out.rglob("*.html") if "_static" not in p.relative_to(out).parts]
    texts = {path: path.read_text(encoding="utf-8") for path in pages}
    # A page may show what another was built with: the search reads all of them, and a figure that
    # a cell draws anew is moved as any other.
    shared = {page.TURN, *(unescape(c) for text in texts.values() for c in HANDLER.findall(text))}
    for path, text in texts.items():
        after = guarded(text, sorted(shared))
        if after != text:
            path.write_text(after, encoding="utf-8")


def guarded(text: str, handlers: list[str]) -> str:
    """A page with its policy, before anything that the policy is about."""
    text = TOLD.sub("", text)
    inside = [code for kind, code in INLINE.findall(text) if not DATA.search(kind)]
    hashes = "".join(f" '{name(code)}'" for code in dict.fromkeys(inside + handlers))
    meta = f"{told(PYTHON + hashes)}\n"
    first = FIRST.search(text)
    place = first.end() if first else 0
    return text[:place] + meta + text[place:]


def told(scripts: str, forms: str = "'self'") -> str:
    """The element of a page's head that tells its policy."""
    rules = "; ".join(RULES).format(scripts=scripts, forms=forms)
    return f'<meta http-equiv="Content-Security-Policy" content="{rules}">'


def name(code: str) -> str:
    """By which name a policy allows a script.

    >>> name("alert(1)")
    'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='
    """
    return f"sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}"


def connect(app: Sphinx) -> None:
    """Take part in Sphinx's build, when every page is what it will be."""
    app.connect("build-finished", guard, priority=980)
