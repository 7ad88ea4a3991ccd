"""The model: the names of the course, one vector of parameters, the door, and what is refused."""

import math
import re

import numpy as np
import pytest

import course_nn as nn
from course_nn.gradcheck import check_vjp, numerical_gradient
from course_nn.ops import dropout_mask

RNG = np.random.default_rng


def images(count: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = RNG(seed)
    x = rng.random((count, 1, 8, 8)).astype(np.float32)
    labels = rng.integers(0, 10, count)
    return x, labels


def lenet(seed: int = 0, dtype: type = np.float32) -> nn.Sequential:
    model = nn.Sequential(
        [
            nn.Conv2D(3, 3),
            nn.BatchNorm(),
            nn.ReLU(),
            nn.MaxPool2D(2),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Dense(10),
        ]
    )
    model.build((1, 8, 8), rng=RNG(seed), dtype=dtype)
    return model


def weights(model: nn.Sequential) -> bytes:
    """Everything that training may change, as bits."""
    state = [s.tobytes() for layer in model.layers for s in layer.state.values()]
    params = [p.tobytes() for layer in model.layers for p in layer.params.values()]
    return b"".join([model.params.flat.tobytes(), *params, *state])


# ---- the names of the course


def test_the_course_s_names_as_they_are_written_there() -> None:
    rng = np.random.default_rng(1)
    x, labels = rng.random((256, 1, 28, 28)), rng.integers(0, 10, 256)
    xt, yt = x[:100], labels[:100]
    xb, yb = x[:32], labels[:32]

    model = nn.Sequential([nn.Conv2D(6, 5), nn.ReLU(), nn.MaxPool2D(2), nn.Flatten(), nn.Dense(10)])
    model.build((1, 28, 28), rng=np.random.default_rng(0))  # dtype=np.float32
    loss, optimizer = nn.SoftmaxCrossEntropy(), nn.SGD(0.1, momentum=0.9)
    history = model.fit(
        x,
        labels,
        loss=loss,
        optimizer=optimizer,
        epochs=1,
        batch_size=128,
        validation=(xt, yt),
        rng=rng,
    )
    assert isinstance(model.train_step(xb, yb, loss, optimizer), float)
    assert set(model.evaluate(xt, yt, loss)) == {"loss", "accuracy"}
    assert model.predict(x).shape == (256, 10)
    assert model.layers[0].params["W"].shape == (6, 1, 5, 5)
    assert model.layers[4].params["W"].shape == (6 * 12 * 12, 10)
    y = model.layers[0].forward(xb.astype(np.float32), train=True)
    dy = np.ones_like(y)
    dx = model.layers[0].backward(dy)
    assert dx.shape == xb.shape
    assert model.layers[0].grads["W"].shape == (6, 1, 5, 5)

    assert {k: len(v) for k, v in history.items()} == {
        "loss": 1,
        "accuracy": 1,
        "val_loss": 1,
        "val_accuracy": 1,
        "step_loss": 2,
    }
    assert model.params.flat.dtype == np.float32


def test_everything_public_is_there() -> None:
    for name in nn.__all__:
        assert getattr(nn, name) is not None
    assert nn.data
    assert nn.init


# ---- one vector of parameters


def test_every_parameter_is_a_view_of_one_vector() -> None:
    model = lenet()
    assert set(model.params) == {"0.W", "0.b", "1.gamma", "1.beta", "6.W", "6.b"}
    for i, layer in enumerate(model.layers):
        for key, p in layer.params.items():
            assert p is model.params[f"{i}.{key}"]
            assert np.shares_memory(p, model.params.flat)
    assert model.params.flat.size == sum(p.size for p in model.params.values())


def test_parameters_are_writable_in_place_and_training_sees_it() -> None:
    model, twin = lenet(), lenet()
    (x, labels), new = images(), RNG(9).standard_normal((3, 1, 3, 3))
    before = model.predict(x)
    model.layers[0].params["W"][...] = new
    assert np.abs(model.predict(x) - before).max() > 1e-3
    np.testing.assert_array_equal(model.params["0.W"], new.astype(np.float32))

    twin.params["0.W"][...] = new
    for m in (model, twin):
        m.train_step(x, labels, nn.SoftmaxCrossEntropy(), nn.SGD(0.1, momentum=0.9))
    assert weights(model) == weights(twin)
    moved = model.layers[0].params["W"] - new.astype(np.float32)
    assert 0 < np.abs(moved).max() < 0.5  # a step from where they were put


def test_a_frozen_or_scaled_weight_can_be_kept_by_hand() -> None:
    model = lenet()
    x, labels = images()
    for _ in range(3):
        model.train_step(x, labels, nn.SoftmaxCrossEntropy(), nn.SGD(0.1))
        model.layers[6].params["b"][:] = 0
    assert not model.params["6.b"].any()


def test_residual_blocks_train_as_part_of_the_vector() -> None:
    block = nn.Residual([nn.Conv2D(4, 3, padding=1), nn.BatchNorm(), nn.ReLU()], [nn.Conv2D(4, 1)])
    nested = nn.Residual([nn.Residual([nn.Dense(10)]), nn.Tanh()])
    model = nn.Sequential([block, nn.Flatten(), nn.Dense(10), nested])
    model.build((1, 8, 8), rng=RNG(0))
    assert {"0.main.0.W", "0.shortcut.0.b", "3.main.0.main.0.W"} <= set(model.params)
    innermost = nested.paths["main"][0].paths["main"][0]
    assert innermost.params["W"] is model.params["3.main.0.main.0.W"]
    before = {k: p.copy() for k, p in model.params.items()}
    x, labels = images()
    model.train_step(x, labels, nn.SoftmaxCrossEntropy(), nn.SGD(0.1))
    for key, value in before.items():
        moved = np.abs(model.params[key] - value).max()
        assert (moved > 1e-5) == (key != "0.main.0.b"), key  # a bias before batch norm stays
    assert block.state["main.1.running_mean"].any()


def test_gradients_of_a_whole_model_pass_the_judge() -> None:
    layers = [
        nn.Conv2D(2, 2),
        nn.BatchNorm(),
        nn.Tanh(),
        nn.Residual([nn.Conv2D(2, 3, padding=1), nn.GELU()]),
        nn.AvgPool2D(2),
        nn.Flatten(),
        nn.Dense(3),
        nn.Softmax(),
    ]
    model = nn.Sequential(layers)
    model.build((1, 5, 5), rng=RNG(0), dtype=np.float64)

    def forward(x, *params):
        for p, value in zip(model.params.values(), params, strict=True):
            p[...] = value
        return model.forward(x, train=True), None

    def backward(dy, cache):
        forward(*arrays)
        dx = model.backward(dy)
        grads = [layer.grads[key] for layer in layers for key in layer.params]
        return (dx, *grads)

    arrays = [RNG(1).standard_normal((3, 1, 5, 5)), *(p.copy() for p in model.params.values())]
    report = check_vjp(forward, backward, *arrays)
    assert report.passed, report


# ---- the list of a first lecture: forward, backward, update


class Spy(nn.Layer):
    """Passes everything on, and writes down what it is asked."""

    def __init__(self, name: str, log: list) -> None:
        super().__init__()
        self.name, self.log = name, log

    def compute(self, x, train, noise=None):
        self.log.append(("forward", self.name, train))
        return x, ()

    def gradients(self, dy, cache, need_dx=True):
        self.log.append(("backward", self.name))
        return dy, {}


@pytest.mark.parametrize("how", ["train_step", "forward and backward"])
def test_seed_a_forward_runs_first_to_last_and_backward_last_to_first(how: str) -> None:
    log: list = []
    model = nn.Sequential(
        [nn.Dense(4), Spy("a", log), nn.ReLU(), Spy("b", log), nn.Dense(2), Spy("c", log)]
    )
    model.build((3,), rng=RNG(0), dtype=np.float64)
    x = RNG(1).standard_normal((4, 3))
    if how == "train_step":
        model.train_step(x, np.zeros(4, int), nn.SoftmaxCrossEntropy(), nn.SGD(0.1))
    else:
        model.backward(model.forward(x, train=True))
    assert log == [
        *(("forward", name, True) for name in "abc"),
        *(("backward", name) for name in "cba"),
    ]
    log.clear()
    model.predict(x)
    assert log == [("forward", name, False) for name in "abc"]


def test_seed_a_prediction_and_evaluation_cache_nothing() -> None:
    model = lenet()
    x, labels = images()
    model.predict(x)
    model.evaluate(x, labels, nn.SoftmaxCrossEntropy())
    assert [layer.cache for layer in model.layers] == [None] * 7


def test_seed_a_the_update_by_hand() -> None:
    model = nn.Sequential([nn.Dense(2)])
    model.build((2,), rng=RNG(0), dtype=np.float64)
    model.layers[0].params["W"][...] = [[1, 2], [3, 4]]
    x, target = np.array([[1.0, -1.0]]), np.array([[0.0, 0.0]])
    optimizer = nn.SGD(0.1)
    assert model.train_step(x, target, nn.MeanSquaredError(), optimizer) == 4.0
    # y = [−2, −2]; dy = 2 y / 2 = [−2, −2]; dW = xᵀ dy
    np.testing.assert_allclose(model.grads["0.W"], [[-2, -2], [2, 2]])
    np.testing.assert_allclose(model.layers[0].params["W"], [[1.2, 2.2], [2.8, 3.8]])
    np.testing.assert_allclose(model.layers[0].params["b"], [0.2, 0.2])


def test_a_step_s_gradients_are_the_loss_s_derivative() -> None:
    model = lenet(dtype=np.float64)
    mask = dropout_mask((6, 27), 0.2, rng=RNG(3), like=np.ones(1))
    model.layers[5].draw_noise = lambda shape, like: mask
    x, labels = images(6)
    loss = nn.SoftmaxCrossEntropy(smoothing=0.1)
    model.train_step(x, labels, loss, nn.SGD(0.0))

    def value(flat):
        model.params.flat[:] = flat
        return loss.compute(model.forward(x.astype(np.float64), train=True), labels)[0]

    grads = model.grads.flat.copy()
    numerical = numerical_gradient(value, model.params.flat.copy(), 1.0)
    np.testing.assert_allclose(grads, numerical, rtol=1e-5, atol=1e-9)


def test_the_first_layer_still_gives_its_dx_when_asked() -> None:
    model = lenet(dtype=np.float64)
    x, _ = images(4)
    y = model.forward(x.astype(np.float64), train=True)
    assert model.backward(np.ones_like(y)).shape == x.shape


# ---- labels


@pytest.mark.parametrize(
    "loss",
    [
        nn.SoftmaxCrossEntropy(),
        nn.SoftmaxCrossEntropy(smoothing=0.1, class_weights=np.arange(1, 11)),
    ],
    ids=["plain", "smooth and weighted"],
)
def test_integers_and_one_hot_labels_give_the_same_step(loss: nn.Loss) -> None:
    x, labels = images()
    results = []
    for given in (labels, labels.astype(np.uint8), np.eye(10)[labels], labels.tolist()):
        model = lenet()
        value = model.train_step(x, given, loss, nn.SGD(0.1, momentum=0.9))
        results.append((value, weights(model)))
    assert all(r == results[0] for r in results)


# ---- the door


class DtypeSpy(nn.ReLU):
    def compute(self, x, train, noise=None):
        self.seen = x
        return super().compute(x, train, noise)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("given", [np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_the_dtype_is_converted_at_the_door_once(dtype: type, given: type) -> None:
    model = nn.Sequential([DtypeSpy(), nn.Flatten(), nn.Dense(3)])
    model.build((1, 2, 2), rng=RNG(0), dtype=dtype)
    x = np.arange(8).reshape(2, 1, 2, 2).astype(given)
    assert model.predict(x).dtype == dtype
    assert model.layers[0].seen.dtype == dtype
    model.train_step(x, np.array([0, 1]), nn.SoftmaxCrossEntropy(), nn.SGD(0.1))
    assert model.layers[0].seen.dtype == dtype
    assert model.grads.flat.dtype == model.params.flat.dtype == dtype


def test_what_needs_no_conversion_is_not_copied() -> None:
    model = lenet()
    x, _ = images()
    assert model.admit(x) is x
    assert model.admit(x.astype(np.float64)).dtype == np.float32


def test_a_list_is_welcome() -> None:
    model = nn.Sequential([nn.Dense(2)])
    model.build((2,), rng=RNG(0))
    assert model.predict([[1, 2], [3, 4]]).shape == (2, 2)


# ---- prediction and evaluation


def test_predict_does_not_depend_on_the_batch_size() -> None:
    model, (x, _) = lenet(dtype=np.float64), images(23)
    whole = model.predict(x)
    for size in (1, 7, 23, 1000):
        np.testing.assert_allclose(model.predict(x, batch_size=size), whole, rtol=1e-12)


def test_predict_changes_nothing() -> None:
    model, (x, labels) = lenet(), images()
    model.train_step(x, labels, nn.SoftmaxCrossEntropy(), nn.SGD(0.1))
    before, data = weights(model), x.tobytes()
    first = model.predict(x)
    np.testing.assert_array_equal(model.predict(x), first)
    model.evaluate(x, labels, nn.SoftmaxCrossEntropy())
    assert (weights(model), x.tobytes()) == (before, data)


def test_predict_is_forward_without_training() -> None:
    model, (x, _) = lenet(dtype=np.float64), images()
    np.testing.assert_allclose(model.predict(x), model.forward(x.astype(np.float64)), rtol=1e-12)


def test_evaluate_is_the_loss_over_all_samples() -> None:
    model, (x, labels) = lenet(dtype=np.float64), images(37)
    output = model.predict(x)
    p = np.exp(output) / np.exp(output).sum(axis=1, keepdims=True)
    expected = {
        "loss": pytest.approx(-np.log(p[np.arange(37), labels]).mean(), rel=1e-12),
        "accuracy": pytest.approx((output.argmax(axis=1) == labels).mean()),
    }
    for size in (5, 100):
        scores = model.evaluate(x, labels, nn.SoftmaxCrossEntropy(), batch_size=size)
        assert scores == expected
    assert set(model.evaluate(x, np.eye(10)[labels], nn.MeanSquaredError())) == {"loss"}


# ---- determinism


def test_the_same_seed_gives_the_same_model_to_the_bit() -> None:
    assert weights(lenet(3)) == weights(lenet(3))
    assert weights(lenet(3)) != weights(lenet(4))


def test_float32_and_float64_models_begin_alike() -> None:
    one, two = lenet(3), lenet(3, np.float64)
    np.testing.assert_array_equal(one.params.flat, two.params.flat.astype(np.float32))


# ---- the Jacobian


def test_the_jacobian_is_the_judge_s() -> None:
    model = nn.Sequential(
        [nn.Conv2D(2, 2), nn.BatchNorm(), nn.Tanh(), nn.MaxPool2D(2), nn.Flatten(), nn.Dense(3)]
    )
    model.build((1, 5, 5), rng=RNG(0), dtype=np.float64)
    model.layers[1].state["running_mean"][:] = 0.3
    model.layers[1].state["running_var"][:] = 2.0
    x = RNG(1).standard_normal((2, 1, 5, 5))
    before = weights(model)
    J = model.jacobian(x)
    assert J.shape == (2, 3, 1, 5, 5)
    for n, k in np.ndindex(2, 3):
        dy = np.zeros((2, 3))
        dy[n, k] = 1
        numerical = numerical_gradient(model.predict, x, dy)
        np.testing.assert_allclose(J[n, k], numerical[n], rtol=1e-6, atol=1e-9)
        assert not numerical[1 - n].any()  # no sample sees another
    assert weights(model) == before


def test_the_jacobian_of_an_image_to_image_model() -> None:
    model = nn.Sequential([nn.Dropout(0.5), nn.LeakyReLU(0.5)])
    model.build((1, 2, 2), rng=RNG(0), dtype=np.float64)
    J = model.jacobian(np.array([[[[1.0, -1.0], [2.0, -3.0]]]]))
    assert J.shape == (1, 1, 2, 2, 1, 2, 2)
    np.testing.assert_array_equal(J.reshape(4, 4), np.diag([1, 0.5, 1, 0.5]))


# ---- summary


def test_summary_counts() -> None:
    table = str(lenet().summary())
    lines = table.splitlines()
    assert lines[0].split() == ["layer", "output", "shape", "parameters", "memory", "a", "sample"]
    conv = next(line for line in lines if line.startswith("Conv2D"))
    assert re.search(r"\(3, 6, 6\) +30 +432 B$", conv)
    dense = next(line for line in lines if line.startswith("Dense"))
    assert re.search(r"\(10,\) +280 +40 B$", dense)
    total = 30 + 6 + 280
    assert f"{total} parameters in float32: 1.2 KiB" in lines[-1]
    assert lenet().params.flat.size == total
    shapes = [layer.output_shape for layer in lenet().layers]
    activations = 4 * sum(math.prod(shape) for shape in shapes)
    assert f"{activations / 1024:.1f} KiB" in lines[-1]


def test_summary_of_large_things_and_of_residuals() -> None:
    model = nn.Sequential(
        [nn.Flatten(), nn.Dense(512), nn.Residual([nn.Dense(512), nn.ReLU(), nn.Dense(512)])]
    )
    model.build((1, 32, 32), rng=RNG(0))
    table = str(model.summary())
    assert f"{1024 * 512 + 512:,}" in table
    assert f"{2 * (512 * 512 + 512):,}" in table
    assert "MiB" in table
    assert "…" in table  # a name that is too long is cut
    assert repr(model.summary()) == table


def test_a_model_prints_its_layers() -> None:
    text = repr(nn.Sequential([nn.Flatten(), nn.Dense(3)]))
    assert text == "Sequential([Flatten(), Dense(units=3)])"


# ---- what is refused, with nothing changed


def test_a_failed_build_leaves_a_built_model_as_it_was() -> None:
    model, (x, _) = lenet(), images()
    before, output = weights(model), model.predict(x)
    with pytest.raises(nn.ShapeError, match=r"layer 3: MaxPool2D.*1×5.*padding"):
        model.build((1, 3, 7), rng=RNG(5))
    assert weights(model) == before
    np.testing.assert_array_equal(model.predict(x), output)
    for i, layer in enumerate(model.layers):
        for key, p in layer.params.items():
            assert p is model.params[f"{i}.{key}"]


def test_a_model_can_be_built_anew_for_another_shape() -> None:
    model = lenet()
    assert model.build((2, 10, 10), rng=RNG(1), redraw=True) == (10,)
    assert model.params["0.W"].shape == (3, 2, 3, 3)
    assert model.predict(np.zeros((1, 2, 10, 10))).shape == (1, 10)


REFUSED = {
    "another shape of sample": (
        lambda x, y: (x[:, :, :5], y),
        nn.ShapeError,
        r"built for samples of shape \(1, 8, 8\), but x is \(40, 1, 5, 8\)",
    ),
    "no channel axis": (lambda x, y: (x[:, 0], y), nn.ShapeError, r"\(8, 8\)"),
    "an empty set": (lambda x, y: (x[:0], y[:0]), ValueError, "x holds no sample"),
    "a label too large": (
        lambda x, y: (x, np.where(np.arange(40) == 7, 10, y)),
        ValueError,
        "label 10 of sample 7 is out of range: 10 classes are 0 to 9",
    ),
    "a negative label": (
        lambda x, y: (x, np.where(np.arange(40) == 7, -1, y)),
        ValueError,
        "label -1 of sample 7 is out of range",
    ),
    "labels that are no integers": (
        lambda x, y: (x, y + 0.5),
        ValueError,
        "labels must be integers, the classes from 0, got fractions",
    ),
    "too few labels": (lambda x, y: (x, y[:-1]), ValueError, r"40.*39|39.*40"),
    "NaN": (
        lambda x, y: (np.where(np.arange(40)[:, None, None, None] == 7, np.nan, x), y),
        (ValueError, FloatingPointError),
        "NaN",
    ),
    "infinity": (
        lambda x, y: (np.where(np.arange(40)[:, None, None, None] == 7, np.inf, x), y),
        (ValueError, FloatingPointError),
        "∞",
    ),
}


def actions(model: nn.Sequential, optimizer: nn.Optimizer) -> dict:
    loss = nn.SoftmaxCrossEntropy()
    return {
        "fit": lambda x, y: model.fit(
            x, y, loss=loss, optimizer=optimizer, batch_size=20, progress=False
        ),
        "fit's validation": lambda x, y: model.fit(
            *images(), loss=loss, optimizer=optimizer, validation=(x, y), progress=False
        ),
        "train_step": lambda x, y: model.train_step(x, y, loss, optimizer),
        "evaluate": lambda x, y: model.evaluate(x, y, loss),
    }


@pytest.mark.parametrize("action", ["fit", "fit's validation", "train_step", "evaluate"])
@pytest.mark.parametrize("name", REFUSED)
def test_bad_data_is_refused_in_one_sentence_and_nothing_changes(name: str, action: str) -> None:
    spoil, error, message = REFUSED[name]
    model, optimizer = lenet(), nn.SGD(0.1, momentum=0.9)
    before = weights(model)
    with pytest.raises(error, match=message) as caught:
        actions(model, optimizer)[action](*spoil(*images()))
    assert "\n" not in str(caught.value)
    assert weights(model) == before
    assert optimizer.steps == 0
    assert not optimizer.state


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_without_samples_is_refused(size: int) -> None:
    model = lenet()
    before = weights(model)
    with pytest.raises(ValueError, match=f"batch_size must be at least 1, got {size}"):
        model.fit(*images(), loss=nn.SoftmaxCrossEntropy(), optimizer=nn.SGD(0.1), batch_size=size)
    assert weights(model) == before


@pytest.mark.parametrize("name", ["another shape of sample", "no channel axis", "an empty set"])
@pytest.mark.parametrize("method", ["predict", "jacobian"])
def test_what_predict_refuses(name: str, method: str) -> None:
    spoil, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        getattr(lenet(), method)(spoil(*images())[0])


def test_a_model_that_is_not_built_says_so() -> None:
    model, (x, labels) = nn.Sequential([nn.Flatten(), nn.Dense(3)]), images()
    loss, optimizer = nn.SoftmaxCrossEntropy(), nn.SGD(0.1)
    for ask in (
        lambda: model.predict(x),
        lambda: model.summary(),
        lambda: model.evaluate(x, labels, loss),
        lambda: model.train_step(x, labels, loss, optimizer),
        lambda: model.fit(x, labels, loss=loss, optimizer=optimizer),
        lambda: model.jacobian(x),
    ):
        with pytest.raises(RuntimeError, match=r"call model\.build\(input_shape, rng=rng\) first"):
            ask()


def test_models_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one layer"):
        nn.Sequential([])
    layer = nn.ReLU()
    with pytest.raises(ValueError, match="stands twice in this model, as layer 0 and as layer 2"):
        nn.Sequential([layer, nn.Tanh(), layer])
    with pytest.raises(TypeError, match=r"layer 1 must be a layer such as .*got 'relu'$"):
        nn.Sequential([nn.Dense(3), "relu"])
    with pytest.raises(TypeError, match=r"layer 0 must be .*ReLU.*are its brackets \(\) missing"):
        nn.Sequential([nn.ReLU])
    with pytest.raises(TypeError, match=r"a list of layers, got Dense\(units=3\)"):
        nn.Sequential(nn.Dense(3))


def test_builds_that_cannot_be_are_refused() -> None:
    model = nn.Sequential([nn.Dense(2)])
    with pytest.raises(TypeError, match=r"dtype must be np.float32 or np.float64, got int64"):
        model.build((3,), rng=RNG(0), dtype=np.int64)
    with pytest.raises(TypeError, match=r"dtype must be np.float32 or np.float64, got flout"):
        model.build((3,), rng=RNG(0), dtype="flout")
    with pytest.raises(ValueError, match='"cpu" or "gpu", got \'tpu\''):
        model.build((3,), rng=RNG(0), device="tpu")
    with pytest.raises(TypeError, match=r"rng must be a generator such as .*, got 0"):
        model.build((3,), rng=0)
    with pytest.raises(ValueError, match="threads must be at least 1, got 0"):
        model.build((3,), rng=RNG(0), threads=0)


@pytest.mark.parametrize("shape", [3, (), (0,), (1, -8, 8), (2.5,), "28", None])
def test_a_shape_that_is_none_is_refused(shape) -> None:
    with pytest.raises(nn.ShapeError, match="input_shape must be the shape of one sample"):
        nn.Sequential([nn.Flatten(), nn.Dense(2)]).build(shape, rng=RNG(0))


@pytest.mark.parametrize("x", [np.full((2, 3), "1"), np.ones((2, 3)) + 1j, None])
def test_what_is_no_real_number_is_refused(x) -> None:
    model = nn.Sequential([nn.Dense(2)])
    model.build((3,), rng=RNG(0))
    with pytest.raises(ValueError, match="x must hold real numbers, got"):
        model.predict(x)


def test_a_gpu_that_is_not_there_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course_nn.backend.gpu_module", lambda: None)
    with pytest.raises(RuntimeError, match=r"no GPU that CuPy can use: install .*cuda12.*cpu"):
        nn.Sequential([nn.Dense(2)]).build((3,), rng=RNG(0), device="gpu")


def test_a_model_learns_the_same_in_any_library(xp) -> None:
    device, (x, labels) = "cpu" if xp is np else "gpu", images()
    model, twin = lenet(dtype=np.float64), lenet(dtype=np.float64)
    twin.build((1, 8, 8), rng=RNG(0), device=device, redraw=True)
    # not Adam: where a gradient is 0 but for rounding, it makes a step of the rounding
    for m, optimizer in ((model, nn.SGD(0.1, momentum=0.9)), (twin, nn.SGD(0.1, momentum=0.9))):
        for _ in range(3):
            m.train_step(x, labels, nn.SoftmaxCrossEntropy(), optimizer)
    assert isinstance(twin.params.flat, xp.ndarray)
    np.testing.assert_allclose(twin.predict(x), model.predict(x), rtol=1e-8, atol=1e-10)
    jacobian = twin.jacobian(x[:1])
    assert isinstance(jacobian, np.ndarray)
    np.testing.assert_allclose(jacobian, model.jacobian(x[:1]), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(
    "layers",
    [[nn.Dropout(0.5)], [nn.Flatten()], [nn.Input((4,))], [nn.Dropout(0.5), nn.Flatten()]],
    ids=repr,
)
def test_a_prediction_may_be_changed_in_place(layers: list[nn.Layer]) -> None:
    model = nn.Sequential(layers)
    model.build((4,), rng=np.random.default_rng(0))
    x = np.ones((3, 4), np.float32)
    model.predict(x)[...] = 0
    assert x.all()
