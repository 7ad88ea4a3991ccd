"""Optimisers side by side with PyTorch's for 100 steps: the parameters stay equal."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import course_nn as nn
from course_nn.optim import clip_by_norm
from course_nn.parameters import Parameters

torch = pytest.importorskip("torch", reason="parity needs PyTorch: pip install course-nn[parity]")
torch.set_num_threads(1)

SHAPES = {"0.W": (4, 3), "0.b": (3,), "2.W": (2, 1, 3, 3)}
STEPS = 100

OPTIMIZERS: dict[str, tuple[Callable, Callable]] = {
    "SGD": (
        lambda **o: nn.SGD(0.05, **o),
        lambda p, **o: torch.optim.SGD(p, 0.05, **o),
    ),
    "SGD with momentum": (
        lambda **o: nn.SGD(0.05, momentum=0.9, **o),
        lambda p, **o: torch.optim.SGD(p, 0.05, momentum=0.9, **o),
    ),
    "SGD with Nesterov's momentum": (
        lambda **o: nn.SGD(0.05, momentum=0.8, nesterov=True, **o),
        lambda p, **o: torch.optim.SGD(p, 0.05, momentum=0.8, nesterov=True, **o),
    ),
    "RMSProp": (
        lambda **o: nn.RMSProp(0.01, rho=0.95, **o),
        lambda p, **o: torch.optim.RMSprop(p, 0.01, alpha=0.95, **o),
    ),
    "RMSProp as it comes": (
        lambda **o: nn.RMSProp(**o),
        lambda p, **o: torch.optim.RMSprop(p, **o),
    ),
    "Adam": (
        lambda **o: nn.Adam(0.01, betas=(0.8, 0.95), **o),
        lambda p, **o: torch.optim.Adam(p, 0.01, betas=(0.8, 0.95), **o),
    ),
    "Adam as it comes": (lambda **o: nn.Adam(**o), lambda p, **o: torch.optim.Adam(p, **o)),
    "AdamW": (
        lambda **o: nn.AdamW(0.01, betas=(0.8, 0.95), **o),
        lambda p, **o: torch.optim.AdamW(p, 0.01, betas=(0.8, 0.95), **o),
    ),
    "AdamW as it comes": (lambda **o: nn.AdamW(**o), lambda p, **o: torch.optim.AdamW(p, **o)),
}
ALL = pytest.mark.parametrize("name", OPTIMIZERS)


class SideBySide:
    """The same parameters here and there, moved by the same gradients."""

    def __init__(self, ours: nn.Optimizer, theirs: Callable, dtype: type = np.float64) -> None:
        self.rng, self.ours = np.random.default_rng(0), ours
        start = {k: self.rng.standard_normal(s).astype(dtype) for k, s in SHAPES.items()}
        self.params = Parameters.pack(start)
        self.tensors = {k: torch.tensor(a, requires_grad=True) for k, a in start.items()}
        self.theirs = theirs(list(self.tensors.values()))
        self.dtype = dtype

    def step(self, spread: float = 1.0) -> None:
        """A gradient that depends on the parameters, as a loss's does, and on chance."""
        grads = {
            k: (p + spread * self.rng.standard_normal(p.shape)).astype(self.dtype)
            for k, p in self.params.items()
        }
        for k, g in grads.items():
            self.tensors[k].grad = torch.tensor(g)
        self.clip()
        self.ours.update(self.params, Parameters.pack(grads))
        self.theirs.step()

    def clip(self) -> None:
        """What is done to PyTorch's gradients before its step."""

    def assert_equal(self, tolerance: float) -> None:
        for k, p in self.params.items():
            theirs = self.tensors[k].detach().numpy()
            np.testing.assert_allclose(p, theirs, rtol=tolerance, atol=tolerance)


@ALL
@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.1}], ids=["", "weight decay"])
def test_100_steps(name: str, options: dict) -> None:
    ours, theirs = OPTIMIZERS[name]
    pair = SideBySide(ours(**options), lambda p: theirs(p, **options))
    start = pair.params.flat.copy()
    for _ in range(STEPS):
        pair.step()
        pair.assert_equal(1e-10)
    assert np.abs(pair.params.flat - start).max() > 0.01


@ALL
def test_100_steps_in_float32(name: str) -> None:
    ours, theirs = OPTIMIZERS[name]
    pair = SideBySide(ours(), theirs, np.float32)
    for _ in range(STEPS):
        pair.step()
    pair.assert_equal(2e-5)


