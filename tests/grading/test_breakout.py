"""The proof at the start: what holds is used, what does not is found out and refused."""

import json
import os

import pytest

from course_nn.grading import breakout, sandbox, warm
from course_nn.grading.attempts import ALL
from course_nn.grading.breakout import Proof, choose, prove
from course_nn.grading.sandbox import shown


@pytest.fixture(autouse=True)
def own_servers():
    """No server of another test, and none left for the next."""
    warm.close_servers()
    yield
    warm.close_servers()


def test_nothing_breaks_out_of_a_sandbox_that_stands(kind):
    proof = prove(kind)
    assert (proof.stands, proof.open, proof.why) == (True, (), "")


def test_nothing_breaks_out_where_the_grader_is_not_root_either(kind, another_user):
    code = (
        "import dataclasses, json\nfrom course_nn.grading import breakout\n"
        f"print(json.dumps(dataclasses.asdict(breakout.prove({kind!r}))))"
    )
    found = json.loads(another_user(code))
    if kind != "plain" and not found["stands"]:
        pytest.skip(f"this machine lets no user but root make namespaces ({found['why']})")
    assert (found["stands"], found["open"]) == (True, [])


@pytest.fixture
def without(monkeypatch):
    """`without("seccomp")` leaves that lock, or "all", out of every worker from now on."""

    def without(lock: str) -> None:
        lines = {
            "all": "\nseal = lambda *_: []\n",
            "seccomp": "\n_seccomp = lambda threads: None\n",
            "landlock": "\n_restrict = lambda readable, listable: None\n",
            "limits": "\n_bound = lambda: None\n",
        }

        def furnish(folder, found, old=shown.furnish):
            old(folder, found)
            with (folder / "worker/lockdown.py").open("a") as file:
                file.write(lines[lock])

        monkeypatch.setattr(shown, "furnish", furnish)

    return without


def test_a_plain_process_without_locks_is_open_to_nearly_all(without):
    without("all")
    proof = prove("plain")
    assert not proof.holds
    held = set(ALL) - set(proof.open)
    assert {
        "fork",
        "signal itself",
        "read a file of the grader's",
        "make a pipe",
    } & held == set()
    assert len(proof.open) > 40


@pytest.mark.parametrize("given", ["bwrap", "namespace"])
def test_namespaces_alone_hide_the_machine_but_are_not_enough(without, given):
    if not prove(given).stands:
        pytest.skip(f"{given} does not start here")
    warm.close_servers()
    without("all")
    proof = prove(given)
    assert {"fork", "make a pipe", "share memory by a file without a name"} <= set(proof.open)
    hidden = {
        "read a file of the grader's", "list a folder of the grader's", "signal the grader",
        "connect to the grader", "connect to the grader's hidden socket", "write a file",
        "see another process", "see the grader's environment", "change the mode of NumPy's folder",
    }  # fmt: skip
    assert hidden & set(proof.open) == set()


def test_one_lock_that_is_missing_is_found_out(without):
    without("landlock")
    found = set(prove("plain").open)
    assert {"read a file of the grader's", "list a folder of the grader's"} <= found
    warm.close_servers()
    without("seccomp")
    assert {"make a pipe", "choose the signal of a pipe"} <= set(prove("plain").open)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become another user")
def test_a_worker_of_roots_is_found_out(monkeypatch):
    monkeypatch.setattr(sandbox, "nobody", lambda: None)
    assert "be root" in prove("plain").open


def test_a_kind_that_does_not_start_says_why(monkeypatch):
    monkeypatch.setenv("PATH", "/not/there")
    proof = prove("bwrap")
    assert not proof.holds
    assert "bubblewrap (bwrap) is not installed" in proof.sentence()


def test_a_worker_that_makes_no_attempts_proves_nothing(monkeypatch):
    monkeypatch.setattr(breakout, "cell", lambda aims: "1 / 0")
    assert not prove("plain").stands
    monkeypatch.setattr(breakout, "cell", lambda aims: "def attempts():\n    return 0.0")
    assert "the attempts were not made" in prove("plain").why
    monkeypatch.setattr(breakout, "cell", lambda aims: "import os\nos._exit(0)")
    assert not prove("plain").stands


