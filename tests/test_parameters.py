"""One flat vector, and every parameter a view of it."""

import numpy as np
import pytest

from course_nn.parameters import Parameters


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
