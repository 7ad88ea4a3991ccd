"""A model: layers in a row, trained, asked and described.

The parameters of all layers lie in one flat vector (see `parameters`), of which every layer's
`params` are views.
"""

import copy
import math
import os
from collections.abc import Sequence
from functools import partial
from operator import index
from types import ModuleType
from typing import Any

import numpy as np

from . import training
from .backend import Array, gpu_module, to_numpy
from .engine import Engine
from .layers import Layer, Shape, ShapeError, build_chain, expect_generator
from .losses import Loss
from .optim import Optimizer
from .threads import available_threads
from .parameters import Parameters


class Table(str):
    """Text that a notebook shows as it is.

    >>> Table("a  b")
    a  b
    """

    __slots__ = ()
    __repr__ = str.__str__


class Sequential:
    """y = layerₙ(… layer₂(layer₁(x))).

    Parameters
    ----------
    layers : in order, first to last.

    Attributes
    ----------
    layers : the list; `layers[0].params["W"]` is writable in place.
    params, grads : {"0.W": array, …}, every array a view of one flat vector.

    Raises
    ------
    ValueError : for no layer, or one that stands twice.
    TypeError : for something that is no layer.

    Notes
    -----
    Book: LeNet reads handwriting, "The network".

    Examples
    --------
    >>> import course_nn as nn
    >>> model = nn.Sequential([nn.Flatten(), nn.Dense(10)])
    >>> model.build((1, 8, 8), rng=np.random.default_rng(0))
    (10,)
    >>> model.predict(np.zeros((5, 1, 8, 8))).shape
    (5, 10)
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = _layers(layers)
        if len({id(layer) for layer in self.layers}) < len(self.layers):
            raise ValueError("a layer stands twice in this model; make a new one for each place")
        self.input_shape: Shape = ()
        self.xp: ModuleType = np

    # -- building ---------------------------------------------------------------------------------

    def build(
        self,
        input_shape: Shape,
        *,
        rng: np.random.Generator,
        dtype: Any = np.float32,
        device: str = "cpu",
        threads: int | None = None,
    ) -> Shape:
        """Infers every shape and draws every parameter.

        Parameters
        ----------
        input_shape : of one sample, for instance (1, 28, 28).
        rng : draws the weights; the same seed gives the same model, on either device.
        dtype : float32 or float64.
        device : "cpu", or "gpu" for CuPy.
        threads : that work on a batch; $COURSE_NN_THREADS, or all processors, unless given.
            Results agree to rounding.

        Returns
        -------
        output_shape : of one sample.

        Raises
        ------
        ShapeError : if the shape is none, or a layer's input does not fit, naming the layer, both
            shapes and the likely fix; a model that was built before stays as it was.
        TypeError : if the dtype is not a floating-point one, or rng no generator.
        ValueError : for a device that there is not, or no thread.
        RuntimeError : if the GPU is asked for and there is none.

        Examples
        --------
        >>> import course_nn as nn
        >>> nn.Sequential([nn.Dense(10)]).build((1, 28, 28), rng=np.random.default_rng(0))
        Traceback (most recent call last):
            ...
        course_nn.layers.ShapeError: layer 0: Dense(units=10) expects an input of shape (D,), \
