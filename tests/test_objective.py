"""A loss at work: refused where it does not fit the model, and named where its answers are none."""

import numpy as np
import pytest

import course_nn as nn
from course_nn.objective import BatchLoss

RNG = np.random.default_rng
COUNT = 10


def numbered() -> tuple[np.ndarray, np.ndarray]:
    x = np.zeros((COUNT, 3), np.float32)
    x[:, 0] = np.arange(COUNT)
    return x, np.arange(COUNT) % 2


def built(*layers: nn.Layer) -> nn.Sequential:
    model = nn.Sequential(list(layers))
    model.build((3,), rng=RNG(0))
    return model


def classifier(*layers: nn.Layer) -> nn.Sequential:
    return built(*layers, nn.Dense(2))


def snapshot(model: nn.Sequential) -> tuple[bytes, ...]:
    return tuple(a.tobytes() for a in (model.params.flat, *model.states()))


def fit(model: nn.Sequential, x, labels, **options):
    options = {"optimizer": nn.SGD(0.01), "batch_size": 4, "rng": RNG(1)} | options
    return model.fit(x, labels, progress=False, **options)


# ---- what the last layer gives, and what the loss takes


class Says(nn.Layer):
    """A layer that says what it gives."""

    def __init__(self, gives: str | None) -> None:
        super().__init__()
        self.gives = gives

    def compute(self, x, train, noise=None):
        return x, ()

    def gradients(self, dy, cache, need_dx=True):
        return dy, {}


class Wants(nn.SoftmaxCrossEntropy):
    """A loss that says what it takes."""

    def __init__(self, takes: str | None) -> None:
        super().__init__()
        self.takes = takes


@pytest.mark.parametrize("action", ["fit", "train_step", "evaluate"])
@pytest.mark.parametrize(
    ("last", "takes", "message"),
    [
        (
            ["probabilities"],
            "scores",
            r"layer 1, Says\(.*gives probabilities, but Wants takes scor",
        ),
        (["probabilities"], "scores", "leave the layer out"),
        (["probabilities", "same", "same"], "scores", r"layer 1, Says\("),
        (["log-probabilities"], "probabilities", r"put a Softmax\(\) in its place"),
        (["probabilities"], "log-probabilities", r"put a LogSoftmax\(\) in its place"),
        ([], "probabilities", r"layer 0, Dense\(units=2\), gives scores, .* Softmax\(\) after it"),
        (["same"], "log-probabilities", r"layer 0, Dense.*put a LogSoftmax\(\) after it"),
    ],
)
def test_what_the_loss_does_not_take_is_refused_at_the_door(last, takes, message, action) -> None:
    model, loss, optimizer = built(nn.Dense(2), *map(Says, last)), Wants(takes), nn.SGD()
    before = snapshot(model)
    with pytest.raises(ValueError, match=message):
        {
            "fit": lambda: fit(model, *numbered(), loss=loss, optimizer=optimizer),
            "train_step": lambda: model.train_step(*numbered(), loss, optimizer),
            "evaluate": lambda: model.evaluate(*numbered(), loss),
        }[action]()
    assert snapshot(model) == before


@pytest.mark.parametrize(
    ("last", "takes"),
    [
        (["probabilities"], "probabilities"),
        (["log-probabilities", "same"], "log-probabilities"),
        (["probabilities"], None),
        ([None], "scores"),
        ([None], "probabilities"),  # a layer of one's own may give anything
        ([], "scores"),
    ],
)
def test_what_fits_or_cannot_be_known_is_let_through(last, takes) -> None:
    model = built(nn.Dense(2), *map(Says, last))
    fit(model, *numbered(), loss=Wants(takes))


GIVES = {
    "scores": (),
    "probabilities": (nn.Softmax,),
    "sigmoid": (nn.Sigmoid,),
    "log-probabilities": (nn.LogSoftmax,),
}
TAKES = {
    nn.SoftmaxCrossEntropy: "scores",
    nn.BinaryCrossEntropy: "scores",
    nn.CrossEntropy: "probabilities",
    nn.NegativeLogLikelihood: "log-probabilities",
    nn.MeanSquaredError: None,
}


@pytest.mark.parametrize("gives", GIVES)
@pytest.mark.parametrize("loss", TAKES)
def test_every_loss_takes_what_it_says_and_nothing_else(loss, gives: str) -> None:
    model = built(nn.Dense(2), *(layer() for layer in GIVES[gives]))
    x, labels = numbered()
    labels = np.eye(2)[labels] if loss in (nn.BinaryCrossEntropy, nn.MeanSquaredError) else labels
    fits = TAKES[loss] in (None, "probabilities" if gives == "sigmoid" else gives)
    if fits:
        fit(model, x, labels, loss=loss())
        return
    with pytest.raises(ValueError, match=f", but {loss.__name__} takes {TAKES[loss]}: "):
        fit(model, x, labels, loss=loss())


class Scaled(Says):
    """A layer of one's own with a parameter, which says nothing of what it gives."""

    def __init__(self) -> None:
        super().__init__(None)

    def draw(self, rng):
        return {"scale": np.ones(1)}

    def gradients(self, dy, cache, need_dx=True):
        return dy, {"scale": np.zeros(1)}


