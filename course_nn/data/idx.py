"""Read IDX files, the format MNIST comes in: a magic number, the shape, then the values.

Nothing in a file is believed before it is checked: type and shape come from the header, the size
they imply is compared with a limit before memory is taken, and with the file's length after.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .dataset import DataCorrupt

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_BYTES = 2**30
Stream = BinaryIO | gzip.GzipFile


def read_idx(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> NDArray[Any]:
    """Read one IDX file, plain or gzipped: bytes `0 0 type d`, d sizes (uint32), then the values.

    All integers are big-endian, and so are the values; the array returned has the machine's own
    byte order. Whether a file is gzipped is seen from its first bytes, not from its name.

    Parameters
    ----------
    path : path
        The file.
    max_bytes : int
        Refuse a header that announces more than this many bytes of values (default 1 GiB).

    Returns
    -------
    array
        Writable, C-contiguous, of the shape and type the header says: uint8, int8, int16, int32,
        float32 or float64.

    Raises
    ------
    DataCorrupt
        The magic number, the shape or the length is wrong, or the gzip stream is damaged.
    OSError
        The file cannot be opened.

    References
    ----------
    Y. LeCun, C. Cortes and C. Burges, "The MNIST database": the IDX file format.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "labels")
    >>> with open(path, "wb") as file:
    ...     _ = file.write(bytes([0, 0, 8, 1, 0, 0, 0, 3]) + bytes([7, 2, 1]))
    >>> read_idx(path)
    array([7, 2, 1], dtype=uint8)
    """
    with Path(path).open("rb") as file:
        return decode_idx(file, name=str(path), max_bytes=max_bytes)


def decode_idx(file: BinaryIO, *, name: str, max_bytes: int = MAX_BYTES) -> NDArray[Any]:
    """Read an IDX stream, plain or gzipped, from a seekable binary file; `name` is for errors.

    Raises
    ------
    DataCorrupt
        As `read_idx`.

    Examples
    --------
    >>> import io
    >>> decode_idx(io.BytesIO(bytes([0, 0, 8, 1, 0, 0, 0, 2, 5, 9])), name="two bytes")
    array([5, 9], dtype=uint8)
    """
    gzipped = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    try:
        return _decode(gzip.GzipFile(fileobj=file) if gzipped else file, name, max_bytes)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataCorrupt(
            f"{name} is a damaged or truncated gzip file ({error}): replace it by a good copy."
        ) from error


def encode_idx(array: NDArray[Any]) -> bytes:
    r"""An array as an IDX file: what `decode_idx` reads.

    Raises
    ------
    ValueError
        The format has no such type.

    Examples
    --------
    >>> encode_idx(np.array([5, 9], np.uint8))
    b'\x00\x00\x08\x01\x00\x00\x00\x02\x05\t'
    """
    big = array.dtype.newbyteorder(">")
    codes = {np.dtype(name): code for code, name in DTYPES.items()}
    if big not in codes:
        raise ValueError(f"IDX holds no {array.dtype}: it has u1, i1, i2, i4, f4 and f8")
    header = bytes([0, 0, codes[big], array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.astype(big).tobytes()


def _decode(file: Stream, name: str, max_bytes: int) -> NDArray[Any]:
    """The format itself: magic, shape, values, and nothing after them."""
    dtype, ndim = _read_magic(file, name)
    shape = tuple(np.frombuffer(_read_exactly(file, 4 * ndim, name, "its shape"), ">u4").tolist())
    size = math.prod(shape) * dtype.itemsize  # Python integers: no overflow
    if size > max_bytes:
        raise DataCorrupt(
            f"{name} announces an array of shape {shape} and {size:,} bytes, more than the limit "
            f"of {max_bytes:,}: its header is damaged, or give a larger max_bytes."
        )
    values = _read_exactly(file, size, name, f"the values of shape {shape}")
    if file.read(1):
        raise DataCorrupt(
            f"{name} goes on after the {size:,} bytes that its shape {shape} asks for: "
            "its header is damaged, or it is not an IDX file."
        )
    return np.frombuffer(values, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _read_magic(file: Stream, name: str) -> tuple[np.dtype[Any], int]:
    """Type and number of axes, from the first four bytes."""
    magic = _read_exactly(file, 4, name, "its magic number")
    if magic[:2] != b"\0\0" or magic[2] not in DTYPES or magic[3] == 0:
        known = ", ".join(f"{code:02x}" for code in DTYPES)
        raise DataCorrupt(
            f"{name} is not an IDX file: it begins with the bytes {magic.hex(' ')}, expected "
            f"00 00, a type ({known}) and the number of axes (at least 1)."
        )
    return np.dtype(DTYPES[magic[2]]), magic[3]


def _read_exactly(file: Stream, size: int, name: str, what: str) -> bytes:
    found = file.read(size)
    if len(found) < size:
        raise DataCorrupt(
            f"{name} is truncated: {what} should take {size:,} bytes, but only {len(found):,} "
            "are left: replace it by a good copy."
        )
    return found
