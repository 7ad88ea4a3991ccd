"""The program in the sandbox, spoken to as the grader does; and what its room may hold."""

import ast
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from course_nn import worker
from course_nn.grading import sandbox
from course_nn.worker.protocol import describe, restore

ROOM = Path(worker.__file__).parent
CELLS = [
    "import numpy as np\nprint('noise')",
    "import os; os._exit(1)",
    "1 / 0",
    "seen = []\ndef kinds(*a):\n    seen.append(a)\n    return len(seen), type(a[-1]) is float",
    "def stub(x):\n    raise NotImplementedError",
    "def spoil(x):\n    x += 1\n    return x",
    "def strides(x):\n    return np.array(x.strides)",
    "def hoard():\n    np.empty(1 << 31, np.uint8)",
]


@pytest.fixture(scope="module")
def process() -> Iterator[sandbox.Process]:
    started = sandbox.start("plain")
    yield started
    started.kill()


@pytest.fixture(scope="module")
def opening(process) -> list[dict]:
    """What the program says until it is ready, when cell 2 is to be skipped."""
    start = {
        "ticket": "t", "cells": CELLS, "skip": [2], "memory": 1 << 30, "cpu_seconds": 20,
        "readable": process.readable, "listable": process.listable,
    }  # fmt: skip
    process.channel.send(start, [])
    said: list[dict] = []
    while not said or said[-1]["op"] != "ready":
        said.append(process.channel.receive(time.monotonic() + 20)[0])
    return said


@pytest.fixture
def call(process, opening):
    def call(name, *inputs):
        arrays: list = []
        trees = [describe(value, arrays) for value in inputs]
        process.channel.send({"ticket": name, "name": name, "inputs": trees}, arrays)
        reply, results = process.channel.receive(time.monotonic() + 20)
        assert reply.pop("ticket") == name
        if reply["status"] == "ok":
            reply["value"] = restore(reply["value"], results)
        return reply

    return call


def test_cells_are_announced_and_one_that_is_to_be_skipped_is_not(opening):
    assert {said["ticket"] for said in opening} == {"t"}
    assert [said["op"] for said in opening] == ["up", *["cell"] * 7, "ready"]
    assert [said["cell"] for said in opening[1:-1]] == [1, 3, 4, 5, 6, 7, 8]
    assert [(e["cell"], e["type"]) for e in opening[-1]["errors"]] == [(3, "ZeroDivisionError")]
    assert set(opening[-1]["sealed"]) <= {"landlock", "seccomp"}


def test_calls_are_answered_one_after_the_other(call):
    assert call("kinds", np.ones(2), 0.5)["value"] == (1, True)
    assert call("kinds", np.ones(2))["value"] == (2, False)
    assert call("stub", np.ones(2)) == {"status": "stub"}
    assert call("nothing") == {"status": "missing"}


def test_a_changed_argument_is_told_and_lies_in_memory_as_it_was_sent(call):
    assert call("spoil", np.ones(2))["changed"] == [0]
    columns = np.asfortranarray(np.ones((3, 4)))
    assert call("strides", columns)["value"].tolist() == [8, 24]


def test_the_limits_are_set_for_good():
    code = (
        "import json, resource as r; from course_nn.worker.program import limit;"
        "limit(1 << 40, 20);"
        "kinds = r.RLIMIT_AS, r.RLIMIT_CPU, r.RLIMIT_FSIZE, r.RLIMIT_CORE, r.RLIMIT_NPROC;"
        "print(json.dumps([r.getrlimit(kind) for kind in kinds]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert json.loads(done.stdout)[1:] == [[20, 20], [1 << 20, 1 << 20], [0, 0], [0, 0]]
    assert json.loads(done.stdout)[0] == [1 << 40, 1 << 40]


def test_what_a_cell_prints_goes_nowhere():
    code = (
        "import os; from course_nn.worker.program import silence; silence();"
        "print('noise', flush=True); os.write(2, b'noise'); os._exit(len(os.read(0, 5)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, input=b"given")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_memory_ends_before_the_machines_does(call):
    assert call("hoard")["type"] == "MemoryError"
    assert call("kinds", 0.5)["status"] == "ok"


def test_it_ends_when_nobody_is_there():
    process = sandbox.start("plain")
    os.close(process.channel.write_fd)
    process.channel.write_fd = os.open(os.devnull, os.O_WRONLY)
    try:
        assert process.popen.wait(20) == 0
    finally:
        process.kill()


@pytest.mark.parametrize("path", sorted(ROOM.iterdir()), ids=lambda path: path.name)
def test_the_room_looks_at_nothing_outside_itself(path):
    if path.name == "__pycache__":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 1 or (node.level == 0 and "course_nn" not in str(node.module))
        if isinstance(node, ast.Import):
            assert not any("course_nn" in name.name for name in node.names)


def test_the_room_stands_on_numpy_alone(tmp_path):
    """Copied elsewhere under a name of its own, without site packages, it loads nothing else."""
    (tmp_path / "worker").symlink_to(ROOM)
    (tmp_path / "numpy").symlink_to(Path(np.__file__).parent)
    libraries = Path(np.__file__).parents[1] / "numpy.libs"
    if libraries.is_dir():
        (tmp_path / "numpy.libs").symlink_to(libraries)
    code = (
        "import sys, json; sys.path.append(sys.argv[1]); import numpy; before = set(sys.modules);"
        "import worker.program; new = {n.split('.')[0] for n in set(sys.modules) - before};"
        "print(json.dumps(sorted(new - set(sys.stdlib_module_names))))"
    )
    command = [sandbox.interpreter(), "-I", "-S", "-B", "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["worker"]


def test_importing_the_protocol_imports_no_program():
    """The grader and a notebook need the frames, never what limits and locks a process."""
    code = (
        "import sys; import course_nn.exercises.check, course_nn.grading.remote;"
        "sys.exit(any(f'course_nn.worker.{n}' in sys.modules for n in ('program', 'lockdown')))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
