"""The page that a student reads: what is right, and of what is not the shortest way to see why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from markupsafe import Markup

from ...exercises.exercise import load
from ..record import Grade, OutcomeRecord, TaskRecord
from . import heat, told
from .markup import NONE, fill, joined, listed, page
from .told import number


@dataclass(frozen=True)
class Words:
    """What all pages of a class share: the book's address, what was said of groups."""

    book: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


BODY = """<main>
<header>
<h1>{title}</h1>
<p>{student}</p>
<p class="muted small">{facts}</p>
</header>
{score}{notes}{table}{tasks}{unwritten}
</main>
<footer>
<p>{passage}</p>
<p>Do you think that something here is not right? Tell your instructor the task's number: all that
is needed to run it again is kept{seed}.</p>
</footer>
"""
PASSAGE = (
    "Hidden tests are the same task with other numbers, sizes and precision. Of those that failed "
    "you read the title and what it looks like; the smallest example was searched for afterwards."
)
SCORE = """<p class="score"><strong>{points}</strong> of {most}</p>
<svg class="fit" aria-hidden="true" width="320" height="10" viewBox="0 0 320 10">
<rect class="track" x="0.5" y="0.5" width="319" height="9" rx="4.5"/>
<rect class="bar" x="0" y="0" width="{width}" height="10" rx="5"/></svg>
<p>{summary}</p>
"""
TABLE = """<h2 id="points">Points by task</h2>
<div class="scroll" tabindex="0" role="group" aria-labelledby="points">
<table>
<thead><tr><th scope="col">Task</th><th scope="col">How it stands</th>
<th scope="col" class="n">Points</th><th scope="col" class="n">of</th></tr></thead>
<tbody>{rows}</tbody>
<tfoot>{foot}</tfoot>
</table>
</div>
"""
ROW = """<tr><th scope="row">{name}</th>
<td><span class="sign {look}" aria-hidden="true">{sign}</span>{word}</td>
<td class="n">{points}</td><td class="n">{most}</td></tr>
"""
FOOT = """<tr><th scope="row" colspan="2">{}<span class="why">{}</span></th>
<td class="n">{}</td><td class="n">{}</td></tr>
"""
TASK = """<section aria-labelledby="{id}">
<h2 id="{id}">Task {number}, <span class="code">{name}</span>: {points} of {most}</h2>
{parts}
</section>
"""
NUMBERS = ("value", "gradient")  # the faults of which a title says as much as the sentence
LOOK = {"right": "good", "in part": "bad", "not right": "bad"}


def student_page(grade: Grade, words: Words) -> str:
    """The whole page of one student, HTML."""
    record = grade.record
    title = title_of(record.assignment)
    body = fill(
        BODY,
        title=title,
        student=record.student,
        facts=_facts(grade),
        score=_score(grade),
        notes=_notes(grade),
        table=_table(grade) if record.tasks else NONE,
        tasks=joined(_task(grade, task, words) for task in record.tasks if _open(grade, task)),
        unwritten=_unwritten(grade, words),
        passage=PASSAGE if record.status == "graded" else "",
        seed=f" (seed {record.seed})" if record.status == "graded" else "",
    )
    return page(f"{record.student}: {title}", body)


@lru_cache(maxsize=100)
def title_of(assignment: str) -> str:
    """The exercise's title, or its name where it is none of the package's."""
    try:
        return load(assignment).title
    except KeyError:
        return assignment


def _facts(grade: Grade) -> str:
    """When it was handed in, and as what."""
    record = grade.record
    when = record.handed_in.replace("T", " ")[:16]
    facts = [f"handed in {when}" if when else "", record.file]
    return " · ".join(filter(None, facts))


def _score(grade: Grade) -> Markup:
    most = grade.record.maximum
    share = min(max(grade.final / most, 0.0), 1.0) if most else 0.0
    return fill(
        SCORE, points=number(grade.final), most=told.points(most), width=round(320 * share),
        summary=told.summary(grade),
    )  # fmt: skip


def _notes(grade: Grade) -> Markup:
    """What a reader must know before the tasks: why nothing was graded, which cells did not run."""
    record, notes = grade.record, []
    if record.status != "graded":
        notes.append(fill('<div class="note odd"><p>{}</p></div>', record.message))
    if record.failures:
        head = "<p><strong>{}</strong> What it was to define is not there for the tests:</p>"
        count = told.counted(len(record.failures), "cell")
        notes.append(
            fill('<div class="note odd">{}<ul>{}</ul></div>',
                 fill(head, f"{count} did not run to the end."), _some(record.failures))
        )  # fmt: skip
    if decided := told.decided(record):
        head = Markup("<p><strong>What was decided when your work was collected:</strong></p>")
        notes.append(fill('<div class="note">{}<ul>{}</ul></div>', head, _some(decided)))
    return joined(notes)


def _some(sentences: tuple[str, ...], most: int = 20) -> Markup:
    """The first of many sentences, and how many more there are."""
    more = len(sentences) - most
    said = [*sentences[:most], *([f"… and {more} more."] if more > 0 else [])]
    return listed(said)


def _table(grade: Grade) -> Markup:
    rows = joined(_row(grade, task) for task in grade.record.tasks)
    tested = sum(grade.points(task) for task in grade.record.tasks)
    most, foot = number(grade.record.maximum), []
    if changed := told.changes(grade):
        foot.append(fill(FOOT, "All tasks", "", number(tested), most))
        foot += [fill(FOOT, title, reason, points, "") for title, reason, points in changed]
    foot.append(fill(FOOT, "What counts", "", number(grade.final), most))
    return fill(TABLE, rows=rows, foot=joined(foot))


