"""Every command of the instructors' guide, in its order, in a copy of the repository.

Three programs have stand-ins, for they would take minutes, a network or a daemon: `make` and `pip`,
which must then ask for what is there, and `docker`, whose recipe has a test of its own.
"""

import contextlib
import csv
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "book" / "guide" / "instructors.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
COPIED = ("course_nn", "book", "tests/autograder", "tools", "pyproject.toml", "requirements.txt",
          "README.md", "LICENSE", "LICENSE-text", "Makefile")  # fmt: skip
PROGRAMS = {
    "course-nn": 'exec "{python}" -m course_nn.cli "$@"',
    "pytest": 'exec "{python}" -m pytest -p no:cacheprovider "$@"',
    "nbgrader": 'exec "{python}" -m nbgrader "$@"',
    "dask": 'exec "{python}" -m dask "$@"',
    "make": '[[ "$*" == setup ]] && grep -q "^setup:" Makefile && mkdir -p .venv/bin && '
    "touch .venv/bin/activate",
    "pip": 'if [[ "$1" == wheel ]]; then exec "{python}" -m pip "$@" -q --no-build-isolation; fi; '
    '[[ "$1" == install ]] && "{python}" -c "import importlib.metadata, re, sys; '
    'importlib.metadata.version(re.split(\'[<>=]\', sys.argv[1])[0])" "$2"',
    "docker": '[[ "$1" == build && -f "$3" ]] || [[ "$1" == run && -n "$(ls class/submissions)" ]]',
}
KEY = re.compile(r"^(\w+)  \d+ students?  task", re.M)


def blocks() -> list[str]:
    return BLOCK.findall(GUIDE.read_text(encoding="utf-8"))


