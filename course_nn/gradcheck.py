"""The judge: numerical gradients against the ones a backward pass returns.

It imports no op, so it cannot share an op's bug. A backward pass is a vector–Jacobian product, and
the vector is drawn at random: with dy = 1 everywhere a softmax whose backward pass returns zeros
would pass, since its outputs sum to a constant.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .backend import Array, array_module, to_numpy

STEP = 1e-5  # near the bottom of the error's V: truncation grows as h², round-off as 1/h
TOLERANCE = 1e-6


def numerical_gradient(
    f: Callable[[Array], Array], x: Array, dy: Array, step: float = STEP
) -> Array:
    """g[i] = Σ dy ⊙ (f(x + h eᵢ) − f(x − h eᵢ)) / 2h: central differences, one i at a time.

    Parameters
    ----------
    f : a function of one array that returns an array (or a number).
    x : float64, any shape; left as it was.
    dy : the upstream gradient, shape of f(x).
    step : h, in the unit of x; it grows with |x[i]| beyond one.

    Returns
    -------
    gradient : float64, shape of x.

    Raises
    ------
    TypeError : if x is not float64, in which the differences would drown in round-off.
    ValueError : if dy has not the shape of f(x).

    Notes
    -----
    Book: Checking a gradient, "The V: truncation against round-off". The error is h²/6 · f‴ of
    truncation and about ε |f| / h of round-off.

    Examples
    --------
    >>> numerical_gradient(lambda x: x**2, np.array([1.0, 3.0]), np.array([1.0, 10.0])).round(6)
    array([ 2., 60.])
    """
    if x.dtype != np.float64:
        raise TypeError(
            f"x must be float64 to be differenced, got {x.dtype}; "
            "convert it with x.astype(np.float64)"
        )
    if np.shape(f(x)) != np.shape(dy):
        raise ValueError(
            f"dy of shape {np.shape(dy)} does not fit f(x) of shape {np.shape(f(x))}; "
            "the two must be equal"
        )
    xp, x = array_module(x), x.copy()
    gradient, dy = xp.empty_like(x), xp.asarray(dy)
    for index in np.ndindex(x.shape):
        centre = float(x[index])
        h = step * max(1.0, abs(centre))
        x[index] = centre + h
        above, high = xp.array(f(x)), float(x[index])  # copies: f may return a view of x
        x[index] = centre - h
        below, low = xp.array(f(x)), float(x[index])
        x[index] = centre
        # outputs that x[i] does not touch cancel exactly
        gradient[index] = ((above - below) * dy).sum() / (high - low)
    return gradient


@dataclass(frozen=True)
class Comparison:
    """One argument's gradient a beside the numerical one n.

    Attributes
    ----------
    name : of the argument.
    analytic, numerical : float, in the argument's shape.
    noise : what the numerical gradient cannot resolve, in its unit; taken off |a − n|.
    problem : what is wrong with an analytic gradient that cannot be compared, or "".

    Examples
    --------
    >>> print(Comparison("x", np.array([2.0]), np.array([2.5]), noise=0.0))
    dx[0]: analytic +2, numerical +2.5, relative error 2.0e-01
    """

    name: str
    analytic: np.ndarray
    numerical: np.ndarray
    noise: float
    problem: str = ""

    @property
    def relative_error(self) -> np.ndarray:
        """|a − n| / max(|a|, |n|), element by element.

        It is 0 where both are zero, and infinite where either is not finite.
        """
        a, n = self.analytic, self.numerical
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            error = np.maximum(np.abs(a - n) - self.noise, 0) / np.maximum(np.abs(a), np.abs(n))
        return np.where(np.isfinite(a) & np.isfinite(n), np.nan_to_num(error, nan=0.0), np.inf)

    @property
    def max_relative_error(self) -> float:
        """The largest relative error, infinite where there is a problem."""
        return float("inf") if self.problem else float(self.relative_error.max(initial=0.0))

    @property
    def worst(self) -> tuple[int, ...]:
        """The index of the largest relative error."""
        at = np.unravel_index(self.relative_error.argmax(), self.numerical.shape)
        return tuple(int(i) for i in at)

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

    Examples
    --------
    >>> right = Comparison("x", np.array([2.0]), np.array([2.0]), noise=0.0)
    >>> GradientReport([right]).passed, GradientReport([right]).max_relative_error
    (True, 0.0)
    """

    comparisons: list[Comparison] = field(repr=False)
    tolerance: float = TOLERANCE

    @property
    def max_relative_error(self) -> float:
        """The largest relative error of all arguments."""
        return max((c.max_relative_error for c in self.comparisons), default=0.0)

    @property
    def passed(self) -> bool:
        """Whether every gradient agrees within the tolerance."""
        return self.max_relative_error <= self.tolerance

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "FAILED"
        lines = [
            f"gradient check {verdict} (tolerance {self.tolerance:.0e}); "
            "the worst element of each gradient:"
        ]
        for c in self.comparisons:
            lines.append(f"  {'ok  ' if c.max_relative_error <= self.tolerance else 'FAIL'} {c}")
        return "\n".join(lines)

    __repr__ = __str__

    def plot(self) -> Any:
        """A figure with a row of heat maps a gradient: analytic, numerical, relative error.

        Returns
        -------
        figure : of matplotlib, see `plot.gradient_report`.
        """
        from .plot import gradient_report  # drawing is the only thing here that needs matplotlib

        return gradient_report(self)


