"""Files of version 1 still load, and a bad one is refused with its reason."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from saved_models import (
    BAD_HEADERS,
    argument,
    arrays_of,
    assert_same,
    built,
    entry,
    every_layer,
    tamper,
    trained,
)

import course_nn as nn
from course_nn import old_archive, storage
from course_nn.description import describe
from course_nn.layers import parameters_of, states_of
from course_nn.storage import StorageError


def write(path: Path, model: nn.Sequential, optimizer=None, rng=None) -> None:
    """A file as course_nn wrote it in version 1."""
    header = describe(model.layers, model.dtype, optimizer, rng)
    for spec in header["layers"]:
        spec["arguments"].pop("approximate", None)  # GELU was the tanh form, and said nothing of it
    arrays = {f"parameters/{name}": a for name, a in parameters_of(model.layers).items()}
    arrays |= {f"state/{name}": a for name, a in states_of(model.layers).items()}
    for slot, values in (optimizer.state if optimizer else {}).items():
        arrays |= {f"optimizer/{slot}/{name}": a for name, a in values.items()}
    with zipfile.ZipFile(path, "w") as file:
        told = {"format": "course_nn model", "version": 1, **header}
        file.writestr(zipfile.ZipInfo("model.json"), json.dumps(told, indent=1))
        for name, array in arrays.items():
            file.writestr(zipfile.ZipInfo(f"{name}.npy"), npy(array))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_layer_of_then_comes_back(tmp_path: Path, dtype: type) -> None:
    layers = [
        nn.GELU(approximate="tanh") if isinstance(layer, nn.GELU) else layer
        for layer in every_layer().layers
    ]
    model = built(nn.Sequential(layers), (2, 12, 12), dtype=dtype)
    model.layers[0].cache = None
    for state in model.states():
        state += 0.25
    write(tmp_path / "old.npz", model)
    again = nn.Sequential.load(tmp_path / "old.npz")
    assert repr(again) == repr(model)
    assert again.dtype == dtype
    assert_same(arrays_of(again), arrays_of(model))


@pytest.mark.parametrize("written", [None, "tanh", "none"])
def test_a_gelu_of_then_is_the_tanh_form_unless_it_says_otherwise(
    tmp_path: Path, written: str | None
) -> None:
    path, model = tmp_path / "old.npz", built(nn.Sequential([nn.GELU()]), (3,))
    write(path, model)

    def say(entries: dict[str, bytes], header: dict) -> None:
        header["layers"][0]["arguments"] = {} if written is None else {"approximate": written}

    rewrite(path, say)
    assert nn.Sequential.load(path).layers[0].approximate == (written or "tanh")


def test_a_run_of_then_goes_on(good: Path) -> None:
    model, optimizer, rng = trained()
    again, resumed, generator = storage.load(good)
    assert_same(arrays_of(again), arrays_of(model))
    assert resumed.steps == optimizer.steps == 3
    assert_same(dict(resumed.state["mean"]), dict(optimizer.state["mean"]))
    assert generator.random() == rng.random()


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A file of version 1 that holds everything."""
    path = tmp_path / "model.npz"
    write(path, *trained())
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


def big_header() -> bytes:
    shape = (10**9, 1, 3, 3)
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


BAD = {
    **BAD_HEADERS,
    "foreign zip": (
        entry("model.json", None),
        "it holds no model.json, so it was not written by course_nn",
    ),
    "foreign json": (tamper(format="another"), "model.json is not that of a model of course_nn's"),
    "newer": (tamper(version=2), "its format version is 2, and a zip has version 1"),
    "no version": (tamper(version="1"), "its format version is '1', and a zip has version 1"),
    "dtype of another": (tamper(dtype="float64"), "its array parameters/0.W is float32 of shape"),
    "huge layer": (argument(6, units=10**12), r"parameters/6.W is float32 of shape \(64, 3\)"),
    "huge filter": (
        argument(0, filters=10**12),
        r"parameters/0.W is float32 of shape \(4, 1, 3, 3\)",
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
    monkeypatch.setattr(old_archive, "LARGEST_HEADER", 100)
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


@pytest.mark.parametrize("text", [b"PK", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_model_at_all(tmp_path, text):
    path = tmp_path / "model.npz"
    path.write_bytes(text)
    with pytest.raises(StorageError, match=r"damaged or cut|it holds no model\.json"):
        storage.load(path)


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
