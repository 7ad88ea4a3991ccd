"""Nothing that lies in the folder leads out of it, stops the walk or hangs it."""

import os
import socket

import pytest

from course_nn.grading.collect import disk
from course_nn.grading.collect.disk import Walk, is_system, open_below, source_of
from course_nn.grading.collect.submission import Unreadable


def entries(folder, **options):
    return {"/".join(f.parts): f for f in Walk(folder, **options)}


def test_files_are_found_at_any_depth_and_read(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "n.ipynb").write_bytes(b"text")
    (tmp_path / "empty").mkdir()
    found = entries(tmp_path)
    assert list(found) == ["a/b/n.ipynb", "empty"]
    assert found["a/b/n.ipynb"].read() == b"text"
    assert found["empty"].kind == "folder"


@pytest.mark.parametrize(
    "target", ["self", "/etc/passwd", "nowhere", "x" * 255, "a/" * 150, "..", "/proc/self/fd/0"]
)
def test_a_link_is_named_and_not_followed(tmp_path, target):
    (tmp_path / "self").symlink_to(target)
    found = entries(tmp_path)["self"]
    assert found.kind == "problem"
    assert found.problem.startswith("is a link")
    with pytest.raises(Unreadable, match="it is a link"):
        source_of(tmp_path / "self")()


def test_a_link_on_the_way_is_not_followed(tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "n.ipynb").write_bytes(b"s")
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada").symlink_to("../secret")
    with pytest.raises(Unreadable, match="not there any more"):
        disk.OnDisk(str(tmp_path / "class"), ("ada", "n.ipynb"))()


def test_a_name_that_becomes_a_link_after_it_was_found_is_not_followed(tmp_path):
    (tmp_path / "n.ipynb").write_bytes(b"mine")
    found = entries(tmp_path)["n.ipynb"]
    (tmp_path / "n.ipynb").unlink()
    (tmp_path / "n.ipynb").symlink_to("/etc/passwd")
    with pytest.raises(Unreadable, match="it is a link"):
        found.read()


