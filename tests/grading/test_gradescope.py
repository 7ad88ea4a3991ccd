"""Gradescope's autograder in a tree like Gradescope's own, and the container's recipe."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from course_nn.grading import demo
from course_nn.grading.assignment import TESTS, load_assignment
from course_nn.grading.gradescope import autograder, needed

NAME = "ex02_dense"
ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "tools" / "container" / "Dockerfile"


def packed() -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(autograder(ROOT, NAME, TESTS)))


def unpack(file: zipfile.ZipFile, folder: Path) -> None:
    """As `unzip` does it, which keeps who may execute what."""
    file.extractall(folder)
    for entry in file.infolist():
        (folder / entry.filename).chmod(entry.external_attr >> 16)


def run(tree: Path, program: str) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [tree / "source" / program], env=env | {"AUTOGRADER": str(tree)},
        capture_output=True, text=True, cwd=tree / "submission" if started(tree) else tree,
    )  # fmt: skip


def started(tree: Path) -> bool:
    """Whether there is a submission; its folder is the worst place to grade from."""
    return (tree / "submission").is_dir()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`/autograder` after the image was made: its environment has the packages of this one."""
    tree = tmp_path_factory.mktemp("autograder")
    unpack(packed(), tree / "source")
    (tree / "source" / "needed.txt").write_text("")  # nothing is fetched
    done = run(tree, "setup.sh")
    assert done.returncode == 0, done.stderr
    (site,) = tree.glob("python/lib/python*/site-packages")
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (site / "ours.pth").write_text("\n".join(ours))
    return tree


def results(tree: Path, name: str, content: bytes, **beside: bytes) -> dict:
    """What the autograder writes on one submission."""
    for folder in ("submission", "results"):
        shutil.rmtree(tree / folder, ignore_errors=True)
        (tree / folder).mkdir()
    for path, data in {name: content, **beside}.items():
        place = tree / "submission" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    done = run(tree, "run_autograder")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((tree / "results" / "results.json").read_text(encoding="utf-8"))


def notebook(mistakes: int) -> bytes:
    loaded, answers = load_assignment(NAME), demo.read_answers(TESTS / NAME / "blind.py")
    return json.dumps(demo.student(loaded, answers, 0, mistakes)).encode()


def test_a_submission_is_graded_whatever_its_name(tree):
    right = results(tree, "my homework (2).ipynb", notebook(0))
    assert right["score"] == 9
    wrong = results(tree, f"{NAME}.ipynb", notebook(1))
    assert wrong["score"] == 8
    assert "dense_forward" in json.dumps(wrong)


NAMES = {  # what a submission calls what is in it; and what lies beside
    "as Moodle does": ("Eve_1_assignsubmission_file_/{}", {}),
    "as Moodle does, twice": (
        "Eve_1_assignsubmission_file_/{}", {"Bob_2_assignsubmission_file_/x.ipynb": b"{}"},
    ),
    "as Canvas does": ("eve_1_2_{}", {}),
    "as nbgrader does": (
        f"eve/{NAME}/{{}}", {f"eve/{NAME}/timestamp.txt": b"2020-01-01 00:00:00 UTC"},
    ),
    "as GitHub does": ("x-eve/{}", {"x-eve/.git/config": b"[core]\n\tfsmonitor = touch /tmp/x"}),
    "as Gradescope does": (
        "submission_1/{}", {"submission_metadata.yml": b"submission_1:\n  :submitters:\n"
                            b"  - :name: Eve\n"},
    ),
    "as the class's folders": ("submissions/eve/{}", {"submissions/bob/a.txt": b""}),
    "as the recipe does": ("student/{}", {"roster.csv": b"name\neve\n"}),
    "as an option": ("--roster={}", {"-rf": b""}),
    "as modules of ours": ("{}", {"typer.py": b"1/0", "course_nn/__init__.py": b"1/0"}),
    "with signs of a shell": ("$(touch x) `touch y`; {}", {"\n": b""}),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_whatever_a_submission_calls_its_files_it_is_the_students(tree, name):
    path, beside = NAMES[name]
    found = results(tree, path.format(f"{NAME}.ipynb"), notebook(0), **beside)
    assert found["score"] == 9


def test_what_is_no_notebook_gets_its_reason(tree):
    found = results(tree, "text.ipynb", b"my homework")
    assert found.get("score", 0) == 0
    assert "no notebook" in json.dumps(found)


def test_where_the_grader_fails_no_points_are_written(tree):
    (tree / "source" / "assignment.txt").write_text("ex99")
    try:
        shutil.rmtree(tree / "results")
        assert run(tree, "run_autograder").returncode != 0
        assert not list((tree / "results").iterdir())
    finally:
        (tree / "source" / "assignment.txt").write_text(NAME)


def test_the_zip_holds_one_exercise_and_may_be_executed():
    with packed() as file:
        names = file.namelist()
        modes = {entry.filename: entry.external_attr >> 16 for entry in file.infolist()}
    assert [n for n in names if n.startswith("tests/")] == [f"tests/autograder/{NAME}/exercise.md"]
    assert modes["setup.sh"] == modes["run_autograder"] == 0o100755
    assert not [name for name in names if "__pycache__" in name]
    assert autograder(ROOT, NAME, TESTS) == autograder(ROOT, NAME, TESTS)


def test_the_image_installs_what_the_package_and_grading_need():
    names = {Requirement(line).name for line in needed(ROOT)}
    assert {"numpy", "typer", "nbformat"} <= names
    assert not names & {"torch", "pytest", "jupyter-book"}


# -- the container ---------------------------------------------------------------------------------


def copied() -> list[str]:
    """What the recipe copies into the image."""
    lines = re.findall(r"^COPY (.+) \S+$", RECIPE.read_text(encoding="utf-8"), re.M)
    return [name for line in lines for name in line.split()]


def test_the_container_has_all_that_grading_needs(tmp_path):
    for name in copied():
        target = tmp_path / "course" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, target)
    work = tmp_path / "work"
    (work / "submissions").mkdir(parents=True)
    (work / "submissions" / "ada.ipynb").write_bytes(notebook(0))
    command = [sys.executable, "-m", "course_nn.cli", "grade", "submissions", "--assignment", NAME]
    done = subprocess.run(
        [*command, "--out", "grades"], cwd=work, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "course")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert ",9,9,graded," in (work / "grades" / "grades.csv").read_text()


def test_the_daemon_is_sent_what_the_recipe_copies_and_no_more():
    lines = RECIPE.with_name("Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    assert [line[1:] for line in lines if line.startswith("!")] == copied()


def test_the_recipe_installs_what_the_package_calls_its_extra():
    text = RECIPE.read_text(encoding="utf-8")
    assert '--editable ".[grade]"' in text
    assert re.search(r"^FROM python:3\.1[1-9]", text, re.M)
    assert 'ENTRYPOINT ["course-nn"]' in text
