"""The page that an instructor reads: how the class stands, what went wrong, whom to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from statistics import mean, median

from markupsafe import Markup

from ..collect.names import safe_name
from ..record import Grade, TaskRecord
from . import told
from .groups import Cells, Group, example, groups
from .markup import NONE, fill, joined, listed, page
from .student import title_of
from .told import counted, number

BINS = 10
MOST_GROUPS, MOST_DIAGNOSES = 40, 15

NAMES = {
    "points": "Points", "tasks": "Tasks", "diagnoses": "Diagnoses", "groups": "Wrong in one way",
    "odd": "To look at", "students": "Students",
}  # fmt: skip
BODY = """<main>
<h1>{title}</h1>
<p>{facts}</p>
<nav class="small" aria-label="sections">{nav}</nav>
{parts}
</main>
<footer><p>{note}</p></footer>
"""


def class_page(
    grades: Sequence[Grade],
    labels: Mapping[str, str],
    cells: Cells,
    note: str = "",
    similar: int | None = None,
) -> str:
    """The whole page of a class, HTML.

    Parameters
    ----------
    grades : of one assignment, sorted by student.
    labels : what was said of groups, by key.
    cells : gives the code of a submission by its content, for an example of each group.
    note : how it was graded.
    similar : how many pairs the page on alike answers lists; None where there is no such page.
    """
    title = title_of(grades[0].record.assignment) if grades else "No submissions"
    parts = {
        "points": _distribution(_handed_in(grades)),
        "tasks": _tasks(grades),
        "diagnoses": _diagnoses(grades),
        "groups": _groups(groups(grades, labels), cells),
        "odd": _odd(grades),
        "students": _students(grades),
    }
    there = [fill('<a href="#{}">{}</a>', *both) for both in NAMES.items() if parts[both[0]]]
    body = fill(
        BODY, title=title, facts=_facts(grades, similar), nav=Markup(" · ").join(there),
        parts=joined(parts.values()), note=note,
    )  # fmt: skip
    return page(f"The class: {title}", body, wide=True)


def _handed_in(grades: Sequence[Grade]) -> list[Grade]:
    return [grade for grade in grades if grade.record.status != "missing"]


def _facts(grades: Sequence[Grade], similar: int | None) -> Markup:
    """Who is there, in a sentence; where the page on alike answers is."""
    count = Counter(grade.record.status for grade in grades)
    parts = [counted(len(grades), "student")]
    parts += [f"{n} {status}" for status, n in sorted(count.items(), key=lambda x: x[0])]
    text = f"{parts[0]}: {', '.join(parts[1:])}." if grades else "Nobody."
    link = NONE
    if similar is not None:
        link = fill(
            ' <a href="similarity.html">Answers that are alike: {}</a>.', counted(similar, "pair")
        )
    return fill("{}{}", text, link)


# -- the distribution ------------------------------------------------------------------------------

HISTOGRAM = """<h2 id="points">How the points are distributed</h2>
<p>{words}</p>
<figure><div class="scroll" tabindex="0" role="group" aria-label="histogram of the points">
<svg role="img" aria-label="{about}" width="640" height="200" viewBox="0 0 640 200">
<title>{about}</title>
<line class="track" x1="30" y1="165" x2="630" y2="165"/>
{bars}</svg></div>
<figcaption>students by their share of the points, in per cent</figcaption></figure>
"""
BAR = """<rect class="bar" x="{x}" y="{y}" width="56" height="{height}"/>
<text x="{middle}" y="{above}" text-anchor="middle">{count}</text>
<text class="axis" x="{middle}" y="183" text-anchor="middle">{range}</text>
"""


def share(grade: Grade) -> float:
    """What counts, as a share of what can be reached, from 0 to 1."""
    most = grade.record.maximum
    return min(max(grade.final / most, 0.0), 1.0) if most else 0.0


def binned(shares: Sequence[float]) -> list[int]:
    """How many shares fall into each of ten bins; the whole belongs to the last.

    >>> binned([0.0, 0.55, 0.95, 1.0])
    [1, 0, 0, 0, 0, 1, 0, 0, 0, 2]
    """
    count = Counter(min(int(one * BINS + 1e-9), BINS - 1) for one in shares)
    return [count[k] for k in range(BINS)]


def _distribution(grades: Sequence[Grade]) -> Markup:
    if not grades:
        return NONE
    points, most = [grade.final for grade in grades], grades[0].record.maximum
    words = (
        f"Of {number(most)} points, those who handed in have {number(median(points))} in the "
        f"median and {number(mean(points))} on average, from {number(min(points))} to "
        f"{number(max(points))}."
    )
    counts = binned([share(grade) for grade in grades])
    said = [f"{n} from {10 * k} to {10 * k + 10} per cent" for k, n in enumerate(counts) if n]
    bars = joined(_bar(k, n, max(counts)) for k, n in enumerate(counts))
    return fill(HISTOGRAM, words=words, about=f"Students: {', '.join(said)}.", bars=bars)


def _bar(k: int, count: int, most: int) -> Markup:
    height = round(140 * count / most)
    return fill(
        BAR, x=32 + 60 * k, y=165 - height, height=height, middle=60 + 60 * k,
        above=160 - height, count=count or "", range=f"{10 * k}–{10 * k + 10}",
    )  # fmt: skip


# -- the tasks -------------------------------------------------------------------------------------

TABLE = """<h2 id="{id}">{head}</h2>
{words}<div class="scroll" tabindex="0" role="group" aria-labelledby="{id}"><table>
<thead><tr>{columns}</tr></thead>
<tbody>{rows}</tbody></table></div>
"""
COLUMN, NUMBERS = '<th scope="col">{}</th>', '<th scope="col" class="n">{}</th>'
TASK = """<tr><th scope="row">{number} <span class="code">{name}</span></th>
<td class="n">{mean}</td><td class="n">{most}</td>
<td><svg aria-hidden="true" width="120" height="12" viewBox="0 0 120 12">
<rect class="track" x="0.5" y="0.5" width="119" height="11"/>
<rect class="bar" width="{width}" height="12"/></svg></td>
<td class="n">{right}</td><td class="n">{part}</td><td class="n">{wrong}</td>
<td class="n">{unwritten}</td></tr>
"""


def _table(name: str, head: str, columns: Markup, rows: Markup, words: Markup = NONE) -> Markup:
    return fill(TABLE, id=name, head=head, columns=columns, rows=rows, words=words)


def _tasks(grades: Sequence[Grade]) -> Markup:
    graded = [grade for grade in grades if grade.record.status == "graded"]
    if not graded:
        return NONE
    names = ("Mean", "of", "", "Right", "In part", "Not right", "Not written")
    columns = fill(COLUMN, "Task") + joined(
        fill(NUMBERS if name else '<td aria-hidden="true">{}</td>', name) for name in names
    )
    rows = joined(_task(graded, k) for k in range(len(graded[0].record.tasks)))
    return _table("tasks", "Points by task", columns, rows)


def _task(graded: Sequence[Grade], k: int) -> Markup:
    both = [(grade, grade.record.tasks[k]) for grade in graded if k < len(grade.record.tasks)]
    standings = [told.standing(grade, task) for grade, task in both]
    count = Counter(standing.word for standing in standings)
    average, task = mean(standing.points for standing in standings), both[0][1]
    return fill(
        TASK, number=task.number, name=task.name, mean=number(average), most=number(task.maximum),
        width=round(120 * min(average / task.maximum, 1)) if task.maximum > 0 else 0,
        right=count["right"], part=count["in part"], wrong=count["not right"],
        unwritten=count["not written"],
    )  # fmt: skip


# -- what went wrong -------------------------------------------------------------------------------

DIAGNOSIS = '<tr><td class="n">{}</td><td>{} <span class="code">{}</span></td><td>{}</td></tr>\n'


def _diagnoses(grades: Sequence[Grade]) -> Markup:
    """The commonest diagnoses: of each task's first fault, once a student."""
    count: Counter[tuple[str, str, str]] = Counter(
        (task.number, task.name, told.looks(fault))
        for _, task, fault in told.faults(grades)
        if fault.looks
    )
    common = {key: n for key, n in count.items() if n > 1} or count
    ordered = sorted(common.items(), key=lambda both: (-both[1], both[0]))
    rows = joined(fill(DIAGNOSIS, n, *key) for key, n in ordered[:MOST_DIAGNOSES])
    columns = fill(NUMBERS, "Students") + fill(COLUMN, "Task") + fill(COLUMN, "What it looks like")
    return _table("diagnoses", "Commonest diagnoses", columns, rows) if rows else NONE


