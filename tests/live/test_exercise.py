"""An exercise solved in its page, in a real browser: written, checked, handed in, graded."""

import csv
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
import yaml

from course_nn.grading import source
from course_nn.grading.assignment import TESTS, load_assignment
from course_nn.grading.nbgrader import in_sandbox
from tests.book.building import ROOT, build, lay_out
from tests.book.frame import accessible
from tests.book.looking import PHONE, browser, serve
from tests.cli.shared import call

__all__ = ["browser", "serve"]  # fixtures
pytestmark = pytest.mark.browser
SECOND = 1000  # milliseconds, as Playwright counts
PATIENCE = 90 * SECOND  # to start Python on a busy machine
NAME = "ex02_dense"
PAGE, OVERVIEW = f"exercises/{NAME}.html", "exercises/overview.html"
RELEASED = ROOT / "book" / "exercises" / f"{NAME}.ipynb"
FAST = ["--call-seconds", "1", "--notebook-seconds", "5", "--sandbox", "plain"]
WRONG = {
    "dense_forward": "def dense_forward(x, W, b):\n    return x @ W - b",
    "dense_backward": "def dense_backward(dy, x, W):\n"
    "    return dy @ W.T, x.T @ dy, dy.mean(axis=0)",
    "flatten_forward": "def flatten_forward(x):\n    return x.reshape(len(x), -1)[:, ::-1]",
    "flatten_backward": "def flatten_backward(dy, x):\n    return 2 * dy.reshape(x.shape)",
    "sgd_step": "def sgd_step(W, dW, learning_rate):\n    return W + learning_rate * dW",
    "merged": "def merged(W1, b1, W2, b2):\n    return W1 @ W2, b2",
    "low_rank_backward": "def low_rank_backward(dy, x, A, B, b):\n    return 1 / 0",
}
MEAN = WRONG["dense_backward"].replace("x.T @ dy", "x.T @ dy / len(x)")
POINTS = {"wrong": [0, 1.14, 0, 0, 0, 0.4, 0], "right": [1, 2, 1, 1, 1, 1, 2]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of one exercise and the page of all exercises."""
    folder = tmp_path_factory.mktemp("exercise")
    overview = (ROOT / "book" / "exercises" / "overview.md").read_text(encoding="utf-8")
    lay_out(folder, {"index": "# A book", "exercises/overview": overview, "guide/students": "# G"})
    shutil.copy(RELEASED, folder / "book" / "exercises")
    toc = yaml.safe_load((folder / "_toc.yml").read_text())
    toc["chapters"].append({"file": f"exercises/{NAME}"})
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc))
    return build(folder)[0]


@pytest.fixture(scope="module")
def address(folder: Path, serve) -> str:
    return serve(folder)


@pytest.fixture(scope="module")
def python() -> None:
    """What runs a cell in a browser."""
    if not os.environ.get("COURSE_NN_PYODIDE"):
        pytest.skip("the browser's runtime is not here: name its folder by COURSE_NN_PYODIDE")


@pytest.fixture(scope="module")
def started(browser, address: str) -> Iterator:
    """The exercise's page, whose Python starts once; it must say nothing wrong in its console."""
    context = browser.new_context(accept_downloads=True)
    opened, wrong = context.new_page(), []
    opened.set_default_timeout(PATIENCE)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    go(opened, PAGE, address)
    yield opened
    context.close()
    assert not wrong


@pytest.fixture
def page(started):
    """The page with nothing kept."""
    forget = started.get_by_text("Forget my changes")
    if forget.is_visible():
        forget.click()
    return started


def go(page, path: str, address: str) -> None:
    page.goto(f"{address}/{path}")
    page.wait_for_selector(".nn-task-bar" if path == PAGE else "[data-state]")


@contextmanager
def beside(page, path: str, address: str) -> Iterator:
    """A second tab."""
    other = page.context.new_page()
    go(other, path, address)
    yield other
    other.close()
    page.bring_to_front()  # a page behind draws no frame, and nobody can click in it


@pytest.fixture(scope="module")
def right() -> dict[str, str]:
    """The right answers, by task."""
    loaded = load_assignment(NAME)
    return answers_in(source.notebook(loaded.source, loaded.exercise.tasks, answers=True))


def answers_in(text: str) -> dict[str, str]:
    """The answers of a notebook, by task."""
    cells = json.loads(text)["cells"]
    marked = [(c, c["metadata"].get("nbgrader", {})) for c in cells]
    return {m["grade_id"]: "".join(c["source"]) for c, m in marked if m.get("solution")}


def number(task: str) -> str:
    return f"2.{list(WRONG).index(task) + 1}"


def part(page, task: str, kind: str):
    """A task's part of the page: its answer, check or hints."""
    return page.locator(f".nn-task-{kind}").nth(list(WRONG).index(task))


def write(page, task: str, text: str) -> None:
    """Write an answer, as one types."""
    page.get_by_label(f"Write your answer to Task {number(task)}").click()
    type_into(page, part(page, task, "answer"), text)


def type_into(page, box, text: str) -> None:
    """Type a text into the editor of a cell, in place of what is there."""
    box.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def judged(page, task: str, wanted: str) -> str:
    """Check a task, which then stands as it should; what the check shows."""
    button = page.get_by_label(f"Check Task {number(task)}")
    button.click()
    page.wait_for_function("e => e.textContent === 'Check'", arg=button.element_handle())
    stands(page, task, wanted)
    shown = part(page, task, "check").locator(".nn-live-output")
    return shown.inner_text() if shown.count() else ""


def stands(page, task: str, wanted: str) -> None:
    badge = page.locator(".nn-task-state").nth(list(WRONG).index(task))
    assert badge.get_attribute("data-state") == wanted


def downloaded(page, path: Path) -> str:
    """The notebook that the page hands out."""
    with page.expect_download() as waiting:
        page.get_by_text("Download notebook").click()
    assert waiting.value.suggested_filename == f"{NAME}.ipynb"
    waiting.value.save_as(path)
    return path.read_text(encoding="utf-8")


def opened(page, path: Path) -> str:
    """Open a notebook in the page; what is said of it."""
    with page.expect_file_chooser() as waiting:
        page.get_by_text("Open notebook …").click()
    says = page.locator(".nn-exercise [role=status]")
    says.evaluate("says => { says.textContent = ''; }")
    waiting.value.set_files(path)
    page.wait_for_function("document.querySelector('.nn-exercise [role=status]').textContent")
    return says.inner_text()


def solved(answers: dict[str, str]) -> str:
    """The released notebook with these answers, as Jupyter saves it."""
    notebook = nbformat.read(RELEASED, as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    return nbformat.writes(notebook)


def nbgrader_points(text: str) -> list[float]:
    """The points that nbgrader reads from each check's cell, graded as its bridge does."""
    graded, _ = in_sandbox(
        nbformat.reads(text, as_version=4), {"nbgrader": {"notebook": NAME, "student": "ada"}}
    )
    points = []
    for cell in graded.cells:
        if (marks := cell.metadata.get("nbgrader", {})).get("grade"):
            outputs = {o.output_type: o for o in cell.outputs}
            said = (
                outputs["execute_result"].data["text/plain"]
                if len(outputs) > 1 and ("execute_result" in outputs)
                else str(0 if "error" in outputs else marks["points"])
            )
            points.append(float(said))
    return points


# -- an exercise, from beginning to end ------------------------------------------------------------


def test_an_exercise_is_solved_in_the_page_and_graded_like_the_notebook_from_jupyter(
    python, page, address, right, tmp_path
) -> None:
    class_ = tmp_path / "class"
    class_.mkdir()
    handed_in = {}
    for state, answers in (("wrong", WRONG), ("right", right)):
        for task, text in answers.items():
            write(page, task, text)
            judged(page, task, state)
        handed_in[f"{state}_page"] = downloaded(page, class_ / f"{state}_page.ipynb")
        handed_in[f"{state}_jupyter"] = solved(answers)
        (class_ / f"{state}_jupyter.ipynb").write_text(handed_in[f"{state}_jupyter"])
        assert answers_in(handed_in[f"{state}_page"]) == answers
    assert page.locator(".nn-exercise-points").inner_text().startswith("9 of 9 points")

    call("grade", class_, "--assignment", NAME, "--out", tmp_path / "out", *FAST)
    with open(tmp_path / "out" / "grades.csv", encoding="utf-8", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    for student, text in handed_in.items():
        points = [float(rows[student][f"{number(task)} {task}"]) for task in WRONG]
        assert points == POINTS[student.partition("_")[0]], student
        assert nbgrader_points(text) == points, student

    with beside(page, OVERVIEW, address) as overview:
        assert overview.locator("tbody tr td:last-child").inner_text() == "9 of 9"
        assert overview.locator("tfoot td").inner_text() == "9 of 9"


def test_a_verdict_is_jupyter_s_and_hints_are_course_nn_s(python, page, right) -> None:
    from course_nn.exercises import check, hints

    space: dict = {}
    exec(MEAN, space)
    verdict = check.dense_backward(space["dense_backward"])
    write(page, "dense_backward", MEAN)
    shown = judged(page, "dense_backward", "wrong")
    assert shown.split() == verdict.in_notebook().split()
    output = part(page, "dense_backward", "check").locator(".nn-live-output")
    heat_map = output.locator("img")
    assert heat_map.count() == 1
    for mode, filtered in (("dark", "invert(0.91) hue-rotate(180deg)"), ("light", "none")):
        page.evaluate("mode => { document.documentElement.dataset.theme = mode; }", mode)
        assert heat_map.evaluate("image => getComputedStyle(image).filter") == filtered
    for level in range(2):
        page.get_by_label("Next hint for Task 2.2").click()
        said = part(page, "dense_backward", "hints").locator(".nn-task-hint").nth(level)
        said.get_by_text(f"Step {level + 1}").wait_for()
        assert said.inner_text().split() == hints.hint(verdict, level).split()
    write(page, "dense_backward", right["dense_backward"])
    stands(page, "dense_backward", "changed")
    judged(page, "dense_backward", "right")
    assert part(page, "dense_backward", "hints").inner_text() == ""


# -- how a task stands -----------------------------------------------------------------------------


def test_a_task_stands_as_the_answer_that_is_there_and_it_is_kept_until_forgotten(
    python, page, address, right
) -> None:
    assert page.locator(".nn-exercise a").get_attribute("href") == "overview.html"
    stands(page, "sgd_step", "open")
    judged(page, "sgd_step", "open")
    write(page, "sgd_step", right["sgd_step"])
    stands(page, "sgd_step", "changed")
    judged(page, "sgd_step", "right")
    with beside(page, PAGE, address) as tab:
        stands(tab, "sgd_step", "right")
        part(tab, "sgd_step", "answer").locator(".cm-content").click()
        tab.keyboard.insert_text("#")
        stands(tab, "sgd_step", "changed")
        page.locator(".nn-task-state[data-state=changed]").wait_for()  # it follows the other tab
        stands(page, "sgd_step", "changed")
        tab.keyboard.press("Backspace")
        stands(tab, "sgd_step", "right")
    page.get_by_text("Forget my changes").click()
    stands(page, "sgd_step", "open")
    assert page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('course-nn'))") == []


def test_an_answer_that_does_not_run_is_its_own_task_s_matter(python, page, right) -> None:
    write(page, "dense_forward", "def dense_forward(x, W, b)\n    return x")
    part(page, "dense_forward", "answer").locator(".cm-content").press("Shift+Enter")
    page.get_by_text("It does not run").wait_for()
    stands(page, "dense_forward", "wrong")
    assert "SyntaxError" in part(page, "dense_forward", "answer").inner_text()
    write(page, "sgd_step", right["sgd_step"])
    judged(page, "sgd_step", "right")
    assert part(page, "merged", "check").locator(".nn-live-output").count() == 0


def edit(page, number: int, text: str) -> None:
    """Write into a cell that is no answer."""
    cell = page.locator(".cell:has(.cell_input)").nth(number - 1)
    if not cell.locator(".cm-content").count():  # an editor that was opened once stays open
        page.get_by_label(f"Edit cell {number}", exact=True).click()
    type_into(page, cell, text)


def test_only_a_verdict_of_this_very_check_counts(python, page, right) -> None:
    write(page, "dense_forward", right["dense_forward"])
    judged(page, "dense_forward", "right")
    edit(page, 3, "print(dense_forward(np.eye(2), np.eye(2), 0).sum())")
    write(page, "dense_forward", "def dense_forward(x, W, b):\n    return x @ W - 7")
    assert judged(page, "dense_forward", "changed").strip() == "-26.0"
    part(page, "dense_forward", "check").get_by_text("gave no verdict").wait_for()
    assert page.locator(".nn-exercise-points").inner_text().startswith("0 of 9")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def dense_forward(x, W, b)\n    return x", "It does not run"),
        ("# nothing of dense_forward", "It defines no dense_forward."),
    ],
)
def test_an_earlier_verdict_goes_from_under_an_answer_that_cannot_be_checked(
    python, page, right, text, says
) -> None:
    write(page, "dense_forward", right["dense_forward"])
    assert "passed" in judged(page, "dense_forward", "right")
    write(page, "dense_forward", text)
    assert judged(page, "dense_forward", "wrong") == ""
    assert says in part(page, "dense_forward", "check").inner_text()


