"""One training step of four networks beside PyTorch's, and beside the floor of the machine."""

from __future__ import annotations

import math
from typing import Any

from .lockstep import Side, alternate
from .settings import SETTINGS
from .summary import Work, geometric_mean, ratio, spread
from .table import millis, table

GOAL, LIMIT, MEMORY_LIMIT = 0.8, 1.0, 1.5


def rates(threads: int, repeats: int = 10) -> dict[str, Any]:
    """The best that was seen of the machine: sgemm in operations and copies in bytes a second."""
    sides = (
        Side("ours", "Rates", threads=threads),
        Side("in_torch", "Rates", name="theirs", threads=threads),
    )
    with sides[0] as ours, sides[1] as theirs:
        times = alternate([ours, theirs], repeats, warm_up=1, lead=(0, 0))
        facts = {**ours.facts, **theirs.facts}
    best = {side: {k: max(v) for k, v in times[side].items()} for side in ("ours", "theirs")}
    top = {name: max(best[side][name] for side in best) for name in ("sgemm", "copy")}
    return {**top, "by_side": best, **facts}


def measure(network: str, threads: int, repeats: int, folder: str, **variant: bool) -> dict:
    """Both sides of one network, in turn."""
    with Side("ours", "Step", network=network, threads=threads) as ours:
        arguments = {"network": network, "threads": threads, "folder": folder, **variant}
        with Side("in_torch", "Step", name="theirs", **arguments) as theirs:
            losses = ours.facts["loss"], theirs.facts["loss"]
            if not math.isclose(*losses, rel_tol=1e-4):
                raise RuntimeError(f"{network}: the two sides' first losses differ: {losses}")
            times = alternate([ours, theirs], repeats)
            held = {side.name: side.ask("memory") for side in (ours, theirs)}
    return {
        "network": network,
        "batch": SETTINGS[network].batch,
        "ours": times["ours"]["step"],
        "theirs": times["theirs"]["step"],
        "idle": times["idle"],
        "memory": held,
        "operations": ours.facts["operations"],
        "bytes": ours.facts["bytes"],
    }


def summarise(row: dict[str, Any], machine: dict[str, Any]) -> dict[str, Any]:
    """Medians, the ratio pair by pair, the floor and the memory of one network."""
    growth = {side: held["peak"] - held["baseline"] for side, held in row["memory"].items()}
    work = Work(row["operations"], row["bytes"])
    return {
        "ours_s": spread(row["ours"]),
        "theirs_s": spread(row["theirs"]),
        "ratio": ratio(row["ours"], row["theirs"]),
        "floor_s": work.seconds(machine["sgemm"], machine["copy"]),
        "gemm_s": row["operations"] / machine["sgemm"],
        "growth": growth,
        "memory_ratio": growth["ours"] / max(growth["theirs"], 1),
    }


def run(networks: list[str], threads: int, repeats: int, folder: str, **variant: bool) -> dict:
    """All networks; what is written as JSON."""
    machine = rates(threads)
    rows = []
    for network in networks:
        row = measure(network, threads, repeats, folder, **variant)
        rows.append({**row, **summarise(row, machine)})
        print(f"  {network}: {rows[-1]['ratio'].median:.2f} of PyTorch's time", flush=True)
    mean = geometric_mean(row["ratio"].median for row in rows)
    return {"threads": threads, "rates": machine, "geometric_mean": mean, "networks": rows}


def report(result: dict[str, Any]) -> str:
    """The table, and the verdicts."""
    lines = [_line(row) for row in result["networks"]]
    head = ["network", "batch", "ours", "PyTorch", "ratio", "quartiles", "floor", "of it GEMM"]
    head += ["memory", "PyTorch's", "ratio"]
    rates_of = result["rates"]
    worst = max(row["ratio"].median for row in result["networks"])
    memory = max(row["memory_ratio"] for row in result["networks"])
    idle = max(share for row in result["networks"] for share in row["idle"].values())
    return "\n".join(
        (
            f"One training step, {result['threads']} thread(s); milliseconds, MiB over the model",
            table(head, lines),
            f"geometric mean {result['geometric_mean']:.3f} (goal {GOAL}), "
            f"worst {worst:.2f} (goal {LIMIT}), memory at most {memory:.2f} (goal {MEMORY_LIMIT})",
            f"machine: sgemm {rates_of['sgemm'] / 1e9:.0f} GFLOP/s, "
            f"copy {rates_of['copy'] / 1e9:.1f} GB/s; the idle side used at most "
            f"{100 * idle:.1f} % of a processor during the other's turn",
        )
    )


def _line(row: dict[str, Any]) -> list[str]:
    growth = {side: f"{size / 2**20:.0f}" for side, size in row["growth"].items()}
    return [
        row["network"],
        str(row["batch"]),
        millis(row["ours_s"].median),
        millis(row["theirs_s"].median),
        f"{row['ratio'].median:.2f}",
        f"{row['ratio'].low:.2f} to {row['ratio'].high:.2f}",
        millis(row["floor_s"]),
        millis(row["gemm_s"]),
        growth["ours"],
        growth["theirs"],
        f"{row['memory_ratio']:.2f}",
    ]
