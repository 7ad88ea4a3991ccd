"""Files: whole, or not at all; what stood in the place stays until the new one is complete."""

from pathlib import Path

import pytest

from course_nn.files import check_place, replacing, write


def test_a_file_takes_its_place_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_stood_there_stays_when_the_writing_stops(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), replacing(path) as file:
        file.write("text")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="is a folder; give the name of a file in it"):
        check_place(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*; make it first"):
        check_place(tmp_path / "none" / "model")
    check_place(tmp_path / "model")


def test_what_cannot_be_encoded_is_written_as_an_escape(tmp_path: Path) -> None:
    write(tmp_path / "new" / "text", "é\udcff")
    assert (tmp_path / "new" / "text").read_bytes() == b"\xc3\xa9\\udcff"
    write(tmp_path / "new" / "text", b"bytes")
    assert [path.read_bytes() for path in (tmp_path / "new").iterdir()] == [b"bytes"]
