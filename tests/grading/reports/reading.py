"""Pages read by a parser of HTML, and records in which every text is hostile."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "input", "br", "rect", "line"}
TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "footer", "nav", "section",
    "h1", "h2", "h3", "p", "a", "ul", "li", "div", "span", "strong", "code", "pre", "table",
    "thead", "tbody", "tfoot", "tr", "th", "td", "svg", "rect", "line", "text", "figure",
    "figcaption", "details", "summary", "mark", "input", "label", "br",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "scope", "colspan",
    "tabindex", "role", "aria-label", "aria-labelledby", "aria-hidden", "width", "height",
    "viewbox", "x", "y", "x1", "x2", "y1", "y2", "rx", "text-anchor", "type", "checked", "for",
    "open",
}  # fmt: skip
EVIL = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)",
    "</title></style></pre></main><script>alert(1)</script>", "<!--", "]]>", "{} {0} {name}", "%s",
    "&lt;b&gt;", "\x00\x1b[31m\x07", "\u202egnp.exe", "\ud800", "javascript:alert(1)",
    "<svg onload=alert(1)>", "a\r\nSet-Cookie: b", "x" * 9000,
)  # fmt: skip


class Page(HTMLParser):
    """A page: its elements, its text, and what in it is not as it must be."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        page.encode("utf-8")
        self.feed(page)
        self.close()
        self.faults += [f"<{tag}> is left open" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.elements.append((tag, named))
        if tag not in TAGS:
            self.faults.append(f"an element <{tag}>")
        self.faults += [f"{tag} has {name}" for name in named if name not in ATTRIBUTES]
        href = named.get("href") or ""
        if href and not href.startswith(("#", "feedback/", "https://book.example/", "similarity.")):
            self.faults.append(f"a link to {href}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.faults.append("a comment")

    @property
    def text(self) -> str:
        """All that a reader reads."""
        return " ".join(" ".join(self.words).split())

    def ids(self) -> list[str]:
        """The names of all elements that have one."""
        return [name for _, named in self.elements if (name := named.get("id"))]


def poisoned(value: Any, evil: str) -> Any:
    """The same with every text in it replaced, at any depth."""
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{f.name: poisoned(getattr(value, f.name), evil) for f in fields(value)}
        )
    if isinstance(value, str):
        return evil
    if isinstance(value, tuple | list):
        return type(value)(poisoned(one, evil) for one in value)
    if isinstance(value, dict):
        return {evil: poisoned(next(iter(value.values())), evil)} if value else {}
    return value
