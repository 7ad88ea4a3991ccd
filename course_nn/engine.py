"""How a batch goes through a model: in slices that fit the cache, on several threads.

A layer's output is read again at once by the next layer. Taken whole, a batch's output travels to
main memory and back in between; taken in slices, it is still in the cache. So the layers are
grouped into stages, a stage is run slice by slice, and each thread takes its share of the slices.
Between two stages the slices meet: in batch norm, whose statistics are of the whole batch, and
where images become features, which are cut differently. BLAS runs on one thread meanwhile: the
threads are ours.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from . import ops
from .backend import Array, array_module
from .checks import cut, even_size
from .layers import BatchNorm, Layer
from .losses import Loss
from .threads import blas_threads, keep_freed_memory, share

if TYPE_CHECKING:
    from .model import Sequential

SLICE_BYTES = 1 << 22  # what a slice of images may occupy in its widest layer
SLICE_ROWS = 16  # its size is a multiple: the batch lies innermost, and whole vectors are faster
MIN_FEATURE_ROWS = 32  # a product of fewer rows wastes more than a second thread brings
Rows = list[slice]


# -- stages: where a model may be cut --------------------------------------------------------------


@dataclass
class Stage:
    """Layers, by their index in the model, that a slice passes without meeting another.

    `meeting` is the layer before them in which the samples of a batch meet, if there is one;
    `features` says whether samples are vectors (D,) here, not images (C, H, W).
    """

    meeting: int | None
    features: bool
    layers: list[int] = field(default_factory=list)

    @property
    def start(self) -> int:
        """The first layer that belongs to this stage, the meeting included.

        >>> Stage(meeting=2, features=True, layers=[3]).start
        2
        """
        return self.layers[0] if self.meeting is None else self.meeting


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
    stages: list[Stage] = []
    for i, layer in enumerate(layers):
        features = len(layer.input_shape) == 1
        if layer.whole_batch:
            stages.append(Stage(i, features))
            continue
        if not stages or features != stages[-1].features:
            stages.append(Stage(None, features))
        stages[-1].layers.append(i)
    return stages


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


# -- meetings: what happens between two stages -----------------------------------------------------


class Meeting:
    """Between two stages: every slice arrives, all are settled, every slice leaves.

    Here slices are only joined and cut anew, if they have to be. On the way back the same happens
    from `after` to `before`.

    Parameters
    ----------
    before, after : how the batch is cut on either side.
    """

    def __init__(self, before: Rows, after: Rows) -> None:
        self.before, self.after = before, after
        self.parts: dict[int, Array] = {}

    def arrive(self, k: int, y: Array) -> None:
        """Slice k comes from the stage before; called by its thread."""
        self.parts[k] = y

    def settle(self) -> None:
        """All have arrived."""
        self.recut(self.before, self.after)

    def leave(self, k: int) -> Array:
        """Slice k of the stage after; called by its thread."""
        return self.parts.pop(k)

    def arrive_back(self, k: int, dy: Array) -> None:
        """Slice k of the gradient comes from the stage after; called by its thread."""
        self.parts[k] = dy

    def settle_back(self) -> dict[str, Array]:
        """All gradients have arrived; returns those of the parameters, if the meeting has any."""
        self.recut(self.after, self.before)
        return {}

    def leave_back(self, k: int) -> Array:
        """Slice k of the gradient for the stage before; called by its thread."""
        return self.parts.pop(k)

    def observe(self) -> None:
        """Moves running statistics by this batch's."""

    def whole(self) -> Array:
        """The batch in one piece."""
        parts = [self.parts.pop(k) for k in sorted(self.parts)]
        return parts[0] if len(parts) == 1 else array_module(*parts).concatenate(parts)

    def spread(self, batch: Array, rows: Rows) -> None:
        """Cuts a batch into parts."""
        self.parts = {k: batch[r] for k, r in enumerate(rows)}

    def recut(self, old: Rows, new: Rows) -> None:
        """The same batch in other slices: joined only if it has to be."""
        if old != new:
            self.spread(self.whole(), new)


class WholeMeeting(Meeting):
    """A layer that takes a batch whole."""

    def __init__(self, before: Rows, after: Rows, layer: Layer) -> None:
        super().__init__(before, after)
        self.layer = layer
        self.cache: Any = None

    def settle(self) -> None:
        y, self.cache = self.layer.compute(self.whole(), train=True)
        self.spread(y, self.after)

    def settle_back(self) -> dict[str, Array]:
        dx, grads = self.layer.gradients(self.whole(), self.cache)
        self.spread(dx, self.before)
        return grads

    def observe(self) -> None:
        self.layer.observe(self.cache)


