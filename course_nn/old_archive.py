"""Files of version 1, which are only read: an uncompressed zip of .npy arrays and one JSON text.

Every size is checked against the file's own before memory is taken for it.
"""

import json
import math
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from .description import StorageError
from .layers import Shape

FORMAT, VERSION = "course_nn model", 1
HEADER = "model.json"
LARGEST_HEADER = 1 << 24  # bytes; a thousand layers need a hundredth of it


class ZippedArrays:
    """The arrays of an open file, handed out once each, if they are what is expected."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self.archive, self.members = archive, {info.filename: info for info in archive.infolist()}
        if len(self.members) < len(archive.infolist()):
            raise StorageError("two of its entries have one name")
        for info in self.members.values():
            if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
                raise StorageError(
                    f"its entry {info.filename} is compressed, and course_nn's never are"
                )
        if sum(info.file_size for info in self.members.values()) > size:
            raise StorageError("its entries declare more bytes than the file has")

    def header(self) -> dict[str, Any]:
        """The JSON, if it is ours and not newer than we are."""
        info = self.members.pop(HEADER, None)
        if info is None:
            raise StorageError(f"it holds no {HEADER}, so it was not written by course_nn")
        if info.file_size > LARGEST_HEADER:
            raise StorageError(
                f"its {HEADER} has {info.file_size:,} bytes, more than any model needs"
            )
        header = json.loads(self.archive.read(info))
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise StorageError(f"its {HEADER} is not that of a model of course_nn's")
        if header.get("version") != VERSION:
            raise StorageError(
                f"its format version is {header.get('version')!r}, and a zip has version {VERSION}"
            )
        for spec in _specs(header["layers"]):  # unless it says so, it was the tanh form
            if spec.get("type") == "GELU":
                spec["arguments"].setdefault("approximate", "tanh")
        return header

    def take(self, name: str, shape: Shape, dtype: np.dtype) -> np.ndarray:
        """The array under a name, if it has the expected shape and dtype."""
        name = self.old_name(name)
        info = self.members.pop(f"{name}.npy", None)
        if info is None:
            raise StorageError(f"its array {name} is missing")
        with self.archive.open(info) as file:
            found, columns_first, found_dtype = _npy_header(file)
            if found_dtype.hasobject:
                raise StorageError(f"its array {name} holds Python objects, which are never read")
            if found != shape or found_dtype != dtype:
                raise StorageError(
                    f"its array {name} is {found_dtype} of shape {found}, "
                    f"where its layers need {dtype} of shape {shape}"
                )
            data = file.read()
        if len(data) != math.prod(shape) * dtype.itemsize:
            raise StorageError(f"its array {name} has {len(data)} bytes, too few or too many")
        flat = np.frombuffer(data, dtype)
        return flat.reshape(shape[::-1]).T.copy() if columns_first else flat.reshape(shape).copy()

    def old_name(self, name: str) -> str:
        """Where version 1 put what is now simply called by its name in the model."""
        if name.startswith("optimizer/"):
            return name
        folder = "state" if name.endswith((".running_mean", ".running_var")) else "parameters"
        return f"{folder}/{name}"

    def expect_none_left(self) -> None:
        """Raises StorageError if an entry belongs to nothing."""
        if self.members:
            raise StorageError(f"its entry {sorted(self.members)[0]} belongs to none of its layers")


def _npy_header(file: Any) -> tuple[Shape, bool, np.dtype]:
    """Shape, order and dtype that a .npy file declares."""
    if np.lib.format.read_magic(file) != (1, 0):
        raise StorageError("one of its arrays is not in version 1.0 of the .npy format")
    return np.lib.format.read_array_header_1_0(file)


def _specs(of: Any) -> Iterator[dict[str, Any]]:
    """Every layer's description, the inner layers' too."""
    for spec in of if isinstance(of, list) else ():
        if isinstance(spec, dict) and isinstance(spec.get("arguments"), dict):
            yield spec
            for value in spec["arguments"].values():
                yield from _specs(value)
