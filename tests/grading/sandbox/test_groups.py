"""A control group: how it is found and made, and that it bounds all its members together."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_nn.grading.sandbox import groups


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """`machine(mounts, own)` says what this process is told of control groups."""

    def machine(mounts: str, own: str) -> None:
        (tmp_path / "mounts").write_text(mounts.replace("ROOT", str(tmp_path)))
        (tmp_path / "own").write_text(own)
        monkeypatch.setattr(groups, "MOUNTS", tmp_path / "mounts")
        monkeypatch.setattr(groups, "OWN", tmp_path / "own")

    return machine


TWO = "31 23 0:28 / ROOT rw,relatime shared:9 - cgroup2 cgroup2 rw\n"
ONE = "35 31 0:32 / ROOT rw,relatime - cgroup cgroup rw,memory\n"
OTHER = "35 31 0:32 / ROOT/cpu rw,relatime - cgroup cgroup rw,cpu\n"


def test_it_is_made_in_ones_own_group_or_beside_it(machine, tmp_path):
    machine(OTHER + TWO, "4:cpu:/c\n0::/user/job\n")
    assert list(groups._parents()) == [
        ("cgroup2", tmp_path / "user/job"), ("cgroup2", tmp_path / "user"),
    ]  # fmt: skip
    machine(OTHER + ONE, "5:cpu:/c\n4:memory:/job\n0::/\n")
    assert list(groups._parents()) == [("cgroup", tmp_path / "job")]
    machine("", "")
    assert groups.make(1) is None


def test_where_its_memory_cannot_be_bounded_none_is_left_behind(machine, tmp_path, monkeypatch):
    monkeypatch.setattr(groups.Group, "close", lambda self: None)
    machine(TWO, "0::/\n")
    (tmp_path / "x").mkdir()

    def refuse(group, size):
        raise PermissionError

    monkeypatch.setattr(groups, "_set", refuse)
    assert groups.make(1) is None
    assert {path.name for path in tmp_path.iterdir()} == {"x", "mounts", "own"}


def test_the_limits_are_written_where_the_kernel_has_them(tmp_path):
    group = groups.Group(tmp_path, "cgroup2")
    (tmp_path / "pids.max").touch()
    groups._set(group, 5 << 20)
    assert (tmp_path / "memory.max").read_text() == str(5 << 20)
    assert (tmp_path / "pids.max").read_text() == str(groups.PROCESSES)
    assert not (tmp_path / "memory.swap.max").exists()


def test_what_a_killed_grader_left_is_swept_away(machine, tmp_path, monkeypatch):
    machine(TWO, "0::/\n")
    gone = subprocess.Popen(["true"])
    gone.wait()
    for name in (f"course-nn-{gone.pid}-1", f"course-nn-{os.getpid()}-9", "other"):
        (tmp_path / name).mkdir()
    groups._sweep(tmp_path)
    kept = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert kept == {f"course-nn-{os.getpid()}-9", "other"}


@pytest.fixture
def group():
    """A real group of this machine's, for 64 MiB beside the server's share."""
    made = groups.make(64 << 20)
    if made is None:
        pytest.skip("no control group may be made here")
    yield made
    made.remove()
    assert not made.folder.exists()


EAT = """
import os, sys
if sys.argv[1] != "-": os.write(int(sys.argv[1]), b"0")
parts = []
def child():
    pid = os.fork()
    if pid == 0:
        parts.append(bytearray(b"1") * (100 << 20))
        os.write(1, b".")
        sys.stdin.read()
        os._exit(0)
    return pid
children = [child() for _ in range(3)]
print(sum(os.waitpid(pid, 0)[1] != 0 for pid in children))
"""


def eaten(fd: int | None) -> int:
    """How many of three processes that take 100 MiB each are killed."""
    command = [sys.executable, "-I", "-c", EAT, "-" if fd is None else str(fd)]
    fds = [] if fd is None else [fd]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, pass_fds=fds)
    return int(done.stdout.replace(b".", b"") or 3)


def test_it_bounds_the_memory_of_all_together(group):
    assert eaten(None) == 0
    (fd,) = group.joins
    assert eaten(fd) > 0


def test_its_limit_is_the_one_asked_for(group):
    name = next(iter(groups.SETTINGS[group.version]))
    assert int(Path(group.folder, name).read_text()) == (64 << 20) + groups.SPARE
