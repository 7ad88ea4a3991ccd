"""Whether HTML is well formed: every element closed, each in a parent that may hold it, ids unique.

A browser mends what is wrong in silence, and each in its way; so this reads the file, not the page.
"""

from collections import Counter
from html.parser import HTMLParser


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


VOID = names("area base br col embed hr img input link meta source track wbr")
BLOCK = names(
    "address article aside blockquote details dialog dd div dl dt fieldset figcaption figure footer"
    " form h1 h2 h3 h4 h5 h6 header hgroup hr li main nav ol p pre search section summary table"
    " tbody td tfoot th thead tr ul"
)
# What holds words and what stands among words, and no block.
WORDS = names(
    "a abbr b bdi bdo button cite code data del dfn em h1 h2 h3 h4 h5 h6 i ins kbd label legend"
    " mark meter output p pre progress q s samp small span strong sub sup summary time u var"
)
# A link, an insertion and a deletion hold what their parent may hold; a summary may hold a heading.
CLEAR = {"a", "ins", "del"}
HEADINGS = {f"h{level}" for level in range(1, 7)}
INTERACTIVE = names("a button details embed iframe input label select textarea")
PARENTS = {
    "li": {"ol", "ul", "menu"},
    "dt": {"dl", "div"},
    "dd": {"dl", "div"},
    "tr": {"table", "thead", "tbody", "tfoot"},
    "td": {"tr"},
    "th": {"tr"},
    "thead": {"table"},
    "tbody": {"table"},
    "summary": {"details"},
    "figcaption": {"figure"},
    "title": {"head", "svg", "g", "path"},
}
CHILDREN = {
    "ul": {"li", "script", "template"},
    "ol": {"li", "script", "template"},
    "dl": {"dt", "dd", "div", "script", "template"},
    "tr": {"td", "th", "script", "template"},
    "table": {"caption", "colgroup", "thead", "tbody", "tfoot", "tr", "script", "template"},
}


class Reader(HTMLParser):
    """Reads a page and notes what is wrong with it."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: Counter[str] = Counter()
        self.wrong: list[str] = []

    def note(self, what: str) -> None:
        """Note what is wrong, and the line."""
        self.wrong.append(f"line {self.getpos()[0]}: {what}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        names = Counter(name for name, _ in attrs)
        for name in (name for name, times in names.items() if times > 1):
            self.note(f"<{tag}> has two {name}")
        name = dict(attrs).get("id")
        if name is not None:
            self.ids[name] += 1
        if "svg" not in self.open and "math" not in self.open:
            self.place(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content; outside of drawings the stroke means nothing."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            if not {"svg", "math"} & set(self.open):
                self.note(f"<{tag}/> stays open")
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        if self.open and self.open[-1] == tag:
            self.open.pop()
        elif tag in self.open:
            while self.open[-1] != tag:
                self.note(f"<{self.open.pop()}> is not closed before </{tag}>")
            self.open.pop()
        else:
            self.note(f"</{tag}> closes nothing")

    def place(self, tag: str) -> None:
        """Whether an element may stand where it stands."""
        parent = self.open[-1] if self.open else ""
        lost = tag in PARENTS and parent not in PARENTS[tag]
        if lost or tag not in CHILDREN.get(parent, {tag}):
            self.note(f"<{tag}> in <{parent}>")
        around = next((t for t in reversed(self.open) if t not in CLEAR), "")
        titled = around == "summary" and tag in HEADINGS
        if tag in BLOCK and around in WORDS and not titled:
            self.note(f"<{tag}> in <{around}>")
        if tag in INTERACTIVE:
            held = next((t for t in ("a", "button", "label") if t in self.open), None)
            if held and not (held == "label" and tag not in {"label", "a"}):
                self.note(f"<{tag}> in <{held}>")

    def close(self) -> None:
        """The page ends."""
        super().close()
        self.wrong += [f"<{tag}> is not closed" for tag in self.open]
        self.wrong += [f"{n} elements are named {name}" for name, n in self.ids.items() if n > 1]


def wrong(html: str) -> list[str]:
    """What is wrong with a page, each with its line.

    >>> wrong("<p><pre>a</pre></p>")
    ['line 1: <pre> in <p>']
    """
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader.wrong
