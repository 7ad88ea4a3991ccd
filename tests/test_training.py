"""`fit`: shuffling, batches, whom it calls, and how it stops at numbers that are not finite."""

import math
import warnings
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import course_nn as nn

RNG = np.random.default_rng
COUNT = 10


def numbered(count: int = COUNT) -> tuple[np.ndarray, np.ndarray]:
    """Samples that tell which they are, and labels that go with them."""
    x = np.zeros((count, 3), np.float32)
    x[:, 0] = np.arange(count)
    return x, np.arange(count) % 2


def classifier(seed: int = 0, *layers: nn.Layer, dtype: type = np.float32) -> nn.Sequential:
    model = nn.Sequential([*layers, nn.Dense(2)])
    model.build((3,), rng=RNG(seed), dtype=dtype)
    return model


def snapshot(model: nn.Sequential) -> tuple[bytes, ...]:
    state = [s for layer in model.layers for s in layer.state.values()]
    return tuple(a.tobytes() for a in (model.params.flat, *state))


class Recorder(nn.SoftmaxCrossEntropy):
    """A loss that writes down the labels of every batch that it computes a gradient for."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[int]] = []

    def gradient(self, cache):
        _, targets, _ = cache
        self.batches.append(targets.argmax(axis=1).tolist())
        return super().gradient(cache)


def fit(model: nn.Sequential, x, labels, **options):
    options = {
        "loss": nn.SoftmaxCrossEntropy(),
        "optimizer": nn.SGD(0.01),
        "batch_size": 4,
        "rng": RNG(1),
        "progress": False,
    } | options
    return model.fit(x, labels, **options)


def batches_seen(epochs: int, **options) -> list[list[int]]:
    """Which samples stood in which batch."""
    seen: list[list[int]] = []

    def write_down(x, rng):
        seen.append(x[:, 0].astype(int).tolist())
        return x

    fit(classifier(), *numbered(), epochs=epochs, augment=write_down, **options)
    return seen


# ---- seed A's list: fit shuffles, cuts into batches, and calls what it must


def test_seed_a_fit_takes_every_sample_once_an_epoch_in_batches() -> None:
    seen = batches_seen(epochs=3)
    assert [len(batch) for batch in seen] == [4, 4, 2] * 3
    for epoch in range(3):
        assert sorted(chain(*seen[3 * epoch : 3 * epoch + 3])) == list(range(COUNT))


def test_seed_a_fit_shuffles_anew_every_epoch() -> None:
    seen = batches_seen(epochs=3)
    orders = [tuple(chain(*seen[3 * e : 3 * e + 3])) for e in range(3)]
    assert len({tuple(range(COUNT)), *orders}) == 4


def test_seed_a_the_generator_decides_the_order() -> None:
    assert batches_seen(2) == batches_seen(2)
    assert batches_seen(2, rng=RNG(2)) != batches_seen(2)


def test_seed_a_labels_stay_with_their_samples() -> None:
    seen: list[list[int]] = []
    loss = Recorder()

    def write_down(x, rng):
        seen.append((x[:, 0].astype(int) % 2).tolist())
        return x

    fit(classifier(), *numbered(), epochs=2, loss=loss, augment=write_down)
    assert loss.batches == seen
    assert len(seen) == 6


def test_seed_a_fit_leaves_the_data_as_it_was() -> None:
    x, labels = numbered()
    before = x.tobytes(), labels.tobytes()
    fit(classifier(), x, labels, epochs=2)
    assert (x.tobytes(), labels.tobytes()) == before


class Diary(nn.Callback):
    """Writes down what it is told, and what the model was by then."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.events: list = []
        self.weights: list[bytes] = []
        self.stop_after = stop_after

    def on_start(self) -> None:
        assert self.model.params.flat.size
        assert self.optimizer.steps == 0
        self.events.append("start")

    def on_step(self, step: int, loss: float) -> None:
        assert self.history["step_loss"][-1] == loss
        assert self.optimizer.steps == step + 1
        self.events.append(("step", step))
        self.weights.append(self.model.params.flat.tobytes())

    def on_epoch(self, epoch: int) -> None:
        assert len(self.history["loss"]) == epoch + 1
        self.events.append(("epoch", epoch))
        self.stop = epoch == self.stop_after

    def on_end(self) -> None:
        self.events.append("end")


