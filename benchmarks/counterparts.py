"""Writes every network of the benchmark as a module of PyTorch's, with our weights, and its batch.

    python -m benchmarks.counterparts FOLDER

A process of its own, since it needs both libraries and the two sides shall each know only one.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .settings import ROOT, SETTINGS


def write(folder: str) -> None:
    """Runs this module: {network}.pt for every network, (module, batch, labels)."""
    command = [sys.executable, "-m", "benchmarks.counterparts", folder]
    subprocess.run(command, cwd=ROOT, check=True)


def main(folder: Path) -> None:
    """Writes the files."""
    import numpy as np
    import torch

    from course_nn import interop, zoo

    from .ours import batch_of

    for name in SETTINGS:
        module = interop.to_torch(zoo.build(name, rng=np.random.default_rng(0)))
        batch = map(torch.from_numpy, batch_of(name))
        torch.save((module, *batch), folder / f"{name}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
