"""Layers: what stands around the ops — parameters, caches, and the shapes, which are inferred and
checked at `build`.

A layer computes in two ways. `compute` and `gradients` are pure, as the ops are: a model may call
them on slices of a batch, on several threads at once. `forward` and `backward` are the same with
the cache kept in the layer, for people.
"""

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from . import init as initialisers
from . import ops
from .backend import Array
from .ops.conv import Pair, Sides, geometry, pair
from .ops.pool import pool_geometry
from .parameters import InPlace

Shape = tuple[int, ...]
Initialiser = Callable[..., np.ndarray]


class ShapeError(ValueError):
    """A shape that does not fit, found when the model is built; the message names the layer, both
    shapes and a likely fix.
    """


class Layer:
    """y = f(x; params): one step of a network.

    A subclass defines `infer` (shapes), `compute` and `gradients`, and `draw` where it has
    parameters.

    Attributes
    ----------
    params : {name: array}; assigning writes in place; empty until `build`.
    grads : {name: array}, the same names, after `backward`.
    state : {name: array}, what is saved with the model but not trained (running statistics).
    cache : what `backward` needs, kept only by a `forward` in training.
    input_shape, output_shape : of one sample, without the batch axis; () until `build`.
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

    # -- shapes and parameters
    # ---------------------------------------------------------------------------------------

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
        xp : numpy or cupy, where they live.

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
        """The output's shape for an input's; raises ShapeError where it does not fit."""
        return input_shape

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """The parameters as they begin, for `input_shape`."""
        return {}

    def initial_state(self) -> dict[str, np.ndarray]:
        """The untrained state as it begins, for `input_shape`."""
        return {}

    def bind(self, name: str, array: Array) -> None:
        """Lets `array`, a view of the model's parameter vector, take the place of a parameter."""
        self.params.bind(name, array)

    def expect(self, input_shape: Shape, fits: bool, expected: str, fix: str) -> None:
        """Raises the ShapeError that names this layer, both shapes and the likely fix, unless the
        input fits.
        """
        if not fits:
            raise ShapeError(
                f"{self!r} expects an input of shape {expected}, but gets {input_shape}: {fix}"
            )

    # -- the pure pair ----------------------------------------------------------------------------

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        """y and the cache; changes nothing in the layer. `noise` is x's part of what `draw_noise`
        gave for the batch.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no compute")

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """dx (None if not needed) and the gradients by parameter name; changes nothing in the
        layer.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no gradients")

    def draw_noise(self, shape: Shape, like: Array) -> Array | None:
        """The random numbers that `compute` needs in training for a batch of this shape, in the
        dtype and library of `like`; None for a layer that needs none.

        They are drawn for the whole batch at once, so that a result does not depend on how the
        batch is cut into slices.
        """
        return None

    def observe(self, cache: Any) -> None:
        """Updates `state` from one training batch's cache."""

    # -- the same with memory
    # ----------------------------------------------------------------------------------------

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
        self.cache = cache if train else None
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
        dx, self.grads = self.gradients(dy, self.cache)
        return dx

    def arguments(self) -> dict[str, Any]:
        """The constructor's arguments that say what this layer is: its name, and its saved form."""
        return {}

    def __repr__(self) -> str:
        given = ", ".join(f"{k}={v!r}" for k, v in self.arguments().items())
        return f"{type(self).__name__}({given})"


