"""Layers: what stands around the ops — parameters, caches, and shapes, checked at `build`.

A layer computes in two ways. `compute` and `gradients` are pure, as the ops are: a model may call
them on slices of a batch, on several threads at once. `forward` and `backward` are the same with
the cache kept in the layer, for people.
"""

import math
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from . import init as initialisers
from . import ops
from .backend import Array
from .ops.geometry import Geometry, Pair, Sides, geometry, pair, pool_geometry, same_padding
from .parameters import InPlace

Shape = tuple[int, ...]
Initialiser = Callable[..., np.ndarray]


class ShapeError(ValueError):
    """A shape that does not fit; the message names the layer, both shapes and a likely fix.

    It is found when a model is built, or at its door when it is given data.

    >>> Dense(10).build((1, 28, 28), rng=np.random.default_rng(0))
    Traceback (most recent call last):
        ...
    course_nn.layers.ShapeError: Dense(units=10) expects an input of shape (D,), but gets \
(1, 28, 28): put a Flatten() before it
    """


class Layer:
    """y = f(x; params): one step of a network.

    A subclass defines `compute` and `gradients`; `infer` where it changes the shape; `draw` and
    `arguments` where it has parameters and options.

    Attributes
    ----------
    params : {name: array}; assigning writes in place; empty until `build`.
    grads : {name: array}, the same names, after `backward`.
    state : {name: array}, what is saved with the model but not trained (running statistics).
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
    whole_batch = False

    def __init__(self) -> None:
        self.params = InPlace()
        self.grads: dict[str, Array] = {}
        self.state: dict[str, Array] = {}
        self.cache: Any = None
        self.input_shape: Shape = ()
        self.output_shape: Shape = ()

    # -- shapes and parameters --------------------------------------------------------------------

    def build(
        self,
        input_shape: Shape,
        *,
        rng: np.random.Generator,
        dtype: Any = np.float32,
        xp: ModuleType = np,
    ) -> Shape:
        """Infers the output's shape and draws the parameters.

        Parameters
        ----------
        input_shape : of one sample: (D,) or (C, H, W).
        rng : draws the weights.
        dtype : of the parameters, float32 or float64.
        xp : the array library where they live, NumPy unless given.

        Returns
        -------
        output_shape : of one sample.

        Raises
        ------
        ShapeError : if the input does not fit.

        Examples
        --------
        >>> Dense(10).build((784,), rng=np.random.default_rng(0))
        (10,)
        """
        self.input_shape = tuple(input_shape)
        self.output_shape = self.infer(self.input_shape)
        drawn = self.draw(rng)
        self.params = InPlace({name: xp.asarray(a, dtype=dtype) for name, a in drawn.items()})
        self.state = {name: xp.asarray(a, dtype=dtype) for name, a in self.initial_state().items()}
        self.grads, self.cache = {}, None
        return self.output_shape

    def infer(self, input_shape: Shape) -> Shape:
        """The output's shape for an input's, without the batch axis; the same unless overridden.

        Parameters
        ----------
        input_shape : (D,) or (C, H, W).

        Returns
        -------
        output_shape : likewise.

        Raises
        ------
        ShapeError : if the input does not fit.

        Examples
        --------
        >>> Conv2D(6, 5).infer((1, 28, 28))
        (6, 24, 24)
        """
        return input_shape

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """The parameters as they begin, for `input_shape`; none unless overridden.

        Parameters
        ----------
        rng : draws them.

        Returns
        -------
        params : {name: array}, float64 on the CPU; `build` converts them.

        Examples
        --------
        >>> layer = Dense(2)
        >>> layer.input_shape = (3,)
        >>> {name: a.shape for name, a in layer.draw(np.random.default_rng(0)).items()}
        {'W': (3, 2), 'b': (2,)}
        """
        return {}

    def initial_state(self) -> dict[str, np.ndarray]:
        """The untrained state as it begins, for `input_shape`; none unless overridden.

        Returns
        -------
        state : {name: array}, float64 on the CPU; `build` converts them.

        Examples
        --------
        >>> layer = BatchNorm()
        >>> layer.input_shape = (2,)
        >>> layer.initial_state()
        {'running_mean': array([0., 0.]), 'running_var': array([1., 1.])}
        """
        return {}

    def bind(self, name: str, array: Array) -> None:
        """Lets an array take the place of a parameter: a view of the model's parameter vector.

        Parameters
        ----------
        name : a key of `params`.
        array : of the parameter's shape and dtype; kept, not copied.

        Examples
        --------
        >>> layer, W = Dense(2), np.ones((3, 2))
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

        Raises
        ------
        ShapeError : if it does not fit.

        Examples
        --------
        >>> ReLU().expect((3,), True, "(D,)", "")
        """
        if not fits:
            raise ShapeError(
                f"{self!r} expects an input of shape {expected}, but gets {input_shape}: {fix}"
            )

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
        >>> ReLU().compute(np.array([[-1.0, 2.0]]), train=False)[0]
        array([[0., 2.]])
        """
        raise NotImplementedError(f"{type(self).__name__} defines no compute")

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
        >>> layer = ReLU()
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
        >>> Dropout(0.5).draw_noise((1, 4), np.ones(1))
        array([[2., 2., 2., 0.]])
        """
        return None

    def observe(self, cache: Any) -> None:
        """Moves `state` by one training batch; does nothing unless overridden.

        Parameters
        ----------
        cache : from `compute` in training.

        Examples
        --------
        >>> layer = BatchNorm(momentum=0.5)
        >>> _ = layer.build((1,), rng=np.random.default_rng(0), dtype=np.float64)
        >>> _, cache = layer.compute(np.array([[2.0], [6.0]]), train=True)
        >>> layer.observe(cache)
        >>> layer.state["running_mean"]
        array([2.])
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
        >>> ReLU().forward(np.array([[-1.0, 2.0]]))
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
        if train:
            self.observe(cache)
        self.cache = (cache, y.shape) if train else None
        return y

    def backward(self, dy: Array) -> Array:
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
        >>> layer = ReLU()
        >>> _ = layer.forward(np.array([[-1.0, 2.0]]), train=True)
        >>> layer.backward(np.array([[5.0, 5.0]]))
        array([[0., 5.]])
        """
        if self.cache is None:
            raise RuntimeError(
                f"{self!r}.backward needs a forward(x, train=True) before it: nothing is cached"
            )
        cache, shape = self.cache
        if dy.shape != shape:  # NumPy would stretch it to fit
            raise ShapeError(
                f"{self!r}.backward got dy of shape {dy.shape}, but forward returned y of shape "
                f"{shape}: dy is ∂L/∂y, a number for each of y's"
            )
        dx, self.grads = self.gradients(dy, cache)
        return dx

    def arguments(self) -> dict[str, Any]:
        """The constructor's arguments that say what this layer is: its name, and its saved form.

        Returns
        -------
        arguments : {name: value}, without those that have their default.

        Examples
        --------
        >>> Conv2D(6, 5, padding="same").arguments()
        {'filters': 6, 'kernel': (5, 5), 'padding': 'same'}
        """
        return {}

    def __repr__(self) -> str:
        given = ", ".join(f"{k}={v!r}" for k, v in self.arguments().items())
        return f"{type(self).__name__}({given})"


class Input(Layer):
    """y = x: states the shape that a model expects, so that a wrong one is found at `build`.

    Parameters
    ----------
    shape : of one sample, for instance (1, 28, 28).

    Raises
    ------
    ShapeError : at `build`, for another shape.

    Examples
    --------
    >>> Input((1, 28, 28)).build((784,), rng=np.random.default_rng(0))
    Traceback (most recent call last):
        ...
    course_nn.layers.ShapeError: Input(shape=(1, 28, 28)) expects an input of shape (1, 28, 28), \
