"""The Jupyter of the book is JupyterLite with one kernel, which fetches nothing from elsewhere."""

import json
from pathlib import Path

import pytest
from live_lab import lock, site

from . import ROOT  # noqa: F401  (sets the path)


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `jupyter lite build` makes."""
    folder = tmp_path_factory.mktemp("site")
    site.lite(folder, folder / "lab")
    return folder / "lab"


def test_one_application_and_one_kernel_are_built_without_sources(lite: Path) -> None:
    told = json.loads((lite / "jupyter-lite.json").read_text())["jupyter-config-data"]
    extensions = [e["name"] for e in told["federated_extensions"]]
    assert extensions == ["@jupyterlite/pyodide-kernel-extension"]
    assert (lite / "lab" / "index.html").is_file()
    assert not (lite / "notebooks").exists()
    assert not list(lite.rglob("*.map"))
    assert list((lite / lock.PYPI).glob("pyodide_kernel-*.whl"))


def test_the_kernel_finds_its_python_in_the_book_and_asks_no_index(lite: Path) -> None:
    path = lite / "jupyter-lite.json"
    site.configure(path, "../live/pyodide")
    told = json.loads(path.read_text())["jupyter-config-data"]
    kernel = told["litePluginSettings"][site.PLUGIN]
    assert kernel["pyodideUrl"] == "./../live/pyodide/pyodide.mjs"
    assert kernel["disablePyPIFallback"] is True
    assert "pipliteUrls" not in kernel
    assert "http" not in json.dumps(told)


def test_the_page_starts_by_a_file_and_a_page_that_is_another_is_refused(lite: Path) -> None:
    page = (lite / "lab" / "index.html").read_text()
    assert '<script type="module" src="../start.js">' in site.started(page)
    assert "async function" not in site.started(page)
    with pytest.raises(ValueError, match="no script to start it"):
        site.started("<html></html>")


def test_what_it_is_made_of_changes_with_the_package(tmp_path: Path, monkeypatch) -> None:
    before = site.made_of()
    assert before == site.made_of()
    more = tmp_path / "more.py"
    more.write_text("x = 1")
    files = [*site.wheels.own(), ("course_nn/more.py", more)]
    monkeypatch.setattr(site.wheels, "own", lambda: files)
    assert site.made_of() != before
