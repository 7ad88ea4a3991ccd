"""A page's stand-in for safetensors writes the library's own bytes, and refuses what it refuses."""

import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.numpy

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext" / "live_pages" / "python"))

import live_tensors  # noqa: E402

ARRAYS = {
    "b": np.arange(3, dtype=np.float32),
    "é": np.arange(4.0).reshape(2, 2),
    "a": np.zeros((), np.float32),
}


@pytest.mark.parametrize("told", [None, {"course_nn": 'a "text"\n'}])
def test_the_bytes_are_the_library_s(told: dict | None) -> None:
    assert live_tensors.save(ARRAYS, told) == safetensors.numpy.save(ARRAYS, told)


def test_it_reads_what_the_library_writes(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(safetensors.numpy.save(ARRAYS, {"who": "me"}))
    with live_tensors.safe_open(path, framework="numpy") as opened:
        assert opened.metadata() == {"who": "me"}
        assert set(opened.keys()) == set(ARRAYS)
        for name, array in ARRAYS.items():
            found = opened.get_slice(name)
            assert (found.get_dtype(), tuple(found.get_shape())) == (
                {4: "F32", 8: "F64"}[array.itemsize],
                array.shape,
            )
            assert (opened.get_tensor(name) == array).all()


@pytest.mark.parametrize("change", [b"", b"cut", b"longer", b"type", b"shape"])
def test_a_broken_file_is_refused_by_both(tmp_path: Path, change: bytes) -> None:
    whole = live_tensors.save(ARRAYS)
    broken = {
        b"": whole[:20],
        b"cut": whole[:-1],
        b"longer": whole + b"\0",
        b"type": whole.replace(b"F64", b"F63"),
        b"shape": whole.replace(b"[2,2]", b"[2,3]"),
    }[change]
    path = tmp_path / "model"
    path.write_bytes(broken)
    with pytest.raises(live_tensors.SafetensorError):
        live_tensors.safe_open(path)
    with pytest.raises(safetensors.SafetensorError):
        safetensors.safe_open(path, framework="numpy")
