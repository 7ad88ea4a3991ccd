"""The worker's process: what it is shown, and that nothing is left of it."""

import os
import sys
from pathlib import Path

import pytest

from course_nn import worker
from course_nn.grading import sandbox

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
    assert set(sandbox.FILES) == {
        "__init__.py", "answer.py", "desk.py", "layout.py", "lockdown.py", "notebook.py",
        "program.py", "protocol.py", "server.py", "spaces.py", "syscalls.py",
    }  # fmt: skip
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


@pytest.mark.parametrize("given", ["plain", "bwrap"])
def test_a_worker_that_does_not_start_is_said_and_leaves_nothing(temporary, monkeypatch, given):
    monkeypatch.setattr(sandbox, "interpreter", lambda: "/not/there")
    monkeypatch.setenv("PATH", "/not/there")
    before = descriptors()
    with pytest.raises(sandbox.SandboxError, match="no worker can be started here: "):
        sandbox.start(given)
    assert descriptors() == before
    assert list(temporary.iterdir()) == []


def test_the_interpreter_is_the_one_outside_of_any_environment():
    assert Path(sandbox.interpreter()).is_file()
    assert not (Path(sandbox.interpreter()).parents[1] / "pyvenv.cfg").exists()


def launch(kind, tmp_path, monkeypatch, hide=()):
    """How a worker of this kind would be started."""
    caught = []

    def catch(launch, fd):
        caught.append(launch)
        raise OSError("caught")

    monkeypatch.setattr(sandbox, "spawn", catch)
    with pytest.raises(sandbox.SandboxError):
        sandbox.start(kind, hide)
    return caught[0]


def test_a_plain_worker_may_read_python_and_numpy_alone(temporary, monkeypatch):
    found = launch("plain", temporary, monkeypatch)
    assert found.cwd.name == "cwd"
    assert not any("site-packages" in p and "numpy" not in p for p in found.readable)
    course = ROOM.parent
    for path in map(Path, [*found.readable, *found.listable]):
        assert path != course
        assert path not in course.parents
        assert course not in path.parents
    assert found.listable == [sandbox.sysconfig.get_path("stdlib")]


def test_bubblewrap_shows_python_and_numpy_alone(temporary, monkeypatch):
    command = launch("bwrap", temporary, monkeypatch).command
    binds = [(command[i + 1], command[i + 2]) for i, c in enumerate(command) if c == "--ro-bind"]
    assert "--bind" not in command
    targets = [target for _, target in binds]
    inside = {f"/room/worker/{name}" for name in sandbox.FILES}
    assert inside <= set(targets)
    rest = {t for t in targets if t not in inside and not t.startswith("/packages/numpy")}
    assert rest <= {"/cwd", *sandbox.LIBRARIES, str(Path(sys.base_prefix).resolve())}
    assert {"--unshare-all", "--die-with-parent", "--clearenv"} <= set(command)
    assert command[command.index("--remount-ro") + 1] == "/"


def test_bubblewrap_hides_what_lies_under_a_folder_that_it_shows(temporary, monkeypatch):
    prefix = Path(sys.base_prefix).resolve()
    shown = next(path for path in (prefix / "lib", prefix / "bin") if path.is_dir())
    command = launch("bwrap", temporary, monkeypatch, [shown, temporary]).command
    hidden = [command[i + 1] for i, c in enumerate(command) if c == "--tmpfs"]
    assert str(shown.resolve()) in hidden
    assert str(temporary) not in hidden  # it is not shown in the first place


def test_the_workers_environment_is_not_ours(temporary, monkeypatch):
    monkeypatch.setenv("SECRET", "grades")
    command = launch("bwrap", temporary, monkeypatch).command
    names = {command[i + 1] for i, c in enumerate(command) if c == "--setenv"}
    assert names == {"PATH", "LC_ALL", *sandbox.THREADS}
