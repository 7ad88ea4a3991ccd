"""Callbacks: whom `fit` tells how it goes — stop early, keep the best, set the rate, write it down.

Those that look for the best watch a quantity of the history by its name, for instance "val_loss".
One that ends in "accuracy" is better the higher it is, any other the lower, unless `mode` says so.
"""

import csv
import io
import math
import os
import secrets
from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .backend import Array
from .checks import flag, number, takes, whole
from .files import check_place
from .progress import numbers
from .training import Callback, History
from .words import Described, options

Mode = Literal["min", "max"]


def quantities(history: History) -> list[str]:
    """The names that have a number an epoch: all but the step's.

    >>> quantities({"loss": [1.0], "val_loss": [2.0], "step_loss": [1.5, 0.5]})
    ['loss', 'val_loss']
    """
    return [name for name in history if name != "step_loss"]


class _Watching(Described, Callback):
    """Watches one quantity: the best it has been, and after which epoch."""

    monitor: str | None
    mode: Mode | None
    min_delta = 0.0

    def __post_init__(self) -> None:
        if self.mode not in ("min", "max", None):
            raise ValueError(f'mode is "min", "max" or None (by the name), got {self.mode!r}')
        self.watched = "loss" if self.monitor is None else self.monitor
        if not isinstance(self.watched, str):
            raise TypeError(f'monitor must be a name such as "val_loss", got {self.monitor!r}')
        by_name: Mode = "max" if self.watched.endswith("accuracy") else "min"
        self.upwards = (self.mode or by_name) == "max"
        self.forget()

    def forget(self) -> None:
        """Nothing seen yet."""
        self.best = -math.inf if self.upwards else math.inf
        self.best_epoch: int | None = None

    def on_start(self) -> None:
        """Forgets the run before, and refuses a quantity that this one cannot have."""
        self.forget()
        if self.watched not in quantities(self.history):
            self.refuse()

    def refuse(self) -> None:
        """Raises the error that lists what could have been watched."""
        known = ", ".join(quantities(self.history))
        raise ValueError(
            f"{type(self).__name__} watches {self.watched!r}, but this run has only {known}; "
            "a name that begins with val_ needs fit(…, validation=…)"
        )

    def improved(self, epoch: int) -> bool:
        """Whether the quantity is better than its best by more than min_delta; NaN never is."""
        if self.watched not in self.history:
            self.refuse()
        value = self.history[self.watched][-1]
        gain = value - self.best if self.upwards else self.best - value
        if not gain > self.min_delta:
            return False
        self.best, self.best_epoch = value, epoch
        return True


@options
class EarlyStopping(_Watching):
    """Ends the training after `patience` epochs without a gain above min_delta.

    Book: Training, "Samples it has never seen". Prechelt (1998).

    Parameters
    ----------
    monitor : the quantity that is watched.
    patience : epochs without a gain that are borne, at least 1.
    min_delta : what counts as a gain, in the quantity's unit.
    mode : "min", "max", or None to go by the name.
    restore_best : whether the weights and running statistics of the best epoch are put back at the
        end, also when all epochs were run. The optimiser's state is not: train on with a new one.

    Attributes
    ----------
    best, best_epoch : the best number and the epoch, from 0, that gave it (None: none did).

    Raises
    ------
    ValueError : before the first epoch, for a quantity that the run does not have; the message
        lists those it has.

    Examples
    --------
    >>> import course_nn as nn
    >>> model, rng = nn.Sequential([nn.Dense(2)]), np.random.default_rng(0)
    >>> _ = model.build((3,), rng=rng)
    >>> stop = EarlyStopping("loss", patience=2)
    >>> history = model.fit(
    ...     np.zeros((8, 3)), np.zeros(8, int), loss=nn.SoftmaxCrossEntropy(),
    ...     optimizer=nn.SGD(0.0), epochs=9, batch_size=8, callbacks=[stop], progress=False)
    >>> len(history["loss"]), stop.best_epoch
    (3, 0)
    """

    monitor: str = "val_loss"
    patience: int = 3
    min_delta: float = field(default=0.0, kw_only=True)
    mode: Mode | None = field(default=None, kw_only=True)
    restore_best: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.min_delta = number("min_delta", self.min_delta, 0)
        self.restore_best = flag("restore_best", self.restore_best)
        self.patience = whole("patience, in epochs,", self.patience, least=1)
        self.kept: list[Array] = []

    def on_start(self) -> None:
        super().on_start()
        self.kept = []

    def arrays(self) -> list[Array]:
        """The model's parameters and running statistics themselves."""
        return [self.model.params.flat, *self.model.states()]

    def on_epoch(self, epoch: int) -> None:
        if self.improved(epoch):
            self.kept = [a.copy() for a in self.arrays()] if self.restore_best else []
        self.stop = epoch - (-1 if self.best_epoch is None else self.best_epoch) >= self.patience

    def on_end(self) -> None:
        if self.kept:
            for array, kept in zip(self.arrays(), self.kept, strict=True):
                array[...] = kept


