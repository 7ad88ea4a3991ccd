"""Optimisers: five steps of the plain update functions and of the package's optimisers."""

import inspect
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import course_nn as nn
from course_nn import plain
from course_nn.parameters import Parameters

STEPS = 5
GRADIENTS = np.random.default_rng(0).standard_normal((STEPS, 4))


def sgd(w: np.ndarray) -> Iterator[np.ndarray]:
    for g in GRADIENTS:
        yield (w := plain.sgd(w, g, lr=0.1))


def with_velocity(step: Callable) -> Callable:
    def walk(w: np.ndarray) -> Iterator[np.ndarray]:
        v = np.zeros_like(w)
        for g in GRADIENTS:
            w, v = step(w, g, v)
            yield w

    return walk


def with_two_means(step: Callable) -> Callable:
    def walk(w: np.ndarray) -> Iterator[np.ndarray]:
        m, v = np.zeros_like(w), np.zeros_like(w)
        for t, g in enumerate(GRADIENTS, start=1):
            w, m, v = step(w, g, m, v, t)
            yield w

    return walk


WALKS = {
    "sgd": (sgd, nn.SGD(0.1)),
    "momentum": (
        with_velocity(lambda w, g, v: plain.momentum(w, g, v, lr=0.1, mu=0.7)),
        nn.SGD(0.1, momentum=0.7),
    ),
    "nesterov": (
        with_velocity(lambda w, g, v: plain.nesterov(w, g, v, lr=0.1, mu=0.7)),
        nn.SGD(0.1, momentum=0.7, nesterov=True),
    ),
    "rmsprop": (
        with_velocity(lambda w, g, s: plain.rmsprop(w, g, s, lr=0.1, rho=0.8, eps=1e-3)),
        nn.RMSProp(0.1, rho=0.8, eps=1e-3),
    ),
    "adam": (
        with_two_means(lambda *a: plain.adam(*a, lr=0.1, betas=(0.7, 0.8), eps=1e-3)),
        nn.Adam(0.1, betas=(0.7, 0.8), eps=1e-3),
    ),
    "adamw": (
        with_two_means(lambda *a: plain.adamw(*a, lr=0.1, eps=1e-3, weight_decay=0.3)),
        nn.AdamW(0.1, eps=1e-3, weight_decay=0.3),
    ),
}


@pytest.mark.parametrize("name", WALKS)
def test_every_step_is_the_packages(name: str) -> None:
    walk, optimizer = WALKS[name]
    w = np.array([1.0, -2.0, 3.0, 0.5])
    params = Parameters.pack({"w": w.copy()})
    for g, found in zip(GRADIENTS, walk(w), strict=True):
        optimizer.update(params, Parameters.pack({"w": g.copy()}))
        np.testing.assert_allclose(found, params["w"], rtol=1e-12)


@pytest.mark.parametrize(
    ("plain_step", "optimizer"),
    [
        (plain.sgd, nn.SGD),
        (plain.rmsprop, nn.RMSProp),
        (plain.adam, nn.Adam),
        (plain.adamw, nn.AdamW),
    ],
)
def test_the_defaults_are_the_packages(plain_step: Callable, optimizer: type) -> None:
    made = optimizer()
    parameters = inspect.signature(plain_step).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    assert defaults == {name: getattr(made, name) for name in defaults}


def test_nothing_is_changed_in_place() -> None:
    w, g, m, v = (np.full(2, value) for value in (1.0, 2.0, 3.0, 4.0))
    plain.adamw(w, g, m, v, t=3)
    plain.nesterov(w, g, v)
    plain.rmsprop(w, g, v)
    assert [a[0] for a in (w, g, m, v)] == [1.0, 2.0, 3.0, 4.0]
