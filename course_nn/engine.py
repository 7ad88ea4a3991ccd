"""How a batch goes through layers: in slices that fit the cache, on several threads.

A layer's output is read again at once by the next layer. Taken whole, a batch's output travels to
main memory and back in between; taken in slices, it is still in the cache. So the layers are
grouped into stages, a stage is run slice by slice, and each thread takes its share of the slices.
Between two stages the slices meet at a barrier. BLAS runs on one thread meanwhile: the threads are
ours.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from .backend import Array, array_module
from .barrier import Barrier, BatchBarrier, Rows, WholeBarrier
from .checks import cut, even_size, joined
from .layers import BatchLayer, Layer
from .parameters import Parameters
from .plan import Node, Stage, add, expect_shape, pair, plan, run, stages_of
from .threads import blas_threads, keep_freed_memory, share

SLICE_BYTES = 1 << 22  # what a slice of images may occupy in its widest layer
SLICE_ROWS = 16  # its size is a multiple: the batch lies innermost, and whole vectors are faster
MIN_FEATURE_ROWS = 32  # a product of fewer rows wastes more than a second thread brings


class Objective(Protocol):
    """What the engine needs of a loss."""

    @property
    def compute(self) -> Callable[..., tuple[float, Any]]:
        """(output, labels) → loss, cache."""

    def gradient(self, cache: Any) -> Array:
        """Its gradient by the output."""


def image_rows(layers: Sequence[Layer]) -> int:
    """How many images make a slice: what fits the cache in the widest layer, in and out.

    >>> from course_nn.layers import ReLU
    >>> layer = ReLU()
    >>> _ = layer.build((64, 32, 32), rng=np.random.default_rng(0))
    >>> image_rows([layer])
    16
    """
    sizes = [(math.prod(layer.input_shape) + math.prod(layer.output_shape)) * 4 for layer in layers]
    return max(SLICE_BYTES // max(sizes), SLICE_ROWS)


class Engine:
    """Runs built layers, one after the other.

    Parameters
    ----------
    layers : built; their parameters are read in place.
    grads : of all trainable parameters, by their name; written in place.
    threads : on the CPU; the GPU has its own parallelism, and takes a batch whole.

    Examples
    --------
    >>> import course_nn as nn
    >>> layer = nn.Dense(1, init=nn.init.zeros)
    >>> _ = layer.build((2,), rng=np.random.default_rng(0))
    >>> engine = Engine([layer], Parameters.pack({f"0.{k}": a for k, a in layer.params.items()}))
    >>> x, t = np.ones((4, 2), np.float32), np.ones((4, 1), np.float32)
    >>> engine.forward_backward(x, t, nn.MeanSquaredError())[0]
    1.0
    >>> engine.grads["0.b"]
    array([-2.], dtype=float32)
    """

    def __init__(self, layers: Sequence[Layer], grads: Parameters, threads: int = 1) -> None:
        keep_freed_memory()
        self.layers, self.grads = layers, grads
        on_cpu = array_module(grads.flat) is np
        images = [node.layer for node in plan(layers) if node.layer and not _gives_vector(node)]
        # features alone are a few large products, which BLAS shares out better than slices would
        ours = bool(images) and on_cpu
        self.threads, self.blas_threads = (threads, 1) if ours else (1, threads)
        self.buffers = [grads, *(grads.like() for _ in range(1, self.threads))]
        self.image_rows = image_rows(images) if ours else 0
        self.every, self.trainable = _all(layers), list[bool]()
        self.arrange()

    def arrange(self) -> None:
        """Makes the plan, anew where a layer has been frozen or thawed."""
        trainable = [layer.trainable for layer in self.every]
        if trainable == self.trainable:
            return
        self.trainable, self.nodes = trainable, plan(self.layers)
        self.stages, self.cuts = stages_of(self.nodes), dict[int, list[Rows]]()
        self.noisy = [
            (node, node.layer) for node in self.nodes if node.layer and _draws(node.layer)
        ]
        still = [(node.name, node.layer) for node in self.nodes if node.layer and not node.trains]
        self.still = {f"{name}.{key}" for name, layer in still for key in layer.params}

    def frozen(self) -> set[str]:
        """The names of the parameters that are to stay as they are."""
        self.arrange()
        return self.still

    def rows(self, stage: Stage, count: int) -> Rows:
        """How a batch is cut for a stage: images by the cache, features by the threads."""
        if stage.features or not self.image_rows:
            return cut(count, max(math.ceil(count / self.threads), MIN_FEATURE_ROWS))
        return cut(count, even_size(count, self.image_rows, self.threads, SLICE_ROWS))

    def cut(self, count: int) -> list[Rows]:
        """How a batch of `count` is cut for every stage; before them and after them it is whole."""
        if count not in self.cuts:
            whole = [slice(0, count)]
            self.cuts[count] = [whole, *(self.rows(stage, count) for stage in self.stages), whole]
        return self.cuts[count]

    def barrier(self, s: int, before: Rows, after: Rows) -> Barrier:
        """What lies before stage s, between a batch cut one way and another."""
        node = self.stages[s].barrier if s < len(self.stages) else None
        if node is None or node.layer is None:
            return Barrier(before, after)
        if isinstance(node.layer, BatchLayer) and node.layer.in_slices:
            return BatchBarrier(before, after, node, node.layer)
        return WholeBarrier(before, after, node, node.layer)

    def predict(self, x: Array) -> Array:
        """The output of the last layer, in prediction.

        Parameters
        ----------
        x : (N, *input_shape), admitted.

        Returns
        -------
        y : (N, *output_shape).
        """
        rows = self.rows(self.stages[0], len(x))
        outputs: list[Array] = [x[r] for r in rows]

        def work(thread: int, k: int) -> None:
            values = {0: outputs[k]}
            for node in self.nodes:
                run(node, values, train=False)
            (outputs[k],) = values.values()

        with blas_threads(self.blas_threads):
            share(work, len(rows), self.threads)
        return joined(outputs)

    def forward_backward(self, x: Array, labels: Array, loss: Objective) -> tuple[float, Array]:
        """∂L/∂parameter for every parameter, in `grads`; no gradient of the input.

        Parameters
        ----------
        x : (N, *input_shape), admitted.
        labels : what the loss takes.
        loss : for instance `SoftmaxCrossEntropy()`.

        Returns
        -------
        value : the loss, a float; if it is not finite, gradients and running statistics are left
            as they were.
        output : the last layer's, (N, *output_shape).
        """
        self.arrange()
        with blas_threads(self.blas_threads):
            batch = _Pass(self, x)
            output = batch.forward(x)
            value, seen = loss.compute(output, labels)
            if math.isfinite(value):
                dy = loss.gradient(seen)
                expect_shape(dy, output.shape, f"{type(loss).__name__}.gradient", "the output")
                batch.observe()
                batch.backward(dy)
        return value, output


def _all(layers: Sequence[Layer]) -> list[Layer]:
    """Every layer, the blocks and what is inside of them."""
    return [
        one
        for layer in layers
        for one in (layer, *(x for chain in layer.chains().values() for x in _all(chain)))
    ]


def _draws(layer: Layer) -> bool:
    """Whether a layer draws random numbers for a batch before it is cut."""
    return type(layer).draw_noise is not Layer.draw_noise and not layer.whole_batch


def _gives_vector(node: Node) -> bool:
    return node.layer is not None and len(node.layer.output_shape) == 1


class _Pass:
    """One batch on its way forward and back."""

    def __init__(self, engine: Engine, x: Array) -> None:
        self.engine, self.stages = engine, engine.stages
        cuts = pairwise(engine.cut(len(x)))
        self.barriers = [engine.barrier(s, *two) for s, two in enumerate(cuts)]
        self.caches: dict[Node, dict[int, Any]] = {node: {} for node in engine.nodes}
        self.noise = {
            node: layer.draw_noise((len(x), *layer.input_shape), x) for node, layer in engine.noisy
        }
        self.begun: list[set[str]] = [set() for _ in engine.buffers]  # gradients, by thread

    def forward(self, x: Array) -> Array:
        """The output of the last layer, (N, *output_shape)."""
        self.barriers[0].arrive(0, {0: x})
        self.barriers[0].settle()
        for s in range(len(self.stages)):
            self.share(self.forward_slice, s)
            self.barriers[s + 1].settle()
        (output,) = self.barriers[-1].leave(0).values()
        return output

    def forward_slice(self, s: int, thread: int, k: int) -> None:
        """Slice k through stage s."""
        values, rows = self.barriers[s].leave(k), self.barriers[s].after[k]
        for node in self.stages[s].nodes:
            noise = self.noise.get(node)
            part = None if noise is None else noise[rows]
            self.caches[node][k] = run(node, values, train=True, noise=part)
        self.barriers[s + 1].arrive(k, values)

    def share(self, work: Callable[[int, int, int], None], s: int) -> None:
        """Every slice of stage s, on all threads."""
        share(partial(work, s), len(self.barriers[s].after), self.engine.threads)

    def observe(self) -> None:
        """Moves the running statistics, once the loss is known to be finite."""
        for barrier in self.barriers:
            barrier.observe()

    def backward(self, dy: Array) -> None:
        """Every parameter's gradient, in `engine.grads`; no further than it is needed."""
        self.barriers[-1].arrive_back(0, {self.engine.nodes[-1].writes: dy})
        self.barriers[-1].settle_back()
        for s in reversed(range(len(self.stages))):
            self.share(self.backward_slice, s)
            node, follows = self.stages[s].barrier, self.stages[s].follows
            if follows or (node and node.learns):
                grads = self.barriers[s].settle_back()
                if node and node.learns:
                    self.add(0, node, grads)
            if not follows:
                break
        self.collect()

    def backward_slice(self, s: int, thread: int, k: int) -> None:
        """Slice k of the gradients back through stage s."""
        values = self.barriers[s + 1].leave_back(k)
        for node in reversed(self.stages[s].nodes):
            if node.writes not in values:
                continue
            dy = values.pop(node.writes)
            if node.layer is None:
                for place in node.reads:
                    add(values, place, dy)
            elif node.learns or node.passes:
                dx = self.back(node, node.layer, dy, self.caches[node].pop(k), thread)
                if node.passes:
                    add(values, node.reads[0], dx)
        barrier = self.stages[s].barrier
        if self.stages[s].follows or (barrier and barrier.learns):
            self.barriers[s].arrive_back(k, values)

    def back(self, node: Node, layer: Layer, dy: Array, cache: Any, thread: int) -> Array:
        """dx of one slice through one layer; its parameters' gradients are added up."""
        try:
            answer = layer.gradients(dy, cache, need_dx=node.passes)
        except Exception as error:
            error.add_note(f"It happened in layer {node.name}, {layer!r}, backward.")
            raise
        dx, grads = pair(answer, node, "gradients", "(dx, {name: gradient})")
        if node.learns:
            self.add(thread, node, grads)
        shape = (len(dy), *layer.input_shape)
        if node.passes and getattr(dx, "shape", None) != shape:
            expect_shape(dx, shape, f"layer {node.name}, {layer!r}: gradients", "its input")
        return dx

    def add(self, thread: int, node: Node, grads: dict[str, Array]) -> None:
        """Adds a slice's gradients of a layer to the thread's own."""
        assert node.layer is not None
        if grads.keys() != node.layer.params.keys():
            raise ValueError(
                f"layer {node.name}, {node.layer!r}: gradients gives {', '.join(grads) or 'none'}, "
                f"and the parameters are {', '.join(node.layer.params)}; give one for each"
            )
        for key, g in grads.items():
            name, buffer = f"{node.name}.{key}", self.engine.buffers[thread]
            total = buffer[name]
            if getattr(g, "shape", None) != total.shape:
                what = f"layer {node.name}, {node.layer!r}: the gradient of {key}"
                expect_shape(g, total.shape, what, key)
            if name in self.begun[thread]:
                total += g
            else:
                total[...] = g
                self.begun[thread].add(name)

    def collect(self) -> None:
        """Adds the threads' gradients up, in the engine's."""
        for name, total in self.engine.grads.items():
            if name not in self.begun[0]:
                total[...] = 0
            for buffer, begun in zip(self.engine.buffers[1:], self.begun[1:], strict=True):
                if name in begun:
                    total += buffer[name]