class Input(Layer):
    """y = x: states the shape that a model expects, so that a wrong one is found at `build`.

    Parameters
    ----------
    shape : of one sample, for instance (1, 28, 28).

    Examples
    --------
    >>> Input((1, 28, 28)).build((784,), rng=np.random.default_rng(0))
    Traceback (most recent call last):
        ...
    course_nn.layers.ShapeError: Input(shape=(1, 28, 28)) expects an input of shape (1, 28, 28), but
    gets (784,): \
reshape the data, or change the Input
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = tuple(shape)

    def arguments(self) -> dict[str, Any]:
        return {"shape": self.shape}

    def infer(self, input_shape: Shape) -> Shape:
        self.expect(
            input_shape,
            input_shape == self.shape,
            str(self.shape),
            "reshape the data, or change the Input",
        )
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


def same_padding(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Zeros before and after, so that ⌈size / stride⌉ windows fit; an odd one goes after (Keras's
    and TensorFlow's rule).

    >>> same_padding(28, kernel=5, stride=1, dilation=1)
    (2, 2)
    >>> same_padding(28, kernel=3, stride=2, dilation=1)
    (0, 1)
    """
    windows = math.ceil(size / stride)
    missing = max((windows - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
    return missing // 2, missing - missing // 2


class Conv2D(Layer):
    """y[f] = b[f] + Σ_c W[f, c] ⋆ x[c], with params W (F, C, R, S) and b (F,).

    Parameters
    ----------
    filters : F.
    kernel : R = S, or (R, S), pixels.
    stride, dilation : pixels, one number or (vertical, horizontal).
    padding : zeros around the image, pixels: one number, (vertical, horizontal), ((top, bottom),
        (left, right)), "valid" (none) or "same" (as many as give ⌈H / stride⌉ rows).
    init : draws W; He's normal distribution by default.

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
        if filters < 1:
            raise ValueError(f"a convolution needs at least one filter, got {filters}")
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f'padding is "same", "valid" or a number of pixels, got {padding!r}')
        self.filters, self.kernel, self.stride, self.dilation = (
            filters,
            pair(kernel),
            pair(stride),
            pair(dilation),
        )
        self.padding, self.init = 0 if padding == "valid" else padding, init
        geometry(kernel, stride, 0 if isinstance(padding, str) else padding, dilation)

    def arguments(self) -> dict[str, Any]:
        optional = {
            "stride": (self.stride, (1, 1)),
            "padding": (self.padding, 0),
            "dilation": (self.dilation, (1, 1)),
        }
        given = {name: value for name, (value, default) in optional.items() if value != default}
        return {"filters": self.filters, "kernel": self.kernel, **given}

    def sides(self) -> Pair | Sides:
        """The padding in pixels, for `input_shape`."""
        if not isinstance(self.padding, str):
            return self.padding
        windows = zip(self.input_shape[1:], self.kernel, self.stride, self.dilation, strict=True)
        vertical, horizontal = (same_padding(*w) for w in windows)
        return vertical, horizontal

    def infer(self, input_shape: Shape) -> Shape:
        self.expect(
            input_shape,
            len(input_shape) == 3,
            "(C, H, W)",
            "add the channel axis, or leave out a Flatten before it",
        )
        g = geometry(self.kernel, self.stride, self.sides(), self.dilation)
        try:
            return (self.filters, *g.output_size(*input_shape[1:]))
        except ValueError as error:
            raise ShapeError(f"{self!r} on an input of shape {input_shape}: {error}") from None

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

    >>> Flatten().build((16, 5, 5), rng=np.random.default_rng(0))
    (400,)
    """

    forward_op, backward_op = ops.flatten_forward, ops.flatten_backward

    def infer(self, input_shape: Shape) -> Shape:
        return (math.prod(input_shape),)


class ReLU(_Elementwise):
    """y = max(x, 0). Book: Activations.

    >>> ReLU().forward(np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """

    forward_op, backward_op = ops.relu_forward, ops.relu_backward


class LeakyReLU(_Elementwise):
    """y = x where x > 0, else slope · x. Book: Activations.

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
    """y = 1 / (1 + e⁻ˣ). Book: Activations.

    >>> Sigmoid().forward(np.array([[0.0]]))
    array([[0.5]])
    """

    forward_op, backward_op = ops.sigmoid_forward, ops.sigmoid_backward


class Tanh(_Elementwise):
    """y = tanh x. Book: Activations.

    >>> Tanh().forward(np.array([[0.0]]))
    array([[0.]])
    """

    forward_op, backward_op = ops.tanh_forward, ops.tanh_backward


class GELU(_Elementwise):
    """y = ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))). Book: Activations.

    >>> GELU().forward(np.array([[0.0]]))
    array([[0.]])
    """

    forward_op, backward_op = ops.gelu_forward, ops.gelu_backward


class Softmax(_Elementwise):
    """pₖ = exp(xₖ) / Σⱼ exp(xⱼ). Book: Softmax and cross-entropy.

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
        optional = {"stride": (self.stride, self.window), "padding": (self.padding, 0)}
        return {
            "window": self.window,
            **{name: value for name, (value, default) in optional.items() if value != default},
        }

    def options(self) -> tuple:
        return self.window, self.stride, self.padding

    def infer(self, input_shape: Shape) -> Shape:
        self.expect(
            input_shape,
            len(input_shape) == 3,
            "(C, H, W)",
            "add the channel axis, or leave out a Flatten before it",
        )
        try:
            return (input_shape[0], *pool_geometry(*self.options()).output_size(*input_shape[1:]))
        except ValueError as error:
            raise ShapeError(f"{self!r} on an input of shape {input_shape}: {error}") from None


