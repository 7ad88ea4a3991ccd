"""The worker's process: what it is shown, and that nothing is left of it."""

import os
from pathlib import Path

import pytest

from course_nn import worker
from course_nn.grading import sandbox, warm
from course_nn.grading.remote import Limits, Worker

ROOM = Path(worker.__file__).parent


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """The folder in which the workers' own folders are made."""
    monkeypatch.setattr(sandbox.tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_enters_is_the_whole_room_and_nothing_else():
    assert set(sandbox.FILES) == {path.name for path in ROOM.glob("*.py")}
    assert {path.suffix for path in ROOM.iterdir()} <= {".py", ""}


def test_a_started_server_waits_for_requests_and_leaves_nothing(kind, temporary):
    before = descriptors()
    process = sandbox.start(kind)
    assert process.folder.parent == temporary
    assert process.popen.poll() is None
    process.control.settimeout(20)
    process.control.send(b"nonsense")
    assert process.control.recv(100) in (b"", b"up")
    process.kill()
    assert descriptors() == before
    assert list(temporary.iterdir()) == []
    assert not Path(f"/proc/{process.popen.pid}").exists()


def test_a_server_that_cannot_even_begin_is_said_and_leaves_nothing(temporary, monkeypatch):
    monkeypatch.setattr(sandbox, "LAUNCHER", Path("/dev/null/not there"))
    monkeypatch.setattr(sandbox.sys, "executable", "/not/there")
    before = descriptors()
    with pytest.raises(sandbox.SandboxError, match=r"no worker can be started here: .*not/there"):
        sandbox.start("plain")
    assert descriptors() == before
    assert list(temporary.iterdir()) == []


def test_bubblewrap_that_is_not_there_and_a_package_that_is_not_are_said(temporary, monkeypatch):
    monkeypatch.setenv("PATH", "/not/there")
    with pytest.raises(sandbox.SandboxError, match=r"bubblewrap .* is not installed"):
        sandbox.start("bwrap")
    with pytest.raises(sandbox.SandboxError, match="no_such_package is not installed here"):
        sandbox.start("plain", allowed=["no_such_package"])
    assert list(temporary.iterdir()) == []


def test_a_server_that_ends_at_once_leaves_its_reason(kind, monkeypatch):
    def nowhere(room, packages, wish):
        return ["/not/there"]

    monkeypatch.setattr(sandbox.kinds, "program", nowhere)
    process = sandbox.start(kind)
    try:
        process.control.settimeout(20)
        assert process.control.recv(100) == b""
        assert process.popen.wait(20) != 0
        assert "No such file" in process.why()
    finally:
        process.kill()


IMPORTED = """
array ast asyncio base64 bisect bz2 calendar cmath collections concurrent.futures contextlib copy
csv ctypes dataclasses datetime decimal difflib dis enum fractions functools gc gzip hashlib heapq
html http.client inspect io itertools json keyword linecache locale logging lzma math mmap numbers
operator os pathlib pickle platform pprint queue random re secrets shutil signal socket sqlite3
statistics string struct subprocess sys tempfile textwrap threading time timeit tokenize traceback
types typing unicodedata unittest urllib.request uuid warnings weakref xml.etree.ElementTree zlib
zipfile zoneinfo numpy.fft numpy.lib.stride_tricks numpy.linalg numpy.ma numpy.polynomial
numpy.random numpy.testing
"""


def test_what_students_import_is_there_behind_the_locks(kind):
    code = (
        f"import importlib\nnames = {IMPORTED.split()!r}\n"
        "def load():\n    return float(len([importlib.import_module(name) for name in names]))"
    )
    worker = Worker([code], Limits(call_seconds=30), kind)
    try:
        reply, found = worker.call("load", ())
        assert found == [len(IMPORTED.split())], reply
    finally:
        worker.stop()


LOADED = "import sys\nloaded = float('jinja2' in sys.modules)\ndef f():\n    return loaded"
USED = "import jinja2\ndef g():\n    return float(jinja2.Template('{{ 6 * 7 }}').render())"


@pytest.mark.parametrize(("allowed", "expected"), [((), 0.0), (("jinja2",), 1.0)])
def test_what_is_allowed_is_loaded_before_a_worker_is_forked(kind, allowed, expected):
    worker = Worker([LOADED, USED], Limits(), kind, (), allowed)
    try:
        assert worker.call("f", ())[1] == [expected]
        if allowed:
            assert worker.call("g", ())[1] == [42.0]
    finally:
        worker.stop()
        warm.close_servers()


def test_a_server_and_its_workers_are_in_its_control_group(kind):
    server = warm.Server(kind, memory=300 << 20)
    child = server.child()
    try:
        group = server.process.group
        if group is None:
            pytest.skip("no control group may be made here")
        inside = set(map(int, (group.folder / "cgroup.procs").read_text().split()))
        assert inside == set(members(server.process.popen.pid))
        limit = next(iter(sandbox.groups.SETTINGS[group.version]))
        assert int((group.folder / limit).read_text()) == (300 << 20) + sandbox.groups.SPARE
    finally:
        child.kill()
        server.close()
    assert not group.folder.exists()


def test_no_full_temporary_folder_ends_more_than_one_start(monkeypatch):
    monkeypatch.setattr(sandbox.tempfile, "mkdtemp", lambda prefix: "/dev/full/x")
    with pytest.raises(sandbox.SandboxError, match="no worker can be started here"):
        sandbox.start("plain")


def test_python_ours_and_all_packages_are_within_reach(kind, tmp_path):
    wish = sandbox.kinds.Wish(tmp_path, sandbox.shown.packages(["jinja2"]), 7)
    found = sandbox.reached(sandbox.kinds.BUILDERS[kind](wish), wish)
    needed = [sandbox.interpreter(), str(sandbox.shown.stdlib()), str(tmp_path)]
    assert {*needed, *map(str, wish.packages)} <= set(found)


def test_root_hands_over_to_another_user_and_nobody_else_does(monkeypatch):
    monkeypatch.setattr(sandbox.os, "geteuid", lambda: 0)
    assert sandbox.nobody() not in (None, 0)
    monkeypatch.setattr(sandbox, "_mapped", lambda user, table: user == sandbox.OVERFLOW)
    assert sandbox.nobody() == sandbox.OVERFLOW
    monkeypatch.setattr(sandbox, "_mapped", lambda user, table: False)
    assert sandbox.nobody() is None  # "root" of a container that has no other user
    monkeypatch.setattr(sandbox.os, "geteuid", lambda: 1000)
    assert sandbox.nobody() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand over")
def test_no_process_of_a_server_is_roots(kind):
    server = warm.Server(kind)
    child = server.child()
    try:
        users = {status_of(pid)["Uid"] for pid in members(server.process.popen.pid)}
        assert users == {"\t".join([str(sandbox.nobody())] * 4)}
    finally:
        child.kill()
        server.close()


def status_of(pid: int) -> dict[str, str]:
    """What the kernel tells of a process."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return {k: v.strip() for k, _, v in (line.partition(":") for line in text.splitlines())}


def members(first: int) -> list[int]:
    """A process and all that descend from it, but those that end meanwhile."""
    listed = Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii").split()
    return [first, *(pid for child in map(int, listed) for pid in members(child))]
