"""Progress: one bar where somebody looks, a few lines in a log, nothing when asked for nothing."""

import sys

import numpy as np
import pytest

import course_nn as nn
from course_nn import progress


def trained(epochs: int = 2, wanted: bool = True, callbacks=()) -> nn.Sequential:
    model = nn.Sequential([nn.Dense(2)])
    model.build((3,), rng=np.random.default_rng(0))
    model.fit(
        np.eye(3),
        [0, 1, 1],
        loss=nn.SoftmaxCrossEntropy(),
        optimizer=nn.SGD(0.1),
        epochs=epochs,
        batch_size=2,
        rng=np.random.default_rng(1),
        callbacks=callbacks,
        progress=wanted,
    )
    return model


@pytest.mark.parametrize(("epochs", "first"), [(1, 1), (4, 1), (10, 1), (11, 2), (300, 30)])
def test_a_log_gets_a_few_lines_whatever_the_epochs(epochs, first, capsys) -> None:
    model = trained(epochs)
    shown = capsys.readouterr()
    lines = shown.err.splitlines()
    assert shown.out == ""
    assert len(lines) <= 10
    assert lines[0].startswith(f"epoch {first}/{epochs}: loss ")
    assert lines[-1].startswith(f"epoch {epochs}/{epochs}: loss ")
    assert f"accuracy {model.history['accuracy'][-1]:.4f}" in lines[-1]
    assert "\r" not in shown.err


def test_the_epoch_that_stops_early_has_its_line(capsys) -> None:
    class Stop(nn.Callback):
        def on_epoch(self, epoch: int) -> None:
            self.stop = epoch == 16

    trained(300, callbacks=[Stop()])
    assert capsys.readouterr().err.splitlines()[-1].startswith("epoch 17/300: ")


def bars(text: str) -> list[str]:
    """What a terminal showed, one state after the other."""
    return [state for state in text.replace("\n", "\r").split("\r") if state.strip()]


def test_a_terminal_gets_one_bar_over_all_epochs(capsys, monkeypatch) -> None:
    monkeypatch.setattr(progress, "seen", lambda: True)
    trained(20)
    text = capsys.readouterr().err
    assert text.count("\n") == 1  # one line, at the end
    last = bars(text)[-1]
    assert "epoch 20/20" in last
    assert "40/40" in last
    assert "loss " in last


def test_nothing_is_shown_when_nothing_is_wanted(capsys, monkeypatch) -> None:
    monkeypatch.setattr(progress, "seen", lambda: True)
    quiet = trained(wanted=False)
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")
    monkeypatch.undo()
    np.testing.assert_array_equal(quiet.params.flat, trained().params.flat)


def test_a_bar_is_seen_in_a_terminal_and_in_a_notebook(monkeypatch) -> None:
    class Stream:
        def __init__(self, terminal: bool) -> None:
            self.isatty = lambda: terminal

    class Shell:
        def __init__(self, notebook: bool) -> None:
            if notebook:
                self.kernel = object()

    class IPython:
        def __init__(self, shell: object) -> None:
            self.get_ipython = lambda: shell

    for terminal, shell, seen in [
        (True, None, True),
        (False, None, False),
        (False, Shell(notebook=False), False),
        (False, Shell(notebook=True), True),
    ]:
        monkeypatch.setattr(sys, "stderr", Stream(terminal))
        monkeypatch.setitem(sys.modules, "IPython", IPython(shell))
        assert progress.seen() is seen
    monkeypatch.delitem(sys.modules, "IPython")
    assert not progress.seen()


def test_an_interrupt_closes_the_bar(capsys, monkeypatch) -> None:
    class Interrupt(nn.Callback):
        def on_step(self, step: int, loss: float) -> None:
            if step == 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(progress, "seen", lambda: True)
    with pytest.raises(KeyboardInterrupt):
        trained(callbacks=[Interrupt()])
    assert capsys.readouterr().err.endswith("\n")
