"""How fast the course's networks train, beside four peers and beside what the machine can do.

    python -m benchmarks [step] [layers] [earlier] [race] [gradcheck] [--peers …] [--quick]

Prints tables and writes bench.json. It measures, and asserts no time.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import counterparts, earlier, gradcheck, layers, lockstep, machine, race, step
from .peers import PEERS, missing
from .settings import QUICK, ROOT, SETTINGS, Block

PARTS = ("step", "layers", "earlier", "race", "gradcheck")
QUIET = 0.5  # programs that want a processor, on average over the last minute
TORCH = ("eager", "tuned")  # with whom single layers and a whole training run can be compared


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser("benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all")
    add, threads = parser.add_argument, [2, 1] if machine.cores() > 1 else [1]
    add("--threads", type=int, nargs="+", default=threads, help="one run of the parts with each")
    add("--blocks", type=int, help="turns of each side, blocks of steps back to back (12; quick 4)")
    add("--networks", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    add("--peers", nargs="+", default=list(PEERS), choices=list(PEERS), help="with whom")
    add("--seeds", type=int, help="training runs of each side in the race (10; quick 3)")
    add("--quick", action="store_true", help="short blocks and few: a rough record in minutes")
    add("--out", type=Path, default=ROOT / "_build" / "bench", help="folder for the record")
    options = parser.parse_args(argv)
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"no part {', '.join(unknown)}; the parts are: {', '.join(PARTS)}")
    options.parts = options.parts or list(PARTS)
    for name, few, many in (("blocks", 4, 12), ("seeds", 3, 10)):
        if getattr(options, name) is None:
            setattr(options, name, few if options.quick else many)
    if min(*options.threads, options.blocks, options.seeds) < 1:
        parser.error("--threads, --blocks and --seeds must be at least 1")
    return options


def jobs(options: argparse.Namespace, folder: str) -> dict[str, list[Callable[[], dict]]]:
    """What is to be run, part by part."""
    nets, blocks, seed_count = options.networks, options.blocks, options.seeds
    block = QUICK if options.quick else Block()
    peers = [name for name in options.peers if not missing(name)]
    torch_peers = [name for name in TORCH if name in peers]
    runs: dict[str, list[Callable[[], dict]]] = {part: [] for part in PARTS}
    for t in options.threads:
        runs["step"].append(lambda t=t: step.run(nets, t, blocks, block, folder, peers))
        for one in torch_peers[-1:]:
            runs["layers"].append(lambda t=t, p=one: layers.run(nets, t, blocks, block, folder, p))
        runs["race"].append(lambda t=t: race.run(t, seed_count, folder, torch_peers, block))
    runs["earlier"].append(lambda: earlier.run(options.threads[0], blocks))
    runs["gradcheck"].append(gradcheck.run)
    return runs


def main(argv: list[str] | None = None) -> int:
    """Runs the parts that were asked for."""
    options = arguments(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    reasons = {name: missing(name) for name in options.peers if missing(name)}
    record: dict[str, Any] = {
        "machine": machine.facts() | {"taken_out": lockstep.taken_out()},
        "options": vars(options) | {"out": ""},
        "missing": reasons,
    }
    print(_greeting(record["machine"]), flush=True)
    for name, reason in reasons.items():
        print(f"without {PEERS[name].title}: {reason}")
    with tempfile.TemporaryDirectory() as folder:
        if {"step", "layers", "race"} & set(options.parts):
            counterparts.write(folder, {*options.networks, "fast"})
        for part, runs in jobs(options, folder).items():
            if part in options.parts:
                record[part] = [_run(part, job) for job in runs]
                write(record, options.out)
    print(f"\nwritten: {options.out / 'bench.json'}")
    return 0


def _run(part: str, job: Callable[[], dict]) -> dict[str, Any]:
    print(f"\n{part} …", flush=True)
    others = machine.Others()
    result = job()
    share = others.share()
    print(REPORTS[part](result), flush=True)
    if share is not None:
        print(f"meanwhile, other programs used {100 * share:.0f} % of the processors", flush=True)
    return {**result, "others": share}


REPORTS = {
    "step": step.report,
    "layers": layers.report,
    "earlier": earlier.report,
    "race": race.report,
    "gradcheck": gradcheck.report,
}


def write(record: dict[str, Any], folder: Path) -> None:
    """The record so far: a run that is broken off keeps what it has."""
    text = json.dumps(record, indent=1, ensure_ascii=False, default=str)
    (folder / "bench.json").write_text(text + "\n", encoding="utf-8")


def _greeting(facts: dict[str, Any]) -> str:
    load = facts["load"][0] if facts["load"] else 0.0
    text = f"{facts['processor']}, {facts['cores']} cores, load {load:.1f}"
    if facts["taken_out"]:
        names = ", ".join(f"{name}={value}" for name, value in facts["taken_out"].items())
        text += f"; without {names}, which would pin BLAS to another machine's kernel"
    if load > QUIET:
        text += (
            ": the machine is not quiet. On two threads PyTorch's wait for one another, and a "
            "processor taken from one of them costs it far more than it costs us."
        )
    return text


if __name__ == "__main__":
    sys.exit(main())
