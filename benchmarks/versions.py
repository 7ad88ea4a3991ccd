"""A training step from plain Python to the real ops, a version after the other, each a task for a
process of its own: a later version sets options of the C library that would make an earlier one
faster too.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import course_nn as nn
from course_nn import zoo
from course_nn.backend import gpu_module
from course_nn.layers import Conv2D, Dense, Layer, MaxPool2D
from course_nn.ops import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from course_nn.reference import loops, pure_python, vectorising

B_SIZES, B_BATCH = [784, 100, 50, 10], 100
RATE = 0.01
Passes = tuple[Callable[[Any], tuple[Any, Any]], Callable[[Any, Any], tuple[Any, dict]]]


def images(shape: tuple[int, ...], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images of uniform noise and labels; the first ones are the same for every count."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 10, 1024)[:count]
    return rng.random((count, *shape), dtype=np.float32), labels


# -- the pure-Python network ---------------------------------------------------------------------


class TimedLoss(nn.SoftmaxCrossEntropy):
    """The loss, noting when the backward pass began."""

    def gradient(self, cache: Any) -> np.ndarray:
        self.backward_began = time.perf_counter()
        return super().gradient(cache)


class BackwardInPython:
    """Seed B's backward pass in nested lists: a batch of 100 through 784-100-50-10."""

    def __init__(self) -> None:
        self.network = pure_python.Network(B_SIZES, random.Random(0))
        x, labels = images((784,), B_BATCH)
        scores = self.network.forward(x.astype(float).tolist())
        self.cache = scores, labels.tolist()

    def run(self) -> dict[str, float]:
        start = time.perf_counter()
        dz = pure_python.softmax_cross_entropy_backward(1.0, self.cache)
        self.network.backward(dz, need_dx=False)
        return {"backward": time.perf_counter() - start}


class BackwardInNumPy:
    """The same network's backward pass by the real layers and the engine."""

    def __init__(self, threads: int) -> None:
        hidden = [layer for units in B_SIZES[1:-1] for layer in (nn.Dense(units), nn.ReLU())]
        self.model = nn.Sequential([*hidden, nn.Dense(B_SIZES[-1])])
        self.model.build((B_SIZES[0],), rng=np.random.default_rng(0), threads=threads)
        self.x, self.labels = images((784,), B_BATCH)
        self.loss = TimedLoss()

    def run(self) -> dict[str, float]:
        self.model.engine.forward_backward(self.x, self.labels, self.loss)
        return {"backward": time.perf_counter() - self.loss.backward_began}


# -- a whole step, by oracles --------------------------------------------------------------------


def pool_by_views(layer: MaxPool2D) -> Passes:
    """Max pooling whose windows do not overlap, as a view (N, C, OH, R, OW, S) of the image."""
    R, S = layer.window

    def forward(x: np.ndarray) -> tuple[np.ndarray, Any]:
        N, C, OH, OW = *x.shape[:2], x.shape[2] // R, x.shape[3] // S
        windows = x[:, :, : OH * R, : OW * S].reshape(N, C, OH, R, OW, S)
        windows = windows.transpose(0, 1, 2, 4, 3, 5).reshape(N, C, OH, OW, R * S)
        at = windows.argmax(axis=-1)[..., None]
        return np.take_along_axis(windows, at, -1)[..., 0], (x.shape, at)

    def backward(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, dict]:
        shape, at = cache
        N, C, OH, OW = dy.shape
        windows = np.zeros((*dy.shape, R * S), dy.dtype)
        np.put_along_axis(windows, at, dy[..., None], -1)
        dx = np.zeros(shape, dy.dtype)
        part = windows.reshape(N, C, OH, OW, R, S).transpose(0, 1, 2, 4, 3, 5)
        dx[:, :, : OH * R, : OW * S] = part.reshape(N, C, OH * R, OW * S)
        return dx, {}

    return forward, backward


def pool_by_loops(layer: MaxPool2D) -> Passes:
    """Max pooling in Python loops."""
    return (
        lambda x: loops.max_pool2d_forward(x, layer.window, layer.stride),
        lambda dy, cache: (loops.max_pool2d_backward(dy, cache), {}),
    )


