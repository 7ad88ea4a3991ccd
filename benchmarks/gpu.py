"""A training step on a graphics card, beside PyTorch's on the same card and ours on its processor.

    python -m benchmarks.gpu --out course_nn/data/gpu.json

One process, in turn, in blocks of back-to-back steps that end with the loss as a float, so that no
clock stops before the card does. Also what the card can do by itself: products, copies, launches,
the road. Needs CuPy and PyTorch, both with the card. It asserts nothing but that losses agree.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import course_nn as nn
from course_nn import zoo
from course_nn.backend import gpu_module, to_numpy

from . import counterparts, in_torch, machine
from .settings import ADAM_RATE, BATCHES, MOMENTUM, SETTINGS, SGD_RATE
from .summary import spread
from .table import millis, table

BATCH_SIZES = (128, 1024)
MATRIX, COPIED = 8192, 1 << 30
Step = Callable[[int], float]


# -- the sides -------------------------------------------------------------------------------------


def images(network: str, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Batches of noise, (BATCHES, N, C, H, W), and their labels."""
    rng, shape = np.random.default_rng(1), zoo.network(network).input_shape
    x = rng.random((BATCHES, batch, *shape), dtype=np.float32)
    return x, rng.integers(0, 10, (BATCHES, batch))


def ours(network: str, x: np.ndarray, labels: np.ndarray, device: str) -> Step:
    """A step by `Sequential`; the batches lie on the device before the clock starts."""
    model = zoo.build(network, rng=np.random.default_rng(0), device=device)
    adam = SETTINGS[network].optimizer == "adam"
    optimizer = nn.Adam(ADAM_RATE) if adam else nn.SGD(SGD_RATE, momentum=MOMENTUM)
    loss, x, labels = nn.SoftmaxCrossEntropy(), model.xp.asarray(x), model.xp.asarray(labels)
    return lambda k: model.train_step(x[k], labels[k], loss, optimizer)


