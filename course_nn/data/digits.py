"""1,797 real handwritten digits, 8x8 pixels, inside the package: data that need no network.

What: the test part of "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak, 1998,
UCI Machine Learning Repository, https://doi.org/10.24432/C50P49), written by 13 people; each pixel
counts the inked ones, 0 … 16, in a 4x4 block of a 32x32 bitmap. UCI's licence is CC BY 4.0.
Whence: `digits.npz` holds `sklearn.datasets.load_digits()` of scikit-learn (BSD-3-Clause), the
values unchanged and in the same order, stored as uint8; a test compares it with the SHA-256 of
scikit-learn's own file.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dataset import Dataset

DARKEST = 16  # a 4x4 block of the bitmap that is all ink


def digits() -> Dataset:
    """Load the embedded 8x8 digits, x = pixel / 16, split 1,442 : 355 the same way every time.

    Of each class, every fifth image in the file's order is a test image; both parts thus hold
    the classes in the same proportion, and no random number is involved. The same 13 people
    wrote both parts, so the test accuracy says nothing about a stranger's hand.

    Returns
    -------
    Dataset
        `x_train` float32 (1442, 1, 8, 8) in [0, 1], `y_train` int64 (1442,),
        `x_test` float32 (355, 1, 8, 8), `y_test` int64 (355,).

    References
    ----------
    E. Alpaydin and C. Kaynak, "Cascading classifiers", Kybernetika 34 (1998).

    Examples
    --------
    >>> from course_nn import data
    >>> x_train, y_train, x_test, y_test = data.digits()
    >>> x_train.shape, x_train.dtype, y_train[:5]
    ((1442, 1, 8, 8), dtype('float32'), array([0, 1, 2, 3, 4]))
    """
    with (files(__package__) / "digits.npz").open("rb") as file, np.load(file) as stored:
        images, labels = stored["images"], stored["labels"].astype(np.int64)
    x = images[:, None].astype(np.float32) / DARKEST
    test = _rank_in_class(labels) % 5 == 4
    return Dataset(x[~test], labels[~test], x[test], labels[test])


def _rank_in_class(labels: NDArray[Any]) -> NDArray[Any]:
    """How many images of the same class come before each image."""
    same = labels[:, None] == np.arange(10)
    return same.cumsum(axis=0)[np.arange(len(labels)), labels] - 1
