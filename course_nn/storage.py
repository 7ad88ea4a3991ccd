"""Saving and loading: a model, and what a stopped run needs to go on, in one file.

The file is one of safetensors', see `archive`; what it says of the layers is in `description`.
"""

import os
from typing import NamedTuple

import numpy as np

from .description import StorageError, resume
from .model import Sequential
from .optim import Optimizer

__all__ = ["Saved", "StorageError", "load", "resume", "save"]


class Saved(NamedTuple):
    """What a file held; `optimizer` and `rng` are None where it held none."""

    model: Sequential
    optimizer: Optimizer | None
    rng: np.random.Generator | None


def save(
    model: Sequential,
    path: str | os.PathLike,
    *,
    optimizer: Optimizer | None = None,
    rng: np.random.Generator | None = None,
) -> None:
    """Writes a model into one file: `model.save(path, optimizer=…, rng=…)`.

    >>> import tempfile
    >>> import course_nn as nn
    >>> model = nn.Sequential([nn.Dense(10)])
    >>> _ = model.build((4,), rng=np.random.default_rng(0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, folder + "/model.safetensors")
    ...     again = load(folder + "/model.safetensors").model
    >>> bool((again.params["0.W"] == model.params["0.W"]).all())
    True
    """
    model.save(path, optimizer=optimizer, rng=rng)


def load(path: str | os.PathLike, *, device: str = "cpu") -> Saved:
    """Reads what `save` wrote; runs nothing of it, and hands out all of it or nothing.

    Parameters
    ----------
    path : of the file.
    device : "cpu", or "gpu" for CuPy; need not be the one it was saved from.

    Returns
    -------
    saved : (model, optimizer, rng); the last two are None where the file holds none.

    Raises
    ------
    FileNotFoundError : if there is no such file.
    StorageError : for a file that is damaged, cut short, foreign, newer than this course_nn, or at
        odds with itself.
    RuntimeError : if the GPU is asked for and there is none.

    Examples
    --------
    A run that is stopped and resumed continues bit for bit:

    >>> import tempfile
    >>> import course_nn as nn
    >>> model, rng = nn.Sequential([nn.Dense(2)]), np.random.default_rng(0)
    >>> _ = model.build((3,), rng=rng)
    >>> optimizer = nn.Adam(nn.schedule.Cosine(0.1, steps=100))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, folder + "/run.safetensors", optimizer=optimizer, rng=rng)
    ...     again = load(folder + "/run.safetensors")
    >>> again.optimizer.lr, bool(again.rng.random() == rng.random())
    (Cosine(lr=0.1, steps=100), True)
    """
    return Saved(*Sequential.load_run(path, device=device))
