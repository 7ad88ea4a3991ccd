"""Lines of code: one too long for a phone wraps there, and goes on under its own beginning."""

import re

LONGEST = 40  # columns that fit a phone
CODE = re.compile(
    r'<div class="(?:[^"]* )?highlight-'
    r'(?:ipython3|python3?|default|bash|console|yaml|toml|text|none)[^"]*">'
    r'<div class="highlight">.*?</div>',
    re.S,
)
PRE = re.compile(r"(<pre[^>]*>)(.*?)(</pre>)", re.S)


def wrapped(body: str) -> str:
    """A page in whose code each long line is an element that knows its indentation."""
    return CODE.sub(lambda code: PRE.sub(in_block, code[0]), body)


def in_block(block: re.Match[str]) -> str:
    """A block of code with its long lines marked."""
    return block[1] + wrap(block[2]) + block[3]


def wrap(code: str) -> str:
    """Highlighted code with its long lines marked, each with its own end."""
    lines = code.split("\n")
    ends = ["\n"] * (len(lines) - 1) + [""]
    return "".join(map(marked, lines, ends))


def marked(html: str, end: str) -> str:
    """A line, marked if it is long and opens nothing that goes on after it."""
    before, rest = lead(html)
    text = re.sub(r"&\w+;|&#\d+;", "x", re.sub(r"<[^>]+>", "", rest))
    if len(text) <= LONGEST or rest.count("<span") != rest.count("</span"):
        return html + end
    spaces = len(text) - len(text.lstrip())
    return f'{before}<span class="nn-line" style="--i:{spaces}">{rest}{end}</span>'


def lead(html: str) -> tuple[str, str]:
    """The mark at the start of a block, and what follows it."""
    start = "<span></span>"
    return (start, html.removeprefix(start)) if html.startswith(start) else ("", html)
