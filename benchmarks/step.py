"""A training step of the networks beside its peers', and beside the floor of the machine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from . import machine
from .lockstep import Side, alternate
from .peers import PEERS, chosen, side
from .settings import SETTINGS, STATES, Block
from .summary import Work, mean_ratio, ratio, spread, verdict
from .table import millis, table

VERDICTS = ("beaten", "even", "not beaten")  # a peer that computes something else is not timed
UNTRAINED, TRAINED = 1e-4, 1e-3  # relative differences between the sides' losses, at most


def rates(threads: int, with_torch: bool, repeats: int = 10) -> dict[str, Any]:
    """The best that was seen of the machine: sgemm in operations and copies in bytes a second."""
    modules = {"ours": "ours", **({"theirs": "in_torch"} if with_torch else {})}
    with ExitStack() as stack:
        sides = [
            stack.enter_context(
                Side(module, "Rates", name=name, processors=threads, threads=threads)
            )
            for name, module in modules.items()
        ]
        times = alternate(sides, repeats, block=Block(1, 0, 1, 0), warm_up=1)
        facts = {one.name: one.facts for one in sides}
    names = ("sgemm", "copy")
    best = {name: {k: max(times[name][k]) for k in names} for name in modules}
    top = {k: max(best[name][k] for name in best) for k in names}
    return {**top, "by_side": best, "facts": facts}


def difference(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Where two sides' losses differ, so that they do not train the same; "" if nowhere."""
    pairs = [(ours["loss"], theirs["loss"], UNTRAINED)]
    pairs += [(a, b, TRAINED) for a, b in zip(ours["losses"], theirs["losses"], strict=False)]
    for step, (a, b, most) in enumerate(pairs):
        if not math.isclose(a, b, rel_tol=most):
            return f"after {step} step(s) its loss is {b:.6g}, ours {a:.6g}"
    return ""


