"""What a side gets handed: a network's description, its weights and batches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np


def read(folder: str, network: str) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """The description, and the arrays by name."""
    text = (Path(folder) / f"{network}.json").read_text(encoding="utf-8")
    with np.load(Path(folder) / f"{network}.npz") as arrays:
        return json.loads(text), {name: arrays[name] for name in arrays.files}
