"""The training loop: batches, steps, averages.

It is also here that data and numbers are looked at, and refused in one sentence if they are bad.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from .backend import Array, to_numpy
from .checks import generator as expect_generator
from .layers import Layer
from .losses import Loss
from .optim import Optimizer

if TYPE_CHECKING:
    from .model import Sequential

History = dict[str, list[float]]


class Callback:
    """Something that `fit` tells how training goes; a subclass overrides what it wants to hear.

    Attributes
    ----------
    model, optimizer, history : those of the run; set before `on_start`.
    stop : set it to True to end after this epoch.

    Examples
    --------
    >>> import course_nn as nn
    >>> class Greedy(Callback):
    ...     def on_step(self, step, loss):
    ...         print(f"step {step}: {loss:.4f}")
    >>> model = nn.Sequential([nn.Dense(2)])
    >>> _ = model.build((3,), rng=np.random.default_rng(0))
    >>> _ = model.fit(
    ...     np.zeros((4, 3)), np.zeros(4, int), loss=nn.SoftmaxCrossEntropy(),
    ...     optimizer=nn.SGD(0.5), batch_size=2, callbacks=[Greedy()], progress=False)
    step 0: 0.6931
    step 1: 0.4741
    """

    model: "Sequential"
    optimizer: Optimizer
    history: History
    stop = False

    def on_start(self) -> None:
        """Before the first epoch."""

    def on_step(self, step: int, loss: float) -> None:
        """After the update of a step; `step` counts from 0 in this `fit`, `loss` is before it."""

    def on_epoch(self, epoch: int) -> None:
        """After an epoch, counted from 0; `history` already has its row."""

    def on_end(self) -> None:
        """After the last epoch, also when stopped early."""


# -- one step -------------------------------------------------------------------------------------


def step(
    model: "Sequential", x: Array, labels: Array, loss: Loss, optimizer: Optimizer
) -> tuple[float, Array]:
    """Forward, loss, backward, update: w ← w − step(∂L/∂w).

    Parameters
    ----------
    model : built; its parameters, gradients and running statistics are changed in place.
    x : (N, *input_shape), admitted.
    labels : what the loss takes.
    loss, optimizer : for instance `SoftmaxCrossEntropy()` and `SGD(0.1)`.

    Returns
    -------
    value : float, the loss before the update.
    output : (N, *output_shape), the last layer's, before the update.

    Raises
    ------
    FloatingPointError : if the loss, a gradient or a running statistic is not finite; nothing is
        updated then.

    Examples
    --------
    >>> import course_nn as nn
    >>> model = nn.Sequential([nn.Dense(1, init=nn.init.zeros)])
    >>> _ = model.build((2,), rng=np.random.default_rng(0))
    >>> x, t = np.ones((4, 2), np.float32), np.ones((4, 1), np.float32)
    >>> step(model, x, t, nn.MeanSquaredError(), nn.SGD(0.5))[0], model.params["0.b"]
    (1.0, array([1.], dtype=float32))
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
        if fault := _forward_fault(layer, y):
            return f"{fault} in layer {i}, {layer!r}; try a smaller learning rate"
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


def _forward_fault(layer: Layer, y: Array) -> str:
    """What is not finite after a layer's forward pass; "" if nothing is."""
    if not _finite(y):
        broken = [name for name, w in layer.params.items() if not _finite(w)]
        what = f"its parameters {', '.join(broken)}" if broken else "its activations"
        return f"{what} are not finite"
    if not all(map(_finite, layer.state.values())):
        return "the variance of its input overflows"
    return ""


# -- the door -------------------------------------------------------------------------------------


def admit_pair(model: "Sequential", x: Array, labels: Array) -> tuple[Array, Array]:
    """Data and labels at the model's door: converted once, refused where they cannot be used.

    Parameters
    ----------
    model : built.
    x : (N, *input_shape), numbers of any dtype.
    labels : (N,) or (N, …).

    Returns
    -------
    x : (N, *input_shape), in the model's dtype and library.
    labels : in the model's library.

    Raises
    ------
    ShapeError : if the samples have another shape than the model was built for.
    ValueError : for an empty set, NaN or ±∞ in x, or another number of labels than of samples.

    Examples
    --------
    >>> import course_nn as nn
    >>> model = nn.Sequential([nn.Dense(2)])
    >>> _ = model.build((3,), rng=np.random.default_rng(0))
    >>> admit_pair(model, np.zeros((2, 3)), [0, 1, 1])
    Traceback (most recent call last):
        ...
    ValueError: 2 samples, but 3 labels; each sample needs one
    """
    x, labels = model.admit(x), model.xp.asarray(labels)
    count = len(labels) if labels.ndim else 0
    if count != len(x):
        raise ValueError(f"{len(x)} samples, but {count} labels; each sample needs one")
    if not _finite(x):
        n = int((~np.isfinite(to_numpy(x))).reshape(len(x), -1).any(axis=1).argmax())
        raise ValueError(f"sample {n} of x holds NaN or ±∞; clean the data before training")
    return x, labels


