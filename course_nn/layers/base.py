"""What every layer is: parameters, caches, and shapes, checked at `build`.

A layer computes in two ways. `compute` and `gradients` are pure, as the ops are: a model may call
them on slices of a batch, on several threads at once. `forward` and `backward` are the same with
the cache kept in the layer, for people.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, ClassVar, Literal, NoReturn, Self

import numpy as np

from ..backend import Array
from ..checks import ShapeError, as_float, flag, float_type, same_shape, takes
from ..parameters import InPlace
from ..words import Described

Shape = tuple[int, ...]
Initialiser = Callable[..., np.ndarray]
Kind = Literal["probabilities", "log-probabilities", "same"] | None


class Layer(Described):
    """y = f(x; params): one step of a network.

    A subclass defines `compute` and `gradients`; `infer` where it changes the shape; `draw` and
    `initial_state` where it has parameters and state. `nn.check_layer` judges it whole.

    Attributes
    ----------
    params : {name: array}; assigning writes in place; empty until `build`.
    grads : {name: array}, the same names, after `backward`.
    state : {name: array}, what is saved with the model but not trained (running statistics).
    trainable : False leaves params and state as they are in training.
    cache : what `backward` needs, kept only by a `forward` in training.
    input_shape, output_shape : of one sample, without the batch axis; () until `build`.

    Examples
    --------
    >>> class Double(Layer):
    ...     def compute(self, x, train, noise=None):
    ...         return 2 * x, ()
    ...     def gradients(self, dy, cache, need_dx=True):
    ...         return 2 * dy, {}
    >>> Double().forward(np.array([[1.0, 2.0]]))
    array([[2., 4.]])
    """

    # True: the samples of a batch meet in this layer, so a batch must not be cut before it
    whole_batch: ClassVar[bool] = False
    # what its output is, for a loss that must know; "same": what its input is
    gives: ClassVar[Kind] = None

    params: InPlace
    grads: dict[str, Array]
    state: dict[str, Array]
    cache: Any
    input_shape: Shape
    output_shape: Shape
    trainable: bool

    def __new__(cls, *args: Any, **options: Any) -> Self:
        # here, not in __init__: a layer of one's own need not call super().__init__()
        layer = super().__new__(cls)
        vars(layer).update(params=InPlace(), grads={}, state={}, cache=None)
        vars(layer).update(input_shape=(), output_shape=(), trainable=True)
        return layer

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "requires_grad":  # PyTorch's word, which would freeze nothing
            raise AttributeError(f"{type(self).__name__} has no {name}: it is trainable")
        if name == "trainable":
            value = flag(name, value)
        if name == "params" and not isinstance(value, InPlace):
            if self.params:
                self._write(value)
                return
            value = InPlace(value)
        super().__setattr__(name, value)

    def _write(self, arrays: Mapping[str, Array]) -> None:
        """Writes numbers into all parameters that there are."""
        if arrays.keys() != self.params.keys():
            raise ValueError(
                f"{self!r} has the parameters {', '.join(self.params)}, got {', '.join(arrays)}"
            )
        for name, array in arrays.items():
            self.params[name] = array

    # -- shapes and parameters --------------------------------------------------------------------

    def build(
        self,
        input_shape: Shape,
        *,
        rng: np.random.Generator,
        dtype: Any = np.float32,
        xp: ModuleType = np,
        keep: bool = False,
    ) -> Shape:
        """Infers the output's shape and draws the parameters.

        Parameters
        ----------
        input_shape : of one sample: (D,) or (C, H, W).
        rng : draws the weights.
        dtype : of the parameters, float32 or float64.
        xp : the array library where they live, NumPy unless given.
        keep : whether a layer that was built before keeps its parameters and state.

        Returns
        -------
        output_shape : of one sample.

        Raises
        ------
        ShapeError : if the input does not fit, or what is to be kept does not fit the input.

        Examples
        --------
        >>> import course_nn as nn
        >>> nn.Dense(10).build((784,), rng=np.random.default_rng(0))
        (10,)
        """
        keep, dtype = keep and bool(self.output_shape), float_type(dtype)
        before, self.input_shape = self.input_shape, tuple(input_shape)
        self.output_shape = self.infer(self.input_shape)
        if keep:
            self.expect_fitting_weights(before)
            drawn, state = dict(self.params), dict(self.state)
        else:
            drawn, state = self.draw(rng), self.initial_state()
        self.params = InPlace({name: xp.asarray(a, dtype=dtype) for name, a in drawn.items()})
        self.state = {name: xp.asarray(a, dtype=dtype) for name, a in state.items()}
        self.grads, self.cache = {}, None
        return self.output_shape

    def expect_fitting_weights(self, before: Shape) -> None:
        """Raises ShapeError unless the parameters and state are those of `input_shape`."""
        fresh = copy.copy(self)  # drawing may change a layer: Dropout spawns its generator
        drawn = {**fresh.draw(np.random.default_rng(0)), **fresh.initial_state()}
        for name, array in {**self.params, **self.state}.items():
            if array.shape != drawn[name].shape:
                raise ShapeError(
                    f"{self!r} has weights for an input of shape {before}: {name} is "
                    f"{array.shape}, and for {self.input_shape} it would be {drawn[name].shape}; "
                    "put a new layer in its place, or draw all anew: build(…, redraw=True)"
                )

    def infer(self, input_shape: Shape) -> Shape:
        """The output's shape for an input's, without the batch axis; the same unless overridden.

        Raises ShapeError if the input does not fit.

        >>> import course_nn as nn
        >>> nn.Conv2D(6, 5).infer((1, 28, 28))
        (6, 24, 24)
        """
        return input_shape

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """The parameters as they begin, for `input_shape`; none unless overridden.

        They are float64 on the CPU; `build` converts them.

        >>> import course_nn as nn
        >>> layer = nn.Dense(2)
        >>> layer.input_shape = (3,)
        >>> {name: a.shape for name, a in layer.draw(np.random.default_rng(0)).items()}
        {'W': (3, 2), 'b': (2,)}
        """
        return {}

    def initial_state(self) -> dict[str, np.ndarray]:
        """The untrained state as it begins, likewise.

        >>> import course_nn as nn
        >>> layer = nn.BatchNorm()
        >>> layer.input_shape = (2,)
        >>> layer.initial_state()
        {'running_mean': array([0., 0.]), 'running_var': array([1., 1.])}
        """
        return {}

    def bind(self, name: str, array: Array) -> None:
        """Lets an array take the place of a parameter: a view of the model's parameter vector.

        >>> import course_nn as nn
        >>> layer, W = nn.Dense(2), np.ones((3, 2))
        >>> _ = layer.build((3,), rng=np.random.default_rng(0))
        >>> layer.bind("W", W)
        >>> layer.params["W"] is W
        True
        """
        self.params.bind(name, array)

    def expect(self, input_shape: Shape, fits: bool, expected: str, fix: str) -> None:
        """Raises the ShapeError that names layer, shapes and likely fix, unless the input fits.

        Parameters
        ----------
        input_shape : the shape that came.
        fits : whether it will do.
        expected : the shape that would, as text.
        fix : what to do, as text.
        """
        if not fits:
            raise ShapeError(
                f"{self!r} expects an input of shape {expected}, but gets {input_shape}: {fix}"
            )

    def chains(self) -> dict[str, list["Layer"]]:
        """The chains of inner layers whose outputs are added up, by name; none unless overridden.

        A model takes them apart, and runs the inner layers by itself.
        """
        return {}

    # -- the pure pair ----------------------------------------------------------------------------

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        """y = f(x; params), and what `gradients` needs; changes nothing in the layer.

        Parameters
        ----------
        x : (N, *input_shape), of the parameters' dtype.
        train : whether this is training, see `forward`.
        noise : x's part of what `draw_noise` gave for the batch; drawn here unless given.

        Returns
        -------
        y : (N, *output_shape).
        cache : whatever the layer likes, but not None in training.

        Examples
        --------
        >>> import course_nn as nn
        >>> nn.ReLU().compute(np.array([[-1.0, 2.0]]), train=False)[0]
        array([[0., 2.]])
        """
        raise NotImplementedError(
            f"{type(self).__name__} defines no compute: a layer of one's own defines "
            "compute(x, train, noise=None) and gradients(dy, cache, need_dx=True)"
        )

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """dx = (∂y/∂x)ᵀ dy, and likewise for every parameter; changes nothing in the layer.

        Parameters
        ----------
        dy : (N, *output_shape), ∂L/∂y.
        cache : from `compute`.
        need_dx : False allows dx to be left out.

        Returns
        -------
        dx : (N, *input_shape), or None if it was not needed.
        grads : {name: array} in the parameters' shapes.

        Examples
        --------
        >>> import course_nn as nn
        >>> layer = nn.ReLU()
        >>> _, cache = layer.compute(np.array([[-1.0, 2.0]]), train=True)
        >>> layer.gradients(np.array([[5.0, 5.0]]), cache)
        (array([[0., 5.]]), {})
        """
        raise NotImplementedError(f"{type(self).__name__} defines no gradients")

    def draw_noise(self, shape: Shape, like: Array) -> Array | None:
        """The random numbers that `compute` needs in training; None unless overridden.

        They are drawn for the whole batch at once, so that a result does not depend on how the
        batch is cut into slices.

        Parameters
        ----------
        shape : (N, *input_shape), of the batch.
        like : an array whose dtype and library the numbers take.

        Returns
        -------
        noise : an array whose first axis is the batch's, or None.

        Examples
        --------
        >>> import course_nn as nn
        >>> nn.Dropout(0.5).draw_noise((1, 4), np.ones(1))
        array([[ True,  True,  True, False]])
        """
        return None

    def observe(self, cache: Any) -> None:
        """Moves `state` by one training batch, whose cache `compute` gave.

        It does nothing unless overridden.
        """

    # -- the same with memory ---------------------------------------------------------------------

    def forward(self, x: Array, train: bool = False) -> Array:
        """y = f(x); in training the cache is kept for `backward`.

        Parameters
        ----------
        x : (N, *input_shape), of the parameters' dtype.
        train : whether this is training: dropout drops, batch norm uses the batch's statistics, and
            caches are kept.

        Returns
        -------
        y : (N, *output_shape).

        Raises
        ------
        RuntimeError : if the layer has parameters and is not built.

        Examples
        --------
        >>> import course_nn as nn
        >>> nn.ReLU().forward(np.array([[-1.0, 2.0]]))
        array([[0., 2.]])
        """
        try:
            y, cache = self.compute(x, train)
        except KeyError as error:
            if self.output_shape:
                raise
            raise RuntimeError(
                f"{self!r} has no parameters yet; call build(input_shape, rng=rng)"
            ) from error
        if train and self.trainable:
            self.observe(cache)
        self.cache = (cache, y.shape) if train else None
        return y

    def backward(self, dy: Array) -> Array | None:
        """dx from dy, after a `forward` in training; leaves the parameters' gradients in `grads`.

        Parameters
        ----------
        dy : (N, *output_shape), ∂L/∂y.

        Returns
        -------
        dx : (N, *input_shape), ∂L/∂x.

        Raises
        ------
        RuntimeError : without a `forward(x, train=True)` before it.
        ShapeError : if dy does not have the shape of what `forward` returned.

        Examples
        --------
        >>> import course_nn as nn
        >>> layer = nn.ReLU()
        >>> _ = layer.forward(np.array([[-1.0, 2.0]]), train=True)
        >>> layer.backward(np.array([[5.0, 5.0]]))
        array([[0., 5.]])
        """
        if self.cache is None:
            raise RuntimeError(
                f"{self!r}.backward needs a forward(x, train=True) before it: nothing is cached"
            )
        cache, shape = self.cache
        if np.shape(dy) != shape:  # NumPy would stretch it to fit
            raise ShapeError(
                f"{self!r}.backward got dy of shape {np.shape(dy)}, but forward returned y of "
                f"shape {shape}: dy is ∂L/∂y, a number for each of y's"
            )
        dx, self.grads = self.gradients(dy, cache)
        return dx

    def __call__(self, *args: Any, **options: Any) -> NoReturn:
        raise TypeError(
            f"{self!r} is not called: write layer.forward(x), or put it into a Sequential([…])"
        )


class BatchLayer(Layer):
    """A layer in which the samples of a batch meet, in numbers that slices of it can bring.

    Each slice of a batch is summarised, the summaries are merged into the batch's statistics, and
    these are applied to each slice; on the way back the same happens with the sums that the
    gradient needs. A batch of one slice goes the same way.
    """

    whole_batch: ClassVar[bool] = True

    @property
    def in_slices(self) -> bool:
        """Whether it is nothing but its pieces; a subclass that computes otherwise is not."""
        own = type(self)
        return (own.compute, own.gradients) == (BatchLayer.compute, BatchLayer.gradients)

    def summarise(self, x: Array) -> Any:
        """What a slice brings."""
        raise NotImplementedError(f"{type(self).__name__} defines no summarise")

    def merge(self, summaries: Sequence[Any]) -> Any:
        """The batch's statistics, from its slices' summaries in order."""
        raise NotImplementedError(f"{type(self).__name__} defines no merge")

    def remembered(self) -> Any:
        """The statistics that take the batch's place in prediction."""
        raise NotImplementedError(f"{type(self).__name__} defines no remembered")

    def apply(self, x: Array, statistics: Any) -> tuple[Array, Any]:
        """y of a slice, and its cache."""
        raise NotImplementedError(f"{type(self).__name__} defines no apply")

    def summarise_back(self, dy: Array, cache: Any) -> dict[str, Array]:
        """The slice's part of every parameter's gradient."""
        raise NotImplementedError(f"{type(self).__name__} defines no summarise_back")

    def apply_back(self, dy: Array, cache: Any, grads: dict[str, Array]) -> Array:
        """dx of a slice, from the gradients of the whole batch."""
        raise NotImplementedError(f"{type(self).__name__} defines no apply_back")

    def remember(self, statistics: Any) -> None:
        """Moves `state` by one training batch."""

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        learns = train and self.trainable
        statistics = self.merge([self.summarise(x)]) if learns else self.remembered()
        y, cache = self.apply(x, statistics)
        return y, (cache, statistics)

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        grads = self.summarise_back(dy, cache[0])
        return self.apply_back(dy, cache[0], grads), grads

    def observe(self, cache: Any) -> None:
        self.remember(cache[1])


