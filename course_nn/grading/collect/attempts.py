"""One notebook out of all that a person handed in: the exercise's, and of several the latest.

What is chosen is said. Where nothing says which of two is meant, neither is graded.
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass

from ...exercises.exercise import known
from .archives import without_end
from .blank import BLANK, WRITTEN, state
from .disk import Found
from .names import folded, quoted, shown, without_copy_marks, without_later_marks
from .people import is_notebook
from .submission import Unreadable

SAME = 2.0  # seconds: as fine as a zip tells the time
ID = re.compile(rb'"(?:id|grade_id)"\s*:\s*"([A-Za-z0-9_-]{1,64}?)[-_]\d{1,3}"')
MOST_PEEKED = 20  # notebooks of one person that are read to see what they are
MOST_SAID = 10  # things beside them that are named


@dataclass(frozen=True)
class Peeked:
    """A notebook looked into: what its bytes are, and of which exercises its cells say they are."""

    found: Found
    digest: bytes
    exercises: frozenset[str]
    unreadable: str = ""


@dataclass(frozen=True)
class Choice:
    """The notebook to grade, or why there is none."""

    found: Found | None
    problem: str = ""
    said: tuple[str, ...] = ()


def exercises_in(data: bytes) -> frozenset[str]:
    """The exercises whose cells a notebook holds, by the cells' own ids.

    Quotation marks inside of a text are escaped in JSON: nothing printed or written can claim an
    id.

    >>> exercises_in(b'{"id": "ex02-dense-00"}')
    frozenset({'ex02_dense'})
    """
    return frozenset(found.decode().replace("-", "_") for found in ID.findall(data))


def peek(found: Found) -> Peeked:
    """Look into a notebook."""
    assert found.read is not None
    try:
        data = found.read()
    except Unreadable as error:
        return Peeked(found, b"", frozenset(), str(error))
    return Peeked(found, hashlib.sha256(data).digest(), exercises_in(data))


Notebooks = list[tuple[Peeked, int]]


def choose(entries: list[tuple[Found, int]], assignment: str, policy: str = "latest") -> Choice:
    """Choose among all that one person handed in.

    entries : each with its order, where a platform tells one; it counts before the times.
    policy : "latest" or "first".
    """
    problems = [
        f"{quoted(found.parts[-1])} {found.problem}" for found, _ in entries if found.problem
    ]
    notebooks, many = _looked_into(entries, assignment)
    own, others, blank = _of_exercise(notebooks, assignment)
    said = [*problems[:MOST_SAID], *many]
    if not own:
        problem = _nothing(entries, problems, others, assignment)
        return Choice(None, problem, tuple(one for one in said if one != problem))
    said += [f"passed over {other}" for other in others]
    own, doubles = _different(own, assignment)
    choice = _one_of(own, policy)
    return Choice(
        choice.found, choice.problem, (*said, *_blanks(blank, own), *doubles, *choice.said)
    )


def _one_of(own: Notebooks, policy: str) -> Choice:
    """The one that counts of different notebooks, all of the exercise."""
    own, said = _by_ending(own)
    if len(own) > 1:
        own, which = _by_time(own, policy)
        said += which
    if len(own) > 1:
        names = " and ".join(sorted(quoted(_name(peeked)) for peeked, _ in own)[:4])
        problem = (
            f"handed in {len(own)} different notebooks, and nothing says which counts: {names}"
        )
        return Choice(None, problem, tuple(said))
    found = own[0][0].found
    if found.disguised:
        said.append(f"graded although its name is {quoted(found.parts[-1])}")
    return Choice(found, "", tuple(said))


def _looked_into(entries: list[tuple[Found, int]], assignment: str) -> tuple[Notebooks, list[str]]:
    """The notebooks with what they say they are; of many those of the exercise's name first."""
    notebooks = [entry for entry in entries if is_notebook(entry[0])]
    if len(notebooks) <= MOST_PEEKED:
        return [(peek(found), order) for found, order in notebooks], []
    notebooks.sort(key=lambda entry: (not _is_named(entry[0], assignment), entry[0].disguised))
    said = f"of {len(notebooks)} notebooks only {MOST_PEEKED} were looked into"
    return [(peek(found), order) for found, order in notebooks[:MOST_PEEKED]], [said]


def _name(peeked: Peeked) -> str:
    return "/".join(peeked.found.parts[-2:])


def _of_exercise(notebooks: Notebooks, assignment: str) -> tuple[Notebooks, list[str], Notebooks]:
    """Those of the exercise, a word on each of another one, and those in which nothing is written.

    A notebook is the exercise's by its cells. One whose cells have lost their ids is where its name
    says so, or where no other can be meant.
    """
    names = {*_exercises(), assignment}
    sure, named, unnamed, others = [], [], [], []
    for peeked, order in notebooks:
        of = peeked.exercises & names
        if assignment in of:
            sure.append((peeked, order))
        elif of:
            others.append(f"{quoted(_name(peeked))}: it is the notebook of {min(of)}")
        elif _is_named(peeked.found, assignment):
            named.append((peeked, order))
        else:
            unnamed.append((peeked, order))
    every = sure + named + unnamed
    own, blank = _written(sure or named or unnamed, every, assignment)
    rest = [entry for entry in every if entry not in own + blank]
    others += [f"{quoted(_name(p))}: another one is the exercise's" for p, _ in rest]
    return own, others, blank


