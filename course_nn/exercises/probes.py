"""What can be said where no formula is right: of a classifier that errs, of what is slow.

An open task is judged by what its functions do. Where that is too little, these ask why: they look
at the classes that are read, at the numbers that were learned, and at the time that sizes take.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from ..threads import own_seconds
from .regions import listed

GOOD = 0.9  # a share of samples that nobody reads by chance
PARTS = (8, 10, 16, 20, 32, 40, 50, 64, 100, 128, 200, 250, 300, 500)
PACKED = (  # how the parameters of a network are joined
    ("W1", "b1", "W2", "b2"), ("W1", "W2", "b1", "b2"), ("b1", "W1", "b2", "W2"),
    ("W2", "b2", "W1", "b1"),
)  # fmt: skip
TURNS = 4  # of timing a call
CLOSE_NUMBERS = 0.6  # a correlation between classes as numbers


@dataclass(frozen=True)
class Reading:
    """What a classifier learned from and what it read.

    `found` are the classes read of the samples it learned from, `new_found` those of new ones.
    """

    theta: np.ndarray
    x: np.ndarray
    labels: np.ndarray
    found: np.ndarray
    new_x: np.ndarray
    new_labels: np.ndarray
    new_found: np.ndarray
    classes: int = 10

    @property
    def share(self) -> float:
        """How much of what is new is read right."""
        return float(np.mean(self.new_found == self.new_labels))


def why_it_reads_little(reading: Reading) -> str:
    """The first thing that explains it; "" where nothing does."""
    for probe in (
        _no_numbers, _exchanged_classes, _used_in_another_way, _climbs, _one_class, _near_numbers,
        _some_alone, _by_heart, _learned_little,
    ):  # fmt: skip
        if words := probe(reading):
            return words
    return ""


def _no_numbers(r: Reading) -> str:
    """NaN, infinities, and numbers without bound."""
    size = np.abs(np.asarray(r.theta, float))
    if not np.isfinite(size).all():
        return "theta holds NaN or inf: the steps are too large, and the weights grew without bound"
    if size.size and size.max() > 1e3:
        return (
            f"numbers of theta are as large as {size.max():.3g}: the steps are too large, and the "
            "weights grew without bound"
        )
    return ""


def _exchanged_classes(r: Reading) -> str:
    """Each class is read as another one, always the same."""
    away = (r.new_found.astype(int) - r.new_labels) % r.classes
    shift = int(np.bincount(away, minlength=r.classes).argmax())
    if shift and np.mean(away == shift) >= GOOD * 0.85:
        by = shift if shift <= r.classes // 2 else shift - r.classes
        return f"the classes are moved by {by:+d}: are they counted from 1, or is 1 added to them?"
    return ""


def _one_class(r: Reading) -> str:
    """One class is read whatever comes."""
    classes = np.unique(r.new_found)
    if len(classes) > 1:
        return ""
    zeros = float(np.mean(np.asarray(r.theta) == 0))
    why = "is argmax taken of what differs from sample to sample?"
    if zeros > 0.5:
        why = (
            f"{zeros:.0%} of theta is 0. Weights that all begin at 0 get no gradient, or all the "
            "same: begin with random ones"
        )
    return f"the class {classes[0]} is read whatever comes: {why}"


def _near_numbers(r: Reading) -> str:
    """What is read lies near the right number, and is not it."""
    if len(np.unique(r.new_found)) < 3 or r.share > 0.6:
        return ""
    together = np.corrcoef(r.new_found.astype(float), r.new_labels)[0, 1]
    near = np.mean(np.abs(r.new_found.astype(float) - r.new_labels) <= 2)
    if together < CLOSE_NUMBERS or near < 0.6:
        return ""
    return (
        "what is read is a number near the right one: a class is no quantity, so give each class "
        "a score of its own and take the largest"
    )


def _some_alone(r: Reading) -> str:
    """The first of the samples that it learned from are read better than the rest."""
    right, said = r.found == r.labels, ""
    for count in PARTS:
        if 2 * count > len(right):
            break
        first, rest = right[:count].mean(), right[count:].mean()
        after = right[count : 2 * count].mean()
        if first > 0.99 and rest < first - 0.08 and after < first - 0.08:
            said = (
                f"of the samples it learns from, the first {count} are read at {first:.0%} and the "
                f"others at {rest:.0%}: are only the first ones used?"
            )
    return said


def _by_heart(r: Reading) -> str:
    """What it learned from is known, what is new is not."""
    known = float(np.mean(r.found == r.labels))
    if known < r.share + 0.08 or known < GOOD:
        return ""
    return (
        f"of the samples it learned from it reads {known:.0%}, of new ones {r.share:.0%}: it knows "
        "them by heart, and too little beside"
    )


# -- what was learned, read as a network -----------------------------------------------------------


def _used_in_another_way(r: Reading) -> str:
    """The numbers that were learned read well, in another way than they are used."""
    for said, scores in _networks(r, r.new_x):
        if np.mean(scores.argmax(axis=1) == r.new_labels) >= GOOD:
            share = np.mean(scores.argmax(axis=1) == r.new_labels)
            return (
                f"theta itself is good: {said} it reads {share:.0%}. What reads it must do "
                "the same as what trained it"
            )
    return ""


def _loss(r: Reading) -> tuple[float, float] | None:
    """The loss of theta on what it learned from, of the network that it suits best; and how often
    the right class has the smallest score there."""
    found = []
    for _, scores in _networks(r, r.x, PACKED[:1]):
        with np.errstate(all="ignore"):
            shifted = scores - scores.max(axis=1, keepdims=True)
            logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = float(-logs[np.arange(len(r.x)), r.labels].mean())
        found.append((loss, float(np.mean(scores.argmin(axis=1) == r.labels))))
    return min(found, default=None)


def _climbs(r: Reading) -> str:
    """The loss is above that of guessing."""
    if (found := _loss(r)) is None:
        return ""
    (loss, least), guess = found, float(np.log(r.classes))
    if loss < 1.2 * guess:
        return ""
    seen = f"on what it learned from, the loss of theta is {loss:.2g}; guessing has {guess:.2g}"
    if least > 2 / r.classes:
        return f"{seen}: the steps go up the loss, `+=` for `-=`"
    return f"{seen}: do the steps go up the loss (`+=` for `-=`), or are they too large?"


def _learned_little(r: Reading) -> str:
    """The loss has hardly come down."""
    if (found := _loss(r)) is None or found[0] < 0.4:
        return ""
    guess = float(np.log(r.classes))
    return (
        f"on what it learned from, the loss of theta is {found[0]:.2g}; guessing has {guess:.2g}: "
        "it has hardly learned. Do samples and labels stay pairs where they are shuffled? More "
        "epochs and larger steps bring it down"
    )


def _networks(
    r: Reading, x: np.ndarray, orders: tuple[tuple[str, ...], ...] = PACKED
) -> Iterator[tuple[str, np.ndarray]]:
    """The scores of theta as a network of one hidden layer or none, in every usual way."""
    theta, D, K = np.asarray(r.theta, float), r.x.shape[1], r.classes
    mean, std = r.x.mean(axis=0), r.x.std(axis=0)
    inputs = {
        "": x,
        "of standardised samples, as those it learned from": (x - mean) / (std + 1e-6),
        "of samples without their mean": x - mean,
    }
    hidden, rest = divmod(theta.size - K, D + 1 + K)
    for order, (said, samples) in product(("C", "F"), inputs.items()):
        stored = "unpacked column by column" if order == "F" else ""
        if hidden > 0 and not rest:
            shape = f"as a network {D}–{hidden}–{K}"
            for packed, name in product(orders, ACTIVATIONS):
                told = "" if packed == PACKED[0] else f"packed as {', '.join(packed)}"
                how = ", ".join(filter(None, (f"{shape} with {name}", stored, told, said)))
                yield how, _scores(_parts(theta, D, hidden, K, packed), samples, order, name)
        elif theta.size == (D + 1) * K:
            W = theta[: D * K].reshape(D, K, order=order)
            how = ", ".join(filter(None, ("as one layer", stored, said)))
            yield how, samples @ W + theta[D * K :]


ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "ReLU": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "a sigmoid": lambda z: 0.5 * (1 + np.tanh(0.5 * z)),
}


def _parts(
    theta: np.ndarray, inputs: int, hidden: int, classes: int, packed: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """The parameters of a network by name, each still a vector."""
    sizes = {"W1": inputs * hidden, "b1": hidden, "W2": hidden * classes, "b2": classes}
    cuts = np.cumsum([sizes[name] for name in packed])[:-1]
    return dict(zip(packed, np.split(theta, cuts), strict=True))


def _scores(parts: dict[str, np.ndarray], x: np.ndarray, order: Any, name: str) -> np.ndarray:
    W1 = parts["W1"].reshape(x.shape[1], -1, order=order)
    W2 = parts["W2"].reshape(W1.shape[1], -1, order=order)
    return ACTIVATIONS[name](x @ W1 + parts["b1"]) @ W2 + parts["b2"]


def units_of(size: int, inputs: int, classes: int) -> str:
    """How many hidden units a number of parameters is, as the rest of a sentence.

    >>> units_of(4810, 64, 10)
    ', as 64 hidden units have'
    """
    hidden, rest = divmod(size - classes, inputs + 1 + classes)
    return f", as {hidden} hidden units have" if hidden > 0 and not rest else ""


# -- time ------------------------------------------------------------------------------------------


def grows_with(
    ask: Callable, inputs: Mapping[str, Any], axes: Mapping[str, Mapping[str, Any]]
) -> str:
    """With which sizes the time grows, as it does where a loop in Python runs over them.

    Parameters
    ----------
    axes : for each letter the arguments that have it, and at which axis; None where it is a number.
    """
    found = []
    for letter, places in axes.items():
        half = {**inputs, **{name: _half(inputs[name], axis) for name, axis in places.items()}}
        often = _times(ask, inputs, half)
        if often > 1.5:
            found.append(f"{letter}²" if often > 3 else letter)
    if not found:
        return ""
    return (
        f"its time grows with {listed(found)}, as that of a loop in Python does: which operation "
        "on whole arrays does all of it at once?"
    )


def _times(ask: Callable, whole: Mapping[str, Any], half: Mapping[str, Any]) -> float:
    """How many times as long one call takes as another: the shortest of each, asked by turns.

    Where the function runs in this thread its own time counts, which no other program disturbs.
    """
    seconds: dict[int, list[tuple[float, float]]] = {0: [], 1: []}
    for _, (which, inputs) in product(range(TURNS), enumerate((whole, half))):
        wall, own = time.perf_counter(), own_seconds()
        ask(**inputs)
        seconds[which].append((time.perf_counter() - wall, own_seconds() - own))
    walls, owns = ([min(pair[k] for pair in seconds[which]) for which in (0, 1)] for k in (0, 1))
    here = owns[0] > 0.05 * walls[0]
    first, second = owns if here else walls
    return first / max(second, 1e-9)


def _half(value: Any, axis: int | None) -> Any:
    """Half of an array along an axis, or of a number."""
    if axis is None:
        return max(value // 2, 1)
    return np.take(value, np.arange(value.shape[axis] // 2), axis)
