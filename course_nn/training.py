"""The training loop: batches, steps, averages.

It knows a model by what it needs of one, and looks at data, loss and optimiser before anything is
changed.
"""

import math
from collections.abc import Callable, Sequence
from numbers import Real
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import numpy as np

from . import door
from .backend import Array, array_module
from .checks import cut, finite, generator, takes, whole
from .engine import Engine
from .faults import where_it_began
from .layers import BatchNorm, Flatten, Input, Layer
from .losses import Loss
from .objective import BatchLoss, check_match
from .optim import Optimizer
from .parameters import Parameters
from .plan import Node, plan
from .progress import Progress

History = dict[str, list[float]]
Shape = tuple[int, ...]
Augment = Callable[..., Array]


class Trainable(Protocol):
    """What training needs of a model."""

    history: History

    @property
    def layers(self) -> Sequence[Layer]: ...
    @property
    def params(self) -> Parameters: ...
    @property
    def grads(self) -> Parameters: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def input_shape(self) -> Shape: ...
    @property
    def output_shape(self) -> Shape: ...
    @property
    def dtype(self) -> np.dtype: ...
    @property
    def xp(self) -> ModuleType: ...
    def admit(self, x: Any) -> Array: ...
    def states(self) -> list[Array]: ...
    def predict(self, x: Array, batch_size: int = ...) -> np.ndarray: ...
    def save(self, path: Any, *, optimizer: Any = ..., rng: Any = ...) -> None: ...


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

    model: Trainable
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
        """After the last epoch, also when stopped early or interrupted."""


# -- one step -------------------------------------------------------------------------------------


def step(
    model: Trainable,
    x: Array,
    labels: Array,
    loss: Loss,
    optimizer: Optimizer,
    weights: Array | None = None,
) -> tuple[float, Array]:
    """Forward, loss, backward, update: w ← w − step(∂L/∂w), of what is admitted.

    Returns
    -------
    value : float, the loss before the update.
    output : (N, *output_shape), the last layer's, before the update.

    Raises
    ------
    FloatingPointError : if any of it is not finite; nothing is updated then.

    Notes
    -----
    Book: Training, "One step", eq-train-step.

    Examples
    --------
    >>> import course_nn as nn
    >>> model = nn.Sequential([nn.Dense(1, init=nn.init.zeros)])
    >>> _ = model.build((2,), rng=np.random.default_rng(0))
    >>> x, t = np.ones((4, 2), np.float32), np.ones((4, 1), np.float32)
    >>> value, output = step(model, x, t, nn.MeanSquaredError(), nn.SGD(0.5))
    >>> value, model.params["0.b"]
    (1.0, array([1.], dtype=float32))
    """
    engine, states, layers = model.engine, model.states(), model.layers
    batch_loss = BatchLoss(loss, weights)
    before = [state.copy() for state in states]
    try:
        with np.errstate(all="ignore"):  # what overflows is reported below
            value, output = engine.forward_backward(x, labels, batch_loss)
            found = engine.grads.flat, *states
            if not (math.isfinite(value) and all(map(finite, found))):
                raise FloatingPointError(where_it_began(layers, x, labels, batch_loss))
        optimizer.update(model.params, engine.grads, engine.threads)
    except BaseException:
        for state, good in zip(states, before, strict=True):
            state[...] = good
        raise
    return value, output


def train_step(
    model: Trainable,
    x: Any,
    labels: Any,
    loss: Loss,
    optimizer: Optimizer,
    sample_weights: Any = None,
) -> float:
    """One step on a batch as it comes; the loss before the update.

    Parameters
    ----------
    model : built.
    x : (N, *input_shape), numbers of any dtype.
    labels, loss, optimizer, sample_weights : see `fit`.

    Raises
    ------
    FloatingPointError : see `step`.
    ShapeError, ValueError, TypeError : for what does not fit; nothing is changed then.

    Examples
    --------
    >>> import course_nn as nn
    >>> model = nn.Sequential([nn.Dense(2)])
    >>> _ = model.build((3,), rng=np.random.default_rng(0))
    >>> loss, optimizer = nn.SoftmaxCrossEntropy(), nn.SGD(0.1)
    >>> round(train_step(model, np.zeros((4, 3)), np.zeros(4, int), loss, optimizer), 6)
    0.693147
    """
    x = model.admit(x)
    labels = door.admit_labels(labels, len(x), model.xp)
    weights = door.admit_weights(sample_weights, len(x), model.dtype, model.xp)
    _expect_kinds([("loss", loss, Loss), ("optimizer", optimizer, Optimizer)])
    check_match(model.layers, loss)
    return step(model, x, labels, loss, optimizer, weights)[0]


# -- the door -------------------------------------------------------------------------------------


class Data(NamedTuple):
    """A set at the model's door: samples, labels, and how much each counts."""

    x: Array
    labels: Array
    weights: Array | None = None


