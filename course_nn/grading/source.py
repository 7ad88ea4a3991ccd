"""The one source of an exercise, and what is made from it: a notebook and a public module.

The source is Markdown, as the book's chapters are. Fenced blocks hold code: `{code-cell}` a cell as
it stands; `{task}` declares tasks, is public, and stands where their cells shall be; `{hidden}` is
for the grader alone. A line `+++` ends a cell of text. A line `Chapters: layers/dense` under the
title names the pages of the book that it goes with; the notebook then opens with their titles.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import os
import re
import textwrap
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..exercises.task import Task

FENCE = re.compile(r"^```\{(code-cell|task|hidden)\}[^\n]*\n(.*?)^```[ \t]*$", re.M | re.S)
OPENED = re.compile(r"^```\{(code-cell|task|hidden)\}", re.M)
SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n.*?### END SOLUTION\n?", re.M | re.S)
NBGRADER = {"grade": False, "locked": False, "schema_version": 3, "solution": False, "task": False}
CHAPTERS = re.compile(r"^Chapters: (.+)$", re.M)
BOOK = Path(__file__).resolve().parents[2] / "book"
ADDRESS = "COURSE_NN_BOOK_URL"  # in the environment, as when the book is built: where it stands
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
HEAD = '''"""{title}

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/{name}/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