def test_seed_a_fit_calls_what_it_must_in_order() -> None:
    diary = Diary()
    fit(classifier(), *numbered(), epochs=2, callbacks=[diary])
    assert diary.events == [
        "start",
        *(("step", k) for k in (0, 1, 2)),
        ("epoch", 0),
        *(("step", k) for k in (3, 4, 5)),
        ("epoch", 1),
        "end",
    ]
    assert len(set(diary.weights)) == 6  # every step moves the weights


def test_seed_a_fit_validates_after_every_epoch_on_the_set_given(monkeypatch) -> None:
    model, (x, labels), seen = classifier(), numbered(), []
    predict = nn.Sequential.predict

    def spy(self, xt, *options):
        seen.append(xt[:, 0].astype(int).tolist())
        return predict(self, xt, *options)

    monkeypatch.setattr(nn.Sequential, "predict", spy)
    history = fit(model, x, labels, epochs=3, validation=(x[:4], labels[:4]))
    assert seen == [[0, 1, 2, 3]] * 3
    monkeypatch.undo()
    scores = model.evaluate(x[:4], labels[:4], nn.SoftmaxCrossEntropy())
    assert history["val_loss"][-1] == scores["loss"]
    assert history["val_accuracy"][-1] == scores["accuracy"]


def test_fit_is_its_steps_one_after_the_other() -> None:
    """The same batches by hand give the same weights to the bit."""
    seen: list[np.ndarray] = []

    def write_down(x, rng):
        seen.append(x.copy())
        return x

    model, twin = classifier(), classifier()
    optimizer, loss = nn.Adam(0.05), nn.SoftmaxCrossEntropy()
    history = fit(model, *numbered(), epochs=2, optimizer=nn.Adam(0.05), augment=write_down)
    losses = [twin.train_step(x, x[:, 0].astype(int) % 2, loss, optimizer) for x in seen]
    assert losses == history["step_loss"]
    assert snapshot(model) == snapshot(twin)


# ---- the history


def test_the_history_is_the_average_over_the_samples() -> None:
    history = fit(classifier(), *numbered(), epochs=2)
    assert {k: len(v) for k, v in history.items()} == {"loss": 2, "accuracy": 2, "step_loss": 6}
    for epoch in range(2):
        steps = history["step_loss"][3 * epoch : 3 * epoch + 3]
        average = np.average(steps, weights=[4, 4, 2])
        assert history["loss"][epoch] == pytest.approx(average, rel=1e-12)
    assert all(0 <= a <= 1 for a in history["accuracy"])


def test_a_loss_without_metrics_has_no_accuracy() -> None:
    x, _ = numbered()
    history = fit(classifier(), x, x[:, :2], loss=nn.MeanSquaredError(), validation=(x, x[:, :2]))
    assert set(history) == {"loss", "val_loss", "step_loss"}


def test_training_learns() -> None:
    rng = RNG(0)
    x = rng.standard_normal((300, 3))
    labels = (x @ [1.0, -2.0, 0.5] > 0.3).astype(int)
    model = classifier(0, nn.Dense(16), nn.ReLU())
    history = fit(model, x, labels, epochs=20, batch_size=20, optimizer=nn.SGD(0.1, momentum=0.9))
    assert history["loss"][-1] < 0.2 * history["loss"][0]
    assert history["accuracy"][-1] > 0.97


def test_no_epochs_no_change() -> None:
    model = classifier()
    before = snapshot(model)
    assert fit(model, *numbered(), epochs=0) == {"loss": [], "accuracy": [], "step_loss": []}
    assert snapshot(model) == before


def test_a_callback_can_stop_training() -> None:
    diary = Diary(stop_after=1)
    history = fit(classifier(), *numbered(), epochs=50, callbacks=[diary])
    assert len(history["loss"]) == 2
    assert diary.events[-1] == "end"


