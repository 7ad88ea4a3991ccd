"""`fit`: shuffling, batches, whom it calls, and how it stops at numbers that are not finite."""

import math
from itertools import chain

import numpy as np
import pytest

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
    evaluate = nn.Sequential.evaluate

    def spy(self, xt, yt, loss, **options):
        seen.append(xt[:, 0].astype(int).tolist())
        return evaluate(self, xt, yt, loss, **options)

    monkeypatch.setattr(nn.Sequential, "evaluate", spy)
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
        ({"epochs": -1}, "epochs must not be negative, got -1"),
        ({"epochs": 1.5}, "epochs must be a whole number, got 1.5"),
        ({"batch_size": 2.5}, "batch_size must be a whole number, got 2.5"),
        ({"rng": 0}, r"rng must be a generator such as np.random.default_rng\(0\), got 0"),
        ({"loss": nn.SoftmaxCrossEntropy}, r"loss must be .* SoftmaxCrossEntropy\(\), got <class"),
        ({"loss": "mse"}, "loss must be an object such as .*, got 'mse'"),
        ({"optimizer": nn.SGD}, r"optimizer must be an object such as SGD\(0.1\), got <class"),
        ({"callbacks": nn.EarlyStopping()}, "callbacks must be a list of callbacks"),
        ({"callbacks": [nn.EarlyStopping]}, r"a callback must be .*EarlyStopping\(\), got <class"),
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
        fit(classifier(), numbered()[0], None)


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


def test_the_progress_bar_shows_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    model, twin = classifier(), classifier()
    fit(model, *numbered(), epochs=2, progress=True)
    shown = capsys.readouterr().err
    assert "epoch 1/2" in shown
    assert "epoch 2/2" in shown
    assert "3/3" in shown
    assert "loss" in shown
    fit(twin, *numbered(), epochs=2)
    assert capsys.readouterr().err == ""
    assert snapshot(model) == snapshot(twin)


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
    with pytest.raises(FloatingPointError, match=r"variance.*overflows in layer 1, .*BatchNorm"):
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
    with pytest.raises(ValueError, match=r"label 7 of sample 404 is out of range.*from 4096 on"):
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
