"""Archives are read member by member; none climbs out, unpacks without bound or stops the rest."""

import bz2
import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import zipfile

import pytest

from course_nn.grading.collect import archives
from course_nn.grading.collect.archives import Expander, archive_kind, plausible, without_end
from course_nn.grading.collect.disk import Walk
from course_nn.grading.collect.submission import Unreadable

from .conftest import zip_of


def opened(tmp_path, name: str, data: bytes):
    """The entries in an archive, by their names below it."""
    (tmp_path / name).write_bytes(data)
    (found,) = Walk(tmp_path)
    return {"/".join(f.parts[1:]): f for f in Expander()(found)}


def tar_of(files, mode="w", **member) -> bytes:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode=mode) as pack:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1_770_000_000
            for key, value in member.items():
                setattr(info, key, value)
            pack.addfile(info, io.BytesIO(data))
    return memory.getvalue()


FILES = {"a/n.ipynb": b"one", "b.txt": b"two" * 1000}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.zip", zip_of(FILES)),
        ("x.ZIP", zip_of(FILES)),
        ("x.tar", tar_of(FILES)),
        ("x.tar.gz", tar_of(FILES, "w:gz")),
        ("x.tgz", tar_of(FILES, "w:gz")),
        ("x.tar.bz2", tar_of(FILES, "w:bz2")),
        ("x.tar.xz", tar_of(FILES, "w:xz")),
    ],
)
def test_members_are_listed_and_read(tmp_path, name, data):
    found = opened(tmp_path, name, data)
    assert list(found) == ["a/n.ipynb", "b.txt"]
    assert [f.read() for f in found.values()] == list(FILES.values())
    assert all(f.time > 1_700_000_000 for f in found.values())


def test_a_single_file_made_small_is_read(tmp_path):
    found = opened(tmp_path, "n.ipynb.gz", gzip.compress(b"one") + gzip.compress(b"two"))
    assert found["n.ipynb"].read() == b"onetwo"


def test_archives_in_archives_are_opened_to_a_depth(tmp_path):
    data = zip_of({"n.ipynb": b"deep"})
    for i in range(archives.MAX_NESTED - 1):
        data = zip_of({f"{i}.zip": data})
    (found,) = opened(tmp_path, "x.zip", data).values()
    assert found.read() == b"deep"
    (found,) = opened(tmp_path, "x.zip", zip_of({"x.zip": data})).values()
    assert "each in the next" in found.problem


def test_an_archive_that_holds_itself_ends(tmp_path):
    """The classic: a gzip that unpacks to itself is not at hand; zips to the same depth are."""
    tar = tar_of({"x.tar.gz": tar_of({"n.ipynb": b"deep"}, "w:gz")}, "w:gz")
    (found,) = opened(tmp_path, "x.tar.gz", tar).values()
    assert found.read() == b"deep"


@pytest.mark.parametrize(
    "name", ["../n.ipynb", "/etc/n.ipynb", "a/../../n.ipynb", "C:\\n.ipynb", "\\\\host\\n.ipynb"]
)
def test_names_that_climb_are_named_and_not_read(tmp_path, name):
    for file, data in (("x.zip", zip_of({name: b"s"})), ("x.tar", tar_of({name: b"s"}))):
        (tmp_path / file).mkdir()
        (found,) = opened(tmp_path / file, file, data).values()
        assert "leads out of its archive" in found.problem
        assert found.read is None
        assert ".." not in found.parts


def test_a_windows_zips_names_are_folders(tmp_path):
    assert list(opened(tmp_path, "x.zip", zip_of({"a\\n.ipynb": b"x"}))) == ["a/n.ipynb"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [(tarfile.SYMTYPE, "a link"), (tarfile.LNKTYPE, "a link"), (tarfile.FIFOTYPE, "a pipe"),
     (tarfile.CHRTYPE, "a device"), (tarfile.BLKTYPE, "a device")],
)  # fmt: skip
def test_links_and_devices_in_a_tar_are_named(tmp_path, kind, said):
    data = tar_of({"n.ipynb": b""}, type=kind, linkname="/etc/passwd")
    (found,) = opened(tmp_path, "x.tar", data).values()
    assert said in found.problem
    assert found.read is None


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_in_a_zip_are_named(tmp_path, kind):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as pack:
        info = zipfile.ZipInfo("n.ipynb")
        info.external_attr = (kind | 0o777) << 16
        pack.writestr(info, "/etc/passwd")
    (found,) = opened(tmp_path, "x.zip", memory.getvalue()).values()
    assert found.problem.startswith("is a ")
    assert found.read is None