def test_a_layer_of_ones_own_with_parameters_may_give_anything() -> None:
    fit(built(nn.Dense(2), Scaled()), *numbered(), loss=Wants("probabilities"))


# ---- a loss of one's own


class Poisson(nn.Loss):
    """A loss that takes positive predictions only, and says so."""

    def compute(self, output, t):
        if (output <= 0).any():
            raise ValueError("the Poisson loss needs positive predictions")
        return float((output - t * np.log(output)).mean()), (1 - t / output) / output.size

    def gradient(self, cache):
        return cache


class Exp(nn.Layer):
    def compute(self, x, train, noise=None):
        y = np.exp(x)
        return y, y

    def gradients(self, dy, y, need_dx=True):
        return dy * y, {}


def test_a_loss_of_ones_own_sees_the_models_predictions_only() -> None:
    model = built(nn.Dense(1), Exp())
    t = RNG(1).poisson(2, (COUNT, 1))
    history = fit(model, numbered()[0] / COUNT, t, loss=Poisson(), epochs=2)
    assert len(history["loss"]) == 2


class Mine(nn.Loss):
    """A loss whose value and gradient are what the test says."""

    def __init__(self, value=lambda y: 1.0, gradient=np.ones_like, answer=None) -> None:
        super().__init__()
        self.value, self.start, self.answer = value, gradient, answer

    def compute(self, output, labels):
        return (self.value(output), output) if self.answer is None else self.answer

    def gradient(self, cache):
        return self.start(cache)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (
            Mine(value=lambda y: y[:, 0]),
            r"Mine.compute gave an array of shape \(4,\): a loss is one",
        ),
        (
            Mine(value=lambda y: None),
            "Mine.compute gave None: a loss is one number, such as a mean",
        ),
        (Mine(value=lambda y: "1"), "Mine.compute gave '1'"),
        (Mine(answer=1.0), r"Mine.compute must return the pair \(loss, cache\), got 1.0"),
        (Mine(gradient=lambda y: None), "Mine.gradient gave None: it must be ∂L/∂output"),
        (
            Mine(gradient=lambda y: y[0]),
            r"shape \(2,\) and float32: .* in the output's shape \(4, 2\)",
        ),
        (Mine(gradient=lambda y: y[:, :1]), r"an array of shape \(4, 1\)"),
        (Mine(gradient=lambda y: y.tolist()), r"Mine.gradient gave \[\["),
        (Mine(gradient=lambda y: y + 1j), "an array of shape .* and complex64"),
    ],
)
def test_a_loss_of_ones_own_that_is_none_is_named_and_changes_nothing(loss, message) -> None:
    model = classifier(nn.Dense(4), nn.BatchNorm())
    before = snapshot(model)
    with pytest.raises((ValueError, TypeError), match=message):
        fit(model, *numbered(), loss=loss)
    assert snapshot(model) == before


@pytest.mark.parametrize("dtype", [np.float64, np.int64])
def test_a_gradient_of_another_dtype_is_converted(dtype) -> None:
    models = [classifier(), classifier()]
    for model, kind in zip(models, (np.float32, dtype), strict=True):
        fit(model, *numbered(), loss=Mine(gradient=lambda y, k=kind: np.ones(y.shape, k)))
        assert model.params.flat.dtype == np.float32
    assert snapshot(models[0]) == snapshot(models[1])


def test_the_layers_get_the_gradient_in_their_own_dtype() -> None:
    loss = BatchLoss(Mine(gradient=lambda y: np.ones(y.shape)))
    _, cache = loss.compute(np.ones((2, 2), np.float32), None)
    assert loss.gradient(cache).dtype == np.float32


@pytest.mark.parametrize("value", [np.float64(1), np.array(1.0), 1, np.float32(1)])
def test_one_number_may_come_in_any_form(value) -> None:
    history = fit(classifier(), *numbered(), loss=Mine(value=lambda y: value))
    assert history["step_loss"] == [1.0] * 3


def test_a_loss_may_look_at_all_labels_first() -> None:
    class Strict(nn.SoftmaxCrossEntropy):
        def check(self, labels, output_shape):
            raise ValueError(f"{labels.shape} for {output_shape}")

    model = classifier()
    before = snapshot(model)
    with pytest.raises(ValueError, match=r"\(10,\) for \(2,\)"):
        fit(model, *numbered(), loss=Strict())
    assert snapshot(model) == before


@pytest.mark.parametrize("action", ["fit", "train_step", "evaluate"])
def test_a_loss_without_weights_says_so_before_anything_changes(action: str) -> None:
    model, weights = classifier(), np.ones(COUNT)
    before = snapshot(model)
    with pytest.raises(
        TypeError, match=r"Mine.compute takes no weights: define compute\(self, out"
    ):
        {
            "fit": lambda: fit(model, *numbered(), loss=Mine(), sample_weights=weights),
            "train_step": lambda: model.train_step(*numbered(), Mine(), nn.SGD(0.1), weights),
            "evaluate": lambda: model.evaluate(*numbered(), Mine(), sample_weights=weights),
        }[action]()
    assert snapshot(model) == before
