"""The second look: why a check that failed may have failed, before backward is blamed.

Differences can be at fault: a forward pass that draws a mask anew or computes in float32, a kink at
the point, a function so curved that the step is too large. None of them is backward's doing.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ..backend import Array, array_module
from .calls import Forward
from .report import Comparison, GradientReport

EPS = float(np.finfo(np.float64).eps)
SHRINK = [10.0**-k for k in range(12)]  # of the step: down to 1e-16 for a log at 1e-12


def second_look(
    report: GradientReport, f: Forward, y: Array, dy: Array, step: float
) -> GradientReport:
    """The report of a failed check with its doubts, or with better numbers.

    Parameters
    ----------
    report : that did not pass.
    f : the forward pass, at the points where it was judged.
    y, dy : its output there, and the upstream gradient.
    step : of the first differences.

    Returns
    -------
    report : `doubt` and each comparison's `doubt` filled, where there is one; a gradient that
        agrees with the differences of a smaller step passes.
    """
    failed = [i for i, c in enumerate(report.comparisons) if _fails(c, report.tolerance)]
    with np.errstate(all="ignore"):
        doubt = _not_finite(y) or _not_repeatable(f, y) or _float32(f, y, failed) if failed else ""
        if doubt:
            return replace(report, doubt=doubt)
        comparisons = list(report.comparisons)
        for i in failed:
            look = _Look(f, i, y, dy, step, report.tolerance)
            comparisons[i] = look.at(comparisons[i])
        notes = [*report.notes, *_narrow(comparisons, report.tolerance), *_swapped(report)]
    return replace(report, comparisons=comparisons, notes=tuple(notes))


def _fails(c: Comparison, tolerance: float) -> bool:
    """Whether a gradient's numbers, not its form, are wrong."""
    return not c.problem and c.max_relative_error > tolerance


# ---- the whole forward pass


def _not_finite(y: Array) -> str:
    """A y that holds NaN or ∞ has no differences."""
    bad = ~np.isfinite(y)
    if not bad.any():
        return ""
    at = _first(bad)
    return (
        f"forward's y{at} is {float(y[_index(at)])}, which has no differences: "
        "mend forward, or judge it where y is finite"
    )


def _not_repeatable(f: Forward, y: Array) -> str:
    """The same arrays must give the same y."""
    advice = (
        "draw random numbers outside and hand them in, and keep nothing between calls "
        "(a running mean, an array outside that is changed in place)"
    )
    for _ in range(3):
        try:
            again = f.again()
        except Exception as error:
            return f"forward runs once, but a second call raises {_said(error)}: {advice}"
        if np.shape(again) != y.shape:
            return f"forward's y is {y.shape} at first, then {np.shape(again)}: {advice}"
        apart = abs(again - y) > 1e-11 * float(abs(y).max(initial=0.0))
        if apart.any():
            at = _first(apart)
            first, then = float(y[_index(at)]), float(np.asarray(again)[_index(at)])
            return (
                f"forward is not repeatable: called twice on the same arrays it gives y{at} = "
                f"{first:.6g}, then {then:.6g}; {advice}"
            )
    return ""


def _float32(f: Forward, y: Array, failed: list[int]) -> str:
    """In float32 a step moves y by little more than its rounding."""
    advice = "keep the dtype of the arrays that come (no float32 inside)"
    if y.dtype.itemsize < 8:
        return f"forward computes in {y.dtype}: it gave y so for arrays of float64; {advice}"
    for i in failed:
        if _coarse(f, y, i):
            return (
                f"forward computes in float32 or coarser: y does not stir when {f.names[i]} moves "
                f"by 1e-12, though it does when {f.names[i]} moves by 1e-4; {advice}"
            )
    return ""


def _coarse(f: Forward, y: Array, i: int) -> bool:
    """Whether nearly all numbers of y ignore a move of 1e-12 that float64 would show."""
    point, rng = f.points[i], np.random.default_rng(0)
    xp = array_module(point)
    way = xp.asarray(rng.uniform(1, 2, point.shape)) * xp.maximum(1, abs(point))
    near, far = f.moved(i, point + 1e-12 * way), f.moved(i, point + 1e-4 * way)
    shows = abs(far - y) * 1e-8 > 8 * EPS * abs(y)
    return bool(shows.any()) and float((near == y)[shows].mean()) > 0.9


