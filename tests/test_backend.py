"""The array chooses the library; CuPy is asked only where it could have made the array."""

import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from course_nn import backend


class FakeArray:
    """Stands for an array on the GPU."""

    def __init__(self, values) -> None:
        self.values = np.asarray(values)

    def get(self) -> np.ndarray:
        return self.values.copy()


class FakeError(Exception):
    pass


def fake_cupy(count: int = 1, error: Exception | None = None) -> ModuleType:
    """A module that stands for CuPy, with so many GPUs."""

    def device_count() -> int:
        if error:
            raise error
        return count

    module = ModuleType("cupy")
    module.ndarray = FakeArray
    runtime = SimpleNamespace(getDeviceCount=device_count, CUDARuntimeError=FakeError)
    module.cuda = SimpleNamespace(runtime=runtime)
    return module


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = fake_cupy()
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module


def test_numpy_arrays_and_scalars_belong_to_numpy() -> None:
    assert backend.array_module(np.zeros(3), 2.0) is np
    assert backend.array_module() is np


def test_one_array_on_the_gpu_is_enough(cupy: ModuleType) -> None:
    assert backend.array_module(np.zeros(3), FakeArray([1])) is cupy
    assert backend.array_module(np.zeros(3)) is np


def test_to_numpy(cupy: ModuleType) -> None:
    x = np.arange(3)
    assert backend.to_numpy(x) is x
    assert backend.to_numpy([1, 2]).tolist() == [1, 2]
    assert backend.to_numpy(FakeArray([1, 2])).tolist() == [1, 2]


def test_no_cupy_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert backend.gpu_module() is None


@pytest.mark.parametrize(
    ("module", "found"),
    [
        (fake_cupy(1), True),
        (fake_cupy(0), False),
        (fake_cupy(error=FakeError("no driver")), False),
    ],
    ids=["a GPU", "no GPU", "no driver"],
)
def test_cupy_counts_only_with_a_gpu(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, found: bool
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, "cupy", module)
    assert backend.gpu_module() is (module if found else None)


def test_as_strided_is_a_view(xp: ModuleType) -> None:
    x = xp.arange(5.0)
    windows = backend.as_strided(x, (4, 2), (8, 8))
    x[1] = 7
    assert backend.to_numpy(windows).tolist() == [[0, 7], [7, 2], [2, 3], [3, 4]]
