"""The sides in turn, A B C A B C …, each in a process of its own, so that none lives in another's
settings (of the C library's memory, of threads) and each one's memory can be told apart.

A turn is a block of runs back to back, as training is. Only one side computes at a time. A thread
that waits for work may go on spinning for a while and so take a processor from the next side: a
pause lets it fall asleep, and what the idle sides used of the processors is measured and reported.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from .settings import ROOT, Block

# Seconds between turns: after a step PyTorch's threads spin for 7 to 20 ms, BLAS's for 105 to 115.
PAUSE = 0.13
# They pin OpenBLAS to the kernel of another processor, or to another cache: on some machines they
# are set, and halve the speed of NumPy's products.
TAKEN_OUT = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def environment() -> dict[str, str]:
    """A side's environment: this one, without what pins BLAS to another machine's kernel.

    >>> set(environment()) & set(TAKEN_OUT)
    set()
    """
    return {name: value for name, value in os.environ.items() if name not in TAKEN_OUT}


def taken_out() -> dict[str, str]:
    """What `environment` leaves out here, for the record."""
    return {name: os.environ[name] for name in TAKEN_OUT if name in os.environ}


class Side:
    """A process that runs one task.

    Parameters
    ----------
    module : of the task, here: "ours", "in_torch", "in_jax" or "versions".
    task : the class in it.
    name : under which its times are reported; the module's unless told.
    processors : that it may run on; 0 for all.
    **arguments : of the class, plain enough for JSON.
    """

    def __init__(
        self, module: str, task: str, *, name: str = "", processors: int = 0, **arguments: Any
    ) -> None:
        self.name = name or module
        command = [sys.executable, "-m", "benchmarks.child", module, str(processors)]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self.facts: dict[str, Any] = self.ask("make", task=task, **arguments)
        except BaseException:
            self.close()
            raise

    def ask(self, what: str, **message: Any) -> Any:
        """Sends a message and waits for its answer."""
        pipe_in, pipe_out = self.process.stdin, self.process.stdout
        try:
            print(json.dumps({"do": what, **message}), file=pipe_in, flush=True)
            answer = pipe_out.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise RuntimeError(
                f"the process of {self.name!r} ended at {what!r}; see its error above"
            )
        return json.loads(answer)

    def close(self) -> None:
        """Lets the process end."""
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def alternate(
    sides: Sequence[Side],
    blocks: int,
    *,
    block: Block,
    warm_up: int = 5,
    pause: float = PAUSE,
    **arguments: Any,
) -> dict[str, Any]:
    """Times of every side, in turn; each round begins with the next side.

    Parameters
    ----------
    sides : one or more.
    blocks : turns of each.
    block : what a turn is.
    warm_up : runs of each before the first turn.
    pause : seconds before each turn.
    **arguments : of the task's `run`.

    Returns
    -------
    times : {side: {name: the median of every block}}, with the number of runs as "runs"; and under
        "idle" the share of a processor that each side used while it was not its turn, {side: the
        median over the turns}.
    """
    for side in sides if warm_up else ():
        side.ask("block", block=Block(0, 0, warm_up, 0), **arguments)
    turns: dict[str, list[dict[str, float]]] = {side.name: [] for side in sides}
    idle: dict[str, list[float]] = {side.name: [] for side in sides}
    for turn in range(blocks):
        first = turn % len(sides)
        for side in (*sides[first:], *sides[:first]):
            time.sleep(pause)
            others = {other.name: Idle(other) for other in sides if other is not side}
            turns[side.name].append(side.ask("block", block=block, **arguments))
            for name, other in others.items():
                idle[name].append(other.share())
    medians = {name: statistics.median(shares) for name, shares in idle.items() if shares}
    return {**{name: _columns(rows) for name, rows in turns.items()}, "idle": medians}


class Idle:
    """A side that should be asleep: what it uses of a processor from now on."""

    def __init__(self, side: Side) -> None:
        self.side, asked = side, side.ask("processor")
        self.used, self.start = side.ask("processor"), time.perf_counter()
        self.asking = self.used - asked  # what it costs to answer this question

    def share(self) -> float:
        """Processor seconds a second since the beginning, apart from answering questions."""
        used = self.side.ask("processor") - self.used - self.asking
        return max(used, 0.0) / (time.perf_counter() - self.start)


def _columns(rows: list[dict[str, float]]) -> dict[str, list[float]]:
    """
    >>> _columns([{"step": 1.0}, {"step": 2.0}])
    {'step': [1.0, 2.0]}
    """
    return {name: [row[name] for row in rows] for name in rows[0]}