class Elementwise(Layer):
    """A layer without parameters whose ops are a pair (x) → y, cache and (dy, cache) → dx."""

    forward_op: ClassVar[Callable[..., tuple[Array, Any]]]
    backward_op: ClassVar[Callable[..., Array]]

    def extras(self) -> dict[str, Any]:
        """Further arguments of the forward op."""
        return {}

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        return type(self).forward_op(x, **self.extras())

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        return type(self).backward_op(dy, cache), {}


def drawn(init: Initialiser, shape: Shape, rng: np.random.Generator) -> np.ndarray:
    """Weights as an initialiser gives them, if they have the shape.

    >>> drawn(lambda shape, rng: np.zeros(2), (3, 2), np.random.default_rng(0))
    Traceback (most recent call last):
        ...
    ValueError: init: what it gives has shape (2,), expected (3, 2)
    """
    W = as_float(init(shape, rng=rng), "what init gives")
    same_shape("init", "what it gives", W, shape)
    return W


def expect_initialiser(init: Any) -> None:
    """Raises TypeError for what draws no weights, such as a word."""
    if not callable(init) or isinstance(init, type):
        raise TypeError(f"init must be a function such as nn.init.he_normal, got {init!r}")
    takes("init", init, "init(shape, rng=rng)", (1, 1), rng=None)


