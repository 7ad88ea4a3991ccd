"""The equations of the chapter on LeNet: as printed, against the model that the chapter builds."""

import math
import re

import numpy as np
import pytest

import course_nn as nn
from course_nn import page, zoo

from .proving import proves
from .sources import PACKAGE, ROOT, Page

PAGE = Page.read("practice/lenet")


def layers_of(kind: type) -> list[nn.Layer]:
    """The layers of a kind in the page's own network, built."""
    cell = next(cell.body for cell in PAGE.cells if "def lenet(" in cell.body)
    scope = {"nn": nn}
    exec(cell[: cell.index("model = ")], scope)
    model = scope["lenet"]()  # type: ignore[operator]
    model.build((1, 32, 32), rng=np.random.default_rng(0))
    return [layer for layer in model.layers if isinstance(layer, kind)]


def test_the_network_is_the_zoos() -> None:
    assert [*map(repr, layers_of(nn.layers.Layer))] == [*map(repr, zoo.network("lenet").layers())]


@proves("eq-lenet-size")
def test_a_layer_gives_as_many_rows_as_printed() -> None:
    for layer in layers_of(nn.Conv2D):
        (H, U), R = (layer.input_shape[1], layer.output_shape[1]), layer.params["W"].shape[2]
        assert U == H - R + 1
    for layer in layers_of(nn.MaxPool2D):
        assert layer.output_shape[1] == layer.input_shape[1] / 2


@proves("eq-lenet-count")
def test_the_parameters_are_as_many_as_counted_by_hand() -> None:
    printed = re.search(r"\\text\{conv 1:\}.*?\(eq-lenet-count\)", PAGE.text, re.DOTALL)
    assert printed
    sums = [int(n.replace("{,}", "")) for n in re.findall(r"= ([\d{},]+)", printed[0])]
    norms = [sum(a.size for a in norm.params.values()) for norm in layers_of(nn.BatchNorm)]
    convs = [sum(a.size for a in conv.params.values()) for conv in layers_of(nn.Conv2D)]
    dense = sum(a.size for layer in layers_of(nn.Dense) for a in layer.params.values())
    assert sums == [c + n for c, n in zip(convs, norms, strict=True)] + [dense]


def directional(sign: float = 1.0) -> tuple[float, float]:
    """Both sides of eq-lenet-direction, for a small network; `sign` spoils one layer's gradient."""
    rng, h = np.random.default_rng(1), 1e-6
    model, loss = nn.Sequential([nn.Dense(4), nn.Tanh(), nn.Dense(3)]), nn.SoftmaxCrossEntropy()
    model.build((5,), rng=rng, dtype=np.float64)
    x, y = rng.standard_normal((6, 5)), rng.integers(0, 3, 6)

    def value() -> float:
        return loss.compute(model.forward(x, train=True), y)[0]

    model.backward(loss.gradient(loss.compute(model.forward(x, train=True), y)[1]))
    g = np.concatenate([(sign if k == "0.W" else 1) * model.grads[k].ravel() for k in model.params])
    theta, v = model.params.flat, rng.standard_normal(model.params.flat.size)
    here = theta.copy()
    theta[:] = here + h * v
    above = value()
    theta[:] = here - h * v
    below = value()
    return (above - below) / (2 * h), sum(g_i * v_i for g_i, v_i in zip(g, v, strict=True))


@proves("eq-lenet-direction")
def test_the_slope_in_a_direction_is_the_gradient_times_it() -> None:
    slope, projection = directional()
    assert math.isclose(slope, projection, rel_tol=1e-7)
    slope, projection = directional(sign=-1.0)
    with pytest.raises(AssertionError):
        assert math.isclose(slope, projection, rel_tol=1e-7)


@proves("eq-lenet-rate")
def test_the_rate_rises_in_a_line_and_falls_along_half_a_cosine() -> None:
    cell = next(cell.body for cell in PAGE.cells if "def rate(" in cell.body)
    definition = re.search(r"(?ms)^def rate.*?(?=^\S(?<!d))", cell + "\n#")
    assert definition
    T, T_r = 100, 20
    scope = {"np": np, "T": T, "T_r": T_r}
    exec(definition[0], scope)
    for t in range(T):
        if t < T_r:
            printed = 0.1 + 0.9 * t / T_r
        else:
            printed = (1 + math.cos(math.pi * (t - T_r) / (T - T_r))) / 2
        assert math.isclose(scope["rate"](t, highest=0.3), 0.3 * printed)  # type: ignore[operator]
    one_cycle = nn.schedule.cosine(0.3, 0.0, 0.25)  # the same half cosine, a quarter of the way
    assert math.isclose(scope["rate"](40, highest=0.3), one_cycle)  # type: ignore[operator]


def test_the_record_of_accuracies_that_travels_is_the_benchmarks_own() -> None:
    ours = (PACKAGE / "data" / "accuracy.json").read_text(encoding="utf-8")
    assert ours == (ROOT / "benchmarks" / "accuracy.json").read_text(encoding="utf-8")
    results = {result["name"]: result for result in page.record("accuracy")["results"]}
    assert results["deep"]["mean"] >= 99.6
    assert {result["set"] for result in results.values()} == {"test"}
