"""The gradebook: what a class was given, kept so that nothing finished is ever lost.

OUT/gradebook.sqlite holds every record ever made, the code that it was made from, and all that was
set by hand, with its reason and time. One transaction keeps one submission. Its journal is a plain
file beside it, not SQLite's shared memory, which network file systems do not have.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .late import LateRule, late_rule
from .lock import Lock
from .record import Grade, Override, Record, from_json, to_json

NAME = "gradebook.sqlite"
SCHEMA = 1
TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE records (
    id INTEGER PRIMARY KEY, student TEXT NOT NULL, content TEXT NOT NULL, basis TEXT NOT NULL,
    status TEXT NOT NULL, kept TEXT NOT NULL, reason TEXT NOT NULL, record TEXT NOT NULL);
CREATE INDEX of_student ON records (student, id);
CREATE TABLE code (content TEXT PRIMARY KEY, cells TEXT NOT NULL);
CREATE TABLE overrides (
    id INTEGER PRIMARY KEY, student TEXT NOT NULL, task TEXT NOT NULL, points REAL,
    kept TEXT NOT NULL, reason TEXT NOT NULL);
CREATE TABLE labels (
    id INTEGER PRIMARY KEY, group_key TEXT NOT NULL, text TEXT NOT NULL, kept TEXT NOT NULL);
CREATE TABLE late (
    id INTEGER PRIMARY KEY, due TEXT NOT NULL, rule TEXT NOT NULL, kept TEXT NOT NULL);
"""
PRESENT = "id IN (SELECT max(id) FROM records GROUP BY student)"
SETTLED = ("graded", "stopped", "unreadable")  # what the same code would give again


class GradebookError(Exception):
    """The gradebook cannot be used or written; the message says why."""


@dataclass(frozen=True)
class Entry:
    """One thing that happened to a student's grade: when, what, and why."""

    when: str
    what: str
    reason: str