# -- several layers --------------------------------------------------------------------------------


def leaves(layers: Sequence[Layer], prefix: str = "") -> Iterator[tuple[str, Layer]]:
    """Every layer under its name in a model; one that has chains is walked through.

    >>> import course_nn as nn
    >>> block = nn.Residual([nn.Dense(3), nn.ReLU()])
    >>> [name for name, layer in leaves([nn.Flatten(), block])]
    ['0', '1.main.0', '1.main.1']
    """
    for i, layer in enumerate(layers):
        chains = layer.chains()
        for path, inner in chains.items():
            yield from leaves(inner, f"{prefix}{i}.{path}.")
        if not chains:
            yield f"{prefix}{i}", layer


def parameters_of(layers: Sequence[Layer]) -> dict[str, Array]:
    """The parameters of layers by their names in a model.

    >>> import course_nn as nn
    >>> layer = nn.Dense(2)
    >>> _ = layer.build((3,), rng=np.random.default_rng(0))
    >>> [(name, a.shape) for name, a in parameters_of([layer]).items()]
    [('0.W', (3, 2)), ('0.b', (2,))]
    """
    return {f"{n}.{k}": a for n, layer in leaves(layers) for k, a in layer.params.items()}


def states_of(layers: Sequence[Layer]) -> dict[str, Array]:
    """Their running statistics, likewise."""
    return {f"{n}.{k}": a for n, layer in leaves(layers) for k, a in layer.state.items()}