but gets (784,): reshape the data, or change the Input
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = tuple(shape)

    def arguments(self) -> dict[str, Any]:
        return {"shape": self.shape}

    def infer(self, input_shape: Shape) -> Shape:
        fix = "reshape the data, or change the Input"
        self.expect(input_shape, input_shape == self.shape, str(self.shape), fix)
        return input_shape

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        return x, ()

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        return dy, {}


class Dense(Layer):
    """y = x W + b, with params W (D, M) and b (M,).

    Parameters
    ----------
    units : M, the number of outputs.
    init : draws W; He's normal distribution by default.

    Raises
    ------
    ValueError, TypeError : if the units are none, or no whole number.
    ShapeError : at `build`, for an input that is not (D,).

    Notes
    -----
    Book: The dense layer. The ops: `ops.dense_forward`, `ops.dense_backward`.

    Examples
    --------
    >>> layer = Dense(10)
    >>> layer.build((784,), rng=np.random.default_rng(0)), layer.params["W"].shape
    ((10,), (784, 10))
    """

    def __init__(self, units: int, *, init: Initialiser = initialisers.he_normal) -> None:
        super().__init__()
        _expect_whole("units", units)
        if units < 1:
            raise ValueError(f"a dense layer needs at least one unit, got {units}")
        self.units, self.init = units, init

    def arguments(self) -> dict[str, Any]:
        return {"units": self.units}

    def infer(self, input_shape: Shape) -> Shape:
        self.expect(input_shape, len(input_shape) == 1, "(D,)", "put a Flatten() before it")
        return (self.units,)

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {
            "W": self.init((self.input_shape[0], self.units), rng=rng),
            "b": np.zeros(self.units),
        }

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        return ops.dense_forward(x, self.params["W"], self.params["b"])

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        dx, dW, db = ops.dense_backward(dy, cache, need_dx=need_dx)
        return dx, {"W": dW, "b": db}


