"""Exercise 6: convolution.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex06_convolution/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

@task("6.1", "H=7|10 R=3|2 stride=1|2|3 padding=0|1 -> U:", points=1,
      section=("Convolution", "The forward pass"),
      hint="`//` divides and rounds down.",
      example={"H": 5, "R": 3, "stride": 2, "padding": 0},
      mistakes=[
          ("the division is rounded up, it must be rounded down",
           lambda r, i: {"U": -((i["R"] - i["H"] - 2 * i["padding"]) // i["stride"]) + 1}),
          ("`/` divides without rounding down: `//` is needed",
           lambda r, i: {"U": (i["H"] + 2 * i["padding"] - i["R"]) / i["stride"] + 1}),
          ("it is divided by the stride last, and 1 is added before",
           lambda r, i: {"U": (i["H"] + 2 * i["padding"] - i["R"] + 1) // i["stride"]}),
      ])
def output_size(H, R, stride, padding):
    """Return the number of places of a kernel on a row of pixels."""
    U = (H + 2 * padding - R) // stride + 1
    return U


@output_size.also
def output_size(H, R, stride, padding):
    last = H + padding - R
    U = (last + padding + stride) // stride
    return U


@output_size.also
def output_size(H, R, stride, padding):
    U = 0
    for start in range(-padding, H + padding - R + 1, stride):
        U += 1
    return U


def _by_place(x, w):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape)
    return {"y": (windows * w).sum(axis=(2, 3))}


_other_kernels = [
    ("the kernel is flipped along both axes: here it is not",
     lambda r, i: _by_place(i["x"], i["w"][::-1, ::-1])),
    ("the kernel is flipped along its rows", lambda r, i: _by_place(i["x"], i["w"][::-1])),
    ("the kernel is flipped along its columns", lambda r, i: _by_place(i["x"], i["w"][:, ::-1])),
    ("the image is padded with zeros, so that y is as large as x",
     lambda r, i: _by_place(np.pad(i["x"], [
         ((n - 1) // 2, n // 2) for n in i["w"].shape]), i["w"])),
    ("it has a place for every pixel: at the lower and right border the kernel is cut off",
     lambda r, i: _by_place(np.pad(i["x"], [(0, n - 1) for n in i["w"].shape]), i["w"])),
]


@task("6.2", "x:U+R-1,V+S-1 w:R,S -> y:U,V", points=2,
      sizes={"U": 4, "V": 5, "R": 3, "S": 2},
      section=("Convolution", "The smallest example, by hand"),
      hint="At (u, v) the kernel sees `x[u : u + R, v : v + S]`.",
      example={"x": [[1, 2, 3], [4, 5, 6], [7, 8, 9]], "w": [[1, 0], [0, -1]]},
      mistakes=_other_kernels)
def correlate(x, w):
    """Return the sum of w times the pixels under it, at every place where it fits."""
    R, S = w.shape
    U = x.shape[0] - R + 1
    V = x.shape[1] - S + 1
    y = np.zeros((U, V), dtype=x.dtype)
    for u in range(U):
        for v in range(V):
            window = x[u : u + R, v : v + S]
            y[u, v] = (window * w).sum()
    return y


@correlate.also
def correlate(x, w):
    R, S = w.shape
    H, W = x.shape
    U, V = H - R + 1, W - S + 1
    y = np.zeros((U, V))
    for r in range(R):
        for s in range(S):
            y += w[r, s] * x[r : r + U, s : s + V]
    return y


@correlate.also
def correlate(x, w):
    R, S = w.shape
    y = np.zeros((len(x) - R + 1, len(x[0]) - S + 1))
    for u in range(y.shape[0]):
        for v in range(y.shape[1]):
            for r in range(R):
                for s in range(S):
                    y[u, v] += x[u + r, v + s] * w[r, s]
    return y


def _bias(i):
    return i["b"][:, None, None]


_other_sums = [
    ("the bias is added once for every channel",
     lambda r, i: {"y": r["y"] + (i["x"].shape[1] - 1) * _bias(i)}),
    ("the bias of the first filter is added to all",
     lambda r, i: {"y": r["y"] - _bias(i) + i["b"][0]}),
    ("the sum of all biases is added to every filter",
     lambda r, i: {"y": r["y"] - _bias(i) + i["b"].sum()}),
    ("the bias is added once for every weight of a filter",
     lambda r, i: {"y": r["y"] + (i["W"][0].size - 1) * _bias(i)}),
    ("the kernels are flipped along both axes: here they are not",
     lambda r, i: conv_forward.right({**i, "W": i["W"][:, :, ::-1, ::-1]})),
    ("only the first channel is seen",
     lambda r, i: conv_forward.right({**i, "x": i["x"][:, :1], "W": i["W"][:, :1]})),
    ("only the last channel is seen",
     lambda r, i: conv_forward.right({**i, "x": i["x"][:, -1:], "W": i["W"][:, -1:]})),
    ("every channel is multiplied by the weights of the first",
     lambda r, i: conv_forward.right({**i, "W": i["W"][:, :1] + 0 * i["W"]})),
]


@task("6.3", "x:N,C,U+R-1,V+S-1 W:F,C,R,S b:F -> y:N,F,U,V", points=2,
      sizes={"N": 2, "C": 3, "F": 4, "U": 5, "V": 6, "R": 1, "S": 7},
      section=("Convolution", "The forward pass"),
      hint='For one place: `np.einsum("ncrs,fcrs->nf", window, W)` multiplies numbers with the same '
           'letters, and sums over the letters that are not behind the arrow.',
      example={"x": [[[[1, 2], [3, 4]]]], "W": [[[[1, 0], [0, 1]]]], "b": [10]},
      mistakes=_other_sums)
def conv_forward(x, W, b):
    """Return the convolution of every image with every filter, plus b."""
    N, F, R, S = x.shape[0], W.shape[0], W.shape[2], W.shape[3]
    U = x.shape[2] - R + 1
    V = x.shape[3] - S + 1
    y = np.zeros((N, F, U, V), dtype=x.dtype)
    for u in range(U):
        for v in range(V):
            window = x[:, :, u : u + R, v : v + S]
            y[:, :, u, v] = np.einsum("ncrs,fcrs->nf", window, W) + b
    return y


@conv_forward.also
def conv_forward(x, W, b):
    N, F, R, S = len(x), len(W), W.shape[2], W.shape[3]
    U, V = x.shape[2] - R + 1, x.shape[3] - S + 1
    y = np.zeros((N, F, U, V)) + b[:, None, None]
    for r in range(R):
        for s in range(S):
            part = x[:, :, r : r + U, s : s + V]
            y += np.einsum("ncuv,fc->nfuv", part, W[:, :, r, s])
    return y


@conv_forward.also
def conv_forward(x, W, b):
    F, C, R, S = W.shape
    N, U, V = len(x), x.shape[2] - R + 1, x.shape[3] - S + 1
    y = np.zeros((N, F, U, V))
    for f in range(F):
        for u in range(U):
            for v in range(V):
                window = x[:, :, u : u + R, v : v + S]
                y[:, f, u, v] = (window * W[f]).sum(axis=(1, 2, 3)) + b[f]
    return y


@task("6.4", "dy:N,F,U,V x:N,C,U+R-1,V+S-1 -> dW:F,C,R,S db:F", points=2, gradient=True,
      sizes={"N": 2, "C": 3, "F": 4, "U": 5, "V": 6, "R": 1, "S": 7},
      section=("Convolution", "The derivative"),
      hint="A weight was used at every place: add up over all (u, v), with `+=`.",
      example={"dy": [[[[1, 0]]]], "x": [[[[1, 2, 3]]]]},
      mistakes=[
          ("dW is flipped along both axes of the kernel: here no kernel is flipped",
           lambda r, i: {**r, "dW": r["dW"][:, :, ::-1, ::-1]}),
          ("the window of each place is that of the first place, u = v = 0",
           lambda r, i: {**r, "dW": r["db"][:, None, None, None]
                         * i["x"].sum(axis=0)[:, : r["dW"].shape[2], : r["dW"].shape[3]]}),
      ])
def conv_weight_gradients(dy, x):
    """Return dW and db of the convolution for the upstream gradient dy."""
    U, V = dy.shape[2:]
    R = x.shape[2] - U + 1
    S = x.shape[3] - V + 1
    dW = np.zeros((dy.shape[1], x.shape[1], R, S), dtype=x.dtype)
    for u in range(U):
        for v in range(V):
            window = x[:, :, u : u + R, v : v + S]
            dW += np.einsum("nf,ncrs->fcrs", dy[:, :, u, v], window)
    db = dy.sum(axis=(0, 2, 3))
    return dW, db


@conv_weight_gradients.also
def conv_weight_gradients(dy, x):
    F, U, V = dy.shape[1:]
    C, R, S = x.shape[1], x.shape[2] - U + 1, x.shape[3] - V + 1
    dW = np.zeros((F, C, R, S))
    for r in range(R):
        for s in range(S):
            part = x[:, :, r : r + U, s : s + V]
            dW[:, :, r, s] = np.einsum("nfuv,ncuv->fc", dy, part)
    db = np.einsum("nfuv->f", dy)
    return dW, db


@conv_weight_gradients.also
def conv_weight_gradients(dy, x):
    N, F, U, V = dy.shape
    R, S = x.shape[2] - U + 1, x.shape[3] - V + 1
    dW = np.zeros((F, x.shape[1], R, S))
    for n in range(N):
        for r in range(R):
            for s in range(S):
                part = x[n, :, r : r + U, s : s + V]
                dW[:, :, r, s] += np.einsum("fuv,cuv->fc", dy[n], part)
    db = dy.sum(axis=(0, 2, 3))
    return dW, db


@conv_weight_gradients.also
def conv_weight_gradients(dy, x):
    N, F, U, V = dy.shape
    R, S = x.shape[2] - U + 1, x.shape[3] - V + 1
    dW, db = np.zeros((F, x.shape[1], R, S)), np.zeros(F)
    for n in range(N):
        for u in range(U):
            for v in range(V):
                window = x[n, :, u : u + R, v : v + S]
                dW += dy[n, :, u, v][:, None, None, None] * window
                db += dy[n, :, u, v]
    return dW, db


@task("6.5", "dy:N,F,U,V W:F,C,R,S -> dx:N,C,U+R-1,V+S-1", points=2, gradient=True,
      sizes={"N": 2, "C": 3, "F": 4, "U": 5, "V": 6, "R": 1, "S": 7},
      section=("Convolution", "The derivative"),
      hint="Add to the window of dx that the forward pass read at (u, v).",
      example={"dy": [[[[1, 2]]]], "W": [[[[1, 10]]]]},
      mistakes=[
          ("the kernels are flipped along both axes, or are not where a full convolution needs it",
           lambda r, i: conv_input_gradient.right({**i, "W": i["W"][:, :, ::-1, ::-1]})),
          ("what comes back from the first filter alone is added up",
           lambda r, i: conv_input_gradient.right({"dy": i["dy"][:, :1], "W": i["W"][:1]})),
          ("every filter is taken for the first: W has no index f",
           lambda r, i: conv_input_gradient.right({**i, "W": i["W"][:1] + 0 * i["W"]})),
      ])
def conv_input_gradient(dy, W):
    """Return dx of the convolution for the upstream gradient dy."""
    N, U, V = dy.shape[0], dy.shape[2], dy.shape[3]
    C, R, S = W.shape[1:]
    dx = np.zeros((N, C, U + R - 1, V + S - 1), dtype=dy.dtype)
    for u in range(U):
        for v in range(V):
            part = np.einsum("nf,fcrs->ncrs", dy[:, :, u, v], W)
            dx[:, :, u : u + R, v : v + S] += part
    return dx


@conv_input_gradient.also
def conv_input_gradient(dy, W):
    N, F, U, V = dy.shape
    C, R, S = W.shape[1:]
    dx = np.zeros((N, C, U + R - 1, V + S - 1))
    for r in range(R):
        for s in range(S):
            dx[:, :, r : r + U, s : s + V] += np.einsum("nfuv,fc->ncuv", dy, W[:, :, r, s])
    return dx


@conv_input_gradient.also
def conv_input_gradient(dy, W):
    N, F, U, V = dy.shape
    C, R, S = W.shape[1:]
    dx = np.zeros((N, C, U + R - 1, V + S - 1))
    for f in range(F):
        for u in range(U):
            for v in range(V):
                dx[:, :, u : u + R, v : v + S] += dy[:, f, u, v][:, None, None, None] * W[f]
    return dx


def _strided(i, x=None, down=None, right=None):
    """Another image in the place of the padded one, or other strides."""
    padded = np.pad(i["x"], i["padding"]) if x is None else x
    y = np.lib.stride_tricks.sliding_window_view(padded, i["w"].shape)
    y = (y * i["w"]).sum(axis=(2, 3))
    return {"y": y[:: down or i["stride"], :: right or i["stride"]]}


_other_pads = [
    ("the stride goes down only, not to the right", lambda r, i: _strided(i, right=1)),
    ("the stride goes to the right only, not down", lambda r, i: _strided(i, down=1)),
    ("the zeros are on one side only, before the first pixels",
     lambda r, i: _strided(i, np.pad(i["x"], ((i["padding"], 0), (i["padding"], 0))))),
    ("the zeros are on one side only, behind the last pixels",
     lambda r, i: _strided(i, np.pad(i["x"], ((0, i["padding"]), (0, i["padding"]))))),
    ("the zeros are above and below only",
     lambda r, i: _strided(i, np.pad(i["x"], ((i["padding"],) * 2, (0, 0))))),
    ("the zeros are on the left and right only",
     lambda r, i: _strided(i, np.pad(i["x"], ((0, 0), (i["padding"],) * 2)))),
    ("the border is repeated outwards: the padding must be zeros",
     lambda r, i: _strided(i, np.pad(i["x"], i["padding"], mode="edge"))),
    ("the zeros stand round the output, they must stand round the image",
     lambda r, i: {"y": np.pad(_strided(i, i["x"])["y"], i["padding"])}),
    ("the kernel is flipped along both axes: here it is not",
     lambda r, i: _strided({**i, "w": i["w"][::-1, ::-1]})),
]


@task("6.6", "x:H,W w:R,S stride=1|2 padding=0|1 -> y:(H+2*padding-R)//stride+1,(W+2*padding-S)//stride+1",
      points=1, sizes={"H": 6, "W": 7, "R": 3, "S": 2}, never_one="HW",
      section=("Convolution", "The forward pass"),
      hint="`np.pad(x, padding)`. The window of (u, v) begins at (u · stride, v · stride).",
      example={"x": [[1, 2, 3], [4, 5, 6], [7, 8, 9]], "w": [[1]], "stride": 2, "padding": 0},
      mistakes=_other_pads)
def strided(x, w, stride, padding):
    """Return the convolution of the padded image, at every stride-th place."""
    R, S = w.shape
    padded = np.pad(x, padding)
    U = (padded.shape[0] - R) // stride + 1
    V = (padded.shape[1] - S) // stride + 1
    y = np.zeros((U, V), dtype=x.dtype)
    for u in range(U):
        for v in range(V):
            window = padded[u * stride : u * stride + R, v * stride : v * stride + S]
            y[u, v] = (window * w).sum()
    return y


@strided.also
def strided(x, w, stride, padding):
    H, W = x.shape
    R, S = w.shape
    U = (H + 2 * padding - R) // stride + 1
    V = (W + 2 * padding - S) // stride + 1
    padded = np.zeros((H + 2 * padding, W + 2 * padding))
    padded[padding : padding + H, padding : padding + W] = x
    y = np.zeros((U, V))
    for u in range(U):
        for v in range(V):
            top, left = u * stride, v * stride
            y[u, v] = np.sum(padded[top : top + R, left : left + S] * w)
    return y


@strided.also
def strided(x, w, stride, padding):
    padded = np.pad(x, padding)
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape)
    everywhere = (windows * w).sum(axis=(2, 3))
    y = everywhere[::stride, ::stride]
    return y


def _channels_stay_apart(ask, rng):
    """a channel of the output hangs on that channel of the input alone"""
    x, W = rng.normal(size=(1, 2, 4, 4)), rng.normal(size=(2, 2, 2))
    one = ask(x=x, W=W)["y"]
    x[:, 1] += 1
    two = ask(x=x, W=W)["y"]
    if not np.allclose(one[:, 0], two[:, 0]):
        return "channel 0 of y changes when channel 1 of x does"
    return "" if not np.allclose(one[:, 1], two[:, 1]) else "channel 1 of y does not see x"


def _moves_its_channel(ask, rng):
    """a kernel that is 1 at one place and 0 elsewhere moves the image"""
    x = rng.normal(size=(2, 3, 5, 6))
    for c, r, s in ((0, 1, 0), (1, 0, 2), (2, 1, 1)):
        W, wanted = np.zeros((3, 2, 3)), np.zeros((2, 3, 4, 4))
        W[c, r, s], wanted[:, c] = 1, x[:, c, r : r + 4, s : s + 4]
        if not np.allclose(ask(x=x, W=W)["y"], wanted):
            return (
                f"with W[{c}, {r}, {s}] = 1 and all else 0, y[n, {c}, u, v] must be "
                f"x[n, {c}, u + {r}, v + {s}], and 0 in the other channels"
            )
    return ""


@task("6.7", "x:N,C,U+R-1,V+S-1 W:C,R,S -> y:N,C,U,V", points=1, transfer=True,
      sizes={"N": 2, "C": 3, "U": 5, "V": 6, "R": 4, "S": 7}, 
      properties=[_channels_stay_apart, _moves_its_channel],
      section=("Convolution", "Fewer weights: groups and points"),
      hint="As task 6.3, with the channel kept where it was summed over.",
      example={"x": [[[[1, 2]], [[3, 4]]]], "W": [[[1, 1]], [[1, -1]]]},
      answer={"y": [[[[3]], [[-1]]]]})
def depthwise_forward(x, W):
    """Return the convolution of each channel with its own kernel."""
    ...


def _with_holes(x, w):
    V = len(x) - 2 * (len(w) - 1)
    return sum(w[s] * x[2 * s : 2 * s + V] for s in range(len(w)))


@task("6.8", "dy:V x:V+2*(S-1) w:S -> dx:V+2*(S-1) dw:S", points=1, gradient=True, transfer=True,
      sizes={"V": 5, "S": 3}, gradient_of=_with_holes,
      section=("Convolution", "The derivative"),
      hint="For one s: which numbers of x did w_s meet? The same numbers get something back.",
      example={"dy": [1, 10], "x": [1, 2, 3, 4], "w": [5, 7]},
      answer={"dx": [5, 50, 7, 70], "dw": [21, 43]})
def dilated_gradients(dy, x, w):
    """Return dx and dw of y[v] = sum over s of x[v + 2 s] w[s]."""
    ...
