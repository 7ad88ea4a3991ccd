"""The measurement of a live page's start says what was late, on which machine."""

import pytest

from benchmarks import live, machine


def test_the_report_names_the_machine_each_time_and_the_late() -> None:
    times = dict.fromkeys(live.GOALS, 0.5)
    told = live.report(times)
    assert told.startswith(machine.processor())
    assert told.endswith("kept")
    assert all(f"{name:<16}  0.50 s" in told for name in live.GOALS)
    assert live.report(times | {"second page": 1.1}).endswith("later: second page")


def test_pages_that_are_not_built_are_named_before_a_browser_starts(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(live, "HTML", tmp_path)
    monkeypatch.setattr("sys.argv", ["live", "a"])
    with pytest.raises(SystemExit, match=r"there is no a\.html"):
        live.main()
