"""What is said of a classifier that reads too little, and of a function that is slow."""

import time
from dataclasses import replace

import numpy as np
import pytest

from course_nn.exercises import probes
from course_nn.exercises.probes import Reading, grows_with, units_of, why_it_reads_little

RNG = np.random.default_rng(0)
CENTRES = RNG.normal(size=(10, 6)) * 3
LABELS = RNG.integers(0, 10, 400)
X = CENTRES[LABELS] + RNG.normal(size=(400, 6))


def scores(theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    return x @ theta[:60].reshape(6, 10) + theta[60:]


GOOD = np.concatenate([CENTRES.T.ravel(), -0.5 * (CENTRES**2).sum(axis=1)])


def reading(theta=GOOD, read=scores, **other) -> Reading:
    suits = read is not scores or len(theta) == 70
    found = read(np.asarray(theta), X).argmax(axis=1) if suits else 0 * LABELS
    whole = Reading(theta, X[:200], LABELS[:200], found[:200], X[200:], LABELS[200:], found[200:])
    return replace(whole, **other)


def test_a_good_one_reads_well() -> None:
    assert reading().share > 0.9


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (reading(np.full(70, np.nan)), "holds NaN"),
        (reading(GOOD * 1e9), "the weights grew without bound"),
        (reading(new_found=(LABELS[200:] + 1) % 10), "the classes are moved by +1"),
        (reading(read=lambda t, x: scores(t, x[:, ::-1])), "theta itself is good: as one layer it"),
        (reading(np.concatenate([CENTRES.ravel(), GOOD[60:]])), "unpacked column by column"),
        (reading(-GOOD), "the steps go up the loss"),
        (reading(0 * GOOD), "the class 0 is read whatever comes: 100% of theta is 0"),
        (reading(np.zeros(7), new_found=np.clip(LABELS[200:] + RNG.integers(-2, 3, 200), 0, 9)),
         "a class is no quantity"),
        (reading(np.zeros(7), found=np.where(np.arange(200) < 40, LABELS[:200], 3),
                 new_found=RNG.integers(0, 10, 200)), "the first 40 are read at 100%"),
        (reading(np.zeros(7), found=LABELS[:200], new_found=RNG.integers(0, 10, 200)),
         "it knows them by heart"),
        (reading(0.01 * RNG.normal(size=70)), "it has hardly learned"),
        (reading(np.zeros(7), found=RNG.integers(0, 10, 200),
                 new_found=RNG.integers(0, 10, 200)), ""),
    ],
)  # fmt: skip
def test_why_it_reads_little(one: Reading, words: str) -> None:
    found = why_it_reads_little(one)
    assert (words in found) if words else found == ""


def test_a_network_of_one_hidden_layer_is_read_too() -> None:
    """Twice the scores as ReLU of themselves and of their negative: 20 hidden units."""
    W, b = GOOD[:60].reshape(6, 10), GOOD[60:]
    both = np.hstack([W, -W]), np.concatenate([b, -b]), np.vstack([np.eye(10), -np.eye(10)])
    theta = np.concatenate([part.ravel() for part in (*both, np.zeros(10))])
    one = reading(theta, read=lambda t, x: RNG.normal(size=(len(x), 10)))
    assert "as a network 6–20–10 with ReLU it reads" in why_it_reads_little(one)
    packed = np.concatenate([theta[:120], theta[140:340], theta[120:140], theta[340:]])
    one = reading(packed, read=lambda t, x: RNG.normal(size=(len(x), 10)))
    assert "with ReLU, packed as W1, W2, b1, b2 it reads" in why_it_reads_little(one)
    assert units_of(theta.size, 6, 10) == ", as 20 hidden units have"
    assert units_of(theta.size + 1, 6, 10) == ""


@pytest.mark.parametrize("here", [True, False])
def test_the_time_grows_with_what_is_looped_over(monkeypatch: pytest.MonkeyPatch, here) -> None:
    """Other programs take time too, of which this thread's own clock knows nothing."""
    now, others = [0.0], iter([500.0, 900.0] * 99)
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(probes, "own_seconds", lambda: now[1] if here else 0.0)
    now.append(0.0)

    def ask(x, k):
        took = len(x) ** 2 * k
        now[0] += took + (next(others) if here else 0)
        now[1] += took

    inputs = {"x": np.zeros((8, 3)), "k": 4}
    axes = {"N": {"x": 0}, "D": {"x": 1}, "k": {"k": None}}
    assert grows_with(ask, inputs, axes).startswith("its time grows with N² and k,")
    assert grows_with(ask, inputs, {"D": {"x": 1}}) == ""
