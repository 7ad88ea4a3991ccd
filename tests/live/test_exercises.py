"""What the page of an exercise tells its script, read from the notebook that it is."""

import json
import sys
from pathlib import Path

import pytest

from course_nn.exercises.exercise import known, load

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book" / "exercises"
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from live_pages import exercises  # noqa: E402


@pytest.mark.parametrize("name", known())
def test_every_task_has_its_answer_and_its_check(name: str) -> None:
    exercise = load(name)
    told = exercises.described(BOOK / f"{name}.ipynb", exercise)
    notebook = json.loads((BOOK / f"{name}.ipynb").read_text(encoding="utf-8"))
    code = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    assert [task["name"] for task in told["tasks"]] == list(exercise.tasks)
    for task in told["tasks"]:
        function = task["name"]
        assert f"def {function}(" in code[task["answer"]]
        assert code[task["check"]] == f"check.{function}({function})"
        assert task["heading"].startswith(f"Task {task['number']}: ")
    assert sum(task["points"] for task in told["tasks"]) == exercise.points


def test_a_row_leads_to_its_tasks() -> None:
    told = exercises.described(BOOK / "ex02_dense.ipynb", load("ex02_dense"))
    row = exercises.row(told, "ex02_dense.html", 9.0)
    assert '<a href="ex02_dense.html">2, the dense layer</a>' in row
    assert 'href="ex02_dense.html#task-2-3-flatten" data-task="flatten_forward"' in row
    assert row.count('data-points="2"') == 2