GROUP = """<h3 id="group-{key}">{count}, task {number} <span class="code">{name}</span></h3>
<p>{words}</p>
{label}<p class="small">{members}</p>
{code}<p class="small muted">Key: <code>{key}</code></p>
"""
CODE = """<details><summary>The smallest example, and how {student} wrote it</summary>
<pre tabindex="0">{example}</pre>
<pre tabindex="0">{code}</pre></details>
"""
GROUPS = """<h2 id="groups">Wrong in the same way</h2>
<p>These gave the same wrong numbers for the same inputs. What you say of a key, all of its group
read, now and whenever it is met again:
<code>course-nn label OUT KEY "what they should know"</code>.</p>
{groups}{more}
"""


def _groups(found: list[Group], cells: Cells) -> Markup:
    if not found:
        return NONE
    more = len(found) - MOST_GROUPS
    said = fill("<p>… and {} more: <code>course-nn groups OUT</code>.</p>", more)
    shown = joined(_group(group, cells) for group in found[:MOST_GROUPS])
    return fill(GROUPS, groups=shown, more=said if more > 0 else NONE)


def _group(group: Group, cells: Cells) -> Markup:
    student, code = example(group, cells)
    label = fill('<div class="note"><p>You said: {}</p></div>\n', group.label)
    return fill(
        GROUP, key=group.key, count=counted(group.size, "student"), number=group.task.number,
        name=group.task.name, words=group.words, label=label if group.label else NONE,
        members=Markup(", ").join(_link(grade) for grade in group.members),
        code=fill(CODE, student=student, code=code, example=told.example(group.test))
        if code else NONE,
    )  # fmt: skip


