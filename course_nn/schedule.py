"""Schedules: the learning rate as a function of time, usable wherever an optimiser takes `lr`.

A schedule has no memory: it is a formula of the step alone. So a run that is stopped and resumed
needs only its count of steps, and a schedule can be drawn before anything is trained. The step t
counts updates, from 0; under the callback `LearningRateSchedule` it counts epochs.
"""

import math
from dataclasses import field
from typing import Any

from .checks import number
from .words import Described, options


def learning_rate(value: Any, what: str = "lr") -> float:
    """A number, if it can be a learning rate: finite, and not negative.

    >>> learning_rate(-0.1, "the schedule's lr at step 3")
    Traceback (most recent call last):
        ...
    ValueError: the schedule's lr at step 3 must not be negative, got -0.1
    """
    rate = number(what, value, 0)
    if rate == math.inf:
        raise ValueError(f"{what} must be finite, got {value}")
    return rate


class Schedule(Described):
    """lr(t): the learning rate of step t. A subclass defines `rate`.

    >>> class Falling(Schedule):
    ...     def rate(self, step):
    ...         return 1 / (1 + step)
    >>> [Falling()(t) for t in range(2)]
    [1.0, 0.5]
    """

    def __call__(self, step: int) -> float:
        """lr(t), checked: a number that is not negative.

        Parameters
        ----------
        step : t = 0, 1, 2, …

        Raises
        ------
        ValueError, TypeError : if the step is negative, or the formula gives no learning rate.

        Examples
        --------
        >>> Constant(0.1)(1000)
        0.1
        """
        if step < 0:
            raise ValueError(f"steps are counted from 0, got step {step}")
        return learning_rate(self.rate(step), f"the lr that {self!r} gives at step {step}")

    def rate(self, step: int) -> float:
        """lr(t): the formula.

        >>> Exponential(1.0, 0.5).rate(2)
        0.25
        """
        raise NotImplementedError(f"{type(self).__name__} defines no rate")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(repr(self))


def _at_least_one(name: str, value: Any) -> int:
    """A length in whole steps, which a quotient rounded up may be as a float."""
    steps = number(name, value, 0)
    if steps < 1 or steps != steps // 1:
        raise ValueError(f"{name} must be a whole number of steps, at least 1, got {value}")
    return int(steps)


@options
class Constant(Schedule):
    """lr(t) = lr.

    >>> Constant(0.1)(0), Constant(0.1)(99)
    (0.1, 0.1)
    """

    lr: float

    def __post_init__(self) -> None:
        self.lr = learning_rate(self.lr)

    def rate(self, step: int) -> float:
        return self.lr


