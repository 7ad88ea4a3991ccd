"""Exercise 7: pooling.

What is asked and what is right, as a student has it. Written by `course-nn release` from
tests/autograder/ex07_pooling/exercise.md: change it there.
"""
import math

import numpy as np

from course_nn.exercises.task import task

def _windows(x):
    """Every 2 × 2 window in a row of four."""
    N, C, H, W = x.shape
    cut = x.reshape(N, C, H // 2, 2, W // 2, 2).transpose(0, 1, 2, 4, 3, 5)
    return cut.reshape(N, C, H // 2, W // 2, 4)


def _overlapping(x, choose):
    """Windows that move by one pixel, not by two; as many as there shall be."""
    U, V = x.shape[2] // 2, x.shape[3] // 2
    views = [x[:, :, r : r + U, s : s + V] for r in range(2) for s in range(2)]
    return choose(np.stack(views), axis=0)


def _far_apart(x, choose):
    """Pixels of the two halves of the image, not neighbours, in one window."""
    N, C, H, W = x.shape
    return choose(x.reshape(N, C, 2, H // 2, 2, W // 2), axis=(2, 4))


_MAX_POOL = [
    ("the windows overlap: they move by one pixel, not by two",
     lambda right, i: {"y": _overlapping(i["x"], np.max)}),
    ("pixels of both halves of the image make a window, not neighbours: reshape to H/2, 2, not 2, H/2",
     lambda right, i: {"y": _far_apart(i["x"], np.max)}),
    ("four pixels that follow each other in a row make a window: reshape to H/2, 2, W/2, 2",
     lambda right, i: {"y": i["x"].reshape(*right["y"].shape, 4).max(axis=4)}),
    ("the first pixel of each window is taken, not the largest",
     lambda right, i: {"y": i["x"][:, :, ::2, ::2]}),
    ("the last pixel of each window is taken, not the largest",
     lambda right, i: {"y": i["x"][:, :, 1::2, 1::2]}),
    ("only the diagonal of each window is looked at",
     lambda right, i: {"y": np.maximum(i["x"][:, :, ::2, ::2], i["x"][:, :, 1::2, 1::2])}),
    ("the place of the maximum is returned, not the maximum",
     lambda right, i: {"y": _windows(i["x"]).argmax(axis=-1)}),
    ("the number of the largest size is taken, whatever its sign",
     lambda right, i: {"y": np.abs(_windows(i["x"])).max(axis=-1)}),
]


@task("7.1", "x:N,C,2*U,2*V -> y:N,C,U,V", points=1, sizes={"N": 2, "C": 3, "U": 4, "V": 5},
      mistakes=_MAX_POOL,
      section=("Pooling", "The forward pass"),
      hint="Reshape to (N, C, U, 2, V, 2): which axes hold a window?",
      example={"x": [[[[1, 2, 5, 0], [3, 4, 0, 0]]]]})
def max_pool(x):
    """Return the maximum of every 2 × 2 window."""
    N, C, H, W = x.shape
    windows = x.reshape(N, C, H // 2, 2, W // 2, 2)
    y = windows.max(axis=(3, 5))
    return y


@max_pool.also
def max_pool(x):
    upper = np.maximum(x[:, :, 0::2, 0::2], x[:, :, 0::2, 1::2])
    lower = np.maximum(x[:, :, 1::2, 0::2], x[:, :, 1::2, 1::2])
    y = np.maximum(upper, lower)
    return y


@max_pool.also
def max_pool(x):
    N, C, H, W = x.shape
    y = np.zeros((N, C, H // 2, W // 2))
    for u in range(H // 2):
        for v in range(W // 2):
            i, j = 2 * u, 2 * v
            y[:, :, u, v] = x[:, :, i : i + 2, j : j + 2].max(axis=(2, 3))
    return y


def _with_ties(rng, shape, whole):
    return np.round(rng.normal(size=shape) * 1.5) if not whole else rng.integers(0, 3, shape)


def _unwindowed(windows):
    """Rows of four back in their 2 × 2 windows."""
    N, C, U, V, _ = windows.shape
    cut = windows.reshape(N, C, U, V, 2, 2).transpose(0, 1, 2, 4, 3, 5)
    return cut.reshape(N, C, 2 * U, 2 * V)


def _largest(i):
    """1 at each of the largest of its window, in rows of four."""
    windows = _windows(i["x"])
    return (windows == windows.max(axis=-1, keepdims=True)).astype(float)


def _to(i, weights):
    """dy times a weight for every number of every window, in rows of four."""
    return {"dx": _unwindowed(weights * i["dy"][..., None])}


def _one_of(weights, order):
    """Only the first of the weights that are not 0, when they are looked at in an order."""
    sorted_ = weights[..., order]
    first = np.arange(4) == sorted_.argmax(axis=-1)[..., None]
    return (sorted_ * first)[..., np.argsort(order)]


_MAX_POOL_GRADIENT = [
    ("of equal largest pixels all get dy, not the first alone",
     lambda right, i: _to(i, _largest(i))),
    ("of equal largest pixels the last gets dy, not the first",
     lambda right, i: _to(i, _one_of(_largest(i), [3, 2, 1, 0]))),
    ("of equal largest pixels the first in columns gets dy, not the first in reading order",
     lambda right, i: _to(i, _one_of(_largest(i), [0, 2, 1, 3]))),
    ("equal largest pixels share dy, and the first should get it all",
     lambda right, i: _to(i, _largest(i) / _largest(i).sum(axis=-1, keepdims=True))),
    ("where the largest are equal nobody gets dy",
     lambda right, i: _to(i, _largest(i) * (_largest(i).sum(axis=-1, keepdims=True) == 1))),
    ("the search for the largest begins at 0: windows without a positive number get nothing",
     lambda right, i: {"dx": right["dx"] * (i["x"] > 0)}),
    ("every pixel of a window gets dy, not the largest alone",
     lambda right, i: _to(i, np.ones_like(_windows(i["x"])))),
    ("every pixel of a window gets a quarter of dy: that is the gradient of the mean",
     lambda right, i: _to(i, np.full_like(_windows(i["x"]), 0.25))),
    ("only the largest of the whole image get dy, not that of each window",
     lambda right, i: _to(i, _windows((i["x"] == i["x"].max(axis=(2, 3), keepdims=True)) + 0.0))),
    ("the smallest of each window gets dy, not the largest",
     lambda right, i: _to(i, _one_of(_largest({"x": -i["x"]}), [0, 1, 2, 3]))),
    ("dy is multiplied by the largest number: the slope of a maximum is 1",
     lambda right, i: {"dx": right["dx"] * i["x"]}),
    ("dx is begun as x, not as zeros: other pixels keep their numbers",
     lambda right, i: {"dx": np.where(_unwindowed(_one_of(_largest(i), [0, 1, 2, 3])) > 0,
                                      right["dx"], i["x"])}),
    ("the row and the column of the largest are swapped",
     lambda right, i: _to(i, _one_of(_largest(i), [0, 1, 2, 3])[..., [0, 2, 1, 3]])),
    ("dx holds the largest numbers themselves, not dy",
     lambda right, i: _to({"dy": 1 + 0 * i["dy"]},
                          _one_of(_largest(i), [0, 1, 2, 3]) * _windows(i["x"]))),
]


@task("7.2", "dy:N,C,U,V x:N,C,2*U,2*V -> dx:N,C,2*U,2*V", points=2, gradient=True,
      sizes={"N": 2, "C": 3, "U": 4, "V": 5}, own={"x": _with_ties},
      mistakes=_MAX_POOL_GRADIENT,
      section=("Pooling", "Ties"),
      hint="`argmax` of a window, flattened, is the first maximum. Loop over the places if you like.",
      example={"dy": [[[[7]]]], "x": [[[[1, 3], [3, 2]]]]})
def max_pool_gradient(dy, x):
    """Return dx of the maximum of every 2 × 2 window."""
    N, C, U, V = dy.shape
    dx = np.zeros_like(x)
    for u in range(U):
        for v in range(V):
            window = x[:, :, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2]
            first = window.reshape(N, C, 4).argmax(axis=2)
            mine = (np.arange(4) == first[:, :, None]).reshape(N, C, 2, 2)
            dx[:, :, 2 * u : 2 * u + 2, 2 * v : 2 * v + 2] = mine * dy[:, :, u, v][:, :, None, None]
    return dx


@max_pool_gradient.also
def max_pool_gradient(dy, x):
    N, C, U, V = dy.shape
    dx = np.zeros_like(x)
    for n in range(N):
        for c in range(C):
            for u in range(U):
                for v in range(V):
                    i, j = 2 * u, 2 * v
                    k = x[n, c, i : i + 2, j : j + 2].argmax()
                    dx[n, c, i + k // 2, j + k % 2] = dy[n, c, u, v]
    return dx


_AVG_POOL = [
    ("the windows overlap: they move by one pixel, not by two",
     lambda right, i: {"y": _overlapping(i["x"], np.mean)}),
    ("pixels of both halves of the image make a window, not neighbours: reshape to H/2, 2, not 2, H/2",
     lambda right, i: {"y": _far_apart(i["x"], np.mean)}),
    ("the largest of each window is taken, not the mean",
     lambda right, i: {"y": _windows(i["x"]).max(axis=-1)}),
    ("the median of each window is taken, not the mean",
     lambda right, i: {"y": np.median(_windows(i["x"]), axis=-1)}),
    ("the first pixel of each window is taken, not the mean",
     lambda right, i: {"y": i["x"][:, :, ::2, ::2]}),
    ("only the diagonal of each window counts, divided by 2",
     lambda right, i: {"y": (i["x"][:, :, ::2, ::2] + i["x"][:, :, 1::2, 1::2]) / 2}),
]


@task("7.3", "x:N,C,2*U,2*V -> y:N,C,U,V", points=1, sizes={"N": 2, "C": 3, "U": 4, "V": 5},
      mistakes=_AVG_POOL,
      section=("Pooling", "The forward pass"),
      hint="As task 7.1.",
      example={"x": [[[[1, 2, 5, 0], [3, 4, 0, 0]]]]})
def avg_pool(x):
    """Return the mean of every 2 × 2 window."""
    N, C, H, W = x.shape
    windows = x.reshape(N, C, H // 2, 2, W // 2, 2)
    y = windows.mean(axis=(3, 5))
    return y


@avg_pool.also
def avg_pool(x):
    y = (
        x[:, :, 0::2, 0::2] + x[:, :, 0::2, 1::2] + x[:, :, 1::2, 0::2] + x[:, :, 1::2, 1::2]
    ) / 4
    return y


@avg_pool.also
def avg_pool(x):
    N, C, H, W = x.shape
    y = np.zeros((N, C, H // 2, W // 2))
    for u in range(H // 2):
        for v in range(W // 2):
            i, j = 2 * u, 2 * v
            y[:, :, u, v] = x[:, :, i : i + 2, j : j + 2].sum(axis=(2, 3)) / 4
    return y


@avg_pool.also
def avg_pool(x):
    N, C, H, W = x.shape
    y = np.zeros((N, C, H // 2, W // 2))
    for r in range(2):
        for s in range(2):
            y += x[:, :, r::2, s::2]
    y = y / 4
    return y


def _only_at(dy, places):
    """dy at some pixels of each window."""
    dx = np.zeros((*dy.shape[:2], 2 * dy.shape[2], 2 * dy.shape[3]))
    for r, s in places:
        dx[:, :, r::2, s::2] = dy
    return dx


def _overwritten(dy, shape):
    """Of windows that move by one pixel the last is left."""
    dx, U, V = np.zeros(shape), dy.shape[2], dy.shape[3]
    last = np.pad(dy, ((0, 0), (0, 0), (0, 1), (0, 1)), mode="edge") / 4
    dx[:, :, : U + 1, : V + 1] = last
    return dx


def _added_overlapping(dy):
    """Windows that move by one pixel, not by two."""
    N, C, U, V = dy.shape
    dx = np.zeros((N, C, 2 * U, 2 * V))
    for r in range(2):
        for s in range(2):
            dx[:, :, r : r + U, s : s + V] += dy / 4
    return dx


_AVG_POOL_GRADIENT = [
    ("the whole of dy is laid out four times (`np.tile`), not each of its numbers (`np.repeat`)",
     lambda right, i: {"dx": np.tile(i["dy"], (1, 1, 2, 2)) / 4}),
    ("the whole of dy is laid out four times (`np.tile`), not each of its numbers, and not divided",
     lambda right, i: {"dx": np.tile(i["dy"], (1, 1, 2, 2))}),
    ("only the first pixel of each window gets dy",
     lambda right, i: {"dx": _only_at(i["dy"], [(0, 0)])}),
    ("only the first pixel of each window gets its quarter of dy",
     lambda right, i: {"dx": _only_at(i["dy"] / 4, [(0, 0)])}),
    ("only the diagonal of each window gets its quarter of dy",
     lambda right, i: {"dx": _only_at(i["dy"] / 4, [(0, 0), (1, 1)])}),
    ("the windows overlap: they move by one pixel, not by two",
     lambda right, i: {"dx": _added_overlapping(i["dy"])}),
    ("the windows overlap and `=` stands for `+=`: they move by one pixel, not by two",
     lambda right, i: {"dx": _overwritten(i["dy"], right["dx"].shape)}),
    ("it is divided by the number of windows, U V, not by the 4 pixels of one",
     lambda right, i: {"dx": right["dx"] * 4 / i["dy"][0, 0].size}),
    ("it is divided by the number of all pixels of an image",
     lambda right, i: {"dx": right["dx"] / i["dy"][0, 0].size}),
]


@task("7.4", "dy:N,C,U,V -> dx:N,C,2*U,2*V", points=1, gradient=True,
      sizes={"N": 2, "C": 3, "U": 4, "V": 5},
      mistakes=_AVG_POOL_GRADIENT,
      section=("Pooling", "The derivative"),
      hint="`np.repeat` along one axis, then along the other.",
      example={"dy": [[[[4, 8]]]]})
def avg_pool_gradient(dy):
    """Return dx of the mean of every 2 × 2 window."""
    rows = np.repeat(dy, 2, axis=2)
    dx = np.repeat(rows, 2, axis=3) / 4
    return dx


@avg_pool_gradient.also
def avg_pool_gradient(dy):
    N, C, U, V = dy.shape
    dx = np.zeros((N, C, 2 * U, 2 * V))
    for u in range(U):
        for v in range(V):
            i, j = 2 * u, 2 * v
            dx[:, :, i : i + 2, j : j + 2] += dy[:, :, u, v][:, :, None, None] / 4
    return dx


@avg_pool_gradient.also
def avg_pool_gradient(dy):
    N, C, U, V = dy.shape
    dx = np.zeros((N, C, 2 * U, 2 * V))
    for r in range(2):
        for s in range(2):
            dx[:, :, r::2, s::2] = dy / 4
    return dx


@avg_pool_gradient.also
def avg_pool_gradient(dy):
    N, C, U, V = dy.shape
    windows = np.ones((N, C, U, 2, V, 2)) / 4
    dx = (dy[:, :, :, None, :, None] * windows).reshape(N, C, 2 * U, 2 * V)
    return dx


def _of_ones(ask, rng):
    """the mean of ones is one, and a shifted image gives a shifted mean"""
    if not np.allclose(ask(x=np.ones((1, 1, 5, 4)))["y"], 1):
        return "the mean of an image of ones is not 1"
    x = rng.normal(size=(1, 1, 6, 6))
    y, moved = ask(x=x)["y"], ask(x=x[:, :, 1:])["y"]
    if not np.allclose(y[:, :, 1:], moved):
        return "the image moved up by a row gives another mean"
    same = np.allclose(y[:, :, :, 1:], ask(x=x[:, :, :, 1:])["y"])
    return "" if same else "the image moved left by a column gives another mean"


def _each_by_itself(ask, rng):
    """every channel of every image has means of its own, in any memory order"""
    each = rng.normal(size=(2, 3, 1, 1)) * np.ones((2, 3, 4, 5))
    if not np.allclose(ask(x=each)["y"], each[:, :, :2, :3]):
        return "where every channel is one number, its means are not that number"
    x = rng.normal(size=(2, 2, 4, 5))
    same = np.allclose(ask(x=np.asfortranarray(x))["y"], ask(x=x)["y"])
    if not same:
        return "the same image stored column by column has other means"
    turned = ask(x=np.ascontiguousarray(x.transpose(0, 1, 3, 2)))["y"].transpose(0, 1, 3, 2)
    same = np.allclose(turned, ask(x=x)["y"])
    return "" if same else "rows and columns exchanged, the means are others"


@task("7.5", "x:N,C,U+2,V+2 -> y:N,C,U,V", points=1, transfer=True,
      properties=[_of_ones, _each_by_itself],
      sizes={"N": 2, "C": 3, "U": 4, "V": 5},
      section=("Pooling", "The forward pass"),
      hint="Nine shifted views of the image, added up.",
      example={"x": [[[[1, 2, 3, 0], [4, 5, 6, 0], [7, 8, 9, 0]]]]},
      answer={"y": [[[[5, 3.6666666666666665]]]]})
def smooth(x):
    """Return the mean of every 3 × 3 window, stride 1."""
    ...


def _apart(rng, shape, whole):
    """Some channels lie below 0 altogether, some above."""
    offset = rng.choice([-5, 0, 5], size=(*shape[:2], 1, 1))
    return offset + (rng.integers(-2, 4, shape) if whole else rng.normal(size=shape))


def _first_largest(x):
    """The maximum, with a hair less for each later pixel, so that of equal ones the first counts."""
    hair = 1e-4 * np.arange(x[0, 0].size).reshape(x.shape[2:])
    return (x - hair).max(axis=(2, 3))


def _of_equals_the_first(ask, rng):
    """of equal largest pixels the first gets dy"""
    row = ask(dy=np.array([[5.0]]), x=np.array([[[[1.0, 4.0, 4.0]]]]))["dx"][0, 0, 0]
    if np.array_equal(row, [0, 5, 0]):
        return ""
    return f"for one row of pixels, 1, 4, 4, and dy = [[5]] dx is {row}, expected [0. 5. 0.]"


@task("7.6", "dy:N,C x:N,C,H,W -> dx:N,C,H,W", points=1, gradient=True, transfer=True,
      own={"x": _apart},
      sizes={"N": 2, "C": 3, "H": 4, "W": 5},
      gradient_of=_first_largest, properties=[_of_equals_the_first],
      section=("Pooling", "Ties"),
      hint="One row a channel, `argmax`, and back into the shape of x.",
      example={"dy": [[5]], "x": [[[[1, 3], [3, 0]]]]}, answer={"dx": [[[[0, 5], [0, 0]]]]})
def global_max_gradient(dy, x):
    """Return dx of the maximum of each channel."""
    ...
