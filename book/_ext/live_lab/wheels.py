"""Wheels of what the book's Jupyter runs, made of what is installed: nothing is fetched.

A wheel is a zip of a package's files. The versions are therefore those that requirements.txt pins.
"""

import hashlib
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path

from live_pages import bundle
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

NOT_PORTABLE = {
    ".so",
    ".pyd",
    ".dylib",
}  # compiled for this machine; wcwidth does without
LEFT_OUT = {"__pycache__", "..", "tests", "django-stubs", "stubs"}
OWN = "course-nn"
BROWSER = {
    "sys_platform": "emscripten",
    "platform_system": "Emscripten",
    "os_name": "posix",
    "platform_machine": "wasm32",
    "extra": "",
}


def closure(roots: Iterable[str], python: str, there: set[str]) -> dict[str, list[str]]:
    """What the roots lean on in a browser, and what each needs, less what is `there` already."""
    full = BROWSER | {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    found: dict[str, list[str]] = {}
    waiting = [canonicalize_name(root) for root in roots]
    while waiting:
        name = waiting.pop()
        if name in found or name in there:
            continue
        asked = [Requirement(line) for line in distribution(name).requires or []]
        needed = [r for r in asked if r.marker is None or r.marker.evaluate(full)]
        found[name] = sorted({canonicalize_name(r.name) for r in needed})
        waiting += found[name]
    return dict(sorted(found.items()))


def installed(name: str) -> list[tuple[str, Path]]:
    """The files of an installed package that run anywhere."""
    files = distribution(name).files or []
    kept = [f for f in files if not LEFT_OUT & set(f.parts) and f.suffix not in NOT_PORTABLE]
    return [(file.as_posix(), Path(str(file.locate()))) for file in kept]


def own() -> list[tuple[str, Path]]:
    """The files of `course_nn`, and what stands for safetensors: no wheel of it is here."""
    files = [(name, file) for name, file in bundle.own() if name.startswith("course_nn/")]
    return [*files, ("safetensors/__init__.py", bundle.KERNEL / "live_tensors.py")]


def write(name: str, folder: Path) -> Path:
    """Write the wheel of a package into a folder."""
    version = distribution(name).version
    stem = f"{name.replace('-', '_')}-{version}"
    path = folder / f"{stem}-py3-none-any.whl"
    there = sorted(own() if name == OWN else installed(name))
    files = [(inside, file.read_bytes()) for inside, file in there if file.is_file()]
    if name == OWN:
        told = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        files.append((f"{stem}.dist-info/METADATA", told.encode()))
        files.append(("safetensors/numpy.py", b"from . import save\n"))
    bundle.pack(path, files)
    return path


def total(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