def _row(grade: Grade, task: TaskRecord) -> Markup:
    standing = told.standing(grade, task)
    name = fill('{} <span class="code">{}</span>', task.number, task.name)
    if _open(grade, task):
        name = fill('<a href="#{}">{}</a>', _anchor(grade, task), name)
    return fill(
        ROW, name=name, look=LOOK.get(standing.word, "muted"), sign=standing.sign,
        word=standing.word, points=number(standing.points), most=number(task.maximum),
    )  # fmt: skip


def _open(grade: Grade, task: TaskRecord) -> bool:
    """Whether there is a mistake to explain, not one that is still to be made."""
    return task.first_fault is not None and task.first_fault.stage != "stub"


def _unwritten(grade: Grade, words: Words) -> Markup:
    """The tasks that are still as they were given, and where to read about them."""
    left = [task for task in grade.record.tasks if task.first_fault and not _open(grade, task)]
    if not left:
        return NONE
    items = (
        fill(
            '<li>Task {}, <span class="code">{}</span>. {}</li>\n',
            task.number, task.name, _reading(task, words),
        )
        for task in left
    )  # fmt: skip
    return fill("<h2>Not written yet</h2>\n<ul>{}</ul>\n", joined(items))


def _anchor(grade: Grade, task: TaskRecord) -> str:
    return f"task-{grade.record.tasks.index(task)}"


# -- a task that is not right ----------------------------------------------------------------------


def _task(grade: Grade, task: TaskRecord, words: Words) -> Markup:
    fault = task.first_fault
    assert fault is not None
    parts = [_fault(fault, task, grade.record.assignment), _feedback(task, words)]
    parts += [fill("<p>{}</p>\n", _reading(task, words)), _by_hand(grade, task), _tests(task)]
    return fill(
        TASK, id=_anchor(grade, task), number=task.number, name=task.name,
        points=number(grade.points(task)), most=told.points(task.maximum), parts=joined(parts),
    )  # fmt: skip


def _fault(fault: OutcomeRecord, task: TaskRecord, assignment: str) -> Markup:
    """What is wrong, what it looks like, the smallest example and the drawing."""
    seen = fault.case not in ("", "the usual sizes") and fault.stage not in ("dtype", "stub")
    parts = [fill("<h3>What is wrong</h3>\n<p>{}</p>\n", told.sentence(fault))]
    if seen:
        parts.append(fill('<p class="muted">It was seen with this case: {}.</p>\n', fault.case))
    if looks := told.looks(fault):
        parts.append(fill("<h3>What it looks like</h3>\n<p>{}</p>\n", looks))
    if example := told.example(fault):
        head = Markup("<h3>The smallest example that is wrong</h3>\n")
        parts.append(fill('{}<pre tabindex="0">{}</pre>\n', head, example))
    if fault.stage in NUMBERS and fault.error:
        name, error = next(iter(fault.error.items()))
        parts.append(heat.drawn(name, error, heat.axes_of(assignment, task.name, name)))
    return joined(parts)


def _feedback(task: TaskRecord, words: Words) -> Markup:
    """What the instructor said of this mistake."""
    said = told.feedback(task, words.labels)
    head = Markup("<p><strong>From your instructor</strong></p>")
    return fill('<div class="note">{}{}</div>\n', head, listed(said, "<p>{}</p>")) if said else NONE


def _reading(task: TaskRecord, words: Words) -> Markup:
    """Where the book explains it: a link where its address is known, else its titles."""
    title = told.reading(task)
    if not title:
        return NONE
    if words.book and task.section:
        address = f"{words.book.rstrip('/')}/{task.section}"
        return fill('To read: <a href="{}">{}</a>', address, title)
    return fill("To read: {}", title)


def _by_hand(grade: Grade, task: TaskRecord) -> Markup:
    """What was set by hand, and why."""
    said = [
        f"These points were set to {number(one.points)} by hand: {one.reason}"
        for one in grade.overrides
        if one.task == task.number
    ]
    return listed(said, "<p>{}</p>\n")


TESTS = """<h3>How the points come about</h3>
<p>{shares}</p>
<ul class="bare">
{tests}</ul>
"""
TEST = """<li><span class="sign {look}" aria-hidden="true">{sign}</span>{title}: {word}{more}</li>
"""


def _tests(task: TaskRecord) -> Markup:
    first = task.first_fault
    assert first is not None
    known, tests = {"", *map(_sense, (told.sentence(first), told.looks(first)))}, []
    for test in task.tests:
        said = [] if test.passed else [_sentence(test), told.looks(test)]
        new = [text for text in said if _sense(text) not in known]
        known.update(map(_sense, new))
        tests.append(_test(test, task, new))
    return fill(TESTS, shares=told.shares(task), tests=joined(tests))


def _sense(text: str) -> str:
    """What two sentences that differ in their numbers alone have in common."""
    return re.sub(r"(\w+ [✔✘] ?)+: |[\d(),. -]+", "", text)


def _sentence(test: OutcomeRecord) -> str:
    """What was wrong, unless it says no more than the test's title."""
    return "" if test.stage in NUMBERS else told.sentence(test)


def _test(test: OutcomeRecord, task: TaskRecord, new: list[str]) -> Markup:
    """One test's title, how it went, and what it says that is new."""
    return fill(
        TEST, look="good" if test.passed else "bad", sign="✔" if test.passed else "✘",
        title=("" if test.public else "hidden, ") + told.title_of(test, task),
        word="passed" if test.passed else "failed",
        more=listed(new, '<br><span class="muted">{}</span>'),
    )  # fmt: skip
