"""The training loop: batches, steps, averages, and what to say when the data or the numbers are
bad.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from .backend import Array, to_numpy
from .losses import Loss
from .optim import Optimizer

if TYPE_CHECKING:
    from .model import Sequential

History = dict[str, list[float]]


class Callback:
    """Something that `fit` tells how training goes; a subclass overrides what it wants to hear.

    The attributes `model`, `optimizer` and `history` are set before `on_start`; set `stop` to True
    to end after this epoch.
    """

    model: "Sequential"
    optimizer: Optimizer
    history: History
    stop = False

    def on_start(self) -> None:
        """Before the first epoch."""

    def on_step(self, step: int, loss: float) -> None:
        """After the update of step 0, 1, … of this `fit`."""

    def on_epoch(self, epoch: int) -> None:
        """After epoch 0, 1, …; `history` already has its row."""

    def on_end(self) -> None:
        """After the last epoch, also when stopped early."""


# -- one step -------------------------------------------------------------------------------------


def step(
    model: "Sequential", x: Array, labels: Array, loss: Loss, optimizer: Optimizer
) -> tuple[float, Array]:
    """Forward, loss, backward, update; returns the loss before the update and the output.

    Parameters
    ----------
    model : built. x : (N, *input_shape), admitted. labels : what the loss takes. loss, optimizer :
        objects.

    Raises
    ------
    FloatingPointError : if the loss, a gradient or a running statistic is not finite; nothing is
        updated then.
    """
    states = [state for layer in model.layers for state in layer.state.values()]
    before = [state.copy() for state in states]
    with np.errstate(all="ignore"):  # what overflows is reported here, in one sentence
        value, output = model.engine.forward_backward(x, labels, loss)
        if not (math.isfinite(value) and all(map(_finite, (model.grads.flat, *states)))):
            reason = _where_it_began(model, x, labels, loss)
            for state, good in zip(states, before, strict=True):
                state[...] = good
            raise FloatingPointError(reason)
    optimizer.update(model.params, model.grads, model.engine.threads)
    return value, output


def _finite(x: Array) -> bool:
    """Whether all numbers are finite: NaN and ±∞ survive into the minimum or the maximum."""
    return not x.size or (math.isfinite(float(x.min())) and math.isfinite(float(x.max())))


def _where_it_began(model: "Sequential", x: Array, labels: Array, loss: Loss) -> str:
    """The sentence that names the first layer whose numbers are not finite, forward or backward."""
    if not _finite(x):
        return "the input holds NaN or ±∞; clean the data before training"
    y, caches = x, []
    for i, layer in enumerate(model.layers):
        y, cache = layer.compute(y, train=True)
        caches.append(cache)
        if not _finite(y):
            broken = [name for name, w in layer.params.items() if not _finite(w)]
            what = f"its parameters {', '.join(broken)}" if broken else "its activations"
            return f"{what} are not finite in layer {i}, {layer!r}; try a smaller learning rate"
        if not all(map(_finite, layer.state.values())):
            return (
                f"the variance of its input overflows in layer {i}, {layer!r}; "
                "try a smaller learning rate"
            )
    value, cache = loss.compute(y, labels)
    if not math.isfinite(value):
        return (
            f"the activations are finite, but {type(loss).__name__} gives {value}; "
            f"its input goes up to {float(y.max()):g}"
        )
    d = loss.gradient(cache)
    for i in reversed(range(len(model.layers))):
        d, grads = model.layers[i].gradients(d, caches[i])
        if not (_finite(d) and all(map(_finite, grads.values()))):
            return (
                f"the gradients of layer {i}, {model.layers[i]!r}, are not finite; "
                "try a smaller learning rate"
            )
    return "a number was not finite, but not when computed again (dropout draws anew)"


# -- the door -------------------------------------------------------------------------------------


def admit_pair(model: "Sequential", x: Array, labels: Array) -> tuple[Array, Array]:
    """Data and labels at the model's door: converted once, and refused with one sentence where they
    cannot be used.

    Parameters
    ----------
    x : (N, *input_shape), numbers of any dtype. labels : (N,) or (N, …).

    Returns
    -------
    x, labels : in the model's dtype and library.

    Raises
    ------
    ValueError : for an empty set, NaN or ±∞ in x, or another number of labels than of samples.
    """
    x, labels = model.admit(x), model.xp.asarray(labels)
    if len(labels) != len(x):
        raise ValueError(f"{len(x)} samples, but {len(labels)} labels; each sample needs one")
    if not _finite(x):
        n = int((~np.isfinite(to_numpy(x))).reshape(len(x), -1).any(axis=1).argmax())
        raise ValueError(f"sample {n} of x holds NaN or ±∞; clean the data before training")
    return x, labels


def _check_labels(model: "Sequential", labels: Array, loss: Loss) -> None:
    """Lets the loss look at all labels once, on outputs of zeros, so that a bad one is found before
    the first step.
    """
    for start in range(0, len(labels), 4096):
        part = labels[start : start + 4096]
        try:
            loss.compute(model.xp.zeros((len(part), *model.output_shape), dtype=model.dtype), part)
        except ValueError as error:
            where = f" (in samples from {start} on)" if start else ""
            raise ValueError(f"{error}{where}") from None


# -- the loop -------------------------------------------------------------------------------------


def fit(
    model: "Sequential",
    x: Array,
    labels: Array,
    *,
    loss: Loss,
    optimizer: Optimizer,
    epochs: int = 1,
    batch_size: int = 32,
    validation: tuple[Array, Array] | float | None = None,
    rng: np.random.Generator | None = None,
    augment: Callable[..., Array] | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool = True,
) -> History:
    """Trains for some epochs: shuffle, cut into batches, step; after each epoch, validate.

    Parameters
    ----------
    model : built.
    x : (N, *input_shape), numbers of any dtype.
    labels : (N,) integer classes, (N, K) one-hot, or what the loss takes.
    loss, optimizer : for instance `SoftmaxCrossEntropy()` and `SGD(0.1, momentum=0.9)`.
    epochs : passes through the data.
    batch_size : samples a step, at most N; the last batch of an epoch may be smaller.
    validation : (x, labels), or the share of the data to keep aside (drawn by rng), or None.
    rng : shuffles; a fresh one unless given.
    augment : called as augment(x, rng=rng) with every batch, for instance `nn.data.augment`.
    callbacks : told of every step and epoch.
    progress : whether to show a bar, in a terminal or a notebook.

    Returns
    -------
    history : {"loss", "accuracy", "val_loss", "val_accuracy": a number an epoch; "step_loss": a
        number a step}. The training numbers are running averages over the epoch, while the weights
        move.

    Raises
    ------
    ValueError : for data or options that cannot be used; before anything is changed.
    FloatingPointError : at the first step whose loss is not finite, naming the layer; the last good
        weights stay in place.

    Notes
    -----
    Book: LeNet reads handwriting.
    """
    model._require_built()
    rng = np.random.default_rng() if rng is None else rng
    x, labels = admit_pair(model, x, labels)
    if isinstance(validation, float):
        x, labels, validation = _hold_out(x, labels, validation, rng)
    if validation is not None:
        validation = admit_pair(model, *validation)
    if not 1 <= batch_size <= len(x):
        raise ValueError(
            f"batch_size must be from 1 to the number of samples, {len(x)}, got {batch_size}"
        )
    for some_labels in (labels, *(validation or ())[1:]):
        _check_labels(model, some_labels, loss)
    run = _Run(model, loss, optimizer, callbacks, progress)
    run.start()
    for epoch in range(epochs):
        run.epoch(epoch, epochs, x, labels, batch_size, rng, augment)
        if validation is not None:
            run.validate(*validation)
        run.end_epoch(epoch)
        if any(callback.stop for callback in callbacks):
            break
    run.end()
    return run.history


def _hold_out(
    x: Array, labels: Array, share: float, rng: np.random.Generator
) -> tuple[Array, Array, tuple[Array, Array]]:
    """Keeps a random share of the data aside for validation."""
    count = round(share * len(x))
    if not 0 < count < len(x):
        raise ValueError(
            f"validation={share} of {len(x)} samples leaves an empty part; "
            "give a share between 0 and 1"
        )
    order = rng.permutation(len(x))
    held, kept = order[:count], order[count:]
    return x[kept], labels[kept], (x[held], labels[held])


class _Run:
    """One call of `fit`: its history, its running averages, its last good weights."""

    def __init__(
        self,
        model: "Sequential",
        loss: Loss,
        optimizer: Optimizer,
        callbacks: Sequence[Callback],
        progress: bool,
    ) -> None:
        self.model, self.loss, self.optimizer, self.callbacks = model, loss, optimizer, callbacks
        self.progress, self.steps = progress, 0
        self.history: History = {name: [] for name in ("loss", *loss.metrics, "step_loss")}
        self.good, self.spare = model.params.flat.copy(), model.params.flat.copy()

    def tell(self, event: str, *args: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(*args)

    def start(self) -> None:
        for callback in self.callbacks:
            callback.model, callback.optimizer, callback.history = (
                self.model,
                self.optimizer,
                self.history,
            )
            callback.stop = False
        self.tell("on_start")

    def epoch(
        self,
        epoch: int,
        epochs: int,
        x: Array,
        labels: Array,
        batch_size: int,
        rng: np.random.Generator,
        augment: Any,
    ) -> None:
        """One pass through the shuffled data; its running averages become a row of the history."""
        order = rng.permutation(len(x))
        averages = dict.fromkeys(("loss", *self.loss.metrics), 0.0)
        seen = 0
        starts = range(0, len(x), batch_size)
        with self.bar(starts, f"epoch {epoch + 1}/{epochs}") as bar:
            for start in bar:
                rows = order[start : start + batch_size]
                batch = x[rows] if augment is None else self.model.admit(augment(x[rows], rng=rng))
                scores = self.step(batch, labels[rows], epoch)
                seen += len(rows)
                for name, score in scores.items():
                    averages[name] += (score - averages[name]) * len(rows) / seen
                if self.progress:
                    bar.set_postfix(
                        {name: f"{value:.4f}" for name, value in averages.items()}, refresh=False
                    )
        for name, value in averages.items():
            self.history[name].append(value)

    def step(self, x: Array, labels: Array, epoch: int) -> dict[str, float]:
        """One update. The weights before it become the last good ones once their loss has proved
        finite.
        """
        self.spare[:] = self.model.params.flat
        try:
            value, output = step(self.model, x, labels, self.loss, self.optimizer)
        except FloatingPointError as error:
            self.model.params.flat[:] = self.good
            raise FloatingPointError(
                f"training stopped at step {self.steps} (epoch {epoch + 1}): {error}; "
                "the last good weights are in place"
            ) from None
        self.good, self.spare = self.spare, self.good
        self.history["step_loss"].append(value)
        self.tell("on_step", self.steps, value)
        self.steps += 1
        return {"loss": value} | {
            name: metric(output, labels) for name, metric in self.loss.metrics.items()
        }

    def validate(self, x: Array, labels: Array) -> None:
        for name, value in self.model.evaluate(x, labels, self.loss).items():
            self.history.setdefault(f"val_{name}", []).append(value)

    def end_epoch(self, epoch: int) -> None:
        self.tell("on_epoch", epoch)

    def end(self) -> None:
        self.tell("on_end")

    def bar(self, steps: Iterable[int], label: str) -> Any:
        """A progress bar for a terminal or a notebook, or just the steps."""
        if not self.progress:
            return nullcontext(steps)
        import warnings

        with warnings.catch_warnings():
            # tqdm warns where a notebook has no widgets, and falls back to text by itself
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm

            return tqdm(steps, desc=label, unit="step", dynamic_ncols=True)
