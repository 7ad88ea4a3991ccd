"""The equations of the chapter on the GPU: as printed, by SymPy, by simulation or by counting."""

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import course_nn as nn
from course_nn import zoo

from .proving import proves

A, Q, rho_A, rho_Q, rho_B = sp.symbols("A Q rho_A rho_Q rho_B", positive=True)


def overlapped(operations: int, moved: int, per_tick: tuple[int, int]) -> int:
    """Ticks that a machine takes that computes and fetches at the same time, at two rates."""
    ticks = 0
    while operations > 0 or moved > 0:
        operations, moved, ticks = operations - per_tick[0], moved - per_tick[1], ticks + 1
    return ticks


@proves("eq-gpu-kernel")
@pytest.mark.parametrize(("operations", "moved"), [(60, 5), (60, 50), (6, 50), (60, 0), (0, 50)])
def test_a_machine_that_overlaps_takes_the_longer_of_two_times(operations: int, moved: int) -> None:
    found = overlapped(operations, moved, (6, 5))
    assert found == max(Fraction(operations, 6), Fraction(moved, 5))
    if operations and moved:
        assert found != Fraction(operations, 6) + Fraction(moved, 5)


@proves("eq-gpu-roofline")
def test_the_rate_of_a_kernel_is_a_roof_over_its_intensity() -> None:
    for values in ((1e9, 1e6), (1e6, 1e9), (2e7, 1e6)):
        known = {A: values[0], Q: values[1], rho_A: 1e13, rho_Q: 5e11}
        t = sp.Max(A / rho_A, Q / rho_Q).subs(known)
        printed = sp.Min(rho_A, A / Q * rho_Q).subs(known)
        assert math.isclose(values[0] / t, printed)
    # memory decides: A / (Q / ρ_Q) = I ρ_Q; arithmetic decides: A / (A / ρ_A) = ρ_A
    assert sp.simplify(A / (Q / rho_Q) - A / Q * rho_Q) == 0
    # and the two meet at the edge
    assert sp.solve(sp.Eq(A / Q * rho_Q, rho_A), A)[0] / Q == rho_A / rho_Q


def dense_intensity(N: int, D: int, M: int) -> float:
    """The second form of eq-gpu-intensity."""
    return 0.5 / (1 / M + 1 / N + 1 / D)


@proves("eq-gpu-intensity")
def test_the_intensity_of_a_dense_layer_in_both_forms() -> None:
    N, D, M = sp.symbols("N D M", positive=True)
    first = 2 * N * D * M / (4 * (N * D + D * M + N * M))
    assert sp.simplify(first - sp.Rational(1, 2) / (1 / M + 1 / N + 1 / D)) == 0
    x, W = np.ones((5, 4), np.float32), np.ones((4, 3), np.float32)
    y, _ = nn.ops.dense_forward(x, W)
    moved = x.nbytes + W.nbytes + y.nbytes
    assert math.isclose(2 * 5 * 4 * 3 / moved, dense_intensity(5, 4, 3))
    for sizes in ((1, 400, 400), (128, 30, 10), (9, 9, 9)):
        assert dense_intensity(*sizes) < min(sizes) / 2


@proves("eq-gpu-bus", "eq-gpu-worth")
def test_from_which_size_on_a_product_is_worth_the_trip() -> None:
    n, desk = sp.symbols("n rho_desk", positive=True)
    moved = 4 * 3 * n**2  # three matrices in float32
    there, here = moved / rho_B + 2 * n**3 / rho_A, 2 * n**3 / desk
    edge = 6 / (rho_B * (1 / desk - 1 / rho_A))
    assert sp.simplify((there - here).subs(n, edge)) == 0
    numbers = {rho_B: 10**10, rho_A: 10**13, desk: 10**11}
    gain = (here - there).subs(numbers)
    assert gain.subs(n, 60) < 0 < gain.subs(n, 61)
    assert math.isclose(edge.subs(numbers), 6 / (0.1 - 0.001))


def ends(tau: float, t: list[float], waits: bool = True) -> list[float]:
    """eq-gpu-ends; without the wait for the launch it is a mistake."""
    found, last = [], 0.0
    for k, t_k in enumerate(t):
        last = (max(last, (k + 1) * tau) if waits else last) + t_k
        found.append(last)
    return found


