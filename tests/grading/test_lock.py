"""One grader at a time, and never a lock that outlives its holder."""

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from course_nn.grading.lock import NAME, Lock, Locked

HOLD = "import sys; from pathlib import Path; from course_nn.grading.lock import Lock\n"
HOLD += "lock = Lock(Path(sys.argv[1])); lock.take(); print('held'); "
HOLD += "sys.stdout.flush(); sys.stdin.read()"


@pytest.fixture
def holder(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"held\n"
        yield process


def test_a_second_grader_reads_who_holds_it(holder, tmp_path):
    with pytest.raises(Locked) as caught:
        Lock(tmp_path).take()
    said = str(caught.value)
    assert f"another grader is at work in {tmp_path} (process {holder.pid} on" in said
    assert ", since 20" in said
    assert said.count("\n") == 0


def test_who_is_killed_holds_nothing(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / NAME).read_text() != ""
    Lock(tmp_path).take()


def test_it_is_taken_and_given_back(tmp_path):
    one, two = Lock(tmp_path), Lock(tmp_path)
    one.take()
    with pytest.raises(Locked):
        two.take()
    one.release()
    one.release()
    two.take()


@pytest.mark.parametrize(
    ("machine", "process", "free"),
    [
        (socket.gethostname(), os.getpid(), False),
        (socket.gethostname(), 1 << 22, True),
        ("elsewhere", 1 << 22, False),
    ],
    ids=["a process that runs", "a process that is gone", "another machine"],
)
def test_without_the_kernels_help_the_text_decides(tmp_path, monkeypatch, machine, process, free):
    def fail(*_):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", fail)
    (tmp_path / NAME).write_text(json.dumps({"machine": machine, "process": process}))
    if free:
        Lock(tmp_path).take()
    else:
        with pytest.raises(Locked, match=r"delete gradebook\.lock there"):
            Lock(tmp_path).take()


def test_a_text_that_says_nothing_is_no_lock(tmp_path):
    (tmp_path / NAME).write_text("[]")
    Lock(tmp_path).take()
