"""A forked process beside this one: what it does not end is done here, and it never stays."""

import os
import signal
import time
from pathlib import Path

import pytest

from course_nn.grading.reports.beside import beside


def here(path: Path) -> None:
    with path.open("a") as file:
        file.write(f"{os.getpid()}\n")


def written(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().splitlines()]


def test_another_process_does_the_work_while_the_block_runs(tmp_path):
    path = tmp_path / "pids"
    with beside(lambda: here(path)):
        until = time.monotonic() + 20
        while not path.exists() and time.monotonic() < until:
            time.sleep(0.005)
    (pid,) = written(path)
    assert pid != os.getpid()
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def test_what_dies_is_done_here(tmp_path):
    path, caller = tmp_path / "pids", os.getpid()

    def work():
        here(path)
        if os.getpid() != caller:
            os.kill(os.getpid(), signal.SIGKILL)

    with beside(work):
        pass
    assert written(path)[-1] == caller
    assert len(written(path)) == 2


def test_what_fails_is_raised_here():
    def work():
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"), beside(work):
        pass


def test_where_none_can_be_forked_it_is_done_here(monkeypatch, tmp_path):
    def refuse():
        raise BlockingIOError("too many processes")

    monkeypatch.setattr(os, "fork", refuse)
    with beside(lambda: here(tmp_path / "pids")):
        assert not (tmp_path / "pids").exists()
    assert written(tmp_path / "pids") == [os.getpid()]


def test_an_error_in_the_block_ends_the_process(tmp_path):
    path = tmp_path / "pids"

    def work():
        here(path)
        time.sleep(60)

    def interrupted():
        while not path.exists() or not path.read_text():
            time.sleep(0.005)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), beside(work):
        interrupted()
    (pid,) = written(path)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
