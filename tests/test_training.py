"""`fit`: shuffling, batches, whom it calls, and how it stops at numbers that are not finite."""

import inspect
import math
import signal
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import course_nn as nn
from course_nn import training

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


# ---- fit shuffles, cuts into batches, and calls what it must


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
        ({"validation": (*numbered(), 1)}, r"validation must be \(x, labels\), .* got 3 things"),
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
    for first in ([], [nn.BatchNorm()], [nn.Input((1, 4, 4)), nn.BatchNorm()]):
        model = nn.Sequential([*first, nn.Flatten(), nn.Dense(2)])
        model.build((1, 4, 4), rng=RNG(0))
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            fit(model, x, np.arange(8) % 2, epochs=2)
        assert ["train on x / 255" in str(w.message) for w in heard] == [True] * (not first)


def test_a_validation_set_of_another_scale_gets_a_word() -> None:
    x = RNG(0).integers(0, 256, (8, 1, 4, 4))
    model = nn.Sequential([nn.Flatten(), nn.Dense(2)])
    model.build((1, 4, 4), rng=RNG(0))
    with pytest.warns(UserWarning, match="^in the validation set: x holds whole numbers up to 25"):
        fit(model, x / 255, np.arange(8) % 2, validation=(x, np.arange(8) % 2))


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
        super().update_block(slice(-2, None), w, g, lr)
        if self.steps == 3:
            raise KeyboardInterrupt
        super().update_block(slice(0, -2), w, g, lr)


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


