"""Every op against PyTorch: value and every gradient, in modes that Hypothesis draws.

The upstream gradient is random. PyTorch differentiates on its own; nothing but inputs is shared.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import course_nn as nn
from course_nn import ops

torch = pytest.importorskip("torch", reason="parity needs PyTorch: pip install course-nn[parity]")
F = torch.nn.functional
torch.set_num_threads(1)

TOLERANCE = {np.float64: 1e-10, np.float32: 1e-5}
dtypes = st.sampled_from([np.float64, np.float32])
seeds = st.integers(0, 2**32 - 1)
few = st.integers(1, 4)


def assert_close(ours, theirs, dtype: type, scale: float = 1.0) -> None:
    """Equal within the tolerance, relative to the largest number, or to `scale` if larger."""
    theirs = theirs.detach().numpy()
    assert np.shape(ours) == theirs.shape
    scale = max(scale, float(np.abs(theirs).max(initial=0.0)))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE[dtype] * scale)


def compare(
    forward: Callable,
    backward: Callable,
    theirs: Callable,
    arrays: Sequence[np.ndarray],
    dtype: type,
    seed: int,
    scale: float = 1.0,
) -> None:
    """forward(*arrays), backward(dy, cache) against theirs(*tensors), differentiated by PyTorch."""
    arrays = [a.astype(dtype) for a in arrays]
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    expected = theirs(*tensors)
    y, cache = forward(*arrays)
    assert_close(y, expected, dtype, scale)
    dy = np.asarray(np.random.default_rng(seed).standard_normal(expected.shape)).astype(dtype)
    expected.backward(torch.tensor(dy))
    gradients = backward(dy if dy.ndim else float(dy), cache)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    for gradient, tensor in zip(gradients, tensors, strict=True):
        assert gradient.dtype == dtype
        assert_close(gradient, tensor.grad, dtype, scale)


def normal(seed: int, *shape: int, integers: int = 0) -> np.ndarray:
    """Normal numbers, or small integers, which tie."""
    rng = np.random.default_rng(seed)
    if integers:
        return rng.integers(-integers, integers + 1, shape).astype(float)
    return rng.standard_normal(shape)


# ---- dense, flatten, activations


@given(few, few, few, dtypes, seeds)
def test_dense(N: int, D: int, M: int, dtype: type, seed: int) -> None:
    arrays = normal(seed, N, D), normal(seed + 1, D, M), normal(seed + 2, M)
    compare(ops.dense_forward, ops.dense_backward, lambda x, W, b: x @ W + b, arrays, dtype, seed)


@given(few, few, few, dtypes, seeds)
def test_dense_without_a_bias(N: int, D: int, M: int, dtype: type, seed: int) -> None:
    def backward(dy, cache):
        return ops.dense_backward(dy, cache)[:2]

    arrays = normal(seed, N, D), normal(seed + 1, D, M)
    compare(ops.dense_forward, backward, lambda x, W: x @ W, arrays, dtype, seed)


shapes = st.lists(few, min_size=2, max_size=4).map(tuple)


@given(shapes, dtypes, seeds)
def test_flatten(shape: tuple[int, ...], dtype: type, seed: int) -> None:
    x = normal(seed, *shape)
    theirs = torch.nn.Flatten()
    compare(ops.flatten_forward, ops.flatten_backward, theirs, [x], dtype, seed)


ACTIVATIONS = {
    "relu": F.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "silu": F.silu,
    "gelu": F.gelu,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(shapes, st.sampled_from([0.1, 1.0, 10.0, 1e3]), dtypes, seeds)
def test_activations(name: str, shape, spread: float, dtype: type, seed: int) -> None:
    forward, backward = getattr(ops, f"{name}_forward"), getattr(ops, f"{name}_backward")
    x = spread * normal(seed, *shape)
    x.flat[0] = 0.0  # the kink: PyTorch takes 0 too
    compare(forward, backward, ACTIVATIONS[name], [x], dtype, seed)


@given(shapes, st.sampled_from([0.1, 1.0, 10.0, 1e3]), dtypes, seeds)
def test_the_tanh_form_of_gelu(shape, spread: float, dtype: type, seed: int) -> None:
    compare(
        lambda x: ops.gelu_forward(x, "tanh"),
        ops.gelu_backward,
        lambda x: F.gelu(x, approximate="tanh"),
        [spread * normal(seed, *shape)],
        dtype,
        seed,
    )


@given(shapes, st.floats(0.0, 2.0), dtypes, seeds)
def test_leaky_relu(shape, slope: float, dtype: type, seed: int) -> None:
    compare(
        lambda x: ops.leaky_relu_forward(x, slope),
        ops.leaky_relu_backward,
        lambda x: F.leaky_relu(x, slope),
        [normal(seed, *shape)],
        dtype,
        seed,
    )


@given(shapes, st.sampled_from([1.0, 10.0, 1e4]), dtypes, seeds)
def test_softmax(shape, spread: float, dtype: type, seed: int) -> None:
    x = spread * normal(seed, *shape)
    compare(ops.softmax_forward, ops.softmax_backward, lambda x: F.softmax(x, -1), [x], dtype, seed)


@given(shapes, st.sampled_from([1.0, 10.0, 1e4]), dtypes, seeds)
def test_log_softmax(shape, spread: float, dtype: type, seed: int) -> None:
    forward, backward = ops.log_softmax_forward, ops.log_softmax_backward
    x = spread * normal(seed, *shape)
    compare(forward, backward, lambda x: F.log_softmax(x, -1), [x], dtype, seed)


# ---- losses


@st.composite
def classified(draw) -> tuple[int, int, np.ndarray, int]:
    """N, K, labels and a seed."""
    N, K, seed = draw(few), draw(st.integers(2, 6)), draw(seeds)
    return N, K, np.random.default_rng(seed).integers(0, K, N), seed


@given(classified(), st.floats(0, 1), st.booleans(), st.sampled_from([1.0, 10.0, 1e4]), dtypes)
@example((2, 3, np.array([0, 2]), 1), 0.0, False, 1.0, np.float64)
@example((2, 3, np.array([0, 2]), 1), 0.1, True, 1.0, np.float64)
def test_softmax_cross_entropy(drawn, smoothing, weighted: bool, spread: float, dtype) -> None:
    N, K, labels, seed = drawn
    w = np.random.default_rng(seed + 1).uniform(0.1, 3, K) if weighted else None
    tensor_w = None if w is None else torch.tensor(w.astype(dtype))
    compare(
        lambda z: ops.softmax_cross_entropy_forward(z, labels, smoothing, w),
        ops.softmax_cross_entropy_backward,
        lambda z: F.cross_entropy(
            z, torch.tensor(labels), weight=tensor_w, label_smoothing=smoothing
        ),
        [spread * normal(seed, N, K)],
        dtype,
        seed,
    )


@given(classified(), dtypes)
def test_softmax_cross_entropy_of_soft_labels(drawn, dtype: type) -> None:
    N, K, _, seed = drawn
    soft = np.random.default_rng(seed + 1).dirichlet(np.ones(K), N)
    compare(
        lambda z: ops.softmax_cross_entropy_forward(z, soft),
        ops.softmax_cross_entropy_backward,
        lambda z: F.cross_entropy(z, torch.tensor(soft.astype(dtype))),
        [normal(seed, N, K)],
        dtype,
        seed,
    )


@given(classified(), st.booleans(), st.booleans(), st.sampled_from([-100, 0, 9]), dtypes)
def test_negative_log_likelihood(drawn, weighted: bool, smooth: bool, index: int, dtype) -> None:
    """Class weights and an ignored label, alone and after the fused softmax."""
    N, K, labels, seed = drawn
    labels = np.append(labels, [index, K - 1])
    w = np.random.default_rng(seed + 1).uniform(0.1, 3, K) if weighted else None
    tensor_w = None if w is None else torch.tensor(w.astype(dtype))
    options = {"weight": tensor_w, "ignore_index": index}
    compare(
        lambda y: ops.negative_log_likelihood_forward(y, labels, w, ignore_index=index),
        ops.negative_log_likelihood_backward,
        lambda y: F.nll_loss(y, torch.tensor(labels), **options),
        [-abs(normal(seed, N + 2, K))],
        dtype,
        seed,
    )
    smoothing = 0.3 * smooth
    compare(
        lambda z: ops.softmax_cross_entropy_forward(z, labels, smoothing, w, ignore_index=index),
        ops.softmax_cross_entropy_backward,
        lambda z: F.cross_entropy(z, torch.tensor(labels), label_smoothing=smoothing, **options),
        [normal(seed, N + 2, K)],
        dtype,
        seed,
    )


@given(classified(), dtypes)
def test_cross_entropy_on_probabilities(drawn, dtype: type) -> None:
    N, K, labels, seed = drawn
    p = np.random.default_rng(seed).dirichlet(np.ones(K), N) * 0.9 + 0.1 / K
    compare(
        lambda p: ops.cross_entropy_forward(p, labels),
        ops.cross_entropy_backward,
        lambda p: F.nll_loss(torch.log(p), torch.tensor(labels)),
        [p],
        dtype,
        seed,
    )


@given(shapes, st.sampled_from([1.0, 10.0, 1e4]), st.booleans(), dtypes, seeds)
def test_binary_cross_entropy(shape, spread: float, soft: bool, dtype: type, seed: int) -> None:
    t = np.random.default_rng(seed + 1).random(shape)
    t = t if soft else (t > 0.5).astype(float)
    compare(
        lambda z: ops.binary_cross_entropy_forward(z, t),
        ops.binary_cross_entropy_backward,
        lambda z: F.binary_cross_entropy_with_logits(z, torch.tensor(t.astype(dtype))),
        [spread * normal(seed, *shape)],
        dtype,
        seed,
    )


@given(shapes, dtypes, seeds)
def test_mean_squared_error(shape, dtype: type, seed: int) -> None:
    t = normal(seed + 1, *shape)
    compare(
        lambda y: ops.mean_squared_error_forward(y, t),
        ops.mean_squared_error_backward,
        lambda y: F.mse_loss(y, torch.tensor(t.astype(dtype))),
        [normal(seed, *shape)],
        dtype,
        seed,
    )


# ---- convolution


@st.composite
def convolutions(draw) -> tuple[tuple[int, ...], tuple[int, ...], dict]:
    """The shapes of x and W, and a mode in which the kernel fits."""
    small = st.integers(1, 3)
    pairs = st.tuples(small, small)
    kernel, stride, dilation = draw(pairs), draw(pairs), draw(pairs)
    side = st.tuples(st.integers(0, 3), st.integers(0, 3))
    padding = draw(st.tuples(side, side))
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = [max(1, r - sum(p)) + draw(few) - 1 for r, p in zip(reach, padding, strict=True)]
    N, C, filters = draw(small), draw(small), draw(small)
    mode = {"stride": stride, "padding": padding, "dilation": dilation}
    return (N, C, *size), (filters, C, *kernel), mode


def torch_conv(stride, padding, dilation) -> Callable:
    (top, bottom), (left, right) = padding

    def theirs(x, W, b):
        return F.conv2d(F.pad(x, (left, right, top, bottom)), W, b, stride, 0, dilation)

    return theirs


@given(convolutions(), dtypes, seeds)
def test_conv2d(drawn, dtype: type, seed: int) -> None:
    x, W, mode = drawn
    compare(
        lambda x, W, b: ops.conv2d_forward(x, W, b, **mode),
        ops.conv2d_backward,
        torch_conv(**mode),
        [normal(seed, *x), normal(seed + 1, *W), normal(seed + 2, W[0])],
        dtype,
        seed,
    )


@given(convolutions(), st.integers(1, 3), st.booleans(), dtypes, seeds)
def test_conv2d_in_groups(drawn, groups: int, bias: bool, dtype: type, seed: int) -> None:
    (N, C, *size), (filters, _, *kernel), mode = drawn
    x, W = (N, C * groups, *size), (filters * groups, C, *kernel)
    (top, bottom), (left, right) = mode["padding"]

    def theirs(x, W, b=None):
        x = F.pad(x, (left, right, top, bottom))
        return F.conv2d(x, W, b, mode["stride"], 0, mode["dilation"], groups)

    compare(
        lambda x, W, b=None: ops.conv2d_forward(x, W, b, **mode, groups=groups),
        lambda dy, cache: ops.conv2d_backward(dy, cache)[: 2 + bias],
        theirs,
        [normal(seed, *x), normal(seed + 1, *W), normal(seed + 2, W[0])][: 2 + bias],
        dtype,
        seed,
    )


@st.composite
def transposed_convolutions(draw) -> tuple[tuple[int, ...], tuple[int, ...], dict]:
    """The shapes of x and W, and a mode that leaves a pixel of the output."""
    small, some = st.integers(1, 3), st.integers(0, 2)
    pairs = st.tuples(small, small)
    kernel, stride, dilation, size = draw(pairs), draw(pairs), draw(pairs), draw(pairs)
    most = [max(*axis) for axis in zip(stride, dilation, strict=True)]
    extra = tuple(draw(st.integers(0, m - 1)) for m in most)
    span = [
        (n - 1) * t + d * (k - 1) for n, t, d, k in zip(size, stride, dilation, kernel, strict=True)
    ]
    padding = tuple(min(draw(some), n // 2) for n in span)
    N, C, filters, groups = draw(small), draw(small), draw(small), draw(small)
    mode = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    mode["output_padding"] = extra
    return (N, C * groups, *size), (C * groups, filters, *kernel), mode


@given(transposed_convolutions(), st.booleans(), dtypes, seeds)
def test_conv_transpose2d(drawn, bias: bool, dtype: type, seed: int) -> None:
    x, W, mode = drawn
    arrays = normal(seed, *x), normal(seed + 1, *W), normal(seed + 2, W[1] * mode["groups"])
    compare(
        lambda x, W, b=None: ops.conv_transpose2d_forward(x, W, b, **mode),
        lambda dy, cache: ops.conv_transpose2d_backward(dy, cache)[: 2 + bias],
        lambda x, W, b=None: F.conv_transpose2d(x, W, b, **mode),
        arrays[: 2 + bias],
        dtype,
        seed,
    )


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@given(st.integers(1, 4), st.integers(1, 3), st.tuples(*[st.integers(1, 9)] * 2), seeds)
def test_conv2d_same(kernel: int, dilation: int, size: tuple[int, int], seed: int) -> None:
    """PyTorch has "same" for stride 1 only, and puts an odd zero at the end, as we do."""
    layer = nn.Conv2D(2, kernel, padding="same", dilation=dilation)
    layer.build((1, *size), rng=np.random.default_rng(0), dtype=np.float64)
    x = torch.tensor(normal(seed, 2, 1, *size))
    W, b = (torch.tensor(layer.params[k]) for k in ("W", "b"))
    expected = F.conv2d(x, W, b, padding="same", dilation=dilation)
    assert_close(layer.forward(x.numpy()), expected, np.float64)


# ---- pooling


@st.composite
def poolings(draw) -> tuple[tuple[int, ...], tuple]:
    """The shape of x, and window, stride and padding."""
    small = st.integers(1, 3)
    pairs = st.tuples(small, small)
    window, stride = draw(pairs), draw(pairs)
    padding = tuple(tuple(draw(st.integers(0, k // 2)) for _ in range(2)) for k in window)
    size = [k + draw(st.integers(0, 5)) for k in window]
    return (draw(small), draw(small), *size), (window, stride, padding)


def torch_pool(pool: Callable, fill: float, window, stride, padding) -> Callable:
    (top, bottom), (left, right) = padding

    def theirs(x):
        return pool(F.pad(x, (left, right, top, bottom), value=fill), window, stride)

    return theirs


@given(poolings(), st.sampled_from([0, 0, 1, 3]), dtypes, seeds)
@example(((2, 2, 6, 6), ((3, 3), (1, 1), ((1, 1), (1, 1)))), 1, np.float64, 0)
def test_max_pool2d_with_ties(drawn, integers: int, dtype: type, seed: int) -> None:
    """Where integers tie, the gradient goes where PyTorch's goes: to the first in reading order."""
    shape, mode = drawn
    compare(
        lambda x: ops.max_pool2d_forward(x, *mode),
        ops.max_pool2d_backward,
        torch_pool(F.max_pool2d, -np.inf, *mode),
        [normal(seed, *shape, integers=integers)],
        dtype,
        seed,
    )


