"""What was handed in is found and read, and whatever it is, it is named."""

import os

import pytest

from course_nn.grading.submissions import Unreadable, find, read_cells


def test_submissions_are_found_in_both_places(tmp_path, notebook):
    (tmp_path / "bob").mkdir()
    (tmp_path / "bob" / "ex.ipynb").write_text(notebook())
    (tmp_path / "alice.ipynb").write_text(notebook())
    (tmp_path / "carol").mkdir()
    (tmp_path / "dan.py").write_text("x = 1")
    (tmp_path / "eve.ipynb").write_text(notebook())
    (tmp_path / "eve").mkdir()
    (tmp_path / "eve" / "ex.ipynb").write_text(notebook())
    (tmp_path / ".DS_Store").write_text("")
    (tmp_path / "out").mkdir()
    found = {s.student: s for s in find(tmp_path, "ex", tmp_path / "out")}
    assert list(found) == ["alice", "bob", "carol", "dan", "eve"]
    assert found["bob"].path == tmp_path / "bob" / "ex.ipynb"
    assert found["carol"].problem == "ex.ipynb is missing"
    assert found["dan"].problem == "dan.py is no notebook (.ipynb)"
    assert "handed in twice" in found["eve"].problem


GOOD = '{"cells": [{"cell_type": "code", "source": ["a = 1\\n", "b"]}, {"cell_type": "raw"}, 3]}'


def test_code_cells_are_read(tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert read_cells(path) == ["a = 1\nb"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"hello", "not valid JSON"),
        (GOOD[:40].encode(), "cut short"),
        (GOOD.encode("utf-16"), "not UTF-8"),
        (b"\x80\x04K\x01.", "not UTF-8"),
        (b"[" * 200_000, "not valid JSON"),
        (b"[]", "no list of cells"),
        (b'{"worksheets": []}', "format 4"),
        (b'{"cells": {}}', "no list of cells"),
        (b'{"cells": [' + b"3," * 3000 + b"3]}", "3001 cells"),
        (b" " * (11 << 20), "larger than 10 MiB"),
    ],
)
def test_a_broken_file_is_named(tmp_path, content, said):
    path = tmp_path / "n.ipynb"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=said):
        read_cells(path)


def test_what_is_no_file_is_named(tmp_path):
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "link.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "fifo.ipynb")
    for name, said in (("folder", "a folder"), ("link", "a link"), ("fifo", "no ordinary file")):
        with pytest.raises(Unreadable, match=said):
            read_cells(tmp_path / f"{name}.ipynb")
    with pytest.raises(Unreadable, match="not readable"):
        read_cells(tmp_path / "nobody.ipynb")


def test_odd_cells_are_text_or_nothing(tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_text('{"cells": [{"cell_type": "code", "source": [3, "a", null]},'
                    ' {"cell_type": "code", "source": {"x": 1}}, {"cell_type": "code"},'
                    ' {"cell_type": "code", "source": "\\ud800"}]}')  # fmt: skip
    assert read_cells(path) == ["a", "", "", "?"]


def test_what_was_refused_is_closed_again(tmp_path):
    (tmp_path / "folder.ipynb").mkdir()
    before = os.listdir("/proc/self/fd")
    for _ in range(5):
        with pytest.raises(Unreadable, match="a folder"):
            read_cells(tmp_path / "folder.ipynb")
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    def refuse(*args):
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "n.ipynb"
    path.write_text(GOOD)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(Unreadable, match=r"not readable \(Permission denied\)"):
        read_cells(path)
