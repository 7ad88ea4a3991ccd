"""The list of each folder names what lies in it."""

import json
from pathlib import Path

from live_lab import contents

from tests.live.test_chapters import LEFT_OUT

from . import ROOT  # noqa: F401  (sets the path)


def test_every_notebook_is_there_and_in_the_list_of_its_folder(tmp_path: Path) -> None:
    source, site = tmp_path / "notebooks", tmp_path / "site"
    (source / "layers").mkdir(parents=True)
    (source / "layers" / "dense.ipynb").write_text("{}")
    (source / "index.ipynb").write_text("{}")
    first = tmp_path / "READ ME.md"
    first.write_text("# Read me")
    (site / "files").mkdir(parents=True)
    (site / "files" / "gone.ipynb").write_text("{}")  # of the book before
    contents.write(site, source, first)
    top = json.loads((site / "api/contents/all.json").read_text())
    inner = json.loads((site / "api/contents/layers/all.json").read_text())
    assert [m["path"] for m in top["content"]] == ["READ ME.md", "index.ipynb", "layers"]
    assert [m["type"] for m in top["content"]] == ["file", "notebook", "directory"]
    assert [m["path"] for m in inner["content"]] == ["layers/dense.ipynb"]
    assert (top["path"], inner["path"], inner["name"]) == ("", "layers", "layers")
    for listed in (top, inner):
        for told in listed["content"]:
            assert (site / "files" / told["path"]).exists()
    assert not (site / "files" / "gone.ipynb").exists()


def test_a_cell_that_cannot_run_here_says_so_and_is_text(tmp_path: Path) -> None:
    assert set(contents.NEEDS) == LEFT_OUT
    source, site = tmp_path / "notebooks", tmp_path / "site"
    source.mkdir()
    cells = [
        {"cell_type": "code", "metadata": {"tags": ["needs-threads", "x"]}, "source": "a = 1\nb"},
        {"cell_type": "code", "metadata": {"tags": ["x"]}, "source": ["c"]},
        {"cell_type": "markdown", "metadata": {}, "source": ["d"]},
    ]
    (source / "a.ipynb").write_text(json.dumps({"cells": cells}))
    (source / "b.ipynb").write_text(json.dumps({"cells": cells[1:]}))
    contents.write(site, source, source / "b.ipynb")
    first, *others = json.loads((site / "files/a.ipynb").read_text())["cells"]
    assert (first["cell_type"], first["metadata"]) == ("markdown", cells[0]["metadata"])
    assert contents.NEEDS["needs-threads"] in first["source"]
    assert first["source"].endswith("```python\na = 1\nb\n```")
    assert others == cells[1:]
    assert (site / "files/b.ipynb").read_text() == json.dumps({"cells": cells[1:]})
