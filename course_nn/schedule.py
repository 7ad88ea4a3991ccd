"""Schedules: the learning rate as a function of time, usable wherever an optimiser takes `lr`.

A schedule has no memory: it is a formula of the step alone. So a run that is stopped and resumed
needs only its count of steps, and a schedule can be drawn before anything is trained. The step t
counts updates, from 0; under the callback `LearningRateSchedule` it counts epochs.
"""

import math
from typing import Any


class Schedule:
    """lr(t): the learning rate of step t.

    A subclass defines `rate`, and `arguments` as a layer does.

    >>> class Falling(Schedule):
    ...     def rate(self, step):
    ...         return 1 / (1 + step)
    ...     def arguments(self):
    ...         return {}
    >>> [Falling()(t) for t in range(2)]
    [1.0, 0.5]
    """

    def __call__(self, step: int) -> float:
        """lr(t), checked.

        Parameters
        ----------
        step : t = 0, 1, 2, …

        Returns
        -------
        lr : float, in the unit of a weight² per unit of loss (plain gradient descent's).

        Raises
        ------
        ValueError : if the step is negative.

        Examples
        --------
        >>> Constant(0.1)(1000)
        0.1
        """
        if step < 0:
            raise ValueError(f"steps are counted from 0, got step {step}")
        return float(self.rate(step))

    def rate(self, step: int) -> float:
        """lr(t): the formula.

        Parameters
        ----------
        step : t = 0, 1, 2, …

        Returns
        -------
        lr : float.

        Examples
        --------
        >>> Exponential(1.0, 0.5).rate(2)
        0.25
        """
        raise NotImplementedError(f"{type(self).__name__} defines no rate")

    def arguments(self) -> dict[str, Any]:
        """The constructor's arguments, which are saved with the optimiser.

        Returns
        -------
        arguments : {name: value}.

        Examples
        --------
        >>> Exponential(1.0, 0.5).arguments()
        {'lr': 1.0, 'factor': 0.5}
        """
        raise NotImplementedError(f"{type(self).__name__} defines no arguments")

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.arguments().items())
        return f"{type(self).__name__}({given})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.arguments() == other.arguments()

    def __hash__(self) -> int:
        return hash(repr(self))


def _not_negative(name: str, value: float) -> float:
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must be a number that is not negative, got {value}")
    return value


def _at_least_one(name: str, value: int) -> int:
    if value != int(value) or value < 1:
        raise ValueError(f"{name} must be a whole number of steps, at least 1, got {value}")
    return int(value)


class Constant(Schedule):
    """lr(t) = lr.

    Parameters
    ----------
    lr : the learning rate.

    Examples
    --------
    >>> Constant(0.1)(0), Constant(0.1)(99)
    (0.1, 0.1)
    """

    def __init__(self, lr: float) -> None:
        self.lr = _not_negative("lr", lr)

    def arguments(self) -> dict[str, Any]:
        return {"lr": self.lr}

    def rate(self, step: int) -> float:
        return self.lr


