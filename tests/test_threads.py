"""Threads, slices and the C library's memory: what lies between the formulas and the machine."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from course_nn import checks
from course_nn import threads as machine


def blas_threads() -> list[int]:
    """How many threads each BLAS in this process may use."""
    return [info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"]


def test_the_environment_sets_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_NN_THREADS", "3")
    assert machine.available_threads() == 3
    monkeypatch.delenv("COURSE_NN_THREADS")
    assert machine.available_threads() >= 1


@pytest.fixture
def many_processors(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Sixteen processors, no container, and no variable that limits threads."""
    for name in ("COURSE_NN_THREADS", *machine.LIMITS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(machine, "_processors", lambda: 16)
    monkeypatch.setattr(machine, "container_limit", list)
    assert machine.available_threads() == 16
    return monkeypatch


@pytest.mark.parametrize("name", machine.LIMITS)
@pytest.mark.parametrize(
    ("value", "threads"), [("1", 1), ("3", 3), ("4,2", 4), ("", 16), ("x", 16)]
)
def test_a_limit_that_somebody_set_is_kept(
    many_processors: pytest.MonkeyPatch, name: str, value: str, threads: int
) -> None:
    many_processors.setenv(name, value)
    assert machine.available_threads() == threads


def test_the_smallest_of_several_limits_counts(many_processors: pytest.MonkeyPatch) -> None:
    many_processors.setenv("OMP_NUM_THREADS", "8")
    many_processors.setattr(machine, "container_limit", lambda: [2])
    assert machine.available_threads() == 2
    many_processors.setenv("MKL_NUM_THREADS", "1")
    assert machine.available_threads() == 1


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({"cpu.max": "200000 100000"}, [2]),
        ({"cpu.max": "150000 100000"}, [1]),
        ({"cpu.max": "50000 100000"}, [1]),
        ({"cpu.max": "max 100000"}, []),
        ({"cpu/cpu.cfs_quota_us": "400000", "cpu/cpu.cfs_period_us": "100000"}, [4]),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, []),
        ({"cpu.max": "rubbish"}, []),
    ],
)
def test_a_containers_quota_counts(tmp_path: Path, files: dict[str, str], limit: list[int]) -> None:
    (tmp_path / "cpu").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text + "\n")
    assert machine.container_limit(tmp_path) == limit


@pytest.mark.parametrize("wrong", ["0", "-1", "two", "1.5"])
def test_a_number_of_threads_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("COURSE_NN_THREADS", wrong)
    with pytest.raises(ValueError, match=f"COURSE_NN_THREADS must be .*{wrong}"):
        machine.available_threads()


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("count", [0, 1, 5, 8])
def test_every_item_is_worked_on_once_by_its_thread(threads: int, count: int) -> None:
    seen = []
    machine.share(lambda thread, k: seen.append((k, thread)), count, threads)
    assert sorted(seen) == [(k, k % threads) for k in range(count)]


def test_in_a_browser_the_caller_is_every_thread_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "BROWSER", True)
    monkeypatch.setattr(machine, "_helper", None)  # to ask for one is an error
    seen: list[tuple[int, int]] = []
    machine.share(lambda thread, k: seen.append((thread, k)), 5, 2)
    assert seen == [(0, 0), (0, 2), (0, 4), (1, 1), (1, 3)]


def test_the_caller_is_the_first_thread_and_the_others_are_others() -> None:
    names = {}
    machine.share(lambda thread, k: names.update({thread: threading.get_ident()}), 2, 2)
    assert names[0] == threading.get_ident()
    assert names[1] != names[0]


@pytest.mark.parametrize("guilty", [0, 1])
def test_what_a_thread_raises_reaches_the_caller(guilty: int) -> None:
    def work(thread: int, k: int) -> None:
        if thread == guilty:
            raise FloatingPointError("planted")

    with pytest.raises(FloatingPointError, match="planted"):
        machine.share(work, 2, 2)