@ALL
def test_100_steps_with_a_schedule(name: str) -> None:
    """The learning rate of step k, set by hand there."""
    ours, theirs = OPTIMIZERS[name]

    def schedule(step: int) -> float:
        return 0.02 / (1 + 0.1 * step)

    optimizer = ours()
    optimizer.lr = schedule
    pair = SideBySide(optimizer, theirs)
    for step in range(STEPS):
        pair.theirs.param_groups[0]["lr"] = schedule(step)
        pair.step()
    pair.assert_equal(1e-10)


class Clipped(SideBySide):
    """PyTorch divides by the norm + 10⁻⁶; a limit larger by that share takes it out again."""

    limit = 2.0

    def clip(self) -> None:
        tensors = list(self.tensors.values())
        norm = float(torch.nn.utils.get_total_norm([t.grad for t in tensors]))
        limit = self.limit * (norm + 1e-6) / norm if norm > self.limit else self.limit
        torch.nn.utils.clip_grad_norm_(tensors, limit)


@ALL
def test_100_steps_with_clipped_gradients(name: str) -> None:
    ours, theirs = OPTIMIZERS[name]
    pair = Clipped(ours(clip_norm=Clipped.limit), theirs)
    for step in range(STEPS):
        pair.step(spread=0.01 if step % 2 else 3.0)  # some too long, some not
    pair.assert_equal(1e-10)


@given(st.integers(1, 30), st.floats(0.01, 100), st.integers(0, 2**32 - 1))
def test_clipping_is_clip_grad_norm(size: int, limit: float, seed: int) -> None:
    """At norms beyond 10⁵ PyTorch's 10⁻⁶ is below the tolerance."""
    g = 1e6 * np.random.default_rng(seed).standard_normal(size)
    tensor = torch.zeros(size, dtype=torch.float64, requires_grad=True)
    tensor.grad = torch.tensor(g)
    theirs = float(torch.nn.utils.clip_grad_norm_([tensor], limit))
    assert clip_by_norm(g, limit) == pytest.approx(theirs, rel=1e-12)
    np.testing.assert_allclose(g, tensor.grad.numpy(), rtol=1e-9)
    assert np.linalg.norm(g) <= limit * (1 + 1e-12)


@pytest.mark.parametrize("name", ["SGD with momentum", "Adam"])
def test_a_whole_network_trains_alike(name: str) -> None:
    """20 steps of a network with batch norm: convolution, norm, pooling and loss together."""
    make_ours, make_theirs = OPTIMIZERS[name]
    model = nn.Sequential(
        [
            nn.Conv2D(3, 3, padding=1),
            nn.BatchNorm(),
            nn.ReLU(),
            nn.MaxPool2D(2),
            nn.Flatten(),
            nn.Dense(4),
        ]
    )
    model.build((1, 6, 6), rng=np.random.default_rng(0), dtype=np.float64)
    twin = torch.nn.Sequential(
        torch.nn.Conv2d(1, 3, 3, padding=1),
        torch.nn.BatchNorm2d(3),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(27, 4),
    ).double()
    with torch.no_grad():
        for tensor, key in ((twin[0].weight, "0.W"), (twin[5].weight, "5.W")):
            tensor.copy_(torch.tensor(model.params[key] if key == "0.W" else model.params[key].T))
        twin[0].bias.zero_()
        twin[5].bias.zero_()
    ours, theirs = make_ours(), make_theirs(list(twin.parameters()))
    rng = np.random.default_rng(1)
    for _ in range(20):
        x, labels = rng.standard_normal((8, 1, 6, 6)), rng.integers(0, 4, 8)
        value = model.train_step(x, labels, nn.SoftmaxCrossEntropy(), ours)
        theirs.zero_grad()
        loss = torch.nn.functional.cross_entropy(twin(torch.tensor(x)), torch.tensor(labels))
        loss.backward()
        theirs.step()
        assert value == pytest.approx(float(loss.detach()), rel=1e-8)
    twin.eval()
    x = rng.standard_normal((8, 1, 6, 6))
    expected = twin(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-7, atol=1e-9)
    running = twin[1].running_var.numpy()
    np.testing.assert_allclose(model.layers[1].state["running_var"], running, rtol=1e-8)