class Step(Schedule):
    """lr(t) = lr · factor^⌊t / every⌋: a staircase.

    Parameters
    ----------
    lr : the learning rate at t = 0.
    every : the length of a stair, steps.
    factor : what is left of the rate after each stair, no unit.

    Notes
    -----
    PyTorch's `StepLR`.

    Examples
    --------
    >>> [Step(1.0, every=2, factor=0.5)(t) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    def __init__(self, lr: float, every: int, factor: float = 0.1) -> None:
        self.lr, self.every = _not_negative("lr", lr), _at_least_one("every", every)
        self.factor = _not_negative("factor", factor)

    def arguments(self) -> dict[str, Any]:
        return {"lr": self.lr, "every": self.every, "factor": self.factor}

    def rate(self, step: int) -> float:
        return self.lr * self.factor ** (step // self.every)


class Exponential(Schedule):
    """lr(t) = lr · factorᵗ.

    Parameters
    ----------
    lr : the learning rate at t = 0.
    factor : what is left of the rate after each step, no unit.

    Notes
    -----
    PyTorch's `ExponentialLR`.

    Examples
    --------
    >>> [Exponential(8.0, factor=0.5)(t) for t in range(4)]
    [8.0, 4.0, 2.0, 1.0]
    """

    def __init__(self, lr: float, factor: float) -> None:
        self.lr, self.factor = _not_negative("lr", lr), _not_negative("factor", factor)

    def arguments(self) -> dict[str, Any]:
        return {"lr": self.lr, "factor": self.factor}

    def rate(self, step: int) -> float:
        return self.lr * self.factor**step


def cosine(start: float, end: float, share: float) -> float:
    """end + ½ (start − end) (1 + cos(π · share)): from start to end, half a cosine between.

    Parameters
    ----------
    start, end : learning rates.
    share : of the way, in [0, 1].

    Returns
    -------
    lr : float.

    Examples
    --------
    >>> cosine(1.0, 0.0, 0.0), cosine(1.0, 0.0, 0.5), cosine(1.0, 0.0, 1.0)
    (1.0, 0.5, 0.0)
    """
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))


class Cosine(Schedule):
    """lr(t) = lr_end + ½ (lr − lr_end) (1 + cos(π t / steps)) for t ≤ steps, then lr_end.

    Parameters
    ----------
    lr : the learning rate at t = 0.
    steps : when lr_end is reached.
    lr_end : the learning rate at the end.

    Notes
    -----
    Loshchilov and Hutter (2017), equation 5, without restarts.

    Examples
    --------
    >>> [round(Cosine(1.0, steps=4)(t), 3) for t in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    def __init__(self, lr: float, steps: int, lr_end: float = 0.0) -> None:
        self.lr, self.steps = _not_negative("lr", lr), _at_least_one("steps", steps)
        self.lr_end = _not_negative("lr_end", lr_end)

    def arguments(self) -> dict[str, Any]:
        return {"lr": self.lr, "steps": self.steps, "lr_end": self.lr_end}

    def rate(self, step: int) -> float:
        return cosine(self.lr, self.lr_end, min(step / self.steps, 1))


class OneCycle(Schedule):
    """lr(t): half a cosine up from lr_max / div_factor to lr_max, then half a cosine down to ≈ 0.

    With p = pct_start · steps − 1, up for t ≤ p and down for p < t ≤ steps − 1:

        up:    cosine(lr_max / div_factor, lr_max, t / p)
        down:  cosine(lr_max, lr_max / (div_factor · final_div_factor), (t − p) / (steps − 1 − p))

    Parameters
    ----------
    lr_max : the learning rate at the peak.
    steps : updates in all, epochs · ⌈N / batch_size⌉; a later step gets the last one's rate.
    pct_start : the share of the steps that goes up, in [0, 1].
    div_factor : the peak over the beginning, no unit.
    final_div_factor : the beginning over the end, no unit.

    Notes
    -----
    Smith and Topin (2019), in the form of PyTorch's `OneCycleLR`.

    Examples
    --------
    >>> schedule = OneCycle(1.0, steps=11, pct_start=0.5, div_factor=10)
    >>> [round(schedule(t), 3) for t in (0, 4, 5, 10)]
    [0.1, 0.973, 0.98, 0.0]
    """

    def __init__(
        self,
        lr_max: float,
        steps: int,
        pct_start: float = 0.3,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
    ) -> None:
        self.lr_max, self.steps = _not_negative("lr_max", lr_max), _at_least_one("steps", steps)
        if not 0 <= pct_start <= 1:
            raise ValueError(f"pct_start is a share of the steps, in [0, 1], got {pct_start}")
        if not (div_factor > 0 and final_div_factor > 0):
            raise ValueError(
                "div_factor and final_div_factor must be above 0, "
                f"got {div_factor} and {final_div_factor}"
            )
        self.pct_start, self.div_factor = pct_start, div_factor
        self.final_div_factor = final_div_factor

    def arguments(self) -> dict[str, Any]:
        names = ("lr_max", "steps", "pct_start", "div_factor", "final_div_factor")
        return {name: getattr(self, name) for name in names}

    def rate(self, step: int) -> float:
        peak, last = self.pct_start * self.steps - 1, self.steps - 1
        start = self.lr_max / self.div_factor
        if step <= peak:
            return cosine(start, self.lr_max, step / peak if peak else 1)
        share = min((step - peak) / (last - peak), 1) if last > peak else 1
        return cosine(self.lr_max, start / self.final_div_factor, share)


class WarmUp(Schedule):
    """lr(t) = after(0) · (start + (1 − start) · t / steps) for t < steps, then after(t − steps).

    Parameters
    ----------
    after : the schedule that follows, or a constant learning rate.
    steps : the length of the straight line up.
    start : the share of after(0) at t = 0, in [0, 1].

    Notes
    -----
    Goyal et al. (2017), section 2.2; PyTorch's `LinearLR`.

    Examples
    --------
    >>> schedule = WarmUp(Exponential(1.0, 0.5), steps=4, start=0.0)
    >>> [schedule(t) for t in range(7)]
    [0.0, 0.25, 0.5, 0.75, 1.0, 0.5, 0.25]
    """

    def __init__(self, after: Schedule | float, steps: int, start: float = 0.01) -> None:
        self.after = after if isinstance(after, Schedule) else Constant(after)
        self.steps = _at_least_one("steps", steps)
        if not 0 <= start <= 1:
            raise ValueError(f"start is a share of the learning rate, in [0, 1], got {start}")
        self.start = start

    def arguments(self) -> dict[str, Any]:
        return {"after": self.after, "steps": self.steps, "start": self.start}

    def rate(self, step: int) -> float:
        if step >= self.steps:
            return self.after(step - self.steps)
        return self.after(0) * (self.start + (1 - self.start) * step / self.steps)
