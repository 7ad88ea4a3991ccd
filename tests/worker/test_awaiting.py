"""Coroutines without files or waits."""

import asyncio

import pytest

from course_nn.worker.awaiting import awaited
from course_nn.worker.standins import NotAvailable


async def three() -> list[int]:
    """Three at once, the longest first."""
    done: list[int] = []

    async def one(n: int) -> None:
        await asyncio.sleep(1000.0 * n)
        done.append(n)

    await asyncio.gather(one(3), one(1), one(2))
    return done


def test_who_sleeps_longer_wakes_later_and_at_once():
    assert awaited(three()) == [1, 2, 3]


def test_a_limit_of_time_is_kept():
    with pytest.raises(TimeoutError):
        awaited(asyncio.wait_for(asyncio.sleep(10), 1))


def test_to_wait_for_nobody_is_said():
    async def never() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NotAvailable, match="waits for what nobody will do"):
        awaited(never())


def test_what_is_raised_comes_out():
    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        awaited(fail())
