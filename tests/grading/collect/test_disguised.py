"""A notebook under another ending is one; nothing else is, and looking has its bounds."""

import io
import json
import tarfile

import pytest

from course_nn.grading.collect import disguised
from course_nn.grading.collect.archives import HEAD, Member, without_end
from course_nn.grading.collect.disguised import Looker, begins, holds
from course_nn.grading.collect.disk import Found, OnDisk

from .conftest import notebook_of, zip_of

EX = "ex02_dense.ipynb"
N, OTHER = notebook_of("new"), notebook_of("other")
MOODLE = "Ada Lovelace_12_assignsubmission_file_"


@pytest.mark.parametrize(
    "name", ["ada.ipynb.txt", "ada.IPYNB.Json", "ada.json", "ada.txt", "ada", "ada.ipynb.download",
             "ada.ipynb (1).txt"]
)  # fmt: skip
def test_it_is_its_persons_and_that_is_said(gather, name):
    rows = gather({name: N, "bob.ipynb": OTHER})
    assert rows["ada"].read() == N
    assert rows["ada"].problem == ""
    assert rows["ada"].file == name
    assert rows["ada"].said == (f"graded although its name is “{name}”",)


@pytest.mark.parametrize("name", ["ex02_dense.ipynb.txt", "ex02_dense", "work/hand in.json"])
def test_in_platforms_folders_and_archives_too(gather, name):
    rows = gather({
        f"{MOODLE}/{name}": N,
        "Bob_13_assignsubmission_file_/hw.zip": zip_of({name: N, "__MACOSX/._x": b"\0"}),
        "Cy_14_assignsubmission_file_/hw.tar.gz": _tar_of({"notes.md": b"# notes", name: N}),
    })  # fmt: skip
    for student in ("Ada Lovelace", "Bob", "Cy"):
        assert rows[student].read() == N
        assert rows[student].said[-1] == f"graded although its name is “{name.split('/')[-1]}”"


def _tar_of(files: dict[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz") as pack:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            pack.addfile(info, io.BytesIO(data))
    return memory.getvalue()


@pytest.mark.parametrize("attempts", ["latest", "first"])
@pytest.mark.parametrize("name", ["ex02_dense.ipynb.txt", "ex02_dense"])
def test_one_of_the_right_ending_goes_before_it(gather, name, attempts):
    when = 1_770_009_999.0 if attempts == "latest" else 1_760_000_000.0
    files = {f"ada/{EX}": N, f"ada/{name}": OTHER}
    ada = gather(files, {f"ada/{name}": when}, attempts=attempts)["ada"]
    assert ada.read() == N
    assert ada.said == (f"passed over “ada/{name}”: one whose name ends in .ipynb goes before it",)


def test_of_the_same_bytes_the_right_ending_is_named(gather):
    ada = gather({f"ada/{EX}.txt": N, "ada/a longer name of it.ipynb": N})["ada"]
    assert ada.file == "ada/a longer name of it.ipynb"


def test_a_later_upload_counts_by_the_platform_whatever_its_ending(gather):
    rows = gather({"leebruce_1_11_ex02_dense.ipynb": OTHER, "leebruce_1_12_ex02_dense.json": N})
    assert rows["leebruce"].read() == N


def test_what_is_none_stays_none(gather):
    odd = {
        "a/a.json": b'{"name": "cells", "nbformat": 4}', "b/b.txt": b"hello", "c/c": b"",
        "d/d.json": json.dumps({"cells": 3, "nbformat": 4}).encode(),
        "e/e.json": json.dumps({"metadata": '"cells": [], "nbformat": 4'}).encode(),
        "f/f.csv": b"1,2\n", "g/g.html": b"<p>{\"cells\": [], \"nbformat\": 4}",
        "h/.ipynb_checkpoints/x.json": N, "h/~$h.txt": N, "h/h.pdf": b"%PDF",
    }  # fmt: skip
    rows = gather(odd)
    assert all("is no notebook" in rows[name].problem for name in "abcdefgh")


def test_a_damaged_one_is_a_notebook_by_its_name(gather):
    ada = gather({"ada/ex02_dense.ipynb.txt": b'{"cells": ['})["ada"]
    assert (ada.problem, ada.file) == ("", "ada/ex02_dense.ipynb.txt")


def test_the_order_of_what_it_holds_and_the_encoding_are_no_matter():
    colab = json.dumps({"nbformat": 4, "metadata": {}, "cells": []})
    for data in (colab.encode(), colab.encode("utf-8-sig"), colab.encode("utf-16"), N):
        assert begins(data)
        assert holds(data)


def test_only_the_first_bytes_of_what_begins_otherwise_are_read(tmp_path, monkeypatch):
    (tmp_path / "big.json").write_bytes(b'{"data": [' + b"1, " * HEAD + b"1]}")
    monkeypatch.setattr(OnDisk, "__call__", lambda *_: pytest.fail("it was read whole"))
    found = Found(("big.json",), "file", OnDisk(str(tmp_path), ("big.json",)))
    assert not Looker()(found).disguised


def test_looking_has_a_bound_for_each_person(fill, monkeypatch):
    folder = str(fill({"ada/x": N, "ada/y": N, "bob/x": N}))
    monkeypatch.setattr(disguised, "MOST_OF_ONE", 0)
    looker = Looker()
    found = [
        looker(Found(parts, "file", OnDisk(folder, parts))).disguised
        for parts in (("ada", "x"), ("ada", "y"), ("bob", "x"))
    ]
    assert found == [True, True, True]  # of two names each
    deep = [("eve", "a", name) for name in "xy"]
    fill({"/".join(parts): N for parts in deep})
    assert [looker(Found(p, "file", OnDisk(folder, p))).disguised for p in deep] == [True, False]


def test_the_last_of_a_tar_costs_more_than_the_first():
    archive = OnDisk("/", ("a.tar",))
    inner = Member(Member(archive, "tar", 40), "zip", 3)
    assert disguised._passed(inner) == 40
    assert disguised._passed(archive) == 0


def test_what_goes_away_meanwhile_is_none(tmp_path):
    found = Found(("gone",), "file", OnDisk(str(tmp_path), ("gone",)))
    assert not Looker()(found).disguised


def test_a_name_is_without_both_endings():
    assert without_end("fay.ipynb.ipynb") == "fay"
    assert without_end("joe.ipynb.gz") == "joe.ipynb"
