"""One source makes the notebook and the public module; what breaks its rules is refused."""

import json
import re

import nbformat
import pytest

from course_nn.grading import source
from course_nn.grading.assignment import given_of, load_assignment
from course_nn.grading.source import SourceError, cells_of, read_source

TEXT = '''# Exercise 99: nothing

Some text.
+++
More text.

```{code-cell}
import numpy as np
```

```{task}
@task("99.1", "x:N -> y:N", points=2, example={"x": [1, 2]})
def double(x):
    """Return twice x."""
    y = 2 * x
    return y


def helper(x):
    return x


@task("99.2", "x:N -> y:N z:N", points=3, transfer=True, example={"x": [2]}, answer={"y": [4]})
def squares(x):
    """Return x², x³."""
    ...
```

```python
not_a_cell()
```

```{hidden}
@right("squares")
def squares(x):
    y = x**2
    z = x**3
    return y, z
```

```{code-cell}
def given(x):
    ### BEGIN SOLUTION
    return "secret"
    ### END SOLUTION
```
'''


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "ex99_nothing").mkdir()
    (tmp_path / "ex99_nothing" / "exercise.md").write_text(TEXT)
    return tmp_path


@pytest.fixture
def loaded(folder):
    return load_assignment("ex99_nothing", folder)


def test_blocks_come_in_order_with_their_kinds_and_lines(folder) -> None:
    found = read_source(folder / "ex99_nothing" / "exercise.md")
    kinds = [block.kind for block in found.blocks]
    assert kinds == ["text", "text", "code-cell", "task", "text", "hidden", "code-cell"]
    assert found.title == "Exercise 99: nothing"
    lines = TEXT.splitlines()
    assert all(lines[b.line - 1] in b.text for b in found.blocks if b.kind != "text")
    assert "not_a_cell" in found.blocks[4].text


def test_the_public_module_holds_no_answer_of_a_transfer_task(loaded) -> None:
    text = loaded.source.public_module()
    assert "y = 2 * x" in text
    assert "x**3" not in text
    assert "secret" not in text
    space: dict = {}
    exec(text, space)
    assert space["squares"].function is None


def cells(loaded, answers: bool) -> list:
    return cells_of(loaded.source, loaded.exercise.tasks, answers, hidden=answers)


def test_a_task_becomes_a_cell_to_solve_and_a_cell_that_checks(loaded) -> None:
    found = {cell.id: cell for cell in cells(loaded, False)}
    assert found["double"].text.splitlines() == [
        "def double(x):", '    """Return twice x.', "", "    x : (N,)  →  y : (N,)", "",
        "    >>> x = np.array([1., 2.])", "    >>> double(x)", "    array([2., 4.])", '    """',
        '    raise NotImplementedError("Task 99.1")',
    ]  # fmt: skip
    assert found["double"].nbgrader["solution"]
    assert found["test_double"].text == "check.double(double)"
    tested = found["test_squares"].nbgrader
    assert (tested["points"], tested["grade"]) == (3, True)


def test_the_student_gets_no_answer_and_the_instructor_all(loaded) -> None:
    student = "\n".join(cell.text for cell in cells(loaded, False))
    assert not any(s in student for s in ("2 * x", "x**3", "secret", "SOLUTION", "require"))
    teacher = "\n".join(cell.text for cell in cells(loaded, True))
    assert all(s in teacher for s in ("y = 2 * x", "z = x**3", "secret", "require("))


def test_the_instructors_cells_run(loaded) -> None:
    space: dict = {}
    for cell in cells(loaded, True):
        if cell.kind == "code" and "check." not in cell.text:
            exec(cell.text, space)
    assert space["squares"](3) == (9, 27)


def test_an_example_of_several_outputs_is_a_doctest(loaded) -> None:
    text = source.example(loaded.exercise.tasks["squares"])
    assert text.splitlines() == [
        ">>> x = np.array([2.])", ">>> y, z = squares(x)", ">>> y", "array([4.])", ">>> z",
        "array([8.])",
    ]  # fmt: skip


def test_notebooks_are_valid_and_the_same_each_time(loaded) -> None:
    made = source.notebook(loaded.source, loaded.exercise.tasks)
    assert made == source.notebook(loaded.source, loaded.exercise.tasks)
    nbformat.validate(nbformat.reads(made, as_version=4))
    ids = [cell["id"] for cell in json.loads(made)["cells"]]
    assert len(set(ids)) == len(ids)
    assert "test-double" in ids


def test_the_notebook_opens_with_its_chapters_linked_where_the_book_stands(
    folder, monkeypatch
) -> None:
    path = folder / "ex99_nothing" / "exercise.md"
    lines = "nothing\n\nChapters: layers/dense, learning/adam\n\nSome"
    path.write_text(TEXT.replace("nothing\n\nSome", lines))
    monkeypatch.delenv(source.ADDRESS, raising=False)
    first = cells(load_assignment("ex99_nothing", folder), False)[0].text
    assert "goes with the chapters *The dense layer* and *Adam*." in first
    assert '`check.hint("99.1")`' in first
    assert "`check.all()`" in first
    assert "Chapters:" not in first
    monkeypatch.setenv(source.ADDRESS, "https://example.org/book/")
    first = cells(load_assignment("ex99_nothing", folder), False)[0].text
    assert "[The dense layer](https://example.org/book/layers/dense.html)" in first
    path.write_text(TEXT.replace("nothing\n\nSome", "nothing\n\nChapters: layers/lost\n\nSome"))
    with pytest.raises(SourceError, match="there is no chapter layers/lost"):
        cells(load_assignment("ex99_nothing", folder), False)


def test_an_open_block_and_a_missing_heading_are_refused(tmp_path) -> None:
    path = tmp_path / "exercise.md"
    path.write_text("# Title\n\n```{task}\nx = 1\n")
    with pytest.raises(SourceError, match=r"a block ```\{task\} is never closed"):
        read_source(path)
    path.write_text("No heading\n")
    with pytest.raises(SourceError, match="the source begins with `# Exercise N"):
        assert read_source(path).title


def test_a_change_anywhere_changes_the_fingerprint(folder) -> None:
    path = folder / "ex99_nothing" / "exercise.md"
    before = source.fingerprint(read_source(path))
    path.write_text(TEXT.replace("x**3", "x**4"))
    assert source.fingerprint(read_source(path)) != before


GIVEN = '''# Exercise 98: given

```{code-cell}
import numpy as np


class Mine:
    def run(self, x):
        ### BEGIN SOLUTION
        return 2 * x
        ### END SOLUTION


def inner(x):
    return outer(x)


def outer(x):
    return Mine().run(x)


def unused(x):
    return x


def drive(x):
    return inner(x)
```

```{task}
@task("98.1", "x:N -> y:N", points=1, given=True, example={"x": [1]})
def drive(x):
    """Drive `Mine`."""
    y = 2 * x
    return y


@task("98.2", "x:N -> y:N", points=1)
def plain(x):
    """Return x."""
    y = x
    return y
```
'''


def test_a_driver_comes_with_what_is_given_and_without_what_is_to_be_written(tmp_path) -> None:
    (tmp_path / "ex98_given").mkdir()
    (tmp_path / "ex98_given" / "exercise.md").write_text(GIVEN)
    drive, plain = load_assignment("ex98_given", tmp_path).tasks
    assert plain.given == ""
    assert re.findall(r"^(?:def|class) (\w+)", drive.given, re.M) == ["inner", "outer", "drive"]
    assert "Drive `Mine`." in drive.given
    assert "2 * x" not in drive.given
    assert given_of([drive, plain]) == {"drive": drive.given}
