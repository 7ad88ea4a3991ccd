"""Whom a training step is compared with, and what each needs to run."""

from __future__ import annotations

import importlib.util
import shutil
import statistics
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, NamedTuple

from .lockstep import Side, alternate
from .settings import WITH_IMAGES, Block

TRIAL = 3  # blocks of each variant
COMPILERS = ("g++", "clang++", "c++")


class Peer(NamedTuple):
    """One of the others.

    Parameters
    ----------
    title : as the report names it.
    module : of its tasks, a module here.
    variants : arguments of its step. Where there are several, a short trial on each network of
        images decides.
    """

    title: str
    module: str
    variants: tuple[Mapping[str, Any], ...] = ({},)


# Our engine asks the C library to keep what a step frees. It is an option of the whole process that
# anyone can set, and makes each of these faster: only what comes as it comes goes without.
KEEP = {"keep_memory": True}
FUSED = {"fused": True, **KEEP}

PEERS = {
    "eager": Peer("PyTorch as it comes", "in_torch"),
    "tuned": Peer(
        "PyTorch, tuned",
        "in_torch",
        ({"channels_last": False, **FUSED}, {"channels_last": True, **FUSED}),
    ),
    "compile": Peer("torch.compile", "in_torch", ({"compiled": True, **FUSED},)),
    "jax": Peer("JAX jit", "in_jax", ({"layout": "NCHW", **KEEP}, {"layout": "NHWC", **KEEP})),
}


def missing(name: str) -> str:
    """What keeps a peer from running here; "" if nothing does."""
    library = PEERS[name].module.removeprefix("in_")
    if importlib.util.find_spec(library) is None:
        return f"{library} is not installed"
    if name == "compile" and not any(map(shutil.which, COMPILERS)):
        return "there is no C++ compiler"
    return ""


def chosen(name: str, network: str, threads: int, folder: str, block: Block) -> dict[str, Any]:
    """The arguments of a peer's step on a network: of several the fastest in a short trial."""
    variants = [dict(variant) for variant in PEERS[name].variants]
    if len(variants) == 1 or network not in WITH_IMAGES:
        return variants[0]
    with ExitStack() as stack:
        sides = [
            stack.enter_context(side(name, network, threads, folder, label=str(i), **variant))
            for i, variant in enumerate(variants)
        ]
        times = alternate(sides, TRIAL, block=block)
    seconds = [statistics.median(times[one.name]["step"]) for one in sides]
    return variants[seconds.index(min(seconds))]


def side(
    name: str, network: str, threads: int, folder: str, *, label: str = "", **variant: Any
) -> Side:
    """A peer's process, ready to take steps; its times are reported under `label`."""
    arguments = {"network": network, "threads": threads, "folder": folder, **variant}
    return Side(PEERS[name].module, "Step", name=label or name, processors=threads, **arguments)
