"""Proves a sandbox before anything is graded in it: by trying to break out of it.

Every attempt must fail. A sandbox in which one succeeds is not used, whatever it is called.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..worker.protocol import ProtocolError
from . import sandbox
from .attempts import ALL, cell, target
from .remote import Limits, Worker, WorkerLost


@dataclass(frozen=True)
class Proof:
    """What came of trying to break out of one kind of sandbox."""

    kind: str
    stands: bool  # whether a worker could be started in it at all
    why: str = ""  # where none could
    open: tuple[str, ...] = ()  # the attempts that succeeded
    grouped: bool = False  # whether a control group bounds the memory of all together

    @property
    def holds(self) -> bool:
        """Whether it may be graded in."""
        return self.stands and not self.open

    def sentence(self) -> str:
        """Why it may not be graded in, as the end of a sentence."""
        if self.open:
            return f"in {NAMES[self.kind]} a submission could {_listed(self.open)}"
        return f"{NAMES[self.kind]} does not start here ({self.why or 'no reason was given'})"


NAMES = {
    "bwrap": "bubblewrap",
    "namespace": "a namespace of our own",
    "plain": "a plain process",
}
SHOWS = {
    "bwrap": "files, processes and network of its own, nothing in them but Python and NumPy",
    "namespace": "files, processes and network of its own, nothing in them but Python and NumPy",
    "plain": "kernel locks on files, sockets, signals and system calls",
}


ADVICE = {
    "auto": "install bubblewrap, or allow users to make namespaces",
    "wanted": "mend that, or grade with --sandbox auto, which takes the strongest that holds",
}
MEMORY = {
    True: "of memory for all its processes together (a control group)",
    False: "of memory for its one process (it can start no other and share none)",
}


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:3])
    return shown + (f" and {len(names) - 3} things more" if len(names) > 3 else "")


def prove(kind: str, hide: tuple[Path, ...] = ()) -> Proof:
    """Start a worker in a sandbox of this kind, and let it try to break out."""
    limits = Limits()
    with target(limits.memory) as aims:
        worker = Worker([cell(aims)], limits, kind, hide)
        try:
            header, arrays = worker.call("attempts", ())
        except (sandbox.SandboxError, WorkerLost, ProtocolError) as error:
            return Proof(kind, False, str(error).removeprefix("no worker can be started here: "))
        finally:
            worker.stop()
    found = arrays[0] if arrays else np.zeros(0)
    if header.get("status") != "ok" or found.shape != (len(ALL),):
        return Proof(kind, False, f"the attempts were not made: {header.get('message', header)}")
    done = tuple(name for name, one in zip(ALL, found, strict=True) if one)
    process = worker.server.process
    return Proof(kind, True, "", done, bool(process and process.group))


def choose(wanted: str = "auto") -> tuple[str, str]:
    """Return the kind of sandbox to grade in, and a note on what holds in it.

    Parameters
    ----------
    wanted : "auto" for the strongest that holds, or one of `sandbox.KINDS`.

    Raises
    ------
    SandboxError : where what is wanted does not hold here, in one sentence that says why.
    """
    if wanted not in ("auto", *sandbox.KINDS):
        known = ", ".join(sandbox.KINDS)
        raise sandbox.SandboxError(f"there is no sandbox called {wanted}: take auto, {known}")
    if not sys.platform.startswith("linux"):
        raise sandbox.SandboxError("grading needs Linux: run it in a Linux container or under WSL")
    failed: list[Proof] = []
    for kind in sandbox.KINDS if wanted == "auto" else (wanted,):
        proof = prove(kind)
        if proof.holds:
            return kind, note(proof, failed)
        failed.append(proof)
    reasons = "; ".join(proof.sentence() for proof in failed)
    advice = ADVICE["auto" if wanted == "auto" else "wanted"]
    raise sandbox.SandboxError(
        f"nothing is graded in a sandbox that does not hold: {reasons}; {advice}"
    )


def note(proof: Proof, failed: Sequence[Proof]) -> str:
    """Say to the user what holds, how it was proved, and why it is no stronger sandbox."""
    text = f"{NAMES[proof.kind]} ({SHOWS[proof.kind]}), limits of time, {MEMORY[proof.grouped]}"
    text += f"; {len(ALL)} attempts to break out of it failed"
    if failed:
        text += f"; not stronger, for {'; '.join(one.sentence() for one in failed)}"
    return text