def simulated(tau: int, t: list[int]) -> list[int]:
    """A queue, tick by tick: Python puts a kernel into it every tau ticks, the GPU takes one."""
    queue, done, left, now = [], [], 0, 0
    while len(done) < len(t):
        if left == 0 and queue:
            left = queue.pop(0)
        now += 1
        if now % tau == 0 and now // tau <= len(t):
            queue.append(t[now // tau - 1])
        if left:
            left -= 1
            if left == 0:
                done.append(now)
    return done


@proves("eq-gpu-ends")
@pytest.mark.parametrize("t", [[1, 1, 1], [4, 4, 4], [1, 10, 1, 1], [2, 3, 1, 7, 1]])
@pytest.mark.parametrize("tau", [1, 2, 3])
def test_kernels_end_when_a_queue_says_so(tau: int, t: list[int]) -> None:
    assert ends(tau, t) == simulated(tau, t)
    with pytest.raises(AssertionError):
        assert ends(tau, t, waits=False) == simulated(tau, t)


@proves("eq-gpu-queue")
def test_equal_kernels_end_as_the_closed_form_says() -> None:
    for tau, t, K in ((2, 1, 3), (2, 4, 3), (3, 3, 6), (1, 7, 1), (5, 1, 9)):
        assert simulated(tau, [t] * K)[-1] == tau + t + (K - 1) * max(tau, t)
    # the two steps of the induction
    tau, t, k = sp.symbols("tau t k", positive=True)
    short, long = k * tau + t, tau + k * t  # e with index k − 1, in the two cases
    assert sp.expand((k + 1) * tau + t - short.subs(k, k + 1)) == 0
    assert sp.expand(long + t - long.subs(k, k + 1)) == 0
    assert sp.expand((k + 1) * tau - short - (tau - t)) == 0  # ≥ 0 if t ≤ τ: it waits
    assert sp.factor(long - (k + 1) * tau) == k * (t - tau)  # ≥ 0 if t > τ: it does not


@proves("eq-gpu-memory")
def test_a_step_keeps_parameters_gradients_state_and_activations() -> None:
    model, optimizer = zoo.build("lenet", rng=np.random.default_rng(0)), nn.Adam(0.01)
    x = np.zeros((2, *model.input_shape), np.float32)
    model.train_step(x, np.zeros(2, int), nn.SoftmaxCrossEntropy(), optimizer)
    theta = sum(p.size for p in model.params.values())
    vectors = [model.params.flat, model.engine.grads.flat]
    vectors += [state.flat for state in optimizer.state.values()]
    assert len(optimizer.state) == 2
    assert sum(v.nbytes for v in vectors) == 4 * (2 + len(optimizer.state)) * theta
    for N in (2, 3):
        y, kept = np.zeros((N, *model.input_shape), np.float32), 0
        for layer in model.layers:
            y, _ = layer.compute(y, train=True)
            kept += y.nbytes
        assert kept == 4 * N * sum(math.prod(layer.output_shape) for layer in model.layers)


def tf(x: np.ndarray, dropped: int = 13) -> np.ndarray:
    """Rounded to 23 − dropped bits behind the point, ties to even."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    half = np.uint32((1 << (dropped - 1)) - 1)
    bits = bits + half + (bits >> np.uint32(dropped) & np.uint32(1))
    return (bits & np.uint32(0xFFFFFFFF << dropped & 0xFFFFFFFF)).view(np.float32)


def change(dropped: int = 13) -> float:
    """The largest relative change, over all numbers from 1 to 2 that float32 has in steps of 64."""
    x = (np.arange(0, 1 << 23, 64, dtype=np.uint32) + np.uint32(127 << 23)).view(np.float32)
    wide = x.astype(float)
    return float((np.abs(tf(x, dropped) - wide) / wide).max())


@proves("eq-gpu-tf32")
def test_rounding_to_ten_bits_changes_a_number_by_less_than_the_bound() -> None:
    assert 0.9 * 2.0**-11 < change() <= 2.0**-11
    kept = {
        float(np.float32(m * 2.0**-10)) for m in range(1 << 10, 1 << 11)
    }  # the numbers of the format
    x = np.random.default_rng(0).uniform(1, 1.99, 500).astype(np.float32)
    for one, found in zip(x, tf(x), strict=True):
        assert abs(float(found) - float(one)) == min(abs(k - float(one)) for k in kept)
    with pytest.raises(AssertionError):
        assert change(dropped=14) <= 2.0**-11
