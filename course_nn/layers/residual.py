"""The residual block: what a layer adds to its input."""

from types import ModuleType
from typing import Any

import numpy as np

from ..backend import Array
from ..checks import ShapeError
from ..parameters import InPlace
from ..words import answers
from .base import Layer, Shape, build_chain, expect_each_once
from .dropout import Dropout


class Residual(Layer):
    """y = main(x) + shortcut(x): a gradient flows past the main layers unchanged.

    Parameters
    ----------
    main : the layers of the main path.
    shortcut : layers that bring x to the main path's shape (a 1×1 convolution, usually); empty for
        y = main(x) + x.

    Raises
    ------
    ValueError : for a layer that stands twice.
    ShapeError : at `build`, if a layer's input does not fit, or the paths end in different shapes.

    Notes
    -----
    He, Zhang, Ren and Sun (2016), equations 1 and 2.

    Examples
    --------
    >>> import course_nn as nn
    >>> block = Residual([nn.Conv2D(8, 3, padding=1), nn.ReLU(), nn.Conv2D(8, 3, padding=1)])
    >>> block.build((8, 14, 14), rng=np.random.default_rng(0))
    (8, 14, 14)
    >>> sorted(block.params)
    ['main.0.W', 'main.0.b', 'main.2.W', 'main.2.b']
    """

    @answers
    def __init__(self, main: list[Layer], shortcut: list[Layer] | tuple = ()) -> None:
        for layers in (main, shortcut):
            if not isinstance(layers, list | tuple):
                raise TypeError(
                    "a Residual is made of lists of layers, as Residual([Dense(3), ReLU()]), "
                    f"got {layers!r}"
                )
        self.paths = {"main": list(main), "shortcut": list(shortcut)}
        inner = [layer for _, layer in self.inner()]
        for layer in inner:
            if not isinstance(layer, Layer):
                raise TypeError(f"a Residual is made of lists of layers, got {layer!r} in one")
        expect_each_once(inner)

    def arguments(self) -> dict[str, Any]:
        return {path: layers for path, layers in self.paths.items() if layers}

    def chains(self) -> dict[str, list[Layer]]:
        # a subclass may compute otherwise: it is not taken apart
        own = (type(self).compute, type(self).gradients)
        return self.paths if own == (Residual.compute, Residual.gradients) else {}

    def inner(self) -> list[tuple[str, Layer]]:
        """Every inner layer under its name, for instance "main.0".

        >>> import course_nn as nn
        >>> [name for name, _ in Residual([nn.Dense(3), nn.ReLU()]).inner()]
        ['main.0', 'main.1']
        """
        return [
            (f"{path}.{i}", layer)
            for path, layers in self.paths.items()
            for i, layer in enumerate(layers)
        ]

    def build(
        self,
        input_shape: Shape,
        *,
        rng: np.random.Generator,
        dtype: Any = np.float32,
        xp: ModuleType = np,
        keep: bool = False,
    ) -> Shape:
        self.input_shape = tuple(input_shape)
        options = {"rng": rng, "dtype": dtype, "xp": xp, "keep": keep}
        ends = {
            path: build_chain(layers, self.input_shape, f"{path}.", **options)
            for path, layers in self.paths.items()
        }
        if ends["main"] != ends["shortcut"]:
            raise ShapeError(
                f"{self!r}: its main path gives {ends['main']}, its shortcut {ends['shortcut']}, "
                "and the two are added: give the shortcut a Conv2D(filters, 1, stride=…) that "
                "brings it to the same shape"
            )
        self.output_shape = ends["main"]
        self.grads, self.cache = {}, None
        return self.output_shape

    @property
    def whole_batch(self) -> bool:  # type: ignore[override]
        """Whether something inside needs the batch whole, for whom does not take it apart."""
        inner = (layer for _, layer in self.inner())
        return any(layer.whole_batch or isinstance(layer, Dropout) for layer in inner)

    @property
    def params(self) -> InPlace:  # type: ignore[override]
        """The inner layers' params, under their names here."""
        inner = self.inner()
        return InPlace({f"{n}.{k}": a for n, layer in inner for k, a in layer.params.items()})

    @property
    def state(self) -> dict[str, Array]:  # type: ignore[override]
        """The inner layers' state, likewise."""
        return {f"{n}.{k}": a for n, layer in self.inner() for k, a in layer.state.items()}

    def bind(self, name: str, array: Array) -> None:
        path, index, key = name.split(".", 2)
        self.paths[path][int(index)].bind(key, array)

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        outputs, caches = {}, {}
        for path, layers in self.paths.items():
            outputs[path] = x
            for i, layer in enumerate(layers):
                outputs[path], caches[f"{path}.{i}"] = layer.compute(outputs[path], train)
        return outputs["main"] + outputs["shortcut"], caches

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        dx: Array | None = None
        grads: dict[str, Array] = {}
        for path, layers in self.paths.items():
            d: Any = dy
            for i, layer in reversed(list(enumerate(layers))):
                d, inner = layer.gradients(d, cache[f"{path}.{i}"])
                grads |= {f"{path}.{i}.{key}": g for key, g in inner.items()}
            dx = d if dx is None else dx + d
        return dx, grads

    def observe(self, cache: Any) -> None:
        for name, layer in self.inner():
            if layer.trainable:
                layer.observe(cache[name])
