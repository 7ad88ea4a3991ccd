"""The Jupyter of the book: JupyterLite as its own command builds it, less what nobody asks for.

`jupyter lite build` is called as it is, not through an extension of Sphinx: it takes two seconds,
its options are documented, and the pages need nothing of it but an address.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from frame import policy
from live_pages import runtime

from . import contents, lock, wheels

KERNEL = "jupyterlite-pyodide-kernel"
PLUGIN = "@jupyterlite/pyodide-kernel-extension:kernel"
# Fonts in forms that no browser needs that can run Python, how the application was made, and an
# icon of 300 kB, for which the book's own stands.
FONTS = tuple(f"build/fa-*.{form}" for form in ("svg", "ttf", "eot", "woff"))
NOT_NEEDED = (*FONTS, "rspack.*", "lab/favicon.ico")
# What a cell shows may bring its own scripts, as in every notebook, and JupyterLab compiles the
# schemas of its settings; from elsewhere comes nothing.
POLICY = policy.told("'unsafe-inline' 'unsafe-eval'", forms="'none'")
CHARSET = '<meta charset="utf-8">'
ICON = '<link rel="icon" href="../../favicon.svg">'
START = Path(__file__).parent / "page" / "start.js"


def extension() -> Path:
    """Where the kernel's extension of JupyterLab is installed."""
    for file in distribution(KERNEL).files or []:
        if file.name == "install.json":
            return Path(str(file.locate())).resolve().parent
    raise FileNotFoundError(f"{KERNEL} is installed without its files: install it again.")


def build(site: Path, python: Path, where: str) -> None:
    """Build it for a Pyodide that lies in one folder, and is read from another, seen from here."""
    shutil.rmtree(site, ignore_errors=True)
    with tempfile.TemporaryDirectory() as empty:
        lite(Path(empty), site)
    for pattern in NOT_NEEDED:
        for path in site.glob(pattern):
            path.unlink()
    lock.write(site, python, where)
    configure(site / "jupyter-lite.json", where)
    shutil.copyfile(START, site / START.name)
    page = site / "lab" / "index.html"
    page.write_text(started(page.read_text(encoding="utf-8")), encoding="utf-8")


def lite(empty: Path, site: Path) -> None:
    """Let JupyterLite build itself: one application, one kernel, whatever else is installed."""
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", str(empty)]
    command += ["--output-dir", str(site), "--apps", "lab", "--no-libarchive", "--no-sourcemaps"]
    command += ["--no-unused-shared-packages", "--ignore-sys-prefix"]
    command += [f"--LiteBuildConfig.federated_extensions={extension()}"]
    done = subprocess.run(command, cwd=empty, capture_output=True, text=True, check=False)
    if done.returncode:
        told = (done.stdout + done.stderr)[-2000:]
        raise RuntimeError(f"`jupyter lite build` failed: its last words were {told}")


def configure(path: Path, where: str) -> None:
    """Say where Python lies, and that nothing is ever fetched from elsewhere."""
    told = json.loads(path.read_text(encoding="utf-8"))
    config = told["jupyter-config-data"]
    config["appName"] = "Jupyter"
    config["faviconUrl"] = "./../favicon.svg"
    config["contentsAllJsonFile"] = contents.LIST
    config["litePluginSettings"] = {PLUGIN: kernel(where)}
    config["settingsOverrides"] = {
        "@jupyterlab/apputils-extension:notification": {
            "checkForUpdates": False,
            "fetchNews": "false",
        },
        "@jupyterlab/filebrowser-extension:browser": {"showLastModifiedColumn": False},
    }
    path.write_text(json.dumps(told, indent=1), encoding="utf-8")


def kernel(where: str) -> dict[str, Any]:
    """The settings of the kernel."""
    return {
        "pyodideUrl": f"./{where}/pyodide.mjs",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"lockFileURL": "pyodide-lock.json", "packages": lock.STARTED},
    }


def started(page: str) -> str:
    """The page of the application with its policy, started by a file in place of a script in it."""
    head, _, rest = page.partition("<script>")
    inside, closed, tail = rest.partition("</script>")
    if not closed or "async function" not in inside or CHARSET not in head:
        raise ValueError("JupyterLite's page has no script to start it where one was expected.")
    script = f'<script type="module" src="../{START.name}"></script>'
    return head.replace(CHARSET, CHARSET + POLICY + ICON, 1) + script + tail


def made_of() -> str:
    """All that decides what is built, as one sum."""
    names = ("jupyterlite-core", KERNEL, *lock.INSTALLED)
    told = [f"{name} {distribution(name).version}" for name in names]
    own = [file for _, file in wheels.own()] + sorted(Path(__file__).parent.rglob("*.*"))
    digest = hashlib.sha256("\n".join([runtime.known()["version"], *told]).encode())
    for file in own:
        if "__pycache__" not in file.parts:
            digest.update(file.read_bytes())
    return digest.hexdigest()
