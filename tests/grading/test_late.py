"""What being late costs, by a rule in words."""

import os
import time

import pytest

from course_nn.grading.late import LateError, late_rule, moment

DUE = "2026-11-01T23:59+00:00"


@pytest.mark.parametrize(
    ("rule", "handed_in", "points", "says"),
    [
        ("10% a day, at most 50%", "2026-11-01T23:59+00:00", 0.0, ""),
        ("10% a day, at most 50%", "2026-11-02T00:00+00:00", 1.0, "1 minute late: 10 % off"),
        ("10% a day, at most 50%", "2026-11-02T23:59+00:00", 1.0, "1 day late: 10 % off"),
        ("10% a day, at most 50%", "2026-11-03T00:00+00:00", 2.0, "1 day 1 minute late: 20 %"),
        (
            "10% a day, at most 50%",
            "2027-11-01T00:00+00:00",
            5.0,
            "52 weeks 1 minute late: 50 % off",
        ),
        ("10% a day", "2027-11-01T00:00+00:00", 10.0, "100 % off"),
        ("20%", "2026-11-09T00:00+00:00", 2.0, "20 % off (20%)"),
        ("2.5 % per hour", "2026-11-02T02:00+00:00", 0.75, "7.5 % off"),
        ("50% each week, after 15 minutes", "2026-11-02T00:14+00:00", 0.0, "nothing taken off"),
        ("50% each week, after 15 minutes", "2026-11-02T00:15+00:00", 5.0, "50 % off"),
        ("10% a day", "2026-11-02T01:30+02:00", 0.0, ""),
        ("10% a day", "yesterday", 0.0, "is not known: nothing taken off"),
        ("10% a day", "", 0.0, "is not known: nothing taken off"),
    ],
)
def test_the_rule_takes_what_it_says(rule, handed_in, points, says):
    taken, reason = late_rule(DUE, rule).penalty(10.0, handed_in)
    assert taken == points
    assert says in reason
    assert bool(says) == bool(reason)


@pytest.mark.parametrize(
    ("due", "rule", "says"),
    [
        (DUE, "ten percent", 'write it like "10% a day, at most 50%"'),
        (DUE, "10% a fortnight", "cannot be read"),
        (DUE, "-10% a day", "cannot be read"),
        (DUE, "110% a day", "more than 100 %"),
        (DUE, "10% a day, at most 150%", "more than 100 %"),
        ("tomorrow", "10%", "write it like 2026-11-01T23:59"),
        ("2026-13-01", "10%", "the time '2026-13-01' cannot be read"),
    ],
)
def test_what_cannot_be_read_says_how_it_is_written(due, rule, says):
    with pytest.raises(LateError, match=r"\w") as caught:
        late_rule(due, rule)
    assert says in str(caught.value)


def test_a_time_without_an_offset_is_of_this_machine(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert moment("2026-11-01T23:59").isoformat() == "2026-11-01T22:59:00+00:00"
    finally:
        os.environ.pop("TZ")
        time.tzset()