def test_what_is_no_function_is_wrong(python, page) -> None:
    write(page, "dense_forward", "dense_forward = 5")
    assert "✘" in judged(page, "dense_forward", "wrong")


def test_a_task_says_which_cell_above_it_failed(python, page, right) -> None:
    edit(page, 1, "1 / 0")
    write(page, "sgd_step", right["sgd_step"])
    judged(page, "sgd_step", "changed")
    part(page, "sgd_step", "check").get_by_text("Cell 1, above, failed").wait_for()
    page.get_by_text("▶ Check every task").click()
    page.locator(".nn-live-page").get_by_text("Cell 1, above, failed").wait_for()


def test_an_answer_that_is_put_back_while_it_runs_is_not_judged(python, page) -> None:
    write(page, "sgd_step", "import time\ntime.sleep(1)\ndef sgd_step(*_): return 1")
    button = page.get_by_label("Check Task 2.5")
    button.click()
    part(page, "sgd_step", "answer").locator("xpath=self::*[@data-live='running']").wait_for()
    page.get_by_label("Put cell 10 back as printed").click()
    page.wait_for_function("e => e.textContent === 'Check'", arg=button.element_handle())
    stands(page, "sgd_step", "open")
    assert part(page, "sgd_step", "check").locator(".nn-live-output").count() == 0


