"""`check_layer`: every layer of ours passes whole, and every planted fault gets its sentence."""

import copy
import re
from typing import Any

import numpy as np
import pytest

import course_nn as nn
from course_nn.layercheck import LayerReport, check_layer


class Affine(nn.Layer):
    """y = x W + b, right in every way; the faults below are changes of it."""

    def infer(self, input_shape):
        return (3,)

    def draw(self, rng):
        return {"W": rng.standard_normal((self.input_shape[0], 3)), "b": np.zeros(3)}

    def compute(self, x, train, noise=None):
        return x @ self.params["W"] + self.params["b"], x

    def gradients(self, dy, cache, need_dx=True):
        return dy @ self.params["W"].T, {"W": cache.T @ dy, "b": dy.sum(axis=0)}

    def __repr__(self):
        return "Affine()"


class Noisy(nn.Layer):
    """y = x ⊙ m in training, with a mask of its own."""

    def __init__(self):
        super().__init__()
        self.rng = np.random.default_rng(7)

    def draw_noise(self, shape, like):
        return (2.0 * (self.rng.random(shape) < 0.5)).astype(like.dtype)

    def compute(self, x, train, noise=None):
        if not train:
            return x, ()
        mask = self.draw_noise(x.shape, x) if noise is None else noise
        return x * mask, mask

    def gradients(self, dy, cache, need_dx=True):
        return dy * cache, {}

    def __repr__(self):
        return "Noisy()"


class Centred(nn.Layer):
    """y = x − mean over the batch, and over what was seen in prediction."""

    whole_batch = True

    def initial_state(self):
        return {"mean": np.zeros(self.input_shape)}

    def compute(self, x, train, noise=None):
        return x - (x.mean(axis=0) if train else self.state["mean"]), (x.mean(axis=0),)

    def gradients(self, dy, cache, need_dx=True):
        return dy - dy.mean(axis=0), {}

    def observe(self, cache):
        self.state["mean"] += 0.1 * (cache[0] - self.state["mean"])

    def __repr__(self):
        return "Centred()"


class Gathered(nn.BatchLayer):
    """y = x + s · mean of the batch: its samples meet in sums that slices bring."""

    def draw(self, rng):
        return {"s": rng.standard_normal(self.input_shape)}

    def initial_state(self):
        return {"mean": np.zeros(self.input_shape)}

    def summarise(self, x):
        return x.sum(axis=0), len(x)

    def merge(self, summaries):
        count = sum(n for _, n in summaries)
        return sum(total for total, _ in summaries) / count, count

    def remembered(self):
        return self.state["mean"], np.inf

    def apply(self, x, statistics):
        mean, count = statistics
        return x + self.params["s"] * mean, (mean, count)

    def summarise_back(self, dy, cache):
        return {"s": dy.sum(axis=0) * cache[0]}

    def apply_back(self, dy, cache, grads):
        mean, count = cache
        return dy + self.params["s"] * grads["s"] / mean / count

    def __repr__(self):
        return "Gathered()"


def with_methods(base: type, **methods: Any) -> nn.Layer:
    """A layer of the class with other methods."""
    return type(base.__name__, (base,), methods)()


# ---- what passes

