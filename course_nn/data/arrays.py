"""What comes in: tables and lists become arrays, and images that lie the wrong way are doubted."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..backend import Array, array_module
from ..checks import channels_last


def as_array(x: Any, name: str) -> Array:
    """x as an array whose first axis counts the samples; an array comes back as it is.

    Tables (pandas, polars) lose their index and columns: rows are counted from 0, whatever they
    were called. One that mixes whole numbers, floats and booleans becomes float64.

    Parameters
    ----------
    x : array, table, or nested lists
    name : str
        Of the argument, for the message.

    Raises
    ------
    TypeError
        For what has no samples to count: a number, text, a dict, a sparse matrix.
    ValueError
        Rows of different lengths.

    Examples
    --------
    >>> as_array([[1, 2], [3, 4]], "x").shape
    (2, 2)
    >>> as_array(range(3), "labels")
    array([0, 1, 2])
    """
    if isinstance(x, np.ndarray) or array_module(x) is not np:
        found = x
    elif hasattr(x, "toarray"):
        raise TypeError(f"{name} is a {type(x).__name__}, a sparse matrix: give {name}.toarray()")
    else:
        try:
            found = np.asarray(x.to_numpy() if hasattr(x, "to_numpy") else x)
        except ValueError:
            raise ValueError(f"{name} has rows of different lengths: make them one") from None
    if not found.ndim:
        raise TypeError(
            f"{name} is a {type(x).__name__}: expected an array whose first axis counts the samples"
        )
    return _numbers(found) if found.dtype.kind == "O" else found


def _numbers(x: Array) -> Array:
    """An array of objects as float64 where each of them is a number: a table of mixed columns."""
    if any(isinstance(value, str | bytes) for value in x.ravel()):
        return x
    try:
        return x.astype(np.float64)
    except (TypeError, ValueError):  # a missing value, a date, an object
        return x


def doubt_channels_last(x: Array, name: str, level: int = 3) -> None:
    """Warns of images whose channels come last, more likely than not.

    Parameters
    ----------
    x : array (N, ...)
    name : str
        Of the argument, for the message.
    level : int
        Whose call it is: 1 is this function's, 2 its caller's.

    Examples
    --------
    >>> doubt_channels_last(np.zeros((5, 3, 32, 32)), "x")
    """
    if channels_last(x.shape[1:]):
        _, height, width, channels = x.shape
        warnings.warn(
            f"{name} {x.shape} are images of {height} channels, {width} pixels high and {channels} "
            f"wide; if their channels come last, give {name}.transpose(0, 3, 1, 2)",
            stacklevel=level + 1,
        )
