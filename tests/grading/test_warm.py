"""The servers of a grader: children that are ended, counted in their own time, and found again."""

import mmap
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from course_nn.grading import sandbox, warm
from course_nn.grading.sandbox import SandboxError
from course_nn.worker import desk
from course_nn.worker.desk import Sheet


@pytest.fixture
def server(kind) -> Iterator[warm.Server]:
    one = warm.Server(kind)
    yield one
    one.close()


def descriptors() -> list[str]:
    return sorted(os.listdir("/proc/self/fd"))


def test_a_child_that_is_ended_leaves_no_file_and_no_memory(server):
    server.child().kill()
    before = descriptors(), len(Path("/proc/self/maps").read_text().splitlines())
    for _ in range(3):
        child = server.child()
        child.desk.put(Sheet([(np.ones(1000),)]))
        child.kill()
    assert (descriptors(), len(Path("/proc/self/maps").read_text().splitlines())) == before


def test_a_server_that_is_gone_is_started_again(server):
    server.child().kill()
    first = server.process
    os.killpg(first.popen.pid, signal.SIGKILL)
    first.popen.wait()
    assert first.control.recv(1) == b""  # the last one inside is gone too
    child = server.child()
    assert server.process is not first
    child.kill()


def test_a_machine_that_starts_none_is_said_after_two_tries(monkeypatch):
    tried = []

    def refuse(**options):
        tried.append(options)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sandbox.tempfile, "mkdtemp", refuse)
    before = descriptors()
    with pytest.raises(SandboxError, match=r"no worker can be started here: .*No space left"):
        warm.Server("plain").child()
    assert len(tried) == 2
    assert descriptors() == before


def test_a_server_that_answers_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(warm, "STARTING", 0.05)
    monkeypatch.setattr(sandbox.kinds, "program", lambda *_: ["/bin/sleep", "60"])
    before = descriptors()
    with pytest.raises(SandboxError, match="no worker can be started here: timed out"):
        warm.Server("plain").child()
    assert descriptors() == before


def test_nobody_can_cut_the_desk_under_the_graders_hands(server):
    with warm.contextlib.ExitStack() as owner:
        fd = warm._memory(owner)
        for size in (0, desk.SIZE * 2):
            with pytest.raises(PermissionError):
                os.ftruncate(fd, size)
        assert mmap.mmap(fd, desk.SIZE)[:4] == b"\0" * 4


class Slow:
    """A child that has waited so long for a processor, and whose threads worked so long."""

    seconds = work = 0.0

    def waited(self) -> float:
        return self.seconds

    def worked(self) -> float:
        return self.work


def test_waiting_for_a_processor_costs_nothing_and_sleeping_does(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(warm.time, "monotonic", lambda: now[0])
    child = Slow()
    watch = warm.Watch(child, 5.0)
    now[0], child.seconds = 104.0, 3.0
    assert (watch.used(), watch.left()) == (1.0, 4.0)
    now[0] = 110.0
    assert watch.left() < 0
    now[0], child.seconds = 100.0 + warm.PATIENCE * 5 + 1, 200.0
    assert watch.left() < 0  # patience has an end


def test_threads_that_make_each_other_wait_gain_nothing(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(warm.time, "monotonic", lambda: now[0])
    child = Slow()
    child.work = 50.0
    watch = warm.Watch(child, 5.0)
    now[0], child.seconds, child.work = 103.0, 2.9, 56.0
    assert (watch.used(), watch.left()) == (6.0, -1.0)


def test_a_childs_work_is_counted(server):
    child, end = server.child(), time.monotonic() + 30
    try:
        while not child.worked() and time.monotonic() < end:
            time.sleep(0.01)
        assert 0 < child.worked() < 60
        child.clock = 0
        assert child.worked() == 0
    finally:
        child.kill()


def test_a_childs_wait_is_read_where_the_kernel_counts_it(server):
    child = server.child()
    try:
        if os.path.exists("/proc/self/schedstat"):
            assert child.delays >= 0
        assert child.waited() >= 0
        os.close(child.delays)
        child.delays = -1
        assert child.waited() == 0
    finally:
        child.kill()


def test_there_is_one_server_for_each_sandbox_and_package():
    try:
        one = warm.server("plain")
        assert warm.server("plain") is one
        assert warm.server("plain", (), ["scipy"]) is not one
        one.child().kill()
        process = one.process
    finally:
        warm.close_servers()
    assert process.popen.poll() is not None
    assert not process.folder.exists()
    assert warm.server("plain") is not one


def test_a_forked_grader_starts_its_own(server):
    code = (
        "import os; from course_nn.grading import warm\n"
        "one = warm.server('plain'); one.child().kill(); first = one.process.popen.pid\n"
        "if os.fork() == 0:\n"
        "    two = warm.server('plain'); two.child().kill()\n"
        "    ok = two.process.popen.pid != first\n"
        "    warm.close_servers(); os._exit(0 if ok else 1)\n"
        "status = os.wait()[1]\n"
        "one.child().kill()\n"
        "assert one.process.popen.pid == first\n"
        "raise SystemExit(status)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_grader_that_is_killed_leaves_nobody(kind, tmp_path):
    code = (
        "import sys, time; from course_nn.grading import warm\n"
        "child = warm.server(sys.argv[1]).child()\n"
        "text = open(f'/proc/self/fdinfo/{child.handle}').read()\n"
        "print(text.split('Pid:')[1].split()[0], flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={
        **os.environ, "TMPDIR": str(tmp_path)
    }) as grader:  # fmt: skip
        pid = int(grader.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        grader.kill()
    end = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert not Path(f"/proc/{pid}").exists()
