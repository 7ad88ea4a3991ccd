"""JAX's side: a whole training step in one jitted function, its arrays donated, on the CPU.

Neither course_nn nor PyTorch is imported here. Images and kernels lie as (N, C, H, W) or as
(N, H, W, C), as told; XLA then orders them as it likes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from . import memory
from .handover import read
from .settings import ADAM_RATE, BATCHES, FEW, FIRST, MOMENTUM, SETTINGS, SGD_RATE

jax.config.update("jax_platforms", "cpu")
Arrays = dict[str, jax.Array]
Rows = list[dict[str, Any]]
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8
LAYOUTS = {"NCHW": ("NCHW", "OIHW", "NCHW"), "NHWC": ("NHWC", "HWIO", "NHWC")}


class Network:
    """A description as a function: `apply(weights, statistics, x, key)`.

    Parameters
    ----------
    rows : the description, see `counterparts`.
    layout : "NCHW" or "NHWC", of the images in memory.
    """

    def __init__(self, rows: Rows, layout: str) -> None:
        self.rows, self.layout = rows, layout
        self.channels = 1 if layout == "NCHW" else 3

    def weights(self, arrays: dict[str, np.ndarray]) -> Arrays:
        """Our weights in this layout. A dense layer behind images reads its rows in their order."""
        last = self.layout == "NHWC"
        weights = {name: a for name, a in arrays.items() if name not in ("x", "labels")}
        for before, row in zip(self.rows, self.rows[1:], strict=False):
            if last and before["kind"] == "Flatten" and len(before["input"]) == 3:
                W = weights[f"{row['key']}.W"]
                images = W.reshape(*before["input"], -1).transpose(1, 2, 0, 3)
                weights[f"{row['key']}.W"] = images.reshape(W.shape)
        if last:
            kernels = {n: a.transpose(2, 3, 1, 0) for n, a in weights.items() if a.ndim == 4}
            weights |= kernels
        return {name: jnp.array(a) for name, a in weights.items()}

    def images(self, x: np.ndarray) -> jax.Array:
        """Images in this layout."""
        return jnp.array(np.moveaxis(x, 1, -1) if self.layout == "NHWC" and x.ndim == 4 else x)

    def statistics(self, rows: Rows | None = None) -> Arrays:
        """Batch norm's running statistics at the beginning."""
        found: Arrays = {}
        for row in self.rows if rows is None else rows:
            if row["kind"] == "BatchNorm":
                found[f"{row['key']}.mean"] = jnp.zeros(row["input"][0])
                found[f"{row['key']}.var"] = jnp.ones(row["input"][0])
            for path in ("main", "shortcut"):
                found |= self.statistics(row["options"].get(path, []))
        return found

    def apply(
        self, weights: Arrays, statistics: Arrays, x: jax.Array, key: Any
    ) -> tuple[jax.Array, Arrays]:
        """The scores, and the statistics afterwards; without a key as in evaluation."""
        seen = dict(statistics)
        return self._chain(self.rows, weights, seen, x, key), seen

    def _chain(self, rows: Rows, weights: Arrays, seen: Arrays, x: jax.Array, key: Any) -> Any:
        for row in rows:
            if row["kind"] == "Residual":
                paths = (row["options"].get(path, []) for path in ("main", "shortcut"))
                x = sum(self._chain(path, weights, seen, x, key) for path in paths)
            else:
                x = KINDS[row["kind"]](self, row, weights, seen, x, key)
        return x


def _dense(net: Network, row: Any, weights: Arrays, seen: Arrays, x: Any, key: Any) -> Any:
    y = x @ weights[f"{row['key']}.W"]
    return y + weights[f"{row['key']}.b"] if row["options"]["bias"] else y


def _conv(net: Network, row: Any, weights: Arrays, seen: Arrays, x: Any, key: Any) -> Any:
    W, options = weights[f"{row['key']}.W"], row["options"]
    padding = options["padding"]
    sides = "SAME" if padding == "same" else [(padding, padding)] * 2
    names = LAYOUTS[net.layout]
    y = lax.conv_general_dilated(x, W, options["stride"], sides, dimension_numbers=names)
    if not options["bias"]:
        return y
    b = weights[f"{row['key']}.b"]
    return y + (b if net.layout == "NHWC" else b[:, None, None])


def _max_pool(net: Network, row: Any, weights: Arrays, seen: Arrays, x: Any, key: Any) -> Any:
    size = [1, 1, 1, 1]
    at = 2 if net.layout == "NCHW" else 1
    size[at : at + 2] = row["options"]["window"]
    return lax.reduce_window(x, -jnp.inf, lax.max, size, size, "VALID")


def _batch_norm(net: Network, row: Any, weights: Arrays, seen: Arrays, x: Any, key: Any) -> Any:
    gamma, beta = (weights[f"{row['key']}.{name}"] for name in ("gamma", "beta"))
    names, m = [f"{row['key']}.{name}" for name in ("mean", "var")], row["options"]["momentum"]
    axis = net.channels if x.ndim == 4 else 1
    axes = tuple(k for k in range(x.ndim) if k != axis)
    mean, var = (seen[name] for name in names)
    if key is not None:
        mean, count = x.mean(axes), x.size / x.shape[axis]
        var = (x * x).mean(axes) - mean * mean  # in one pass, as Flax does
        for name, new in zip(names, (mean, var * count / (count - 1)), strict=True):
            seen[name] = (1 - m) * seen[name] + m * new
    shape = [-1 if k == axis else 1 for k in range(x.ndim)]
    scale = gamma * lax.rsqrt(var + row["options"]["eps"])
    return x * scale.reshape(shape) + (beta - mean * scale).reshape(shape)


