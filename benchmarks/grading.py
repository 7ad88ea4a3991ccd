"""How many submissions a minute: `course-nn grade` beside the real nbgrader, on the same notebooks.

    python -m benchmarks.grading [--exercise ex02_dense] [--submissions 200] [--jobs 2] [--blocks 5]

Each block is a grading of the whole class by us, in the sandbox, with reports, gradebook and a look
for answers that are alike, and beside it a share of the class by nbgrader, with feedback. It prints
the rates and writes grading.json; it measures, and asserts no time.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from course_nn.grading import demo, source
from course_nn.grading.assignment import TESTS, Assignment, load_assignment

from . import machine
from .settings import ROOT

MISTAKES = (0, 0, 0, 0, 1, 1, 1, 2, 2, 4)  # tasks that are wrong, of ten students after each other
STEERS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # variables that choose BLAS's kernel for it
CONFIG = "c = get_config()\nc.CourseDirectory.root = {root!r}\n"


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser("benchmarks.grading", description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--exercise", default="ex02_dense")
    add("--submissions", type=int, default=200)
    add("--jobs", type=int, default=2)
    add("--blocks", type=int, default=5)
    add("--share", type=int, help="most that nbgrader grades in a block (a block's part of all)")
    add("--sandbox", default="auto")
    add("--alone", action="store_true", help="without nbgrader")
    add("--out", type=Path, default=ROOT / "_build" / "bench", help="folder for the record")
    options = parser.parse_args(argv)
    if min(options.submissions, options.jobs, options.blocks) < 1:
        parser.error("--submissions, --jobs and --blocks must be at least 1")
    return options


def class_of(assignment: Assignment, count: int) -> dict[str, str]:
    """Notebooks by student: right ones and wrong ones as they were written blind, in a fair mix."""
    answers = demo.read_answers(TESTS / assignment.name / "blind.py")
    return {
        f"s{k:04}": json.dumps(
            demo.student(assignment, answers, k, MISTAKES[k % len(MISTAKES)]), ensure_ascii=False
        )
        for k in range(count)
    }


def shares(names: Sequence[str], count: int) -> list[list[str]]:
    """So many shares of a class, together all of it.

    >>> shares(["a", "b", "c"], 2)
    [['a', 'c'], ['b']]
    """
    return [list(names[k::count]) for k in range(count)]


def per_minute(count: int, seconds: float) -> float:
    """A rate.

    >>> per_minute(10, 30)
    20.0
    """
    return 60 * count / seconds


def run(command: list[str], folder: Path) -> float:
    """The seconds that a command takes; what it says only where it fails."""
    env = {name: value for name, value in os.environ.items() if name not in STEERS}
    tools = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    env |= {"PYTHONPATH": str(ROOT), "PATH": tools}
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return seconds


# -- the two sides ---------------------------------------------------------------------------------


def ours(handed_in: Path, options: argparse.Namespace, out: Path) -> dict[str, Any]:
    """One grading of the whole class, from the command to the last report."""
    command = [
        sys.executable, "-m", "course_nn.cli", "grade", str(handed_in), "--out", str(out),
        "--assignment", options.exercise, "--jobs", str(options.jobs),
        "--sandbox", options.sandbox, "--seed", "1",
    ]  # fmt: skip
    seconds = run(command, ROOT)
    with (out / "grades.csv").open(encoding="utf-8-sig") as file:
        graded = sum(row["status"] == "graded" for row in csv.DictReader(file))
    if graded != options.submissions:
        raise SystemExit(f"{graded} of {options.submissions} were graded: see {out}")
    return {"seconds": seconds, "a minute": per_minute(options.submissions, seconds)}


def prepare(course: Path, assignment: Assignment) -> None:
    """Lay out nbgrader's course, and let it make its version of the notebook."""
    (course / "source" / assignment.name).mkdir(parents=True)
    text = source.notebook(assignment.source, assignment.exercise.tasks, answers=True, hidden=True)
    (course / "source" / assignment.name / f"{assignment.name}.ipynb").write_text(text)
    (course / "nbgrader_config.py").write_text(CONFIG.format(root=str(course)))
    run([sys.executable, "-m", "nbgrader", "generate_assignment", assignment.name], course)


