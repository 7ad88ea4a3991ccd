"""What NumPy's and Python's own functions were before a student's code ran: put back, and told.

A check runs in the student's own process: `np.abs = my_abs` changes what it computes too.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

ARITHMETIC = (
    "abs", "all", "any", "bool", "dict", "enumerate", "float", "int", "isinstance", "len", "list",
    "map", "max", "min", "range", "round", "set", "sorted", "str", "sum", "tuple", "zip",
)  # fmt: skip
MODULES: dict[str, ModuleType] = {
    "np": np, "np.linalg": np.linalg, "np.random": np.random, "np.fft": np.fft,
    "np.lib.stride_tricks": np.lib.stride_tricks, "math": math, "builtins": builtins,
}  # fmt: skip
BEFORE: dict[str, dict[str, Any]] = {
    said: {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and (module is not builtins or name in ARITHMETIC)
    }
    for said, module in MODULES.items()
}


def restored() -> list[str]:
    """Put back what has another meaning now; the names, such as "np.abs".

    >>> np.abs = len
    >>> restored(), int(np.abs(-1))
    (['np.abs'], 1)
    """
    found = []
    for said, before in BEFORE.items():
        now = vars(MODULES[said])
        for name, value in before.items():
            if now.get(name) is not value:
                setattr(MODULES[said], name, value)
                found.append(name if said == "builtins" else f"{said}.{name}")
    return found


class Guarded:
    """A function after each of whose calls every name has its own meaning again.

    `replaced` are the names that it gave another. All else of the function can be asked of it.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.replaced = function, dict[str, None]()

    def __call__(self, *inputs: Any) -> Any:
        """What the function returns."""
        try:
            return self.function(*inputs)
        finally:
            self.replaced.update(dict.fromkeys(restored()))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.function, name)