@pytest.mark.filterwarnings("error")
def test_threads_do_not_warn_of_what_training_reports() -> None:
    machine.share(lambda thread, k: np.array([1e38], "float32") * 1e38, 2, 2)


def test_blas_is_limited_inside_and_as_before_outside() -> None:
    before = blas_threads()
    with machine.blas_threads(1):
        assert set(blas_threads()) == {1}
    assert blas_threads() == before


def test_a_lower_limit_on_blas_is_not_raised() -> None:
    with machine.blas_threads(1), machine.blas_threads(8):
        assert set(blas_threads()) == {1}


def test_limits_that_overlap_in_any_order_leave_blas_as_it_was() -> None:
    before = blas_threads()
    first, second, third = (machine.blas_threads(n) for n in (1, 2, 1))
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    third.__enter__()
    second.__exit__(None, None, None)
    assert set(blas_threads()) == {1}
    third.__exit__(None, None, None)
    assert blas_threads() == before


FORK = """
import os, signal, sys
import numpy as np
from course_nn import threads
def work():
    seen = []
    threads.share(lambda thread, k: seen.append(k), 4, 2)
    return sorted(seen)
assert work() == [0, 1, 2, 3]
limit = threads.blas_threads(1)
limit.__enter__()  # the parent is at work while it forks
child = os.fork()
if not child:
    signal.alarm(20)
    os._exit(0 if work() == [0, 1, 2, 3] and not threads._blas_limit.wanted else 1)
sys.exit(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(machine.os, "fork"), reason="this system does not fork")
def test_a_forked_child_computes() -> None:
    subprocess.run([sys.executable, "-c", FORK], check=True, timeout=60)


def test_an_error_waits_for_the_other_threads() -> None:
    done = threading.Event()

    def work(thread: int, k: int) -> None:
        if thread == 0:
            raise KeyboardInterrupt
        threading.Event().wait(0.1)
        done.set()

    with pytest.raises(KeyboardInterrupt):
        machine.share(work, 2, 2)
    assert done.is_set()


@pytest.mark.parametrize(("count", "size"), [(10, 4), (4, 4), (3, 4), (256, 16), (1, 1)])
def test_a_cut_covers_every_row_once_and_in_order(count: int, size: int) -> None:
    slices = checks.cut(count, size)
    assert [k for s in slices for k in range(count)[s]] == list(range(count))
    assert all(s.stop - s.start == size for s in slices[:-1])


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize(("count", "limit"), [(256, 112), (128, 48), (128, 208), (96, 16)])
def test_even_slices_are_as_many_for_each_thread(count: int, limit: int, threads: int) -> None:
    size = checks.even_size(count, limit, threads, multiple=16)
    assert size % 16 == 0
    assert size <= -(-limit // 16) * 16
    assert -(-count // size) % threads == 0


def test_freed_memory_is_asked_for_once_and_the_answer_kept() -> None:
    assert machine.keep_freed_memory() is machine.keep_freed_memory()


def test_callers_at_the_same_time_each_have_threads_of_their_own() -> None:
    all_are_in, seen = threading.Barrier(4, timeout=10), set[int]()

    def work(thread: int, k: int) -> None:
        all_are_in.wait()
        seen.add(threading.get_ident())

    def call() -> None:
        machine.share(work, count=2, threads=2)

    callers = [threading.Thread(target=call) for _ in range(2)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(timeout=20)
    assert len(seen) == 4


def test_a_thread_is_used_again_also_after_an_error() -> None:
    seen = set()

    def work(thread: int, k: int) -> None:
        seen.add(threading.get_ident())
        if k == 1:
            raise ArithmeticError("planted")

    for _ in range(20):
        with pytest.raises(ArithmeticError, match="planted"):
            machine.share(work, count=2, threads=2)
    assert len(seen) == 2


def test_a_browser_has_one_thread_and_no_blas(monkeypatch):
    monkeypatch.setattr(machine, "BROWSER", True)
    monkeypatch.delenv("COURSE_NN_THREADS", raising=False)
    assert machine.available_threads() == 1
    assert machine._blas_libraries.__wrapped__() == []
