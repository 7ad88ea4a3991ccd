"""Grading on several machines: a real scheduler, real workers, and one that is killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from course_nn.grading import demo, runner, spread
from course_nn.grading.assignment import TESTS, load_assignment
from course_nn.grading.collect import Submission, Unreadable, source_of
from course_nn.grading.jobs import JobsError, Lost
from course_nn.grading.record import Record
from course_nn.grading.runner import Job, Settings, Setup
from course_nn.grading.spread import Carried, Spread

pytest.importorskip("distributed", reason="needs dask.distributed, of the extras cluster, parity")

NAME = "ex02_dense"
ROOT = Path(__file__).resolve().parents[2]
RUN = "course_nn.grading.runner:run"
SETUP = Setup(NAME, TESTS, Settings("plain", 3))


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> list[Job]:
    """Twelve notebooks on this machine's disk, one that is none, and one not handed in."""
    folder, loaded = tmp_path_factory.mktemp("class"), load_assignment(NAME)
    answers = demo.read_answers(TESTS / NAME / "blind.py")
    found = []
    for number in range(12):
        path = folder / f"s{number:02}.ipynb"
        path.write_text(json.dumps(demo.student(loaded, answers, number, number % 3)))
        found.append(Job(Submission(path.stem, source_of(path), path.name)))
    (folder / "text.ipynb").write_text("my homework")
    found.append(Job(Submission("text", source_of(folder / "text.ipynb"))))
    return [*found, Job(Submission("absent", problem="nothing was handed in"))]


class Cluster:
    """A scheduler and workers, each a process of its own as on a machine of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.running = folder, contextlib.ExitStack()
        self.file = folder / "scheduler.json"
        self.scheduler = self.start("scheduler", "--port", "0", "--no-dashboard")
        self.workers: dict[str, subprocess.Popen] = {}

    def start(self, *command: str, **env: str) -> subprocess.Popen:
        popen = subprocess.Popen(
            [sys.executable, "-m", "dask", *command, "--scheduler-file", str(self.file)],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | env,
        )  # fmt: skip
        self.running.callback(lambda: (popen.kill(), popen.wait()))
        return popen

    def work(self, name: str, **env: str) -> subprocess.Popen:
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", name)
        self.workers[name] = self.start("worker", *options, **env)
        return self.workers[name]

    @property
    def address(self) -> str:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(FileNotFoundError, ValueError):
                return json.loads(self.file.read_text())["address"]
            time.sleep(0.05)
        raise TimeoutError("the scheduler did not start")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    with made.running:
        yield made


def wait_for(cluster: Cluster, count: int) -> None:
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)


def plain(record: Record) -> Record:
    """The record without what differs from run to run."""
    return replace(record, seconds=0.0)


@pytest.fixture(scope="module")
def here(jobs: list[Job]) -> dict[str, Record]:
    """What this machine finds by itself."""
    done = [runner.run(job, SETUP) for job in jobs]
    return {one.record.student: plain(one.record) for one in done}


def test_two_workers_of_whom_one_is_killed_give_the_same_records(jobs, here, cluster):
    for name in ("one", "two"):
        cluster.work(name)
    wait_for(cluster, 2)
    found: dict[str, Record] = {}
    with Spread(cluster.address, RUN, SETUP) as pool:
        assert len(pool.notes) == 2
        assert all("plain process" in note for note in pool.notes.values())
        for job, done in pool.run(jobs):
            assert not isinstance(done, Lost), done
            assert done.record.student == job.submission.student
            found[done.record.student] = plain(done.record)
            if len(found) == 3:
                os.kill(cluster.workers["one"].pid, signal.SIGKILL)
    assert cluster.workers["one"].poll() is not None
    assert found == here


def test_no_file_of_the_class_need_be_on_a_worker(jobs, here, tmp_path):
    path = tmp_path / "s.ipynb"
    path.write_bytes(jobs[0].submission.read())
    job = spread._carried(Job(replace(jobs[0].submission, read=source_of(path))))
    path.unlink()
    done = spread.work(job, RUN, SETUP, spread._exercise(SETUP), spread.fingerprint())
    assert plain(done.record) == here["s00"]


def test_no_folder_of_tests_need_be_on_a_worker(jobs, here):
    gone = replace(SETUP, tests=Path("/nowhere"))
    job = spread._carried(jobs[1])
    done = spread.work(job, RUN, gone, spread._exercise(SETUP), spread.fingerprint())
    assert plain(done.record) == here["s01"]


def test_a_worker_with_another_package_does_not_grade(cluster, tmp_path):
    (tmp_path / "course_nn").mkdir()
    for path in (ROOT / "course_nn").iterdir():
        (tmp_path / "course_nn" / path.name).symlink_to(path)
    (tmp_path / "course_nn" / "more.py").write_text("x = 1\n")
    (tmp_path / "course_nn" / "grading").unlink()
    (tmp_path / "course_nn" / "grading").mkdir()
    for path in (ROOT / "course_nn" / "grading").iterdir():
        text = path.read_bytes() if path.is_file() else None
        target = tmp_path / "course_nn" / "grading" / path.name
        target.write_bytes(text) if text is not None else target.symlink_to(path)
    cluster.work("other", PYTHONPATH=str(tmp_path))
    wait_for(cluster, 1)
    with (
        pytest.raises(JobsError, match="it has another course_nn, Python or NumPy"),
        Spread(cluster.address, RUN, SETUP),
    ):
        pass


DEADLY = """
import os, signal