def _link(grade: Grade) -> Markup:
    """A student's name, leading to the page."""
    student = grade.record.student
    return fill('<a href="feedback/{}.html">{}</a>', safe_name(student), student)


# -- whom to look at -------------------------------------------------------------------------------


def _odd(grades: Sequence[Grade]) -> Markup:
    """All that did not go as usual: not graded, cells that did not run, what was decided."""
    rows = []
    for grade in grades:
        record = grade.record
        said = [] if record.status == "graded" else [f"{record.status}: {record.message}"]
        said += [*record.failures[:5], *told.decided(record)[:5]]
        if said:
            row = (
                '<tr><th scope="row" class="name">{}</th><td><ul class="plain">{}</ul></td></tr>\n'
            )
            rows.append(fill(row, _link(grade), listed(said)))
    columns = fill(COLUMN, "Student") + fill(COLUMN, "What is odd")
    return _table("odd", "To look at", columns, joined(rows)) if rows else NONE


STUDENTS = """<h2 id="students">Students</h2>
<input class="chosen" type="radio" name="order" id="by-name" checked>
<label for="by-name">by name</label>
<input class="chosen" type="radio" name="order" id="by-points">
<label for="by-points">by points</label>
<input class="chosen" type="radio" name="order" id="by-flags">
<label for="by-flags">odd ones first</label>
<div class="scroll sorted" tabindex="0" role="group" aria-labelledby="students"><table>
<thead><tr>{columns}</tr></thead>
{bodies}</table></div>
"""
STUDENT = """<tr><th scope="row" class="name">{link}</th>{tasks}<td class="n">{penalty}</td>
<td class="n"><strong>{final}</strong></td><td>{flags}</td></tr>
"""
POINTS = '<td class="n">{}<span class="bad">{}</span></td>'
Order = Callable[[Grade], tuple]
ORDERS: dict[str, Order] = {
    "by-name": lambda grade: (grade.record.student.casefold(),),
    "by-points": lambda grade: (-grade.final, grade.record.student.casefold()),
    "by-flags": lambda grade: (-len(told.flags(grade.record)), grade.record.student.casefold()),
}


def _students(grades: Sequence[Grade]) -> Markup:
    """The table, in three orders of which the page shows the one that is chosen."""
    tasks = max((grade.record.tasks for grade in grades), key=len, default=())
    numbers = [*(task.number for task in tasks), "Late", "Counts"]
    columns = fill(COLUMN, "Student") + listed(numbers, NUMBERS) + fill(COLUMN, "Flags")
    rows = {id(grade): _student(grade, tasks) for grade in grades}
    bodies = joined(
        fill('<tbody class="{}">{}</tbody>\n', name,
             joined(rows[id(grade)] for grade in sorted(grades, key=order)))
        for name, order in ORDERS.items()
    )  # fmt: skip
    return fill(STUDENTS, columns=columns, bodies=bodies)


def _student(grade: Grade, tasks: Sequence[TaskRecord]) -> Markup:
    given = {task.number: task for task in grade.record.tasks}
    by_hand = {one.task for one in grade.overrides}
    return fill(
        STUDENT, link=_link(grade), final=number(grade.final),
        penalty=number(-abs(grade.penalty)) if grade.penalty else "",
        tasks=joined(
            fill(POINTS, number(grade.points(given[t.number])) if t.number in given else "",
                 "*" if t.number in by_hand else "")
            for t in tasks
        ),
        flags="; ".join([*told.flags(grade.record), *(["set by hand*"] if by_hand else [])]),
    )  # fmt: skip
