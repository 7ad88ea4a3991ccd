"""How platforms name what they hand out, and what the names tell.

Moodle: one zip, a folder `FULL NAME_ID_assignsubmission_file` a person, in older versions with one
more `_` at its end; without folders the same words stand before each file's name. In the full name
`_` is made a space; `ID` is the participant's number in this assignment, the one of the grading
worksheet ("Participant ID"); with anonymous marking the name is "Participant"; a team's work bears
the group's name and id. The zip's times are those of the download.
(moodle/moodle, mod/assign/classes/downloader.php, files/classes/local/archive_writer/)

Canvas: one zip of files `NAME[_LATE]_USER_ATTACHMENT_FILE`: the sortable name in small letters with
all but letters, digits and `_` removed, the user's and the attachment's number, and the file's own
name, to which a second upload of the same name adds "-1", "-2". Anonymous: `anon_CODE` in place of
name and number. The zip's times are those of the download.
(instructure/canvas-lms, lib/content_zipper.rb)

Gradescope: `assignment_N_export/` with a folder `submission_N` each and `submission_metadata.yml`,
which maps each to `:submitters:` (a list of `:name:`, `:sid:`, `:email:`), `:created_at:` and more.
(No format is published; so it is read by the tools on GitHub that look for that file.)

GitHub Classroom: `gh classroom clone student-repos` makes `SLUG-submissions/` with a clone
`SLUG-USERNAME` each. A clone's times are those of the cloning.
(github/gh-classroom, cmd/gh-classroom/clone/student-repos/student-repos.go)

nbgrader: `submitted/STUDENT/ASSIGNMENT/NOTEBOOK.ipynb` with `timestamp.txt`; in the exchange's
`inbound/`, folders `STUDENT+ASSIGNMENT+TIME[+RANDOM]`. `zip_collect` starts from
`downloaded/ASSIGNMENT/archive/` and extracts to `extracted/`; the names in its manual are
Blackboard's, `ASSIGNMENT_STUDENT_attempt_2016-01-30-20-30-10_FILE`.
(jupyter/nbgrader, nbgrader/exchange/default/submit.py, docs managing_assignment_files_manually)
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from .roster import Who

MOODLE = re.compile(
    r"(?P<name>[^_]*)(?:_(?P<id>\d+))?_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<rest>.*))?", re.S
)
CANVAS = re.compile(
    r"(?:(?!LATE_)(?P<name>\w+?)_)?(?P<late>LATE_)?"
    r"(?:(?P<id>\d+)|anon_(?P<anon>[A-Za-z0-9]{4,8}))_(?P<file>\d+)_(?P<rest>.+)",
    re.S,
)
ATTEMPT = re.compile(
    r"(?P<assignment>.+?)_(?P<login>[^_]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})"
    r"(?:_(?P<rest>.+)|\.txt)?",
    re.S,
)
INBOUND = re.compile(
    r"(?P<login>[^+*]+)\+(?P<assignment>[^+]+)"
    r"\+(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^+]{0,20})(?:\+[\w=-]+)?"
)
GRADESCOPE = "submission_metadata.yml"
TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[ T-](\d\d)[:-](\d\d)[:-](\d\d)(?:\.\d+)?\s*"
    r"(Z|UTC|GMT|UCT|[+-]\d\d:?\d\d)?",
)
SUBMITTER = re.compile(r"(  - |    - |    |      )(:\w+):\s*(.*)")
DOWNLOADED = ("moodle", "canvas", "github")  # file times are those of the download


@dataclass(frozen=True)
class Mark:
    """What a platform's name tells.

    who : whose it is. rest : the file's own name, "" for a folder. late : marked so.
    time : ISO 8601, "" where it is not told. order : grows with later attempts.
    """

    who: Who
    rest: str = ""
    late: bool = False
    time: str = ""
    order: int = 0


def marked(name: str) -> Mark | None:
    """What the name of a folder or a file tells, where a platform gave it.

    >>> marked("Ada Lovelace_1234567_assignsubmission_file_").who.name
    'Ada Lovelace'
    >>> marked("lovelaceada_LATE_12345_678901_ex02_dense-1.ipynb").rest
    'ex02_dense-1.ipynb'
    """
    for parse in (_moodle, _inbound, _attempt, _canvas):
        if (mark := parse(name)) is not None:
            return mark
    return None


def _moodle(name: str) -> Mark | None:
    if not (found := MOODLE.fullmatch(name)):
        return None
    label, number = found["name"].strip(), found["id"] or ""
    who = Who(label or number, "moodle", number, "" if _is_anonymous(label) else label)
    return Mark(who, found["rest"] or "")


def _is_anonymous(label: str) -> bool:
    return label.casefold() in ("participant", "teilnehmer", "teilnehmer/in", "participante", "")


def _canvas(name: str) -> Mark | None:
    found = CANVAS.fullmatch(name)
    if not found:
        return None
    name, number = found["name"] or "", found["id"] or found["anon"]
    letters = any(character.isalpha() for character in name)
    if name != name.lower() or letters == bool(found["anon"]):
        return None
    who = Who(name or f"anon_{number}", "canvas", number, name)
    return Mark(who, found["rest"], found["late"] is not None, "", int(found["file"][:18]))


def _attempt(name: str) -> Mark | None:
    if not (found := ATTEMPT.fullmatch(name)):
        return None
    who = Who(found["login"], "attempt", "", "", found["login"])
    return Mark(who, found["rest"] or "", False, iso_of(found["time"]))


def _inbound(name: str) -> Mark | None:
    if not (found := INBOUND.fullmatch(name)):
        return None
    who = Who(found["login"], "nbgrader", "", "", found["login"])
    return Mark(who, "", False, iso_of(found["time"]))


def iso_of(text: str) -> str:
    """A time as platforms write it, in ISO 8601; "" where it is none or its zone is not known.

    >>> iso_of("2015-02-02 15:58:23.948203 UTC")
    '2015-02-02T15:58:23+00:00'
    >>> iso_of("yesterday")
    ''
    """
    if not (found := TIME.match(text.strip())):
        return ""
    with contextlib.suppress(ValueError, OverflowError):
        year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
        when = datetime(year, month, day, hour, minute, second)
        if found[7]:
            return when.replace(tzinfo=_zone(found[7])).isoformat()
        if not text.strip()[found.end() :].strip():
            return when.astimezone().isoformat()
    return ""


def iso_of_worksheet(text: str) -> str:
    """A time as Moodle's grading worksheet writes it in English; "" where it is none.

    >>> iso_of_worksheet("Friday, 3 March 2023, 4:12 PM")[:16]
    '2023-03-03T16:12'
    """
    plain = text.split(",", 1)[-1].strip() if text.count(",") > 1 else text.strip()
    with contextlib.suppress(ValueError, OverflowError):
        return datetime.strptime(plain, "%d %B %Y, %I:%M %p").astimezone().isoformat()
    return ""


def _zone(text: str) -> timezone:
    if text[0] not in "+-":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


def iso(seconds: float) -> str:
    """A file's time in ISO 8601 with this place's offset; "" for 0."""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds") * bool(
        seconds
    )


# -- Gradescope's list -----------------------------------------------------------------------------


@dataclass
class Handed:
    """One entry of Gradescope's list: who handed it in, and when."""

    people: list[Who]
    time: str = ""


