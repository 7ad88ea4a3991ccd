"""How far our numbers lie from PyTorch's, Keras's and ONNX Runtime's, and both from the exact ones.

    python -m benchmarks.agreement --out course_nn/data/agreement.json

The exact ones are our own in double precision. A network is trained here, its weights are handed
over, and predictions, gradients and a run of training are compared. It asserts nothing.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import course_nn as nn

os.environ.setdefault("KERAS_BACKEND", "jax")
STEPS, BATCH, RATE, MOMENTUM = 200, 32, 0.05, 0.9
Predict = Callable[[np.ndarray], np.ndarray]


# -- the network -----------------------------------------------------------------------------------


def network(dtype: str = "float32") -> nn.Sequential:
    """Convolutions, batch norm, ReLU, max pooling, dense layers: for images of 8 by 8 pixels."""
    layers: list[nn.Layer] = [nn.Conv2D(8, 3, padding=1), nn.BatchNorm(), nn.ReLU()]
    layers += [nn.MaxPool2D(2), nn.Conv2D(16, 3), nn.ReLU(), nn.Flatten()]
    model = nn.Sequential([*layers, nn.Dense(32), nn.ReLU(), nn.Dense(10)])
    model.build((1, 8, 8), rng=np.random.default_rng(0), dtype=dtype)
    return model


def trained(data: Any) -> nn.Sequential:
    """The network after a few epochs, so that its scores are sharp."""
    model = network()
    optimizer = nn.SGD(RATE, momentum=MOMENTUM)
    model.fit(
        data.x_train,
        data.y_train,
        loss=nn.SoftmaxCrossEntropy(),
        optimizer=optimizer,
        epochs=5,
        batch_size=BATCH,
        rng=np.random.default_rng(1),
        progress=False,
    )
    return model


def in_double(model: nn.Sequential) -> nn.Sequential:
    """The same network with the same weights, in double precision."""
    twin = network("float64")
    for ours, theirs in zip(twin.layers, model.layers, strict=True):
        for mine, source in ((ours.params, theirs.params), (ours.state, theirs.state)):
            for name, array in mine.items():
                array[...] = source[name]
    return twin


# -- predictions -----------------------------------------------------------------------------------


def peers(model: nn.Sequential) -> dict[str, Predict]:
    """Who has taken the weights over, and how it predicts from (N, C, H, W)."""
    torch = importlib.import_module("torch")
    module, keras = nn.interop.to_torch(model), nn.interop.to_keras(model)

    def by_torch(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return module(torch.from_numpy(x)).numpy()

    def by_keras(x: np.ndarray) -> np.ndarray:
        return np.asarray(keras.predict(np.moveaxis(x, 1, -1), verbose=0))

    return {"PyTorch": by_torch, "Keras": by_keras, "ONNX Runtime": by_onnx(model)}


def by_onnx(model: nn.Sequential) -> Predict:
    """The exported file, run by ONNX Runtime."""
    runtime = importlib.import_module("onnxruntime")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        model.export(path)
        session = runtime.InferenceSession(path.read_bytes())
    name = session.get_inputs()[0].name
    return lambda x: session.run(None, {name: x})[0]


def apart(ours: np.ndarray, theirs: np.ndarray) -> dict[str, float]:
    """How far two tables of scores lie apart, and how many rows have another winner."""
    difference = np.abs(ours.astype(float) - theirs.astype(float))
    changed = ours.argmax(axis=1) != theirs.argmax(axis=1)
    return {
        "sum": float(difference.sum()),
        "largest": float(difference.max()),
        "classes": int(changed.sum()),
    }


def predictions(model: nn.Sequential, x: np.ndarray) -> list[dict[str, Any]]:
    """Each peer's scores beside ours, and both beside the exact ones."""
    exact, ours = in_double(model).predict(x.astype(float)), model.predict(x)
    rows = []
    for name, predict in peers(model).items():
        theirs = predict(x)
        row = apart(ours, theirs) | {"with": name, "samples": len(x)}
        row["theirs_from_exact"] = apart(exact, theirs)["largest"]
        rows.append(row | {"ours_from_exact": apart(exact, ours)["largest"]})
    return rows


# -- gradients -------------------------------------------------------------------------------------


