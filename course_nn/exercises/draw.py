"""The inputs that a task is tried with: random, or few and whole, in any memory order.

Upstream gradients are random like all else, never ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .signature import Argument, Signature, Sizes

Own = Mapping[str, Callable[[np.random.Generator, tuple[int, ...], bool], np.ndarray]]
LAYOUTS = ("rows", "columns", "gaps")


def draw(
    signature: Signature,
    sizes: Sizes,
    rng: np.random.Generator,
    *,
    options: Sizes | None = None,
    dtype: Any = np.float64,
    whole: bool = False,
    own: Own | None = None,
) -> dict[str, Any]:
    """One value for each input, by name.

    Parameters
    ----------
    sizes, options : of every letter; of every option, else its first choice.
    dtype : of the floats; classes are int64, booleans bool.
    whole : few small whole numbers, for an example that can be followed by hand.
    own : how an input is drawn that is like none of the kinds: `own[name](rng, shape, whole)`.

    Examples
    --------
    >>> signature = Signature.parse("x:N,D labels:N<K -> loss:")
    >>> inputs = draw(signature, {"N": 2, "D": 3, "K": 3}, np.random.default_rng(0), whole=True)
    >>> inputs["x"].shape, inputs["labels"].dtype
    ((2, 3), dtype('int64'))
    """
    chosen = {name: choices[0] for name, choices in signature.options.items()} | dict(options or {})
    inputs: dict[str, Any] = {}
    for argument in signature.inputs:
        if argument.kind == "option":
            inputs[argument.name] = chosen[argument.name]
            continue
        shape = signature.shape(argument, sizes, chosen)
        if own and argument.name in own:
            found = own[argument.name](rng, shape, whole)
        else:
            found = _drawn(argument, sizes, shape, rng, whole)
        inputs[argument.name] = _typed(found, argument, dtype)
    return inputs


def _drawn(
    argument: Argument, sizes: Sizes, shape: tuple, rng: np.random.Generator, whole: bool
) -> Any:
    match argument.kind:
        case "rate":
            return 0.5 if whole else float(rng.uniform(0.05, 0.95))
        case "bool":
            return rng.random(shape) < 0.6
        case "class":
            return rng.integers(0, sizes[argument.below], shape)
        case "whole":
            return rng.integers(0, 9, shape)
        case "shares":
            counts = rng.integers(1, 4, shape) if whole else rng.random(shape) + 0.05
            return counts / counts.sum(axis=-1, keepdims=True)
        case "positive":
            return rng.integers(1, 5, shape) if whole else np.exp(0.5 * rng.normal(size=shape))
    return rng.integers(-2, 4, shape) if whole else rng.normal(size=shape)


def _typed(value: Any, argument: Argument, dtype: Any) -> Any:
    """Floats in the dtype asked for; numbers, classes and booleans as they are."""
    if argument.axes is None:
        return value if isinstance(value, int | float) else float(value)
    if argument.kind in ("bool", "class"):
        return np.asarray(value)
    return np.asarray(value, dtype=dtype)


def wide(rng: np.random.Generator, shape: tuple[int, ...], whole: bool) -> np.ndarray:
    """Numbers near 0, near 10 and near ±1000, so that an exponential overflows; an `own` draw."""
    if whole:
        return rng.integers(-2, 3, shape)
    scales = np.resize([1.0, 5.0, 1000.0], shape)  # some of each
    return rng.normal(size=shape) * rng.permutation(scales.ravel()).reshape(shape)


def far_columns(rng: np.random.Generator, shape: tuple[int, ...], whole: bool) -> np.ndarray:
    """Columns whose means are far larger than their spread: digits are lost; an `own` draw."""
    if whole:
        return rng.integers(-2, 4, shape)
    return rng.normal(size=shape) + 100 * rng.permutation(np.arange(1, shape[-1] + 1))


def far_rows(rng: np.random.Generator, shape: tuple[int, ...], whole: bool) -> np.ndarray:
    """Rows far above and below 0, one number far from its row; an `own` draw."""
    if whole:
        return rng.integers(-1, 3, shape)
    x, rows = rng.normal(size=shape), np.arange(shape[0]).reshape(-1, 1)
    x += 800 * rows * (-1) ** rows
    x[-1:, :1] += 1500
    x[1:2, -1:] -= 1500
    return x


def laid_out(inputs: Mapping[str, Any], layout: str) -> dict[str, Any]:
    """The same numbers in another memory order: "rows", "columns", or with "gaps".

    >>> laid_out({"x": np.ones((2, 3))}, "columns")["x"].flags.f_contiguous
    True
    """
    return {name: _laid(value, layout) for name, value in inputs.items()}


def _laid(value: Any, layout: str) -> Any:
    if not isinstance(value, np.ndarray) or not value.ndim:
        return value
    if layout == "columns":
        return np.asfortranarray(value)
    if layout == "gaps":
        wide = np.zeros((*value.shape[:-1], 2 * value.shape[-1]), value.dtype)
        wide[..., ::2] = value
        return wide[..., ::2]
    return np.ascontiguousarray(value)