class NormMeeting(Meeting):
    """A batch norm: slices bring their moments, and leave normalised by those of the batch.

    What a slice brings is computed when it arrives, and what it takes along when it leaves, by the
    thread in whose cache it lies.
    """

    def __init__(self, before: Rows, after: Rows, layer: BatchNorm) -> None:
        super().__init__(before, after)
        self.layer = layer
        self.moments: dict[int, ops.Moments] = {}
        self.sums: dict[int, tuple[Array, Array]] = {}
        self.caches: dict[int, Any] = {}

    def arrive(self, k: int, y: Array) -> None:
        super().arrive(k, y)
        self.moments[k] = ops.moments(y)

    def settle(self) -> None:
        super().settle()
        self.of_all = ops.merge_moments([self.moments[k] for k in sorted(self.moments)])

    def leave(self, k: int) -> Array:
        y, self.caches[k] = self.layer.apply(super().leave(k), self.of_all)
        return y

    def arrive_back(self, k: int, dy: Array) -> None:
        super().arrive_back(k, dy)
        self.sums[k] = ops.batch_norm_sums(dy, self.caches[k])

    def settle_back(self) -> dict[str, Array]:
        dgammas, dbetas = zip(*(self.sums[k] for k in sorted(self.sums)), strict=True)
        self.dgamma, self.dbeta = sum(dgammas), sum(dbetas)
        if self.before != self.after:  # the caches are of the slices after
            self.parts = {k: self.input_gradient(k) for k in list(self.parts)}
            super().settle_back()
        return {"gamma": self.dgamma, "beta": self.dbeta}

    def leave_back(self, k: int) -> Array:
        return self.input_gradient(k) if self.before == self.after else self.parts.pop(k)

    def input_gradient(self, k: int) -> Array:
        """∂L/∂x of slice k, with the sums of the whole batch."""
        dy, cache = self.parts.pop(k), self.caches.pop(k)
        return ops.batch_norm_backward(dy, cache, (self.dgamma, self.dbeta))[0]

    def observe(self) -> None:
        self.layer.observe_statistics(self.of_all)


# -- the engine ------------------------------------------------------------------------------------


