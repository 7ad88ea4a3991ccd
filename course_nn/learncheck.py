"""`check_learns`: can the model learn a handful of samples by heart?

A right gradient is not yet a right model: a learning rate, dead units, labels that contradict each
other are seen only in training. What has weights enough and cannot overfit 16 samples will not
learn 60,000 either, and 16 take seconds.
"""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .backend import to_numpy
from .checks import generator, whole
from .layers import Layer, leaves
from .losses import Loss, SoftmaxCrossEntropy
from .model import Sequential
from .optim import Adam, Optimizer
from .words import answers

LEARNT = 0.1  # a loss over classes below it, with every label right, is learnt by heart
SHARE = 0.01  # and any other loss, once it is this share of what it was


@dataclass(frozen=True)
class LearningReport:
    """What `check_learns` found; it prints itself.

    Attributes
    ----------
    samples, steps : how many were learnt, and how many steps it took, or were tried.
    losses : before each step, in training.
    loss : at the end, as prediction.
    expected : what the loss is at the start where all classes are alike: log K; NaN if unknown.
    accuracy : at the end, as prediction; NaN where the loss has none.
    passed : whether the samples were learnt by heart.
    causes : what it points to, where they were not.
    notes : what is odd though they were.
    """

    samples: int
    steps: int
    losses: list[float] = field(repr=False)
    loss: float
    expected: float
    accuracy: float
    passed: bool
    causes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "FAILED"
        learnt = "learnt by heart" if self.passed else "not learnt"
        start = f"{self.losses[0]:.4g}" if self.losses else "not finite"
        beside = "" if math.isnan(self.expected) else f" (all alike: {self.expected:.4g})"
        right = "" if math.isnan(self.accuracy) else f"; accuracy {self.accuracy:.0%}"
        return "\n".join(
            [
                f"learning check {verdict}: {self.samples} samples {learnt} in {self.steps} steps",
                f"  loss {start} at the start{beside}, {self.loss:.4g} at the end{right}",
                *(f"  – {cause}" for cause in self.causes),
                *(f"  note: {note}" for note in self.notes),
            ]
        )

    __repr__ = __str__


@answers
def check_learns(
    model: Sequential,
    x: Any,
    y: Any,
    *,
    loss: Loss | None = None,
    optimizer: Optimizer | None = None,
    samples: int = 16,
    steps: int = 300,
    rng: np.random.Generator | None = None,
) -> LearningReport:
    """Trains a copy of the model on a few samples, until it knows them by heart or does not.

    Parameters
    ----------
    model : built or not; a copy with fresh weights is trained, and the model stays as it was. (With
        a frozen layer the copy keeps its weights.)
    x : (N, *input_shape), of which some are drawn.
    y : their labels, what the loss takes.
    loss : `SoftmaxCrossEntropy()` unless given.
    optimizer : `Adam(0.003)` unless given; a copy of it is used.
    samples : how many are drawn, at most 32.
    steps : at most so many, each on all of them.
    rng : draws samples and weights; a fixed one by default.

    Returns
    -------
    report : `.passed`; where it did not, `.causes` says what it points to; prints well.

    Raises
    ------
    ValueError, TypeError, ShapeError : for what `fit` would not take.

    Notes
    -----
    Book: Training, "When it does not learn", eq-train-start.
    The checks before training of CS231n, "Sanity checks": the loss at the start, and overfitting a
    tiny set.

    Examples
    --------
    >>> import course_nn as nn
    >>> x = np.random.default_rng(0).standard_normal((100, 5))
    >>> model = nn.Sequential([nn.Dense(32), nn.ReLU(), nn.Dense(2)])
    >>> check_learns(model, x, (x[:, 0] > 0).astype(int)).passed
    True
    """
    rng = np.random.default_rng(0) if rng is None else generator(rng)
    if whole("samples", samples, least=2) > 32:
        raise ValueError(f"samples must be at most 32, since they are to be learnt, got {samples}")
    whole("steps", steps, least=1)
    x, y = _drawn(x, y, samples, rng)
    loss = SoftmaxCrossEntropy() if loss is None else loss
    optimizer = Adam(0.003) if optimizer is None else copy.deepcopy(optimizer)
    if isinstance(optimizer, Optimizer):  # else train_step says so
        optimizer.reset()  # its moments are another model's
    attempt = Attempt(_copy(model, x.shape[1:], rng), x, y, loss, optimizer)
    attempt.run(steps)
    return attempt.report()