def test_a_password_is_said(tmp_path):
    data = bytearray(zip_of({"n.ipynb": b"secret"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (found,) = opened(tmp_path, "x.zip", bytes(data)).values()
    assert "has a password" in found.problem


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_to_pack_that_have_no_bound_are_not_read(tmp_path, method):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as pack:
        pack.writestr("n.ipynb", b"x" * 1000)
    (found,) = opened(tmp_path, "x.zip", memory.getvalue()).values()
    assert "a plain .zip is wanted" in found.problem


def test_a_large_member_is_not_unpacked_to_its_end(tmp_path):
    (found,) = opened(tmp_path, "x.zip", zip_of({"n.ipynb": bytes(3 << 20)})).values()
    with pytest.raises(Unreadable, match="larger than 2 MiB"):
        found.read(2 << 20)


def test_outputs_of_50_mb_are_no_bomb(tmp_path):
    data = b'"' + b"x" * (50 << 20) + b'"'
    (found,) = opened(tmp_path, "x.zip", zip_of({"n.ipynb": data})).values()
    assert found.read() == data


def test_a_member_that_claims_more_than_it_can_hold_is_a_bomb(tmp_path):
    data = bytearray(zip_of({"n.ipynb": b"x" * 100}))
    struct.pack_into("<L", data, data.index(b"PK\x01\x02") + 24, 1 << 31)
    (found,) = opened(tmp_path, "x.zip", bytes(data)).values()
    assert "a bomb" in found.problem


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_tar_that_unpacks_to_too_much_is_not_read(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(archives, "MAX_UNPACKED", 1 << 20)
    data = pack(bytes(8 << 20))
    (found,) = opened(tmp_path, "x.tar.gz", data).values()
    assert "unpacks to more than 1 MiB" in found.problem


def test_a_file_that_unpacks_to_too_much_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_UNPACKED", 1 << 20)
    (found,) = opened(tmp_path, "n.ipynb.gz", gzip.compress(bytes(8 << 20))).values()
    with pytest.raises(Unreadable, match="unpacks to more than 1 MiB"):
        found.read()


def test_who_hands_in_archives_that_take_long_to_open_waits_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_UNPACKED_OF_ONE", 3 << 20)
    large = zip_of({"n.ipynb": os.urandom(1 << 20)})
    evil = zip_of({f"{i}.zip": large + bytes([i]) for i in range(9)})
    good = zip_of({"n.ipynb": b"good"})
    (tmp_path / "class.zip").write_bytes(zip_of({"eve/x.zip": evil, "zoe/x.zip": good}))
    (found,) = Walk(tmp_path)
    entries = list(archives.Expander()(found))
    assert "more than are unpacked" in entries[-2].problem
    assert entries[-1].read() == b"good"


def test_too_many_members_are_one_entry(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBERS", 10)
    many = {f"{i}.ipynb": b"" for i in range(11)}
    for name, data in (("x.zip", zip_of(many)), ("x.tar", tar_of(many))):
        (tmp_path / name).mkdir()
        (found,) = opened(tmp_path / name, name, data).values()
        assert found.problem == "is an archive of more than 10 files, which are not looked at"


def test_a_list_of_members_larger_than_may_be_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_LISTING", 70_000)
    many = {f"{i:0200}.ipynb": b"" for i in range(400)}
    (found,) = opened(tmp_path, "x.zip", zip_of(many)).values()
    assert "list of members is larger" in found.problem


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"PK\x03\x04" + b"x" * 50, b"\x1f\x8b", b"BZh9", b"x" * 2000,
     zip_of({"n.ipynb": b"x" * 999})[:-30], gzip.compress(b"x" * 9999)[:-12],
     tar_of({"n.ipynb": b"x"}, "w:gz")[:60]],
    ids=["empty", "zip's mark", "zip's header", "gzip's mark", "bzip2's mark", "letters",
         "half a zip", "half a gzip", "half a tar"],
)  # fmt: skip
def test_a_damaged_archive_is_one_sentence(tmp_path, data):
    for name in ("x.zip", "x.tar", "x.tar.gz"):
        (tmp_path / name).mkdir()
        for found in opened(tmp_path / name, name, data).values():
            assert found.problem
            assert found.problem.isprintable()


def test_a_damaged_member_is_said_when_it_is_read(tmp_path):
    data = zip_of({"n.ipynb": os.urandom(500)})
    at = data.index(b"n.ipynb") + 30
    (found,) = opened(tmp_path, "x.zip", data[:at] + b"\0\0\0" + data[at + 3 :]).values()
    with pytest.raises(Unreadable, match="damaged archive"):
        found.read()


def test_an_empty_archive_is_said(tmp_path):
    (found,) = opened(tmp_path, "x.zip", zip_of({"__MACOSX/._x": b""})).values()
    assert found.problem == "is an empty archive"


def test_system_files_in_an_archive_are_passed_over(tmp_path):
    data = zip_of({"__MACOSX/a/._n.ipynb": b"", "a/.DS_Store": b"", "a/n.ipynb": b"x"})
    found = opened(tmp_path, "x.zip", data)
    assert [name for name, f in found.items() if f.kind == "file"] == ["a/n.ipynb"]


def test_a_macs_names_are_utf8(tmp_path):
    data = zip_of({"xxxxxxxxxxxx": b"x"}).replace(b"xxxxxxxxxxxx", "Übung.ipynb".encode())
    assert list(opened(tmp_path, "x.zip", data)) == ["Übung.ipynb"]


def test_a_name_longer_than_any_files_is_cut_and_not_read(tmp_path):
    found = opened(tmp_path, "x.zip", zip_of({"a" * 60000: b"x", "a" * 59999: b"y"}))
    assert len(found) == 2
    assert all(len(name) < 100 and f.read is None for name, f in found.items())


def test_two_members_of_one_name_are_both_there(tmp_path):
    data = zip_of({"n.ipynb": b"one", "o.ipynb": b"two"}).replace(b"o.ipynb", b"n.ipynb")
    (tmp_path / "x.zip").write_bytes(data)
    (found,) = Walk(tmp_path)
    assert [f.read() for f in Expander()(found)] == [b"one", b"two"]


def test_a_zip_that_is_replaced_is_read_anew(tmp_path):
    (one, two) = opened(tmp_path, "x.zip", zip_of({"n.ipynb": b"one", "o": b""})).values()
    assert one.read() == b"one"
    (tmp_path / "x.zip").unlink()
    (tmp_path / "x.zip").write_bytes(zip_of({"n.ipynb": b"another"}))
    assert one.read() == b"another"
    with pytest.raises(Unreadable, match="damaged archive"):
        two.read()


def test_a_zips_list_is_read_once_for_all_its_members(tmp_path, monkeypatch):
    found = opened(tmp_path, "x.zip", zip_of({f"{i}.ipynb": b"x" for i in range(9)}))
    monkeypatch.setattr(archives.zipfile, "ZipFile", None)  # no zip is opened any more
    assert [f.read() for f in found.values()] == [b"x"] * 9


def test_an_archive_replaced_by_a_link_is_not_followed(tmp_path):
    found = opened(tmp_path, "x.zip", zip_of({"n.ipynb": b"one"}))["n.ipynb"]
    (tmp_path / "x.zip").unlink()
    (tmp_path / "x.zip").symlink_to("/etc/passwd")
    with pytest.raises(Unreadable, match="it is a link"):
        found.read()


def test_kinds_and_ends():
    assert [archive_kind(n) for n in ("a.zip", "a.tar.gz", "a.gz", ".zip", "a.rar", "zip")] == [
        "zip", "tar", "gz", "", "", ""]  # fmt: skip
    assert without_end("a.b.tar.xz") == "a.b"
    assert [plausible(t) for t in (-1, 0, float("inf"), float("nan"), 1e300, "x", 1.7e9)] == [
        0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.7e9]  # fmt: skip


def test_nothing_is_written_and_nothing_stays_open(tmp_path):
    archives.kept.forget()
    before = len(os.listdir("/proc/self/fd"))
    for name, data in (("x.zip", zip_of(FILES)), ("y.tar.gz", tar_of(FILES, "w:gz")),
                       ("z.zip", b"PK")):  # fmt: skip
        (tmp_path / name).mkdir()
        for found in opened(tmp_path / name, name, data).values():
            if found.read:
                found.read()
    archives.kept.forget()
    assert len(os.listdir("/proc/self/fd")) == before
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == [
        "x.zip",
        "y.tar.gz",
        "z.zip",
    ]
