"""The IDX reader: every type, plain and gzipped, and every way in which a file can be wrong."""

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from course_nn import data
from course_nn.data import idx

DTYPES = ["u1", "i1", "i2", "i4", "f4", "f8"]


@pytest.fixture
def write(tmp_path: Path):
    def write(content: bytes) -> Path:
        path = tmp_path / "file"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_type(write, encode_idx, dtype: str, pack) -> None:
    expected = np.random.default_rng(0).normal(0, 50, (3, 4, 5)).astype(dtype)
    found = data.read_idx(write(pack(encode_idx(expected))))
    assert found.dtype == np.dtype(dtype)
    assert found.dtype.isnative
    assert found.flags.writeable
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, expected)


def test_bytes_written_by_hand(write) -> None:
    """Independent of the tests' own writer: big-endian int16, 2x2."""
    content = bytes.fromhex("00000b02 00000002 00000002 0001 0100 ffff 7fff")
    np.testing.assert_array_equal(data.read_idx(write(content)), [[1, 256], [-1, 32767]])


@given(st.data())
def test_any_shape(tmp_path_factory, encode_idx, draw: st.DataObject) -> None:
    dtype = np.dtype(draw.draw(st.sampled_from(DTYPES)))
    shapes = npst.array_shapes(min_dims=1, max_dims=5, min_side=0, max_side=4)
    expected = draw.draw(npst.arrays(dtype, shapes))
    path = tmp_path_factory.getbasetemp() / "any-shape"
    path.write_bytes(encode_idx(expected))
    np.testing.assert_array_equal(data.read_idx(path), expected)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "truncated: its magic number should take 4 bytes"),
        ("0000", "truncated: its magic number"),
        ("01000801 00000001 05", "not an IDX file: it begins with the bytes 01 00 08 01"),
        ("00000a01 00000001 05", "not an IDX file"),
        ("00000800 05", "not an IDX file"),
        ("00000802 00000001", "truncated: its shape should take 8 bytes, but only 4"),
        ("00000801 00000003 0102", "truncated: the values of shape \\(3,\\) should take 3 bytes"),
        ("00000801 00000001 0102", "goes on after the 1 bytes"),
        ("00000803 ffffffff ffffffff ffffffff 00", "announces an array of shape"),
        ("3c68746d6c3e", "not an IDX file"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
def test_a_wrong_file_is_named_with_its_fault(write, content: str, message: str, pack) -> None:
    path = write(pack(bytes.fromhex(content)))
    with pytest.raises(data.DataCorrupt, match=message) as caught:
        data.read_idx(path)
    assert str(path) in str(caught.value)


def test_any_truncation_is_noticed(write, encode_idx) -> None:
    whole = encode_idx(np.arange(24, dtype="i2").reshape(2, 3, 4))
    for content in (whole, gzip.compress(whole)):
        for length in range(len(content)):
            with pytest.raises(data.DataCorrupt):
                data.read_idx(write(content[:length]))


def test_damage_to_any_byte_of_a_gzip_stream_is_noticed(write, encode_idx) -> None:
    whole = gzip.compress(encode_idx(np.arange(60, dtype="i4")))
    for position in range(10, len(whole)):  # the ten before are gzip's header: its date, say
        content = bytearray(whole)
        content[position] ^= 0x55
        with pytest.raises(data.DataCorrupt):
            data.read_idx(write(bytes(content)))


def test_an_absurd_size_is_refused_before_memory_is_taken(write) -> None:
    """The header asks for 2^40 values; the reader may not even try to read them."""
    content = bytes.fromhex("00000802 00100000 00100000")
    with pytest.raises(data.DataCorrupt, match=r"1,099,511,627,776 bytes, more than the limit"):
        data.read_idx(write(content))


def test_the_limit_can_be_moved(write, encode_idx) -> None:
    path = write(encode_idx(np.zeros(100, "u1")))
    assert len(data.read_idx(path, max_bytes=100)) == 100
    with pytest.raises(data.DataCorrupt, match="limit of 99"):
        data.read_idx(path, max_bytes=99)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        data.read_idx(tmp_path / "none")


@pytest.mark.parametrize("kind", ["u1", "i1", "i2", "i4", "f4", "f8"])
def test_what_is_encoded_is_what_the_format_says(encode_idx, kind: str) -> None:
    array = np.arange(6, dtype=kind).reshape(2, 3)
    content = idx.encode_idx(array)
    assert content == encode_idx(array)
    np.testing.assert_array_equal(idx.decode_idx(io.BytesIO(content), name="six"), array)


def test_what_the_format_does_not_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="IDX holds no int64: it has u1, i1"):
        idx.encode_idx(np.arange(3))