@options
class Checkpoint(_Watching):
    """Saves the model, and the optimiser with it, after each epoch that is the best so far.

    Book: Training, "Stopping and going on".

    Parameters
    ----------
    path : of the file, in a folder that is there; replaced whole, never half-written.
    monitor : the quantity that is watched; None saves after every epoch.
    mode : "min", "max", or None to go by the name.
    rng : the generator given to `fit`; saved too, so that a run can be resumed from the file bit
        for bit (see `storage.load`).

    Raises
    ------
    StorageError, OSError : before the first epoch, if the model cannot be saved there: this is
        tried out once.
    ValueError : for a quantity that there is not, see `EarlyStopping`.

    Examples
    --------
    >>> import tempfile
    >>> import course_nn as nn
    >>> model, rng = nn.Sequential([nn.Dense(2)]), np.random.default_rng(0)
    >>> _ = model.build((3,), rng=rng)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     keep = Checkpoint(folder + "/best.npz", "loss", rng=rng)
    ...     _ = model.fit(
    ...         np.eye(3), np.array([0, 1, 1]), loss=nn.SoftmaxCrossEntropy(), optimizer=nn.Adam(),
    ...         epochs=2, batch_size=3, rng=rng, callbacks=[keep], progress=False)
    ...     nn.storage.load(keep.path).optimizer.steps
    2
    """

    path: str | os.PathLike
    monitor: str | None = "val_loss"
    mode: Mode | None = field(default=None, kw_only=True)
    rng: np.random.Generator | None = field(default=None, kw_only=True)

    def on_start(self) -> None:
        super().on_start()
        path = Path(self.path)
        check_place(path)
        rehearsal = path.with_name(f".{secrets.token_hex(4)}.npz")
        try:
            self.save(rehearsal)
        finally:
            rehearsal.unlink(missing_ok=True)

    def save(self, path: str | os.PathLike) -> None:
        """The model and all that goes with it, into one file."""
        self.model.save(path, optimizer=self.optimizer, rng=self.rng)

    def on_epoch(self, epoch: int) -> None:
        if self.improved(epoch) or self.monitor is None:
            self.save(self.path)


@options
class LearningRateSchedule(Described, Callback):
    """Sets the optimiser's learning rate before each epoch: lr ← schedule(epoch).

    For a rate that changes from step to step give the schedule to the optimiser itself.

    Parameters
    ----------
    schedule : epoch 0, 1, 2, … → learning rate, for instance `schedule.Exponential(0.1, 0.9)`.
    first_epoch : where counting begins, for a run that is resumed. A further `fit` with the same
        callback counts on.

    Raises
    ------
    TypeError : if the schedule is not a function.

    Examples
    --------
    >>> import course_nn as nn
    >>> model, optimizer = nn.Sequential([nn.Dense(2)]), nn.SGD()
    >>> _ = model.build((3,), rng=np.random.default_rng(0))
    >>> by_epoch = LearningRateSchedule(nn.schedule.Step(0.4, every=2))
    >>> _ = model.fit(
    ...     np.eye(3), np.array([0, 1, 1]), loss=nn.SoftmaxCrossEntropy(), optimizer=optimizer,
    ...     epochs=2, batch_size=3, callbacks=[by_epoch], progress=False)
    >>> round(optimizer.lr, 6)  # the third epoch's, should there be one
    0.04
    """

    schedule: Callable[[int], float]
    first_epoch: int = 0

    def __post_init__(self) -> None:
        if not callable(self.schedule) or isinstance(self.schedule, type):
            raise TypeError(f"schedule must be a function of the epoch, got {self.schedule!r}")
        takes("schedule", self.schedule, "schedule(epoch)", 0)
        self.epoch = whole("first_epoch", self.first_epoch, least=0)

    def on_start(self) -> None:
        self.optimizer.lr = self.schedule(self.epoch)

    def on_epoch(self, epoch: int) -> None:
        self.epoch += 1
        self.optimizer.lr = self.schedule(self.epoch)


