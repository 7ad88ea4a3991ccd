"""One flat vector, and every parameter a view of it."""

import re

import numpy as np
import pytest

from course_nn.parameters import InPlace, Parameters


@pytest.fixture
def parameters() -> Parameters:
    return Parameters.pack({"0.W": np.arange(6.0).reshape(2, 3), "0.b": np.zeros(3)})


def test_packs_in_order(parameters: Parameters) -> None:
    assert parameters.flat.tolist() == [0, 1, 2, 3, 4, 5, 0, 0, 0]
    assert parameters.shapes == {"0.W": (2, 3), "0.b": (3,)}
    assert list(parameters) == ["0.W", "0.b"]
    assert len(parameters) == 2


def test_every_array_is_a_view(parameters: Parameters) -> None:
    parameters["0.W"][1, 2] = 50
    parameters.flat[-1] = 70
    assert parameters.flat[5] == 50
    assert parameters["0.b"].tolist() == [0, 0, 70]
    assert all(np.shares_memory(a, parameters.flat) for a in parameters.values())


def test_packing_copies() -> None:
    W = np.ones((2, 2))
    Parameters.pack({"W": W}).flat[:] = 7
    assert (W == 1).all()


def test_keeps_the_dtype() -> None:
    assert Parameters.pack({"W": np.ones(2, np.float32)}).flat.dtype == np.float32


def test_memory_order_does_not_matter() -> None:
    W = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(Parameters.pack({"W": np.asfortranarray(W)})["W"], W)


def test_like_is_zeros_of_its_own(parameters: Parameters) -> None:
    zeros = parameters.like()
    zeros["0.W"][:] += 1
    assert zeros.shapes == parameters.shapes
    assert zeros.flat.tolist() == [1] * 6 + [0] * 3
    assert parameters["0.W"][0, 0] == 0


def test_none_at_all() -> None:
    empty = Parameters.pack({})
    assert len(empty) == 0
    assert empty.flat.size == 0


def test_an_unknown_name_fails(parameters: Parameters) -> None:
    with pytest.raises(KeyError, match="nowhere"):
        parameters["nowhere"]
    assert "nowhere" not in parameters


# -- assigning


def both() -> list:
    """What a model and a layer hold their parameters in."""
    return [
        Parameters.pack({"W": np.ones((2, 3)), "b": np.zeros(3)}),
        InPlace(W=np.ones((2, 3)), b=np.zeros(3)),
    ]


@pytest.mark.parametrize("kind", [0, 1], ids=["Parameters", "InPlace"])
def test_assigning_writes_into_the_array_that_is_there(kind):
    p = both()[kind]
    b = p["b"]
    p["b"] = [1, 2, 3]
    p["b"] *= 2
    assert p["b"] is b
    np.testing.assert_array_equal(b, [2, 4, 6])


@pytest.mark.parametrize("kind", [0, 1], ids=["Parameters", "InPlace"])
@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("b", [1.0], ValueError, "b has shape (3,), and cannot become (1,)"),
        ("b", 7.0, ValueError, "b has shape (3,), and cannot become ()"),
        ("b", "abc", TypeError, "b must hold numbers of float32 or float64, got <U3"),
        ("b", [1j, 2, 3], TypeError, "b must hold numbers of float32 or float64, got complex128"),
        ("c", [1.0], KeyError, "there is no parameter 'c'; there are W, b"),
    ],
)
def test_what_cannot_be_assigned_changes_nothing(kind, name, value, error, message):
    p = both()[kind]
    with pytest.raises(error, match=re.escape(message)):
        p[name] = value
    assert not p["b"].any()


@pytest.mark.parametrize("kind", [0, 1], ids=["Parameters", "InPlace"])
def test_a_name_that_there_is_not_gets_those_there_are(kind):
    with pytest.raises(KeyError, match="there is no parameter 'w'; there are W, b"):
        _ = both()[kind]["w"]
    assert both()[kind].get("w") is None
