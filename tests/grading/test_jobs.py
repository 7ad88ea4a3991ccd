"""Processes side by side: a death costs one piece, the end of the grader ends them all."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from course_nn.grading import jobs
from course_nn.grading.jobs import Jobs, JobsError, Lost

WORK = f"{__name__}:work"


def work(piece, argument):
    """What the processes of these tests do."""
    match piece:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "die once", marker:
            if not Path(marker).exists():
                Path(marker).touch()
                os._exit(3)
            return "came back"
        case "fail":
            raise ZeroDivisionError("a bug")
        case "sleep":
            time.sleep(60)
        case "shared", _:
            time.sleep(0.2)
            return os.getpid(), jobs.shared()
        case "touch", path:
            Path(path).touch()
        case "where":
            return os.getpid(), tempfile.mkdtemp()
    return piece, argument


def of(count, pieces, **options):
    with Jobs(count, WORK, "argument", **options) as running:
        return dict(running.run(pieces))


def alive(pid):
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except (OSError, IndexError):
        return False


def gone(pid, seconds=10.0):
    until = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(pid)


def appears(path, seconds=10.0):
    until = time.monotonic() + seconds
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.02)
    return path.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_every_piece_comes_back_once(count):
    assert of(count, list("abcde")) == {piece: (piece, "argument") for piece in "abcde"}
    assert of(count, []) == {}


def test_a_death_costs_one_piece_and_says_how():
    found = of(2, ["a", "die", "b", "fail", "c"])
    assert [found[p] for p in "abc"] == [(p, "argument") for p in "abc"]
    assert found["die"] == Lost("its process ended by signal SIGKILL")
    assert found["fail"] == Lost("ZeroDivisionError: a bug")


def test_a_piece_is_tried_once_more_after_a_death(tmp_path):
    piece = ("die once", str(tmp_path / "marker"))
    assert of(1, [piece, "a"]) == {piece: "came back", "a": ("a", "argument")}


def test_a_piece_without_end_is_given_up():
    found = of(1, ["sleep", "a"], patience=0.5)
    assert found == {"sleep": Lost("it took more than 0.5 s"), "a": ("a", "argument")}


def test_files_and_processes_go_with_the_block():
    with Jobs(1, WORK) as running:
        ((_, (pid, folder)),) = running.run(["where"])
        assert Path(folder).is_relative_to(running.folder)
        assert alive(pid)
    assert gone(pid)
    assert not running.folder.exists()


def test_what_sleeps_is_ended_within_a_second():
    running = Jobs(2, WORK)
    with running:
        started = running.run(["a", "sleep", "sleep"])
        next(started)
        pids = [job.popen.pid for job in running.jobs]
    assert all(gone(pid) for pid in pids)
    assert not running.folder.exists()


def test_a_function_that_is_not_there_is_said_at_once():
    with (
        Jobs(1, "course_nn.no_such_module:work") as running,
        pytest.raises(JobsError, match=r"as it began.*No module named 'course_nn.no_such_module"),
    ):
        list(running.run(["a", "b"]))


def test_processes_end_with_a_grader_that_is_killed(tmp_path):
    code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import WORK, Jobs\n"
    code += "with Jobs(1, WORK) as running:\n"
    code += "    ((_, (pid, *_)),) = running.run(['where'])\n    print(pid, flush=True)\n"
    code += "    list(running.run(['sleep']))"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment
    ) as p:
        pid = int(p.stdout.readline())
        assert alive(pid)
        p.kill()
    assert gone(pid)


def test_a_process_whose_parent_is_gone_already_does_nothing(monkeypatch):
    monkeypatch.setattr(jobs.ctypes, "CDLL", lambda _: type("C", (), {"prctl": print}))
    monkeypatch.setattr(jobs.signal, "signal", lambda *_: pytest.fail("it went on"))
    assert jobs.serve(-1, WORK, "", parent=1 << 22) is None


def test_the_jobs_of_a_run_share_a_folder_that_goes_with_them():
    assert jobs.shared() is None
    with Jobs(2, WORK) as running:
        found = dict(running.run([("shared", k) for k in range(4)]))
        assert len({pid for pid, _ in found.values()}) == 2
        (folder,) = {folder for _, folder in found.values()}
        assert folder.parent == running.folder
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


def test_processes_that_have_begun_are_told_the_argument_with_their_first_piece(monkeypatch):
    monkeypatch.setattr(jobs.os, "cpu_count", lambda: 3)
    with Jobs(3, WORK) as running:
        running.begin()
        pids = [job.popen.pid for job in running.jobs]
        assert len(pids) == 3
        with running.given("late", 60.0, 2) as pool:
            found = dict(pool.run("abc"))
            assert len(pool.jobs) == 3
        assert found == {piece: (piece, "late") for piece in "abc"}
        assert running.jobs == []
    assert all(gone(pid) for pid in pids)
    assert not running.folder.exists()


def test_no_more_begin_than_can_at_once_and_no_more_run_than_have_work(monkeypatch):
    monkeypatch.setattr(jobs.os, "cpu_count", lambda: 2)
    with Jobs(200, WORK) as running:
        running.begin()
        assert running.made == 2
        with running.given("argument", 60.0, 200):
            assert len(dict(running.run(["a", "b", "c"]))) == 3
        assert running.made == 3


def test_what_cannot_begin_is_said_when_it_has_to_run(monkeypatch):
    def refuse(*_, **__):
        raise BlockingIOError("too many processes")

    with Jobs(2, WORK) as running:
        monkeypatch.setattr(subprocess, "Popen", refuse)
        running.begin()
        with pytest.raises(JobsError, match="too many processes"):
            list(running.run(["a"]))


def test_the_next_piece_is_there_before_anybody_takes_the_result(tmp_path):
    first, second, third = pieces = [("touch", str(tmp_path / name)) for name in "abc"]
    with Jobs(1, WORK) as running:
        results = running.run([*pieces, "d", "e"])
        assert next(results)[0] == first
        assert next(results)[0] == second
        assert appears(Path(third[1]))  # though nobody asks for it
        assert [piece for piece, _ in results] == [third, "d", "e"]


def test_a_piece_that_waits_behind_one_that_dies_is_done_all_the_same(tmp_path):
    once = ("die once", str(tmp_path / "marker"))
    found = of(1, ["a", once, "die", "b", "c", "d", "e"])
    assert found[once] == "came back"
    assert found["die"] == Lost("its process ended by signal SIGKILL")
    assert [found[piece] for piece in "abcde"] == [(piece, "argument") for piece in "abcde"]


@pytest.mark.parametrize("size", [1 << 10, 1 << 20])
def test_large_pieces_and_results_block_nobody(size):
    pieces = [bytes([k]) * size for k in range(8)]
    assert of(2, pieces) == {piece: (piece, "argument") for piece in pieces}
