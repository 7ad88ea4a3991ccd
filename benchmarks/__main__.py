"""How fast the course's networks train, beside PyTorch and beside what the machine can do.

    python -m benchmarks [step] [layers] [seeds] [race] [gradcheck] [--threads 2 1] [--out DIR]

Prints tables, writes bench.json and figures. It measures, and asserts no time.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import counterparts, figure, gradcheck, layers, machine, race, seeds, step
from .settings import ROOT, SETTINGS

PARTS = ("step", "layers", "seeds", "race", "gradcheck")
QUIET = 0.5  # programs that want a processor, on average over the last minute


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser("benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all")
    add, threads = parser.add_argument, [2, 1] if machine.cores() > 1 else [1]
    add("--threads", type=int, nargs="+", default=threads, help="one run of the parts with each")
    add("--repeats", type=int, default=30, help="timed turns of each side")
    add("--networks", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    add("--seeds", type=int, default=10, help="training runs of each side in the race")
    add("--fused", action="store_true", help="PyTorch's optimisers with fused=True")
    add("--channels-last", action="store_true", help="PyTorch's images in memory as (N, H, W, C)")
    add("--out", type=Path, default=ROOT / "_build" / "bench", help="folder for record and figures")
    options = parser.parse_args(argv)
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"no part {', '.join(unknown)}; the parts are: {', '.join(PARTS)}")
    if min(*options.threads, options.repeats, options.seeds) < 1:
        parser.error("--threads, --repeats and --seeds must be at least 1")
    options.parts = options.parts or list(PARTS)
    return options


def jobs(options: argparse.Namespace, folder: str) -> dict[str, list[Callable[[], dict]]]:
    """What is to be run, part by part."""
    variant = {"fused": options.fused, "channels_last": options.channels_last}
    chosen, repeats, all_threads = options.networks, options.repeats, options.threads
    return {
        "step": [lambda t=t: step.run(chosen, t, repeats, folder, **variant) for t in all_threads],
        "layers": [lambda t=t: layers.run(chosen, t, repeats, folder) for t in all_threads],
        "seeds": [lambda: seeds.run(all_threads[0], repeats)],
        "race": [lambda t=t: race.run(t, options.seeds, folder) for t in all_threads],
        "gradcheck": [gradcheck.run],
    }


def main(argv: list[str] | None = None) -> int:
    """Runs the parts that were asked for."""
    options = arguments(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    record: dict[str, Any] = {"machine": machine.facts(), "options": vars(options) | {"out": ""}}
    print(_greeting(record["machine"]), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        if {"step", "layers", "race"} & set(options.parts):
            counterparts.write(folder)
        for part, runs in jobs(options, folder).items():
            if part in options.parts:
                record[part] = [_run(part, job) for job in runs]
                write(record, options.out)
    print(f"\nwritten: {options.out / 'bench.json'}", *figure.draw(record, options.out), sep="\n  ")
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
    "seeds": seeds.report,
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
    if load > QUIET:
        text += (
            ": the machine is not quiet. On two threads PyTorch's wait for one another, and a "
            "processor taken from one of them costs it far more than it costs us."
        )
    return text


if __name__ == "__main__":
    sys.exit(main())
