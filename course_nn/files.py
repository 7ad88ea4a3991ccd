"""A file is written whole, or not at all: what stood in its place stays until the new one is."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def check_place(path: Path) -> None:
    """Raises unless a file can stand there: its folder must be there, and it must not be one.

    >>> check_place(Path("no-such-folder/model.npz"))
    Traceback (most recent call last):
        ...
    FileNotFoundError: there is no folder no-such-folder to save into; make it first
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; give the name of a file in it")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} to save into; make it first")


@contextlib.contextmanager
def replacing(path: Path, *, lasting: bool = True) -> Iterator[BinaryIO]:
    """A file to write that takes its place only when it is complete and on the disk.

    lasting : wait for the disk; what can be made again need not.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "note") as file:
    ...         _ = file.write(b"whole")
    ...     (Path(folder) / "note").read_bytes()
    b'whole'
    """
    check_place(path)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(draft, "xb") as file:
            yield file
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def write(path: Path, content: str | bytes) -> None:
    """Put what can be made again at a path in one step, and make the folders that lead there.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Path(folder) / "deep" / "note", "whole")
    ...     (Path(folder) / "deep" / "note").read_text()
    'whole'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    with replacing(path, lasting=False) as file:
        file.write(data)