but gets (1, 28, 28): put a Flatten() before it
        """
        xp, dtype, input_shape = _module_of(device), _float_type(dtype), _sample_shape(input_shape)
        expect_generator(rng)
        threads = available_threads() if threads is None else threads
        if threads < 1:
            raise ValueError(f"threads must be at least 1, got {threads}")
        build = partial(build_chain, shape=input_shape, prefix="layer ", dtype=dtype, xp=xp)
        if self.input_shape:  # on copies first: a build that fails leaves a built model as it was
            build(copy.deepcopy(self.layers), rng=np.random.default_rng(0))
        self.output_shape = build(self.layers, rng=rng)
        self.input_shape, self.xp, self.dtype = input_shape, xp, dtype
        self._pack()
        self.engine = Engine(self, threads)
        return self.output_shape

    def _pack(self) -> None:
        """Moves all parameters into one vector and makes each layer's a view of it."""
        named = {
            f"{i}.{name}": a
            for i, layer in enumerate(self.layers)
            for name, a in layer.params.items()
        }
        self.params = Parameters.pack(named)
        self.grads = self.params.like()
        for name, view in self.params.items():
            index, key = name.split(".", 1)
            self.layers[int(index)].bind(key, view)

    def _require_built(self) -> None:
        if not self.input_shape:
            raise RuntimeError(
                "this model has no shapes yet; call model.build(input_shape, rng=rng) first"
            )

    def admit(self, x: Array) -> Array:
        """The model's door: x in the parameters' dtype and library, if its shape fits.

        Parameters
        ----------
        x : (N, *input_shape), numbers of any dtype.

        Returns
        -------
        x : (N, *input_shape), converted once, here; the same array if there is nothing to convert.

        Raises
        ------
        RuntimeError : if the model is not built.
        ShapeError : if the samples have another shape than the model was built for.
        ValueError : if there is no sample, or x holds no real numbers.

        Examples
        --------
        >>> import course_nn as nn
        >>> model = nn.Sequential([nn.ReLU()])
        >>> _ = model.build((2,), rng=np.random.default_rng(0))
        >>> model.admit([[1, 2], [3, 4]])
        array([[1., 2.],
               [3., 4.]], dtype=float32)
        """
        self._require_built()
        x = self.xp.asarray(x)
        if x.dtype.kind not in "biuf":
            raise ValueError(f"x must hold real numbers, got {x.dtype}: convert it first")
        x = self.xp.asarray(x, dtype=self.dtype)
        if x.shape[1:] != self.input_shape:
            raise ShapeError(
                f"the model was built for samples of shape {self.input_shape}, "
                f"but x is {x.shape}, samples of {x.shape[1:]}: "
                "reshape x to (N, *input_shape), or build the model for this shape"
            )
        if not len(x):
            raise ValueError("x holds no sample; a batch needs at least one")
        return x

    # -- the passes -------------------------------------------------------------------------------

    def forward(self, x: Array, train: bool = False) -> Array:
        """y = layerₙ(… layer₂(layer₁(x))); in training every layer keeps its cache.

        Parameters
        ----------
        x : (N, *input_shape), of the parameters' dtype.
        train : see `Layer.forward`.

        Returns
        -------
        y : (N, *output_shape).

        Raises
        ------
        RuntimeError : if a layer has parameters and the model is not built.

        Examples
        --------
        >>> import course_nn as nn
        >>> nn.Sequential([nn.ReLU()]).forward(np.array([[-1.0, 2.0]]))
        array([[0., 2.]])
        """
        for layer in self.layers:
            x = layer.forward(x, train)
        return x

    def backward(self, dy: Array) -> Array:
        """∂L/∂x from ∂L/∂y, last layer first; every layer keeps its parameters' gradients.

        Parameters
        ----------
        dy : (N, *output_shape), ∂L/∂y.

        Returns
        -------
        dx : (N, *input_shape); the parameters' are in each layer's `grads`.

        Raises
        ------
        RuntimeError : without a `forward(x, train=True)` before it.

        Examples
        --------
        >>> import course_nn as nn
        >>> model = nn.Sequential([nn.ReLU()])
        >>> _ = model.forward(np.array([[-1.0, 2.0]]), train=True)
        >>> model.backward(np.array([[5.0, 5.0]]))
        array([[0., 5.]])
        """
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def train_step(self, x: Array, labels: Array, loss: Loss, optimizer: Optimizer) -> float:
        """One step: forward, loss, backward, update.

        Parameters
        ----------
        x : (N, *input_shape), a batch.
        labels : what the loss takes.
        loss, optimizer : objects such as `SoftmaxCrossEntropy()` and `SGD(0.1)`.

        Returns
        -------
        loss : float, before the update.

        Raises
        ------
        FloatingPointError : if the loss or a gradient is not finite; names the layer where it
            began; nothing is updated.
        ShapeError, ValueError : if the samples or the labels do not fit.

        Examples
        --------
        >>> import course_nn as nn
        >>> model = nn.Sequential([nn.Dense(2)])
        >>> _ = model.build((3,), rng=np.random.default_rng(0))
        >>> loss, optimizer = nn.SoftmaxCrossEntropy(), nn.SGD(0.1)
        >>> round(model.train_step(np.zeros((4, 3)), np.zeros(4, int), loss, optimizer), 6)
        0.693147
        """
        return training.step(self, self.admit(x), labels, loss, optimizer)[0]

    def fit(self, x: Array, labels: Array, **options: Any) -> training.History:
        """Trains for some epochs; the arguments and the result are those of `training.fit`.

        Examples
        --------
        >>> import course_nn as nn
        >>> rng = np.random.default_rng(0)
        >>> model = nn.Sequential([nn.Dense(2)])
        >>> _ = model.build((3,), rng=rng)
        >>> x = rng.standard_normal((64, 3))
        >>> loss, optimizer = nn.SoftmaxCrossEntropy(), nn.SGD(0.5)
        >>> history = model.fit(x, (x[:, 0] > 0).astype(int), loss=loss, optimizer=optimizer,
        ...                     epochs=20, batch_size=16, rng=rng, progress=False)
        >>> history["accuracy"][-1] > 0.9
        True
        """
        return training.fit(self, x, labels, **options)

    def predict(self, x: Array, batch_size: int = 256) -> np.ndarray:
        """y of the last layer, as prediction: dropout off, running statistics.

        Parameters
        ----------
        x : (N, *input_shape), numbers of any dtype.
        batch_size : samples at a time; the result does not depend on it.

        Returns
        -------
        y : (N, *output_shape) of the model's dtype, a NumPy array whatever the device.

        Raises
        ------
        ShapeError : if the samples have another shape than the model was built for.
        ValueError : if there is no sample, or the batch size is below 1.

        Examples
        --------
        >>> import course_nn as nn
        >>> model = nn.Sequential([nn.Flatten()])
        >>> _ = model.build((2, 2), rng=np.random.default_rng(0))
        >>> model.predict(np.eye(2).reshape(1, 2, 2))
        array([[1., 0., 0., 1.]], dtype=float32)
        """
        x = self.admit(x)
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        outputs = [
            self.engine.infer(x[start : start + batch_size])
            for start in range(0, len(x), batch_size)
        ]
        return to_numpy(self.xp.concatenate(outputs))

    def evaluate(
        self, x: Array, labels: Array, loss: Loss, batch_size: int = 256
    ) -> dict[str, float]:
        """The loss and its metrics on a set, as prediction: means over its samples.

        Parameters
        ----------
        x : (N, *input_shape), numbers of any dtype.
        labels : what the loss takes.
        loss : for instance `SoftmaxCrossEntropy()`.
        batch_size : samples at a time.

        Returns
        -------
        scores : {"loss": float, "accuracy": float}, and what else the loss has for metrics.

        Raises
        ------
        ShapeError : if the samples have another shape than the model was built for.
        ValueError : if the set is empty, holds NaN, or its labels do not fit.

        Notes
        -----
        Book: LeNet reads handwriting, "The test".

        Examples
        --------
        >>> import course_nn as nn
        >>> model = nn.Sequential([nn.ReLU()])
        >>> _ = model.build((2,), rng=np.random.default_rng(0))
        >>> model.evaluate(np.eye(2), np.array([0, 1]), nn.SoftmaxCrossEntropy())["accuracy"]
        1.0
        """
        x, labels = training.admit_pair(self, x, labels)
        output = self.xp.asarray(self.predict(x, batch_size))
        scores = {"loss": loss.compute(output, labels)[0]}
        return scores | {name: metric(output, labels) for name, metric in loss.metrics.items()}

    def jacobian(self, x: Array) -> np.ndarray:
        """J[n, k, …] = ∂y[n, k] / ∂x[n, …]: every output's gradient by every input.

        It takes one backward pass an output, and is what no training ever forms: K · D numbers a
        sample, where a backward pass needs D.

        Parameters
        ----------
        x : (N, *input_shape), numbers of any dtype.

        Returns
        -------
        J : (N, *output_shape, *input_shape) of the model's dtype, as prediction.

        Raises
        ------
        ShapeError : if the samples have another shape than the model was built for.

        Notes
        -----
        Book: The dense layer, "Why nobody forms the Jacobian".

        Examples
        --------
        >>> import course_nn as nn
        >>> model = nn.Sequential([nn.Dense(2)])
        >>> _ = model.build((3,), rng=np.random.default_rng(0), dtype=np.float64)
        >>> bool((model.jacobian(np.ones((1, 3)))[0] == model.params["0.W"].T).all())
        True
        """
        y, caches = self.admit(x), []
        for layer in self.layers:
            y, cache = layer.compute(y, train=False)
            caches.append(cache)
        rows = []
        for k in range(math.prod(self.output_shape)):
            d = self.xp.zeros((len(x), math.prod(self.output_shape)), dtype=self.dtype)
            d[:, k] = 1
            d = d.reshape(y.shape)
            for layer, cache in zip(reversed(self.layers), reversed(caches), strict=True):
                d, _ = layer.gradients(d, cache)
            rows.append(d)
        return to_numpy(
            self.xp.stack(rows, axis=1).reshape(len(x), *self.output_shape, *self.input_shape)
        )

    # -- keeping ----------------------------------------------------------------------------------

    def save(
        self,
        path: str | os.PathLike,
        *,
        optimizer: Optimizer | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        """Writes the model into one file; the arguments and errors are those of `storage.save`.

        Examples
        --------
        >>> import tempfile
        >>> import course_nn as nn
        >>> model = nn.Sequential([nn.Dense(2)])
        >>> _ = model.build((3,), rng=np.random.default_rng(0))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(folder + "/model.npz")
        ...     nn.Sequential.load(folder + "/model.npz")
        Sequential([Dense(units=2)])
        """
        from . import storage

        storage.save(self, path, optimizer=optimizer, rng=rng)

    @classmethod
    def load(
        cls, path: str | os.PathLike, *, optimizer: Optimizer | None = None, device: str = "cpu"
    ) -> "Sequential":
        """The model in a file that `save` wrote; `storage.load` gives the rest of the file too.

        Parameters
        ----------
        path : of the file.
        optimizer : if given, is put where the saved one was: its steps and state are changed in
            place, and its own arguments stay.
        device : "cpu" or "gpu".

        Returns
        -------
        model : built.

        Raises
        ------
        FileNotFoundError : if there is no such file.
        StorageError : if the file is refused, or holds another optimiser; nothing is changed then.
        RuntimeError : if the GPU is asked for and there is none.

        Examples
        --------
        >>> import tempfile
        >>> import course_nn as nn
        >>> model = nn.Sequential([nn.Dense(2)])
        >>> _ = model.build((3,), rng=np.random.default_rng(0))
        >>> optimizer = nn.Adam()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(folder + "/model.npz", optimizer=nn.Adam())
        ...     again = nn.Sequential.load(folder + "/model.npz", optimizer=optimizer)
        >>> bool((again.params.flat == model.params.flat).all())
        True
        """
        from . import storage

        saved = storage.load(path, device=device)
        if optimizer is not None:
            storage.resume(optimizer, saved.optimizer)
        return saved.model

    # -- describing -------------------------------------------------------------------------------

    def summary(self) -> Table:
        """A table of the layers: their outputs' shapes, their parameters, their memory.

        Returns
        -------
        table : text that a notebook shows as it is.

        Raises
        ------
        RuntimeError : if the model is not built.

        Examples
        --------
        >>> import course_nn as nn
        >>> model = nn.Sequential([nn.Flatten(), nn.Dense(10)])
        >>> _ = model.build((1, 28, 28), rng=np.random.default_rng(0))
        >>> model.summary()
        layer            output shape  parameters  memory a sample
        ----------------------------------------------------------
        Flatten()        (784,)                 0          3.1 KiB
        Dense(units=10)  (10,)              7,850             40 B
        ----------------------------------------------------------
        7,850 parameters in float32: 30.7 KiB; activations of one sample: 3.1 KiB
        """
        self._require_built()
        rows, total, activations = [], 0, 0
        for layer in self.layers:
            count = sum(a.size for a in layer.params.values())
            memory = math.prod(layer.output_shape) * self.dtype.itemsize
            shape = str(layer.output_shape)
            rows.append((_shorten(repr(layer)), shape, f"{count:,}", _bytes(memory)))
            total, activations = total + count, activations + memory
        table = _columns([("layer", "output shape", "parameters", "memory a sample"), *rows])
        foot = f"{total:,} parameters in {self.dtype}: {_bytes(total * self.dtype.itemsize)}"
        return Table(f"{table}\n{foot}; activations of one sample: {_bytes(activations)}")

    def __repr__(self) -> str:
        return "Sequential([" + ", ".join(map(repr, self.layers)) + "])"


def _layers(layers: Sequence[Layer]) -> list[Layer]:
    """The layers as a list, if a model can be made of them."""
    if not isinstance(layers, Sequence):
        raise TypeError(f"a model is made of a list of layers, got {layers!r}")
    for i, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            hint = "; are its brackets () missing?" if isinstance(layer, type) else ""
            raise TypeError(f"layer {i} must be a layer such as Dense(10), got {layer!r}{hint}")
    if not layers:
        raise ValueError("a model needs at least one layer")
    return list(layers)


def _float_type(dtype: Any) -> np.dtype:
    """The dtype, if parameters can have it."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found is None or found.kind != "f":
        got = dtype if found is None else found
        raise TypeError(f"dtype must be a floating-point type such as np.float32, got {got}")
    return found


def _sample_shape(input_shape: Any) -> Shape:
    """The shape as a tuple, if a sample can have it."""
    try:
        shape = tuple(map(index, input_shape))
    except TypeError:
        shape = ()
    if not shape or min(shape) < 1:
        raise ShapeError(
            "input_shape must be the shape of one sample, whole numbers of at least 1 such as "
            f"(784,) or (1, 28, 28), got {input_shape!r}"
        )
    return shape


def _module_of(device: str) -> ModuleType:
    if device not in ("cpu", "gpu"):
        raise ValueError(f'device is "cpu" or "gpu", got {device!r}')
    xp = np if device == "cpu" else gpu_module()
    if xp is None:
        raise RuntimeError(
            'no GPU that CuPy can use: install the extra "cuda12" or "cuda13", '
            'or build with device="cpu"'
        )
    return xp


def _bytes(count: float) -> str:
    """1536 → "1.5 KiB"."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def _shorten(text: str, width: int = 48) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _columns(rows: list[tuple[str, ...]]) -> str:
    """Rows as text, with a rule under the head and one at the end.

    The first two columns stand to the left, the numbers to the right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            f"{cell:{'<' if i < 2 else '>'}{w}}"
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    rule = "-" * len(lines[0])
    return "\n".join([lines[0].rstrip(), rule, *lines[1:], rule])