'''


class SourceError(Exception):
    """The source breaks its own rules; the message says where."""


@dataclass(frozen=True)
class Block:
    """A piece of the source: "text", "code-cell", "task" or "hidden"; the number of its line."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True)
class Source:
    """The blocks of one exercise, in order."""

    name: str
    blocks: tuple[Block, ...]

    @property
    def title(self) -> str:
        """Its first heading."""
        text = next((b.text for b in self.blocks if b.kind == "text"), "")
        if not text.startswith("# "):
            raise SourceError(f"{self.name}: the source begins with `# Exercise N: its title`")
        return text.split("\n", 1)[0][2:].strip()

    @property
    def chapters(self) -> tuple[str, ...]:
        """The pages of the book that it goes with, such as "layers/dense"."""
        found = CHAPTERS.search(next((b.text for b in self.blocks if b.kind == "text"), ""))
        return tuple(found[1].replace(" ", "").split(",")) if found else ()

    def code(self, kind: str) -> str:
        """All blocks of a kind, one after the other."""
        return "\n\n".join(b.text for b in self.blocks if b.kind == kind)

    def public_module(self) -> str:
        """The text of `course_nn/exercises/released/NAME.py`."""
        return HEAD.format(title=self.title.rstrip(".") + ".", name=self.name) + self.code("task")


def read_source(path: Path) -> Source:
    """Read the source of an exercise; its name is that of the folder."""
    text = path.read_text(encoding="utf-8")
    blocks, end = [], 0
    for match in FENCE.finditer(text):
        blocks += _texts(text[end : match.start()], text.count("\n", 0, end) + 1)
        line = text.count("\n", 0, match.start()) + 2
        blocks.append(Block(match[1], match[2].rstrip() + "\n", line))
        end = match.end()
    blocks += _texts(text[end:], text.count("\n", 0, end) + 1)
    for block in blocks:
        if block.kind == "text" and (left := OPENED.search(block.text)):
            raise SourceError(f"{path}: a block {left[0]} is never closed")
    return Source(path.parent.name, tuple(blocks))


def _texts(text: str, line: int) -> list[Block]:
    """Cells of text, cut at `+++`."""
    found = []
    for part in re.split(r"^\+\+\+[ \t]*$\n?", text, flags=re.M):
        if part.strip():
            found.append(Block("text", part.strip() + "\n", line))
        line += part.count("\n") + 1
    return found


# -- the notebook ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook: "markdown" or "code", its text, nbgrader's metadata, its id."""

    kind: str
    text: str
    id: str
    nbgrader: dict[str, Any] | None = None


def cells_of(
    source: Source, tasks: dict[str, Task], answers: bool, hidden: bool = False
) -> list[Cell]:
    """The notebook's cells: for the student, or with `answers` for the instructor.

    tasks : complete, by the names of their functions.
    hidden : whether the cells that check also run the hidden tests, as nbgrader wants them.
    """
    cells: list[Cell] = []
    for i, block in enumerate(source.blocks):
        if block.kind == "text":
            text = CHAPTERS.sub(lambda _: opening(source, tasks), block.text, count=1)
            cells.append(Cell("markdown", text.rstrip("\n"), f"{source.name}-{i:02}"))
        elif block.kind == "code-cell":
            cells.append(_given(source, tasks, block, i, answers))
        elif block.kind == "task":
            for name in _declared(block):
                cells += _asked(source, tasks[name], answers, hidden)
    return cells


def opening(source: Source, tasks: dict[str, Task], book: Path = BOOK) -> str:
    """The first line of a notebook: which chapters it goes with, and what more `check` can say."""
    pages = [_linked(source, chapter, book) for chapter in source.chapters]
    number = next(iter(tasks.values())).number
    return (
        f"This exercise goes with the chapter{'s' * (len(pages) > 1)} {' and '.join(pages)}. "
        f'After a check, `check.hint("{number}")` says more of that task, a step at a time; '
        "`check.all()` says how many points you have so far and which tasks are open."
    )


def _linked(source: Source, chapter: str, book: Path) -> str:
    """A chapter's title; linked, where it is known at which address the book stands."""
    try:
        text = (book / f"{chapter}.md").read_text(encoding="utf-8")
    except OSError as error:
        raise SourceError(f"{source.name}: there is no chapter {chapter}: {error}") from error
    found = re.search(r"^# (.+)$", text, re.M)
    title = found[1].strip() if found else chapter
    address = os.environ.get(ADDRESS, "").rstrip("/")
    return f"[{title}]({address}/{chapter}.html)" if address else f"*{title}*"


def _given(source: Source, tasks: dict[str, Task], block: Block, i: int, answers: bool) -> Cell:
    """A code cell as it stands; where it has a solution, the student gets a stub.

    A given function that is a task's gets the docstring that a stub has, unless it has its own.
    """
    text = block.text
    for task in tasks.values():
        if task.given and task.example:
            head = re.compile(rf'^def {task.name}\(.*\):\n(?!    """)', re.M)
            if found := head.search(text):
                text = f"{text[: found.end()]}{docstring(task)}\n{text[found.end() :]}"
    if not SOLUTION.search(text):
        return Cell("code", text.rstrip("\n"), f"{source.name}-{i:02}")
    if not answers:
        text = SOLUTION.sub(lambda m: f"{m[1]}raise NotImplementedError\n", text)
    text = text.rstrip("\n")
    name = f"{source.name}_{i:02}"
    return Cell("code", text, name, _metadata(name, solution=True))


def drivers(source: Source, tasks: dict[str, Task]) -> dict[str, str]:
    """The text of each function that the notebook gives for a task, with what it uses of the rest
    that is given: all that holds no solution."""
    names = [task.name for task in tasks.values() if task.given]
    cells = cells_of(source, tasks, answers=True) if names else []
    text = "\n\n".join(cell.text for cell in cells if cell.kind == "code")
    given, found = {}, {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            piece = ast.get_source_segment(text, node) or ""
            if "### BEGIN SOLUTION" not in piece:
                given[node.name] = (node, piece)
    for name in names:
        used, new = set[str](), {name} & given.keys()
        while new:
            used |= new
            new = {n for one in new for n in _names_in(given[one][0])} & given.keys() - used
        found[name] = "\n\n\n".join(piece for n, (_, piece) in given.items() if n in used)
    return {name: text for name, text in found.items() if text}


def _names_in(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _declared(block: Block) -> list[str]:
    """The names of the tasks that a block declares."""
    tree = ast.parse(block.text)
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    return [f.name for f in functions if any("task(" in ast.unparse(d) for d in f.decorator_list)]


def _asked(source: Source, task: Task, answers: bool, hidden: bool) -> list[Cell]:
    """The cell in which a task is solved, and the cell that checks it."""
    check = f"check.{task.name}({task.name})"
    if hidden:
        check += f"\n{_hidden_test(source, task)}"
    test = _metadata(f"test_{task.name}", grade=True, points=task.points, locked=True)
    checked = Cell("code", check, f"test_{task.name}", test)
    if task.given:
        return [checked]
    solved = Cell("code", stub(task, answers), task.name, _metadata(task.name, solution=True))
    return [solved, checked]


def _hidden_test(source: Source, task: Task) -> str:
    """The lines that run a task's hidden tests; nbgrader takes them out of what it hands out."""
    carried = pack(source.code("hidden"))
    lines = [
        "### BEGIN HIDDEN TESTS",
        "from course_nn.grading.hidden import require",
        f'\nrequire("{source.name}", "{carried}", {task.name}={task.name})',
        "### END HIDDEN TESTS",
    ]
    return "\n".join(lines)


def pack(text: str) -> str:
    """A text as one word of letters and digits, which a cell can carry; `unpack` undoes it.

    >>> unpack(pack("y = 2 * x"))
    'y = 2 * x'
    """
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()


def unpack(word: str) -> str:
    """The text that `pack` made a word of."""
    return zlib.decompress(base64.urlsafe_b64decode(word)).decode()


def _metadata(grade_id: str, **options: Any) -> dict[str, Any]:
    return {**NBGRADER, "grade_id": grade_id, **options}


def stub(task: Task, answers: bool) -> str:
    """The function as the notebook gives it; with its right body between nbgrader's marks."""
    names = ", ".join(argument.name for argument in task.signature.inputs)
    body = f'    raise NotImplementedError("Task {task.number}")'
    if answers:
        body = f"    ### BEGIN SOLUTION\n{body_of(task)}\n    ### END SOLUTION"
    return "\n".join([f"def {task.name}({names}):", docstring(task), body])


def docstring(task: Task) -> str:
    """Says what is asked and the shapes, and shows the example, computed from the formula."""
    lines = [f'    """{task.says}', "", f"    {_shapes(task)}"]
    lines += ["", textwrap.indent(example(task), "    ")] if task.example else []
    return "\n".join([*lines, '    """'])


def _shapes(task: Task) -> str:
    """`x : (N, D), W : (D, M)  →  y : (N, M)`, in lines that fit the page."""
    sides = (task.signature.inputs, task.signature.outputs)
    said = (", ".join(f"{a.name} : {a.said}" for a in side) for side in sides)
    text = "  →  ".join(said).replace(" : ", "\xa0:\xa0").replace(", ", ",\xa0")
    text = text.replace("),\xa0", "), ").replace("number,\xa0", "number, ")
    lines = textwrap.wrap(text, 72, break_long_words=False, break_on_hyphens=False)
    return "\n    ".join(lines).replace("\xa0", " ")


def example(task: Task) -> str:
    """The task's example as a doctest, a line an input; rounded where it has more digits."""
    inputs = task.printed()
    right = {name: np.asarray(value) for name, value in task.right(inputs).items()}
    given = [f">>> {name} = {_literal(value)}" for name, value in inputs.items()]
    call = f"{task.name}({', '.join(inputs)})"
    exact = all(np.array_equal(value, np.round(value, 4)) for value in right.values())
    if len(right) > 1:
        given += [f">>> {', '.join(right)} = {call}"]
        given += [f">>> {n}{_rounded(v, exact)}\n{_shown(v)}" for n, v in right.items()]
        return "\n".join(given).replace("\n\n", "\n<BLANKLINE>\n")
    (value,) = right.values()
    if value.ndim:
        given += [f">>> {call}{_rounded(value, exact)}\n{_shown(value)}"]
    elif value.dtype.kind == "f":
        given += [f">>> round(float({call}), 4)\n{round(value.item(), 4)}"]
    else:
        given += [f">>> {call}\n{value.item()}"]
    return "\n".join(given).replace("\n\n", "\n<BLANKLINE>\n")


def _rounded(value: np.ndarray, exact: bool) -> str:
    """How a value is rounded to be shown, if it has to be."""
    return "" if exact or not value.ndim else ".round(4)"


def _shown(value: np.ndarray) -> str:
    """A value as Python shows it."""
    value = _tidy(value)
    return repr(value) if value.ndim else repr(value[()])


def _tidy(value: np.ndarray) -> np.ndarray:
    """Rounded to four digits, and without minus zeros."""
    return np.round(value, 4) + 0.0 if value.dtype.kind == "f" else value


def _literal(value: Any) -> str:
    """A value as a student would type it."""
    if not isinstance(value, np.ndarray):
        return repr(value)
    text = " ".join(repr(value).split()).replace("array", "np.array", 1)
    return re.sub(r", dtype=\w+", "", text).replace("[ ", "[").replace("( ", "(")


def body_of(task: Task) -> str:
    """The right formula's lines, without its docstring, indented by four."""
    import inspect

    if task.function is None:
        raise SourceError(f"{task.title}: what is right is not known here")
    text = textwrap.dedent(inspect.getsource(task.function))
    function = next(n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef))
    first = function.body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    start = function.body[1 if has_docstring and len(function.body) > 1 else 0].lineno
    lines = text.splitlines()[start - 1 : function.end_lineno]
    return textwrap.indent(textwrap.dedent("\n".join(lines)), "    ")


def notebook(
    source: Source, tasks: dict[str, Task], answers: bool = False, hidden: bool = False
) -> str:
    """The .ipynb text; the same source gives the same bytes."""
    content = {
        "cells": [_json_cell(cell) for cell in cells_of(source, tasks, answers, hidden)],
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _json_cell(cell: Cell) -> dict[str, Any]:
    body: dict[str, Any] = {
        "cell_type": cell.kind,
        "id": cell.id.replace("_", "-")[:64],
        "metadata": {"nbgrader": cell.nbgrader} if cell.nbgrader else {},
        "source": cell.text.splitlines(keepends=True),
    }
    return body if cell.kind == "markdown" else body | {"execution_count": None, "outputs": []}


def fingerprint(source: Source) -> str:
    """Changes with anything in the source."""
    text = "\0".join(f"{b.kind}\n{b.text}" for b in source.blocks)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