OURS = {
    "dense": (nn.Dense(3), (4,)),
    "convolution": (nn.Conv2D(3, 3), (2, 5, 5)),
    "convolution, padded, strided": (nn.Conv2D(3, 3, stride=2, padding=1), (2, 6, 5)),
    "convolution, same": (nn.Conv2D(2, (3, 2), padding="same"), (2, 5, 5)),
    "convolution, dilated, without bias": (nn.Conv2D(2, 3, dilation=2, bias=False), (2, 6, 6)),
    "convolution in groups": (nn.Conv2D(4, 3, groups=2), (2, 4, 4)),
    "transposed convolution": (nn.ConvTranspose2D(3, 3, stride=2), (2, 3, 3)),
    "transposed convolution in groups": (
        nn.ConvTranspose2D(2, 3, stride=2, padding=1, output_padding=1, groups=2, bias=False),
        (2, 3, 3),
    ),
    "dense without bias": (nn.Dense(3, bias=False), (4,)),
    "relu": (nn.ReLU(), (5,)),
    "leaky relu": (nn.LeakyReLU(), (2, 3, 3)),
    "sigmoid": (nn.Sigmoid(), (5,)),
    "tanh": (nn.Tanh(), (5,)),
    "gelu": (nn.GELU(), (5,)),
    "gelu by tanh": (nn.GELU(approximate="tanh"), (5,)),
    "silu": (nn.SiLU(), (5,)),
    "log-softmax": (nn.LogSoftmax(), (5,)),
    "softmax": (nn.Softmax(), (5,)),
    "flatten": (nn.Flatten(), (2, 3, 3)),
    "input": (nn.Input((4,)), (4,)),
    "max pooling": (nn.MaxPool2D(2), (2, 6, 6)),
    "max pooling, overlapping": (nn.MaxPool2D(3, stride=2, padding=1), (2, 7, 7)),
    "max pooling, same": (nn.MaxPool2D(2, padding="same"), (2, 5, 5)),
    "max pooling, ceil mode": (nn.MaxPool2D(2, ceil_mode=True), (2, 5, 5)),
    "average pooling, same": (nn.AvgPool2D(2, padding="same"), (2, 5, 5)),
    "average pooling": (nn.AvgPool2D(2), (2, 6, 6)),
    "global average": (nn.GlobalAvgPool2D(), (3, 4, 4)),
    "batch norm of features": (nn.BatchNorm(), (4,)),
    "batch norm of images": (nn.BatchNorm(), (2, 4, 4)),
    "layer norm": (nn.LayerNorm(), (5,)),
    "layer norm of images": (nn.LayerNorm(), (2, 3, 3)),
    "dropout": (nn.Dropout(0.5), (6,)),
    "dropout of channels": (nn.Dropout(0.5, channels=True), (3, 2, 2)),
    "dropout of nothing": (nn.Dropout(0.0), (6,)),
    "residual": (nn.Residual([nn.Dense(4), nn.Tanh()]), (4,)),
    "residual with batch norm": (
        nn.Residual([nn.Conv2D(3, 3, padding=1), nn.BatchNorm(), nn.ReLU()], [nn.Conv2D(3, 1)]),
        (2, 4, 4),
    ),
    "residual with dropout": (nn.Residual([nn.Dense(4), nn.Dropout(0.5)]), (4,)),
}


@pytest.mark.parametrize("name", OURS)
def test_every_layer_of_ours_passes_whole(name: str) -> None:
    layer, shape = OURS[name]
    report = check_layer(layer, shape)
    assert report.passed, report
    assert len(report.findings) == 12
    assert report.faults == []


def test_no_layer_of_ours_is_left_out() -> None:
    classes = {getattr(nn, name) for name in nn.__all__}
    ours = {c for c in classes if isinstance(c, type) and issubclass(c, nn.Layer)}
    assert ours - {type(layer) for layer, _ in OURS.values()} == {nn.Layer, nn.BatchLayer}


@pytest.mark.parametrize("base", [Affine, Noisy, Centred, Gathered])
def test_a_layer_of_ones_own_passes(base: type) -> None:
    report = check_layer(base(), (4,))
    assert report.passed, report
    assert bool(report)
    assert str(report).startswith(f"{base.__name__}(): layer check passed\n  ok   ")
    assert repr(report) == str(report)


def test_the_layer_stays_as_it_was() -> None:
    layer = nn.BatchNorm()
    layer.build((4,), rng=np.random.default_rng(3))
    layer.forward(np.random.default_rng(4).standard_normal((8, 4)).astype("f4"), train=True)
    before = copy.deepcopy((dict(layer.params), layer.state, layer.input_shape, layer.cache))
    assert check_layer(layer, (4,)).passed
    after = dict(layer.params), layer.state, layer.input_shape, layer.cache
    assert str(before) == str(after)


def test_a_dropout_keeps_its_generator() -> None:
    layer = nn.Dropout(0.5)
    before = layer.rng.bit_generator.state
    assert check_layer(layer, (4,)).passed
    assert layer.rng.bit_generator.state == before


def test_a_large_layer_is_judged_by_samples_and_mixtures() -> None:
    class Far(nn.Dense):
        def gradients(self, dy, cache, need_dx=True):
            dx, grads = super().gradients(dy, cache, need_dx)
            grads["W"][17, 5] *= 2  # one of 2,000
            return dx, grads

    assert check_layer(nn.Dense(40), (50,)).passed
    assert "dW along a random direction is" in check_layer(Far(40), (50,)).faults[0]


