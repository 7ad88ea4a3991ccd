"""A model: layers in a row, trained, asked and described.

The parameters of all layers lie in one flat vector (see `parameters`), of which every layer's
`params` are views.
"""

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import archive, door, training
from .backend import Array, module_of, to_numpy
from .checks import cut, joined, whole
from .description import describe, restore, resume
from .export import export
from .layers import parameters_of, states_of
from .losses import Loss
from .optim import Optimizer
from .stack import Stack
from .summary import Table, summary
from .words import answers


class Sequential(Stack):
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
            # None comes from no layer but the first
            d = layer.backward(d)  # type: ignore[arg-type]
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

    @answers
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
        reader = self.reader
        y = to_numpy(joined([reader.predict(x[rows]) for rows in batches]))
        return y.copy() if self.xp is np and np.may_share_memory(x, y) else y

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
        """Writes the model into one file, and with it what a run needs to go on bit for bit.

        Parameters
        ----------
        path : of the file, safetensors whatever its ending; one that is there is replaced, but only
            by one that is complete.
        optimizer : its arguments, count of steps and state go into the file too.
        rng : the generator that `fit` is given; its state goes into the file too.

        Raises
        ------
        StorageError : for something that a file cannot hold, by name; nothing is written then.
        OSError : if the file cannot be written; what was there stays.

        Examples
        --------
        >>> import tempfile
        >>> import course_nn as nn
        >>> model = nn.Sequential([nn.Dense(2)])
        >>> _ = model.build((3,), rng=np.random.default_rng(0))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(folder + "/model.safetensors")
        ...     nn.Sequential.load(folder + "/model.safetensors")
        Sequential([Dense(units=2)])
        """
        self.require_built()
        header = describe(self.layers, self.dtype, optimizer, rng)
        arrays = parameters_of(self.layers) | states_of(self.layers)
        for slot, values in (optimizer.state if optimizer else {}).items():
            arrays |= {f"optimizer/{slot}/{name}": a for name, a in values.items()}
        archive.write(path, header, arrays)

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
        ...     model.save(folder + "/model.safetensors", optimizer=nn.Adam())
        ...     again = nn.Sequential.load(folder + "/model.safetensors", optimizer=optimizer)
        >>> bool((again.params.flat == model.params.flat).all())
        True
        """
        model, saved, _ = cls.load_run(path, device=device)
        if optimizer is not None:
            resume(optimizer, saved)
        return model

    @classmethod
    def load_run(
        cls, path: str | os.PathLike, *, device: str = "cpu"
    ) -> tuple["Sequential", Optimizer | None, np.random.Generator | None]:
        """The model, the optimiser and the generator in a file: see `storage.load`."""
        xp = module_of(device)  # no GPU: said before anything is read
        run = archive.read(path, lambda header, arrays: restore(header, arrays, xp))
        model = cls(run.layers)
        model.dtype, model.xp = run.dtype, xp
        return model, run.optimizer, run.rng

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
