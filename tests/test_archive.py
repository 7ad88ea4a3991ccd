"""A model's file is loaded whole, or refused with its reason."""

import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from saved_models import (
    BAD_HEADERS,
    argument,
    arrays_of,
    assert_same,
    entry,
    tamper,
    trained,
)

import course_nn as nn
from course_nn import archive, storage
from course_nn.storage import StorageError


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A file that holds everything."""
    model, optimizer, rng = trained()
    model.save(tmp_path / "model.safetensors", optimizer=optimizer, rng=rng)
    return tmp_path / "model.safetensors"


def rewrite(path: Path, change: Callable[[dict, dict], None]) -> None:
    """Writes the file anew after `change(tensors, header)`, with a checksum that is right."""
    tensors = load_file(path)
    with safe_open(path, framework="numpy") as file:
        header = json.loads(file.metadata()[archive.KEY].partition(" ")[2])
    change(tensors, header)
    told = json.dumps(header)
    told = f"{zlib.crc32(told.encode()):08x} {told}"
    save_file(tensors, path, metadata={archive.KEY: told})


BAD = {
    **BAD_HEADERS,
    "foreign json": (
        tamper(format="another"),
        "its metadata is not that of a model of course_nn's",
    ),
    "newer": (
        tamper(version=3),
        "its format version is 3, and this course_nn reads up to 2; update",
    ),
    "no version": (tamper(version="1"), "its format version is '1', which is none"),
    "dtype of another": (tamper(dtype="float64"), "its array 0.W is float32 of shape"),
    "input without a shape": (tamper(input_shape=[]), "where a shape belongs"),
    "huge layer": (argument(6, units=10**12), r"6.W is float32 of shape \(64, 3\)"),
    "huge filter": (
        argument(0, filters=10**12),
        r"0.W is float32 of shape \(4, 1, 3, 3\)",
    ),
    "missing array": (entry("0.W", None), "its array 0.W is missing"),
    "missing state": (
        entry("1.running_var", None),
        "its array 1.running_var is missing",
    ),
    "missing slot": (
        entry("optimizer/mean/0.b", None),
        "its array optimizer/mean/0.b is missing",
    ),
    "wrong shape": (
        entry("0.W", np.zeros((4, 9), np.float32)),
        r"float32 of shape \(4, 9\), where its layers need float32 of shape \(4, 1, 3, 3\)",
    ),
    "transposed": (entry("6.W", np.zeros((3, 64), np.float32)), r"of shape \(3, 64\)"),
    "half": (entry("0.b", np.zeros(4, np.float16)), "its array 0.b is F16 of shape"),
    "whole numbers": (entry("0.b", np.zeros(4, np.int64)), "its array 0.b is I64 of shape"),
    "stowaway": (entry("evil", np.zeros(3)), "its array evil belongs to none of its layers"),
    "another array of the same shape": (
        lambda tensors, header: tensors.update({"0.b": tensors["0.b"] + 1}),
        "its array 0.b is damaged: it has another checksum than it had",
    ),
    "no checksums": (lambda tensors, header: header.pop("sums"), "KeyError: 'sums'"),
    "checksums that are none": (tamper(sums=[1]), "it is damaged or cut short"),
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
    rewrite(good, lambda tensors, header: None)
    assert storage.load(good).optimizer.steps == 3


def test_a_file_of_anothers_is_refused(tmp_path):
    save_file({"0.W": np.zeros(3)}, tmp_path / "theirs.safetensors", metadata={"format": "pt"})
    with pytest.raises(StorageError, match="does not say that it was written by course_nn"):
        storage.load(tmp_path / "theirs.safetensors")


def header_of(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


@pytest.mark.parametrize(
    "data",
    [
        b"P",
        b"hello",
        b"\x93NUMPY\x01\x00",
        header_of(b"{}"),
        header_of(b"[" * 10**5),
        header_of(b'{"0.W": {"dtype": "F32", "shape": [1000000000], "data_offsets": [0, 4]}}'),
        header_of(b'{"0.W": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4000000000]}}'),
        struct.pack("<Q", 1 << 62) + b"{}",
    ],
)
def test_what_is_no_model_at_all(tmp_path, data):
    (tmp_path / "model.safetensors").write_bytes(data)
    with pytest.raises(StorageError, match=r"is refused: it is damaged|its metadata does not say"):
        storage.load(tmp_path / "model.safetensors")


def test_an_empty_file(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(StorageError, match="is refused: it is empty"):
        storage.load(tmp_path / "model.safetensors")


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(share=st.floats(0, 0.9999))
def test_a_file_cut_anywhere_is_refused(good, share):
    cut = good.with_name("cut.safetensors")
    cut.write_bytes(good.read_bytes()[: int(share * good.stat().st_size)])
    with pytest.raises(StorageError, match="is refused: "):
        storage.load(cut)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(share=st.floats(0, 0.9999), value=st.integers(1, 255))
def test_a_byte_changed_anywhere_is_refused_or_harmless(good, share, value):
    """What is loaded then is what was saved."""
    copy = good.with_name("copy.safetensors")
    data = bytearray(good.read_bytes())
    data[int(share * len(data))] ^= value
    copy.write_bytes(data)
    try:
        again = storage.load(copy)
    except StorageError:
        return
    assert_same(arrays_of(again.model), arrays_of(storage.load(good).model))


def test_without_the_library_one_sentence_says_what_to_install(good, tmp_path, monkeypatch):
    model = storage.load(good).model
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)  # as where it is not installed
    for keep in (lambda: model.save(tmp_path / "other"), lambda: storage.load(good)):
        with pytest.raises(StorageError, match="install it with `pip install safetensors`"):
            keep()
    assert not (tmp_path / "other").exists()


def test_the_package_is_imported_without_what_only_files_and_figures_need():
    code = "import sys, course_nn; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"safetensors", "pooch", "tqdm", "matplotlib"} & set(run.stdout.split())
