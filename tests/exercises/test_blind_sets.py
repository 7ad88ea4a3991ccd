"""Answers that were written blind: every wrong one is caught, every right one accepted."""

import pytest
from blind_sets import answers, sets, tried

from course_nn.exercises import trial
from course_nn.exercises.diagnose import Finding
from course_nn.grading.assignment import load_assignment

MISSED: set[str] = set()  # what slips through still; one that is caught must leave this set
EACH = [(name, key) for name, path in sets().items() for key in answers(path)]


@pytest.mark.parametrize(("name", "key"), EACH)
def test_wrong_answers_are_caught_and_right_ones_are_not(
    name: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "diagnose", lambda *given: Finding())  # a name takes a second each
    function = answers(sets()[name])[key]
    (graded,) = (g for g in load_assignment(name).tasks if g.task.name == key.split("__")[0])
    failed = next(
        (verdict for _, verdict in tried(name, graded, function) if not verdict.passed), None
    )
    assert (failed is not None) == ("__wrong_" in key and key not in MISSED), failed