def test_what_was_forgotten_comes_back_with_how_it_stood(python, page, right) -> None:
    write(page, "sgd_step", right["sgd_step"])
    judged(page, "sgd_step", "right")
    page.get_by_text("Forget my changes").click()
    stands(page, "sgd_step", "open")
    page.get_by_text("Bring them back").click()
    page.get_by_text("Your changes are back.").wait_for()
    stands(page, "sgd_step", "right")


def test_every_task_is_checked_at_once_whatever_comes_of_one(python, page, right) -> None:
    write(page, "dense_forward", "1 / 0")
    write(page, "low_rank_backward", right["low_rank_backward"])
    page.get_by_text("▶ Check every task").click()
    page.get_by_text("Every task is checked: 2 of 9 points").wait_for()
    stands(page, "dense_forward", "wrong")


# -- the notebook, read back -----------------------------------------------------------------------


def texts(page) -> list[str]:
    """The answers as they stand in the page."""
    found = page.locator(".nn-task-answer :is(.cm-content, pre:not([hidden]))")
    return [text.strip() for text in found.all_inner_texts()]


def test_a_notebook_from_jupyter_is_opened_and_asks_before_it_replaces(page, right) -> None:
    write(page, "sgd_step", "mine")
    asked = []
    page.once("dialog", lambda d: (asked.append(d.message), d.dismiss()))
    path = TESTS / NAME / "solved.ipynb"
    assert "nothing was changed" in opened(page, path)
    assert texts(page)[4] == "mine"
    assert "(2.5)" in asked[0]
    page.once("dialog", lambda d: d.accept())
    assert "is in the page" in opened(page, path)
    assert [text.split() for text in texts(page)] == [t.split() for t in right.values()]
    stands(page, "sgd_step", "changed")
    assert "is in the page" in opened(page, path)  # as it stands: nothing to ask


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("notes.ipynb", "my homework", "notes.ipynb is not a notebook: choose the notebook"),
        ("old.ipynb", '{"nbformat": 3, "worksheets": []}', "old.ipynb is not a notebook"),
        ("other.ipynb", "ex03_activations", "has no task of Exercise 2: the dense layer: choose"),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence(page, tmp_path, name, text, says) -> None:
    other = RELEASED.with_name(f"{text}.ipynb")
    (tmp_path / name).write_text(other.read_text() if other.is_file() else text)
    write(page, "sgd_step", "mine")
    told = opened(page, tmp_path / name)
    assert says in told
    assert told.endswith("nothing was changed.")
    assert texts(page)[4] == "mine"


