"""Convolution and pooling in loops: against the fast ops, the judge, and sums worked by hand."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_nn import ops, reference
from course_nn.gradcheck import assert_vjp, check_vjp
from course_nn.reference import loops

PAIR = st.one_of(st.integers(1, 3), st.tuples(st.integers(1, 3), st.integers(1, 3)))
PADDING = st.one_of(
    st.integers(0, 2),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
    st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * 2),
)
SIZES = st.tuples(*[st.integers(1, n) for n in (2, 2, 5, 6)])


def normal(seed: int, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def assert_all_close(found: Any, expected: Any) -> None:
    for f, e in zip(found, expected, strict=True):
        assert f.shape == e.shape
        np.testing.assert_allclose(f, e, rtol=1e-11, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    size=SIZES, kernel=PAIR, stride=PAIR, padding=PADDING, dilation=PAIR, seed=st.integers(0, 99)
)
def test_convolution_equals_the_fast_one(
    size: tuple, kernel: Any, stride: Any, padding: Any, dilation: Any, seed: int
) -> None:
    kernel = reference.windows.both(kernel)
    x, W, b = normal(seed, size, (2, size[1], *kernel), (2,))
    try:
        expected, fast = ops.conv2d_forward(x, W, b, stride, padding, dilation)
    except ValueError:
        with pytest.raises(ValueError, match="does not fit"):
            loops.conv2d_forward(x, W, b, stride, padding, dilation)
        return
    y, cache = loops.conv2d_forward(x, W, b, stride, padding, dilation)
    (dy,) = normal(seed + 1, expected.shape)
    assert_all_close([y], [expected])
    assert_all_close(loops.conv2d_backward(dy, cache), ops.conv2d_backward(dy, fast))


@settings(max_examples=60, deadline=None)
@given(
    size=SIZES, window=PAIR, stride=st.one_of(st.none(), PAIR), padding=PADDING, ties=st.booleans()
)
def test_max_pooling_equals_the_fast_one(
    size: tuple, window: Any, stride: Any, padding: Any, ties: bool
) -> None:
    (x,) = normal(sum(size), size)
    x = np.round(x) if ties else x
    try:
        expected, fast = ops.max_pool2d_forward(x, window, stride, padding)
    except ValueError:
        with pytest.raises(ValueError, match=r"does not fit|more than half"):
            loops.max_pool2d_forward(x, window, stride, padding)
        return
    y, cache = loops.max_pool2d_forward(x, window, stride, padding)
    (dy,) = normal(7, expected.shape)
    assert_all_close([y], [expected])
    dx = loops.max_pool2d_backward(dy, cache), ops.max_pool2d_backward(dy, fast)
    assert_all_close(dx[:1], dx[1:])


MODES = [(1, 0, 1), (2, 1, 1), ((1, 2), (0, 1), (2, 1)), (3, ((1, 0), (0, 2)), 2)]


@pytest.mark.parametrize(("stride", "padding", "dilation"), MODES)
def test_the_judge_passes_the_convolution(stride: Any, padding: Any, dilation: Any) -> None:
    arrays = normal(1, (2, 2, 6, 5), (2, 2, 3, 2), (2,))
    assert_vjp(
        lambda x, W, b: loops.conv2d_forward(x, W, b, stride, padding, dilation),
        loops.conv2d_backward,
        *arrays,
    )


def test_the_judge_finds_a_forgotten_stride() -> None:
    def wrong(dy: np.ndarray, cache: tuple) -> tuple:
        x, W, windows = cache
        return loops.conv2d_backward(dy, (x, W, windows._replace(stride=(1, 1))))

    report = check_vjp(
        lambda x, W, b: loops.conv2d_forward(x, W, b, 2),
        wrong,
        *normal(1, (1, 1, 5, 5), (1, 1, 2, 2), (1,)),
    )
    assert not report.passed


@pytest.mark.parametrize(
    ("window", "stride", "padding"), [(2, None, 0), (3, 1, 1), ((2, 3), (1, 2), (1, 0))]
)
def test_the_judge_passes_max_pooling(window: Any, stride: Any, padding: Any) -> None:
    x = np.random.default_rng(2).permutation(60).reshape(1, 2, 5, 6) / 10  # no two pixels alike
    assert_vjp(
        lambda x: loops.max_pool2d_forward(x, window, stride, padding), loops.max_pool2d_backward, x
    )


def test_the_judge_finds_a_maximum_at_the_wrong_place() -> None:
    x = np.random.default_rng(2).permutation(16).reshape(1, 1, 4, 4) / 10

    def wrong(dy: np.ndarray, cache: tuple) -> np.ndarray:
        return loops.max_pool2d_backward(dy, (-cache[0], cache[1]))

    assert not check_vjp(loops.max_pool2d_forward, wrong, x).passed


def test_a_convolution_by_hand() -> None:
    x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    W = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 1, 2, 2)
    y, cache = loops.conv2d_forward(x, W, np.array([0.5]))
    assert y.ravel().tolist() == [37.5, 47.5, 67.5, 77.5]
    dx, dW, db = loops.conv2d_backward(np.array([[[[1.0, 0.0], [0.0, 10.0]]]]), cache)
    assert dW.ravel().tolist() == [51.0, 62.0, 84.0, 95.0]
    assert dx.ravel().tolist() == [1.0, 2.0, 0.0, 3.0, 14.0, 20.0, 0.0, 30.0, 40.0]
    assert db.tolist() == [11.0]


def test_pixels_that_a_stride_leaves_out_get_no_gradient() -> None:
    x, W, b = normal(3, (1, 1, 6, 6), (1, 1, 3, 3), (1,))
    y, cache = loops.conv2d_forward(x, W, b, stride=2)
    dx, _, _ = loops.conv2d_backward(np.ones_like(y), cache)
    assert y.shape == (1, 1, 2, 2)
    assert not dx[..., 5, :].any()
    assert not dx[..., 5].any()
    assert dx[..., :5, :5].all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_and_arguments_are_left(dtype: type) -> None:
    x, W, b = (a.astype(dtype) for a in normal(4, (1, 2, 4, 4), (2, 2, 2, 2), (2,)))
    before = [a.copy() for a in (x, W, b)]
    y, cache = loops.conv2d_forward(x, W, b, padding=1)
    pooled, pool_cache = loops.max_pool2d_forward(x)
    gradients = (*loops.conv2d_backward(y, cache), loops.max_pool2d_backward(pooled, pool_cache))
    assert {a.dtype for a in (y, pooled, *gradients)} == {np.dtype(dtype)}
    assert all((a == kept).all() for a, kept in zip((x, W, b), before, strict=True))


def test_arguments_that_do_not_fit() -> None:
    x, W, b = normal(5, (1, 2, 4, 4), (1, 3, 2, 2), (1,))
    with pytest.raises(ValueError, match="channels"):
        loops.conv2d_forward(x, W, b)
    with pytest.raises(ValueError, match="at least 1"):
        loops.max_pool2d_forward(x, 2, stride=0)
    with pytest.raises(ValueError, match="padding at least 0"):
        loops.max_pool2d_forward(x, 2, padding=-1)


@pytest.mark.parametrize("module", [getattr(reference, name) for name in reference.__all__])
def test_no_oracle_imports_an_op_or_a_twin(module: Any) -> None:
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    found = [
        ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    foreign = [line for line in found if line.startswith("from ..") or "course_nn" in line]
    # the way to one product ends with the twin of the dense layer
    assert foreign == ["from .. import plain"] * (module is reference.vectorising)
