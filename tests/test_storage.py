"""Saving and loading: the round trip, resuming bit for bit, and the ways a file can be bad."""

import shutil
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from saved_models import (
    OPTIMISERS,
    arrays_of,
    assert_same,
    built,
    every_layer,
    images,
    small,
    train,
)

import course_nn as nn
from course_nn import description, init, storage
from course_nn.layers import leaves
from course_nn.storage import StorageError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


# -- the round trip ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_layer_comes_back(path, dtype):
    model = built(every_layer(), (2, 12, 12), dtype=dtype)
    x, labels = images(16, (2, 12, 12))
    for _ in range(3):
        model.train_step(x, labels, nn.CrossEntropy(), nn.SGD(0.1))
    model.save(path)
    again = nn.Sequential.load(path)
    assert repr(again) == repr(model)
    assert again.input_shape == model.input_shape
    assert again.dtype == model.dtype
    assert_same(arrays_of(again), arrays_of(model))
    np.testing.assert_array_equal(again.predict(x), model.predict(x))


def test_the_test_above_holds_every_layer_there_is():
    used = {type(layer).__name__ for _, layer in leaves(every_layer().layers)}
    assert used | {"Residual", "GlobalAvgPool2D"} == set(description.LAYERS)


def test_global_average_pooling_comes_back(path):
    model = built(nn.Sequential([nn.Conv2D(2, 3), nn.GlobalAvgPool2D(), nn.Dense(3)]))
    model.save(path)
    x, _ = images()
    np.testing.assert_array_equal(nn.Sequential.load(path).predict(x), model.predict(x))


def test_the_initialiser_and_the_way_to_build_anew_come_back(path):
    built(every_layer(), (2, 12, 12)).save(path)
    again = nn.Sequential.load(path)
    assert again.layers[1].init is init.glorot_uniform
    fresh = built(every_layer(), (2, 12, 12), seed=5)
    again.build((2, 12, 12), rng=np.random.default_rng(5), redraw=True)
    assert_same(arrays_of(again), arrays_of(fresh))


def test_parameters_are_views_of_one_vector_after_loading(path):
    built(small()).save(path)
    model = nn.Sequential.load(path)
    model.params.flat[:] = 3
    assert all((a == 3).all() for layer in model.layers for a in layer.params.values())
    inner = model.layers[3].paths["main"][0]
    assert (inner.params["W"] == 3).all()


def test_running_statistics_of_a_block_are_its_inner_layers(path):
    built(small()).save(path)
    block = nn.Sequential.load(path).layers[3]
    assert block.state["main.2.running_mean"] is block.paths["main"][2].state["running_mean"]


def test_the_same_model_gives_the_same_bytes(path, tmp_path):
    built(small()).save(path)
    built(small()).save(tmp_path / "other.safetensors")
    assert path.read_bytes() == (tmp_path / "other.safetensors").read_bytes()


def test_the_library_opens_the_file_and_finds_the_arrays_by_their_names(path):
    model = built(small())
    model.save(path)
    found = load_file(path)
    assert set(found) == set(arrays_of(model))
    for name, array in arrays_of(model).items():
        np.testing.assert_array_equal(found[name], array)


def test_frozen_layers_come_back_frozen(path):
    model = built(small())
    model.layers[0].trainable = model.layers[3].paths["main"][0].trainable = False
    model.save(path)
    again = nn.Sequential.load(path)
    frozen = [name for name, layer in leaves(again.layers) if not layer.trainable]
    assert frozen == ["0", "3.main.0"]
    assert again.params.frozen == model.params.frozen != set()


def test_arguments_are_written_with_their_defaults_which_may_change():
    layer = nn.GELU()
    layer.build((3,), rng=np.random.default_rng(0))
    told = description.describe([layer], np.dtype("float32"))
    assert told["layers"] == [{"type": "GELU", "arguments": {"approximate": "none"}}]


# -- resuming ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", OPTIMISERS)
def test_a_run_stopped_and_resumed_continues_bit_for_bit(path, make):
    straight, rng, optimizer = built(small()), np.random.default_rng(3), make()
    history = train(straight, optimizer, rng, epochs=2)

    model, rng, first = built(small()), np.random.default_rng(3), make()
    train(model, first, rng, epochs=1)
    model.save(path, optimizer=first, rng=rng)
    saved = storage.load(path)
    resumed = train(saved.model, saved.optimizer, saved.rng, epochs=1)

    assert resumed["step_loss"] == history["step_loss"][3:]
    assert_same(arrays_of(saved.model), arrays_of(straight))
    assert saved.optimizer.steps == optimizer.steps == 6
    assert saved.optimizer.learning_rate == optimizer.learning_rate
    for slot, state in optimizer.state.items():
        assert_same(dict(saved.optimizer.state[slot]), dict(state))


