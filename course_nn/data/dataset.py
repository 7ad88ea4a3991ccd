"""The shape every data set of the course arrives in, and the two ways in which it can fail to.

A plain named tuple: it unpacks into four arrays, and it prints what it holds by name.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray


class Dataset(NamedTuple):
    """Images and classes for training and for the test: `(x_train, y_train, x_test, y_test)`.

    Attributes
    ----------
    x_train, x_test : float32 (N, C, H, W)
        Images, brightness in [0, 1]: 0 is paper, 1 is ink.
    y_train, y_test : int64 (N,)
        The class of each image, 0 … K-1.
    """

    x_train: NDArray[Any]
    y_train: NDArray[Any]
    x_test: NDArray[Any]
    y_test: NDArray[Any]


class DataNotFound(FileNotFoundError):
    """The data are neither on this machine nor to be had from any mirror."""


class DataCorrupt(ValueError):
    """A file is there, but it is damaged, truncated or another file than its name says."""
