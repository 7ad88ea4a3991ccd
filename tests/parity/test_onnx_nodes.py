"""ONNX's own node tests: its inputs into our ops, its outputs expected.

Every node test of an operator that has a counterpart here is run, or counted with the reason why it
cannot be. The counts are exact: a new version's surprise shows.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from outside import Tally, as_images, cannot, headroom, in_rows, shares, tally

import course_nn as nn
from course_nn import ops
from course_nn.ops.geometry import same_padding

onnx = pytest.importorskip("onnx", reason="parity needs onnx: pip install course-nn[parity]")
from onnx.backend.test.case.node import collect_testcases  # noqa: E402
from onnx.backend.test.loader import load_model_tests  # noqa: E402

Arrays = Sequence[np.ndarray | None]


class Sample(NamedTuple):
    """One node, what goes in, and what must come out (None where it is not asked for)."""

    name: str
    options: dict[str, Any]
    inputs: Arrays
    outputs: Arrays


def samples() -> dict[str, list[Sample]]:
    """Every test of a single node that has an adapter below, by operator."""
    found = defaultdict(list)
    for name, model, given, expected in (*made(), *shipped()):
        nodes = model.graph.node
        if len(nodes) != 1 or nodes[0].op_type not in ADAPTERS:
            continue
        options = {a.name: onnx.helper.get_attribute_value(a) for a in nodes[0].attribute}
        held = {w.name: onnx.numpy_helper.to_array(w) for w in model.graph.initializer}
        asked = [value.name for value in model.graph.input if value.name not in held]
        held |= dict(zip(asked, given, strict=True))
        held |= dict(zip([value.name for value in model.graph.output], expected, strict=True))
        inputs, outputs = ([held.get(n) for n in ns] for ns in (nodes[0].input, nodes[0].output))
        found[nodes[0].op_type].append(Sample(name, options, inputs, outputs))
    return dict(found)


Case = tuple[str, Any, Arrays, Arrays]


def made() -> Iterator[Case]:
    """The node tests, which onnx computes anew."""
    for case in collect_testcases(None):
        for given, expected in case.data_sets:
            yield case.name, case.model, given, expected


def shipped() -> Iterator[Case]:
    """The files that onnx brings along: PyTorch's own tests, exported."""
    for kind in ("pytorch-converted", "pytorch-operator"):
        for case in load_model_tests(kind=kind):
            folder = Path(case.model_dir)
            for data in sorted(folder.glob("test_data_set_*")):
                given, expected = (tensors(data, part) for part in ("input", "output"))
                yield f"{kind} {case.name}", onnx.load(folder / "model.onnx"), given, expected


def tensors(folder: Path, part: str) -> Arrays:
    files = sorted(folder.glob(f"{part}_*.pb"), key=lambda path: int(path.stem.split("_")[1]))
    return [onnx.numpy_helper.to_array(onnx.load_tensor(path)) for path in files]


# -- what our ops need besides ---------------------------------------------------------------------


def in_images(values: Sequence[int], default: int = 1) -> tuple[int, int]:
    """An option of two axes; of a signal's, with the default for the one row."""
    return (default, *values) if len(values) == 1 else tuple(values)