@pytest.mark.parametrize("forgotten", ["optimizer", "rng", "generators", "state"])
def test_forgetting_any_part_of_the_state_would_be_seen(path, forgotten):
    """The test above can fail: what it compares depends on each part of the state that is saved."""
    make = OPTIMISERS[0]
    straight = built(small())
    train(straight, make(), np.random.default_rng(3), epochs=2)
    model, rng, first = built(small()), np.random.default_rng(3), make()
    train(model, first, rng, epochs=1)
    model.save(path, optimizer=first, rng=rng)
    again, optimizer, rng = storage.load(path)
    if forgotten == "optimizer":
        optimizer = make()
    if forgotten == "rng":
        rng = np.random.default_rng(3)
    for _, layer in leaves(again.layers):
        if forgotten == "generators" and isinstance(layer, nn.Dropout):
            layer.rng = np.random.default_rng(0)
        if forgotten == "state" and isinstance(layer, nn.BatchNorm):
            layer.state["running_mean"][:] = 0
    train(again, optimizer, rng, epochs=1)
    ours, theirs = arrays_of(again), arrays_of(straight)
    assert any((ours[name] != theirs[name]).any() for name in ours)


def test_a_generator_that_spawned_goes_on_spawning(path):
    rng = np.random.default_rng(11)
    rng.spawn(2)
    rng.random(3)
    built(small()).save(path, rng=rng)
    again = storage.load(path).rng
    assert again.random() == rng.random()
    assert again.spawn(1)[0].random() == rng.spawn(1)[0].random()


def test_an_optimiser_of_the_callers_own_goes_on(path):
    model, optimizer = built(small()), nn.Adam(0.01)
    train(model, optimizer, np.random.default_rng(0), epochs=1)
    model.save(path, optimizer=optimizer)
    mine = nn.Adam(lambda step: 0.5 / (1 + step))
    nn.Sequential.load(path, optimizer=mine)
    assert mine.steps == 3
    assert mine.learning_rate == 0.125
    assert_same(dict(mine.state["mean"]), dict(optimizer.state["mean"]))


def test_an_optimiser_that_trained_another_model_goes_on_with_the_files(path):
    model, optimizer = built(small()), nn.Adam(0.01)
    train(model, optimizer, np.random.default_rng(0), epochs=1)
    model.save(path, optimizer=optimizer)
    again = nn.Sequential.load(path, optimizer=optimizer)
    train(again, optimizer, np.random.default_rng(0), epochs=1)
    assert optimizer.steps == 6


@pytest.mark.parametrize(
    ("mine", "message"),
    [
        (nn.SGD(0.1), r"the file's optimizer is Adam with state .*, but SGD with state \(\)"),
        (nn.RMSProp(0.1), "but RMSProp with state"),
    ],
)
def test_another_optimiser_is_refused_and_unchanged(path, mine, message):
    model, optimizer = built(small()), nn.Adam(0.01)
    train(model, optimizer, np.random.default_rng(0), epochs=1)
    model.save(path, optimizer=optimizer)
    with pytest.raises(StorageError, match=message):
        nn.Sequential.load(path, optimizer=mine)
    assert mine.steps == 0
    assert mine.state == {}


def test_an_optimiser_asked_of_a_file_without_one(path):
    built(small()).save(path)
    with pytest.raises(StorageError, match="the file holds no optimizer"):
        nn.Sequential.load(path, optimizer=nn.SGD(0.1))
    assert storage.load(path)[1:] == (None, None)


# -- what cannot be saved ------------------------------------------------------------------------


def test_a_model_without_shapes_says_so(path):
    with pytest.raises(RuntimeError, match="has no shapes yet"):
        small().save(path)


# -- writing -------------------------------------------------------------------------------------


def test_a_failed_write_leaves_the_old_file(path, monkeypatch):
    built(small()).save(path)
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr("course_nn.files.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        built(small(), seed=1).save(path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_where_no_file_can_stand(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere to save into"):
        built(small()).save(tmp_path / "nowhere" / "model.safetensors")
    with pytest.raises(IsADirectoryError, match="is a folder; give the name of a file in it"):
        built(small()).save(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask")
def test_the_file_has_the_usual_permissions(path):
    path.with_name("usual").write_text("")
    built(small()).save(path)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(path.with_name("usual").stat().st_mode)


def test_no_file(path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*model\.safetensors to load"):
        storage.load(path)


def test_no_gpu_is_said_before_anything_is_read(path, monkeypatch):
    monkeypatch.setattr("course_nn.backend.gpu_module", lambda: None)
    built(small()).save(path)
    with pytest.raises(RuntimeError, match="no GPU that CuPy can use"):
        nn.Sequential.load(path, device="gpu")


# -- on the GPU ----------------------------------------------------------------------------------


def test_a_model_moves_between_the_gpu_and_the_cpu(path, gpu):
    model, optimizer = built(small(), device="gpu"), nn.Adam(0.01)
    train(model, optimizer, np.random.default_rng(0), epochs=1)
    model.save(path, optimizer=optimizer)
    there, here = storage.load(path, device="gpu"), storage.load(path)
    assert there.model.xp is gpu
    assert type(there.optimizer.state["mean"].flat) is there.model.xp.ndarray
    x, _ = images()
    np.testing.assert_array_equal(there.model.predict(x), model.predict(x))
    np.testing.assert_allclose(here.model.predict(x), model.predict(x), atol=1e-5)
    copy = path.with_name("copy.safetensors")
    here.model.save(copy, optimizer=here.optimizer)
    assert copy.read_bytes() == path.read_bytes()
    shutil.copy(copy, path)