def deadly(job, setup):
    if job.known:
        os.kill(os.getpid(), signal.SIGKILL)
    return job.submission.student
"""


def test_a_job_that_kills_every_worker_is_lost_and_no_other(jobs, cluster, tmp_path):
    (tmp_path / "some_deadly.py").write_text(DEADLY)
    path = f"{ROOT}{os.pathsep}{tmp_path}"
    options = ("--nthreads", "1", "--nworkers", "2", "--no-dashboard")  # a nanny starts them anew
    nannies = cluster.start("worker", *options, PYTHONPATH=path)
    wait_for(cluster, 2)
    killer = replace(jobs[0], known="killer")
    with Spread(cluster.address, "some_deadly:deadly", SETUP) as pool:
        done = dict(pool.run([jobs[1], killer, jobs[2]]))
    nannies.terminate()  # and they end their workers
    nannies.wait(30)
    assert done.pop(killer) == Lost("every worker that it was given to died of it")
    assert done == {jobs[1]: "s01", jobs[2]: "s02"}


def test_a_scheduler_that_ends_is_said(jobs, cluster):
    cluster.work("one")
    wait_for(cluster, 1)
    with Spread(cluster.address, RUN, SETUP) as pool:
        results = pool.run(jobs)
        next(results)
        cluster.scheduler.kill()
        with pytest.raises(JobsError, match=r"the scheduler at tcp://.* is gone"):
            list(results)


def test_no_scheduler_is_one_sentence(monkeypatch):
    monkeypatch.setattr(spread, "CONNECT", 1.0)
    with (
        pytest.raises(JobsError, match=r"no scheduler answers at tcp://127.0.0.1:9: start one"),
        Spread("tcp://127.0.0.1:9", RUN, SETUP),
    ):
        pass


def test_a_scheduler_without_workers_is_one_sentence(cluster, monkeypatch):
    address = cluster.address
    monkeypatch.setattr(spread, "CONNECT", 2.0)
    with (
        pytest.raises(JobsError, match="has no worker: start some with `dask worker tcp://"),
        Spread(address, RUN, SETUP),
    ):
        pass


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(JobsError, match=r'pip install "course-nn\[cluster\]"'),
        Spread("tcp://127.0.0.1:9", RUN, SETUP),
    ):
        pass


def test_what_cannot_be_read_here_is_told_there():
    def lost() -> bytes:
        raise Unreadable("it is a link")

    job = spread._carried(Job(Submission("ada", lost)))
    with pytest.raises(Unreadable, match="it is a link"):
        job.submission.read()
    assert Carried(b"x")() == b"x"