@options
class CSVLogger(Described, Callback):
    """Writes one row an epoch: epoch (from 0), the last step's learning rate, and every quantity.

    Each row is on the disk before the next epoch begins, so an interrupted run keeps its rows.

    Parameters
    ----------
    path : of the file, in a folder that is there.
    append : go on with the file of a run that was stopped: a row that was cut short is dropped,
        the epochs are counted on. Otherwise a file that is there is replaced.

    Raises
    ------
    ValueError : if the file to go on with has other columns.
    OSError : if it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import course_nn as nn
    >>> model = nn.Sequential([nn.Dense(2)])
    >>> _ = model.build((3,), rng=np.random.default_rng(0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = CSVLogger(folder + "/log.csv")
    ...     _ = model.fit(
    ...         np.zeros((4, 3)), np.zeros(4, int), loss=nn.SoftmaxCrossEntropy(),
    ...         optimizer=nn.SGD(0.5), batch_size=4, callbacks=[log], progress=False)
    ...     print(log.path.read_text())
    epoch,learning_rate,loss,accuracy
    0,0.5,0.693147...,1.0
    """

    path: Path
    append: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        self.path, self.append = Path(self.path), flag("append", self.append)

    def on_start(self) -> None:
        self.columns: list[str] = []
        self.first_epoch, self.rate = 0, math.nan
        check_place(self.path)
        if self.append and self.path.exists():
            self.take_up()
        else:
            self.path.write_text("", encoding="utf-8")

    def take_up(self) -> None:
        """The columns and the count of epochs of the file that is there, less a row cut short."""
        text = self.path.read_bytes().decode("utf-8", errors="replace")
        whole = text[: text.rfind("\n") + 1]
        rows = list(csv.reader(io.StringIO(whole)))
        numbered = all(row and row[0].isdecimal() for row in rows[1:])
        if not (numbered and text.startswith("epoch,"[: len(text)])):
            raise ValueError(f"{self.path} is not a log of CSVLogger's; give another path")
        if whole != text:
            self.path.write_text(whole, encoding="utf-8", newline="")
        self.columns = rows[0] if rows else []
        self.first_epoch = int(rows[-1][0]) + 1 if len(rows) > 1 else 0

    def on_step(self, step: int, loss: float) -> None:
        lr = self.optimizer.lr
        self.rate = float(lr(self.optimizer.steps - 1) if callable(lr) else lr)

    def on_epoch(self, epoch: int) -> None:
        values = {name: self.history[name][-1] for name in quantities(self.history)}
        row = {"epoch": self.first_epoch + epoch, "learning_rate": self.rate, **values}
        if not self.columns:
            self.columns = list(row)
            self.write(self.columns)
        if self.columns != list(row):
            raise ValueError(
                f"{self.path} has the columns {', '.join(self.columns)}, but this run has "
                f"{', '.join(row)}; give another path"
            )
        self.write(list(row.values()))

    def write(self, row: list[Any]) -> None:
        """One line, on the disk when this returns."""
        with open(self.path, "a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(row)
            file.flush()
            os.fsync(file.fileno())


@options
class ProgressPrinter(Described, Callback):
    """Prints a line every few epochs; with `fit(…, progress=False)`, for logs without a terminal.

    Parameters
    ----------
    every : epochs to a line.

    Raises
    ------
    ValueError : if that is less than one.

    Examples
    --------
    >>> printer = ProgressPrinter()
    >>> printer.history = {"loss": [0.25], "val_accuracy": [0.9875], "step_loss": [0.3, 0.2]}
    >>> printer.on_epoch(0)
    epoch 1: loss 0.2500, val_accuracy 0.9875
    """

    every: int = 1

    def __post_init__(self) -> None:
        self.every = whole("every, in epochs,", self.every, least=1)

    def on_epoch(self, epoch: int) -> None:
        if (epoch + 1) % self.every == 0:
            row = {name: self.history[name][-1] for name in quantities(self.history)}
            print(f"epoch {epoch + 1}: {numbers(row)}", flush=True)