def _check_labels(model: "Sequential", labels: Array, loss: Loss) -> None:
    """Lets the loss look at all labels once, so that a bad one is found before the first step."""
    for start in range(0, len(labels), 4096):
        part = labels[start : start + 4096]
        output = model.xp.zeros((len(part), *model.output_shape), dtype=model.dtype)
        try:
            loss.compute(output, part)
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
    """w ← w − step(∂L/∂w) over shuffled batches, for some epochs; after each epoch, validate.

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
    history : {name: list of floats}: "loss", "accuracy", "val_loss" and "val_accuracy" have a
        number an epoch, "step_loss" has one a step. The training numbers are running averages over
        the epoch, while the weights move.

    Raises
    ------
    RuntimeError : if the model is not built.
    ValueError, TypeError : for data or options that cannot be used; before anything is changed.
    FloatingPointError : at the first step whose loss is not finite, naming the layer; the last good
        weights stay in place.

    Notes
    -----
    Book: LeNet reads handwriting, "One look at each image".

    Examples
    --------
    >>> import course_nn as nn
    >>> model, rng = nn.Sequential([nn.Dense(2)]), np.random.default_rng(0)
    >>> _ = model.build((3,), rng=rng)
    >>> history = fit(
    ...     model, np.eye(3), np.array([0, 1, 1]), loss=nn.SoftmaxCrossEntropy(),
    ...     optimizer=nn.SGD(0.5), epochs=2, batch_size=2, rng=rng, progress=False)
    >>> {name: len(numbers) for name, numbers in history.items()}
    {'loss': 2, 'accuracy': 2, 'step_loss': 4}
    """
    model.require_built()
    rng = np.random.default_rng() if rng is None else rng
    _check_kinds(loss, optimizer, callbacks, rng)
    x, labels = admit_pair(model, x, labels)
    if isinstance(validation, Real):
        x, labels, validation = _hold_out(x, labels, float(validation), rng)
    if validation is not None:
        validation = _validation_set(model, validation)
    _check_counts(epochs, batch_size, len(x))
    for some_labels in (labels, *(validation or ())[1:]):
        _check_labels(model, some_labels, loss)
    run = _Run(model, loss, optimizer, callbacks, progress)
    run.start(validates=validation is not None)
    for epoch in range(epochs):
        run.epoch(epoch, epochs, x, labels, batch_size, rng, augment)
        if validation is not None:
            run.validate(*validation)
        run.end_epoch(epoch)
        if any(callback.stop for callback in callbacks):
            break
    run.end()
    return run.history


def _check_kinds(loss: Any, optimizer: Any, callbacks: Any, rng: Any) -> None:
    """Raises TypeError for an argument of `fit` that is not what its name says."""
    expect_generator(rng)
    if not isinstance(callbacks, Sequence):
        raise TypeError(f"callbacks must be a list of callbacks, got {callbacks!r}")
    wanted = [
        ("loss", loss, Loss, "SoftmaxCrossEntropy()"),
        ("optimizer", optimizer, Optimizer, "SGD(0.1)"),
    ]
    wanted += [("a callback", callback, Callback, "EarlyStopping()") for callback in callbacks]
    for name, given, kind, example in wanted:
        if not isinstance(given, kind):
            raise TypeError(f"{name} must be an object such as {example}, got {given!r}")


def _check_counts(epochs: int, batch_size: int, samples: int) -> None:
    """Raises unless both are whole numbers, and there are data enough for a batch."""
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if not isinstance(value, int | np.integer):
            raise TypeError(f"{name} must be a whole number, got {value!r}")
    if epochs < 0:
        raise ValueError(f"epochs must not be negative, got {epochs}")
    if not 1 <= batch_size <= samples:
        raise ValueError(
            f"batch_size must be from 1 to the number of samples, {samples}, got {batch_size}"
        )


def _validation_set(model: "Sequential", validation: Any) -> tuple[Array, Array]:
    """The pair that `fit` is given, admitted."""
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise TypeError(
            "validation must be (x, labels), or the share of the data to keep aside such as 0.2, "
            f"got a {type(validation).__name__}"
        )
    return admit_pair(model, *validation)


def _hold_out(
    x: Array, labels: Array, share: float, rng: np.random.Generator
) -> tuple[Array, Array, tuple[Array, Array]]:
    """Keeps a random share of the data aside for validation."""
    count = round(share * len(x)) if 0 < share < 1 else 0
    if not 0 < count < len(x):
        raise ValueError(
            f"validation={share} of {len(x)} samples leaves an empty part; "
            "give a share between 0 and 1"
        )
    order = rng.permutation(len(x))
    held, kept = order[:count], order[count:]
    return x[kept], labels[kept], (x[held], labels[held])


class _Run:
    """One call of `fit`: its history, its count of steps, its last good weights."""

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

    def start(self, validates: bool) -> None:
        if validates:
            self.history |= {f"val_{name}": [] for name in ("loss", *self.loss.metrics)}
        for callback in self.callbacks:
            callback.model, callback.optimizer = self.model, self.optimizer
            callback.history, callback.stop = self.history, False
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
                    shown = {name: f"{value:.4f}" for name, value in averages.items()}
                    bar.set_postfix(shown, refresh=False)
        for name, value in averages.items():
            self.history[name].append(value)

    def step(self, x: Array, labels: Array, epoch: int) -> dict[str, float]:
        """One update; the weights before it are the last good ones if their loss is finite."""
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
        metrics = self.loss.metrics.items()
        return {"loss": value} | {name: metric(output, labels) for name, metric in metrics}

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
