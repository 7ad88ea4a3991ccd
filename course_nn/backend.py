"""NumPy or CuPy: the one file that names CuPy.

Every function of the package asks its arguments which library made them, so the same formula runs
on the CPU and on the GPU. CuPy is never required: it is looked for only when an array could have
come from it.
"""

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

import numpy as np

Array = np.ndarray  # or, which no checker here can know, a cupy.ndarray that does the same


def array_module(*arrays: Array) -> ModuleType:
    """The library that made the arrays: `cupy` if any is on the GPU, else `numpy`.

    Parameters
    ----------
    *arrays : arrays of any shape and dtype; Python scalars are allowed.

    Returns
    -------
    module : `numpy` or `cupy`, to be called `xp`.

    Notes
    -----
    Book: On the GPU, "The array chooses".

    Examples
    --------
    >>> array_module(np.zeros(3)).__name__
    'numpy'
    """
    cupy = sys.modules.get("cupy")  # its arrays exist only where it was imported
    if cupy is not None and any(isinstance(a, cupy.ndarray) for a in arrays):
        return cupy
    return np


def to_numpy(x: Array) -> np.ndarray:
    """A NumPy array with the same numbers: a copy from the GPU, or x itself.

    >>> to_numpy(np.arange(3))
    array([0, 1, 2])
    """
    far: Any = x
    return np.asarray(x) if array_module(x) is np else far.get()


def gpu_module() -> ModuleType | None:
    """`cupy` where it is installed and sees a GPU, else None.

    >>> gpu_module() is None or gpu_module().__name__ == "cupy"
    True
    """
    if importlib.util.find_spec("cupy") is None:
        return None
    cupy = importlib.import_module("cupy")
    try:
        return cupy if cupy.cuda.runtime.getDeviceCount() > 0 else None
    except cupy.cuda.runtime.CUDARuntimeError:
        return None


def module_of(device: str) -> ModuleType:
    """`numpy` for "cpu", `cupy` for "gpu"; RuntimeError where there is no GPU.

    >>> module_of("cpu").__name__
    'numpy'
    """
    if device not in ("cpu", "gpu"):
        raise ValueError(f'device is "cpu" or "gpu", got {device!r}')
    xp = np if device == "cpu" else gpu_module()
    if xp is None:
        raise RuntimeError(
            'no GPU that CuPy can use: install the extra "cuda12" or "cuda13", '
            'or build with device="cpu"'
        )
    return xp


def as_strided(x: Array, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """A view of x with these shape and strides (bytes), whose bounds nobody checks.

    >>> as_strided(np.arange(4.0), (3, 2), (8, 8))
    array([[0., 1.],
           [1., 2.],
           [2., 3.]])
    """
    return array_module(x).lib.stride_tricks.as_strided(x, shape, strides)