class MaxPool2D(_Pool2D):
    """y = the maximum of each window.

    Parameters
    ----------
    window : pixels, one number or (vertical, horizontal).
    stride : the window unless given.
    padding : pixels that count as −∞.

    Notes
    -----
    Book: Pooling.

    Examples
    --------
    >>> MaxPool2D(2).build((6, 28, 28), rng=np.random.default_rng(0))
    (6, 14, 14)
    """

    forward_op, backward_op = ops.max_pool2d_forward, ops.max_pool2d_backward


class AvgPool2D(_Pool2D):
    """y = the mean of each window; padding counts as zeros. Arguments as in `MaxPool2D`.

    >>> AvgPool2D(2).build((6, 28, 28), rng=np.random.default_rng(0))
    (6, 14, 14)
    """

    forward_op, backward_op = ops.avg_pool2d_forward, ops.avg_pool2d_backward


class GlobalAvgPool2D(_Elementwise):
    """y[c] = the mean of channel c: (C, H, W) → (C,). Book: Pooling.

    >>> GlobalAvgPool2D().build((64, 7, 7), rng=np.random.default_rng(0))
    (64,)
    """

    forward_op, backward_op = ops.global_avg_pool2d_forward, ops.global_avg_pool2d_backward

    def infer(self, input_shape: Shape) -> Shape:
        self.expect(
            input_shape, len(input_shape) == 3, "(C, H, W)", "leave out the Flatten before it"
        )
        return input_shape[:1]