# ---- one element after the other


@dataclass(frozen=True)
class _Rung:
    """Differences at one element with one step: the central one, and right less left.

    `noise` counts the outputs that moved; where none did, the step is `idle`.
    """

    step: float
    central: float
    bend: float
    noise: float
    idle: bool

    @property
    def usable(self) -> bool:
        """Whether it is finite, and not an idle step finer than float32: y may be rounded so."""
        known = bool(np.isfinite([self.central, self.bend]).all())
        return known and not (self.idle and self.step < 5e-7)


@dataclass(frozen=True)
class _Look:
    """A closer look at the i-th argument's gradient."""

    f: Forward
    i: int
    y: Array
    dy: Array
    step: float
    tolerance: float

    def at(self, c: Comparison) -> Comparison:
        """The comparison after a look at its wrong elements, until the worst is known."""
        numerical, noise = c.numerical.copy(), np.full(c.numerical.shape, float(c.noise))
        error, doubts, worst = c.relative_error, [], self.tolerance
        for flat in np.argsort(-error, axis=None, kind="stable"):
            index = np.unravel_index(flat, error.shape)
            if error[index] <= 1.001 * worst:  # a closer look lowers an error, if anything
                break
            rungs, analytic = self.ladder(index), float(c.analytic[index])
            rung, doubt = self.verdict(rungs, analytic, index)
            numerical[index] = rung.central if np.isfinite(rung.central) else 0.0
            noise[index] = np.inf if doubt else rung.noise
            doubts += [doubt] if doubt else []
            now = Comparison(c.name, c.analytic[index], numerical[index], noise[index])
            worst = max(worst, now.max_relative_error)
        more = f" (and {len(doubts) - 1} more)" if len(doubts) > 1 else ""
        said = doubts[0] + more if doubts else ""
        return replace(c, numerical=numerical, noise=noise, doubt=said)

    def ladder(self, index: tuple) -> list[_Rung]:
        """The differences at x[index] with smaller and smaller steps."""
        x, rungs = self.f.points[self.i].copy(), []
        centre = float(x[index])
        for shrink in SHRINK:
            h = self.step * shrink * max(1.0, abs(centre))
            x[index] = centre + h
            high, above = float(x[index]), self.f.moved(self.i, x)
            x[index] = centre - h
            low, below = float(x[index]), self.f.moved(self.i, x)
            if not low < centre < high:
                break
            right = float(((above - self.y) * self.dy).sum()) / (high - centre)
            left = float(((self.y - below) * self.dy).sum()) / (centre - low)
            central = float(((above - below) * self.dy).sum()) / (high - low)
            moved = (above != self.y) | (below != self.y)
            size = float(abs(above * moved).max(initial=0.0) + abs(self.y * moved).max(initial=0.0))
            noise = 4 * EPS * size * float(((self.dy * moved) ** 2).sum()) ** 0.5 / h
            rungs.append(_Rung(h, central, right - left, noise, not moved.any()))
        return rungs

    def verdict(self, rungs: list[_Rung], analytic: float, index: tuple) -> tuple[_Rung, str]:
        """The differences to compare with, and why they cannot decide, or ""."""
        name = f"{self.f.names[self.i]}{[int(k) for k in index] if index else ''}"
        usable = [rung for rung in rungs if rung.usable]
        right = self.agreeing(usable, analytic, rungs[0].central)
        if right:
            return right, ""
        if len(usable) < 2:
            return rungs[-1], self.edge(rungs[-1], name)
        wide, fine = min(pairwise(usable), key=_unrest)
        unrest, size = _unrest((wide, fine)), max(abs(analytic), abs(fine.central))
        if abs(fine.bend) > 0.5 * abs(wide.bend) > 4 * fine.noise + self.tolerance * size:
            return fine, _kink(fine, name)
        best = wide if abs(wide.central - fine.central) <= fine.noise else fine
        sure = abs(analytic - best.central) > 2 * unrest
        return best, "" if sure else _unsettled(wide, fine, name)

    def agreeing(self, rungs: list[_Rung], analytic: float, first: float) -> _Rung | None:
        """The step by which the gradient is right, and which the next finer one confirms.

        Their noise must lie well below the tolerance. `first` is what the first step gave: beside
        a kink, zero is found to a rounding of it.
        """
        for rung, finer in pairwise(rungs):
            slack = self.tolerance * max(abs(analytic), abs(rung.central))
            right = abs(analytic - rung.central) <= slack + rung.noise <= 1.1 * slack
            if right and abs(rung.central - finer.central) <= slack + finer.noise <= 2 * slack:
                return rung
        for rung in rungs:
            if analytic == 0 and abs(rung.central) <= 1e-12 * abs(first) < np.inf:
                return replace(rung, central=0.0)
        return None

    def edge(self, rung: _Rung, name: str) -> str:
        """What forward does beside a point at the edge of its domain."""
        came = f"raises {_said(self.f.error)}" if self.f.error else "gives NaN or ∞"
        return (
            f"forward {came} a step of {rung.step:.0e} beside {name}: it lies on the edge of "
            "forward's domain, so move the point"
        )


