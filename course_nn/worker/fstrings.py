"""f-strings of newer notebooks, written so that Python before 3.12 reads them too.

Since Python 3.12 a field may hold the quotes of its own string, and backslashes. Here such a string
gets three quotes, and a text with a backslash is spelled by `chr`.
"""

import ast
import re
from collections.abc import Iterator

# What a text is skipped to: a comment, a string, the beginning of an f-string.
NEXT = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<begin>(?<!\w)(?:[rR]?[fF]|[fF][rR])(?P<quote>\"{3}|'{3}|\"|'))
    |(?:(?<!\w)[rRbBuU]{1,2})?(?:\"{3}(?:[^\\\"]|\\.|\"(?!\"\"))*+(?:\"{3})?
        |'{3}(?:[^\\']|\\.|'(?!''))*+(?:'{3})?
        |\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?)""",  # not closed, it ends with its line
    re.VERBOSE | re.DOTALL,
)
PLAIN = re.compile(r"[^\\{}\"'\n]++")  # of an f-string, what neither ends nor begins anything
QUIET = re.compile(r"\w++|[^\w\"'#(){}\[\]]++")  # the same of a field
SPELLED = re.compile(r"[^\\\"'\x00-\x1f\x7f-\U0010ffff]+|.", re.DOTALL)  # in one, or by its number
OPENS, CLOSES = ("(", "[", "{"), (")", "]", "}")
DEEPEST = 2  # f-strings within one another


class Unreadable(Exception):
    """A string that does not end, or that is too deep."""


def older(text: str) -> str:
    """A text of Python in which every field could be read before 3.12 too.

    >>> print(older('f"{", ".join(names)} and {loss["train"]:.3f}"'))
    f\"\"\"{", ".join(names)} and {loss["train"]:.3f}\"\"\"
    """
    try:
        return "".join(_pieces(text))
    except Unreadable:
        return text


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces, f-strings rewritten where they have to be."""
    at = 0
    while found := NEXT.search(text, at):
        yield text[at : found.start()]
        if found["begin"]:
            piece, at = _string(text, found, 0)
            yield piece
        else:
            yield found.group()
            at = found.end()
    yield text[at:]


def _string(text: str, begin: re.Match, depth: int) -> tuple[str, int]:
    """An f-string, with other quotes where it has to have them, and where it ends."""
    quote, at, parts, fields = begin["quote"], begin.end(), list[str](), ""
    if depth > DEEPEST:
        raise Unreadable
    while not text.startswith(quote, at):
        if text.startswith(("{{", "}}", "\\"), at):
            part, at = text[at : at + 2], at + 2
        elif text.startswith("{", at):
            part, at = _field(text, at, depth)
            fields += part
        elif found := PLAIN.match(text, at):
            part, at = found.group(), found.end()
        elif at >= len(text) or (text[at] == "\n" and len(quote) == 1):
            raise Unreadable
        else:
            part, at = text[at], at + 1
        parts.append(part)
    body = "".join(parts)
    new = _wide(body) if len(quote) == 1 and (quote in fields or "\n" in fields) else quote
    return begin.group().removesuffix(quote) + new + body + new, at + len(quote)


def _wide(body: str) -> str:
    """Three quotes that do not stand in a text."""
    for quotes in ('"""', "'''"):
        if quotes not in body and not body.endswith(quotes[0]):
            return quotes
    raise Unreadable


def _field(text: str, at: int, depth: int) -> tuple[str, int]:
    """A field with its braces, without a backslash, and where it ends."""
    parts, opened = list[str](), 0
    while True:
        found = NEXT.match(text, at)
        if at >= len(text) or (found and found["comment"]):
            raise Unreadable
        if found and found["begin"]:
            part, at = _string(text, found, depth + 1)
        elif found:
            part, at = _spelled(found.group()), found.end()
        else:
            found = QUIET.match(text, at)
            part = found.group() if found else text[at]
            at += len(part)
        parts.append(part)
        opened += (part in OPENS) - (part in CLOSES)
        if opened == 0:
            return "".join(parts), at


def _spelled(literal: str) -> str:
    """A text in quotes as an expression without a backslash.

    >>> _spelled("'a\\\\n'")
    "('a'+chr(10))"
    """
    if "\\" not in literal:
        return literal
    try:
        value = ast.literal_eval(literal)
    except (SyntaxError, ValueError):
        raise Unreadable from None
    if not isinstance(value, str):
        raise Unreadable
    runs = SPELLED.findall(value)
    parts = [repr(run) if len(run) > 1 or run.isalnum() else f"chr({ord(run)})" for run in runs]
    return f"({'+'.join(parts) or repr('')})"
