"""What the cases of a test wait for, done ahead of them: two processes share it."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

import pytest


def cases(request: pytest.FixtureRequest, test: Callable, parameter: str) -> list[str]:
    """The values of a parameter in the cases of a test that are selected.

    There are none under pytest-xdist: each of its processes sees all cases, and runs a few.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        return []
    items = [i for i in request.session.items if getattr(i, "function", None) is test]
    return [item.callspec.params[parameter] for item in items]


@contextmanager
def ahead(work: Callable, given: list[str], *more: Any) -> Iterator[Callable[[str], Any]]:
    """A function that returns what `work(one, *more)` does, or raises what it raised.

    The processes begin with those that are given; any other is worked on when it is asked for. A
    process that dies breaks all that is not done.
    """
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        jobs = {one: pool.submit(work, one, *more) for one in given}
        try:
            yield lambda one: (jobs.get(one) or pool.submit(work, one, *more)).result()
        finally:
            pool.shutdown(cancel_futures=True)
