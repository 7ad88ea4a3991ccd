"""The warm process: one child for each request, which inherits its own files and nothing else."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from course_nn.grading import sandbox, warm
from course_nn.grading.remote import Limits, RemoteStudent, Worker


@pytest.fixture
def server() -> Iterator[warm.Server]:
    one = warm.Server("plain")
    yield one
    one.close()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def gone(pid: int) -> bool:
    """Whether a process ends within two seconds."""
    end = time.monotonic() + 2
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not alive(pid)


def pid_of(child: warm.Child) -> int:
    text = Path(f"/proc/self/fdinfo/{child.handle}").read_text()
    return int(text.split("Pid:")[1].split()[0])


HELD = """
import os
import numpy as np
def held():
    found = []
    for fd in range(200):
        try:
            found.append([fd, os.fstat(fd).st_ino])
        except OSError:
            pass
    return np.array(found)
"""


def test_a_worker_holds_its_own_two_pipes_and_nothing_else():
    workers = [Worker([HELD], Limits(), "plain") for _ in range(3)]
    pipes = []
    try:
        for worker in workers:
            held = RemoteStudent(worker, np.random.default_rng(0)).call("held").value.tolist()
            (_, stdin), (_, stdout), (_, stderr), *rest = held
            assert stdin == stdout == stderr
            channel = worker.child.channel
            ours = {os.fstat(fd).st_ino for fd in (channel.read_fd, channel.write_fd)}
            assert {inode for _, inode in rest} == ours
            assert len(rest) == 2
            pipes += ours
        assert len(set(pipes)) == 6
    finally:
        for worker in workers:
            worker.stop()


def test_a_child_ends_when_it_is_told_and_the_server_stays(server):
    child, other = server.child(), server.child()
    pid = pid_of(child)
    child.kill()
    assert gone(pid)
    assert alive(pid_of(other))
    other.kill()
    server.child().kill()
    assert server.process.popen.poll() is None


def test_the_children_end_with_the_server_and_the_server_with_the_grader(server):
    child = server.child()
    pid = pid_of(child)
    os.kill(server.process.popen.pid, signal.SIGKILL)
    assert gone(pid)
    child.kill()
    server.close()
    child = server.child()
    pid, process = pid_of(child), server.process
    process.control.shutdown(socket.SHUT_RDWR)
    assert process.popen.wait(5) == 0
    assert gone(pid)
    child.kill()


def test_children_that_ended_are_buried(server):
    for _ in range(5):
        server.child().kill()
    last = server.child()
    pid = server.process.popen.pid
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if children.exists():
        assert len(children.read_text().split()) == 1
    last.kill()


CHANCE = """
import random
import numpy as np
def draw():
    return np.array([random.random(), np.random.random(), np.random.default_rng().random()])
"""


def test_random_numbers_are_each_childs_own():
    drawn = []
    for _ in range(2):
        worker = Worker([CHANCE], Limits(), "plain")
        drawn.append(RemoteStudent(worker, np.random.default_rng(0)).call("draw").value)
        worker.stop()
    assert not np.isclose(*drawn).any()


def test_what_one_child_leaves_in_its_modules_no_other_sees():
    first = Worker(["import json, sys\njson.note = 1\nsys.modules['mine'] = 1"], Limits(), "plain")
    first.ready()
    look = "import json, sys\ndef f():\n    return hasattr(json, 'note') or 'mine' in sys.modules"
    second = Worker([look], Limits(), "plain")
    assert not RemoteStudent(second, np.random.default_rng(0)).call("f").value
    first.stop()
    second.stop()


def test_a_server_that_cannot_fork_says_so():
    code = (
        "import os, socket, sys\nsys.path.insert(0, sys.argv[1])\n"
        "from worker import server\n"
        "def refuse(): raise OSError(11, 'no more')\n"
        "os.fork = refuse\nserver.main(int(sys.argv[2]))"
    )
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    room = str(sandbox.ROOM.parent)
    command = [sys.executable, "-c", code, room, str(theirs.fileno())]
    with subprocess.Popen(command, pass_fds=[theirs.fileno()]) as process, ours:
        theirs.close()
        ours.settimeout(20)
        ours.send(json.dumps({"fresh": False, "readable": [], "listable": []}).encode())
        for _ in range(2):
            read, write = os.pipe()
            socket.send_fds(ours, [b"fork"], [read, write, read])
            assert b"no child can be started: [Errno 11] no more" in ours.recv(200)
            os.close(read)
            os.close(write)
        ours.shutdown(socket.SHUT_RDWR)
        assert process.wait(5) == 0


def test_what_a_server_prints_goes_nowhere():
    code = (
        "import os; from course_nn.worker.server import silence; silence();"
        "print('noise', flush=True); os.write(2, b'noise'); os._exit(len(os.read(0, 5)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, input=b"given")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
