"""A stand-in for CuPy on machines without a GPU: NumPy's functions, arrays that refuse NumPy's.

What a formula must get right there can be seen here: it calls the functions of the array's own
library, mixes nothing with an array of NumPy's, reads nothing back on the way, and its branches
"not NumPy" compute the same. What the stand-in cannot show is CuPy's own arithmetic and bugs.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np


class FarArray(np.ndarray):
    """An array that lies elsewhere: with NumPy's it computes nothing, as CuPy's."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.get("out", ())
        if out:
            options["out"] = _bare(out)
        found = getattr(ufunc, method)(*_bare(inputs), **options)
        return out[0] if len(out) == 1 else _far(found)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _far(function(*_bare(args), **_bare(kwargs)))

    def __setitem__(self, index: Any, value: Any) -> None:
        self.view(np.ndarray)[index] = _bare(value)

    def __getitem__(self, index: Any) -> Any:
        return _far(self.view(np.ndarray)[index])  # CuPy takes NumPy's arrays as an index

    def get(self) -> np.ndarray:
        """A copy that is NumPy's."""
        return np.array(self.view(np.ndarray))

    def __reduce__(self) -> Any:
        raise TypeError("an array on the GPU was pickled")


def _method(name: str) -> Any:
    """A method of arrays whose result lies there too, be it one number only."""

    def call(self: FarArray, *args: Any, **kwargs: Any) -> Any:
        bare = getattr(self.view(np.ndarray), name)
        return _far(bare(*_bare(args), **_bare(kwargs)))

    return call


for _name in ("sum", "mean", "max", "min", "argmax", "argmin", "any", "all", "prod", "var", "std"):
    setattr(FarArray, _name, _method(_name))


def _bare(value: Any) -> Any:
    """Far arrays as NumPy's, to compute with; an array that is NumPy's is refused."""
    if isinstance(value, FarArray):
        return value.view(np.ndarray)
    if isinstance(value, np.ndarray):
        raise TypeError(f"an array of NumPy's, {value.shape}, among those on the GPU")
    if isinstance(value, dict):
        return {key: _bare(inner) for key, inner in value.items()}
    if type(value) in (tuple, list):
        return type(value)(map(_bare, value))
    return value


def _far(value: Any) -> Any:
    """NumPy's arrays and numbers as far ones; CuPy has no bare numbers, but arrays of no axes."""
    if isinstance(value, np.ndarray | np.generic):
        return np.asarray(value).view(FarArray)
    return type(value)(map(_far, value)) if type(value) in (tuple, list) else value


class Library(ModuleType):
    """NumPy's functions under CuPy's name, with a GPU."""

    ndarray = FarArray

    def __init__(self) -> None:
        super().__init__("cupy")
        self.__spec__ = ModuleSpec("cupy", None)
        self.lib = SimpleNamespace(stride_tricks=SimpleNamespace(as_strided=self._as_strided))
        runtime = SimpleNamespace(getDeviceCount=lambda: 1, CUDARuntimeError=RuntimeError)
        self.cuda = SimpleNamespace(runtime=runtime)

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        if isinstance(found, type) or not callable(found):
            return found
        return lambda *args, **kwargs: _far(found(*_bare(args), **_bare(kwargs)))

    @staticmethod
    def asarray(x: Any, dtype: Any = None) -> FarArray:
        """The one door: it takes NumPy's arrays too."""
        return np.asarray(x, dtype=dtype).view(FarArray)

    array = staticmethod(lambda x, dtype=None: np.array(x, dtype=dtype).view(FarArray))

    @staticmethod
    def _as_strided(x: FarArray, shape: Any, strides: Any) -> FarArray:
        bare = np.lib.stride_tricks.as_strided(x.view(np.ndarray), shape, strides)
        return bare.view(FarArray)


@contextmanager
def standing_in() -> Iterator[Library]:
    """While it lasts, `import cupy` finds the stand-in."""
    library, before = Library(), sys.modules.get("cupy")
    sys.modules["cupy"] = library
    try:
        yield library
    finally:
        del sys.modules["cupy"]
        if before is not None:
            sys.modules["cupy"] = before
