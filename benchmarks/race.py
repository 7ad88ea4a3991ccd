"""Time to a mean test accuracy of 99 % on MNIST: `fast`, one epoch, ours and PyTorch's in turn, as
it comes and tuned.

All train with the same recipe, on the same standardised images already in memory, from weights of
the same distribution: PyTorch's default, as in the published run. The training run is timed whole;
reading the data and the evaluation are not.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

import course_nn as nn
from course_nn.data import DataNotFound

from .lockstep import Side
from .peers import PEERS, chosen
from .settings import Block
from .summary import ratio, spread, verdict
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


def run(
    threads: int, seeds: int, folder: str, peers: Sequence[str], block: Block
) -> dict[str, Any]:
    """All seeds, in turn; what is written as JSON."""
    data = Path(folder) / "mnist.npz"
    try:
        write_data(data)
    except DataNotFound as error:
        return {"threads": threads, "skipped": str(error)}
    common = {"data": str(data), "threads": threads}
    with ExitStack() as stack:
        sides = [stack.enter_context(Side("ours", "Race", processors=threads, **common))]
        for name in peers:
            variant = chosen(name, "fast", threads, folder, block)
            arguments = {"name": name, "processors": threads, "folder": folder, **variant}
            sides.append(stack.enter_context(Side("in_torch", "Race", **common, **arguments)))
        runs = raced(sides, seeds)
    return {"threads": threads, "runs": runs, **summarise(runs)}


def raced(sides: Sequence[Side], seeds: int) -> dict[str, list[dict[str, Any]]]:
    """Every side's runs, {side: a run for every seed}."""
    runs: dict[str, list[dict[str, Any]]] = {side.name: [] for side in sides}
    for seed in range(seeds):
        for side in sides:
            runs[side.name].append(side.ask("block", block=Block(0, 0, 1, 0), seed=seed))
        seconds = (f"{name} {done[-1]['seconds']:.2f} s" for name, done in runs.items())
        print(f"  seed {seed}: {', '.join(seconds)}", flush=True)
    return runs


def summarise(runs: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Accuracies in percent, times, and the ratio to each peer."""
    seconds = {name: [run["seconds"] for run in done] for name, done in runs.items()}
    ratios = {name: ratio(seconds["ours"], seconds[name]) for name in runs if name != "ours"}
    return {
        "accuracy": {
            name: 100 * statistics.fmean(run["accuracy"] for run in done)
            for name, done in runs.items()
        },
        "seconds": {name: spread(values).median for name, values in seconds.items()},
        "ratio": ratios,
        "verdict": {name: verdict(quotient) for name, quotient in ratios.items()},
        "titles": {name: PEERS[name].title for name in ratios},
        "goal": GOAL,
        "published": PUBLISHED,
    }


def report(result: dict[str, Any]) -> str:
    """The table and the verdict."""
    if "skipped" in result:
        return f"no race: {result['skipped']}"
    rows = []
    for name, accuracy in result["accuracy"].items():
        reached = "yes" if accuracy >= GOAL else "no"
        cells = [f"{accuracy:.3f}", reached, f"{result['seconds'][name]:.2f}"]
        if name == "ours":
            rows.append(["course_nn", *cells, "", "", ""])
        else:
            low, median, high = result["ratio"][name]
            verdict_of = [f"{median:.2f}", f"{low:.2f} to {high:.2f}", result["verdict"][name]]
            rows.append([result["titles"][name], *cells, *verdict_of])
    head = ["", "mean accuracy, %", f"{GOAL:.0f} reached", "seconds", "ratio", "quartiles", ""]
    return "\n".join(
        (
            f"'fast' on MNIST, one epoch, {len(result['runs']['ours'])} seed(s), "
            f"{result['threads']} thread(s); published: {PUBLISHED}",
            table(head, rows),
        )
    )
