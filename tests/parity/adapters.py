"""PyTorch's operators by ours: an adapter takes their arguments, and gives y and the way back."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from outside import as_images, cannot, headroom, in_rows, out_of_rows, shares

from course_nn import ops
from course_nn.ops.geometry import same_padding

torch = pytest.importorskip("torch", reason="parity needs PyTorch: pip install course-nn[parity]")

Array = np.ndarray
Gradients = dict[str, Array]
# what ours gives: y, and the way from dy to the gradients of the arguments, by their names
Ours = tuple[Array, Callable[[Array], Gradients]]

TOLERANCE = 1e-8


def close(ours: Array | float, theirs: Any) -> None:
    theirs = theirs.detach().numpy()
    ours = np.asarray(ours)
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    scale = max(1.0, float(np.abs(theirs[np.isfinite(theirs)]).max(initial=0)))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE * scale)


def agree(expected: Any, tensors: dict[str, Any], ours: Ours) -> None:
    """Value, and every gradient of a random upstream one, that of targets left out."""
    y, back = ours
    close(y, expected)
    dy = np.asarray(np.random.default_rng(0).standard_normal(expected.shape))
    mine = back(dy)
    assert mine
    wanted = {name: tensor for name, tensor in tensors.items() if name in mine}
    theirs = torch.autograd.grad(expected, list(wanted.values()), torch.tensor(dy))
    for name, gradient in zip(wanted, theirs, strict=True):
        close(mine[name], gradient)


# -- operators: an adapter takes their arguments, and gives y and the way back ---------------------


def both(value: Any) -> tuple[int, int]:
    """An option of two axes; one of a signal is that of an image of one row."""
    values = tuple(value) if isinstance(value, tuple | list) else (value, value)
    return values * 2 if len(values) == 1 else values


def row(value: Any, for_the_row: int) -> tuple[int, int]:
    """An option of a signal, for its image of one row."""
    return (for_the_row, *value) if isinstance(value, tuple | list) else (for_the_row, value)


def batch(x: Array, rank: int) -> tuple[Array, Callable[[Array], Array]]:
    """x with a batch axis, and the way to take it off again."""
    return (x[None], lambda y: y[0]) if x.ndim == rank - 1 else (x, lambda y: y)


def plain(forward: Callable, backward: Callable) -> Callable[..., Ours]:
    def adapter(x: Array, *_: Any, **options: Any) -> Ours:
        y, cache = forward(x, **options)
        return y, lambda dy: {"x": backward(dy, cache)}

    return adapter


def linear(x: Array, W: Array, b: Array | None = None) -> Ours:
    if W.ndim != 2:
        cannot("one unit without an axis")
    y, cache = ops.dense_forward(x.reshape(-1, x.shape[-1]), W.T, b)

    def back(dy: Array) -> Gradients:
        dx, dW, db = ops.dense_backward(dy.reshape(-1, len(W)), cache)
        return {"x": dx.reshape(x.shape), "W": dW.T, "b": db}

    return y.reshape(*x.shape[:-1], len(W)), back


def conv2d(
    x: Array, W: Array, b: Array | None = None, stride=1, padding=0, dilation=1, groups=1
) -> Ours:
    x, unbatched = batch(x, W.ndim)
    signal = W.ndim == 3
    laid = {"stride": stride, "padding": padding, "dilation": dilation}
    if padding == "valid":
        laid["padding"] = 0
    images, kernels = as_images(x, W)
    full = {
        k: row(v, 0 if k == "padding" else 1) if signal else both(v)
        for k, v in laid.items()
        if v != "same"
    }
    if padding == "same":
        axes = zip(images.shape[2:], kernels.shape[2:], full["dilation"], strict=True)
        full["padding"] = tuple(same_padding(n, k, 1, d) for n, k, d in axes)
    y, cache = ops.conv2d_forward(images, kernels, b, **full, groups=groups)
    shape = (*y.shape[:2], y.shape[3]) if signal else y.shape

    def back(dy: Array) -> Gradients:
        dx, dW, db = ops.conv2d_backward(dy.reshape(y.shape), cache)
        return {"x": unbatched(dx.reshape(x.shape)), "W": dW.reshape(W.shape), "b": db}

    return unbatched(y.reshape(shape)), back


def conv_transpose2d(
    x: Array,
    W: Array,
    b: Array | None = None,
    stride=1,
    padding=0,
    output_padding=0,
    groups=1,
    dilation=1,
) -> Ours:
    x, unbatched = batch(x, W.ndim)
    signal = W.ndim == 3
    laid = {"stride": (stride, 1), "padding": (padding, 0), "dilation": (dilation, 1)}
    laid["output_padding"] = (output_padding, 0)
    full = {k: row(v, one) if signal else both(v) for k, (v, one) in laid.items()}
    images, kernels = as_images(x, W)
    y, cache = ops.conv_transpose2d_forward(images, kernels, b, **full, groups=groups)
    shape = (*y.shape[:2], y.shape[3]) if signal else y.shape

    def back(dy: Array) -> Gradients:
        dx, dW, db = ops.conv_transpose2d_backward(dy.reshape(y.shape), cache)
        return {"x": unbatched(dx.reshape(x.shape)), "W": dW.reshape(W.shape), "b": db}

    return unbatched(y.reshape(shape)), back


def pooled(kind: str, x: Array, window, stride, padding, rank: int, **options: Any) -> Ours:
    x, unbatched = batch(x, rank)
    forward, backward = (getattr(ops, f"{kind}_pool2d_{way}") for way in ("forward", "backward"))
    stride = window if stride is None or stride == () else stride
    if rank == 3:
        window, stride, padding = row(window, 1), row(stride, 1), row(padding, 0)
    (images,) = as_images(x)
    y, cache = forward(images, both(window), both(stride), both(padding), **options)
    shape = (*y.shape[:2], y.shape[3]) if rank == 3 else y.shape
    return unbatched(y.reshape(shape)), lambda dy: {
        "x": unbatched(backward(dy.reshape(y.shape), cache).reshape(x.shape))
    }


def max_pool(rank: int) -> Callable[..., Ours]:
    def adapter(
        x,
        kernel_size,
        stride=None,
        padding=0,
        dilation=1,
        ceil_mode=False,
        return_indices=False,
    ) -> Ours:
        if return_indices:
            cannot("the places of the maxima")
        if set(both(dilation)) != {1}:
            cannot("a dilated pooling")
        return pooled("max", x, kernel_size, stride, padding, rank, ceil_mode=ceil_mode)

    return adapter


def avg_pool(rank: int) -> Callable[..., Ours]:
    def adapter(
        x,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ) -> Ours:
        if divisor_override:
            cannot("a mean with another divisor")
        counts = {"ceil_mode": ceil_mode, "count_include_pad": count_include_pad}
        return pooled("avg", x, kernel_size, stride, padding, rank, **counts)

    return adapter


def batch_norm(
    x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
) -> Ours:
    if x.ndim < 2:
        cannot("samples without an axis of their own")
    (images,) = as_images(x)
    gamma = np.ones(x.shape[1]) if weight is None else weight
    beta = np.zeros(x.shape[1]) if bias is None else bias
    running = None if training else ops.Moments(running_mean, running_var, math.inf)
    y, cache = ops.batch_norm_forward(images, gamma, beta, eps, moments=running)

    def back(dy: Array) -> Gradients:
        dx, dgamma, dbeta = ops.batch_norm_backward(dy.reshape(y.shape), cache)
        return {"x": dx.reshape(x.shape), "weight": dgamma, "bias": dbeta}

    return y.reshape(x.shape), back


def layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-5) -> Ours:
    if eps < 0:
        cannot("a negative ε")
    shape = tuple(normalized_shape)
    rows = x.reshape(-1, *shape)
    gamma = np.ones(shape) if weight is None else weight
    beta = np.zeros(shape) if bias is None else bias
    y, cache = ops.layer_norm_forward(rows, gamma, beta, eps)

    def back(dy: Array) -> Gradients:
        dx, dgamma, dbeta = ops.layer_norm_backward(dy.reshape(rows.shape), cache)
        return {"x": dx.reshape(x.shape), "weight": dgamma, "bias": dbeta}

    return y.reshape(x.shape), back


def leaky_relu(x, negative_slope=0.01, inplace=False) -> Ours:
    return plain(ops.leaky_relu_forward, ops.leaky_relu_backward)(x, slope=negative_slope)


def gelu(x, approximate="none") -> Ours:
    return plain(ops.gelu_forward, ops.gelu_backward)(x, approximate=approximate)


def along(forward: Callable, backward: Callable) -> Callable[..., Ours]:
    """An op over the last axis, along theirs."""

    def adapter(x, dim=-1, dtype=None) -> Ours:
        if dtype is not None:
            cannot("a result of another dtype")
        if not x.ndim:
            cannot("one number without axes")
        if not x.size:
            cannot("no class at all")
        y, cache = forward(np.moveaxis(x, dim, -1))
        return np.moveaxis(y, -1, dim), lambda dy: {
            "x": np.moveaxis(backward(np.moveaxis(dy, dim, -1), cache), -1, dim)
        }

    return adapter


def of_classes(forward: Callable, backward: Callable) -> Callable[..., Ours]:
    """A loss over classes: a sum is the mean times what counts, a list is the loss of each row."""

    def adapter(
        z, labels, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0
    ) -> Ours:
        given = z.shape
        if z.ndim == 1:
            z, labels = z[None], labels[None]
        rows, t = in_rows(z, labels)
        if not rows.size:
            cannot("an empty batch")
        if t.ndim == 2 and abs(t.sum(axis=1) - 1).max() > 1e-6:
            cannot("targets that are no distribution")
        options = {} if weight is None else {"class_weights": weight}
        options |= {"ignore_index": ignore_index} if t.ndim == 1 else {}
        options |= {"smoothing": label_smoothing} if label_smoothing else {}
        counts = shares(t, weight, z.shape[1], ignore_index)
        top = headroom(rows) if forward is ops.negative_log_likelihood_forward else 0.0
        if reduction == "none":
            parts = [(slice(n, n + 1), c) for n, c in enumerate(counts) if c]
        else:
            parts = [(slice(None), 1.0 if reduction == "mean" else float(counts.sum()))]
        losses = [forward(rows[part] - top, t[part], **options) for part, _ in parts]
        y = np.zeros(len(rows) if reduction == "none" else 1)
        for (part, count), (loss, _) in zip(parts, losses, strict=True):
            y[part] = (loss - top) * count

        def back(dy: Array) -> Gradients:
            dz, dy = np.zeros(rows.shape), dy.reshape(-1)
            for (part, count), (_, cache) in zip(parts, losses, strict=True):
                dz[part] = backward(float(dy[part][0]) * count, cache)
            return {"z": out_of_rows(dz, z.shape).reshape(given)}

        places = labels.shape if t.ndim == 1 else (len(z), *z.shape[2:])
        shape = () if reduction != "none" or len(given) == 1 else places
        return y.reshape(shape), back

    return adapter


def of_numbers(forward: Callable, backward: Callable) -> Callable[..., Ours]:
    """A loss that is the mean over all numbers; their sum is it times how many there are."""

    def adapter(y, target, weight=None, *, reduction="mean", pos_weight=None) -> Ours:
        if weight is not None or pos_weight is not None:
            cannot("a weight for each number")
        if reduction == "none":
            cannot("a loss of each number")
        if y.shape != target.shape:
            cannot("targets that are stretched")
        if not y.size:
            cannot("an empty batch")
        scale = 1.0 if reduction == "mean" else y.size
        rows = y.reshape(-1, y.shape[-1] if y.ndim else 1)
        loss, cache = forward(rows, target.reshape(rows.shape))
        return np.asarray(loss * scale), lambda dy: {
            "y": backward(float(dy) * scale, cache).reshape(y.shape)
        }

    return adapter


def dropout(channels: bool) -> Callable[..., Ours]:
    """Whose random numbers are theirs: our mask is where their output is not 0."""

    def adapter(x, p=0.5, training=True, inplace=False, *, theirs) -> Ours:
        if p == 1 and training:
            cannot("a dropout of everything")
        if not training or not p:
            return x, lambda dy: {"x": dy}
        kept = theirs != 0
        if channels:
            kept = kept.any(axis=tuple(range(2, x.ndim)), keepdims=True)
        y, cache = ops.dropout_forward(x, p, mask=kept)
        return y, lambda dy: {"x": ops.dropout_backward(dy, cache)}

    return adapter


def flatten(x, start_dim=0, end_dim=-1) -> Ours:
    if not x.ndim or start_dim % x.ndim != 1 or end_dim % x.ndim != x.ndim - 1:
        cannot("a Flatten that joins samples, or keeps axes")
    return plain(ops.flatten_forward, ops.flatten_backward)(x)


OPERATORS: dict[str, Callable[..., Ours]] = {
    "nn.functional.linear": linear,
    "nn.functional.conv1d": conv2d,
    "nn.functional.conv2d": conv2d,
    "nn.functional.conv_transpose1d": conv_transpose2d,
    "nn.functional.conv_transpose2d": conv_transpose2d,
    "nn.functional.max_pool1d": max_pool(3),
    "nn.functional.max_pool2d": max_pool(4),
    "nn.functional.avg_pool1d": avg_pool(3),
    "nn.functional.avg_pool2d": avg_pool(4),
    "nn.functional.batch_norm": batch_norm,
    "nn.functional.layer_norm": layer_norm,
    "nn.functional.relu": plain(ops.relu_forward, ops.relu_backward),
    "nn.functional.leaky_relu": leaky_relu,
    "sigmoid": plain(ops.sigmoid_forward, ops.sigmoid_backward),
    "tanh": plain(ops.tanh_forward, ops.tanh_backward),
    "nn.functional.gelu": gelu,
    "nn.functional.silu": plain(ops.silu_forward, ops.silu_backward),
    "softmax": along(ops.softmax_forward, ops.softmax_backward),
    "log_softmax": along(ops.log_softmax_forward, ops.log_softmax_backward),
    "nn.functional.cross_entropy": of_classes(
        ops.softmax_cross_entropy_forward, ops.softmax_cross_entropy_backward
    ),
    "nn.functional.nll_loss": of_classes(
        ops.negative_log_likelihood_forward, ops.negative_log_likelihood_backward
    ),
    "nn.functional.binary_cross_entropy_with_logits": of_numbers(
        ops.binary_cross_entropy_forward, ops.binary_cross_entropy_backward
    ),
    "nn.functional.mse_loss": of_numbers(
        ops.mean_squared_error_forward, ops.mean_squared_error_backward
    ),
    "nn.functional.dropout": dropout(False),
    "nn.functional.dropout2d": dropout(True),
    "flatten": flatten,
}
