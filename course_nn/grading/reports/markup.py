"""HTML that holds whatever a student wrote: all that is filled in is escaped, and made visible.

A page is one file without a script: its policy allows its own style sheet and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup, escape

LONGEST = 4000  # characters of one text that are shown
JOINERS = "\u200c\u200d"  # which names and signs of some scripts need
NONE = Markup("")


def plain(text: str, longest: int = LONGEST) -> str:
    r"""A text without what a reader cannot see: controls, lone surrogates, turned directions.

    >>> plain("a\x00b\u202ec\ud800"), plain("two\r\nlines")
    ('a�b�c�', 'two\nlines')
    """
    if len(text) > longest:
        text = f"{text[:longest]} … ({len(text) - longest} more characters)"
    if text.replace("\n", "").isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c if c.isprintable() or c in JOINERS or _spacing(c) else "�" for c in text)


def _spacing(character: str) -> bool:
    return character in "\n\t" or unicodedata.category(character) == "Zs"


def fill(template: str, *values: Any, **named: Any) -> Markup:
    """Put values into a template of HTML; all that is not HTML itself is made plain and escaped.

    >>> fill("<b>{}</b>{more}", "<i>", more=fill("<br>"))
    Markup('<b>&lt;i&gt;</b><br>')
    """
    safe = {key: _safe(value) for key, value in named.items()}
    return Markup(template.format(*map(_safe, values), **safe))


def _safe(value: Any) -> Markup:
    """A value as HTML: escaped, unless it is HTML already."""
    if isinstance(value, str) and not isinstance(value, Markup):
        value = plain(value)
    return escape(value)


def joined(parts: Iterable[Markup]) -> Markup:
    """Pieces of HTML, one after the other."""
    return NONE.join(parts)


def listed(items: Iterable[Any], template: str = "<li>{}</li>") -> Markup:
    """Each item in its own element; nothing where there is none."""
    return joined(fill(template, item) for item in items)


@cache
def _sheet() -> tuple[str, str]:
    """The style sheet, and the policy that allows it alone."""
    text = (files(__package__) / "report.css").read_text(encoding="utf-8")
    mark = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    policy = "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"
    return text, policy.format(mark)


PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{sheet}</style>
</head>
<body{wide}>
{body}
</body>
</html>
"""


def page(title: str, body: Markup, wide: bool = False) -> str:
    """A whole page; `wide` gives tables the width of the window."""
    sheet, policy = _sheet()
    shape = Markup(' class="wide"') if wide else NONE
    return str(
        fill(PAGE, title=title, body=body, sheet=Markup(sheet), policy=Markup(policy), wide=shape)
    )
