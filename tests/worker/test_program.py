"""The program in the sandbox, spoken to as the grader does; and what its room may hold."""

import ast
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from course_nn import worker
from course_nn.grading import sandbox, warm
from course_nn.worker.desk import Sheet
from course_nn.worker.protocol import Foreign, restore, unpack, within

ROOM = Path(worker.__file__).parent
CELLS = [
    "import numpy as np\nprint('noise')",
    "import os; os._exit(1)",
    "1 / 0",
    "seen = []\ndef kinds(*a):\n    seen.append(a)\n    return len(seen), type(a[-1]) is float",
    "def stub(x):\n    raise NotImplementedError",
    "def spoil(x):\n    x += 1\n    return x",
    "def strides(x):\n    return np.array(x.strides)",
    "def large(n):\n    return np.zeros(n, 'u1')",
    "def hoard():\n    np.empty(1 << 31, np.uint8)",
    "import time\ndef slow():\n    end = time.process_time() + 0.5\n"
    "    while time.process_time() < end:\n        pass",
]


START = {
    "ticket": "t", "skip": [], "again": True, "notebook_seconds": 5.0, "memory": 1 << 30,
    "cpu_seconds": 20,
}  # fmt: skip


@pytest.fixture(scope="module")
def child() -> Iterator[warm.Child]:
    server = warm.Server("plain")
    child = server.child()
    yield child
    child.kill()
    server.close()


@pytest.fixture(scope="module")
def opening(child) -> list[dict]:
    """What the program says until it is ready, when cell 2 is to be skipped."""
    child.channel.send(
        {**START, "skip": [2]}, [np.frombuffer(json.dumps(CELLS).encode(), np.uint8)]
    )
    said: list[dict] = []
    while not said or said[-1]["op"] != "ready":
        said.append(child.channel.receive(within(20))[0])
    return said


@pytest.fixture
def ask(child, opening):
    """`ask(name, inputs, inputs, …)` are the replies to several calls in one message."""

    def ask(name, *calls):
        sheet = Sheet(calls)
        base = child.desk.put(sheet)
        asked = {"asked": [(name, len(calls))], "base": base, "calls": sheet.calls}
        child.channel.send({"ticket": name, **asked}, [])
        done, replies = child.channel.receive(within(20))[0], list[dict]()
        for text, payload in child.desk.replies(99):
            reply, results = unpack(text, payload)
            assert reply.pop("call") == len(replies)
            if reply["status"] == "ok":
                reply["value"] = restore(reply["value"], results)
            replies.append(reply)
        assert done == {"ticket": name, "op": "done", "told": [len(replies)]}
        return replies, child.desk.changed(base, sheet)

    return ask


def test_a_cell_that_is_to_be_skipped_is_not_run(opening):
    assert {said["ticket"] for said in opening} == {"t"}
    assert [said["op"] for said in opening] == ["up", "ready"]
    assert [(e["cell"], e["type"]) for e in opening[-1]["errors"]] == [(3, "ZeroDivisionError")]
    assert set(opening[-1]["sealed"]) <= {"landlock", "seccomp"}


def test_calls_are_answered_one_after_the_other(ask):
    replies, _ = ask("kinds", (np.ones(2), 0.5), (np.ones(2),))
    assert [reply["value"] for reply in replies] == [(1, True), (2, False)]


def test_a_function_that_is_none_is_said_once(ask):
    assert ask("stub", (np.ones(2),), (np.ones(2),))[0] == [{"status": "stub"}]
    assert ask("nothing", (), ())[0] == [{"status": "missing"}]
    assert [reply["status"] for reply in ask("hoard", (), ())[0]] == ["raised", "raised"]