def by_oracle(layer: Layer, oracle: vectorising.Version) -> Passes:
    """A dense layer or a convolution by a slow oracle."""
    W, b = (oracle.convert(layer.params[name]) for name in ("W", "b"))

    def backward(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, dict]:
        dx, *grads = map(np.asarray, oracle.backward(oracle.convert(dy), cache))
        return dx, dict(zip(("W", "b"), grads, strict=True))

    def forward(x: np.ndarray) -> tuple[np.ndarray, Any]:
        y, cache = oracle.forward(oracle.convert(x), W, b)
        return np.asarray(y), cache

    return forward, backward


def by_ops(layer: Layer) -> Passes:
    """A layer by its real ops, on the whole batch."""
    return lambda x: layer.compute(x, train=True), layer.gradients


class StepByOracles:
    """A training step of a network of the zoo: convolutions and dense layers in one version.

    Parameters
    ----------
    network : of the zoo.
    version : 0 to 3, of `reference.vectorising.CONV`; 4: the real ops, one after the other on the
        whole batch.
    batch : samples.
    """

    def __init__(self, network: str, version: int, batch: int) -> None:
        chosen = zoo.network(network)
        self.layers, shape, rng = chosen.layers(), chosen.input_shape, np.random.default_rng(0)
        for layer in self.layers:
            shape = layer.build(shape, rng=rng)
        self.x, self.labels = images(chosen.input_shape, batch)
        self.passes = [self._passes(layer, version) for layer in self.layers]
        self.first = [bool(layer.params) for layer in self.layers].index(True)

    def _passes(self, layer: Layer, version: int) -> Passes:
        if version < len(vectorising.CONV):
            if isinstance(layer, Conv2D):
                return by_oracle(layer, vectorising.CONV[version])
            if isinstance(layer, Dense):
                return by_oracle(layer, vectorising.DENSE[min(version, len(vectorising.DENSE) - 1)])
            if isinstance(layer, MaxPool2D):
                return pool_by_loops(layer) if version == 0 else pool_by_views(layer)
        return by_ops(layer)

    def facts(self) -> dict[str, float]:
        """The loss of the untrained network on its first samples: the same in every version."""
        return {"loss": float(softmax_cross_entropy_forward(self.scores(2)[0], self.labels[:2])[0])}

    def scores(self, count: int | None = None) -> tuple[np.ndarray, list[Any]]:
        """The output for the first samples, and every layer's cache."""
        x, caches = self.x[:count], []
        for forward, _ in self.passes:
            x, cache = forward(x)
            caches.append(cache)
        return x, caches

    def step(self) -> None:
        """Forward, loss, backward, plain descent."""
        z, caches = self.scores()
        _, cache = softmax_cross_entropy_forward(z, self.labels)
        dy = softmax_cross_entropy_backward(1.0, cache)
        for i in reversed(range(self.first, len(self.layers))):
            dy, grads = self.passes[i][1](dy, caches[i])
            for name, g in grads.items():
                self.layers[i].params[name] -= np.asarray(RATE * g, np.float32)

    def run(self) -> dict[str, float]:
        with threadpool_limits(1, user_api="blas"):
            start = time.perf_counter()
            self.step()
            return {"step": time.perf_counter() - start}


class StepByModel:
    """The same step by `Sequential`: in slices through several layers, on threads or the GPU."""

    def __init__(self, network: str, batch: int, threads: int = 1, device: str = "cpu") -> None:
        options = {"threads": threads, "device": device}
        self.model = zoo.build(network, rng=np.random.default_rng(0), **options)
        x, labels = images(self.model.input_shape, batch)
        self.x, self.labels = self.model.xp.asarray(x), self.model.xp.asarray(labels)
        self.loss, self.optimizer = nn.SoftmaxCrossEntropy(), nn.SGD(RATE)

    def facts(self) -> dict[str, float]:
        """As `StepByOracles.facts`."""
        return self.model.evaluate(self.x[:2], self.labels[:2], self.loss)

    def run(self) -> dict[str, float]:
        start = time.perf_counter()
        self.model.train_step(self.x, self.labels, self.loss, self.optimizer)
        return {"step": time.perf_counter() - start}


class Gpu:
    """Whether there is one, and which."""

    def facts(self) -> dict[str, Any]:
        cupy = gpu_module()
        if cupy is None:
            return {"name": None}
        return {"name": cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()}
