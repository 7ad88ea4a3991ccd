"""The accuracy benchmark keeps its word: no recipe sees the test set, and a record says it all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import course_nn as nn
from benchmarks import accuracy
from course_nn import zoo
from course_nn.data import Dataset


def numbered(train: int = 10_200, test: int = 30) -> Dataset:
    """Images of random pixels that carry their number in the first, test images in the negative."""
    rng = np.random.default_rng(0)
    images = rng.random((train + test, 1, 28, 28), dtype=np.float32)
    images[:, 0, 0, 0] = [*range(1, train + 1), *range(-test, 0)]
    labels = rng.integers(0, 10, train + test)
    return Dataset(images[:train], labels[:train], images[train:], labels[train:])


def test_validation_never_looks_at_the_test_set() -> None:
    data = numbered()
    aside = accuracy.held_out(data)
    trained, scored = (set(x[:, 0, 0, 0].tolist()) for x in (aside.x_train, aside.x_test))
    assert min(trained | scored) > 0
    assert not trained & scored
    assert len(scored) == accuracy.HELD_OUT
    assert len(trained | scored) == len(data.x_train)
    assert len(aside.y_train) == len(trained)
    np.testing.assert_array_equal(aside.y_test, data.y_train[-accuracy.HELD_OUT :])


def test_pixels_are_standardised_by_the_training_set_alone() -> None:
    data = numbered(200)
    other = data._replace(x_test=data.x_test + 100)
    for shape in ((1, 28, 28), (1, 32, 32)):
        ready, moved = accuracy.fitted(data, shape), accuracy.fitted(other, shape)
        assert ready.x_train.shape[1:] == ready.x_test.shape[1:] == shape
        np.testing.assert_array_equal(ready.x_train, moved.x_train)
        assert abs(ready.x_train.mean()) < 1e-3


@pytest.mark.parametrize("name", accuracy.RECIPES)
def test_every_recipe_names_a_network_and_describes_itself(name: str) -> None:
    recipe = accuracy.RECIPES[name]
    assert recipe.network in zoo.NETWORKS
    assert json.loads(json.dumps(recipe.describe(recipe.epochs)))["batch_size"] == recipe.batch_size


def test_goals_are_the_projects() -> None:
    goals = {name: recipe.goal for name, recipe in accuracy.RECIPES.items()}
    assert goals == {
        "softmax_regression": 92.0,
        "dense": 97.5,
        "conv": 98.0,
        "six_conv": 97.0,
        "lenet": 98.7,
        "deep": 99.6,
    }
    assert accuracy.RECIPES["lenet"].epochs == 1


def test_the_background_of_a_warped_image_stays_dark() -> None:
    images = np.full((4, 1, 28, 28), -0.4, np.float32)
    images[:, :, 10:18, 10:18] = 2.0
    moved = accuracy.warp(
        images, np.random.default_rng(0), rotation=10, shift=4, zoom=0.1, elastic=0
    )
    assert moved.min() >= -0.4 - 1e-6
    np.testing.assert_allclose(moved[..., 0], -0.4, rtol=1e-6)


def test_a_run_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = nn.data.digits()
    x_train, x_test = (np.kron(x[:, :, :7, :7], np.ones((4, 4), "f4")) for x in (real[0], real[2]))
    data = Dataset(x_train, real.y_train, x_test, real.y_test)
    monkeypatch.setattr(nn.data, "mnist", lambda: data)
    out = tmp_path / "accuracy.json"
    status = accuracy.main(
        ["softmax_regression", "--seeds", "2", "--epochs", "3", "--out", str(out)]
    )
    (result,) = json.loads(out.read_text())["results"]
    assert status == int(result["mean"] < 92)
    assert ("MISSED" in capsys.readouterr().out) == bool(status)
    scores = [run["accuracy"] for run in result["runs"]]
    assert result["mean"] == pytest.approx(sum(scores) / 2)
    assert 60 < result["mean"] <= 100
    assert (result["set"], result["recipe"]["epochs"]) == ("test", 3)
    assert [run["seed"] for run in result["runs"]] == [0, 1]


@pytest.mark.parametrize("words", [["alexnet"], ["--seeds", "0"], ["--epochs", "0"]])
def test_bad_words_are_refused_before_any_data_is_read(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nn.data, "mnist", lambda: pytest.fail("read the data"))
    with pytest.raises(SystemExit):
        accuracy.main(words)