def expect_each_once(layers: Sequence[Layer]) -> None:
    """Raises ValueError if a layer stands in two places, however deep.

    >>> import course_nn as nn
    >>> tied = nn.Dense(3)
    >>> expect_each_once([nn.Residual([tied]), tied])
    Traceback (most recent call last):
        ...
    ValueError: Dense(units=3) stands twice in this model, as layer 0.main.0 and as layer 1; \
make a new one for each place
    """
    seen: dict[int, str] = {}
    for name, layer in leaves(layers):
        if id(layer) in seen:
            raise ValueError(
                f"{layer!r} stands twice in this model, as layer {seen[id(layer)]} and as layer "
                f"{name}; make a new one for each place"
            )
        seen[id(layer)] = name


def build_chain(layers: Sequence[Layer], shape: Shape, prefix: str, **options: Any) -> Shape:
    """Builds layers one after the other; the error of one that does not fit says which.

    Parameters
    ----------
    layers : first to last.
    shape : of one sample.
    prefix : of a layer's index, in the error.
    **options : of `Layer.build`.

    Returns
    -------
    shape : of what the last layer gives.

    Raises
    ------
    ShapeError : if a layer's input does not fit.

    Examples
    --------
    >>> import course_nn as nn
    >>> rng = np.random.default_rng(0)
    >>> build_chain([nn.Flatten(), nn.Dense(3)], (2, 4, 4), "layer ", rng=rng)
    (3,)
    """
    for i, layer in enumerate(layers):
        try:
            shape = layer.build(shape, **options)
        except ShapeError as error:
            raise ShapeError(f"{prefix}{i}: {error}") from None
    return shape
