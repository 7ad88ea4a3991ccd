"""What a worker is shown: Python, NumPy, what is allowed with its needs, and nothing of ours."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from course_nn.grading.sandbox import shown


def test_the_interpreter_is_the_one_outside_of_any_environment():
    assert Path(shown.interpreter()).is_file()
    assert not (Path(shown.interpreter()).parents[1] / "pyvenv.cfg").exists()


def test_the_library_is_shown_without_what_is_installed_into_it():
    names = {Path(path).name for path in shown.library()}
    assert {"json", "random.py", "lib-dynload"} <= names
    assert names & {"site-packages", "dist-packages"} == set()
    for path in map(Path, shown.library()):
        assert path not in (shown.ROOM.parent, *shown.ROOM.parents)
        assert shown.ROOM.parent not in path.parents


def test_a_view_shows_python_without_the_grader_and_its_packages():
    roots, hidden = [Path(path) for path in shown.roots()], shown.installed()
    assert {Path(shown.interpreter()), shown.stdlib()} <= set(roots)
    assert not any(path == root or path in root.parents for root in roots for path in hidden)
    assert shown.stdlib() / "site-packages" in hidden
    for path in sys.path[1:]:
        inside = any(root.resolve() in Path(path).resolve().parents for root in roots)
        library = Path(path).resolve() in (shown.stdlib(), shown.stdlib() / "lib-dynload")
        assert not inside or library or Path(path) in hidden


def test_the_systems_libraries_are_shown_without_the_systems_packages(tmp_path, monkeypatch):
    for name in ("lib/python3/dist-packages/scipy", "lib/python3.11/site-packages", "lib/x86_64"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "lib64").symlink_to("lib")
    monkeypatch.setattr(shown, "LIBRARIES", (str(tmp_path / "lib"), str(tmp_path / "lib64")))
    assert shown.system() == [str(tmp_path / "lib/x86_64")]
    packages = [tmp_path / "lib/python3/dist-packages", tmp_path / "lib/python3.11/site-packages"]
    hidden = shown.inside([str(tmp_path / "lib")], shown.installed())
    assert sorted(hidden) == sorted(map(str, packages))


def test_only_what_lies_inside_has_to_be_hidden(tmp_path):
    for name in ("shown/hidden", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    hidden = [tmp_path / "shown/hidden", tmp_path / "elsewhere", tmp_path / "shown/not there"]
    assert shown.inside([str(tmp_path / "shown")], hidden) == [str(tmp_path / "shown/hidden")]


def test_numpy_is_there_and_an_allowed_package_with_what_it_needs():
    numpy = shown.packages()
    assert {path.name for path in numpy} <= {"numpy", "numpy.libs"}
    names = {path.name for path in shown.packages(["jinja2"])}
    assert {"numpy", "jinja2", "markupsafe"} <= names  # installed as Jinja2 and MarkupSafe
    assert {"pytest", "course_nn", "bin", ".."} & names == set()
    assert len(shown.packages(["numpy"])) == len(numpy)


def test_a_package_may_be_named_as_it_is_imported():
    assert "yaml" in {path.name for path in shown.packages(["yaml"])}


def test_a_package_that_is_not_there_is_named():
    with pytest.raises(shown.NotInstalled, match=r"^no_such is not installed here"):
        shown.packages(["no_such"])


def test_another_user_can_read_what_is_laid_out(tmp_path):
    shown.furnish(tmp_path, shown.packages())
    assert sorted(path.name for path in (tmp_path / "worker").iterdir()) == sorted(shown.FILES)
    for path in [tmp_path, *tmp_path.rglob("*")]:
        mode = path.lstat().st_mode
        assert mode & 0o004, path
        assert path.is_symlink() or not mode & 0o022, path
    code = (
        "import json, sys; sys.path += sys.argv[1:]; import numpy, worker.server;"
        "print(json.dumps([numpy.__file__, worker.__file__]))"
    )
    folders = [str(tmp_path / "packages"), str(tmp_path)]
    command = [shown.interpreter(), "-I", "-S", "-B", "-c", code, *folders]
    done = subprocess.run(command, capture_output=True, text=True)
    assert all(path.startswith(str(tmp_path)) for path in json.loads(done.stdout)), done.stderr


def test_ours_is_nowhere_in_it():
    assert set(shown.FILES) == {path.name for path in shown.ROOM.glob("*.py")}
    assert not any("course_nn" in path.name for path in shown.packages(["jinja2"]))
    assert sys.prefix == sys.base_prefix or sys.prefix not in shown.library()