def test_what_is_no_file_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe.ipynb")
    with socket.socket(socket.AF_UNIX) as server:
        folder = os.open(tmp_path, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{folder}/s.ipynb")
        os.close(folder)
        found = entries(tmp_path)
    assert found["pipe.ipynb"].problem == "is a pipe, no file"
    assert found["s.ipynb"].problem == "is a socket, no file"
    for name, said in (("pipe", "a pipe"), ("s", "a socket")):
        with pytest.raises(Unreadable, match=said):
            source_of(tmp_path / f"{name}.ipynb")()
    with pytest.raises(Unreadable, match="a device, no file"):
        disk.OnDisk("/dev", ("null",))()
    with pytest.raises(Unreadable, match="a folder"):
        source_of(tmp_path)()


def test_a_folder_that_may_not_be_read_is_one_entry(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "n.ipynb").write_bytes(b"x")
    (tmp_path / "open.ipynb").write_bytes(b"x")
    real = os.open

    def refuse(path, *args, **options):
        if path == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    found = entries(tmp_path)
    assert found["closed"].problem == "may not be read (Permission denied)"
    assert found["open.ipynb"].kind == "file"


def test_a_file_that_vanished_or_changed_is_named(tmp_path, monkeypatch):
    path = tmp_path / "n.ipynb"
    path.write_bytes(b"x" * 100)
    read = entries(tmp_path)["n.ipynb"].read
    real = os.read

    def grow(fd, count):
        part = real(fd, count)
        if part:
            path.write_bytes(b"y")
        return part

    monkeypatch.setattr(os, "read", grow)
    with pytest.raises(Unreadable, match="it changed while it was read"):
        read()
    monkeypatch.undo()
    path.unlink()
    with pytest.raises(Unreadable, match="removed or renamed"):
        read()


def test_an_entry_that_vanishes_during_the_walk_is_named(tmp_path, monkeypatch):
    (tmp_path / "n.ipynb").write_bytes(b"")
    listed = os.listdir
    monkeypatch.setattr(os, "listdir", lambda fd: [*listed(fd), "gone.ipynb"])
    assert "removed or renamed" in entries(tmp_path)["gone.ipynb"].problem


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "n.ipynb"
    path.touch()
    os.truncate(path, 1 << 40)
    with pytest.raises(Unreadable, match="larger than 128 MiB"):
        source_of(path)()


def test_another_file_system_is_not_entered(tmp_path, monkeypatch):
    (tmp_path / "mount").mkdir()
    (tmp_path / "mount" / "n.ipynb").write_bytes(b"")
    walk = Walk(tmp_path)
    real = Walk._too_far

    def elsewhere(self, parts, status):
        self.device += 1
        return real(self, parts, status)

    monkeypatch.setattr(Walk, "_too_far", elsewhere)
    assert [f.problem for f in walk] == ["is another file system, mounted here, and is not entered"]


def test_a_path_longer_than_any_may_be_is_walked_and_read(tmp_path):
    fd = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 255, dir_fd=fd)
        fd, old = os.open("d" * 255, os.O_RDONLY, dir_fd=fd), fd
        os.close(old)
    os.close(os.open("n.ipynb", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.close(fd)
    (found,) = Walk(tmp_path)
    assert len("/".join(found.parts)) > 5000
    assert found.read() == b""


def test_depth_and_number_are_bounded(tmp_path, monkeypatch):
    fd = os.open(tmp_path, os.O_RDONLY)
    for _ in range(disk.MAX_DEPTH + 5):
        os.mkdir("d", dir_fd=fd)
        fd, old = os.open("d", os.O_RDONLY, dir_fd=fd), fd
        os.close(old)
    os.close(fd)
    (deep,) = Walk(tmp_path)
    assert deep.problem == "lies more than 100 folders deep"
    monkeypatch.setattr(disk, "MAX_NAMES", 10)
    (tmp_path / "many").mkdir()
    for i in range(11):
        (tmp_path / "many" / f"{i}.ipynb").touch()
        (tmp_path / f"{i}.ipynb").touch()  # the class's own folder may hold more
    found = entries(tmp_path)
    assert found["many"].problem == "holds 11 entries, more than are looked at"
    assert len(found) == 13


def test_below_one_name_no_more_is_looked_at_than_may_be(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, "MAX_BELOW", 25)
    for i in range(4):
        (tmp_path / "many" / f"{i}").mkdir(parents=True)
        for j in range(10):
            (tmp_path / "many" / f"{i}" / f"{j}.ipynb").touch()
    (tmp_path / "others.ipynb").touch()
    found = entries(tmp_path)
    assert "more than are looked at" in found["many/3"].problem
    assert found["others.ipynb"].kind == "file"
    assert len(found) < 30


def test_names_that_are_no_text_are_walked_and_read(tmp_path):
    for name in (b"\xff\xfe.ipynb", b"-rf.ipynb", b"a\nb\x1b[2J.ipynb", b"x" * 249 + b".ipynb"):
        with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:
            file.write(name)
    for found in Walk(tmp_path):
        assert found.read() == os.fsencode(found.parts[0])


@pytest.mark.parametrize(
    "name", ["Thumbs.db", "desktop.ini", ".DS_Store", "__MACOSX", ".ipynb_checkpoints", ".git",
             "__pycache__", ".venv", "~$essay.docx", "._ex02_dense.ipynb"]
)  # fmt: skip
def test_systems_files_are_passed_over(tmp_path, name):
    assert is_system(name)
    (tmp_path / name).mkdir()
    (tmp_path / name / "n.ipynb").touch()
    assert [f.kind for f in Walk(tmp_path)] == ["system"]


@pytest.mark.parametrize("name", [".x.ipynb", "x.pdf", "git", ".hidden", "~x.ipynb"])
def test_nothing_else_is_passed_over(name):
    assert not is_system(name)


def test_the_folder_of_results_is_left_out(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "n.ipynb").touch()
    assert entries(tmp_path, leave_out=(tmp_path / "out", None)) == {}
    assert list(entries(tmp_path, leave_out=(tmp_path / "none",))) == ["out/n.ipynb"]


def test_no_descriptor_is_left_open(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "n.ipynb").write_bytes(b"x")
    (tmp_path / "a" / "link").symlink_to("self")
    before = len(os.listdir("/proc/self/fd"))
    for found in Walk(tmp_path):
        if found.read:
            found.read()
    for parts in (("a", "link"), ("a", "none"), ("none", "x")):
        with pytest.raises(OSError, match=r"."):
            open_below(str(tmp_path), parts)
    assert len(os.listdir("/proc/self/fd")) == before
