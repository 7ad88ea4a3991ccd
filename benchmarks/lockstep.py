"""Two sides in turn, A B A B …, each in a process of its own, so that neither lives in the
other's settings (of the C library's memory, of threads) and each one's memory can be told apart.

Only one side computes at a time. A thread that waits for work may go on spinning for a while and
so take a processor from the other side: a pause lets it fall asleep, and what the idle side used
of the processor during the other's turn is measured and reported.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from .settings import ROOT

# Seconds before each turn: after a step PyTorch's threads spin for 7 to 20 ms, BLAS's for 105
# to 115.
PAUSE = 0.13
# A turn begins with untimed runs, at least 3 and 60 ms of them, until a side is in its stride: its
# data in the caches, its threads awake and apart. PyTorch's small steps need that on two threads:
# timed after one run only, its step of `mlp` takes several times as long as in a training run.
LEAD = (3, 0.06)


class Side:
    """A process that runs one task.

    Parameters
    ----------
    module : of the task: "ours", "in_torch" or "versions".
    task : the class in it.
    name : under which its times are reported; the module's unless told.
    **arguments : of the class, plain enough for JSON.
    """

    def __init__(self, module: str, task: str, *, name: str = "", **arguments: Any) -> None:
        self.name = name or module
        command = [sys.executable, "-m", "benchmarks.child", module]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
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
    repeats: int,
    *,
    warm_up: int = 5,
    lead: tuple[int, float] = LEAD,
    pause: float = PAUSE,
    **arguments: Any,
) -> dict[str, Any]:
    """Times of every side, in turn.

    Parameters
    ----------
    sides : the sides.
    repeats : turns of each.
    warm_up : runs of each before the first turn.
    lead : runs and seconds, at least, that a turn begins with; then one run is timed.
    pause : seconds before each turn.
    **arguments : of the task's `run`.

    Returns
    -------
    times : {side: {name: seconds of every turn}}, and under "idle" the share of a processor that
        the idle sides used during a turn, {side: the median over the turns}.
    """
    for side in sides if warm_up else ():
        side.ask("turn", runs=warm_up, seconds=0, **arguments)
    turns: dict[str, list[dict[str, float]]] = {side.name: [] for side in sides}
    idle: dict[str, list[float]] = {side.name: [] for side in sides}
    runs, seconds = lead
    for _ in range(repeats):
        for side in sides:
            time.sleep(pause)
            others = {other.name: Idle(other) for other in sides if other is not side}
            turns[side.name].append(side.ask("turn", runs=runs, seconds=seconds, **arguments))
            for side, other in others.items():
                idle[side].append(other.share())
    return {**{side: _columns(rows) for side, rows in turns.items()}, "idle": _medians(idle)}


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


def _medians(idle: dict[str, list[float]]) -> dict[str, float]:
    return {side: sorted(shares)[len(shares) // 2] for side, shares in idle.items() if shares}