def admit(model: Trainable, x: Any, labels: Any, sample_weights: Any = None) -> Data:
    """A set, converted once, refused where it cannot be used.

    >>> import course_nn as nn
    >>> model = nn.Sequential([nn.Dense(2)])
    >>> _ = model.build((3,), rng=np.random.default_rng(0))
    >>> admit(model, np.zeros((2, 3)), [0, 1, 1])
    Traceback (most recent call last):
        ...
    ValueError: 2 samples, but 3 labels; each sample needs one
    """
    x = model.admit(x)
    x, labels = door.admit_pair(x, labels, model.input_shape, model.dtype, model.xp)
    return Data(x, labels, door.admit_weights(sample_weights, len(x), model.dtype, model.xp))


def _expect_kinds(wanted: list[tuple[str, Any, type]]) -> None:
    """Raises TypeError for an argument that is not what its name says."""
    example = {Loss: "SoftmaxCrossEntropy()", Optimizer: "SGD(0.1)", Callback: "EarlyStopping()"}
    for name, given, kind in wanted:
        if not isinstance(given, kind):
            raise TypeError(f"{name} must be an object such as {example[kind]}, got {given!r}")


# -- evaluation -----------------------------------------------------------------------------------


def evaluate(
    model: Trainable,
    x: Any,
    labels: Any,
    loss: Loss,
    batch_size: int = 256,
    sample_weights: Any = None,
) -> dict[str, float]:
    """The loss and its metrics on a set, as prediction: means over its samples.

    Parameters
    ----------
    model : built.
    x, labels, loss, sample_weights : see `fit`; the metrics count every sample alike.
    batch_size : samples at a time.

    Returns
    -------
    scores : {"loss": float, "accuracy": float}, and what else the loss has for metrics.

    Raises
    ------
    ShapeError, ValueError, TypeError : for what does not fit.

    Examples
    --------
    >>> import course_nn as nn
    >>> model = nn.Sequential([nn.ReLU()])
    >>> _ = model.build((2,), rng=np.random.default_rng(0))
    >>> evaluate(model, np.eye(2), np.array([0, 1]), nn.SoftmaxCrossEntropy())["accuracy"]
    1.0
    """
    _expect_kinds([("loss", loss, Loss)])
    data = admit(model, x, labels, sample_weights)
    check_match(model.layers, loss)
    return _scores(model, data, loss, batch_size)


def _scores(model: Trainable, data: Data, loss: Loss, batch_size: int = 256) -> dict[str, float]:
    output = model.xp.asarray(model.predict(data.x, batch_size))
    scores = {"loss": BatchLoss(loss, data.weights).compute(output, data.labels)[0]}
    return scores | {name: metric(output, data.labels) for name, metric in loss.metrics.items()}


# -- the loop -------------------------------------------------------------------------------------


