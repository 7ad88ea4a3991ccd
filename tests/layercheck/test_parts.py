"""The parts of a trial: directions, prints of a layer, comparisons."""

import re
from typing import Any

import numpy as np
import pytest

import course_nn as nn
from course_nn.gradcheck import Comparison
from course_nn.layercheck import Fault, parts

RNG = np.random.default_rng


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (16, 16), (20, 30)])
def test_the_gradient_by_t_is_the_adjoint_of_moving(shape: tuple[int, ...]) -> None:
    """⟨moved(0, t), g⟩ = ⟨t, along(g)⟩ for elements and mixtures alike."""
    directions = parts.Directions.of(np.zeros(shape), RNG(0))
    t, g = RNG(1).standard_normal(directions.count), RNG(2).standard_normal(shape)
    moved = directions.moved(np.zeros(shape), t)
    assert moved.shape == shape
    assert (moved * g).sum() == pytest.approx(t @ directions.along(g), rel=1e-12)


def test_every_number_of_a_small_array_is_moved_and_the_base_is_kept() -> None:
    base = RNG(0).standard_normal((2, 3))
    directions, before = parts.Directions.of(base, RNG(1)), base.copy()
    assert directions.count == base.size
    np.testing.assert_allclose(directions.moved(base, np.ones(6)), before + 1, rtol=1e-15)
    np.testing.assert_array_equal(base, before)


def test_of_a_large_array_some_are_moved_alone_and_all_together() -> None:
    directions = parts.Directions.of(np.zeros((20, 30)), RNG(0))
    for seed in range(9):  # none is drawn twice
        drawn = parts.Directions.of(np.zeros(parts.ELEMENTS + 1), RNG(seed)).elements
        assert len(set(drawn.tolist())) == parts.SAMPLED
    assert directions.mixtures.shape == (parts.MIXTURES, 600)
    one = np.zeros(600)
    one[599] = 1.0  # whether drawn or not, it is in every mixture
    assert np.all(directions.along(one)[parts.SAMPLED :] != 0)


def test_a_direction_is_named_by_its_index() -> None:
    assert parts.Directions.of(np.zeros((2, 3)), RNG(0)).named(4) == "[1, 1]"
    assert parts.Directions.of(np.zeros(()), RNG(0)).named(0) == ""
    large = parts.Directions.of(np.zeros((20, 30)), RNG(0))
    assert large.named(0) == str([int(i) for i in divmod(int(large.elements[0]), 30)])
    assert large.named(parts.SAMPLED) == " along a random direction"


# -- results compared ------------------------------------------------------------------------------


ONES = np.ones(3)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (ONES, ONES * (1 + 1e-12), True),
        (ONES, ONES * (1 + 1e-6), False),
        (ONES, np.ones((1, 3)), False),
        (ONES * np.nan, ONES, False),
        ((ONES, {"W": ONES}), (ONES, {"W": ONES.copy()}), True),
        ((ONES, {"W": ONES}), (ONES, {"W": 2 * ONES}), False),
        ((ONES, {"W": ONES}), (ONES, {"b": ONES}), False),
        ((ONES, {}), (ONES, {"b": ONES}), False),
        ((ONES, {}), (2 * ONES, {}), False),
        ((None, {"W": ONES}), (ONES, {"W": ONES}), True),
        ((ONES, {}), (None, {}), False),
        ([ONES], [ONES, ONES], False),
    ],
)
def test_results_are_equal_but_for_round_off(a: Any, b: Any, same: bool) -> None:
    assert parts.equal(a, b) is same


def test_gradients_of_slices_are_added_up_name_by_name() -> None:
    grads = [{"W": ONES, "b": np.full(1, k)} for k in range(4)]
    total = parts.summed(grads)
    assert {name: g.tolist() for name, g in total.items()} == {"W": [4, 4, 4], "b": [6]}
    assert grads[0]["W"].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda g: -g, "; every number of it is -1 times the right one"),
        (lambda g: g / 5, "; every number of it is 0.2 times the right one, and the batch has 5"),
        (lambda g: g + 1, ""),
        (lambda g: g * [1, 1, 2], ""),
    ],
)
def test_a_constant_factor_is_named(spoil: Any, said: str) -> None:
    g = np.array([1.0, -2.0, 3.0])
    found = parts.factor(Comparison("b", spoil(g), g, noise=0.0), samples=5)
    assert found.startswith(said)
    assert bool(found) is bool(said)


@pytest.mark.parametrize(
    ("result", "got"),
    [
        (None, "None"),
        (np.ones((2, 3)), "an array of shape (2, 3)"),
        ((1, 2, 3), "a tuple of 3"),
        ([1, 2], "a list"),
    ],
    ids=str,
)
def test_what_is_no_pair_is_described(result: Any, got: str) -> None:
    with pytest.raises(Fault, match=re.escape(f"compute must return (y, cache), got {got}")):
        parts.as_pair("compute", "(y, cache)", result)
    assert parts.as_pair("compute", "(y, cache)", (1, 2)) == (1, 2)


def test_an_error_is_said_with_its_line() -> None:
    def broken():
        raise KeyError("W")

    with pytest.raises(KeyError) as caught:
        broken()
    line = broken.__code__.co_firstlineno + 1
    assert parts.said(caught.value) == f"KeyError: 'W' (line {line} of broken)"


# -- prints ----------------------------------------------------------------------------------------


def change(layer: nn.Layer, what: str) -> None:
    if what == "a weight":
        layer.params["main.0.W"][1, 2] += 1
    elif what == "a running mean":
        layer.state["main.1.running_mean"][0] = 1
    elif what == "a generator":
        layer.paths["main"][2].rng.random()
    elif what == "an attribute":
        layer.mask = True
    elif what == "an inner attribute":
        layer.paths["main"][0].calls = 1
    elif what == "trainable":
        layer.trainable = False


@pytest.mark.parametrize(
    "what",
    [
        "a weight",
        "a running mean",
        "a generator",
        "an attribute",
        "an inner attribute",
        "trainable",
    ],
)
def test_a_print_of_a_layer_sees_what_changes(what: str) -> None:
    layer = nn.Residual([nn.Dense(4), nn.BatchNorm(), nn.Dropout(0.5)])
    layer.build((4,), rng=RNG(0))
    before = parts.fingerprint(layer)
    assert parts.fingerprint(layer) == before
    change(layer, what)
    assert parts.fingerprint(layer) != before


def test_layers_that_draw_are_found_inside_of_blocks() -> None:
    one, two = nn.Dropout(0.5), nn.Dropout(0.1)
    block = nn.Residual([nn.ReLU(), one, nn.Residual([two])])
    assert parts.drawing(block) == [one, two]
    assert parts.drawing(nn.ReLU()) == []


@pytest.mark.parametrize(
    ("array", "got"), [(np.ones(1, "f4"), "float32"), ([1.0], "list"), (np.ones(1, int), "int64")]
)
def test_another_dtype_than_the_parameters_is_a_fault(array: Any, got: str) -> None:
    parts.expect_dtype("compute", "y", np.ones(1), np.float64)
    with pytest.raises(Fault, match=f"compute gives y as {got} in a layer of float64: keep x's"):
        parts.expect_dtype("compute", "y", array, np.float64)
