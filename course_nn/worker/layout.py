"""How an array lies in memory: row by row, column by column, or with gaps in between."""

import numpy as np


def layout_of(array: np.ndarray) -> str:
    """How the array lies in memory: "C", "F", or "strided" with gaps in between."""
    if array.flags.c_contiguous:
        return "C"
    return "F" if array.flags.f_contiguous else "strided"


def lay_out(array: np.ndarray, layout: str) -> np.ndarray:
    """Return a writable copy of an array that lies in memory as `layout` says."""
    if layout != "strided" or array.ndim == 0:
        return np.array(array, order="F" if layout == "F" else "C")
    gaps = np.full((*array.shape[:-1], 2 * array.shape[-1]), 7, array.dtype)
    gaps[..., ::2] = array
    return gaps[..., ::2]
