"""Changes of the arguments before the right formula sees them."""

import numpy as np
import pytest

from course_nn.exercises.beforehand import beforehand

AXES = {"x": ("N", "D"), "labels": ("N",), "mask": ("N",), "lr": None}
KINDS = {"x": "float", "labels": "class", "mask": "bool", "lr": "rate"}
INPUTS = {
    "x": np.arange(6.0).reshape(3, 2) - 2,
    "labels": np.array([0, 2, 1]),
    "mask": np.array([True, False, True]),
    "lr": 0.3,
}
FOUND = dict(beforehand(AXES, KINDS))


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ("only the first sample counts", "labels", [0]),
        ("the last sample does not count", "x", INPUTS["x"][:-1]),
        ("only the last feature counts", "x", INPUTS["x"][:, -1:]),
        ("lr is fixed at 0.01, not taken from the argument", "lr", 0.01),
        ("1 - lr stands where lr belongs", "lr", 0.7),
        ("labels is counted from 1, not from 0", "labels", [-1, 1, 0]),
        ("mask is turned round: its False count as True", "mask", [False, True, False]),
        ("x has the other sign", "x", -INPUTS["x"]),
        ("lr is cut to a whole number", "lr", 0),
        ("x is divided by its length first, the root of its squares", "x",
         INPUTS["x"] / np.linalg.norm(INPUTS["x"])),
        ("the largest number of x is taken off first", "x", INPUTS["x"] - 3),
        ("a softmax is applied to x first", "x",
         np.exp(INPUTS["x"]) / np.exp(INPUTS["x"]).sum(axis=1, keepdims=True)),
        ("a sigmoid is applied to x first", "x", 1 / (1 + np.exp(-INPUTS["x"]))),
        ("a tanh is applied to x first", "x", np.tanh(INPUTS["x"])),
        ("the first along axis 0 of mask stands for all", "mask", [True] * 3),
        ("the first along axis 0 of labels stands for all", "labels", [0] * 3),
        ("the mean along axis 0 is taken off x first", "x", INPUTS["x"] - INPUTS["x"].mean(axis=0)),
    ],
)  # fmt: skip
def test_an_argument_that_was_changed_first(words, name, value) -> None:
    changed = FOUND[words](INPUTS)
    np.testing.assert_allclose(changed[name], value)
    assert set(changed) == set(INPUTS)


def test_the_order_of_memory_is_read() -> None:
    columns = {**INPUTS, "x": np.asfortranarray(INPUTS["x"])}
    words = "x is read in the order of memory, which need not be that of its axes"
    assert not np.array_equal(FOUND[words](columns)["x"], INPUTS["x"])
    np.testing.assert_array_equal(FOUND[words](INPUTS)["x"], INPUTS["x"])


def test_the_inputs_stay_as_they_were() -> None:
    before = {name: np.copy(value) for name, value in INPUTS.items()}
    for change in FOUND.values():
        change(INPUTS)
    assert all(np.array_equal(before[name], INPUTS[name]) for name in INPUTS)
