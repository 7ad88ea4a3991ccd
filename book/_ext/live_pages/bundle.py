"""What a page imports, in one zip: `course_nn`, and the pure Python packages that it leans on."""

import zipfile
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "course_nn"
KERNEL = Path(__file__).parent / "python"
LEFT_OUT = {"__pycache__", "grading", "cli"}  # nothing of them runs in a browser
PACKAGES = ("markdown-it-py", "mdurl", "tqdm")
TIME = (2020, 1, 1, 0, 0, 0)  # whenever it is made


def write(path: Path) -> None:
    """Write the zip."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pack(path, ((name, file.read_bytes()) for name, file in sorted([*own(), *others()])))


def pack(path: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write files into a zip, by their names in it; the same files make the same zip."""
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files:
            packed.writestr(zipfile.ZipInfo(name, TIME), content, zipfile.ZIP_DEFLATED)


def own() -> list[tuple[str, Path]]:
    """The files of `course_nn`, and what runs the cells."""
    files = [file for file in PACKAGE.rglob("*") if file.is_file()]
    wanted = [file for file in files if not LEFT_OUT & set(file.relative_to(PACKAGE).parts)]
    package = [(file.relative_to(ROOT).as_posix(), file) for file in wanted]
    return package + [(file.name, file) for file in KERNEL.glob("*.py")]


def others() -> list[tuple[str, Path]]:
    """The files of the packages, as they are installed, licences included."""
    found = []
    for name in PACKAGES:
        for file in distribution(name).files or []:
            if not {"__pycache__", ".."} & set(file.parts):
                found.append((file.as_posix(), Path(str(file.locate()))))
    return found