def test_what_was_answered_before_the_end_of_the_worker_is_there():
    server = warm.Server("plain")
    child = server.child()
    cell = "import os\ndef f(x):\n    return x if x < 2 else os._exit(0)"
    child.channel.send(START, [np.frombuffer(json.dumps([cell]).encode(), np.uint8)])
    for _ in range(2):
        child.channel.receive(within(20))
    assert child.desk.begun == 1
    sheet = Sheet([(0,), (1,), (2,), (3,)])
    asked = {"asked": [("f", 4)], "base": child.desk.put(sheet), "calls": sheet.calls}
    child.channel.send({"ticket": "u", **asked}, [])
    with pytest.raises(EOFError):
        child.channel.receive(within(20))
    assert child.desk.count(99) == 2
    child.kill()
    server.close()


def asked_together(child, *asked):
    """How many replies several functions gave, each asked with so many numbers."""
    sheet = Sheet([inputs for _, calls in asked for inputs in calls])
    names = [(name, len(calls)) for name, calls in asked]
    message = {"asked": names, "base": child.desk.put(sheet), "calls": sheet.calls}
    child.channel.send({"ticket": "u", **message}, [])
    return child.channel.receive(within(20))[0]["told"]


def test_several_functions_are_asked_in_one_message(child, opening):
    asked = ("kinds", [(np.ones(2), 0.5)] * 3), ("stub", [(np.ones(2),)] * 2), ("nothing", [()])
    assert asked_together(child, *asked) == [3, 1, 1]
    status = [unpack(*frame)[0]["status"] for frame in child.desk.replies(9)]
    assert status == ["ok", "ok", "ok", "stub", "missing"]


def test_what_finds_no_room_beside_others_is_left_for_another_message(child, opening):
    assert asked_together(child, ("kinds", [(np.ones(2),)]), ("large", [(60 << 20,)] * 2)) == [1]


def test_after_a_function_that_takes_long_no_other_is_begun(child, opening):
    assert asked_together(child, ("slow", [()]), ("kinds", [(np.ones(2),)])) == [1]


def test_replies_that_are_too_large_together_are_said(ask):
    replies, _ = ask("large", (40 << 20,), (40 << 20,), (1 << 10,))
    assert [np.shape(reply["value"]) for reply in replies] == [(40 << 20,), (), (1 << 10,)]
    assert replies[1]["value"] == Foreign("arrays of many bytes, too large to send")


def test_an_argument_that_is_changed_is_so_on_the_graders_side(ask):
    replies, changed = ask("spoil", (np.ones(2),), (np.ones(3),))
    assert changed == [[0], [0]]
    assert [reply["changed"] for reply in replies] == [[], []]
    assert ask("strides", (np.ones(2),))[1] == [[]]


def test_an_argument_lies_in_memory_as_it_was_sent(ask):
    (reply,), _ = ask("strides", (np.asfortranarray(np.ones((3, 4))),))
    assert reply["value"].tolist() == [8, 24]


def test_the_limits_are_set_for_good():
    code = (
        "import json, resource as r; from course_nn.worker.program import limit;"
        "limit(1 << 40, 20);"
        "print(json.dumps([r.getrlimit(kind) for kind in (r.RLIMIT_AS, r.RLIMIT_CPU)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert json.loads(done.stdout) == [[1 << 40, 1 << 40], [20, 20]]


def test_memory_ends_before_the_machines_does(ask):
    assert ask("hoard", ())[0][0]["type"] == "MemoryError"
    assert ask("kinds", (0.5,))[0][0]["status"] == "ok"


def test_it_ends_when_nobody_is_there():
    server = warm.Server("plain")
    child = server.child()
    os.close(child.channel.write_fd)
    child.channel.write_fd = os.open(os.devnull, os.O_WRONLY)
    assert select.select([child.handle], [], [], 20)[0]
    child.kill()
    server.close()


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
        "import worker.server; new = {n.split('.')[0] for n in set(sys.modules) - before};"
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
        "names = 'program', 'server', 'lockdown';"
        "sys.exit(any(f'course_nn.worker.{name}' in sys.modules for name in names))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
