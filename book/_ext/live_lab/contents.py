"""The files that the Jupyter of the book shows first: the notebooks, and a list of each folder."""

import json
import shutil
from pathlib import Path
from typing import Any

TIME = "2020-01-01T00:00:00Z"  # the same files make the same lists
LIST = "all.json"
# tags of cells that a browser's Python cannot run, and what is said in their place
NEEDS = {
    "needs-threads": "needs threads, which Python in a browser has not",
    "needs-processes": "starts another Python, which a browser cannot",
}
TOLD = "*This cell {needs}: here it is only to read, and all others run without it.*"
KINDS = {".ipynb": ("notebook", "json", None), ".md": ("file", "text", "text/markdown")}


def write(site: Path, notebooks: Path, first: Path) -> None:
    """Lay out the notebooks of the pages, and what a reader may want to read first."""
    files, lists = site / "files", site / "api" / "contents"
    for old in (files, lists):
        shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(notebooks, files, ignore=shutil.ignore_patterns(".*"))
    for path in files.rglob("*.ipynb"):
        only_to_read(path)
    shutil.copyfile(first, files / first.name)
    for folder in [files, *(path for path in files.rglob("*") if path.is_dir())]:
        there = lists / folder.relative_to(files) / LIST
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(json.dumps(listed(folder, files)), encoding="utf-8")


def only_to_read(path: Path) -> None:
    """Make text of the cells in a notebook that cannot run here: one that fails stops the rest."""
    notebook, changed = json.loads(path.read_text(encoding="utf-8")), False
    for k, cell in enumerate(notebook.get("cells", [])):
        tags = cell["metadata"].get("tags", [])
        for needs in (NEEDS[tag] for tag in tags if tag in NEEDS):
            code = f"```python\n{''.join(cell['source'])}\n```"
            text = {"cell_type": "markdown", "source": f"{TOLD.format(needs=needs)}\n\n{code}"}
            kept = {key: cell[key] for key in ("id", "metadata") if key in cell}
            notebook["cells"][k], changed = kept | text, True
    if changed:
        path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def listed(folder: Path, root: Path) -> dict[str, Any]:
    """A folder, in the form in which Jupyter speaks of files."""
    inside = sorted(p for p in folder.iterdir() if p.is_dir() or p.suffix in KINDS)
    told = model(folder, root) | {"content": [model(path, root) for path in inside]}
    return told | {"format": "json"}


def model(path: Path, root: Path) -> dict[str, Any]:
    """A file or a folder, without what it holds."""
    place = path.relative_to(root).as_posix().removeprefix(".")
    kind, form, mime = ("directory", None, None) if path.is_dir() else KINDS[path.suffix]
    return {
        "name": path.name if place else "",
        "path": place,
        "type": kind,
        "format": form,
        "mimetype": mime,
        "content": None,
        "created": TIME,
        "last_modified": TIME,
        "size": None if path.is_dir() else path.stat().st_size,
        "writable": True,
        "hash": None,
        "hash_algorithm": None,
    }