class BatchNorm(Layer):
    """y = γ (x − μ) / √(σ² + ε) + β, per channel, with params gamma and beta (C,) — or (D,) on a
    2-D input.

    In training μ and σ² (biased) are the batch's. After each training batch the running statistics
    move by

        running_mean ← (1 − momentum) · running_mean + momentum · μ
        running_var  ← (1 − momentum) · running_var  + momentum · σ² · m / (m − 1)

    where m is the count of numbers in a channel: the running variance is unbiased, as PyTorch has
    it. In prediction the running statistics take the place of μ and σ². (Keras calls 1 − momentum
    "momentum", and keeps the biased variance.)

    Parameters
    ----------
    momentum : in [0, 1], how far a batch moves the running statistics.
    eps : ε, in the square of x's unit.

    Notes
    -----
    Book: Batch normalisation. Ioffe and Szegedy (2015), algorithms 1 and 2.

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
        self.momentum, self.eps = momentum, eps

    def arguments(self) -> dict[str, Any]:
        return {"momentum": self.momentum, "eps": self.eps}

    def infer(self, input_shape: Shape) -> Shape:
        self.expect(
            input_shape,
            len(input_shape) in (1, 3),
            "(D,) or (C, H, W)",
            "normalise before or after reshaping",
        )
        return input_shape

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"gamma": np.ones(self.input_shape[0]), "beta": np.zeros(self.input_shape[0])}

    def initial_state(self) -> dict[str, np.ndarray]:
        return {
            "running_mean": np.zeros(self.input_shape[0]),
            "running_var": np.ones(self.input_shape[0]),
        }

    def compute(self, x: Array, train: bool, noise: Array | None = None) -> tuple[Array, Any]:
        statistics = (
            ops.moments(x) if train else (self.state["running_mean"], self.state["running_var"])
        )
        y, cache = self.apply(x, *statistics)
        return y, (cache, statistics, train)

    def apply(self, x: Array, mean: Array, var: Array) -> tuple[Array, Any]:
        """y and the op's cache, with the statistics given."""
        return ops.batch_norm_apply(
            x, mean, var, self.params["gamma"], self.params["beta"], self.eps
        )

    def gradients(
        self, dy: Array, cache: Any, need_dx: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        cache, _, train = cache
        dgamma, dbeta = ops.batch_norm_sums(dy, cache)
        if train:
            dx = ops.batch_norm_input_gradient(dy, cache, dgamma, dbeta, dy.size // dbeta.size)
        else:  # the statistics are constants: y is a straight line in x
            dx = ops.batch_norm_input_gradient(dy, cache, 0 * dgamma, 0 * dbeta, 1)
        return dx, {"gamma": dgamma, "beta": dbeta}

    def observe(self, cache: Any) -> None:
        (x, *_), (mean, var), _ = cache
        self.observe_statistics(mean, var, x.size // mean.size)

    def observe_statistics(self, mean: Array, var: Array, count: int) -> None:
        """Moves the running statistics by one batch's, taken over `count` numbers a channel."""
        unbiased = var * (count / max(count - 1, 1))
        for name, value in (("running_mean", mean), ("running_var", unbiased)):
            self.state[name] *= 1 - self.momentum
            self.state[name] += self.momentum * value


class LayerNorm(Layer):
    """y = γ (x − μ) / √(σ² + ε) + β, with the mean and variance of each sample; params gamma, beta
    in a sample's shape.

    Parameters
    ----------
    eps : ε, in the square of x's unit.

    Notes
    -----
    Book: Batch normalisation, "Layer norm". Ba, Kiros and Hinton (2016).

    Examples
    --------
    >>> layer = LayerNorm()
    >>> layer.build((64,), rng=np.random.default_rng(0)), layer.params["gamma"].shape
    ((64,), (64,))
    """

    def __init__(self, eps: float = 1e-5) -> None:
        super().__init__()
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
    """y = x ⊙ m / (1 − rate) in training, y = x in prediction.

    Parameters
    ----------
    rate : in [0, 1), the share of numbers that is dropped.

    Notes
    -----
    Book: Dropout. The generator is spawned from the one given to `build`, and is saved with the
    model.

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


class Residual(Layer):
    """y = main(x) + shortcut(x): what the main layers add to the input, so that a gradient flows
    past them unchanged.

    Parameters
    ----------
    main : the layers of the main path.
    shortcut : layers that bring x to the main path's shape (a 1×1 convolution, usually); empty for
        y = main(x) + x.

    Notes
    -----
    Book: Residual networks. He, Zhang, Ren and Sun (2016), equations 1 and 2.

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
        """Every inner layer under its name, for instance "main.0"."""
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
        ends = {}
        for path, layers in self.paths.items():
            shape = self.input_shape
            for i, layer in enumerate(layers):
                try:
                    shape = layer.build(shape, rng=rng, dtype=dtype, xp=xp)
                except ShapeError as error:
                    raise ShapeError(f"{path}.{i}: {error}") from None
            ends[path] = shape
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
