"""Saving and loading: the round trip, resuming bit for bit, and the ways a file can be bad."""

import io
import json
import shutil
import stat
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import course_nn as nn
from course_nn import init, schedule, storage
from course_nn.storage import StorageError

LOSS = nn.SoftmaxCrossEntropy()


def every_layer() -> nn.Sequential:
    """A model that holds each kind of layer, with arguments that are not the defaults."""
    block = nn.Residual(
        [
            nn.Conv2D(6, 3, stride=2, padding="same"),
            nn.BatchNorm(momentum=0.2, eps=1e-3),
            nn.Dropout(0.1),
        ],
        [nn.Conv2D(6, 1, stride=2)],
    )
    nested = nn.Residual([nn.Residual([nn.BatchNorm(), nn.Dropout(0.2)]), nn.ReLU()])
    images = [
        nn.Input((2, 12, 12)),
        nn.Conv2D(
            4,
            (3, 2),
            stride=(1, 2),
            padding=((1, 0), (0, 1)),
            dilation=(2, 1),
            init=init.glorot_uniform,
        ),
        nn.GELU(approximate="none"),
        nn.Conv2D(4, 2, groups=2, bias=False),
        nn.ConvTranspose2D(
            4, (3, 2), stride=2, padding=1, output_padding=(0, 1), groups=2, bias=False
        ),
        nn.Dropout(0.3, channels=True),
        block,
        nested,
        nn.MaxPool2D((2, 1), (1, 1), padding=((1, 0), (0, 0))),
        nn.MaxPool2D(2, padding="same"),
        nn.AvgPool2D(2, stride=1, padding=1, ceil_mode=True, count_include_pad=False),
        nn.LeakyReLU(0.2),
        nn.LayerNorm(eps=1e-4),
    ]
    features = [
        nn.Flatten(),
        nn.Dense(9, bias=False),
        nn.SiLU(),
        nn.LogSoftmax(),
        nn.Tanh(),
        nn.BatchNorm(),
        nn.Sigmoid(),
        nn.Dropout(),
    ]
    return nn.Sequential([*images, *features, nn.Dense(3, init=init.glorot_normal), nn.Softmax()])


def small() -> nn.Sequential:
    block = nn.Residual([nn.Conv2D(4, 3, padding=1), nn.Dropout(0.2), nn.BatchNorm()])
    layers = [nn.Conv2D(4, 3), nn.BatchNorm(), nn.ReLU(), block, nn.Flatten(), nn.Dropout(0.3)]
    return nn.Sequential([*layers, nn.Dense(3)])


def built(model: nn.Sequential, shape=(1, 6, 6), seed: int = 0, **options) -> nn.Sequential:
    model.build(shape, rng=np.random.default_rng(seed), **options)
    return model


def images(count: int = 48, shape=(1, 6, 6)):
    rng = np.random.default_rng(7)
    return rng.standard_normal((count, *shape)).astype(np.float32), rng.integers(0, 3, count)


def train(model, optimizer, rng, epochs, callbacks=()):
    return model.fit(
        *images(),
        loss=LOSS,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=16,
        rng=rng,
        callbacks=callbacks,
        progress=False,
    )


def arrays_of(model: nn.Sequential) -> dict[str, np.ndarray]:
    state = {f"{i}.{k}": a for i, layer in enumerate(model.layers) for k, a in layer.state.items()}
    return {**{name: a.copy() for name, a in model.params.items()}, **state}


def assert_same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    assert list(a) == list(b)
    for name in a:
        assert a[name].dtype == b[name].dtype
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.npz"


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
    used = {type(layer).__name__ for _, layer in storage.leaves(every_layer().layers)}
    assert used | {"Residual", "GlobalAvgPool2D"} == set(storage.LAYERS)


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
    built(small()).save(tmp_path / "twin.npz")
    assert path.read_bytes() == (tmp_path / "twin.npz").read_bytes()


