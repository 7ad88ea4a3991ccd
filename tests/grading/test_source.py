"""The source notebook: read, stripped of its answers, and refused where it breaks its rules."""

import json

import pytest

from course_nn.grading import source
from course_nn.grading.source import Cell, SourceError, read_source, without_answers

TEXT = """# Title

Some text.

+++

More text.

```{code-cell} ipython3
:nbgrader: {"grade_id": "f", "solution": true}
:number: "9.1"
def f(x):
    if x:
        ### BEGIN SOLUTION
        return x
        ### END SOLUTION
    ### BEGIN SOLUTION
    return 2
    ### END SOLUTION
```

```python
not_a_cell()
```

```{code-cell} ipython3
check.f(f)
### BEGIN HIDDEN TESTS
assert f(3) == 3
### END HIDDEN TESTS
```
"""


@pytest.fixture
def cells(tmp_path):
    (tmp_path / "s.md").write_text(TEXT)
    return read_source(tmp_path / "s.md")


def test_cells_are_split_and_their_options_read(cells):
    assert [cell.kind for cell in cells] == ["markdown", "markdown", "code", "markdown", "code"]
    assert cells[0].text == "# Title\n\nSome text."
    assert "not_a_cell()" in cells[3].text
    assert cells[2].options["number"] == "9.1"
    assert cells[2].nbgrader == {
        "grade": False, "grade_id": "f", "locked": False, "schema_version": 3, "solution": True,
        "task": False,
    }  # fmt: skip


def test_answers_and_hidden_tests_are_taken_out(cells):
    stub = 'raise NotImplementedError("Task 9.1")'
    assert without_answers(cells[2]) == f"def f(x):\n    if x:\n        {stub}\n    {stub}"
    assert without_answers(cells[4]) == "check.f(f)"


def test_the_instructors_notebook_keeps_them(cells):
    content = json.loads(source.notebook("s", cells, answers=True))
    assert "".join(content["cells"][4]["source"]) == cells[4].text


def test_ids_are_stable_and_differ(cells):
    made = source.notebook("s", cells)
    assert made == source.notebook("s", cells)
    ids = [cell["id"] for cell in json.loads(made)["cells"]]
    assert ids == ["s-00", "s-01", "f", "s-03", "s-04"]


@pytest.mark.parametrize(
    "text",
    [
        "### BEGIN SOLUTION\nsecret",
        "### END SOLUTION",
        "### BEGIN HIDDEN TESTS\nsecret",
        "### BEGIN SOLUTION\nsecret\n### END HIDDEN TESTS",
    ],
)
def test_a_mark_without_its_partner_is_refused(text):
    with pytest.raises(SourceError, match="BEGIN without its END"):
        without_answers(Cell("code", text))


def test_broken_options_and_open_cells_are_refused(tmp_path):
    path = tmp_path / "s.md"
    path.write_text("```{code-cell} ipython3\n:nbgrader: {nonsense\nx\n```\n")
    with pytest.raises(SourceError, match="is not JSON"):
        read_source(path)
    path.write_text("```{code-cell} ipython3\nx = 1\n")
    with pytest.raises(SourceError, match="never closed"):
        read_source(path)