def gradescope(text: str) -> dict[str, Handed]:
    """Whose each folder is, by the text of `submission_metadata.yml`.

    Only what stands at its own indentation is read: what a submission printed, which the file
    holds too, stands deeper and can claim nothing.

    >>> listed = gradescope("submission_1:\\n  :submitters:\\n  - :name: Ada\\n    :sid: '12'\\n")
    >>> listed["submission_1"].people[0].name
    'Ada'
    """
    listed: dict[str, Handed] = {}
    entry, part = Handed([]), ""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        if found := re.fullmatch(r"(\S.*?):\s*", line):
            entry, part = Handed([]), ""
            listed[_scalar(found[1])] = entry
        elif found := re.fullmatch(r"  (:\w+):\s*(.*)", line):
            part = found[1]
            if part == ":created_at":
                entry.time = iso_of(_scalar(found[2]))
        elif part == ":submitters" and (found := SUBMITTER.fullmatch(line)):
            if "-" in found[1]:
                fields = {}
                entry.people.append(Who(""))
            fields[found[2]] = _scalar(found[3])
            entry.people[-1:] = [_submitter(fields)]
    return listed


def _submitter(fields: dict[str, str]) -> Who:
    name, number = fields.get(":name", ""), fields.get(":sid", "")
    email = fields.get(":email", "")
    return Who(name or email or number, "gradescope", number, name, number, email)


def _scalar(text: str) -> str:
    text = text.strip()
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        with contextlib.suppress(ValueError):
            return str(json.loads(text))
    if text.startswith("'") and text.endswith("'") and len(text) > 1:
        return text[1:-1].replace("''", "'")
    return "" if text in ("null", "~") else text