def test_a_plain_callback_may_ignore_everything() -> None:
    model, twin = classifier(), classifier()
    fit(model, *numbered(), epochs=2, callbacks=[nn.Callback()])
    fit(twin, *numbered(), epochs=2)
    assert snapshot(model) == snapshot(twin)


def test_a_share_can_be_held_out_for_validation() -> None:
    seen = batches_seen(epochs=3, validation=0.3)
    trained = [sorted(chain(*seen[2 * e : 2 * e + 2])) for e in range(3)]
    assert len(trained[0]) == 7
    assert trained[0] == trained[1] == trained[2]
    history = fit(classifier(), *numbered(), epochs=3, validation=0.3)
    assert len(history["val_loss"]) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": -1}, "epochs must be at least 0, got -1"),
        ({"epochs": 1.5}, "epochs must be a whole number, got 1.5"),
        ({"batch_size": 2.5}, "batch_size must be a whole number, got 2.5"),
        ({"rng": 0}, r"rng must be a generator such as np.random.default_rng\(0\), got 0"),
        ({"loss": nn.SoftmaxCrossEntropy}, r"loss must be .* SoftmaxCrossEntropy\(\), got <class"),
        ({"loss": "mse"}, "loss must be an object such as .*, got 'mse'"),
        ({"optimizer": nn.SGD}, r"optimizer must be an object such as SGD\(0.1\), got <class"),
        ({"callbacks": nn.EarlyStopping()}, "callbacks must be a list of callbacks"),
        ({"callbacks": [nn.EarlyStopping]}, r"a callback must be .*EarlyStopping\(\), got <class"),
        ({"epochs": True}, "epochs must be a whole number, got True"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"batch_size": "8"}, "batch_size must be a whole number, got '8'"),
        ({"augment": "flip"}, r"augment must be a function, called as augment\(x, rng=rng\), got"),
        ({"rng": np.random}, "got <module 'numpy.random.*np.random.seed has no effect here"),
        ({"rng": np.random.RandomState(0)}, "np.random.seed has no effect here"),
        ({"callbacks": {nn.EarlyStopping()}}, "callbacks must be a list of callbacks"),
        ({"sample_weights": [1, 2]}, r"sample_weights must be \(10,\), a number for each sample"),
        ({"validation": numbered()[0]}, r"validation must be \(x, labels\), or .* got a ndarray"),
        ({"validation": (*numbered(), 1)}, r"validation must be \(x, labels\), .* got a tuple"),
    ],
)
def test_arguments_of_a_wrong_kind_are_refused_before_the_first_step(options, message) -> None:
    model = classifier()
    before = snapshot(model)
    with pytest.raises((TypeError, ValueError), match=message):
        fit(model, *numbered(), **options)
    assert snapshot(model) == before


def test_a_single_label_for_many_samples_is_refused() -> None:
    with pytest.raises(ValueError, match="samples, but 0 labels; each sample needs one"):
        fit(classifier(), numbered()[0], 1)


@pytest.mark.parametrize("share", [0, 0.0, 0.01, 0.99, 1, 1.0, 1.5, -0.5, float("nan")])
def test_a_share_that_leaves_nothing_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="leaves an empty part; give a share between 0 and 1"):
        fit(classifier(), *numbered(), validation=share)


def test_augmentation_reaches_training_and_draws_from_the_generator() -> None:
    def noise(x, rng):
        return x + rng.standard_normal(x.shape)

    def weights(seed: int, augment) -> tuple:
        model = classifier()
        fit(model, *numbered(), rng=RNG(seed), augment=augment)
        return snapshot(model)

    assert weights(1, noise) == weights(1, noise)
    assert weights(1, noise) != weights(1, None)


# ---- determinism


def noisy() -> nn.Sequential:
    return classifier(3, nn.Dense(8), nn.BatchNorm(), nn.ReLU(), nn.Dropout(0.3))


def test_the_same_generators_give_the_same_weights_to_the_bit() -> None:
    models = [noisy(), noisy(), noisy()]
    for model, seed in zip(models, (5, 5, 6), strict=True):
        fit(model, *numbered(64), epochs=3, batch_size=16, rng=RNG(seed), optimizer=nn.Adam(0.01))
    assert snapshot(models[0]) == snapshot(models[1])
    assert snapshot(models[0]) != snapshot(models[2])