def fit(
    model: Trainable,
    x: Any,
    labels: Any,
    *,
    loss: Loss,
    optimizer: Optimizer,
    epochs: int = 1,
    batch_size: int = 32,
    validation: tuple[Any, Any] | float | None = None,
    rng: np.random.Generator | None = None,
    augment: Augment | None = None,
    sample_weights: Any = None,
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
    batch_size : samples a step, all N if there are fewer. The last batch of an epoch may be
        smaller; a single sample joins the batch before it where a batch norm could not take it.
    validation : (x, labels), or the share of the data to keep aside (drawn by rng), or None.
    rng : shuffles; a fresh one unless given. `np.random.seed` has no effect.
    augment : called as augment(x, rng=rng) with every batch, for instance `nn.data.augment`.
    sample_weights : (N,), how much each sample counts in the loss; metrics count all alike. A batch
        of which nothing counts is left out.
    callbacks : told of every step and epoch.
    progress : whether to show a bar, or, in a log, at most a dozen lines.

    Returns
    -------
    history : {name: list of floats}: "loss", "accuracy", "val_loss" and "val_accuracy" have a
        number an epoch, "step_loss" has one a step. The training numbers are running averages over
        the epoch, while the weights move. It is kept as `model.history`.

    Raises
    ------
    RuntimeError : if the model is not built.
    ValueError, TypeError : for data or options that cannot be used; before anything is changed.
    FloatingPointError : at the first step whose loss is not finite, naming the layer; the last good
        weights stay in place.
    KeyboardInterrupt : when interrupted; the weights are then those after the last whole step, the
        callbacks have heard `on_end` (early stopping puts the best weights back), and
        `model.history` holds what was done.

    Notes
    -----
    Book: Training, "An epoch", eq-train-average.

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
    rng = np.random.default_rng() if rng is None else generator(rng)
    _check_kinds(loss, optimizer, augment, callbacks)
    data, held = _sets(model, x, labels, sample_weights, validation, rng)
    epochs, batch_size = whole("epochs", epochs, 0), whole("batch_size", batch_size, 1)
    rows = _batches(model.layers, len(data.x), batch_size)
    check_match(model.layers, loss)
    for part, what in ((data, "the data"), (held, "the validation set")):
        if part is not None:
            _check_loss(loss, part, model.output_shape, what)
    optimizer.prepare(model.params)
    run = _Run(model, loss, optimizer, callbacks, Progress(progress, epochs, len(rows)))
    run.start(validates=held is not None)
    try:
        for epoch in range(epochs):
            run.epoch(epoch, data, rows, rng, augment)
            if run.ends(epoch, epochs, held):
                break
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(run.interrupted())
        run.tell("on_end")
        raise
    finally:
        run.progress.close()
    run.tell("on_end")
    return run.history


def _check_kinds(loss: Any, optimizer: Any, augment: Any, callbacks: Any) -> None:
    """Raises TypeError for an argument of `fit` that is not what its name says."""
    if not isinstance(callbacks, list | tuple):
        raise TypeError(f"callbacks must be a list of callbacks, got {callbacks!r}")
    if augment is not None:
        takes("augment", augment, "augment(x, rng=rng)", 0, rng=0)
    told = [("a callback", callback, Callback) for callback in callbacks]
    _expect_kinds([("loss", loss, Loss), ("optimizer", optimizer, Optimizer), *told])


def _check_loss(loss: Loss, data: Data, output_shape: Shape, what: str) -> None:
    """Lets the loss look at all labels once, so that a bad one is found before the first step."""
    BatchLoss(loss, data.weights)  # which refuses weights that the loss would not take
    loss.check(data.labels, output_shape)
    if not _counted(loss, data)[1]:
        raise ValueError(
            f"no sample of {what} counts: every label is {getattr(loss, 'ignore_index', None)}, "
            "which the loss ignores, or has the weight 0"
        )


def _counted(loss: Loss, data: Data) -> tuple[float, float]:
    """How many samples count, and with which weight."""
    ignored = getattr(loss, "ignore_index", None)
    counts = array_module(data.x).ones(len(data.x))
    if ignored is not None and data.labels.ndim == 1:
        counts = data.labels != ignored
    weights = counts if data.weights is None else data.weights * counts
    return float(counts.sum()), float(weights.sum())


def _sets(
    model: Trainable,
    x: Any,
    labels: Any,
    sample_weights: Any,
    validation: Any,
    rng: np.random.Generator,
) -> tuple[Data, Data | None]:
    """What to train on, and what to validate on, at the model's door; pixels get a word."""
    data, held = _parts(model, x, labels, sample_weights, validation, rng)
    if not _takes_any_scale(model.layers):
        door.doubt_pixels(data.x, held and held.x)
    return data, held


def _parts(
    model: Trainable,
    x: Any,
    labels: Any,
    sample_weights: Any,
    validation: Any,
    rng: np.random.Generator,
) -> tuple[Data, Data | None]:
    """What to train on, and what to validate on, at the model's door."""
    data = admit(model, x, labels, sample_weights)
    if validation is None:
        return data, None
    if isinstance(validation, Real):
        return _hold_out(data, float(validation), rng)
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise TypeError(
            "validation must be (x, labels), or the share of the data to keep aside such as 0.2, "
            f"got {_described(validation)}"
        )
    try:
        return data, admit(model, *validation)
    except ValueError as error:
        raise type(error)(f"in the validation set: {error}") from None


def _takes_any_scale(layers: Sequence[Layer]) -> bool:
    """Whether a batch norm comes first."""
    return next(
        (one for one in layers if not isinstance(one, Input | Flatten)), layers[0]
    ).whole_batch


def _described(validation: Any) -> str:
    """What came in place of a validation set, as text."""
    if isinstance(validation, tuple | list):
        return f"{len(validation)} things"
    return f"a {type(validation).__name__}"


def _hold_out(data: Data, share: float, rng: np.random.Generator) -> tuple[Data, Data]:
    """Keeps a random share of the data aside for validation."""
    total = len(data.x)
    count = round(share * total) if 0 < share < 1 else 0
    if not 0 < count < total:
        raise ValueError(
            f"validation={share} of {total} samples leaves an empty part; "
            "give a share between 0 and 1"
        )
    order = rng.permutation(total)
    return _take(data, order[count:]), _take(data, order[:count])


def _take(data: Data, rows: Any) -> Data:
    weights = None if data.weights is None else data.weights[rows]
    return Data(data.x[rows], data.labels[rows], weights)


def _batches(layers: Sequence[Layer], count: int, size: int) -> list[slice]:
    """How an epoch is cut; a batch of one is none for a batch norm of single numbers."""
    rows = cut(count, size)
    if rows[-1].stop - rows[-1].start > 1:
        return rows
    lonely = [f"layer {node.name}, {node.layer!r}" for node in plan(layers) if _needs_two(node)]
    if not lonely:
        return rows
    if rows[0].stop == 1:
        raise ValueError(
            f"a batch of one sample leaves {lonely[0]} nothing to normalise by, one number a "
            "channel: take a batch_size of 2 or more, or a LayerNorm()"
        )
    return [*rows[:-2], slice(rows[-2].start, count)]


def _needs_two(node: Node) -> bool:
    """Whether a batch of one leaves a batch norm a single number a channel."""
    norm = node.meets and isinstance(node.layer, BatchNorm)
    return norm and math.prod(node.layer.input_shape[1:]) == 1  # type: ignore[union-attr]


class _Run:
    """One call of `fit`: its history, its count of steps, its last good weights."""

    def __init__(
        self,
        model: Trainable,
        loss: Loss,
        optimizer: Optimizer,
        callbacks: Sequence[Callback],
        progress: Progress,
    ) -> None:
        self.model, self.loss, self.optimizer, self.callbacks = model, loss, optimizer, callbacks
        self.progress, self.steps, self.at = progress, 0, 0
        self.history: History = {name: [] for name in ("loss", *loss.metrics, "step_loss")}
        self.good, self.spare = model.params.flat.copy(), model.params.flat.copy()

    def tell(self, event: str, *args: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, event)(*args)

    def start(self, validates: bool) -> None:
        if validates:
            self.history |= {f"val_{name}": [] for name in ("loss", *self.loss.metrics)}
        self.model.history = self.history
        for callback in self.callbacks:
            callback.model, callback.optimizer = self.model, self.optimizer
            callback.history, callback.stop = self.history, False
        self.tell("on_start")

    def epoch(
        self,
        epoch: int,
        data: Data,
        rows: list[slice],
        rng: np.random.Generator,
        augment: Augment | None,
    ) -> None:
        """One pass through the shuffled data; its averages join the history."""
        self.at, order = epoch, rng.permutation(len(data.x))
        averages = dict.fromkeys(("loss", *self.loss.metrics), 0.0)
        seen = dict.fromkeys(averages, 0.0)
        for part in rows:
            batch = _take(data, order[part])
            if augment is not None:
                batch = batch._replace(x=self.augmented(augment, batch.x, rng))
            count, weight = _counted(self.loss, batch)  # of nothing there is no step
            for name, score in self.step(batch).items() if weight else ():
                share = weight if name == "loss" else count
                seen[name] += share
                averages[name] += (score - averages[name]) * share / seen[name]
            self.progress.step(epoch, averages)
        for name, value in averages.items():
            self.history[name].append(value)

    def augmented(self, augment: Augment, x: Array, rng: np.random.Generator) -> Array:
        """The batch that augmentation makes of another."""
        try:
            y = self.model.admit(augment(x, rng=rng))
        except ValueError as error:
            raise type(error)(f"in augment: {error}") from None
        if len(y) != len(x):
            raise ValueError(f"augment gave {len(y)} samples for {len(x)}; each has one label")
        return y

    def step(self, batch: Data) -> dict[str, float]:
        """One update; the weights before it are the last good ones if their loss is finite."""
        w = self.model.params.flat
        self.spare[:] = w
        try:
            value, output = step(
                self.model, batch.x, batch.labels, self.loss, self.optimizer, batch.weights
            )
        except FloatingPointError as error:
            w[:] = self.good
            raise FloatingPointError(
                f"training stopped at step {self.steps} (epoch {self.at + 1}): {error}; "
                "the last good weights are in place"
            ) from None
        except BaseException:  # an interrupt may come while the weights are half updated
            w[:] = self.spare
            raise
        self.good, self.spare = self.spare, self.good
        self.history["step_loss"].append(value)
        self.steps += 1
        self.tell("on_step", self.steps - 1, value)
        metrics = self.loss.metrics.items()
        return {"loss": value} | {name: metric(output, batch.labels) for name, metric in metrics}

    def ends(self, epoch: int, epochs: int, held: Data | None) -> bool:
        """After an epoch: validates, tells everybody, and asks whether it was the last one."""
        if held is not None:
            for name, value in _scores(self.model, held, self.loss).items():
                self.history[f"val_{name}"].append(value)
        self.tell("on_epoch", epoch)
        last = epoch + 1 == epochs or any(callback.stop for callback in self.callbacks)
        row = {name: values[-1] for name, values in self.history.items() if name != "step_loss"}
        self.progress.epoch(epoch, row, last)
        return last

    def interrupted(self) -> str:
        """What to say when somebody interrupts."""
        return (
            f"training was interrupted at step {self.steps} (epoch {self.at + 1}): model.history "
            "holds what was done, and the weights are those after the last whole step, or what the "
            "callbacks put back"
        )
