"""A model as a table: every number in it, worked by hand."""

import numpy as np
import pytest

import course_nn as nn
from course_nn.summary import Table, summary


def table(layers: list[nn.Layer], shape: tuple[int, ...], dtype: type = np.float32) -> list[str]:
    nn.Sequential(layers).build(shape, rng=np.random.default_rng(0), dtype=dtype)
    return summary(layers, np.dtype(dtype)).splitlines()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_a_small_network_by_hand() -> None:
    layers = [nn.Conv2D(6, 5), nn.ReLU(), nn.MaxPool2D(2), nn.Flatten(), nn.Dense(10)]
    lines = table(layers, (1, 28, 28))
    assert [cells(line) for line in lines[2:7]] == [
        ["Conv2D(filters=6, kernel=(5, 5))", "(6, 24, 24)", "156", "13.5 KiB"],
        ["ReLU()", "(6, 24, 24)", "0", "13.5 KiB"],
        ["MaxPool2D(window=(2, 2))", "(6, 12, 12)", "0", "3.4 KiB"],
        ["Flatten()", "(864,)", "0", "3.4 KiB"],
        ["Dense(units=10)", "(10,)", "8,650", "40 B"],
    ]
    # 2 · 3,456 + 2 · 864 + 10 numbers of four bytes
    assert lines[8] == "8,806 parameters in float32: 34.4 KiB; activations of one sample: 33.8 KiB"


def test_float64_takes_twice_the_memory() -> None:
    lines = table([nn.Dense(10)], (784,), np.float64)
    assert cells(lines[2])[-1] == "80 B"
    assert lines[-1].startswith("7,850 parameters in float64: 61.3 KiB; ")


def test_the_columns_stand_under_their_heads() -> None:
    lines = table([nn.Dense(1000), nn.BatchNorm(), nn.LeakyReLU(0.2), nn.Dense(1)], (3,))
    rules = [i for i, line in enumerate(lines) if set(line) == {"-"}]
    assert rules == [1, 6]
    rows = [*lines[:1], *lines[2:6]]
    assert {len(line) for line in (*rows, lines[1], lines[6])} == {len(lines[1])}
    start = lines[0].index("output shape")
    assert all(row[start - 1] == " " and row[start] in "(o" for row in rows)
    end = lines[0].index("parameters") + len("parameters")
    assert all(row[end - 1].isalnum() and row[end] == " " for row in rows)


def test_a_long_layer_is_shortened() -> None:
    block = nn.Residual([nn.Dense(4), nn.Tanh(), nn.Dense(4), nn.Tanh(), nn.Dense(4)])
    lines = table([block], (4,))
    name = lines[2].split("  ")[0]
    assert name == repr(block)[:47] + "…"
    assert len(name) == 48
    assert cells(lines[2])[1:3] == ["(4,)", "60"]


@pytest.mark.parametrize(
    ("frozen", "count"), [([], None), ([0], "15"), ([1], "8"), ([0, 1], "23"), ([2], None)]
)
def test_frozen_parameters_are_counted(frozen: list[int], count: str | None) -> None:
    layers = [nn.Dense(3), nn.Dense(2), nn.ReLU()]
    for i in frozen:
        layers[i].trainable = False
    foot = table(layers, (4,))[-1]
    said = "" if count is None else f", {count} of them frozen"
    assert foot.startswith(f"23 parameters in float32: 92 B{said}; activations")


def test_parameters_frozen_inside_of_a_block_are_counted() -> None:
    block = nn.Residual([nn.Dense(4), nn.Tanh(), nn.Dense(4)])
    block.paths["main"][0].trainable = False
    assert "40 parameters in float32: 160 B, 20 of them frozen; " in table([block], (4,))[-1]
    block.trainable = False
    assert ", 40 of them frozen; " in summary([block], np.dtype(np.float32))


@pytest.mark.parametrize(
    ("units", "memory"),
    [(255, "1020 B"), (256, "1.0 KiB"), (384, "1.5 KiB"), (2**18, "1.0 MiB"), (2**28, "1.0 GiB")],
)
def test_memory_is_said_in_the_unit_that_fits(units: int, memory: str) -> None:
    class Wide(nn.Layer):
        def infer(self, input_shape):
            return (units,)

    layer = Wide()
    layer.build((1,), rng=np.random.default_rng(0))
    assert cells(summary([layer], np.dtype(np.float32)).splitlines()[2])[-1] == memory


def test_a_notebook_shows_the_table_as_it_is() -> None:
    shown = Table("a  b\nc  d")
    assert repr(shown) == "a  b\nc  d"
    assert isinstance(shown, str)


def test_a_model_gives_this_table() -> None:
    model = nn.Sequential([nn.Dense(3), nn.ReLU()])
    model.build((4,), rng=np.random.default_rng(0))
    assert model.summary() == summary(model.layers, model.dtype)