def _unlike(default: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The arguments that differ from their defaults."""
    return {name: value for name, value in given.items() if value != default[name]}


def _expect_whole(what: str, value: Any) -> None:
    """Raises TypeError unless the value is a whole number."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{what} must be a whole number, got {value!r}")


def _expect_not_negative(what: str, value: float) -> None:
    """Raises ValueError for a number below zero, or NaN."""
    if not value >= 0:
        raise ValueError(f"{what} must not be negative, got {value}")


def _expect_image(layer: Layer, input_shape: Shape) -> None:
    """Raises ShapeError unless the input is an image."""
    fix = "add the channel axis, or leave out a Flatten before it"
    if len(input_shape) > 3:
        fix = "a shape is that of one sample, without the batch axis"
    layer.expect(input_shape, len(input_shape) == 3, "(C, H, W)", fix)


def _output_size(layer: Layer, g: Geometry, input_shape: Shape) -> tuple[int, int]:
    """OH and OW, or the ShapeError that names the layer whose windows do not fit."""
    try:
        return g.output_size(*input_shape[1:])
    except ValueError as error:
        raise ShapeError(f"{layer!r} on an input of shape {input_shape}: {error}") from None


class Conv2D(Layer):
    """y[f] = b[f] + Σ_c W[f, c] ⋆ x[c], with params W (F, C, R, S) and b (F,).

    Parameters
    ----------
    filters : F.
    kernel : R = S, or (R, S), pixels.
    stride, dilation : pixels, one number or (vertical, horizontal).
    padding : zeros around the image, pixels: one number, (vertical, horizontal),
        ((top, bottom), (left, right)), "valid" (none) or "same" (so many that there are
        ⌈H / stride⌉ rows).
    init : draws W; He's normal distribution by default.

    Raises
    ------
    ValueError, TypeError : for less than one filter, or an option that is none.
    ShapeError : at `build`, for an input that is not (C, H, W) or smaller than the kernel.

    Notes
    -----
    Book: Convolution. The ops: `ops.conv2d_forward`, `ops.conv2d_backward`.

    Examples
    --------
    >>> Conv2D(6, 5, padding="same").build((1, 28, 28), rng=np.random.default_rng(0))
    (6, 28, 28)
    """

    def __init__(
        self,
        filters: int,
        kernel: Pair,
        stride: Pair = 1,
        padding: Pair | Sides | str = 0,
        dilation: Pair = 1,
        *,
        init: Initialiser = initialisers.he_normal,
    ) -> None:
        super().__init__()
        _expect_whole("filters", filters)
        if filters < 1:
            raise ValueError(f"a convolution needs at least one filter, got {filters}")
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f'padding is "same", "valid" or a number of pixels, got {padding!r}')
        self.filters, self.kernel = filters, pair(kernel)
        self.stride, self.dilation = pair(stride), pair(dilation)
        self.padding, self.init = 0 if padding == "valid" else padding, init
        geometry(kernel, stride, 0 if isinstance(padding, str) else padding, dilation)

    def arguments(self) -> dict[str, Any]:
        optional = {"stride": self.stride, "padding": self.padding, "dilation": self.dilation}
        default = {"stride": (1, 1), "padding": 0, "dilation": (1, 1)}
        return {"filters": self.filters, "kernel": self.kernel} | _unlike(default, optional)

    def sides(self) -> Pair | Sides:
        """The padding in pixels, for `input_shape`."""
        if not isinstance(self.padding, str):
            return self.padding
        windows = zip(self.input_shape[1:], self.kernel, self.stride, self.dilation, strict=True)
        vertical, horizontal = (same_padding(*w) for w in windows)
        return vertical, horizontal

    def infer(self, input_shape: Shape) -> Shape:
        _expect_image(self, input_shape)
        g = geometry(self.kernel, self.stride, self.sides(), self.dilation)
        return (self.filters, *_output_size(self, g, input_shape))

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {
            "W": self.init((self.filters, self.input_shape[0], *self.kernel), rng=rng),
            "b": np.zeros(self.filters),
        }

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        return ops.conv2d_forward(
            x, self.params["W"], self.params["b"], self.stride, self.sides(), self.dilation
        )

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        dx, dW, db = ops.conv2d_backward(dy, cache, need_dx=need_dx)
        return dx, {"W": dW, "b": db}