class Gradebook:
    """A gradebook that is open.

    `basis` stands for all that decides points beside the code: the exercise, the seed, the limits.
    What was graded on another basis is graded anew.
    """

    def __init__(self, out: Path, connection: sqlite3.Connection, lock: Lock | None = None) -> None:
        self.out, self.connection, self.lock, self.basis = out, connection, lock, ""

    @classmethod
    def open(cls, out: Path, assignment: str) -> Gradebook:
        """Open OUT's gradebook to write into, and make it where there is none.

        Raises
        ------
        Locked : where another grader is at work there.
        GradebookError : where it is another exercise's, or no gradebook.
        OSError : where the folder cannot be written.
        """
        out.mkdir(parents=True, exist_ok=True)
        lock = Lock(out)
        lock.take()
        try:
            book = cls(out, connected(out / NAME), lock)
            book._claim(assignment)
        except BaseException:
            lock.release()
            raise
        return book

    @classmethod
    def read(cls, out: Path) -> Gradebook:
        """Open a gradebook that is there, to read from or to set something by hand.

        Raises
        ------
        GradebookError : where there is none.
        """
        if not (out / NAME).is_file():
            raise GradebookError(
                f"there is no gradebook in {out}: name the folder that was given to "
                "`course-nn grade` with --out"
            )
        return cls(out, connected(out / NAME))

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it, with nothing left beside it, and let the next grader in."""
        with contextlib.suppress(sqlite3.Error):
            self.connection.execute("PRAGMA journal_mode = DELETE")
        self.connection.close()
        if self.lock is not None:
            self.lock.release()

    def _claim(self, assignment: str) -> None:
        name = self.get("assignment")
        if name not in ("", assignment):
            raise GradebookError(
                f"{self.out / NAME} holds the grades of {name}, not of {assignment}: "
                "name another folder with --out"
            )
        if not name:
            self.set("assignment", assignment)

    # -- what was graded --------------------------------------------------------------------------

    def keep(self, record: Record, cells: Sequence[str] = (), reason: str = "") -> None:
        """Keep a record and its code, in one transaction; it is the student's present one.

        Raises
        ------
        GradebookError : where it cannot be written; then nothing of it is kept.
        """
        row = (record.student, record.content, self.basis, record.status, now(), reason)
        with self._transaction() as run:
            if record.content:
                run("INSERT OR IGNORE INTO code VALUES (?, ?)",
                    (record.content, json.dumps(list(cells))))  # fmt: skip
            run("INSERT INTO records (student, content, basis, status, kept, reason, record)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, to_json(record)))  # fmt: skip

    def known(self) -> dict[str, str]:
        """The code of every student that needs no grading again, on the present basis."""
        marks = ", ".join("?" * len(SETTLED))
        query = f"SELECT student, content FROM records WHERE {PRESENT} AND basis = ? "
        rows = self._all(query + f"AND status IN ({marks})", (self.basis, *SETTLED))
        return {student: content for student, content in rows if content}

    def present(self, student: str) -> Record | None:
        """The record of a student that counts now."""
        query = "SELECT record FROM records WHERE student = ? ORDER BY id DESC LIMIT 1"
        rows = self._all(query, (student,))
        return from_json(rows[0][0]) if rows else None

    def students(self) -> list[str]:
        """Everyone who has a record, sorted."""
        return [
            row[0] for row in self._all("SELECT DISTINCT student FROM records ORDER BY student")
        ]

    def cells(self, content: str) -> list[str]:
        """The code that a record was made from, cell by cell; [] where there was none."""
        rows = self._all("SELECT cells FROM code WHERE content = ?", (content,))
        return [str(cell) for cell in json.loads(rows[0][0])] if rows else []

    def grades(self) -> list[Grade]:
        """What everyone gets at present, sorted by student."""
        by_hand, rule = self._overrides(), self.late()
        rows = self._all(f"SELECT record FROM records WHERE {PRESENT} ORDER BY student")
        records = (from_json(text) for (text,) in rows)
        return [grade_of(record, by_hand[record.student], rule) for record in records]

    def history(self, student: str) -> list[Entry]:
        """All that ever happened to a student's grade, the oldest first."""
        query = "SELECT kept, id, reason, record FROM records WHERE student = ?"
        found = [
            (kept, 0, key, _graded(from_json(text)), reason)
            for kept, key, reason, text in self._all(query, (student,))
        ]
        query = "SELECT kept, id, task, points, reason FROM overrides WHERE student = ?"
        for kept, key, task, points, reason in self._all(query, (student,)):
            found.append((kept, 1, key, _by_hand(task, points), reason))
        return [Entry(kept, what, reason) for kept, _, _, what, reason in sorted(found)]

    # -- what is set by hand ----------------------------------------------------------------------

    def override(self, student: str, task: str, points: float | None, reason: str) -> None:
        """Set the points of a task by hand, or of the whole where `task` is ""; None takes what
        was set back. Earlier ones stay in the history."""
        with self._transaction() as run:
            run("INSERT INTO overrides (student, task, points, kept, reason)"
                " VALUES (?, ?, ?, ?, ?)", (student, task, points, now(), reason))  # fmt: skip

    def label(self, group_key: str, text: str) -> None:
        """Name a group of answers that are wrong in the same way; "" takes the name back."""
        with self._transaction() as run:
            run("INSERT INTO labels (group_key, text, kept) VALUES (?, ?, ?)",
                (group_key, text, now()))  # fmt: skip

    def labels(self) -> dict[str, str]:
        """The names of groups, by their key."""
        rows = self._all("SELECT group_key, text FROM labels ORDER BY id")
        return {key: text for key, text in dict(rows).items() if text}

    def _overrides(self) -> defaultdict[str, tuple[Override, ...]]:
        """What stands of that which was set by hand, by student: the last word on each task."""
        last: dict[tuple[str, str], Override | None] = {}
        query = "SELECT student, task, points, reason, kept FROM overrides ORDER BY id"
        for student, task, points, reason, kept in self._all(query):
            stands = points is not None
            last[student, task] = Override(task, points, reason, kept) if stands else None
        found: defaultdict[str, tuple[Override, ...]] = defaultdict(tuple)
        for (student, _), one in last.items():
            found[student] += (one,) if one else ()
        return found

    # -- rules and settings -----------------------------------------------------------------------

    def set_late(self, due: str, rule: str) -> None:
        """From now on, this is what being late costs; "" and "" for nothing."""
        if rule:
            late_rule(due, rule)
        with self._transaction() as run:
            run("INSERT INTO late (due, rule, kept) VALUES (?, ?, ?)", (due, rule, now()))

    def late(self) -> LateRule | None:
        """What being late costs."""
        rows = self._all("SELECT due, rule FROM late ORDER BY id DESC LIMIT 1")
        return late_rule(*rows[0]) if rows and rows[0][1] else None

    def get(self, key: str) -> str:
        """A setting of the gradebook, "" where it was never set."""
        rows = self._all("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else ""

    def set(self, key: str, value: str) -> None:
        """Keep a setting."""
        with self._transaction() as run:
            run("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    # -- the database -----------------------------------------------------------------------------

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Any]:
        """All of it is kept, or nothing."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            yield self.connection.execute
            self.connection.execute("COMMIT")
        except BaseException as error:
            with contextlib.suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise GradebookError(f"{self.out / NAME} cannot be written: {error}") from error
            raise

    def _all(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            return self.connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise GradebookError(f"{self.out / NAME} cannot be read: {error}") from error


def connected(path: Path) -> sqlite3.Connection:
    """The database, with its tables."""
    try:
        connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA:
            raise GradebookError(
                f"{path} was made by a newer course-nn (its form is {version}, this one knows "
                f"{SCHEMA}): update course-nn"
            )
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        if version == 0:
            tables = TABLES.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS")
            tables = tables.replace("CREATE INDEX", "CREATE INDEX IF NOT EXISTS")
            connection.executescript(f"BEGIN; {tables} PRAGMA user_version = {SCHEMA}; COMMIT;")
    except sqlite3.DatabaseError as error:
        raise GradebookError(
            f"{path} cannot be used as a gradebook ({error}): name another folder with --out, "
            "or move that file away"
        ) from error
    return connection


def now() -> str:
    """This moment, as it is kept."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


def grade_of(record: Record, by_hand: tuple[Override, ...], rule: LateRule | None) -> Grade:
    """What counts: points of the tests or by hand, less what being late costs.

    A whole that was set by hand is final; nothing is taken off it.
    """
    grade = Grade(record, overrides=by_hand)
    whole = [one.points for one in by_hand if one.task == ""]
    if whole:
        return Grade(record, 0.0, "", whole[-1], whole[-1], by_hand)
    points = round(sum(grade.points(task) for task in record.tasks), 2)
    penalty, reason = 0.0, ""
    if rule is not None and record.status != "missing":
        penalty, reason = rule.penalty(points, record.handed_in)
    return Grade(record, penalty, reason, None, round(points - penalty, 2), by_hand)


def _graded(record: Record) -> str:
    return f"{record.status}: {record.total:g} of {record.maximum:g} points"


def _by_hand(task: str, points: float | None) -> str:
    of = f"task {task}" if task else "the whole"
    return f"{of} by hand: {points:g} points" if points is not None else f"{of}: as tested again"