def _drawn(x: Any, y: Any, samples: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """A few samples with their labels."""
    x, y = (a if hasattr(a, "dtype") and np.ndim(a) else np.asarray(a) for a in (x, y))
    counts = [len(a) if np.ndim(a) else 0 for a in (x, y)]
    if counts[0] != counts[1] or counts[0] < 2:
        raise ValueError(
            "check_learns needs two samples or more and a label for each, got "
            f"{counts[0]} samples and {counts[1]} labels"
        )
    rows = np.sort(rng.permutation(len(x))[:samples])
    return np.asarray(to_numpy(x))[rows], np.asarray(to_numpy(y))[rows]


def _copy(model: Sequential, shape: tuple[int, ...], rng: np.random.Generator) -> Sequential:
    """A copy of the model, built; with fresh weights unless some are frozen."""
    if not isinstance(model, Sequential):
        raise TypeError(f"check_learns trains a copy of a Sequential, got {model!r}")
    trial = copy.deepcopy(model)
    if not trial.input_shape:
        trial.build(shape, rng=rng)
    elif all(layer.trainable for _, layer in _holding(trial)):
        trial.build(rng=rng, redraw=True)
    return trial


class Attempt:
    """A copy of a model on its way to know a few samples by heart."""

    def __init__(self, model: Sequential, x: Any, y: Any, loss: Loss, optimizer: Optimizer) -> None:
        self.model, self.x, self.y = model, x, y
        self.loss, self.optimizer = loss, optimizer
        self.losses: list[float] = []
        self.stopped = ""
        self.idle: list[str] = []  # layers whose gradient is zero at the first step
        self.scores: dict[str, float] = {}
        self.smoothed = bool(getattr(loss, "smoothing", 0.0))

    def run(self, steps: int) -> None:
        """Steps on all samples, until they are learnt."""
        for step in range(steps):
            try:
                value = self.model.train_step(self.x, self.y, self.loss, self.optimizer)
            except FloatingPointError as error:
                self.stopped = str(error)
                break
            self.losses.append(value)
            if step == 0:
                self.idle = self.without_gradient()
            if step % 10 == 9 and self.learnt():
                break
        if not self.stopped:
            self.learnt()

    def learnt(self) -> bool:
        """Whether the samples are known by heart, as prediction."""
        self.scores = self.model.evaluate(self.x, self.y, self.loss)
        if "accuracy" in self.scores:
            sure = self.smoothed or self.scores["loss"] < LEARNT
            return self.scores["accuracy"] == 1 and sure
        return self.scores["loss"] <= SHARE * self.losses[0]

    def without_gradient(self) -> list[str]:
        """The layers, of those that are to learn, of whose parameters every gradient is zero."""
        grads = self.model.grads
        return [
            f"layer {name}, {layer!r}"
            for name, layer in _holding(self.model)
            if layer.trainable and not any(grads[f"{name}.{key}"].any() for key in layer.params)
        ]

    @property
    def expected(self) -> float:
        """log K, the loss where all classes are held for alike; NaN where that has no sense."""
        kind = type(self.loss).__name__
        if kind == "BinaryCrossEntropy":
            return math.log(2)
        over_classes = getattr(self.loss, "takes", None) is not None
        return math.log(self.model.output_shape[0]) if over_classes else math.nan

    def report(self) -> LearningReport:
        """What came of it."""
        passed = not self.stopped and self.learnt()
        return LearningReport(
            samples=len(self.x),
            steps=len(self.losses),
            losses=self.losses,
            loss=self.scores.get("loss", math.nan),
            expected=self.expected,
            accuracy=self.scores.get("accuracy", math.nan),
            passed=passed,
            causes=() if passed else self.causes(),
            notes=tuple(self.notes()),
        )

    # -- what it points to ------------------------------------------------------------------------

    @np.errstate(all="ignore")
    def causes(self) -> tuple[str, ...]:
        """Every cause that can be seen; one that is sure silences those that may be."""
        sure = [
            cause
            for look in (self.contradictions, self.nothing_learns, self.probabilities, self.dead)
            for cause in look()
        ]
        broke = self.broken()
        if sure or broke:
            return (*sure, *broke)
        return (*self.frozen(), *self.without_start(), *self.speed())

    def notes(self) -> list[str]:
        """What is odd about the start."""
        notes = []
        largest = float(np.abs(self.x).max(initial=0))
        if largest > 20:
            notes.append(
                f"x reaches {largest:.4g}: bring it near 1, by x / 255 for pixels, or by "
                "data.normalize"
            )
        start = self.losses[0] if self.losses else math.inf
        if start > 2 * self.expected + 1:
            notes.append(
                f"the loss starts at {start:.4g}, far above {self.expected:.4g}, which is all "
                "classes alike: the first outputs are too large; look at init, and at x's scale"
            )
        if _one(self.y):
            notes.append("all samples have the same label: there is nothing to tell apart")
        return notes

    def contradictions(self) -> list[str]:
        """The same sample under two labels."""
        seen: dict[bytes, int] = {}
        for n, sample in enumerate(self.x):
            first = seen.setdefault(np.ascontiguousarray(sample).tobytes(), n)
            if not np.array_equal(self.y[first], self.y[n]):
                return [
                    f"the labels contradict each other: two samples are equal, and one has the "
                    f"label {_short(self.y[first])}, the other {_short(self.y[n])}"
                ]
        return []

    def nothing_learns(self) -> list[str]:
        """A model without parameters."""
        none = not _holding(self.model)
        return ["no layer has parameters: there is nothing that could learn"] if none else []

    def probabilities(self) -> list[str]:
        """Probabilities before a loss that takes scores: softmax twice."""
        output = self.model.predict(self.x)
        if getattr(self.loss, "takes", None) != "scores" or output.ndim != 2 or self.stopped:
            return []
        if output.shape[1] < 2 or output.min() < 0 or not np.allclose(output.sum(1), 1, atol=1e-3):
            return []
        return [
            "the model gives probabilities (its rows sum to 1), and the loss takes scores: that is "
            "two softmaxes; leave out the model's"
        ]

    def frozen(self) -> list[str]:
        """Layers that do not learn."""
        frozen = [name for name, layer in _holding(self.model) if not layer.trainable]
        return [
            f"layer {name} is frozen: if the others are too few to learn these samples, set its "
            "trainable = True"
            for name in frozen[:1]
        ]

    def dead(self) -> list[str]:
        """Layers whose units are zero for every sample: ReLUs that pass no gradient."""
        y, found = self.model.admit(self.x), []
        for i, layer in enumerate(self.model.layers):
            y, _ = layer.compute(y, False)
            share = float(np.mean(to_numpy(y == 0).all(axis=0)))
            if share > 0.9:
                found.append(
                    f"dead units: {share:.0%} of what layer {i}, {layer!r}, gives is 0 for every "
                    "sample, and passes no gradient; lower the learning rate, or look at init and "
                    "at the scale of x"
                )
        return found[:1]

    def without_start(self) -> list[str]:
        """Layers that got no gradient at the first step."""
        return [
            f"{name}, got a gradient of zeros at the first step: look at what stands after it "
            "(its gradients, dead units, weights of zero)"
            for name in self.idle[:1]
        ]

    @property
    def rate(self) -> str:
        """The learning rate, as text."""
        lr = getattr(self.optimizer, "lr", None)
        return f"the learning rate ({lr:g})" if isinstance(lr, int | float) else "the learning rate"

    def broken(self) -> list[str]:
        """A loss that is no number any more, or grew."""
        if self.stopped:
            return [f"it broke at step {len(self.losses)}: {self.stopped}"]
        first, last = self.losses[0], float(np.mean(self.losses[-10:]))
        if last < 1.5 * first + LEARNT:
            return []
        return [
            f"the loss grew from {first:.4g} to {last:.4g}: {self.rate} is too large, or a "
            "gradient has the wrong sign (check_layer finds it)"
        ]

    def speed(self) -> list[str]:
        """What the course of the losses says about the learning rate."""
        first, last = self.losses[0], float(np.mean(self.losses[-10:]))
        if self.scores["loss"] > 3 * last + LEARNT:
            return [
                f"it is learnt in training (loss {last:.4g}), but not in prediction "
                f"({self.scores['loss']:.4g}): look at what differs, running statistics and dropout"
            ]
        if last > 0.98 * first:
            return [
                f"the loss hardly moved, from {first:.4g} to {last:.4g}: {self.rate} is too small"
            ]
        middle = float(np.mean(self.losses[len(self.losses) // 2 :][:10]))
        if last < 0.9 * middle:
            return [
                f"the loss still falls ({middle:.4g} half-way, {last:.4g} at the end): give it "
                f"more steps, or raise {self.rate}"
            ]
        return [
            f"the loss stays at {last:.4g}: {self.rate} may be too large, or the model cannot tell "
            "these samples apart (too few units, a layer that loses what matters)"
        ]


def _holding(model: Sequential) -> list[tuple[str, Layer]]:
    """The layers that hold parameters, under their names, those inside of blocks too."""
    return [(name, layer) for name, layer in leaves(model.layers) if layer.params]


def _one(y: Sequence[Any]) -> bool:
    """Whether all labels are one."""
    return all(np.array_equal(label, y[0]) for label in y)


def _short(label: Any) -> str:
    """A label as text."""
    return str(label.tolist() if isinstance(label, np.generic | np.ndarray) else label)