@given(poolings(), dtypes, seeds)
def test_avg_pool2d(drawn, dtype: type, seed: int) -> None:
    shape, mode = drawn
    compare(
        lambda x: ops.avg_pool2d_forward(x, *mode),
        ops.avg_pool2d_backward,
        torch_pool(F.avg_pool2d, 0.0, *mode),
        [normal(seed, *shape)],
        dtype,
        seed,
    )


@given(st.tuples(few, few), st.integers(2, 3), st.none() | few, st.integers(0, 1), seeds)
def test_poolings_own_padding(sizes, window: int, stride, padding: int, seed: int) -> None:
    """The same padding on every side, as PyTorch's own argument."""
    x = normal(seed, 2, 2, sizes[0] + 2, sizes[1] + 2, integers=2)
    for kind, pool in (("max", F.max_pool2d), ("avg", F.avg_pool2d)):
        forward, backward = (
            getattr(ops, f"{kind}_pool2d_{way}") for way in ("forward", "backward")
        )
        compare(
            lambda x, forward=forward: forward(x, window, stride, padding),
            backward,
            lambda x, pool=pool: pool(x, window, stride, padding),
            [x],
            np.float64,
            seed,
        )


@st.composite
def own_poolings(draw) -> tuple[tuple[int, ...], tuple]:
    """The shape of x, and PyTorch's own window, stride and padding."""
    small = st.integers(1, 4)
    window, stride = draw(st.tuples(small, small)), draw(st.tuples(small, small))
    padding = tuple(draw(st.integers(0, k // 2)) for k in window)
    size = [
        max(k - 2 * p, 1) + draw(st.integers(0, 6)) for k, p in zip(window, padding, strict=True)
    ]
    return (draw(few), draw(few), *size), (window, stride, padding)


@given(own_poolings(), st.booleans(), st.sampled_from([0, 1]), dtypes, seeds)
def test_max_pool2d_in_ceil_mode(drawn, ceil: bool, integers: int, dtype: type, seed: int) -> None:
    shape, mode = drawn
    compare(
        lambda x: ops.max_pool2d_forward(x, *mode, ceil_mode=ceil),
        ops.max_pool2d_backward,
        lambda x: F.max_pool2d(x, *mode, ceil_mode=ceil),
        [normal(seed, *shape, integers=integers)],
        dtype,
        seed,
    )


@given(own_poolings(), st.booleans(), st.booleans(), dtypes, seeds)
def test_avg_pool2d_counts_the_same_pixels(drawn, ceil: bool, count: bool, dtype, seed) -> None:
    shape, mode = drawn
    compare(
        lambda x: ops.avg_pool2d_forward(x, *mode, ceil_mode=ceil, count_include_pad=count),
        ops.avg_pool2d_backward,
        lambda x: F.avg_pool2d(x, *mode, ceil_mode=ceil, count_include_pad=count),
        [normal(seed, *shape)],
        dtype,
        seed,
    )


@given(st.tuples(few, few, few, few), dtypes, seeds)
def test_global_avg_pool2d(shape, dtype: type, seed: int) -> None:
    compare(
        ops.global_avg_pool2d_forward,
        ops.global_avg_pool2d_backward,
        lambda x: F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0],
        [normal(seed, *shape)],
        dtype,
        seed,
    )


# ---- normalisation

norm_shapes = st.one_of(
    st.tuples(st.integers(4, 8), few),
    st.tuples(st.integers(2, 4), few, st.integers(2, 3), st.integers(2, 3)),
)
shifts = st.sampled_from([0.0, 3.0])


@given(norm_shapes, shifts, st.sampled_from([1e-5, 1e-3, 0.1]), dtypes, seeds)
def test_batch_norm(shape, shift: float, eps: float, dtype: type, seed: int) -> None:
    C, x = shape[1], normal(seed, *shape) + shift
    std = x.std(axis=(0, *range(2, len(shape)))).min()
    compare(
        lambda x, gamma, beta: ops.batch_norm_forward(x, gamma, beta, eps),
        ops.batch_norm_backward,
        lambda x, gamma, beta: F.batch_norm(x, None, None, gamma, beta, True, eps=eps),
        [x, normal(seed + 1, C), normal(seed + 2, C)],
        dtype,
        seed,
        scale=10 * (1 + shift) / std,  # dx is a difference of terms as large as dy / σ
    )


@given(norm_shapes, st.floats(0, 1), st.integers(1, 4), dtypes, seeds)
def test_batch_norm_s_running_statistics(shape, momentum, steps: int, dtype, seed: int) -> None:
    layer = nn.BatchNorm(momentum=momentum, eps=1e-3)
    layer.build(shape[1:], rng=np.random.default_rng(0), dtype=dtype)
    cls = torch.nn.BatchNorm1d if len(shape) == 2 else torch.nn.BatchNorm2d
    twin = cls(shape[1], eps=1e-3, momentum=momentum, dtype=torch.tensor(dtype(0)).dtype)
    for step in range(steps):
        x = (normal(seed + step, *shape) + 1).astype(dtype)
        layer.forward(x, train=True)
        twin(torch.tensor(x))
    assert_close(layer.state["running_mean"], twin.running_mean, dtype)
    assert_close(layer.state["running_var"], twin.running_var, dtype)

    twin.eval()
    x = normal(seed + 9, *shape).astype(dtype)
    tensor = torch.tensor(x, requires_grad=True)
    expected = twin(tensor)
    assert_close(layer.forward(x), expected, dtype, scale=10)
    dy = normal(seed + 10, *shape).astype(dtype)
    expected.backward(torch.tensor(dy))
    dx, grads = layer.gradients(dy, layer.compute(x, train=False)[1])
    for gradient, tensor_grad in (
        (dx, tensor.grad),
        (grads["gamma"], twin.weight.grad),
        (grads["beta"], twin.bias.grad),
    ):
        assert_close(gradient, tensor_grad, dtype, scale=100)


@given(
    st.lists(st.integers(2, 4), min_size=1, max_size=3),
    few,
    st.sampled_from([1e-5, 0.1]),
    dtypes,
    seeds,
)
def test_layer_norm(sample, N: int, eps: float, dtype: type, seed: int) -> None:
    x = normal(seed, N, *sample)
    std = np.sqrt(x.reshape(N, -1).var(axis=1) + eps).min()
    compare(
        lambda x, gamma, beta: ops.layer_norm_forward(x, gamma, beta, eps),
        ops.layer_norm_backward,
        lambda x, gamma, beta: F.layer_norm(x, sample, gamma, beta, eps),
        [x, normal(seed + 1, *sample), normal(seed + 2, *sample)],
        dtype,
        seed,
        scale=10 / std,
    )


# ---- dropout: PyTorch's mask is its own, so the formula is compared given ours


@given(shapes, st.floats(0, 0.9), dtypes, seeds)
def test_dropout(shape, rate: float, dtype: type, seed: int) -> None:
    mask = ops.dropout_forward(np.ones(shape), rate, rng=np.random.default_rng(seed))[0] > 0
    compare(
        lambda x: ops.dropout_forward(x, rate, rng=np.random.default_rng(seed)),
        ops.dropout_backward,
        lambda x: x * torch.tensor(mask) / (1 - rate),
        [normal(seed, *shape)],
        dtype,
        seed,
    )
