"""A notebook's file as its cells, whoever wrote it: right, or in one sentence what it is instead.

Outputs and pasted images are cut away before anything is parsed, so that 50 MB of them cost little.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .collect import Unreadable

MAX_BYTES = 128 << 20  # of the file
MAX_TEXT = 32 << 20  # of what is left without its outputs
MAX_CELLS = 5000
MAX_PIECES = 4_000_000  # strings, lists and objects of the outputs; what is left may have fewer
MAX_MERGES = 5000  # lines that Git put in where it could not merge
# None of these begins again within what it has read: else a file of some kB would take hours.
HEAVY = re.compile(rb'"(?:outputs|attachments)"\s*+:\s*+([\[{])')
PIECE = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.S)  # every quote begins one
MERGE = re.compile(rb"^(?:<{7} |>{7} |\|{7}|={7})[^\n]*+\n?", re.M)
PYTHON = ("", "python", "python3", "ipython", "ipython3", "xpython", "pyodide")
SIGNS = (  # what a file begins with that is none
    (b"PK\x03\x04", "a zip archive or an Office document"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a packed archive"),
    (b"7z\xbc\xaf", "a packed archive"),
    (b"Rar!", "a packed archive"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"{\\rtf", "a text document"),
    (b"bplist", "a shortcut to a file in a cloud"),
    (b"version https://git-lfs", "a pointer of Git LFS to the file, which was not fetched"),
    (b"<", "a web page (an export as HTML, or a page that asked to log in)"),
)
SCRIPT = re.compile(r"^(import \w|from [\w.]+ import |def \w+\(|# %%|# In\[)", re.M)
AGAIN = "hand in the .ipynb file itself"


@dataclass(frozen=True)
class Cell:
    """One cell: "code", "markdown" or "raw", its text, and all that it is identified by."""

    kind: str
    text: str
    ids: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Book:
    """The cells of a notebook, the version of Python that it was written with, what was odd."""

    cells: tuple[Cell, ...]
    python: str = ""
    said: tuple[str, ...] = ()


def read(data: bytes) -> Book:
    """The cells of a notebook's file.

    Raises
    ------
    Unreadable : where it is none; the message says what it is.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable(f"it is larger than {MAX_BYTES >> 20} MiB")
    data, chosen = _ours(_utf8(data))
    text, said = _as_text(_lean(data))
    content = _parsed(text, said)
    cells = _cells_of(content)
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"it has {len(cells)} cells; at most {MAX_CELLS} are read")
    metadata = _dict(content.get("metadata"))
    language = _dict(metadata.get("language_info")).get("version")
    said += chosen + _other_language(metadata)
    made = tuple(_cell(cell) for cell in cells if isinstance(cell, dict))
    return Book(made, language if isinstance(language, str) else "", tuple(said))


def _utf8(data: bytes) -> bytes:
    """The text as UTF-8 without a mark in front, should it be written in a wider encoding."""
    if not data.strip(b" \t\r\n\0"):
        raise Unreadable("it is empty")
    for sign, what in SIGNS:
        if data[:1000].lstrip().startswith(sign):
            raise Unreadable(f"it is {what}, not a notebook: {AGAIN}")
    encoding = json.detect_encoding(data)
    if encoding == "utf-8":
        return data
    try:
        return data.decode(encoding).encode()
    except UnicodeError as error:
        raise Unreadable(f"it is no text, as a notebook is: {AGAIN}") from error


def _as_text(data: bytes) -> tuple[str, list[str]]:
    """The text, as UTF-8 or as Windows wrote it before."""
    try:
        return data.decode(), []
    except UnicodeError as error:
        text = data.decode("cp1252", "replace")
        if not text.lstrip().startswith("{"):
            raise Unreadable(f"it is no text, as a notebook is: {AGAIN}") from error
    return text, ["the file is not UTF-8, as notebooks are: it was read as Windows-1252"]


# -- JSON ------------------------------------------------------------------------------------------


def _ours(data: bytes) -> tuple[bytes, list[str]]:
    """Where the file holds an unresolved merge of Git, the side of who merged."""
    if b"\n<<<<<<< " not in data or not re.search(rb"^>>>>>>> ", data, re.M):
        return data, []
    side, kept, at = "", [], 0
    for count, mark in enumerate(MERGE.finditer(data)):
        if count >= MAX_MERGES:
            raise Unreadable("it holds thousands of unresolved merges of Git: resolve them")
        sign = data[mark.start() : mark.start() + 1]
        if not side and sign != b"<":
            continue
        if side != "theirs":
            kept.append(data[at : mark.start()])
        at, side = mark.end(), {b"<": "ours", b">": ""}.get(sign, "theirs")
    kept.append(data[at:] if side != "theirs" else b"")
    said = "the file holds an unresolved merge of Git: its first side (<<<<<<<) counts"
    return b"".join(kept), [said]


