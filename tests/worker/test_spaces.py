"""A child in a world of its own: what it sees, and what the one that made it still is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_nn.worker import spaces

PACKAGE = Path(spaces.__file__).parents[2]
BEFORE = f"""
import ctypes, json, os, signal, sys
sys.path.insert(0, {str(PACKAGE)!r})
from course_nn.worker import spaces
if os.geteuid():
    user, group = os.geteuid(), os.getegid()
    try: spaces.unshare(spaces.NEWUSER)
    except OSError: sys.exit(5)
    open("/proc/self/setgroups", "w").write("deny")
    open("/proc/self/uid_map", "w").write(f"0 {{user}} 1")
    open("/proc/self/gid_map", "w").write(f"0 {{group}} 1")
def tell(fresh):
    read, write = os.pipe()
    child = spaces.fork(fresh)
    if child:
        os.close(write)
        said = os.read(read, 1 << 16)
        status = os.waitpid(child, 0)[1]
        return [child, status, json.loads(said or b"null")]
    names = "pid", "user", "mnt", "ipc", "uts", "cgroup"
    links = {{name: os.readlink("/proc/self/ns/" + name) for name in names}}
    os.write(write, json.dumps([os.getpid(), os.getuid(), links]).encode())
    os._exit(0)
"""


def run(code: str):
    done = subprocess.run(
        [sys.executable, "-I", "-c", BEFORE + code], capture_output=True, text=True
    )
    if done.returncode == 5:
        pytest.skip("no namespaces may be made here")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_plain_fork_shares_the_world_and_a_fresh_one_has_its_own():
    plain, fresh, again = run("print(json.dumps([tell(False), tell(True), tell(True)]))")
    (child, status, (pid, user, links)) = plain
    assert (pid, user, status) == (child, 0, 0)
    for child, status, (pid, user, own) in (fresh, again):
        assert (pid, user, status) == (1, 65534, 0)
        assert child > 1
        assert [name for name in links if own[name] == links[name]] == []
    assert fresh[2] != again[2]


def test_what_it_started_ends_with_it():
    code = """
read, write = os.pipe()
child = spaces.fork(True)
if child == 0:
    if os.fork() == 0:
        signal.pause()
    signal.pause()
os.close(write)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
print(json.dumps(os.read(read, 1).decode()))  # the end of the pipe: nobody holds it
"""
    assert run(code) == ""


def test_it_can_signal_nobody_outside():
    code = """
child = spaces.fork(True)
if child == 0:
    try: os.kill(-1, 0)
    except ProcessLookupError: os._exit(7)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert run(code) == 7


def test_a_child_without_a_world_runs_nothing():
    code = """
def refuse(flags, old=spaces.unshare):
    if flags == spaces.OWN: raise OSError("refused")
    old(flags)
spaces.unshare = refuse
print(json.dumps(tell(True)))
"""
    _, status, said = run(code)
    assert (os.waitstatus_to_exitcode(status), said) == (spaces.NO_WORLD, None)


def test_a_refusal_is_the_callers_error(monkeypatch):
    monkeypatch.setattr(spaces, "NEWPID", 1)  # no such flag
    with pytest.raises(OSError, match="unshare: Invalid argument"):
        spaces.fork(True)
