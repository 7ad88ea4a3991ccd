"""Barriers: however a batch is cut before and after, every layer sees what it would see whole."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

import course_nn as nn
from course_nn.barrier import Barrier, BatchBarrier, WholeBarrier
from course_nn.checks import cut
from course_nn.plan import Node

N, D = 7, 3
CUTS = {"whole": cut(N, N), "4 + 3": cut(N, 4), "one by one": cut(N, 1)}
BOTH = pytest.mark.parametrize(
    ("before", "after"),
    [pytest.param(CUTS[a], CUTS[b], id=f"{a} to {b}") for a, b in product(CUTS, CUTS)],
)


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def forward(barrier: Barrier, values: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """All values through a barrier; the slices arrive from the last to the first."""
    for k in reversed(range(len(barrier.before))):
        barrier.arrive(k, {place: a[barrier.before[k]] for place, a in values.items()})
    barrier.settle()
    left = [barrier.leave(k) for k in range(len(barrier.after))]
    return {place: np.concatenate([v[place] for v in left]) for place in left[0]}


def back(
    barrier: Barrier, values: dict[int, np.ndarray]
) -> tuple[dict[int, np.ndarray], dict[str, np.ndarray]]:
    """All gradients back through a barrier, and those of its parameters."""
    for k in reversed(range(len(barrier.after))):
        barrier.arrive_back(k, {place: a[barrier.after[k]] for place, a in values.items()})
    grads = barrier.settle_back()
    left = [barrier.leave_back(k) for k in range(len(barrier.before))]
    return {place: np.concatenate([v[place] for v in left]) for place in left[0]}, grads


# -- slices that are only cut anew -----------------------------------------------------------------


@BOTH
def test_slices_are_cut_anew_both_ways(before: list[slice], after: list[slice]) -> None:
    barrier, values = Barrier(before, after), {2: normal(1, N, D), 5: normal(2, N, 2, 2)}
    for there in (forward(barrier, values), back(barrier, values)[0]):
        assert there.keys() == values.keys()
        for place, batch in values.items():
            np.testing.assert_array_equal(there[place], batch)
    assert back(barrier, values)[1] == {}
    assert barrier.slices == {}


@BOTH
def test_every_slice_leaves_with_its_own_rows(before: list[slice], after: list[slice]) -> None:
    barrier, x = Barrier(before, after), normal(1, N, D)
    for k, rows in enumerate(before):
        barrier.arrive(k, {0: x[rows]})
    barrier.settle()
    for k, rows in enumerate(after):
        np.testing.assert_array_equal(barrier.leave(k)[0], x[rows])


def test_what_is_cut_alike_is_not_copied() -> None:
    barrier, x = Barrier(cut(N, 4), cut(N, 4)), normal(1, N, D)
    slices = [x[rows] for rows in barrier.before]
    for k, part in enumerate(slices):
        barrier.arrive(k, {0: part})
    barrier.settle()
    assert all(barrier.leave(k)[0] is part for k, part in enumerate(slices))
    for k, part in enumerate(slices):
        barrier.arrive_back(k, {0: part})
    barrier.settle_back()
    assert all(barrier.leave_back(k)[0] is part for k, part in enumerate(slices))


# -- layers in which samples meet ------------------------------------------------------------------


class Centred(nn.Layer):
    """y = w ⊙ (x − mean over the batch), by the batch as a whole."""

    whole_batch = True

    def draw(self, rng):
        return {"w": rng.standard_normal(self.input_shape)}

    def initial_state(self):
        return {"mean": np.zeros(self.input_shape)}

    def compute(self, x, train, noise=None):
        centred = x - x.mean(axis=0)
        return self.params["w"] * centred, (centred, x.mean(axis=0))

    def gradients(self, dy, cache, need_dx=True):
        d = self.params["w"] * dy
        return d - d.mean(axis=0), {"w": (dy * cache[0]).sum(axis=0)}

    def observe(self, cache):
        self.state["mean"] += cache[1]


KINDS = [(Centred, WholeBarrier), (nn.BatchNorm, BatchBarrier)]
OF_BOTH_KINDS = pytest.mark.parametrize(("kind", "barrier_kind"), KINDS)


def made(kind: Callable[[], nn.Layer]) -> nn.Layer:
    layer = kind()
    layer.build((D,), rng=np.random.default_rng(0), dtype=np.float64)
    for i, p in enumerate(layer.params.values()):
        p += normal(i, *p.shape)
    return layer


def node(layer: nn.Layer, *, passes: bool = True, last: tuple[int, ...] = (0,)) -> Node:
    """The layer reads place 0 and writes place 1."""
    return Node("2", layer, (0,), 1, passes=passes, last=last)


@OF_BOTH_KINDS
@BOTH
def test_a_batch_in_slices_is_what_it_is_whole(kind, barrier_kind, before, after) -> None:
    layer, twin = made(kind), made(kind)
    barrier = barrier_kind(before, after, node(layer), layer)
    x, dy = normal(5, N, D), normal(6, N, D)
    y, cache = twin.compute(x, True)
    dx, grads = twin.gradients(dy, cache)
    twin.observe(cache)

    there = forward(barrier, {0: x})
    assert list(there) == [1]  # nobody reads place 0 any more
    np.testing.assert_allclose(there[1], y, rtol=1e-12, atol=1e-13)
    returned, found = back(barrier, {1: dy})
    assert list(returned) == [0]
    np.testing.assert_allclose(returned[0], dx, rtol=1e-11, atol=1e-13)
    assert found.keys() == grads.keys()
    for name, g in grads.items():
        np.testing.assert_allclose(found[name], g, rtol=1e-12, atol=1e-13)
    barrier.observe()
    for name, a in twin.state.items():
        np.testing.assert_allclose(layer.state[name], a, rtol=1e-12)


@OF_BOTH_KINDS
@BOTH
def test_what_another_reads_too_stays_and_its_gradient_is_added(
    kind, barrier_kind, before, after
) -> None:
    """As before a residual block, whose shortcut reads what the norm reads."""
    layer = made(kind)
    barrier = barrier_kind(before, after, node(layer, last=()), layer)
    x, dy, other = normal(5, N, D), normal(6, N, D), normal(7, N, D)
    there = forward(barrier, {0: x})
    np.testing.assert_array_equal(there[0], x)
    alone = layer.gradients(dy, layer.compute(x, True)[1])[0]
    returned, _ = back(barrier, {0: other, 1: dy})
    np.testing.assert_allclose(returned[0], other + alone, rtol=1e-11, atol=1e-13)


@OF_BOTH_KINDS
@BOTH
def test_no_gradient_goes_where_nothing_learns(kind, barrier_kind, before, after) -> None:
    layer = made(kind)
    barrier = barrier_kind(before, after, node(layer, passes=False), layer)
    forward(barrier, {0: normal(5, N, D)})
    for k in range(len(after)):
        barrier.arrive_back(k, {1: normal(6, N, D)[after[k]]})
    assert barrier.settle_back().keys() == layer.params.keys()
    assert [barrier.leave_back(k) for k in range(len(before))] == [{}] * len(before)


def test_frozen_statistics_of_a_whole_batch_do_not_move() -> None:
    layer = made(Centred)
    layer.trainable = False
    barrier = WholeBarrier(cut(N, 4), cut(N, 4), node(layer), layer)
    forward(barrier, {0: normal(5, N, D)})
    barrier.observe()
    assert not layer.state["mean"].any()


def test_a_gradient_of_another_shape_is_said_with_its_layer() -> None:
    class Wrong(Centred):
        def gradients(self, dy, cache, need_dx=True):
            return dy[:1], {"w": dy.sum(axis=0)}

    layer = made(Wrong)
    barrier = WholeBarrier(cut(N, 4), cut(N, 4), node(layer), layer)
    forward(barrier, {0: normal(5, N, D)})
    with pytest.raises(ValueError, match=r"layer 2, Wrong\(\): gradients .*\(1, 3\).*\(7, 3\)"):
        back(barrier, {1: normal(6, N, D)})
