"""What a gradient check found: it prints itself, and draws itself as heat maps."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..backend import Array, to_numpy

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Comparison:
    """One argument's gradient a beside the numerical one n.

    Attributes
    ----------
    name : of the argument.
    analytic, numerical : float, in the argument's shape.
    noise : what the numerical gradient cannot resolve, in its unit; taken off |a − n|. An array
        where elements differ: infinite where x has no derivative.
    problem : what is wrong with an analytic gradient that cannot be compared, or "".
    doubt : where and why the differences cannot decide, or "".

    Examples
    --------
    >>> print(Comparison("x", np.array([2.0]), np.array([2.5]), noise=0.0))
    dx[0]: analytic +2, numerical +2.5, relative error 2.0e-01
    """

    name: str
    analytic: np.ndarray
    numerical: np.ndarray
    noise: float | np.ndarray
    problem: str = ""
    doubt: str = ""

    @property
    def relative_error(self) -> np.ndarray:
        """|a − n| / max(|a|, |n|), element by element.

        It is 0 where both are zero, and infinite where either is not finite.
        """
        a, n = self.analytic, self.numerical
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            error = np.maximum(np.abs(a - n) - self.noise, 0)
            error = np.nan_to_num(error / np.maximum(np.abs(a), np.abs(n)), nan=0.0)
        return np.where(np.isfinite(a) & np.isfinite(n), error, np.inf)

    @property
    def max_relative_error(self) -> float:
        """The largest relative error, infinite where there is a problem."""
        return float("inf") if self.problem else float(self.relative_error.max(initial=0.0))

    @property
    def worst(self) -> tuple[int, ...]:
        """The index of the largest relative error."""
        at = np.unravel_index(self.relative_error.argmax(), self.numerical.shape)
        return tuple(int(i) for i in at)

    @property
    def blind(self) -> str:
        """What the noise hides, where it hides more than a thousandth of the gradient; or ""."""
        size = float(np.abs(self.numerical).max(initial=0.0))
        noise = float(np.min(self.noise, initial=np.inf))
        if not 1e-3 * size < noise < size < np.inf:
            return ""
        return (
            f"round-off in y hides errors of d{self.name} below {noise / size:.0%}: "
            "subtract what is constant in y, or take a larger step"
        )

    def __str__(self) -> str:
        if self.problem or not self.numerical.size:
            return f"d{self.name}: {self.problem or 'empty'}"
        at = self.worst
        return (
            f"d{self.name}{list(at) if at else ''}: analytic {self.analytic[at]:+.9g}, "
            f"numerical {self.numerical[at]:+.9g}, relative error {self.max_relative_error:.1e}"
        )


@dataclass(frozen=True)
class GradientReport:
    """What `check_vjp` found; it prints itself, and draws itself as heat maps.

    Attributes
    ----------
    comparisons : one `Comparison` for each argument, in order.
    tolerance : the largest relative error that passes.
    notes : what forward and backward do that they should not, though the check could be made.
    doubt : why nothing can be said about backward, or "".

    Examples
    --------
    >>> right = Comparison("x", np.array([2.0]), np.array([2.0]), noise=0.0)
    >>> GradientReport([right]).passed, GradientReport([right]).max_relative_error
    (True, 0.0)
    """

    comparisons: list[Comparison] = field(repr=False)
    tolerance: float = TOLERANCE
    notes: tuple[str, ...] = ()
    doubt: str = ""

    @property
    def max_relative_error(self) -> float:
        """The largest relative error of all arguments."""
        return max((c.max_relative_error for c in self.comparisons), default=0.0)

    @property
    def verdict(self) -> str:
        """ "passed", "FAILED", or "UNDECIDED" where the fault is the forward pass's or the point's.

        >>> GradientReport([], doubt="forward is not repeatable").verdict
        'UNDECIDED'
        """
        judged = [c for c in self.comparisons if c.problem or not self.doubt]
        if any(c.max_relative_error > self.tolerance for c in judged):
            return "FAILED"
        return "UNDECIDED" if self.doubt or any(c.doubt for c in judged) else "passed"

    @property
    def passed(self) -> bool:
        """Whether every gradient agrees within the tolerance."""
        return self.verdict == "passed"

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        lines = [
            f"gradient check {self.verdict} (tolerance {self.tolerance:.0e}); "
            "the worst element of each gradient:"
        ]
        if self.doubt:
            lines = [f"gradient check {self.verdict}: {self.doubt}"]
        for c in self.comparisons:
            if c.max_relative_error > self.tolerance and (c.problem or not self.doubt):
                lines.append(f"  FAIL {c}")
            elif not c.doubt and not self.doubt:
                lines.append(f"  ok   {c}")
            if c.doubt:
                lines.append(f"  ?    d{c.name}: {c.doubt}")
        notes = [*self.notes, *filter(None, (c.blind for c in self.comparisons if not self.doubt))]
        return "\n".join(lines + [f"  note: {note}" for note in notes])

    __repr__ = __str__

    def plot(self) -> Any:
        """A figure with a row of heat maps a gradient: analytic, numerical, relative error.

        Returns
        -------
        figure : of matplotlib, see `plot.gradient_report`.
        """
        from ..plot import gradient_report  # drawing is the only thing here that needs matplotlib

        return gradient_report(self)


def compare(name: str, gradient: Any, numerical: Array, noise: float) -> Comparison:
    """The two side by side, with the problem of a gradient that cannot be compared."""
    numerical = to_numpy(numerical)
    analytic = np.full(numerical.shape, np.nan) if gradient is None else to_numpy(gradient)
    problem = ""
    if gradient is None:
        problem = f"backward returned None, but an array of shape {numerical.shape} was expected"
    elif analytic.dtype.kind != "f":
        problem = f"expected an array of floats, got {analytic.dtype}"
    elif analytic.shape != numerical.shape:
        problem = f"shape {analytic.shape}, but the argument has shape {numerical.shape}"
    return Comparison(name, analytic, numerical, noise, problem)
