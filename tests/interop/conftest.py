"""The frameworks, where they are installed."""

import importlib.util
import os

import pytest

os.environ.setdefault("KERAS_BACKEND", "jax" if importlib.util.find_spec("jax") else "torch")


@pytest.fixture
def torch():
    """PyTorch, whose weights are the same in every run."""
    found = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to cross to")
    found.manual_seed(0)
    return found


@pytest.fixture
def keras():
    """Keras, likewise."""
    found = pytest.importorskip("keras", reason="Keras is not installed: nothing to cross to")
    found.utils.set_random_seed(0)
    return found