class _Elementwise(Layer):
    """A layer without parameters whose ops are a pair (x) → y, cache and (dy, cache) → dx."""

    forward_op: Callable[..., tuple[Array, Any]]
    backward_op: Callable[..., Array]

    def options(self) -> tuple:
        """Further arguments of the forward op."""
        return ()

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        return type(self).forward_op(x, *self.options())

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        return type(self).backward_op(dy, cache), {}


class Flatten(_Elementwise):
    """y[n] = all numbers of x[n] in one row: (C, H, W) → (C·H·W,).

    Book: The dense layer, "Flattening".

    >>> Flatten().build((16, 5, 5), rng=np.random.default_rng(0))
    (400,)
    """

    forward_op, backward_op = ops.flatten_forward, ops.flatten_backward

    def infer(self, input_shape: Shape) -> Shape:
        return (math.prod(input_shape),)


class ReLU(_Elementwise):
    """y = max(x, 0). Nair and Hinton (2010).

    >>> ReLU().forward(np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """

    forward_op, backward_op = ops.relu_forward, ops.relu_backward


class LeakyReLU(_Elementwise):
    """y = x where x > 0, else slope · x.

    Parameters
    ----------
    slope : the derivative on the negative side, no unit.

    Notes
    -----
    Maas, Hannun and Ng (2013), equation 2.

    Examples
    --------
    >>> LeakyReLU(0.1).forward(np.array([[-1.0, 2.0]]))
    array([[-0.1,  2. ]])
    """

    forward_op, backward_op = ops.leaky_relu_forward, ops.leaky_relu_backward

    def __init__(self, slope: float = 0.01) -> None:
        super().__init__()
        self.slope = slope

    def arguments(self) -> dict[str, Any]:
        return {"slope": self.slope}

    def options(self) -> tuple:
        return (self.slope,)


class Sigmoid(_Elementwise):
    """y = σ(x) = 1 / (1 + e⁻ˣ). Rumelhart, Hinton and Williams (1986), equation 2.

    >>> Sigmoid().forward(np.array([[0.0]]))
    array([[0.5]])
    """

    forward_op, backward_op = ops.sigmoid_forward, ops.sigmoid_backward


class Tanh(_Elementwise):
    """y = tanh x. LeCun et al. (1998), "Efficient BackProp", section 4.4.

    >>> Tanh().forward(np.array([[0.0]]))
    array([[0.]])
    """

    forward_op, backward_op = ops.tanh_forward, ops.tanh_backward


class GELU(_Elementwise):
    """y = ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))). Hendrycks and Gimpel (2016), section 2.

    >>> GELU().forward(np.array([[0.0]]))
    array([[0.]])
    """

    forward_op, backward_op = ops.gelu_forward, ops.gelu_backward


class Softmax(_Elementwise):
    """pₖ = exp(xₖ) / Σⱼ exp(xⱼ), over the last axis. Bridle (1990).

    For training, leave it out and use `SoftmaxCrossEntropy`, which is exact at any score.

    >>> Softmax().forward(np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]])
    """

    forward_op, backward_op = ops.softmax_forward, ops.softmax_backward


