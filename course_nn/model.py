"""A model: layers in a row, trained, asked and described.

The parameters of all layers lie in one flat vector (see `parameters`), of which every layer's
`params` are views.
"""

import copy
import math
import os
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

from . import door, training
from .backend import Array, array_module, module_of, to_numpy
from .checks import ShapeError, cut, float_type, generator, joined, whole
from .engine import Engine
from .export import export
from .layers import Layer, Shape, build_chain, expect_each_once, leaves
from .losses import Loss
from .optim import Optimizer
from .parameters import Owner, Parameters
from .summary import Table, summary
from .threads import available_threads
from .words import Described, answers


class Sequential(Described):
    """y = layerₙ(… layer₂(layer₁(x))).

    A layer's weights live in the layer: models that share a layer share its weights, whichever
    trains it, and `model[:3]` or `Sequential(model.layers[:3])` is a part that predicts at once.
    `copy.deepcopy(model)` shares nothing. The list `layers` may be changed; `build` then draws what
    is new and leaves what was built as it is.

    Parameters
    ----------
    layers : in order, first to last.

    Attributes
    ----------
    layers : the list; `layers[0].params["W"]` is writable in place.
    params, grads : {"0.W": array, …}, every array a view of one flat vector.
    history : of the last `fit`, also of one that was interrupted.

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
    >>> model[:1].predict(np.zeros((5, 1, 8, 8))).shape
    (5, 64)
    """

    @answers
    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = _layers(layers)
        self.input_shape: Shape = ()
        self.output_shape: Shape = ()
        self.xp: ModuleType = np
        self.dtype = np.dtype(np.float32)
        self.threads: int | None = None
        self.history: training.History = {}
        self._built: list[Layer] = []  # the layers as they were when shapes were last looked at
        self._owner = Owner()
        self._parameters: Parameters | None = None
        self._engine: Engine | None = None
        if all(layer.output_shape for _, layer in leaves(self.layers)):
            self._adopt()

    def arguments(self) -> dict[str, Any]:
        return {"layers": self.layers}

    def __repr__(self) -> str:
        return "Sequential([" + ", ".join(map(repr, self.layers)) + "])"

    def __getitem__(self, which: int | slice) -> Any:
        """A layer, or a part of the model that shares its layers."""
        return Sequential(self.layers[which]) if isinstance(which, slice) else self.layers[which]

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
        shape = door.sample_shape(self.input_shape if input_shape is None else input_shape)
        dtype = float_type(self.dtype if dtype is None else dtype)
        xp = self.xp if device is None else module_of(device)
        rng, built = generator(rng), [x for _, x in leaves(self.layers) if x.output_shape]
        self.threads = self.threads if threads is None else whole("threads", threads, least=1)
        if built and not redraw and threads is None and self._stays(shape, dtype, xp):
            raise RuntimeError(
                "this model is built, and its weights stay: build(…, redraw=True) draws them anew"
            )
        if not built:
            door.doubt_channels_last(shape)
        build = partial(build_chain, shape=shape, prefix="layer ", dtype=dtype, xp=xp)
        if built:  # on copies first: a build that fails leaves a built model as it was
            build(copy.deepcopy(self.layers), rng=np.random.default_rng(0), keep=not redraw)
        build(self.layers, rng=rng, keep=not redraw)
        self._adopt()
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
        self._parameters = self._engine = None

    def require_built(self) -> None:
        """Raises RuntimeError unless every layer has its shapes and weights.

        >>> import course_nn as nn
        >>> nn.Sequential([nn.Dense(2)]).require_built()
        Traceback (most recent call last):
            ...
        RuntimeError: this model has no shapes yet; call model.build(input_shape, rng=rng) first
        """
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
        self.require_built()
        arrays = {
            f"{n}.{k}": a for n, layer in leaves(self.layers) for k, a in layer.params.items()
        }
        held = self._parameters
        if held is None or any(held.get(name) is not a for name, a in arrays.items()):
            self._parameters = held = Parameters.pack(arrays)
            held.owner = self._owner
            for i, layer in enumerate(self.layers):
                for key in layer.params:
                    layer.bind(key, held[f"{i}.{key}"])
            self._engine = None
        if self._engine is None:
            threads = available_threads() if self.threads is None else self.threads
            self._engine = Engine(self.layers, held.like(), threads)
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
    def engine(self) -> Engine:
        """What runs a batch through the layers."""
        return self._own()

    def states(self) -> list[Array]:
        """The arrays that are moved by training but not trained: running statistics."""
        return [a for _, layer in leaves(self.layers) for a in layer.state.values()]

    def load_weights(self, source: "Sequential") -> None:
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
        source.require_built()
        here, there = (_arrays(model.layers) for model in (self, source))
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
        own = {"_owner", "_parameters", "_engine", "xp", "_built"}  # made anew in the copy
        kept = {name: value for name, value in vars(self).items() if name not in own}
        return kept | {"built": bool(self._built)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        built = state.pop("built")
        vars(self).update(state)
        self.xp, self._built, self._owner = np, [], Owner()
        self._parameters = self._engine = None
        if built and all(layer.output_shape for _, layer in leaves(self.layers)):
            self._adopt()

    # -- the door ---------------------------------------------------------------------------------

    def admit(self, x: Any) -> Array:
        """The model's door: x in the parameters' dtype and library, if its shape fits.

        See `door.admit`.

        >>> import course_nn as nn
        >>> model = nn.Sequential([nn.ReLU()])
        >>> _ = model.build((2,), rng=np.random.default_rng(0))
        >>> model.admit([[1, 2], [3, 4]])
        array([[1., 2.],
               [3., 4.]], dtype=float32)
        """
        self.require_built()
        return door.admit(x, self.input_shape, self.dtype, self.xp)

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

    def backward(self, dy: Array) -> Array | None:
        """∂L/∂x from ∂L/∂y, last layer first.

        Parameters
        ----------
        dy : (N, *output_shape), ∂L/∂y.

        Returns
        -------
        dx : (N, *input_shape); the parameters' are in `grads`, and in each layer's.

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
        d: Array | None = dy
        for layer in reversed(self.layers):
            d = layer.backward(d)  # type: ignore[arg-type]  # None comes from no layer but the first
        for i, layer in enumerate(self.layers if self.input_shape else ()):
            for name, g in layer.grads.items():
                self.grads[f"{i}.{name}"][...] = g
        return d

    @answers
    def train_step(
        self,
        x: Any,
        labels: Any,
        loss: Loss,
        optimizer: Optimizer,
        sample_weights: Any = None,
    ) -> float:
        """One step, forward, loss, backward, update: see `training.train_step`.

        Parameters
        ----------
        x : (N, *input_shape), a batch.
        labels : what the loss takes.
        loss, optimizer : objects such as `SoftmaxCrossEntropy()` and `SGD(0.1)`.
        sample_weights : (N,), how much each sample counts, or None.

        Returns
        -------
        loss : float, before the update.

        Examples
        --------
        >>> import course_nn as nn
        >>> model = nn.Sequential([nn.Dense(2)])
        >>> _ = model.build((3,), rng=np.random.default_rng(0))
        >>> loss, optimizer = nn.SoftmaxCrossEntropy(), nn.SGD(0.1)
        >>> round(model.train_step(np.zeros((4, 3)), np.zeros(4, int), loss, optimizer), 6)
        0.693147
        """
        return training.train_step(self, x, labels, loss, optimizer, sample_weights)

    @answers
    def fit(
        self,
        x: Any,
        labels: Any,
        *,
        loss: Loss,
        optimizer: Optimizer,
        epochs: int = 1,
        batch_size: int = 32,
        validation: tuple[Any, Any] | float | None = None,
        rng: np.random.Generator | None = None,
        augment: training.Augment | None = None,
        sample_weights: Any = None,
        callbacks: Sequence[training.Callback] = (),
        progress: bool = True,
    ) -> training.History:
        """Trains for some epochs: see `training.fit`, whose notes on the arguments are longer.

        Parameters
        ----------
        x : (N, *input_shape), numbers of any dtype.
        labels : (N,) integer classes, (N, K) one-hot, or what the loss takes.
        loss, optimizer : for instance `SoftmaxCrossEntropy()` and `SGD(0.1, momentum=0.9)`.
        epochs, batch_size : passes through the data, and samples a step.
        validation : (x, labels), or the share of the data to keep aside, or None.
        rng : shuffles; a fresh one unless given. `np.random.seed` has no effect.
        augment : called as augment(x, rng=rng) with every batch, for instance `nn.data.augment`.
        sample_weights : (N,), how much each sample counts, or None.
        callbacks : told of every step and epoch.
        progress : whether to show a bar, or, in a log, at most a dozen lines.

        Returns
        -------
        history : {"loss": [a number an epoch], "accuracy": …, "val_loss": …, "step_loss": …}; kept
            as `model.history`, also when interrupted.

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
        return training.fit(
            self,
            x,
            labels,
            loss=loss,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=batch_size,
            validation=validation,
            rng=rng,
            augment=augment,
            sample_weights=sample_weights,
            callbacks=callbacks,
            progress=progress,
        )

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
        batches = cut(len(x), whole("batch_size", batch_size, least=1))
        return to_numpy(joined([self.engine.predict(x[rows]) for rows in batches]))

    @answers
    def evaluate(
        self,
        x: Any,
        labels: Any,
        loss: Loss,
        batch_size: int = 256,
        sample_weights: Any = None,
    ) -> dict[str, float]:
        """The loss and its metrics on a set, as prediction: see `training.evaluate`.

        Parameters
        ----------
        x : (N, *input_shape), numbers of any dtype.
        labels : what the loss takes.
        loss : for instance `SoftmaxCrossEntropy()`.
        batch_size : samples at a time.
        sample_weights : (N,), how much each sample counts in the loss, or None.

        Returns
        -------
        scores : {"loss": float, "accuracy": float}, and what else the loss has for metrics.

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
        return training.evaluate(self, x, labels, loss, batch_size, sample_weights)

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

    def export(self, path: str | os.PathLike) -> None:
        """Writes the model as ONNX, for any runtime; see `course_nn.export.export`.

        Examples
        --------
        >>> import pytest; _ = pytest.importorskip("onnx")
        >>> import tempfile
        >>> import course_nn as nn
        >>> model = nn.Sequential([nn.Dense(2)])
        >>> _ = model.build((3,), rng=np.random.default_rng(0))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.export(folder + "/model.onnx")
        """
        self.require_built()
        export(self.layers, path)

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
        """A table of the layers: see `summary.summary`.

        >>> import course_nn as nn
        >>> model = nn.Sequential([nn.Dense(10)])
        >>> _ = model.build((784,), rng=np.random.default_rng(0))
        >>> print(model.summary().splitlines()[-1])
        7,850 parameters in float32: 30.7 KiB; activations of one sample: 40 B
        """
        self.require_built()
        return summary(self.layers, self.dtype)


def _arrays(layers: Sequence[Layer]) -> dict[str, Array]:
    """All parameters and states by their names."""
    found = ((n, {**layer.params, **layer.state}) for n, layer in leaves(layers))
    return {f"{name}.{key}": a for name, arrays in found for key, a in arrays.items()}


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
    expect_each_once(layers)
    return list(layers)
