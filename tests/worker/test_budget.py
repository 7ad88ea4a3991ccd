"""A statement's own time."""

import signal
import threading

import pytest

from course_nn.worker.budget import TooLong, limited


def endless() -> None:
    while True:
        pass


def test_an_endless_block_is_ended_and_the_timer_put_back():
    before = signal.getsignal(signal.SIGPROF)
    with pytest.raises(TooLong, match=r"0\.02 s of processor time"), limited(0.02):
        endless()
    assert signal.getsignal(signal.SIGPROF) == before
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_no_exception_of_a_student_catches_it():
    def stubborn() -> None:
        while True:
            try:
                while True:
                    pass
            except Exception:
                continue

    with pytest.raises(TooLong), limited(0.02):
        stubborn()


def test_nothing_is_limited_by_0_or_in_a_thread():
    with limited(0):
        assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
    seen: list = []

    def inside() -> None:
        with limited(1):
            seen.append(signal.getitimer(signal.ITIMER_PROF))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [(0.0, 0.0)]
