"""Answers that share passages which few others have: for an instructor to look at, nothing more.

A passage counts by how rare it is in this very class: what a quarter of it writes alike, because
the formula leaves no other way, counts nothing. So does what the notebook came with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

from .tokens import RUN, Reader, Tokens
from .ways import SameWays, same_ways

ENOUGH = 75.0  # weighted runs that two must share: about ten lines that nobody else has
MOST = 40  # students that share a passage, and it is still looked at
SAMPLE = 60  # other answers that a pair is compared with
WHOLE = 200  # runs of one's own, from which on the same code from end to end is no chance
MEASURED = 100  # pairs that are looked at closely, the strongest
TOKENS = 4000  # of a text that are measured
BLOCK = 1 << 20  # pairs that are counted at once
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
    clones : how many students have all of this code, where these two have; else 0.
    same : the tasks in which they took the same way, where chance does not explain that.
    usual, most : the same of other answers of the class beside the first, in the median and the
        highest.
    """

    first: str
    other: str
    weight: float
    share: float = 0.0
    usual: float = 0.0
    most: float = 0.0
    passages: tuple[Passage, ...] = ()
    same: SameWays | None = None
    clones: int = 0


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
    copies = _clones(mine, common)
    pairs = Measure(list(answers), mine, common).pairs(
        {pair: weights.get(pair, 0.0) for pair in {*weights, *same, *copies}}, same, copies
    )
    as_published = _as_published(runs, owners, mine, theirs, common)
    public = Measure(list(answers), mine, common, list(places), theirs).pairs(as_published)
    return Alike(pairs, public, {**places, **answers})


def _clones(texts: Sequence[Tokens], common: np.ndarray) -> dict[tuple[int, int], int]:
    """Who has the same code from end to end as another, and how many have it; not where it is a
    quarter of the class."""
    whole: dict[bytes, list[int]] = {}
    for k, text in enumerate(texts):
        if len(text.kinds) >= WHOLE and (~np.isin(text.runs(), common)).sum() >= WHOLE:
            whole.setdefault(text.kinds.tobytes(), []).append(k)
    most = max(2, len(texts) // 4)
    found: dict[tuple[int, int], int] = {}
    for who in whole.values():
        if 1 < len(who) <= most:
            found |= {(who[0], other): len(who) for other in who[1:]}
    return found


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
        first, other = np.triu_indices(count, 1)
        chosen = starts[counts == count]
        for block in np.array_split(chosen, 1 + len(chosen) * len(first) // BLOCK):
            who = owners[block[:, None] + np.arange(count)]
            pairs = (who[:, first] << 32 | who[:, other]).ravel()
            code, total = _summed(pairs, np.repeat(weights[block], len(first)))
            codes.append(code)
            sums.append(total)
    code, total = _summed(np.concatenate(codes), np.concatenate(sums))
    enough = total >= ENOUGH
    both = zip(code[enough].tolist(), total[enough].tolist(), strict=True)
    return {(one >> 32, one & 0xFFFFFFFF): weight for one, weight in both}


def _summed(codes: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each code once, with the sum of its weights."""
    code, where = np.unique(codes, return_inverse=True)
    return code, np.bincount(where, weights, len(code))


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
    """Looks closely at pairs: shares of tokens beside a sample of the class, and the passages."""

    def __init__(
        self,
        names: Sequence[str],
        texts: Sequence[Tokens],
        common: np.ndarray,
        places: Sequence[str] | None = None,
        published: Sequence[Tokens] | None = None,
    ) -> None:
        self.names, self.texts = names, texts
        self.places, self.published = places or names, published or texts
        self.common = set(common.tolist())
        self.sample = texts[:: max(1, len(texts) // SAMPLE)]

    def pairs(
        self,
        weights: Mapping[tuple[int, int], float],
        same: Mapping[tuple[int, int], SameWays] | None = None,
        copies: Mapping[tuple[int, int], int] | None = None,
    ) -> tuple[Pair, ...]:
        """The pairs, the strongest first; those far behind by their names and weights alone."""
        same, copies = same or {}, copies or {}

        def order(pair: tuple[int, int]) -> tuple:
            a, b = pair
            return (pair not in copies, pair not in same, -weights[pair], self.names[a],
                    self.places[b])  # fmt: skip

        found = []
        for k, (a, b) in enumerate(sorted(weights, key=order)):
            bare = Pair(self.names[a], self.places[b], weights[a, b], same=same.get((a, b)),
                        clones=copies.get((a, b), 0))  # fmt: skip
            found.append(self.measured(bare, a, b) if k < MEASURED else bare)
        return tuple(found)

    def measured(self, pair: Pair, a: int, b: int) -> Pair:
        """A pair with its shares and its passages."""
        mine, theirs, usual, most = self.texts[a], self.published[b], 0.0, 0.0
        own = mine.kinds[:TOKENS].tolist()
        others = [t for t in self.sample if t is not mine and t is not theirs]
        if others:
            kinds = [t.kinds[:TOKENS].tolist() for t in others]
            shares = cdist([own], kinds, scorer=Indel.normalized_similarity)[0]
            usual, most = float(np.median(shares)), float(shares.max())
        share = float(Indel.normalized_similarity(own, theirs.kinds[:TOKENS].tolist()))
        shared = passages(mine, theirs, self.common)
        return replace(pair, share=share, usual=usual, most=most, passages=shared)


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