def check_vjp(
    forward: Callable[..., tuple[Array, Any]],
    backward: Callable[[Array, Any], Array | Sequence[Array]],
    *arrays: Array,
    rng: np.random.Generator | None = None,
    tolerance: float = TOLERANCE,
    step: float = STEP,
) -> GradientReport:
    """Is backward(dy, cache) = (∂forward/∂array)ᵀ dy for every array, with a random dy?

    Parameters
    ----------
    forward : (*arrays) → (y, cache).
    backward : (dy, cache) → the gradient of each array, in order (one array alone may stand
        without a tuple).
    *arrays : float, any shapes; checked in float64. Other arguments (labels, strides) belong into
        a lambda. Keep the points away from kinks: a maximum whose two candidates are closer than
        the step has no derivative there.
    rng : draws dy from a normal distribution; a fixed one by default, so that a check repeats.
    tolerance : the largest relative error that passes, no unit. The default finds a gradient that
        is wrong by one part in 10⁵.
    step : of the differences, in the arrays' unit.

    Returns
    -------
    report : `.passed`, `.max_relative_error`, `.plot()`; prints well.

    Raises
    ------
    ValueError : if backward does not return one gradient for each array.

    Notes
    -----
    Book: Checking a gradient, "The judge".

    Examples
    --------
    >>> square = lambda x: (x * x, x)
    >>> check_vjp(square, lambda dy, x: 2 * x * dy, np.array([1.0, 2.0])).passed
    True
    >>> print(check_vjp(square, lambda dy, x: x * dy, np.array([1.0])))
    gradient check FAILED (tolerance 1e-06); the worst element of each gradient:
      FAIL dx[0]: analytic +0.125730221, numerical +0.251460442, relative error 5.0e-01
    """
    # copies: a forward may be at fault in any way
    points = [array_module(a).array(a, dtype=np.float64) for a in arrays]
    y, cache = forward(*points)
    rng = np.random.default_rng(0) if rng is None else rng
    dy = array_module(y).asarray(rng.standard_normal(np.shape(y)))
    gradients = backward(dy.copy(), cache)
    gradients = gradients if isinstance(gradients, tuple | list) else (gradients,)
    if len(gradients) != len(points):
        raise ValueError(
            f"backward returned {len(gradients)} gradients for {len(points)} arrays; "
            "return one for each, in order"
        )
    names, noise = _argument_names(forward, len(points)), _noise(to_numpy(y), dy, step)
    comparisons = []
    for i, (name, gradient) in enumerate(zip(names, gradients, strict=True)):

        def value(point: Array, i: int = i) -> Array:
            return forward(*points[:i], point, *points[i + 1 :])[0]

        numerical = numerical_gradient(value, points[i], dy, step)
        comparisons.append(_compare(name, gradient, numerical, noise))
    return GradientReport(comparisons, tolerance)


def assert_vjp(*args: Any, **options: Any) -> None:
    """`check_vjp` for a test: a wrong gradient is an error, with the report as its message.

    Parameters
    ----------
    *args, **options : of `check_vjp`.

    Raises
    ------
    AssertionError : if a gradient is wrong.

    Examples
    --------
    >>> assert_vjp(lambda x: (x * x, x), lambda dy, x: 2 * x * dy, np.array([1.0, 2.0]))
    """
    report = check_vjp(*args, **options)
    if not report.passed:
        raise AssertionError(str(report))


def _noise(y: np.ndarray, dy: Array, step: float) -> float:
    """4 ε max|y| ‖dy‖ / h: what round-off in y leaves of a central difference, with a margin."""
    norm = float((dy * dy).sum()) ** 0.5
    return 4 * np.finfo(np.float64).eps * float(abs(y).max(initial=0.0)) * norm / step


def _argument_names(forward: Callable, count: int) -> list[str]:
    """The names that forward gives its arguments.

    They are x0, x1, … where it takes them as *arrays or cannot be asked.
    """
    try:
        parameters = inspect.signature(forward).parameters.values()
    except (TypeError, ValueError):
        return [f"x{i}" for i in range(count)]
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return names[:count] if len(names) >= count else [f"x{i}" for i in range(count)]


def _compare(name: str, gradient: Array, numerical: Array, noise: float) -> Comparison:
    """The two side by side, with the problem of a gradient that cannot be compared."""
    analytic, numerical = to_numpy(gradient), to_numpy(numerical)
    problem = ""
    if analytic.dtype.kind != "f":
        problem = f"expected an array of floats, got {analytic.dtype}"
    elif analytic.shape != numerical.shape:
        problem = f"shape {analytic.shape}, but the argument has shape {numerical.shape}"
    return Comparison(name, analytic, numerical, noise, problem)
