"""Answers that share passages which few others have: for an instructor to look at, nothing more.

A passage counts by how rare it is in this very class: what a quarter of it writes alike, because
the formula leaves no other way, counts nothing. So does what the notebook came with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

from .tokens import RUN, Reader, Tokens
from .ways import SameWays, same_ways

ENOUGH = 75.0  # weighted runs that two must share: about ten lines that nobody else has
MOST = 40  # students that share a passage, and it is still looked at
SAMPLE = 60  # other answers that a pair is compared with
PASSAGES = 6  # of a pair, the longest


@dataclass(frozen=True)
class Passage:
    """The same tokens in two texts: where they stand, and how many they are."""

    first: tuple[int, int]
    other: tuple[int, int]
    tokens: int


@dataclass(frozen=True)
class Pair:
    """Two texts that share what few have.

    weight : rare runs that they share, those that several have counted in part.
    share : of all their tokens, how many agree in order, from 0 to 1.
    same : the tasks in which they took the same way, where chance does not explain that.
    usual, most : the same of other answers of the class beside the first, in the median and the
        highest.
    """

    first: str
    other: str
    weight: float
    share: float
    usual: float
    most: float
    passages: tuple[Passage, ...] = ()
    same: SameWays | None = None


@dataclass(frozen=True)
class Alike:
    """What was found: pairs of students, what is as published, and the texts they stand in."""

    pairs: tuple[Pair, ...]
    published: tuple[Pair, ...]
    texts: Mapping[str, str]


def limit(students: int) -> int:
    """How many may share a passage for it to count at all.

    >>> [limit(n) for n in (2, 8, 20, 200, 2000)]
    [2, 2, 5, 14, 40]
    """
    return max(2, min(MOST, round(min(students / 4, 4 + students / 20))))


def find(
    answers: Mapping[str, str],
    given: Sequence[str] = (),
    published: Mapping[str, str] | None = None,
    tasks: Sequence[str] = (),
) -> Alike:
    """The pairs of answers that share rare passages or ways, and the answers that share some with
    what is published.

    Parameters
    ----------
    answers : the code of each student, by name.
    given : the code that all were given.
    published : code by the name of its place, such as "course_nn/plain/conv.py".
    tasks : the names of the functions to write.
    """
    reader, places = Reader(), published or {}
    handed_out = [reader.read(text) for text in given]
    common = np.unique(np.concatenate([np.empty(0, np.uint64), *(t.runs() for t in handed_out)]))
    mine = [reader.read(text) for text in answers.values()]
    theirs = [reader.read(text) for text in places.values()]
    runs, owners = _all_runs(mine, common)
    weights = _weighed_pairs(runs, owners, len(mine))
    same = same_ways(mine, tasks, handed_out)
    names, measure = list(answers), Measure(mine, common)
    found = [
        Pair(names[a], names[b], weights.get((a, b), 0.0), *measure(mine[a], mine[b]),
             same=same.get((a, b)))
        for a, b in weights.keys() | same.keys()
    ]  # fmt: skip
    public = [
        Pair(names[a], list(places)[b], weight, *measure(mine[a], theirs[b]))
        for (a, b), weight in _as_published(runs, owners, mine, theirs, common).items()
    ]
    return Alike(_sorted(found), _sorted(public), {**places, **answers})


def _sorted(pairs: list[Pair]) -> tuple[Pair, ...]:
    return tuple(sorted(pairs, key=lambda pair: (-pair.weight, pair.first, pair.other)))


# -- the runs of all -------------------------------------------------------------------------------


def _all_runs(texts: Sequence[Tokens], common: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every run that somebody has, once for each who has it, and who; sorted by run."""
    runs = [np.unique(text.runs()) for text in texts]
    if not runs:
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    owners = np.repeat(np.arange(len(runs)), [len(one) for one in runs])
    together = np.concatenate(runs)
    kept = ~np.isin(together, common)
    together, owners = together[kept], owners[kept]
    order = np.argsort(together, kind="stable")
    return together[order], owners[order]


def _weights(runs: np.ndarray, students: int, one: int) -> np.ndarray:
    """What a run counts: 1 where as few as `one` have it, less the more do, 0 above the limit."""
    if not len(runs):
        return np.empty(0)
    _, where, count = np.unique(runs, return_inverse=True, return_counts=True)
    most, have = limit(students) + 1, count[where]
    return np.clip((most - have) / (most - one), 0.0, 1.0)