@options
class Step(Schedule):
    """lr(t) = lr · factor^⌊t / every⌋: a staircase.

    PyTorch's `StepLR`.

    Parameters
    ----------
    lr : the learning rate at t = 0.
    every : the length of a stair, steps.
    factor : what is left of the rate after each stair, no unit.

    Examples
    --------
    >>> [Step(1.0, every=2, factor=0.5)(t) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    lr: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        self.lr, self.every = learning_rate(self.lr), _at_least_one("every", self.every)
        self.factor = learning_rate(self.factor, "factor")

    def rate(self, step: int) -> float:
        return self.lr * self.factor ** (step // self.every)


@options
class Exponential(Schedule):
    """lr(t) = lr · factorᵗ.

    PyTorch's `ExponentialLR`.

    Parameters
    ----------
    lr : the learning rate at t = 0.
    factor : what is left of the rate after each step, no unit.

    Examples
    --------
    >>> [Exponential(8.0, factor=0.5)(t) for t in range(4)]
    [8.0, 4.0, 2.0, 1.0]
    """

    lr: float
    factor: float

    def __post_init__(self) -> None:
        self.lr, self.factor = learning_rate(self.lr), learning_rate(self.factor, "factor")

    def rate(self, step: int) -> float:
        return self.lr * self.factor**step


def cosine(start: float, end: float, share: float) -> float:
    """end + ½ (start − end) (1 + cos(π · share)): from start to end, half a cosine between.

    >>> cosine(1.0, 0.0, 0.0), cosine(1.0, 0.0, 0.5), cosine(1.0, 0.0, 1.0)
    (1.0, 0.5, 0.0)
    """
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))


@options
class Cosine(Schedule):
    """lr(t) = lr_end + ½ (lr − lr_end) (1 + cos(π t / steps)) for t ≤ steps, then lr_end.

    Loshchilov and Hutter (2017), equation 5, without restarts.

    Parameters
    ----------
    lr : the learning rate at t = 0.
    steps : when lr_end is reached.
    lr_end : the learning rate at the end.

    Examples
    --------
    >>> [round(Cosine(1.0, steps=4)(t), 3) for t in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    lr: float
    steps: int
    lr_end: float = 0.0

    def __post_init__(self) -> None:
        self.lr, self.steps = learning_rate(self.lr), _at_least_one("steps", self.steps)
        self.lr_end = learning_rate(self.lr_end, "lr_end")

    def rate(self, step: int) -> float:
        return cosine(self.lr, self.lr_end, min(step / self.steps, 1))


@options
class OneCycle(Schedule):
    """lr(t): half a cosine up from lr_max / div_factor to lr_max, then half a cosine down to ≈ 0.

    With p = pct_start · steps − 1, up for t ≤ p and down for p < t ≤ steps − 1:

        up:    cosine(lr_max / div_factor, lr_max, t / p)
        down:  cosine(lr_max, lr_max / (div_factor · final_div_factor), (t − p) / (steps − 1 − p))

    Smith and Topin (2019), in the form of PyTorch's `OneCycleLR`.

    Parameters
    ----------
    lr_max : the learning rate at the peak.
    steps : updates in all, epochs · ⌈N / batch_size⌉; a later step gets the last one's rate.
    pct_start : the share of the steps that goes up, in [0, 1].
    div_factor : the peak over the beginning, no unit.
    final_div_factor : the beginning over the end, no unit.

    Examples
    --------
    >>> schedule = OneCycle(1.0, steps=11, pct_start=0.5, div_factor=10)
    >>> [round(schedule(t), 3) for t in (0, 4, 5, 10)]
    [0.1, 0.973, 0.98, 0.0]
    """

    lr_max: float
    steps: int
    pct_start: float = field(default=0.3, kw_only=True)
    div_factor: float = field(default=25.0, kw_only=True)
    final_div_factor: float = field(default=1e4, kw_only=True)

    def __post_init__(self) -> None:
        self.lr_max = learning_rate(self.lr_max, "lr_max")
        self.steps = _at_least_one("steps", self.steps)
        self.pct_start = number("pct_start, a share of the steps,", self.pct_start, 0, 1)
        for name in ("div_factor", "final_div_factor"):
            if not number(name, getattr(self, name), 0) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")

    def rate(self, step: int) -> float:
        peak, last = self.pct_start * self.steps - 1, self.steps - 1
        start = self.lr_max / self.div_factor
        if step <= peak:
            return cosine(start, self.lr_max, step / peak if peak else 1)
        share = min((step - peak) / (last - peak), 1) if last > peak else 1
        return cosine(self.lr_max, start / self.final_div_factor, share)


@options
class WarmUp(Schedule):
    """lr(t) = after(0) · (start + (1 − start) · t / steps) for t < steps, then after(t − steps).

    Goyal et al. (2017), section 2.2; PyTorch's `LinearLR`.

    Parameters
    ----------
    after : the schedule that follows, or a constant learning rate.
    steps : the length of the straight line up.
    start : the share of after(0) at t = 0, in [0, 1].

    Examples
    --------
    >>> schedule = WarmUp(Exponential(1.0, 0.5), steps=4, start=0.0)
    >>> [schedule(t) for t in range(7)]
    [0.0, 0.25, 0.5, 0.75, 1.0, 0.5, 0.25]
    """

    after: Schedule
    steps: int
    start: float = 0.01

    def __post_init__(self) -> None:
        if not isinstance(self.after, Schedule):
            self.after = Constant(learning_rate(self.after, "after"))
        self.steps = _at_least_one("steps", self.steps)
        self.start = number("start, a share of the learning rate,", self.start, 0, 1)

    def rate(self, step: int) -> float:
        if step >= self.steps:
            return self.after(step - self.steps)
        return self.after(0) * (self.start + (1 - self.start) * step / self.steps)