class _Pool2D(_Elementwise):
    """What both poolings share: windows, and the shapes they give."""

    def __init__(self, window: Pair = 2, stride: Pair | None = None, padding: Pair = 0) -> None:
        super().__init__()
        self.window, self.padding = pair(window), padding
        self.stride = self.window if stride is None else pair(stride)
        pool_geometry(self.window, self.stride, padding)

    def arguments(self) -> dict[str, Any]:
        default = {"stride": self.window, "padding": 0}
        optional = {"stride": self.stride, "padding": self.padding}
        return {"window": self.window} | _unlike(default, optional)

    def options(self) -> tuple:
        return self.window, self.stride, self.padding

    def infer(self, input_shape: Shape) -> Shape:
        _expect_image(self, input_shape)
        return (input_shape[0], *_output_size(self, pool_geometry(*self.options()), input_shape))


class MaxPool2D(_Pool2D):
    """y[c,i,j] = max over r < R, s < S of x[c, i·t + r − p, j·t + s − p].

    Parameters
    ----------
    window : (R, S), pixels, one number or (vertical, horizontal).
    stride : t, pixels, likewise; the window unless given.
    padding : p, pixels that count as −∞: one number, (vertical, horizontal) or
        ((top, bottom), (left, right)).

    Raises
    ------
    ValueError : for a window or stride below 1, or a padding of more than half the window.
    ShapeError : at `build`, for an input that is not (C, H, W) or smaller than the window.

    Notes
    -----
    The ops: `ops.max_pool2d_forward`, `ops.max_pool2d_backward`. Scherer, Müller and Behnke (2010).

    Examples
    --------
    >>> MaxPool2D(2).build((6, 28, 28), rng=np.random.default_rng(0))
    (6, 14, 14)
    """

    forward_op, backward_op = ops.max_pool2d_forward, ops.max_pool2d_backward


class AvgPool2D(_Pool2D):
    """y[c,i,j] = (1 / RS) Σ_{r,s} x[c, i·t + r − p, j·t + s − p].

    Parameters
    ----------
    window, stride, padding : as in `MaxPool2D`, but padding counts as zeros.

    Raises
    ------
    ValueError, ShapeError : as in `MaxPool2D`.

    Notes
    -----
    The ops: `ops.avg_pool2d_forward`, `ops.avg_pool2d_backward`. LeCun et al. (1998), section II.B.

    Examples
    --------
    >>> AvgPool2D(2).build((6, 28, 28), rng=np.random.default_rng(0))
    (6, 14, 14)
    """

    forward_op, backward_op = ops.avg_pool2d_forward, ops.avg_pool2d_backward


class GlobalAvgPool2D(_Elementwise):
    """y[c] = (1 / HW) Σ_{i,j} x[c,i,j]: (C, H, W) → (C,). Lin, Chen and Yan (2014), section 3.2.

    >>> GlobalAvgPool2D().build((64, 7, 7), rng=np.random.default_rng(0))
    (64,)
    """

    forward_op, backward_op = ops.global_avg_pool2d_forward, ops.global_avg_pool2d_backward

    def infer(self, input_shape: Shape) -> Shape:
        fix = "leave out the Flatten before it"
        self.expect(input_shape, len(input_shape) == 3, "(C, H, W)", fix)
        return input_shape[:1]


