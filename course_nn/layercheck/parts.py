"""What a trial is made of: directions to move an array in, prints of a layer, results compared."""

import traceback
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backend import Array
from ..gradcheck import Comparison
from .report import Fault

ELEMENTS = 256  # an array with more is not judged element by element, but by
SAMPLED = 24  # so many elements, drawn at random, and
MIXTURES = 8  # so many sums of all its elements with random weights


@dataclass(frozen=True)
class Directions:
    """Elements of an array, each moved alone, and mixtures of all of them."""

    shape: tuple[int, ...]
    elements: np.ndarray
    mixtures: np.ndarray

    @classmethod
    def of(cls, array: Array, rng: np.random.Generator) -> "Directions":
        """Every element of a small array; of a large one some, and mixtures of all."""
        if array.size <= ELEMENTS:
            return cls(array.shape, np.arange(array.size), np.zeros((0, array.size)))
        elements = np.sort(rng.choice(array.size, SAMPLED, replace=False))
        mixtures = rng.standard_normal((MIXTURES, array.size)) / array.size**0.5
        return cls(array.shape, elements, mixtures)

    @property
    def count(self) -> int:
        """How many directions there are."""
        return len(self.elements) + len(self.mixtures)

    def moved(self, base: Array, t: Array) -> Array:
        """base + Σ tₖ · directionₖ."""
        flat = base.reshape(-1) + t[len(self.elements) :] @ self.mixtures
        flat[self.elements] += t[: len(self.elements)]
        return flat.reshape(self.shape)

    def along(self, gradient: Array) -> Array:
        """The gradient by t."""
        flat = np.asarray(gradient).reshape(-1)
        return np.concatenate([flat[self.elements], self.mixtures @ flat])

    def named(self, k: int) -> str:
        """The index of the k-th element, as text."""
        if k >= len(self.elements):
            return " along a random direction"
        at = np.unravel_index(self.elements[k], self.shape)
        return str([int(i) for i in at]) if at else ""


# -- layers and their results ----------------------------------------------------------------------


def chains(layer: Any) -> dict[str, list[Any]]:
    """The chains of inner layers of a block; none of any other layer."""
    return layer.chains() if hasattr(layer, "chains") else {}


def drawing(layer: Any) -> list[Any]:
    """Layers within a block that draw for themselves; a model takes a block apart, and draws."""
    found = []
    for inner in (one for chain in chains(layer).values() for one in chain):
        found += drawing(inner)
        if isinstance(getattr(inner, "rng", None), np.random.Generator):
            found.append(inner)
    return found


def thaw(layer: Any) -> None:
    """Makes a layer, and those within it, trainable: what stays as it is cannot be judged."""
    if hasattr(layer, "trainable"):
        layer.trainable = True
    for inner in (one for chain in chains(layer).values() for one in chain):
        thaw(inner)


def said(error: Exception) -> str:
    """An error and the line where it arose, as text."""
    at = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} (line {at.lineno} of {at.name})"


def as_pair(method: str, wanted: str, result: Any) -> tuple[Any, Any]:
    """Two things, or the fault."""
    if not isinstance(result, tuple) or len(result) != 2:
        raise Fault(f"{method} must return {wanted}, got {_described(result)}")
    return result


def _described(result: Any) -> str:
    """What came, as text."""
    if isinstance(result, tuple):
        return f"a tuple of {len(result)}"
    if isinstance(result, np.ndarray):
        return f"an array of shape {result.shape}"
    return "None" if result is None else f"a {type(result).__name__}"


def expect_dtype(method: str, name: str, array: Any, dtype: Any) -> None:
    """Raises the fault of a result in another dtype than the parameters'."""
    got = getattr(array, "dtype", None)
    if got is None or got != np.dtype(dtype):
        raise Fault(
            f"{method} gives {name} as {got or type(array).__name__} in a layer of "
            f"{np.dtype(dtype)}: keep x's dtype (arrays that are made inside want dtype=x.dtype)"
        )


def near(a: Any, b: Array) -> bool:
    """Equal but for round-off."""
    if np.asarray(b).dtype.kind not in "biuf":  # no numbers: what they are is said elsewhere
        return np.array_equal(a, b)
    scale = float(np.abs(b).max(initial=0.0))
    return np.shape(a) == b.shape and np.allclose(a, b, rtol=0, atol=1e-9 * scale + 1e-300)


def equal(a: Any, b: Any) -> bool:
    """Whether two results of `gradients`, or parts of them, are equal but for round-off."""
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(equal(p, q) for p, q in zip(a, b, strict=True))
    if isinstance(a, dict):
        return set(a) == set(b) and all(equal(a[name], b[name]) for name in a)
    return a is None or (b is not None and near(a, np.asarray(b)))


def summed(grads: list[dict[str, Array]]) -> dict[str, Array]:
    """Gradients of slices, added up."""
    return {name: sum(g[name] for g in grads[1:]) + grads[0][name] for name in grads[0]}


def listed(state: dict[str, Any]) -> str:
    """Names and shapes, as text."""
    return "{" + ", ".join(f"{name}: {kind} {shape}" for name, (shape, kind) in state.items()) + "}"


def factor(c: Comparison, samples: int) -> str:
    """Where every number is the right one times a constant, the constant; it names the cause."""
    sure = np.abs(c.numerical) > 1e-3 * np.abs(c.numerical).max()
    ratios = c.analytic[sure] / c.numerical[sure]
    ratio = float(np.median(ratios)) if len(ratios) else 1.0
    if not np.allclose(ratios, ratio, rtol=1e-4, atol=0) or len(ratios) < 2:
        return ""
    cause = ""
    if np.isclose(ratio * samples, 1):
        cause = f", and the batch has {samples} samples: it is their sum, not mean"
    return f"; every number of it is {ratio:.6g} times the right one{cause}"


def fingerprint(thing: Any) -> dict[str, Any]:
    """What a layer, or a dict of arrays, holds, to be compared with what it holds later."""
    held = dict(thing) if isinstance(thing, dict) else vars(thing)
    return {str(name): _print_of(value) for name, value in held.items()}


def _print_of(value: Any) -> Any:
    """Something that is equal only if the value is."""
    if isinstance(value, np.ndarray):
        return value.shape, str(value.dtype), value.tobytes()
    if isinstance(value, dict):
        return fingerprint(value)
    if isinstance(value, list | tuple):
        return [_print_of(one) for one in value]
    if isinstance(value, np.random.Generator):
        return str(value.bit_generator.state)
    if hasattr(value, "compute") and hasattr(value, "__dict__"):
        return fingerprint(value)
    return value if isinstance(value, int | float | str | bool | None) else id(value)