OTHER_FORMS = {
    "no ids": lambda cell: cell.pop("id", None),
    "no ids, no marks": lambda cell: (cell.pop("id", None), cell["metadata"].clear()),
    "lines of Windows": lambda cell: cell.update(
        source="".join(cell["source"]).replace("\n", "\r\n")
    ),
}


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_cells_are_known_by_other_signs_than_their_ids(page, right, tmp_path, form) -> None:
    notebook = json.loads(solved(right))
    for cell in notebook["cells"]:
        OTHER_FORMS[form](cell)
    (tmp_path / "mine.ipynb").write_text(json.dumps(notebook), newline="")
    assert "It has no task" not in opened(page, tmp_path / "mine.ipynb")
    assert [text.split() for text in texts(page)] == [t.split() for t in right.values()]


def test_a_helper_in_a_cell_of_its_own_comes_with_the_answer(page, right, tmp_path) -> None:
    notebook = json.loads(solved(right))
    (k,) = (k for k, cell in enumerate(notebook["cells"]) if cell.get("id") == "sgd-step")
    helper, scratch = "def less(a, b):\n    return a - b", "%timeit sgd_step(1, 2, 3)"
    for text, place in ((scratch, k + 1), (helper, k)):
        cell = {"cell_type": "code", "id": f"n{place}", "metadata": {}, "source": text}
        notebook["cells"].insert(place, cell)
    (tmp_path / "mine.ipynb").write_text(json.dumps(notebook))
    opened(page, tmp_path / "mine.ipynb")
    assert texts(page)[4].startswith("def less(a, b)")
    assert "def sgd_step" in texts(page)[4]
    assert "timeit" not in " ".join(texts(page))
    again = answers_in(downloaded(page, tmp_path / "again.ipynb"))
    assert again["sgd_step"] == f"{helper}\n\n\n{right['sgd_step']}"


