"""Lines of code: one too long for a phone wraps there, and goes on under its own beginning."""

import re

LONGEST = 40  # columns that fit a phone
PRE = re.compile(
    r'(<div class="(?:[^"]* )?highlight-'
    r'(?:ipython3|python3?|default|bash|console|yaml|toml|text|none)[^"]*">'
    r'<div class="highlight"><pre[^>]*>)(.*?)(</pre>)',
    re.S,
)


def wrapped(body: str) -> str:
    """A page in whose code each long line is an element that knows its indentation."""
    return PRE.sub(lambda block: block[1] + wrap(block[2]) + block[3], body)


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
    """What opens or closes around a line: a fold's tags and the mark at the start of a block."""
    match = re.match(r"(?:<span></span>|</?details[^>]*>|<summary.*?</summary>)*", html)
    end = match.end() if match else 0
    return html[:end], html[end:]
