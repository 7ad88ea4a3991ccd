"""One side of a comparison, in a process of its own: told over a pipe to take a turn, it times it.

    python -m benchmarks.child MODULE

MODULE is one here whose classes are tasks. A line of JSON comes in, a line goes out.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from typing import Any

from . import memory


class Child:
    """Holds the task, and answers one message after another."""

    def __init__(self, module: str) -> None:
        self.module = importlib.import_module(f"{__package__}.{module}")
        self.task: Any = None
        self.baseline = 0

    def make(self, task: str, **arguments: Any) -> dict[str, Any]:
        """Makes the task; what it says of itself."""
        self.task = getattr(self.module, task)(**arguments)
        facts = getattr(self.task, "facts", dict)()
        self.baseline = memory.mark()
        return facts

    def turn(self, runs: int, seconds: float, **arguments: Any) -> dict[str, float]:
        """Runs the task at least so often and so long, then once more: that one's times, in
        seconds by name."""
        start = time.perf_counter()
        while runs > 0 or time.perf_counter() - start < seconds:
            self.task.run(**arguments)
            runs -= 1
        return self.task.run(**arguments)

    def processor(self) -> float:
        """Seconds of processor time that this process has used, over all its threads."""
        return time.process_time()

    def memory(self) -> dict[str, int]:
        """Bytes held when the task was made, and the most that was held since."""
        return {"baseline": self.baseline, "peak": memory.peak()}


def main() -> int:
    """Answers until the pipe closes. What a library prints goes to the error stream instead."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    child = Child(sys.argv[1])
    for line in sys.stdin:
        message = json.loads(line)
        answer = getattr(child, message.pop("do"))(**message)
        print(json.dumps(answer), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
