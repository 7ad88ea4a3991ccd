"""Which of the things in the class's folder is whose.

What lies there is a tree of folders and archives. A level of it belongs to people: each of its
names is one person's, and what lies below is theirs, whatever it is called: nobody can hand in for
another by a name inside of their own work. Which level that is, all names of a level say together:
names that a platform gave, names of the roster, or else that several folders hold work each.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .archives import archive_kind, without_end
from .clone import last_commit
from .disk import Found, OnDisk
from .names import folded, quoted, shown, without_copy_marks, without_later_marks
from .platforms import GRADESCOPE, Handed, Mark, gradescope, iso_of, marked
from .roster import Roster, Who
from .submission import Unreadable

MAX_LEVELS = 8  # folders that only hold folders of people
PLAIN = re.compile(  # what a person calls a folder of their own
    r"(attempt|try|versuch|version|v|final|draft|old|new|alt|neu|backup|copy|kopie|submission|"
    r"submissions|abgabe|solution|solutions|l.sung|week|woche|part|teil|src|code|notebook|"
    r"notebooks|exercise|exercises|work|homework|hw|data|untitled|test|tmp|temp|\d)*",
    re.I,
)
AGAIN = re.compile(  # folders that who collects puts later work of several people into
    r"(late|late submissions?|too late|resubmissions?|versp.tet\w*|nachgereicht\w*|nachreichung\w*|"
    r"en retard|tardivo|tarde)",
    re.I,
)
WHOLE = re.compile(  # a folder of the whole class
    r"(.*submissions|submitted|all|class|students|hand ?ins?|handed in|inbox|abgaben?|"
    r"einreichungen|rendus|entregas|consegne)",
    re.I,
)
COMMITTED = "its time is that of its last commit, which its author's own machine wrote"
UNKNOWN = "when it was handed in is not known, so no rule for late work was applied"
MAX_LISTED = 64 << 20  # bytes of Gradescope's list


@dataclass(eq=False)
class Node:
    """A name in the tree: the entries that are it, and the names below."""

    name: str = ""
    entries: list[Found] = field(default_factory=list)
    below: dict[str, Node] = field(default_factory=dict)
    system: set[str] = field(default_factory=set)
    git: OnDisk | None = None  # where it is a clone

    def leaves(self) -> Iterator[Found]:
        """All entries here and below."""
        yield from self.entries
        for node in self.below.values():
            yield from node.leaves()

    @property
    def notebooks(self) -> list[Found]:
        """The notebooks here and below."""
        return [found for found in self.leaves() if is_notebook(found)]

    @property
    def plain_name(self) -> str:
        """Its name without an archive's or a file's ending."""
        if self.below and not archive_kind(self.name):
            return self.name
        return without_end(self.name)


def is_notebook(found: Found) -> bool:
    """Whether an entry is a file that calls itself a notebook, or is one under another ending."""
    named = found.parts[-1].casefold().endswith(".ipynb")
    return found.read is not None and (named or found.disguised)


def tree(entries: Iterator[Found]) -> Node:
    """The entries as a tree of their names."""
    root = Node()
    for found in entries:
        node = root
        for name in found.parts[: -1 if found.kind == "system" else None]:
            node = node.below.setdefault(name, Node(name))
        if found.kind == "system":
            node.system.add(found.parts[-1])
            node.git = found.read if isinstance(found.read, OnDisk) else node.git
        else:
            node.entries.append(found)
    return root


@dataclass(eq=False)
class Claim:
    """One thing and whose it is.

    via : the folders between, where they say a group of people; "" for none.
    mixed : whether people stand beside that folder.
    level : the same for all that were found at one place.
    nameless : whether its name is the exercise's or a plain word, and no person's.
    """

    who: Who
    node: Node
    said: list[str] = field(default_factory=list)
    time: str = ""
    order: int = 0
    via: str = ""
    mixed: bool = False
    level: int = 0
    nameless: bool = False


class Sorter:
    """Finds the level of people, by the names of an exercise and a roster."""

    def __init__(self, assignment: str, roster: Roster) -> None:
        self.assignment, self.roster = assignment, roster
        self.lists: dict[Node, dict[str, Handed]] = {}

    def claims(
        self, level: Node, via: str = "", mixed: bool = False, depth: int = 0
    ) -> list[Claim]:
        """Whose everything below a level is."""
        nodes = list(level.below.values())
        found = self._platform(level, nodes)
        rest = [node for node in nodes if node.name not in found]
        inner = self._groups(rest, bool(found)) if depth < MAX_LEVELS else []
        others = [node for node in rest if node not in inner]
        claims = [claim for node in nodes for claim in found.get(node.name, [])]
        claims += [self._named(node) for node in others]
        for claim in claims:
            claim.via, claim.mixed, claim.level = via, mixed, id(level)
        holding = [node for node in nodes if node not in inner and node.notebooks]
        alone = len(inner) == 1 and not holding  # then its name tells nobody from anybody
        for node in inner:
            plain = alone or self._is_platform(node)
            name = via if plain else f"{via}/{shown(node.name)}".strip("/")
            beside = bool(holding) and not self._is_again(node)
            claims += self.claims(node, name, mixed or beside, depth + 1)
        return claims

    # -- platforms ---------------------------------------------------------------------------------

    def _platform(self, level: Node, nodes: list[Node]) -> dict[str, list[Claim]]:
        """What a platform's names at a level say, by the nodes' names; {} where there are none."""
        ways: tuple[Callable[[Node, list[Node]], dict[str, list[Claim]]], ...] = (
            self._gradescope, self._marked, self._nbgrader, self._classroom,
        )  # fmt: skip
        for way in ways:
            if found := way(level, nodes):
                return found
        return {}

    def _gradescope(self, level: Node, nodes: list[Node]) -> dict[str, list[Claim]]:
        listed, claims = self._listed(level.below.get(GRADESCOPE)), {GRADESCOPE: list[Claim]()}
        for node in nodes:
            handed = listed.get(node.name) or listed.get(without_end(node.name), Handed([]))
            if handed.people:
                claims[node.name] = [_handed(who, handed, node) for who in handed.people]
            elif node.name != GRADESCOPE:
                claims[node.name] = [Claim(Who(node.name), node, ["not in Gradescope's list"])]
        return claims if listed else {}

    def _listed(self, node: Node | None) -> dict[str, Handed]:
        """What Gradescope's list says; it is read once."""
        if node is None or not node.entries or node.entries[0].read is None:
            return {}
        if node not in self.lists:
            try:
                text = node.entries[0].read(MAX_LISTED).decode("utf-8", "replace")
                self.lists[node] = gradescope(text)
            except Unreadable:
                self.lists[node] = {}
        return self.lists[node]

    def _marked(self, level: Node, nodes: list[Node]) -> dict[str, list[Claim]]:
        marks = {node.name: mark for node in nodes if (mark := marked(node.name))}
        canvas = [mark for mark in marks.values() if mark.who.platform == "canvas"]
        if not _believable(canvas):
            marks = {name: mark for name, mark in marks.items() if mark not in canvas}
        by_name = {node.name: node for node in nodes}
        return {name: [_marked_claim(mark, by_name[name])] for name, mark in marks.items()}

    def _nbgrader(self, level: Node, nodes: list[Node]) -> dict[str, list[Claim]]:
        """STUDENT/ASSIGNMENT/ with timestamp.txt: what else a student has is of other exercises."""
        claims = {}
        for node in nodes:
            own = node.below.get(self.assignment)
            stamp = own.below.get("timestamp.txt") if own else None
            if own is not None and stamp is not None:
                who = Who(node.name, "nbgrader", "", "", node.name)
                claims[node.name] = [Claim(who, own, time=_stamp(stamp))]
        holding = [node for node in nodes if node.notebooks and node.name not in claims]
        return {} if any(node.below.get(self.assignment) is None for node in holding) else claims

    def _classroom(self, level: Node, nodes: list[Node]) -> dict[str, list[Claim]]:
        clones = [node for node in nodes if ".git" in node.system]
        if not clones or any(node.notebooks and node not in clones for node in nodes):
            return {}
        slug = self._slug(level, [node.name for node in clones])
        claims = {}
        for node in clones:
            user = node.name.removeprefix(slug)
            time = last_commit(node.git) if node.git else ""
            claims[node.name] = [Claim(Who(user, "github", "", "", user), node, [COMMITTED], time)]
            if not time:
                claims[node.name][0].said = [UNKNOWN]
        return claims

    def _slug(self, level: Node, names: list[str]) -> str:
        """What stands before the user's name in every clone's."""
        own = self.assignment.replace("_", "-")
        for slug in (level.name.removesuffix("-submissions"), own, self.assignment):
            if slug and all(name.lower().startswith(f"{slug}-".lower()) for name in names):
                return names[0][: len(slug) + 1]
        return ""

    # -- names that people chose -------------------------------------------------------------------

    def _groups(self, nodes: list[Node], beside_platform: bool) -> list[Node]:
        """The nodes that are no person's but hold people: all of a level that hold work, or none.

        With a roster, a node that is nobody's and holds somebody's is one.
        """
        holding = [node for node in nodes if node.notebooks or self._is_platform(node)]
        inside = [node for node in holding if self._is_platform(node)]
        if inside and len(inside) == len(holding):
            return inside
        if self.roster.people:
            return [node for node in holding if node.below and self._holds_listed(node)]
        if again := [node for node in holding if self._is_again(node)]:
            return again
        if len(holding) == 1 and self._is_whole(holding[0]):
            return holding
        if beside_platform or not holding or any(not node.below for node in holding):
            return []
        sure = [node for node in holding if self._holds_people(node)]
        may = [node for node in holding if node in sure or self._holds_one(node)]
        repeated = Counter(name for node in holding for name in node.below if node in sure)
        if any(count > 1 and self._is_work(name) for name, count in repeated.items()):
            return []
        return may if sure and len(may) == len(holding) else []

    def _is_platform(self, node: Node, depth: int = 0) -> bool:
        """Whether below a node lies what a platform handed out."""
        if not node.below or depth > MAX_LEVELS or self._is_listed(node):
            return False
        nodes = [inner for inner in node.below.values() if inner.notebooks]
        found = self._platform(node, list(node.below.values()))
        rest = [inner for inner in nodes if inner.name not in found]
        return bool(nodes) and all(self._is_platform(inner, depth + 1) for inner in rest)

    def _is_listed(self, node: Node) -> bool:
        return len(self.roster.find(Who(self.label(node)))) == 1

    def _holds_listed(self, node: Node, depth: int = 0) -> bool:
        if self._is_listed(node) or depth > MAX_LEVELS:
            return False
        return any(
            self._is_listed(inner) or self._holds_listed(inner, depth + 1)
            for inner in node.below.values()
        )

    def _is_again(self, node: Node) -> bool:
        """A folder of late work: only who collects can call one so, beside people's names."""
        name = folded(node.name)
        return bool(node.below and not archive_kind(node.name) and AGAIN.fullmatch(name))

    def _is_whole(self, node: Node) -> bool:
        name = folded(node.name)
        named = WHOLE.fullmatch(name) or name == folded(self.assignment)
        inner = [below for below in node.below.values() if below.notebooks]
        return bool(named) and not any(self._is_work(below.name) for below in inner)

    def _holds_people(self, node: Node) -> bool:
        """Whether a node holds two names or more that are people's, and no work of its own."""
        inner = [below for below in node.below.values() if below.notebooks]
        return len(inner) > 1 and not any(self._is_work(below.name) for below in inner)

    def _holds_one(self, node: Node) -> bool:
        inner = [below for below in node.below.values() if below.notebooks]
        return len(inner) == 1 and bool(inner[0].below) and not self._is_work(inner[0].name)

    def _is_work(self, name: str) -> bool:
        """Whether a name is a piece of work's, and no person's: the exercise's, "attempt 2" …"""
        bare = folded(without_copy_marks(without_end(name))[0])
        own = folded(self.assignment)
        return own in bare or own.split()[0] in bare.split() or bool(
            PLAIN.fullmatch(bare.replace(" ", ""))
        )  # fmt: skip

    def _named(self, node: Node) -> Claim:
        label = self.label(node)
        nameless = not node.below and not label.isdigit() and self._is_work(label)
        return Claim(Who(label), node, nameless=nameless)

    def label(self, node: Node) -> str:
        """The person's name that is in a node's: without its ending, copy marks, the exercise's.

        A name that is the exercise's and nothing else stays whole: two of them may be two people's.
        """
        stem = node.plain_name
        if node.below and not archive_kind(node.name):
            return stem.strip() or node.name
        bare = without_later_marks(without_copy_marks(stem)[0])[0]
        whole = re.escape(self.assignment).replace("_", "[-_ ]")
        short = re.escape(self.assignment.split("_")[0])
        without = re.sub(rf"(^|[-_ .]+)({whole}|{short})(?=$|[-_ .])", "", bare, flags=re.I)
        if without == bare:
            return bare
        without = without.strip("-_ ")
        return without if without and not self._is_work(without) else stem


def _handed(who: Who, handed: Handed, node: Node) -> Claim:
    claim = Claim(who, node, time=handed.time)
    others = [quoted(other.label) for other in handed.people if other is not who]
    if others:
        claim.said.append(f"handed in together with {' and '.join(others)}")
    return claim


def _marked_claim(mark: Mark, node: Node) -> Claim:
    claim = Claim(mark.who, node, time=mark.time, order=mark.order)
    if mark.late:
        claim.said.append("marked late by the platform")
    return claim


def _believable(canvas: list[Mark]) -> bool:
    """Whether names are Canvas' and not alike by chance: a file's number is never given twice."""
    files = [mark.order for mark in canvas]
    names: dict[str, set[str]] = {}
    for mark in canvas:
        names.setdefault(mark.who.id, set()).add(mark.who.label)
    return len(set(files)) == len(files) and all(len(found) == 1 for found in names.values())


def _stamp(node: Node) -> str:
    """The time in nbgrader's timestamp.txt."""
    for found in node.entries:
        try:
            return iso_of(found.read(1000).decode("utf-8", "replace")) if found.read else ""
        except Unreadable:
            return ""
    return ""
