"""The engine cuts a batch into slices and stages; its gradients must be those of plain layers."""

import copy
import threading

import numpy as np
import pytest

import course_nn as nn


def images(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((count, 1, 8, 8)), rng.integers(0, 10, count)


def gradients(layers: list, count: int, threads: int = 2) -> tuple[dict, dict]:
    """The engine's gradients, and those of the layers' own forward and backward."""
    model, loss = nn.Sequential(layers), nn.SoftmaxCrossEntropy()
    model.build((1, 8, 8), rng=np.random.default_rng(1), dtype=np.float64, threads=threads)
    x, labels = images(count)
    loss.forward(model.forward(x, train=True), labels)
    model.backward(loss.backward())
    own = {f"{i}.{k}": g.copy() for i, layer in enumerate(layers) for k, g in layer.grads.items()}
    model.train_step(x, labels, loss, nn.SGD(0.0))
    return {name: model.grads[name].copy() for name in model.params}, own


class Lame(nn.BatchNorm):
    """Batch norm with a backward pass of its own."""

    def gradients(self, dy, cache, need_dx=True):
        dx, grads = super().gradients(dy, cache, need_dx)
        return 0 * dx, grads


class Centred(nn.Layer):
    """A layer of one's own in which a batch meets: y = w (x − mean of the batch)."""

    whole_batch = True

    def draw(self, rng):
        return {"w": np.ones(1)}

    def compute(self, x, train, noise=None):
        centred = x - x.mean(axis=0) if train else x
        return self.params["w"] * centred, centred

    def gradients(self, dy, cache, need_dx=True):
        return self.params["w"] * (dy - dy.mean(axis=0)), {"w": (dy * cache).sum().reshape(1)}


class Doubled(nn.Residual):
    """A residual block that computes otherwise: a model may not take it apart."""

    def compute(self, x, train, noise=None):
        y, cache = super().compute(x, train, noise)
        return 2 * y, cache

    def gradients(self, dy, cache, need_dx=True):
        return super().gradients(2 * dy, cache, need_dx)


def block(*main: nn.Layer, shortcut: tuple = ()) -> nn.Residual:
    return nn.Residual(list(main), list(shortcut))


NETWORKS = {
    "features": lambda: [nn.Flatten(), nn.Dense(10)],
    "images": lambda: [nn.ReLU(), nn.Flatten(), nn.Dense(10)],
    "batch norm of features": lambda: [
        nn.Flatten(),
        nn.Dense(12),
        nn.BatchNorm(),
        nn.ReLU(),
        nn.Dense(10),
    ],
    "batch norm first": lambda: [nn.BatchNorm(), nn.Flatten(), nn.Dense(10)],
    "batch norm last": lambda: [nn.Conv2D(10, 8), nn.Flatten(), nn.BatchNorm()],
    "two batch norms": lambda: [
        nn.Conv2D(3, 3),
        nn.BatchNorm(),
        nn.BatchNorm(),
        nn.Flatten(),
        nn.Dense(10),
    ],
    "images to features": lambda: [
        nn.Conv2D(3, 3),
        nn.BatchNorm(),
        nn.MaxPool2D(2),
        nn.Flatten(),
        nn.BatchNorm(),
        nn.Dense(10),
    ],
    "residual": lambda: [
        nn.Conv2D(3, 3, padding=1),
        block(nn.Conv2D(3, 3, padding=1), nn.BatchNorm(), nn.ReLU(), nn.Conv2D(3, 3, padding=1)),
        nn.ReLU(),
        nn.GlobalAvgPool2D(),
        nn.Dense(10),
    ],
    "residual first, with a shortcut that meets": lambda: [
        block(
            nn.Conv2D(4, 3, padding=1), nn.BatchNorm(), shortcut=(nn.Conv2D(4, 1), nn.BatchNorm())
        ),
        nn.GlobalAvgPool2D(),
        nn.Dense(10),
    ],
    "residual of residuals": lambda: [
        block(
            nn.BatchNorm(),
            block(nn.Conv2D(1, 3, padding=1), nn.Tanh()),
            block(nn.Tanh()),
            shortcut=(nn.Conv2D(1, 1),),
        ),
        nn.Flatten(),
        block(nn.Dense(64), nn.BatchNorm()),
        nn.Dense(10),
    ],
    "residual that makes features": lambda: [
        nn.Conv2D(10, 3),
        block(
            nn.BatchNorm(),
            nn.GlobalAvgPool2D(),
            nn.BatchNorm(),
            shortcut=(nn.Conv2D(10, 6), nn.Flatten()),
        ),
    ],
    "residual of nothing": lambda: [nn.Residual([]), nn.Flatten(), nn.Dense(10)],
    "a layer that takes a batch whole": lambda: [
        nn.Conv2D(3, 3),
        Centred(),
        nn.Tanh(),
        block(Centred(), nn.Tanh()),
        block(nn.Tanh(), shortcut=(Centred(),)),
        nn.Flatten(),
        Centred(),
        nn.Dense(10),
    ],
    "subclasses": lambda: [
        nn.Conv2D(3, 3),
        Doubled([nn.Conv2D(3, 3, padding=1), nn.BatchNorm()]),
        nn.Flatten(),
        Lame(),
        nn.Dense(10),
    ],
}


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of 16 images, so that a batch of 50 has several, and the last is smaller."""
    monkeypatch.setattr("course_nn.engine.SLICE_BYTES", 1)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("count", [2, 7, 50])
@pytest.mark.parametrize("name", NETWORKS)
def test_slices_and_stages_change_no_gradient(name: str, count: int, threads: int) -> None:
    engine, own = gradients(NETWORKS[name](), count, threads)
    assert engine.keys() == own.keys()
    for key, g in own.items():
        np.testing.assert_allclose(engine[key], g, rtol=1e-9, atol=1e-12, err_msg=key)


@pytest.mark.parametrize("name", NETWORKS)
def test_slices_and_stages_change_no_prediction_and_no_statistic(name: str) -> None:
    model, (x, labels) = nn.Sequential(NETWORKS[name]()), images(50)
    model.build((1, 8, 8), rng=np.random.default_rng(1), dtype=np.float64, threads=2)
    other = copy.deepcopy(model)
    model.train_step(x, labels, nn.SoftmaxCrossEntropy(), nn.SGD(0.0))
    other.forward(x, train=True)
    for one, two in zip(model.states(), other.states(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(model.predict(x), other.forward(x), rtol=1e-9, atol=1e-12)


def test_a_batch_passes_a_residual_block_in_slices() -> None:
    seen = []

    class Spy(nn.Layer):
        def compute(self, x, train, noise=None):
            seen.append((threading.get_ident(), len(x)))
            return x, ()

        def gradients(self, dy, cache, need_dx=True):
            return dy, {}

    model = nn.Sequential([block(nn.BatchNorm(), Spy()), nn.Flatten(), nn.Dense(10)])
    model.build((1, 8, 8), rng=np.random.default_rng(0), threads=2)
    model.train_step(*images(64), nn.SoftmaxCrossEntropy(), nn.SGD(0.1))
    assert [count for _, count in seen] == [16, 16, 16, 16]
    assert len({thread for thread, _ in seen}) == 2


def test_dropout_in_a_block_does_not_depend_on_slices() -> None:
    steps = []
    for threads in (1, 2):
        model = nn.Sequential([block(nn.Dropout(0.5), nn.Tanh()), nn.Flatten(), nn.Dense(10)])
        model.build((1, 8, 8), rng=np.random.default_rng(0), dtype=np.float64, threads=threads)
        model.train_step(*images(50), nn.SoftmaxCrossEntropy(), nn.SGD(0.1))
        steps.append(model.params.flat.copy())
    np.testing.assert_allclose(*steps, rtol=1e-12)


# -- layers and losses of one's own that are wrong -------------------------------------------------


class Scale(nn.Layer):
    """y = w x, right."""

    def draw(self, rng):
        return {"w": np.ones(self.input_shape)}

    def compute(self, x, train, noise=None):
        return self.params["w"] * x, x

    def gradients(self, dy, cache, need_dx=True):
        return self.params["w"] * dy, {"w": (dy * cache).sum(axis=0)}


def broken(**methods) -> nn.Layer:
    return type("Own", (Scale,), methods)()


FAULTS = {
    "a gradient is forgotten": (
        {"gradients": lambda self, dy, cache, need_dx=True: (dy, {})},
        r"layer 1, Own\(\): gradients gives none, and the parameters are w; give one for each",
    ),
    "a gradient has another name": (
        {"gradients": lambda self, dy, cache, need_dx=True: (dy, {"W": dy[0]})},
        "gradients gives W, and the parameters are w",
    ),
    "a scalar is stretched": (
        {"gradients": lambda self, dy, cache, need_dx=True: (dy, {"w": dy.sum()})},
        r"the gradient of w gives an array of shape \(\), and w has \(64,\)",
    ),
    "dx has another shape": (
        {"gradients": lambda self, dy, cache, need_dx=True: (dy[:, :1], {"w": dy[0]})},
        r"layer 1, Own\(\): gradients gives an array of shape .*, and its input has",
    ),
    "dx is missing": (
        {"gradients": lambda self, dy, cache, need_dx=True: (None, {"w": dy[0]})},
        r"layer 1, Own\(\): gradients gives an array of shape \(\)",
    ),
    "y has another shape than was promised": (
        {"compute": lambda self, x, train, noise=None: (x[:, :5], x)},
        r"layer 1, Own\(\), gives \(5,\) a sample, and its infer promised \(64,\)",
    ),
    "y has fewer samples": (
        {"compute": lambda self, x, train, noise=None: (x[:1], x)},
        r"layer 1, Own\(\), gives 1 samples for \d+: it needs one y for each x",
    ),
    "y is a list": (
        {"compute": lambda self, x, train, noise=None: (x.tolist(), x)},
        r"layer 1, Own\(\): compute must give y as an array, got a list",
    ),
    "compute gives no pair": (
        {"compute": lambda self, x, train, noise=None: None},
        r"layer 1, Own\(\): compute must return the pair \(y, cache\), got None",
    ),
    "gradients gives no pair": (
        {"gradients": lambda self, dy, cache, need_dx=True: None},
        r"layer 1, Own\(\): gradients must return the pair \(dx, .*, got None",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("inside", [False, True])
def test_what_a_layer_of_ones_own_does_wrong_is_named(fault: str, inside: bool) -> None:
    methods, sentence = FAULTS[fault]
    layer = broken(**methods)
    layers = [nn.Flatten(), nn.Dense(64), block(layer) if inside else layer, nn.Dense(10)]
    model = nn.Sequential(layers[:1] + layers[2:] if not inside else layers)
    first = nn.Sequential([nn.Flatten(), Scale(), *model.layers[1:]])
    first.build((1, 8, 8), rng=np.random.default_rng(0))
    named = "3.main.0" if inside else "2"
    with pytest.raises(
        (ValueError, TypeError), match=sentence.replace("layer 1", f"layer {named}")
    ):
        first.train_step(*images(20), nn.SoftmaxCrossEntropy(), nn.SGD(0.1))


def test_an_error_inside_of_a_layer_says_in_which() -> None:
    def compute(self, x, train, noise=None):
        raise ZeroDivisionError("planted")

    model = nn.Sequential([nn.Flatten(), block(broken(compute=compute)), nn.Dense(10)])
    model.build((1, 8, 8), rng=np.random.default_rng(0))
    with pytest.raises(ZeroDivisionError, match="planted") as caught:
        model.train_step(*images(20), nn.SoftmaxCrossEntropy(), nn.SGD(0.1))
    assert caught.value.__notes__ == ["It happened in layer 1.main.0, Own(), forward."]


def test_a_loss_whose_gradient_has_another_shape_is_named() -> None:
    class Own(nn.MeanSquaredError):
        def gradient(self, cache):
            return super().gradient(cache).mean(axis=0)

    model = nn.Sequential([nn.Flatten(), nn.Dense(3)])
    model.build((1, 8, 8), rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"Own.gradient gave an array of shape \(3,\)"):
        model.train_step(images(4)[0], np.zeros((4, 3)), Own(), nn.SGD(0.1))
