"""Our side: what is timed of course_nn. PyTorch is never imported here."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import course_nn as nn
from course_nn import zoo
from course_nn.layers import Dropout, Layer, Shape
from course_nn.losses import Loss
from course_nn.schedule import OneCycle

from .counterparts import batches_of
from .settings import (
    ADAM_RATE,
    BATCHES,
    FEW,
    FIRST,
    MOMENTUM,
    RACE_BATCH,
    RACE_BETAS,
    RACE_RATE,
    SETTINGS,
    SGD_RATE,
    STATES,
)
from .summary import step_work

MATRIX = 2048  # rows of the square matrices whose product is timed
COPIED = 1 << 27  # bytes of the array that is copied: far more than a cache holds


class Step:
    """One training step of a network: forward, loss, backward, optimiser; batch after batch."""

    def __init__(self, network: str, threads: int) -> None:
        setting = SETTINGS[network]
        self.x, self.labels = batches_of(network)
        self.model = zoo.build(network, rng=np.random.default_rng(0), threads=threads)
        self.loss = nn.SoftmaxCrossEntropy()
        adam = setting.optimizer == "adam"
        self.optimizer = nn.Adam(ADAM_RATE) if adam else nn.SGD(SGD_RATE, momentum=MOMENTUM)
        self.losses: list[float] = []
        few = self.x[0][:FEW], self.labels[0][:FEW]
        self.value = self.model.evaluate(*few, self.loss)["loss"]
        self.model.train_step(*few, self.loss, self.optimizer)
        self.work = step_work(self.model.layers, setting.batch, STATES[setting.optimizer])

    def facts(self) -> dict[str, Any]:
        """The loss of the untrained network, the losses of its first steps (if they do not hang on
        a generator), and the least work of a step."""
        repeatable = not any(isinstance(layer, Dropout) for layer in self.model.layers)
        losses = self.losses[:FIRST] if repeatable else []
        facts = {"loss": self.value, "losses": losses, "numpy": np.__version__}
        return facts | self.work._asdict()

    def run(self) -> dict[str, float]:
        k = len(self.losses) % BATCHES
        start = time.perf_counter()
        loss = self.model.train_step(self.x[k], self.labels[k], self.loss, self.optimizer)
        seconds = time.perf_counter() - start
        self.losses.append(loss)
        return {"step": seconds}


class Rates:
    """What the machine can do: a large matrix product with NumPy's BLAS, a large copy."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        rng = np.random.default_rng(0)
        self.a, self.b = (rng.random((MATRIX, MATRIX), dtype=np.float32) for _ in range(2))
        self.c = np.empty_like(self.a)
        self.source, self.target = (np.ones(COPIED // 4, np.float32) for _ in range(2))
        self.pool = ThreadPoolExecutor(threads)

    def facts(self) -> dict[str, str]:
        """Who multiplies."""
        blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return {"numpy": np.__version__, "blas": f"{blas['name']} {blas['version']}"}

    def run(self) -> dict[str, float]:
        """Operations and bytes (read and written) a second."""
        with threadpool_limits(self.threads, user_api="blas"):
            start = time.perf_counter()
            np.matmul(self.a, self.b, out=self.c)
            sgemm = 2 * MATRIX**3 / (time.perf_counter() - start)
        cuts = np.linspace(0, len(self.source), self.threads + 1).astype(int)
        start = time.perf_counter()
        list(self.pool.map(self._copy, cuts[:-1], cuts[1:]))
        return {"sgemm": sgemm, "copy": 2 * COPIED / (time.perf_counter() - start)}

    def _copy(self, first: int, last: int) -> None:
        np.copyto(self.target[first:last], self.source[first:last])


# -- one layer at a time -------------------------------------------------------------------------


def handed_on(x: np.ndarray) -> np.ndarray:
    """A copy in memory as our layers hand it on: images with the batch innermost, features in rows.

    >>> handed_on(np.zeros((8, 3, 2, 2))).strides
    (8, 256, 128, 64)
    >>> handed_on(np.zeros((8, 3))).strides
    (24, 8)
    """
    if x.ndim == 2:
        return x.copy()
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)


class _Store:
    """Arrays by the address of a slice: made once, found again in every later run."""

    def __init__(self) -> None:
        self.arrays: dict[int, np.ndarray] = {}

    def get(self, at: np.ndarray, make: Any) -> np.ndarray:
        address = at.__array_interface__["data"][0]
        if address not in self.arrays:
            if len(self.arrays) > 1000:
                raise RuntimeError("slices do not lie where they lay; the times would be wrong")
            self.arrays[address] = make()
        return self.arrays[address]


class Source(Layer):
    """Hands the layer under test its input as the layer before it would: each slice contiguous,
    the batch innermost. With `needs_dx` it has a parameter, so that a gradient must reach it."""

    def __init__(self, raw: bool, needs_dx: bool) -> None:
        super().__init__()
        self.raw, self.needs_dx, self.store = raw, needs_dx, _Store()

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"none": np.zeros(1)} if self.needs_dx else {}

    def compute(self, x: np.ndarray, train: bool, noise: Any = None) -> tuple[np.ndarray, Any]:
        return (x if self.raw else self.store.get(x, lambda: handed_on(x))), ()

    def gradients(self, dy: Any, cache: Any, need_dx: bool = True) -> tuple[Any, dict[str, Any]]:
        return None, {"none": np.zeros(1)} if self.needs_dx else {}


