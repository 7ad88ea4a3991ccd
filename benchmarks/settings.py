"""What is measured: the four networks of the benchmark, their batches and optimisers.

Nothing is imported here that either side would not import by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
ADAM_RATE, SGD_RATE, MOMENTUM = 1e-3, 0.01, 0.9
FEW = 2  # samples of the step that comes before memory is counted: it loads what is loaded once
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
    )
}
STATES = {"adam": 2, "sgd": 1}  # vectors that the optimiser keeps beside the parameters
