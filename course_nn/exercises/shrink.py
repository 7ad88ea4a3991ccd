"""The smallest failing inputs: sizes down to 1, numbers few and whole, while it still fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..threads import own_seconds

Inputs = dict[str, Any]
SECONDS, CALLS = 0.5, 60


class _Search:
    """Asks whether inputs fail, within the calls and seconds allowed."""

    def __init__(self, fails: Callable[[Inputs], bool]) -> None:
        self.fails, self.calls, self.end = fails, 0, own_seconds() + SECONDS

    def __call__(self, inputs: Inputs) -> bool:
        self.calls += 1
        if self.calls > CALLS or own_seconds() > self.end:
            return False
        return self.fails(inputs)


def smallest(
    fails: Callable[[Inputs], bool],
    draw: Callable[[dict[str, int], np.random.Generator], Inputs],
    sizes: dict[str, int],
    rng: np.random.Generator,
) -> Inputs | None:
    """The smallest inputs found that fail, or None where whole numbers never do.

    Parameters
    ----------
    fails : whether a function is wrong for these inputs, in the same way as before.
    draw : inputs of these sizes, with few whole numbers.
    sizes : where the search begins.

    Examples
    --------
    >>> draw = lambda sizes, rng: {"x": rng.integers(-2, 4, sizes["N"])}
    >>> found = smallest(lambda i: i["x"].sum() > 0, draw, {"N": 4}, np.random.default_rng(0))
    >>> bool(found["x"].sum() > 0)
    True
    """
    search, inputs = _Search(fails), None
    for candidate in _drawn(draw, sizes, rng):
        if search(candidate):
            inputs = candidate
            break
    if inputs is None:
        return None
    for letter in sizes:
        for size in range(1, sizes[letter]):
            smaller = {**sizes, letter: size}
            found = next((c for c in _drawn(draw, smaller, rng, 2) if search(c)), None)
            if found is not None:
                sizes, inputs = smaller, found
                break
    return _simpler(search, inputs)


def _drawn(draw: Any, sizes: dict[str, int], rng: np.random.Generator, count: int = 3) -> Any:
    """A few draws; sizes that the shapes do not allow give none."""
    for _ in range(count):
        try:
            yield draw(sizes, rng)
        except (ValueError, ZeroDivisionError, IndexError):
            return


def _simpler(search: _Search, inputs: Inputs) -> Inputs:
    """The numbers one by one to 1 or 0, while it still fails; whole arrays to 1 first."""
    for name, value in inputs.items():
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "fi" or value.size > 12:
            continue
        for k in range(value.size):
            for number in (0, 1):
                if value.flat[k] in (0, 1):
                    break
                changed = value.copy()
                changed.flat[k] = number
                if search({**inputs, name: changed}):
                    inputs, value = {**inputs, name: changed}, changed
                    break
    return inputs
