"""Claims become rows: each person's once, nobody's twice, and who is missing."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime

from .attempts import choose
from .disk import Found
from .names import folded, quoted, shown
from .people import Claim
from .platforms import DOWNLOADED, iso, iso_of_worksheet
from .roster import Person, Roster
from .submission import Nothing, Submission

HOUR = 3600.0
LONGEST = 120  # characters of a student's name
TWO_WAYS = (
    "its name is written in two ways that read alike, as a Mac and others write it (Unicode's NFD "
    "and NFC): they are taken for one person's"
)
MISSING = "nothing was handed in, but the roster lists this person"


@dataclass
class Group:
    """All that is one person's."""

    label: str
    person: Person | None = None
    claims: list[Claim] = field(default_factory=list)
    problem: str = ""

    @property
    def student(self) -> str:
        """Who it is, safe to print and not endless."""
        return self.person.student if self.person else label_of(self.label)


def label_of(text: str) -> str:
    """A name as a file says it, safe to print; a long one is cut and keeps a mark of all of it."""
    plain = shown(unicodedata.normalize("NFC", text).strip()) or "(no name)"
    if len(plain) <= LONGEST:
        return plain
    return f"{plain[:80]}…{hashlib.sha256(plain.encode()).hexdigest()[:12]}"


def rows_of(claims: list[Claim], roster: Roster, assignment: str, policy: str) -> list[Submission]:
    """A row for each person, sorted; with a roster also for those who handed in nothing."""
    timed = _with_times(claims)
    groups = _grouped(claims, roster)
    rows = [_row(group, timed, assignment, policy, roster) for group in groups]
    seen = {group.person for group in groups}
    for person in roster.people:
        if person not in seen:
            rows.append(Submission(person.student, Nothing(MISSING), problem=MISSING,
                                   id=person.id, email=person.email))  # fmt: skip
    return sorted(_apart(rows), key=lambda row: (folded(row.student), row.student, row.file))


# -- whose -----------------------------------------------------------------------------------------


def _grouped(claims: list[Claim], roster: Roster) -> list[Group]:
    groups: dict[object, Group] = {}
    for i, claim in enumerate(claims):
        people = roster.find(claim.who)
        if len(people) > 1:
            names = " and ".join(person.student for person in people[:5])
            problem = f"{quoted(claim.who.label)} may be several of the roster: {names}"
            groups[i] = Group(claim.who.label, None, [claim], problem)
            continue
        person = people[0] if people else None
        plain = unicodedata.normalize("NFC", claim.who.label).strip()
        key = person or (claim.who.platform, claim.who.id or plain)
        groups.setdefault(key, Group(plain, person)).claims.append(claim)
    return [part for group in groups.values() for part in _unmixed(group)]


def _unmixed(group: Group) -> list[Group]:
    """What was found in a folder beside other people's counts only where it is all there is.

    Else somebody could hand in for another by a folder of that name inside of their own.
    """
    own = [claim for claim in group.claims if not claim.mixed]
    if not own or len(own) == len(group.claims):
        return [group]
    parts = [Group(group.label, group.person, own)]
    for claim in group.claims:
        if claim.mixed:
            where = quoted(f"{claim.via}/{claim.node.name}")
            problem = f"{where} says that it is {group.student}'s, who handed in elsewhere too"
            parts.append(Group(f"{claim.via}/{group.label}", None, [claim], problem))
    return parts


def _apart(rows: list[Submission]) -> list[Submission]:
    """No two rows have one name, however they are written."""
    taken: dict[str, int] = defaultdict(int)
    for row in rows:
        taken[row.student] += 1
    apart, used = [], {row.student for row in rows if taken[row.student] == 1}
    for row in rows:
        name = row.student
        if taken[name] > 1:
            marks = [row.id, row.file, *(str(n) for n in range(2, 2 + len(rows)))]
            names = (f"{row.student} ({mark})" for mark in marks if mark)
            name = next(label_of(n) for n in names if label_of(n) not in used)
            used.add(name)
        apart.append(replace(row, student=name))
    return apart


# -- when ------------------------------------------------------------------------------------------


def _with_times(claims: list[Claim]) -> dict[int, list[tuple[Found, int]]]:
    """The entries of each claim with the times that can be believed, and their order.

    A platform's download has its own time on all files, within minutes: that is no time of handing
    in. Nor is that of a clone's files, whenever they were cloned.
    """
    times: dict[int, list[float]] = defaultdict(list)
    for claim in claims:
        times[claim.level] += [found.time for found in claim.node.leaves() if found.time]
    spread = {level: max(found) - min(found) for level, found in times.items() if found}
    timed = {}
    for claim in claims:
        told = datetime.fromisoformat(claim.time).timestamp() if claim.time else 0.0
        platform, apart = claim.who.platform, spread.get(claim.level, 0.0) > HOUR
        known = platform not in DOWNLOADED or (apart and platform != "github")
        timed[id(claim)] = [
            (replace(found, time=told or found.time * known), claim.order)
            for found in claim.node.leaves()
        ]
    return timed


# -- rows ------------------------------------------------------------------------------------------


def _row(
    group: Group,
    timed: dict[int, list[tuple[Found, int]]],
    assignment: str,
    policy: str,
    roster: Roster,
) -> Submission:
    entries = [entry for claim in group.claims for entry in timed[id(claim)]]
    choice = choose(entries, assignment, policy)
    problem = group.problem or choice.problem
    found = choice.found if not problem else None
    claim = _claim_of(group, found)
    file = found or (entries[0][0] if entries else None)
    listed_time = iso_of_worksheet(group.person.handed_in) if group.person and found else ""
    handed_in = claim.time or listed_time or iso(found.time if found else 0.0)
    return Submission(
        group.student,
        found.read if found and found.read else Nothing(problem),
        shown("/".join(file.parts), 300) if file else "",
        problem,
        (*_said(group, claim, roster), *choice.said),
        handed_in,
        group.person.id if group.person else claim.who.id,
        group.person.email if group.person else claim.who.email,
    )


def _claim_of(group: Group, found: Found | None) -> Claim:
    """The claim from which the chosen notebook came."""
    for claim in group.claims:
        if found and any(leaf.read == found.read for leaf in claim.node.leaves()):
            return claim
    return group.claims[0]


def _said(group: Group, claim: Claim, roster: Roster) -> tuple[str, ...]:
    said = list(claim.said)
    labels = {claim.who.label.strip() for claim in group.claims}
    if len({unicodedata.normalize("NFC", label) for label in labels}) < len(labels):
        said.append(TWO_WAYS)
    if claim.nameless and not group.person:
        said.append(f"the name {quoted(claim.node.name)} does not say whose it is")
    if claim.via:
        said.append(f"found in {quoted(claim.via)}")
    if group.person and folded(group.label) != folded(group.student):
        said.append(f"{quoted(group.label)} is {group.student} by the roster")
    if roster.people and not group.person and not group.problem:
        near = " or ".join(person.student for person in roster.near(claim.who.label)[:3])
        said.append("not on the roster" + (f"; is it {near}?" if near else ""))
    return tuple(said)