def wrong_sides(network: str, facts: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """The peers that compute something else than we and than another peer, each with its reason.

    Raises RuntimeError if no peer computes what we do: then the mistake may be ours.
    """
    reasons = {
        name: difference(facts["ours"], told) for name, told in facts.items() if name != "ours"
    }
    if reasons and all(reasons.values()):
        raise RuntimeError(f"{network}: no peer computes what we do: {reasons}")
    return {name: reason for name, reason in reasons.items() if reason}


def started(
    network: str, threads: int, folder: str, settings: Mapping[str, dict[str, Any]]
) -> Iterator[Side]:
    """Our side, then the peers', one after the other."""
    yield Side("ours", "Step", processors=threads, network=network, threads=threads)
    for name, variant in settings.items():
        yield side(name, network, threads, folder, **variant)


def measure(
    network: str, threads: int, blocks: int, block: Block, folder: str, peers: Sequence[str]
) -> dict[str, Any]:
    """All sides of one network, in turn."""
    settings = {name: chosen(name, network, threads, folder, block) for name in peers}
    others = machine.Others()
    with ExitStack() as stack:
        sides = list(map(stack.enter_context, started(network, threads, folder, settings)))
        times = alternate(sides, blocks, block=block)
        facts = {one.name: one.ask("facts") for one in sides}
        wrong = wrong_sides(network, facts)
        held = {one.name: one.ask("memory") for one in sides}
    return {
        "network": network,
        "batch": SETTINGS[network].batch,
        "states": STATES[SETTINGS[network].optimizer],
        "blocks": {one.name: times[one.name]["step"] for one in sides if one.name not in wrong},
        "wrong": wrong,
        "steps": {one.name: sum(times[one.name]["runs"]) for one in sides},
        "idle": times["idle"],
        "others": others.share(),
        "memory": held,
        "settings": settings,
        "operations": facts["ours"]["operations"],
        "bytes": facts["ours"]["bytes"],
        "facts": {name: _kept(told) for name, told in facts.items()},
    }


def _kept(facts: dict[str, Any]) -> dict[str, Any]:
    """Versions and libraries, without what the row says elsewhere."""
    return {k: v for k, v in facts.items() if k not in ("loss", "losses", "operations", "bytes")}


def summarise(row: dict[str, Any], machine_rates: dict[str, Any]) -> dict[str, Any]:
    """Medians, the ratios pair by pair with their verdicts, the floor and the memory."""
    growth = {name: held["peak"] - held["baseline"] for name, held in row["memory"].items()}
    work, blocks = Work(row["operations"], row["bytes"]), row["blocks"]
    peers = {}
    for name in blocks:
        if name != "ours":
            quotient = ratio(blocks["ours"], blocks[name])
            peers[name] = {"seconds": spread(blocks[name]), "ratio": quotient}
            peers[name] |= {"verdict": verdict(quotient)}
            peers[name] |= {"memory_ratio": growth["ours"] / max(growth[name], 1)}
    return {
        "ours_s": spread(blocks["ours"]),
        "peers": peers,
        "floor_s": work.seconds(machine_rates["sgemm"], machine_rates["copy"]),
        "gemm_s": row["operations"] / machine_rates["sgemm"],
        "growth": growth,
    }


def by_peer(rows: Sequence[dict[str, Any]], peers: Sequence[str]) -> dict[str, Any]:
    """For each peer: its mean ratio over the networks, and in which networks it was beaten."""
    found = {}
    for name in peers:
        compared = [row for row in rows if name in row["peers"]]
        if compared:
            mean = mean_ratio([row["peers"][name]["ratio"] for row in compared])
            found[name] = {"title": PEERS[name].title, "mean": mean, "verdict": verdict(mean)}
            found[name] |= {"networks": _sorted(name, compared)}
            found[name] |= {"facts": rows[0]["facts"][name]}
            found[name] |= {
                "wrong": {r["network"]: r["wrong"][name] for r in rows if name in r["wrong"]}
            }
    return found


def _sorted(name: str, rows: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """The networks by the verdict on a peer."""
    return {
        word: [row["network"] for row in rows if row["peers"][name]["verdict"] == word]
        for word in VERDICTS
    }


def run(
    networks: Sequence[str],
    threads: int,
    blocks: int,
    block: Block,
    folder: str,
    peers: Sequence[str],
) -> dict[str, Any]:
    """All networks; what is written as JSON."""
    with_torch = any(PEERS[name].module == "in_torch" for name in peers)
    machine_rates, rows = rates(threads, with_torch), []
    for network in networks:
        row = measure(network, threads, blocks, block, folder, peers)
        rows.append({**row, **summarise(row, machine_rates)})
        ratios = (f"{v['ratio'].median:.2f} of {k}" for k, v in rows[-1]["peers"].items())
        print(f"  {network}: {', '.join(ratios)}", flush=True)
    result = {"threads": threads, "rates": machine_rates, "networks": rows}
    result["peers"] = by_peer(rows, peers)
    result["ours"] = rows[0]["facts"]["ours"]
    for row in rows:
        del row["facts"]
    return result


# -- the report ----------------------------------------------------------------------------------


def kernel(facts: dict[str, Any]) -> str:
    """The kernel that BLAS ran.

    >>> kernel({"libraries": [{"user_api": "blas", "prefix": "openblas", "architecture": "Zen"}]})
    'openblas, kernel Zen'
    """
    blas = [found for found in facts["libraries"] if found["user_api"] == "blas"]
    names = (f"{b['prefix']}, kernel {b.get('architecture', 'not told')}" for b in blas)
    return "; ".join(names) or "no BLAS found"


def report(result: dict[str, Any]) -> str:
    """The table, a table for each peer, and what was beaten and what not."""
    rates_of, rows = result["rates"], result["networks"]
    idle = max((share for row in rows for share in row["idle"].values()), default=0.0)
    parts = [
        f"A training step, {result['threads']} thread(s); milliseconds, MiB over the model",
        _times(result),
        f"machine: sgemm {rates_of['sgemm'] / 1e9:.0f} GFLOP/s, copy {rates_of['copy'] / 1e9:.1f} "
        f"GB/s; ours on {kernel(result['ours'])}; an idle side used at most "
        f"{100 * idle:.1f} % of a processor",
    ]
    return "\n".join([*parts, *(_against(name, result) for name in result["peers"])])


def _times(result: dict[str, Any]) -> str:
    head = ["network", "batch", "floor", "of it GEMM", "ours", *result["peers"], "memory"]
    lines = []
    for row in result["networks"]:
        seconds = [row["floor_s"], row["gemm_s"], row["ours_s"].median]
        cells = [row["network"], str(row["batch"]), *map(millis, seconds)]
        for name in result["peers"]:
            peer = row["peers"].get(name)
            cells.append(millis(peer["seconds"].median) if peer else "wrong")
        lines.append([*cells, f"{row['growth']['ours'] / 2**20:.0f}"])
    return table(head, lines)


def _against(name: str, result: dict[str, Any]) -> str:
    peer, lines = result["peers"][name], []
    for row in result["networks"]:
        quotient = row["peers"].get(name)
        if not quotient:
            lines.append([row["network"], "", "", "wrong", row["wrong"][name]])
            continue
        told = " ".join(f"{k}={v}" for k, v in row["settings"][name].items())
        lines.append([row["network"], *_cells(quotient["ratio"]), quotient["verdict"], told])
    lines.append(["geometric mean", *_cells(peer["mean"]), peer["verdict"], ""])
    return "\n" + table([f"ours / {peer['title']}", "ratio", "quartiles", "", ""], lines)


def _cells(quotient: Any) -> list[str]:
    return [f"{quotient.median:.2f}", f"{quotient.low:.2f} to {quotient.high:.2f}"]
