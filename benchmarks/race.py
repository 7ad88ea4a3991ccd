"""Time to a mean test accuracy of 99 % on MNIST: `fast`, one epoch, ours and PyTorch's in turn.

Both train with the same recipe, on the same standardised images already in memory, from weights of
the same distribution: PyTorch's default, as in the published run. The training run is timed whole;
reading the data and the evaluation are not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import course_nn as nn
from course_nn.data import DataNotFound

from .lockstep import Side
from .summary import ratio, spread
from .table import table

GOAL = 99.0  # percent
PUBLISHED = "99.04 % in 0.76 s on a laptop's GPU"


def write_data(path: Path) -> None:
    """MNIST, standardised, where both sides read it; once for all runs."""
    if path.exists():
        return
    data = nn.data.mnist()
    x_train, x_test = nn.data.normalize(data.x_train, data.x_test)
    np.savez(path, x_train=x_train, y_train=data.y_train, x_test=x_test, y_test=data.y_test)


def run(threads: int, seeds: int, folder: str) -> dict[str, Any]:
    """All seeds, in turn; what is written as JSON."""
    data = Path(folder) / "mnist.npz"
    try:
        write_data(data)
    except DataNotFound as error:
        return {"threads": threads, "skipped": str(error)}
    rows: dict[str, list[dict[str, Any]]] = {"ours": [], "theirs": []}
    with Side("ours", "Race", data=str(data), threads=threads) as ours:
        arguments = {"data": str(data), "threads": threads, "folder": folder}
        with Side("in_torch", "Race", name="theirs", **arguments) as theirs:
            for seed in range(seeds):
                for side in (ours, theirs):
                    rows[side.name].append(side.ask("turn", runs=0, seconds=0, seed=seed))
                a, b = (side[-1]["seconds"] for side in rows.values())
                print(f"  seed {seed}: {a:.2f} s, PyTorch {b:.2f} s", flush=True)
    seconds = {side: [run["seconds"] for run in runs] for side, runs in rows.items()}
    accuracy = {
        side: 100 * sum(run["accuracy"] for run in runs) / seeds for side, runs in rows.items()
    }
    return {
        "threads": threads,
        "runs": rows,
        "accuracy": accuracy,
        "seconds": {side: spread(values).median for side, values in seconds.items()},
        "ratio": ratio(seconds["ours"], seconds["theirs"]),
        "goal": GOAL,
        "published": PUBLISHED,
    }


def report(result: dict[str, Any]) -> str:
    """The table and the verdict."""
    if "skipped" in result:
        return f"no race: {result['skipped']}"
    rows = []
    for side, name in (("ours", "course_nn"), ("theirs", "PyTorch")):
        accuracy = result["accuracy"][side]
        verdict = "yes" if accuracy >= GOAL else "no"
        seconds = f"{result['seconds'][side]:.2f}"
        rows.append([name, f"{accuracy:.3f}", verdict, seconds])
    seeds, quotient = len(result["runs"]["ours"]), result["ratio"]
    return "\n".join(
        (
            f"'fast' on MNIST, one epoch, {seeds} seed(s), {result['threads']} thread(s); "
            f"published: {PUBLISHED}",
            table(["", "mean accuracy, %", f"{GOAL:.0f} reached", "seconds"], rows),
            f"ratio {quotient.median:.2f} ({quotient.low:.2f} to {quotient.high:.2f})",
        )
    )
