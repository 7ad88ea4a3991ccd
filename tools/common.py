"""What set-up and book share: where things lie, how a run ends, what the last run has done."""

import contextlib
import hashlib
import os
import shutil
import sys
from pathlib import Path

OLDEST = (3, 11)
if sys.version_info < OLDEST:
    sys.exit(
        "error: this is Python {}.{}, and the course needs 3.11 or newer: install one and name it, "
        "as in `make PYTHON=python3.12`.".format(*sys.version_info)
    )

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
SETUP_STAMP = VENV / ".set-up"
BUILD = ROOT / "_build"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def say(text: str) -> None:
    """Print one line at once, so that it stands before what a child process prints."""
    print(text, flush=True)


def fail(text: str) -> None:
    """End with one clear line."""
    sys.exit(f"error: {text}")


def fingerprint(*parts: object) -> str:
    """Return the SHA-256 of the parts: a path stands for what is in it."""
    digest = hashlib.sha256()
    for part in parts:
        for name, content in _read(part):
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _read(part: object) -> list[tuple[str, bytes]]:
    """Return the (name, content) pairs of one part, in a fixed order, without caches."""
    if not isinstance(part, Path):
        return [("", repr(part).encode())]
    files = sorted(part.rglob("*")) if part.is_dir() else [part]
    skip = {"__pycache__", ".ipynb_checkpoints"}
    kept = [f for f in files if f.is_file() and not skip & set(f.parts)]
    return [(f.relative_to(ROOT).as_posix(), f.read_bytes()) for f in kept]


def matches(stamp: Path, value: str) -> bool:
    """Tell whether the last run that worked left this fingerprint."""
    return stamp.is_file() and stamp.read_text() == value


@contextlib.contextmanager
def one_at_a_time():
    """Hold the house's lock, so that two runs at once do not write over each other."""
    try:
        import fcntl
    except ImportError:  # Windows: no lock, and no make either
        yield
        return
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("waiting: another run is at work in this folder")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def require_space(needed: int, what: str) -> None:
    """End with one line if the disk is too full for what comes."""
    free = shutil.disk_usage(ROOT).free
    if free < needed:
        fail(
            f"{what} needs {needed / 1e9:.1f} GB of free disk under {ROOT}, "
            f"and there are {free / 1e9:.1f} GB: free some and run it again."
        )


def run_alone(step, needed: int, what: str) -> None:
    """Run a step of the house while no other runs; what the system refuses is one line."""
    if sys.argv[1:]:
        fail(f"{sys.argv[0]} takes no arguments, got {' '.join(sys.argv[1:])}")
    try:
        with one_at_a_time():
            step()
    except OSError as problem:
        require_space(needed, what)
        fail(f"{what} stopped: {problem}.")
