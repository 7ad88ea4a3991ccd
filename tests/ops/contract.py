"""What every op promises, in every mode: the tests that each module of ops inherits.

A module lists its cases, each an op in one mode on small arrays; kinks are avoided by construction.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from course_nn import ops
from course_nn.backend import to_numpy
from course_nn.gradcheck import check_vjp

MEMORY = ["C order", "batch last", "every other number", "backwards"]


@dataclass(frozen=True)
class Case:
    """forward(*arrays) → (y, cache) and backward(dy, cache) → gradient or gradients."""

    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[[Any, Any], Any]
    arrays: tuple[np.ndarray, ...]
    optional: tuple[int, ...] = ()  # which of the arrays may be None

    def gradients(self, dy: Any, cache: Any) -> tuple[Any, ...]:
        """The gradients as a tuple, also where there is one."""
        result = self.backward(dy, cache)
        return result if isinstance(result, tuple) else (result,)

    def run(self, arrays: tuple[Any, ...], dy: Any = None) -> tuple[Any, Any, tuple[Any, ...]]:
        """y, the upstream gradient (drawn if not given) and the gradients."""
        y, cache = self.forward(*arrays)
        if dy is None:
            dy = np.asarray(np.random.default_rng(7).standard_normal(np.shape(y)))
            dy = dy.astype(arrays[0].dtype)
        return y, dy, self.gradients(dy, cache)


def normal(seed: int, *shape: int) -> np.ndarray:
    """Standard normal numbers."""
    return np.random.default_rng(seed).standard_normal(shape)


def apart(seed: int, *shape: int) -> np.ndarray:
    """Numbers of both signs, every two of them (and zero) at least 0.05 apart: no kink is near."""
    size = int(np.prod(shape))
    steps = np.random.default_rng(seed).permutation(size) - size // 2 + 0.5
    return 0.1 * steps.reshape(shape)


seeds = st.integers(0, 2**32 - 1)


@st.composite
def windows(draw) -> tuple[ops.Geometry, tuple[int, ...]]:
    """A geometry and an image (N, C, H, W) into which it fits."""
    small = st.integers(1, 3)
    kernel, stride, dilation = (draw(st.tuples(small, small)) for _ in range(3))
    side = st.tuples(st.integers(0, 2), st.integers(0, 2))
    padding = draw(st.tuples(side, side))
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = [
        max(1, r - sum(p)) + draw(st.integers(0, 4)) for r, p in zip(reach, padding, strict=True)
    ]
    return ops.geometry(kernel, stride, padding, dilation), (draw(small), draw(small), *size)


def laid_out(x: np.ndarray, memory: str) -> np.ndarray:
    """The same numbers in another memory order."""
    if not x.ndim:
        return x
    if memory == "batch last" and x.ndim > 1:
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, -1)), -1, 0)
    if memory == "every other number" and x.ndim:
        wide = np.full((*x.shape[:-1], 2 * x.shape[-1]), np.nan, x.dtype)
        wide[..., ::2] = x
        return wide[..., ::2]
    if memory == "backwards":
        return np.flip(np.ascontiguousarray(np.flip(x)))
    return np.ascontiguousarray(x)


def scaled(gradient: np.ndarray) -> np.ndarray:
    """A gradient that is wrong by one part in 10⁵."""
    return gradient * (1 + 1e-5)


def one_wrong(gradient: np.ndarray) -> np.ndarray:
    """One element wrong by one part in 10⁵: the smallest above a tenth of the largest."""
    size = np.abs(gradient)
    size = np.where(size > 0.1 * size.max(), size, np.inf)
    wrong = gradient.copy()
    wrong[np.unravel_index(size.argmin(), size.shape)] *= 1 + 1e-5
    return wrong


class OpContract:
    """Inherited by the test class of an op's module, which sets `cases`."""

    cases: dict[str, Case]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "case" in metafunc.fixturenames:
            metafunc.parametrize("case", list(self.cases.values()), ids=list(self.cases))

    def test_passes_the_judge_which_would_see_one_part_in_100_000(self, case: Case) -> None:
        report = check_vjp(case.forward, case.backward, *case.arrays)
        assert report.tolerance == 1e-6
        assert report.passed, report
        for right in report.comparisons:
            for spoil in (scaled, one_wrong):
                wrong = replace(right, analytic=spoil(right.analytic))
                assert wrong.max_relative_error > report.tolerance, f"{spoil.__name__}: {wrong}"

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_keeps_the_dtype(self, case: Case, dtype: type) -> None:
        y, _, gradients = case.run(tuple(a.astype(dtype) for a in case.arrays))
        assert isinstance(y, float) or y.dtype == dtype
        assert [g.dtype for g in gradients] == [dtype] * len(case.arrays)

    def test_gradients_have_the_shapes_of_their_arguments(self, case: Case) -> None:
        _, _, gradients = case.run(case.arrays)
        assert [g.shape for g in gradients] == [a.shape for a in case.arrays]

    def test_never_writes_into_an_argument(self, case: Case) -> None:
        arrays = tuple(a.copy() for a in case.arrays)
        _, dy, _ = case.run(arrays)
        dy = dy.copy()
        before, dy_before = [a.tobytes() for a in arrays], dy.tobytes()
        for a in (*arrays, dy):
            a.flags.writeable = False
        case.run(arrays, dy)
        assert [a.tobytes() for a in arrays] == before
        assert dy.tobytes() == dy_before

    def test_a_backward_pass_can_be_repeated(self, case: Case) -> None:
        y, cache = case.forward(*case.arrays)
        y = np.array(y)
        dy = normal(3, *y.shape)
        first = [g.copy() for g in case.gradients(dy, cache)]
        again = case.gradients(dy, cache)
        for a, b in zip(first, again, strict=True):
            np.testing.assert_array_equal(a, b)

    @pytest.mark.parametrize("memory", MEMORY)
    def test_gives_the_same_in_any_memory_order(self, case: Case, memory: str) -> None:
        y, dy, gradients = case.run(case.arrays)
        arrays = tuple(laid_out(a, memory) for a in case.arrays)
        y2, _, gradients2 = case.run(arrays, laid_out(dy, memory))
        for a, b in zip((y, *gradients), (y2, *gradients2), strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-12, atol=1e-13)

    def test_gives_the_same_in_any_library(self, xp: Any) -> None:
        for case in self.cases.values():
            y, dy, gradients = case.run(case.arrays)
            y2, _, gradients2 = case.run(tuple(map(xp.asarray, case.arrays)), xp.asarray(dy))
            assert isinstance(y2, float | xp.ndarray)
            for a, b in zip((y, *gradients), (y2, *gradients2), strict=True):
                np.testing.assert_allclose(to_numpy(b), a, rtol=1e-10, atol=1e-12)


