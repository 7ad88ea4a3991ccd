"""The time of a clone's last commit, from repositories that git wrote and from hostile ones."""

import os
import random
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest

from course_nn.grading.collect import collect
from course_nn.grading.collect.clone import MOST, last_commit
from course_nn.grading.collect.disk import OnDisk
from course_nn.grading.collect.people import COMMITTED

from .conftest import notebook_of

WHEN = "2026-03-02T15:58:23+01:00"
NAMES = ("AUTHOR", "COMMITTER")
PLAIN = {
    "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"],
    **{f"GIT_{who}_NAME": "Ada" for who in NAMES}, **{f"GIT_{who}_EMAIL": "a@b" for who in NAMES},
}  # fmt: skip
NAME = "ab" + "cd" * 19


def git(folder: Path, *words: str, when: str = WHEN) -> None:
    times = {f"GIT_{who}_DATE": when for who in NAMES}
    command = ["git", "-C", str(folder), *words]
    subprocess.run(command, check=True, capture_output=True, env={**PLAIN, **times})


@pytest.fixture
def clone(tmp_path) -> Path:
    """A repository with a few commits, the last at WHEN."""
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    folder = tmp_path / "class" / "x-submissions" / "x-ada"
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / "ex02_dense.ipynb").write_bytes(notebook_of())
    git(folder, "add", ".")
    for n in range(30):
        last = n == 29
        git(folder, "commit", "-q", "--allow-empty", "-m", "x" * 300 + str(n),
            when=WHEN if last else f"2026-01-{n + 1:02}T12:00:00+00:00")  # fmt: skip
    return folder


def time_of(folder: Path) -> str:
    return last_commit(OnDisk(str(folder), (".git",)))


def test_of_a_repository_as_it_was_written(clone):
    assert time_of(clone) == WHEN


@pytest.mark.parametrize(
    "words",
    [
        ("gc", "-q", "--aggressive"),
        ("pack-refs", "--all"),
        ("checkout", "-q", "--detach"),
        ("checkout", "-q", "-b", "feature/of-mine"),
        ("repack", "-q", "-adf", "--depth=50", "--window=50"),
    ],
)
def test_of_one_that_was_packed_or_moved(clone, words):
    git(clone, *words)
    assert time_of(clone) == WHEN


def test_every_commit_of_a_pack_of_changes_is_read_as_git_reads_it(clone):
    git(clone, "gc", "-q", "--aggressive")
    command = ["git", "-C", str(clone), "log", "--format=%H %cI"]
    names = subprocess.run(command, check=True, capture_output=True, text=True, env=PLAIN).stdout
    for name, when in map(str.split, names.splitlines()):
        (clone / ".git" / "HEAD").write_text(name)
        assert time_of(clone) == when


def test_it_is_the_time_of_handing_in_and_says_whose_it_is(clone):
    (row,) = collect(clone.parents[1], "ex02_dense")
    assert (row.student, row.handed_in, row.said) == ("ada", WHEN, (COMMITTED,))


def made(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / ".git" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


COMMIT = b"commit 1\0tree x\ncommitter A <a> 1772463503 +0100\n\nhello"
LOOSE = f"objects/ab/{NAME[2:]}"


def test_of_one_written_by_hand(tmp_path):
    files = {"HEAD": NAME.encode(), LOOSE: zlib.compress(COMMIT)}
    assert time_of(made(tmp_path, files)) == WHEN


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"HEAD": b"ref: refs/heads/../../../../etc/passwd"},
        {"HEAD": b"ref: /etc/passwd"},
        {"HEAD": b"ref: refs/heads/main", "refs/heads/main": b"ref: refs/heads/main"},
        {"HEAD": b"\xff\xfe"},
        {"HEAD": NAME.encode(), LOOSE: b"no zlib"},
        {"HEAD": NAME.encode(), LOOSE: zlib.compress(b"blob 1\0committer A <a> 1 +0000\n")},
        {"HEAD": NAME.encode(), LOOSE: zlib.compress(b"commit 1\0" + b"x" * (MOST << 4))},
        {"HEAD": NAME.encode(), LOOSE: zlib.compress(b"commit 1\0committer A 99999999999 +9999\n")},
        {"HEAD": NAME.encode(), LOOSE: zlib.compress(b"commit 1\0\n\ncommitter A 1 +0000\n")},
        {"HEAD": NAME.encode(), "objects/pack/a.idx": b"\xfftOc\0\0\0\2" + b"\xff" * 2000,
         "objects/pack/a.pack": b"\xff" * 100},
        {"HEAD": NAME.encode(), "objects/pack/a.idx": b""},
    ],
)  # fmt: skip
def test_of_a_hostile_one_no_time_is_known(tmp_path, files):
    assert time_of(made(tmp_path, files)) == ""


def test_no_link_is_followed(tmp_path, clone):
    outside = tmp_path / "outside"
    shutil.copytree(clone, outside)
    shutil.rmtree(clone / ".git" / "objects")
    (clone / ".git" / "objects").symlink_to(outside / ".git" / "objects")
    assert time_of(clone) == ""
    shutil.rmtree(clone / ".git")
    (clone / ".git").symlink_to(outside / ".git")
    assert time_of(clone) == ""


def test_no_program_of_its_configuration_is_started(tmp_path, clone):
    trace = tmp_path / "started"
    evil = f"sh -c 'touch {trace}'"
    for key in ("core.fsmonitor", "gpg.program", "core.sshCommand", "core.pager", "diff.external"):
        git(clone, "config", key, evil)
    git(clone, "config", "log.showSignature", "true")
    (row,) = collect(clone.parents[1], "ex02_dense")
    assert row.handed_in == WHEN
    assert not trace.exists()


def test_a_pack_that_is_damaged_anywhere_raises_nothing(clone):
    git(clone, "gc", "-q", "--aggressive")
    rng = random.Random(1)
    paths = [p for p in (clone / ".git").rglob("*") if p.suffix in (".idx", ".pack")]
    whole = {path: path.read_bytes() for path in paths}
    for path in paths:
        path.chmod(0o644)
    for _ in range(300):
        for path, data in whole.items():
            spoiled = bytearray(data)
            for _ in range(rng.randint(1, 20)):
                spoiled[rng.randrange(len(spoiled))] = rng.randrange(256)
            path.write_bytes(spoiled[: rng.choice([len(data), rng.randrange(len(data))])])
        assert isinstance(time_of(clone), str)
