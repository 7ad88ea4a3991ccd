"""The launcher: what it becomes, whom it lets pass where, and what it lives in."""

import json
import os
import subprocess
import sys

import pytest

from course_nn.grading import sandbox
from course_nn.grading.sandbox import launch, shown

TELL = """
import json, os
def lines(name):
    try: return open(f"/proc/self/{name}").read()
    except OSError: return ""
status = dict(line.split(":", 1) for line in lines("status").splitlines())
print(json.dumps({
    "pid": os.getpid(), "users": os.getresuid(), "groups": os.getresgid(), "more": os.getgroups(),
    "root": sorted(os.listdir("/")), "cwd": os.getcwd(), "environment": dict(os.environ),
    "files": [fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}")],
}))
"""
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")


def run(code: str = TELL, **plan) -> dict:
    """What a program says that the launcher became."""
    python = [shown.interpreter(), "-I", "-S", "-c", code]
    full = {
        "groups": [], "user": None, "reach": [], "view": None, "command": python,
        "environment": {"A": "1"}, **plan,
    }  # fmt: skip
    command = [sys.executable, "-I", "-S", "-B", str(sandbox.LAUNCHER), json.dumps(full)]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/")
    if done.returncode and "unshare" in done.stderr:
        pytest.skip("no namespaces may be made here")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


PYTHON = [str(shown.prefix()), str(shown.stdlib())]


def test_it_becomes_its_command_with_the_environment_that_was_given():
    told = run()
    assert told["environment"] in ({"A": "1"}, {"A": "1", "LC_CTYPE": "C.UTF-8"})
    assert told["users"] == [os.getuid()] * 3


@root
def test_in_place_of_root_it_is_another_user_without_groups():
    told = run(user=54321, reach=PYTHON)
    assert told["users"] == told["groups"] == [54321] * 3
    assert told["more"] == []


@root
def test_another_user_is_let_pass_to_these_paths_and_no_others(tmp_path):
    closed, inner = tmp_path / "closed", tmp_path / "closed/inner/deep"
    inner.mkdir(parents=True)
    closed.chmod(0o700)
    tmp_path.chmod(0o755)
    for file in (inner / "file", closed / "secret"):
        file.write_text("text")
    code = f"""
import json, os
def can(path):
    try: return open(path).read()
    except OSError as error: return type(error).__name__
print(json.dumps([can({str(inner / "file")!r}), can({str(closed / "secret")!r})]))
"""
    assert run(code, user=54321, reach=PYTHON)[0] != "text"
    assert run(code, user=54321, reach=[*PYTHON, str(inner)]) == ["text", "FileNotFoundError"]
    assert (closed / "secret").exists()  # the view is the process's own


@pytest.fixture
def view(tmp_path) -> dict:
    """A view with Python in it, and a folder of which a part is hidden."""
    for path in (tmp_path, *tmp_path.parents[:2]):
        if path.stat().st_uid == os.getuid():
            path.chmod(0o755)
    (tmp_path / "root").mkdir()
    (tmp_path / "data/hidden").mkdir(parents=True)
    for name in ("data/seen", "data/hidden/file"):
        (tmp_path / name).write_text("text")
    libraries = [path for path in shown.LIBRARIES if os.path.exists(path)]
    shows = [(os.path.realpath(path), path) for path in [*libraries, str(shown.prefix())]]
    return {
        "root": str(tmp_path / "root"), "shown": [*shows, (str(tmp_path / "data"), "/data")],
        "hidden": ["/data/hidden"], "devices": shown.DEVICES, "cwd": "/data",
    }  # fmt: skip


def users() -> list[int | None]:
    return [None, 54321] if os.geteuid() == 0 else [None]


@pytest.mark.parametrize("user", users())
def test_in_its_namespaces_it_is_nobody_and_alone(view, user, tmp_path):
    told = run(user=user, reach=[*PYTHON, str(tmp_path)], view=view)
    assert told["pid"] == 1
    assert told["users"] == told["groups"] == [launch.NOBODY] * 3
    assert told["cwd"] == "/data"
    assert "proc" not in told["root"]
    assert "tmp" not in told["root"] or str(shown.prefix()).startswith("/tmp")
    assert told["files"] == []


LOOK = """
import errno, json, os, socket
def tried(what):
    try: what()
    except OSError as error: return errno.errorcode[error.errno]
    return "done"
print(json.dumps([os.listdir("/data/hidden"), open("/data/seen").read(), [
    tried(lambda: open("/data/new", "w")), tried(lambda: open("/new", "w")),
    tried(lambda: os.mkdir("/data/hidden/new")), tried(lambda: open("/dev/null", "w").close()),
    tried(lambda: socket.create_connection(("127.0.0.1", 1), 1)),
    tried(lambda: os.kill(-1, 0)),
]]))
"""


@pytest.mark.parametrize("user", users())
def test_its_view_is_read_only_and_what_is_hidden_is_empty(view, user, tmp_path):
    hidden, seen, tried = run(LOOK, user=user, reach=[*PYTHON, str(tmp_path)], view=view)
    assert (hidden, seen) == ([], "text")
    assert tried == ["EROFS", "EROFS", "EROFS", "done", "ENETUNREACH", "ESRCH"]


def test_it_keeps_one_right_and_no_other(view):
    code = (
        "import ctypes, json; libc = ctypes.CDLL(None);"
        "print(json.dumps([libc.unshare(0x20000000), libc.sethostname(b'x', 1),"
        " libc.setuid(0), libc.chroot(b'/')]))"
    )
    made, named, user, chroot = run(code, view=view)
    assert made == 0
    assert (user, chroot) == (-1, -1)
    assert named == 0  # of its own namespace: CAP_SYS_ADMIN allows it


def test_it_ends_with_the_one_that_started_it(tmp_path):
    """A process between is killed: what it launched must not stay."""
    sleep = "import time; print(1, flush=True); time.sleep(60)"
    plan = {
        "groups": [], "user": None, "reach": [], "view": None, "environment": {},
        "command": [shown.interpreter(), "-I", "-S", "-c", sleep],
    }  # fmt: skip
    between = (
        "import subprocess, sys, time; one = subprocess.Popen(sys.argv[1:]);"
        "print(one.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-I", "-S", "-B", str(sandbox.LAUNCHER), json.dumps(plan)]
    with subprocess.Popen([sys.executable, "-c", between, *command], stdout=subprocess.PIPE) as one:
        assert one.stdout is not None
        pid = int(one.stdout.readline())
        assert one.stdout.readline() == b"1\n"  # it stands
        one.kill()
        assert one.stdout.read() == b""  # the last that held the pipe is gone
    assert pid


def test_a_refusal_is_one_sentence():
    plan = {"groups": [], "user": None, "reach": [], "view": None, "environment": {}}
    given = json.dumps({**plan, "command": ["/not/there"]})
    command = [sys.executable, "-I", "-S", "-B", str(sandbox.LAUNCHER), given]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "No such file or directory\n")
