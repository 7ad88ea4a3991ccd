"""Central differences, and the check that holds a backward pass against them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..backend import Array, array_module, to_numpy
from .calls import Forward, run_backward
from .doubts import second_look
from .report import TOLERANCE, GradientReport, compare

STEP = 1e-5  # near the bottom of the error's V: truncation grows as h², round-off as 1/h


def numerical_gradient(
    f: Callable[[Array], Array], x: Array, dy: Array, step: float = STEP
) -> Array:
    """g[i] = Σ dy ⊙ (f(x + h eᵢ) − f(x − h eᵢ)) / 2h, one i at a time.

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
    Book: Checking a gradient, "The V: truncation against round-off", eq-gc-numerical, eq-gc-error.
    The error is h²/6 · f‴ of truncation and about ε |f| / h of round-off.

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
    if (shape := np.shape(f(x.copy()))) != np.shape(dy):
        fit = f"does not fit f(x) of shape {shape}; the two must be equal"
        raise ValueError(f"dy of shape {np.shape(dy)} {fit}")
    xp, x = array_module(x), x.copy()
    gradient, dy = xp.empty_like(x), xp.asarray(dy)
    for index in np.ndindex(x.shape):
        centre = float(x[index])
        h = step * max(1.0, abs(centre))
        # copies: f may write into x, or return it
        x[index] = centre + h
        high, above = float(x[index]), xp.array(f(x.copy()))
        x[index] = centre - h
        low, below = float(x[index]), xp.array(f(x.copy()))
        x[index] = centre
        # outputs that x[i] does not touch cancel exactly
        gradient[index] = ((above - below) * dy).sum() / (high - low)
    return gradient


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
    *arrays : any shapes, checked in float64. Other arguments (labels, strides) belong into a
        lambda. Keep the points away from kinks: where two candidates for a maximum are equal,
        there is no derivative, and the check cannot decide.
    rng : draws dy from a normal distribution; a fixed one by default, so that a check repeats.
    tolerance : the largest relative error that passes, no unit. The default finds a gradient that
        is wrong by one part in 10⁵.
    step : of the differences, in the arrays' unit.

    Returns
    -------
    report : `.passed`, `.max_relative_error`, `.plot()`; prints well. Its `.verdict` is
        "UNDECIDED" where not backward is at fault but forward (it is not repeatable, or computes
        in float32) or the point (it lies on a kink), which it says.

    Raises
    ------
    ValueError : if forward does not return (y, cache), backward not one gradient for each array,
        or an array is not finite.
    TypeError : if something is no function, or no array of real numbers.

    Notes
    -----
    Book: Checking a gradient, "The judge", eq-gc-vjp, eq-gc-relative, eq-gc-noise.

    Examples
    --------
    >>> square = lambda x: (x * x, x)
    >>> check_vjp(square, lambda dy, x: 2 * x * dy, np.array([1.0, 2.0])).passed
    True
    >>> print(check_vjp(square, lambda dy, x: x * dy, np.array([1.0])))
    gradient check FAILED (tolerance 1e-06); the worst element of each gradient:
      FAIL dx[0]: analytic +0.10296768, numerical +0.20593536, relative error 5.0e-01
    """
    f = Forward(forward, arrays)
    rng = _generator(rng, step, tolerance)
    y, cache = f.start()
    dy = array_module(y).asarray(rng.standard_normal(y.shape))
    gradients, notes = run_backward(backward, dy, cache, f.names)
    noise = _noise(to_numpy(y), dy, step)
    comparisons = []
    for i, gradient in enumerate(gradients):
        # a step may leave forward's domain: see `second_look`
        with np.errstate(all="ignore"):
            numerical = numerical_gradient(partial(f.moved, i), f.points[i], dy, step)
        comparisons.append(compare(f.names[i], gradient, numerical, noise))
    report = GradientReport(comparisons, tolerance, (*f.notes, *notes))
    return report if report.passed else second_look(report, f, y, dy, step)


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


def _generator(rng: Any, step: float, tolerance: float) -> Any:
    """The generator that draws dy, once the options have been looked at."""
    if not step > 0 or not 0 < tolerance < 1:
        raise ValueError(
            f"step must be above 0, got {step}, and tolerance between 0 and 1, got {tolerance}"
        )
    if rng is not None and not hasattr(rng, "standard_normal"):
        raise TypeError(f"rng must be a generator such as np.random.default_rng(0), got {rng!r}")
    # of no common seed: dy must not be the x that a caller draws from default_rng(0)
    return np.random.default_rng([0, 1]) if rng is None else rng