def _lean(data: bytes) -> bytes:
    """The notebook without its outputs and pasted images."""
    parts, at, left = [], 0, [MAX_PIECES]
    while match := HEAVY.search(data, at):
        start = match.start(1)
        parts += [data[at:start], b"[]" if data[start : start + 1] == b"[" else b"{}"]
        at = _end(data, start, left)
    text = b"".join([*parts, data[at:]])
    if len(text) > MAX_TEXT:
        raise Unreadable(f"it holds more than {MAX_TEXT >> 20} MiB beside its outputs")
    if sum(map(text.count, (b"[", b"{", b","))) > MAX_PIECES:
        raise Unreadable("it holds millions of pieces beside its outputs, as no notebook does")
    return text


def _end(data: bytes, start: int, left: list[int]) -> int:
    """Where the list or object that begins here ends; `left` counts down what may be looked at."""
    depth = 0
    for match in PIECE.finditer(data, start):
        left[0] -= 1
        if left[0] < 0:
            raise Unreadable(
                "its outputs hold millions of pieces: clear all outputs, save, and hand in again"
            )
        piece = data[match.start()]
        depth += (piece in b"[{") - (piece in b"]}")
        if not depth:
            return match.end()
    return len(data)


def _parsed(text: str, said: list[str]) -> dict[str, Any]:
    try:
        content = _first(text, said)
        if isinstance(content, str):  # the text of a notebook, packed once more
            content = _first(content, said)
    except RecursionError as error:
        raise Unreadable("it is nested deeper than any notebook: not valid JSON") from error
    except ValueError as error:
        raise Unreadable(_no_json(text, error)) from error
    if not isinstance(content, dict):
        raise Unreadable(f"it is JSON but no notebook: it has no list of cells; {AGAIN}")
    inner = content.get("content", content.get("notebook"))  # as Jupyter's server sends it
    return inner if isinstance(inner, dict) and "cells" not in content else content


def _first(text: str, said: list[str]) -> Any:
    """What a text of JSON holds, without what stands behind its end."""
    try:
        return json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise
        said.append("the file goes on behind the end of the notebook: what follows was left out")
        return json.loads(text[: error.pos], strict=False)


def _no_json(text: str, error: ValueError) -> str:
    """What a text is that is no JSON."""
    start = text.lstrip()[:1]
    if start in ("{", "["):
        line = getattr(error, "lineno", 0)
        return (
            f"it is a notebook that was cut short or damaged (not valid JSON at line {line}): "
            "open it in Jupyter, save it and hand it in again"
        )
    if SCRIPT.search(text[:100_000]):
        return f"it is a Python script, not a notebook: {AGAIN}"
    return f"it is no notebook: not valid JSON; {AGAIN}"


def _cells_of(content: dict[str, Any]) -> list[Any]:
    """The list of cells, in formats 4 and 3."""
    cells = content.get("cells")
    if isinstance(cells, list):
        return cells
    sheets = content.get("worksheets")
    if isinstance(sheets, list):
        lists = [_dict(sheet).get("cells") for sheet in sheets]
        return [cell for cells in lists if isinstance(cells, list) for cell in cells]
    if "doc_id" in content or "url" in content:
        raise Unreadable(f"it is a shortcut to a file in a cloud, not the file: {AGAIN}")
    raise Unreadable(f"it is JSON but no notebook: it has no list of cells; {AGAIN}")


# -- cells -----------------------------------------------------------------------------------------


def _cell(fields: dict[str, Any]) -> Cell:
    metadata = _dict(fields.get("metadata"))
    kind = fields.get("cell_type")
    if not isinstance(kind, str):
        is_code = fields.keys() & {"outputs", "execution_count", "input"}
        kind = "code" if is_code else "markdown"
    languages = (
        fields.get("language"),
        _dict(metadata.get("vscode")).get("languageId"),
        _dict(metadata.get("polyglot_notebook")).get("kernelName"),
    )
    if kind.lower() == "code" and not all(_is_python(one) for one in languages):
        kind = "markdown"
    text = _text(fields.get("source", fields.get("input")))
    if kind == "heading":
        level = fields.get("level")
        kind, text = "markdown", f"{'#' * min(level if isinstance(level, int) else 1, 6)} {text}"
    return Cell(kind.lower(), text, frozenset(_ids(fields, metadata)))


def _ids(fields: dict[str, Any], metadata: dict[str, Any]) -> Iterator[str]:
    """The cell's own id, what Colab calls it, and what nbgrader does."""
    grade_id = _dict(metadata.get("nbgrader")).get("grade_id")
    for one in (fields.get("id"), metadata.get("id"), grade_id):
        if isinstance(one, str):
            yield one.replace("_", "-")[:64]


def _text(source: Any) -> str:
    """A cell's text, given whole or as lines; ends of lines as Python has them."""
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.encode("utf-8", "replace").decode()


def _is_python(language: Any) -> bool:
    return not isinstance(language, str) or language.lower() in PYTHON


def _other_language(metadata: dict[str, Any]) -> list[str]:
    kernel, info = _dict(metadata.get("kernelspec")), _dict(metadata.get("language_info"))
    if all(_is_python(language) for language in (kernel.get("language"), info.get("name"))):
        return []
    return ["the notebook says that it is not in Python: it was run as Python all the same"]


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