def test_inputs_may_be_given() -> None:
    def root(self, x, train, noise=None):
        return np.sqrt(x), x

    def half(self, dy, cache, need_dx=True):
        return dy / np.sqrt(cache) / 2, {}

    layer = with_methods(nn.Layer, compute=root, gradients=half)
    x = np.random.default_rng(0).uniform(1, 2, (4, 3))
    assert check_layer(layer, (3,), x=x).passed
    with np.errstate(invalid="ignore"):
        assert "give check_layer an x that it is made for" in check_layer(layer, (3,)).faults[0]


def test_inputs_on_a_kink_cannot_be_judged() -> None:
    report = check_layer(nn.ReLU(), (3,), x=np.zeros((2, 3)))
    assert "ReLU(): dx cannot be judged: t[0] lies on a kink of forward" in report.faults[0]


# ---- what is refused


@pytest.mark.parametrize(
    "thing", [nn.Dense, "Dense(3)", None, nn.Sequential([nn.Dense(3)])], ids=repr
)
def test_what_is_no_layer_is_refused(thing: Any) -> None:
    with pytest.raises(TypeError, match="check_layer judges one layer, such as Dense"):
        check_layer(thing, (4,))


def test_an_input_shape_that_does_not_fit_is_refused() -> None:
    with pytest.raises(nn.ShapeError, match=r"Dense\(units=3\) expects an input of shape \(D,\)"):
        check_layer(nn.Dense(3), (1, 4, 4))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"batch": 1}, "batch must be at least 2"),
        ({"rng": 0}, "rng must be a generator"),
        ({"x": np.ones((3, 5))}, r"x must be two samples or more of shape \(4,\), got \(3, 5\)"),
        ({"x": np.ones((1, 4))}, "two samples or more"),
    ],
)
def test_an_option_that_cannot_be_is_refused(options: dict, why: str) -> None:
    with pytest.raises((TypeError, ValueError), match=why):
        check_layer(Affine(), (4,), **options)


# ---- planted faults: a change of a right layer, and what is said about it


def sloppy(scale: Any) -> Any:
    """gradients of Affine, changed."""

    def gradients(self, dy, cache, need_dx=True):
        dx, grads = Affine.gradients(self, dy, cache)
        return scale(self, dx, grads, dy, cache)

    return gradients


def keeps_mask(self, x, train, noise=None):
    self.mask = x > 0
    return x * self.mask, self.mask


def counts(self, x, train, noise=None):
    self.calls = getattr(self, "calls", 0) + 1
    return Affine.compute(self, x, train)


def in_place(self, x, train, noise=None):
    x *= 2
    return Affine.compute(self, x / 2, train)


def moves_weights(self, x, train, noise=None):
    result = Affine.compute(self, x, train)
    self.params["b"] += 1
    return result


def draws_itself(self, x, train, noise=None):
    mask = np.random.default_rng().random(x.shape)
    return x * mask, mask


def draws_on_itself(self, x, train, noise=None):
    mask = self.draw_noise(x.shape, x)
    return x * mask, mask


def noise_in_place(self, x, train, noise=None):
    if noise is None:
        return x, x
    mask = noise.copy()
    noise *= 0
    return x * mask, mask


def raises(self, *args, **options):
    raise IndexError("my own mistake")


def subtracts_the_mean(self, x, train, noise=None):
    return x - x.mean(axis=0), ()


def dy_in_place(self, dy, cache, need_dx=True):
    dy *= 1.5
    return Affine.gradients(self, dy / 1.5, cache)


def cache_in_place(self, dy, cache, need_dx=True):
    result = Affine.gradients(self, dy, cache)
    cache *= 2
    return result


def keeps_gradient(self, dy, cache, need_dx=True):
    self.grads = {"b": dy.sum(axis=0)}
    return Affine.gradients(self, dy, cache)


def wrong_without_dx(self, dy, cache, need_dx=True):
    dx, grads = Affine.gradients(self, dy, cache)
    return (dx, grads) if need_dx else (None, {"W": grads["W"]})


def mean_in_double(self, x, train, noise=None):
    return Affine.compute(self, x, train)[0] * np.ones(3), x