def test_numpy_opens_the_file_without_pickle(path):
    model = built(small())
    model.save(path)
    with np.load(path, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["parameters/0.W"], model.params["0.W"])
        header = json.loads(file["model.json"])
    assert header["parameters"]["0.W"] == [4, 1, 3, 3]
    assert header["layers"][0]["arguments"] == {"filters": 4, "kernel": [3, 3]}


# -- resuming ------------------------------------------------------------------------------------

OPTIMISERS: list[Callable[[], nn.Optimizer]] = [
    lambda: nn.Adam(schedule.OneCycle(0.05, steps=6, pct_start=0.4), betas=(0.8, 0.99)),
    lambda: nn.AdamW(schedule.WarmUp(schedule.Cosine(0.05, 4), 2), weight_decay=0.1),
    lambda: nn.SGD(schedule.Step(0.1, 2), momentum=0.9, nesterov=True, weight_decay=1e-3),
    lambda: nn.SGD(0.1),
    lambda: nn.RMSProp(schedule.Exponential(0.01, 0.9), rho=0.9, clip_norm=0.5),
]


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
    for _, layer in storage.leaves(again.layers):
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


class Square(nn.Layer):
    def compute(self, x, train, *noise):
        return x * x, None


class MySGD(nn.SGD):
    pass


def mine(shape, *, rng):
    return np.ones(shape)


@pytest.mark.parametrize(
    ("save", "message"),
    [
        (
            lambda p: built(nn.Sequential([Square()])).save(p),
            r"layer 0, Square\(\): Square is no layer",
        ),
        (
            lambda p: built(nn.Sequential([nn.ReLU(), nn.Residual([Square()])])).save(p),
            r"layer 1, Residual.*Square is no layer of course_nn's",
        ),
        (
            lambda p: built(nn.Sequential([nn.Conv2D(2, 3, init=mine)])).save(p),
            r"layer 0, Conv2D\(.*its initialiser mine is not one of course_nn\.init's",
        ),
        (
            lambda p: built(small()).save(p, optimizer=MySGD(0.1)),
            "MySGD is no optimizer of course_nn's",
        ),
        (
            lambda p: built(small()).save(p, optimizer=nn.SGD(lambda step: 0.1)),
            r"the optimizer, SGD: .*<lambda> cannot be saved.*course_nn\.schedule",
        ),
        (
            lambda p: built(small()).save(p, rng=np.random.Generator(np.random.MT19937(0))),
            "rng: only a generator of default_rng can be saved",
        ),
    ],
)
def test_what_cannot_be_saved_is_named_and_nothing_is_written(path, save, message):
    with pytest.raises(StorageError, match=message):
        save(path)
    assert list(path.parent.iterdir()) == []


def test_a_model_without_shapes_says_so(path):
    with pytest.raises(RuntimeError, match="has no shapes yet"):
        small().save(path)


def test_another_models_optimiser_is_refused(path):
    other, optimizer = built(nn.Sequential([nn.Flatten(), nn.Dense(3)])), nn.Adam()
    train(other, optimizer, np.random.default_rng(0), epochs=1)
    with pytest.raises(StorageError, match="the state of this Adam belongs to another model"):
        built(small()).save(path, optimizer=optimizer)


# -- writing -------------------------------------------------------------------------------------


