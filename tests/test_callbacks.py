"""Callbacks: each does what it says in a real `fit`, and refuses what it cannot do."""

import csv
from pathlib import Path

import numpy as np
import pytest

import course_nn as nn
from course_nn import storage
from course_nn.callbacks import (
    Checkpoint,
    CSVLogger,
    EarlyStopping,
    LearningRateSchedule,
    ProgressPrinter,
)
from course_nn.schedule import Exponential, Step

LOSS = nn.SoftmaxCrossEntropy()


def model(seed: int = 0) -> nn.Sequential:
    made = nn.Sequential([nn.Dense(8), nn.BatchNorm(), nn.Dropout(0.2), nn.ReLU(), nn.Dense(3)])
    made.build((4,), rng=np.random.default_rng(seed))
    return made


def data(count: int = 32):
    rng = np.random.default_rng(5)
    return rng.standard_normal((count, 4)), rng.integers(0, 3, count)


def fit(made: nn.Sequential, callbacks, epochs: int = 4, optimizer=None, seed: int = 1, **options):
    options = {"validation": data(8), "rng": np.random.default_rng(seed)} | options
    return made.fit(
        *data(),
        loss=LOSS,
        optimizer=optimizer or nn.SGD(0.1),
        epochs=epochs,
        batch_size=8,
        callbacks=callbacks,
        progress=False,
        **options,
    )


class Script(nn.Callback):
    """Writes a quantity into the history as if it had been measured; stands first in the list."""

    def __init__(self, name: str, values: list[float]) -> None:
        self.name, self.values = name, values

    def on_epoch(self, epoch: int) -> None:
        self.history.setdefault(self.name, [])
        del self.history[self.name][epoch:]
        self.history[self.name].append(self.values[epoch])


def stopped_after(values: list[float], monitor: str = "val_loss", **options) -> EarlyStopping:
    stop = EarlyStopping(monitor, **options)
    history = fit(model(), [Script(monitor, values), stop], epochs=len(values))
    stop.epochs = len(history["loss"])
    return stop


# -- early stopping ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "options", "epochs", "best_epoch"),
    [
        ([3, 2, 1, 2, 2, 0], {"patience": 2}, 5, 2),
        ([3, 2, 1, 2, 0, 2], {"patience": 2}, 6, 4),
        ([3, 2, 1, 1, 0, 0], {"patience": 1}, 4, 2),
        ([3, 3, 3, 3], {"patience": 3}, 4, 0),
        ([3, 2.5, 2.1, 1.9, 1.8, 1.8, 1.8], {"patience": 3, "min_delta": 1.0}, 7, 3),
        ([3, 2.5, 2.1, 2.0, 1.9], {"patience": 2, "min_delta": 1.0}, 3, 0),
        ([np.nan, np.nan, 1], {"patience": 2}, 2, None),
        ([np.nan, 2, np.nan, 1], {"patience": 2}, 4, 3),
        ([1, 2, 3, 2], {"patience": 1, "mode": "max"}, 4, 2),
    ],
)
def test_early_stopping_ends_after_patience_epochs_without_a_gain(
    values, options, epochs, best_epoch
):
    stop = stopped_after(values, **options)
    assert (stop.epochs, stop.best_epoch) == (epochs, best_epoch)


def test_accuracy_is_better_the_higher_it_is():
    stop = stopped_after([0.5, 0.9, 0.4, 0.3, 1.0], monitor="val_accuracy", patience=2)
    assert (stop.epochs, stop.best_epoch, stop.best) == (4, 1, 0.9)


class Weights(nn.Callback):
    """Keeps a copy of everything after each epoch."""

    def on_start(self) -> None:
        self.rows: list[list[np.ndarray]] = []

    def now(self) -> list[np.ndarray]:
        state = self.model.layers[1].state
        return [a.copy() for a in (self.model.params.flat, *state.values())]

    def on_epoch(self, epoch: int) -> None:
        self.rows.append(self.now())


