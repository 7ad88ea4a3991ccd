"""Students who chose the same way in one task after the other: how likely that is by chance.

In a short task many write alike, and one such task says nothing. That two agree in all of them,
each time in a way that few others took, is rarer: the class itself tells how rare.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

import numpy as np

from .tokens import TEXT, Tokens

FEWEST = 4  # students that show what is usual
SHORTEST = 100  # tokens that two must have written alike
UNLIKELY = 7  # bits: less than one pair in a hundred classes of this size
ROWS = 256  # students that are compared with all others at once
DEFINED = re.compile(r"^def ([^\W\d]\w*)\b.*?(?=^\S|\Z)", re.M | re.S)


@dataclass(frozen=True)
class SameWays:
    """What two wrote alike, token for token: the tasks, and how many such pairs chance gives."""

    tasks: tuple[str, ...]
    chance: float


def same_ways(
    texts: Sequence[Tokens], tasks: Sequence[str], given: Sequence[Tokens]
) -> dict[tuple[int, int], SameWays]:
    """Who agrees in more tasks than chance explains, by their places in `texts`.

    Parameters
    ----------
    texts : the code of each student.
    tasks : the names of the functions to write.
    given : the code that all were given; who left a function as it was is not compared in it.
    """
    if len(texts) < FEWEST or not tasks:
        return {}
    stubs = {name: way for text in given for name, way in functions(text).items()}
    ways, bits, sizes = _ways([functions(text) for text in texts], stubs, tasks)
    pairs = log2(len(texts) * (len(texts) - 1) / 2)
    found = {}
    for first, other in _agreeing(ways, bits, pairs + UNLIKELY).tolist():
        same = np.flatnonzero((ways[first] == ways[other]) & (ways[first] >= 0)).tolist()
        if sizes[first, same].sum() >= SHORTEST:
            chance = 2.0 ** float(pairs - bits[first, same].sum())
            found[first, other] = SameWays(tuple(tasks[k] for k in same), chance)
    return found


def functions(tokens: Tokens) -> dict[str, bytes]:
    """The last definition of every function as its tokens, without its texts.

    >>> from .tokens import Reader
    >>> one, other = (Reader().read(f"def f({x}): return 2 * {x}") for x in "xy")
    >>> functions(one) == functions(other)
    True
    """
    starts = [start for start, _ in tokens.spans]
    found = {}
    for match in DEFINED.finditer(tokens.text):
        kinds = tokens.kinds[bisect_left(starts, match.start()) : bisect_left(starts, match.end())]
        found[match[1]] = kinds[kinds != TEXT].tobytes()
    return found


def _ways(
    functions: Sequence[dict[str, bytes]], stubs: dict[str, bytes], tasks: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each student and task: which way was taken (−1 none), its bits, and its tokens."""
    shape = (len(functions), len(tasks))
    ways, bits, sizes = np.full(shape, -1), np.zeros(shape), np.zeros(shape, int)
    for k, task in enumerate(tasks):
        forms = [function.get(task, b"") for function in functions]
        count = Counter(form for form in forms if form not in (b"", stubs.get(task, b"")))
        total, numbers = count.total(), {form: n for n, form in enumerate(count)}
        for i, form in enumerate(forms):
            if form in numbers:
                ways[i, k], bits[i, k] = numbers[form], log2(total / count[form])
                sizes[i, k] = len(form) // 8
    return ways, bits, sizes


def _agreeing(ways: np.ndarray, bits: np.ndarray, needed: float) -> np.ndarray:
    """The pairs whose common ways have so many bits together; a block of students at a time."""
    found = [np.empty((0, 2), int)]
    for start in range(0, len(ways), ROWS):
        block = ways[start : start + ROWS]
        total = np.zeros((len(block), len(ways)))
        for k in range(ways.shape[1]):
            same = (block[:, k, None] == ways[None, :, k]) & (block[:, k, None] >= 0)
            total += same * bits[start : start + ROWS, k, None]
        pairs = np.argwhere(total >= needed) + np.array([start, 0])
        found.append(pairs[pairs[:, 0] < pairs[:, 1]])
    return np.concatenate(found)