def _weighed_pairs(
    runs: np.ndarray, owners: np.ndarray, students: int
) -> dict[tuple[int, int], float]:
    """Who share how much, for all who share enough: by runs with the same number of owners."""
    weights = _weights(runs, students, 2)
    runs, owners, weights = runs[weights > 0], owners[weights > 0], weights[weights > 0]
    starts = np.flatnonzero(np.r_[True, runs[1:] != runs[:-1]]) if len(runs) else np.empty(0, int)
    counts = np.diff(np.r_[starts, len(runs)])
    codes, sums = [np.empty(0, np.int64)], [np.empty(0)]
    for count in np.unique(counts[counts > 1]).tolist():
        chosen = starts[counts == count]
        who = owners[chosen[:, None] + np.arange(count)]
        first, other = np.triu_indices(count, 1)
        codes.append((who[:, first] << 32 | who[:, other]).ravel())
        sums.append(np.repeat(weights[chosen], len(first)))
    code, where = np.unique(np.concatenate(codes), return_inverse=True)
    total = np.bincount(where, np.concatenate(sums), len(code))
    enough = total >= ENOUGH
    both = zip(code[enough].tolist(), total[enough].tolist(), strict=True)
    return {(one >> 32, one & 0xFFFFFFFF): weight for one, weight in both}


def _as_published(
    runs: np.ndarray,
    owners: np.ndarray,
    mine: Sequence[Tokens],
    theirs: Sequence[Tokens],
    common: np.ndarray,
) -> dict[tuple[int, int], float]:
    """Which students share enough with which published text; what many write alike counts less."""
    weights = _weights(runs, len(mine), 1)
    found = {}
    for place, text in enumerate(theirs):
        shared = np.isin(runs, np.setdiff1d(text.runs(), common))
        total = np.bincount(owners[shared], weights[shared], len(mine))
        for student in np.flatnonzero(total >= ENOUGH).tolist():
            found[student, place] = float(total[student])
    return found


# -- one pair --------------------------------------------------------------------------------------


class Measure:
    """Measures two texts beside a sample of the class: shares of tokens, and the passages."""

    def __init__(self, everyone: Sequence[Tokens], common: np.ndarray) -> None:
        self.common = set(common.tolist())
        self.sample = everyone[:: max(1, len(everyone) // SAMPLE)]

    def __call__(
        self, mine: Tokens, theirs: Tokens
    ) -> tuple[float, float, float, tuple[Passage, ...]]:
        """The share, the usual and the highest share of others, the passages."""
        others = [t.kinds.tolist() for t in self.sample if t is not mine and t is not theirs]
        own, usual, most = mine.kinds.tolist(), 0.0, 0.0
        if others:
            shares = cdist([own], others, scorer=Indel.normalized_similarity)[0]
            usual, most = float(np.median(shares)), float(shares.max())
        share = float(Indel.normalized_similarity(own, theirs.kinds.tolist()))
        return share, usual, most, passages(mine, theirs, self.common)


def passages(mine: Tokens, theirs: Tokens, known: Set[int] = frozenset()) -> tuple[Passage, ...]:
    """The longest passages that two texts share, in the order of the first; none twice.

    known : runs with which none begins: what everybody has.
    """
    place: dict[int, list[int]] = {}
    for j, run in enumerate(theirs.runs().tolist()):
        place.setdefault(run, []).append(j)
    runs = mine.runs().tolist()
    found = []
    i = 0
    while i < len(runs):
        best = (0, 0)
        for j in [] if runs[i] in known else place.get(runs[i], [])[:20]:
            best = max(best, (_length(mine.kinds, theirs.kinds, i, j), -j))
        if best[0]:
            found.append((i, -best[1], best[0]))
        i += max(best[0], 1)
    longest = sorted(sorted(found, key=lambda one: -one[2])[:PASSAGES])
    return tuple(Passage(_span(mine, i, n), _span(theirs, j, n), n) for i, j, n in longest)


def _length(mine: np.ndarray, theirs: np.ndarray, i: int, j: int) -> int:
    """How many tokens agree from here on; at least `RUN`, unless two runs share a number."""
    count = min(len(mine) - i, len(theirs) - j)
    differ = np.flatnonzero(mine[i : i + count] != theirs[j : j + count])
    length = int(differ[0]) if len(differ) else count
    return length if length >= RUN else 0


def _span(tokens: Tokens, start: int, count: int) -> tuple[int, int]:
    return tokens.spans[start][0], tokens.spans[start + count - 1][1]
