"""How a batch goes through a model: in slices that fit the cache, through several layers at a time, on several threads.

A layer's output is read again at once by the next layer. Taken whole, a batch's output travels to main memory and back in
between; taken in slices, it is still in the cache. So the layers are grouped into stages, a stage is run slice by slice, and
each thread takes its share of the slices. Slices meet only where samples do: in batch norm, whose statistics are of the whole
batch, and in the gradients of the parameters, which are sums over the samples. BLAS runs on one thread: the threads are ours.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import ops
from .backend import Array, array_module
from .layers import BatchNorm, Layer
from .losses import Loss
from .parallel import cut, even_size, keep_freed_memory, share, single_threaded_blas

if TYPE_CHECKING:
    from .model import Sequential

SLICE_BYTES = 1 << 22  # what a slice of images may occupy in its widest layer
SLICE_ROWS = 16  # a slice is a multiple of this: the batch lies innermost, and whole vectors are read faster
MIN_FEATURE_ROWS = 32  # a matrix product of fewer rows wastes more than a second thread brings
# -- stages ----------------------------------------------------------------------------------------------------------


@dataclass
class Stage:
    """Layers, by their index in the model, that a slice passes without meeting another.

    `meeting` is the layer before them in which the samples of a batch meet, if there is one; `features` says whether samples
    are vectors (D,) here, not images (C, H, W).
    """

    meeting: int | None
    features: bool
    layers: list[int] = field(default_factory=list)


def stages_of(layers: Sequence[Layer]) -> list[Stage]:
    """Cuts a model where samples meet, and where images become features.

    >>> from course_nn.layers import Dense, Flatten, ReLU
    >>> model = [Flatten(), Dense(4), BatchNorm(), ReLU()]
    >>> shape = (1, 2, 2)
    >>> for layer in model:
    ...     shape = layer.build(shape, rng=np.random.default_rng(0))
    >>> for stage in stages_of(model):
    ...     print(stage)
    Stage(meeting=None, features=False, layers=[0])
    Stage(meeting=None, features=True, layers=[1])
    Stage(meeting=2, features=True, layers=[3])
    """
    stages = [Stage(None, len(layers[0].input_shape) == 1)]
    for i, layer in enumerate(layers):
        features = len(layer.input_shape) == 1
        if layer.whole_batch:
            stages.append(Stage(i, features))
            continue
        if features != stages[-1].features:
            stages.append(Stage(None, features))
        stages[-1].layers.append(i)
    return stages


def image_rows(layers: Sequence[Layer]) -> int:
    """How many images make a slice: as many as fit the cache with the input and the output of the widest layer."""
    sizes = [(math.prod(layer.input_shape) + math.prod(layer.output_shape)) * 4 for layer in layers]
    return max(SLICE_BYTES // max(sizes), SLICE_ROWS)


def regroup(slices: list[Array], rows: list[slice]) -> list[Array]:
    """The same batch in other slices: joined only if it has to be.

    >>> regroup([np.arange(2), np.arange(2, 4)], cut(4, 4))
    [array([0, 1, 2, 3])]
    """
    if [len(s) for s in slices] == [r.stop - r.start for r in rows]:
        return slices
    whole = array_module(*slices).concatenate(slices) if len(slices) > 1 else slices[0]
    return [whole[r] for r in rows]


# -- the engine ------------------------------------------------------------------------------------------------------


class Engine:
    """Runs the layers of one built model.

    Parameters
    ----------
    model : built; its layers, parameters and gradients are used in place.
    threads : on the CPU; the GPU has its own parallelism, and takes a batch whole.
    """

    def __init__(self, model: "Sequential", threads: int) -> None:
        self.layers, self.grads = model.layers, model.grads
        self.threads = threads if model.xp is np else 1
        keep_freed_memory()
        self.stages = stages_of(model.layers)
        self.buffers = [model.grads, *(model.grads.like() for _ in range(1, self.threads))]
        images = [layer for layer in model.layers if len(layer.input_shape) != 1]
        self.image_rows = image_rows(images) if images and model.xp is np else None
        self.first = next((i for i, layer in enumerate(model.layers) if layer.params), len(model.layers))

    def rows(self, stage: Stage, count: int) -> list[slice]:
        """How a batch is cut for a stage: images by the cache, features by the threads."""
        if stage.features or self.image_rows is None:
            return cut(count, max(math.ceil(count / self.threads), MIN_FEATURE_ROWS))
        return cut(count, even_size(count, self.image_rows, self.threads, SLICE_ROWS))

    def infer(self, x: Array) -> Array:
        """The output of the last layer, in prediction.

        Parameters
        ----------
        x : (N, *input_shape), admitted.

        Returns
        -------
        y : (N, *output_shape).
        """
        rows = self.rows(self.stages[0], len(x))
        outputs: list[Any] = [x[r] for r in rows]

        def work(thread: int, k: int) -> None:
            for layer in self.layers:
                outputs[k], _ = layer.compute(outputs[k], train=False)

        with single_threaded_blas():
            share(work, len(rows), self.threads)
        return array_module(x).concatenate(outputs)

    def forward_backward(self, x: Array, labels: Array, loss: Loss) -> tuple[float, Array]:
        """∂L/∂parameter for every parameter, in the model's `grads`; no gradient of the input, since nothing needs it.

        Parameters
        ----------
        x : (N, *input_shape), admitted.
        labels : what the loss takes.
        loss : for instance `SoftmaxCrossEntropy()`.

        Returns
        -------
        value : the loss, a float; if it is not finite, gradients and running statistics are left as they were.
        output : the last layer's, (N, *output_shape).
        """
        with single_threaded_blas():
            journey = _Journey(self, len(x))
            y = journey.forward(x)
            value, seen = loss.compute(y, labels)
            if math.isfinite(value):
                journey.observe()
                journey.backward(loss.gradient(seen))
        return value, y


class _Journey:
    """One batch on its way forward and back: the caches of every layer and slice."""

    def __init__(self, engine: Engine, count: int) -> None:
        self.engine, self.layers, self.stages, self.count = engine, engine.layers, engine.stages, count
        self.rows = [engine.rows(stage, count) for stage in self.stages]
        self.caches: list[dict[int, Any]] = [{} for _ in self.layers]  # of each layer, by slice
        self.statistics: dict[int, tuple[Array, Array, int]] = {}  # of each batch norm
        self.written: list[set[str]] = [set() for _ in engine.buffers]  # the gradients that each thread has begun

    def norm(self, s: int) -> BatchNorm | None:
        """The batch norm in which stage s meets, if that is where it does."""
        meeting = self.stages[s].meeting if s < len(self.stages) else None
        layer = None if meeting is None else self.layers[meeting]
        return layer if type(layer) is BatchNorm else None  # a subclass may have a backward pass of its own

    # -- forward -----------------------------------------------------------------------------------------------------

    def forward(self, x: Array) -> Array:
        slices, moments = [x], {}
        for s, stage in enumerate(self.stages):
            if stage.meeting is not None and self.norm(s) is None:
                slices = [self.meet(stage.meeting, slices)]
            elif self.norm(s):
                self.statistics[stage.meeting] = ops.merge_moments(*zip(*(moments[k] for k in sorted(moments)), strict=True))
            slices, moments = self.forward_stage(s, regroup(slices, self.rows[s]))
        return array_module(*slices).concatenate(slices) if len(slices) > 1 else slices[0]

    def meet(self, i: int, slices: list[Array]) -> Array:
        """A layer that takes the batch whole."""
        y, self.caches[i][0] = self.layers[i].compute(regroup(slices, [slice(0, self.count)])[0], train=True)
        return y

    def forward_stage(self, s: int, slices: list[Array]) -> tuple[list[Array], dict[int, tuple]]:
        """Every slice through a stage; and, if a batch norm follows, every slice's moments while they are in the cache."""
        stage, norm, following = self.stages[s], self.norm(s), self.norm(s + 1)
        noise = {i: layer.draw_noise((self.count, *layer.input_shape), slices[0])
                 for i, layer in ((i, self.layers[i]) for i in stage.layers)}
        outputs, moments = list(slices), {}

        def work(thread: int, k: int) -> None:
            y = slices[k]
            if norm:
                y, self.caches[stage.meeting][k] = norm.apply(y, *self.statistics[stage.meeting][:2])
            for i in stage.layers:
                part = None if noise[i] is None else noise[i][self.rows[s][k]]
                y, self.caches[i][k] = self.layers[i].compute(y, True, part)
            if following:
                moments[k] = (*ops.moments(y), y.size // y.shape[1])
            outputs[k] = y

        share(work, len(slices), self.engine.threads)
        return outputs, moments

    def observe(self) -> None:
        """Moves the running statistics, once the loss is known to be finite."""
        for i, statistics in self.statistics.items():
            self.layers[i].observe_statistics(*statistics)
        for stage in self.stages:
            if stage.meeting is not None and stage.meeting not in self.statistics:
                self.layers[stage.meeting].observe(self.caches[stage.meeting][0])

    # -- backward ----------------------------------------------------------------------------------------------------

    def backward(self, dy: Array) -> None:
        slices, sums = [dy], None
        for s in reversed(range(len(self.stages))):
            stage = self.stages[s]
            if all(i < self.engine.first for i in (*stage.layers, *([stage.meeting] if stage.meeting is not None else []))):
                break  # nothing before here has parameters
            slices, sums = self.backward_stage(s, regroup(slices, self.rows[s]), sums)
            if sums:
                sums = tuple(sum(parts) for parts in zip(*(sums[k] for k in sorted(sums)), strict=True))
                self.add(0, stage.meeting, {"gamma": sums[0], "beta": sums[1]})
            elif stage.meeting is not None and stage.meeting >= self.engine.first:
                d = regroup(slices, [slice(0, self.count)])[0]
                d, grads = self.layers[stage.meeting].gradients(d, self.caches[stage.meeting][0])
                self.add(0, stage.meeting, grads)
                slices = [d]
        self.collect()

    def backward_stage(self, s: int, slices: list[Array], sums: tuple | None) -> tuple[list[Array], dict[int, tuple]]:
        """Every slice back through a stage: first through the batch norm that followed it, whose sums over the batch are known
        by now; at the end, if the stage begins with a batch norm, every slice's share of that one's sums."""
        stage, norm, first = self.stages[s], self.norm(s), self.engine.first
        outputs, own_sums = list(slices), {}

        def work(thread: int, k: int) -> None:
            d = slices[k]
            if sums:
                following = self.stages[s + 1].meeting
                count = self.statistics[following][2]
                d = ops.batch_norm_input_gradient(d, self.caches[following].pop(k), *sums, count)
            for i in reversed(stage.layers):
                if i >= first:
                    d, grads = self.layers[i].gradients(d, self.caches[i].pop(k), need_dx=i > first)
                    self.add(thread, i, grads)
            if norm:
                own_sums[k] = ops.batch_norm_sums(d, self.caches[stage.meeting][k])
            outputs[k] = d

        if any(i >= first for i in stage.layers) or norm:
            share(work, len(slices), self.engine.threads)
        return outputs, own_sums

    def add(self, thread: int, i: int, grads: dict[str, Array]) -> None:
        """Adds a slice's gradients of layer i to the thread's own."""
        for key, g in grads.items():
            name, buffer = f"{i}.{key}", self.engine.buffers[thread]
            if name in self.written[thread]:
                total = buffer[name]
                total += g
            else:
                buffer[name][...] = g
                self.written[thread].add(name)

    def collect(self) -> None:
        """Adds the threads' gradients up, in the model's."""
        grads = self.engine.grads
        for name, total in grads.items():
            if name not in self.written[0]:
                total[...] = 0
            for buffer, written in zip(self.engine.buffers[1:], self.written[1:], strict=True):
                if name in written:
                    total += buffer[name]
