"""An endless call is ended; what the student catches does not keep it alive."""

import contextlib
import sys
import threading
import time

import pytest

from course_nn.exercises.patience import TooSlow, limited


def test_an_endless_loop_is_ended() -> None:
    start = time.monotonic()

    def endless() -> None:
        while True:
            with contextlib.suppress(Exception):
                time.sleep(0.01)

    with pytest.raises(TooSlow), limited(0.05):
        endless()
    assert time.monotonic() - start < 2


def test_what_is_soon_done_is_left_alone_and_the_timer_is_off() -> None:
    with limited(0.05):
        pass
    time.sleep(0.1)


def test_in_a_thread_there_is_no_limit_and_no_error() -> None:
    done = []

    def work() -> None:
        with limited(0.01):
            time.sleep(0.03)
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]


def forgiving() -> None:
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(0.01)


def catching() -> None:
    while True:
        try:  # noqa: SIM105
            time.sleep(0.01)
        except:  # noqa: E722
            pass


def catching_at_work() -> None:
    k = 0
    while k >= 0:
        try:
            k = abs(k) + 1
        except BaseException:
            k = 0


@pytest.mark.parametrize("endless", [forgiving, catching, catching_at_work])
def test_what_catches_everything_is_ended_as_well(endless) -> None:
    start, traced = time.monotonic(), sys.gettrace()
    with pytest.raises(TooSlow), limited(0.05):
        endless()
    assert time.monotonic() - start < 2
    assert sys.gettrace() is traced
