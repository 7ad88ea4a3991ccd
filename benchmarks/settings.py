"""What is measured: the networks of the benchmark, their batches and optimisers; and how long.

Nothing is imported here that a side would not import by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
ADAM_RATE, SGD_RATE, MOMENTUM = 1e-3, 0.01, 0.9
BATCHES = 8  # different batches that the steps take in turn, as an epoch does
FEW = 8  # samples of the step that comes before memory is counted: it loads what is loaded once
FIRST = 3  # training steps whose losses must agree on all sides
RACE_BATCH, RACE_RATE, RACE_BETAS = 256, 0.01, (0.7, 0.9)


class Setting(NamedTuple):
    """A network of the zoo by name, the samples in a batch, and "adam" or "sgd" (with momentum)."""

    network: str
    batch: int
    optimizer: str


SETTINGS = {
    setting.network: setting
    for setting in (
        Setting("mlp", 128, "adam"),
        Setting("lenet", 128, "sgd"),
        Setting("fast", 256, "adam"),
        Setting("wide", 128, "adam"),
        Setting("vgg", 64, "adam"),
        Setting("resnet", 64, "sgd"),
    )
}
WITH_IMAGES = [name for name in SETTINGS if name != "mlp"]  # where a memory format matters
STATES = {"adam": 2, "sgd": 1}  # vectors that the optimiser keeps beside the parameters


class Block(NamedTuple):
    """A turn: runs one right after the other. The first ones are dropped, at least `lead` of them
    and `lead_s` seconds; then at least `runs` and `seconds` are timed, one by one."""

    lead: int = 3
    lead_s: float = 0.1
    runs: int = 5
    seconds: float = 0.5


QUICK = Block(lead=3, lead_s=0.05, runs=3, seconds=0.15)