def _written(own: Notebooks, every: Notebooks, assignment: str) -> tuple[Notebooks, Notebooks]:
    """Those in which something is written, and those that are as they were handed out.

    The latter are none where there is nothing else. Where they alone have kept their cells' ids,
    others are the exercise's by what is written in them.
    """
    if len(every) < 2:
        return own, []
    states = [state(peeked.found, assignment) for peeked, _ in every]
    blank = [entry for entry, one in zip(every, states, strict=True) if one == BLANK]
    kept = [entry for entry in own if entry not in blank]
    kept = kept or [entry for entry, one in zip(every, states, strict=True) if one == WRITTEN]
    return (kept, blank) if kept else (own, [])


def _blanks(blank: Notebooks, own: Notebooks) -> list[str]:
    """A word on each notebook that is passed over because nothing is written in it."""
    which = quoted(_name(own[0][0])) if len(own) == 1 else "another one"
    return [f"{quoted(_name(p))} is as it was handed out: {which} counts" for p, _ in blank]


@functools.cache
def _exercises() -> frozenset[str]:
    return frozenset(known())


def _is_named(found: Found, assignment: str) -> bool:
    """Whether a notebook has the exercise's name, whatever else is around it."""
    bare = folded(without_copy_marks(without_end(found.parts[-1]))[0])
    return f" {folded(assignment)} " in f" {bare} "


def _different(own: Notebooks, assignment: str) -> tuple[Notebooks, list[str]]:
    """Each content once; the one that has the better name of those that are the same."""
    kept: dict[bytes, tuple[Peeked, int]] = {}
    said = []
    ranked = sorted(
        own,
        key=lambda entry: (
            entry[0].found.disguised,
            not _is_named(entry[0].found, assignment),
            _rank(entry),
        ),
    )
    for peeked, order in ranked:
        key = peeked.digest or _name(peeked).encode("utf-8", "surrogatepass")
        if key in kept:
            same = f"{quoted(_name(kept[key][0]))} and {quoted(_name(peeked))}"
            said.append(f"{same} are the same file")
        kept.setdefault(key, (peeked, order))
    return list(kept.values()), said


def _rank(entry: tuple[Peeked, int]) -> tuple[int, int, str]:
    """Shorter and without the mark of a copy comes first."""
    name = entry[0].found.parts[-1]
    return abs(without_copy_marks(without_end(name))[1]), len(name), shown(name)


def _by_ending(own: Notebooks) -> tuple[Notebooks, list[str]]:
    """Those with a notebook's ending go before others that were handed in together with them."""
    orders = {order for peeked, order in own if not peeked.found.disguised}
    passed = [entry for entry in own if entry[0].found.disguised and entry[1] in orders]
    why = "one whose name ends in .ipynb goes before it"
    said = [f"passed over {quoted(_name(peeked))}: {why}" for peeked, _ in passed]
    return [entry for entry in own if entry not in passed], said


def _by_time(own: Notebooks, policy: str) -> tuple[Notebooks, list[str]]:
    """The latest or the first of several: by the platform, by time, by what a copy's name says."""
    count, sign = len(own), 1 if policy == "latest" else -1
    for key, apart, how in WAYS:
        best = max(sign * key(entry) for entry in own)
        found = [entry for entry in own if best - sign * key(entry) <= apart]
        if len(found) == 1:
            word = "the latest" if policy == "latest" else "the first"
            return found, [
                f"of {count} attempts {word} counts, {how}: {quoted(_name(found[0][0]))}"
            ]
        own = found
    return own, []


def _order(entry: tuple[Peeked, int]) -> float:
    return entry[1]


def _time(entry: tuple[Peeked, int]) -> float:
    return entry[0].found.time


def _copy(entry: tuple[Peeked, int]) -> float:
    """A browser counts downloads up; a copy kept aside is older than what it was made from."""
    stem, copy = without_copy_marks(without_end(entry[0].found.parts[-1]))
    return without_later_marks(stem)[1] or copy


WAYS = (  # from the surest on; the second is how much apart two must be
    (_order, 0.0, "by the platform"),
    (_time, SAME, "by its time"),
    (_copy, 0.0, "by its name"),
    (_time, 0.0, "by its time, though they are only moments apart"),
)


def _nothing(
    entries: list[tuple[Found, int]], problems: list[str], others: list[str], assignment: str
) -> str:
    """Why there is nothing to grade."""
    if others:
        return f"{assignment}.ipynb is missing; {others[0]}"
    if problems:
        return problems[0]
    files = [quoted(found.parts[-1]) for found, _ in entries if found.read is not None]
    if len(files) == 1:
        return f"{files[0]} is no notebook (.ipynb)"
    if files:
        more = f" and {len(files) - 3} more" if len(files) > 3 else ""
        return f"{assignment}.ipynb is missing; there is only {', '.join(files[:3])}{more}"
    return f"{assignment}.ipynb is missing: the folder is empty"
