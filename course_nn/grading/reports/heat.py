"""Where an answer is wrong, as a drawing in the page: a square a number, its sign written in it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from markupsafe import Markup

from ...exercises.exercise import load
from ...exercises.regions import axis_words, describe, listed, plural
from ...exercises.task import argument_of
from .markup import NONE, fill, joined

SIDE, LEFT, ABOVE = 24, 34, 22  # of a square; left of the first, and above it
MOST, WIDEST, TALLEST = 600, 48, 40  # squares, columns and rows that a drawing still shows
SMALL = 1e-6  # of the largest error: what is smaller is right

DRAWING = """<figure>
<figcaption>{caption}</figcaption>
<div class="scroll" tabindex="0" role="group" aria-label="{about}">
<svg role="img" aria-label="{words}" width="{width}" height="{height}"
 viewBox="0 0 {width} {height}">
<title>{about}</title>
{axes}{squares}</svg>
</div>
<figcaption>+ too large, − too small, empty: right{odd}. {words}</figcaption>
</figure>
"""
SQUARE = '<rect class="cell {}" x="{}" y="{}" width="24" height="24"/>'
SIGN = '<text class="sign-of" x="{}" y="{}">{}</text>'
PLACE = '<text class="axis" x="{}" y="{}" text-anchor="{}">{}</text>'


def drawn(name: str, error: Any, axes: tuple[str, ...] = ()) -> Markup:
    """The error of one output as a figure; nothing where a drawing would show nothing.

    error : yours − right, nested lists of numbers.
    axes : the letters of its axes, where they are known.
    """
    numbers = _numbers(error)
    if numbers is None or not _telling(numbers):
        return NONE
    rows = np.atleast_2d(numbers) if numbers.ndim < 3 else numbers.reshape(len(numbers), -1)
    if rows.size > MOST or rows.shape[1] > WIDEST or rows.shape[0] > TALLEST:
        return NONE
    levels = _levels(rows)
    return fill(
        DRAWING,
        caption=f"Where {name} is wrong: yours − right. {_said_of_axes(numbers.ndim, axes)}",
        about=f"heat map of the error of {name}",
        words=in_words(numbers, axes),
        width=LEFT + SIDE * rows.shape[1] + 2,
        height=ABOVE + SIDE * rows.shape[0] + 2,
        axes=_axes(*rows.shape),
        squares=_squares(levels),
        odd=", ? no number" if (levels == NAN).any() else "",
    )


def _numbers(error: Any) -> np.ndarray | None:
    """The error as an array; None where it is none."""
    try:
        return np.asarray(error, dtype=float)
    except (TypeError, ValueError):
        return None


def _telling(error: np.ndarray) -> bool:
    """Whether there is a pattern to see: four numbers at least, not all alike."""
    if error.size < 4 or error.ndim < 1:
        return False
    sure = error[np.isfinite(error)]
    return 0 < sure.size < error.size or (
        sure.size > 0 and bool(np.ptp(sure) > SMALL * _most(sure))
    )


def _most(numbers: np.ndarray) -> float:
    return float(np.abs(numbers).max(initial=0.0))


NAN = 9


def _levels(rows: np.ndarray) -> np.ndarray:
    """For each number −3 to 3, by its size beside the largest; 0 where right, `NAN` for none."""
    sure = np.isfinite(rows)
    share = np.where(sure, rows, 0.0) / (_most(rows[sure]) or 1.0)
    level = np.sign(share) * np.ceil(np.abs(share) * 3)
    return np.where(sure, np.where(np.abs(share) <= SMALL, 0, level), NAN).astype(int)


LOOKS = {NAN: ("mq", "?"), 0: ("m0", "")}
LOOKS |= {k: (f"m{k}", "+") for k in (1, 2, 3)} | {-k: (f"l{k}", "−") for k in (1, 2, 3)}


def _squares(levels: np.ndarray) -> Markup:
    parts = []
    for i, row in enumerate(levels.tolist()):
        for j, level in enumerate(row):
            look, sign = LOOKS[level]
            x, y = LEFT + SIDE * j, ABOVE + SIDE * i
            parts.append(SQUARE.format(look, x, y))
            if sign:
                parts.append(SIGN.format(x + SIDE // 2, y + SIDE // 2, sign))
    return Markup("".join(parts))  # made of our own words and whole numbers alone


def _axes(rows: int, columns: int) -> Markup:
    """The number of every row and column; of every fifth where there are many."""
    above = range(0, columns, 1 if columns <= 20 else 5)
    beside = range(0, rows, 1 if rows <= 20 else 5)
    parts = [fill(PLACE, LEFT + SIDE * j + SIDE // 2, ABOVE - 6, "middle", j) for j in above]
    parts += [fill(PLACE, LEFT - 8, ABOVE + SIDE * i + 16, "end", i) for i in beside]
    return joined(parts)


def _said_of_axes(ndim: int, axes: tuple[str, ...]) -> str:
    """What a row and a column of the drawing are."""
    words = axis_words(axes) if len(axes) == ndim else axis_words(("?",) * ndim)
    if ndim == 1:
        return f"From left to right: the {plural(words[0])}."
    if ndim == 2:
        return f"A line for each {words[0]}, a column for each {words[1]}."
    others = listed([plural(word) for word in words[1:]])
    return f"A line for each {words[0]}; {others} one after the other."


def in_words(error: np.ndarray, axes: tuple[str, ...] = ()) -> str:
    """What the drawing shows, for who does not see it.

    >>> in_words(np.array([[0.0, 0.0], [1.0, -3.0]]), ("N", "D"))
    '2 of 4 numbers are wrong: only the last sample; 1 is too large, 1 too small, by 3 at most.'
    """
    sure = np.isfinite(error)
    most = _most(error[sure])
    wrong = ~sure | (np.abs(np.where(sure, error, 0.0)) > SMALL * most)
    where = describe(wrong, axes)
    said = f"{wrong.sum()} of {error.size} numbers are wrong{f': {where}' if where else ''}"
    large, small = int((error[sure] > SMALL * most).sum()), int((error[sure] < -SMALL * most).sum())
    parts = [f"{large} {'is' if large == 1 else 'are'} too large, {small} too small"]
    if most:
        parts.append(f"by {most:.3g} at most")
    if not sure.all():
        parts.append(f"{(~sure).sum()} no number that can be compared")
    return f"{said}; {', '.join(parts)}."


@lru_cache(maxsize=1000)
def axes_of(assignment: str, task: str, output: str) -> tuple[str, ...]:
    """The letters of an output's axes, where the exercise is one of the package's."""
    try:
        return argument_of(load(assignment).tasks[task], output).axes or ()
    except (KeyError, StopIteration):
        return ()