@pytest.fixture
def hears() -> Iterator[None]:
    """Ctrl-C interrupts, also where what started the tests lets nobody hear it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("delay", [0.0, 0.0007, 0.0015, 0.004])
def test_a_real_interrupt_at_any_moment_leaves_a_model_that_trains_on(delay: float, hears) -> None:
    class Alarm(nn.Callback):
        def on_step(self, step: int, loss: float) -> None:
            if step == 5:
                threading.Timer(delay, signal.raise_signal, [signal.SIGINT]).start()

    model = nn.Sequential([nn.Conv2D(8, 3), nn.BatchNorm(), nn.ReLU(), nn.Flatten(), nn.Dense(2)])
    model.build((1, 9, 9), rng=RNG(0), threads=2)
    x, labels, optimizer = RNG(0).random((64, 1, 9, 9)), np.arange(64) % 2, nn.Adam(0.01)
    with pytest.raises(KeyboardInterrupt):
        fit(model, x, labels, epochs=10**6, callbacks=[Alarm()], optimizer=optimizer)
    assert len(model.history["step_loss"]) >= 6
    history = fit(model, x, labels, epochs=30, optimizer=optimizer)
    assert history["loss"][-1] < history["loss"][0]


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


# ---- what does not count


def test_ignored_labels_neither_train_nor_count() -> None:
    x, labels = RNG(0).standard_normal((8, 3)), np.arange(8) % 2
    some = np.where(np.arange(8) < 5, labels, -100)
    loss = nn.SoftmaxCrossEntropy(ignore_index=-100)
    models = [classifier(0, dtype=np.float64), classifier(0, dtype=np.float64)]
    one = fit(models[0], x, some, loss=loss, epochs=3, batch_size=8, validation=(x, some))
    two = fit(models[1], x[:5], labels[:5], epochs=3, batch_size=8, validation=(x[:5], labels[:5]))
    np.testing.assert_allclose(models[0].params.flat, models[1].params.flat, rtol=1e-12)
    for name, numbers in two.items():
        assert one[name] == pytest.approx(numbers), name


def test_an_epoch_averages_over_the_samples_that_count() -> None:
    x, labels = numbered()
    some = np.where(np.arange(COUNT) < 7, labels, 9)
    model, loss = classifier(), nn.SoftmaxCrossEntropy(ignore_index=9)
    whole = model.evaluate(x, some, loss)
    history = fit(model, x, some, loss=loss, optimizer=nn.SGD(0.0), batch_size=3)
    assert history["loss"] == pytest.approx([whole["loss"]])
    assert history["accuracy"] == pytest.approx([whole["accuracy"]])


@pytest.mark.parametrize("kind", ["ignored", "weightless"])
def test_a_batch_of_which_nothing_counts_is_left_out(kind: str) -> None:
    x, labels = numbered()
    counts = np.arange(COUNT) == 3
    options = {
        "ignored": {"loss": nn.SoftmaxCrossEntropy(ignore_index=5)},
        "weightless": {"sample_weights": counts},
    }[kind]
    given = np.where(counts, labels, 5) if kind == "ignored" else labels
    history = fit(classifier(), x, given, batch_size=1, **options)
    assert len(history["step_loss"]) == 1
    assert history["loss"] == history["step_loss"]


def test_a_weight_of_two_is_a_sample_twice_for_every_loss() -> None:
    x, twice = RNG(0).standard_normal((4, 3)), [0, 1, 1, 3]
    classes, ends = np.array([0, 1, 1, 0]), {nn.CrossEntropy: nn.Softmax}
    ends[nn.NegativeLogLikelihood] = nn.LogSoftmax
    for loss in (
        nn.SoftmaxCrossEntropy,
        nn.CrossEntropy,
        nn.NegativeLogLikelihood,
        nn.BinaryCrossEntropy,
        nn.MeanSquaredError,
    ):
        t = np.eye(2)[classes]
        models = []
        for rows, weights in ((slice(None), [1, 2, 0, 1]), (twice, None)):
            model = nn.Sequential([nn.Dense(2), *(end() for end in [ends.get(loss)] if end)])
            model.build((3,), rng=RNG(0), dtype=np.float64)
            model.train_step(x[rows], t[rows], loss(), nn.SGD(0.1), sample_weights=weights)
            models.append(model.params.flat)
        np.testing.assert_allclose(models[0], models[1], rtol=1e-12, err_msg=loss.__name__)


def test_class_weights_may_be_a_dict() -> None:
    models = [classifier(), classifier()]
    for model, weights in zip(models, ({1: 5.0}, [1.0, 5.0]), strict=True):
        fit(model, *numbered(), loss=nn.SoftmaxCrossEntropy(class_weights=weights))
    assert snapshot(models[0]) == snapshot(models[1])


# ---- frozen layers


def frozen() -> nn.Sequential:
    model = nn.Sequential([nn.Dense(4), nn.BatchNorm(), nn.ReLU(), nn.Dense(2)])
    model.build((3,), rng=RNG(0))
    for layer in model.layers[:2]:
        layer.trainable = False
    return model


@pytest.mark.parametrize(
    "optimizer", [nn.SGD(0.1, 0.9, weight_decay=0.1), nn.AdamW(0.1, weight_decay=0.5)], ids=repr
)
def test_what_is_frozen_stays_and_what_is_not_learns(optimizer) -> None:
    model = frozen()
    before = {name: a.copy() for name, a in model.params.items()}
    states = [a.copy() for a in model.states()]
    fit(model, *numbered(), epochs=3, optimizer=optimizer)
    moved = {name for name, a in model.params.items() if (a != before[name]).any()}
    assert moved == {"3.W", "3.b"}
    for now, then in zip(model.states(), states, strict=True):
        np.testing.assert_array_equal(now, then)
    model.layers[0].trainable = True
    fit(model, *numbered(), optimizer=optimizer)
    assert (model.params["0.W"] != before["0.W"]).any()
    np.testing.assert_array_equal(model.params["1.gamma"], before["1.gamma"])


def test_a_frozen_norm_takes_a_batch_of_one() -> None:
    history = fit(frozen(), *numbered(), batch_size=1)
    assert len(history["step_loss"]) == COUNT


@pytest.mark.parametrize("action", ["fit", "train_step"])
def test_a_model_all_frozen_is_refused_and_stays(action: str) -> None:
    model = classifier(0, nn.Dense(4), nn.BatchNorm())
    for layer in model.layers:
        layer.trainable = False
    before = snapshot(model)
    with pytest.raises(ValueError, match="no layer is trainable"):
        {
            "fit": lambda: fit(model, *numbered()),
            "train_step": lambda: model.train_step(
                *numbered(), nn.SoftmaxCrossEntropy(), nn.SGD(0.1)
            ),
        }[action]()
    assert snapshot(model) == before


# ---- the same words on the model


@pytest.mark.parametrize("name", ["fit", "train_step", "evaluate"])
def test_the_models_methods_are_spelled_out_as_here(name: str) -> None:
    here = inspect.signature(getattr(training, name))
    there = inspect.signature(getattr(nn.Sequential, name))
    told = [
        [(p.name, p.kind, p.default) for p in list(signature.parameters.values())[1:]]
        for signature in (here, there)
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validation_data": ()}, r"fit takes no validation_data: it is validation=\(x, labels\)"),
        ({"validation_split": 0.1}, "fit takes no validation_split: it is validation=0.2"),
        ({"shuffle": True}, "fit takes no shuffle: every epoch is shuffled by rng"),
        ({"sample_weight": [1]}, "fit takes no sample_weight: it is sample_weights"),
        ({"class_weight": {}}, "fit takes no class_weight: give the loss class_weights=…"),
        ({"verbose": 0}, "fit takes no verbose: it is progress=True or False"),
    ],
)
def test_words_of_other_libraries_get_ours(options, message) -> None:
    with pytest.raises(TypeError, match=message):
        fit(classifier(), *numbered(), **options)


@pytest.mark.parametrize("where", ["the data", "the validation set"])
def test_labels_that_are_all_ignored_are_no_training(where):
    model = nn.Sequential([nn.Dense(3)])
    model.build((2,), rng=np.random.default_rng(0))
    x, labels, none = np.ones((4, 2)), np.array([0, 1, 2, -1]), np.full(4, -1)
    with pytest.raises(ValueError, match=f"no sample of {where} counts: every label is -1"):
        model.fit(
            x,
            none if where == "the data" else labels,
            validation=(x, none),
            loss=nn.SoftmaxCrossEntropy(ignore_index=-1),
            optimizer=nn.SGD(0.1),
            progress=False,
        )
