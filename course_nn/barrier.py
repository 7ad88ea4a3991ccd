"""What happens between two stages: slices of a batch meet, and are cut anew.

The samples of a batch meet in batch norm, whose statistics are of all of them, and where images
become features, which are cut differently.
"""

from typing import Any

from .backend import Array
from .checks import joined
from .layers import BatchLayer, Layer
from .plan import Node, Values, add, expect_shape, take

Rows = list[slice]


class Barrier:
    """Between two stages: every slice arrives, all are settled, every slice leaves.

    Here slices are only joined and cut anew, if they have to be. On the way back the same happens
    from `after` to `before`.

    Parameters
    ----------
    before, after : how the batch is cut on either side.
    """

    def __init__(self, before: Rows, after: Rows) -> None:
        self.before, self.after, self.recuts = before, after, before != after
        self.slices: dict[int, Values] = {}

    def arrive(self, k: int, values: Values) -> None:
        """Slice k comes from the stage before; called by its thread."""
        self.slices[k] = values

    def settle(self) -> None:
        """All have arrived."""
        self.recut(self.after)

    def leave(self, k: int) -> Values:
        """Slice k of the stage after; called by its thread."""
        return self.slices.pop(k)

    def arrive_back(self, k: int, values: Values) -> None:
        """Slice k of the gradients comes from the stage after; called by its thread."""
        self.slices[k] = values

    def settle_back(self) -> dict[str, Array]:
        """All gradients have arrived; returns those of the parameters, if the barrier has any."""
        self.recut(self.before)
        return {}

    def leave_back(self, k: int) -> Values:
        """Slice k of the gradients for the stage before; called by its thread."""
        return self.slices.pop(k)

    def observe(self) -> None:
        """Moves running statistics by this batch's."""

    def whole(self, place: int) -> Array:
        """The batch at a place, in one piece."""
        return joined([self.slices[k][place] for k in sorted(self.slices)])

    def drop(self, place: int) -> None:
        """Nobody needs the batch at this place any more."""
        for values in self.slices.values():
            del values[place]

    def spread(self, place: int, batch: Array, rows: Rows) -> None:
        """Cuts a batch at a place into slices."""
        for k, r in enumerate(rows):
            self.slices[k][place] = batch[r]

    def recut(self, new: Rows) -> None:
        """The same batch in other slices: joined only if it has to be."""
        if self.recuts:
            batches = {place: self.whole(place) for place in self.slices[0]}
            self.slices = {k: {} for k in range(len(new))}
            for place, batch in batches.items():
                self.spread(place, batch, new)


class WholeBarrier(Barrier):
    """A layer that takes a batch whole."""

    def __init__(self, before: Rows, after: Rows, node: Node, layer: Layer) -> None:
        super().__init__(before, after)
        self.node, self.layer = node, layer
        self.cache: Any = None

    def settle(self) -> None:
        (place,) = self.node.reads
        y, self.cache = self.layer.compute(self.whole(place), train=True)
        if place in self.node.last:
            self.drop(place)
        super().settle()
        self.spread(self.node.writes, y, self.after)

    def settle_back(self) -> dict[str, Array]:
        dx, grads = self.layer.gradients(self.whole(self.node.writes), self.cache)
        self.drop(self.node.writes)
        super().settle_back()
        if self.node.passes:
            (place,), shape = self.node.reads, (self.before[-1].stop, *self.layer.input_shape)
            expect_shape(dx, shape, f"layer {self.node.name}, {self.layer!r}: gradients", "x")
            for k, r in enumerate(self.before):
                add(self.slices[k], place, dx[r])  # type: ignore[index]
        return grads

    def observe(self) -> None:
        if self.layer.trainable:
            self.layer.observe(self.cache)


class BatchBarrier(Barrier):
    """A layer whose slices bring summaries, and leave by the statistics of the batch.

    What a slice brings is computed when it arrives, and what it takes along when it leaves, by the
    thread in whose cache it lies.
    """

    def __init__(self, before: Rows, after: Rows, node: Node, layer: BatchLayer) -> None:
        super().__init__(before, after)
        self.node, self.layer, self.reads = node, layer, node.reads[0]
        self.summaries: dict[int, Any] = {}
        self.caches: dict[int, Any] = {}
        self.grads: dict[str, Array] = {}

    def arrive(self, k: int, values: Values) -> None:
        self.summaries[k] = self.layer.summarise(values[self.reads])
        super().arrive(k, values)

    def settle(self) -> None:
        self.statistics = self.layer.merge([self.summaries[k] for k in sorted(self.summaries)])
        self.summaries = {}
        super().settle()

    def leave(self, k: int) -> Values:
        values = super().leave(k)
        x = take(values, self.reads, self.node)
        values[self.node.writes], self.caches[k] = self.layer.apply(x, self.statistics)
        return values

    def arrive_back(self, k: int, values: Values) -> None:
        if self.node.writes in values:
            self.summaries[k] = self.layer.summarise_back(values[self.node.writes], self.caches[k])
        super().arrive_back(k, values)

    def settle_back(self) -> dict[str, Array]:
        parts = [self.summaries[k] for k in sorted(self.summaries)]
        for name in parts[0] if parts else ():
            self.grads[name] = sum((p[name] for p in parts[1:]), parts[0][name])
        if self.recuts:  # the caches are of the slices after
            self.slices = {k: self.apply_back(k) for k in sorted(self.slices)}
        super().settle_back()
        return self.grads

    def leave_back(self, k: int) -> Values:
        return super().leave_back(k) if self.recuts else self.apply_back(k)

    def apply_back(self, k: int) -> Values:
        """Slice k of the gradients, with dx in the place of dy."""
        values, cache = self.slices.pop(k), self.caches.pop(k)
        dy = values.pop(self.node.writes, None)
        if dy is not None and self.node.passes:
            add(values, self.reads, self.layer.apply_back(dy, cache, self.grads))
        return values

    def observe(self) -> None:
        self.layer.remember(self.statistics)
