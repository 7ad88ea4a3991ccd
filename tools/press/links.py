"""The links of the built pages: each one into the book leads to a page and a place that exist."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urldefrag

HREF = re.compile(r'<a\s[^>]*?href="([^"]*)"')
ANCHOR = re.compile(r'\s(?:id|name)="([^"]+)"')


def pages(html: Path) -> dict[Path, str]:
    """Every page of the built book, less what the theme brings."""
    found = (path for path in sorted(html.rglob("*.html")) if "_static" not in path.parts)
    return {path: path.read_text(encoding="utf-8") for path in found}


def check(html: Path) -> tuple[list[str], list[str]]:
    """What leads nowhere, as "page: link", and the addresses outside of the book."""
    texts = pages(html)
    anchors = {page: {unescape(name) for name in ANCHOR.findall(t)} for page, t in texts.items()}
    broken, outside = [], set()
    for page, text in texts.items():
        for link in sorted({unescape(found) for found in HREF.findall(text)}):
            if re.match(r"[a-z]+:|//", link):
                outside.add(link)
                continue
            path, anchor = urldefrag(link)
            target = (page.parent / unquote(path)).resolve() if path else page
            if target.is_dir():
                target /= "index.html"
            lost = anchor and target in anchors and unquote(anchor) not in anchors[target]
            if not target.exists() or lost:
                broken.append(f"{page.relative_to(html)}: {link}")
    return broken, sorted(outside)