@pytest.mark.parametrize(("restore", "expected"), [(True, 1), (False, 3)])
@pytest.mark.parametrize("patience", [2, 9])  # stopped early, or run to the end
def test_the_best_epochs_weights_and_statistics_are_put_back(restore, expected, patience):
    values = [2.0, 1.0, 3.0, 3.0]
    made, weights = model(), Weights()
    stop = EarlyStopping(patience=patience, restore_best=restore)
    fit(made, [Script("val_loss", values), weights, stop], epochs=4)
    assert len(weights.rows) == 4
    for now, then in zip(weights.now(), weights.rows[expected], strict=True):
        np.testing.assert_array_equal(now, then)
    assert (weights.rows[1][0] != weights.rows[3][0]).any()
    assert made.params.flat.base is None  # still the model's own vector, not another's


def test_a_callback_can_serve_a_second_run():
    stop = EarlyStopping(patience=1)
    for _ in range(2):
        history = fit(model(), [Script("val_loss", [2, 1, 1, 0]), stop])
        assert len(history["loss"]) == 3


@pytest.mark.parametrize("callback", [EarlyStopping, lambda name: Checkpoint("best.npz", name)])
def test_an_unknown_quantity_is_refused_with_those_there_are(callback, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = model()
    before = made.params.flat.copy()
    message = (
        "watches 'val_los', but this run has only loss, accuracy, val_loss, val_accuracy; a name"
    )
    with pytest.raises(ValueError, match=message):
        fit(made, [callback("val_los")])
    np.testing.assert_array_equal(made.params.flat, before)  # said before the first step
    with pytest.raises(ValueError, match=r"watches 'val_loss', .*needs fit\(…, validation=…\)"):
        fit(made, [callback("val_loss")], validation=None)
    np.testing.assert_array_equal(made.params.flat, before)
    with pytest.raises(ValueError, match="watches 'step_loss'"):
        fit(made, [callback("step_loss")])


# -- checkpoints ---------------------------------------------------------------------------------


def test_the_checkpoint_is_the_best_epochs(tmp_path):
    path, weights = tmp_path / "best.npz", Weights()
    script = Script("val_loss", [2.0, 1.0, 3.0, 1.5])
    fit(model(), [script, weights, Checkpoint(path)], optimizer=nn.Adam())
    saved = storage.load(path)
    np.testing.assert_array_equal(saved.model.params.flat, weights.rows[1][0])
    assert saved.optimizer.steps == 2 * 4
    assert list(tmp_path.iterdir()) == [path]


def test_a_checkpoint_of_every_epoch_resumes_the_run_bit_for_bit(tmp_path):
    path = tmp_path / "last.npz"
    straight = model()
    history = fit(straight, [], epochs=3, optimizer=nn.Adam(0.01), seed=4)

    class Interrupt(nn.Callback):
        def on_epoch(self, epoch: int) -> None:
            if epoch == 1:
                raise KeyboardInterrupt

    rng = np.random.default_rng(4)
    keep = Checkpoint(path, monitor=None, rng=rng)
    with pytest.raises(KeyboardInterrupt):
        fit(model(), [keep, Interrupt()], epochs=3, optimizer=nn.Adam(0.01), rng=rng)
    again, optimizer, rng = storage.load(path)
    rest = fit(again, [], epochs=1, optimizer=optimizer, rng=rng)
    assert rest["step_loss"] == history["step_loss"][8:]
    np.testing.assert_array_equal(again.params.flat, straight.params.flat)


def test_what_cannot_be_saved_is_said_before_the_first_epoch(tmp_path):
    made = model()
    before = made.params.flat.copy()
    with pytest.raises(storage.StorageError, match="cannot be saved"):
        fit(made, [Checkpoint(tmp_path / "best.npz")], optimizer=nn.SGD(lambda step: 0.1))
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        fit(made, [Checkpoint(tmp_path / "nowhere" / "best.npz")])
    np.testing.assert_array_equal(made.params.flat, before)


# -- the learning rate ---------------------------------------------------------------------------


class Rates(nn.Callback):
    def __init__(self) -> None:
        self.seen: list[float] = []

    def on_step(self, step: int, loss: float) -> None:
        self.seen.append(self.optimizer.learning_rate)


def test_the_rate_follows_the_epochs():
    rates, optimizer = Rates(), nn.SGD(123.0)
    schedule = Step(0.4, every=2, factor=0.5)
    fit(model(), [LearningRateSchedule(schedule), rates], epochs=5, optimizer=optimizer)
    assert rates.seen == [schedule(epoch) for epoch in range(5) for _ in range(4)]


def test_the_rate_goes_on_where_it_was():
    schedule, optimizer, rates = Exponential(0.4, 0.5), nn.SGD(), Rates()
    callback = LearningRateSchedule(schedule)
    for _ in range(2):
        fit(model(), [callback, rates], epochs=2, optimizer=optimizer)
    resumed = LearningRateSchedule(schedule, first_epoch=4)
    fit(model(), [resumed, rates], epochs=1, optimizer=optimizer)
    assert rates.seen[::4] == [0.4, 0.2, 0.1, 0.05, 0.025]


def test_a_schedule_must_be_a_function():
    with pytest.raises(TypeError, match=r"schedule must be a function of the epoch, got 0\.1"):
        LearningRateSchedule(0.1)


# -- the log -------------------------------------------------------------------------------------


def rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_log_has_a_row_an_epoch_with_exact_numbers(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("an old log")
    optimizer = nn.SGD(Exponential(0.1, 0.9))
    history = fit(model(), [CSVLogger(path)], epochs=3, optimizer=optimizer)
    log = rows(path)
    assert [row["epoch"] for row in log] == ["0", "1", "2"]
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert [float(row[name]) for row in log] == history[name]
    last_steps = [optimizer.lr(step) for step in (3, 7, 11)]
    assert [float(row["learning_rate"]) for row in log] == last_steps


def test_the_rate_logged_is_the_epochs_whatever_the_order(tmp_path):
    by_epoch = LearningRateSchedule(Exponential(0.4, 0.5))
    log = CSVLogger(tmp_path / "log.csv")
    for callbacks in ([by_epoch, log], [log, by_epoch]):
        by_epoch.epoch = 0
        fit(model(), callbacks, epochs=2)
        assert [row["learning_rate"] for row in rows(log.path)] == ["0.4", "0.2"]


def test_an_interrupted_run_keeps_its_rows(tmp_path):
    log = CSVLogger(tmp_path / "log.csv")

    class Interrupt(nn.Callback):
        def on_step(self, step: int, loss: float) -> None:
            if step == 9:
                raise KeyboardInterrupt
            if step == 8:
                assert len(rows(log.path)) == 2  # on the disk while the third epoch runs

    with pytest.raises(KeyboardInterrupt):
        fit(model(), [log, Interrupt()])
    assert [row["epoch"] for row in rows(log.path)] == ["0", "1"]


@pytest.mark.parametrize("cut", [b"", b"2,0.1,0.9", b"2,0.1,0.9,0.5,\xff"])
def test_a_log_goes_on_after_what_was_cut_short(tmp_path, cut):
    path = tmp_path / "log.csv"
    fit(model(), [CSVLogger(path)], epochs=2)
    before = path.read_bytes()
    path.write_bytes(before + cut)
    fit(model(), [CSVLogger(path, append=True)], epochs=2)
    assert path.read_bytes().startswith(before)
    assert [row["epoch"] for row in rows(path)] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("text", ["", "epoch,lea"])
def test_a_log_that_had_hardly_begun_begins_anew(tmp_path, text):
    path = tmp_path / "log.csv"
    path.write_text(text)
    fit(model(), [CSVLogger(path, append=True)], epochs=1)
    assert [row["epoch"] for row in rows(path)] == ["0"]


def test_another_file_is_not_gone_on_with(tmp_path):
    path = tmp_path / "log.csv"
    fit(model(), [CSVLogger(path)], epochs=1)
    before = path.read_text()
    with pytest.raises(ValueError, match=r"has the columns epoch, .*val_loss.*, but this run has"):
        fit(model(), [CSVLogger(path, append=True)], epochs=1, validation=None)
    assert path.read_text() == before
    for text in ("name,age\nAda,36\n", "no table at all"):
        path.write_text(text)
        with pytest.raises(ValueError, match="is not a log of CSVLogger's; give another path"):
            fit(model(), [CSVLogger(path, append=True)], epochs=1)
        assert path.read_text() == text


def test_a_log_needs_a_place(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        fit(model(), [CSVLogger(tmp_path / "nowhere" / "log.csv")])


# -- printing, and bad arguments -----------------------------------------------------------------


def test_the_printer_prints_every_other_epoch(capsys):
    history = fit(model(), [ProgressPrinter(every=2)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["epoch 2", "epoch 4"]
    assert f"val_accuracy {history['val_accuracy'][1]:.4f}" in lines[0]
    assert "step_loss" not in lines[0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EarlyStopping(patience=0), "patience, in epochs, must be at least 1, got 0"),
        (lambda: EarlyStopping(min_delta=-1), "min_delta must not be negative, got -1"),
        (lambda: EarlyStopping(mode="best"), 'mode is "min", "max" or None .by the name., got'),
        (lambda: ProgressPrinter(0), "every, in epochs, must be at least 1, got 0"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: EarlyStopping(patience=2.5),
            "patience, in epochs, must be a whole number, got 2.5",
        ),
        (lambda: EarlyStopping(min_delta="0"), "min_delta must be a number, got '0'"),
        (lambda: EarlyStopping(None, patience=1), None),
        (lambda: EarlyStopping(3), 'monitor must be a name such as "val_loss", got 3'),
        (lambda: EarlyStopping("loss", 3, 0.1), r"EarlyStopping takes 2 argument\(s\) in a row"),
        (lambda: EarlyStopping(verbose=1), "takes no verbose"),
        (
            lambda: LearningRateSchedule(Step),
            "schedule must be a function of the epoch, got <class",
        ),
        (lambda: LearningRateSchedule(Step(1, 2), 0.5), "first_epoch must be a whole number"),
        (lambda: ProgressPrinter("2"), "every, in epochs, must be a whole number, got '2'"),
    ],
)
def test_arguments_of_a_wrong_kind_get_our_word_for_it(make, message):
    if message is None:
        assert make().watched == "loss"
        return
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize(("rate", "error"), [(-1.0, ValueError), (None, TypeError)])
def test_a_schedule_that_gives_no_rate_is_refused(rate, error):
    with pytest.raises(error, match="lr must"):
        fit(model(), [LearningRateSchedule(lambda epoch: rate)])


def test_a_callback_prints_what_it_was_given():
    assert repr(EarlyStopping("loss", patience=2)) == "EarlyStopping(monitor='loss', patience=2)"


# -- interrupts ----------------------------------------------------------------------------------


class Interrupt(nn.Callback):
    """Presses Ctrl-C after a step."""

    def __init__(self, at: int) -> None:
        self.at = at

    def on_step(self, step: int, loss: float) -> None:
        if step == self.at:
            raise KeyboardInterrupt


def test_an_interrupt_puts_the_best_weights_and_statistics_back():
    made, weights = model(), Weights()
    stop = EarlyStopping(patience=9)
    script = Script("val_loss", [2.0, 1.0, 3.0, 3.0])
    with pytest.raises(KeyboardInterrupt):
        fit(made, [script, weights, stop, Interrupt(4 * 3 + 1)], epochs=4)
    assert stop.best_epoch == 1
    for now, then in zip(weights.now(), weights.rows[1], strict=True):
        np.testing.assert_array_equal(now, then)


def test_an_interrupt_before_any_epoch_leaves_the_weights_of_the_last_step():
    made, twin = model(), model()
    with pytest.raises(KeyboardInterrupt):
        fit(made, [EarlyStopping(), Interrupt(2)])
    after: list[np.ndarray] = []

    class Keep(nn.Callback):
        def on_step(self, step: int, loss: float) -> None:
            after.append(self.model.params.flat.copy())

    fit(twin, [Keep()])
    np.testing.assert_array_equal(made.params.flat, after[2])


def test_a_checkpoint_is_tried_out_before_the_first_epoch(tmp_path, monkeypatch):
    made = model()

    def full(self, path, **rest):
        Path(path).write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(nn.Sequential, "save", full)
    before = made.params.flat.copy()
    with pytest.raises(OSError, match="no space left"):
        fit(made, [Checkpoint(tmp_path / "best.npz")])
    assert list(tmp_path.iterdir()) == []
    np.testing.assert_array_equal(made.params.flat, before)
