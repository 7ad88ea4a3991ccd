"""Gradients that are taken numerically: right numbers, but of a formula that nobody derived.

No test sees it, for a complex step is right to the last digit. So the code is looked at, as a row
of words; whoever grades decides, and nothing is deducted.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from ..worker.protocol import plain_text
from .reports.tokens import TOKEN

SMALL = 1e-2  # a step is no larger
LONGEST = 60_000  # characters of a notebook that are looked at
WORD = 40  # characters of a word that count
MOST = 20  # names of steps that are looked for in a cell
QUOTED = 80  # characters of a line that are quoted
SENTENCE = (
    "code cell {cell} takes the gradient of {name} numerically (`{line}`): its numbers are right, "
    "but no formula is derived; nothing was deducted for it"
)
SPACES = re.compile(r"[ \t]+")
PERHAPS = re.compile(r"\d[jJ]\b|complex|imag|\d[eE]-\d|\.0+1")
STEP = re.compile(r"\b([^\W\d]\w*) ?= ?([\d.]+(?:[eE]-?\d+)?)(?![\w.])")
COMPLEX = re.compile(r"\b[\d.]+[jJ]\b|\bcomplex\w*|\. ?imag\b|\bimag ?\(")
CALLED = re.compile(r"\b([^\W\d]\w*) ?\(")
DEFINED = re.compile(r"\bdef ([^\W\d]\w*)|\b([^\W\d]\w*) ?= ?lambda\b")


def told(cells: Sequence[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """A sentence for each wanted task whose gradient its cell, or a function that it calls, takes
    by differences or by complex steps.

    Parameters
    ----------
    cells : the code of a notebook.
    wanted : the names of tasks that ask for a gradient's formula.

    >>> told(["df = lambda x: f(x + 1e-30j).imag / 1e-30"], ["df"])
    ('code cell 1 takes the gradient of df numerically (`df = lambda x: f(x + 1e-30j).imag ...`)...
    """
    wanted = list(wanted)
    if not wanted or not PERHAPS.search("\n".join(cells)[:LONGEST]):
        return ()
    ends = accumulate(map(len, cells))
    texts = [_bare(cell) if end <= LONGEST else "" for cell, end in zip(cells, ends, strict=True)]
    homes = defaultdict[str, set[int]](set)
    for k, text in enumerate(texts):
        for name in _names(DEFINED, text):
            homes[name].add(k)
    found = []
    for name in wanted:
        lines = ((k, _line(texts[k], cells[k])) for k in _reached(name, texts, homes))
        if one := next(((k, line) for k, line in lines if line), None):
            found.append(SENTENCE.format(cell=one[0] + 1, name=name, line=one[1]))
    return tuple(found)


def _reached(name: str, texts: Sequence[str], homes: Mapping[str, set[int]]) -> Iterator[int]:
    """The cells of a function, and those of the functions that they call, and so on."""
    left = sorted(homes.get(name, ()))
    seen = set(left)
    while left:
        k = left.pop(0)
        yield k
        more = {j for called in _names(CALLED, texts[k]) for j in homes.get(called, ())} - seen
        left += sorted(more)
        seen |= more


def _bare(cell: str) -> str:
    """A cell without comments and texts, its lines kept, with one space where there are several."""
    return SPACES.sub(" ", TOKEN.sub(_word, cell))


def _word(found: re.Match) -> str:
    word = found.group()
    if found.lastgroup in ("skip", "text"):
        return "''" * (found.lastgroup == "text") + "\n" * word.count("\n")
    return word[:WORD]


def _names(pattern: re.Pattern, text: str) -> set[str]:
    return {name for found in pattern.finditer(text) for name in found.groups() if name}


def _line(text: str, cell: str) -> str:
    """The first line that steps, as it is written; "" where there is none."""
    steps = [name for name, number in STEP.findall(text) if _is_small(number)]
    names = "".join(rf"|{name}\b" for name in list(dict.fromkeys(steps))[:MOST])
    by = re.compile(rf"/ ?\(? ?(?:2\.?0? ?\* ?)?(?:[\d.]+[eE]-\d+\b|0?\.0+1\b{names})(?! ?[-+])")
    for number, line in enumerate(text.split("\n")):
        if COMPLEX.search(line) or by.search(line):
            return plain_text(cell.split("\n")[number].strip(), QUOTED)
    return ""


def _is_small(number: str) -> bool:
    try:
        return 0 < float(number) <= SMALL
    except ValueError:
        return False