class BatchNorm(Layer):
    """y = γ (x − μ) / √(σ² + ε) + β, per channel, with params gamma and beta (C,).

    On features (D,) every one is a channel, and the parameters are (D,). In training μ and σ²
    (biased) are the batch's. After each training batch the running statistics move by

        running_mean ← (1 − momentum) · running_mean + momentum · μ
        running_var  ← (1 − momentum) · running_var  + momentum · σ² · m / (m − 1)

    where m is the count of numbers in a channel: the running variance is unbiased, as PyTorch has
    it. In prediction the running statistics take the place of μ and σ². (Keras calls 1 − momentum
    "momentum", and keeps the biased variance.)

    Parameters
    ----------
    momentum : in [0, 1], how far a batch moves the running statistics.
    eps : ε, in the square of x's unit.

    Raises
    ------
    ValueError : if the momentum is not in [0, 1], or ε is negative.
    ShapeError : at `build`, for an input that is neither (D,) nor (C, H, W).

    Notes
    -----
    Ioffe and Szegedy (2015), algorithms 1 and 2.

    Examples
    --------
    >>> layer = BatchNorm()
    >>> layer.build((6, 14, 14), rng=np.random.default_rng(0))
    (6, 14, 14)
    >>> sorted(layer.params), sorted(layer.state)
    (['beta', 'gamma'], ['running_mean', 'running_var'])
    """

    whole_batch = True

    def __init__(self, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum must be in [0, 1], got {momentum}")
        _expect_not_negative("eps", eps)
        self.momentum, self.eps = momentum, eps

    def arguments(self) -> dict[str, Any]:
        return {"momentum": self.momentum, "eps": self.eps}

    def infer(self, input_shape: Shape) -> Shape:
        fix = "normalise before or after reshaping"
        self.expect(input_shape, len(input_shape) in (1, 3), "(D,) or (C, H, W)", fix)
        return input_shape

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"gamma": np.ones(self.input_shape[0]), "beta": np.zeros(self.input_shape[0])}

    def initial_state(self) -> dict[str, np.ndarray]:
        return {
            "running_mean": np.zeros(self.input_shape[0]),
            "running_var": np.ones(self.input_shape[0]),
        }

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        running = ops.Moments(self.state["running_mean"], self.state["running_var"], math.inf)
        moments = ops.moments(x) if train else running
        y, cache = self.apply(x, moments)
        return y, (cache, moments)

    def apply(self, x: Array, moments: ops.Moments) -> tuple[Array, Any]:
        """y = γ (x − μ) / √(σ² + ε) + β with the moments given, and the op's cache.

        Parameters
        ----------
        x : (N, D) or (N, C, H, W).
        moments : μ and σ², (D,) or (C,).

        Returns
        -------
        y : shape of x.
        cache : see `ops.batch_norm_forward`.
        """
        gamma, beta = self.params["gamma"], self.params["beta"]
        return ops.batch_norm_forward(x, gamma, beta, self.eps, moments)

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        dx, dgamma, dbeta = ops.batch_norm_backward(dy, cache[0])
        return dx, {"gamma": dgamma, "beta": dbeta}

    def observe(self, cache: Any) -> None:
        self.observe_statistics(cache[1])

    def observe_statistics(self, moments: ops.Moments) -> None:
        """Moves the running statistics by one batch's.

        Parameters
        ----------
        moments : of the batch, from `ops.moments`.
        """
        mean, var, count = moments
        unbiased = var * (count / max(count - 1, 1))
        for name, value in (("running_mean", mean), ("running_var", unbiased)):
            self.state[name] *= 1 - self.momentum
            self.state[name] += self.momentum * value


class LayerNorm(Layer):
    """y = γ (x − μ) / √(σ² + ε) + β, with the mean and variance of each sample.

    Its params gamma and beta have a sample's shape.

    Parameters
    ----------
    eps : ε, in the square of x's unit.

    Raises
    ------
    ValueError : if ε is negative.

    Notes
    -----
    Ba, Kiros and Hinton (2016), equation 3.

    Examples
    --------
    >>> layer = LayerNorm()
    >>> layer.build((64,), rng=np.random.default_rng(0)), layer.params["gamma"].shape
    ((64,), (64,))
    """

    def __init__(self, eps: float = 1e-5) -> None:
        super().__init__()
        _expect_not_negative("eps", eps)
        self.eps = eps

    def arguments(self) -> dict[str, Any]:
        return {"eps": self.eps}

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"gamma": np.ones(self.input_shape), "beta": np.zeros(self.input_shape)}

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        return ops.layer_norm_forward(x, self.params["gamma"], self.params["beta"], self.eps)

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        dx, dgamma, dbeta = ops.layer_norm_backward(dy, cache)
        return dx, {"gamma": dgamma, "beta": dbeta}


class Dropout(Layer):
    """y = x ⊙ m / (1 − rate) in training, P(m = 0) = rate; y = x in prediction.

    Parameters
    ----------
    rate : in [0, 1), the share of numbers that is dropped.

    Raises
    ------
    ValueError : if the rate is not in [0, 1).

    Notes
    -----
    Srivastava et al. (2014), section 4. The generator is spawned from the one given to `build`, and
    is saved with the model.

    Examples
    --------
    >>> Dropout(0.5).forward(np.ones((1, 4)))
    array([[1., 1., 1., 1.]])
    """

    def __init__(self, rate: float = 0.5) -> None:
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be in [0, 1), got {rate}")
        self.rate = rate
        self.rng = np.random.default_rng(0)

    def arguments(self) -> dict[str, Any]:
        return {"rate": self.rate}

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        self.rng = rng.spawn(1)[0]
        return {}

    def draw_noise(self, shape: Shape, like: Array) -> Array:
        return ops.dropout_mask(shape, self.rate, rng=self.rng, like=like)

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        if not train:
            return x, None
        mask = self.draw_noise(x.shape, x) if noise is None else noise
        return x * mask, mask

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        return dy if cache is None else ops.dropout_backward(dy, cache), {}


