"""Somebody else's samples, each run or counted: what cannot be expressed here has a reason."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple, NoReturn

import numpy as np


class Inexpressible(Exception):
    """A sample that asks for what course_nn has not; the reason is counted."""


def cannot(reason: str) -> NoReturn:
    raise Inexpressible(reason)


class Tally(NamedTuple):
    """How many samples ran, and how many could not, by reason."""

    ran: int
    inexpressible: dict[str, int]


def tally(samples: Iterable[tuple[str, Callable[[], None]]]) -> Tally:
    """Runs every sample; those that disagree are named together at the end.

    >>> tally([("one", lambda: None), ("two", lambda: cannot("a third axis"))])
    Tally(ran=1, inexpressible={'a third axis': 1})
    """
    ran, reasons, wrong = 0, Counter[str](), []
    for name, compare in samples:
        try:
            compare()
            ran += 1
        except Inexpressible as error:
            reasons[str(error)] += 1
        except Exception as error:  # whatever it is, the others are run too
            wrong.append(f"{name}: {type(error).__name__}: {error}")
    if wrong:
        raise AssertionError(f"{len(wrong)} of them disagree:\n" + "\n".join(wrong))
    return Tally(ran, dict(reasons))


def as_images(*arrays: np.ndarray) -> list[np.ndarray]:
    """Images (N, C, H, W), or signals (N, C, W) as images of one row."""
    if any(a.ndim > 4 for a in arrays):
        cannot("volumes")
    return [a[:, :, None, :] if a.ndim == 3 else a for a in arrays]


def in_rows(z: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores (N, K, …) as (·, K), labels (N, …) or (N, K, …) likewise: every place a sample."""
    rows = np.moveaxis(z, 1, -1).reshape(-1, z.shape[1])
    if labels.shape == z.shape and labels.dtype.kind == "f":
        return rows, np.moveaxis(labels, 1, -1).reshape(rows.shape)
    return rows, labels.reshape(-1)


def out_of_rows(rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(·, K) back as (N, K, …)."""
    return np.moveaxis(rows.reshape(shape[0], *shape[2:], shape[1]), -1, 1)


def shares(
    t: np.ndarray, weight: np.ndarray | None, classes: int, ignore_index: int | None
) -> np.ndarray:
    """What every sample counts for: its class's weight, or nothing where it is ignored."""
    w = np.ones(classes) if weight is None else weight
    if w.min() < 0:
        cannot("a negative class weight")
    if t.ndim == 2:
        return np.ones(len(t))
    counts = np.where(t == ignore_index, 0, w[np.where(t == ignore_index, 0, t)])
    if not counts.any():
        cannot("a mean over nothing")
    return counts


def headroom(log_p: np.ndarray) -> float:
    """What to take off so that no "log-probability" of theirs, which is any number, is above 0.

    A mean of them then is larger by as much, and its gradient is the same.
    """
    return max(0.0, float(log_p.max()))
