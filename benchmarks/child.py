"""One side of a comparison, in a process of its own: told over a pipe to take a turn, it times it.

    python -m benchmarks.child MODULE PROCESSORS

MODULE is one here whose classes are tasks. PROCESSORS is how many it may run on, 0 for all: a
library that makes a thread for every processor is so held to the threads of the others. A line of
JSON comes in, a line goes out.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from . import machine, memory

Times = dict[str, float]


class Child:
    """Holds the task, and answers one message after another."""

    def __init__(self, module: str) -> None:
        self.module = importlib.import_module(f"{__package__}.{module}")
        self.task: Any = None
        self.baseline = 0

    def make(self, task: str, **arguments: Any) -> dict[str, Any]:
        """Makes the task; what it says of itself."""
        self.task = getattr(self.module, task)(**arguments)
        facts = self.facts()
        self.baseline = memory.mark()
        return facts

    def facts(self) -> dict[str, Any]:
        """What the task says of itself by now, its processors, and which libraries compute."""
        ours = {"processors": machine.cores(), "libraries": machine.libraries()}
        return {**getattr(self.task, "facts", dict)(), **ours}

    def block(self, block: list[float], **arguments: Any) -> dict[str, Any]:
        """A `settings.Block` of runs: the medians of those that count, and their number."""
        lead, lead_s, runs, seconds = block
        repeated(lambda: self.task.run(**arguments), lead, lead_s)
        rows = repeated(lambda: self.task.run(**arguments), runs, seconds)
        medians = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
        return {**medians, "runs": len(rows)}

    def processor(self) -> float:
        """Seconds of processor time that this process has used, over all its threads."""
        return time.process_time()

    def memory(self) -> dict[str, int]:
        """Bytes held when the task was made, and the most that was held since."""
        return {"baseline": self.baseline, "peak": memory.peak()}


def repeated(run: Callable[[], Times], runs: float, seconds: float) -> list[Times]:
    """What so many runs say, or as many as it takes to fill the seconds, back to back.

    >>> repeated(lambda: {"step": 1.0}, runs=2, seconds=0)
    [{'step': 1.0}, {'step': 1.0}]
    """
    start, rows = time.perf_counter(), []
    while len(rows) < runs or time.perf_counter() - start < seconds:
        rows.append(run())
    return rows


def main() -> int:
    """Answers until the pipe closes. What a library prints goes to the error stream instead."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    machine.keep_to(int(sys.argv[2]))
    child = Child(sys.argv[1])
    for line in sys.stdin:
        message = json.loads(line)
        answer = getattr(child, message.pop("do"))(**message)
        print(json.dumps(answer), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
