"""Docstrings: in a function that is printed from the package, all but the first line folds away."""

import re

from docutils import nodes
from sphinx.application import Sphinx

PRINTED = "nn-printed"
SHORTEST = 3  # lines that are worth a fold
BLOCK = re.compile(rf'(<div class="[^"]*\b{PRINTED}\b[^"]*">.*?)<pre>(.*?)</pre>', re.S)
START, END = "<pre><span></span>", "</pre>"  # the first line of a <pre> may so be an empty one
DOC = re.compile(
    r'^\s*(?:<span class="w">\s*</span>)?\s*(?:<span class="sa">\w+</span>)?<span class="sd">'
)


def mark(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Mark the blocks that come from a file, so that they are found in the page."""
    for block in doctree.findall(nodes.literal_block):
        if "source" in block and PRINTED not in block["classes"]:
            block["classes"].append(PRINTED)


def folded(body: str) -> str:
    """A page whose printed functions show the first line of each docstring, and more on demand."""
    return BLOCK.sub(lambda block: block[1] + blocks(fold(block[2])), body)


def blocks(code: str) -> str:
    """Code as one block, or, since none can hold a fold, as several with the folds between them."""
    code = f"<pre>{code}{END}"
    return f'<div class="nn-code">{code}</div>' if "<details" in code else code


def fold(code: str) -> str:
    """Highlighted code in which the rest of each docstring stands in a `<details>`."""
    lines = code.split("\n")
    kept: list[str] = []
    k = 0
    while k < len(lines):
        end = k
        while end < len(lines) and DOC.match(lines[end]):
            end += 1
            # An empty line of a docstring may hold nothing at all.
            while end < len(lines) and not strip(lines[end]) and DOC.match(next_of(lines, end)):
                end += 1
            if closes(lines[end - 1], first=end - 1 == k):
                break
        rest = lines[k + 1 : end]
        if len(rest) >= SHORTEST:
            kept.append(lines[k])
            after = lines[end] if end < len(lines) else ""
            kept.append(END + hidden(rest, indent(lines[k])) + START + after)
            k = end + 1
        else:
            kept.append(lines[k])
            k += 1
    return "\n".join(kept)


def next_of(lines: list[str], k: int) -> str:
    """The next line that holds something."""
    return next((line for line in lines[k:] if strip(line)), "")


def closes(line: str, first: bool) -> bool:
    """Whether a docstring ends with this line."""
    text = strip(line)
    return bool(re.search(r'("""|\'\'\')$', text)) and (not first or len(text) >= 6)


def strip(line: str) -> str:
    """A line's text without its markup and the spaces around it."""
    return re.sub(r"<[^>]+>", "", line).replace("&quot;", '"').replace("&#39;", "'").strip()


def indent(line: str) -> int:
    """The number of spaces before a line's text."""
    text = re.sub(r"<[^>]+>", "", line)
    return len(text) - len(text.lstrip())


def hidden(lines: list[str], spaces: int) -> str:
    """Lines in a fold that says how many they are."""
    said = f"{len(lines)} more lines of the docstring"
    return (
        f'<details class="nn-doc"><summary style="--i:{spaces}"><span>{said}</span></summary>'
        + START
        + "\n".join(lines)
        + f"\n{END}</details>"
    )


def connect(app: Sphinx) -> None:
    """Take part in Sphinx's build."""
    app.connect("doctree-resolved", mark)
