"""How far a training is: one bar where somebody looks, a few lines where only a log listens."""

import math
import sys
import warnings
from typing import Any

LINES = 10  # of a log, at most, however many epochs there are


def seen() -> bool:
    """Whether a bar that moves can be seen: in a terminal or a notebook, not in a log.

    >>> seen() in (True, False)
    True
    """
    notebook = sys.modules.get("IPython")
    shell = notebook.get_ipython() if notebook else None
    return hasattr(shell, "kernel") or sys.stderr.isatty()


def numbers(averages: dict[str, float]) -> str:
    """Quantities in a line.

    >>> numbers({"loss": 0.25, "val_accuracy": 0.9875})
    'loss 0.2500, val_accuracy 0.9875'
    """
    return ", ".join(f"{name} {value:.4f}" for name, value in averages.items())


class Progress:
    """Shows the steps of a whole training on the standard error: one bar, or a few lines.

    Parameters
    ----------
    wanted : whether to show anything.
    epochs, steps : in all, and an epoch.

    Examples
    --------
    >>> quiet = Progress(False, epochs=3, steps=10)
    >>> quiet.step(0, {"loss": 0.5}); quiet.close()
    """

    def __init__(self, wanted: bool, epochs: int, steps: int) -> None:
        self.epochs, self.bar = epochs, _bar(epochs * steps) if wanted and seen() else None
        self.every = math.ceil(epochs / LINES) if wanted and self.bar is None else 0

    def step(self, epoch: int, averages: dict[str, float]) -> None:
        """A step of this epoch, counted from 0, is done."""
        if self.bar is not None:
            self.bar.set_description(f"epoch {epoch + 1}/{self.epochs}", refresh=False)
            self.bar.set_postfix_str(numbers(averages), refresh=False)
            self.bar.update()

    def epoch(self, epoch: int, row: dict[str, float], last: bool) -> None:
        """An epoch is done, with these numbers, perhaps as the last one."""
        if self.bar is not None:
            self.bar.set_postfix_str(numbers(row))
        elif self.every and (last or (epoch + 1) % self.every == 0):
            print(f"epoch {epoch + 1}/{self.epochs}: {numbers(row)}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Nothing more comes."""
        if self.bar is not None:
            self.bar.close()


def _bar(total: int) -> Any:
    with warnings.catch_warnings():
        # tqdm warns where a notebook has no widgets, and falls back to text by itself
        warnings.simplefilter("ignore")
        from tqdm.auto import tqdm

        return tqdm(total=total, unit="step", dynamic_ncols=True)