def expect_generator(rng: Any) -> None:
    """Raises TypeError unless rng is a generator of NumPy's.

    Parameters
    ----------
    rng : what was given.

    Raises
    ------
    TypeError : for anything else, a seed above all.

    Examples
    --------
    >>> expect_generator(0)
    Traceback (most recent call last):
        ...
    TypeError: rng must be a generator such as np.random.default_rng(0), got 0
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a generator such as np.random.default_rng(0), got {rng!r}")


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
    >>> build_chain([Flatten(), Dense(3)], (2, 4, 4), "layer ", rng=np.random.default_rng(0))
    (3,)
    """
    for i, layer in enumerate(layers):
        try:
            shape = layer.build(shape, **options)
        except ShapeError as error:
            raise ShapeError(f"{prefix}{i}: {error}") from None
    return shape


class Residual(Layer):
    """y = main(x) + shortcut(x): a gradient flows past the main layers unchanged.

    Parameters
    ----------
    main : the layers of the main path.
    shortcut : layers that bring x to the main path's shape (a 1×1 convolution, usually); empty for
        y = main(x) + x.

    Raises
    ------
    ShapeError : at `build`, if a layer's input does not fit, or the paths end in different shapes.

    Notes
    -----
    He, Zhang, Ren and Sun (2016), equations 1 and 2.

    Examples
    --------
    >>> block = Residual([Conv2D(8, 3, padding=1), ReLU(), Conv2D(8, 3, padding=1)])
    >>> block.build((8, 14, 14), rng=np.random.default_rng(0))
    (8, 14, 14)
    >>> sorted(block.params)
    ['main.0.W', 'main.0.b', 'main.2.W', 'main.2.b']
    """

    def __init__(self, main: list[Layer], shortcut: list[Layer] | tuple = ()) -> None:
        super().__init__()
        self.paths = {"main": list(main), "shortcut": list(shortcut)}
        inner = [layer for _, layer in self.inner()]
        self.whole_batch = any(layer.whole_batch or isinstance(layer, Dropout) for layer in inner)

    def arguments(self) -> dict[str, Any]:
        return {path: layers for path, layers in self.paths.items() if layers}

    def inner(self) -> list[tuple[str, Layer]]:
        """Every inner layer under its name, for instance "main.0".

        >>> [name for name, _ in Residual([Dense(3), ReLU()]).inner()]
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
    ) -> Shape:
        self.input_shape = tuple(input_shape)
        ends = {
            path: build_chain(layers, self.input_shape, f"{path}.", rng=rng, dtype=dtype, xp=xp)
            for path, layers in self.paths.items()
        }
        if ends["main"] != ends["shortcut"]:
            raise ShapeError(
                f"{self!r}: its main path gives {ends['main']}, its shortcut {ends['shortcut']}, "
                "and the two are added: "
                "give the shortcut a Conv2D(filters, 1, stride) that brings it to the same shape"
            )
        self.output_shape = ends["main"]
        self.params = InPlace(
            {f"{name}.{key}": a for name, layer in self.inner() for key, a in layer.params.items()}
        )
        self.state = {
            f"{name}.{key}": a for name, layer in self.inner() for key, a in layer.state.items()
        }
        self.grads, self.cache = {}, None
        return self.output_shape

    def bind(self, name: str, array: Array) -> None:
        self.params.bind(name, array)
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
        ends: dict[str, Array] = {}
        grads: dict[str, Array] = {}
        for path, layers in self.paths.items():
            ends[path] = dy
            for i, layer in reversed(list(enumerate(layers))):
                ends[path], inner = layer.gradients(ends[path], cache[f"{path}.{i}"])
                grads |= {f"{path}.{i}.{key}": g for key, g in inner.items()}
        return ends["main"] + ends["shortcut"], grads

    def observe(self, cache: Any) -> None:
        for name, layer in self.inner():
            layer.observe(cache[name])
