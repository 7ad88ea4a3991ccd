"""Temporary files go with their run."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from course_nn.grading.room import ALIVE, PREFIX, room, sweep

HOLD = "from course_nn.grading.room import room\nwith room() as folder: print(folder, flush=True); "
HOLD += "input()"


@pytest.fixture
def above(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_all_temporary_files_lie_in_it_and_go_with_it(above):
    with room() as folder:
        assert Path(tempfile.mkdtemp()).parent == folder
        assert folder.stat().st_mode & 0o777 == 0o711
    assert tempfile.gettempdir() == str(above)
    assert list(above.iterdir()) == []
    with pytest.raises(ZeroDivisionError), room():
        raise ZeroDivisionError
    assert list(above.iterdir()) == []


def test_what_a_killed_run_left_is_removed_and_what_a_living_one_has_is_not(above):
    command, environment = [sys.executable, "-c", HOLD], {"TMPDIR": str(above), "PATH": ""}
    environment["PYTHONPATH"] = ":".join(sys.path)
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        folder = Path(run.stdout.readline().strip())
        with room():
            assert folder.is_dir()
        run.kill()
    assert folder.is_dir()
    with room():
        assert not folder.exists()


def test_what_is_not_ours_is_left_alone(above):
    (above / f"{PREFIX}other").mkdir()
    (above / "target").mkdir()
    (above / f"{PREFIX}link").mkdir()
    (above / f"{PREFIX}link" / ALIVE).symlink_to(above / "target")
    sweep(above)
    assert len(list(above.iterdir())) == 3