class Sink(Layer):
    """Takes the output, and sends back random gradients as the layer behind would."""

    def __init__(self) -> None:
        super().__init__()
        self.store, self.rng = _Store(), np.random.default_rng(3)

    def infer(self, input_shape: Shape) -> Shape:
        return (1,)

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"none": np.zeros(1)}

    def compute(self, x: np.ndarray, train: bool, noise: Any = None) -> tuple[np.ndarray, Any]:
        return np.zeros((len(x), 1), x.dtype), ()

    def gradients(self, dy: Any, cache: Any, need_dx: bool = True) -> tuple[Any, dict[str, Any]]:
        shape = (len(dy), *self.input_shape)
        dx = self.store.get(dy, lambda: handed_on(self.rng.random(shape, dtype=np.float32)))
        return dx, {"none": np.zeros(1)}


class Stopwatch(Loss):
    """No loss: notes when the forward pass ended and when the backward pass began."""

    def compute(self, output: np.ndarray, labels: np.ndarray) -> tuple[float, Any]:
        self.forward_ended, self.dy = time.perf_counter(), np.zeros_like(output)
        return 0.0, None

    def gradient(self, cache: Any) -> np.ndarray:
        if not hasattr(self, "always"):  # the same array in every run: `_Store` knows it again
            self.always = self.dy
        self.backward_began = time.perf_counter()
        return self.always


def named(layer: Layer) -> str:
    """A layer's repr; a block's with the number of its inner layers.

    >>> named(nn.Dense(3)), named(nn.Residual([nn.Dense(3), nn.ReLU()]))
    ('Dense(units=3)', 'Residual(2 layers)')
    """
    if isinstance(layer, nn.Residual):
        return f"Residual({sum(map(len, layer.arguments().values()))} layers)"
    return repr(layer)


class Layers:
    """Every layer of a network alone, between a source and a sink, run by the model's engine: so
    in slices and on threads, as in a training step, but without the layers next to it."""

    def __init__(self, network: str, threads: int) -> None:
        count = SETTINGS[network].batch
        layers = zoo.build(network, rng=np.random.default_rng(0)).layers
        first = next(i for i, layer in enumerate(layers) if layer.params)
        self.names = [named(layer) for layer in layers]
        self.shapes = [layer.input_shape for layer in layers]
        self.models, self.inputs, self.labels = [], [], np.zeros(count, int)
        rng = np.random.default_rng(2)
        fresh = zoo.network(network).layers()
        for i, tested in enumerate([*([layer] for layer in fresh), []]):  # at the end: none
            model = nn.Sequential([Source(raw=i == 0, needs_dx=i > first), *tested, Sink()])
            shape = self.shapes[i] if tested else self.shapes[0]
            model.build(shape, rng=rng, threads=threads)
            self.models.append(model)
            self.inputs.append(rng.random((count, *shape), dtype=np.float32))
        self.watches = [Stopwatch() for _ in self.models]
        self.has_backward = [i >= first for i in range(len(layers))]

    def facts(self) -> dict[str, Any]:
        """Every layer's name and input; the task numbered after the last has no layer at all."""
        return {"names": self.names, "shapes": self.shapes, "backward": self.has_backward}

    def run(self, layer: int) -> dict[str, float]:
        watch, x = self.watches[layer], self.inputs[layer]
        start = time.perf_counter()
        self.models[layer].engine.forward_backward(x, self.labels, watch)
        end = time.perf_counter()
        return {"forward": watch.forward_ended - start, "backward": end - watch.backward_began}


# -- a whole training run ------------------------------------------------------------------------


def draw_small(model: nn.Sequential, rng: np.random.Generator) -> None:
    """New parameters as PyTorch draws them unless told: uniform within ±1/√fan in, biases too.

    The published race began with these. From He's normal, which is our default and has six times
    their variance, both sides end 0.1 to 0.2 % lower with its learning rate.
    """
    for layer in model.layers:
        if layer.params:
            bound = 1 / math.sqrt(nn.init.fans(layer.params["W"].shape)[0])
            for name, array in layer.params.items():
                layer.params[name] = rng.uniform(-bound, bound, array.shape)


class Race:
    """One epoch of `fast` on MNIST from a fresh seed; then its accuracy, not timed."""

    def __init__(self, data: str, threads: int) -> None:
        with np.load(data) as arrays:
            self.data = {name: arrays[name] for name in arrays.files}
        self.threads = threads
        self.train(0, 4 * RACE_BATCH)

    def train(self, seed: int, count: int) -> tuple[nn.Sequential, float]:
        """A model trained on the first `count` images, and the seconds it took."""
        rng = np.random.default_rng(seed)
        model = zoo.build("fast", rng=rng, threads=self.threads)
        draw_small(model, rng)
        start = time.perf_counter()
        schedule = OneCycle(RACE_RATE, math.ceil(count / RACE_BATCH))
        model.fit(
            self.data["x_train"][:count],
            self.data["y_train"][:count],
            loss=nn.SoftmaxCrossEntropy(),
            optimizer=nn.Adam(schedule, betas=RACE_BETAS),
            batch_size=RACE_BATCH,
            rng=rng,
            progress=False,
        )
        return model, time.perf_counter() - start

    def run(self, seed: int) -> dict[str, float]:
        model, seconds = self.train(seed, len(self.data["x_train"]))
        scores = model.evaluate(self.data["x_test"], self.data["y_test"], nn.SoftmaxCrossEntropy())
        return {"seconds": seconds, "accuracy": scores["accuracy"]}