def test_without_a_generator_fit_draws_its_own() -> None:
    history = fit(classifier(), *numbered(), rng=None)
    assert len(history["step_loss"]) == 3


# ---- numbers that are not finite


class Weights(nn.Callback):
    """Keeps the weights before training and after every step."""

    def on_start(self) -> None:
        self.after = [self.model.params.flat.tobytes()]

    def on_step(self, step: int, loss: float) -> None:
        self.after.append(self.model.params.flat.tobytes())


def diverging(**options) -> tuple[nn.Sequential, Weights, str]:
    """Trains with a learning rate that must diverge: the model, its weights, the message."""
    model, kept = classifier(0, nn.Dense(8), nn.BatchNorm(), nn.ReLU()), Weights()
    options = {"optimizer": nn.SGD(1e12), "epochs": 50, "callbacks": [kept]} | options
    with pytest.raises(FloatingPointError) as caught:
        fit(model, *numbered(), **options)
    return model, kept, str(caught.value)


def test_fit_stops_and_names_the_layer_and_the_step() -> None:
    model, kept, message = diverging()
    steps = len(kept.after) - 1
    assert f"training stopped at step {steps} (epoch {steps // 3 + 1})" in message
    assert any(repr(layer) in message for layer in model.layers)
    assert "smaller learning rate" in message
    assert "the last good weights are in place" in message
    assert "\n" not in message


def test_the_last_good_weights_are_in_place_to_the_bit() -> None:
    """The last weights whose loss was finite are the ones before the last step that ended."""
    model, kept, _ = diverging()
    assert len(kept.after) > 2
    assert model.params.flat.tobytes() == kept.after[-2]
    assert np.isfinite(model.params.flat).all()
    assert all(np.shares_memory(p, model.params.flat) for p in model.layers[0].params.values())


def test_the_running_statistics_stay_finite() -> None:
    model, _, _ = diverging()
    for value in model.layers[1].state.values():
        assert np.isfinite(value).all()
    assert np.isfinite(model.predict(numbered()[0])).all()


@pytest.mark.parametrize("wrap", [lambda layer: layer, lambda layer: nn.Residual([layer])])
def test_running_statistics_stay_finite_where_only_a_variance_overflows(wrap) -> None:
    """(10²⁵)² is no float32: then σ² = ∞, y = β, and the loss looks fine."""
    model = classifier(0, nn.Dense(8), wrap(nn.BatchNorm()))
    model.params["0.W"][...] *= np.float32(1e25)
    model.params["2.W"][...] *= np.float32(1e-25)
    before = snapshot(model)
    with pytest.raises(
        FloatingPointError, match=r"variance.*overflows in layer 1(.main.0)?, BatchNorm"
    ):
        model.train_step(*numbered(), nn.SoftmaxCrossEntropy(), nn.SGD(0.1))
    assert snapshot(model) == before


def test_a_model_that_stopped_can_train_on() -> None:
    model, _, _ = diverging()
    history = fit(model, *numbered(), epochs=3, optimizer=nn.SGD(1e-3))
    assert all(map(math.isfinite, history["step_loss"]))


def test_the_first_step_can_be_the_bad_one() -> None:
    model = classifier()
    model.params["0.W"][0, 0] = np.inf
    before = snapshot(model)
    with pytest.raises(FloatingPointError, match=r"step 0.*parameters W.*layer 0, Dense"):
        fit(model, *numbered())
    assert snapshot(model) == before


def test_bad_parameters_are_named_where_they_are() -> None:
    model = classifier(0, nn.Dense(4), nn.Tanh())
    model.params["2.b"][1] = np.nan
    with pytest.raises(FloatingPointError, match=r"its parameters b.*layer 2, Dense"):
        model.train_step(*numbered(), nn.SoftmaxCrossEntropy(), nn.SGD(0.1))


def test_activations_that_overflow_are_named_where_they_begin() -> None:
    model = classifier(0, nn.Dense(4), nn.Dense(4))
    for i in (0, 1, 2):
        model.params[f"{i}.W"][...] = 1e30
    with pytest.raises(FloatingPointError, match=r"its activations.*layer 1, Dense\(units=4\)"):
        model.train_step(*numbered(), nn.SoftmaxCrossEntropy(), nn.SGD(0.1))