class Shell:
    """A newcomer's terminal, in the folder of the clone."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.said = folder / "clone", ""
        with socket.socket() as free:  # others may use dask's usual port
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            copy(ROOT / name, self.folder / name)
        self.exercises = self.released()
        programs = folder / "programs"
        programs.mkdir()
        for name, text in PROGRAMS.items():
            program = programs / name
            program.write_text("#!/usr/bin/env bash\n" + text.replace("{python}", sys.executable))
            program.chmod(0o755)
        path = os.pathsep.join(
            (str(programs), str(Path(sys.executable).parent), os.environ["PATH"])
        )
        self.env = os.environ | {"PATH": path, "PYTHONPATH": str(self.folder), "NO_COLOR": "1"}

    def released(self) -> dict[str, bytes]:
        """The students' notebooks as they lie in the clone."""
        found = (self.folder / "book" / "exercises").glob("*.ipynb")
        return {path.name: path.read_bytes() for path in found}

    def run(self, commands: str) -> None:
        """Run a block of commands; each must succeed."""
        if " KEY " in commands:  # which a reader takes from the command before
            key = KEY.search(self.run_one("course-nn groups grades"))
            assert key, "there is no group in the demo class"
            commands = commands.replace(" KEY ", f" {key[1]} ")
        self.run_one(commands.replace("8786", self.port))

    def run_one(self, commands: str) -> str:
        with open(self.folder.parent / "said", "w+", encoding="utf-8") as said:
            bash = subprocess.Popen(
                ["bash", "-e", "-c", commands], cwd=self.folder, env=self.env,
                stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
            try:
                code = bash.wait(900)
            finally:
                with contextlib.suppress(ProcessLookupError):  # what runs on behind it
                    os.killpg(bash.pid, signal.SIGKILL)
            said.seek(0)
            text = said.read()
        assert code == 0, f"{commands}\n{text}"
        self.said += text
        return text


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """The terminal after all commands of the guide."""
    pytest.importorskip("nbgrader", reason="needs nbgrader, of the extra parity")
    pytest.importorskip("distributed", reason="needs distributed, of the extra parity")
    shell = Shell(tmp_path_factory.mktemp("newcomer"))
    for commands in blocks():
        shell.run(commands)
    return shell


def rows(path: Path) -> dict[str, dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_every_kind_of_command_is_in_the_guide():
    first = {line.split()[0] for text in blocks() for line in text.splitlines() if line.strip()}
    assert {"course-nn", "pytest", "dask", "make", "docker"} <= first
    commands = set(re.findall(r"course-nn ([a-z-]+)", "\n".join(blocks())))
    assert commands == {
        "demo-class", "grade", "release", "groups", "label", "report", "replay", "override",
        "history", "export", "run", "nbgrader", "gradescope",
    }  # fmt: skip


def test_no_command_stands_in_a_block_that_is_not_run():
    text = BLOCK.sub("", GUIDE.read_text(encoding="utf-8"))
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", text, re.M | re.S)
    assert {kind for kind, _ in fenced} <= {"python", ""}
    assert not [body for _, body in fenced if re.search(r"^(course-nn|nbgrader|pip) ", body, re.M)]


def test_the_class_is_graded_as_it_was_made(shell):
    found = rows(shell.folder / "grades" / "grades.csv")
    assert len(found) == 30
    assert {name: row["status"] for name, row in found.items() if row["status"] != "graded"} == {
        "åsa": "unreadable"
    }
    full = {name for name, row in found.items() if row["total"] == "9"}
    assert full == {
        "ada", "ben", "chloe", "dmitri", "elif", "wanda", "xin", "yusuf", "łukasz", "mirka",
    }  # fmt: skip
    assert found["vera"]["total"] == "0"
    assert not Path("/tmp/was-here").exists()


def test_the_pages_that_the_guide_names_are_there(shell):
    named = re.findall(r"`(grades/[\w./]+\.\w+)`", GUIDE.read_text(encoding="utf-8"))
    assert "grades/class.html" in named
    assert [name for name in named if "NAME" not in name
            and not (shell.folder / name).is_file()] == []  # fmt: skip


def test_what_was_set_by_hand_and_taken_back_is_in_the_history(shell):
    said = re.sub(r"\s+", " ", shell.said)
    assert "half a point for the idea" in said
    assert rows(shell.folder / "grades" / "grades.csv")["tuuli"]["2.1 dense_forward"] == "0"


def test_a_name_of_a_group_holds_in_the_next_year(shell):
    words = "You took the mean where a sum is asked for."
    for out in ("grades", "next-year"):
        pages = (shell.folder / out / "feedback").glob("*.txt")
        assert [page for page in pages if words in " ".join(page.read_text("utf-8").split())]


def test_the_exports_hold_the_class(shell):
    assert len(rows(shell.folder / "points.csv")) == 30
    assert len(list((shell.folder / "gradescope").glob("*.json"))) == 30
    canvas = (shell.folder / "canvas.csv").read_text(encoding="utf-8")
    assert "ada,9001,s001" in canvas
    assert "Participant 7001,ada" in (shell.folder / "moodle.csv").read_text(encoding="utf-8")


def test_nbgrader_gives_the_points_back(shell):
    with open(shell.folder / "course" / "grades.csv", encoding="utf-8", newline="") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    ours = rows(shell.folder / "course" / "grades" / "grades.csv")
    assert scores == {name: float(row["total"]) for name, row in ours.items()}
    assert scores["ada"] == 9
    assert (shell.folder / "course" / "feedback" / "tuuli" / "ex02_dense").is_dir()


def test_several_machines_give_the_same(shell):
    here, there = (rows(shell.folder / out / "grades.csv") for out in ("grades", "spread"))
    assert {n: r["2.6 merged"] for n, r in here.items() if n in there} == {
        n: r["2.6 merged"] for n, r in there.items()
    }


def test_the_wheel_and_the_zips_are_what_they_shall_be(shell):
    (wheel,) = (shell.folder / "dist").glob("*.whl")
    assert not [n for n in zipfile.ZipFile(wheel).namelist() if "autograder" in n]
    assert "setup.sh" in zipfile.ZipFile(shell.folder / "autograder.zip").namelist()
    assert len(zipfile.ZipFile(shell.folder / "exercises.zip").namelist()) == 13


def test_a_release_changes_nothing_that_is_committed(shell):
    assert len(shell.exercises) == 12
    assert shell.released() == shell.exercises
