"""Threads, slices and the C library's memory: what lies between the formulas and the machine."""

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from course_nn import parallel


def blas_threads() -> list[int]:
    """How many threads each BLAS in this process may use."""
    return [info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"]


def test_the_environment_sets_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_NN_THREADS", "3")
    assert parallel.available_threads() == 3
    monkeypatch.delenv("COURSE_NN_THREADS")
    assert parallel.available_threads() >= 1


@pytest.mark.parametrize("wrong", ["0", "-1", "two", "1.5"])
def test_a_number_of_threads_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("COURSE_NN_THREADS", wrong)
    with pytest.raises(ValueError, match=f"COURSE_NN_THREADS must be .*{wrong}"):
        parallel.available_threads()


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
@pytest.mark.parametrize("count", [0, 1, 5, 8])
def test_every_item_is_worked_on_once_by_its_thread(threads: int, count: int) -> None:
    seen = []
    parallel.share(lambda thread, k: seen.append((k, thread)), count, threads)
    assert sorted(seen) == [(k, k % threads) for k in range(count)]


def test_the_caller_is_the_first_thread_and_the_others_are_others() -> None:
    names = {}
    parallel.share(lambda thread, k: names.update({thread: threading.get_ident()}), 2, 2)
    assert names[0] == threading.get_ident()
    assert names[1] != names[0]


@pytest.mark.parametrize("guilty", [0, 1])
def test_what_a_thread_raises_reaches_the_caller(guilty: int) -> None:
    def work(thread: int, k: int) -> None:
        if thread == guilty:
            raise FloatingPointError("planted")

    with pytest.raises(FloatingPointError, match="planted"):
        parallel.share(work, 2, 2)


@pytest.mark.filterwarnings("error")
def test_threads_do_not_warn_of_what_training_reports() -> None:
    parallel.share(lambda thread, k: np.array([1e38], "float32") * 1e38, 2, 2)


def test_blas_is_limited_inside_and_as_before_outside() -> None:
    before = blas_threads()
    with parallel.blas_threads(1):
        assert set(blas_threads()) == {1}
    assert blas_threads() == before


@pytest.mark.parametrize(("count", "size"), [(10, 4), (4, 4), (3, 4), (256, 16), (1, 1)])
def test_a_cut_covers_every_row_once_and_in_order(count: int, size: int) -> None:
    slices = parallel.cut(count, size)
    assert [k for s in slices for k in range(count)[s]] == list(range(count))
    assert all(s.stop - s.start == size for s in slices[:-1])


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize(("count", "limit"), [(256, 112), (128, 48), (128, 208), (96, 16)])
def test_even_slices_are_as_many_for_each_thread(count: int, limit: int, threads: int) -> None:
    size = parallel.even_size(count, limit, threads, multiple=16)
    assert size % 16 == 0
    assert size <= -(-limit // 16) * 16
    assert -(-count // size) % threads == 0


def test_freed_memory_is_asked_for_once_and_the_answer_kept() -> None:
    assert parallel.keep_freed_memory() is parallel.keep_freed_memory()