# what NumPy and Python say where a sentence of ours should stand
FOREIGN = (
    "ufunc",
    "broadcast",
    "operand",
    "matmul",
    "einsum",
    "inhomogeneous",
    "could not convert",
    "cannot reshape",
    "out of bounds",
    "zero-size",
    "not supported between",
    "bad operand",
    "object has no",
    "object is not",
    "unhashable",
    "sequence by non-int",
    "unpack",
    "ambiguous",
    "safe",
)


def ours(error: BaseException) -> bool:
    """Whether a message is a sentence of this package."""
    text = str(error)
    return len(text) > 20 and not any(word in text for word in FOREIGN)


def other_shapes(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Shapes that NumPy would stretch to this one, cut to it, or mistake for it."""
    near = [(), (1,), (7,), (1, *shape), (*shape, 1), (2, *shape), shape[1:], shape[:-1]]
    near += [(*shape[:i], n, *shape[i + 1 :]) for i in range(len(shape)) for n in (1, shape[i] + 1)]
    near += [shape[::-1]]
    return [other for other in dict.fromkeys(near) if other != shape]


class DoorContract:
    """What an op refuses, and what it makes right, at its door; inherited beside `OpContract`."""

    cases: dict[str, Case]

    def test_a_gradient_of_another_shape_is_refused(self, case: Case) -> None:
        y, cache = case.forward(*case.arrays)
        for shape in other_shapes(np.shape(y)):
            with pytest.raises(ValueError, match=r"(dy|dp|dloss).* has shape .*expected") as found:
                case.backward(np.ones(shape), cache)
            assert str(shape) in str(found.value)
            assert str(np.shape(y)) in str(found.value)

    def test_y_may_be_changed_in_place_or_that_is_noticed(self, case: Case) -> None:
        _, dy, expected = case.run(case.arrays)
        y, cache = case.forward(*case.arrays)
        if isinstance(y, np.ndarray) and not any(np.shares_memory(y, a) for a in case.arrays):
            y -= 5
            y *= -3
        self.right_or_noticed(case, dy, cache, expected)

    def test_an_argument_may_be_changed_in_place_or_that_is_noticed(self, case: Case) -> None:
        _, dy, expected = case.run(case.arrays)
        for i in range(len(case.arrays)):
            arrays = tuple(a.copy() for a in case.arrays)
            _, cache = case.forward(*arrays)
            arrays[i].__isub__(5)
            self.right_or_noticed(case, dy, cache, expected)

    def right_or_noticed(self, case: Case, dy: Any, cache: Any, expected: tuple) -> None:
        """The gradients are those expected, or the op says that they cannot be had."""
        said = ""
        try:
            for a, b in zip(case.gradients(dy, cache), expected, strict=True):
                np.testing.assert_array_equal(a, b)
        except ValueError as noticed:
            said = str(noticed)
        assert not said or "was changed in place after the forward pass" in said

    def test_lists_and_whole_numbers_are_float64(self, case: Case) -> None:
        y, dy, gradients = case.run(case.arrays)
        y2, _, gradients2 = case.run(tuple(a.tolist() for a in case.arrays), np.array(dy).tolist())
        for found, right in zip((y2, *gradients2), (y, *gradients), strict=True):
            np.testing.assert_array_equal(found, right)
        whole = tuple((3 * a).astype(int) for a in case.arrays)
        for integers in (whole, tuple(a.astype(np.uint8) % 2 for a in whole)):
            self.same_as_floats(case, integers)
        self.same_as_floats(case, tuple(a > 0 for a in whole))

    def same_as_floats(self, case: Case, arrays: tuple[np.ndarray, ...]) -> None:
        """Integers and booleans: float64 is what the op computes in."""
        try:
            expected = case.run(tuple(a.astype(np.float64) for a in arrays))
        except ValueError as refused:  # no probabilities, say
            with pytest.raises(ValueError, match=re.escape(str(refused))):
                case.forward(*arrays)
            return
        found = case.run(arrays, expected[1])
        for a, b in zip((found[0], *found[2]), (expected[0], *expected[2]), strict=True):
            np.testing.assert_array_equal(a, b)
            assert np.asarray(a).dtype == np.float64

    def test_float32_beside_float64_is_float64(self, case: Case) -> None:
        for i in range(len(case.arrays)):
            mixed = [a.astype(np.float32) for a in case.arrays]
            mixed[i] = case.arrays[i]
            y, _, gradients = case.run(tuple(mixed), np.array(case.run(case.arrays)[1]))
            assert {np.asarray(a).dtype for a in (y, *gradients)} == {np.dtype(np.float64)}

    def test_other_kinds_of_numbers_are_refused_in_one_sentence(self, case: Case) -> None:
        for i, right in enumerate(case.arrays):
            for wrong in (
                right.astype(np.float16),
                right.astype(complex),
                right.astype(str),
                right.astype(object),
                "text",
                [[1.0], [1.0, 2.0]],
                *([] if i in case.optional else [None]),
            ):
                arrays = list(case.arrays)
                arrays[i] = wrong
                with pytest.raises(TypeError, match="must hold numbers of float32 or") as found:
                    case.forward(*arrays)
                assert ours(found.value)