class Engine:
    """Runs the layers of one built model.

    Parameters
    ----------
    model : built; its layers, parameters and gradients are used in place.
    threads : on the CPU; the GPU has its own parallelism, and takes a batch whole.

    Examples
    --------
    >>> import course_nn as nn
    >>> model = nn.Sequential([nn.Dense(1, init=nn.init.zeros)])
    >>> _ = model.build((2,), rng=np.random.default_rng(0))
    >>> x, t = np.ones((4, 2), np.float32), np.ones((4, 1), np.float32)
    >>> Engine(model, threads=1).forward_backward(x, t, nn.MeanSquaredError())[0]
    1.0
    >>> model.grads["0.b"]
    array([-2.], dtype=float32)
    """

    def __init__(self, model: "Sequential", threads: int) -> None:
        keep_freed_memory()
        self.layers, self.grads = model.layers, model.grads
        images = [layer for layer in model.layers if len(layer.output_shape) > 1]
        # features alone are a few large products, which BLAS shares out better than slices would
        ours = bool(images) and model.xp is np
        self.threads, self.blas_threads = (threads, 1) if ours else (1, threads)
        self.buffers = [model.grads, *(model.grads.like() for _ in range(1, self.threads))]
        self.stages = stages_of(model.layers)
        self.image_rows = image_rows(images) if images and model.xp is np else 0
        with_parameters = [i for i, layer in enumerate(model.layers) if layer.params]
        self.first = with_parameters[0] if with_parameters else len(model.layers)

    def rows(self, stage: Stage, count: int) -> Rows:
        """How a batch is cut for a stage: images by the cache, features by the threads."""
        if stage.features or not self.image_rows:
            return cut(count, max(math.ceil(count / self.threads), MIN_FEATURE_ROWS))
        return cut(count, even_size(count, self.image_rows, self.threads, SLICE_ROWS))

    def meeting(self, s: int, count: int) -> Meeting:
        """What lies before stage s, for a batch of `count`.

        Before the first stage and after the last one, that is the batch itself.
        """
        whole = [slice(0, count)]
        before = self.rows(self.stages[s - 1], count) if s else whole
        if s == len(self.stages):
            return Meeting(before, whole)
        after, index = self.rows(self.stages[s], count), self.stages[s].meeting
        if index is None:
            return Meeting(before, after)
        layer = self.layers[index]
        if type(layer) is BatchNorm:  # a subclass may compute otherwise: it gets the batch whole
            return NormMeeting(before, after, layer)
        return WholeMeeting(before, after, layer)

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
        outputs: list[Array] = [x[r] for r in rows]

        def work(thread: int, k: int) -> None:
            for layer in self.layers:
                outputs[k], _ = layer.compute(outputs[k], train=False)

        with blas_threads(self.blas_threads):
            share(work, len(rows), self.threads)
        return array_module(x).concatenate(outputs)

    def forward_backward(self, x: Array, labels: Array, loss: Loss) -> tuple[float, Array]:
        """∂L/∂parameter for every parameter, in the model's `grads`; no gradient of the input.

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
        with blas_threads(self.blas_threads):
            journey = _Journey(self, x)
            output = journey.forward(x)
            value, seen = loss.compute(output, labels)
            if math.isfinite(value):
                journey.observe()
                journey.backward(loss.gradient(seen))
        return value, output


class _Journey:
    """One batch on its way forward and back."""

    def __init__(self, engine: Engine, x: Array) -> None:
        self.engine, self.layers, self.stages = engine, engine.layers, engine.stages
        self.meetings = [engine.meeting(s, len(x)) for s in range(len(self.stages) + 1)]
        self.caches: list[dict[int, Any]] = [{} for _ in self.layers]  # of each layer, by slice
        self.noise = [
            layer.draw_noise((len(x), *layer.input_shape), x) if not layer.whole_batch else None
            for layer in self.layers
        ]
        self.begun: list[set[str]] = [set() for _ in engine.buffers]  # gradients, by thread

    def forward(self, x: Array) -> Array:
        """The model's output, (N, *output_shape)."""
        self.meetings[0].arrive(0, x)
        self.meetings[0].settle()
        for s in range(len(self.stages)):
            self.share(self.forward_slice, s)
            self.meetings[s + 1].settle()
        return self.meetings[-1].leave(0)

    def forward_slice(self, s: int, thread: int, k: int) -> None:
        """Slice k through stage s."""
        y, rows = self.meetings[s].leave(k), self.meetings[s].after[k]
        for i in self.stages[s].layers:
            noise = self.noise[i]
            part = None if noise is None else noise[rows]
            y, self.caches[i][k] = self.layers[i].compute(y, True, part)
        self.meetings[s + 1].arrive(k, y)

    def share(self, work: Callable[[int, int, int], None], s: int) -> None:
        """Every slice of stage s, on all threads."""
        share(partial(work, s), len(self.meetings[s].after), self.engine.threads)

    def observe(self) -> None:
        """Moves the running statistics, once the loss is known to be finite."""
        for meeting in self.meetings:
            meeting.observe()

    def backward(self, dy: Array) -> None:
        """Every parameter's gradient, in `engine.grads`; no further than the first parameter."""
        self.meetings[-1].arrive_back(0, dy)
        self.meetings[-1].settle_back()
        for s in reversed(range(len(self.stages))):
            self.share(self.backward_slice, s)
            if self.goes_on(s):
                self.add(0, self.stages[s].start, self.meetings[s].settle_back())
            if self.stages[s].start <= self.engine.first:
                break
        self.collect()

    def goes_on(self, s: int) -> bool:
        """Whether the meeting before stage s has to see the gradient: for itself or for others."""
        stage, first = self.stages[s], self.engine.first
        return stage.start > first or stage.meeting == first

    def backward_slice(self, s: int, thread: int, k: int) -> None:
        """Slice k of the gradient back through stage s."""
        d, first = self.meetings[s + 1].leave_back(k), self.engine.first
        for i in reversed(self.stages[s].layers):
            if i < first:
                break
            d, grads = self.layers[i].gradients(d, self.caches[i].pop(k), need_dx=i > first)
            self.add(thread, i, grads)
        if self.goes_on(s):
            self.meetings[s].arrive_back(k, d)

    def add(self, thread: int, i: int, grads: dict[str, Array]) -> None:
        """Adds a slice's gradients of layer i to the thread's own."""
        for key, g in grads.items():
            name, buffer = f"{i}.{key}", self.engine.buffers[thread]
            if name in self.begun[thread]:
                total = buffer[name]
                total += g
            else:
                buffer[name][...] = g
                self.begun[thread].add(name)

    def collect(self) -> None:
        """Adds the threads' gradients up, in the model's."""
        for name, total in self.engine.grads.items():
            if name not in self.begun[0]:
                total[...] = 0
            for buffer, begun in zip(self.engine.buffers[1:], self.begun[1:], strict=True):
                if name in begun:
                    total += buffer[name]
