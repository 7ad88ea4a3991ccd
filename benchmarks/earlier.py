"""Against three older programs, measured: the slow oracles of `reference` and the real ops.

The backward pass of a pure-Python network (`lists`), a step of the conv network of a university's
`assignment`, and the way from loops to threads that the `notes` of a test-driven CNN went. What
their authors told stands beside it: taken on other machines, the first under a line profiler.
"""

from __future__ import annotations

import math
from typing import Any

from .lockstep import Side, alternate
from .settings import Block
from .summary import spread
from .table import millis, table

PUBLISHED = {
    "lists": "5.94 s for one batch's backward pass, under a line profiler",
    "assignment": "3.3 s a step, 25 min an epoch of 7,500 images",
    "notes": "its multi-layer script: 4.5 min, then 40 s, 6.75 times as fast",
}
WHAT = {"lists": "backward pass, 784-100-50-10, batch 100", "assignment": "conv, batch 16"}
NETWORK, FEW, BATCH = "conv", 16, 128
LOOPS = 1  # runs of what takes so long that it needs no more


def way(threads: int) -> list[tuple[str, str, dict[str, Any]]]:
    """The versions: name, task and its arguments. The first are so slow that fewer samples do."""
    versions = [
        ("pure Python", "StepByOracles", {"version": 0, "batch": 2}),
        ("NumPy rows", "StepByOracles", {"version": 1, "batch": 16}),
        ("a GEMM an image", "StepByOracles", {"version": 2, "batch": BATCH}),
        ("whole GEMM", "StepByOracles", {"version": 3, "batch": BATCH}),
        ("memory order", "StepByOracles", {"version": 4, "batch": BATCH}),
        ("fused and in place", "StepByModel", {"batch": BATCH}),
    ]
    if threads > 1:
        versions.append((f"{threads} threads", "StepByModel", {"batch": BATCH, "threads": threads}))
    return versions


def timed(task: str, name: str, repeats: int, **arguments: Any) -> tuple[list[float], dict]:
    """Seconds of every run of one task, in a process of its own; and what it says of itself."""
    with Side("versions", task, **arguments) as side:
        warm_up = 0 if repeats <= LOOPS else 5
        times = alternate([side], repeats, block=Block(0, 0, 1, 0), warm_up=warm_up, pause=0)
        return times["versions"][name], side.facts


def two(slow: tuple[str, dict], fast: tuple[str, dict], name: str, repeats: int) -> dict[str, Any]:
    """A slow oracle, and the real one, often."""
    seconds = [
        timed(slow[0], name, LOOPS, **slow[1])[0],
        timed(fast[0], name, repeats, **fast[1])[0],
    ]
    slow_s, fast_s = (spread(values).median for values in seconds)
    return {"slow_s": slow_s, "fast_s": fast_s, "times_as_fast": slow_s / fast_s}


def measured_way(threads: int, repeats: int) -> list[dict[str, Any]]:
    """Every version's time a sample, and how many times as fast as the first it is."""
    rows: list[dict[str, Any]] = []
    for name, task, arguments in way(threads):
        slow = arguments.get("version", 9) == 0
        rows.append(_version(name, task, LOOPS if slow else repeats, arguments))
        print(f"  {name}: {millis(rows[-1]['sample_s'])} ms a sample", flush=True)
    with Side("versions", "Gpu") as probe:
        gpu = probe.facts["name"]
    if gpu:
        arguments = {"batch": BATCH, "device": "gpu"}
        rows.append({**_version("GPU", "StepByModel", repeats, arguments), "device": gpu})
    for row in rows:
        if not math.isclose(row["loss"], rows[0]["loss"], rel_tol=1e-4):
            raise RuntimeError(f"{row['name']} computes another loss than {rows[0]['name']}")
        row["times_as_fast"] = rows[0]["sample_s"] / row["sample_s"]
    return rows if gpu else [*rows, {"name": "GPU", "skipped": "no GPU that CuPy can use here"}]


def _version(name: str, task: str, repeats: int, arguments: dict[str, Any]) -> dict[str, Any]:
    seconds, facts = timed(task, "step", repeats, network=NETWORK, **arguments)
    sample = spread(seconds).median / arguments["batch"]
    return {"name": name, "batch": arguments["batch"], "sample_s": sample, "loss": facts["loss"]}


def run(threads: int, repeats: int) -> dict[str, Any]:
    """All three; what is written as JSON."""
    real_lists = ("BackwardInNumPy", {"threads": threads})
    loops = ("StepByOracles", {"network": NETWORK, "version": 0, "batch": FEW})
    real = ("StepByModel", {"network": NETWORK, "batch": FEW, "threads": threads})
    result = {"threads": threads, "published": PUBLISHED}
    result["lists"] = two(("BackwardInPython", {}), real_lists, "backward", repeats)
    result["assignment"] = two(loops, real, "step", repeats)
    for key, whose in (
        ("lists", "pure-Python network"),
        ("assignment", "a university's assignment"),
    ):
        print(f"  {whose}: {result[key]['times_as_fast']:.0f} times as fast", flush=True)
    result["notes"] = measured_way(threads, repeats)
    return result


def report(result: dict[str, Any]) -> str:
    """A table of the two comparisons, a table of the way."""
    rows = []
    for key, what in WHAT.items():
        row = result[key]
        cells = [millis(row["slow_s"]), millis(row["fast_s"]), f"{row['times_as_fast']:.0f}"]
        rows.append([what, *cells, result["published"][key]])
    head = ["program", "Python", "ours", "times as fast", "its author told"]
    columns = ["version", "batch", "a sample", "times as fast", "than the one before"]
    return "\n".join(
        (
            f"Against older programs, {result['threads']} thread(s); milliseconds",
            table(head, rows),
            "",
            f"A step of {NETWORK!r} by version. The notes told: {result['published']['notes']}",
            table(columns, _lines(result["notes"])),
        )
    )


def _lines(rows: list[dict[str, Any]]) -> list[list[str]]:
    lines, before = [], None
    for row in rows:
        if "skipped" in row:
            lines.append([row["name"], "", "", "", row["skipped"]])
            continue
        gain = f"{before / row['sample_s']:.1f}" if before else ""
        before = row["sample_s"]
        cells = [str(row["batch"]), millis(before), f"{row['times_as_fast']:.0f}", gain]
        lines.append([row["name"], *cells])
    return lines
