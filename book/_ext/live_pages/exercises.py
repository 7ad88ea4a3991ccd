"""Exercises: what their pages tell the script that runs them, and the table of all of them.

All of it is read from the released notebooks, which are the pages too, and from `course_nn`.
"""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from course_nn.exercises.exercise import Exercise, known, load

HEADING = re.compile(r"^## (Task \S+: .*)$", re.M)
TABLE = """\
<table class="nn-progress table">
<thead>
<tr><th scope="col">Exercise</th><th scope="col">Tasks</th><th scope="col">Points</th></tr>
</thead>
<tbody>
{rows}</tbody>
<tfoot>
<tr><th scope="row" colspan="2">All</th><td data-points="{points:g}">{points:g}</td></tr>
</tfoot>
</table>"""
NOTEBOOK = "notebooks/{}.ipynb"  # where the built book has the notebook of a page


def roles(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """The tasks of a notebook: each one's heading, its answer and its check, as the places of
    these among the code cells."""
    found, heading, answer, place = [], "", 0, 0
    for cell in notebook["cells"]:
        source, marks = "".join(cell["source"]), cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] != "code":
            heading = [heading, *HEADING.findall(source)][-1]
            continue
        if marks.get("solution"):
            answer = place
        elif marks.get("grade"):
            name = marks["grade_id"].removeprefix("test_")
            found.append({"name": name, "heading": heading, "answer": answer, "check": place})
        place += 1
    return found


def described(notebook: Path, exercise: Exercise) -> dict[str, Any]:
    """What the script of an exercise's page is told."""
    tasks = []
    for role in roles(json.loads(notebook.read_text(encoding="utf-8"))):
        task = exercise.tasks[role["name"]]
        place = nodes.make_id(role["heading"])
        tasks.append(role | {"number": task.number, "points": task.points, "place": place})
    return {"name": exercise.name, "title": exercise.title, "tasks": tasks}


def exercise_at(app: Sphinx, docname: str) -> dict[str, Any] | None:
    """What is told of the exercise that a page is, or None where it is none."""
    path, name = Path(app.env.doc2path(docname)), docname.rpartition("/")[2]
    if path.suffix != ".ipynb" or name not in known():
        return None
    return described(path, load(name))


def tell(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give an exercise's page what its script is told, and the page of all exercises its own."""
    body = context.get("body") or ""
    if doctree is None or app.builder.format != "html":
        return
    if told := exercise_at(app, name):
        up = "../" * name.count("/")
        told["notebook"] = up + NOTEBOOK.format(name)
        if (overview := name.rpartition("/")[0] + "/overview") in app.env.found_docs:
            told["overview"] = app.builder.get_relative_uri(name, overview)
        text = json.dumps(told, ensure_ascii=False).replace("<", r"\u003c")
        context["body"] = f'{body}<script type="application/json" id="nn-exercise">{text}</script>'
        app.add_css_file("live/exercise.css")
    elif 'class="nn-progress' in body:
        app.add_js_file("live/progress.js", type="module")
        app.add_css_file("live/exercise.css")


# -- the table of all exercises --------------------------------------------------------------------


class Progress(SphinxDirective):
    """`{exercise-progress}`: all exercises with tasks and points; a script adds what is reached."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        """The table."""
        rows, points = "", 0.0
        for docname, path, exercise in self.exercises():
            self.env.note_dependency(str(path))
            page = self.env.app.builder.get_relative_uri(self.env.docname, docname)
            rows += row(described(path, exercise), page, exercise.points)
            points += exercise.points
        return [nodes.raw("", TABLE.format(rows=rows, points=points), format="html")]

    def exercises(self) -> Iterator[tuple[str, Path, Exercise]]:
        """The exercises that are pages beside this one: their names, files and tasks."""
        for name in known():
            docname = (Path(self.env.docname).parent / name).as_posix()
            if docname in self.env.found_docs:
                yield docname, Path(self.env.doc2path(docname)), load(name)


def row(told: dict[str, Any], page: str, points: float) -> str:
    """An exercise's row: its title, its tasks as links, its points."""
    links = "".join(
        f'<li><a href="{page}#{task["place"]}" data-task="{task["name"]}" '
        f'data-points="{task["points"]:g}" title="{html.escape(task["heading"])}">'
        f"{task['number']}</a></li>"
        for task in told["tasks"]
    )
    title = html.escape(told["title"].removeprefix("Exercise ").replace(":", ",", 1))
    return (
        f'<tr data-exercise="{told["name"]}"><th scope="row"><a href="{page}">{title}</a></th>'
        f'<td><ul>{links}</ul></td><td data-points="{points:g}">{points:g}</td></tr>\n'
    )


def connect(app: Sphinx) -> None:
    """Take part in Sphinx's build."""
    app.add_directive("exercise-progress", Progress)
    app.connect("html-page-context", tell, priority=400)  # before `offer` asks what is on the page
