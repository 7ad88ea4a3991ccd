"""The browser's runtime comes from a named folder or the user's cache, verified, or not at all."""

import hashlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from live_pages import runtime  # noqa: E402


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict:
    """A runtime of two small files in place of Pyodide's."""
    files = {"pyodide.mjs": b"export", "pyodide-lock.json": b"{}"}
    sums = {name: hashlib.sha256(text).hexdigest() for name, text in files.items()}
    told = {"version": "0", "address": "http://127.0.0.1:9/", "files": sums}
    monkeypatch.setattr(runtime, "known", lambda: told)
    return files


def lay_out(folder: Path, files: dict) -> None:
    for name, text in files.items():
        (folder / name).write_bytes(text)


def test_the_folder_that_is_named_is_laid_beside_the_pages(tmp_path, monkeypatch, small) -> None:
    source = tmp_path / "source"
    source.mkdir()
    lay_out(source, small)
    monkeypatch.setenv(runtime.FOLDER, str(source))
    runtime.place(tmp_path / "target")
    assert {p.name: p.read_bytes() for p in (tmp_path / "target").iterdir()} == small


@pytest.mark.parametrize("named", ["", "nowhere"])
def test_without_a_runtime_the_pages_have_none_and_it_is_said_why(
    tmp_path, monkeypatch, small, named
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    lay_out(target, small)  # left by the build before
    monkeypatch.setenv(runtime.FOLDER, named and str(tmp_path / named))
    runtime.place(target)
    assert not target.exists()
    assert runtime.found()[0] is None
    assert runtime.found()[1] in (
        f"{runtime.FOLDER} is set to nothing",
        f"{tmp_path / 'nowhere'} has no pyodide.mjs",
    )


def test_where_nothing_answers_the_book_is_built_without(tmp_path, monkeypatch, small) -> None:
    monkeypatch.delenv(runtime.FOLDER)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder, why = runtime.found()
    assert folder is None
    assert why.startswith("it could not be fetched")


def test_a_file_that_is_not_the_published_one_is_refused(tmp_path, monkeypatch, small) -> None:
    monkeypatch.delenv(runtime.FOLDER)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = tmp_path / "course_nn" / "pyodide-0"
    cache.mkdir(parents=True)
    lay_out(cache, small)
    assert runtime.found() == (cache, "")
    (cache / "pyodide.mjs").write_bytes(b"another")
    assert runtime.found()[0] is None


def test_every_wheel_is_the_one_that_the_official_lock_names() -> None:
    """The lock is a file of the runtime; its own sum is in the list."""
    import json
    import os

    folder = os.environ.get(runtime.FOLDER)
    if not folder:
        pytest.skip("the runtime is not here: name its folder by COURSE_NN_PYODIDE")
    told = json.loads(runtime.KNOWN.read_text())["files"]
    lock = json.loads(Path(folder, "pyodide-lock.json").read_text())
    named = {p["file_name"]: p["sha256"] for p in lock["packages"].values()}
    assert all(named[name] == total for name, total in told.items() if name.endswith(".whl"))
    for name, total in told.items():
        assert hashlib.sha256(Path(folder, name).read_bytes()).hexdigest() == total, name


def test_it_is_told_which_build_it_serves_and_another_is_another(tmp_path) -> None:
    import json

    part = tmp_path / "part"
    told = []
    for text in ("one", "one", "two"):
        part.write_text(text)
        runtime.tell(tmp_path, part)
        told.append(json.loads((tmp_path / "build.json").read_text()))
    assert told[0] == told[1]
    assert told[0]["build"] != told[2]["build"]


def test_each_wheel_that_a_page_loads_is_one_of_the_runtime(tmp_path) -> None:
    import json

    runtime.tell(tmp_path)
    told = json.loads((tmp_path / "build.json").read_text())
    names = {name.split("-")[0] for name in told["wheels"]}
    assert names == {*runtime.STARTS_WITH, *runtime.FIGURES}
    assert set(told["figures"]) < set(told["wheels"]) < set(runtime.known()["files"])