def test_a_failed_write_leaves_the_old_file(path, monkeypatch):
    built(small()).save(path)
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(OSError, match="No space left"):
        built(small(), seed=1).save(path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_where_no_file_can_stand(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere to save into"):
        built(small()).save(tmp_path / "nowhere" / "model.npz")
    with pytest.raises(IsADirectoryError, match="is a folder; give the name of a file in it"):
        built(small()).save(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask")
def test_the_file_has_the_usual_permissions(path):
    path.with_name("usual").write_text("")
    built(small()).save(path)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(path.with_name("usual").stat().st_mode)


# -- bad files -----------------------------------------------------------------------------------


@pytest.fixture
def good(path) -> Path:
    """A file that holds everything."""
    model, rng, optimizer = built(small()), np.random.default_rng(3), OPTIMISERS[0]()
    train(model, optimizer, rng, epochs=1)
    model.save(path, optimizer=optimizer, rng=rng)
    return path


def npy(array: np.ndarray, **options) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def rewrite(path: Path, change: Callable[[dict[str, bytes], dict], None], **options) -> None:
    """Writes the file anew after `change(entries, header)`."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    header = json.loads(entries["model.json"])
    change(entries, header)
    if "model.json" in entries:
        entries["model.json"] = json.dumps(header).encode()
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


W = "parameters/0.W.npy"


def tamper(**fields):
    return lambda entries, header: header.update(fields)


def entry(name: str, data: bytes | None):
    def change(entries, header):
        if data is None:
            del entries[name]
        else:
            entries[name] = data

    return change


def argument(index: int, **arguments):
    return lambda entries, header: header["layers"][index]["arguments"].update(arguments)


def optimizer(**fields):
    return lambda entries, header: header["optimizer"].update(fields)


def generator(**fields):
    return lambda entries, header: header["rng"].update(fields)


def big_header() -> bytes:
    shape = (10**9, 1, 3, 3)
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


BAD = {
    "foreign zip": (
        entry("model.json", None),
        "it holds no model.json, so it was not written by course_nn",
    ),
    "foreign json": (tamper(format="another"), "model.json is not that of a model of course_nn's"),
    "newer": (
        tamper(version=2),
        "its format version is 2, and this course_nn reads up to 1; update",
    ),
    "no version": (tamper(version="1"), "its format version is '1', which is none"),
    "dtype": (
        tamper(dtype="object"),
        "its dtype is 'object', not one of float16, float32, float64",
    ),
    "dtype of another": (tamper(dtype="float64"), "its array parameters/0.W is float32 of shape"),
    "input shape": (tamper(input_shape=[1, -6, 6]), "where a shape belongs"),
    "input of floats": (tamper(input_shape=[1, 6.0, 6]), "where a shape belongs"),
    "input that does not fit": (
        tamper(input_shape=[1, 2, 2]),
        "its layers do not fit: layer 0: Conv2D",
    ),
    "layers": (tamper(layers="none"), "where a list belongs"),
    "no layer": (tamper(layers=[]), "a model needs at least one layer"),
    "unknown layer": (
        tamper(layers=[{"type": "os.system", "arguments": {}}]),
        "it names the layer 'os.system'",
    ),
    "private layer": (
        tamper(layers=[{"type": "_Pool2D", "arguments": {}}]),
        "it names the layer '_Pool2D'",
    ),
    "unknown argument": (argument(0, colour=1), "its layer Conv2D cannot be made: .*colour"),
    "argument out of range": (
        argument(5, rate=2),
        r"its layer Dropout cannot be made: rate must be in \[0, 1\)",
    ),
    "argument of text": (argument(1, eps="x"), "its argument eps is 'x', where a number belongs"),
    "argument without bound": (argument(1, eps=float("inf")), "its argument eps is 'inf'"),
    "huge layer": (argument(6, units=10**12), r"parameters/6.W is float32 of shape \(64, 3\)"),
    "huge filter": (
        argument(0, filters=10**12),
        r"parameters/0.W is float32 of shape \(4, 1, 3, 3\)",
    ),
    "initialiser": (
        lambda e, h: h["layers"][0].update(init="fans"),
        "it names the initialiser 'fans'",
    ),
    "missing array": (entry(W, None), "its array parameters/0.W is missing"),
    "missing state": (
        entry("state/1.running_var.npy", None),
        "its array state/1.running_var is missing",
    ),
    "missing slot": (
        entry("optimizer/mean/0.b.npy", None),
        "its array optimizer/mean/0.b is missing",
    ),
    "wrong shape": (
        entry(W, npy(np.zeros((4, 9), np.float32))),
        r"float32 of shape \(4, 9\), where its layers need float32 of shape \(4, 1, 3, 3\)",
    ),
    "transposed": (
        entry("parameters/6.W.npy", npy(np.zeros((3, 64), np.float32))),
        r"of shape \(3, 64\)",
    ),
    "objects": (
        entry(W, npy(np.array([{}], dtype=object), allow_pickle=True)),
        "its array parameters/0.W holds Python objects, which are never read",
    ),
    "bomb of an array": (entry(W, big_header()), r"of shape \(1000000000, 1, 3, 3\)"),
    "cut array": (
        entry(W, npy(np.zeros((4, 1, 3, 3), np.float32))[:-4]),
        "has 140 bytes, too few or too many",
    ),
    "long array": (
        entry(W, npy(np.zeros((4, 1, 3, 3), np.float32)) + b"1234"),
        "has 148 bytes, too few or too many",
    ),
    "not an array": (entry(W, b"nothing of the kind"), "it is damaged or cut short"),
    "newer npy": (
        entry(W, b"\x93NUMPY\x02\x00" + b"x" * 99),
        "not in version 1.0 of the .npy format",
    ),
    "stowaway": (
        entry("evil.npy", npy(np.zeros(3))),
        "its entry evil.npy belongs to none of its layers",
    ),
    "list of parameters": (
        tamper(parameters={"0.W": [1]}),
        "the parameters that it lists are not those",
    ),
    "generators": (tamper(generators={}), "one random generator for each of its Dropout layers"),
    "generator's kind": (
        generator(state={"bit_generator": "os"}),
        "random generator cannot be used",
    ),
    "generator's state": (
        generator(state={"bit_generator": "PCG64", "state": {"state": -1, "inc": 2}}),
        "random generator cannot be used",
    ),
    "generator's seed": (generator(seed={"entropy": "x"}), "random generator cannot be used"),
    "optimizer": (optimizer(type="Magic"), "it names the optimizer 'Magic'"),
    "steps": (optimizer(steps=-1), "its optimizer cannot have made -1 steps"),
    "slots": (optimizer(slots=["velocity"]), r"with state \('velocity',\)"),
    "missing field": (lambda e, h: h.pop("rng"), "damaged or cut short .KeyError: 'rng'"),
    "json that is none": (
        lambda e, h: (e.pop("model.json"), e.update({"model.json ": b"{}"})),
        "it holds no model.json",
    ),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_a_tampered_file_is_refused_with_its_reason(good, change, message):
    rewrite(good, change)
    mine = nn.Adam()
    with pytest.raises(StorageError, match=message) as caught:
        nn.Sequential.load(good, optimizer=mine)
    assert str(caught.value).startswith(f"{good} is refused: ")
    assert "\n" not in str(caught.value)
    assert mine.steps == 0


def test_an_untouched_rewrite_is_loaded(good):
    """The refusals above are for the change, not for the rewriting."""
    rewrite(good, lambda entries, header: None)
    assert storage.load(good).optimizer.steps == 3


def test_arrays_in_column_order_are_read_as_they_are_meant(good):
    W0 = np.arange(36, dtype=np.float32).reshape(4, 1, 3, 3)
    rewrite(good, entry(W, npy(np.asfortranarray(W0))))
    np.testing.assert_array_equal(nn.Sequential.load(good).params["0.W"], W0)


def test_a_compressed_file_is_refused_before_it_can_swell(good):
    rewrite(good, entry(W, b"\0" * 10**7), compression=zipfile.ZIP_DEFLATED)
    assert good.stat().st_size < 10**5
    with pytest.raises(StorageError, match="is compressed, and course_nn's never are"):
        storage.load(good)


def test_declared_sizes_are_checked_against_the_file(good):
    """A member that says it is larger than the file is refused before it is read."""
    data = good.read_bytes()
    with zipfile.ZipFile(good) as archive:
        largest = max(archive.infolist(), key=lambda info: info.file_size)
    old = largest.file_size.to_bytes(4, "little") * 2
    assert data.count(old) == 2
    good.write_bytes(data.replace(old, (10**9).to_bytes(4, "little") * 2))
    with pytest.raises(StorageError, match="declare more bytes than the file has"):
        storage.load(good)


def test_a_header_larger_than_any_model_needs(good, monkeypatch):
    monkeypatch.setattr(storage, "LARGEST_HEADER", 100)
    with pytest.raises(
        StorageError, match=r"its model.json has [\d,]+ bytes, more than any model needs"
    ):
        storage.load(good)


def test_two_entries_of_one_name(good):
    with zipfile.ZipFile(good, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(W, b"")
    with pytest.raises(StorageError, match="two of its entries have one name"):
        storage.load(good)


def test_json_nested_too_deep(good):
    with zipfile.ZipFile(good, "w") as archive:
        archive.writestr("model.json", "[" * 10**6)
    with pytest.raises(StorageError, match=r"damaged or cut short \(RecursionError"):
        storage.load(good)


@pytest.mark.parametrize(
    "text", [b"", b"P", b"hello", b"\x93NUMPY\x01\x00", b"PK", b"PK\x05\x06" + b"\0" * 18]
)
def test_what_is_no_model_at_all(path, text):
    path.write_bytes(text)
    with pytest.raises(
        StorageError, match=r"not even a zip|damaged or cut|it holds no model\.json"
    ):
        storage.load(path)


def test_no_file(path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*model\.npz to load"):
        storage.load(path)


def test_no_gpu_is_said_before_anything_is_read(path, monkeypatch):
    monkeypatch.setattr("course_nn.backend.gpu_module", lambda: None)
    built(small()).save(path)
    with pytest.raises(RuntimeError, match="no GPU that CuPy can use"):
        nn.Sequential.load(path, device="gpu")


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(share=st.floats(0, 0.9999))
def test_a_file_cut_anywhere_is_refused(good, share):
    cut = good.with_name("cut.npz")
    cut.write_bytes(good.read_bytes()[: int(share * good.stat().st_size)])
    with pytest.raises(StorageError, match="is refused: "):
        storage.load(cut)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(share=st.floats(0, 0.9999), value=st.integers(1, 255))
def test_a_byte_changed_anywhere_is_refused_or_harmless(good, share, value):
    """Harmless: the byte was a date, say. What is loaded then is what was saved."""
    copy = good.with_name("copy.npz")
    data = bytearray(good.read_bytes())
    data[int(share * len(data))] ^= value
    copy.write_bytes(data)
    try:
        again = storage.load(copy)
    except StorageError:
        return
    assert_same(arrays_of(again.model), arrays_of(storage.load(good).model))


# -- on the GPU ----------------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.skipif(nn.backend.gpu_module() is None, reason="no GPU that CuPy can use")
def test_a_model_moves_between_the_gpu_and_the_cpu(path):
    model, optimizer = built(small(), device="gpu"), nn.Adam(0.01)
    train(model, optimizer, np.random.default_rng(0), epochs=1)
    model.save(path, optimizer=optimizer)
    there, here = storage.load(path, device="gpu"), storage.load(path)
    assert there.model.xp is not np
    assert type(there.optimizer.state["mean"].flat) is there.model.xp.ndarray
    x, _ = images()
    np.testing.assert_array_equal(there.model.predict(x), model.predict(x))
    np.testing.assert_allclose(here.model.predict(x), model.predict(x), atol=1e-5)
    copy = path.with_name("copy.npz")
    here.model.save(copy, optimizer=here.optimizer)
    assert copy.read_bytes() == path.read_bytes()
    shutil.copy(copy, path)
