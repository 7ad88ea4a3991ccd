"""What being late costs: a rule in words, and the points that it takes.

The points that the tests gave stay as they are; what is taken off stands beside them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

UNITS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}
RULE = re.compile(
    r"""\s*(?P<share>\d+(\.\d+)?)\s*%
    (\s*(an?|per|each|every)\s+(?P<unit>minute|hour|day|week))?
    (\s*,?\s*at\s+most\s+(?P<most>\d+(\.\d+)?)\s*%)?
    (\s*,?\s*after\s+(?P<grace>\d+)\s+(?P<grace_unit>minute|hour|day|week)s?)?\s*$""",
    re.X | re.I,
)
EXAMPLES = '"10% a day, at most 50%", "20%", or "5% an hour, at most 100%, after 15 minutes"'


class LateError(ValueError):
    """A rule or a time that cannot be read; the message says how it is written."""


@dataclass(frozen=True)
class LateRule:
    """When work is due, and what being late costs.

    text : the rule as it was written.
    share : of the points, for each unit that has begun; once, where there is no unit.
    most : the largest share.
    grace : seconds after the due time that cost nothing; after them all of the time counts.
    """

    due: datetime
    text: str
    share: float
    unit: str = ""
    most: float = 1.0
    grace: float = 0.0

    def penalty(self, points: float, handed_in: str) -> tuple[float, str]:
        """The points taken off, and the sentence that explains them; "" where it was in time.

        >>> rule = late_rule("2026-11-01T23:59+00:00", "10% a day, at most 50%")
        >>> rule.penalty(8.0, "2026-11-03T10:00+00:00")
        (1.6, 'handed in 1 day 10 hours late: 20 % off (10% a day, at most 50%)')
        >>> rule.penalty(8.0, "2026-11-01T12:00+00:00")
        (0.0, '')
        """
        try:
            seconds = (moment(handed_in) - self.due).total_seconds()
        except LateError:
            return 0.0, "when it was handed in is not known: nothing taken off"
        if seconds <= 0:
            return 0.0, ""
        late = f"handed in {duration(seconds)} late"
        if seconds <= self.grace:
            return 0.0, f"{late}: nothing taken off ({self.text})"
        begun = math.ceil(seconds / UNITS[self.unit]) if self.unit else 1
        share = min(self.share * begun, self.most)
        return round(points * share, 2), f"{late}: {100 * share:g} % off ({self.text})"


def late_rule(due: str, rule: str) -> LateRule:
    """A rule from its words.

    Parameters
    ----------
    due : "2026-11-01T23:59", in the time zone of this machine unless it names one.
    rule : a share of the points, "20%", or one for each minute, hour, day or week that has begun,
        "10% a day"; then, if wanted, "at most 50%", and "after 15 minutes" (before which lateness
        costs nothing).

    Raises
    ------
    LateError : where either cannot be read.
    """
    found = RULE.match(rule)
    if found is None:
        raise LateError(f"the rule {rule!r} cannot be read: write it like {EXAMPLES}")
    share, most = float(found["share"]) / 100, float(found["most"] or 100) / 100
    if share > 1 or most > 1:
        raise LateError(f"the rule {rule!r} takes more than 100 %: no points are left to take")
    grace = int(found["grace"] or 0) * UNITS.get((found["grace_unit"] or "minute").lower(), 0)
    unit = (found["unit"] or "").lower()
    return LateRule(moment(due), " ".join(rule.split()), share, unit, most, grace)


def moment(text: str) -> datetime:
    """A time with its offset; that of this machine where the text names none.

    Raises
    ------
    LateError : where it cannot be read.
    """
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.astimezone()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise LateError(
            f"the time {text!r} cannot be read: write it like 2026-11-01T23:59, "
            "or with an offset, 2026-11-01T23:59+01:00"
        ) from error


def duration(seconds: float) -> str:
    """A time span in its two largest units.

    >>> duration(40), duration(7300), duration(86400 * 15)
    ('1 minute', '2 hours 1 minute', '2 weeks 1 day')
    """
    minutes = max(math.floor(timedelta(seconds=seconds).total_seconds() / 60), 1)
    said = []
    for unit in ("week", "day", "hour", "minute"):
        count, minutes = divmod(minutes, UNITS[unit] // 60)
        if count:
            said.append(f"{count} {unit}{'s' * (count > 1)}")
    return " ".join(said[:2])
