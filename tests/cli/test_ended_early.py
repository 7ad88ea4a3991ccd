"""A run that is interrupted, told to end, killed, or finds no room: what was done stands.

`COURSE_NN_KILLS=50 COURSE_NN_CLASS=100 pytest tests/cli/test_ended_early.py -k killed` is the long
run.
"""

import errno
import math
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from course_nn.grading import gradebook
from course_nn.grading.gradebook import NAME as BOOK
from course_nn.grading.gradebook import Gradebook

from .shared import call, said

NAME = "ex02_dense"
KILLS = int(os.environ.get("COURSE_NN_KILLS", "4"))
CLASS = int(os.environ.get("COURSE_NN_CLASS", "10"))
MISTAKES = ["", "y = x @ W - b", "y = x @ W", ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A class, every other one wrong."""
    folder = tmp_path_factory.mktemp("class")
    call("release", NAME, "--answers", "--out", folder)
    path = folder / f"{NAME}.ipynb"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    for k in range(CLASS):
        mistake = MISTAKES[k % len(MISTAKES)]
        own = text.replace("y = x @ W + b", mistake or "y = x @ W + b")
        (folder / f"s{k:03}.ipynb").write_text(own.replace("import numpy", f"# {k}\\nimport numpy"))
    return folder


@pytest.fixture(scope="module")
def lazy(folder, tmp_path_factory):
    """A class of which one is quick, and three sleep."""
    lazy = tmp_path_factory.mktemp("lazy")
    text = min(folder.iterdir()).read_text(encoding="utf-8")
    (lazy / "a.ipynb").write_text(text)
    for name in "bcd":
        sleep = "import time\\ntime.sleep(600)\\nimport numpy"
        (lazy / f"{name}.ipynb").write_text(text.replace("import numpy", sleep))
    return lazy


KILLED_AT_THE_THIRD = [sys.executable, "-c", """
import os, signal
from course_nn.grading.gradebook import Gradebook
left, keep = iter(range(2)), Gradebook.keep
def keep_two(*given, **named):
    if next(left, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
    return keep(*given, **named)
Gradebook.keep = keep_two
from course_nn.cli import main
main()
"""]  # fmt: skip


def command(folder, out, *more, start=(sys.executable, "-m", "course_nn.cli")):
    """The command line that grades a class."""
    start = [*start, "grade", folder, "--assignment", NAME]
    options = ["--out", out, "--seed", "5", "--jobs", "2", "--sandbox", "plain", *more]
    return [str(part) for part in (*start, *options)]


SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@contextmanager
def running(arguments, temporary, deaf=None, **options):
    """The command at work, with its own folder for temporary files; it hears every signal but the
    one that it is deaf to, whatever was ignored where the tests were started."""
    environment = {**os.environ, "TMPDIR": str(temporary), "COLUMNS": "200"}

    def hear():
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN if number == deaf else signal.SIG_DFL)

    with subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=hear, **options,
    ) as run:  # fmt: skip
        yield run


def wait_for_kept(run, out, count):
    """Wait until so many submissions are kept; a command that ends before says why."""
    wait_for(lambda: kept(out) >= count or run.poll() is not None)
    assert run.poll() is None, run.communicate()


def kept(out):
    """How many submissions are kept so far."""
    try:
        with sqlite3.connect(f"file:{out / BOOK}?mode=ro", uri=True, timeout=5) as book:
            return book.execute("SELECT count(*) FROM records").fetchone()[0]
    except sqlite3.Error:
        return 0


def wait_for(condition, seconds=180.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def processes(marker):
    """The processes whose environment names a folder, and those that they started."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            ours = str(marker).encode() in (path / "environ").read_bytes()
            ours = ours or str(marker).encode() in (path / "cmdline").read_bytes()
            alive = path.joinpath("stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            continue
        if ours and alive:
            found.add(int(path.name))
    return found


def grades(out):
    """All grades, without how long each took, and the code behind them."""
    with Gradebook.read(out) as book:
        found = [replace(g, record=replace(g.record, seconds=0.0)) for g in book.grades()]
        return [(grade, book.cells(grade.record.content)) for grade in found]


@pytest.fixture
def temporary():
    """A folder for temporary files with a short name."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def finish(folder, out, temporary):
    with running(command(folder, out), temporary) as run:
        output, errors = run.communicate()
    assert run.returncode == 0, errors
    return output + errors


@pytest.mark.parametrize("number", SIGNALS)
def test_who_is_told_to_end_does_so_at_once_and_says_how_to_go_on(
    lazy, tmp_path, temporary, number
):
    out = tmp_path / "out"
    with running(command(lazy, out, "--notebook-seconds", "600"), temporary) as run:
        wait_for_kept(run, out, 1)
        began = time.monotonic()
        run.send_signal(number)
        _, errors = run.communicate(timeout=30)
        print("ended after", time.monotonic() - began)
    assert run.returncode == 128 + number
    assert (
        f"error: interrupted. 1 of 4 submissions are done and kept in {out}: "
        "give the same command again to go on from there"
    ) in errors
    assert "Traceback" not in errors
    assert list(temporary.iterdir()) == []
    wait_for(lambda: not processes(temporary), 5)


def test_under_nohup_it_outlives_the_terminal(lazy, tmp_path, temporary):
    out = tmp_path / "out"
    arguments = command(lazy, out, "--notebook-seconds", "600")
    with running(arguments, temporary, deaf=signal.SIGHUP) as run:
        wait_for_kept(run, out, 1)
        run.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            run.wait(2)
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=30)
    assert run.returncode == 128 + signal.SIGTERM


def kill_at_random(run, out, rng):
    """Kill a run somewhere: as it begins, or as its next submissions are kept."""
    before, began = kept(out), time.monotonic()
    if rng.random() < 0.3:
        pause, wanted = rng.uniform(0, 5), math.inf
    else:
        pause, wanted = 120, before + rng.randrange(1, max(2 * CLASS // KILLS, 2))
    while time.monotonic() - began < pause and kept(out) < wanted and run.poll() is None:
        time.sleep(0.005)
    time.sleep(rng.uniform(0, 0.1))
    at_work = run.poll() is None
    run.kill()
    run.communicate()
    return at_work


def test_who_is_killed_goes_on_to_the_same_gradebook(folder, tmp_path, temporary):
    finish(folder, tmp_path / "whole", temporary)
    out, rng, killed = tmp_path / "out", random.Random(7), 0
    for _ in range(KILLS):
        with running(command(folder, out), temporary) as run:
            killed += kill_at_random(run, out, rng)
    print(f"{killed} of {KILLS} runs were killed at work; {kept(out)} submissions were kept then")
    assert killed
    told = finish(folder, out, temporary)
    assert grades(out) == grades(tmp_path / "whole")
    assert f"{CLASS - 1} of {CLASS}" not in told
    with sqlite3.connect(out / BOOK) as book:
        assert book.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert book.execute("SELECT count(*) FROM records").fetchone() == (CLASS,)
    assert (out / "grades.csv").read_text() == (tmp_path / "whole/grades.csv").read_text()
    assert list(temporary.iterdir()) == []
    wait_for(lambda: not processes(temporary), 10)


def test_a_run_that_goes_on_says_so(folder, tmp_path, temporary):
    out = tmp_path / "out"
    with running(command(folder, out, start=KILLED_AT_THE_THIRD), temporary) as run:
        run.communicate()
    assert run.returncode == -signal.SIGKILL
    told = finish(folder, out, temporary)
    assert f"the last run did not come to its end ({CLASS} submissions): going on where it" in told
    done, known = re.search(
        r"(\d+) of \d+ submissions graded now; (\d+) were graded", told
    ).groups()
    assert int(known) == 2
    assert int(done) + int(known) == CLASS


def test_a_second_grader_is_told_who_is_at_work(lazy, tmp_path, temporary):
    out = tmp_path / "out"
    with running(command(lazy, out, "--notebook-seconds", "600"), temporary) as one:
        wait_for_kept(one, out, 1)
        with running(command(lazy, out), temporary) as two:
            _, errors = two.communicate()
        one.send_signal(signal.SIGINT)
        one.communicate()
    assert (one.returncode, two.returncode) == (130, 1)
    assert f"error: another grader is at work in {out} (process {one.pid} on" in errors
    assert len(grades(out)) == 1


def test_without_room_what_is_done_stands_and_the_sentence_is_true(folder, tmp_path, monkeypatch):
    out, connected = tmp_path / "out", gradebook.connected

    def small(path):
        connection = connected(path)
        connection.execute("PRAGMA max_page_count = 40")
        return connection

    arguments = command(folder, out)[3:]
    monkeypatch.setattr(gradebook, "connected", small)
    result = call(*arguments)
    assert result.exit_code == 1, result.output
    found = re.search(
        r"error: grading stopped: (.*) (\d+) of \d+ submissions are done", said(result)
    )
    assert "gradebook.sqlite cannot be written: database or disk is full." in found[1]
    monkeypatch.undo()
    assert len(grades(out)) == int(found[2])
    assert 0 < len(grades(out)) < CLASS
    assert call(*arguments).exit_code == 0
    assert len(grades(out)) == CLASS


def test_without_room_for_reports_the_grades_stand(folder, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("course_nn.cli.gradebook.write_reports", full)
    result = call(*command(folder, tmp_path / "out")[3:])
    assert result.exit_code == 1
    assert (
        "error: all is graded and kept, but not every report was written ([Errno 28] No space left "
        f"on device): make room, then `course-nn report {tmp_path / 'out'}` writes them"
    ) in said(result)
    monkeypatch.undo()
    assert call("report", tmp_path / "out").exit_code == 0
    assert len(grades(tmp_path / "out")) == CLASS


def test_without_room_for_temporary_files_one_sentence_says_so(folder, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    result = call(*command(folder, tmp_path / "out")[3:])
    assert result.exit_code == 1
    assert "error: grading cannot begin: [Errno 28] No space left on device (temporary" in (
        said(result)
    )
    assert not (tmp_path / "out").exists()