FAULTS = {
    # built
    "draw raises": (
        Affine,
        {"draw": raises},
        r"build raised IndexError: my own mistake \(line \d+",
    ),
    "infer raises": (Affine, {"infer": raises}, "build raised IndexError: my own mistake"),
    "draw is random by itself": (
        Affine,
        {"draw": lambda self, rng: {"W": np.random.default_rng().random((4, 3)), "b": np.ones(3)}},
        "draw gives another W from the same rng: draw from the rng that it is given",
    ),
    "draw gives NaN": (
        Affine,
        {"draw": lambda self, rng: {"W": np.full((4, 3), np.nan), "b": np.ones(3)}},
        "draw gives a W that is not finite",
    ),
    "infer gives a number": (
        Affine,
        {"infer": lambda self, shape: 3},
        "infer must return a tuple of whole numbers, got 3",
    ),
    # compute
    "no compute": (nn.Layer, {}, "compute raised NotImplementedError: Layer defines no compute"),
    "compute raises": (
        Affine,
        {"compute": raises},
        r"compute raised IndexError: my own mistake \(line",
    ),
    "compute returns y alone": (
        Affine,
        {"compute": lambda self, x, train, noise=None: x @ self.params["W"]},
        r"compute must return \(y, cache\), got an array of shape \(5, 3\)",
    ),
    "compute returns nothing": (
        Affine,
        {"compute": lambda self, x, train, noise=None: None},
        r"compute must return \(y, cache\), got None",
    ),
    "infer forgotten": (
        Affine,
        {"infer": nn.Layer.infer},
        r"compute gives y of shape \(5, 3\), but infer promises \(5, 4\).*override infer",
    ),
    "the batch axis lost": (
        Affine,
        {"compute": lambda self, x, train, noise=None: ((x @ self.params["W"]).sum(axis=0), x)},
        r"compute gives y of shape \(3,\), but infer promises \(5, 3\)",
    ),
    "a cache of None": (
        Affine,
        {"compute": lambda self, x, train, noise=None: (x @ self.params["W"], None)},
        r"None as cache in training: return \(\)",
    ),
    "y in float32": (
        Affine,
        {"compute": lambda self, x, train, noise=None: ((x @ self.params["W"]).astype("f4"), x)},
        "compute gives y as float32 in a layer of float64: keep x's dtype",
    ),
    "y a list": (
        Affine,
        {"compute": lambda self, x, train, noise=None: ((x @ self.params["W"]).tolist(), x)},
        "compute gives y as list",
    ),
    "a mask on the layer": (
        nn.ReLU,
        {"compute": keeps_mask},
        "compute changes self.mask: keep it in the cache, since slices .* several threads",
    ),
    "a counter on the layer": (Affine, {"compute": counts}, "compute changes self.calls"),
    "weights moved": (Affine, {"compute": moves_weights}, "compute changes self.params"),
    "x in place": (Affine, {"compute": in_place}, "compute changes its x in place.*copy"),
    "noise in place": (Noisy, {"compute": noise_in_place}, "compute changes its noise in place"),
    "draws by itself": (
        Noisy,
        {"compute": draws_itself},
        "compute gives another y for the same x: draw random numbers in draw_noise",
    ),
    "draws though noise is given": (
        Noisy,
        {"compute": draws_on_itself},
        "compute changes self.rng: .*random numbers come from draw_noise",
    ),
    "noise of another length": (
        Noisy,
        {"draw_noise": lambda self, shape, like: np.ones(shape[1:])},
        r"draw_noise gives \(4,\): its first axis must be the batch's, 5",
    ),
    "noise in another dtype": (
        Noisy,
        {"draw_noise": lambda self, shape, like: np.ones(shape, "f4")},
        "draw_noise gives the noise as float32 in a layer of float64",
    ),
    # gradients
    "no gradients": (
        Affine,
        {"gradients": nn.Layer.gradients},
        "NotImplementedError: Affine defines",
    ),
    "gradients raises": (Affine, {"gradients": raises}, "gradients raised IndexError: my own"),
    "dx alone": (
        Affine,
        {"gradients": sloppy(lambda self, dx, grads, dy, x: dx)},
        r"gradients must return \(dx, grads\), got an array of shape \(5, 4\)",
    ),
    "all in a row": (
        Affine,
        {"gradients": sloppy(lambda self, dx, grads, dy, x: (dx, grads["W"], grads["b"]))},
        r"gradients must return \(dx, grads\), got a tuple of 3",
    ),
    "grads as a tuple": (
        Affine,
        {"gradients": sloppy(lambda self, dx, grads, dy, x: (dx, (grads["W"], grads["b"])))},
        "gradients must return its grads as a dict, got tuple",
    ),
    "a forgotten gradient": (
        Affine,
        {"gradients": sloppy(lambda self, dx, grads, dy, x: (dx, {"W": grads["W"]}))},
        "gradients forgets b, which would never be trained: return one for each of W, b",
    ),
    "an unknown gradient": (
        Affine,
        {"gradients": sloppy(lambda self, dx, grads, dy, x: (dx, {**grads, "w": dx}))},
        "gradients returns one for w: parameters are W, b",
    ),
    "a scalar gradient": (
        Affine,
        {"gradients": sloppy(lambda self, dx, grads, dy, x: (dx, {**grads, "b": dy.sum()}))},
        r"a db of shape \(\), a number, summed over too many axes; b has \(3,\): sum over",
    ),
    "a gradient a sample": (
        Affine,
        {"gradients": sloppy(lambda self, dx, grads, dy, x: (dx, {**grads, "b": dy}))},
        r"gives a db of shape \(5, 3\); b has \(3,\): sum over the batch axis",
    ),
    "a gradient of None": (
        Affine,
        {"gradients": sloppy(lambda self, dx, grads, dy, x: (dx, {**grads, "b": None}))},
        r"returns None for db: its shape is \(3,\)",
    ),
    "no dx": (
        Affine,
        {"gradients": sloppy(lambda self, dx, grads, dy, x: (None, grads))},
        r"returns None for dx: its shape is \(5, 4\)",
    ),
    "dx of another shape": (
        Affine,
        {"gradients": sloppy(lambda self, dx, grads, dy, x: (dx[0], grads))},
        r"gives dx of shape \(4,\); x has \(5, 4\)",
    ),
    "dx in float32": (
        Affine,
        {"gradients": sloppy(lambda self, dx, grads, dy, x: (dx.astype("f4"), grads))},
        "gradients gives dx as float32 in a layer of float64",
    ),
    "dy in place": (Affine, {"gradients": dy_in_place}, "gradients changes dy in place"),
    "the cache in place": (Affine, {"gradients": cache_in_place}, "changes the cache in place"),
    "a gradient on the layer": (Affine, {"gradients": keeps_gradient}, "changes self.grads"),
    # values
    "dx wrong": (
        Affine,
        {"gradients": sloppy(lambda self, dx, grads, dy, x: (-dx, grads))},
        r"gives a wrong dx: dx\[\d, \d\] is .*, and differences give .*; every number of it is -1 "
        "times the right one",
    ),
    "one number of dW wrong": (
        Affine,
        {
            "gradients": sloppy(
                lambda self, dx, grads, dy, x: (dx, {**grads, "W": grads["W"] + np.eye(4, 3)})
            )
        },
        r"gives a wrong dW: dW\[(\d), \1\] is",
    ),
    "a mean in place of a sum": (
        Affine,
        {"gradients": sloppy(lambda self, dx, grads, dy, x: (dx, {**grads, "b": dy.mean(axis=0)}))},
        "wrong db: .*every number of it is 0.2 times the right one, and the batch has 5 samples",
    ),
    "other gradients without dx": (
        Affine,
        {"gradients": wrong_without_dx},
        "gradients with need_dx=False gives other gradients",
    ),
    # slices
    "samples that meet": (
        nn.Layer,
        {
            "compute": subtracts_the_mean,
            "gradients": lambda self, dy, cache, need_dx=True: (dy - dy.mean(axis=0), {}),
        },
        "y is another when a batch is cut in two: if samples meet .* whole_batch = True",
    ),
    "a mean of slices' means": (
        Gathered,
        {"summarise": lambda self, x: (x.mean(axis=0), 1)},
        "wrong d|y is another when a batch is cut in two: summarise and merge must bring all",
    ),
    "sums of a slice alone": (
        Centred,
        {
            "whole_batch": True,
            "in_slices": True,
            "summarise": lambda self, x: (x.sum(axis=0), len(x)),
            "merge": lambda self, all: sum(a for a, _ in all) / sum(n for _, n in all),
            "apply": lambda self, x, mean: (x - mean, ()),
            "summarise_back": lambda self, dy, cache: {},
            "apply_back": lambda self, dy, cache, grads: dy - dy.mean(axis=0),
        },
        "dx is another when a batch is cut in two: what apply_back needs .* must be a sum",
    ),
    "a slice that raises": (
        Gathered,
        {"merge": lambda self, all: Gathered.merge(self, all) if len(all) == 1 else raises()},
        "on a part of the batch, merge raised",
    ),
    # prediction
    "prediction by the batch's mean": (
        Centred,
        {"compute": subtracts_the_mean, "observe": lambda self, cache: None},
        "the prediction of a sample depends on its batch: .*remembered statistics",
    ),
    "random prediction": (
        Noisy,
        {
            "compute": lambda self, x, train, noise=None: (
                (x * np.random.default_rng().random(), 0 * x)
                if not train
                else Noisy.compute(self, x, train, noise)
            )
        },
        "compute is random in prediction",
    ),
    "another shape in prediction": (
        Noisy,
        {
            "compute": lambda self, x, train, noise=None: (
                (x[:, :2], ()) if not train else Noisy.compute(self, x, train, noise)
            )
        },
        r"compute gives y of shape \(5, 2\) in prediction, and \(5, 4\) in training",
    ),
    "NaN in prediction": (
        Noisy,
        {
            "compute": lambda self, x, train, noise=None: (
                (x * np.nan, ()) if not train else Noisy.compute(self, x, train, noise)
            )
        },
        "compute gives NaN or ∞ in prediction",
    ),
    "prediction that needs noise": (
        Noisy,
        {"compute": lambda self, x, train, noise=None: (x * (noise + 0), noise)},
        "compute raised TypeError",
    ),
    # state
    "a state of another shape": (
        Centred,
        {"observe": lambda self, cache: self.state.update(mean=np.zeros(7))},
        r"observe turns its state {mean: float64 \(4,\)} into {mean: float64 \(7,\)}",
    ),
    "a state with another name": (
        Centred,
        {"observe": lambda self, cache: self.state.update(var=np.zeros(4))},
        "observe turns its state .*var: float64",
    ),
    "a state that is NaN": (
        Centred,
        {"observe": lambda self, cache: self.state.update(mean=np.full(4, np.nan))},
        "observe makes its state NaN",
    ),
    "observe that trains": (
        Affine,
        {"observe": lambda self, cache: self.params.update(b=self.params["b"] + 1)},
        "observe changes params: it moves state alone",
    ),
    "observe that raises": (Affine, {"observe": raises}, "observe raised IndexError"),
    # float32
    "constants in float64": (
        Affine,
        {"compute": mean_in_double},
        "compute gives y as float64 in a layer of float32: keep x's dtype",
    ),
    "a gradient in float64": (
        Affine,
        {
            "gradients": sloppy(
                lambda self, dx, grads, dy, x: (dx, {**grads, "b": np.ones(len(dy)) @ dy})
            )
        },
        "gradients gives db as float64 in a layer of float32",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_gets_its_sentence(name: str) -> None:
    base, methods, why = FAULTS[name]
    report = check_layer(with_methods(base, **methods), (4,))
    assert not report.passed
    assert isinstance(report, LayerReport)
    assert re.search(why, report.faults[0]), report.faults
    assert report.faults[0].startswith(f"{report.layer}: ")


def test_what_can_no_more_be_looked_at_is_not_called_right() -> None:
    report = check_layer(with_methods(Affine, compute=raises), (4,))
    assert [f.passed for f in report.findings] == [True, False] + 10 * [None]
    assert "  –    every gradient is right" in str(report)


def test_a_layer_that_cannot_be_copied_says_so() -> None:
    layer = Affine()
    layer.__deepcopy__ = raises
    assert "copy.deepcopy of it raised IndexError" in check_layer(layer, (4,)).faults[0]


class Worded(nn.Layer):
    """Its gradient is no number."""

    def draw(self, rng):
        return {"b": np.zeros(self.input_shape)}

    def compute(self, x, train, noise=None):
        return x + self.params["b"], ()

    def gradients(self, dy, cache, need_dx=True):
        return dy, {"b": "none"}


def test_a_gradient_that_is_no_number_is_a_fault():
    report = nn.check_layer(Worded(), (3,))
    assert not report.passed
    assert "db" in str(report)


@pytest.mark.parametrize("shape", [5, None, (), (None, 3), "abc"])
def test_an_input_shape_that_is_none_is_refused(shape):
    with pytest.raises(nn.ShapeError, match="input_shape must be the shape of one sample"):
        nn.check_layer(nn.Dense(3), shape)


@pytest.mark.parametrize(
    "layer", [nn.BatchNorm(), nn.Residual([nn.Dense(3), nn.BatchNorm()]), nn.Dense(2)]
)
def test_a_frozen_layer_is_judged_as_it_is_trained(layer):
    layer.trainable = False
    assert nn.check_layer(layer, (3,)).passed
    assert not layer.trainable
