"""What a report may repeat of what a student's code said while it saw hidden inputs.

Whatever comes from there could be made of them: an error's text, its name, a type's, a shape. So
nothing is repeated that the code can choose freely: names must stand in the notebook, a sentence
must be Python's or NumPy's own or a text of the notebook, and a number must be a size of the call.
"""

from __future__ import annotations

import builtins
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from ..exercises.student import Answer, StudentError
from ..worker.protocol import Foreign
from ..worker.standins import absent
from .sentences import SENTENCES

FEW = range(10)  # numbers that say too little to hide anything
PIECE = re.compile(r"<([nsw])>")
PATTERNS = {"n": r"(-?\d+)", "s": r"(\((?:\d++,? ?)*+\))", "w": r"([\w.]+)"}
WARNED = re.compile(
    r"(overflow|underflow|divide by zero|invalid value) encountered in (\w+)( \w+)?"
    r"|Mean of empty slice\.?|Degrees of freedom <= 0 for slice\.?"
)
SHAPE = re.compile(r"(?<=has shape )(\([\d, ]*\))(?=; expected)")
COMMON = {
    *vars(builtins), *vars(np), *np.sctypeDict, "NoneType", "ndarray", "function",
    "builtin_function_or_method", "method", "module", "generator", "ellipsis", "numpy", "dtype",
    "ufunc", "matrix", "MaskedArray", "LinAlgError", "AxisError", "UFuncTypeError", "NotAvailable",
    "TooLong", "_UFuncNoLoopError", "_UFuncOutputCastingError", "_UFuncInputCastingError",
}  # fmt: skip


class Notebook:
    """What stands in a notebook: its names, its texts in quotes, its lines.

    Parameters
    ----------
    cells : the code.
    """

    def __init__(self, cells: Sequence[str]) -> None:
        self.cells = cells

    @cached_property
    def names(self) -> frozenset[str]:
        """Every word of the code."""
        return frozenset(word for cell in self.cells for word in re.findall(r"\w+", cell))

    def knows(self, name: str) -> bool:
        """Whether a name, each part of it, is the notebook's or everybody's."""
        return all(part in COMMON or part in self.names for part in name.split("."))

    def says(self, text: str) -> bool:
        """Whether a text stands in the code, in quotes."""
        return any(f"{quote}{text}{quote}" in cell for cell in self.cells for quote in "\"'")

    def has(self, number: int, source: str) -> bool:
        """Whether a line of that number reads like that in one of the cells."""
        at = number - 1
        lines = (cell.split("\n")[at : at + 1] for cell in self.cells if at >= 0)
        return any(line[0].strip()[:200] == source for line in lines if line)


def error(fields: Mapping[str, Any], notebook: Notebook, sizes: Collection[int]) -> dict[str, Any]:
    """What was raised, without what could be made of the inputs.

    Parameters
    ----------
    fields : its type, its message, the line and its source, as the worker says.
    sizes : of the call's arguments; see `sizes_of`.
    """
    kind, message = fields["type"], " ".join(fields["message"].split())
    line, source = fields["line"], fields["source"]
    if not notebook.has(line, source):
        line, source = 0, ""
    return {
        "type": kind if notebook.knows(kind) else "an error of a type of its own",
        "message": _message(message, notebook, sizes), "line": line, "source": source,
    }  # fmt: skip


def _message(text: str, notebook: Notebook, sizes: Collection[int]) -> str:
    if not text or notebook.says(text) or text in _absent(notebook, text):
        return text
    for pattern, kinds in _patterns():
        if found := pattern.fullmatch(text):
            parts = _safe(found, kinds, notebook, sizes)
            return parts or "its text is left out, for it names what is not in the notebook"
    return "its text is left out: it could tell of hidden numbers"


def _absent(notebook: Notebook, text: str) -> list[str]:
    """The sentences on a package that is not here, should the notebook name it."""
    package = text.partition(" ")[0]
    return [absent(package)] if notebook.knows(package) else []


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], list[str]]]:
    """The sentences of Python and NumPy, and of what kind their open places are."""
    found = []
    for sentence in SENTENCES:
        parts = PIECE.split(sentence)
        pattern = "".join(
            PATTERNS[part] if k % 2 else re.escape(part) for k, part in enumerate(parts)
        )
        found.append((re.compile(pattern), parts[1::2]))
    return found


def _safe(
    found: re.Match[str], kinds: Sequence[str], notebook: Notebook, sizes: Collection[int]
) -> str:
    """The sentence with its numbers, as far as they are sizes; "" where a name is unknown."""
    text, at = "", 0
    for k, kind in enumerate(kinds, 1):
        part = found[k]
        if kind == "w" and not notebook.knows(part):
            return ""
        text += found.string[at : found.start(k)]
        text += part if kind == "w" else _numbers(part, sizes)
        at = found.end(k)
    return text + found.string[at:]


def _numbers(text: str, sizes: Collection[int]) -> str:
    """A text whose numbers are left out, but for small ones and sizes.

    >>> _numbers("(12, 3, 17010)", {12})
    '(12, 3, …)'
    """
    return re.sub(r"\d+", lambda m: m[0] if _is_size(m[0], sizes) else "…", text)


def _is_size(digits: str, sizes: Collection[int]) -> bool:
    return len(digits) < 9 and (int(digits) in FEW or int(digits) in sizes)


def sizes_of(shapes: Collection[tuple[int, ...]]) -> frozenset[int]:
    """The numbers that an honest answer's shape is made of: sizes, and products of neighbours.

    >>> sorted(sizes_of([(4, 15), (2,)]))
    [2, 4, 15, 60]
    """
    return frozenset(
        math.prod(shape[i:j])
        for shape in shapes
        for i in range(len(shape))
        for j in range(i + 1, len(shape) + 1)
    )


def plain(given: Answer | StudentError) -> bool:
    """Whether it is an answer of numbers alone, in which there are no words."""
    if isinstance(given, StudentError) or given.warned:
        return False
    parts = given.value if isinstance(given.value, tuple | list) else (given.value,)
    return not any(isinstance(part, Foreign) for part in parts)


def answer(given: Answer, notebook: Notebook) -> Answer:
    """An answer whose types' names and whose warning tell nothing of the inputs."""
    if plain(given):
        return given
    value: Any = given.value
    if isinstance(value, tuple | list):
        value = type(value)(_value(one, notebook) for one in value)
    warned = given.warned
    if warned and not WARNED.fullmatch(warned):
        warned = "its text is left out"
    return replace(given, value=_value(value, notebook), warned=warned)


def _value(value: Any, notebook: Notebook) -> Any:
    if not isinstance(value, Foreign):
        return value
    name = value.type_name
    if name.startswith("array of "):
        kind = name.removeprefix("array of ")
        many = "many bytes, too large to send"
        name = (
            f"array of {kind if kind in np.sctypeDict else many if 'large' in kind else 'others'}"
        )
    elif not notebook.knows(name):
        name = "its own making"
    return Foreign(name)


def shapes(sentence: str, sizes: Collection[int]) -> str:
    """A sentence on an answer's shape, without what no honest shape is made of.

    >>> shapes("y has shape (4, 16910); expected (4, 2)", {4, 2})
    'y has shape (4, …); expected (4, 2)'
    """
    return SHAPE.sub(lambda m: _numbers(m[0], sizes), sentence)