def _unrest(pair: tuple[_Rung, _Rung]) -> float:
    """How little two steps, one after the other, say about the derivative."""
    return abs(pair[0].central - pair[1].central) + pair[1].noise


def _kink(rung: _Rung, name: str) -> str:
    """That forward has two slopes at a point."""
    left, right = rung.central - rung.bend / 2, rung.central + rung.bend / 2
    return (
        f"{name} lies on a kink of forward (slope {left:+.6g} on its left, {right:+.6g} on its "
        "right), where there is no derivative; this is not backward's fault: move the point"
    )


def _unsettled(wide: _Rung, fine: _Rung, name: str) -> str:
    """That no step is fine enough for forward's bends and wide enough for round-off."""
    return (
        f"the differences at {name} do not settle ({wide.central:+.6g} with a step of "
        f"{wide.step:.0e}, {fine.central:+.6g} with {fine.step:.0e}): forward bends more sharply "
        "there than its round-off lets one see, so move the point"
    )


# ---- what else may be the cause


def _narrow(comparisons: list[Comparison], tolerance: float) -> list[str]:
    """Gradients that came in a narrower dtype than the judge's."""
    return [
        f"d{c.name} came as {c.analytic.dtype} for a dy of float64: backward computes in it, and "
        "loses the digits that the check compares; keep dy's dtype"
        for c in comparisons
        if _fails(c, tolerance) and c.analytic.dtype.itemsize < 8
    ]


def _swapped(report: GradientReport) -> list[str]:
    """Gradients that are right, but another argument's."""
    order, notes = ", ".join(f"d{c.name}" for c in report.comparisons), []
    wrong = [c for c in report.comparisons if c.max_relative_error > report.tolerance]
    for c in wrong:
        for other in wrong:
            if c is other or c.analytic.shape != other.numerical.shape or not other.numerical.any():
                continue
            swapped = replace(other, analytic=c.analytic, problem="")
            if c.analytic.dtype.kind == "f" and swapped.max_relative_error <= report.tolerance:
                notes.append(
                    f"what came as d{c.name} is d{other.name}: return the gradients in the order "
                    f"of forward's arguments, ({order})"
                )
    return notes


def _said(error: Exception | None) -> str:
    """An error as one piece of text."""
    return f"{type(error).__name__}: {error}"


def _first(where: Array) -> list[int] | str:
    """The index of the first True, as it is printed; "" for a plain number."""
    return [int(k[0]) for k in where.nonzero()] if where.ndim else ""


def _index(at: list[int] | str) -> tuple[int, ...]:
    """The index that `_first` printed."""
    return tuple(at) if isinstance(at, list) else ()
