"""PyTorch's side, eager: what is timed of it. course_nn is never imported here, so that nothing
of its settings reaches PyTorch; the networks and the batch come from a file (see `counterparts`).
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import torch

from .settings import (
    ADAM_RATE,
    FEW,
    MOMENTUM,
    RACE_BATCH,
    RACE_BETAS,
    RACE_RATE,
    SETTINGS,
    SGD_RATE,
)

MATRIX, COPIED = 2048, 1 << 27  # as on our side


def load(folder: str, network: str) -> tuple[torch.nn.Sequential, torch.Tensor, torch.Tensor]:
    """The network with our weights, in training mode, and its batch."""
    module, x, labels = torch.load(Path(folder) / f"{network}.pt", weights_only=False)
    return module.train(), x, labels


class Step:
    """One training step of a network: forward, loss, backward, optimiser; the loss as a float."""

    def __init__(
        self,
        network: str,
        threads: int,
        folder: str,
        fused: bool = False,
        channels_last: bool = False,
    ) -> None:
        torch.set_num_threads(threads)
        self.module, self.x, self.labels = load(folder, network)
        if channels_last and self.x.ndim == 4:
            self.module = self.module.to(memory_format=torch.channels_last)
            self.x = self.x.to(memory_format=torch.channels_last)
        self.loss, self.optimizer = torch.nn.CrossEntropyLoss(), self._optimizer(network, fused)
        few, labels = self.x[:FEW], self.labels[:FEW]
        with torch.no_grad():
            self.value = self.loss(self.module.eval()(few), labels).item()
        self.module.train()
        self.step(few, labels)

    def _optimizer(self, network: str, fused: bool) -> torch.optim.Optimizer:
        weights, options = self.module.parameters(), {"fused": True} if fused else {}
        if SETTINGS[network].optimizer == "adam":
            return torch.optim.Adam(weights, ADAM_RATE, **options)
        return torch.optim.SGD(weights, SGD_RATE, MOMENTUM, **options)

    def facts(self) -> dict[str, Any]:
        """The loss of the untrained network."""
        return {"loss": self.value}

    def step(self, x: torch.Tensor, labels: torch.Tensor) -> float:
        self.optimizer.zero_grad()
        loss = self.loss(self.module(x), labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def run(self) -> dict[str, float]:
        start = time.perf_counter()
        self.step(self.x, self.labels)
        return {"step": time.perf_counter() - start}


class Rates:
    """What the machine can do: a large matrix product with PyTorch's BLAS, a large copy."""

    def __init__(self, threads: int) -> None:
        torch.set_num_threads(threads)
        self.a, self.b = torch.rand(MATRIX, MATRIX), torch.rand(MATRIX, MATRIX)
        self.c = torch.empty_like(self.a)
        self.source, self.target = torch.ones(COPIED // 4), torch.ones(COPIED // 4)

    def facts(self) -> dict[str, str]:
        """Who multiplies."""
        lines = [line.strip("- ") for line in torch.__config__.show().splitlines()]
        names = [line for line in lines if "oneAPI" in line or "MKL-DNN" in line]
        return {"torch": torch.__version__, "libraries": "; ".join(names)}

    def run(self) -> dict[str, float]:
        """Operations and bytes (read and written) a second."""
        start = time.perf_counter()
        torch.mm(self.a, self.b, out=self.c)
        sgemm = 2 * MATRIX**3 / (time.perf_counter() - start)
        start = time.perf_counter()
        self.target.copy_(self.source)
        return {"sgemm": sgemm, "copy": 2 * COPIED / (time.perf_counter() - start)}


class Layers:
    """Every layer of a network alone, forward and backward."""

    def __init__(self, network: str, threads: int, folder: str) -> None:
        torch.set_num_threads(threads)
        self.module, x, _ = load(folder, network)
        leaves = list(self.module)
        first = next(i for i, leaf in enumerate(leaves) if list(leaf.parameters()))
        self.inputs, self.upstream = [], []
        for i, leaf in enumerate(leaves):
            self.inputs.append(torch.rand_like(x).requires_grad_(i > first))
            x = leaf(x).detach()
            self.upstream.append(torch.rand_like(x))
        self.leaves = leaves

    def run(self, layer: int) -> dict[str, float]:
        leaf, x, dy = self.leaves[layer], self.inputs[layer], self.upstream[layer]
        for tensor in (x, *leaf.parameters()):
            tensor.grad = None
        start = time.perf_counter()
        y = leaf(x)
        middle = time.perf_counter()
        if y.requires_grad:
            y.backward(dy)
        return {"forward": middle - start, "backward": time.perf_counter() - middle}


class Race:
    """One epoch of `fast` on MNIST from a fresh seed; then its accuracy, not timed."""

    def __init__(self, data: str, threads: int, folder: str) -> None:
        import numpy as np

        torch.set_num_threads(threads)
        with np.load(data) as arrays:
            self.data = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
        self.module, _, _ = load(folder, "fast")
        self.train(0, 4 * RACE_BATCH)

    def draw(self) -> None:
        """New parameters, as PyTorch draws them unless told."""
        for layer in self.module.modules():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()

    def train(self, seed: int, count: int) -> float:
        """Trains on the first `count` images; the seconds it took."""
        torch.manual_seed(seed)
        self.draw()
        self.module.train()
        x, labels = self.data["x_train"][:count], self.data["y_train"][:count]
        start = time.perf_counter()
        optimizer = torch.optim.Adam(self.module.parameters(), RACE_RATE, RACE_BETAS)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, RACE_RATE, total_steps=math.ceil(count / RACE_BATCH), cycle_momentum=False
        )
        loss_of = torch.nn.CrossEntropyLoss()
        for rows in torch.randperm(count).split(RACE_BATCH):
            optimizer.zero_grad()
            loss = loss_of(self.module(x[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            schedule.step()
            loss.item()
        return time.perf_counter() - start

    def run(self, seed: int) -> dict[str, float]:
        seconds = self.train(seed, len(self.data["x_train"]))
        x, labels = self.data["x_test"], self.data["y_test"]
        with torch.no_grad():
            self.module.eval()
            right = [
                (self.module(a).argmax(1) == b).sum().item()
                for a, b in zip(x.split(256), labels.split(256), strict=True)
            ]
        return {"seconds": seconds, "accuracy": sum(right) / len(labels)}
