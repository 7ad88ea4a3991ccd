"""How well the course's networks read MNIST's test set, beside what older systems reached.

    python -m benchmarks.accuracy [name ...] [--seeds 5] [--out FILE]

Every recipe was chosen with `--validate`, which keeps the last 10,000 training images aside and
does not look at the test set; without it, a run trains on all 60,000 and reports the test set once.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import course_nn as nn
from course_nn import zoo
from course_nn.data import Dataset
from course_nn.schedule import OneCycle

HELD_OUT = 10_000
Augment = Callable[[np.ndarray, np.random.Generator], np.ndarray]


class Recipe(NamedTuple):
    """How a network of the zoo is trained, what it must reach, and what an older system reached.

    `goal` is a mean test accuracy in percent; `optimizer` takes the number of steps in all.
    """

    network: str
    goal: float
    published: str
    epochs: int
    batch_size: int
    optimizer: Callable[[int], nn.Optimizer]
    smoothing: float = 0.0
    augment: Augment | None = None

    def describe(self, epochs: int) -> dict[str, Any]:
        """The recipe in words, for the record."""
        optimizer = self.optimizer(1000)
        return {
            "epochs": epochs,
            "batch_size": self.batch_size,
            "optimizer": type(optimizer).__name__,
            "schedule": repr(optimizer.lr).replace("steps=1000", "steps=all"),
            "weight_decay": optimizer.weight_decay,
            "label_smoothing": self.smoothing,
            "augmentation": getattr(self.augment, "keywords", None),
        }


def sgd(lr_max: float, steps: int, weight_decay: float = 0.0, **cycle: float) -> nn.Optimizer:
    """Nesterov's momentum of 0.9 on one cycle."""
    schedule = OneCycle(lr_max, steps, **cycle)
    return nn.SGD(schedule, momentum=0.9, nesterov=True, weight_decay=weight_decay)


def adam(lr_max: float, steps: int, **options: Any) -> nn.Optimizer:
    """AdamW on one cycle."""
    return nn.AdamW(OneCycle(lr_max, steps), **options)


def warp(images: np.ndarray, rng: np.random.Generator, **amplitudes: float) -> np.ndarray:
    """`data.augment` in the argument order of `fit`; the background is the darkest value."""
    return nn.data.augment(images, rng=rng, fill=float(images.min()), **amplitudes)


RECIPES = {
    "softmax_regression": Recipe(
        "softmax_regression",
        92.0,
        "a university's assignment: no figure",
        6,
        128,
        partial(sgd, 0.05),
    ),
    "dense": Recipe(
        "dense",
        97.5,
        "a university's assignment: no figure",
        12,
        128,
        partial(adam, 4e-3, weight_decay=0.01),
    ),
    "conv": Recipe(
        "conv",
        98.0,
        "a university's assignment: 88 to 92 % on 7,500 images, 25 min an epoch",
        2,
        128,
        partial(adam, 5e-3),
    ),
    "six_conv": Recipe(
        "six_conv",
        97.0,
        "a university's assignment: never finished one step",
        1,
        128,
        partial(adam, 4e-3),
    ),
    "lenet": Recipe(
        "lenet",
        98.7,
        "a CNN notebook: 98.15 % after one epoch",
        1,
        96,
        partial(sgd, 0.3, weight_decay=5e-4, pct_start=0.2, div_factor=10.0),
        smoothing=0.05,
    ),
    "deep": Recipe(
        "deep",
        99.6,
        "none: the best of the course",
        20,
        128,
        partial(adam, 5e-3, weight_decay=0.02),
        smoothing=0.05,
        augment=partial(warp, rotation=10.0, shift=2.0, zoom=0.1, elastic=0.8),
    ),
}


def fitted(data: Dataset, shape: tuple[int, ...]) -> Dataset:
    """The images framed with zeros to the network's input, and standardised by the training set."""
    margin = (shape[-1] - data.x_train.shape[-1]) // 2
    x_train, x_test = (nn.data.pad(x, margin) for x in (data.x_train, data.x_test))
    x_train, x_test = nn.data.normalize(x_train, x_test)
    return Dataset(x_train, data.y_train, x_test, data.y_test)


