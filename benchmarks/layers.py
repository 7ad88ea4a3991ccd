"""Each layer's forward and backward pass beside PyTorch's of the same layer.

Ours runs through the model's engine, between a source and a sink that cost nothing (see
`ours.Layers`): in slices and on threads as in a training step, but alone, so the table does not
show what a slice gains by meeting the next layer while it is in the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .lockstep import Side, alternate
from .peers import PEERS, chosen
from .settings import Block
from .summary import Spread, ratio, spread
from .table import millis, table

PASSES = ("forward", "backward")


def measure(
    network: str, threads: int, blocks: int, block: Block, folder: str, peer: str
) -> dict[str, Any]:
    """All layers of a network, one after the other, both sides in turn; and the engine alone."""
    variant = chosen(peer, network, threads, folder, block)
    common = {"processors": threads, "network": network, "threads": threads}
    theirs = {"folder": folder}
    theirs |= {k: variant.get(k, False) for k in ("channels_last", "keep_memory")}
    with (
        Side("ours", "Layers", **common) as ours,
        Side("in_torch", "Layers", name="theirs", **common, **theirs) as other,
    ):
        rows, count = [], len(ours.facts["names"])
        for i, name in enumerate(ours.facts["names"]):
            times = alternate([ours, other], blocks, block=block, layer=i)
            row = {"layer": i, "name": name, "shape": ours.facts["shapes"][i]}
            passes = PASSES if ours.facts["backward"][i] else PASSES[:1]
            rows.append({**row, **{k: _pair(times, k) for k in passes}})
        alone = alternate([ours], blocks, block=block, layer=count)["ours"]
    engine = {name: spread(alone[name]).median for name in PASSES}
    return {"layers": rows, "engine_s": engine, "channels_last": theirs["channels_last"]}


def _pair(times: dict[str, Any], name: str) -> dict[str, Any]:
    ours, theirs = times["ours"][name], times["theirs"][name]
    medians = {"ours_s": spread(ours).median, "theirs_s": spread(theirs).median}
    return {**medians, "ratio": ratio(ours, theirs)}


def run(
    networks: Sequence[str], threads: int, blocks: int, block: Block, folder: str, peer: str
) -> dict[str, Any]:
    """All networks; what is written as JSON. A block here is a fifth of a step's."""
    short = block._replace(lead_s=block.lead_s / 5, seconds=block.seconds / 5)
    measured = {}
    for network in networks:
        measured[network] = measure(network, threads, blocks, short, folder, peer)
        print(f"  {network}: {len(measured[network]['layers'])} layers", flush=True)
    return {"threads": threads, "peer": peer, "title": PEERS[peer].title, "networks": measured}


def report(result: dict[str, Any]) -> str:
    """A table for every network."""
    head = ["layer", "input", "forward", "PyTorch", "ratio", "backward", "PyTorch", "ratio"]
    parts = [f"Each layer alone, {result['threads']} thread(s); milliseconds"]
    head = [result["title"] if cell == "PyTorch" else cell for cell in head]
    for network, measured in result["networks"].items():
        rows, engine = measured["layers"], map(millis, measured["engine_s"].values())
        parts += [f"\n{network}", table(head, [_line(row) for row in rows] + [_total(rows)])]
        parts.append("in every number of ours, the engine alone: {}, {}".format(*engine))
    return "\n".join(parts)


def _line(row: dict[str, Any]) -> list[str]:
    cells = [f"{row['layer']} {row['name']}", "×".join(map(str, row["shape"]))]
    for name in PASSES:
        if name in row:
            cells += _cells(**row[name])
        else:
            cells += [""] * 3
    return cells


def _total(rows: list[dict[str, Any]]) -> list[str]:
    cells = ["all", ""]
    for name in PASSES:
        ours = sum(row[name]["ours_s"] for row in rows if name in row)
        theirs = sum(row[name]["theirs_s"] for row in rows if name in row)
        cells += _cells(ours, theirs, Spread(*(ours / theirs,) * 3))
    return cells


def _cells(ours_s: float, theirs_s: float, ratio: Spread) -> list[str]:
    return [millis(ours_s), millis(theirs_s), f"{ratio.median:.2f}"]