def nbgrader(course: Path, name: str, notebooks: dict[str, str]) -> dict[str, Any]:
    """A share of the class, graded by nbgrader, with its feedback."""
    shutil.rmtree(course / "submitted", ignore_errors=True)
    for student, text in notebooks.items():
        folder = course / "submitted" / student / name
        folder.mkdir(parents=True)
        (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
    tool = [sys.executable, "-m", "nbgrader"]
    seconds = run([*tool, "autograde", name], course)
    seconds += run([*tool, "generate_feedback", name], course)
    said = [
        student for student in notebooks if list((course / "feedback" / student).rglob("*.html"))
    ]
    if len(said) != len(notebooks):
        raise SystemExit(f"nbgrader gave feedback to {len(said)} of {len(notebooks)}")
    rate = per_minute(len(notebooks), seconds)
    return {"seconds": seconds, "submissions": len(notebooks), "a minute": rate}


# -- the record ------------------------------------------------------------------------------------


def medians(blocks: list[dict[str, Any]]) -> dict[str, float]:
    """The median rates, and the median of how many times the one is the other.

    >>> one = {"ours": {"a minute": 100.0}, "nbgrader": {"a minute": 5.0}}
    >>> medians([one])
    {'ours': 100.0, 'nbgrader': 5.0, 'times': 20.0}
    """
    found = {"ours": statistics.median(block["ours"]["a minute"] for block in blocks)}
    if all("nbgrader" in block for block in blocks):
        rates = [(b["ours"]["a minute"], b["nbgrader"]["a minute"]) for b in blocks]
        found["nbgrader"] = statistics.median(theirs for _, theirs in rates)
        found["times"] = statistics.median(mine / theirs for mine, theirs in rates)
    return found


def measured(options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Every block: we, then nbgrader, on the same machine in the same minutes."""
    assignment, handed_in = load_assignment(options.exercise), folder / "class"
    notebooks = class_of(assignment, options.submissions)
    handed_in.mkdir()
    for student, text in notebooks.items():
        (handed_in / f"{student}.ipynb").write_text(text, encoding="utf-8")
    if not options.alone:
        prepare(folder / "course", assignment)
    blocks = []
    for k, share in enumerate(shares(list(notebooks), options.blocks)):
        block: dict[str, Any] = {"load": machine.load()}
        others = machine.Others()
        block["ours"] = ours(handed_in, options, folder / f"out{k}")
        if not options.alone and share:
            some = {student: notebooks[student] for student in share[: options.share]}
            block["nbgrader"] = nbgrader(folder / "course", options.exercise, some)
        block["others"] = others.share()
        blocks.append(block)
        print(line(block), flush=True)
    return blocks


def line(block: dict[str, Any]) -> str:
    """A block in words.

    >>> line({"ours": {"a minute": 2400.4}})
    'course_nn: 2,400 a minute'
    """
    sides = {"course_nn": block.get("ours"), "nbgrader": block.get("nbgrader")}
    return ", ".join(
        f"{name}: {side['a minute']:,.0f} a minute" for name, side in sides.items() if side
    )


def main(argv: list[str] | None = None) -> int:
    """Measure, print, and write the record."""
    options = arguments(argv)
    with tempfile.TemporaryDirectory(prefix="bench-grade-") as folder:
        blocks = measured(options, Path(folder))
    found = medians(blocks)
    wish = {name: getattr(options, name) for name in ("exercise", "submissions", "jobs", "sandbox")}
    record = {
        **wish, "medians": found, "blocks": blocks, "machine": machine.facts(),
        "libraries": machine.libraries(), "numpy": metadata.version("numpy"),
        "nbgrader": None if options.alone else metadata.version("nbgrader"),
    }  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "grading.json"
    path.write_text(json.dumps(record, indent=1, default=str) + "\n")
    print(
        f"\nmedians of {len(blocks)} blocks, {options.exercise}, {options.submissions} handed in:"
    )
    print(f"course_nn {found['ours']:,.0f} a minute with {options.jobs} jobs")
    if "times" in found:
        print(f"nbgrader {found['nbgrader']:,.0f} a minute; {found['times']:.0f} times")
    print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
