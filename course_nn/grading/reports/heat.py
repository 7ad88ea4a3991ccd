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

SIDE, LEFT, ABOVE, GAP = 24, 34, 22, 12  # of a square; left of and above a picture; between two
MOST, WIDEST, TALLEST = 600, 48, 40  # squares, columns and rows that a drawing still shows
ROWS = 3  # of pictures
SMALL = 1e-6  # of the largest error: what is smaller is right
NAN = 9

DRAWING = """<figure>
<figcaption>{caption}</figcaption>
<div class="scroll" tabindex="0" role="group" aria-label="{about}">
<svg role="img" aria-label="{words}" width="{width}" height="{height}"
 viewBox="0 0 {width} {height}">
<title>{about}</title>
{squares}</svg>
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
    pictures = _pictures(numbers)
    count = sum(picture.size for row in pictures for _, picture in row)
    wide = max(sum(picture.shape[1] for _, picture in row) for row in pictures)
    if not 0 < count <= MOST or wide > WIDEST or pictures[0][0][1].shape[0] > TALLEST:
        return NONE
    squares, width, height = _laid_out(pictures, _most(numbers[np.isfinite(numbers)]))
    return fill(
        DRAWING,
        caption=f"Where {name} is wrong: yours − right.{_said_of_axes(numbers, axes, count)}",
        about=f"heat map of the error of {name}",
        words=in_words(numbers, axes),
        width=width,
        height=height,
        squares=squares,
        odd="" if np.isfinite(numbers).all() else ", ? no number",
    )


Pictures = list[list[tuple[str, np.ndarray]]]  # rows of pictures, each with its name


def _pictures(error: np.ndarray) -> Pictures:
    """An array as pictures of two axes; of many, those in which something is wrong."""
    if error.ndim < 3:
        return [[("", np.atleast_2d(error))]]
    planes = error.reshape(-1, *error.shape[-3:])
    names = list(np.ndindex(error.shape[:-3]))
    wrong = ~(np.abs(planes) <= SMALL * _most(error[np.isfinite(error)]))
    wide = max(1, min(WIDEST // error.shape[-1], error.shape[-3]))
    tall = max(1, min(ROWS, MOST // (wide * error.shape[-1] * error.shape[-2])))
    rows = [n for n in range(len(planes)) if wrong[n].any()][:tall]
    columns = np.flatnonzero(wrong.any(axis=(0, 2, 3)))[:wide].tolist()
    if len(columns) < wide:
        columns = list(range(wide)) if max(columns, default=0) < wide else columns
    return [[(", ".join(map(str, (*names[n], k))), planes[n, k]) for k in columns] for n in rows]


def _laid_out(pictures: Pictures, most: float) -> tuple[Markup, int, int]:
    """All pictures, and how wide and high they are together."""
    parts, width, y = [], 0, ABOVE
    for row in pictures:
        x = LEFT
        for name, numbers in row:
            rows, columns = numbers.shape
            middle = x + SIDE * columns // 2
            parts.append(fill(PLACE, middle, y - 6, "middle", name) if name else NONE)
            parts.append(_squares(_levels(numbers, most), x, y))
            x += SIDE * columns + GAP
        width, y = max(width, x - GAP + 2), y + SIDE * rows + ABOVE
    if not pictures[0][0][0]:
        parts.append(_places(*pictures[0][0][1].shape))
    return joined(parts), width, y - ABOVE + 2


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


def _levels(rows: np.ndarray, most: float) -> np.ndarray:
    """For each number −3 to 3, by its size beside the largest; 0 where right, `NAN` for none."""
    sure = np.isfinite(rows)
    share = np.where(sure, rows, 0.0) / (most or 1.0)
    level = np.sign(share) * np.ceil(np.abs(share) * 3 - 1e-9)
    return np.where(sure, np.where(np.abs(share) <= SMALL, 0, level), NAN).astype(int)


LOOKS = {NAN: ("mq", "?"), 0: ("m0", "")}
LOOKS |= {k: (f"m{k}", "+") for k in (1, 2, 3)} | {-k: (f"l{k}", "−") for k in (1, 2, 3)}


def _squares(levels: np.ndarray, left: int, above: int) -> Markup:
    parts = []
    for i, row in enumerate(levels.tolist()):
        for j, level in enumerate(row):
            look, sign = LOOKS[level]
            x, y = left + SIDE * j, above + SIDE * i
            parts.append(SQUARE.format(look, x, y))
            if sign:
                parts.append(SIGN.format(x + SIDE // 2, y + SIDE // 2, sign))
    return Markup("".join(parts))  # made of our own words and whole numbers alone


def _places(rows: int, columns: int) -> Markup:
    """The number of every row and column; of every fifth where there are many."""
    above = range(0, columns, 1 if columns <= 20 else 5)
    beside = range(0, rows, 1 if rows <= 20 else 5)
    parts = [fill(PLACE, LEFT + SIDE * j + SIDE // 2, ABOVE - 6, "middle", j) for j in above]
    parts += [fill(PLACE, LEFT - 8, ABOVE + SIDE * i + 16, "end", i) for i in beside]
    return joined(parts)


def _said_of_axes(error: np.ndarray, axes: tuple[str, ...], shown: int) -> str:
    """What a picture is, a row and a column of it."""
    ndim = error.ndim
    words = axis_words(axes) if len(axes) == ndim else axis_words(("?",) * ndim)
    if ndim == 1:
        return f" From left to right: the {plural(words[0])}."
    plain = tuple(words[-2:]) == ("row", "column")
    lines = "" if plain else f"a line for each {words[-2]}, a column for each {words[-1]}"
    if ndim == 2:
        return f" {lines.capitalize()}." if lines else ""
    some = " where it is wrong" if shown < error.size else ""
    return f" A picture for each {listed(words[:-2])}{some}{f': {lines}' if lines else ''}."


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
