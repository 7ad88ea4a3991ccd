"""Writes what the grader found: grades.csv for the class, a report for each student.

Each file is written beside its place and then moved there: it is whole, old or new, never half.
"""

import csv
import hashlib
import io
import json
import re
from pathlib import Path

from ..exercises.verdict import ended
from ..files import write
from .record import Record, TaskRecord

FORMULA = ("=", "+", "-", "@")
MAX_CELL = 2000


def safe_cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula, on one line.

    Examples
    --------
    >>> safe_cell("=HYPERLINK(1)")
    "'=HYPERLINK(1)"
    """
    line = " ".join(text.split())[:MAX_CELL]
    line = "".join(c if c.isprintable() else "�" for c in line)
    return f"'{line}" if line.startswith(FORMULA) else line


def grades_csv(assignment: str, results: list[Record]) -> str:
    """Return the table: one row a student, one column a task."""
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    tasks = [f"{task.number} {task.name}" for task in results[0].tasks] if results else []
    table.writerow(["student", "assignment", *tasks, "total", "max", "status", "message"])
    for result in results:
        points = [f"{task.points:g}" for task in result.tasks]
        row = [safe_cell(result.student), assignment, *points, f"{result.total:g}",
               f"{result.maximum:g}", result.status, safe_cell(result.message)]  # fmt: skip
        table.writerow(row)
    return file.getvalue()


def file_name(student: str) -> str:
    """Return a name for the student's reports: plain letters, and a mark where some were lost."""
    plain = re.sub(r"[^\w.@-]", "_", student, flags=re.ASCII).lstrip(".")[:100]
    if plain == student:
        return plain
    return f"{plain}-{hashlib.sha256(student.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def report_text(assignment: str, result: Record, note: str) -> str:
    """Return the report that a student reads."""
    lines = [f"{assignment}: {result.total:g} of {result.maximum:g} points ({result.status})", ""]
    if result.status != "graded":
        lines += [result.message, ""]
    for task in result.tasks:
        lines += [f"Task {task.number}, {task.name}: {task.points:g} of {task.maximum:g}"]
        lines += [*_test_lines(task), ""]
    if result.failures:
        lines += ["Cells that did not run to their end:", *(f"  {f}" for f in result.failures), ""]
    return "\n".join([*lines, f"Graded in: {note}.", ""])


def _test_lines(task: TaskRecord) -> list[str]:
    lines = []
    for test in task.tests:
        mark = "✔" if test.passed else "✘"
        lines.append(f"  {mark} {'public' if test.public else 'hidden'}: {test.label}")
        if not test.passed:
            lines.append(f"      {test.sentence}")
            lines += ["    " + line for line in test.smallest]
        if test.looks:
            lines.append(f"      What it looks like: {ended(test.looks)}")
    return lines


def report_json(assignment: str, result: Record, note: str) -> str:
    """Return the same report for programs."""
    tasks = [
        {
            "number": task.number, "name": task.name, "points": task.points, "max": task.maximum,
            "tests": [
                {"test": test.label, "public": test.public, "stage": test.stage,
                 "wrong": test.sentence, "looks_like": test.looks}
                for test in task.tests
            ],
        }
        for task in result.tasks
    ]  # fmt: skip
    content = {
        "student": result.student, "assignment": assignment, "status": result.status,
        "message": result.message, "total": result.total, "max": result.maximum,
        "tasks": tasks, "cells_that_failed": list(result.failures), "sandbox": note,
    }  # fmt: skip
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def write_all(out: Path, assignment: str, results: list[Record], note: str, seed: int) -> Path:
    """Write reports first and grades.csv last; return the path of grades.csv."""
    for result in results:
        base = out / "feedback" / file_name(result.student)
        write(base.with_name(base.name + ".txt"), report_text(assignment, result, note))
        write(base.with_name(base.name + ".json"), report_json(assignment, result, note))
    run = {"assignment": assignment, "students": len(results), "sandbox": note, "seed": seed}
    write(out / "run.json", json.dumps(run, indent=1) + "\n")
    write(out / "grades.csv", grades_csv(assignment, results))
    return out / "grades.csv"
