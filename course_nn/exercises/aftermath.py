"""What no change of the formula gives: something done to the right answer, or parts not reached.

Each yields (words, array), the words the same for any data and sizes, `{name}` for the output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from .regions import WORDS, plural

Found = Iterator[tuple[str, np.ndarray]]
Axes = tuple[str, ...]
SAID = {letter: word for letter, word in WORDS.items() if letter not in "RST"}
FACTORS = (
    (2, "twice"), (0.5, "half"), (10, "ten times"), (0.1, "a tenth of"),
    (100, "a hundred times"), (0.01, "a hundredth of"),
)  # fmt: skip


def afterwards(
    right: np.ndarray, axes: Axes, inputs: Mapping[str, Any], named: Mapping[str, Axes]
) -> Found:
    """The right answer with something done to it: scaled, moved, rounded, squashed, normalised …

    Parameters
    ----------
    right : the right answer, of these axes.
    inputs, named : all arrays and numbers; the axes of the arrays.

    Examples
    --------
    >>> found = dict(afterwards(np.array([1.0, -2.0]), ("N",), {}, {}))
    >>> found["the sign of {name} is flipped"]
    array([-1.,  2.])
    """
    if not right.size:
        return
    yield "the sign of {name} is flipped", -right
    yield from _scaled(right, inputs, named)
    yield from _moved(right, axes)
    yield from _rounded(right)
    yield from _squashed(right)
    yield from _normalised(right, axes)
    yield from _reduced(right, axes)
    for name, value in inputs.items():
        if isinstance(value, np.ndarray):
            yield f"{{name}} is {name} itself", value
            if value.shape != right.shape and value.size == right.size:
                yield f"{{name}} is {name} in another shape", value.reshape(right.shape)
            if value.shape == right.shape and value.dtype.kind == "f":
                yield from _of_an_input(name, value)


def _of_an_input(name: str, value: np.ndarray) -> Found:
    """A well-known function of an argument, number by number."""
    with np.errstate(all="ignore"):
        yield f"{{name}} is the sigmoid of {name}, number by number", 1 / (1 + np.exp(-value))
        yield f"{{name}} is the tanh of {name}", np.tanh(value)
        yield f"{{name}} is the exponential of {name}", np.exp(value)
        yield f"{{name}} is the logarithm of {name}", np.log(value)
        yield f"{{name}} is {name} squared", value**2
        yield f"{{name}} is the absolute value of {name}", np.abs(value)
        yield f"{{name}} is the ReLU of {name}", np.maximum(value, 0)


def _scaled(right: np.ndarray, inputs: Mapping[str, Any], named: Mapping[str, Axes]) -> Found:
    for letter, size in _sizes(inputs, named).items():
        what = counted(letter)
        yield f"{{name}} is right but divided by {what}", right / size
        yield f"{{name}} is right but multiplied by {what}", right * size
        yield f"{{name}} is right but divided by the root of {letter}", right / np.sqrt(size)
    yield "{name} is right but divided by how many numbers it has", right / max(right.size, 1)
    yield "{name} is right but multiplied by how many numbers it has", right * right.size
    for name, value in inputs.items():
        if isinstance(value, int | float) and not isinstance(value, bool) and value:
            yield f"{{name}} is right but multiplied by {name}", right * value
            yield f"{{name}} is right but divided by {name}", right / value
            yield f"{{name}} is right plus {name}", right + value
    for factor, said in FACTORS:
        yield f"{{name}} is {said} the right one", right * factor
    yield "{name} is 1 more than the right one", right + 1
    yield "{name} is 1 less than the right one", right - 1


def counted(letter: str) -> str:
    """What a letter counts, in words.

    >>> counted("N"), counted("K"), counted("R")
    ('the number of samples, N', 'the number of classes, K', 'R')
    """
    if letter not in SAID:
        return letter
    return f"the number of {plural(SAID[letter])}, {letter}"


def _sizes(inputs: Mapping[str, Any], named: Mapping[str, Axes]) -> dict[str, int]:
    """The size of every letter among the axes of the inputs."""
    return {
        axis: size
        for name, axes in named.items()
        for axis, size in zip(axes, np.shape(inputs[name]), strict=True)
        if axis.isidentifier()
    }


def _moved(right: np.ndarray, axes: Axes) -> Found:
    if right.ndim >= 2:
        yield "it is the right {name} transposed", right.T
        yield "only the diagonal of {name} is returned", right.diagonal()
        if right.ndim < 5:
            yield from _in_other_orders(right)
        for i in range(right.ndim):
            for j in range(i + 1, right.ndim):
                swapped = f"the axes {_axis(axes, i)} and {_axis(axes, j)} of {{name}} are swapped"
                yield swapped, np.swapaxes(right, i, j)
        by_column = right.ravel("F").reshape(right.shape)
        yield "the numbers of {name} are right, but stand column by column (order='F'?)", by_column
        yield "{name} is in one row: its axes are lost", right.ravel()
    if right.ndim:
        yield "an axis of length 1 of {name} was dropped (squeeze?)", right.squeeze()
        yield "{name} has an axis of length 1 too many, the first", right[None]
        yield "{name} has an axis of length 1 too many, the last", right[..., None]
        yield "{name} is in one row, in a second axis", right.reshape(1, -1)
        yield "{name} is in one column", right.reshape(-1, 1)
    for k in range(right.ndim):
        yield from _along(right, _axis(axes, k), k)


def _in_other_orders(right: np.ndarray) -> Found:
    """The numbers read as if the axes stood in another order: a reshape before or after."""
    orders = [order for order in permutations(range(right.ndim)) if list(order) != sorted(order)]
    for order in orders:
        shape = tuple(right.shape[k] for k in order)
        back = tuple(int(k) for k in np.argsort(order))
        said = f"as if its axes stood in the order {order}"
        yield f"the numbers of {{name}} are read {said}", right.reshape(shape).transpose(back)
        yield (
            f"{{name}} is reshaped where its axes must be transposed, from the order {order}",
            right.transpose(order).reshape(right.shape),
        )


def _along(right: np.ndarray, axis: str, k: int) -> Found:
    yield f"{{name}} is reversed along {axis}", np.flip(right, k)
    yield f"{{name}} is moved by one along {axis}", np.roll(right, 1, k)
    yield f"{{name}} is moved back by one along {axis}", np.roll(right, -1, k)
    yield f"{{name}} is sorted along {axis}", np.sort(right, k)
    yield f"{{name}} is added up along {axis} (cumsum)", np.cumsum(right, k)
    if right.dtype.kind == "f":
        yield f"{{name}} holds differences along {axis} (diff)", np.diff(right, axis=k)


def _axis(axes: Axes, k: int) -> str:
    return f"axis {k}, {axes[k]}" if k < len(axes) else f"axis {k}"


def _rounded(right: np.ndarray) -> Found:
    for digits in (0, 1, 2, 3, 4):
        places = f"to {digits} digits" if digits else "to whole numbers"
        yield f"{{name}} is rounded {places}", np.round(right, digits)
    yield "{name} is cut to whole numbers (int?)", np.trunc(right)
    yield "{name} is rounded down", np.floor(right)
    yield "{name} is rounded up", np.ceil(right)
    yield "{name} was computed in float16", np.asarray(right, np.float16).astype(float)
    yield "only the sign of {name} is left", np.sign(right)


def _squashed(right: np.ndarray) -> Found:
    with np.errstate(all="ignore"):
        yield "negative numbers of {name} are cut to 0, as ReLU does", np.maximum(right, 0)
        yield "positive numbers of {name} are cut to 0", np.minimum(right, 0)
        yield "{name} is clipped to [0, 1]", np.clip(right, 0, 1)
        yield "{name} is clipped to [-1, 1]", np.clip(right, -1, 1)
        yield "the absolute value of {name} is taken", np.abs(right)
        yield "a sigmoid is applied to the right {name}", 1 / (1 + np.exp(-right))
        yield "a tanh is applied to the right {name}", np.tanh(right)
        yield "the right {name} is exponentiated", np.exp(right)
        yield "the logarithm of the right {name} is taken", np.log(right)
        yield "the right {name} is squared", right**2
        yield "the root of the right {name} is taken", np.sqrt(right)
        yield "the reciprocal of the right {name} is taken", 1 / right
        yield "it is 1 minus the right {name}", 1 - right
        if right.ndim:
            powers = np.exp(right - right.max(-1, keepdims=True))
            yield "a softmax is applied to the right {name}", powers / powers.sum(-1, keepdims=True)


def _normalised(right: np.ndarray, axes: Axes) -> Found:
    with np.errstate(all="ignore"):
        for k in (*range(right.ndim), None):
            where = f"along {_axis(axes, k)}" if k is not None else "as a whole"
            mean, std = right.mean(k, keepdims=True), right.std(k, keepdims=True)
            yield f"the mean is taken off {{name}} {where}", right - mean
            yield f"the right {{name}} is standardised {where}", (right - mean) / std
            yield (
                f"the right {{name}} is divided by its sum {where}",
                right / right.sum(k, keepdims=True),
            )
            largest, size = right.max(k, keepdims=True), np.abs(right).max(k, keepdims=True)
            yield f"the right {{name}} is divided by its largest {where}", right / largest
            yield f"the right {{name}} is divided by its largest size {where}", right / size
            norm = np.sqrt((right**2).sum(k, keepdims=True))
            yield f"the right {{name}} is divided by its norm {where}", right / norm
            yield f"the largest is taken off the right {{name}} {where}", right - largest


def _reduced(right: np.ndarray, axes: Axes) -> Found:
    doing: dict[str, Callable[..., Any]] = {
        "summed": np.sum, "averaged": np.mean, "reduced to its largest": np.max,
    }  # fmt: skip
    for said, function in doing.items():
        for k in range(right.ndim):
            along = f"the right {{name}} is {said} along {_axis(axes, k)}"
            yield along, function(right, axis=k)
            yield f"{along}, with an axis of length 1", function(right, axis=k, keepdims=True)
            spread = np.broadcast_to(function(right, axis=k, keepdims=True), right.shape)
            yield f"{along}, and repeated", spread
        yield f"all of the right {{name}} is {said}", np.asarray(function(right))
        whole = np.broadcast_to(function(right), right.shape)
        yield f"all of the right {{name}} is {said}, and repeated", whole
    if right.ndim:
        yield "the place of the largest stands where {name} belongs (argmax)", right.argmax(-1)
        one = right.argmax(-1)[..., None] == np.arange(right.shape[-1])
        yield "{name} is 1 at the largest of each row and 0 elsewhere", one.astype(float)


def constants(name: str) -> Iterator[tuple[str, float]]:
    """The numbers that all of an answer may be, with words.

    >>> next(constants("dx"))
    ('dx is all zeros', 0.0)
    """
    yield f"{name} is all zeros", 0.0
    yield f"{name} is all ones", 1.0
    yield f"{name} is not a number anywhere (NaN)", np.nan


# -- parts that were not reached -------------------------------------------------------------------


def parts(right: np.ndarray, axes: Axes) -> Found:
    """The right answer with a part left at 0, or 0 but for a part.

    >>> dict(parts(np.ones(3), ("N",)))["the last sample is not reached: it stays 0"]
    array([1., 1., 0.])
    """
    for k in range(right.ndim):
        said = SAID.get(axes[k], f"index of axis {k}") if k < len(axes) else f"index of axis {k}"
        yield from _of_axis(right, k, said)
    if right.ndim >= 3:
        first = np.broadcast_to(right[:1, :1], right.shape)
        yield "the first of the first two axes of {name} stands for all of them", first
    if right.ndim >= 2:
        inner = (..., slice(1, -1), slice(1, -1))
        border = right.copy()
        border[inner] = 0
        yield "only the border of {name} is filled in", border
        yield "the border of {name} stays 0", right - border
        yield "only the diagonal of {name} is filled in", right * np.eye(*right.shape[-2:])
        yield "the diagonal of {name} stays 0", right * (1 - np.eye(*right.shape[-2:]))
        yield "only the upper triangle of {name} is filled in", np.triu(right)
        yield "only the lower triangle of {name} is filled in", np.tril(right)


def _of_axis(right: np.ndarray, k: int, said: str) -> Found:
    def put(index: Any) -> np.ndarray:
        kept = np.zeros_like(right)
        place = (slice(None),) * k + (index,)
        kept[place] = right[place]
        return kept

    if not right.shape[k]:
        return
    yield f"the last {said} is not reached: it stays 0", put(slice(None, -1))
    yield f"the first {said} is not reached: it stays 0", put(slice(1, None))
    yield f"only the first {said} is filled in, the rest stays 0", put(slice(0, 1))
    yield f"only the last {said} is filled in, the rest stays 0", put(slice(-1, None))
    yield f"only every second {said} is filled in", put(slice(None, None, 2))
    first = np.take(right, [0], k)
    yield f"the first {said} of {{name}} is repeated for all", np.broadcast_to(first, right.shape)
    last = np.take(right, [-1], k)
    yield f"the last {said} of {{name}} is repeated for all", np.broadcast_to(last, right.shape)
    yield f"the last {said} of {{name}} is left out", np.delete(right, -1, k)
    yield f"the first {said} of {{name}} is left out", np.delete(right, 0, k)
    yield f"only the first {said} of {{name}} is returned", np.take(right, 0, k)
    yield f"only the last {said} of {{name}} is returned", np.take(right, -1, k)


# -- arguments that make no difference -------------------------------------------------------------


def ignored(
    call: Callable[[dict[str, Any]], np.ndarray | None],
    inputs: dict[str, Any],
    others: Sequence[dict[str, Any]],
    right: Callable[[dict[str, Any]], np.ndarray],
) -> str:
    """Which argument changes nothing though it should; or that the same question changes.

    Parameters
    ----------
    call, right : the student's and the right answer for inputs.
    inputs, others : sets of inputs of the same shapes.

    Examples
    --------
    >>> one, two = {"x": np.ones(2), "b": 1.0}, {"x": np.zeros(2), "b": 2.0}
    >>> ignored(lambda i: i["x"] + 1.0, one, [two], lambda i: i["x"] + i["b"])
    'b makes no difference: another b gives the same'
    """
    first = call(inputs)
    if first is None or (first.dtype.kind == "f" and not np.isfinite(first).all()):
        return ""  # where something is no number, little can make a difference
    again = call(inputs)
    if again is None or not _unchanged(first, again):
        return "the same question gets another answer when it is asked again"
    blind = []
    for name in inputs:
        changed = [{**inputs, name: other[name]} for other in others]
        if any(_same(right(inputs), right(one)) for one in changed):
            continue
        answers = (call(one) for one in changed)
        if all(answer is not None and _unchanged(first, answer) for answer in answers):
            blind.append(name)
    if len(blind) == len(inputs) > 0:
        return "the answer stays the same whatever the arguments are"
    names = " and ".join(blind)
    plural = "make" if len(blind) > 1 else "makes"
    return f"{names} {plural} no difference: another {names} gives the same" if blind else ""


def _unchanged(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two answers are the same but for rounding."""
    close = a.shape == b.shape and a.dtype.kind == b.dtype.kind == "f"
    return bool(close and np.allclose(a, b, rtol=1e-10, atol=0)) or np.array_equal(a, b)


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-9, atol=1e-12))
