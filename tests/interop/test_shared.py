"""What every crossing shares: frameworks come late, and what has no counterpart is named."""

import subprocess
import sys

import numpy as np
import pytest

import course_nn as nn
from course_nn import interop
from course_nn.interop import InteropError


class Square(nn.Layer):
    def compute(self, x, train, *noise):
        return x * x, None


def test_a_layer_of_ones_own_is_named(torch, keras):
    model = nn.Sequential([nn.Flatten(), Square()])
    model.build((1, 2, 2), rng=np.random.default_rng(0))
    for give in (interop.to_torch, interop.to_keras):
        with pytest.raises(InteropError, match=r"layer 1, Square: .* counterpart is not known"):
            give(model)


def test_the_frameworks_are_not_imported_until_asked_for():
    program = "import sys, course_nn.interop; print(*{'torch', 'keras', 'jax'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_a_model_without_shapes_is_refused(torch, keras):
    for give in (interop.to_torch, interop.to_keras):
        with pytest.raises(RuntimeError, match="has no shapes yet"):
            give(nn.Sequential([nn.Dense(3)]))


@pytest.mark.parametrize("name", ["torch", "keras"])
def test_a_framework_that_is_not_there_is_named(monkeypatch, name):
    model = nn.Sequential([nn.Dense(3)])
    model.build((2,), rng=np.random.default_rng(0))
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match=f"{name} cannot be imported .*: pip install"):
        getattr(interop, f"to_{name}")(model)