def test_what_is_handed_out_is_the_released_notebook_but_for_what_was_written(
    page, tmp_path
) -> None:
    before = RELEASED.read_text(encoding="utf-8")
    assert downloaded(page, tmp_path / "a.ipynb") == before
    write(page, "sgd_step", "mine\nmine too")
    for number, text in ((1, "import math"), (3, "check = print")):
        edit(page, number, text)
    after = json.loads(downloaded(page, tmp_path / "b.ipynb"))
    changed = {  # the third cell is a check, which stays as it is
        new["id"]: new["source"]
        for old, new in zip(json.loads(before)["cells"], after["cells"], strict=True)
        if old != new
    }
    assert changed == {"ex02-dense-01": ["import math"], "sgd-step": ["mine\n", "mine too"]}


# -- how it reads ----------------------------------------------------------------------------------


def test_where_nothing_can_be_kept_one_sentence_says_so_and_work_goes_on(
    browser, address, right
) -> None:
    context = browser.new_context()
    context.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); }")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    go(page, PAGE, address)
    write(page, "sgd_step", right["sgd_step"])
    assert "keeps nothing" in page.locator(".nn-live-says").first.inner_text()
    stands(page, "sgd_step", "changed")
    context.close()


def test_a_task_says_that_the_book_has_no_python(browser, folder, serve, tmp_path) -> None:
    shutil.copytree(folder, tmp_path / "bare", ignore=shutil.ignore_patterns("pyodide"))
    page = browser.new_page()
    go(page, PAGE, serve(tmp_path / "bare"))
    page.get_by_label("Check Task 2.5").click()
    part(page, "sgd_step", "check").get_by_text(
        "this copy of the book was built without"
    ).wait_for()
    stands(page, "sgd_step", "open")
    page.close()


