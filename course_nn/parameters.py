"""All parameters of a model in one flat vector, each under its name as a view.

An optimiser is a formula for every number alike; on one vector it is a handful of NumPy calls,
whatever the number of layers.
"""

import copy
from collections.abc import Iterator, Mapping

import numpy as np

from .backend import Array, array_module


class InPlace(dict[str, Array]):
    """name → array; assigning writes into the array that is there, so that a view stays a view.

    >>> W = np.zeros(2)
    >>> params = InPlace(W=W)
    >>> params["W"] = [3.0, 4.0]
    >>> W
    array([3., 4.])
    """

    def __setitem__(self, name: str, value: Array) -> None:
        if name not in self:
            raise KeyError(f"there is no parameter {name!r}; there are {', '.join(self) or 'none'}")
        if np.shape(value) != self[name].shape:
            raise ValueError(
                f"{name} has shape {self[name].shape}, and cannot become {np.shape(value)}"
            )
        self[name][...] = value

    def __deepcopy__(self, memo: dict) -> "InPlace":
        return InPlace(copy.deepcopy(dict(self), memo))

    def bind(self, name: str, array: Array) -> None:
        """Lets another array take the place of the one there.

        >>> params, W = InPlace(W=np.zeros(2)), np.ones(2)
        >>> params.bind("W", W)
        >>> params["W"] is W
        True
        """
        super().__setitem__(name, array)


class Parameters(Mapping[str, Array]):
    """name → array, every array a view of `flat`.

    Parameters
    ----------
    flat : (P,) float, P the number of parameters.
    shapes : the shape under each name, in the order of `flat`.

    Examples
    --------
    >>> p = Parameters.pack({"0.W": np.ones((2, 3)), "0.b": np.zeros(3)})
    >>> p["0.b"][:] = 7
    >>> p.flat
    array([1., 1., 1., 1., 1., 1., 7., 7., 7.])
    """

    def __init__(self, flat: Array, shapes: dict[str, tuple[int, ...]]) -> None:
        self.flat, self.shapes = flat, shapes
        self._views, start = {}, 0
        for name, shape in shapes.items():
            stop = start + int(np.prod(shape))
            self._views[name] = flat[start:stop].reshape(shape)
            start = stop

    @classmethod
    def pack(cls, arrays: Mapping[str, Array]) -> "Parameters":
        """Copies the arrays, all of one dtype, into a new flat vector.

        >>> Parameters.pack({"W": np.ones((2, 2))}).flat.shape
        (4,)
        """
        values = list(arrays.values())
        xp = array_module(*values)
        flat = xp.concatenate([a.ravel() for a in values]) if values else np.zeros(0)
        return cls(flat, {name: a.shape for name, a in arrays.items()})

    def like(self) -> "Parameters":
        """Zeros under the same names.

        >>> Parameters.pack({"W": np.ones(2)}).like().flat
        array([0., 0.])
        """
        return Parameters(array_module(self.flat).zeros_like(self.flat), self.shapes)

    def __getitem__(self, name: str) -> Array:
        return self._views[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)
