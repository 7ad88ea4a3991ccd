"""What an exercise is made of: questions, the arrays they ask for, and the known mistakes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

Arrays = tuple[np.ndarray, ...]
Inputs = tuple[np.ndarray | float, ...]  # arrays first; a number is, for example, a learning rate


def dtype_of(inputs: Inputs) -> np.dtype:
    """The dtype of a function's arguments, which its answer must have: that of the first."""
    return np.asarray(inputs[0]).dtype


@dataclass(frozen=True)
class Mistake:
    """A known mistake: what to say, and `wrong(right, *inputs)`, the answer that it gives."""

    says: str
    wrong: Callable[..., ArrayLike]


@dataclass(frozen=True)
class Output:
    """One returned array: the letters of its axes, and the mistakes that are known for it."""

    axes: str
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True)
class Question:
    """One function that a student writes, and all that is needed to tell right from wrong.

    `draw(rng, **sizes)` gives inputs, `right(*inputs)` one array for each of `outputs`, `square`
    sizes at which every mistake fits its shapes, to recognise one by its numbers. `kind` is what
    the outputs are: "value" or "gradient".
    """

    number: str
    name: str
    inputs: tuple[str, ...]
    draw: Callable[..., Inputs]
    right: Callable[..., Arrays]
    outputs: dict[str, Output]
    square: dict[str, int]
    kind: str = "value"

    @property
    def title(self) -> str:
        """The task as it is called in messages."""
        return f"Task {self.number}, {self.name}"