def theirs(
    network: str,
    x: np.ndarray,
    labels: np.ndarray,
    folder: str,
    tuned: bool = False,
    graph: bool = False,
    short: bool = True,
) -> Step:
    """A step by PyTorch: as it comes; tuned; or recorded as one graph and replayed.

    short : TF32 for the factors of a convolution, as it comes; where tuned, of every product.
    """
    _precision(short, tuned)
    rows, arrays = in_torch.read(folder, network)
    module = in_torch.built(rows, arrays).train().cuda()
    form = torch.channels_last if tuned else torch.contiguous_format
    module = module.to(memory_format=form)
    inputs = [torch.from_numpy(a).cuda().contiguous(memory_format=form) for a in x]
    targets = list(torch.from_numpy(labels).cuda())
    optimizer = _optimizer(network, module, tuned, graph)
    loss_of = torch.nn.CrossEntropyLoss()

    def step(a: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        _precision(short, tuned)
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(module(a), t)
        loss.backward()
        optimizer.step()
        return loss.detach()

    if graph:
        replay = _recorded(step, inputs[0].clone(), targets[0].clone())
        return lambda k: replay(inputs[k], targets[k]).item()
    return lambda k: step(inputs[k], targets[k]).item()


def _precision(short: bool, tuned: bool) -> None:
    """PyTorch's setting is the process's: each side sets its own before it computes."""
    torch.backends.cudnn.allow_tf32 = short
    torch.backends.cuda.matmul.allow_tf32 = short and tuned


def _optimizer(network: str, module: Any, tuned: bool, graph: bool) -> torch.optim.Optimizer:
    options: dict[str, Any] = {"fused": True} if tuned else {}
    if SETTINGS[network].optimizer == "adam":
        return torch.optim.Adam(module.parameters(), ADAM_RATE, capturable=graph, **options)
    return torch.optim.SGD(module.parameters(), SGD_RATE, MOMENTUM, **options)


def _recorded(step: Callable[..., torch.Tensor], a: Any, t: Any) -> Callable[..., torch.Tensor]:
    """The step as a CUDA graph: a few warm-up steps aside, then recorded once."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step(a, t)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = step(a, t)

    def replay(x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        a.copy_(x)
        t.copy_(labels)
        graph.replay()
        return loss

    return replay


# -- timing ----------------------------------------------------------------------------------------


def alternate(sides: dict[str, Step], seconds: float, rounds: int) -> dict[str, list[float]]:
    """Seconds a step of each side, a median a block, the sides in turn."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for step in sides.values():
        for k in range(BATCHES):
            step(k)
    for _ in range(rounds):
        for name, step in sides.items():
            times[name].append(_block(step, seconds))
    return times


def _block(step: Step, seconds: float) -> float:
    step(0), step(1)
    found, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(found) < 3:
        start = time.perf_counter()
        step(len(found) % BATCHES)
        found.append(time.perf_counter() - start)
    return spread(found).median


def launches(step: Step) -> dict[str, float]:
    """Kernels in a step, and how long the card computes in it; as CUDA's own profiler counts."""
    cuda = torch.profiler.ProfilerActivity.CUDA
    with torch.profiler.profile(activities=[cuda]) as profile:
        for k in range(4):
            step(k)
        torch.cuda.synchronize()
    events = [e for e in profile.events() if str(e.device_type).endswith("CUDA")]
    kernels = [e for e in events if not e.name.startswith(("Memcpy", "Memset"))]
    busy = sum(e.time_range.elapsed_us() for e in events) * 1e-6
    return {"kernels": len(kernels) / 4, "busy_s": busy / 4}


def rates(cp: Any) -> dict[str, float]:
    """What the card can do: operations and bytes a second, seconds a launch, the road both ways."""
    a = cp.random.random((MATRIX, MATRIX), dtype=cp.float32)
    source, small = cp.ones(COPIED // 4, cp.float32), cp.ones(32, cp.float32)
    target, far = cp.empty_like(source), np.ones(COPIED // 16, np.float32)
    product = _timed(cp, lambda: cp.matmul(a, a), 5)
    copy = _timed(cp, lambda: cp.copyto(target, source), 10)
    add = _timed(cp, lambda: [cp.add(small, small, small) for _ in range(1000)], 10) / 1000
    there = _timed(cp, lambda: cp.asarray(far), 10)
    back = _timed(cp, lambda: target[: len(far)].get(), 10)
    return {
        "sgemm": 2 * MATRIX**3 / product,
        "copy": 2 * COPIED / copy,
        "launch_s": add,
        "to_gpu": far.nbytes / there,
        "from_gpu": far.nbytes / back,
    }


def _timed(cp: Any, call: Callable[[], Any], repeats: int) -> float:
    def once() -> float:
        cp.cuda.Device().synchronize()
        start = time.perf_counter()
        call()
        cp.cuda.Device().synchronize()
        return time.perf_counter() - start

    once()
    return spread([once() for _ in range(repeats)]).median


# -- the record ------------------------------------------------------------------------------------


def measured(network: str, batch: int, folder: str, options: argparse.Namespace) -> dict[str, Any]:
    """One network with one batch size: seconds a step of every side, kernels, first losses."""
    x, labels = images(network, batch)
    makers: dict[str, Callable[[], Step]] = {
        "ours": lambda: ours(network, x, labels, "gpu"),
        "eager": lambda: theirs(network, x, labels, folder),
        "eager, float32": lambda: theirs(network, x, labels, folder, short=False),
        "tuned": lambda: theirs(network, x, labels, folder, tuned=True),
        "graph": lambda: theirs(network, x, labels, folder, tuned=True, graph=True),
    }
    if batch <= options.cpu_up_to:
        makers["ours on the CPU"] = lambda: ours(network, x, labels, "cpu")
    sides = {name: make() for name, make in makers.items()}
    losses = {name: float(step(0)) for name, step in sides.items() if name != "graph"}
    times = alternate(sides, options.seconds, options.rounds)
    row: dict[str, Any] = {"network": network, "batch": batch, "losses": losses}
    row["step_s"] = {name: spread(values) for name, values in times.items()}
    row["card"] = {name: launches(sides[name]) for name in ("ours", "eager", "tuned")}
    return row


def agreement() -> dict[str, float]:
    """How far the scores on the card lie from those on the CPU, relative, in both precisions."""
    found = {}
    for dtype in ("float32", "float64"):
        scores = []
        for device in ("cpu", "gpu"):
            model = zoo.build("lenet", rng=np.random.default_rng(0), dtype=dtype, device=device)
            x = np.random.default_rng(2).random((256, *model.input_shape))
            scores.append(to_numpy(model.predict(x)))
        found[dtype] = float(np.abs(scores[0] - scores[1]).max() / np.abs(scores[0]).max())
    return found


def main(argv: list[str] | None = None) -> None:
    """Measures, prints a table, and writes the record."""
    parser = argparse.ArgumentParser("benchmarks.gpu", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--networks", nargs="+", default=["mlp", "lenet", "fast", "vgg", "resnet"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.25, help="of a block")
    parser.add_argument("--cpu-up-to", type=int, default=128, help="batch size")
    options = parser.parse_args(argv)
    cp = gpu_module()
    if cp is None:
        parser.exit(1, "no GPU that CuPy can use here\n")
    props = cp.cuda.runtime.getDeviceProperties(0)
    record: dict[str, Any] = {"card": props["name"].decode(), "machine": machine.facts()}
    record["versions"] = {"cupy": cp.__version__, "torch": torch.__version__}
    record["versions"] |= {"cuda": torch.version.cuda, "numpy": np.__version__}
    record["rates"], record["agreement"], record["rows"] = rates(cp), agreement(), []
    print(json.dumps({k: record[k] for k in ("card", "rates", "agreement")}), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        counterparts.write(folder, options.networks)
        for network in options.networks:
            for batch in BATCH_SIZES:
                row = measured(network, batch, folder, options)
                record["rows"].append(row)
                print(json.dumps(row), flush=True)
    print(report(record))
    if options.out:
        options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def report(record: dict[str, Any]) -> str:
    """A table of the steps, milliseconds."""
    head = ["network", "batch", "ours", "PyTorch", "float32", "tuned", "graph", "CPU"]
    head += ["kernels", "busy"]
    lines = []
    for row in record["rows"]:
        names = ("ours", "eager", "eager, float32", "tuned", "graph", "ours on the CPU")
        cells = [millis(row["step_s"][n][1]) if n in row["step_s"] else "" for n in names]
        card = row["card"]["ours"]
        busy = card["busy_s"] / row["step_s"]["ours"][1]
        share = f"{min(busy, 1):.0%}" if math.isfinite(busy) else ""
        lines.append([row["network"], str(row["batch"]), *cells, f"{card['kernels']:.0f}", share])
    return f"A training step on {record['card']}, milliseconds\n{table(head, lines)}"


if __name__ == "__main__":
    main()