class BadLoss(nn.SoftmaxCrossEntropy):
    """A loss that goes wrong at its third step."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what, self.calls = what, 0

    def compute(self, output, labels):
        value, cache = super().compute(output, labels)
        return (math.nan if self.what == "value" and self.calls >= 2 else value), cache

    def gradient(self, cache):
        self.calls += 1
        bad = self.what == "gradient" and self.calls > 2
        return super().gradient(cache) * (np.inf if bad else 1)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("value", "the activations are finite, but BadLoss gives nan"),
        ("gradient", r"the gradients of layer 0, Dense\(units=2\), are not finite"),
    ],
)
def test_a_loss_or_gradient_that_is_not_finite_stops_training(what: str, message: str) -> None:
    model, kept = classifier(), Weights()
    with pytest.raises(FloatingPointError, match=message):
        fit(model, *numbered(), loss=BadLoss(what), callbacks=[kept])
    assert len(kept.after) == 3  # the start and two steps
    # a value that is not finite condemns the weights it was computed with; so does a gradient
    assert model.params.flat.tobytes() == kept.after[1]


def test_an_augmentation_that_yields_nan_is_found() -> None:
    model, calls = classifier(), []

    def broken(x, rng):
        calls.append(1)
        return x * np.nan if len(calls) == 3 else x

    with pytest.raises(FloatingPointError, match=r"step 2.*the input holds NaN or ±∞"):
        fit(model, *numbered(), augment=broken)
    assert np.isfinite(model.params.flat).all()


def test_train_step_updates_nothing_when_it_fails() -> None:
    model, optimizer = noisy(), nn.Adam(0.1)
    x, labels = numbered()
    model.train_step(x, labels, nn.SoftmaxCrossEntropy(), optimizer)
    state = {k: p.flat.tobytes() for k, p in optimizer.state.items()}
    before = snapshot(model)
    with pytest.raises(FloatingPointError, match="the input holds NaN"):
        model.train_step(x * np.nan, labels, nn.SoftmaxCrossEntropy(), optimizer)
    assert snapshot(model) == before
    assert optimizer.steps == 1
    assert {k: p.flat.tobytes() for k, p in optimizer.state.items()} == state


def test_labels_are_checked_beyond_the_first_slice_and_before_the_first_step() -> None:
    x, labels = numbered(5000)
    labels[4500] = 7
    model = classifier()
    before = snapshot(model)
    with pytest.raises(ValueError, match=r"label 7 of sample 4500 is out of range"):
        fit(model, x, labels)
    assert snapshot(model) == before


def test_targets_that_do_not_fit_are_refused_before_the_first_step() -> None:
    x, _ = numbered()
    model = classifier()
    before = snapshot(model)
    with pytest.raises(ValueError, match=r"targets have shape \(10,\), expected \(10, 2\)"):
        fit(model, x, x[:, 0], loss=nn.MeanSquaredError())
    assert snapshot(model) == before


def test_a_gradient_that_fails_leaves_the_running_statistics_too() -> None:
    model, loss, optimizer = noisy(), BadLoss("gradient"), nn.SGD(0.1)
    for _ in range(2):
        model.train_step(*numbered(), loss, optimizer)
    before = snapshot(model)
    with pytest.raises(FloatingPointError, match="gradients of layer"):
        model.train_step(*numbered(), loss, optimizer)
    assert snapshot(model) == before


def test_a_number_that_is_finite_when_computed_again_is_reported_too() -> None:
    class Flicker(nn.SoftmaxCrossEntropy):
        calls = 0

        def compute(self, output, labels):
            self.calls += 1
            value, cache = super().compute(output, labels)
            return (math.nan if self.calls == 1 else value), cache

    model = classifier()
    before = snapshot(model)
    with pytest.raises(FloatingPointError, match="not when computed again"):
        model.train_step(*numbered(), Flicker(), nn.SGD(0.1))
    assert snapshot(model) == before


# ---- one optimiser, two models


def test_an_optimiser_that_trained_another_model_is_refused_before_anything_changes() -> None:
    optimizer, second = nn.Adam(0.01), classifier(1)
    fit(classifier(0), *numbered(), optimizer=optimizer)
    before, heard = snapshot(second), Diary()
    with pytest.raises(ValueError, match=r"this Adam has trained another model, .* make a new one"):
        fit(second, *numbered(), optimizer=optimizer, callbacks=[heard])
    with pytest.raises(ValueError, match="this Adam has trained another model"):
        second.train_step(*numbered(), nn.SoftmaxCrossEntropy(), optimizer)
    assert (snapshot(second), heard.events) == (before, [])


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
    model, loss, optimizer = nn.Sequential([nn.Dense(2), *map(Says, last)]), Wants(takes), nn.SGD()
    model.build((3,), rng=RNG(0))
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
    model = nn.Sequential([nn.Dense(2), *map(Says, last)])
    model.build((3,), rng=RNG(0))
    fit(model, *numbered(), loss=Wants(takes))


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
    model = nn.Sequential([nn.Dense(1), Exp()])
    model.build((3,), rng=RNG(0))
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
        (Mine(gradient=lambda y: y[0]), r"shape \(2,\): .* in the output's shape \(4, 2\)"),
        (Mine(gradient=lambda y: y[:, :1]), r"an array of shape \(4, 1\)"),
        (Mine(gradient=lambda y: y.tolist()), r"Mine.gradient gave \[\["),
        (Mine(gradient=lambda y: y + 1j), "an array of complex64"),
    ],
)
def test_a_loss_of_ones_own_that_is_none_is_named_and_changes_nothing(loss, message) -> None:
    model = classifier(0, nn.Dense(4), nn.BatchNorm())
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


# ---- sample weights


class Weighted(nn.Loss):
    """½ Σ w (y − t)² / Σ w: a loss that takes weights."""

    def compute(self, output, labels, weights=None):
        w = np.ones(len(output)) if weights is None else weights
        d, share = output[:, 0] - labels, w / w.sum()
        return float((share * d * d).sum() / 2), (share * d)[:, None]

    def gradient(self, cache):
        return cache


def line() -> nn.Sequential:
    model = nn.Sequential([nn.Dense(1)])
    model.build((3,), rng=RNG(0), dtype=np.float64)
    return model


def test_a_weight_of_two_is_a_sample_twice() -> None:
    x, t = RNG(0).standard_normal((4, 3)), np.arange(4.0)
    weights, twice = [1, 2, 0, 1], [0, 1, 1, 3]
    models = [line(), line()]
    one = models[0].train_step(x, t, Weighted(), nn.SGD(0.1), sample_weights=weights)
    two = models[1].train_step(x[twice], t[twice], Weighted(), nn.SGD(0.1))
    assert one == pytest.approx(two, rel=1e-12)
    np.testing.assert_allclose(models[0].params.flat, models[1].params.flat, rtol=1e-12)
    scores = models[0].evaluate(x, t, Weighted(), sample_weights=weights)
    assert scores == pytest.approx(models[0].evaluate(x[twice], t[twice], Weighted()))


def test_weights_stay_with_their_samples_in_fit() -> None:
    """With weights 0 and 1, training is that on the samples that count."""
    x, t = RNG(0).standard_normal((8, 3)), np.arange(8.0)
    keep = np.arange(8) % 2
    models = [line(), line()]
    options = {"loss": Weighted(), "epochs": 3, "batch_size": 8}
    one = fit(models[0], x, t, sample_weights=keep, **options)
    two = fit(models[1], x[keep > 0], t[keep > 0], **options)
    np.testing.assert_allclose(models[0].params.flat, models[1].params.flat, rtol=1e-12)
    np.testing.assert_allclose(one["loss"], two["loss"], rtol=1e-12)


def test_the_average_over_an_epoch_is_weighted() -> None:
    x, t, weights = RNG(0).standard_normal((8, 3)), np.arange(8.0), np.arange(8)
    model = line()
    fixed = model.evaluate(x, t, Weighted(), sample_weights=weights)["loss"]
    history = fit(model, x, t, loss=Weighted(), optimizer=nn.SGD(0.0), sample_weights=weights)
    assert history["loss"] == pytest.approx([fixed])


def test_what_is_held_out_keeps_its_weights() -> None:
    x, t, weights = RNG(0).standard_normal((8, 3)), np.arange(8.0), np.arange(8) + 1
    model = line()
    options = {"loss": Weighted(), "optimizer": nn.SGD(0.0), "validation": 0.5, "rng": RNG(3)}
    history = fit(model, x, t, sample_weights=weights, **options)
    held = RNG(3).permutation(8)[:4]
    scores = model.evaluate(x[held], t[held], Weighted(), sample_weights=weights[held])
    assert history["val_loss"] == pytest.approx([scores["loss"]])


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


# ---- batches


def sizes(count: int, size: int, *layers: nn.Layer) -> list[int]:
    """The batches of an epoch, by the gradients that the loss was asked for."""
    loss = Recorder()
    fit(classifier(0, *layers), *numbered(count), batch_size=size, loss=loss)
    return [len(batch) for batch in loss.batches]


def test_a_batch_larger_than_the_data_is_all_of_it() -> None:
    assert sizes(4, 32) == [4]


@pytest.mark.parametrize(
    "layers",
    [
        lambda: [nn.Dense(4), nn.BatchNorm()],
        lambda: [nn.Residual([nn.Dense(3), nn.BatchNorm()])],
    ],
)
def test_a_last_sample_alone_joins_the_batch_before_where_a_norm_needs_two(layers) -> None:
    assert sizes(9, 4) == [4, 4, 1]
    assert sizes(9, 4, *layers()) == [4, 5]
    assert sizes(10, 4, *layers()) == [4, 4, 2]


@pytest.mark.parametrize(("count", "size"), [(9, 1), (1, 32)])
def test_batches_of_one_are_refused_where_a_norm_needs_two(count: int, size: int) -> None:
    model = classifier(0, nn.Residual([nn.Dense(3), nn.BatchNorm()]))
    before = snapshot(model)
    with pytest.raises(
        ValueError, match=r"a batch of one .* layer 0.main.1, BatchNorm\(.*\) nothing"
    ):
        fit(model, *numbered(count), batch_size=size)
    assert snapshot(model) == before
    assert sizes(3, 1) == [1, 1, 1]


def test_a_norm_over_images_takes_a_batch_of_one() -> None:
    model = nn.Sequential([nn.BatchNorm(), nn.Flatten(), nn.Dense(2)])
    model.build((1, 2, 2), rng=RNG(0))
    history = fit(model, RNG(0).random((3, 1, 2, 2)), [0, 1, 1], batch_size=1)
    assert len(history["step_loss"]) == 3


# ---- what comes in, and what is said of it


def test_pixels_as_they_come_get_a_word_once() -> None:
    x = RNG(0).integers(0, 256, (8, 1, 4, 4)).astype(np.uint8)
    for first in ([], [nn.BatchNorm()]):
        model = nn.Sequential([*first, nn.Flatten(), nn.Dense(2)])
        model.build((1, 4, 4), rng=RNG(0))
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            fit(model, x, np.arange(8) % 2, epochs=2)
        assert ["train on x / 255" in str(w.message) for w in heard] == [True] * (not first)


def test_what_is_wrong_with_the_validation_set_is_said_of_it() -> None:
    x, labels = numbered()
    for bad in ((x[:, :2], labels), (x, labels[:3]), (x * np.nan, labels), (x[:0], labels[:0])):
        with pytest.raises(ValueError, match=r"^in the validation set: "):
            fit(classifier(), x, labels, validation=bad)


@pytest.mark.parametrize(
    ("augment", "message"),
    [
        (lambda x, rng: x[:, :2], r"^in augment: the model was built for samples of shape \(3,\)"),
        (lambda x, rng: x[:2], "augment gave 2 samples for 4; each has one label"),
        (lambda x, rng: None, "^in augment: x must hold real numbers, got a NoneType"),
    ],
)
def test_an_augmentation_that_makes_something_else_is_named(augment, message) -> None:
    with pytest.raises(ValueError, match=message):
        fit(classifier(), *numbered(), augment=augment)


@pytest.mark.parametrize("swapped", ["loss", "optimizer"])
def test_a_step_by_hand_says_which_argument_is_which(swapped: str) -> None:
    loss, optimizer = nn.SoftmaxCrossEntropy(), nn.SGD(0.1)
    given = (optimizer, optimizer) if swapped == "loss" else (loss, loss)
    with pytest.raises(TypeError, match=f"^{swapped} must be an object such as"):
        classifier().train_step(*numbered(), *given)
    with pytest.raises(TypeError, match=r"^loss must be an object such as"):
        classifier().evaluate(*numbered(), "accuracy")


# ---- interrupts


class Key(nn.Callback):
    """Presses Ctrl-C at a step."""

    def on_step(self, step: int, loss: float) -> None:
        if step == 4:
            raise KeyboardInterrupt


def test_an_interrupt_keeps_the_history_and_tells_the_callbacks() -> None:
    model, diary = classifier(), Diary()
    with pytest.raises(KeyboardInterrupt) as caught:
        fit(model, *numbered(), epochs=9, callbacks=[diary, Key()], validation=numbered())
    assert diary.events[-1] == "end"
    assert {name: len(v) for name, v in model.history.items()} == {
        "loss": 1,
        "accuracy": 1,
        "step_loss": 5,
        "val_loss": 1,
        "val_accuracy": 1,
    }
    (note,) = caught.value.__notes__
    assert "interrupted at step 5 (epoch 2): model.history holds what was done" in note
    assert model.params.flat.tobytes() == diary.weights[-1]


def test_the_model_keeps_the_history_of_its_last_training() -> None:
    model = classifier()
    for _ in range(2):
        assert fit(model, *numbered()) is model.history


class Interrupted(nn.SGD):
    """An optimiser that is interrupted half-way through its third update."""

    def update_block(self, block, w, g, lr):
        super().update_block(slice(0, 2), w, g, lr)
        if self.steps == 3:
            raise KeyboardInterrupt
        super().update_block(slice(2, None), w, g, lr)


class InterruptedLoss(nn.SoftmaxCrossEntropy):
    calls = 0

    def gradient(self, cache):
        self.calls += 1
        if self.calls == 3:
            raise KeyboardInterrupt
        return super().gradient(cache)


@pytest.mark.parametrize(
    "options",
    [{"optimizer": Interrupted(0.1)}, {"loss": InterruptedLoss()}],
    ids=["update", "loss"],
)
def test_an_interrupt_amid_a_step_leaves_the_step_before(options) -> None:
    model, twin = noisy(), noisy()
    kept, after = Weights(), []

    class Keep(nn.Callback):
        def on_step(self, step: int, loss: float) -> None:
            after.append(snapshot(self.model))

    with pytest.raises(KeyboardInterrupt):
        fit(model, *numbered(), callbacks=[kept], **{"optimizer": nn.SGD(0.1)} | options)
    fit(twin, *numbered(), callbacks=[Keep()], optimizer=nn.SGD(0.1))
    assert snapshot(model) == after[1]
    assert len(model.history["step_loss"]) == 2


# ---- several trainings at once


def test_three_fits_in_three_threads_are_three_fits_and_leave_blas_as_it_was() -> None:
    def one(seed: int) -> tuple[bytes, ...]:
        model = nn.Sequential(
            [nn.Conv2D(4, 3), nn.BatchNorm(), nn.ReLU(), nn.Flatten(), nn.Dense(2)]
        )
        model.build((1, 6, 6), rng=RNG(seed), threads=2)
        x, labels = RNG(seed).random((64, 1, 6, 6)), np.arange(64) % 2
        fit(model, x, labels, epochs=4, batch_size=32, rng=RNG(seed), optimizer=nn.Adam(0.01))
        return snapshot(model)

    def blas() -> list[int]:
        return [library["num_threads"] for library in threadpool_info()]

    before, alone = blas(), [one(seed) for seed in range(3)]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(one, range(3)))
    assert together == alone
    assert blas() == before
