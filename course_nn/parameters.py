"""All parameters of a model in one flat vector, each under its name as a view.

An optimiser is a formula for every number alike; on one vector it is a handful of NumPy calls,
whatever the number of layers.
"""

from collections.abc import ItemsView, Iterable, Iterator, Mapping
from typing import NoReturn

import numpy as np

from .backend import Array, array_module
from .checks import as_float


def unknown(arrays: Iterable[str], name: str) -> KeyError:
    """The error for a parameter that there is not."""
    return KeyError(f"there is no parameter {name!r}; there are {', '.join(arrays) or 'none'}")


def write(arrays: Mapping[str, Array], name: str, value: Array) -> None:
    """Writes numbers into the array of that name, if they have its shape.

    >>> W = np.zeros(2)
    >>> write({"W": W}, "W", [[3.0, 4.0]])
    Traceback (most recent call last):
        ...
    ValueError: W has shape (2,), and cannot become (1, 2)
    """
    if name not in arrays:
        raise unknown(arrays, name)
    array, value = arrays[name], as_float(value, name)
    if value.shape != array.shape:
        raise ValueError(f"{name} has shape {array.shape}, and cannot become {value.shape}")
    array[...] = value


class InPlace(dict[str, Array]):
    """name → array; assigning writes into the array that is there, so that a view stays a view.

    >>> W = np.zeros(2)
    >>> params = InPlace(W=W)
    >>> params["W"] = [3.0, 4.0]
    >>> W
    array([3., 4.])
    """

    def __setitem__(self, name: str, value: Array) -> None:
        write(self, name, value)

    def __missing__(self, name: str) -> NoReturn:
        raise unknown(self, name)

    def __reduce__(self) -> tuple[type, tuple[dict[str, Array]]]:
        # how it is copied and pickled: not name by name, which would be assigning
        return InPlace, (dict(self),)

    def bind(self, name: str, array: Array) -> None:
        """Lets another array take the place of the one there.

        >>> params, W = InPlace(W=np.zeros(2)), np.ones(2)
        >>> params.bind("W", W)
        >>> params["W"] is W
        True
        """
        super().__setitem__(name, array)


class Owner:
    """A token: whoever holds the same one owns the same parameters."""


class Parameters(Mapping[str, Array]):
    """name → array, every array a view of `flat`; assigning writes into it.

    Parameters
    ----------
    flat : (P,) float, P the number of parameters.
    shapes : the shape under each name, in the order of `flat`.

    Attributes
    ----------
    owner : a token of whose parameters they are; the same as long as the model is.
    frozen : names that no optimiser changes.

    Examples
    --------
    >>> p = Parameters.pack({"0.W": np.ones((2, 3)), "0.b": np.zeros(3)})
    >>> p["0.b"][:] = 7
    >>> p.flat
    array([1., 1., 1., 1., 1., 1., 7., 7., 7.])
    """

    def __init__(self, flat: Array, shapes: dict[str, tuple[int, ...]]) -> None:
        self.flat, self.shapes = flat, shapes
        self.owner, self.frozen = Owner(), set[str]()
        self._trainable: tuple[set[str], list[slice]] | None = None  # for which of them frozen
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

    def trainable_slices(self) -> list[slice]:
        """The parts of `flat` that an optimiser may change, those side by side in one.

        >>> p = Parameters.pack({"0.W": np.ones(2), "1.W": np.ones(3), "2.W": np.ones(1)})
        >>> p.frozen = {"1.W"}
        >>> p.trainable_slices()
        [slice(0, 2, None), slice(5, 6, None)]
        """
        if self._trainable and self._trainable[0] == self.frozen:
            return self._trainable[1].copy()
        slices: list[slice] = []
        stop = 0
        for name, view in self._views.items():
            start, stop = stop, stop + view.size
            if name in self.frozen:
                continue
            if slices and slices[-1].stop == start:
                start = slices.pop().start
            slices.append(slice(start, stop))
        self._trainable = set(self.frozen), slices
        return slices.copy()

    def __reduce__(self) -> tuple[type, tuple[Array, dict[str, tuple[int, ...]]]]:
        # how it is copied and pickled: the views are made anew, of the copy
        return Parameters, (self.flat, self.shapes)

    def __getitem__(self, name: str) -> Array:
        if name not in self._views:
            raise unknown(self, name)
        return self._views[name]

    def __setitem__(self, name: str, value: Array) -> None:
        write(self._views, name, value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)

    def items(self) -> ItemsView[str, Array]:
        return self._views.items()  # a mapping's own is slow, and a step goes through it