def relative(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference, in units of the largest number.

    >>> relative(np.array([1.0, 4.0]), np.array([1.0, 5.0]))
    0.2
    """
    return float(np.abs(a.astype(float) - b.astype(float)).max() / np.abs(b).max())


def our_gradients(model: nn.Sequential, x: np.ndarray, labels: np.ndarray) -> dict:
    """∂L/∂θ of one batch, by parameter."""
    loss = nn.SoftmaxCrossEntropy()
    loss.forward(model.forward(x, train=True), labels)
    model.backward(loss.backward())
    return {name: gradient.copy() for name, gradient in model.grads.items()}


def torch_gradients(model: nn.Sequential, x: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    """The same, differentiated by PyTorch, in the order and the layout of our parameters."""
    torch = importlib.import_module("torch")
    module = nn.interop.to_torch(model).train()
    scores = module(torch.from_numpy(x))
    torch.nn.functional.cross_entropy(scores, torch.from_numpy(labels)).backward()
    dense = {id(m.weight) for m in module.modules() if isinstance(m, torch.nn.Linear)}
    found = [(p.grad.numpy(), id(p) in dense) for p in module.parameters()]
    return [gradient.T if turned else gradient for gradient, turned in found]


def gradients(model: nn.Sequential, x: np.ndarray, labels: np.ndarray) -> list[dict[str, Any]]:
    """Every parameter's gradient here and there, in both precisions."""
    exact = in_double(model)
    wide = x.astype(float)
    reference = our_gradients(exact, wide, labels)
    single, theirs = our_gradients(model, x, labels), torch_gradients(model, x, labels)
    double = torch_gradients(exact, wide, labels)
    rows = []
    for k, (name, ours) in enumerate(single.items()):
        layer = model.layers[int(name.partition(".")[0])]
        row = {"parameter": name, "layer": type(layer).__name__, "shape": list(ours.shape)}
        row["size"] = float(np.abs(reference[name]).max())  # nothing but rounding where it is 0
        row["double"] = relative(reference[name], double[k])
        row["single"] = relative(ours, theirs[k])
        row["ours_from_exact"] = relative(ours, reference[name])
        rows.append(row | {"theirs_from_exact": relative(theirs[k], reference[name])})
    return rows


# -- training --------------------------------------------------------------------------------------


def batches(data: Any) -> list[np.ndarray]:
    """The rows of each step, the same for both sides."""
    rng = np.random.default_rng(2)
    return [rng.choice(len(data.x_train), BATCH, replace=False) for _ in range(STEPS)]


def our_losses(model: nn.Sequential, data: Any) -> list[float]:
    """The loss of each step of training."""
    loss, optimizer = nn.SoftmaxCrossEntropy(), nn.SGD(RATE, momentum=MOMENTUM)
    losses = []
    for rows in batches(data):
        x = data.x_train[rows].astype(model.dtype)
        losses.append(model.train_step(x, data.y_train[rows], loss, optimizer))
    return losses


def torch_losses(model: nn.Sequential, data: Any) -> list[float]:
    """The same by PyTorch: its layers, its derivatives, its optimiser."""
    torch = importlib.import_module("torch")
    module = nn.interop.to_torch(model).train()
    optimizer = torch.optim.SGD(module.parameters(), RATE, momentum=MOMENTUM)
    losses = []
    for rows in batches(data):
        x = torch.from_numpy(data.x_train[rows].astype(model.dtype))
        optimizer.zero_grad()
        labels = torch.from_numpy(data.y_train[rows])
        value = torch.nn.functional.cross_entropy(module(x), labels)
        value.backward()
        optimizer.step()
        losses.append(float(value.detach()))
    return losses


def training(data: Any) -> dict[str, dict[str, list[float]]]:
    """Both runs from the same weights over the same batches, in both precisions."""
    runs = {}
    for dtype in ("float32", "float64"):
        theirs = torch_losses(network(dtype), data)
        runs[dtype] = {"ours": our_losses(network(dtype), data), "theirs": theirs}
    return runs


# -- the record ------------------------------------------------------------------------------------


def versions() -> dict[str, str]:
    """What was compared with what."""
    names = ("numpy", "torch", "keras", "jax", "onnx", "onnxruntime")
    found = {name: importlib.metadata.version(name) for name in names}
    return found | {"python": platform.python_version()}


def measure() -> dict[str, Any]:
    """The whole record."""
    data = nn.data.digits()
    model = trained(data)
    few, labels = data.x_train[:BATCH], data.y_train[:BATCH]
    return {
        "versions": versions(),
        "settings": {"steps": STEPS, "batch": BATCH, "rate": RATE, "momentum": MOMENTUM},
        "predictions": predictions(model, data.x_test),
        "gradients": gradients(model, few, labels),
        "training": training(data),
    }


def main(argv: list[str] | None = None) -> int:
    """Measures, prints, and writes the record."""
    parser = argparse.ArgumentParser("benchmarks.agreement", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, help="write the record there, as JSON")
    options = parser.parse_args(argv)
    record = measure()
    for row in record["predictions"]:
        print("{with:<13} sum {sum:.2g}, largest {largest:.2g}, {classes} classes".format(**row))
    for row in record["gradients"]:
        print("{parameter:<9} {layer:<10} double {double:.1e}, single {single:.1e}".format(**row))
    for dtype, run in record["training"].items():
        last = abs(run["ours"][-1] - run["theirs"][-1])
        print(f"{dtype}: after {STEPS} steps the losses differ by {last:.1e}")
    if options.out:
        options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
