"""Layers in a row, and whose their weights are: building, sharing, copying, one flat vector.

A layer's weights live in the layer. A stack packs them into one vector when it is to train them;
where another stack that shares a layer has done the same since, it takes the numbers over from
there.
"""

import copy
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

from . import door
from .backend import Array, array_module, module_of, to_numpy
from .checks import ShapeError, float_type, generator, sample_shape, whole
from .engine import Engine
from .layers import (
    Layer,
    Shape,
    build_chain,
    expect_each_once,
    leaves,
    parameters_of,
    states_of,
)
from .parameters import Owner, Parameters
from .threads import available_threads
from .words import Described, answers


class Stack(Described):
    """Layers in a row, built and packed; what a model is without its training and predicting.

    See `model.Sequential`, which says what its arguments and attributes are.
    """

    @answers
    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = _layers(layers)
        self.input_shape: Shape = ()
        self.output_shape: Shape = ()
        self.xp: ModuleType = np
        self.dtype = np.dtype(np.float32)
        self.threads: int | None = None
        self.history: dict[str, list[float]] = {}
        self._built: list[Layer] = []  # the layers as they were when shapes were last looked at
        self._seen: Seen | None = None  # the layers and arrays that the engine was made of
        self._owner = Owner()
        self._parameters: Parameters | None = None
        self._engine: Engine | None = None
        self._read: tuple[Seen, Engine] | None = None  # the reader, and what it was made of
        if all(layer.output_shape for _, layer in leaves(self.layers)):
            self._adopt()

    def arguments(self) -> dict[str, Any]:
        return {"layers": self.layers}

    def __repr__(self) -> str:
        return "Sequential([" + ", ".join(map(repr, self.layers)) + "])"

    def __getitem__(self, which: int | slice) -> Any:
        """A layer, or a part of the model that shares its layers."""
        if isinstance(which, slice):
            return type(self)(self.layers[which])
        i = whole("the index of a layer", which)
        if not -len(self.layers) <= i < len(self.layers):
            raise IndexError(f"there is no layer {i}: this model has {len(self.layers)}, from 0")
        return self.layers[i]

    def __len__(self) -> int:
        return len(self.layers)

    def __call__(self, *args: Any, **options: Any) -> NoReturn:
        raise TypeError(
            "a model is not called: model.predict(x) gives its output as prediction, "
            "model.forward(x, train=True) keeps what model.backward(dy) needs"
        )

    # -- building ---------------------------------------------------------------------------------

    @answers
    def build(
        self,
        input_shape: Shape | None = None,
        *,
        rng: np.random.Generator,
        dtype: Any = None,
        device: str | None = None,
        threads: int | None = None,
        redraw: bool = False,
    ) -> Shape:
        """Infers every shape and draws every parameter that is not there yet.

        Parameters
        ----------
        input_shape : of one sample, for instance (1, 28, 28); of a model that was built, the same
            as before unless given.
        rng : draws the weights; the same seed gives the same model, on either device.
            (`np.random.seed` has no effect: nothing here draws from NumPy's global generator.)
        dtype : float32 (unless given) or float64; of a model that was built, the same as before.
        device : "cpu" (unless given), or "gpu" for CuPy; likewise.
        threads : that work on a batch; unless given, `threads.available_threads()`. Results agree
            to rounding.
        redraw : whether weights that are there, trained or not, are drawn anew. Otherwise they
            stay, and only layers that are new get weights.

        Returns
        -------
        output_shape : of one sample.

        Raises
        ------
        ShapeError : if the shape is none, or a layer's input does not fit, or the weights that it
            has, naming the layer, both shapes and the likely fix; the model stays as it was.
        TypeError : if the dtype is neither float32 nor float64, or rng no generator.
        ValueError : for a device that there is not, or no thread.
        RuntimeError : if there is nothing to build, or the GPU is asked for and there is none.

        Examples
        --------
        >>> import course_nn as nn
        >>> nn.Sequential([nn.Dense(10)]).build((1, 28, 28), rng=np.random.default_rng(0))
        Traceback (most recent call last):
            ...
        course_nn.ShapeError: layer 0: Dense(units=10) expects an input of shape (D,), \
but gets (1, 28, 28): put a Flatten() before it
        """
        self.layers = _layers(self.layers)
        known = self.input_shape or self.layers[0].input_shape
        shape = sample_shape(known or None if input_shape is None else input_shape)
        dtype = float_type(self.dtype if dtype is None else dtype)
        xp = self.xp if device is None else module_of(device)
        rng, built = generator(rng), [x for _, x in leaves(self.layers) if x.output_shape]
        self.threads = self.threads if threads is None else whole("threads", threads, least=1)
        if built and not redraw and threads is None and self._stays(shape, dtype, xp):
            raise RuntimeError(
                "this model is built, and its weights stay: build(…, redraw=True) draws them anew, "
                "in every model that shares its layers"
            )
        if not built:
            door.doubt_channels_last(shape)
        build = partial(build_chain, shape=shape, prefix="layer ", dtype=dtype, xp=xp)
        if built:  # on copies first: a build that fails leaves a built model as it was
            build(copy.deepcopy(self.layers), rng=np.random.default_rng(0), keep=not redraw)
        build(self.layers, rng=rng, keep=not redraw)
        self.dtype = dtype  # which no parameter says where there is none
        self._adopt()
        self._own()  # at once: a view of the weights that somebody takes now stays one
        return self.output_shape

    def _stays(self, shape: Shape, dtype: np.dtype, xp: ModuleType) -> bool:
        """Whether building would change nothing."""
        same = self._built == [x for _, x in leaves(self.layers)] and shape == self.input_shape
        return same and dtype == self.dtype and xp is self.xp

    def _adopt(self) -> None:
        """Takes the layers, which are built, as they are; parameters are packed when needed."""
        for i, (layer, following) in enumerate(pairwise(self.layers)):
            if layer.output_shape != following.input_shape:
                raise ShapeError(
                    f"layer {i}, {layer!r}, gives {layer.output_shape}, and layer {i + 1}, "
                    f"{following!r}, was built for {following.input_shape}; give copies of layers "
                    "that fit, or new ones"
                )
        arrays = [a for layer in self.layers for a in layer.params.values()]
        dtypes = {a.dtype for a in arrays} or {self.dtype}
        if len(dtypes) > 1:
            raise TypeError(
                f"these layers were built for {' and '.join(sorted(map(str, dtypes)))}; "
                "build them for one dtype"
            )
        self.dtype, self.xp = dtypes.pop(), array_module(*arrays)
        self.input_shape = self.layers[0].input_shape
        self.output_shape = self.layers[-1].output_shape
        self._built = [layer for _, layer in leaves(self.layers)]
        self._parameters = self._engine = self._read = self._seen = None

    def require_built(self) -> None:
        """Raises RuntimeError unless every layer has its shapes and weights.

        >>> import course_nn as nn
        >>> nn.Sequential([nn.Dense(2)]).require_built()
        Traceback (most recent call last):
            ...
        RuntimeError: this model has no shapes yet; call model.build(input_shape, rng=rng) first
        """
        if self._seen and self._seen.still(self.layers):
            return
        if self._built == [layer for _, layer in leaves(self.layers)]:
            return
        new = [(name, layer) for name, layer in leaves(self.layers) if not layer.output_shape]
        if not self.input_shape:
            raise RuntimeError(
                "this model has no shapes yet; call model.build(input_shape, rng=rng) first"
            )
        if new or not self.layers:
            raise RuntimeError(
                f"layer {new[0][0]}, {new[0][1]!r}, is new in this model and has no weights "
                "yet; call model.build(rng=rng), which draws them and leaves the other layers' as "
                "they are"
                if new
                else "this model has no layer any more"
            )
        self.layers = _layers(self.layers)
        self._adopt()

    def _own(self) -> Engine:
        """The engine over one flat vector of all parameters, of which the layers' are views.

        Another model that shares a layer may have bound it to a vector of its own since: then the
        numbers are taken over from there.
        """
        if self._engine and self._seen and self._seen.still(self.layers):
            return self._engine
        self.require_built()
        arrays = parameters_of(self.layers)
        held = self._parameters
        if held is None or any(held.get(name) is not a for name, a in arrays.items()):
            self._parameters = held = Parameters.pack(arrays)
            held.owner = self._owner
            for i, layer in enumerate(self.layers):
                for key in layer.params:
                    layer.bind(key, held[f"{i}.{key}"])
            self._engine = None
        if self._engine is None:
            self._engine = self._engine_over(held.like())
        self._seen = Seen(self.layers)
        return self._engine

    @property
    def params(self) -> Parameters:
        """All parameters, as views of one flat vector."""
        frozen = self._own().frozen()
        assert self._parameters is not None
        self._parameters.frozen = frozen
        return self._parameters

    @property
    def grads(self) -> Parameters:
        """The gradients of the last step, under the parameters' names."""
        return self._own().grads

    @property
    def trainable(self) -> bool:
        """Whether any layer is trained; setting it sets it of every layer."""
        return any(layer.trainable for layer in self.layers)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.layers:
            layer.trainable = value

    @property
    def reader(self) -> Engine:
        """What predicts: it needs no gradients, and leaves the weights where they are."""
        self.require_built()
        seen, reader = self._read or (None, None)
        if not (seen and reader and seen.still(self.layers)):
            seen, reader = Seen(self.layers), self._engine_over(Parameters(self.xp.zeros(0), {}))
            self._read = seen, reader
        return reader

    def _engine_over(self, grads: Parameters) -> Engine:
        """An engine of the layers as they are, on the model's threads."""
        threads = available_threads() if self.threads is None else self.threads
        return Engine(self.layers, grads, threads)

    @property
    def engine(self) -> Engine:
        """What runs a batch through the layers."""
        return self._own()

    def states(self) -> list[Array]:
        """The arrays that are moved by training but not trained: running statistics."""
        return [a for _, layer in leaves(self.layers) for a in layer.state.values()]

    def load_weights(self, source: "Stack") -> None:
        """Copies the weights and running statistics of a model with the same layers.

        Parameters
        ----------
        source : built; its arrays' names and shapes must be those of this model's.

        Raises
        ------
        ValueError : if they are not, naming the first that differs; nothing is copied then.

        Examples
        --------
        >>> import course_nn as nn
        >>> one, two = nn.Sequential([nn.Dense(2)]), nn.Sequential([nn.Dense(2)])
        >>> for seed, model in enumerate((one, two)):
        ...     _ = model.build((3,), rng=np.random.default_rng(seed))
        >>> two.load_weights(one)
        >>> bool((one.params.flat == two.params.flat).all())
        True
        """
        self.require_built()
        if not isinstance(source, Stack):
            raise TypeError(
                "load_weights takes a model, such as nn.storage.load(path).model, "
                f"got a {type(source).__name__}"
            )
        source.require_built()
        here, there = (parameters_of(m.layers) | states_of(m.layers) for m in (self, source))
        for name in here | there:
            shapes = [
                np.shape(arrays[name]) if name in arrays else None for arrays in (here, there)
            ]
            if shapes[0] != shapes[1]:
                words = [f"is {shape}" if shape is not None else "is missing" for shape in shapes]
                raise ValueError(f"{name} {words[0]} here and {words[1]} there; nothing was copied")
        for name, array in here.items():
            array[...] = self.xp.asarray(to_numpy(there[name]))

    # -- copies -----------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        own = {"_owner", "_parameters", "_engine", "_read", "_seen", "xp", "_built"}  # made anew
        kept = {name: value for name, value in vars(self).items() if name not in own}
        return kept | {"built": bool(self._built)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        built = state.pop("built")
        vars(self).update(state)
        self.xp, self._built, self._owner = np, [], Owner()
        self._parameters = self._engine = self._read = self._seen = None
        if built and all(layer.output_shape for _, layer in leaves(self.layers)):
            self._adopt()


class Seen:
    """Layers and their arrays as they are; whether they still are costs a few comparisons.

    >>> import course_nn as nn
    >>> layers = [nn.Dense(2)]
    >>> _ = layers[0].build((3,), rng=np.random.default_rng(0))
    >>> seen = Seen(layers)
    >>> before = seen.still(layers)
    >>> layers[0].params.bind("b", np.ones(2))
    >>> before, seen.still(layers)
    (True, False)
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.rows, self.blocks = [*layers], list[tuple[Layer, dict[str, list[Layer]]]]()
        self.arrays = [(layer, [*layer.params.values()]) for _, layer in leaves(layers)]
        self.ids = [(layer, [*map(id, arrays)]) for layer, arrays in self.arrays]
        self.walk(layers)

    def walk(self, layers: Sequence[Layer]) -> None:
        """Notes what stands in the chains of blocks."""
        for layer in layers:
            if chains := layer.chains():
                self.blocks.append((layer, {path: [*chain] for path, chain in chains.items()}))
                for chain in chains.values():
                    self.walk(chain)

    def still(self, layers: Sequence[Layer]) -> bool:
        """Whether these are the same layers, with the same arrays."""
        if layers != self.rows:
            return False
        for layer, chains in self.blocks:
            if layer.chains() != chains:
                return False
        return not [1 for layer, ids in self.ids if [*map(id, layer.params.values())] != ids]


def _layers(layers: Sequence[Layer]) -> list[Layer]:
    """The layers as a list, if a model can be made of them."""
    if not isinstance(layers, Sequence):
        raise TypeError(f"a model is made of a list of layers, got {layers!r}")
    for i, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            hint = "; are its brackets () missing?" if isinstance(layer, type) else ""
            if hasattr(layer, "layers"):
                hint = "; a model's layers stand in one list: Sequential([*model.layers, Dense(3)])"
            raise TypeError(f"layer {i} must be a layer such as Dense(10), got {layer!r}{hint}")
    if not layers:
        raise ValueError("a model needs at least one layer")
    expect_each_once(layers)
    return list(layers)
