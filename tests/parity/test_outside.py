"""The counting itself: what disagrees is named, what cannot be expressed is counted."""

import numpy as np
import pytest
from outside import Tally, cannot, in_rows, out_of_rows, shares, tally


def test_every_sample_is_run_or_counted() -> None:
    samples = [("one", lambda: None), ("two", lambda: cannot("a reason")), ("three", lambda: None)]
    assert tally(samples) == Tally(2, {"a reason": 1})


def test_all_that_disagree_are_named_together() -> None:
    def wrong() -> None:
        np.testing.assert_allclose(1.0, 2.0)

    with pytest.raises(AssertionError, match=r"(?s)2 of them disagree.*first: .*third: "):
        tally([("first", wrong), ("second", lambda: None), ("third", lambda: {}["key"])])


def test_every_place_of_an_image_is_a_sample_and_back() -> None:
    z = np.arange(24.0).reshape(2, 3, 2, 2)
    rows, labels = in_rows(z, np.arange(8).reshape(2, 2, 2))
    assert rows.shape == (8, 3)
    np.testing.assert_array_equal(rows[3], z[0, :, 1, 1])
    np.testing.assert_array_equal(labels, np.arange(8))
    np.testing.assert_array_equal(out_of_rows(rows, z.shape), z)


def test_an_ignored_sample_counts_for_nothing() -> None:
    counts = shares(np.array([0, 2, -1]), np.array([0.5, 1.0, 3.0]), 3, ignore_index=-1)
    np.testing.assert_array_equal(counts, [0.5, 3.0, 0.0])
