"""What the reports' tests share: a small class that was truly graded, and hostile records."""

import pytest

from .classroom import EXERCISE, cells, classroom, submission


@pytest.fixture(scope="session")
def grades():
    """Eight students of one exercise, sorted by name."""
    return classroom(EXERCISE, 8)


@pytest.fixture(scope="session")
def code():
    """The code of a submission by its content."""
    return cells(EXERCISE)


@pytest.fixture(scope="session")
def wrong():
    """A student with one mistake that has a name, one that shows in hidden tests alone, a stub."""
    return submission(
        EXERCISE, "ada",
        ["dense_forward__wrong_1", "dense_backward__right_1", "flatten_forward__wrong_3",
         "flatten_backward__right_1", "sgd_step__stub", "merged__right_1",
         "low_rank_backward__wrong_1"],
    )  # fmt: skip
