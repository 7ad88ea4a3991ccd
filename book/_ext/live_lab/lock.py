"""What Pyodide is told of packages: its own list, less what is not here, and the book's wheels.

What a cell imports is then loaded when the cell runs, from the book and from nowhere else.
"""

import json
import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from live_pages import runtime

from . import wheels

KERNEL = Path("share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension")
PYPI = "extensions/@jupyterlite/pyodide-kernel-extension/static/pypi"
WHEELS = "wheels"
# What the kernel asks for by these names when it starts; what is named here it does not look up.
STARTED = ["micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython"]
INSTALLED = ("ipython", "comm", "jedi", "markdown-it-py", "tqdm")
# `course_nn.plot` and `.page` draw with matplotlib, wherever they are called from.
COURSE = ["numpy", "threadpoolctl", "matplotlib", "markdown-it-py", "tqdm"]
BROUGHT = {"piplite": ["micropip"], "ipykernel": [], "pyodide-kernel": ["ipython", "comm"]}


def entry(name: str, version: str, path: Path, where: str, depends: list[str]) -> dict[str, Any]:
    """One package of the list."""
    return {
        "name": name,
        "version": version,
        "file_name": f"{where}/{path.name}",
        "sha256": wheels.total(path),
        "imports": imports(name),
        "depends": depends,
        "install_dir": "site",
        "package_type": "package",
        "unvendored_tests": False,
    }


def imports(name: str) -> list[str]:
    """By which names a cell imports a package."""
    if name == wheels.OWN:
        return ["course_nn"]
    if name in BROUGHT:
        return [name.replace("-", "_")]
    tops = {inside.split("/")[0].removesuffix(".py") for inside, _ in wheels.installed(name)}
    return sorted(top for top in tops if top.isidentifier())


def of_pyodide(folder: Path, where: str) -> dict[str, Any]:
    """Pyodide's list, less what does not lie in its folder; `where` is how a reader gets there."""
    whole = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))
    files = set(runtime.known()["files"])
    here = {k: v for k, v in whole["packages"].items() if v["file_name"] in files}
    for told in here.values():
        told["file_name"] = f"{where}/{told['file_name']}"
        told["depends"] = [name for name in told["depends"] if name in here]
    return {"info": whole["info"], "packages": here}


def of_kernel(site: Path) -> dict[str, Any]:
    """The wheels that come with the kernel, where `jupyter lite` has put them."""
    found = {}
    for path in sorted((site / PYPI).glob("*.whl")):
        name, version = re.match(r"(\w+)-([\d.]+)-", path.name).groups()  # type: ignore[union-attr]
        name = name.replace("_", "-")
        if name in BROUGHT:
            found[name] = entry(name, version, path, PYPI, BROUGHT[name])
    return found


def write(site: Path, folder: Path, where: str) -> None:
    """Write the wheels of the book, and the list of all."""
    told = of_pyodide(folder, where)
    packages = told["packages"]
    needed = wheels.closure(INSTALLED, told["info"]["python"], set(packages)) | {wheels.OWN: COURSE}
    (site / WHEELS).mkdir(exist_ok=True)
    for name, depends in needed.items():
        path = wheels.write(name, site / WHEELS)
        packages[name] = entry(name, distribution(name).version, path, WHEELS, depends)
    packages |= of_kernel(site)
    (site / "pyodide-lock.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