def test_the_keyboard_goes_from_the_answer_to_its_check(page, address: str) -> None:
    with beside(page, PAGE, address) as tab:
        tab.get_by_label("Write your answer to Task 2.5").press("Enter")
        tab.locator(".cm-content:focus").wait_for()
        tab.keyboard.press("Escape")
        assert tab.evaluate("document.activeElement.ariaLabel") == "Check Task 2.5"


def test_without_scripts_the_pages_read_as_before(browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/{PAGE}")
    assert page.locator("article button:visible, .nn-task-bar, .nn-task-state").count() == 0
    page.goto(f"{address}/{OVERVIEW}")
    row = page.locator(".nn-progress tbody tr")
    assert re.sub(r"\s+", " ", row.inner_text()) == (
        "2, the dense layer 2.1 2.2 2.3 2.4 2.5 2.6 2.7 9"
    )
    assert row.get_by_text("2.3").get_attribute("href") == f"{NAME}.html#task-2-3-flatten"
    context.close()


@pytest.mark.parametrize("width", ["wide", "phone"])
def test_axe_finds_nothing_serious(python, page, address, right, width) -> None:
    if width == "phone":
        page.set_viewport_size(dict(zip(("width", "height"), PHONE, strict=True)))
    write(page, "dense_backward", WRONG["dense_backward"])
    judged(page, "dense_backward", "wrong")
    page.get_by_label("Next hint for Task 2.2").click()
    part(page, "dense_backward", "hints").get_by_text("Step 1").wait_for()
    write(page, "sgd_step", right["sgd_step"])
    judged(page, "sgd_step", "right")
    found = accessible(page, width)
    with beside(page, OVERVIEW, address) as overview:
        overview.set_viewport_size(page.viewport_size)
        assert found + accessible(overview, width) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


# the last, for it ends the Python of the page
def test_an_endless_answer_is_stopped_at_its_task(python, page, right) -> None:
    write(page, "sgd_step", "while True: pass")
    page.get_by_label("Check Task 2.5").click()
    page.wait_for_function("document.querySelector('[data-live=running]')")
    page.get_by_label("Stop Python").locator("visible=true").click()
    page.wait_for_function("!document.querySelector('[data-live=running]')", timeout=2 * SECOND)
    assert page.evaluate("document.activeElement.ariaLabel") == "Check Task 2.5"
    stands(page, "sgd_step", "changed")
    write(page, "sgd_step", right["sgd_step"])
    judged(page, "sgd_step", "right")