def held_out(data: Dataset) -> Dataset:
    """The last training images in the test set's place: the test set is not looked at."""
    x, y = data.x_train, data.y_train
    return Dataset(x[:-HELD_OUT], y[:-HELD_OUT], x[-HELD_OUT:], y[-HELD_OUT:])


def train(
    recipe: Recipe, data: Dataset, epochs: int, seed: int, progress: bool
) -> dict[str, float]:
    """One run from one seed: accuracy on the set aside (%), seconds of training."""
    rng = np.random.default_rng(seed)
    model = zoo.build(recipe.network, rng=rng)
    steps = epochs * -(-len(data.x_train) // recipe.batch_size)
    start = time.perf_counter()
    model.fit(
        data.x_train,
        data.y_train,
        loss=nn.SoftmaxCrossEntropy(smoothing=recipe.smoothing),
        optimizer=recipe.optimizer(steps),
        epochs=epochs,
        batch_size=recipe.batch_size,
        augment=recipe.augment,
        rng=rng,
        progress=progress,
    )
    seconds = time.perf_counter() - start
    scores = model.evaluate(data.x_test, data.y_test, nn.SoftmaxCrossEntropy())
    return {"seed": seed, "accuracy": 100 * scores["accuracy"], "seconds": seconds}


def measure(name: str, data: Dataset, options: argparse.Namespace) -> dict[str, Any]:
    """All seeds of one recipe, and their mean."""
    recipe = RECIPES[name]
    ready = fitted(data, zoo.network(recipe.network).input_shape)
    epochs = options.epochs or recipe.epochs
    runs = []
    for seed in range(options.seeds):
        runs.append(train(recipe, ready, epochs, seed, options.progress))
        print("  seed {seed}: {accuracy:.2f} % in {seconds:.1f} s".format(**runs[-1]), flush=True)
    accuracies = [run["accuracy"] for run in runs]
    return {
        "name": name,
        "network": zoo.network(recipe.network).description,
        "recipe": recipe.describe(epochs),
        "set": "validation" if options.validate else "test",
        "goal": recipe.goal,
        "published": recipe.published,
        "mean": statistics.mean(accuracies),
        "deviation": statistics.stdev(accuracies) if len(runs) > 1 else 0.0,
        "seconds": statistics.mean(run["seconds"] for run in runs),
        "runs": runs,
    }


def machine() -> dict[str, Any]:
    """Where this was measured."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def line(result: dict[str, Any]) -> str:
    """A result as a row of the table."""
    verdict = "reached" if result["mean"] >= result["goal"] else "MISSED"
    return (
        f"{result['name']:<20} {result['mean']:6.2f} ± {result['deviation']:.2f} %  "
        f"goal {result['goal']:.1f} % {verdict:<8} {result['seconds']:7.1f} s  "
        f"{result['published']}"
    )


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser("benchmarks.accuracy", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(RECIPES)}; all")
    parser.add_argument("--seeds", type=int, default=5, help="runs of each network, seeds 0, 1, …")
    parser.add_argument("--epochs", type=int, help="another number of epochs than the recipe's")
    parser.add_argument("--validate", action="store_true", help="score on held-out training images")
    parser.add_argument("--progress", action="store_true", help="show a bar for each epoch")
    parser.add_argument("--out", type=Path, help="write the results there, as JSON")
    options = parser.parse_args(argv)
    if unknown := [name for name in options.names if name not in RECIPES]:
        parser.error(f"no recipe {', '.join(unknown)}; the recipes are: {', '.join(RECIPES)}")
    if options.seeds < 1 or (options.epochs is not None and options.epochs < 1):
        parser.error("--seeds and --epochs must be at least 1")
    return options


def main(argv: list[str] | None = None) -> int:
    """Measures, prints and writes; the status is 1 if a goal was missed."""
    options = arguments(argv)
    data = nn.data.mnist()
    data = held_out(data) if options.validate else data
    results: list[dict[str, Any]] = []
    for name in options.names or RECIPES:
        print(name, flush=True)
        results.append(measure(name, data, options))
        if options.out:  # after every network, so that a run broken off keeps what it has
            record = {"machine": machine(), "results": results}
            options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print("\n".join(map(line, results)))
    return int(any(result["mean"] < result["goal"] for result in results))


if __name__ == "__main__":
    sys.exit(main())
