"""The roster: who is in the class, and how what they handed in is recognised as theirs.

It is a table as an office or a platform exports it: commas, semicolons or tabs, with or without a
byte-order mark, UTF-8 or Latin-1. The headings say what its columns are. Known are those of Canvas'
gradebook (Student, ID, SIS User ID, SIS Login ID), Moodle's participants and grading worksheet
(First name, Last name, ID number, Email address; Identifier, Full name), GitHub Classroom
(identifier, github_username, github_id, name), nbgrader (id, first_name, last_name, email), and
their usual names in a few languages.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .names import folded, shown

MAX_BYTES = 32 << 20
HEADINGS = {
    "name": "name, full name, fullname, student, student name, display name, participant, "
    "vollständiger name, nom complet, nombre completo, nome completo, teilnehmer, naam, navn",
    "first": "first name, firstname, first, given name, given names, forename, vorname, prénom, "
    "nombre, nome, voornaam, fornavn",
    "last": "last name, lastname, last, surname, family name, nachname, familienname, nom, "
    "apellido, apellidos, apellido s, cognome, achternaam, etternavn",
    "number": "student id, studentid, id number, idnumber, student number, sis user id, sid, "
    "matrikelnummer, matrikel nr, matrikelnr, matriculation number, orgdefinedid, "
    "numéro d identification, número de id, studentnummer",
    "platform": "id, identifier, user id, userid, canvas id, moodle id, github id, kennung",
    "email": "email, e mail, mail, email address, e mail address, e mail adresse, "
    "adresse de courriel, dirección de correo, correo electrónico, e post",
    "login": "username, user name, user, login, login id, sis login id, github username, github, "
    "netid, benutzername, anmeldename, nutzername, nom d utilisateur, nombre de usuario",
    "handed in": "last modified submission",
}
ROLES = {
    folded(heading): role for role, headings in HEADINGS.items() for heading in headings.split(",")
}
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,255}")
NOBODY = ("points possible", "student test", "test student")  # rows of Canvas' gradebook


class RosterError(Exception):
    """The roster cannot be read as one; the message says why and what is expected."""


@dataclass(frozen=True)
class Who:
    """Whose a file is, as far as its name or a platform says.

    label : as the file says it. platform : "" where the name was chosen by a person.
    id, login, email, name : what a platform says; its id is its own, seldom the student's number.
    """

    label: str
    platform: str = ""
    id: str = ""
    name: str = ""
    login: str = ""
    email: str = ""


@dataclass(frozen=True)
class Person:
    """One person of the roster. `row` holds all of their line, by its headings as they stand."""

    student: str
    name: str = ""
    number: str = ""
    platform_id: str = ""
    email: str = ""
    login: str = ""
    first: str = ""
    last: str = ""
    handed_in: str = ""
    row: dict[str, str] = field(default_factory=dict, compare=False, hash=False)

    @property
    def id(self) -> str:
        """The student's number, or the platform's where there is none."""
        return self.number or self.platform_id


def words(text: str) -> tuple[str, ...]:
    """The words of a name in an order that does not depend on how it is written.

    >>> words("Lovelace, Ada") == words("ada_lovelace")
    True
    """
    return tuple(sorted(folded(text).split()))


def squashed(text: str) -> str:
    """A name as Canvas puts it into a file's: small letters and digits, nothing between them.

    >>> squashed("Lovelace, Ada")
    'lovelaceada'
    """
    lower = unicodedata.normalize("NFC", text).lower()
    return re.sub(r"[\W_]", "", lower)


class Roster:
    """The people of a class, found again by what a file or a platform says."""

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self.people = list(people)
        self.by: dict[str, dict[object, list[Person]]] = defaultdict(lambda: defaultdict(list))
        for person in self.people:
            for kind, key in set(_keys(person)):
                if key:
                    self.by[kind][key].append(person)

    def find(self, who: Who) -> list[Person]:
        """Who is meant: one person, nobody, or all who may be."""
        for found in self._tries(who):
            if found:
                return found
        return []

    def _tries(self, who: Who) -> Iterator[list[Person]]:
        if who.platform:
            yield [p for p in self.by["platform"][who.id] if _agree(p, who)]
            yield self.by["email"][who.email.casefold()]
            yield self.by["login"][who.login.casefold()] or self.by["local"][who.login.casefold()]
            yield self.by["number"][who.login.casefold()]
            yield self.by["words"][words(who.name)]
            yield self.by["squashed"][squashed(who.name)]
        if who.platform in ("", "nbgrader", "attempt", "github"):
            yield from self._by_label(who.label)

    def _by_label(self, label: str) -> Iterator[list[Person]]:
        plain = unicodedata.normalize("NFC", label).strip().casefold()
        for kind in ("number", "email", "login", "platform"):
            yield self.by[kind][plain]
        if local := self.by["local"][plain]:  # "grace" may be another Grace's first name
            yield list(dict.fromkeys([*local, *self.near(label)]))
        yield self.by["words"][words(label)]
        yield self.by["squashed"][squashed(label)]
        yield self._within(label)

    def near(self, label: str) -> list[Person]:
        """Those whose name has a word of the label."""
        pieces = sorted(set(folded(label).split()))
        found = [person for piece in pieces for person in self.by["word"][piece]]
        return list(dict.fromkeys(found))

    def _within(self, label: str) -> list[Person]:
        """Those whose whole name, number or e-mail stands in a longer label."""
        pieces = set(folded(label).split())
        found = []
        for person in dict.fromkeys(p for piece in sorted(pieces) for p in self.by["piece"][piece]):
            own = set(folded(person.name).split())
            numbers = {folded(n) for n in (person.number, person.login) if len(n) > 3}
            if (len(own) > 1 and own <= pieces) or numbers & pieces:
                found.append(person)
        mails = (mail.casefold() for mail in EMAIL.findall(label))
        return list(dict.fromkeys([*found, *(p for mail in mails for p in self.by["email"][mail])]))


def _agree(person: Person, who: Who) -> bool:
    """Whether a platform's id can be this person's: two numbers may be alike by chance."""
    if not who.name or not person.name:
        return True
    named = squashed(who.name)
    pieces = folded(person.name).split()
    return bool(set(words(who.name)) & set(pieces)) or any(squashed(p) in named for p in pieces)


def _keys(person: Person) -> Iterator[tuple[str, object]]:
    yield "number", person.number.casefold()
    yield "platform", person.platform_id
    yield "email", person.email.casefold()
    yield "login", person.login.casefold()
    yield "local", person.email.partition("@")[0].casefold()
    yield "words", words(person.name)
    parts = person.name.split()
    for i in range(len(parts)):  # Canvas puts the last name first, and it may be of several words
        yield "squashed", squashed("".join(parts[i:] + parts[:i]))
    for piece in folded(person.name).split():
        yield "word", piece
    for text in (person.name, person.number, person.login):
        for piece in folded(text).split():
            yield "piece", piece


# -- reading ---------------------------------------------------------------------------------------


def read_roster(path: Path) -> Roster:
    """Read the table at `path`.

    Raises
    ------
    RosterError : where it cannot be read, or no heading says who is who.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise RosterError(f"the roster {path} cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise RosterError(f"the roster {path} is larger than {MAX_BYTES >> 20} MiB")
    try:
        return roster_of(_text(data))
    except (RosterError, csv.Error) as error:
        raise RosterError(f"the roster {path}: {error}") from error


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def roster_of(text: str) -> Roster:
    """The roster that a table's text is; `RosterError` where it is none.

    >>> roster_of("Nachname;Vorname;Matrikelnummer\\nLovelace;Ada;12").people[0].student
    'Ada Lovelace'
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and (named := re.fullmatch(r"sep=(.)", lines[0].strip())):  # Excel's own first line
        lines = lines[1:]
    head = lines[0] if lines else ""
    mark = named[1] if lines and named else max(",;\t", key=head.count)
    rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=mark, strict=False))
    roles = [ROLES.get(folded(heading), "") for heading in rows[0]] if rows else []
    if not set(roles) - {"", "handed in"}:
        raise RosterError(
            "no heading of its first line is known: name a column `name`, `id` or `email`"
        )
    people = [_person(rows[0], roles, row) for row in rows[1:]]
    return Roster(_told_apart([person for person in people if person is not None]))


def _person(headings: list[str], roles: list[str], row: list[str]) -> Person | None:
    values: dict[str, str] = {}
    for role, cell in zip(roles, row, strict=False):
        cell = unicodedata.normalize("NFC", " ".join(cell.split()))
        if role and cell:
            values.setdefault(role, cell)
    first, last = values.get("first", ""), values.get("last", "")
    name = values.get("name") or f"{first} {last}".strip()
    if "," in name and not (first or last):
        last, first = (part.strip() for part in name.split(",", 1))
        name = f"{first} {last}".strip()
    number, email = values.get("number", ""), values.get("email", "")
    login, platform = values.get("login", ""), values.get("platform", "")
    student = name or number or login or email or platform
    if not student or words(student) in map(words, NOBODY):
        return None
    numbered = re.search(r"(\d+)\s*$", platform)
    if numbered and not platform[: numbered.start()].strip().isdigit():
        platform = numbered[1] if " " in platform or "/" in platform else platform
    raw = {heading.strip(): cell for heading, cell in zip(headings, row, strict=False)}
    return Person(shown(student), name, number, platform, email, login, first, last,
                  values.get("handed in", ""), raw)  # fmt: skip


def _told_apart(people: list[Person]) -> list[Person]:
    """People of one name are called by their number too; one who stands twice is one."""
    from dataclasses import replace

    people = list(dict.fromkeys(people))
    named: dict[tuple[str, ...], list[Person]] = defaultdict(list)
    for person in people:
        named[words(person.student)].append(person)
    apart = []
    for person in people:
        if len(named[words(person.student)]) > 1:
            mark = person.id or person.email or person.login
            person = replace(person, student=f"{person.student} ({shown(mark)})")
        apart.append(person)
    return list(dict.fromkeys(apart))