def laid(options: dict, size: Sequence[int], kernel: Sequence[int]) -> dict[str, Any]:
    """Stride, dilation and sides of the padding, as ours."""
    stride = in_images(options.get("strides", [1] * len(kernel)))
    dilation = in_images(options.get("dilations", [1] * len(kernel)))
    pads = options.get("pads", [0] * 2 * len(kernel))
    before, after = (in_images(p, 0) for p in (pads[: len(pads) // 2], pads[len(pads) // 2 :]))
    auto = options.get("auto_pad", b"NOTSET").decode()
    padding = tuple(zip(before, after, strict=True))
    if auto.startswith("SAME"):
        axes = zip(size, kernel, stride, dilation, strict=True)
        padding = tuple(same_padding(*axis) for axis in axes)
        padding = padding if auto == "SAME_UPPER" else tuple((b, a) for a, b in padding)
    return {"stride": stride, "dilation": dilation, "padding": padding}


# -- an adapter for each operator: what our op gives for its inputs --------------------------------


def conv(s: Sample) -> Arrays:
    x, W = as_images(*s.inputs[:2])
    b = s.inputs[2] if len(s.inputs) > 2 else None
    where = laid(s.options, x.shape[2:], W.shape[2:])
    y = ops.conv2d_forward(x, W, b, **where, groups=s.options.get("group", 1))[0]
    return [y.reshape(s.outputs[0].shape)]


def conv_transpose(s: Sample) -> Arrays:
    x, W = as_images(*s.inputs[:2])
    b = s.inputs[2] if len(s.inputs) > 2 else None
    where = laid(s.options | {"auto_pad": b"NOTSET"}, x.shape[2:], W.shape[2:])
    more = in_images(s.options.get("output_padding", (0, 0)), 0)
    if "output_shape" in s.options or b"SAME" in s.options.get("auto_pad", b""):
        cannot("a transposed convolution cut to a size")
    where |= {"output_padding": more, "groups": s.options.get("group", 1)}
    y = ops.conv_transpose2d_forward(x, W, b, **where)[0]
    return [y.reshape(s.outputs[0].shape)]


def pooling(forward: Callable, s: Sample, **more: Any) -> Arrays:
    (x,) = as_images(s.inputs[0])
    if set(s.options.get("dilations", [1])) != {1}:
        cannot("a dilated pooling")
    if len(s.outputs) > 1:
        cannot("the places of the maxima")
    window = in_images(s.options["kernel_shape"])
    where = laid(s.options, x.shape[2:], window)
    del where["dilation"]
    if any(2 * n > k for k, side in zip(window, where["padding"], strict=True) for n in side):
        cannot("a padding of more than half the window")
    ceil = bool(s.options.get("ceil_mode", 0))
    y = forward(x, window, **where, ceil_mode=ceil, **more)[0]
    return [y.reshape(s.outputs[0].shape)]


def max_pool(s: Sample) -> Arrays:
    return pooling(ops.max_pool2d_forward, s)


def avg_pool(s: Sample) -> Arrays:
    counts = bool(s.options.get("count_include_pad", 0))
    return pooling(ops.avg_pool2d_forward, s, count_include_pad=counts)


def global_avg_pool(s: Sample) -> Arrays:
    (x,) = as_images(s.inputs[0])
    return [ops.global_avg_pool2d_forward(x)[0].reshape(s.outputs[0].shape)]


def batch_norm(s: Sample) -> Arrays:
    """In training the running statistics are theirs: momentum on what was, a biased variance."""
    x, gamma, beta, mean, var = s.inputs
    (images,) = as_images(x)
    eps, keep = s.options.get("epsilon", 1e-5), s.options.get("momentum", 0.9)
    own = ops.moments(images)
    moved = [keep * was + (1 - keep) * now for was, now in ((mean, own.mean), (var, own.var))]
    training = s.options.get("training_mode", 0)
    running = None if training else ops.Moments(mean, var, math.inf)
    y = ops.batch_norm_forward(images, gamma, beta, eps, moments=running)[0].reshape(x.shape)
    return [y, *moved] if training else [y]


def layer_norm(s: Sample) -> Arrays:
    x, gamma, *beta = s.inputs
    axis = s.options.get("axis", -1) % x.ndim
    rows = x.reshape(-1, *x.shape[axis:])
    beta = beta[0] if beta else np.zeros_like(gamma)
    y = ops.layer_norm_forward(rows, gamma, beta, s.options.get("epsilon", 1e-5))[0]
    return [y.reshape(x.shape)]


def along(forward: Callable, s: Sample) -> Arrays:
    """An op over the last axis, along theirs."""
    axis = s.options.get("axis", -1)
    return [np.moveaxis(forward(np.moveaxis(s.inputs[0], axis, -1))[0], -1, axis)]


def of_classes(forward: Callable, s: Sample) -> Arrays:
    """A loss over classes; a sum is the mean times what counts, a list is the loss of each row."""
    z, labels, *weight = s.inputs
    options = {"class_weights": weight[0]} if weight and weight[0] is not None else {}
    if "ignore_index" in s.options:
        options["ignore_index"] = s.options["ignore_index"]
    rows, t = in_rows(z, labels)
    counts = shares(t, options.get("class_weights"), z.shape[1], s.options.get("ignore_index"))
    top = headroom(rows) if forward is ops.negative_log_likelihood_forward else 0.0
    match s.options.get("reduction", b"mean"):
        case b"mean":
            loss = forward(rows - top, t, **options)[0] - top
        case b"sum":
            loss = (forward(rows - top, t, **options)[0] - top) * counts.sum()
        case _:
            each = [
                forward(rows[[n]] - top, t[[n]], **options)[0] - top if c else 0.0
                for n, c in enumerate(counts)
            ]
            loss = (np.array(each) * counts).reshape(labels.shape)
    outputs = [np.asarray(loss, z.dtype)]
    if len(s.outputs) > 1:
        log_p = ops.log_softmax_forward(np.moveaxis(z, 1, -1))[0]
        outputs.append(np.moveaxis(log_p, -1, 1))
    return outputs


def dropout(s: Sample) -> Arrays:
    """In training the numbers that are dropped are theirs."""
    x, *rest = s.inputs
    ratio, training = [*rest, None, None][:2]
    rate = float(s.options.get("ratio", 0.5) if ratio is None else ratio)
    if training is None or not training:
        kept = np.ones(x.shape, bool)
        return [nn.Dropout(min(rate, 0.5)).forward(x, train=False), kept][: len(s.outputs)]
    kept = s.outputs[1] if len(s.outputs) > 1 else s.outputs[0] != 0
    return [ops.dropout_forward(x, rate, mask=kept)[0], kept][: len(s.outputs)]


def flatten(s: Sample) -> Arrays:
    if s.options.get("axis", 1) % s.inputs[0].ndim != 1:
        cannot("a Flatten that joins samples, or keeps axes")
    return [ops.flatten_forward(s.inputs[0])[0]]


def gemm(s: Sample) -> Arrays:
    A, B, *C = s.inputs
    alpha, beta = (s.options.get(name, 1.0) for name in ("alpha", "beta"))
    A, B = A.T if s.options.get("transA") else A, B.T if s.options.get("transB") else B
    b = np.broadcast_to(beta * C[0], (len(A), B.shape[1])) if C else None
    if b is not None and (b != b[0]).any():
        cannot("a bias of each sample's own")
    return [ops.dense_forward((alpha * A).astype(A.dtype), B, b if b is None else b[0].copy())[0]]


def matmul(s: Sample) -> Arrays:
    if any(a.ndim != 2 for a in s.inputs):
        cannot("a product of more than matrices")
    return [ops.dense_forward(*s.inputs)[0]]


def swish(s: Sample) -> Arrays:
    if s.options.get("alpha", 1.0) != 1:
        cannot("a swish of another slope")
    return [ops.silu_forward(s.inputs[0])[0]]


ADAPTERS: dict[str, Callable[[Sample], Arrays]] = {
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "MaxPool": max_pool,
    "AveragePool": avg_pool,
    "GlobalAveragePool": global_avg_pool,
    "BatchNormalization": batch_norm,
    "LayerNormalization": layer_norm,
    "Relu": lambda s: [ops.relu_forward(s.inputs[0])[0]],
    "LeakyRelu": lambda s: [ops.leaky_relu_forward(s.inputs[0], s.options.get("alpha", 0.01))[0]],
    "Sigmoid": lambda s: [ops.sigmoid_forward(s.inputs[0])[0]],
    "Tanh": lambda s: [ops.tanh_forward(s.inputs[0])[0]],
    "Gelu": lambda s: [
        ops.gelu_forward(s.inputs[0], s.options.get("approximate", b"none").decode())[0]
    ],
    "Swish": swish,
    "Softmax": lambda s: along(ops.softmax_forward, s),
    "LogSoftmax": lambda s: along(ops.log_softmax_forward, s),
    "SoftmaxCrossEntropyLoss": lambda s: of_classes(ops.softmax_cross_entropy_forward, s),
    "NegativeLogLikelihoodLoss": lambda s: of_classes(ops.negative_log_likelihood_forward, s),
    "Dropout": dropout,
    "Flatten": flatten,
    "Gemm": gemm,
    "MatMul": matmul,
}

# expected outputs that are written by hand, to four decimals
ROUNDED = {"test_averagepool_2d_ceil_last_window_starts_on_pad": 1e-4}

EXPECTED = {
    "Conv": Tally(26, {"volumes": 7}),
    "ConvTranspose": Tally(10, {"volumes": 1, "a transposed convolution cut to a size": 3}),
    "MaxPool": Tally(
        15,
        {
            "the places of the maxima": 2,
            "volumes": 7,
            "a padding of more than half the window": 1,
            "a dilated pooling": 3,
        },
    ),
    "AveragePool": Tally(
        13, {"volumes": 9, "a padding of more than half the window": 2, "a dilated pooling": 1}
    ),
    "GlobalAveragePool": Tally(2, {}),
    "BatchNormalization": Tally(7, {"volumes": 2}),
    "LayerNormalization": Tally(19, {}),
    "Relu": Tally(2, {}),
    "LeakyRelu": Tally(5, {}),
    "Sigmoid": Tally(3, {}),
    "Tanh": Tally(3, {}),
    "Gelu": Tally(4, {}),
    "Swish": Tally(1, {}),
    "Softmax": Tally(10, {}),
    "LogSoftmax": Tally(10, {}),
    "SoftmaxCrossEntropyLoss": Tally(34, {}),
    "NegativeLogLikelihoodLoss": Tally(18, {}),
    "Dropout": Tally(12, {}),
    "Flatten": Tally(4, {"a Flatten that joins samples, or keeps axes": 7}),
    "Gemm": Tally(11, {"a bias of each sample's own": 1}),
    "MatMul": Tally(1, {"a product of more than matrices": 6}),
}


@pytest.fixture(scope="module")
def found() -> dict[str, list[Sample]]:
    return samples()


def compare(operator: str, sample: Sample) -> None:
    ours = ADAPTERS[operator](sample)
    for mine, theirs in zip(ours, sample.outputs, strict=False):
        assert mine.shape == theirs.shape
        scale = max(1.0, float(np.abs(theirs).max(initial=0)))
        atol = ROUNDED.get(sample.name, 1e-5) * scale
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=atol)


@pytest.mark.parametrize("operator", ADAPTERS)
def test_onnxs_node_tests(found, operator: str) -> None:
    counted = tally((s.name, lambda s=s: compare(operator, s)) for s in found[operator])
    assert counted.ran > 0
    assert counted == EXPECTED[operator]
