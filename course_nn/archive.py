"""A model's file: arrays as safetensors, and beside them what they are, as JSON in its metadata.

Such a file holds no pickle, so that reading it runs nothing, and other programs read its arrays by
their names. A file is loaded whole, or refused with its reason. Files of version 1, zips of .npy
arrays, are read by `old_archive`.
"""

import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from .backend import Array, to_numpy
from .checks import ShapeError
from .description import Arrays, StorageError
from .files import replacing
from .layers import Shape
from .old_archive import ZippedArrays

FORMAT, VERSION, KEY = "course_nn model", 2, "course_nn"
DTYPES = {"F32": np.dtype("float32"), "F64": np.dtype("float64")}
T = TypeVar("T")

# what a broken file makes JSON and NumPy raise, beside the library's own error
BROKEN = (
    zipfile.BadZipFile,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    RecursionError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    OSError,
    SyntaxError,
)


def library() -> ModuleType:
    """safetensors, imported when the first file is written or read: a browser may not have it.

    Raises
    ------
    StorageError : where it is not installed.
    """
    try:
        import safetensors.numpy
    except ModuleNotFoundError as error:
        raise StorageError(
            f"models are kept in files of safetensors, which is not here ({error}): "
            "install it with `pip install safetensors`"
        ) from error
    return safetensors


def write(path: str | os.PathLike, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Writes one file: complete, or not there at all.

    Parameters
    ----------
    path : of the file; one that is there already is replaced.
    header : in JSON's types, from `description.describe`.
    arrays : by their names, float32 or float64, on either device.

    Raises
    ------
    OSError : if the file cannot be written; what was there stays.
    StorageError : where safetensors is not installed.
    """
    to_bytes = library().numpy.save
    plain = {name: np.ascontiguousarray(to_numpy(a)) for name, a in arrays.items()}
    sums = {name: zlib.crc32(a.data) for name, a in plain.items()}  # the library has none
    told = json.dumps({"format": FORMAT, "version": VERSION, "sums": sums, **header})
    told = f"{zlib.crc32(told.encode()):08x} {told}"
    with replacing(Path(path)) as file:
        file.write(to_bytes(plain, metadata={KEY: told}))


def read(path: str | os.PathLike, make: Callable[[Mapping[str, Any], Arrays], T]) -> T:
    """What `make` makes of a file's header and arrays, if all of it is sound.

    Parameters
    ----------
    path : of the file.
    make : takes the header and the arrays, every one of them.

    Raises
    ------
    FileNotFoundError : if there is no such file.
    StorageError : for a file that is damaged, cut short, foreign, newer than this course_nn, or at
        odds with itself.
    """
    path, broken = Path(path), (*BROKEN, library().SafetensorError)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path} to load a model from")
    try:
        return _read(path, make)
    except StorageError as error:
        reason = str(error)
    except ShapeError as error:
        reason = f"its layers do not fit: {error}"
    except broken as error:
        reason = f"it is damaged or cut short ({type(error).__name__}: {error})"
    raise StorageError(f"{path} is refused: {reason}")


def _read(path: Path, make: Callable[[Mapping[str, Any], Arrays], T]) -> T:
    with open(path, "rb") as file:
        start = file.read(2)
        if not start:
            raise StorageError("it is empty")
        if start == b"PK":
            with zipfile.ZipFile(file) as zipped:
                old = ZippedArrays(zipped, path.stat().st_size)
                made = make(old.header(), old)
                old.expect_none_left()
                return made
    with library().safe_open(path, framework="numpy") as opened:
        arrays = StoredArrays(opened)
        made = make(arrays.header(), arrays)
        arrays.expect_none_left()
        return made


def check_version(version: Any, newest: int) -> None:
    """Raises StorageError for a version that is none, or newer than this course_nn.

    >>> check_version(3, newest=2)
    Traceback (most recent call last):
        ...
    course_nn.storage.StorageError: its format version is 3, and this course_nn reads up to 2; \
update course_nn
    """
    if type(version) is not int or version < 1:
        raise StorageError(f"its format version is {version!r}, which is none")
    if version > newest:
        raise StorageError(
            f"its format version is {version}, and this course_nn reads up to {newest}; "
            "update course_nn"
        )


class StoredArrays:
    """The arrays of an open safetensors file, which the library has checked against its size."""

    def __init__(self, opened: Any) -> None:
        self.opened, self.left, self.sums = opened, set(opened.keys()), dict[str, int]()

    def header(self) -> dict[str, Any]:
        """The JSON, if it is ours and not newer than we are."""
        told = (self.opened.metadata() or {}).get(KEY)
        if told is None:
            raise StorageError("its metadata does not say that it was written by course_nn")
        total, _, told = told.partition(" ")
        if total != f"{zlib.crc32(told.encode()):08x}":
            raise StorageError("its metadata is damaged: it has another checksum than it should")
        header = json.loads(told)
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise StorageError("its metadata is not that of a model of course_nn's")
        check_version(header.get("version"), VERSION)
        self.sums = dict(header["sums"])
        return header

    def take(self, name: str, shape: Shape, dtype: np.dtype) -> np.ndarray:
        """The array under a name, if it has the expected shape, dtype and checksum."""
        if name not in self.left:
            raise StorageError(f"its array {name} is missing")
        self.left.remove(name)
        found = self.opened.get_slice(name)
        kind, size = found.get_dtype(), tuple(found.get_shape())
        if size != shape or DTYPES.get(kind) != dtype:
            raise StorageError(
                f"its array {name} is {DTYPES.get(kind, kind)} of shape {size}, "
                f"where its layers need {dtype} of shape {shape}"
            )
        array = np.array(self.opened.get_tensor(name))
        if zlib.crc32(array.data) != self.sums.get(name):
            raise StorageError(f"its array {name} is damaged: it has another checksum than it had")
        return array

    def expect_none_left(self) -> None:
        """Raises StorageError if an array belongs to nothing."""
        if self.left:
            raise StorageError(f"its array {min(self.left)} belongs to none of its layers")