def proofs(monkeypatch, **given: Proof) -> None:
    monkeypatch.setattr(breakout, "prove", given.get)


GOOD = {kind: Proof(kind, True, grouped=True) for kind in sandbox.KINDS}
ABSENT = {kind: Proof(kind, False, "it is forbidden") for kind in sandbox.KINDS}
OPEN = {kind: Proof(kind, True, "", ("fork", "be root")) for kind in sandbox.KINDS}


def test_the_strongest_that_holds_is_taken_and_the_note_says_what_holds(monkeypatch):
    proofs(monkeypatch, **GOOD)
    kind, said = choose("auto")
    assert kind == "bwrap"
    assert said.startswith("bubblewrap (files, processes and network of its own")
    assert "of memory for all its processes together (a control group)" in said
    assert f"{len(ALL)} attempts to break out of it failed" in said
    assert choose("plain")[0] == "plain"


@pytest.mark.parametrize("bad", [ABSENT, OPEN])
def test_the_next_is_taken_where_one_does_not_hold_and_why_is_said(monkeypatch, bad):
    proofs(monkeypatch, **{**GOOD, "bwrap": bad["bwrap"]})
    kind, said = choose("auto")
    assert kind == "namespace"
    assert bad["bwrap"].sentence() in said
    proofs(monkeypatch, **{**bad, "plain": Proof("plain", True)})
    kind, said = choose("auto")
    assert kind == "plain"
    assert "for its one process" in said


@pytest.mark.parametrize("wanted", ["auto", *sandbox.KINDS])
@pytest.mark.parametrize(
    ("bad", "reason"),
    [(ABSENT, "does not start here (it is forbidden)"), (OPEN, "could fork, be root")],
)
def test_nothing_is_graded_with_less_than_was_asked(monkeypatch, wanted, bad, reason):
    proofs(monkeypatch, **bad)
    with pytest.raises(sandbox.SandboxError) as told:
        choose(wanted)
    assert reason in str(told.value)
    assert "\n" not in str(told.value)


def test_elsewhere_than_on_linux_and_for_unknown_names_it_says_so(monkeypatch):
    with pytest.raises(sandbox.SandboxError, match="no sandbox called docker: take auto, bwrap"):
        choose("docker")
    monkeypatch.setattr(breakout.sys, "platform", "darwin")
    with pytest.raises(sandbox.SandboxError, match="grading needs Linux"):
        choose("auto")


AS_IN_A_CONTAINER = """
import ctypes, os, struct
from course_nn.worker import lockdown
old = os.uname().machine == "x86_64"
unshare, mount, setns, clone = (272, 165, 308, 56) if old else (97, 40, 268, 220)
steps = [(0x20, 0, 0, 0)]
for number in (unshare, mount, setns):
    steps += [(0x15, 0, 1, number), (0x06, 0, 0, 0x00050001)]
steps += [(0x15, 0, 3, clone), (0x20, 0, 0, 16), (0x45, 0, 1, 0x7E020000), (0x06, 0, 0, 0x00050001)]
code = b"".join(struct.pack("=HBBI", *step) for step in [*steps, (0x06, 0, 0, 0x7FFF0000)])
held = ctypes.create_string_buffer(code)
lockdown._prctl(lockdown.NO_NEW_PRIVS, 1)
pointer = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(held))
assert lockdown._call(lockdown._number("seccomp"), 1, 0, pointer) == 0
import json
from course_nn.grading.breakout import choose
print(json.dumps(choose("auto")))
"""


def test_where_no_namespaces_are_allowed_the_locks_alone_hold(another_user):
    kind, said = json.loads(another_user(AS_IN_A_CONTAINER))
    assert kind == "plain"
    assert "bubblewrap does not start here" in said
    assert "a namespace of our own does not start here (unshare: Operation not permitted)" in said
    assert f"{len(ALL)} attempts to break out of it failed" in said