def _dropout(net: Network, row: Any, weights: Arrays, seen: Arrays, x: Any, key: Any) -> Any:
    if key is None:
        return x
    keep = 1 - row["options"]["rate"]
    kept = jax.random.bernoulli(jax.random.fold_in(key, int(row["key"])), keep, x.shape)
    return jnp.where(kept, x / keep, 0)


KINDS: dict[str, Callable[..., Any]] = {
    "Dense": _dense,
    "Conv2D": _conv,
    "MaxPool2D": _max_pool,
    "BatchNorm": _batch_norm,
    "Dropout": _dropout,
    "ReLU": lambda net, row, weights, seen, x, key: jax.nn.relu(x),
    "Flatten": lambda net, row, weights, seen, x, key: x.reshape(len(x), -1),
    "GlobalAvgPool2D": lambda net, row, weights, seen, x, key: x.mean(
        (2, 3) if net.layout == "NCHW" else (1, 2)
    ),
}


def cross_entropy(scores: jax.Array, labels: jax.Array) -> jax.Array:
    """The mean over the batch."""
    log_p = jax.nn.log_softmax(scores)
    return -jnp.take_along_axis(log_p, labels[:, None], 1).mean()


def adam(weights: Arrays, grads: Arrays, slots: Any, t: jax.Array) -> tuple[Arrays, Any]:
    """Adam's formula, as PyTorch and we compute it."""
    pairs = {name: [] for name in weights}
    for name, g in grads.items():
        m, v = (slot[name] for slot in slots)
        m, v = BETA1 * m + (1 - BETA1) * g, BETA2 * v + (1 - BETA2) * g * g
        m_hat, v_hat = m / (1 - BETA1**t), v / (1 - BETA2**t)
        pairs[name] = [weights[name] - ADAM_RATE * m_hat / (jnp.sqrt(v_hat) + EPS), m, v]
    new, *slots = ({name: three[k] for name, three in pairs.items()} for k in range(3))
    return new, tuple(slots)


def sgd(weights: Arrays, grads: Arrays, slots: Any, t: jax.Array) -> tuple[Arrays, Any]:
    """Momentum: v = μ v + g."""
    v = {name: MOMENTUM * slots[0][name] + g for name, g in grads.items()}
    return {name: w - SGD_RATE * v[name] for name, w in weights.items()}, (v,)


FORMULAS = {"adam": (adam, 2), "sgd": (sgd, 1)}


class Step:
    """One training step of a network: forward, loss as a float, backward, optimiser; batch after
    batch. Batches lie in JAX's arrays before."""

    def __init__(
        self,
        network: str,
        threads: int,
        folder: str,
        layout: str = "NCHW",
        keep_memory: bool = False,
    ) -> None:
        if keep_memory:
            memory.keep_freed()
        rows, arrays = read(folder, network)
        self.network, self.threads = Network(rows, layout), threads
        weights, statistics = self.network.weights(arrays), self.network.statistics()
        self.x = [self.network.images(x) for x in arrays["x"]]
        self.labels = [jnp.array(labels) for labels in arrays["labels"]]
        formula, count = FORMULAS[SETTINGS[network].optimizer]
        slots = tuple(jax.tree.map(jnp.zeros_like, weights) for _ in range(count))
        self.state = weights, statistics, slots, jnp.zeros((), jnp.float32)
        self.step = jax.jit(partial(self._step, formula), donate_argnums=0)
        self.losses: list[float] = []
        few, labels = self.x[0][:FEW], self.labels[0][:FEW]
        scores, _ = self.network.apply(weights, statistics, few, None)
        self.value = float(cross_entropy(scores, labels))
        self.state, _ = self.step(self.state, few, labels)

    def _step(self, formula: Any, state: Any, x: jax.Array, labels: jax.Array) -> Any:
        weights, statistics, slots, t = state
        key = jax.random.fold_in(jax.random.key(0), t.astype(int))

        def loss_of(w: Arrays) -> tuple[jax.Array, Arrays]:
            scores, seen = self.network.apply(w, statistics, x, key)
            return cross_entropy(scores, labels), seen

        (loss, statistics), grads = jax.value_and_grad(loss_of, has_aux=True)(weights)
        weights, slots = formula(weights, grads, slots, t + 1)
        return (weights, statistics, slots, t + 1), loss

    def facts(self) -> dict[str, Any]:
        """The loss of the untrained network, and the losses of its first steps."""
        return {"loss": self.value, "losses": self.losses[:FIRST], "jax": jax.__version__}

    def run(self) -> dict[str, float]:
        k = len(self.losses) % BATCHES
        start = time.perf_counter()
        self.state, loss = self.step(self.state, self.x[k], self.labels[k])
        value = float(loss)
        seconds = time.perf_counter() - start
        self.losses.append(value)
        return {"step": seconds}
