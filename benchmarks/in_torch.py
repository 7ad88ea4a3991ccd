"""PyTorch's side: what is timed of it. course_nn is never imported here, so that nothing of its
settings reaches PyTorch; the networks and the batches come from files (see `counterparts`).
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from . import memory
from .handover import read
from .settings import (
    ADAM_RATE,
    BATCHES,
    FEW,
    FIRST,
    MOMENTUM,
    RACE_BATCH,
    RACE_BETAS,
    RACE_RATE,
    SETTINGS,
    SGD_RATE,
)

MATRIX, COPIED = 2048, 1 << 27  # as on our side


class Residual(torch.nn.Module):
    """Two paths, added."""

    def __init__(self, main: torch.nn.Module, shortcut: torch.nn.Module) -> None:
        super().__init__()
        self.main, self.shortcut = main, shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.main(x) + self.shortcut(x)


def _dense(options: dict[str, Any], input_shape: list[int]) -> torch.nn.Module:
    return torch.nn.Linear(input_shape[0], options["units"], bias=options["bias"])


def _conv(options: dict[str, Any], input_shape: list[int]) -> torch.nn.Module:
    kernel, *sizes = (_pair(options[name]) for name in ("kernel", "stride", "padding", "dilation"))
    rest = {"groups": options["groups"], "bias": options["bias"]}
    return torch.nn.Conv2d(input_shape[0], options["filters"], kernel, *sizes, **rest)


def _pool(options: dict[str, Any], _: list[int]) -> torch.nn.Module:
    return torch.nn.MaxPool2d(_pair(options["window"]))


def _norm(options: dict[str, Any], input_shape: list[int]) -> torch.nn.Module:
    kind = torch.nn.BatchNorm2d if len(input_shape) == 3 else torch.nn.BatchNorm1d
    return kind(input_shape[0], **options)


def _pair(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


KINDS: dict[str, Callable[[dict[str, Any], list[int]], torch.nn.Module]] = {
    "Dense": _dense,
    "Conv2D": _conv,
    "MaxPool2D": _pool,
    "BatchNorm": _norm,
    "ReLU": lambda *_: torch.nn.ReLU(),
    "Flatten": lambda *_: torch.nn.Flatten(),
    "Dropout": lambda options, _: torch.nn.Dropout(options["rate"]),
    "GlobalAvgPool2D": lambda *_: torch.nn.Sequential(
        torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
    ),
}
NAMES = {"W": "weight", "b": "bias", "gamma": "weight", "beta": "bias"}


def built(rows: list[dict[str, Any]], arrays: dict[str, Any]) -> torch.nn.Sequential:
    """The module that a description tells of, with its weights."""
    return torch.nn.Sequential(*(_built(row, arrays) for row in rows))


def _built(row: dict[str, Any], arrays: dict[str, Any]) -> torch.nn.Module:
    options = row["options"]
    if row["kind"] == "Residual":
        return Residual(*(built(options.get(path, []), arrays) for path in ("main", "shortcut")))
    module = KINDS[row["kind"]](options, row["input"])
    for name, theirs in NAMES.items():
        if (ours := arrays.get(f"{row['key']}.{name}")) is not None:
            weights = torch.from_numpy(ours.T if row["kind"] == "Dense" else ours)
            getattr(module, theirs).data.copy_(weights)
    return module


def settle(threads: int, keep_memory: bool) -> None:
    """The settings of the process."""
    torch.set_num_threads(threads)
    if keep_memory:
        memory.keep_freed()


def load(
    folder: str, network: str, channels_last: bool = False
) -> tuple[torch.nn.Sequential, list[torch.Tensor], torch.Tensor]:
    """The network with our weights, in training mode, and its batches and labels."""
    rows, arrays = read(folder, network)
    module, x = built(rows, arrays).train(), list(torch.from_numpy(arrays["x"]))
    if channels_last:
        module = module.to(memory_format=torch.channels_last)
        x = [batch.contiguous(memory_format=torch.channels_last) for batch in x]
    return module, x, torch.from_numpy(arrays["labels"])


def optimizer_of(network: str, module: torch.nn.Module, fused: bool) -> torch.optim.Optimizer:
    """The network's optimiser; unless fused, as it comes."""
    weights, options = module.parameters(), {"fused": True} if fused else {}
    if SETTINGS[network].optimizer == "adam":
        return torch.optim.Adam(weights, ADAM_RATE, **options)
    return torch.optim.SGD(weights, SGD_RATE, MOMENTUM, **options)


class Step:
    """One training step of a network: forward, loss as a float, backward, optimiser; batch after
    batch.

    Parameters
    ----------
    network, threads, folder : of the zoo; for each op; where its description lies.
    fused : the optimiser in one kernel.
    channels_last : weights and images in memory as (N, H, W, C).
    compiled : by torch.compile, in its default mode.
    keep_memory : the C library keeps what is freed, as our engine tells it to.
    """

    def __init__(
        self,
        network: str,
        threads: int,
        folder: str,
        fused: bool = False,
        channels_last: bool = False,
        compiled: bool = False,
        keep_memory: bool = False,
    ) -> None:
        settle(threads, keep_memory)
        self.module, self.x, self.labels = load(folder, network, channels_last)
        self.loss = torch.nn.CrossEntropyLoss()
        self.optimizer, self.losses = optimizer_of(network, self.module, fused), []
        few, labels = self.x[0][:FEW], self.labels[0][:FEW]
        with torch.no_grad():
            self.value = self.loss(self.module.eval()(few), labels).item()
        self.module.train()
        self.step(few, labels)
        if compiled:  # only now: a second batch size would make its code general, and slower
            os.environ["TORCHINDUCTOR_CACHE_DIR"] = f"{folder}/inductor-{threads}"
            self.module = torch.compile(self.module)

    def facts(self) -> dict[str, Any]:
        """The loss of the untrained network, and the losses of its first steps."""
        kernels = torch.backends.cpu.get_cpu_capability()
        facts = {"torch": torch.__version__, "kernels": kernels, "threads": torch.get_num_threads()}
        return {"loss": self.value, "losses": self.losses[:FIRST], **facts}

    def step(self, x: torch.Tensor, labels: torch.Tensor) -> float:
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.module(x), labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def run(self) -> dict[str, float]:
        k = len(self.losses) % BATCHES
        start = time.perf_counter()
        loss = self.step(self.x[k], self.labels[k])
        seconds = time.perf_counter() - start
        self.losses.append(loss)
        return {"step": seconds}


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

    def __init__(
        self,
        network: str,
        threads: int,
        folder: str,
        channels_last: bool = False,
        keep_memory: bool = False,
    ) -> None:
        settle(threads, keep_memory)
        self.module, (x, *_), _ = load(folder, network, channels_last)
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

    def __init__(
        self,
        data: str,
        threads: int,
        folder: str,
        fused: bool = False,
        channels_last: bool = False,
        keep_memory: bool = False,
    ) -> None:
        settle(threads, keep_memory)
        with np.load(data) as arrays:
            self.data = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
        self.options = {"fused": True} if fused else {}
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.module, _, _ = load(folder, "fast", channels_last)
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
        optimizer = torch.optim.Adam(
            self.module.parameters(), RACE_RATE, RACE_BETAS, **self.options
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, RACE_RATE, total_steps=math.ceil(count / RACE_BATCH), cycle_momentum=False
        )
        loss_of = torch.nn.CrossEntropyLoss()
        for rows in torch.randperm(count).split(RACE_BATCH):
            optimizer.zero_grad()
            images = x[rows].contiguous(memory_format=self.format)
            loss = loss_of(self.module(images), labels[rows])
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
