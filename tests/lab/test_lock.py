"""What Pyodide is told of packages lies in the book, all of it, under the sum that is told."""

import json
from pathlib import Path

import pytest
from live_lab import lock, wheels

from . import ROOT  # noqa: F401  (sets the path)

FILES = {"numpy-2-wasm.whl": "numpy", "six-1.whl": "six"}


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    """The list of a small Pyodide and of one package that is installed."""
    python, site = tmp_path / "python", tmp_path / "site"
    packages = {
        name: {"name": name, "file_name": file, "depends": ["scipy"] if name == "six" else []}
        for file, name in {**FILES, "scipy-1.whl": "scipy"}.items()
    }
    python.mkdir()
    whole = {"info": {"python": "3.14.0"}, "packages": packages}
    (python / "pyodide-lock.json").write_text(json.dumps(whole))
    (site / lock.PYPI).mkdir(parents=True)
    for name in ("piplite-0.8.6", "widgetsnbextension-4.0.999"):
        (site / lock.PYPI / f"{name}-py3-none-any.whl").write_bytes(b"a wheel")
    monkeypatch.setattr(lock.runtime, "known", lambda: {"files": FILES})
    monkeypatch.setattr(lock, "INSTALLED", ("comm",))
    lock.write(site, python, "../there")
    return {"site": site, **json.loads((site / "pyodide-lock.json").read_text())}


def test_it_names_what_is_there_and_nothing_else(told: dict) -> None:
    assert set(told["packages"]) == {"numpy", "six", "comm", "course-nn", "piplite"}
    assert told["packages"]["six"]["file_name"] == "../there/six-1.whl"
    assert told["packages"]["six"]["depends"] == []


def test_every_wheel_of_the_book_has_its_sum_and_the_name_it_is_imported_by(told: dict) -> None:
    course = told["packages"]["course-nn"]
    assert course["imports"] == ["course_nn"]
    assert set(course["depends"]) >= {"numpy", "matplotlib"}
    assert told["packages"]["comm"]["imports"] == ["comm"]
    for name in ("course-nn", "comm", "piplite"):
        path = told["site"] / told["packages"][name]["file_name"]
        assert wheels.total(path) == told["packages"][name]["sha256"]
